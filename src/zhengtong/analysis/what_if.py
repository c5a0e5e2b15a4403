"""What if (假如): the history of some posts replayed through a queue model and the clock, as it was and as it might be.

Arrivals, ways and the work there was are those of history; which case of some neighbours took how long is drawn by a
recorded seed; a post has as many servers as persons worked at it, and does first what came first. The replay of what
is must first come to the days used (their deciles) and the share of late cases that were observed: the share of a stay
that occupies anybody, and how long that work is, are searched for it. Where none fits, the answer says so.
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
BLOCK: Final = 20
"""So many visits of a step at a post, one after another, among which it is drawn anew which of them took how long."""
NO_LIMIT: Final = 1 << 40
DELAY: Final = -1
"""The pool of a stay that needs nobody's work: the applicant's, another organ's."""
REGULAR: Final = 0.1
"""Who ended fewer stays than this share of what the busiest at the post ended stands in, and is no server of it."""
VOLUME: Final = 30
"""Decided cases below which nothing can be said about the fit."""
DECILES: Final = tuple(range(10, 100, 10))
NEAR_DAYS: Final = 1.0
NEAR_RATIO: Final = 0.15
"""How far a replayed decile may lie from the observed one: working days, or this share of it where that is more."""
NEAR_SHARE: Final = 0.05
"""How far the replayed share of late cases may lie from the observed one."""
_SHARES: Final = (1.0, 0.75, 0.5, 0.25, 0.1, 0.0)
_WIDEST: Final = 2.0
_HALVINGS: Final = 6
_SURE: Final = 0.8
"""A try this far from what was observed, of what is allowed, is near enough to stop searching."""
_ROWS: Final = 600_000
"""Visits replayed for one forecast, and a tenth of them for one try of the calibration: what a page has time for."""
_FEWEST: Final = 5


class TooLittle(ValueError):
    """No decided case, so that nothing can be replayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A history made ready to be replayed: per case its arrival, limit and the stays (visits) it goes through.

    Times are places on the axis of working time. A visit of pool DELAY takes its `takes` and no more; another waits
    for one of the pool's servers, takes a service and lies for its `lags` with nobody at work on it. `counts_from` and
    `counts_to` are visits: the clock runs from the beginning of the first to the end of the second; a case accepted and
    decided at once has none between.
    """

    steps: tuple[str, ...]
    pools: tuple[str, ...]
    servers: Ints
    arrivals: Ints
    offsets: Ints
    step: Codes
    pool: Codes
    takes: Ints
    lasted: Ints
    """How long each visit was in history, waiting included."""
    lags: Ints
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
class Decile:
    """Working days within which `percent` of 100 cases were decided, as observed and as replayed."""

    percent: int
    observed: float
    replayed: Spread

    @property
    def allowed(self) -> float:
        return max(NEAR_DAYS, NEAR_RATIO * self.observed)

    @property
    def is_near(self) -> bool:
        return abs(self.replayed.mid - self.observed) <= self.allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Whether the replay of what is comes to what was: late cases and the deciles of days used, observed and replayed.

    `worked` is the share of what a stay took that occupies somebody at the post, `stretched` the factor on that work,
    both found by the calibration.
    """

    judged: int
    observed: int
    replayed: Spread
    deciles: tuple[Decile, ...]
    worked: float
    stretched: float

    @property
    def share_is_near(self) -> bool:
        return abs(self.replayed.mid - self.observed) <= NEAR_SHARE * self.judged

    @property
    def is_enough(self) -> bool:
        return self.judged >= VOLUME

    @property
    def holds(self) -> bool:
        """Enough cases, and every decile and the share of late ones near enough."""
        return self.is_enough and self.share_is_near and all(one.is_near for one in self.deciles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Both replays on the same random numbers; `difference` is of late cases, run by run; `at_least` is the same
    if nobody had been short of time, so that cases lay for other reasons."""

    seed: int
    replications: int
    check: Check
    now: Forecast
    then: Forecast
    difference: Spread
    at_least: Spread


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
    lasted = np.maximum(used.until - used.since, 0)
    held = used.whose != Whose.OFFICE
    held &= used.since >= accepted[used.case]
    first = _first(used.since >= accepted[used.case], offsets)
    last = _last((used.until <= decided[used.case]) & (decided[used.case] != NO_TIME), offsets)
    last = np.where(known & (last >= first), last, first - 1)
    flow = Flow(
        steps=stays.steps, pools=stays.places, servers=_servers(used, pool, len(stays.places)),
        arrivals=used.since[offsets[:-1]], offsets=offsets, step=used.step, pool=pool,
        takes=_services(used, pool), lasted=lasted, lags=np.zeros(len(lasted), np.int64),
        held=held, counts_from=first, counts_to=last,
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


def _servers(used: Stays, pool: Codes, pools: int) -> Ints:
    """How many worked at each post in the period: whoever ended a tenth of what the busiest there ended, or more."""
    known = (pool >= 0) & (used.worker >= 0)
    pairs, counts = np.unique(np.stack((pool[known], used.worker[known])), axis=1, return_counts=True)
    most = np.zeros(pools, np.int64)
    np.maximum.at(most, pairs[0], counts)
    regular = counts >= REGULAR * most[pairs[0]]
    return np.maximum(np.bincount(pairs[0][regular], minlength=pools), 1).astype(np.int64)


def _services(used: Stays, pool: Codes) -> Ints:
    """What each stay took of who ended it: from when it had come and that person was done with the case before it at
    this post, until it was done. Who does one thing after another took just that; of others calibration shows the rest.
    """
    took = used.until - used.since
    order = np.lexsort((used.since, used.until, used.worker, pool))
    own, by = pool[order], used.worker[order]
    same = np.concatenate((np.zeros(1, np.bool_), (own[1:] == own[:-1]) & (by[1:] == by[:-1])))
    before = np.concatenate((np.zeros(1, np.int64), used.until[order][:-1]))
    begins = np.where(same, np.maximum(before, used.since[order]), used.since[order])
    took[order] = np.where(own == DELAY, took[order], used.until[order] - begins)
    return np.asarray(np.maximum(took, 0), dtype=np.int64)


def _touched(since: Ints, until: Ints, held: Flags, first: Ints, last: Ints) -> Ints:
    """Days on which each case's clock was held, from visit `first` to visit `last`."""
    return np.asarray(_count_held(since, until, held, first, last), dtype=np.int64)


def _used(started: Ints, decided: Ints, held: Ints) -> Ints:
    return np.asarray(np.maximum(decided // WORKING_DAY - started // WORKING_DAY - held, 0), dtype=np.int64)


# ---- asking -----------------------------------------------------------------------------------------


def ask(flow: Flow, change: Change, *, seed: int, replications: int = REPLICATIONS) -> Answer:
    """What would have come of the same arrivals under a change. The same seed gives the same answer.

    A large flow is replayed less often: the answer says how often.
    """
    runs = _affordable(flow, replications)
    found = calibrate(flow, seed=seed, replications=runs)
    changed = apply(found.flow, change)
    then = _replay(changed, seed, runs)
    return Answer(
        seed=seed, replications=runs, check=found.check, now=_forecast(found.flow, found.runs),
        then=_forecast(changed, then), difference=spread_of(then.late - found.runs.late),
        at_least=_difference_without_queues(flow, change, seed, runs),
    )  # fmt: skip


def _difference_without_queues(flow: Flow, change: Change, seed: int, replications: int) -> Spread:
    lying = _shaped(flow, 0.0, 1.0)
    now, then = (_replay(one, seed, replications) for one in (lying, apply(lying, change)))
    return spread_of(then.late - now.late)


def _affordable(flow: Flow, most: int, rows: int = _ROWS) -> int:
    return max(min(most, rows // max(len(flow.takes), 1)), min(most, _FEWEST))


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
    takes, lags = flow.takes.copy(), flow.lags.copy()
    takes[nexts - 1] += (takes[nexts] * (1 - spared)).astype(np.int64)
    lags[nexts - 1] += (lags[nexts] * (1 - spared)).astype(np.int64)
    gone = np.zeros(len(flow.takes), dtype=np.bool_)
    gone[nexts] = True
    earlier = np.concatenate((np.zeros(1, np.int64), np.cumsum(gone, dtype=np.int64))).astype(np.int64)
    keep = ~gone
    return replace(
        flow, takes=takes[keep], lags=lags[keep], lasted=flow.lasted[keep],
        step=flow.step[keep], pool=flow.pool[keep], held=flow.held[keep],
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
    """Per run: late cases, the deciles of working days used, and for each pool its busy time and its 90-of-100 wait."""

    late: Ints
    deciles: Figures
    busy: Figures
    waits: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """The flow whose replay comes nearest to what was, the comparison, and the replay of what is."""

    flow: Flow
    check: Check
    runs: _Runs


def calibrate(flow: Flow, *, seed: int, replications: int = REPLICATIONS) -> Calibrated:
    """Search how much of a stay is work and how long that work is, until days used and late cases are those observed.

    Of those that fit, the one that leaves most of a stay to the posts is taken, work as long as inferred first: so
    that what is foretold of one person more is the most there may be in it. Where none fits, the nearest is taken.
    """
    tried = _affordable(flow, replications, _ROWS // 10)
    best: tuple[float, float, float] | None = None
    for worked in _SHARES:
        low, stretched, high = 1 / _WIDEST, 1.0, _WIDEST
        for _halving in range(_HALVINGS if worked else 1):
            check = _check(flow, _replay(_shaped(flow, worked, stretched), seed, tried), worked, stretched)
            best = min(best or (_miss(check), worked, stretched), (_miss(check), worked, stretched))
            if best[0] <= _SURE:
                break
            low, high = (stretched, high) if _lies_below(check) else (low, stretched)
            stretched = (low * high) ** 0.5
        if best is not None and best[0] <= _SURE:
            break
    assert best is not None  # there are shares to try
    _least, worked, stretched = best
    shaped = _shaped(flow, worked, stretched)
    runs = _replay(shaped, seed, replications)
    return Calibrated(flow=shaped, check=_check(shaped, runs, worked, stretched), runs=runs)


def _shaped(flow: Flow, worked: float, stretched: float) -> Flow:
    """With this share of every stay as work, so much stretched, and the rest of it as lying."""
    at_post = flow.pool != DELAY
    takes = np.where(at_post, (flow.takes * worked * stretched).astype(np.int64), flow.takes)
    return replace(flow, takes=takes, lags=np.where(at_post, (flow.lasted * (1 - worked)).astype(np.int64), 0))


def _check(flow: Flow, runs: _Runs, worked: float, stretched: float) -> Check:
    seen = flow.seen_used[flow.judged]
    observed = np.percentile(seen, DECILES)
    deciles = tuple(
        Decile(percent=percent, observed=float(observed[place]), replayed=spread_of(runs.deciles[:, place]))
        for place, percent in enumerate(DECILES)
    )
    late = int(np.count_nonzero(seen > flow.limits[flow.judged]))
    return Check(
        judged=len(seen), observed=late, replayed=spread_of(runs.late), deciles=deciles, worked=worked,
        stretched=stretched,
    )  # fmt: skip


def _lies_below(check: Check) -> bool:
    """Whether the replay took fewer days than were observed, on the whole."""
    return sum(one.replayed.mid - one.observed for one in check.deciles) < 0 or check.replayed.mid < check.observed


def _miss(check: Check) -> float:
    """How far the worst of deciles and late share lies from what was observed; 1 is as far as is allowed."""
    late = abs(check.replayed.mid - check.observed) / (NEAR_SHARE * check.judged)
    return max(late, *(abs(one.replayed.mid - one.observed) / one.allowed for one in check.deciles))


def _replay(flow: Flow, seed: int, replications: int) -> _Runs:
    """Every replication: services drawn anew, ways and arrivals kept."""
    groups = _grouped(flow)
    late = np.zeros(replications, np.int64)
    deciles = np.zeros((replications, len(DECILES)))
    busy, waits = np.zeros((replications, len(flow.pools))), np.zeros((replications, len(flow.pools)))
    runs_at_all = flow.counts_to >= flow.counts_from
    horizon = max(int(flow.arrivals.max() - flow.arrivals.min()), WORKING_DAY)
    limits = flow.limits[flow.judged]
    for run in range(replications):
        takes, lags = _draw(flow, groups, np.random.default_rng((seed, run)))
        begins, ends, waited = simulate(flow.arrivals, flow.offsets, flow.pool, takes, flow.servers, lags)
        held = _touched(begins, ends, flow.held, flow.counts_from, flow.counts_to)
        used = np.where(runs_at_all, _used(begins[flow.counts_from], ends[flow.counts_to], held), 0)[flow.judged]
        late[run] = np.count_nonzero(used > limits)
        deciles[run] = np.percentile(used, DECILES)
        for rows, place in groups.of_pools:
            busy[run, place] = takes[rows].sum() / (horizon * flow.servers[place])
            waits[run, place] = np.percentile(waited[rows], 90) / WORKING_DAY
    return _Runs(late=late, deciles=deciles, busy=busy, waits=waits)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Groups:
    """Visits at posts in order of pool, step and case, with the number of the block in which each may change places;
    and the visits of each pool."""

    order: Ints
    block: Ints
    of_pools: tuple[tuple[Ints, int], ...]


def _grouped(flow: Flow) -> _Groups:
    rows = np.flatnonzero(flow.pool != DELAY)
    key = flow.pool[rows].astype(np.int64) * len(flow.steps) + flow.step[rows]
    order = rows[np.argsort(key, kind="stable")]
    key = np.sort(key)
    begins = np.searchsorted(key, key)
    blocks = np.unique(np.stack((key, (np.arange(len(key)) - begins) // BLOCK)), axis=1, return_inverse=True)[1]
    of_pools = tuple((np.flatnonzero(flow.pool == place), place) for place in np.unique(flow.pool[rows]).tolist())
    return _Groups(order=order, block=blocks.reshape(-1).astype(np.int64), of_pools=of_pools)


def _draw(flow: Flow, groups: _Groups, chance: np.random.Generator) -> tuple[Ints, Ints]:
    """Work and lying of each visit, of one observed visit together: neighbours at the same post and step change places,
    so that the posts have as much to do, month by month, as they had."""
    source = np.arange(len(flow.takes))
    mixed = np.argsort(groups.block + chance.random(len(groups.block)))
    source[groups.order] = groups.order[mixed]
    return flow.takes[source], flow.lags[source]


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
        judged=judged, late=spread_of(runs.late), share=spread_of(runs.late / judged),
        used=spread_of(runs.deciles[:, -1]),
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
    arrivals: Ints, offsets: Ints, pool: Codes, takes: Ints, servers: Ints, lags: Ints
) -> tuple[Ints, Ints, Ints]:
    """When each visit begins and ends, and how long it waited: first come, first served, each server one at a time;
    after its service a visit lies for its lag, and the server is free.

    Ties are settled by the order of cases: a row is the visit it stands for, and each case is in one visit at a time.
    """
    rows = len(pool)
    begins, ends, waited = np.zeros(rows, np.int64), np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    times, order = np.zeros(rows, np.int64), np.zeros(rows, np.int64)  # of each row's next happening
    comes = np.ones(rows, np.bool_)  # its next happening is that it comes; else that its service ends
    lies = np.zeros(rows, np.bool_)  # its service is over, and it lies
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
        if place >= 0 and not lies[row]:
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
            if lags[row] > 0:
                lies[row] = True
                times[row], order[row] = now + lags[row], count
                count += 1
                size = _push(heap, size, times, order, row)
                continue
        ends[row] = now
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
