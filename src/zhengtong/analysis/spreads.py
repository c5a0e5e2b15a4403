"""How long things took (时长分布): percentiles that say how sure they are, never a bare mean.

A percentile is an observed value (the nearest rank), the median the middle of the two in the middle. Its interval is
that of order statistics: it holds for every distribution, and where there are too few to give one there is none.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, sqrt
from typing import Final

import numpy as np

from zhengtong.analysis.logs import Ints

SURE: Final = 0.95
LEAST_VOLUME: Final = 20
"""With fewer than these a median is shown, but takes no place in a ranking."""

Between = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Durations in microseconds."""

    count: int
    total: int
    least: int
    p25: int
    median: int
    p75: int
    p90: int
    most: int
    median_between: Between | None
    """Where the true median lies with 95 %; None where the volume is too small to say."""
    p90_between: Between | None

    @property
    def is_ranked(self) -> bool:
        """Whether there are enough to stand in a ranking."""
        return self.count >= LEAST_VOLUME and self.median_between is not None


NOTHING: Final = Spread(
    count=0, total=0, least=0, p25=0, median=0, p75=0, p90=0, most=0, median_between=None, p90_between=None
)


def rank_of(percent: int, count: int) -> int:
    """The nearest rank of a percentile, from 0.

    >>> [rank_of(90, n) for n in (1, 9, 10, 11, 100)]
    [0, 8, 8, 9, 89]
    """
    return max(0, -(-percent * count // 100) - 1)


@lru_cache(maxsize=65_536)
def ranks_between(percent: int, count: int) -> Between | None:
    """The ranks (from 0) of the values between which the true percentile lies with 95 %.

    >>> ranks_between(50, 5), ranks_between(50, 6), ranks_between(50, 100)
    (None, (0, 5), (39, 60))
    """
    share = percent / 100
    middle, wide = floor(count * share), ceil(9 * sqrt(count * share * (1 - share))) + 12
    first, last = max(0, middle - wide), min(count, middle + wide)
    odds = share / (1 - share)
    above = np.arange(middle, last, dtype=np.float64)
    up = np.cumprod((count - above) / (above + 1) * odds)
    under = np.arange(middle, first, -1, dtype=np.float64)
    down = np.cumprod(under / (count - under + 1) / odds)
    weight = np.concatenate((down[::-1], np.ones(1), up))  # of each number of values below the true percentile
    below = np.cumsum(weight) / weight.sum()
    tail = (1 - SURE) / 2
    low = first + int(np.searchsorted(below, tail, side="right"))  # P(fewer than `low`) <= tail
    high = first + int(np.searchsorted(below, 1 - tail, side="left")) + 1  # P(`high` or more) <= tail
    return (low - 1, high - 1) if low >= 1 and high <= count else None


def wanted_ranks(count: int) -> tuple[int, ...]:
    """Every rank a spread of so many values rests on, in order."""
    if not count:
        return ()
    ranks = {0, count - 1, (count - 1) // 2, count // 2, *(rank_of(percent, count) for percent in (25, 75, 90))}
    for percent in (50, 90):
        ranks.update(ranks_between(percent, count) or ())
    return tuple(sorted(ranks))


def spread_from(count: int, total: int, at_rank: dict[int, int]) -> Spread:
    """The spread of `count` values of which those of `wanted_ranks` are known."""
    if not count:
        return NOTHING
    ranks = {percent: ranks_between(percent, count) for percent in (50, 90)}
    between = {percent: (at_rank[two[0]], at_rank[two[1]]) if two else None for percent, two in ranks.items()}
    return Spread(
        count=count, total=total, least=at_rank[0], p25=at_rank[rank_of(25, count)],
        median=(at_rank[(count - 1) // 2] + at_rank[count // 2]) // 2, p75=at_rank[rank_of(75, count)],
        p90=at_rank[rank_of(90, count)], most=at_rank[count - 1], median_between=between[50], p90_between=between[90],
    )  # fmt: skip


def find_spread(took: Ints, *, is_mine: bool = False) -> Spread:
    """The spread of durations; `is_mine` lets them be reordered in place."""
    if not len(took):
        return NOTHING
    ranks = wanted_ranks(len(took))
    values = took if is_mine else took.copy()
    values.partition(ranks)
    return spread_from(len(values), exact_sum(values), {rank: int(values[rank]) for rank in ranks})


def exact_sum(values: Ints) -> int:
    """The sum, also where it does not fit 64 bits: ten million waits of a month do not."""
    if not len(values):
        return 0
    most = max(abs(int(values.max())), abs(int(values.min())))
    if most * len(values) < 1 << 62:
        return int(values.sum())
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())
