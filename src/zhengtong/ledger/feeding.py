"""What changed since (变更供给): the cases with events a reader has not seen, from an opaque position, each once.

Nothing is written for it when an act is recorded. Acts are dated before they wait for their turn, so commits overtake
each other: on SQLite what was recorded in the last minutes before a position is given again; on PostgreSQL a position
holds the oldest transaction then open, and only rows of that or a later one are. A position that is empty, or not of
this database as it stands, gives every case."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from zhengtong.ledger.canonical import stamp
from zhengtong.ledger.writing import as_driven, read_instant

AT_ONCE: Final = 2_000
OVERLAP: Final = timedelta(minutes=10)
"""How long before the last instant read an act may have been dated that is committed only now. PostgreSQL tells what
was read before by its transaction; a reader on SQLite knows it by the seq."""
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

_NEWEST: Final = (
    "SELECT case_id, seq, recorded_at, hash FROM ledger_event WHERE seq = batch ORDER BY recorded_at DESC LIMIT 1"
)
_SINCE_SQLITE: Final = (
    "SELECT case_id FROM ledger_event INDEXED BY event_recorded WHERE seq = batch AND recorded_at >= %s"
)
"""`seq = batch` is the condition of the index `event_recorded`: one entry for each act."""


def _read_sqlite(position: str) -> Changes:
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST)
        newest = cursor.fetchone()
    now = "" if newest is None else f"sqlite|{newest[0]}|{newest[1]}|{bytes(newest[3]).hex()[:16]}|{newest[2]}"
    since = _instant_of(position)
    if since is None:
        return Changes(case_ids=iter_case_ids(), position=now, is_all=True)
    with connection.cursor() as cursor:
        cursor.execute(_SINCE_SQLITE, [str(as_driven(since - OVERLAP, "sqlite"))])
        changed = {int(row[0]) for row in cursor.fetchall()}
    return Changes(case_ids=iter(sorted(changed)), position=now, is_all=False)


def _instant_of(position: str) -> datetime | None:
    """The instant of a position, if the event that stood there stands there still."""
    parts = position.split("|")
    if len(parts) != 5 or parts[0] != "sqlite" or not (parts[1].isdecimal() and parts[2].isdecimal()):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT hash FROM ledger_event WHERE case_id = %s AND seq = %s", [int(parts[1]), int(parts[2])])
        row = cursor.fetchone()
    return read_instant(parts[4]) if row and bytes(row[0]).hex()[:16] == parts[3] else None


# ---- PostgreSQL --------------------------------------------------------------------------------------

_HORIZON: Final = (
    "SELECT pg_snapshot_xmin(pg_current_snapshot())::text, (SELECT system_identifier::text FROM pg_control_system()), "
    "(SELECT oid::text FROM pg_database WHERE datname = current_database())"
)
_SINCE: Final = (
    "SELECT case_id, max(recorded_at) FROM ledger_event WHERE seq = batch AND recorded_at >= %s "
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
            cursor.execute("SELECT max(recorded_at) FROM ledger_event WHERE seq = batch")
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
