"""One short write transaction on the driver itself, the same words for SQLite and PostgreSQL.

SQLite: BEGIN IMMEDIATE inside a blocking file lock, because its own busy handler sleeps and is unfair (measured: the
lock cuts p99 five times). PostgreSQL: a plain transaction. Neither may run inside an atomic block of Django's.
"""

import fcntl
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol, cast

from django.db import connection
from django.db.utils import DatabaseError, IntegrityError

from zhengtong.ledger import canonical
from zhengtong.ledger.rows import Row

FEED_LOCK: Final = 0x7A74_6C65  # "ztle": PostgreSQL's advisory lock that keeps outbox ids in the order of commits


class NestedRecord(RuntimeError):
    def __init__(self) -> None:
        super().__init__("the ledger writes in a transaction of its own; leave the atomic block first")


class _Cursor(Protocol):
    """What both drivers' cursors do."""

    rowcount: int

    def execute(self, sql: str, params: Sequence[object] = ...) -> object: ...
    def executemany(self, sql: str, params: Iterable[Sequence[object]]) -> object: ...
    def fetchone(self) -> tuple[object, ...] | None: ...
    def fetchall(self) -> list[tuple[object, ...]]: ...
    def close(self) -> None: ...


class Pen:
    """Writes within one transaction. SQL is written with %s on both databases."""

    def __init__(self, cursor: _Cursor, vendor: str) -> None:
        self._cursor = cursor
        self.vendor = vendor

    def run(self, sql: str, values: Sequence[object] = ()) -> int:
        """Execute; how many rows it touched."""
        with connection.wrap_database_errors:
            self._cursor.execute(_sql(sql, self.vendor), [_bound(value, self.vendor) for value in values])
        return self._cursor.rowcount

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        self.run(sql, values)
        return self._cursor.fetchall()

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> int:
        bound = [[_bound(value, self.vendor) for value in row] for row in rows]
        if not bound:
            return 0
        with connection.wrap_database_errors:
            self._cursor.executemany(_sql(sql, self.vendor), bound)
        return self._cursor.rowcount

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """All rows in one statement."""
        if rows:
            self.run(_insert(table, tuple(columns), len(rows)), [value for row in rows for value in row])

    def copy(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Many rows: COPY on PostgreSQL, one prepared statement on SQLite."""
        if self.vendor == "sqlite":
            self.many(_insert(table, tuple(columns), 1), rows)
            return
        names = ", ".join(f'"{name}"' for name in columns)
        with (
            connection.wrap_database_errors,
            cast("Any", self._cursor).copy(f"COPY {table} ({names}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row([_bound(value, self.vendor) for value in row])

    def put(self, row: Row) -> None:
        """Write what a reaction returned."""
        if row.gone:
            where = " AND ".join(f'"{name}" = %s' for name in row.key)
            self.run(f'DELETE FROM "{row.table}" WHERE {where}', [row.values[name] for name in row.key])  # noqa: S608 - names come from our own reactions
            return
        self.run(_upsert(row.table, tuple(row.values), row.key), list(row.values.values()))

    def keep_feed_order(self) -> None:
        """From here to the commit nobody else adds to the outbox, so its ids stand in the order of commits."""
        if self.vendor == "postgresql":
            self.run("SELECT pg_advisory_xact_lock(%s::bigint)", [FEED_LOCK])


@contextmanager
def transaction() -> Iterator[Pen]:
    """One write transaction of the ledger's own; commits at the end, rolls back on any exception.

    Raises:
        NestedRecord: inside an atomic block.
    """
    if connection.in_atomic_block:
        raise NestedRecord
    connection.ensure_connection()
    with _turn(), _begun() as pen:
        yield pen


@contextmanager
def _begun() -> Iterator[Pen]:
    cursor = cast("_Cursor", cast("Any", connection.connection).cursor())
    pen = Pen(cursor, connection.vendor)
    try:
        pen.run("BEGIN IMMEDIATE" if pen.vendor == "sqlite" else "BEGIN")
        try:
            yield pen
        except BaseException:
            _roll_back(pen)
            raise
        pen.run("COMMIT")
    finally:
        cursor.close()


def _roll_back(pen: Pen) -> None:
    try:
        pen.run("ROLLBACK")
    except DatabaseError:  # the connection is gone, and the transaction with it: the first error is the one to show
        connection.close()


_locks = threading.local()


@contextmanager
def _turn() -> Iterator[None]:
    """Wait in the queue of SQLite's writers. Every thread opens the file for itself, else the lock parts no threads."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or ":memory:" in name or "mode=memory" in name:
        yield
        return
    handle = _lock_file(f"{name}.lock")
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)


def _lock_file(path: str) -> int:
    # A forked child must not share its parent's open file: they would hold the lock together.
    kept: tuple[str, int, int] | None = getattr(_locks, "kept", None)
    if kept is not None and kept[:2] == (path, os.getpid()):
        return kept[2]
    if kept is not None:
        os.close(kept[2])
    handle = os.open(Path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    _locks.kept = (path, os.getpid(), handle)
    return handle


def is_duplicate(error: DatabaseError) -> bool:
    """Whether a unique key, or the trigger that guards the sequence, refused: somebody was first."""
    if getattr(error.__cause__, "sqlstate", None) == "23505":
        return True
    return isinstance(error, IntegrityError) and ("UNIQUE" in str(error) or "seq is taken" in str(error))


@lru_cache(maxsize=512)
def _sql(sql: str, vendor: str) -> str:
    return sql.replace("%s", "?") if vendor == "sqlite" else sql


@lru_cache(maxsize=256)
def _insert(table: str, columns: tuple[str, ...], count: int) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    row = f"({', '.join(['%s'] * len(columns))})"
    return f'INSERT INTO "{table}" ({names}) VALUES {", ".join([row] * count)}'  # noqa: S608 - names are our own


@lru_cache(maxsize=256)
def _upsert(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    insert = _insert(table, columns, 1)
    if not key:
        return insert
    names = ", ".join(f'"{name}"' for name in key)
    rest = [name for name in columns if name not in key]
    if not rest:
        return f"{insert} ON CONFLICT ({names}) DO NOTHING"
    return f"{insert} ON CONFLICT ({names}) DO UPDATE SET " + ", ".join(
        f'"{name}" = excluded."{name}"' for name in rest
    )


def _bound(value: object, vendor: str) -> object:
    """A value as the driver takes it; on SQLite instants stand as Django writes them, so that both compare alike."""
    match value:
        case None | str() | bytes() | int() | float():
            return value
        case datetime() if vendor == "sqlite":
            return str(value.astimezone(UTC).replace(tzinfo=None))
        case date() if vendor == "sqlite" and not isinstance(value, datetime):
            return value.isoformat()
        case Mapping() | list() | tuple():
            return canonical.canonical(value).decode()
        case _:
            return value


def read_instant(value: object) -> datetime:
    """An instant as either driver gives it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime.fromisoformat(str(value)).replace(tzinfo=UTC)
