"""What `verify` reads: a database, or a bundle exported from one, both as the same ordered streams."""

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any, Final, Protocol, cast

from django.db import connection

from zhengtong.ledger import canonical, chain, roots, sealing, triggers
from zhengtong.ledger.chain import COLUMNS, Link
from zhengtong.ledger.history import SELECT, link_reader
from zhengtong.ledger.numbering import iter_gaps
from zhengtong.ledger.roots import RootLine
from zhengtong.ledger.usage import used_numbers
from zhengtong.ledger.writing import read_instant

EDITION: Final = 1
ROWS_AT_ONCE: Final = 2_000
CASES_IN_A_PART: Final = 500
Span = tuple[int | None, int | None]
_INSTANTS: Final = ("at", "recorded_at")
_NO_INSTANT: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Unreadable(RuntimeError):
    """The database or the bundle cannot be read at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where the docket says that a case stands."""

    id: int
    number: str
    last_seq: int
    head_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFacts:
    """A sealed row without its content. `content_digest` is reckoned from what is stored, if that is here."""

    case_id: int
    seq: int
    field: str
    digest: bytes
    content_digest: bytes | None
    is_erased: bool
    erased_at: datetime | None = None
    key_id: str = ""


class Source(Protocol):
    """Streams come in order of case, then seq."""

    @property
    def algorithm(self) -> str: ...
    def parts(self) -> Iterator["Source"]: ...
    def links(self) -> Iterator[Link]: ...
    def heads(self) -> Iterator[Head]: ...
    def sealed(self) -> Iterator[SealedFacts]: ...
    def roots(self) -> tuple[RootLine, ...]: ...
    def indexed_roots(self) -> tuple[date, ...]: ...
    def indexed_lines(self) -> Mapping[date, tuple[str, str]]: ...
    def leaves(self, day: date) -> tuple[str, ...] | None: ...
    def gaps(self) -> Iterator[str]: ...
    def missing_triggers(self) -> tuple[str, ...]: ...


class DatabaseSource:
    """The database in use; with a span, of cases and sealed rows only those whose id lies in (after, through]."""

    def __init__(
        self, folder: Path | None = None, *, span: Span | None = None, cases_in_a_part: int = CASES_IN_A_PART
    ) -> None:
        self._folder = folder or roots.directory()
        self._span = span
        self._cases_in_a_part = cases_in_a_part

    def parts(self) -> Iterator["DatabaseSource"]:
        """The same source in pieces of so many cases, in order, each of which may be read by itself."""
        after: int | None = None
        for n, row in enumerate(_rows("SELECT id FROM ledger_case ORDER BY id"), start=1):
            if n % self._cases_in_a_part == 0:
                yield DatabaseSource(self._folder, span=(after, row[0]))
                after = row[0]
        yield DatabaseSource(self._folder, span=(after, None))

    def _where(self, column: str) -> str:
        after, through = self._span or (None, None)
        bounds = [f"{column} > {after:d}"] if after is not None else []
        bounds += [f"{column} <= {through:d}"] if through is not None else []
        return f" WHERE {' AND '.join(bounds)}" if bounds else ""

    @property
    def algorithm(self) -> str:
        return chain.algorithm()

    def links(self) -> Iterator[Link]:
        read = link_reader()
        for row in _rows(f"{SELECT}{self._where('case_id')} ORDER BY case_id, seq"):
            try:
                yield read(row)
            except (ValueError, TypeError):  # what is no instant, no bytes: the row stays, its hash will not fit
                yield read(tuple(_readable(name, row[n]) for n, name in enumerate(COLUMNS)))

    def heads(self) -> Iterator[Head]:
        sql = f"SELECT id, number, last_seq, head_hash FROM ledger_case{self._where('id')} ORDER BY id"  # noqa: S608 - our own words
        for row in _rows(sql):
            yield Head(id=row[0], number=row[1], last_seq=row[2], head_hash=_bytes(row[3]))

    def sealed(self) -> Iterator[SealedFacts]:
        sql = (
            "SELECT case_id, seq, field, digest, erased_at, key_id, wrapped, nonce, ciphertext, salt "  # noqa: S608 - our own words
            f"FROM ledger_sealed{self._where('case_id')} ORDER BY case_id, seq"
        )
        for row in _rows(sql):
            parts = [_bytes(part) for part in row[6:]]
            yield SealedFacts(
                case_id=row[0], seq=row[1], field=row[2], digest=_bytes(row[3]), is_erased=row[4] is not None,
                content_digest=sealing.digest_of_stored(_bytes(row[3]), *parts) if any(parts) else None,
                erased_at=_instant_or_none(row[4]), key_id=row[5],
            )  # fmt: skip

    def roots(self) -> tuple[RootLine, ...]:
        return roots.read_roots(self._folder / "roots.jsonl")

    def indexed_roots(self) -> tuple[date, ...]:
        return tuple(sorted(self.indexed_lines()))

    def indexed_lines(self) -> Mapping[date, tuple[str, str]]:
        """What the public page shows of each day: (digest, line). A day that is none reads as the first of all days."""
        rows = _rows("SELECT day, digest, line FROM ledger_root")
        return {_day_or_first(row[0]): (str(row[1]), str(row[2])) for row in rows}

    def leaves(self, day: date) -> tuple[str, ...] | None:
        path = roots.heads_file(day, self._folder)
        return tuple(path.read_text(encoding="utf-8").splitlines()) if path.exists() else None

    def gaps(self) -> Iterator[str]:
        used = used_numbers()
        return (number for number, _ in iter_gaps(lambda number: number in used))

    def missing_triggers(self) -> tuple[str, ...]:
        return triggers.find_missing()


def _readable(name: str, value: object) -> object:
    if name in _INSTANTS:
        return _NO_INSTANT
    if name == "body":
        return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return _bytes(value) if name in ("prev", "hash") else value


def _bytes(value: object) -> bytes:
    """Bytes as a driver gives them; of what somebody put in their place, its text."""
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def _instant_or_none(value: object) -> datetime | None:
    try:
        return None if value is None else read_instant(value)
    except ValueError:
        return _NO_INSTANT


def _day_or_first(value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return date.min


def _rows(sql: str) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield from rows


class BundleSource:
    """A bundle: JSON lines [kind, value], gzipped where the name ends in .gz. No sealed content is in it.

    Raises:
        Unreadable: no bundle, or cut off before its end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        header = next(self._values("bundle"), None)
        if header is None or header.get("edition") != EDITION:
            raise Unreadable(f"{path} is no bundle of edition {EDITION}")
        if next(self._values("end"), None) is None:
            raise Unreadable(f"{path} was cut off before its end")
        self._algorithm = str(header["algorithm"])

    @property
    def algorithm(self) -> str:
        return self._algorithm

    def parts(self) -> Iterator["BundleSource"]:
        yield self

    def links(self) -> Iterator[Link]:
        for value in self._values("event"):
            value |= {name: canonical.read_stamp(value[name]) for name in ("at", "recorded_at")}
            value |= {name: bytes.fromhex(value[name]) for name in ("prev", "hash")}
            yield Link(**value)

    def heads(self) -> Iterator[Head]:
        for value in self._values("case"):
            yield Head(**{**value, "head_hash": bytes.fromhex(value["head_hash"])})

    def sealed(self) -> Iterator[SealedFacts]:
        for value in self._values("sealed"):
            erased_at = value.get("erased_at")
            read = {"digest": bytes.fromhex(value["digest"]), "content_digest": None}
            instant = {"erased_at": canonical.read_stamp(erased_at) if erased_at else None}
            yield SealedFacts(**{**value, **read, **instant})

    def roots(self) -> tuple[RootLine, ...]:
        return tuple(roots.read_line(value["line"]) for value in self._values("root"))

    def indexed_roots(self) -> tuple[date, ...]:
        return ()

    def indexed_lines(self) -> Mapping[date, tuple[str, str]]:
        return {}

    def leaves(self, day: date) -> tuple[str, ...] | None:
        for value in self._values("leaves"):
            if value["day"] == day.isoformat():
                return tuple(value["lines"])
        return None

    def gaps(self) -> Iterator[str]:
        return (str(value["number"]) for value in self._values("gap"))

    def missing_triggers(self) -> tuple[str, ...]:
        return ()

    def _values(self, kind: str) -> Iterator[dict[str, Any]]:
        start = f'["{kind}",'
        try:
            with _opened(self._path, "r") as file:
                for line in file:
                    if line.startswith(start):
                        yield cast("list[Any]", canonical.loads(line))[1]
        except (OSError, EOFError, ValueError) as error:
            raise Unreadable(f"{self._path}: {error}") from error


def export_bundle(path: Path, now: datetime) -> dict[str, int]:
    """Write everything `verify` needs and no person's data; how many lines of each kind."""
    counts: dict[str, int] = {}
    draft = path.with_name(f"{path.name}.draft")
    with _opened(draft, "w") as file:
        for kind, value in _bundle(DatabaseSource(), now):
            file.write(f"{canonical.canonical([kind, value]).decode()}\n")
            counts[kind] = counts.get(kind, 0) + 1
        file.write(f"{canonical.canonical(['end', counts]).decode()}\n")
    draft.replace(path)
    return counts


def _bundle(source: DatabaseSource, now: datetime) -> Iterator[tuple[str, dict[str, object]]]:
    yield "bundle", {"edition": EDITION, "algorithm": source.algorithm, "exported_at": canonical.stamp(now)}
    for link in source.links():
        value: dict[str, object] = {name: getattr(link, name) for name in COLUMNS}
        yield "event", value | {"prev": link.prev.hex(), "hash": link.hash.hex()}
    for head in source.heads():
        yield "case", asdict(head) | {"head_hash": head.head_hash.hex()}
    for row in source.sealed():
        facts = asdict(row) | {"digest": row.digest.hex()}
        del facts["content_digest"]
        yield "sealed", facts
    for line in source.roots():
        yield "root", {"line": line.text}
        leaves = source.leaves(line.day)
        if leaves is not None:
            yield "leaves", {"day": line.day.isoformat(), "lines": list(leaves)}
    for number in source.gaps():
        yield "gap", {"number": number}


def _opened(path: Path, mode: str) -> IO[str]:
    if ".gz" in path.suffixes:
        return cast("IO[str]", gzip.open(path, f"{mode}t", encoding="utf-8"))
    return path.open(mode, encoding="utf-8")
