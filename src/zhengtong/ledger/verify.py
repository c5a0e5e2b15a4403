"""Verifying (查验): reads a database or a bundle and names what was changed since it was written.

Per case: order, links, hashes, readable bodies, sealed rows, docket. Per day: root, chain of roots, signature. Then the
triggers and the numbers. The first broken link of each case is named; what follows from it is not.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from itertools import groupby
from multiprocessing import get_context
from operator import attrgetter, itemgetter
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection
from django.db.transaction import atomic

from zhengtong.kernel.events import Body, Erased, Opened
from zhengtong.kernel.terms import lapse_at, law_day
from zhengtong.ledger import canonical, chain, codec, keys, roots, sealing
from zhengtong.ledger.chain import GENESIS, Link
from zhengtong.ledger.folds import Folds
from zhengtong.ledger.history import CASES_AT_ONCE, CaseRef, Loaded, uncollected
from zhengtong.ledger.installed import installed
from zhengtong.ledger.merkle import Merkle, leaf_hash
from zhengtong.ledger.roots import DayTree, Forest, Leaf, RootLine, Seedlings
from zhengtong.ledger.sources import Head, SealedFacts, Source
from zhengtong.trail.verifying import has_heads

FAULTS_KEPT: Final = 200
_LINK, _HEAD, _SEALED = range(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is not as it was written. `where` names case and seq, day, or trigger."""

    code: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.code}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    faults: tuple[Fault, ...]
    fault_count: int
    notes: tuple[str, ...]
    cases: int
    events: int
    sealed_rows: int
    roots: int
    gaps: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        return self.fault_count == 0


class _Findings:
    def __init__(self) -> None:
        self.kept: list[Fault] = []
        self.count = 0
        self.notes: list[str] = []

    def add(self, fault: Fault) -> None:
        self.count += 1
        if len(self.kept) < FAULTS_KEPT:
            self.kept.append(fault)

    def add_all(self, some: Sequence[Fault], count: int) -> None:
        self.count += count
        self.kept += some[: max(FAULTS_KEPT - len(self.kept), 0)]


def verify(
    source: Source,
    *,
    trusted: Sequence[Ed25519PublicKey] = (),
    folds: Folds | None = None,
    is_database: bool = True,
    processes: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Check everything. `trusted` are pinned public keys; without them the installation's own is taken, and said so.
    With `folds` the docket is compared with the fold of each history. Several `processes` share the cases of a database
    among them; the connection is closed before they begin."""
    findings = _Findings()
    for name in source.missing_triggers():
        text = "the database would let events be changed; put it back before anything else"
        findings.add(Fault(code="trigger_missing", where=f"trigger {name}", text=text))
    all_cases, trees = _walk_cases(source, findings, folds, progress, is_database=is_database, processes=processes)
    lines = _check_roots(source, trees, findings, trusted, is_database=is_database)
    if all_cases.fault_count and folds is not None:
        findings.notes.append("dockets were not compared with their histories: mend the broken cases first")
    else:
        for fault in all_cases.differing:
            findings.add(fault)
    return Report(
        faults=tuple(findings.kept), fault_count=findings.count, notes=tuple(findings.notes), cases=all_cases.cases,
        events=all_cases.events, sealed_rows=all_cases.sealed_rows, roots=len(lines), gaps=tuple(source.gaps()),
    )  # fmt: skip


# ---- per case -------------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Walked:
    """What was found in one part of the cases. Plain values, for it may come from another process."""

    cases: int = 0
    events: int = 0
    sealed_rows: int = 0
    faults: list[Fault] = field(default_factory=list)
    fault_count: int = 0
    differing: list[Fault] = field(default_factory=list)
    days: dict[date, Seedlings] = field(default_factory=dict)


def _walk_cases(
    source: Source,
    findings: _Findings,
    folds: Folds | None,
    progress: Callable[[int], None] | None,
    *,
    is_database: bool,
    processes: int,
) -> tuple[Walked, dict[date, DayTree]]:
    """Every case, part by part in order of id, and the tree of every day. Only the trees are grown here: leaves come
    hashed, in the order of the parts, from whoever walked them."""
    total, forest = Walked(), Forest(source.algorithm)
    for found in _walk_parts(source, folds, is_database=is_database, processes=processes):
        total.cases += found.cases
        total.events += found.events
        total.sealed_rows += found.sealed_rows
        total.fault_count += found.fault_count
        findings.add_all(found.faults, found.fault_count)
        total.differing += found.differing
        for day, seedlings in found.days.items():
            forest.plant(day, seedlings)
        if progress is not None:
            progress(total.cases)
    return total, forest.close()


def _walk_parts(source: Source, folds: Folds | None, *, is_database: bool, processes: int) -> Iterator[Walked]:
    walk = partial(_walk_part, folds=folds, is_database=is_database)
    parts = list(source.parts())
    if processes == 1 or len(parts) <= processes or not is_database:
        yield from map(walk, parts)
        return
    connection.close()  # a forked child must not share its parent's connection
    with get_context("fork").Pool(processes) as pool:
        yield from pool.imap(walk, parts)


def _walk_part(part: Source, *, folds: Folds | None, is_database: bool) -> Walked:
    with uncollected(), one_moment() if is_database else nullcontext():
        return _Walk(part, folds, is_database=is_database).run()


@contextmanager
def one_moment() -> Iterator[None]:
    """What is read inside is of one instant; SQLite keeps to one by itself while a statement is open."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield
        return
    with atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


class _Walk:
    """One pass over the cases of a source, which also grows the leaves of every day, and folds what it reads anyway.

    Speed: an event is read from its row once (parsed, hashed, decoded), and what that gives serves its chain, its
    sealed rows and the fold; the docket is asked for some hundred cases at once.
    """

    def __init__(self, source: Source, folds: Folds | None, *, is_database: bool) -> None:
        self._source = source
        self._is_database = is_database
        self._folds = folds
        self._hash_of = chain.hasher(source.algorithm)
        self._unbroken: list[Loaded] = []
        self.found = Walked()

    def run(self) -> Walked:
        links = groupby(self._source.links(), key=itemgetter(0))
        sealed = groupby(self._source.sealed(), key=attrgetter("case_id"))
        merged = heapq.merge(
            ((case_id, _LINK, tuple(group)) for case_id, group in links),
            ((head.id, _HEAD, (head,)) for head in self._source.heads()),
            ((case_id, _SEALED, tuple(group)) for case_id, group in sealed),
            key=itemgetter(0, 1),
        )
        for case_id, groups in groupby(merged, key=itemgetter(0)):
            found: dict[int, tuple[Any, ...]] = {kind: entries for _, kind, entries in groups}
            head = next(iter(found.get(_HEAD, ())), None)
            self._case(case_id, found.get(_LINK, ()), head, sorted(found.get(_SEALED, ()), key=_in_place))
        self._compare()
        return self.found

    def _case(self, case_id: int, links: Sequence[Link], head: Head | None, rows: Sequence[SealedFacts]) -> None:
        self.found.cases += 1
        self.found.events += len(links)
        self.found.sealed_rows += len(rows)
        name = head.number if head else f"id {case_id}"
        fault, bodies = read_chain(name, links, self._hash_of)
        fault = (
            fault or _find_bad_head(name, links, head)
            or _find_bad_sealed(name, links, bodies, rows, is_database=self._is_database)
        )  # fmt: skip
        if fault is not None:
            self.found.fault_count += 1
            if len(self.found.faults) < FAULTS_KEPT:
                self.found.faults.append(fault)
        elif self._folds is not None:
            self._fold(case_id, links, bodies)
        self._grow(case_id, links, rows)

    def _grow(self, case_id: int, links: Sequence[Link], rows: Sequence[SealedFacts]) -> None:
        """A leaf for the last event of each day the case moved on, and for each sealed row."""
        day_of: dict[int, date] = {}
        for day, together in groupby(links, key=_day_recorded):
            some = tuple(together)
            day_of.update((link.seq, day) for link in some)
            seedlings = self._seedlings(day)
            seedlings.events += len(some)
            seedlings.heads.append(self._leaf(Leaf(case_id, some[-1].seq, "", some[-1].hash)))
        for row in rows:
            if row.seq in day_of:
                leaf = Leaf(case_id, row.seq, row.field, row.digest)
                self._seedlings(day_of[row.seq]).sealed.append(self._leaf(leaf))

    def _seedlings(self, day: date) -> Seedlings:
        if day not in self.found.days:
            self.found.days[day] = Seedlings()
        return self.found.days[day]

    def _leaf(self, leaf: Leaf) -> bytes:
        return leaf_hash(leaf.line.encode(), self._hash_of)

    def _fold(self, case_id: int, links: Sequence[Link], bodies: Mapping[int, Body]) -> None:
        opened, last = bodies[1], links[-1]
        number = opened.number if isinstance(opened, Opened) else ""
        ref = CaseRef(id=case_id, number=number, last_seq=last.seq, head_hash=last.hash)
        history = tuple(chain.event_of(link, bodies[link.seq]) for link in links)
        self._unbroken.append(Loaded(ref=ref, history=history))
        if len(self._unbroken) == CASES_AT_ONCE:
            self._compare()

    def _compare(self) -> None:
        from zhengtong.ledger.rebuilding import compare

        if self._folds is not None:
            for folded, differing in compare(self._unbroken, self._folds):
                text = f"not the fold of the history in: {', '.join(differing)}; `rebuild` mends that"
                self.found.differing.append(Fault(code="docket_differs", where=f"case {folded.ref.number}", text=text))
        self._unbroken = []


@lru_cache(maxsize=4_096)
def _day(recorded_at: datetime) -> date:
    return law_day(recorded_at)


def _day_recorded(link: Link) -> date:
    return _day(link.recorded_at)


def _in_place(row: SealedFacts) -> tuple[int, str]:
    return row.seq, row.field


def read_chain(name: str, links: Sequence[Link], hash_of: chain.Hasher) -> tuple[Fault | None, dict[int, Body]]:
    """The bodies of a history by seq, and the first event that does not follow from the one before, or is not what
    was hashed."""
    bodies: dict[int, Body] = {}
    prev, last = GENESIS, None
    for expected, link in enumerate(links, start=1):
        found = _read_link(link, expected, prev, last, hash_of)
        if isinstance(found, tuple):
            return Fault(code=found[0], where=f"case {name} seq {link.seq}", text=found[1]), bodies
        bodies[expected] = found
        prev, last = link.hash, link
    return None, bodies


def _read_link(
    link: Link, expected: int, prev: bytes, last: Link | None, hash_of: chain.Hasher
) -> Body | tuple[str, str]:  # fmt: skip
    """The body of a link that is as it was written, else what is wrong with it: code and words."""
    if link.seq != expected:
        return "event_missing", f"seq {expected} is missing; {link.seq} stands in its place"
    try:
        stored = canonical.loads(link.body)
        is_canonical = canonical.dumps(stored) == link.body.encode()
    except ValueError:
        return "body_changed", f"the body of {link.kind} is no JSON any more"
    if not is_canonical or chain.link_hash(link, hash_of) != link.hash:
        return "event_changed", f"{link.kind} is not what was hashed when it was written"
    if link.prev != prev:
        return "link_broken", f"{link.kind} does not follow the event before it"
    if last is not None and link.recorded_at < last.recorded_at:
        return "time_runs_back", f"recorded at {link.recorded_at.isoformat()}, before the event it follows"
    try:
        return codec.decode(link.kind, link.codec, stored)
    except codec.Unreadable as error:
        return "unreadable", str(error)


def _find_bad_head(name: str, links: Sequence[Link], head: Head | None) -> Fault | None:
    if head is None:
        return Fault(
            code="docket_missing", where=f"case {name}", text="it has events and no docket; `rebuild` mends that"
        )
    if not links:
        return Fault(code="events_missing", where=f"case {name}", text="it stands in the docket and has no events")
    last = links[-1]
    if head.last_seq > last.seq:
        text = f"the docket stands at seq {head.last_seq}, the history ends at {last.seq}: the last event was dropped"
        return Fault(code="last_event_missing", where=f"case {name} seq {head.last_seq}", text=text)
    if (head.last_seq, head.head_hash) != (last.seq, last.hash):
        text = f"the docket stands at another seq {head.last_seq} than the history, which ends at {last.seq}"
        return Fault(code="docket_differs", where=f"case {name} seq {last.seq}", text=text)
    return None


def _find_bad_sealed(
    name: str, links: Sequence[Link], bodies: Mapping[int, Body], rows: Sequence[SealedFacts], *, is_database: bool
) -> Fault | None:
    """Every sealed field an event commits to has its row; every erased row its `Erased`; no row was changed."""
    written = {link.seq: link.recorded_at for link in links}
    erased = {body.sealed: written[seq] for seq, body in bodies.items() if isinstance(body, Erased)}
    held = {(row.seq, row.field) for row in rows}
    for seq, body in bodies.items():
        mapped = getattr(body, "sealed", None)
        for name_of_row in mapped if isinstance(mapped, dict) else ():
            if (seq, name_of_row) not in held:
                text = f"the sealed row {name_of_row} is gone, and nobody erased it"
                return Fault(code="sealed_missing", where=f"case {name} seq {seq}", text=text)
    for row in rows:
        where, ref = f"case {name} seq {row.seq}", sealing.sealed_ref(row.seq, row.field)
        if row.is_erased and ref not in erased:
            return Fault(
                code="erased_by_nobody", where=where, text=f"the sealed row {row.field} is empty without an act"
            )
        is_filled = row.content_digest is not None
        is_odd = is_database and (row.is_erased == is_filled or row.is_erased == bool(row.key_id))
        if is_odd or _is_erased_otherwise(row, erased.get(ref)):
            text = f"the sealed row {row.field} is not erased as was recorded"
            return Fault(code="sealed_changed", where=where, text=text)
        if is_filled and row.content_digest != row.digest:
            return Fault(code="sealed_changed", where=where, text=f"the sealed row {row.field} was changed")
        if row.seq not in bodies or not sealing.commitments_of(bodies[row.seq], row.field):
            return Fault(code="sealed_unclaimed", where=where, text=f"no event commits to the sealed row {row.field}")
    return None


def _is_erased_otherwise(row: SealedFacts, recorded_at: datetime | None) -> bool:
    """Whether the row says something else of its erasure than the event that erased it; old bundles say no instant."""
    if not row.is_erased:
        return recorded_at is not None
    return row.erased_at is not None and row.erased_at != recorded_at


def find_unopenable(progress: Callable[[int], None] | None = None) -> Iterator[Fault]:
    """Opens every sealed row with the master key and compares it, with its salt, with what its event commits to."""
    for count, row in enumerate(sealing.iter_stored(), start=1):
        try:
            row.open()
        except (sealing.Broken, keys.KeyUnreadable, codec.Unreadable, ValueError) as error:
            where = f"case {row.number} seq {row.seq}"
            yield Fault(code="sealed_changed", where=where, text=f"the sealed row {row.field}: {error}")
        if progress is not None:
            progress(count)


# ---- per day --------------------------------------------------------------------------------------------


def _check_roots(
    source: Source, trees: dict[date, DayTree], findings: _Findings, trusted: Sequence[Ed25519PublicKey], *,
    is_database: bool,
) -> tuple[RootLine, ...]:  # fmt: skip
    lines = source.roots()
    lost = sorted(set(source.indexed_roots()) - {line.day for line in lines})
    for day in lost:
        findings.add(Fault(code="root_missing", where=f"root {day}", text="it was signed and its line is gone"))
    if not lines:
        findings.notes.append("no day has been signed yet: only the chains themselves vouch for the events")
        return lines
    keyring = _keyring(trusted, findings)
    known = _check_root_chain(lines, keyring, findings)
    _check_index(source, known, findings)
    first, last = lines[0].day, lines[-1].day
    for day in sorted(day for day in trees if day < first):
        text = f"{trees[day].events} events say they were recorded before the first signed day"
        findings.add(Fault(code="day_unsigned", where=f"day {day}", text=text))
    for line in lines:
        fault = _find_bad_root(line, trees.get(line.day) or roots.empty_tree(source.algorithm), source)
        if fault is not None:
            findings.add(fault)
        elif is_database and not _has_same_items(line):
            text = "the item versions published that day are not those that were signed"
            findings.add(Fault(code="items_differ", where=f"root {line.day}", text=text))
        elif is_database and not has_heads(line.said.get("trail", ())):
            text = "the audit trail does not hold the entries that were signed that day"
            findings.add(Fault(code="trail_differs", where=f"root {line.day}", text=text))
    waiting = sum(tree.events for day, tree in trees.items() if day > last)
    if waiting:
        findings.notes.append(f"{waiting} events since {last} are not under a signed root yet")
    return lines


def _check_index(source: Source, lines: Sequence[RootLine], findings: _Findings) -> None:
    """What the public page shows of a signed day is what was signed."""
    signed = {line.day: (line.digest, line.text) for line in lines}
    for day, shown in sorted(source.indexed_lines().items()):
        if day in signed and signed[day] != shown:
            text = "the public page shows another root than the one that was signed"
            findings.add(Fault(code="root_index_differs", where=f"root {day}", text=text))


def _keyring(trusted: Sequence[Ed25519PublicKey], findings: _Findings) -> frozenset[str] | None:
    if trusted:
        return frozenset(keys.public_raw(key).hex() for key in trusted)
    own = keys.directory() / "root.pub"
    if own.exists():
        findings.notes.append(f"signatures are checked with {own.name} of this installation; pin a copy with --trust")
        return frozenset(keys.public_raw(key).hex() for key in keys.load_public(own))
    findings.notes.append("no public key is pinned (--trust): each root vouches for itself only")
    return None


def _check_root_chain(
    lines: Sequence[RootLine], keyring: frozenset[str] | None, findings: _Findings
) -> list[RootLine]:  # fmt: skip
    """The lines that are signed by a key to believe. Trust goes on from key to key: the last line an old key signs
    announces the new one, and from then on the new one alone may sign."""
    previous, day = roots.FIRST_PREVIOUS, lines[0].day
    believed: list[RootLine] = []
    for line in lines:
        where = f"root {line.day}"
        if line.day != day:
            findings.add(Fault(code="root_missing", where=f"root {day}", text=f"{line.day} stands in its place"))
        if line.said["previous"] != previous:
            text = "it is not chained to the root of the day before"
            findings.add(Fault(code="root_chain_broken", where=where, text=text))
        if not _is_signed(line):
            findings.add(Fault(code="root_changed", where=where, text="its signature does not fit"))
        elif not _is_known(line, keyring):
            text = f"it is signed with another key ({str(line.said['key'])[:16]}…) than the trusted one"
            findings.add(Fault(code="root_resigned", where=where, text=text))
        else:
            believed.append(line)
            keyring = _after(line, keyring)
        previous, day = line.digest, line.day + timedelta(days=1)
    return believed


def _after(line: RootLine, keyring: frozenset[str] | None) -> frozenset[str] | None:
    announced = line.said.get(roots.ANNOUNCED)
    if announced is None:
        return keyring
    return ((keyring or frozenset()) | {str(announced)}) - {str(line.said["key"])}


def _is_known(line: RootLine, keyring: frozenset[str] | None) -> bool:
    return keyring is None or line.said["key"] in keyring


def _is_signed(line: RootLine) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(str(line.said["key"])))
        key.verify(bytes.fromhex(line.signature), canonical.canonical(line.said))
    except (InvalidSignature, ValueError):
        return False
    return True


def _find_bad_root(line: RootLine, tree: DayTree, source: Source) -> Fault | None:
    said = (line.said["cases"], line.said["events"], line.said["heads"], line.said["sealed_rows"], line.said["sealed"])
    found = (
        tree.heads.count, tree.events, tree.heads.root().hex(), tree.sealed.count, tree.sealed.root().hex(),
    )  # fmt: skip
    if said == found:
        return None
    named = _name_difference(line, source)
    counts = (
        f"signed: {said[0]} cases, {said[1]} events, {said[3]} sealed rows; found: {found[0]}, {found[1]}, {found[3]}"
    )
    return Fault(
        code="root_differs", where=f"root {line.day}", text=f"{named or 'the day is not what was signed'} ({counts})"
    )


def _name_difference(line: RootLine, source: Source) -> str | None:
    """Which case it is, told by the leaves kept beside the roots, if these are still the signed ones."""
    kept = source.leaves(line.day)
    if kept is None or _root_of(kept, source) != (line.said["heads"], line.said["sealed"]):
        return None
    forest = Forest(source.algorithm, keep_lines=True)
    _grow_day(source, line.day, forest)
    now = set(forest.close().get(line.day, roots.empty_tree(source.algorithm)).lines)
    there = {int(leaf.split()[0]) for leaf in now}
    for leaf in sorted(kept, key=lambda leaf: leaf.split()[2] != "-"):  # heads say more than sealed rows
        if leaf not in now:
            case_id, seq, field, _ = leaf.split()
            what = f"case id {case_id} seq {seq}" + ("" if field == "-" else f" sealed row {field}")
            return f"{what} was changed after it was signed" if int(case_id) in there else f"{what} was removed"
    known = set(kept)
    extra = sorted(leaf for leaf in now if leaf not in known)
    return f"case id {extra[0].split()[0]} was put in later" if extra else None


def _grow_day(source: Source, day: date, forest: Forest) -> None:
    since, until = lapse_at(day - timedelta(days=1)), lapse_at(day)
    of_day: dict[tuple[int, int], bool] = {}
    for link in source.links():
        if since <= link.recorded_at < until:
            of_day[link.case_id, link.seq] = True
            forest.add_event(link.case_id, link.seq, link.recorded_at, link.hash)
    for row in sorted(source.sealed(), key=lambda row: (row.case_id, row.seq, row.field)):
        if (row.case_id, row.seq) in of_day:
            forest.add_sealed(day, Leaf(row.case_id, row.seq, row.field, row.digest))


def _root_of(leaves: Sequence[str], source: Source) -> tuple[str, str]:
    hash_of = chain.hasher(source.algorithm)
    heads, sealed = Merkle(hash_of), Merkle(hash_of)
    for leaf in leaves:
        (heads if leaf.split()[2] == "-" else sealed).add(leaf.encode())
    return heads.root().hex(), sealed.root().hex()


def _has_same_items(line: RootLine) -> bool:
    since, until = _span(line.day)
    return sorted([name, digest] for name, digest in installed().item_digests(since, until)) == line.said["items"]


def _span(day: date) -> tuple[datetime, datetime]:
    return lapse_at(day - timedelta(days=1)), lapse_at(day)
