"""Where the next day saved would come from (下一天从哪里省): what each step takes between acceptance and decision, whom
the case waits for there, and how many working days would go if a unit's slow cases came down to those of its peers.

Percentiles with their volume and interval only. The saving is the least there can be: only the cases above the mark
come down, and only to the mark; steps do not add up, for a faster one lets the next begin sooner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from zhengtong.analysis.intervals import Percentile, Spread, percentile, spread_of_sum
from zhengtong.analysis.logs import NO_TIME, Ints
from zhengtong.analysis.stays import Stays, Whose

LEAST: Final = 10
"""Cases below which nothing is said of a step of a unit, and no peer is compared with."""
FEW_PEERS: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTime:
    """What one step takes of a case from acceptance to decision, all its stays there together; times in the axis's
    unit. `queued` is until the first trace of work, over the `seen` stays with one before the act that ended them."""

    step: str
    whose: Whose
    cases: Ints
    median: Percentile
    slow: Percentile
    total: int
    queued: Percentile | None
    seen: int

    @property
    def count(self) -> int:
        return len(self.cases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Working time from acceptance to decision of `cases` cases by whom it was waited for, in sum and by case."""

    cases: int
    total: dict[Whose, int]
    median: dict[Whose, Percentile]
    slow: dict[Whose, Percentile]
    steps: tuple[StepTime, ...]

    @property
    def whole(self) -> int:
        return sum(self.total.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """Working time that would be saved at one step of one unit if its percentile came down to `target`, that of its
    `peers` (units doing the same step, the middle one of them)."""

    unit: str
    step: str
    count: int
    own: Percentile
    median: Percentile
    target: int
    peers: int
    saved: int
    spread: Spread
    above: Ints
    """The cases above the target, the slowest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """The part of each stay that lies between acceptance and decision of its case."""

    case: Ints
    step: np.typing.NDArray[np.int32]
    whose: np.typing.NDArray[np.int32]
    took: Ints
    queued: Ints
    """Until the first trace of work; -1 where only its end left one."""


def clip(stays: Stays, accepted: Ints, decided: Ints) -> Spans:
    """Cut stays to acceptance … decision; `accepted`, `decided` per case on the axis, NO_TIME where there is none."""
    since = np.maximum(stays.since, accepted[stays.case])
    end = decided[stays.case]
    until = np.minimum(np.where(stays.over, stays.until, end), end)
    inside = (accepted[stays.case] != NO_TIME) & (end != NO_TIME) & (until > since) & (stays.whose != Whose.NOBODY)
    worked = stays.over & (stays.begun < stays.until) & (stays.begun >= since)
    queued = np.where(worked, np.minimum(stays.begun, until) - since, -1)
    return Spans(
        case=stays.case[inside], step=stays.step[inside], whose=stays.whose[inside],
        took=(until - since)[inside], queued=queued[inside],
    )  # fmt: skip


def find_split(stays: Stays, accepted: Ints, decided: Ints) -> Split:
    """How the time from acceptance to decision divides, over the cases that were decided."""
    spans = clip(stays, accepted, decided)
    known = np.flatnonzero((accepted != NO_TIME) & (decided != NO_TIME))
    total, median, slow = {}, {}, {}
    for who in (Whose.OFFICE, Whose.APPLICANT, Whose.OTHERS):
        mine = spans.whose == who
        by_case = np.bincount(spans.case[mine], weights=spans.took[mine], minlength=stays.cases)[known].astype(np.int64)
        total[who] = int(by_case.sum())
        half, ninth = percentile(by_case, 0.5), percentile(by_case, 0.9)
        if half is not None and ninth is not None:
            median[who], slow[who] = half, ninth
    steps = [_step_time(stays.steps[code], spans, code) for code in np.unique(spans.step).tolist()]
    steps.sort(key=lambda step: (-step.total, step.step))
    return Split(cases=len(known), total=total, median=median, slow=slow, steps=tuple(steps))


def _step_time(name: str, spans: Spans, code: int) -> StepTime:
    mine = spans.step == code
    cases, took = _by_case(spans.case[mine], spans.took[mine])
    queued = spans.queued[mine]
    median, slow = percentile(took, 0.5), percentile(took, 0.9)
    assert median is not None and slow is not None  # a step that occurs has a case
    return StepTime(
        step=name, whose=Whose(int(spans.whose[mine][0])), cases=cases, median=median, slow=slow,
        total=int(took.sum()), queued=percentile(queued[queued >= 0], 0.5), seen=int(np.count_nonzero(queued >= 0)),
    )  # fmt: skip


def _by_case(case: Ints, took: Ints) -> tuple[Ints, Ints]:
    cases, inverse = np.unique(case, return_inverse=True)
    sums = np.zeros(len(cases), dtype=np.int64)
    np.add.at(sums, inverse, took)
    return cases, sums


def find_savings(
    stays: Stays, accepted: Ints, decided: Ints, units: Sequence[str], *, q: float = 0.9, seed: int = 1
) -> tuple[Saving, ...]:
    """Steps of units by the working time saved if their q-percentile came down to the middle one of comparable units.

    `units` names each case's unit: a department, or a department's item; comparable are the others of the same step in
    the office's hands, with LEAST cases or more. What has no peer, or is not slower than they, is not ranked.
    """
    spans = clip(stays, accepted, decided)
    codes = {name: code for code, name in enumerate(sorted(set(units)))}
    unit_of = np.fromiter((codes[name] for name in units), dtype=np.int64, count=len(units))
    names = tuple(codes)
    found = []
    for step in np.unique(spans.step[spans.whose == Whose.OFFICE]).tolist():
        mine = (spans.step == step) & (spans.whose == Whose.OFFICE)
        cases, took = _by_case(spans.case[mine], spans.took[mine])
        of = unit_of[cases]
        marks = {code: took[of == code] for code in np.unique(of).tolist()}
        marks = {code: values for code, values in marks.items() if len(values) >= LEAST}
        found += [
            one
            for code in marks
            if (one := _saving(marks, code, (names[code], stays.steps[step]), cases[of == code], q, seed))
        ]
    found.sort(key=lambda one: (-one.saved, one.unit, one.step))
    return tuple(found)


def _saving(
    marks: dict[int, Ints], code: int, named: tuple[str, str], cases: Ints, q: float, seed: int
) -> Saving | None:
    own, median = percentile(marks[code], q), percentile(marks[code], 0.5)
    others = sorted(
        mark.value for peer, values in marks.items() if peer != code and (mark := percentile(values, q)) is not None
    )
    if own is None or median is None or len(others) < FEW_PEERS:
        return None
    target = others[len(others) // 2]
    over = np.maximum(marks[code] - target, 0)
    if own.value <= target or not over.any():
        return None
    order = np.argsort(-over, kind="stable")
    return Saving(
        unit=named[0], step=named[1], count=len(over), own=own, median=median, target=target, peers=len(others),
        saved=int(over.sum()), spread=spread_of_sum(over, seed=seed), above=cases[order][over[order] > 0],
    )  # fmt: skip
