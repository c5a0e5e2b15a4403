"""Supervising a system that was never connected (从别处的日志监察): what its event log alone proves, with examples.

Every figure has a definition in docs/observing.md. What the log cannot tell is said, not guessed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, Final

import numpy as np

from zhengtong.analysis import measuring
from zhengtong.analysis.intervals import share
from zhengtong.analysis.logs import NO_TIME, UNKNOWN, Codes, Ints, Log
from zhengtong.analysis.meanings import MapFault, Observed, east_of, is_days
from zhengtong.analysis.measuring import Measured
from zhengtong.analysis.reading.instants import A_DAY, MINUTE
from zhengtong.analysis.spreads import Spread, exact_sum, find_spread
from zhengtong.analysis.working_time import WORKING_DAY, axis_of
from zhengtong.kernel.calendars import Calendar, CalendarRange
from zhengtong.kernel.terms import Term, Unit
from zhengtong.law import bulk_days

EXAMPLES: Final = 10
SECOND: Final = 1_000_000
STALL_TIMES: Final = 3
"""A case stalls when nothing has happened for so many times what nine in ten cases took at that step."""
BURST_EVENTS: Final = 10
BURST_LONG: Final = 10 * MINUTE
MONTH_END_DAYS: Final = 3
CLEARLY: Final = 4.0
"""Standard deviations from which chance is no explanation."""
HOURS: Final = (7, 20)
"""Local hours of a day outside which work is said to be at night."""
LEAST_EVENTS: Final = 20
SAME_RUN: Final = 5
EAST_OF_LAW: Final = 480
"""Minutes east of UTC in which a calendar of law counts."""
LEAST_TOGETHER: Final = 30
SELDOM: Final = 0.05
CHECKED: Final = 20
"""So many of the most frequent activities are looked at in pairs."""
CHECK_LIKE: Final = re.compile(
    r"check|approv|review|verif|control|decid|decision|determin|authori[sz]|sign.?off|toets|controle|beslis|besluit|accord|prüf|"
    r"genehmig|freigabe|entscheid|revis|aprob|autoriza|valida|审核|审批|复核|批准|核准|决定|审查|复审|审定|签批",
    re.IGNORECASE,
)

Flags = np.typing.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many of so many, with the interval in which the true share lies."""

    name: str
    part: int
    whole: int
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """One case past its limit; `by` is the time past it, `working_days` the same in a calendar's days."""

    case: str
    group: str
    due_at: int
    until: int
    by: int
    working_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    case: str
    after: str
    since: int
    idle: int
    usual: int
    """What nine in ten cases took from this step to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Many events of one activity by one resource within minutes."""

    activity: str
    resource: str
    since: int
    until: int
    events: int
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """Two activities that different people do as a rule, and the cases in which one person did both."""

    first: str
    second: str
    learned: bool
    cases: int
    same: int
    examples: tuple[tuple[str, str], ...]
    """Case and resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Events one after the other that all took the same time, to the second."""

    activity: str
    resource: str
    took: int
    events: int
    since: int
    until: int
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    activity: str
    cases: int
    extra: int
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """All that was found; where something could not be told, `untold` says why."""

    counts: Mapping[str, int | None]
    first_at: int
    last_at: int
    measured: Measured
    dwell: Mapping[str, Spread]
    dwell_worked: Mapping[str, Spread] = field(default_factory=dict)
    """Dwell on the axis of a calendar's working time, a working day as long as a day; empty without a calendar."""
    work: Mapping[str, Spread] = field(default_factory=dict)
    """From the start of an activity to its end, where the log tells both."""
    whole_seconds: int = 0
    """All durations in sum, each instant cut to whole seconds before it is subtracted."""
    late: Sequence[Late] = ()
    late_by: Sequence[int] = ()
    """Of every case that ended late, by how long."""
    months: Sequence[tuple[str, int, int]] = ()
    """Month, cases that ended in it, those of them that were late."""
    late_by_group: Sequence[Rate] = ()
    open_late: Sequence[Late] = ()
    open_age: Sequence[int] = ()
    stalls: Sequence[Stall] = ()
    rework: Sequence[Repeat] = ()
    bursts: Sequence[Burst] = ()
    month_end: Rate | None = None
    month_end_expected: float = 0.0
    month_end_is_clear: bool = False
    outside: Rate | None = None
    outside_by_resource: Sequence[Rate] = ()
    both: Sequence[Both] = ()
    runs: Sequence[Run] = ()
    handovers: Sequence[tuple[str, str, int]] = ()
    untold: Sequence[str] = ()
    """Codes of what could not be said: `ended`, `deadline`, `planned`, `resource`, `clock`, `utc`, `group`,
    `calendar`."""
    notes: Sequence[str] = field(default_factory=tuple)


def observe(seen: Observed, calendar: Calendar | None = None) -> Observation:
    """
    Raises:
        MapFault: a limit in working days without a calendar, or a calendar that does not cover the log.
    """
    seen = _with_zone(_with_limit(seen, calendar))
    log = seen.log
    measured = measuring.measure(log)
    last = int(log.at.max())
    late, late_by_group = find_late(seen, calendar)
    open_late, ages = find_open(seen, last, calendar)
    outside, by_resource = find_outside(seen, calendar)
    month_end, expected, is_clear = find_month_end(seen, calendar)
    worked, untold = find_dwell_worked(seen, calendar)
    return Observation(
        counts=count(seen, measured, last), first_at=int(log.at.min()), last_at=last, measured=measured,
        dwell=measuring.find_dwell(log), dwell_worked=worked, work=find_work(seen),
        whole_seconds=sum_whole_seconds(log), late_by=find_lateness(seen), months=find_months(seen),
        late=late, late_by_group=late_by_group, open_late=open_late, open_age=ages,
        stalls=find_stalls(seen, last), rework=find_repeats(log, measured), bursts=find_bursts(seen),
        month_end=month_end, month_end_expected=expected, month_end_is_clear=is_clear, outside=outside,
        outside_by_resource=by_resource, both=find_both(seen), runs=find_runs(seen), handovers=_handovers(log),
        untold=(*find_untold(seen), *untold), notes=seen.notes,
    )  # fmt: skip


# ---- times ----------------------------------------------------------------------------------------------


def sum_whole_seconds(log: Log) -> int:
    """The durations of all cases in sum, as tools count that know no parts of a second."""
    return exact_sum(log.ended_at // SECOND - log.started_at // SECOND)


def find_work(seen: Observed) -> dict[str, Spread]:
    """How long each activity was worked on, from its start to its end."""
    if seen.begun is None:
        return {}
    log = seen.log
    known = (seen.begun != NO_TIME) & (seen.begun <= log.at)
    took, codes = log.at[known] - seen.begun[known], log.activity[known]
    return {log.activities[code]: find_spread(took[codes == code]) for code in np.unique(codes).tolist()}


def find_dwell_worked(seen: Observed, calendar: Calendar | None) -> tuple[dict[str, Spread], list[str]]:
    """Dwell in working time; nothing, and that it could not be told, where the calendar does not cover the log."""
    if calendar is None:
        return {}, []
    zones, counts = np.unique(seen.east, return_counts=True)
    shift = (int(zones[counts.argmax()]) - EAST_OF_LAW) * MINUTE
    try:
        at = axis_of(calendar).place(seen.log.at + shift)
    except CalendarRange:
        return {}, ["calendar"]
    return measuring.find_dwell(replace(seen.log, at=at)), []


# ---- limits -------------------------------------------------------------------------------------------


def _with_limit(seen: Observed, calendar: Calendar | None) -> Observed:
    """The limit of the map file as a column of instants, where the log has none."""
    if not seen.meaning.limit or seen.deadline is not None:
        return _with_day_ends(seen)
    try:
        term = Term.parse(seen.meaning.limit)
    except ValueError as error:
        raise MapFault(f"limit: {error}") from error
    start = seen.opened if seen.opened is not None else seen.log.started_at
    start = np.where(start == NO_TIME, seen.log.started_at, start)
    east = _case_east(seen)
    days = ((start + east * MINUTE) // A_DAY).astype("datetime64[D]")
    if term.unit is Unit.WD:
        if calendar is None:
            raise MapFault(f"limit: {seen.meaning.limit} is in working days: name a calendar (--calendar CN)")
        due = _within(calendar, lambda: bulk_days.add_days(calendar, days, term.n))
    elif term.unit is Unit.CD:
        due = days + np.timedelta64(term.n, "D")
        if calendar is not None:
            rolled = due
            due = _within(calendar, lambda: bulk_days.roll_days(calendar, rolled))
    else:
        raise MapFault(f"limit: {seen.meaning.limit}: only wd and cd are counted here")
    lapse = (due + np.timedelta64(1, "D")).astype(np.int64) * A_DAY
    return replace(_with_day_ends(seen), deadline=lapse - east * MINUTE - 1)  # the last instant in time


def _with_day_ends(seen: Observed) -> Observed:
    """A limit that is a day alone lapses when that day is over."""
    east = _case_east(seen)
    changed: dict[str, Any] = {}
    for name in ("deadline", "planned"):
        values = getattr(seen, name)
        if values is not None and (is_days(values, east) or is_days(values, 0)):
            changed[name] = np.where(values == NO_TIME, NO_TIME, values + 86_400 * SECOND - 1)
    return replace(seen, **changed) if changed else seen


def _within(calendar: Calendar, counted: Any) -> Any:
    try:
        return counted()
    except CalendarRange as error:
        raise MapFault(
            f"the calendar {calendar.edition} covers {calendar.first} to {calendar.last}, not all of this log"
        ) from error


def _case_east(seen: Observed) -> Ints:
    return seen.east[seen.log.offsets[:-1]].astype(np.int64)


def _with_zone(seen: Observed) -> Observed:
    if seen.meaning.zone and not seen.east.any():
        return replace(seen, east=np.full(len(seen.east), east_of(seen.meaning.zone), dtype=np.int32))
    return seen


def is_after(left: Ints, right: Ints) -> Flags:
    return np.asarray((left != NO_TIME) & (right != NO_TIME) & (left > right))


def count(seen: Observed, measured: Measured, last: int) -> dict[str, int | None]:
    """The figures of the whole, under the names of `--json`."""
    log, ended = seen.log, seen.ended
    found: dict[str, int | None] = {
        "cases": len(log.cases), "events": log.events, "activities": len(measured.map.activities),
        "resources": len(np.unique(log.resource[log.resource != UNKNOWN])),
        "directly_follows_pairs": len(measured.map.pairs), "successions": measured.map.successions,
        "variants": measured.variants.count, "cases_with_rework": measured.rework.case_activities,
        "cases_that_repeat": measured.rework.cases,
    }  # fmt: skip
    late = planned = open_late = open_planned = is_ended = is_open = None
    if ended is not None and seen.ended_at is not None:
        is_ended, is_open = int(ended.sum()), int((~ended).sum())
        now = np.full(len(log.cases), last, dtype=np.int64)
        if seen.deadline is not None:
            late = int((ended & is_after(seen.ended_at, seen.deadline)).sum())
            open_late = int((~ended & is_after(now, seen.deadline)).sum())
        if seen.planned is not None:
            planned = int((ended & is_after(seen.ended_at, seen.planned)).sum())
            open_planned = int((~ended & is_after(now, seen.planned)).sum())
    found |= {
        "ended": is_ended, "ended_after_deadline": late, "ended_after_planned": planned, "open": is_open,
        "open_past_deadline": open_late, "open_past_planned": open_planned,
    }  # fmt: skip
    if ended is None and seen.deadline is not None:
        found["cases_active_after_deadline"] = int(is_after(log.ended_at, seen.deadline).sum())
    if seen.step_due is not None:
        found["events_after_step_due"] = int(is_after(log.at, seen.step_due).sum())
    return found


def find_late(seen: Observed, calendar: Calendar | None) -> tuple[list[Late], list[Rate]]:
    """Cases that ended after their deadline (their planned end where there is none), the latest first."""
    limit = _limit(seen)
    if limit is None or seen.ended is None or seen.ended_at is None:
        return [], []
    late = seen.ended & is_after(seen.ended_at, limit)
    rows = np.flatnonzero(late)
    rows = rows[np.argsort(limit[rows] - seen.ended_at[rows], kind="stable")]
    found = [_late(seen, int(row), limit, int(seen.ended_at[row]), calendar) for row in rows.tolist()[: EXAMPLES * 5]]
    if seen.group is None:
        return found, []
    judged = seen.ended & (limit != NO_TIME)
    groups = np.array(["" if value is None else str(value) for value in seen.group], dtype=object)
    names, inverse = np.unique(groups.astype(str), return_inverse=True)
    whole = np.bincount(inverse[judged], minlength=len(names))
    part = np.bincount(inverse[late], minlength=len(names))
    rates = [
        make_rate(str(name), p, w)
        for name, p, w in zip(names.tolist(), part.tolist(), whole.tolist(), strict=True)
        if w
    ]
    return found, sorted(rates, key=lambda rate: (-rate.low, rate.name))


def _limit(seen: Observed) -> Ints | None:
    return seen.deadline if seen.deadline is not None else seen.planned


def find_lateness(seen: Observed) -> list[int]:
    """By how long each case that ended late was late."""
    limit = _limit(seen)
    if limit is None or seen.ended is None or seen.ended_at is None:
        return []
    late = seen.ended & is_after(seen.ended_at, limit)
    return [int(by) for by in seen.ended_at[late] - limit[late]]


def find_months(seen: Observed) -> list[tuple[str, int, int]]:
    """Month by month the cases that ended, and those of them that ended late."""
    if seen.ended is None or seen.ended_at is None:
        return []
    known = seen.ended & (seen.ended_at != NO_TIME)
    months = ((seen.ended_at + _case_east(seen) * MINUTE) // A_DAY).astype("datetime64[D]").astype("datetime64[M]")
    limit = _limit(seen)
    late = known & is_after(seen.ended_at, limit) if limit is not None else np.zeros(len(known), dtype=np.bool_)
    names, inverse = np.unique(months[known], return_inverse=True)
    ended = np.bincount(inverse, minlength=len(names)).tolist()
    were_late = np.bincount(inverse[late[known]], minlength=len(names)).tolist()
    return [(str(n), e, w) for n, e, w in zip(names, ended, were_late, strict=True)]


def make_rate(name: str, part: int, whole: int) -> Rate:
    sure = share(part, whole)
    return Rate(name=name, part=part, whole=whole, low=sure.low, high=sure.high)


def _late(seen: Observed, row: int, limit: Ints, until: int, calendar: Calendar | None) -> Late:
    group = seen.group[row] if seen.group is not None else None
    days = None
    if calendar is not None:
        east = int(seen.east[seen.log.offsets[row]])
        due, done = (_day(instant, east) for instant in (int(limit[row]), until))
        try:
            days = calendar.count(due, done)
        except CalendarRange:
            days = None
    return Late(
        case=seen.log.cases[row], group="" if group is None else str(group), due_at=int(limit[row]), until=until,
        by=until - int(limit[row]), working_days=days,
    )  # fmt: skip


def _day(instant: int, east: int) -> date:
    return date.fromordinal((instant + east * MINUTE) // A_DAY + 719_163)


def find_open(seen: Observed, last: int, calendar: Calendar | None) -> tuple[list[Late], list[int]]:
    """Open cases past their date at the last instant of the log, and how old all open cases are."""
    if seen.ended is None:
        return [], []
    is_open = ~seen.ended
    start = seen.log.started_at if seen.opened is None else np.where(
        seen.opened == NO_TIME, seen.log.started_at, seen.opened
    )  # fmt: skip
    ages = np.sort(last - start[is_open])[::-1].tolist()
    limit = _limit(seen)
    if limit is None:
        return [], ages
    rows = np.flatnonzero(is_open & is_after(np.full(len(is_open), last, dtype=np.int64), limit))
    rows = rows[np.argsort(limit[rows], kind="stable")]
    return [_late(seen, int(row), limit, last, calendar) for row in rows.tolist()[: EXAMPLES * 5]], ages


def find_stalls(seen: Observed, last: int) -> list[Stall]:
    """Open cases in which nothing happened for far longer than is usual at that step."""
    if seen.ended is None:
        return []
    log = seen.log
    usual = measuring.find_dwell(log, is_before=False)
    found = []
    for row in np.flatnonzero(~seen.ended).tolist():
        place = int(log.offsets[row + 1]) - 1
        activity = log.activities[log.activity[place]]
        spread = usual.get(activity)
        idle = last - int(log.at[place])
        if spread is None or not spread.is_ranked or idle <= max(STALL_TIMES * spread.p90, 86_400 * SECOND):
            continue
        found.append(Stall(case=log.cases[row], after=activity, since=int(log.at[place]), idle=idle, usual=spread.p90))
    return sorted(found, key=lambda stall: -stall.idle)


def find_repeats(log: Log, measured: Measured) -> list[Repeat]:
    """Activities that happened more than once in a case, the most frequent first."""
    found, case = [], log.case_of()
    for name, cases in sorted(measured.rework.by_activity.items(), key=lambda each: (-each[1], each[0])):
        code = log.activities.index(name)
        of_case = np.bincount(case[log.activity == code], minlength=len(log.cases))
        worst = int(np.argmax(of_case))
        found.append(Repeat(activity=name, cases=cases, extra=measured.rework.repeats[name], example=log.cases[worst]))
    return found


# ---- patterns -----------------------------------------------------------------------------------------


def find_bursts(seen: Observed) -> list[Burst]:
    """At least ten events of one activity by one resource within ten minutes, in different cases."""
    log = seen.log
    if not seen.has_clock or log.events < BURST_EVENTS:
        return []
    case = log.case_of()
    order = np.lexsort((log.at, log.activity, log.resource))
    group = log.resource[order].astype(np.int64) * len(log.activities) + log.activity[order]
    at, step = log.at[order], BURST_EVENTS - 1
    heads = np.flatnonzero((group[step:] == group[:-step]) & (at[step:] - at[:-step] <= BURST_LONG))
    found, end = [], -1
    for head in heads.tolist():
        if head < end:
            continue
        end = head + step + 1
        while end < len(order) and group[end] == group[head] and at[end] - at[end - step] <= BURST_LONG:
            end += 1
        rows = order[head:end]
        cases = tuple(dict.fromkeys(case[rows].tolist()))
        if len(cases) >= BURST_EVENTS:
            found.append(
                Burst(
                    activity=log.activities[log.activity[rows[0]]],
                    resource=_resource(log, int(rows[0])),
                    since=int(log.at[rows[0]]),
                    until=int(log.at[rows[-1]]),
                    events=len(rows),
                    cases=tuple(log.cases[each] for each in cases[:EXAMPLES]),
                )
            )
    return sorted(found, key=lambda burst: (-burst.events, burst.since))


def _resource(log: Log, row: int) -> str:
    code = int(log.resource[row])
    return log.resources[code] if code >= 0 else ""


def find_month_end(seen: Observed, calendar: Calendar | None) -> tuple[Rate | None, float, bool]:
    """How many cases end on the last three days of a month, against the share of such days among working days."""
    if seen.ended is None or seen.ended_at is None:
        return None, 0.0, False
    known = seen.ended & (seen.ended_at != NO_TIME)
    if int(known.sum()) < 2 * LEAST_TOGETHER:
        return None, 0.0, False
    days = ((seen.ended_at[known] + _case_east(seen)[known] * MINUTE) // A_DAY).astype("datetime64[D]")
    span = np.arange(days.min(), days.max() + np.timedelta64(1, "D"))
    works = ~is_rest(span, calendar)
    expected = float(_at_month_end(span[works]).mean()) if works.any() else 0.0
    part, whole = int(_at_month_end(days).sum()), len(days)
    deviation = (part - whole * expected) / max((whole * expected * (1 - expected)) ** 0.5, 1e-9)
    return make_rate("", part, whole), expected, deviation >= CLEARLY


def _at_month_end(days: Any) -> Flags:
    following = (days.astype("datetime64[M]") + 1).astype("datetime64[D]")
    return np.asarray((following - days).astype(np.int64) <= MONTH_END_DAYS)


def is_rest(days: Any, calendar: Calendar | None) -> Flags:
    """Saturdays and Sundays; with a calendar that covers them, its days of rest."""
    if calendar is not None:
        try:
            return np.asarray(~bulk_days.are_working(calendar, days))
        except CalendarRange:
            pass
    return np.asarray(~np.is_busday(days))


def find_outside(seen: Observed, calendar: Calendar | None) -> tuple[Rate | None, list[Rate]]:
    """Events at night or on days of rest, and the resources most of whose events are."""
    if not seen.has_clock:
        return None, []
    log = seen.log
    local = log.at + seen.east.astype(np.int64) * MINUTE
    days = (local // A_DAY).astype("datetime64[D]")
    distinct, inverse = np.unique(days, return_inverse=True)
    hour = local % A_DAY // (60 * MINUTE)
    outside = is_rest(distinct, calendar)[inverse] | (hour < HOURS[0]) | (hour >= HOURS[1])
    whole_rate = make_rate("", int(outside.sum()), log.events)
    known = log.resource >= 0
    size = len(log.resources)
    whole = np.bincount(log.resource[known], minlength=size)
    part = np.bincount(log.resource[known & outside], minlength=size)
    rates = [
        make_rate(log.resources[code], int(part[code]), int(whole[code]))
        for code in np.flatnonzero((whole >= LEAST_EVENTS) & (part * 2 >= whole)).tolist()
    ]
    return whole_rate, sorted(rates, key=lambda rate: (-rate.part, rate.name))


def find_both(seen: Observed) -> list[Both]:
    """Resources on both sides of a check: pairs of the map file, or pairs that different people do as a rule."""
    log = seen.log
    if not len(log.resources):
        return []
    case = log.case_of()
    counts = np.bincount(log.activity, minlength=len(log.activities))
    given = {frozenset(pair): pair for pair in seen.meaning.duties}
    wanted = [code for code in np.argsort(-counts, kind="stable").tolist()[:CHECKED] if counts[code] >= LEAST_TOGETHER]
    wanted += [
        code for code, name in enumerate(log.activities) if any(name in pair for pair in given) and code not in wanted
    ]
    who = {code: _last_resource(log, case, code) for code in wanted}
    found = []
    for n, first in enumerate(wanted):
        for second in wanted[n + 1 :]:
            names = (log.activities[first], log.activities[second])
            pair = _pair(log, who[first], who[second], given.get(frozenset(names), names), frozenset(names) in given)
            if pair is not None:
                found.append(pair)
    return sorted(found, key=lambda each: (each.learned, -each.same, each.first, each.second))


def _last_resource(log: Log, case: Codes, code: int) -> Codes:
    who = np.full(len(log.cases), UNKNOWN, dtype=np.int32)
    rows = log.activity == code
    who[case[rows]] = log.resource[rows]
    return who


def _pair(log: Log, left: Codes, right: Codes, names: tuple[str, str], is_given: bool) -> Both | None:
    together = (left >= 0) & (right >= 0)
    cases = int(together.sum())
    same = together & (left == right)
    count_same = int(same.sum())
    if not count_same:
        return None
    if not is_given:
        if cases < LEAST_TOGETHER or count_same > SELDOM * cases:
            return None
        size = len(log.resources)
        by_left = np.bincount(left[together], minlength=size) / cases
        by_right = np.bincount(right[together], minlength=size) / cases
        chance = float((by_left * by_right).sum())
        is_check = any(CHECK_LIKE.search(name) for name in names)
        if not is_check and chance < 2 * count_same / cases + 0.02:
            return None
    rows = np.flatnonzero(same).tolist()
    examples = tuple((log.cases[row], log.resources[left[row]]) for row in rows[:EXAMPLES])
    return Both(first=names[0], second=names[1], learned=not is_given, cases=cases, same=count_same, examples=examples)


def find_runs(seen: Observed) -> list[Run]:
    """Five and more events of one activity by one resource, one after the other, that took the same time since the
    event before, to the second; a minute at least."""
    log = seen.log
    if not seen.has_clock or log.events < SAME_RUN:
        return []
    case = log.case_of()
    waited = np.diff(log.at, prepend=log.at[:1]) // SECOND
    waited[log.offsets[:-1]] = -1
    rows = np.flatnonzero(waited >= 0)
    order = rows[np.lexsort((log.at[rows], log.activity[rows], log.resource[rows]))]
    group = log.resource[order].astype(np.int64) * len(log.activities) + log.activity[order]
    took = waited[order]
    breaks = np.flatnonzero((np.diff(group) != 0) | (np.diff(took) != 0)) + 1
    edges = np.concatenate((np.zeros(1, np.int64), breaks, np.full(1, len(order), np.int64)))
    lengths = np.diff(edges)
    found = []
    for place in np.flatnonzero(lengths >= SAME_RUN).tolist():
        some = order[edges[place] : edges[place + 1]]
        seconds = int(took[edges[place]])
        if seconds < 60 or not len(some):
            continue
        cases = tuple(dict.fromkeys(log.cases[each] for each in case[some].tolist()))
        found.append(
            Run(
                activity=log.activities[log.activity[some[0]]],
                resource=_resource(log, int(some[0])),
                took=seconds * SECOND,
                events=len(some),
                since=int(log.at[some[0]]),
                until=int(log.at[some[-1]]),
                cases=cases[:EXAMPLES],
            )
        )
    return sorted(found, key=lambda run: (-run.events, -run.took))


def _handovers(log: Log) -> list[tuple[str, str, int]]:
    if not len(log.resources):
        return []
    pairs = measuring.find_handovers(log).pairs
    return [(pair.giver, pair.taker, pair.took.count) for pair in pairs if pair.giver != pair.taker][:EXAMPLES]


def find_untold(seen: Observed) -> list[str]:
    untold = []
    if seen.ended is None:
        untold.append("ended")
    if seen.deadline is None:
        untold.append("deadline")
    if seen.planned is None:
        untold.append("planned")
    if not len(seen.log.resources):
        untold.append("resource")
    if not seen.has_clock:
        untold.append("clock")
    elif not seen.east.any() and not seen.meaning.zone:
        untold.append("utc")
    if seen.group is None:
        untold.append("group")
    return untold


# ---- plain ----------------------------------------------------------------------------------------------


def as_plain(found: Observation) -> dict[str, Any]:
    """One object for a machine: the figures at the top, findings with examples below them."""
    return {
        **found.counts,
        "first_at": iso(found.first_at), "last_at": iso(found.last_at),
        "durations": {**plain_spread(found.measured.durations), "total": found.whole_seconds},
        "late": [_plain_late(each) for each in found.late[:EXAMPLES]],
        "late_by_group": [asdict(rate) for rate in found.late_by_group],
        "open_late": [_plain_late(each) for each in found.open_late[:EXAMPLES]],
        "stalls": {"count": len(found.stalls), "examples": [_plain(each) for each in found.stalls[:EXAMPLES]]},
        "rework": [_plain(each) for each in found.rework],
        "dwell": {name: plain_spread(spread) for name, spread in ranked_dwell(found)},
        "dwell_working_days": {name: _in_working_days(spread) for name, spread in found.dwell_worked.items()} or None,
        "work": {name: plain_spread(spread) for name, spread in found.work.items()} or None,
        "bursts": {"count": len(found.bursts), "examples": [_plain(each) for each in found.bursts[:EXAMPLES]]},
        "month_end": None if found.month_end is None else {
            **asdict(found.month_end), "expected": round(found.month_end_expected, 4),
            "is_clear": found.month_end_is_clear,
        },
        "outside_hours": None if found.outside is None else {
            **asdict(found.outside), "by_resource": [asdict(rate) for rate in found.outside_by_resource[:EXAMPLES]],
        },
        "both_sides": [asdict(each) for each in found.both],
        "same_durations": {"count": len(found.runs), "examples": [_plain(each) for each in found.runs[:EXAMPLES]]},
        "untold": list(found.untold), "notes": list(found.notes),
    }  # fmt: skip


def ranked_dwell(found: Observation) -> list[tuple[str, Spread]]:
    """Steps by the time cases lay before them in sum; steps with too few events last."""
    return sorted(found.dwell.items(), key=lambda each: (not each[1].is_ranked, -each[1].total, each[0]))


def plain_spread(spread: Spread) -> dict[str, Any]:
    """In whole seconds."""
    plain = {key: value for key, value in asdict(spread).items() if isinstance(value, int)}
    plain = {key: value if key == "count" else value // SECOND for key, value in plain.items()}
    between = spread.median_between
    return {**plain, "median_between": [each // SECOND for each in between] if between else None}


def _in_working_days(spread: Spread) -> dict[str, Any]:
    told = {name: round(getattr(spread, name) / WORKING_DAY, 3) for name in ("total", "median", "p90", "most")}
    return {"count": spread.count, **told}


def _plain(each: Any) -> dict[str, Any]:
    said: dict[str, Any] = asdict(each)
    for key, value in said.items():
        if key in {"since", "until"}:
            said[key] = iso(value)
        elif key in {"idle", "usual", "took"}:
            said[key] = value // SECOND
    return said


def _plain_late(each: Late) -> dict[str, Any]:
    said = {"case": each.case, "group": each.group, "due_at": iso(each.due_at), "until": iso(each.until)}
    return said | {"by": each.by // SECOND, "working_days": each.working_days}


def iso(instant: int) -> str:
    return str(np.datetime_as_string(np.datetime64(instant, "us"), unit="s")) + "Z"
