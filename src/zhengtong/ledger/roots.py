"""The day's root (每日根): a Merkle root over the heads of every case that moved that day, chained to the day before,
signed, appended to a file outside the database. Who rewrites the database cannot rewrite what was copied from here.

`<ZHENGTONG_ROOTS>/roots.jsonl` holds a signed line a day; `heads/<day>.txt` the leaves, so `verify` can name a case.
"""

import errno
import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection

from zhengtong.kernel.terms import lapse_at, law_day
from zhengtong.ledger import canonical, chain, keys
from zhengtong.ledger.installed import installed
from zhengtong.ledger.merkle import Merkle
from zhengtong.ledger.numbering import iter_gaps
from zhengtong.ledger.rows import Row
from zhengtong.ledger.writing import read_instant, transaction
from zhengtong.trail.verifying import heads_at

AFTER_MIDNIGHT: Final = timedelta(minutes=10)
FIRST_PREVIOUS: Final = "0" * 64
ROWS_AT_ONCE: Final = 5_000
SAID: Final = frozenset(
    {"day", "algorithm", "previous", "cases", "events", "heads", "sealed_rows", "sealed", "items", "key"}
)

ANNOUNCED: Final = "next_key"
"""The public key that signs from the next line on; said by the line before, so that trust goes from key to key."""


class RootsUnreadable(RuntimeError):
    """The roots file is not what this program wrote."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One line of a day's leaves: the head of a case (`field` empty), or a sealed row's digest."""

    case_id: int
    seq: int
    field: str
    digest: bytes

    @property
    def line(self) -> str:
        return f"{self.case_id} {self.seq} {self.field or '-'} {self.digest.hex()}"


@dataclass(slots=True)
class DayTree:
    """What a root says of one day, reckoned from rows in order of case."""

    heads: Merkle
    sealed: Merkle
    events: int = 0
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class RootLine:
    """One signed line of the roots file."""

    said: Mapping[str, object]
    signature: str

    @property
    def day(self) -> date:
        return date.fromisoformat(str(self.said["day"]))

    @property
    def text(self) -> str:
        return canonical.canonical({**self.said, "signature": self.signature}).decode()

    @property
    def digest(self) -> str:
        """What the next line is chained to; it covers the signature."""
        return chain.hasher(str(self.said["algorithm"]))(self.text.encode()).hex()


def directory() -> Path:
    return Path(settings.ZHENGTONG_ROOTS)


def roots_file() -> Path:
    return directory() / "roots.jsonl"


def heads_file(day: date, folder: Path | None = None) -> Path:
    return (folder or directory()) / "heads" / f"{day.isoformat()}.txt"


def read_roots(path: Path | None = None) -> tuple[RootLine, ...]:
    """Every line of the roots file, none if there is no file.

    Raises:
        RootsUnreadable: a line that is no root.
    """
    path = path or roots_file()
    if not path.exists():
        return ()
    return tuple(read_line(line) for line in path.read_text(encoding="utf-8").splitlines() if line)


def read_line(text: str) -> RootLine:
    try:
        said = canonical.loads(text)
        assert isinstance(said, dict)
        line = RootLine(
            said={name: value for name, value in said.items() if name != "signature"}, signature=said["signature"]
        )
        date.fromisoformat(str(line.said["day"]))
        assert str(line.said["algorithm"]) in chain.ALGORITHMS
        assert line.said.keys() >= SAID
        bytes.fromhex(line.signature)
    except (ValueError, KeyError, AssertionError, TypeError) as error:
        raise RootsUnreadable(f"no root: {text[:120]}") from error
    return line


def run_root_of_day(now: datetime) -> tuple[RootLine, ...]:
    """Sign a root for every day that is over (by ten minutes) and has none yet, from the first event's day on.

    The file is the record and is written first, under a lock; the table is its index and is mended from it.
    """
    last = law_day(now - AFTER_MIDNIGHT) - timedelta(days=1)
    with _locked_file() as (path, lines):
        _hand_over(lines)
        made: list[RootLine] = []
        start = lines[-1].day + timedelta(days=1) if lines else _first_day()
        if start is not None and start <= last:
            made = _sign_days(path, lines, start, last, now)
        _index([*lines, *made])
        return tuple(made)


def _sign_days(path: Path, lines: Sequence[RootLine], start: date, last: date, now: datetime) -> list[RootLine]:
    trees = day_trees(lapse_at(start - timedelta(days=1)), lapse_at(last), keep_lines=True)
    gaps = _gaps_by_day(start, last)
    previous = lines[-1].digest if lines else FIRST_PREVIOUS
    made: list[RootLine] = []
    day = start
    while day <= last:
        tree = trees.get(day) or empty_tree(chain.algorithm())
        key = keys.root()
        said = said_of(day, tree, previous=previous, gaps=gaps.get(day, []), signed_at=now)
        line = _sign(key, said | _announced())
        _keep_heads(day, tree.lines)
        _append(path, line)
        _hand_over([line])
        made.append(line)
        previous = line.digest
        day += timedelta(days=1)
    return made


def _announced() -> dict[str, object]:
    """The line by which a new root key is announced is the last that the old one signs."""
    following = keys.next_root()
    return {} if following is None else {ANNOUNCED: keys.public_raw(following.public_key()).hex()}


def _hand_over(lines: Sequence[RootLine]) -> None:
    """Whoever was killed between the announcing line and the handing over left it to us."""
    if lines and ANNOUNCED in lines[-1].said and _announced().get(ANNOUNCED) == lines[-1].said[ANNOUNCED]:
        keys.hand_over_root()


def said_of(
    day: date, tree: DayTree, *, previous: str, gaps: Sequence[str], signed_at: datetime
) -> dict[str, object]:  # fmt: skip
    items = sorted(installed().item_digests(lapse_at(day - timedelta(days=1)), lapse_at(day)))
    return {
        "day": day.isoformat(),
        "algorithm": chain.algorithm(),
        "previous": previous,
        "cases": tree.heads.count,
        "events": tree.events,
        "heads": tree.heads.root().hex(),
        "sealed_rows": tree.sealed.count,
        "sealed": tree.sealed.root().hex(),
        "items": [[name, digest] for name, digest in items],
        "gaps": list(gaps),
        "trail": [list(head) for head in heads_at(lapse_at(day))],
        "signed_at": canonical.stamp(signed_at),
        "key": keys.public_raw(keys.root().public_key()).hex(),
    }


def _sign(key: Ed25519PrivateKey, said: Mapping[str, object]) -> RootLine:
    return RootLine(said=said, signature=key.sign(canonical.canonical(said)).hex())


# ---- what a day's root covers -------------------------------------------------------------------------


def empty_tree(algorithm: str) -> DayTree:
    hash_of = chain.hasher(algorithm)
    return DayTree(Merkle(hash_of), Merkle(hash_of))


@dataclass(slots=True)
class Seedlings:
    """The leaves of one day among some cases, hashed but not yet in a tree: another process may plant them."""

    events: int = 0
    heads: list[bytes] = field(default_factory=list)
    sealed: list[bytes] = field(default_factory=list)


class Forest:
    """The trees of many days, grown from events and sealed rows that come in order of case and seq."""

    def __init__(self, algorithm: str, *, keep_lines: bool = False) -> None:
        self.trees: dict[date, DayTree] = {}
        self._algorithm = algorithm
        self._keep_lines = keep_lines
        self._head: tuple[date, Leaf] | None = None

    def add_event(self, case_id: int, seq: int, recorded_at: datetime, head: bytes) -> None:
        day = law_day(recorded_at)
        self._tree(day).events += 1
        if self._head is not None and (self._head[0] != day or self._head[1].case_id != case_id):
            self._close_head()
        self._head = (day, Leaf(case_id, seq, "", head))

    def plant(self, day: date, some: Seedlings) -> None:
        """Leaves of cases that come after all those before."""
        tree = self._tree(day)
        tree.events += some.events
        for node in some.heads:
            tree.heads.add_hashed(node)
        for node in some.sealed:
            tree.sealed.add_hashed(node)

    def add_sealed(self, day: date, leaf: Leaf) -> None:
        tree = self._tree(day)
        tree.sealed.add(leaf.line.encode())
        if self._keep_lines:
            tree.lines.append(leaf.line)

    def close(self) -> dict[date, DayTree]:
        if self._head is not None:
            self._close_head()
        return self.trees

    def _close_head(self) -> None:
        assert self._head is not None
        day, leaf = self._head
        tree = self._tree(day)
        tree.heads.add(leaf.line.encode())
        if self._keep_lines:
            tree.lines.append(leaf.line)
        self._head = None

    def _tree(self, day: date) -> DayTree:
        tree = self.trees.get(day)
        if tree is None:
            tree = self.trees[day] = empty_tree(self._algorithm)
        return tree


def day_trees(since: datetime, until: datetime, *, keep_lines: bool = False) -> dict[date, DayTree]:
    """The trees of the days between two midnights, from the database."""
    forest = Forest(chain.algorithm(), keep_lines=keep_lines)
    for case_id, seq, recorded_at, head in _rows(
        "SELECT case_id, seq, recorded_at, hash FROM ledger_event WHERE recorded_at >= %s AND recorded_at < %s "
        "ORDER BY case_id, seq",
        [since, until],
    ):
        forest.add_event(int(str(case_id)), int(str(seq)), read_instant(recorded_at), _bytes(head))
    sealed = _rows(
        "SELECT s.case_id, s.seq, s.field, s.digest, e.recorded_at FROM ledger_sealed s "
        "JOIN ledger_event e ON e.case_id = s.case_id AND e.seq = s.seq "
        "WHERE e.recorded_at >= %s AND e.recorded_at < %s ORDER BY s.case_id, s.seq",
        [since, until],
    )
    for case_id, seq, name, digest, recorded_at in _in_order(sealed):
        leaf = Leaf(int(str(case_id)), int(str(seq)), str(name), _bytes(digest))
        forest.add_sealed(law_day(read_instant(recorded_at)), leaf)
    return forest.close()


def _in_order(rows: Iterable[Sequence[object]]) -> Iterator[Sequence[object]]:
    """By field within case and seq: databases sort text in ways of their own."""
    for _, group in groupby(rows, key=itemgetter(0, 1)):
        yield from sorted(group, key=lambda row: str(row[2]))


def _rows(sql: str, params: Sequence[datetime]) -> Iterator[Sequence[object]]:
    with connection.chunked_cursor() as cursor:
        bound = [connection.ops.adapt_datetimefield_value(value) for value in params]
        cursor.execute(sql, bound)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield from rows


def _bytes(value: object) -> bytes:
    assert isinstance(value, bytes | memoryview)
    return bytes(value)


def _first_day() -> date | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(recorded_at) FROM ledger_event")
        row = cursor.fetchone()
    return law_day(read_instant(row[0])) if row and row[0] is not None else None


def _gaps_by_day(start: date, last: date) -> dict[date, list[str]]:
    """Numbers drawn on these days and used by no event: looked for only among numbers whose day is over."""
    from zhengtong.ledger.usage import used_numbers

    since, until = lapse_at(start - timedelta(days=1)), lapse_at(last)
    drawn = list(iter_gaps(lambda number: False, since=since, before=until))
    found: dict[date, list[str]] = {}
    used = used_numbers() if drawn else frozenset()  # every event is read for it
    for number, drawn_at in drawn:
        if number not in used:
            found.setdefault(law_day(drawn_at), []).append(number)
    return found


# ---- files -----------------------------------------------------------------------------------------------


@contextmanager
def standing_still() -> Iterator[None]:
    """Inside, no root is signed: for a backup, whose roots and database must be of one instant."""
    path = roots_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def _locked_file() -> Iterator[tuple[Path, tuple[RootLine, ...]]]:
    with standing_still():
        _cut_off_half_a_line(roots_file())
        yield roots_file(), read_roots(roots_file())


def _cut_off_half_a_line(path: Path) -> None:
    """A power cut while the last line was written leaves half of it; nobody has been told of it yet."""
    written = path.read_bytes()
    if written and not written.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(written.rfind(b"\n") + 1)
            os.fsync(file.fileno())


def _append(path: Path, line: RootLine) -> None:
    """All of the line, or nothing."""
    with path.open("ab", buffering=0) as file:
        end = file.tell()
        try:
            said = f"{line.text}\n".encode()
            if file.write(said) != len(said):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            os.fsync(file.fileno())
        except OSError:
            file.truncate(end)
            raise


def _keep_heads(day: date, lines: Sequence[str]) -> None:
    path = heads_file(day)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _index(lines: Sequence[RootLine]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT day FROM ledger_root")
        known = {str(row[0]) for row in cursor.fetchall()}
    new = [line for line in lines if line.day.isoformat() not in known]
    if not new:
        return
    with transaction() as pen:
        for line in new:
            values = {"day": line.day, "digest": line.digest, "line": line.text}
            pen.put(Row(table="ledger_root", values=values, key=("day",)))
