"""Reading a history (办件全程): the events of a case as the kernel knows them, and where its chain stands."""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from django.db import connection

from zhengtong.kernel.events import Event, History, Opened, Standing
from zhengtong.ledger import canonical, codec
from zhengtong.ledger.chain import COLUMNS, Link
from zhengtong.ledger.writing import fetched, read_instant

SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM ledger_event"  # noqa: S608 - our own columns
CASES_AT_ONCE: Final = 400
Row = Sequence[Any]

# What an event is made of, the end of its chain last: nothing of the row is read that the kernel does not know.
_EVENT: Final = (
    "case_id, seq, batch, kind, codec, person, post, unit, role, standing, basis, at, recorded_at, key, body, hash"
)
_EVENTS: Final = f"SELECT {_EVENT} FROM ledger_event"  # noqa: S608 - our own columns
_OF_CASE: Final = f"{_EVENTS} WHERE case_id = %s AND seq >= %s ORDER BY seq"
_STANDINGS: Final = {str(standing): standing for standing in Standing}


class NoHistory(LookupError):
    """No case with this id has any event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRef:
    """Which case, and the end of its chain: what `record()` expects to find there."""

    id: int
    number: str
    last_seq: int
    head_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A history with the end of its chain, read in one statement, so that the two agree."""

    ref: CaseRef
    history: History


def load(case_id: int) -> History:
    """The history of a case.

    Raises:
        NoHistory: there is no such case.
    """
    return load_case(case_id).history


def load_case(case_id: int) -> Loaded:
    """The history of a case and the reference `record()` takes.

    Raises:
        NoHistory: there is no such case.
    """
    rows = fetched(_OF_CASE, [case_id, 0])
    if not rows:
        raise NoHistory(case_id)
    return _loaded(rows)


def hash_at(case_id: int, seq: int) -> str:
    """The hash of one event, in hexadecimal: what the chain knows it by.

    Raises:
        NoHistory: there is no such event.
    """
    rows = fetched(f"{_EVENTS} WHERE case_id = %s AND seq = %s", [case_id, seq])
    if not rows:
        raise NoHistory(case_id)
    return bytes(rows[0][15]).hex()


def load_since(case_id: int, seq: int, head_hash: bytes) -> Loaded | None:
    """The events after one that is known by its hash, read together with that one; None if it is not there any more.
    Where nothing has followed, the history is empty and the reference is of that event."""
    rows = fetched(_OF_CASE, [case_id, seq])
    if not rows or rows[0][1] != seq or bytes(rows[0][15]) != head_hash:
        return None
    instant, last = _instant_reader(), rows[-1]
    history = tuple(_read_event(row, instant) for row in rows[1:])
    return Loaded(ref=CaseRef(id=case_id, number="", last_seq=last[1], head_hash=bytes(last[15])), history=history)


def load_many(case_ids: Iterable[int]) -> dict[int, History]:
    """The histories of several cases, in few statements; ids without events are left out."""
    return {loaded.ref.id: loaded.history for loaded in iter_cases(sorted(set(case_ids)))}


def iter_cases(case_ids: Sequence[int]) -> Iterator[Loaded]:
    """These cases in order of id, read some hundred at once."""
    for start in range(0, len(case_ids), CASES_AT_ONCE):
        some = case_ids[start : start + CASES_AT_ONCE]
        marks = ", ".join(["%s"] * len(some))
        with connection.cursor() as cursor:
            cursor.execute(f"{_EVENTS} WHERE case_id IN ({marks}) ORDER BY case_id, seq", some)
            rows = cursor.fetchall()
        yield from _by_case(rows)


def iter_loaded(chunk: int = CASES_AT_ONCE, *, after: int = -1, through: int | None = None) -> Iterator[Loaded]:
    """Every case in order of id, in constant memory; with bounds, those whose id lies in (after, through]."""
    while case_ids := _next_ids(after, chunk, through):
        with connection.cursor() as cursor:
            cursor.execute(
                f"{_EVENTS} WHERE case_id BETWEEN %s AND %s ORDER BY case_id, seq", [case_ids[0], case_ids[-1]]
            )
            rows = cursor.fetchall()
        yield from _by_case(rows)
        after = case_ids[-1]


@contextmanager
def uncollected() -> Iterator[None]:
    """For a pass over every history: they hold no cycles, so reference counts free them, and the collector, which would
    look through the young ones over and over (a fifth of the time), rests meanwhile."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _next_ids(after: int, chunk: int, through: int | None) -> list[int]:
    bound = "" if through is None else " AND case_id <= %s"
    values = [after, *(() if through is None else (through,)), chunk]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT case_id FROM ledger_event WHERE case_id > %s{bound} ORDER BY case_id LIMIT %s",  # noqa: S608 - our own words
            values,
        )
        return [int(row[0]) for row in cursor.fetchall()]


def _by_case(rows: Iterable[Row]) -> Iterator[Loaded]:
    for _, group in groupby(rows, key=itemgetter(0)):
        yield _loaded(list(group))


def _loaded(rows: Sequence[Row]) -> Loaded:
    instant = _instant_reader()
    history = tuple(_read_event(row, instant) for row in rows)
    opened, last = history[0].body, rows[-1]
    number = opened.number if isinstance(opened, Opened) else ""
    return Loaded(ref=CaseRef(id=last[0], number=number, last_seq=last[1], head_hash=bytes(last[15])), history=history)


def _read_event(row: Row, instant: Callable[[Any], datetime]) -> Event:
    """A row of `_EVENT` as the event it stands for."""
    _, seq, batch, kind, edition, person, post, unit, role, standing, basis, at, recorded_at, key, body, _ = row
    return Event(
        seq=seq, batch=batch, at=instant(at), recorded_at=instant(recorded_at), person=person, post=post, unit=unit,
        role=role, standing=_STANDINGS.get(standing) or Standing(standing), basis=basis, key=key,
        body=codec.decode(kind, edition, canonical.loads(body)),
    )  # fmt: skip


def read_link(row: Row) -> Link:
    """A row of the event table, in the order of COLUMNS, as either driver gives it."""
    return link_reader()(row)


def link_reader() -> Callable[[Row], Link]:
    """`read_link` of the database in use, to be asked for once before many rows."""
    instant, body_of = _instant_reader(), _canonical_text if connection.vendor == "postgresql" else str

    def read(row: Row) -> Link:
        at, recorded_at, key, body, prev, own = row[12:]
        return Link._make((*row[:12], instant(at), instant(recorded_at), key, body_of(body), bytes(prev), bytes(own)))

    return read


def _canonical_text(body: object) -> str:
    """jsonb keeps the meaning, not the text."""
    return canonical.dumps(canonical.loads(str(body))).decode()


def _instant_reader() -> Callable[[Any], datetime]:
    return read_instant if connection.vendor == "postgresql" else read_text_instant


@lru_cache(maxsize=4_096)
def read_text_instant(text: object) -> datetime:
    """An instant as SQLite keeps it. Kept, because the events of an act share their instants."""
    return read_instant(text)
