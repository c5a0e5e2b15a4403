"""Pouring one database into another (搬移): every table, in pieces, in one transaction at the target, in constant
memory.

Towards PostgreSQL the lines of COPY are made inside SQLite, so that no value passes through Python. Foreign keys are
checked at once, piece by piece, or the target would keep a note of every row until the end; no trigger is switched
off.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from zhengtong.ledger import canonical
from zhengtong.operating.tables import Table, read_migrations, read_tables

LINES_AT_ONCE: Final = 5_000
LINES_A_PIECE: Final = 50_000
PLAIN: Final = frozenset({"bigint", "integer", "smallint", "boolean", "date", "numeric", "double precision", "real"})
WORDS: Final = frozenset({"text", "character varying", "character", "jsonb", "uuid", "inet"})
Tell = Callable[[str, int], object]


class CannotPour(RuntimeError):
    """The two databases do not fit each other, or the target is not empty."""


def pour(source: BaseDatabaseWrapper, target: BaseDatabaseWrapper, *, tell: Tell = lambda name, rows: None) -> int:
    """Put every row of the source into the target, which has the same tables and nobody in them; how many rows.

    Raises:
        CannotPour: tables or migrations differ, or there are people in the target.
    """
    pairs = fit(source, target)
    require_empty(target)
    tables = [there if target.vendor == "postgresql" else here for here, there in pairs]
    # Their kinds are PostgreSQL's, whichever side that is; the order is the target's, whose keys are checked.
    numbers = read_sequences(source, tables)
    with transaction.atomic(using=target.alias), _constraints(target, tables) as cursor:
        for table in reversed(tables):
            cursor.execute(f'DELETE FROM "{table.name}"')  # noqa: S608 - names from the catalogue of the database
        total = 0
        for table in tables:
            rows = _fill(cursor, table, source, target)
            tell(table.name, rows)
            total += rows
        set_sequences(target, cursor, tables, numbers)
    return total


def fit(source: BaseDatabaseWrapper, target: BaseDatabaseWrapper) -> list[tuple[Table, Table]]:
    """The tables of both, side by side, in the order of the target.

    Raises:
        CannotPour: they are not the same.
    """
    if read_migrations(source) != read_migrations(target):
        raise CannotPour(
            "the two databases are not at the same migrations: run `zhengtong upgrade` on the source first"
        )
    here = {table.name: table for table in read_tables(source)}
    there = read_tables(target)
    differing = {table.name for table in there} ^ set(here)
    if differing:
        raise CannotPour(f"only one side has these tables: {', '.join(sorted(differing))}")
    for table in there:
        if set(table.columns) != set(here[table.name].columns):
            raise CannotPour(f"the columns of {table.name} are not the same on both sides")
    return [(here[table.name], table) for table in there]


def require_empty(target: BaseDatabaseWrapper) -> None:
    """
    Raises:
        CannotPour: somebody is in it already.
    """
    with target.cursor() as cursor:
        there = set(target.introspection.table_names(cursor))
        for table in ("ledger_case", "ledger_event", "accounts_account", "accounts_unit", "accounts_subject"):
            if table in there:
                cursor.execute(f'SELECT 1 FROM "{table}" LIMIT 1')  # noqa: S608 - fixed names
                if cursor.fetchone():
                    raise CannotPour(f"the target is not empty: there are rows in {table}")


@contextmanager
def _constraints(target: BaseDatabaseWrapper, tables: Sequence[Table]) -> Iterator[Any]:
    """Foreign keys checked statement by statement where a server would else remember every row."""
    with target.cursor() as cursor:
        if target.vendor == "postgresql":
            cursor.execute("SET LOCAL synchronous_commit = on")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        else:
            cursor.execute("PRAGMA defer_foreign_keys = ON")
        yield cursor


def _fill(cursor: Any, table: Table, source: BaseDatabaseWrapper, target: BaseDatabaseWrapper) -> int:
    if target.vendor != "postgresql":
        return _insert(cursor, table, _values(source, table))
    if source.vendor == "postgresql":
        raise CannotPour("both sides are PostgreSQL: use backup and restore")
    if table.is_own_parent:  # a parent may stand after its child
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        rows = copy_lines(cursor, table, lines(source, table))
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return rows
    return copy_lines(cursor, table, lines(source, table))


# ---- SQLite to PostgreSQL --------------------------------------------------------------------------------


def lines(source: BaseDatabaseWrapper, table: Table) -> Iterator[str]:
    """The rows of a SQLite table as lines of PostgreSQL's COPY, made by SQLite."""
    parts = [_written(column, kind) for column, kind in zip(table.columns, table.kinds, strict=True)]
    line = " || char(9) || ".join(f"coalesce({part}, '\\N')" for part in parts)
    with source.cursor() as cursor:
        cursor.execute(f'SELECT {line} FROM "{table.name}" ORDER BY {table.order}')  # noqa: S608 - names from the catalogue of the database
        while rows := cursor.fetchmany(LINES_AT_ONCE):
            yield from (row[0] for row in rows)


def _written(column: str, kind: str) -> str:
    """A column as COPY reads it; SQLite's strings know no escapes, so '\\\\' is two backslashes there."""
    name = f'"{column}"'
    if kind in PLAIN:
        return name
    if kind == "timestamp with time zone":
        return f"({name} || '+00')"
    if kind == "bytea":
        return f"('\\\\x' || hex({name}))"
    if kind in WORDS:
        escaped = f"replace({name}, '\\', '\\\\')"
        for code, letter in ((10, "n"), (13, "r"), (9, "t")):
            escaped = f"replace({escaped}, char({code}), '\\{letter}')"
        return escaped
    raise CannotPour(f"the column {column} is of the kind {kind}, which nobody has taught to move")


def copy_lines(cursor: Any, table: Table, made: Iterable[str]) -> int:
    """COPY these lines in, piece by piece; how many."""
    count, it = 0, iter(made)
    while piece := list(islice(it, LINES_A_PIECE)):
        with cursor.copy(f'COPY "{table.name}" ({table.listed}) FROM STDIN') as copy:
            for start in range(0, len(piece), LINES_AT_ONCE):
                copy.write("\n".join([*piece[start : start + LINES_AT_ONCE], ""]))
        count += len(piece)
    return count


# ---- PostgreSQL to SQLite --------------------------------------------------------------------------------


def _values(source: BaseDatabaseWrapper, table: Table) -> Iterator[tuple[object, ...]]:
    if source.vendor != "postgresql":
        raise CannotPour("both sides are SQLite: use backup and restore")
    kinds = dict(zip(table.columns, table.kinds, strict=True))
    asked = ", ".join(f'"{name}"::text' if kinds[name] in {"jsonb", "inet"} else f'"{name}"' for name in table.columns)
    makers = [_as_json if kinds[name] == "jsonb" else _as_sqlite for name in table.columns]
    with source.chunked_cursor() as cursor:
        cursor.execute(f'SELECT {asked} FROM "{table.name}" ORDER BY {table.order}')  # noqa: S608 - names from the catalogue of the database
        while rows := cursor.fetchmany(LINES_AT_ONCE):
            for row in rows:
                yield tuple(make(value) for make, value in zip(makers, row, strict=True))


def _as_sqlite(value: object) -> object:
    match value:
        case datetime():
            return str(value.astimezone(UTC).replace(tzinfo=None))
        case date():
            return value.isoformat()
        case memoryview():
            return bytes(value)
        case UUID():
            return value.hex
        case Decimal():
            return str(value)
        case bool():
            return int(value)
        case _:
            return value


def _as_json(value: object) -> object:
    """In the ledger's canonical form, which jsonb does not keep."""
    return None if value is None else canonical.dumps(canonical.loads(str(value))).decode()


def _insert(cursor: Any, table: Table, rows: Iterator[tuple[object, ...]]) -> int:
    marks = ", ".join(["%s"] * len(table.columns))
    count = 0
    while piece := list(islice(rows, LINES_AT_ONCE)):
        cursor.executemany(f'INSERT INTO "{table.name}" ({table.listed}) VALUES ({marks})', piece)  # noqa: S608 - as above
        count += len(piece)
    return count


# ---- numbers that are drawn ------------------------------------------------------------------------------


def read_sequences(source: BaseDatabaseWrapper, tables: Sequence[Table]) -> dict[str, int]:
    """The last id each table has given out, also to rows that are gone: an id of the outbox never comes twice."""
    with source.cursor() as cursor:
        if source.vendor == "sqlite":
            cursor.execute("SELECT name, seq FROM sqlite_sequence")
            return {str(name): int(last) for name, last in cursor.fetchall()}
        found: dict[str, int] = {}
        for table, sequence in _serials(cursor, tables):
            cursor.execute(f"SELECT last_value, is_called FROM {sequence}")  # noqa: S608 - as PostgreSQL names it
            last, is_called = cursor.fetchone()
            found[table.name] = int(last) if is_called else 0
        return found


def set_sequences(
    target: BaseDatabaseWrapper, cursor: Any, tables: Sequence[Table], numbers: dict[str, int]
) -> None:  # fmt: skip
    """Go on where the source would have gone on."""
    if target.vendor == "sqlite":
        for name, last in numbers.items():
            cursor.execute("UPDATE sqlite_sequence SET seq = max(seq, %s) WHERE name = %s", [last, name])
            cursor.execute(
                "INSERT INTO sqlite_sequence (name, seq) SELECT %s, %s "
                "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = %s)",
                [name, last, name],
            )
        return
    for table, sequence in _serials(cursor, tables):
        cursor.execute(f'SELECT coalesce(max("{table.key[0]}"), 0) FROM "{table.name}"')  # noqa: S608 - as above
        last = max(int(cursor.fetchone()[0]), numbers.get(table.name, 0))
        cursor.execute("SELECT setval(%s::regclass, %s, %s)", [sequence, max(last, 1), last > 0])


def _serials(cursor: Any, tables: Sequence[Table]) -> list[tuple[Table, str]]:
    found: list[tuple[Table, str]] = []
    for table in tables:
        if len(table.key) == 1:
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table.name}"', table.key[0]])
            (sequence,) = cursor.fetchone()
            if sequence:
                found.append((table, str(sequence)))
    return found
