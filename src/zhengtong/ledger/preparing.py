"""Before any lock (写前备齐): an act checked, folded, hashed and turned into the rows the driver takes.

Nothing here reads or writes the database, so many acts can be prepared in one process and written in another. One act
and two thousand have the same shape, `Prepared`; what is the same for all the rows of an act is reckoned once: state,
docket, readers, instants as text, and a body's canonical bytes, which serve its hash and its row.
"""

import gc
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.events import LAW_PERSON, Erased, Event, Rebound
from zhengtong.kernel.states import State
from zhengtong.ledger import canonical
from zhengtong.ledger.chain import GENESIS, LinkRow, forge
from zhengtong.ledger.folds import DOCKET, Folds
from zhengtong.ledger.history import CaseRef
from zhengtong.ledger.installed import installed
from zhengtong.ledger.rows import OUTBOX, Row
from zhengtong.ledger.sealing import SealedRow, commitments_of, index_rows, sealed_row
from zhengtong.ledger.writing import INSTANTS

IDS_TO_TRY: Final = 8
_RANDOM_BITS: Final = 15
SILENCE_KEY: Final = ":lapsed"
"""How the keys of deemed acts end (kernel.silence)."""

Values = tuple[Any, ...]
Reader = tuple[str, str]


class NotAnEntry(ValueError):
    """Events that cannot follow what is there: a bug of the caller, nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act to be recorded: `before` is the state its events follow, None for an opening act.

    `after` is the state they lead to, where the caller has folded it already.
    """

    case: CaseRef | None
    bound: Bound
    before: State | None
    events: Sequence[Event]
    key: str
    sealed: Sequence[SealedRow] = ()
    calendar: Calendar
    now: datetime
    after: State | None = None


class Signed(NamedTuple):
    """By what an entry is known again: a key belongs to the person who used it first."""

    case_id: int
    is_new: bool
    key: str
    person: str


@dataclass(slots=True, kw_only=True)
class Prepared:
    """Rows as they go to the driver, table by table, of one entry or of many. Plain values: it can be pickled."""

    vendor: str
    refs: list[CaseRef] = field(default_factory=list)
    signed: list[Signed] = field(default_factory=list)
    opened: list[Values] = field(default_factory=list)  # rows of ledger_case
    moved: list[Values] = field(default_factory=list)  # what the guarded update takes
    events: list[LinkRow] = field(default_factory=list)
    readers: list[Values] = field(default_factory=list)  # of cases that open
    readers_more: list[Values] = field(default_factory=list)  # of cases that are there
    readers_gone: list[Values] = field(default_factory=list)
    readers_anew: list[int] = field(default_factory=list)  # cases whose readers are all written again
    sealed: list[Values] = field(default_factory=list)
    sealed_index: list[Values] = field(default_factory=list)
    erased: list[tuple[int, str, datetime]] = field(default_factory=list)
    projected: list[Row] = field(default_factory=list)
    outgoing: list[Values] = field(default_factory=list)


CASE_COLUMNS: Final = ("id", *DOCKET, "last_seq", "head_hash")
MOVED_COLUMNS: Final = (*(name for name in DOCKET if name != "number"), "last_seq", "head_hash")
"""A case keeps its number for ever; left out of the update, its unique index is not touched."""
OUTBOX_COLUMNS: Final = ("case_id", "seq", "topic", "body")

_docket_of: Callable[[object], tuple[Any, ...]] = attrgetter(*DOCKET)
_DEPT, _UNIT, _REGION = DOCKET.index("dept"), DOCKET.index("unit"), DOCKET.index("region")
_INSTANTS: Final = tuple(place for place, name in enumerate(DOCKET) if name.endswith("_at"))


def prepare(entries: Iterable[Entry], folds: Folds, vendor: str, *, shift: int = 0) -> tuple[Prepared, list[State]]:
    """The rows of these entries, and the state after each. `shift` moves the id of a case that opens, where its own is
    taken; among themselves, openings of one millisecond make way for each other here.

    Raises:
        NotAnEntry: the events do not follow `before`.
    """
    made, states, taken = Prepared(vendor=vendor), list[State](), set[int]()
    for entry in entries:
        if entry.case is not None:
            case_id = entry.case.id
        else:
            first = case_id_of(entry.key) + shift
            case_id = next((first + n for n in range(IDS_TO_TRY) if first + n not in taken), first)
            taken.add(case_id)
        states.append(_add(made, entry, case_id, folds))
    return made, states


@contextmanager
def no_collecting() -> Iterator[None]:
    """For a chunk of entries: it makes tens of thousands of tuples and no cycle, and each look for cycles among them
    goes through all the caller holds as well (measured: a fifth of the time)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _add(made: Prepared, entry: Entry, case_id: int, folds: Folds) -> State:
    head = head_of(entry.events, entry.key)
    events = _with_key(entry, head)
    _check_order(entry, events)
    state = _state_after(entry, events, folds)
    case, instant = entry.case, INSTANTS[made.vendor]
    docket = _docket_row(folds.find_docket(entry.bound, state, entry.calendar, entry.now), instant)
    rows = forge(case_id, docket[_REGION], case.head_hash if case else GENESIS, events, instant)
    after = CaseRef(id=case_id, number=state.number, last_seq=events[-1].seq, head_hash=rows[-1][-1])
    if case is None:
        made.opened.append((case_id, *docket, after.last_seq, after.head_hash))
    else:
        made.moved.append(
            (*docket[1:], after.last_seq, after.head_hash, case.id, case.last_seq, case.head_hash)
        )  # fmt: skip
    made.refs.append(after)
    made.signed.append(Signed(case_id, case is None, entry.key, head.person))
    made.events += rows
    _add_readers(made, entry, case_id, state, folds)
    _add_sealed(made, entry, case_id, events)
    _add_reactions(made, after, state, events)
    return state


def _state_after(entry: Entry, events: Sequence[Event], folds: Folds) -> State:
    if entry.after is None:
        return folds.follow(entry.before, events)
    if entry.after.last_seq != events[-1].seq:
        raise NotAnEntry(f"the state after is of seq {entry.after.last_seq}, the last event {events[-1].seq}")
    if events is not entry.events:  # the head was given its key only here, and the caller's state does not know it
        return folds.follow(entry.before, events)
    return entry.after


# ---- checks --------------------------------------------------------------------------------------------


def head_of(events: Sequence[Event], key: str) -> Event:
    """The event that bears the key: the one the kernel gave it to, else the head of the last batch."""
    if not events:
        raise NotAnEntry("no events")
    for event in events:
        if event.key == key:
            return event
    return next(event for event in events if event.seq == events[-1].batch)


def _with_key(entry: Entry, head: Event) -> Sequence[Event]:
    if entry.key.endswith(SILENCE_KEY) and head.person != LAW_PERSON:
        # Whoever took a key of silence beforehand would keep the law from ever writing its act.
        raise NotAnEntry(f"{entry.key!r} is a key of the law's own")
    if head.key == entry.key:
        return entry.events
    return [replace(event, key=entry.key) if event is head else event for event in entry.events]


def _check_order(entry: Entry, events: Sequence[Event]) -> None:
    case, before = entry.case, entry.before
    if (case is None) != (before is None):
        raise NotAnEntry("a case and the state before go together")
    if case and before and case.last_seq != before.last_seq:
        raise NotAnEntry(f"the state is of seq {before.last_seq}, the case of seq {case.last_seq}")
    expected = case.last_seq + 1 if case else 1
    latest = events[0].recorded_at
    for seq, event in enumerate(events, expected):
        if event.seq != seq:
            raise NotAnEntry(f"the events do not follow on: expected seq {expected}")
        if event.recorded_at < latest:
            raise NotAnEntry("recorded_at runs back, or lies after now")
        latest = event.recorded_at
    if latest > entry.now:
        raise NotAnEntry("recorded_at runs back, or lies after now")


# ---- rows ----------------------------------------------------------------------------------------------


def _docket_row(found: object, instant: Callable[[datetime], object]) -> list[Any]:
    """The columns of the docket, in their order, as the driver takes them."""
    values = list(_docket_of(found))
    if not values[_DEPT]:
        values[_DEPT] = _dept_of(values[_UNIT])
    for place in _INSTANTS:
        at = values[place]
        if at is not None:
            values[place] = instant(at)
    return values


def docket_values(found: object) -> dict[str, object]:
    """The columns of the docket by name, from the kernel's finding."""
    values: dict[str, object] = dict(zip(DOCKET, _docket_of(found), strict=True))
    values["dept"] = values["dept"] or _dept_of(str(values["unit"]))
    return values


def _dept_of(unit: str) -> str:
    dept_of = installed().dept_of
    return dept_of(unit) if dept_of is not None else ""


def _add_readers(made: Prepared, entry: Entry, case_id: int, state: State, folds: Folds) -> None:
    now = folds.find_readers(entry.bound, state)
    if entry.before is None:
        made.readers += [(case_id, *reader) for reader in sorted(now)]
        return
    if any(type(event.body) is Rebound for event in entry.events):  # the law the case is bound to has changed
        made.readers_anew.append(case_id)
        was: frozenset[Reader] = frozenset()
    else:
        was = folds.find_readers(entry.bound, entry.before)
    if now != was:
        made.readers_more += [(case_id, *reader) for reader in sorted(now - was)]
        made.readers_gone += [(case_id, *reader) for reader in sorted(was - now)]


def _add_sealed(made: Prepared, entry: Entry, case_id: int, events: Sequence[Event]) -> None:
    for row in entry.sealed:
        seq = _seq_of(row, events)
        made.sealed.append(sealed_row(case_id, seq, row))
        made.sealed_index += index_rows(case_id, seq, row)
    for event in events:
        if type(event.body) is Erased:
            made.erased.append((case_id, event.body.sealed, event.recorded_at))


def _seq_of(row: SealedRow, events: Sequence[Event]) -> int:
    for event in events:
        if row.commitment in commitments_of(event.body, row.field):
            return event.seq
    raise NotAnEntry(f"no event commits to the sealed field {row.field!r}")


def _add_reactions(made: Prepared, after: CaseRef, state: State, events: Sequence[Event]) -> None:
    told = tuple(events)
    for reaction in installed().reactions:
        for row in reaction(after, state, told):
            if row.table == OUTBOX:
                made.outgoing.append(_outgoing_row(row))
            else:
                made.projected.append(row)


def _outgoing_row(row: Row) -> Values:
    if row.values.keys() != set(OUTBOX_COLUMNS):
        raise NotAnEntry(f"a row of the outbox has {', '.join(OUTBOX_COLUMNS)} (see rows.outgoing)")
    case_id, seq, topic, body = (row.values[name] for name in OUTBOX_COLUMNS)
    return case_id, seq, topic, canonical.quick(body).decode()


# ---- ids -----------------------------------------------------------------------------------------------


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
