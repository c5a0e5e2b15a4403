"""The passes over a log in numpy: what `passes` compiles, with equal answers, where nothing is compiled."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from zhengtong.analysis.logs import Codes, Ints

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Gaps between events by group: the groups that occur, in order, how many gaps each has, and all gaps, group after
    group."""

    groups: Ints
    counts: Ints
    took: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Reworked:
    """Which cases repeat an activity; for each activity how many cases repeat it, and how many events are repeats."""

    repeated: Flags
    cases: Ints
    extra: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """A number for the sequence of each case, in order of first appearance; the first case of each, and its cases."""

    of_case: Codes
    heads: Ints
    counts: Ints


def count_successions(offsets: Ints, codes: Codes, at: Ints, size: int) -> Counted:
    """Events that directly follow each other in a case: pair = left * size + right."""
    after = _later(offsets, len(codes))
    return _grouped(codes[after - 1].astype(np.int64) * size + codes[after], at[after] - at[after - 1])


def group_gaps(offsets: Ints, codes: Codes, at: Ints, size: int, *, is_before: bool) -> Counted:
    """Gaps by the code of the event that ends them (`is_before`), or of the one after which they began."""
    after = _later(offsets, len(codes))
    return _grouped(codes[after if is_before else after - 1].astype(np.int64), at[after] - at[after - 1])


def count_rework(offsets: Ints, activity: Codes, size: int) -> Reworked:
    case = np.repeat(np.arange(len(offsets) - 1, dtype=np.int64), np.diff(offsets))
    keys, counts = np.unique(case * size + activity, return_counts=True)
    keys, counts = keys[counts > 1], counts[counts > 1]
    repeated = np.zeros(len(offsets) - 1, dtype=np.bool_)
    if not len(keys):
        return Reworked(repeated=repeated, cases=np.zeros(size, np.int64), extra=np.zeros(size, np.int64))
    repeated[keys // size] = True
    what = keys % size
    extra = np.zeros(size, dtype=np.int64)
    np.add.at(extra, what, counts - 1)
    return Reworked(repeated=repeated, cases=np.bincount(what, minlength=size).astype(np.int64), extra=extra)


def number_variants(offsets: Ints, activity: Codes) -> Numbered:
    known: dict[bytes, int] = {}
    of_case = np.empty(len(offsets) - 1, dtype=np.int32)
    heads: list[int] = []
    told, width = activity.tobytes(), activity.itemsize
    bounds = (offsets * width).tolist()
    for case, (start, end) in enumerate(pairwise(bounds)):
        number = known.setdefault(told[start:end], len(heads))
        if number == len(heads):
            heads.append(case)
        of_case[case] = number
    counts = np.bincount(of_case, minlength=len(heads)).astype(np.int64)
    return Numbered(of_case=of_case, heads=np.array(heads, dtype=np.int64), counts=counts)


def _later(offsets: Ints, events: int) -> Ints:
    """The places of all events that are not the first of their case."""
    is_later = np.ones(events, dtype=np.bool_)
    is_later[offsets[:-1]] = False
    return np.flatnonzero(is_later)


def _grouped(group: Ints, took: Ints) -> Counted:
    order = np.argsort(group, kind="stable")
    groups, counts = np.unique(group, return_counts=True)
    return Counted(groups=groups, counts=counts.astype(np.int64), took=took[order])
