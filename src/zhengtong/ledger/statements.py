"""The statements of an act (落笔): as few as each database allows, and always the same ones, kept prepared.

SQLite: the driver's cursor in one BEGIN IMMEDIATE, one statement for each table. PostgreSQL: all of it as one
data-modifying statement in autocommit, so that an act costs one round trip. Every part of it reads the case row (`c`):
the row lock comes first and the lock of the feed second, as in a plain transaction; where the case has moved on, `c` is
empty, nothing is written, and the statement says 0. What one statement cannot say, because all its parts see the tables
as they were before it, goes the plain way: a row written twice, readers all written again, erasures.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import chain, groupby
from typing import Any, Final

from zhengtong.ledger import canonical, sealing
from zhengtong.ledger.chain import COLUMNS
from zhengtong.ledger.preparing import CASE_COLUMNS, MOVED_COLUMNS, OUTBOX_COLUMNS, Prepared, Values
from zhengtong.ledger.rows import OUTBOX, Row
from zhengtong.ledger.writing import (
    TAKE_FEED,
    Pen,
    as_driven,
    autocommitted,
    conflict_sql,
    insert_sql,
    placed,
    put_sql,
    transaction,
)

READER: Final = ("case_id", "kind", "ref")
MOVE: Final = (
    "UPDATE ledger_case SET "  # noqa: S608 - our own columns
    + ", ".join(f'"{name}" = %s' for name in MOVED_COLUMNS)
    + " WHERE id = %s AND last_seq = %s AND head_hash = %s"
)
TAKE_READER: Final = "DELETE FROM ledger_reader WHERE case_id = %s AND kind = %s AND ref = %s"
TAKE_READERS: Final = "DELETE FROM ledger_reader WHERE case_id = %s"
ADD_READER: Final = insert_sql("ledger_reader", READER, 1) + conflict_sql(READER, READER)

Step = tuple[str, Sequence[Any]]


class Moved(Exception):
    """The case is not where its history was read: somebody was first. Nothing was written."""


def write_one(made: Prepared) -> None:
    """One act, in a transaction of its own.

    Raises:
        Moved, DatabaseError (a unique key refused), NestedRecord, sealing.NotThere
    """
    if made.vendor == "postgresql" and _fits_one_statement(made):
        if autocommitted(*one_statement(made)) != 1:
            raise Moved
        return
    with transaction() as pen:
        steps = act_steps(made)
        if pen.send(*next(steps)) != 1:
            raise Moved
        for sql, values in steps:
            pen.send(sql, values)
        for erased in made.erased:
            sealing.blank(pen, *erased)


def act_steps(made: Prepared) -> Iterator[Step]:
    """Every statement of one act but erasures; the first is lock and check in one, and touches one row."""
    if made.opened:
        yield insert_sql("ledger_case", CASE_COLUMNS, 1), made.opened[0]
    else:
        yield MOVE, made.moved[0]
    yield insert_sql("ledger_event", COLUMNS, len(made.events)), _flat(made.events)
    for case_id in made.readers_anew:
        yield TAKE_READERS, (case_id,)
    for gone in made.readers_gone:
        yield TAKE_READER, gone
    if readers := made.readers or made.readers_more:
        yield insert_sql("ledger_reader", READER, len(readers)) + conflict_sql(READER, READER), _flat(readers)
    if made.sealed:
        yield insert_sql("ledger_sealed", sealing.COLUMNS, len(made.sealed)), _flat(made.sealed)
    if made.sealed_index:
        columns = sealing.INDEX_COLUMNS
        yield insert_sql("ledger_sealed_index", columns, len(made.sealed_index)), _flat(made.sealed_index)
    yield from (_put(row, made.vendor) for row in made.projected)
    if made.outgoing:
        if made.vendor == "postgresql":
            yield TAKE_FEED, ()
        yield insert_sql(OUTBOX, OUTBOX_COLUMNS, len(made.outgoing)), _flat(made.outgoing)


def numbered(step: Step, vendor: str) -> Step:
    """A step as the driver reads it, with its own kind of placeholder."""
    sql, values = step
    return placed(sql, vendor), values


def _flat(rows: Iterable[Values]) -> list[Any]:
    return list(chain.from_iterable(rows))


def _put(row: Row, vendor: str) -> Step:
    sql, values = put_sql(row)
    return sql, [as_driven(value, vendor) for value in values]


# ---- many at once ----------------------------------------------------------------------------------------


def write_many(made: Prepared) -> None:
    """Many acts in one transaction: COPY on PostgreSQL, one prepared statement for each table on SQLite.

    Raises:
        Moved, DatabaseError, NestedRecord, sealing.NotThere
    """
    with transaction() as pen:
        pen.copy("ledger_case", CASE_COLUMNS, made.opened)
        if pen.send_many(MOVE, made.moved) != len(made.moved):
            raise Moved
        pen.copy("ledger_event", COLUMNS, made.events)
        pen.send_many(TAKE_READERS, [(case_id,) for case_id in made.readers_anew])
        pen.send_many(TAKE_READER, made.readers_gone)
        pen.copy("ledger_reader", READER, made.readers)
        pen.send_many(ADD_READER, made.readers_more)
        pen.copy("ledger_sealed", sealing.COLUMNS, made.sealed)
        pen.copy("ledger_sealed_index", sealing.INDEX_COLUMNS, made.sealed_index)
        for erased in made.erased:
            sealing.blank(pen, *erased)
        _project(pen, made.projected)
        if made.outgoing:
            pen.keep_feed_order()
            pen.copy(OUTBOX, OUTBOX_COLUMNS, made.outgoing)


def _project(pen: Pen, rows: Sequence[Row]) -> None:
    """In the order of the reactions for each table; rows of one shape that follow on each other go together."""
    steps = (_put(row, pen.vendor) for row in sorted(rows, key=lambda row: row.table))
    for sql, some in groupby(steps, key=lambda step: step[0]):
        pen.send_many(sql, [values for _, values in some])


# ---- PostgreSQL: one statement ---------------------------------------------------------------------------

TYPES: Final = {
    "id": "bigint", "case_id": "bigint", "seq": "int", "batch": "int", "codec": "int", "item_version": "int",
    "last_seq": "int", "at": "timestamptz", "recorded_at": "timestamptz", "opened_at": "timestamptz",
    "accepted_at": "timestamptz", "due_at": "timestamptz", "promised_at": "timestamptz", "wake_at": "timestamptz",
    "closed_at": "timestamptz", "erased_at": "timestamptz", "body": "jsonb", "prev": "bytea", "hash": "bytea",
    "head_hash": "bytea", "wrapped": "bytea", "nonce": "bytea", "ciphertext": "bytea", "salt": "bytea",
    "digest": "bytea", "hmac": "bytea",
}  # fmt: skip
"""Of the ledger's own columns; every other is text. A prepared statement has to be told."""

Put = tuple[str, tuple[str, ...], tuple[str, ...], bool]  # table, columns, key, gone


_SAID_IN_JSON: Final = (str, int, datetime, date, type(None))


def _fits_one_statement(made: Prepared) -> bool:
    if made.erased or made.readers_anew:
        return False
    if not made.projected:
        return True
    keys = [(row.table, *(row.values[name] for name in row.key)) for row in made.projected if row.key]
    values = chain.from_iterable(row.values.values() for row in made.projected)
    return len(set(keys)) == len(keys) and all(isinstance(value, _SAID_IN_JSON) for value in values)


def one_statement(made: Prepared) -> Step:
    """The whole act as one statement for PostgreSQL; it selects how many case rows it wrote, 1 or 0."""
    puts = [(row.table, tuple(row.values), row.key, row.gone) for row in made.projected]
    readers = made.readers or made.readers_more
    sql = _one_sql(
        bool(made.opened), len(made.events), len(readers), len(made.readers_gone), len(made.sealed),
        len(made.sealed_index), len(made.outgoing), tuple(puts),
    )  # fmt: skip
    values = _flat((*(made.opened or made.moved), *made.events, *readers, *made.readers_gone, *made.sealed))
    values += _flat((*made.sealed_index, *made.outgoing))
    for row in made.projected:
        values += [row.values[name] for name in row.key] if row.gone else [canonical.canonical(row.values).decode()]
    return sql, values


@lru_cache(maxsize=512)
def _one_sql(  # noqa: PLR0913 - how many rows of each table: the whole shape of the statement
    is_new: bool, events: int, readers: int, gone: int, sealed: int, marks: int, told: int, puts: tuple[Put, ...]
) -> str:  # fmt: skip
    parts, marked = [], _Marks()
    if is_new:
        names, row = _names(CASE_COLUMNS), marked.row(CASE_COLUMNS)
        parts.append(f"c AS (INSERT INTO ledger_case ({names}) VALUES {row} RETURNING id)")  # noqa: S608 - names are our own
    else:
        sets = ", ".join(f'"{name}" = {marked.one(name)}' for name in MOVED_COLUMNS)
        where = " AND ".join(f"{name} = {marked.one(name)}" for name in ("id", "last_seq", "head_hash"))
        parts.append(f"c AS (UPDATE ledger_case SET {sets} WHERE {where} RETURNING id)")  # noqa: S608 - as above
    parts.append(marked.insert("ledger_event", COLUMNS, events))
    if readers:
        parts.append(marked.insert("ledger_reader", READER, readers, conflict_sql(READER, READER)))
    parts += [marked.delete("ledger_reader", READER) for _ in range(gone)]
    if sealed:
        parts.append(marked.insert("ledger_sealed", sealing.COLUMNS, sealed))
    if marks:
        parts.append(marked.insert("ledger_sealed_index", sealing.INDEX_COLUMNS, marks))
    if told:
        parts.append(f"feed AS MATERIALIZED ({TAKE_FEED} FROM c)")
        parts.append(marked.insert(OUTBOX, OUTBOX_COLUMNS, told, after="feed"))
    for table, columns, key, is_gone in puts:
        parts.append(marked.delete(table, key) if is_gone else marked.put(table, columns, key))
    named = [part if part.startswith(("c ", "feed ")) else f"p{place} AS ({part})" for place, part in enumerate(parts)]
    return f"WITH {', '.join(named)} SELECT count(*) FROM c"  # noqa: S608 - names are our own


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


class _Marks:
    """Numbers the placeholders of a statement, each with the type of its column."""

    def __init__(self) -> None:
        self._count = 0

    def one(self, column: str = "", *, typed: bool = True) -> str:
        self._count += 1
        return f"${self._count}::{TYPES.get(column, 'text')}" if typed else f"${self._count}"

    def row(self, columns: Sequence[str]) -> str:
        return f"({', '.join(self.one(name) for name in columns)})"

    def insert(self, table: str, columns: Sequence[str], rows: int, tail: str = "", *, after: str = "c") -> str:
        values = ", ".join(self.row(columns) for _ in range(rows))
        return f'INSERT INTO "{table}" ({_names(columns)}) SELECT v.* FROM {after}, (VALUES {values}) v{tail}'  # noqa: S608 - as above

    def delete(self, table: str, key: Sequence[str]) -> str:
        where = " AND ".join(f't."{name}" = {self.one(typed=False)}' for name in key)
        return f'DELETE FROM "{table}" t USING c WHERE {where}'  # noqa: S608 - as above

    def put(self, table: str, columns: Sequence[str], key: tuple[str, ...]) -> str:
        """A row of another room, whose types the ledger does not know: PostgreSQL reads them from the table."""
        names, mark = _names(columns), self.one(typed=False)
        read = ", ".join(f'r."{name}"' for name in columns)
        source = f'json_populate_record(NULL::"{table}", {mark}::json) r'
        return f'INSERT INTO "{table}" ({names}) SELECT {read} FROM c, {source}{conflict_sql(tuple(columns), key)}'  # noqa: S608 - as above
