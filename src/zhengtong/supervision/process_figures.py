"""The figures of the process pages (过程分析): each with its volume, its interval and its period, each with the cases
behind it by an address. Times are working days, from places on the axis.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from django.utils.translation import gettext as _

from zhengtong.analysis.conformance import (
    Allowed,
    Conformance,
    Deviation,
    Names,
    find_conformance,
    steps_of_acts,
    word_deviation,
)
from zhengtong.analysis.intervals import Percentile, percentile, share
from zhengtong.analysis.logs import NO_TIME, Ints
from zhengtong.analysis.savings import LEAST, Saving, StepTime, clip, find_savings, find_split
from zhengtong.analysis.stays import Stays, Whose
from zhengtong.analysis.working_time import WORKING_DAY
from zhengtong.supervision.history import History
from zhengtong.supervision.process_drawing import Arrow, Drawing, Step, draw, most_frequent

To = Callable[[str], str]
"""From what a figure is about (`step:examining`) to the address of the cases behind it."""
VARIANTS: Final = 30
MATRIX: Final = 14


def days(value: float) -> str:
    """Working days with one digit.

    >>> days(WORKING_DAY * 3 // 2), days(0)
    ('1.5', '0.0')
    """
    return f"{value / WORKING_DAY:,.1f}"


def between(one: Percentile) -> str:
    return f"{days(one.low)}–{days(one.high)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLine:
    """One row of times: what, how many cases, median and 90th percentile with their intervals."""

    code: str
    name: str
    whose: str
    cases: int
    url: str
    median: str
    median_between: str
    slow: str
    slow_between: str
    is_few: bool
    share: str = ""
    queued: str = ""
    seen: int = 0
    bars: tuple[float, float] = (0.0, 0.0)
    """Lengths for the median and for the rest up to the 90th percentile, of a hundred."""


WHOSE: Final = (Whose.OFFICE, Whose.APPLICANT, Whose.OTHERS)


def whose_words() -> Mapping[Whose, str]:
    return {
        Whose.OFFICE: _("等机关"), Whose.APPLICANT: _("等申请人"), Whose.OTHERS: _("等其他部门、特别程序"),
        Whose.NOBODY: _("已结束"),
    }  # fmt: skip


# ---- the map ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrowLine:
    left: str
    right: str
    acts: str
    count: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MapView:
    """The drawing, and the tables that say the same."""

    drawing: Drawing
    steps: tuple[TimeLine, ...]
    arrows: tuple[ArrowLine, ...]
    hidden: int
    cases: int


def find_map(history: History, names: Names, to: To, *, least: float, hot: str = "") -> MapView:
    """The steps and ways of all cases; arrows that less than a share of `least` took are counted, not drawn."""
    stays = history.stays
    lines, steps = [], []
    for code in np.unique(stays.step).tolist():
        mine = (stays.step == code) & stays.over
        here = np.unique(stays.case[stays.step == code])
        line = _time_line(stays, code, names, to, cases=len(here), took=_sums(stays, mine))
        lines.append(line)
    order = _first_seen(stays)
    lines.sort(key=lambda line: order[line.code])
    for line in lines:
        small = (_("九成 %(days)s 天内") % {"days": line.slow}, _("%(n)s 件") % {"n": f"{line.cases:,}"})
        figure = _("%(days)s 天") % {"days": line.median} if line.median else ""
        steps.append(
            Step(
                code=line.code,
                name=line.name,
                figure=figure,
                small=small if line.median else small[1:],
                median=round(float((line.median or "0").replace(",", "")) * 10),
                slow=round(float((line.slow or "0").replace(",", "")) * 10),
                cases=line.cases,
                url=line.url,
            )
        )
    every, table = _arrows(history, names, to)
    cases = len(history.log.cases)
    kept = most_frequent(every, least, cases)
    shown = {code for arrow in kept for code in (arrow.left, arrow.right)}
    boxes = [step for step in steps if step.code in shown or not least] or steps
    return MapView(
        drawing=draw(boxes, kept, hot=hot), steps=tuple(lines), arrows=table,
        hidden=len(every) - len(kept), cases=cases,
    )  # fmt: skip


def _sums(stays: Stays, mine: np.typing.NDArray[np.bool_]) -> Ints:
    """Per case that stayed there, all its stays together."""
    cases, inverse = np.unique(stays.case[mine], return_inverse=True)
    sums = np.zeros(len(cases), dtype=np.int64)
    np.add.at(sums, inverse, stays.lasted[mine])
    return sums


def _first_seen(stays: Stays) -> dict[str, float]:
    """In what place of a case each step comes, on the whole: the order in which boxes and rows stand."""
    first = np.concatenate((np.ones(1, np.bool_), stays.case[1:] != stays.case[:-1]))
    place = np.arange(len(stays.case)) - np.maximum.accumulate(np.where(first, np.arange(len(stays.case)), 0))
    total = np.bincount(stays.step, weights=place, minlength=len(stays.steps))
    count = np.maximum(np.bincount(stays.step, minlength=len(stays.steps)), 1)
    return dict(zip(stays.steps, (total / count).tolist(), strict=True))


def _time_line(stays: Stays, code: int, names: Names, to: To, *, cases: int, took: Ints) -> TimeLine:
    name = stays.steps[code]
    whose = Whose(int(stays.whose[stays.step == code][0]))
    median, slow = percentile(took, 0.5), percentile(took, 0.9)
    timed = whose is not Whose.NOBODY and median is not None and slow is not None
    return TimeLine(
        code=name, name=names.states.get(name, name), whose=whose_words()[whose], cases=cases, url=to(f"step:{name}"),
        median=days(median.value) if timed and median else "",
        median_between=between(median) if timed and median else "",
        slow=days(slow.value) if timed and slow else "", slow_between=between(slow) if timed and slow else "",
        is_few=len(took) < LEAST,
    )  # fmt: skip


def _arrows(history: History, names: Names, to: To) -> tuple[list[Arrow], tuple[ArrowLine, ...]]:
    stays = history.stays
    follows = np.flatnonzero(stays.case[1:] == stays.case[:-1])
    pairs = Counter(zip(stays.step[follows].tolist(), stays.step[follows + 1].tolist(), strict=True))
    acts = _acts_between(history)
    arrows, lines = [], []
    for (left, right), count in sorted(pairs.items(), key=lambda one: (-one[1], one[0])):
        one, other = stays.steps[left], stays.steps[right]
        said = _("、").join(names.acts.get(act, act) for act in acts.get((one, other), ())[:3])
        url = to(f"pair:{one}>{other}")
        title = _("%(left)s → %(right)s：%(acts)s") % {
            "left": names.states.get(one, one), "right": names.states.get(other, other), "acts": said or "–",
        }  # fmt: skip
        arrows.append(Arrow(left=one, right=other, count=count, label=f"{count:,}", title=title, url=url))
        lines.append(
            ArrowLine(
                left=names.states.get(one, one), right=names.states.get(other, other), acts=said, count=count, url=url
            )
        )
    return arrows, tuple(lines)


def _acts_between(history: History) -> dict[tuple[str, str], list[str]]:
    """The acts by which cases went from one state to another, the most frequent first."""
    columns = history.log.event_columns
    names = history.log.activities
    found: dict[tuple[str, str], Counter[str]] = {}
    rows = zip(columns["left"].tolist(), columns["entered"].tolist(), history.log.activity.tolist(), strict=True)
    for (left, entered, act), count in Counter(rows).items():
        if left != entered:
            found.setdefault((left, entered), Counter())[names[act]] += count
    return {pair: [act for act, _count in acts.most_common()] for pair, acts in found.items()}


# ---- ways, times, rework, hand-overs ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantLine:
    place: int
    steps: tuple[str, ...]
    count: int
    share: str
    median: str
    slow: str
    url: str


def find_ways(history: History, names: Names, to: To) -> tuple[tuple[VariantLine, ...], int]:
    """The ways cases went through the states, the most frequent first, and how many there are; ended cases only."""
    ways = way_of_cases(history)
    counted = Counter(way for way, ended in zip(ways, history.ended().tolist(), strict=True) if ended)
    took = history.axis.place(history.log.ended_at) - history.axis.place(history.log.started_at)
    of: dict[tuple[int, ...], list[int]] = {}
    for case, way in enumerate(ways):
        of.setdefault(way, []).append(case)
    whole = sum(counted.values())
    lines = []
    ended = history.ended()
    for place, (way, count) in enumerate(_ranked(counted)[:VARIANTS], start=1):
        mine = np.array([case for case in of[way] if ended[case]], dtype=np.int64)
        median, slow = percentile(took[mine], 0.5), percentile(took[mine], 0.9)
        lines.append(
            VariantLine(
                place=place, count=count, share=f"{100 * count / whole:.1f}%",
                steps=tuple(names.states.get(code, code) for code in (history.stays.steps[n] for n in way)),
                median=days(median.value) if median else "", slow=days(slow.value) if slow else "",
                url=to(f"way:{place}"),
            )
        )  # fmt: skip
    return tuple(lines), len(counted)


def _ranked(counted: Counter[tuple[int, ...]]) -> list[tuple[tuple[int, ...], int]]:
    return sorted(counted.items(), key=lambda one: (-one[1], one[0]))


def way_of_cases(history: History) -> list[tuple[int, ...]]:
    stays = history.stays
    bounds = np.searchsorted(stays.case, np.arange(stays.cases + 1)).tolist()
    steps = stays.step.tolist()
    return [tuple(steps[start:end]) for start, end in itertools.pairwise(bounds)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitLine:
    whose: str
    total: str
    share: str
    percent: int
    median: str
    median_between: str
    slow: str
    slow_between: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Dwell by step, and the split of the time from acceptance to decision."""

    cases: int
    steps: tuple[TimeLine, ...]
    split: tuple[SplitLine, ...]


def find_times(history: History, names: Names, to: To) -> Times:
    split = find_split(history.stays, history.accepted, history.decided)
    longest = max((step.slow.value for step in split.steps), default=0) or 1
    lines = [_split_step(step, (split.whole, longest), names, to) for step in split.steps]
    words = whose_words()
    parts = [
        SplitLine(
            whose=words[who], total=days(split.total[who]),
            share=f"{100 * split.total[who] / split.whole:.1f}%" if split.whole else "–",
            percent=round(100 * split.total[who] / split.whole) if split.whole else 0,
            median=days(split.median[who].value), median_between=between(split.median[who]),
            slow=days(split.slow[who].value), slow_between=between(split.slow[who]),
        )
        for who in WHOSE if who in split.median
    ]  # fmt: skip
    return Times(cases=split.cases, steps=tuple(lines), split=tuple(parts))


def _split_step(step: StepTime, scales: tuple[int, int], names: Names, to: To) -> TimeLine:
    whole, longest = scales
    first = round(100 * step.median.value / longest, 1)
    return TimeLine(
        code=step.step, name=names.states.get(step.step, step.step), whose=whose_words()[step.whose], cases=step.count,
        url=to(f"dwell:{step.step}"), median=days(step.median.value), median_between=between(step.median),
        slow=days(step.slow.value), slow_between=between(step.slow), is_few=step.count < LEAST,
        share=f"{100 * step.total / whole:.1f}%" if whole else "–",
        queued=days(step.queued.value) if step.queued else "", seen=step.seen,
        bars=(first, round(100 * step.slow.value / longest - first, 1)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ReworkLine:
    name: str
    cases: int
    again: int
    share: str
    extra: str
    url: str


def find_repeats(history: History, names: Names, to: To) -> tuple[tuple[ReworkLine, ...], int]:
    """Steps that cases came to again, with the working time their later stays took; cases with any of it."""
    stays = history.stays
    order = np.lexsort((np.arange(len(stays.case)), stays.step, stays.case))
    same = np.zeros(len(order), dtype=np.bool_)
    same[1:] = (stays.case[order][1:] == stays.case[order][:-1]) & (stays.step[order][1:] == stays.step[order][:-1])
    again = np.zeros(len(order), dtype=np.bool_)
    again[order] = same
    lines = []
    for code in np.unique(stays.step[again]).tolist():
        mine = again & (stays.step == code)
        cases, whole = len(np.unique(stays.case[mine])), len(np.unique(stays.case[stays.step == code]))
        name = stays.steps[code]
        lines.append(
            ReworkLine(
                name=names.states.get(name, name), cases=cases, again=int(mine.sum()),
                share=_("%(part)s / %(whole)s 件，%(percent)s%%")
                % {"part": f"{cases:,}", "whole": f"{whole:,}", "percent": f"{100 * cases / whole:.1f}"},
                extra=days(int(stays.lasted[mine].sum())), url=to(f"again:{name}"),
            )
        )  # fmt: skip
    lines.sort(key=lambda line: (-line.cases, line.name))
    return tuple(lines), len(np.unique(stays.case[again]))


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOvers:
    """Who handed over to whom, between units: the busiest ones in rows and columns."""

    units: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[int, str, int], ...]], ...]
    """(giver, for each taker: how often, address, depth of shade 0 to 4)."""
    kept: int
    passed: int
    left_out: int


def find_hand_overs(history: History, words: Callable[[Sequence[str]], Mapping[str, str]], to: To) -> HandOvers:
    """From the unit of each act to that of the next; acts by the applicant and the law hand nothing over."""
    pairs = Counter(unit_pairs(history))
    kept = sum(count for (one, other), count in pairs.items() if one == other)
    busiest: Counter[str] = Counter()
    for (one, other), count in pairs.items():
        if one != other:
            busiest[one] += count
            busiest[other] += count
    shown = [code for code, _count in sorted(busiest.items(), key=lambda each: (-each[1], each[0]))[:MATRIX]]
    passed = sum(count for (one, other), count in pairs.items() if one != other)
    inside = sum(count for (one, other), count in pairs.items() if one != other and {one, other} <= set(shown))
    names = words(shown)
    most = max((count for (one, other), count in pairs.items() if one != other), default=1)
    rows = tuple(
        (
            names.get(one, one),
            tuple(
                (count, to(f"over:{one}>{other}") if count else "", 0 if one == other else -(-4 * count // most))
                for other in shown
                for count in (0 if one == other else pairs.get((one, other), 0),)
            ),
        )
        for one in shown
    )
    return HandOvers(
        units=tuple(names.get(code, code) for code in shown), rows=rows, kept=kept, passed=passed,
        left_out=passed - inside,
    )  # fmt: skip


def unit_pairs(history: History) -> list[tuple[str, str]]:
    """The unit of each act and that of the next one in its case, where both have one."""
    return [(one, other) for one, other, _case in _unit_steps(history)]


def _unit_steps(history: History) -> list[tuple[str, str, int]]:
    units = history.log.event_columns["unit"].tolist()
    cases = history.log.case_of().tolist()
    kept = [(unit, case) for unit, case in zip(units, cases, strict=True) if unit]
    return [
        (one, other, case)
        for (one, case), (other, its) in itertools.pairwise(kept)
        if case == its
    ]  # fmt: skip


# ---- conformance and savings --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviationLine:
    say: str
    cases: int
    events: int
    url: str


def judge(history: History) -> Conformance:
    """Every case by the binding of its own item version; bindings that allow the same are judged together."""
    keys: dict[Allowed, list[tuple[str, int]]] = {}
    for key, allowed in history.allowed().items():
        keys.setdefault(allowed, []).append(key)
    group = {key: n for n, members in enumerate(keys.values()) for key in members}
    of_case = np.array([group.get(key, -1) for key in history.keys])
    found: dict[tuple[str, ...], list[Deviation]] = {}
    whole = np.arange(len(history.log.cases))
    for n, allowed in enumerate(keys):
        mine = of_case == n
        part = history.log.select(mine)
        judged = find_conformance(steps_of_acts(part), allowed, cases=len(part.cases), ended=history.ended()[mine])
        for one in judged.deviations:
            moved = Deviation(
                kind=one.kind, left=one.left, act=one.act, entered=one.entered, missing=one.missing,
                cases=whole[mine][one.cases], events=one.events,
            )  # fmt: skip
            found.setdefault((one.kind, one.left, one.act, one.entered, *one.missing), []).append(moved)
    deviations = [_joined(parts) for parts in found.values()]
    deviations.sort(key=lambda one: (-len(one.cases), one.kind, one.left, one.act, one.entered))
    deviating = np.unique(np.concatenate([one.cases for one in deviations])) if deviations else np.empty(0, np.int64)
    judged_cases = int(np.count_nonzero(of_case >= 0))
    return Conformance(
        conforming=share(judged_cases - len(deviating), judged_cases), deviations=tuple(deviations),
        deviating=deviating.astype(np.int64),
    )  # fmt: skip


def _joined(parts: Sequence[Deviation]) -> Deviation:
    one = parts[0]
    return Deviation(
        kind=one.kind, left=one.left, act=one.act, entered=one.entered, missing=one.missing,
        cases=np.unique(np.concatenate([part.cases for part in parts])), events=sum(part.events for part in parts),
    )  # fmt: skip


def deviation_lines(found: Conformance, names: Names, to: To) -> tuple[DeviationLine, ...]:
    return tuple(
        DeviationLine(
            say=word_deviation(one, names), cases=len(one.cases), events=one.events, url=to(f"deviation:{place}")
        )
        for place, one in enumerate(found.deviations)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingLine:
    unit: str
    step: str
    count: int
    median: str
    own: str
    own_between: str
    target: str
    peers: int
    saved: str
    saved_between: str
    above: int
    url: str
    is_worst: bool = False


def savings_of(history: History, q: float) -> tuple[Saving, ...]:
    depts = [str(dept) for dept in history.log.case_columns["dept"]]
    return find_savings(history.stays, history.accepted, history.decided, depts, q=q)


def saving_lines(found: Sequence[Saving], names: Names, units: Mapping[str, str], to: To) -> tuple[SavingLine, ...]:
    return tuple(
        SavingLine(
            unit=units.get(one.unit, one.unit), step=names.states.get(one.step, one.step), count=one.count,
            median=days(one.median.value), own=days(one.own.value), own_between=between(one.own),
            target=days(one.target), peers=one.peers, saved=f"{one.saved / WORKING_DAY:,.0f}",
            saved_between=f"{one.spread.low / WORKING_DAY:,.0f}–{one.spread.high / WORKING_DAY:,.0f}",
            above=len(one.above), url=to(f"saving:{one.unit}:{one.step}"), is_worst=place == 0,
        )
        for place, one in enumerate(found)
    )  # fmt: skip


# ---- the cases behind a figure --------------------------------------------------------------------------


def cases_behind(history: History, about: str, *, q: float = 0.9) -> Ints | None:
    """The cases a figure counts, the slowest in it first; None where the words name no figure."""
    kind, _colon, what = about.partition(":")
    found = {
        "step": _behind_step, "dwell": _behind_dwell, "pair": _behind_pair, "way": _behind_way, "again": _behind_again,
        "over": _behind_over, "deviation": _behind_deviation, "open": _behind_open,
    }.get(kind)  # fmt: skip
    if kind == "saving":
        unit, _colon, step = what.partition(":")
        return next((one.above for one in savings_of(history, q) if (one.unit, one.step) == (unit, step)), None)
    if kind == "deviating":
        return judge(history).deviating
    return None if found is None else found(history, what)


def _slowest(history: History, mine: np.typing.NDArray[np.bool_]) -> Ints:
    cases, inverse = np.unique(history.stays.case[mine], return_inverse=True)
    sums = np.zeros(len(cases), dtype=np.int64)
    np.add.at(sums, inverse, history.stays.lasted[mine])
    return cases[np.argsort(-sums, kind="stable")]


def _behind_step(history: History, what: str) -> Ints | None:
    if what not in history.stays.steps:
        return None
    return _slowest(history, history.stays.step == history.stays.steps.index(what))


def _behind_dwell(history: History, what: str) -> Ints | None:
    """Cases that were in a step between acceptance and decision: what the times of steps count."""
    if what not in history.stays.steps:
        return None
    spans = clip(history.stays, history.accepted, history.decided)
    mine = spans.step == history.stays.steps.index(what)
    cases, inverse = np.unique(spans.case[mine], return_inverse=True)
    sums = np.zeros(len(cases), dtype=np.int64)
    np.add.at(sums, inverse, spans.took[mine])
    return np.asarray(cases[np.argsort(-sums, kind="stable")], dtype=np.int64)


def _behind_open(history: History, what: str) -> Ints | None:
    """Cases that stand in a step now, the one that came first on top."""
    stays = history.stays
    if what not in stays.steps:
        return None
    mine = (stays.step == stays.steps.index(what)) & (stays.until == NO_TIME)
    return np.asarray(stays.case[mine][np.argsort(stays.since[mine], kind="stable")], dtype=np.int64)


def _behind_pair(history: History, what: str) -> Ints | None:
    one, _sign, other = what.partition(">")
    stays = history.stays
    if one not in stays.steps or other not in stays.steps:
        return None
    left, right = stays.steps.index(one), stays.steps.index(other)
    mine = np.zeros(len(stays.case), dtype=np.bool_)
    mine[:-1] = (stays.step[:-1] == left) & (stays.step[1:] == right) & (stays.case[:-1] == stays.case[1:])
    return _slowest(history, mine)


def _behind_way(history: History, what: str) -> Ints | None:
    ways, ended = way_of_cases(history), history.ended().tolist()
    ranked = _ranked(Counter(way for way, over in zip(ways, ended, strict=True) if over))
    if not what.isdecimal() or not 0 < int(what) <= len(ranked):
        return None
    wanted = ranked[int(what) - 1][0]
    return np.array([n for n, way in enumerate(ways) if way == wanted and ended[n]], dtype=np.int64)


def _behind_again(history: History, what: str) -> Ints | None:
    stays = history.stays
    if what not in stays.steps:
        return None
    cases, counts = np.unique(stays.case[stays.step == stays.steps.index(what)], return_counts=True)
    return np.asarray(cases[counts > 1], dtype=np.int64)


def _behind_over(history: History, what: str) -> Ints | None:
    one, _sign, other = what.partition(">")
    found = sorted({case for left, right, case in _unit_steps(history) if (left, right) == (one, other)})
    return np.array(found, dtype=np.int64) if found else None


def _behind_deviation(history: History, what: str) -> Ints | None:
    found = judge(history).deviations
    return found[int(what)].cases if what.isdecimal() and int(what) < len(found) else None
