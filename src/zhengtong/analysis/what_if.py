"""What if (假如): the history of some posts replayed through a queue model and the clock, as it was and as it might be.

Arrivals and ways are those of history; what a step takes is drawn from what it took, by a recorded seed; each post does
one case after another, first come first served. Before anything is foretold, the replay of what is must come to the
share of late cases that was observed: where it does not, service is stretched until it does, and the answer says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar, cast

import numpy as np

from zhengtong.analysis.intervals import Spread, spread_of
from zhengtong.analysis.logs import NO_TIME, Codes, Ints
from zhengtong.analysis.stays import Stays, Whose
from zhengtong.analysis.working_time import WORKING_DAY

F = TypeVar("F", bound=Callable[..., object])
Flags = np.typing.NDArray[np.bool_]
Figures = np.typing.NDArray[np.float64]

REPLICATIONS: Final = 200
ENOUGH: Final = 20
"""Observed services from which a post's own are drawn; below, those of the step anywhere."""
NO_LIMIT: Final = 1 << 40
DELAY: Final = -1
"""The pool of a stay that needs nobody's work: the applicant's, another organ's."""
_TRIED: Final = 40
"""Replications while service is being stretched; what is foretold takes all of them."""
_HALVINGS: Final = 8
_WIDEST: Final = 4.0


class TooLittle(ValueError):
    """No decided case, so that nothing can be replayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A history made ready to be replayed: per case its arrival, limit and the stays (visits) it goes through.

    Times are places on the axis of working time. A visit of pool DELAY takes its `takes` and no more; another waits
    for one of the pool's servers, then takes a service. `counts_from` and `counts_to` are visits: the clock runs from
    the beginning of the first to the end of the second; a case accepted and decided at once has none between.
    """

    steps: tuple[str, ...]
    pools: tuple[str, ...]
    servers: Ints
    arrivals: Ints
    offsets: Ints
    step: Codes
    pool: Codes
    takes: Ints
    held: Flags
    counts_from: Ints
    counts_to: Ints
    limits: Ints
    judged: Flags
    """Cases whose lateness is asked about; the others are load."""
    seen_used: Ints
    """Working days each case used in history."""

    @property
    def cases(self) -> int:
        return len(self.arrivals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What might be done: another promised limit (working days), servers added to pools, two steps made one.

    A merged step is done by the people of both, one after the other without a second queue, `spared` of the second's
    work falling away.
    """

    limit: int | None = None
    servers: tuple[tuple[str, int], ...] = ()
    merge: tuple[str, str] | None = None
    spared: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLoad:
    """What comes to one pool: how busy it is, and how long cases wait before it (90 of 100, in working days)."""

    pool: str
    servers: int
    visits: int
    busy: Spread
    waits: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Late cases of `judged` ones, the share, the working days used by 90 of 100, and the load of each pool."""

    judged: int
    late: Spread
    share: Spread
    used: Spread
    pools: tuple[PoolLoad, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Whether the replay of what is comes to what was: the observed late cases, what the replay says, and by how much
    service had to be stretched for it."""

    judged: int
    observed: int
    replayed: Spread
    stretched: float

    @property
    def holds(self) -> bool:
        return self.replayed.low <= self.observed <= self.replayed.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Both replays on the same random numbers; `difference` is of late cases, run by run."""

    seed: int
    replications: int
    check: Check
    now: Forecast
    then: Forecast
    difference: Spread


# ---- history made ready -----------------------------------------------------------------------------


def prepare(
    stays: Stays,
    *,
    accepted: Ints,
    decided: Ints,
    started: Ints,
    limits: Ints,
    judged: Flags | None = None,
) -> Flow:
    """The flow of a history. `accepted` and `decided` per case on the axis (NO_TIME: not), `started` where acceptance
    stands when days are counted from it (a rest day at the end of the day before), `limits` in working days.

    Only stays that are over are replayed, and only cases that were decided are judged.

    Raises:
        TooLittle: nothing was decided.
    """
    asked = np.ones(stays.cases, np.bool_) if judged is None else judged
    used, worked = _near(stays.select(stays.over & (stays.whose != Whose.NOBODY)), asked)
    which = np.unique(used.case)
    place = np.full(stays.cases, -1, dtype=np.int64)
    place[which] = np.arange(len(which))
    case = place[used.case]
    offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(np.bincount(case, minlength=len(which)))))
    known = (accepted[which] != NO_TIME) & (decided[which] != NO_TIME)
    known &= asked[which]
    if not known.any():
        raise TooLittle("no case was decided")
    pool = np.where(worked, used.place, DELAY).astype(np.int32)
    held = used.whose != Whose.OFFICE
    held &= used.since >= accepted[used.case]
    first = _first(used.since >= accepted[used.case], offsets)
    last = _last((used.until <= decided[used.case]) & (decided[used.case] != NO_TIME), offsets)
    last = np.where(known & (last >= first), last, first - 1)
    flow = Flow(
        steps=stays.steps, pools=stays.places, servers=np.ones(len(stays.places), np.int64),
        arrivals=used.since[offsets[:-1]], offsets=offsets, step=used.step, pool=pool,
        takes=_services(used, pool), held=held, counts_from=first, counts_to=last,
        limits=np.asarray(limits, np.int64)[which], judged=known, seen_used=np.zeros(len(which), np.int64),
    )  # fmt: skip
    seen = _used(
        started[which], decided[which], _touched(used.since, used.until, flow.held, first, last)
    )  # fmt: skip
    return replace(flow, seen_used=np.where(known, seen, 0))


def _near(stays: Stays, judged: Flags) -> tuple[Stays, Flags]:
    """The stays of all cases that come to a post to which judged ones come, and which of them are at such a post: what
    else these cases went through takes the time it took."""
    office = (stays.whose == Whose.OFFICE) & (stays.place >= 0)
    worked = office & np.isin(stays.place, np.unique(stays.place[office & judged[stays.case]]))
    touched = judged.copy()
    touched[stays.case[worked]] = True
    keep = touched[stays.case]
    return stays.select(keep), worked[keep]


def _first(holds: Flags, offsets: Ints) -> Ints:
    """The first row of each case for which something holds, else its last one."""
    rows = np.where(holds, np.arange(len(holds)), len(holds))
    return np.minimum(np.minimum.reduceat(rows, offsets[:-1]), offsets[1:] - 1)


def _last(holds: Flags, offsets: Ints) -> Ints:
    rows = np.where(holds, np.arange(len(holds)), -1)
    return np.asarray(np.maximum.reduceat(rows, offsets[:-1]), dtype=np.int64)


def _services(used: Stays, pool: Codes) -> Ints:
    """What each stay took of the post: from when it had come and the post was done with the case before it, until
    it was done. A post that does one thing after another took just that; of others calibration shows the rest."""
    took = used.until - used.since
    order = np.lexsort((used.since, used.until, pool))
    same = np.concatenate((np.zeros(1, np.bool_), pool[order][1:] == pool[order][:-1]))
    before = np.concatenate((np.zeros(1, np.int64), used.until[order][:-1]))
    begins = np.where(same, np.maximum(before, used.since[order]), used.since[order])
    took[order] = np.where(pool[order] == DELAY, took[order], used.until[order] - begins)
    return np.asarray(np.maximum(took, 0), dtype=np.int64)


def _touched(since: Ints, until: Ints, held: Flags, first: Ints, last: Ints) -> Ints:
    """Days on which each case's clock was held, from visit `first` to visit `last`."""
    return np.asarray(_count_held(since, until, held, first, last), dtype=np.int64)


def _used(started: Ints, decided: Ints, held: Ints) -> Ints:
    return np.asarray(np.maximum(decided // WORKING_DAY - started // WORKING_DAY - held, 0), dtype=np.int64)


# ---- asking -----------------------------------------------------------------------------------------


def ask(flow: Flow, change: Change, *, seed: int, replications: int = REPLICATIONS) -> Answer:
    """What would have come of the same arrivals under a change. The same seed gives the same answer."""
    observed = int(np.count_nonzero(flow.judged & (flow.seen_used > flow.limits)))
    flow, stretched, now = _calibrated(flow, observed, seed, replications)
    changed = apply(flow, change)
    then = _replay(changed, seed, replications)
    judged = int(np.count_nonzero(flow.judged))
    check = Check(judged=judged, observed=observed, replayed=spread_of(now.late), stretched=stretched)
    return Answer(
        seed=seed, replications=replications, check=check, now=_forecast(flow, now), then=_forecast(changed, then),
        difference=spread_of(then.late - now.late),
    )  # fmt: skip


def apply(flow: Flow, change: Change) -> Flow:
    """The flow as it would be.

    Raises:
        KeyError: a pool that is not there.
    """
    if change.limit is not None:
        flow = replace(flow, limits=np.where(flow.judged, change.limit, flow.limits))
    if change.merge is not None:
        flow = _merged(flow, *change.merge, change.spared)
    if change.servers:
        servers = flow.servers.copy()
        for pool, more in change.servers:
            servers[_pool(flow, pool)] += more
        flow = replace(flow, servers=np.maximum(servers, 1))
    return flow


def _pool(flow: Flow, name: str) -> int:
    """A pool by its name, or by one of the names it was made of."""
    for place, pool in enumerate(flow.pools):
        if name == pool or name in pool.split("+"):
            return place
    raise KeyError(name)


def _merged(flow: Flow, one: str, other: str, spared: float) -> Flow:
    """Where `other` follows `one`, they become one visit; the posts of both become one pool."""
    code = {name: place for place, name in enumerate(flow.steps)}
    if one not in code or other not in code:
        return flow
    nexts = np.flatnonzero((flow.step[:-1] == code[one]) & (flow.step[1:] == code[other])) + 1
    nexts = nexts[~np.isin(nexts, flow.offsets) & (flow.pool[nexts] != DELAY) & (flow.pool[nexts - 1] != DELAY)]
    if not len(nexts):
        return flow
    flow = _pooled(flow, sorted({*flow.pool[nexts].tolist(), *flow.pool[nexts - 1].tolist()}))
    takes = flow.takes.copy()
    takes[nexts - 1] += (takes[nexts] * (1 - spared)).astype(np.int64)
    gone = np.zeros(len(flow.takes), dtype=np.bool_)
    gone[nexts] = True
    earlier = np.concatenate((np.zeros(1, np.int64), np.cumsum(gone, dtype=np.int64))).astype(np.int64)
    keep = ~gone
    return replace(
        flow, takes=takes[keep], step=flow.step[keep], pool=flow.pool[keep], held=flow.held[keep],
        offsets=flow.offsets - earlier[flow.offsets], counts_from=flow.counts_from - earlier[flow.counts_from + 1],
        counts_to=flow.counts_to - earlier[flow.counts_to + 1],
    )  # fmt: skip


def _pooled(flow: Flow, pools: Sequence[int]) -> Flow:
    into, gone = pools[0], list(pools[1:])
    servers, names = flow.servers.copy(), list(flow.pools)
    servers[into] = servers[list(pools)].sum()
    servers[gone] = 1
    names[into] = "+".join(flow.pools[place] for place in pools)
    pool = np.where(np.isin(flow.pool, gone), into, flow.pool).astype(np.int32)
    return replace(flow, servers=servers, pools=tuple(names), pool=pool)


# ---- replaying --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runs:
    """Per run: late cases, the working days 90 of 100 used, and for each pool its busy time and its 90-of-100 wait."""

    late: Ints
    used: Figures
    busy: Figures
    waits: Figures


def _calibrated(flow: Flow, observed: int, seed: int, replications: int) -> tuple[Flow, float, _Runs]:
    """The flow with service stretched (or shrunk) until the replay of what is comes to the late cases observed."""
    tried = min(_TRIED, replications)
    runs = _replay(flow, seed, tried)
    best = (_miss(runs, observed), 1.0)
    low, high = (1.0, _WIDEST) if np.median(runs.late) < observed else (1 / _WIDEST, 1.0)
    for _halving in range(_HALVINGS if best[0] else 0):
        factor = (low * high) ** 0.5
        runs = _replay(_stretched(flow, factor), seed, tried)
        best = min(best, (_miss(runs, observed), factor))
        if not best[0]:
            break
        low, high = (factor, high) if np.median(runs.late) < observed else (low, factor)
    found = _stretched(flow, best[1])
    return found, best[1], _replay(found, seed, replications)


def _miss(runs: _Runs, observed: int) -> float:
    """How far the observed count lies outside the middle half of the runs."""
    low, high = np.percentile(runs.late, (25, 75))
    return float(max(low - observed, observed - high, 0.0))


def _stretched(flow: Flow, factor: float) -> Flow:
    takes = np.where(flow.pool == DELAY, flow.takes, (flow.takes * factor).astype(np.int64))
    return replace(flow, takes=takes)


def _replay(flow: Flow, seed: int, replications: int) -> _Runs:
    """Every replication: services drawn anew, ways and arrivals kept."""
    groups = _drawn_from(flow)
    late = np.zeros(replications, np.int64)
    used90 = np.zeros(replications)
    busy, waits = np.zeros((replications, len(flow.pools))), np.zeros((replications, len(flow.pools)))
    runs_at_all = flow.counts_to >= flow.counts_from
    horizon = max(int(flow.arrivals.max() - flow.arrivals.min()), WORKING_DAY)
    for run in range(replications):
        takes = _draw(flow, groups, np.random.default_rng((seed, run)))
        begins, ends, waited = simulate(flow.arrivals, flow.offsets, flow.pool, takes, flow.servers)
        held = _touched(begins, ends, flow.held, flow.counts_from, flow.counts_to)
        used = np.where(runs_at_all, _used(begins[flow.counts_from], ends[flow.counts_to], held), 0)[flow.judged]
        late[run] = np.count_nonzero(used > flow.limits[flow.judged])
        used90[run] = np.percentile(used, 90)
        for rows, place in groups.of_pools:
            busy[run, place] = takes[rows].sum() / (horizon * flow.servers[place])
            waits[run, place] = np.percentile(waited[rows], 90) / WORKING_DAY
    return _Runs(late=late, used=used90, busy=busy, waits=waits)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Groups:
    """Which rows draw from which observed services: (rows, the services they draw from)."""

    draws: tuple[tuple[Ints, Ints], ...]
    of_pools: tuple[tuple[Ints, int], ...]


def _drawn_from(flow: Flow) -> _Groups:
    size = len(flow.steps)
    key = np.where(flow.pool == DELAY, -1, flow.pool.astype(np.int64) * size + flow.step)
    draws = []
    for code in np.unique(key[key >= 0]).tolist():
        rows = np.flatnonzero(key == code)
        step = np.flatnonzero((flow.step == code % size) & (flow.pool != DELAY))
        draws.append((rows, flow.takes[rows if len(rows) >= ENOUGH else step]))
    of_pools = tuple(
        (np.flatnonzero(flow.pool == place), place) for place in np.unique(flow.pool[flow.pool >= 0]).tolist()
    )
    return _Groups(draws=tuple(draws), of_pools=of_pools)


def _draw(flow: Flow, groups: _Groups, chance: np.random.Generator) -> Ints:
    takes = flow.takes.copy()
    for rows, services in groups.draws:
        takes[rows] = services[(chance.random(len(rows)) * len(services)).astype(np.int64)]
    return takes


def _forecast(flow: Flow, runs: _Runs) -> Forecast:
    judged = int(np.count_nonzero(flow.judged))
    loads = [
        PoolLoad(
            pool=name, servers=int(flow.servers[place]), visits=int(np.count_nonzero(flow.pool == place)),
            busy=spread_of(runs.busy[:, place]), waits=spread_of(runs.waits[:, place]),
        )
        for place, name in enumerate(flow.pools)
        if np.any(flow.pool == place)
    ]  # fmt: skip
    loads.sort(key=lambda load: (-load.busy.mid, load.pool))
    return Forecast(
        judged=judged, late=spread_of(runs.late), share=spread_of(runs.late / judged), used=spread_of(runs.used),
        pools=tuple(loads),
    )  # fmt: skip


# ---- the loops --------------------------------------------------------------------------------------


def _compiled(function: F) -> F:
    """Compiled at the first call where a compiler is there; plain otherwise, slower with the same answer."""
    try:
        from numba import njit
    except ImportError:
        return function
    try:
        return cast("F", njit(cache=True, nogil=True)(function))
    except RuntimeError:
        return cast("F", njit(nogil=True)(function))


@_compiled
def _before(times: Ints, order: Ints, one: int, other: int) -> bool:
    if times[one] != times[other]:
        return bool(times[one] < times[other])
    return bool(order[one] < order[other])


@_compiled
def _push(heap: Ints, size: int, times: Ints, order: Ints, row: int) -> int:
    place = size
    heap[place] = row
    while place > 0:
        parent = (place - 1) // 2
        if not _before(times, order, heap[place], heap[parent]):
            break
        heap[place], heap[parent] = heap[parent], heap[place]
        place = parent
    return size + 1


@_compiled
def _pop(heap: Ints, size: int, times: Ints, order: Ints) -> int:
    size -= 1
    heap[0] = heap[size]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and _before(times, order, heap[child + 1], heap[child]):
            child += 1
        if not _before(times, order, heap[child], heap[place]):
            break
        heap[place], heap[child] = heap[child], heap[place]
        place = child
    return size


@_compiled
def simulate(  # noqa: C901, PLR0915 - one loop over happenings, compiled
    arrivals: Ints, offsets: Ints, pool: Codes, takes: Ints, servers: Ints
) -> tuple[Ints, Ints, Ints]:
    """When each visit begins and ends, and how long it waited: first come, first served, each server one at a time.

    Ties are settled by the order of cases: a row is the visit it stands for, and each case is in one visit at a time.
    """
    rows = len(pool)
    begins, ends, waited = np.zeros(rows, np.int64), np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    times, order = np.zeros(rows, np.int64), np.zeros(rows, np.int64)  # of each row's next happening
    comes = np.ones(rows, np.bool_)  # its next happening is that it comes; else that it ends
    is_last = np.zeros(rows, np.bool_)
    free = servers.copy()
    head, tail = np.full(len(servers), -1, np.int64), np.full(len(servers), -1, np.int64)
    behind = np.full(rows, -1, np.int64)
    heap = np.empty(max(len(arrivals), 1), np.int64)
    size, count = 0, 0
    for case in range(len(arrivals)):
        if offsets[case + 1] == offsets[case]:
            continue
        row = offsets[case]
        is_last[offsets[case + 1] - 1] = True
        times[row], order[row] = arrivals[case], count
        count += 1
        size = _push(heap, size, times, order, row)
    while size:
        row = heap[0]
        size = _pop(heap, size, times, order)
        now, place = times[row], pool[row]
        if comes[row]:
            begins[row] = now
            comes[row] = False
            if place >= 0 and free[place] == 0:
                if tail[place] < 0:
                    head[place] = row
                else:
                    behind[tail[place]] = row
                tail[place] = row
                continue
            if place >= 0:
                free[place] -= 1
            times[row], order[row] = now + takes[row], count
            count += 1
            size = _push(heap, size, times, order, row)
            continue
        ends[row] = now
        if place >= 0:
            other = head[place]
            if other < 0:
                free[place] += 1
            else:
                head[place] = behind[other]
                if head[place] < 0:
                    tail[place] = -1
                waited[other] = now - begins[other]
                times[other], order[other] = now + takes[other], count
                count += 1
                size = _push(heap, size, times, order, other)
        if not is_last[row]:
            times[row + 1], order[row + 1] = now, count
            count += 1
            size = _push(heap, size, times, order, row + 1)
    return begins, ends, waited


@_compiled
def _count_held(since: Ints, until: Ints, held: Flags, first: Ints, last: Ints) -> Ints:
    days = np.zeros(len(first), np.int64)
    for case in range(len(first)):
        done = np.int64(-1)
        for row in range(first[case], last[case] + 1):
            if held[row] and until[row] > since[row]:
                begin, end = max(since[row] // 86_400_000_000, done + 1), until[row] // 86_400_000_000
                if end >= begin:
                    days[case] += end - begin + 1
                    done = end
    return days
