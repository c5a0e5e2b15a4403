"""Clocks (期限): what a clock reads at an instant, when it wakes, and which clock events a state's colours call for.

A clock that was started is a fact; when it is due, what is left and whether it is late are findings.
Counting rules: PROCEDURES 6. A step limit (环节时限) is a clock read off the visits of its state.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

from zhengtong.kernel.authority import find_holder
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.events import ClockExtended, Json
from zhengtong.kernel.procedures import ByFact, Limit, Phase
from zhengtong.kernel.states import Branch, ClockRun, Hold, RunStatus, State, Visit
from zhengtong.kernel.terms import LAW_ZONE, Term, Unit, lapse_at, law_day

_DAY: Final = timedelta(days=1)
_MINUTES: Final = frozenset({Unit.H, Unit.WH})
_COUNTED: Final = frozenset({Unit.WD, Unit.CD})
_LONGEST_WALK: Final = 2000
TARGET: Final = "target"
"""Whose lateness a branch clock is: theirs who were asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One line of an explanation: the running number, or why the day is not counted.

    `why`: start, working, makeup, weekend, holiday:<name>, held:<why>, day (any day of a limit in calendar days).
    """

    date: date
    counted: int | None
    why: str
    is_due: bool
    is_promised: bool


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
    run = _find_step(bound, state, clock[5:], calendar) if clock.startswith("step:") else find_run(state, clock)
    return None if run is None else read_run(bound, state, run, calendar, at, explain=explain)


def find_clocks(bound: Bound, state: State, calendar: Calendar, at: datetime) -> tuple[Clock, ...]:
    """Every clock of the case by its latest run, in order of start, then the step clocks of visited states."""
    runs = {run.clock: run for run in state.clocks if run.how != "void"}
    steps = {visit.state: _find_step(bound, state, visit.state, calendar) for visit in state.visits}
    every = (*runs.values(), *(step for step in steps.values() if step is not None))
    return tuple(read_run(bound, state, run, calendar, at) for run in every)


def find_run(state: State, clock: str) -> ClockRun | None:
    """The latest run of a clock; a void run counts as never started."""
    return next((run for run in reversed(state.clocks) if run.clock == clock and run.how != "void"), None)


def find_lapse(run: ClockRun, calendar: Calendar) -> datetime | None:
    """The first late instant of a run's legal limit or date; None while held, or without such a limit.

    Units: an instant in UTC+8.
    Source: PROCEDURES 6; 民法典 203(2)
    """
    if run.until is not None:
        return lapse_at(run.until)
    return _reach(run, run.legal, calendar).lapses_at


def read_run(
    bound: Bound, state: State, run: ClockRun, calendar: Calendar, at: datetime, *, explain: bool = False
) -> Clock:
    """What one run reads at an instant."""
    now = at if run.stopped_at is None else min(at, run.stopped_at)
    if run.until is not None:
        legal = _Reach(legs=(), due_on=run.until, lapses_at=lapse_at(run.until))
    else:
        legal = _reach(run, run.legal, calendar)
    broken = _find_broken_promise(state, run, calendar)
    promised = broken or _reach(run, run.promised, calendar)
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
        used=_used(run, run.legal or run.promised, calendar, now),
        left=_left(run, run.legal, legal, calendar, now),
        promised_left=_left(run, run.promised, promised, calendar, now) if run.promised else None,
        is_late=legal.lapses_at is not None and now >= legal.lapses_at,
        is_late_to_promise=promised.lapses_at is not None and now >= promised.lapses_at,
        stopped_at=run.stopped_at,
        holds=run.holds,
        extensions=run.extensions,
        edition=run.edition,
        provisional=calendar.provisional_through(min(law_day(run.from_at), last), last),
        source=_source(bound, state, run.clock),
        days=_explain(run, legal, promised, calendar, now) if explain else (),
    )


# ---- counting -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Reach:
    """How far a limit reaches: the last day of each leg (the limit, then its extensions), or nothing yet."""

    legs: tuple[tuple[Term, date], ...]
    due_on: date | None
    lapses_at: datetime | None


_NOWHERE: Final = _Reach((), None, None)


def _reach(run: ClockRun, limit: Term | None, calendar: Calendar, extensions: int | None = None) -> _Reach:
    """Count a limit and its extensions; each continues from the old due day."""
    if limit is None:
        return _NOWHERE
    terms = (limit, *run.extensions[:extensions])
    if any(term.unit in _MINUTES for term in terms):
        lapses_at = _lapse_in_hours(run, terms, calendar)
        return _NOWHERE if lapses_at is None else _Reach((), law_day(lapses_at), lapses_at)
    holds = _held_days(run)
    day, legs = law_day(run.from_at), []
    for term in terms:
        due = _due_day(day, term, holds, calendar)
        if due is None:
            return _NOWHERE
        day = due
        legs.append((term, due))
    return _Reach(tuple(legs), day, lapse_at(day))


def _due_day(day: date, term: Term, holds: Sequence[tuple[date, date | None]], calendar: Calendar) -> date | None:
    if term.unit in _COUNTED:
        return calendar.due_or_none(day, term.n, holds, unit=term.unit)
    return calendar.due_day(day, term)  # months and years cannot be held


def _held_days(run: ClockRun) -> tuple[tuple[date, date | None], ...]:
    """The days each hold touches; a hold that lasts has no end."""
    start = law_day(run.from_at)
    return tuple(
        (max(law_day(hold.since), start), None if hold.until is None else max(law_day(hold.until), start))
        for hold in run.holds
    )


def _lapse_in_hours(run: ClockRun, terms: Sequence[Term], calendar: Calendar) -> datetime | None:
    """Limits in hours run by the minute; a hold takes out exactly its own time."""
    cursor = run.from_at.astimezone(LAW_ZONE)
    holds = [hold for hold in run.holds if hold.until is None or hold.until > run.from_at]
    for term in terms:
        if term.unit not in _MINUTES:
            due = calendar.due_day(law_day(cursor), term)
            cursor = lapse_at(due)
            continue
        left = _minutes_of(term)
        while holds and _minutes(cursor, max(cursor, holds[0].since), term.unit, calendar) < left:
            hold = holds.pop(0)
            if hold.until is None:
                return None
            left -= _minutes(cursor, max(cursor, hold.since), term.unit, calendar)
            cursor = max(cursor, hold.until.astimezone(LAW_ZONE))
        cursor = _forward(cursor, left, term.unit, calendar)
    return cursor


def _minutes_of(term: Term) -> int:
    return term.n * 60


def _minutes(after: datetime, through: datetime, unit: Unit, calendar: Calendar) -> int:
    if through <= after:
        return 0
    if unit is Unit.WH:
        return calendar.count_working_minutes(after, through)
    return int((through - after) / timedelta(minutes=1))


def _forward(at: datetime, minutes: int, unit: Unit, calendar: Calendar) -> datetime:
    return calendar.add_working_minutes(at, minutes) if unit is Unit.WH else at + timedelta(minutes=minutes)


def _used(run: ClockRun, limit: Term | None, calendar: Calendar, now: datetime) -> int:
    """What is used up of a limit: counted days, or minutes; held time is none of it."""
    unit = Unit.CD if limit is None else limit.unit
    if unit in _MINUTES:
        spent = _minutes(run.from_at, now, unit, calendar)
        for hold in run.holds:
            since, until = max(hold.since, run.from_at), min(hold.until or now, now)
            spent -= _minutes(since, until, unit, calendar)
        return max(spent, 0)
    start, today = law_day(run.from_at), law_day(now)
    holds = [(since, today if until is None else until) for since, until in _held_days(run)]
    known = [(since, until) for since, until in holds if since <= until]
    return calendar.used_with_holds(start, today, known, unit=Unit.WD if unit is Unit.WD else Unit.CD)


def _left(run: ClockRun, limit: Term | None, reach: _Reach, calendar: Calendar, now: datetime) -> int | None:
    """What is left, never below nothing: to the due day when there is one, else of the whole length."""
    if limit is None and reach.due_on is None:
        return None
    if limit is not None and limit.unit in _MINUTES:
        if reach.lapses_at is not None:
            return max(_minutes(now, reach.lapses_at, limit.unit, calendar), 0)
        whole = sum(_minutes_of(term) for term in (limit, *run.extensions) if term.unit is limit.unit)
        return max(whole - _used(run, limit, calendar, now), 0)
    if reach.due_on is not None:
        today = law_day(now)
        if limit is not None and limit.unit is Unit.WD:
            return max(_still_counted(run, today, reach.due_on, calendar), 0)
        return max((reach.due_on - today).days, 0)
    assert limit is not None
    whole = sum(term.n for term in (limit, *run.extensions) if term.unit is limit.unit)
    return max(whole - _used(run, limit, calendar, now), 0)


def _still_counted(run: ClockRun, today: date, due: date, calendar: Calendar) -> int:
    """Working days in (today, due] that no hold touches."""
    if due <= today:
        return 0
    holds = [(since, until) for since, until in _held_days(run) if until is not None]
    return calendar.used_with_holds(max(today, law_day(run.from_at)), due, holds)


def _find_broken_promise(state: State, run: ClockRun, calendar: Calendar) -> _Reach | None:
    """The promise as it stood when it was broken, if an extension came only after that.

    Source: PROCEDURES 14 (an extension moves the promise too; a promise already broken stays broken)
    """
    if run.promised is None or not run.extensions:
        return None
    extended = [
        event.at
        for event in state.history
        if isinstance(event.body, ClockExtended) and event.body.clock == run.clock and event.seq > run.seq
        if event.seq not in state.struck
    ]
    for n, at in enumerate(extended[: len(run.extensions)]):
        reach = _reach(run, run.promised, calendar, extensions=n)
        if reach.lapses_at is not None and at >= reach.lapses_at:
            return reach
    return None


# ---- explaining -----------------------------------------------------------------------------------


def _explain(run: ClockRun, legal: _Reach, promised: _Reach, calendar: Calendar, now: datetime) -> tuple[Day, ...]:
    """One line per day, from the start day to the last day that matters; limits in hours have none.

    It walks day by day and never looks at the due days, so that the two ways of counting check each other.
    """
    limit = run.legal or run.promised
    if limit is not None and limit.unit in _MINUTES:
        return ()
    start = law_day(run.from_at)
    ends = [day for day in (legal.due_on, promised.due_on) if day is not None]
    end = max(ends) if ends else max(start, law_day(now))
    held = _held_days(run)
    lines: list[Day] = []
    number, day = 0, start
    while day <= end and len(lines) < _LONGEST_WALK:
        why = _why(day, start, run, held, limit, calendar)
        number += why in ("working", "makeup", "day")
        lines.append(
            Day(
                date=day,
                counted=number if why in ("working", "makeup", "day") else None,
                why=why,
                is_due=day == legal.due_on,
                is_promised=day == promised.due_on,
            )
        )
        day += _DAY
    return tuple(lines)


def _why(
    day: date,
    start: date,
    run: ClockRun,
    held: Sequence[tuple[date, date | None]],
    limit: Term | None,
    calendar: Calendar,
) -> str:
    if day == start:
        return "start"
    for hold, (since, until) in zip(run.holds, held, strict=True):
        if since <= day and (until is None or day <= until):
            return f"held:{hold.why}"
    return str(calendar.why(day)) if limit is not None and limit.unit is Unit.WD else "day"


# ---- names, limits --------------------------------------------------------------------------------


def find_limit(limit: Limit | None, facts: Mapping[str, Json], kind: str | None = None) -> Term | None:
    """The term of a limit: itself, or the line of its table for a case fact or a branch's kind."""
    if isinstance(limit, ByFact):
        key = kind if limit.by == "kind" else facts.get(limit.by)
        return limit.cases.get(key, limit.otherwise) if isinstance(key, str) else limit.otherwise
    assert limit is None or isinstance(limit, Term), "bind replaces every @parameter"
    return limit


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


# ---- step clocks ----------------------------------------------------------------------------------


def _find_step(bound: Bound, state: State, code: str, calendar: Calendar) -> ClockRun | None:
    """The step limit of a state as a run: its visits, with what lay between them as holds.

    Source: PROCEDURES 7
    """
    rule = bound.states.get(code)
    visits = [visit for visit in state.visits if visit.state == code]
    limit = find_limit(rule.limit, state.facts) if rule is not None else None
    if rule is None or limit is None or not visits:
        return None
    if rule.again == "restart":
        visits = visits[-1:]
    last = visits[-1]
    return ClockRun(
        clock=f"step:{code}",
        seq=visits[0].seq,
        from_at=visits[0].since,
        from_mark=None,
        legal=limit,
        promised=None,
        until=None,
        calendar=calendar.jurisdiction,
        edition=calendar.edition,
        holds=_gaps(visits),
        extensions=(),
        status=RunStatus.RUNNING if last.until is None else RunStatus.STOPPED,
        how="" if last.until is None else "left",
        stopped_at=last.until,
    )


def _gaps(visits: Sequence[Visit]) -> tuple[Hold, ...]:
    return tuple(
        Hold(since=before.until, until=after.since, why="elsewhere", seq=after.seq)
        for before, after in pairwise(visits)
        if before.until is not None
    )


# ---- waking ---------------------------------------------------------------------------------------


def find_wake_at(
    bound: Bound,
    state: State,
    calendar: Calendar,
    at: datetime,
    thresholds: Sequence[Term] = (),
    repeat: Term | None = None,
) -> datetime | None:
    """The earliest later instant at which, with no further event, some finding would read differently.

    `thresholds`: days (or hours, for limits in hours) before the lapse at which an alarm is due; `repeat`: how
    often an alarm that nobody answered comes back after the lapse. Silence that is due wakes at once.

    Units: instants in UTC+8; thresholds in days are met at 00:00 of the day on which so many are left.
    Source: PROCEDURES 6
    """
    if find_silent(bound, state, calendar, at):
        return at
    step = _find_step(bound, state, state.state, calendar)
    running = [run for run in state.clocks if run.status is RunStatus.RUNNING]
    if step is not None and step.status is RunStatus.RUNNING:
        running.append(step)
    instants = (moment for run in running for moment in _moments(state, run, calendar, at, thresholds, repeat))
    return min((moment for moment in instants if moment > at), default=None)


def _moments(
    state: State, run: ClockRun, calendar: Calendar, at: datetime, thresholds: Sequence[Term], repeat: Term | None
) -> Iterable[datetime]:
    legal = find_lapse(run, calendar)
    broken = _find_broken_promise(state, run, calendar)
    promised = (broken or _reach(run, run.promised, calendar)).lapses_at
    for limit, lapse in ((run.legal, legal), (run.promised, promised)):
        if lapse is None:
            continue
        yield lapse
        for threshold in thresholds:
            yield from _before(limit, lapse, threshold, calendar)
        if repeat is not None and lapse <= at:
            yield _next_repeat(lapse, repeat, calendar, at)


def _before(limit: Term | None, lapse: datetime, threshold: Term, calendar: Calendar) -> Iterable[datetime]:
    """When so much is left: hours before a limit in hours, days before any other; the other kind says nothing."""
    if (limit is not None and limit.unit in _MINUTES) != (threshold.unit in _MINUTES):
        return
    if threshold.unit is Unit.H:
        yield lapse - timedelta(hours=threshold.n)
    elif threshold.unit is Unit.WH:
        yield _working_minutes_before(lapse, threshold.n * 60, calendar)
    else:
        due = law_day(lapse) - _DAY
        counts_work = limit is not None and limit.unit is Unit.WD
        day = calendar.add(due, -threshold.n) if counts_work else due - timedelta(days=threshold.n)
        yield lapse_at(day - _DAY)


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


def _next_repeat(lapse: datetime, repeat: Term, calendar: Calendar, at: datetime) -> datetime:
    if repeat.n == 0:
        return lapse
    if repeat.unit in _MINUTES:
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
        if run.status is not RunStatus.RUNNING or (run.clock, run.seq) in state.rebutted:
            continue
        act, branch = _deemed_by(bound, run), _silent_branch(bound, state, run)
        if act is None and branch is None:
            continue
        lapse = find_lapse(run, calendar)
        if lapse is not None and lapse <= at:
            found.append(Silent(run=run, lapsed_at=lapse, act=act, branch=branch))
    return tuple(sorted(found, key=lambda silent: (silent.lapsed_at, silent.run.seq)))


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
    broken = _find_broken_promise(state, run, calendar)
    return find_lapse(run, calendar), (broken or _reach(run, run.promised, calendar)).lapses_at


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
    thresholds: Sequence[Term] = (),
    repeat: Term | None = None,
) -> Docket:
    """The docket columns of a case. `assignee` is whoever acted last at the post that holds it; `window` a kept fact.

    Source: RECORD 1; PROCEDURES 6
    """
    holder = find_holder(bound, state)
    post = holder.post if holder is not None else ""
    phase = bound.phase_of(state.state)
    main = find_main_clock(bound, state)
    due_at, promised_at = find_lapses(state, main, calendar) if main is not None else (None, None)
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
        due_at=due_at,
        promised_at=promised_at,
        wake_at=find_wake_at(bound, state, calendar, at, thresholds, repeat),
        closed_at=state.visits[-1].since if phase is Phase.CLOSED else None,
    )
