"""The passes over a log in numpy: what `passes` compiles, with equal answers, where nothing is compiled."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from zhengtong.analysis.logs import Codes, Ints

Flags = npt.NDArray[np.bool_]
SHORT: Final = 40_000
"""Names whose pairs still have a code of 32 bits."""


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
    wide: Codes | Ints = codes if size <= SHORT else codes.astype(np.int64)
    return _grouped(wide[:-1] * size + wide[1:], offsets, at, size * size)


def group_gaps(offsets: Ints, codes: Codes, at: Ints, size: int, *, is_before: bool) -> Counted:
    """Gaps by the code of the event that ends them (`is_before`), or of the one after which they began."""
    return _grouped(codes[1:] if is_before else codes[:-1], offsets, at, size)


def count_rework(offsets: Ints, activity: Codes, size: int) -> Reworked:
    cases = len(offsets) - 1
    case = np.repeat(np.arange(cases, dtype=np.int64), np.diff(offsets))
    keys, counts = _counted(case * size + activity, cases * size)
    keys, counts = keys[counts > 1], counts[counts > 1]
    repeated = np.zeros(cases, dtype=np.bool_)
    repeated[keys // max(1, size)] = True
    what = keys % max(1, size)
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


def _grouped(group: npt.NDArray[Any], offsets: Ints, at: Ints, size: int) -> Counted:
    """The gaps between neighbours of the same case, by the group given for each pair of neighbours."""
    within = np.ones(max(0, len(at) - 1), dtype=np.bool_)
    within[offsets[1:-1] - 1] = False
    of_gap, took = group[within], np.diff(at)[within]
    if size <= 1 << 16:
        of_gap = of_gap.astype(np.uint16)  # which numpy sorts by counting
    groups, counts = _counted(of_gap, size)
    return Counted(groups=groups, counts=counts, took=took[np.argsort(of_gap, kind="stable")])


def _counted(keys: npt.NDArray[Any], size: int) -> tuple[Ints, Ints]:
    """Which keys occur, in order, and how often: in a table of all where it is not much longer than the keys."""
    if size <= 4 * len(keys) + SHORT:
        table = np.bincount(keys, minlength=1)
        found = np.flatnonzero(table)
        return found.astype(np.int64, copy=False), table[found].astype(np.int64, copy=False)
    found, counts = np.unique(keys, return_counts=True)
    return found.astype(np.int64), counts.astype(np.int64)
