"""The one door (唯一入口). `record()` alone writes events: fold, hash and rows first, then one short transaction.

Who was first wins: a stale sequence is a conflict shown to the person, never retried; a replayed key answers with the
first result. A reaction returns rows, which are written with the act; nothing is ever written beside it.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_bytes
from typing import Final

from django.db import connection
from django.db.utils import DatabaseError

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.events import LAW_PERSON, Erased, Event, Rebound
from zhengtong.kernel.states import State
from zhengtong.ledger.chain import COLUMNS, GENESIS, Link, forge
from zhengtong.ledger.folds import DOCKET, Folds, kernel_folds
from zhengtong.ledger.history import CaseRef, load
from zhengtong.ledger.installed import installed
from zhengtong.ledger.rows import OUTBOX, Row
from zhengtong.ledger.sealing import SealedRow, blank, commitments_of, insert_sealed
from zhengtong.ledger.writing import NestedRecord, Pen, is_duplicate, transaction

IDS_TO_TRY: Final = 8
ENTRIES_AT_ONCE: Final = 2_000
_RANDOM_BITS: Final = 15
SILENCE_KEY: Final = ":lapsed"
"""How the keys of deemed acts end (kernel.silence)."""


class StaleHistory(Exception):
    """Somebody was first: the case has moved on since its history was read."""

    def __init__(self, case: CaseRef | None) -> None:
        self.case = case
        super().__init__(
            f"case {case.number} has moved on from seq {case.last_seq}" if case else "number or key is taken"
        )


class NotAnEntry(ValueError):
    """Events that cannot follow what is there: a bug of the caller, nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act to be recorded: `before` is the state its events follow, None for an opening act."""

    case: CaseRef | None
    bound: Bound
    before: State | None
    events: Sequence[Event]
    key: str
    sealed: Sequence[SealedRow] = ()
    calendar: Calendar
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The result of an act; `replayed` when its key had been recorded before, and this is what came of it then."""

    case_id: int
    number: str
    seq: int
    head_hash: bytes
    replayed: bool
    state: State

    @property
    def ref(self) -> CaseRef:
        """The case after this act, for the next one."""
        return CaseRef(id=self.case_id, number=self.number, last_seq=self.seq, head_hash=self.head_hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    entry: Entry
    after: CaseRef
    state: State
    links: Sequence[Link]
    docket: Mapping[str, object]
    readers_gone: frozenset[tuple[str, str]] | None
    readers_new: frozenset[tuple[str, str]]
    rows: Sequence[Row]
    sealed: Sequence[tuple[int, SealedRow]]
    erased: Sequence[tuple[str, datetime]]

    @property
    def recorded(self) -> Recorded:
        after = self.after
        return Recorded(
            case_id=after.id, number=after.number, seq=after.last_seq, head_hash=after.head_hash, replayed=False,
            state=self.state,
        )  # fmt: skip


def record(  # noqa: PLR0913 - the contract of the one door, keyword by keyword
    *,
    case: CaseRef | None,
    bound: Bound,
    before: State | None,
    events: Sequence[Event],
    key: str,
    sealed: Sequence[SealedRow] = (),
    calendar: Calendar,
    now: datetime,
    folds: Folds | None = None,
) -> Recorded:
    """Write one act.

    Raises:
        StaleHistory: the case has moved on, or its number is taken.
        NestedRecord: inside an atomic block.
        NotAnEntry: the events do not follow `before`.
    """
    entry = Entry(
        case=case, bound=bound, before=before, events=events, key=key, sealed=sealed, calendar=calendar, now=now
    )  # fmt: skip
    return record_entry(entry, folds=folds)


def record_entry(entry: Entry, *, folds: Folds | None = None) -> Recorded:
    """Write one act given as a value; see `record`."""
    if connection.in_atomic_block:
        raise NestedRecord
    folds = folds or kernel_folds()
    for shift in range(IDS_TO_TRY):
        prepared = _prepare(entry, folds, shift)
        try:
            with transaction() as pen:
                _write(pen, prepared)
            return prepared.recorded
        except StaleHistory as stale:
            return _first_result(entry, folds, stale)
        except DatabaseError as error:
            if not is_duplicate(error):
                raise
            if _is_id_of_another(entry, prepared.after, folds):
                continue  # two openings in one millisecond drew the same id: the next one is free
            return _first_result(entry, folds, StaleHistory(entry.case), error)
    raise StaleHistory(None)


def record_many(entries: Iterable[Entry], *, folds: Folds | None = None) -> list[Recorded]:
    """The same door for many cases at once: a transaction for each two thousand, each all or nothing.

    An entry may hold the whole history of a case, in several batches. A case may appear once among any two thousand.
    Where somebody was first, or a key is replayed, the two thousand are recorded one by one.

    Raises:
        StaleHistory, NestedRecord, NotAnEntry: as `record`; entries before it stand.
    """
    if connection.in_atomic_block:
        raise NestedRecord
    folds = folds or kernel_folds()
    done: list[Recorded] = []
    chunk: list[Entry] = []
    for entry in entries:
        chunk.append(entry)
        if len(chunk) == ENTRIES_AT_ONCE:
            done += _record_chunk(chunk, folds)
            chunk = []
    return done + _record_chunk(chunk, folds)


def _record_chunk(chunk: Sequence[Entry], folds: Folds) -> list[Recorded]:
    if not chunk:
        return []
    if len({(entry.case, entry.key) for entry in chunk}) < len(chunk):  # one key twice: the second is a replay
        return [record_entry(entry, folds=folds) for entry in chunk]
    prepared = _prepare_many(chunk, folds)
    try:
        with transaction() as pen:
            _write_many(pen, prepared)
    except StaleHistory:
        return [record_entry(entry, folds=folds) for entry in chunk]
    except DatabaseError as error:
        if not is_duplicate(error):
            raise
        return [record_entry(entry, folds=folds) for entry in chunk]
    return [one.recorded for one in prepared]


def _prepare_many(chunk: Sequence[Entry], folds: Folds) -> list[_Prepared]:
    """Openings of one millisecond may draw the same id: among themselves they make way for each other here."""
    taken: set[int] = set()
    prepared: list[_Prepared] = []
    for entry in chunk:
        shift = 0
        if entry.case is None:
            first = case_id_of(entry.key)
            shift = next((n for n in range(IDS_TO_TRY) if first + n not in taken), 0)
            taken.add(first + shift)
        prepared.append(_prepare(entry, folds, shift))
    return prepared


# ---- keys and ids ------------------------------------------------------------------------------------


def new_key(now: datetime, entropy: bytes | None = None) -> str:
    """A key for one act of a person: a UUIDv7 of this instant. A form carries it, so that a second post is a replay.

    >>> from datetime import UTC, datetime
    >>> new_key(datetime(2026, 3, 1, tzinfo=UTC), bytes(10))
    '019ca6b1-dc00-7000-8000-000000000000'
    """
    drawn = int.from_bytes(entropy or token_bytes(10))
    moment = int(now.timestamp() * 1000)
    number = moment << 80 | 0x7 << 76 | (drawn >> 62 & 0xFFF) << 64 | 0b10 << 62 | drawn & (1 << 62) - 1
    return str(uuid.UUID(int=number))


def case_id_of(key: str) -> int:
    """The id of the case an opening act with this key makes: its 48 bits of time and 15 of its bits.

    Raises:
        NotAnEntry: the key is no UUIDv7.
    """
    try:
        read = uuid.UUID(key)
    except ValueError as error:
        raise NotAnEntry(f"the key of an opening act is a UUIDv7, not {key!r}") from error
    if read.version != 7:
        raise NotAnEntry(f"the key of an opening act is a UUIDv7, not {key!r}")
    return read.int >> 80 << _RANDOM_BITS | read.int & (1 << _RANDOM_BITS) - 1


def find_replay(*, key: str, person: str, case_id: int | None = None, folds: Folds | None = None) -> Recorded | None:
    """What came of this key before, None if nothing. Ask it before deciding: the act itself may have moved the case.

    `case_id` is None for an opening act. A key belongs to the person who used it first; for others it was never used.
    """
    first = case_id_of(key) if case_id is None else case_id
    last = first + IDS_TO_TRY - 1 if case_id is None else first
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT case_id, batch, person FROM ledger_event WHERE case_id BETWEEN %s AND %s AND key = %s",
            [first, last, key],
        )
        rows = [row for row in cursor.fetchall() if row[2] == person]
        if not rows:
            return None
        cursor.execute(
            "SELECT seq, hash FROM ledger_event WHERE case_id = %s AND batch = %s ORDER BY seq DESC LIMIT 1",
            rows[0][:2],
        )
        seq, head = cursor.fetchall()[0]
    state = (folds or kernel_folds()).fold(load(int(rows[0][0]))[: int(seq)])
    return Recorded(
        case_id=int(rows[0][0]), number=state.number, seq=int(seq), head_hash=bytes(head), replayed=True, state=state
    )  # fmt: skip


def _first_result(
    entry: Entry, folds: Folds, stale: StaleHistory, cause: DatabaseError | None = None
) -> Recorded:  # fmt: skip
    found = _find_own(entry, folds)
    if found is None:
        raise stale from cause
    return found


def _find_own(entry: Entry, folds: Folds) -> Recorded | None:
    person = _head(entry.events, entry.key).person
    return find_replay(key=entry.key, person=person, case_id=entry.case.id if entry.case else None, folds=folds)


def _is_id_of_another(entry: Entry, after: CaseRef, folds: Folds) -> bool:
    """An opening act met a case that is not its own by its id alone, not by its number."""
    if entry.case is not None or _find_own(entry, folds) is not None:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, number FROM ledger_case WHERE id = %s OR number = %s", [after.id, after.number])
        met = cursor.fetchall()
    return any(row[0] == after.id for row in met) and all(row[1] != after.number for row in met)


# ---- before any lock -----------------------------------------------------------------------------------


def _prepare(entry: Entry, folds: Folds, shift: int) -> _Prepared:
    case_id = entry.case.id if entry.case else case_id_of(entry.key) + shift
    events = _with_key(entry)
    _check_key(entry, events)
    _check_order(entry, events)
    state = folds.fold(tuple(events)) if entry.before is None else _evolved(entry.before, events, folds)
    docket = _docket(entry, state, folds)
    links = forge(case_id, str(docket["region"]), entry.case.head_hash if entry.case else GENESIS, events)
    after = CaseRef(id=case_id, number=state.number, last_seq=links[-1].seq, head_hash=links[-1].hash)
    gone, new = _readers(entry, state, folds)
    return _Prepared(
        entry=entry, after=after, state=state, links=links, docket=docket, readers_gone=gone, readers_new=new,
        rows=[row for reaction in installed().reactions for row in reaction(after, state, tuple(events))],
        sealed=[(_seq_of(row, events), row) for row in entry.sealed],
        erased=[(event.body.sealed, event.recorded_at) for event in events if isinstance(event.body, Erased)],
    )  # fmt: skip


def _head(events: Sequence[Event], key: str) -> Event:
    """The event that bears the key: the one the kernel gave it to, else the head of the last batch."""
    if not events:
        raise NotAnEntry("no events")
    marked = [event for event in events if event.key == key]
    return marked[0] if marked else next(event for event in events if event.seq == events[-1].batch)


def _with_key(entry: Entry) -> list[Event]:
    head = _head(entry.events, entry.key)
    return [replace(event, key=entry.key) if event is head else event for event in entry.events]


def _check_key(entry: Entry, events: Sequence[Event]) -> None:
    """The keys of silence are the law's: whoever took one beforehand would keep the law from ever writing its act."""
    if entry.key.endswith(SILENCE_KEY) and _head(events, entry.key).person != LAW_PERSON:
        raise NotAnEntry(f"{entry.key!r} is a key of the law's own")


def _check_order(entry: Entry, events: Sequence[Event]) -> None:
    if (entry.case is None) != (entry.before is None):
        raise NotAnEntry("a case and the state before go together")
    if entry.case and entry.before and entry.case.last_seq != entry.before.last_seq:
        raise NotAnEntry(f"the state is of seq {entry.before.last_seq}, the case of seq {entry.case.last_seq}")
    expected = entry.case.last_seq + 1 if entry.case else 1
    if [event.seq for event in events] != list(range(expected, expected + len(events))):
        raise NotAnEntry(f"the events do not follow on: expected seq {expected}")
    instants = [event.recorded_at for event in events]
    if instants != sorted(instants) or instants[-1] > entry.now:
        raise NotAnEntry("recorded_at runs back, or lies after now")


def _evolved(state: State, events: Sequence[Event], folds: Folds) -> State:
    for event in events:
        state = folds.evolve(state, event)
    return state


def _docket(entry: Entry, state: State, folds: Folds) -> dict[str, object]:
    found = folds.find_docket(entry.bound, state, entry.calendar, entry.now)
    return docket_values(found)


def docket_values(found: object) -> dict[str, object]:
    """The columns of the docket, from the kernel's finding."""
    values: dict[str, object] = {name: getattr(found, name) for name in DOCKET}
    dept_of = installed().dept_of
    if dept_of is not None and not values["dept"]:
        values["dept"] = dept_of(str(values["unit"]))
    return values


def _readers(
    entry: Entry, state: State, folds: Folds
) -> tuple[frozenset[tuple[str, str]] | None, frozenset[tuple[str, str]]]:
    """(gone, new); gone is None where all must be written again, because the law the case is bound to has changed."""
    now = folds.find_readers(entry.bound, state)
    if entry.before is None:
        return frozenset(), now
    if any(isinstance(event.body, Rebound) for event in entry.events):
        return None, now
    was = folds.find_readers(entry.bound, entry.before)
    return was - now, now - was


def _seq_of(row: SealedRow, events: Sequence[Event]) -> int:
    for event in events:
        if row.commitment in commitments_of(event.body, row.field):
            return event.seq
    raise NotAnEntry(f"no event commits to the sealed field {row.field!r}")


# ---- inside the transaction ------------------------------------------------------------------------------


def _write(pen: Pen, prepared: _Prepared) -> None:
    _write_case(pen, prepared)
    pen.insert("ledger_event", COLUMNS, [_values(link) for link in prepared.links])
    _write_rest(pen, prepared)
    _write_outgoing(pen, [prepared])


def _write_many(pen: Pen, many: Sequence[_Prepared]) -> None:
    fresh = [one for one in many if one.entry.case is None]
    pen.copy("ledger_case", _CASE_COLUMNS, [_case_values(one) for one in fresh])
    for one in many:
        if one.entry.case is not None:
            _write_case(pen, one)
    pen.copy("ledger_event", COLUMNS, [_values(link) for one in many for link in one.links])
    fresh_readers = [(one.after.id, *reader) for one in fresh for reader in sorted(one.readers_new)]
    pen.copy("ledger_reader", ("case_id", "kind", "ref"), fresh_readers)
    for one in many:
        _write_rest(pen, one, readers=one.entry.case is not None)
    _write_outgoing(pen, many)


_CASE_COLUMNS: Final = ("id", *DOCKET, "last_seq", "head_hash")
_UPDATE: Final = (
    "UPDATE ledger_case SET "  # noqa: S608 - our own columns
    + ", ".join(f'"{name}" = %s' for name in (*DOCKET, "last_seq", "head_hash"))
    + " WHERE id = %s AND last_seq = %s AND head_hash = %s"
)


def _case_values(one: _Prepared) -> list[object]:
    return [one.after.id, *one.docket.values(), one.after.last_seq, one.after.head_hash]


def _write_case(pen: Pen, one: _Prepared) -> None:
    """The docket row is lock and check in one: no row means that somebody was first."""
    case = one.entry.case
    if case is None:
        pen.insert("ledger_case", _CASE_COLUMNS, [_case_values(one)])
        return
    values = [*one.docket.values(), one.after.last_seq, one.after.head_hash, case.id, case.last_seq, case.head_hash]
    if pen.run(_UPDATE, values) != 1:
        raise StaleHistory(case)


def _write_rest(pen: Pen, one: _Prepared, *, readers: bool = True) -> None:
    if readers:
        write_readers(pen, one.after.id, one.readers_gone, one.readers_new)
    for seq, row in one.sealed:
        insert_sealed(pen, one.after.id, seq, row)
    for ref, at in one.erased:
        blank(pen, one.after.id, ref, at)
    for projected in one.rows:
        if projected.table != OUTBOX:
            pen.put(projected)


def write_readers(
    pen: Pen, case_id: int, gone: frozenset[tuple[str, str]] | None, new: frozenset[tuple[str, str]]
) -> None:
    """Take readers away (all of them for None) and add the new ones."""
    if gone is None:
        pen.run("DELETE FROM ledger_reader WHERE case_id = %s", [case_id])
    for kind, ref in sorted(gone or ()):
        pen.run("DELETE FROM ledger_reader WHERE case_id = %s AND kind = %s AND ref = %s", [case_id, kind, ref])
    for kind, ref in sorted(new):
        values = {"case_id": case_id, "kind": kind, "ref": ref}
        pen.put(Row(table="ledger_reader", values=values, key=("case_id", "kind", "ref")))


def _write_outgoing(pen: Pen, many: Sequence[_Prepared]) -> None:
    rows = [row for one in many for row in one.rows if row.table == OUTBOX]
    if rows:
        pen.keep_feed_order()
    for told in rows:
        pen.put(told)


def _values(link: Link) -> list[object]:
    return [getattr(link, name) for name in COLUMNS]
