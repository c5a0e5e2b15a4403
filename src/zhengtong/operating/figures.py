"""What two databases must agree on to be the same (核对数): rows of every table, heads of all chains, the docket
with who may read it, the last root. Reckoned alike on SQLite and PostgreSQL, in constant memory."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper

from zhengtong.operating.tables import read_tables

ROWS_AT_ONCE: Final = 5_000
INSTANTS: Final = frozenset({"opened_at", "accepted_at", "due_at", "promised_at", "wake_at", "closed_at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """`work` holds the digest of the work lists of some people, where they were asked for."""

    tables: Mapping[str, int]
    cases: int
    events: int
    heads: str
    docket: str
    readers: str
    last_root: str
    work: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def read_figures(database: BaseDatabaseWrapper, *, work: Mapping[str, str] | None = None) -> Figures:
    """Of a database as this connection sees it; inside a transaction that stands still, all at one instant."""
    names = {table.name: table for table in read_tables(database)}
    counts = {name: _one(database, f'SELECT count(*) FROM "{name}"') for name in names}  # noqa: S608 - names from the catalogue
    docket = sorted(set(names["ledger_case"].columns) - {"head_hash"})
    roots = "SELECT day, digest FROM ledger_root ORDER BY day DESC LIMIT 1"
    return Figures(
        tables=dict(sorted(counts.items())),
        cases=counts["ledger_case"],
        events=counts["ledger_event"],
        heads=_digest(_rows(database, "SELECT id, last_seq, head_hash FROM ledger_case ORDER BY id")),
        docket=_digest(_docket(database, docket)),
        readers=_digest(_readers(database)),
        last_root=" ".join(str(part) for row in _rows(database, roots) for part in row),
        work=dict(work or {}),
    )


def differences(here: Mapping[str, Any], there: Mapping[str, Any]) -> tuple[str, ...]:
    """What is not the same, in words; nothing if all is."""
    said = [
        f"{name}: {here['tables'].get(name, 'no')} rows here, {there['tables'].get(name, 'no')} there"
        for name in sorted({*here["tables"], *there["tables"]})
        if here["tables"].get(name) != there["tables"].get(name)
    ]
    names = {"heads": "the heads of the chains", "docket": "the docket", "readers": "who may read",
             "last_root": "the last root"}  # fmt: skip
    said += [f"{words} differ" for name, words in names.items() if here[name] != there[name]]
    both = set(here.get("work") or {}) & set(there.get("work") or {})
    said += [f"the work lists of {who} differ" for who in sorted(both) if here["work"][who] != there["work"][who]]
    return tuple(said)


def _docket(database: BaseDatabaseWrapper, columns: Sequence[str]) -> Iterator[tuple[object, ...]]:
    listed = ", ".join(f'"{name}"' for name in columns)
    instants = [name in INSTANTS for name in columns]
    for row in _rows(database, f"SELECT {listed} FROM ledger_case ORDER BY id"):  # noqa: S608 - our own columns
        yield tuple(
            _instant(value) if is_instant else value for value, is_instant in zip(row, instants, strict=True)
        )  # fmt: skip


def _readers(database: BaseDatabaseWrapper) -> Iterator[tuple[object, ...]]:
    """Sorted within each case here: databases sort text in ways of their own."""
    held: list[tuple[object, ...]] = []
    for row in _rows(database, "SELECT case_id, kind, ref FROM ledger_reader ORDER BY case_id"):
        if held and held[0][0] != row[0]:
            yield from sorted(held, key=str)
            held = []
        held.append(row)
    yield from sorted(held, key=str)


def _instant(value: object) -> object:
    if value is None:
        return None
    read = value if isinstance(value, datetime) else datetime.fromisoformat(str(value)).replace(tzinfo=UTC)
    return read.astimezone(UTC).isoformat(timespec="microseconds")


def _digest(rows: Iterable[Sequence[object]]) -> str:
    found = hashlib.sha256()
    for row in rows:
        found.update("\t".join(_text(value) for value in row).encode())
        found.update(b"\n")
    return found.hexdigest()


def _text(value: object) -> str:
    match value:
        case None:
            return "\\N"
        case bytes() | memoryview():
            return bytes(value).hex()
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _rows(database: BaseDatabaseWrapper, sql: str) -> Iterator[tuple[object, ...]]:
    with database.chunked_cursor() as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield from rows


def _one(database: BaseDatabaseWrapper, sql: str) -> int:
    with database.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])
