"""The one door (唯一入口). `record()` alone writes events: fold, hash and rows first, then one short transaction.

Who was first wins: a stale sequence is a conflict shown to the person, never retried; a replayed key answers with the
first result. A reaction returns rows, which are written with the act; nothing is ever written beside it.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes
from typing import Final

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.utils import DatabaseError

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.events import Event
from zhengtong.kernel.states import State
from zhengtong.ledger import behind
from zhengtong.ledger.folds import Folds, kernel_folds
from zhengtong.ledger.history import CaseRef, load
from zhengtong.ledger.installed import installed
from zhengtong.ledger.preparing import (
    IDS_TO_TRY,
    Entry,
    NotAnEntry,
    Prepared,
    Signed,
    case_id_of,
    docket_values,
    no_collecting,
    prepare,
)
from zhengtong.ledger.rows import Row
from zhengtong.ledger.sealing import SealedRow
from zhengtong.ledger.statements import Moved, write_many, write_one
from zhengtong.ledger.writing import NestedRecord, Pen, is_duplicate, vendor

__all__ = [
    "Entry",
    "NestedRecord",
    "NotAnEntry",
    "Prepared",
    "Recorded",
    "StaleHistory",
    "case_id_of",
    "docket_values",
    "find_replay",
    "new_key",
    "prepare_many",
    "record",
    "record_entry",
    "record_many",
    "write_prepared",
    "write_readers",
]

ENTRIES_AT_ONCE: Final = 2_000


class StaleHistory(Exception):
    """Somebody was first: the case has moved on since its history was read."""

    def __init__(self, case: CaseRef | None) -> None:
        self.case = case
        super().__init__(
            f"case {case.number} has moved on from seq {case.last_seq}" if case else "number or key is taken"
        )


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


def _recorded(ref: CaseRef, state: State) -> Recorded:
    return Recorded(
        case_id=ref.id, number=ref.number, seq=ref.last_seq, head_hash=ref.head_hash, replayed=False, state=state
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
    after: State | None = None,
    folds: Folds | None = None,
) -> Recorded:
    """Write one act. `after` is the state after the events, where the caller has it already.

    Raises:
        StaleHistory: the case has moved on, or its number is taken.
        NestedRecord: inside an atomic block.
        NotAnEntry: the events do not follow `before`.
        ClockBehind: `now` is before what is on record.
    """
    entry = Entry(
        case=case, bound=bound, before=before, events=events, key=key, sealed=sealed, calendar=calendar, now=now,
        after=after,
    )  # fmt: skip
    return record_entry(entry, folds=folds)


def record_entry(entry: Entry, *, folds: Folds | None = None) -> Recorded:
    """Write one act given as a value; see `record`."""
    database = connections[DEFAULT_DB_ALIAS]
    if database.in_atomic_block:
        raise NestedRecord
    folds = folds or kernel_folds()
    behind.check(entry.now, entry.before)
    for shift in range(IDS_TO_TRY):
        made, (state,) = prepare((entry,), folds, database.vendor, shift=shift)
        try:
            write_one(made)
            installed().witness("recorded")
            return _recorded(made.refs[0], state)
        except Moved:
            return _first_result(entry, made.signed[0], folds)
        except DatabaseError as error:
            if not is_duplicate(error):
                raise
            if _is_id_of_another(made, folds):
                continue  # two openings in one millisecond drew the same id: the next one is free
            return _first_result(entry, made.signed[0], folds, error)
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
    with no_collecting():
        made, states = prepare(chunk, folds, vendor())
    if not _is_written(made):
        return [record_entry(entry, folds=folds) for entry in chunk]
    return [_recorded(ref, state) for ref, state in zip(made.refs, states, strict=True)]


def _is_written(made: Prepared) -> bool:
    """Whether all of it could be written; if somebody was first anywhere, nothing was."""
    try:
        write_many(made)
    except Moved:
        return False
    except DatabaseError as error:
        if not is_duplicate(error):
            raise
        return False
    return True


# ---- the same in two steps, so that one process prepares while another writes ------------------------------


def prepare_many(entries: Sequence[Entry], *, folds: Folds | None = None) -> Prepared:
    """All that needs neither database nor lock. The result can be pickled; its `refs`, in the order of the entries, are
    the cases as they will be, so that the next entries of a case can be prepared before these are written.

    Raises:
        NotAnEntry: the events do not follow `before`; too many entries; a case twice.
    """
    cases = [entry.case.id for entry in entries if entry.case is not None]
    if len(entries) > ENTRIES_AT_ONCE or len(set(cases)) < len(cases):
        raise NotAnEntry(f"at most {ENTRIES_AT_ONCE} entries at once, each of another case")
    with no_collecting():
        return prepare(entries, folds or kernel_folds(), vendor())[0]


def write_prepared(prepared: Prepared, *, folds: Folds | None = None) -> list[CaseRef]:
    """Write them in one transaction, all or nothing. What was written before, as a whole, is answered with again.

    Raises:
        StaleHistory: a case has moved on, or a number, a key or an id is taken; nothing was written.
        NestedRecord: inside an atomic block.
    """
    if connection.in_atomic_block:
        raise NestedRecord
    if prepared.vendor != vendor():
        raise NotAnEntry(f"prepared for {prepared.vendor}, not for {vendor()}")
    if not _is_written(prepared):
        for ref, signed in zip(prepared.refs, prepared.signed, strict=True):
            found = _find_signed(signed, folds or kernel_folds())
            if found is None or found.head_hash != ref.head_hash:
                raise StaleHistory(None if signed.is_new else ref)
    return prepared.refs


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
    entry: Entry, signed: Signed, folds: Folds, cause: DatabaseError | None = None
) -> Recorded:  # fmt: skip
    found = _find_signed(signed, folds)
    installed().witness("replayed" if found else "conflict")
    if found is None:
        raise StaleHistory(entry.case) from cause
    return found


def _find_signed(signed: Signed, folds: Folds) -> Recorded | None:
    case_id = None if signed.is_new else signed.case_id
    return find_replay(key=signed.key, person=signed.person, case_id=case_id, folds=folds)


def _is_id_of_another(made: Prepared, folds: Folds) -> bool:
    """An opening act met a case that is not its own by its id alone, not by its number."""
    (ref,), (signed,) = made.refs, made.signed
    if not signed.is_new or _find_signed(signed, folds) is not None:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, number FROM ledger_case WHERE id = %s OR number = %s", [ref.id, ref.number])
        met = cursor.fetchall()
    return any(row[0] == ref.id for row in met) and all(row[1] != ref.number for row in met)


def write_readers(
    pen: Pen, case_id: int, gone: frozenset[tuple[str, str]] | None, new: frozenset[tuple[str, str]]
) -> None:
    """Take readers away (all of them for None) and add the new ones: for `rebuild`, which mends what is there."""
    if gone is None:
        pen.run("DELETE FROM ledger_reader WHERE case_id = %s", [case_id])
    for kind, ref in sorted(gone or ()):
        pen.run("DELETE FROM ledger_reader WHERE case_id = %s AND kind = %s AND ref = %s", [case_id, kind, ref])
    for kind, ref in sorted(new):
        values = {"case_id": case_id, "kind": kind, "ref": ref}
        pen.put(Row(table="ledger_reader", values=values, key=("case_id", "kind", "ref")))
