"""Reading a history (办件全程): the events of a case as the kernel knows them, and where its chain stands."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from django.db import connection

from zhengtong.kernel.events import Event, History, Opened
from zhengtong.ledger import canonical
from zhengtong.ledger.chain import COLUMNS, Link, to_event
from zhengtong.ledger.writing import read_instant

SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM ledger_event"  # noqa: S608 - our own columns
CASES_AT_ONCE: Final = 400


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
    with connection.cursor() as cursor:
        cursor.execute(f"{SELECT} WHERE case_id = %s ORDER BY seq", [case_id])
        links = [read_link(row) for row in cursor.fetchall()]
    if not links:
        raise NoHistory(case_id)
    return _loaded(links)


def load_many(case_ids: Iterable[int]) -> dict[int, History]:
    """The histories of several cases, in few statements; ids without events are left out."""
    wanted = sorted(set(case_ids))
    found: dict[int, list[Event]] = {}
    for start in range(0, len(wanted), CASES_AT_ONCE):
        some = wanted[start : start + CASES_AT_ONCE]
        marks = ", ".join(["%s"] * len(some))
        with connection.cursor() as cursor:
            cursor.execute(f"{SELECT} WHERE case_id IN ({marks}) ORDER BY case_id, seq", some)
            for row in cursor.fetchall():
                link = read_link(row)
                found.setdefault(link.case_id, []).append(to_event(link))
    return {case_id: tuple(events) for case_id, events in found.items()}


def iter_loaded(chunk: int = CASES_AT_ONCE) -> Iterator[Loaded]:
    """Every case, in order of id."""
    after = -1
    while case_ids := _next_ids(after, chunk):
        with connection.cursor() as cursor:
            cursor.execute(
                f"{SELECT} WHERE case_id BETWEEN %s AND %s ORDER BY case_id, seq", [case_ids[0], case_ids[-1]]
            )
            links = [read_link(row) for row in cursor.fetchall()]
        yield from _by_case(links)
        after = case_ids[-1]


def _next_ids(after: int, chunk: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT case_id FROM ledger_event WHERE case_id > %s ORDER BY case_id LIMIT %s", [after, chunk]
        )
        return [int(row[0]) for row in cursor.fetchall()]


def _by_case(links: Sequence[Link]) -> Iterator[Loaded]:
    start = 0
    for end in range(1, len(links) + 1):
        if end == len(links) or links[end].case_id != links[start].case_id:
            yield _loaded(links[start:end])
            start = end


def _loaded(links: Sequence[Link]) -> Loaded:
    history = tuple(to_event(link) for link in links)
    opened, last = history[0].body, links[-1]
    number = opened.number if isinstance(opened, Opened) else ""
    return Loaded(ref=CaseRef(id=last.case_id, number=number, last_seq=last.seq, head_hash=last.hash), history=history)


def read_link(row: Sequence[object]) -> Link:
    """A row of the event table, in the order of COLUMNS, as either driver gives it."""
    values = dict(zip(COLUMNS, row, strict=True))
    for name in ("at", "recorded_at"):
        values[name] = read_instant(values[name])
    for name in ("prev", "hash"):
        values[name] = bytes(cast("bytes | memoryview", values[name]))
    if connection.vendor == "postgresql":  # jsonb keeps the meaning, not the text
        values["body"] = canonical.dumps(canonical.loads(str(values["body"]))).decode()
    return Link(**cast("dict[str, Any]", values))
