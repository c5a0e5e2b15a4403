"""One short write transaction on the driver itself, the same words for SQLite and PostgreSQL.

SQLite: BEGIN IMMEDIATE inside a blocking file lock, because its own busy handler sleeps and is unfair (measured: the
lock cuts p99 five times). PostgreSQL: a plain transaction, or one statement by itself (`autocommitted`). Neither may
run inside an atomic block. Of Django only the connection is used: its cursors and wrappers cost more than the SQL.
"""

import fcntl
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, Final, Protocol, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DatabaseError, IntegrityError

from zhengtong.ledger import canonical
from zhengtong.ledger.rows import Row

FEED_LOCK: Final = 0x7A74_6C65  # "ztle": PostgreSQL's advisory lock that keeps outbox ids in the order of commits
TAKE_FEED: Final = f"SELECT pg_advisory_xact_lock({FEED_LOCK}::bigint)"
ON_REQUEST: Final = 1_000_000_000
"""psycopg's prepare_threshold: statements are prepared where the ledger asks for it, the ORM's never by themselves."""


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
    """Writes within one transaction. SQL is written with %s on both databases.

    `run`, `rows`, `insert` and `put` take values of Python. `send`, `send_many` and `copy` take them as the driver does
    (see `as_driven`), and prepare their statement.
    """

    def __init__(self, cursor: _Cursor, vendor: str) -> None:
        self._cursor = cursor
        self.vendor = vendor
        self._prepare: dict[str, Any] = {} if vendor == "sqlite" else {"prepare": True}

    def run(self, sql: str, values: Sequence[object] = ()) -> int:
        """Execute; how many rows it touched."""
        self._cursor.execute(placed(sql, self.vendor), [as_driven(value, self.vendor) for value in values])
        return self._cursor.rowcount

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        self.run(sql, values)
        return self._cursor.fetchall()

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """All rows in one statement."""
        if rows:
            self.run(insert_sql(table, tuple(columns), len(rows)), [value for row in rows for value in row])

    def put(self, row: Row) -> None:
        """Write what a reaction returned."""
        self.run(*put_sql(row))

    def send(self, sql: str, values: Sequence[object] = ()) -> int:
        """Execute a statement that comes again and again."""
        self._cursor.execute(placed(sql, self.vendor), values, **self._prepare)
        return self._cursor.rowcount

    def send_many(self, sql: str, rows: Sequence[Sequence[object]]) -> int:
        """One statement for many rows; how many they touched in all."""
        if not rows:
            return 0
        self._cursor.executemany(placed(sql, self.vendor), rows)
        return self._cursor.rowcount

    def copy(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Many new rows: COPY on PostgreSQL, one prepared statement on SQLite."""
        if self.vendor == "sqlite":
            self.send_many(insert_sql(table, tuple(columns), 1), rows)
            return
        if not rows:
            return
        names = ", ".join(f'"{name}"' for name in columns)
        with cast("Any", self._cursor).copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def keep_feed_order(self) -> None:
        """From here to the commit nobody else adds to the outbox, so its ids stand in the order of commits."""
        if self.vendor == "postgresql":
            self.send(TAKE_FEED)


# ---- transactions ----------------------------------------------------------------------------------------


@contextmanager
def transaction() -> Iterator[Pen]:
    """One write transaction of the ledger's own; commits at the end, rolls back on any exception.

    Raises:
        NestedRecord: inside an atomic block.
    """
    database = _outside_atomic()
    with database.wrap_database_errors:
        handle = _queue(database)
        try:
            cursor = _cursor(database)
            try:
                cursor.execute("BEGIN IMMEDIATE" if _is_sqlite(database) else "BEGIN")
                yield Pen(cursor, database.vendor)
                cursor.execute("COMMIT")
            except BaseException:
                _roll_back(database, cursor)
                raise
        finally:
            if handle is not None:
                fcntl.flock(handle, fcntl.LOCK_UN)


def autocommitted(sql: str, values: Sequence[object]) -> int:
    """PostgreSQL only: one prepared statement that is a transaction by itself; the number it selects.

    Raises:
        NestedRecord: inside an atomic block.
    """
    database = _outside_atomic()
    with database.wrap_database_errors:
        cursor = _cursor(database)
        try:
            cast("Any", cursor).execute(sql, values, prepare=True)
            ((found,),) = cast("list[tuple[int]]", cursor.fetchall())
        except BaseException:
            if database.connection is not None and database.connection.closed:
                database.close()  # it is lost: the next act opens another
            raise
        return found


def fetched(sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
    """The rows of a question that comes with every act, by the driver's cursor and prepared. Inside an atomic block it
    sees what the block sees."""
    database = _open()
    with database.wrap_database_errors:
        cursor = _cursor(database)
        if _is_sqlite(database):
            cursor.execute(placed(sql, database.vendor), values)
        else:
            cast("Any", cursor).execute(placed(sql, database.vendor), values, prepare=True)
        return cursor.fetchall()


def _outside_atomic() -> BaseDatabaseWrapper:
    database = connections[DEFAULT_DB_ALIAS]
    if database.in_atomic_block:
        raise NestedRecord
    return _open()


def _open() -> BaseDatabaseWrapper:
    database = connections[DEFAULT_DB_ALIAS]  # the proxy `connection` would ask for it at every word
    database.close_if_health_check_failed()
    if database.connection is None:
        database.ensure_connection()
    return database


def vendor() -> str:
    return connections[DEFAULT_DB_ALIAS].vendor


def _is_sqlite(database: BaseDatabaseWrapper) -> bool:
    return database.vendor == "sqlite"


_kept = threading.local()  # of each thread: its raw cursor on PostgreSQL, its open lock file on SQLite


def _cursor(database: BaseDatabaseWrapper) -> _Cursor:
    """The driver's own cursor. On PostgreSQL the raw one, which does not read the SQL again for its placeholders, and
    the same while the connection lives, for it remembers how each type is written."""
    raw: Any = database.connection
    if _is_sqlite(database):
        return cast("_Cursor", raw.cursor())
    cursor = getattr(_kept, "cursor", None)
    if cursor is None or cursor.connection is not raw:
        from psycopg import RawCursor

        if raw.prepare_threshold is None:
            raw.prepare_threshold = ON_REQUEST
        cursor = _kept.cursor = RawCursor(raw)
    return cast("_Cursor", cursor)


def _roll_back(database: BaseDatabaseWrapper, cursor: _Cursor) -> None:
    raw: Any = database.connection
    if _is_sqlite(database) and not raw.in_transaction:  # it never began, or SQLite has rolled it back itself
        return
    try:
        cursor.execute("ROLLBACK")
    except cast("Any", database).Database.Error:
        database.close()  # the connection is gone, and the transaction with it: the first error is the one to show


def _queue(database: BaseDatabaseWrapper) -> int | None:
    """Wait in the queue of SQLite's writers; the lock to let go. A killed process lets go of it by dying.

    Every thread opens the file for itself, else the lock parts no threads.
    """
    if not _is_sqlite(database):
        return None
    name = str(database.settings_dict["NAME"])
    if ":memory:" in name or "mode=memory" in name:
        return None
    handle = _lock_file(f"{name}.lock")
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def _lock_file(path: str) -> int:
    # A forked child must not share its parent's open file: they would hold the lock together.
    kept: tuple[str, int, int] | None = getattr(_kept, "lock", None)
    if kept is not None and kept[:2] == (path, os.getpid()):
        return kept[2]
    if kept is not None:
        os.close(kept[2])
    handle = os.open(Path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    _kept.lock = (path, os.getpid(), handle)
    return handle


def is_duplicate(error: DatabaseError) -> bool:
    """Whether a unique key, or the trigger that guards the sequence, refused: somebody was first."""
    if getattr(error.__cause__, "sqlstate", None) == "23505":
        return True
    return isinstance(error, IntegrityError) and ("UNIQUE" in str(error) or "seq is taken" in str(error))


# ---- words -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=1_024)
def placed(sql: str, vendor: str) -> str:
    """SQL with the placeholders of the driver: ? on SQLite, $1 $2 … on PostgreSQL."""
    if vendor == "sqlite":
        return sql.replace("%s", "?")
    numbers = count(1)
    return re.sub("%s", lambda _: f"${next(numbers)}", sql)


@lru_cache(maxsize=512)
def insert_sql(table: str, columns: tuple[str, ...], count: int) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    row = f"({', '.join(['%s'] * len(columns))})"
    return f'INSERT INTO "{table}" ({names}) VALUES {", ".join([row] * count)}'  # noqa: S608 - names are our own


def put_sql(row: Row) -> tuple[str, list[object]]:
    """The statement that writes what a reaction returned, and its values."""
    if row.gone:
        return delete_sql(row.table, row.key), [row.values[name] for name in row.key]
    return upsert_sql(row.table, tuple(row.values), row.key), list(row.values.values())


@lru_cache(maxsize=256)
def delete_sql(table: str, key: tuple[str, ...]) -> str:
    where = " AND ".join(f'"{name}" = %s' for name in key)
    return f'DELETE FROM "{table}" WHERE {where}'  # noqa: S608 - names come from our own reactions


@lru_cache(maxsize=256)
def upsert_sql(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    return insert_sql(table, columns, 1) + conflict_sql(columns, key)


@lru_cache(maxsize=256)
def conflict_sql(columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    """What is done with a row that is there already: overwritten; without a key it may not be there."""
    if not key:
        return ""
    names = ", ".join(f'"{name}"' for name in key)
    rest = [name for name in columns if name not in key]
    if not rest:
        return f" ON CONFLICT ({names}) DO NOTHING"
    return f" ON CONFLICT ({names}) DO UPDATE SET " + ", ".join(f'"{name}" = excluded."{name}"' for name in rest)


# ---- values ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=4_096)
def _sqlite_instant(at: datetime) -> str:
    """As Django writes them, so that both compare alike. Kept, because the rows of an act share their instants."""
    text = canonical.stamp(at)
    return f"{text[:10]} {text[11:19]}" if at.microsecond == 0 else f"{text[:10]} {text[11:26]}"


INSTANTS: Final[Mapping[str, Callable[[datetime], object]]] = {
    "sqlite": _sqlite_instant,
    "postgresql": canonical.stamp,
}


def as_driven(value: object, vendor: str) -> object:
    """A value as the driver takes it."""
    match value:
        case None | str() | bytes() | int() | float():
            return value
        case datetime() if vendor == "sqlite":
            return _sqlite_instant(value)
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
