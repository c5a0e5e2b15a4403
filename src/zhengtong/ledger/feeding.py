"""What changed since (变更供给): the cases with events a reader has not seen, from an opaque position, each once.

Nothing is written for it when an act is recorded. SQLite has one writer at a time, so rowids stand in the order of
commits; the hash of the event at the position tells whether the table is still the same (VACUUM, a move, a restore). On
PostgreSQL commits overtake each other: a position holds the oldest transaction then open, and rows of that or a later
one are given again. A position that is empty or not of this database gives every case."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from zhengtong.ledger.canonical import stamp
from zhengtong.ledger.writing import read_instant

AT_ONCE: Final = 2_000
OVERLAP: Final = timedelta(hours=1)
"""How long before the last instant read an act may have been dated that is committed only now."""
_XIDS: Final = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """`case_ids` ascending, each once, to be read once; `position` for the next time, when all of them are dealt with.
    `is_all`: every case is given, because nothing is known of what came before."""

    case_ids: Iterator[int]
    position: str
    is_all: bool


def read_changes(position: str = "") -> Changes:
    """The cases that changed since a position. What is recorded meanwhile comes with the next."""
    return _read_sqlite(position) if connection.vendor == "sqlite" else _read_postgres(position)


def count_behind(position: str) -> int:
    """How many events were recorded since; -1 when the position says nothing."""
    if connection.vendor != "sqlite":
        return -1
    rowid = _rowid_of(position)
    return -1 if rowid is None else (_last_rowid() or 0) - rowid


def iter_case_ids(after: int = -1) -> Iterator[int]:
    """Every case in order of id, in constant memory."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM ledger_case WHERE id > %s ORDER BY id LIMIT %s", [after, AT_ONCE])
            some = [int(row[0]) for row in cursor.fetchall()]
        yield from some
        if len(some) < AT_ONCE:
            return
        after = some[-1]


# ---- SQLite ------------------------------------------------------------------------------------------


def _read_sqlite(position: str) -> Changes:
    since, last = _rowid_of(position), _last_rowid()
    now = "" if last is None else f"sqlite:{last}:{_hash_at(last)}"
    if since is None or last is None:
        return Changes(case_ids=iter_case_ids(), position=now, is_all=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT case_id FROM ledger_event WHERE rowid > %s AND rowid <= %s ORDER BY case_id", [since, last]
        )
        changed = [int(row[0]) for row in cursor.fetchall()]
    return Changes(case_ids=iter(changed), position=now, is_all=False)


def _rowid_of(position: str) -> int | None:
    """The rowid of a position, if the event that stood there stands there still."""
    kind, _, rest = position.partition(":")
    rowid, _, known = rest.partition(":")
    if kind != "sqlite" or not rowid.isdecimal() or not known:
        return None
    return int(rowid) if _hash_at(int(rowid)) == known else None


def _last_rowid() -> int | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(rowid) FROM ledger_event")
        row = cursor.fetchone()
    return None if row is None or row[0] is None else int(row[0])


def _hash_at(rowid: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT hash FROM ledger_event WHERE rowid = %s", [rowid])
        row = cursor.fetchone()
    return bytes(row[0]).hex()[:16] if row else ""


# ---- PostgreSQL --------------------------------------------------------------------------------------

_HORIZON: Final = (
    "SELECT pg_snapshot_xmin(pg_current_snapshot())::text, (SELECT system_identifier::text FROM pg_control_system()), "
    "(SELECT oid::text FROM pg_database WHERE datname = current_database())"
)
_SINCE: Final = (
    "SELECT case_id, max(recorded_at) FROM ledger_event WHERE recorded_at >= %s "
    "AND mod(xmin::text::bigint - %s::bigint + 8589934592, 4294967296) < 2147483648 GROUP BY case_id ORDER BY case_id"
)
"""Transaction numbers of rows have 32 bits and go round: "not before" is less than half of the way ahead."""


def _read_postgres(position: str) -> Changes:
    """The horizon is read before the rows: whatever commits in between is given now, and given again."""
    with connection.cursor() as cursor:
        cursor.execute(_HORIZON)
        horizon, system, name = (str(value) for value in cursor.fetchone())
        parts = position.split("|")
        if len(parts) != 3 or parts[0] != f"postgresql:{system}:{name}" or int(parts[1]) > int(horizon):
            cursor.execute("SELECT max(recorded_at) FROM ledger_event")
            (last,) = cursor.fetchone()
            now = _position(system, name, horizon, None if last is None else read_instant(last))
            return Changes(case_ids=iter_case_ids(), position=now, is_all=True)
        since, seen = int(parts[1]), datetime.fromisoformat(parts[2])
        cursor.execute(_SINCE, [seen - OVERLAP, since % _XIDS])
        rows = cursor.fetchall()
    newest = max((read_instant(row[1]) for row in rows), default=seen)
    return Changes(
        case_ids=iter([int(row[0]) for row in rows]), position=_position(system, name, horizon, max(newest, seen)),
        is_all=False,
    )  # fmt: skip


def _position(system: str, name: str, horizon: str, seen: datetime | None) -> str:
    return "" if seen is None else f"postgresql:{system}:{name}|{horizon}|{stamp(seen)}"
