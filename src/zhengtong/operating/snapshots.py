"""One instant of a database as a file (快照), while others go on writing.

SQLite: its own online backup inside a read transaction, which writers do not disturb. PostgreSQL: `pg_dump` of one
exported snapshot; where no pg_dump is as new as the server, COPY of every table out of the same snapshot.
"""

import re
import shutil
import sqlite3
import subprocess
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from zhengtong.operating.children import run_program
from zhengtong.operating.connecting import second_database
from zhengtong.operating.databases import sqlite_url, url_of
from zhengtong.operating.figures import Figures, read_figures
from zhengtong.operating.pouring import LINES_A_PIECE, read_sequences, set_sequences
from zhengtong.operating.tables import read_migrations, read_tables

SQLITE, DUMP, COPY = "sqlite", "pg_dump", "copy"
PAGES_AT_ONCE: Final = 2_048
PROGRAMS: Final = Path("/usr/lib/postgresql")
Tell = Callable[[int], object]


class NoSnapshot(RuntimeError):
    """The database could not be kept, or not be put back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What stands in the file: its kind, the migrations it is at, and the figures of that very instant."""

    kind: str
    how: str
    migrations: tuple[tuple[str, str], ...]
    figures: Figures


def keep(path: Path, *, began: Callable[[], object], tell: Tell = lambda done: None, by_copy: bool = False) -> Snapshot:
    """Write the default database as it is now. `began` is called once the instant is fixed, before the long work."""
    if connection.vendor == "sqlite":
        return _keep_sqlite(Path(str(connection.settings_dict["NAME"])), path, began, tell)
    return _keep_postgres(path, began, by_copy=by_copy)


def _keep_sqlite(source: Path, path: Path, began: Callable[[], object], tell: Tell) -> Snapshot:
    here = sqlite3.connect(source, isolation_level=None, timeout=60)
    there = sqlite3.connect(path)
    try:
        here.execute("BEGIN")
        here.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the read transaction stands from here on
        began()
        here.backup(there, pages=PAGES_AT_ONCE, progress=lambda status, left, total: tell(total - left))
        here.execute("COMMIT")
        there.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
    finally:
        here.close()
        there.close()
    path.chmod(0o600)
    with second_database(sqlite_url(path), alias="snapshot") as kept:
        found = Snapshot(
            kind=SQLITE, how=f"SQLite {sqlite3.sqlite_version} online backup", migrations=read_migrations(kept),
            figures=read_figures(kept),
        )  # fmt: skip
    _as_one_file(path)
    return found


def _as_one_file(path: Path) -> None:
    """Our connections make WAL files beside a database; what is streamed must be one file again."""
    with sqlite3.connect(path) as kept:
        kept.execute("PRAGMA journal_mode=DELETE")
    kept.close()


# ---- PostgreSQL ------------------------------------------------------------------------------------------


def _keep_postgres(path: Path, began: Callable[[], object], *, by_copy: bool) -> Snapshot:
    with (
        second_database(url_of(connection.settings_dict), alias="snapshot") as kept,
        transaction.atomic(using="snapshot"),
        kept.cursor() as cursor,
    ):
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot(), current_setting('server_version_num')::int / 10000")
        name, server = cursor.fetchone()
        began()
        program = None if by_copy else find_program("pg_dump", int(server))
        if program is not None:
            dump(program, path, kept, str(name))
            kind, how = DUMP, f"pg_dump {version_of(program)} of PostgreSQL {server}"
        else:
            _copy_out(path, kept, cursor)
            kind, how = COPY, f"COPY of every table of PostgreSQL {server}: there is no pg_dump as new as that here"
        path.chmod(0o600)
        return Snapshot(kind=kind, how=how, migrations=read_migrations(kept), figures=read_figures(kept))


def find_program(name: str, server: int) -> Path | None:
    """The oldest program of this name that is as new as the server."""
    on_path = shutil.which(name)
    candidates = {Path(found) for found in [on_path] if found} | set(PROGRAMS.glob(f"*/bin/{name}"))
    able = [(version, path) for path in candidates if (version := version_of(path)) >= server]
    return min(able)[1] if able else None


def version_of(program: Path) -> int:
    """The major version it says; 0 if it says none."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=20).stdout  # noqa: S603 - as found
    except OSError:
        return 0
    found = re.search(r"(\d+)(?:\.\d+|devel|beta|rc)", said)
    return int(found[1]) if found else 0


def dump(program: Path, path: Path, database: BaseDatabaseWrapper, snapshot: str) -> None:
    command = [
        str(program), "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={path}",
        "--no-password",
    ]  # fmt: skip
    run_program(command, extra=_reach(database))


def undump(program: Path, path: Path, database: BaseDatabaseWrapper) -> None:
    """Put a dump back into an empty database, all of it or nothing."""
    name = str(database.settings_dict["NAME"])
    command = [
        str(program), "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", "--no-password",
        f"--dbname={name}", str(path),
    ]  # fmt: skip
    run_program(command, extra=_reach(database))


def _reach(database: BaseDatabaseWrapper) -> dict[str, str]:
    described = database.settings_dict
    said = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    found = {name: str(described[key]) for name, key in said.items() if described.get(key)}
    if described.get("OPTIONS", {}).get("sslmode"):
        found["PGSSLMODE"] = str(described["OPTIONS"]["sslmode"])
    return found


def _copy_out(path: Path, database: BaseDatabaseWrapper, cursor: Any) -> None:
    """Lines `table column…`, the rows as COPY writes them, `\\.`; then the last ids given out. Compressed."""
    tables = read_tables(database)
    with path.open("wb") as raw:
        packed = _Packed(raw)
        for table in tables:
            packed.write(f"table {table.name} {' '.join(table.columns)}\n".encode())
            ordered = f'SELECT {table.listed} FROM "{table.name}" ORDER BY {table.order}'  # noqa: S608 - from the catalogue
            with cursor.copy(f"COPY ({ordered}) TO STDOUT") as out:
                for piece in out:
                    packed.write(bytes(piece))
            packed.write(b"\\.\n")
        for name, last in sorted(read_sequences(database, tables).items()):
            packed.write(f"last {name} {last}\n".encode())
        packed.write(b"end\n")
        packed.close()


class _Packed:
    def __init__(self, out: IO[bytes]) -> None:
        self._out, self._packing = out, zlib.compressobj(1)

    def write(self, data: bytes) -> None:
        self._out.write(self._packing.compress(data))

    def close(self) -> None:
        self._out.write(self._packing.flush())


def _unpacked(raw: IO[bytes]) -> Iterator[bytes]:
    opened, rest = zlib.decompressobj(), b""
    while piece := raw.read(1 << 20):
        *whole, rest = (rest + opened.decompress(piece)).split(b"\n")
        yield from whole
    yield from (rest + opened.flush()).split(b"\n")[:-1]


def copy_in(path: Path, target: BaseDatabaseWrapper) -> None:
    """Put what `_copy_out` wrote into a database that is at the same migrations and has nobody in it.

    Raises:
        NoSnapshot: the file ends before its end.
    """
    tables = {table.name: table for table in read_tables(target)}
    with path.open("rb") as raw, transaction.atomic(using=target.alias), target.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in reversed(tables):
            cursor.execute(f'DELETE FROM "{name}"')  # noqa: S608 - names from the catalogue of the database
        read, numbers, is_whole = _unpacked(raw), {}, False
        for line in read:
            kind, _, rest = line.decode().partition(" ")
            if kind == "table":
                name, *columns = rest.split(" ")
                _copy_table(cursor, name, columns, read, is_own_parent=tables[name].is_own_parent)
            elif kind == "last":
                numbers[rest.split(" ")[0]] = int(rest.split(" ")[1])
            elif kind == "end":
                is_whole = True
        if not is_whole:
            raise NoSnapshot("the copy of the tables was cut off before its end")
        set_sequences(target, cursor, tuple(tables.values()), numbers)


def _copy_table(
    cursor: Any, name: str, columns: Sequence[str], read: Iterator[bytes], *, is_own_parent: bool
) -> None:  # fmt: skip
    listed = ", ".join(f'"{column}"' for column in columns)
    if is_own_parent:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    is_over = False
    while not is_over:
        with cursor.copy(f'COPY "{name}" ({listed}) FROM STDIN') as copy:
            for _ in range(LINES_A_PIECE):
                line = next(read)
                if line == b"\\.":
                    is_over = True
                    break
                copy.write(line + b"\n")
    if is_own_parent:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@contextmanager
def standing_still() -> Iterator[None]:
    """Inside, nobody else writes to the default database: whoever tries waits, and fails rather than be forgotten."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
        return
    with transaction.atomic(), connection.cursor() as cursor:
        for table in read_tables(connection):
            cursor.execute(f'LOCK TABLE "{table.name}" IN SHARE MODE')
        yield
