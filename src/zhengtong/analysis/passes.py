"""The passes over a log, compiled (numba): each looks at every event once and keeps little besides.

Import this only where a log is long enough to be worth the second that loading takes; `arrays` has the same functions
in numpy, with equal answers, for short logs and for machines without the compiler.
"""

from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
from numba import njit

from zhengtong.analysis.arrays import Counted, Flags, Numbered, Reworked
from zhengtong.analysis.logs import Codes, Ints

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compiled at the first call and kept beside the source, or in the user's own cache, or where neither can be
    written for this process only."""
    try:
        return cast("F", njit(cache=True, nogil=True)(function))
    except RuntimeError:
        return cast("F", njit(nogil=True)(function))


def count_successions(offsets: Ints, codes: Codes, at: Ints, size: int) -> Counted:
    counts = _count(offsets, codes, size)
    pairs = np.flatnonzero(counts)
    firsts = np.cumsum(counts) - counts
    return Counted(groups=pairs, counts=counts[pairs], took=_scatter(offsets, codes, at, size, firsts))


def group_gaps(offsets: Ints, codes: Codes, at: Ints, size: int, *, is_before: bool) -> Counted:
    counts = _count_gaps(offsets, codes, size, is_before)
    groups = np.flatnonzero(counts)
    firsts = np.cumsum(counts) - counts
    return Counted(groups=groups, counts=counts[groups], took=_scatter_gaps(offsets, codes, at, firsts, is_before))


def count_rework(offsets: Ints, activity: Codes, size: int) -> Reworked:
    repeated, cases, extra = _rework(offsets, activity, size)
    return Reworked(repeated=repeated, cases=cases, extra=extra)


def number_variants(offsets: Ints, activity: Codes) -> Numbered:
    of_case, heads, counts = _variants(offsets, activity)
    return Numbered(of_case=of_case, heads=heads, counts=counts)


# ---- the loops --------------------------------------------------------------------------------------


@compiled
def _count(offsets: Ints, codes: Codes, size: int) -> Ints:
    counts = np.zeros(size * size, dtype=np.int64)
    for i in range(len(offsets) - 1):
        left = codes[offsets[i]]
        for e in range(offsets[i] + 1, offsets[i + 1]):
            right = codes[e]
            counts[left * size + right] += 1
            left = right
    return counts


@compiled
def _scatter(offsets: Ints, codes: Codes, at: Ints, size: int, firsts: Ints) -> Ints:
    took = np.empty(len(codes) - (len(offsets) - 1), dtype=np.int64)
    for i in range(len(offsets) - 1):
        left = codes[offsets[i]]
        for e in range(offsets[i] + 1, offsets[i + 1]):
            right = codes[e]
            pair = left * size + right
            took[firsts[pair]] = at[e] - at[e - 1]
            firsts[pair] += 1
            left = right
    return took


@compiled
def _count_gaps(offsets: Ints, codes: Codes, size: int, is_before: bool) -> Ints:
    counts = np.zeros(size, dtype=np.int64)
    for i in range(len(offsets) - 1):
        for e in range(offsets[i] + 1, offsets[i + 1]):
            counts[codes[e] if is_before else codes[e - 1]] += 1
    return counts


@compiled
def _scatter_gaps(offsets: Ints, codes: Codes, at: Ints, firsts: Ints, is_before: bool) -> Ints:
    took = np.empty(len(codes) - (len(offsets) - 1), dtype=np.int64)
    for i in range(len(offsets) - 1):
        for e in range(offsets[i] + 1, offsets[i + 1]):
            group = codes[e] if is_before else codes[e - 1]
            took[firsts[group]] = at[e] - at[e - 1]
            firsts[group] += 1
    return took


@compiled
def _rework(offsets: Ints, activity: Codes, size: int) -> tuple[Flags, Ints, Ints]:
    seen = np.full(size, -1, dtype=np.int64)
    twice = np.full(size, -1, dtype=np.int64)
    cases = np.zeros(size, dtype=np.int64)
    extra = np.zeros(size, dtype=np.int64)
    repeated = np.zeros(len(offsets) - 1, dtype=np.bool_)
    for i in range(len(offsets) - 1):
        for e in range(offsets[i], offsets[i + 1]):
            what = activity[e]
            if seen[what] != i:
                seen[what] = i
                continue
            extra[what] += 1
            repeated[i] = True
            if twice[what] != i:
                twice[what] = i
                cases[what] += 1
    return repeated, cases, extra


@compiled
def _same(offsets: Ints, activity: Codes, one: int, other: int) -> bool:
    """Whether two cases went the same way."""
    start, length = offsets[one], offsets[one + 1] - offsets[one]
    begin = offsets[other]
    if offsets[other + 1] - begin != length:
        return False
    for step in range(length):  # noqa: SIM110 - a loop is what compiles
        if activity[begin + step] != activity[start + step]:
            return False
    return True


@compiled
def _hash(offsets: Ints, activity: Codes, case: int) -> int:
    mixed = np.uint64(14695981039346656037)
    for e in range(offsets[case], offsets[case + 1]):
        mixed = (mixed ^ np.uint64(activity[e] + 1)) * np.uint64(1099511628211)
        mixed ^= mixed >> np.uint64(29)
    return int(mixed & np.uint64(0x7FFFFFFFFFFFFFFF))


@compiled
def _table(hashes: Ints, known: int, size: int) -> Ints:
    """Where each hash is looked for first, and next to it if that place is taken."""
    table = np.full(size, -1, dtype=np.int64)
    for one in range(known):
        place = hashes[one] & (size - 1)
        while table[place] >= 0:
            place = (place + 1) & (size - 1)
        table[place] = one
    return table


@compiled
def _wider(values: Ints, size: int) -> Ints:
    wider = np.zeros(size, dtype=np.int64)
    wider[: len(values)] = values
    return wider


@compiled
def _variants(offsets: Ints, activity: Codes) -> tuple[Codes, Ints, Ints]:
    """Cases by their sequence: found by hash, then compared event by event, so that no two are ever taken for one."""
    size, known = 1 << 12, 0
    heads, hashes = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    counts = np.zeros(size, dtype=np.int64)
    table = _table(hashes, 0, size)
    of_case = np.empty(len(offsets) - 1, dtype=np.int32)
    for i in range(len(offsets) - 1):
        hashed = _hash(offsets, activity, i)
        place = hashed & (size - 1)
        found = table[place]
        while found >= 0 and not (hashes[found] == hashed and _same(offsets, activity, i, heads[found])):
            place = (place + 1) & (size - 1)
            found = table[place]
        if found < 0:
            found, table[place] = known, known
            heads[known], hashes[known] = i, hashed
            known += 1
        counts[found] += 1
        of_case[i] = found
        if known * 2 >= size:
            size *= 2
            heads, hashes, counts = _wider(heads, size), _wider(hashes, size), _wider(counts, size)
            table = _table(hashes, known, size)
    return of_case, heads[:known].copy(), counts[:known].copy()
