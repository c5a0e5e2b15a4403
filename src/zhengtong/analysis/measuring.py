"""The analyses of a log: the process map with its times, how long cases take, variants, rework, who hands over to whom,
and whom a case waits for. Each answers in integers; a log is passed over once for each question.

Long logs go through the compiled passes, short ones and those of a machine without the compiler through numpy.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final, Protocol

import numpy as np

from zhengtong.analysis import arrays
from zhengtong.analysis.arrays import Counted, Flags, Numbered, Reworked
from zhengtong.analysis.logs import UNKNOWN, Codes, Ints, Log
from zhengtong.analysis.spreads import Spread, find_spread

WORTH_COMPILING: Final = 1_500_000
"""Events from which loading the compiled passes pays."""
WIDEST: Final = 2_000
"""Names up to which pairs are counted in a table of all of them; above, they are sorted."""


class Passes(Protocol):
    """What `passes` and `arrays` both are."""

    @property
    def count_successions(self) -> Callable[[Ints, Codes, Ints, int], Counted]: ...
    @property
    def count_rework(self) -> Callable[[Ints, Codes, int], Reworked]: ...
    @property
    def number_variants(self) -> Callable[[Ints, Codes], Numbered]: ...
    def group_gaps(self, offsets: Ints, codes: Codes, at: Ints, size: int, *, is_before: bool) -> Counted: ...


@cache
def _compiled() -> Passes:
    try:
        from zhengtong.analysis import passes
    except ImportError:  # no numba here
        return arrays
    return passes


def passes_of(events: int) -> Passes:
    """The passes for so many events."""
    return _compiled() if events >= WORTH_COMPILING else arrays


def passes_for(log: Log) -> Passes:
    return passes_of(log.events)


# ---- answers ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One arrow: `right` came directly after `left` so often, and took so long."""

    left: str
    right: str
    took: Spread

    @property
    def count(self) -> int:
        return self.took.count


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessMap:
    """Activities with how often they happened, began and ended a case; the arrows between them, the most frequent
    first."""

    cases: int
    events: int
    activities: Mapping[str, int]
    starts: Mapping[str, int]
    ends: Mapping[str, int]
    pairs: tuple[Pair, ...]

    @property
    def successions(self) -> int:
        return sum(pair.count for pair in self.pairs)

    @property
    def directly_follows(self) -> dict[tuple[str, str], int]:
        return {(pair.left, pair.right): pair.count for pair in self.pairs}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way through: a sequence of activities and the cases that went it; `example` names the first of them."""

    activities: tuple[str, ...]
    count: int
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """Every way through, the most frequent first (then the one seen first); `of_case` numbers each case's way so."""

    count: int
    counts: Ints
    heads: Ints
    """The index of the first case of each."""
    of_case: Codes
    log: Log

    def top(self, most: int | None = None) -> tuple[Variant, ...]:
        log, found = self.log, []
        for head, count in zip(self.heads[:most].tolist(), self.counts[:most].tolist(), strict=True):
            codes = log.activity[log.offsets[head] : log.offsets[head + 1]].tolist()
            names = tuple(log.activities[code] for code in codes)
            found.append(Variant(activities=names, count=count, example=log.cases[head]))
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rework:
    """Cases in which an activity happened more than once (返工); per activity the cases that repeat it and the events
    that are repeats."""

    cases: int
    """Each case once."""
    of: int
    by_activity: Mapping[str, int]
    repeats: Mapping[str, int]
    repeated: Flags
    """Per case."""

    @property
    def case_activities(self) -> int:
        """Each case once for every activity it repeats: the sum that other tools call cases with rework."""
        return sum(self.by_activity.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Work passed from one resource to another (or stayed with it), and how long until the other acted."""

    giver: str
    taker: str
    took: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Handovers:
    """`unknown` successions have no resource on a side; `kept` stayed with the same one."""

    pairs: tuple[Handover, ...]
    passed: int
    kept: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Time between events by whom the case waited for, e.g. applicant and office; `per_case` spreads the share of each
    over cases that waited for them at all."""

    total: Mapping[str, int]
    gaps: Mapping[str, Spread]
    per_case: Mapping[str, Spread]

    def share(self, who: str) -> float:
        whole = sum(self.total.values())
        return self.total.get(who, 0) / whole if whole else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The five analyses of one log; the directly-follows counts are `map.directly_follows`."""

    map: ProcessMap
    durations: Spread
    variants: Variants
    rework: Rework


# ---- questions --------------------------------------------------------------------------------------


def measure(log: Log, *, passes: Passes | None = None) -> Measured:
    """All five."""
    by = passes or passes_for(log)
    return Measured(
        map=find_map(log, passes=by), durations=find_durations(log), variants=find_variants(log, passes=by),
        rework=find_rework(log, passes=by),
    )  # fmt: skip


def measure_by(log: Log, column: str) -> dict[str, Measured]:
    """The five analyses for each value of a column of cases: an item, a department."""
    return {value: measure(part) for value, part in log.grouped(column).items()}


def find_map(log: Log, *, passes: Passes | None = None) -> ProcessMap:
    size = len(log.activities)
    counted = _narrow(passes or passes_for(log), size).count_successions(log.offsets, log.activity, log.at, size)
    names, pairs = log.activities, []
    for pair, spread in _spreads(counted):
        pairs.append(Pair(left=names[pair // size], right=names[pair % size], took=spread))
    pairs.sort(key=lambda pair: (-pair.count, pair.left, pair.right))
    return ProcessMap(
        cases=len(log.cases), events=log.events, activities=_tally(log.activity, names),
        starts=_tally(log.activity[log.offsets[:-1]], names), ends=_tally(log.activity[log.offsets[1:] - 1], names),
        pairs=tuple(pairs),
    )  # fmt: skip


def case_durations(log: Log) -> Ints:
    """From the first event of each case to its last."""
    return log.ended_at - log.started_at


def find_durations(log: Log) -> Spread:
    return find_spread(case_durations(log), is_mine=True)


def find_variants(log: Log, *, passes: Passes | None = None) -> Variants:
    numbered = (passes or passes_for(log)).number_variants(log.offsets, log.activity)
    order = np.lexsort((numbered.heads, -numbered.counts))
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return Variants(
        count=len(order), counts=numbered.counts[order], heads=numbered.heads[order],
        of_case=place[numbered.of_case], log=log,
    )  # fmt: skip


def find_rework(log: Log, *, passes: Passes | None = None) -> Rework:
    found = (passes or passes_for(log)).count_rework(log.offsets, log.activity, len(log.activities))
    by_activity = dict(zip(log.activities, found.cases.tolist(), strict=True))
    repeats = dict(zip(log.activities, found.extra.tolist(), strict=True))
    return Rework(
        cases=int(np.count_nonzero(found.repeated)), of=len(log.cases), repeated=found.repeated,
        by_activity={name: count for name, count in by_activity.items() if count},
        repeats={name: count for name, count in repeats.items() if count},
    )  # fmt: skip


def find_dwell(log: Log, *, is_before: bool = True, passes: Passes | None = None) -> dict[str, Spread]:
    """How long cases lay (停留) before each activity was done, since the event before it; or with `is_before` false,
    after it, until the next one."""
    size = len(log.activities)
    by = passes or passes_for(log)
    counted = by.group_gaps(log.offsets, log.activity, log.at, size, is_before=is_before)
    return {log.activities[group]: spread for group, spread in _spreads(counted)}


def find_handovers(log: Log, *, passes: Passes | None = None) -> Handovers:
    size = len(log.resources) + 1  # the last stands for nobody known
    codes = np.where(log.resource == UNKNOWN, size - 1, log.resource).astype(np.int32)
    by = _narrow(passes or passes_for(log), size)
    found, unknown = [], 0
    for pair, spread in _spreads(by.count_successions(log.offsets, codes, log.at, size)):
        giver, taker = divmod(pair, size)
        if size - 1 in (giver, taker):
            unknown += spread.count
            continue
        found.append(Handover(giver=log.resources[giver], taker=log.resources[taker], took=spread))
    found.sort(key=lambda one: (-one.took.count, one.giver, one.taker))
    kept = sum(one.took.count for one in found if one.giver == one.taker)
    passed = sum(one.took.count for one in found) - kept
    return Handovers(pairs=tuple(found), passed=passed, kept=kept, unknown=unknown)


def find_waiting(
    log: Log, waits_for: Mapping[str, str], *, otherwise: str = "office", passes: Passes | None = None
) -> Waiting:
    """Whom the time after each event was waited for, as `waits_for` says of its activity."""
    who = tuple(dict.fromkeys((*waits_for.values(), otherwise)))
    of_activity = np.array([who.index(waits_for.get(name, otherwise)) for name in log.activities], dtype=np.int32)
    codes = of_activity[log.activity] if log.events else np.zeros(0, dtype=np.int32)
    by = passes or passes_for(log)
    gaps = by.group_gaps(log.offsets, codes, log.at, len(who), is_before=False)
    spreads = {who[group]: spread for group, spread in _spreads(gaps)}
    per_case = {name: find_spread(_waited(log, codes, place), is_mine=True) for place, name in enumerate(who)}
    return Waiting(total={name: spread.total for name, spread in spreads.items()}, gaps=spreads, per_case=per_case)


def _waited(log: Log, codes: Codes, who: int) -> Ints:
    """What each case that waited for this one at all waited for them in sum."""
    if not log.events:
        return np.zeros(0, dtype=np.int64)
    gap = np.diff(log.at, append=log.at[-1:])
    gap[log.offsets[1:] - 1] = 0
    is_theirs = codes == who
    is_theirs[log.offsets[1:] - 1] = False
    waited = np.add.reduceat(np.where(is_theirs, gap, 0), log.offsets[:-1])
    return waited[np.logical_or.reduceat(is_theirs, log.offsets[:-1])]


def _narrow(passes: Passes, size: int) -> Passes:
    """A table of all pairs has size × size places; where that is too many, pairs are sorted."""
    return passes if size <= WIDEST else arrays


def _spreads(counted: Counted) -> list[tuple[int, Spread]]:
    bounds = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counted.counts))).tolist()
    slices = pairwise(bounds)
    return [
        (group, find_spread(counted.took[start:end], is_mine=True))
        for group, (start, end) in zip(counted.groups.tolist(), slices, strict=True)
    ]


def _tally(codes: Codes, names: tuple[str, ...]) -> dict[str, int]:
    counts = np.bincount(codes, minlength=len(names)).tolist()
    return {name: count for name, count in zip(names, counts, strict=True) if count}
