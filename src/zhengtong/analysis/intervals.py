"""How sure a figure is: the interval of a share, percentiles with an interval, sums with one by resampling.

Intervals of shares and percentiles are of 95 per cent, spreads of replications run from their 5th to their 95th
percentile. A percentile of few values says so by a wide interval.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np

from zhengtong.analysis.logs import Ints

SURE: Final = 1.959963984540054
"""Standard deviations on each side of 95 per cent."""
DRAWS: Final = 400
_AT_ONCE: Final = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share with its numerator, its denominator and Wilson's interval; value None where there is nothing to share."""

    part: int
    whole: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentile:
    """One percentile of `count` values with the values between which it lies, in the unit of the values."""

    value: int
    low: int
    high: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What replications came to: their 5th, 50th and 95th percentile."""

    low: float
    mid: float
    high: float


def share(part: int, whole: int) -> Share:
    """
    >>> one = share(90, 100)
    >>> round(one.low, 3), round(one.high, 3)
    (0.826, 0.945)
    """
    if whole <= 0:
        return Share(part=part, whole=0, low=0.0, high=1.0)
    p, z2 = part / whole, SURE * SURE
    middle = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    half = SURE * sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole)) / (1 + z2 / whole)
    return Share(part=part, whole=whole, low=max(0.0, middle - half), high=min(1.0, middle + half))


def percentile(values: Ints, q: float) -> Percentile | None:
    """The nearest-rank percentile with its interval by order statistics; None of no values.

    >>> percentile(np.arange(1, 101), 0.9)
    Percentile(value=90, low=84, high=96, count=100)
    """
    count = len(values)
    if not count:
        return None
    half = SURE * sqrt(count * q * (1 - q))
    rank = int(np.ceil(count * q))
    ranks = np.clip([rank, np.floor(count * q - half), np.ceil(count * q + half)], 1, count).astype(np.int64) - 1
    found = np.partition(np.asarray(values, dtype=np.int64), np.unique(ranks))
    value, low, high = (int(found[place]) for place in ranks.tolist())
    return Percentile(value=value, low=low, high=high, count=count)


def spread_of(values: np.typing.ArrayLike) -> Spread:
    """Of replications, whose number is never none."""
    low, mid, high = np.percentile(np.asarray(values, dtype=np.float64), (5, 50, 95))
    return Spread(low=float(low), mid=float(mid), high=float(high))


def spread_of_sum(values: Ints, *, seed: int, draws: int = DRAWS) -> Spread:
    """How a sum would have varied had other cases come: cases drawn again with repetition."""
    count = len(values)
    if not count:
        return Spread(low=0.0, mid=0.0, high=0.0)
    chance = np.random.default_rng(seed)
    sums = np.empty(draws, dtype=np.float64)
    step = max(1, _AT_ONCE // count)
    for begin in range(0, draws, step):
        rows = min(step, draws - begin)
        sums[begin : begin + rows] = values[chance.integers(0, count, (rows, count))].sum(axis=1)
    return spread_of(sums)
