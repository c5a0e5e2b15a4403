"""Clocks (期限): what a clock reads at an instant, when a case wakes, and how it is listed.

A clock that was started is a fact; when it is due, what is left and whether it is late are findings.
Counting rules: PROCEDURES 6; the counting itself is in `reckoning`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Final, Protocol

from zhengtong.kernel.authority import find_holder
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.procedures import Phase
from zhengtong.kernel.reckoning import (
    MINUTES,
    Day,
    Reach,
    explain_days,
    find_broken_promise,
    find_due,
    find_lapse,
    find_limit,
    find_run,
    find_step,
    reach_of,
    still_left,
    used_up,
)
from zhengtong.kernel.states import Branch, ClockRun, Hold, RunStatus, State
from zhengtong.kernel.terms import Term, Unit, lapse_at, law_day

__all__ = [
    "DAYS",
    "HOURS",
    "SHARE",
    "TARGET",
    "Alarm",
    "Alarms",
    "Clock",
    "Day",
    "Docket",
    "Silent",
    "find_clock",
    "find_clocks",
    "find_docket",
    "find_lapse",
    "find_lapses",
    "find_limit",
    "find_main_clock",
    "find_moment",
    "find_repeat",
    "find_run",
    "find_silent",
    "find_wake_at",
    "read_run",
]

_DAY: Final = timedelta(days=1)
TARGET: Final = "target"
"""Whose lateness a branch clock is: theirs who were asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """What one run of a clock reads. `used` and `left`: days, or minutes for limits in h and wh.

    `due_on` and `lapses_at` are None while it is held (unless it lapsed before) or when it has no such limit.
    """

    clock: str
    name: str
    whose: str
    status: str
    seq: int
    from_at: datetime
    from_mark: str | None
    legal: Term | None
    promised: Term | None
    due_on: date | None
    promised_on: date | None
    lapses_at: datetime | None
    promised_lapses_at: datetime | None
    used: int
    left: int | None
    promised_left: int | None
    is_late: bool
    is_late_to_promise: bool
    stopped_at: datetime | None
    holds: tuple[Hold, ...]
    extensions: tuple[Term, ...]
    edition: str
    provisional: tuple[int, ...]
    source: str
    days: tuple[Day, ...]


# ---- reading --------------------------------------------------------------------------------------


def find_clock(
    bound: Bound, state: State, clock: str, calendar: Calendar, at: datetime, explain: bool = False
) -> Clock | None:
    """What a clock reads at an instant: its latest run; `step:<state>`, `branch:<id>` and `sign:<id>` too.

    Units: working days unless the limit says otherwise; the start day and days touched by a hold are not
    counted; instants in UTC+8.
    Source: PROCEDURES 6; XKF 42, 45, 82; 民法典 201, 203
    """
    run = find_step(bound, state, clock[5:], calendar) if clock.startswith("step:") else find_run(state, clock)
    return None if run is None else read_run(bound, state, run, calendar, at, explain=explain)


def find_clocks(bound: Bound, state: State, calendar: Calendar, at: datetime) -> tuple[Clock, ...]:
    """Every clock of the case by its latest run, in order of start, then the step clocks of visited states."""
    runs = {run.clock: run for run in state.clocks if run.how != "void"}
    steps = {visit.state: find_step(bound, state, visit.state, calendar) for visit in state.visits}
    every = (*runs.values(), *(step for step in steps.values() if step is not None))
    return tuple(read_run(bound, state, run, calendar, at) for run in every)


def read_run(
    bound: Bound, state: State, run: ClockRun, calendar: Calendar, at: datetime, *, explain: bool = False
) -> Clock:
    """What one run reads at an instant."""
    now = at if run.stopped_at is None else min(at, run.stopped_at)
    if run.until is not None:
        legal = Reach(legs=(), due_on=run.until, lapses_at=lapse_at(run.until))
    else:
        legal = reach_of(run, run.legal, calendar)
    broken = find_broken_promise(state, run, calendar)
    promised = broken or reach_of(run, run.promised, calendar)
    last = max(day for day in (legal.due_on, promised.due_on, law_day(now)) if day is not None)
    return Clock(
        clock=run.clock,
        name=_name(bound, state, run.clock),
        whose=_whose(bound, run.clock),
        status="met" if run.how == "met" else str(run.status),
        seq=run.seq,
        from_at=run.from_at,
        from_mark=run.from_mark,
        legal=run.legal,
        promised=run.promised,
        due_on=legal.due_on,
        promised_on=promised.due_on,
        lapses_at=legal.lapses_at,
        promised_lapses_at=promised.lapses_at,
        used=used_up(run, run.legal or run.promised, calendar, now),
        left=still_left(run, run.legal, legal, calendar, now),
        promised_left=still_left(run, run.promised, promised, calendar, now) if run.promised else None,
        is_late=legal.lapses_at is not None and now >= legal.lapses_at,
        is_late_to_promise=promised.lapses_at is not None and now >= promised.lapses_at,
        stopped_at=run.stopped_at,
        holds=run.holds,
        extensions=run.extensions,
        edition=run.edition,
        provisional=calendar.provisional_through(min(law_day(run.from_at), last), last),
        source=_source(bound, state, run.clock),
        days=explain_days(run, legal, promised, calendar, now) if explain else (),
    )


# ---- names ---------------------------------------------------------------------------------------


def _branch_of(state: State, clock: str) -> Branch | None:
    prefix, _, branch = clock.partition(":")
    return state.branches.get(branch) if prefix in ("branch", "sign") else None


def _name(bound: Bound, state: State, clock: str) -> str:
    if clock.startswith("step:"):
        return bound.states[clock[5:]].name
    branch = _branch_of(state, clock)
    if branch is not None:
        group = bound.branches.get(branch.group)
        return group.name if group else branch.group
    rule = bound.clocks.get(clock)
    return rule.name if rule else clock


def _whose(bound: Bound, clock: str) -> str:
    if clock.startswith(("branch:", "sign:")):
        return TARGET
    rule = bound.clocks.get(clock)
    return rule.whose if rule else "organ"


def _source(bound: Bound, state: State, clock: str) -> str:
    branch = _branch_of(state, clock)
    if branch is not None:
        group = bound.branches.get(branch.group)
        return group.source if group else ""
    rule = bound.clocks.get(clock)
    return rule.source if rule else ""


# ---- waking ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An instant for which a rule waits: so much of a limit is left, or is exceeded.

    `amount` is in days of the limit's own kind, in hours for limits in hours, or a share of the whole limit in percent
    (before the lapse only); exceeded by nothing is the lapse itself. `repeat`: how often it comes back while the clock
    runs on.
    """

    of_promise: bool
    is_after: bool
    amount: Fraction
    measure: str
    repeat: Term | None = None


DAYS: Final = "days"
HOURS: Final = "hours"
SHARE: Final = "share"


class Alarms(Protocol):
    """The alarms of the rules in force, by case and clock; `kernel.supervision.watching.find_alarms` makes them."""

    def of(self, bound: Bound, state: State, clock: str) -> Sequence[Alarm]:
        """The alarms of the rules that speak of runs of this clock in this case."""

    def beside(self, bound: Bound, state: State, calendar: Calendar, at: datetime) -> Iterable[datetime]:
        """Instants for which rules without a clock wait (a case in which nothing happens)."""


def find_wake_at(
    bound: Bound, state: State, calendar: Calendar, at: datetime, alarms: Alarms | None = None
) -> datetime | None:
    """The earliest later instant at which, with no further event, some finding would read differently.

    `alarms`: those of the rules in force, before and after a lapse. Silence that is due wakes at once.

    Units: instants in UTC+8; alarms in days are met at 00:00 of a day.
    Source: PROCEDURES 6
    """
    return _find_wake_at(bound, state, calendar, at, _find_running(state, calendar), alarms)


@dataclass(frozen=True, slots=True)
class _Running:
    """A run that goes on, with the lapse instants of its limit and of its promise, reckoned once for all who ask."""

    run: ClockRun
    lapses_at: datetime | None
    promised_lapses_at: datetime | None


def _find_running(state: State, calendar: Calendar) -> tuple[_Running, ...]:
    return tuple(
        _Running(run, *find_lapses(state, run, calendar)) for run in state.clocks if run.status is RunStatus.RUNNING
    )


def _find_wake_at(
    bound: Bound, state: State, calendar: Calendar, at: datetime, running: tuple[_Running, ...], alarms: Alarms | None
) -> datetime | None:
    for each in running:
        if each.lapses_at is not None and each.lapses_at <= at and _is_answered(bound, state, each.run):
            return at
    step = find_step(bound, state, state.state, calendar)
    if step is not None and step.status is RunStatus.RUNNING:
        running = (*running, _Running(step, *find_lapses(state, step, calendar)))
    earliest: datetime | None = None
    for each in running:
        waited = alarms.of(bound, state, each.run.clock) if alarms is not None else ()
        for moment in _find_moments(each, waited, calendar, at):
            if moment > at and (earliest is None or moment < earliest):
                earliest = moment
    for moment in alarms.beside(bound, state, calendar, at) if alarms is not None else ():
        if moment > at and (earliest is None or moment < earliest):
            earliest = moment
    return earliest


def _find_moments(running: _Running, alarms: Sequence[Alarm], calendar: Calendar, at: datetime) -> Iterable[datetime]:
    """Its lapses and its alarms; those already over come back where they repeat."""
    for lapse in (running.lapses_at, running.promised_lapses_at):
        if lapse is not None:
            yield lapse
    for alarm in alarms:
        lapse = running.promised_lapses_at if alarm.of_promise else running.lapses_at
        if lapse is None or (lapse <= at and not alarm.is_after):
            continue
        moment = find_moment(alarm, running.run, lapse, calendar)
        if moment is not None:
            yield moment
            if alarm.repeat is not None and moment <= at:
                yield find_next_repeat(moment, alarm.repeat, calendar, at)


def find_moment(alarm: Alarm, run: ClockRun, lapse: datetime, calendar: Calendar) -> datetime | None:
    """When an alarm of a run is due whose limit (or promise) lapses at an instant; None if it speaks of other limits.

    Units: days are met at 00:00 of the day on which no more are left, or of the first day by which more are exceeded;
    limits in hours go by the minute.
    Source: PROCEDURES 6
    """
    limit = run.promised if alarm.of_promise else run.legal
    if alarm.is_after and not alarm.amount:
        return lapse
    in_hours = limit is not None and limit.unit in MINUTES
    if alarm.measure != SHARE and (alarm.measure == HOURS) != in_hours:
        return None
    amount = alarm.amount if alarm.measure != SHARE else _share_of(run, limit, alarm.amount)
    if in_hours:
        return _minutes_from(run, limit, lapse, alarm, amount, calendar)
    due, unit = find_due(lapse), Unit.WD if limit is not None and limit.unit is Unit.WD else Unit.CD
    return _after_days(run, due, amount, unit, calendar) if alarm.is_after else _before(due, amount, unit, calendar)


def _share_of(run: ClockRun, limit: Term | None, percent: Fraction) -> Fraction:
    """So much of a whole limit with its extensions, in its own unit; none of a limit that names a date."""
    whole = sum(term.n for term in (limit, *run.extensions) if term.unit is limit.unit) if limit is not None else 0
    return whole * percent / 100


def _before(due: date, amount: Fraction, unit: Unit, calendar: Calendar) -> datetime:
    """00:00 of the day on which so many days are left until the due day."""
    day = calendar.add(due, -int(amount)) if unit is Unit.WD else due - timedelta(days=int(amount))
    return lapse_at(day - _DAY)


def _after_days(run: ClockRun, due: date, amount: Fraction, unit: Unit, calendar: Calendar) -> datetime | None:
    """00:00 of the day by which more have gone since the due day; held days do not go, and may not have ended."""
    more = Term(int(amount) + 1, unit)
    if any(hold.until is None or law_day(hold.until) > due for hold in run.holds):
        since_due = replace(run, from_at=lapse_at(due - _DAY), extensions=())
        day = reach_of(since_due, more, calendar).due_on
        return None if day is None else lapse_at(day - _DAY)
    day = calendar.add(due, more.n) if unit is Unit.WD else due + timedelta(days=more.n)
    return lapse_at(day - _DAY)


def _minutes_from(
    run: ClockRun, limit: Term | None, lapse: datetime, alarm: Alarm, hours: Fraction, calendar: Calendar
) -> datetime | None:
    """So many minutes before or after the lapse; none that would fall into a hold that lasts."""
    minutes = int(hours * 60)
    if limit is not None and limit.unit is Unit.WH:
        after = calendar.add_working_minutes(lapse, minutes) if alarm.is_after else None
        moment = after or _working_minutes_before(lapse, minutes, calendar)
    else:
        moment = lapse + timedelta(minutes=minutes if alarm.is_after else -minutes)
    return None if run.status is RunStatus.HELD and run.holds[-1].since < moment else moment


def _working_minutes_before(lapse: datetime, minutes: int, calendar: Calendar) -> datetime:
    """The latest whole minute at which so many business minutes are left; a search by halving."""
    low, high = lapse - timedelta(days=60), lapse
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        if calendar.count_working_minutes(middle, lapse) >= minutes:
            low = middle
        else:
            high = middle
    return high.replace(second=0, microsecond=0)


def find_repeat(since: datetime, repeat: Term, calendar: Calendar, at: datetime) -> datetime:
    """The latest instant by now at which an alarm that began at 00:00 of a day, or at some minute, came back.

    Units: as for alarms. The alarm itself while it has not come back yet.
    """
    before = since
    while (following := find_next_repeat(since, repeat, calendar, before)) <= at and following > before:
        before = following
    return before


def find_next_repeat(lapse: datetime, repeat: Term, calendar: Calendar, at: datetime) -> datetime:
    """The first instant after now at which an alarm comes back; the alarm itself where it never does.

    Units: as for alarms.
    Source: PROCEDURES 6

    >>> from zhengtong.law.calendar_files import load_calendar
    >>> tenth = lapse_at(date(2026, 3, 9))
    >>> find_next_repeat(tenth, Term.parse("5 wd"), load_calendar(), tenth).isoformat()[:16]
    '2026-03-16T00:00'
    """
    if repeat.n == 0:
        return lapse
    if repeat.unit in MINUTES:
        every = timedelta(hours=repeat.n)
        return lapse + every * ((at - lapse) // every + 1)
    due = law_day(lapse) - _DAY
    if repeat.unit is Unit.WD:
        passed = calendar.count(due, law_day(at))
        return lapse_at(calendar.add(due, (max(passed, 0) // repeat.n + 1) * repeat.n) - _DAY)
    days = (law_day(at) - due).days
    return lapse_at(due + timedelta(days=(days // repeat.n + 1) * repeat.n) - _DAY)


# ---- silence that is due --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """A lapse the law answers: of a clock that deems an act, or of a branch whose silence has a verdict."""

    run: ClockRun
    lapsed_at: datetime
    act: str | None
    branch: str | None


def find_silent(bound: Bound, state: State, calendar: Calendar, at: datetime) -> tuple[Silent, ...]:
    """The lapses that the law answers and nobody has written down yet, in order of instant.

    Source: PROCEDURES 6
    """
    found = []
    for run in state.clocks:
        if run.status is not RunStatus.RUNNING or not _is_answered(bound, state, run):
            continue
        lapse = find_lapse(run, calendar)
        if lapse is not None and lapse <= at:
            act, branch = _deemed_by(bound, run), _silent_branch(bound, state, run)
            found.append(Silent(run=run, lapsed_at=lapse, act=act, branch=branch))
    return tuple(sorted(found, key=lambda silent: (silent.lapsed_at, silent.run.seq))) if found else ()


def _is_answered(bound: Bound, state: State, run: ClockRun) -> bool:
    """Whether the law answers the lapse of this run, and the answer was not rebutted."""
    answered = _deemed_by(bound, run) is not None or _silent_branch(bound, state, run) is not None
    return answered and (run.clock, run.seq) not in state.rebutted


def _deemed_by(bound: Bound, run: ClockRun) -> str | None:
    rule = bound.clocks.get(run.clock)
    return rule.deem if rule is not None else None


def _silent_branch(bound: Bound, state: State, run: ClockRun) -> str | None:
    if not run.clock.startswith("branch:"):
        return None
    branch = _branch_of(state, run.clock)
    group = bound.branches.get(branch.group) if branch else None
    return branch.branch if branch and group and group.silence and not group.children else None


# ---- the docket -----------------------------------------------------------------------------------


def find_main_clock(bound: Bound, state: State) -> ClockRun | None:
    """The run whose lapse stands on the docket: the main clock, else the first state clock that runs now.

    None when neither runs.
    """
    running = [run for run in state.clocks if run.status is RunStatus.RUNNING and run.clock in bound.clocks]
    main = [run for run in running if bound.clocks[run.clock].main]
    others = [run for run in running if not bound.clocks[run.clock].is_duty]
    held = any(
        run.status is RunStatus.HELD and run.clock in bound.clocks and bound.clocks[run.clock].main
        for run in state.clocks
    )
    if main:
        return main[-1]
    return None if held or not others else others[0]


def find_lapses(state: State, run: ClockRun, calendar: Calendar) -> tuple[datetime | None, datetime | None]:
    """The lapse instants of a run's legal limit and of its promise."""
    broken = find_broken_promise(state, run, calendar)
    return find_lapse(run, calendar), (broken or reach_of(run, run.promised, calendar)).lapses_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Docket:
    """The columns by which cases are listed. Instants of the clock are when it lapses; None while held or stopped."""

    number: str
    procedure: str
    version: str
    item: str
    item_version: int
    region: str
    unit: str
    dept: str
    post: str
    assignee: str | None
    window: str | None
    state: str
    phase: str
    outcome: str | None
    opened_at: datetime
    accepted_at: datetime | None
    due_at: datetime | None
    promised_at: datetime | None
    wake_at: datetime | None
    closed_at: datetime | None


def find_docket(
    bound: Bound,
    state: State,
    calendar: Calendar,
    at: datetime,
    alarms: Alarms | None = None,
) -> Docket:
    """The docket columns of a case. `assignee` is whoever acted last at the post that holds it; `window` a kept fact.

    Source: RECORD 1; PROCEDURES 6
    """
    holder = find_holder(bound, state)
    post = holder.post if holder is not None else ""
    phase = bound.phase_of(state.state)
    running, main = _find_running(state, calendar), find_main_clock(bound, state)
    listed = next((each for each in running if each.run is main), None)
    window = state.facts.get("window")
    return Docket(
        number=state.number,
        procedure=state.procedure,
        version=state.version,
        item=state.item,
        item_version=state.item_version,
        region=bound.region,
        unit=holder.unit if holder is not None else "",
        dept=holder.dept if holder is not None else "",
        post=post,
        assignee=next((done.person for done in reversed(state.done) if post and done.post == post), None),
        window=window if isinstance(window, str) else None,
        state=state.state,
        phase=str(phase),
        outcome=state.outcome,
        opened_at=state.opened_at,
        accepted_at=state.marks.get("accepted"),
        due_at=listed.lapses_at if listed is not None else None,
        promised_at=listed.promised_lapses_at if listed is not None else None,
        wake_at=_find_wake_at(bound, state, calendar, at, running, alarms),
        closed_at=state.visits[-1].since if phase is Phase.CLOSED else None,
    )
