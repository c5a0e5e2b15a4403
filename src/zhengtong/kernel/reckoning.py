"""Reckoning (计期): how far a limit reaches, what of it is used and left, and the same day by day.

One table look-up counts, one walk explains; they share nothing but the calendar's days, so each checks the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Final

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.events import ClockExtended, Json
from zhengtong.kernel.procedures import ByFact, Limit
from zhengtong.kernel.states import ClockRun, Hold, RunStatus, State, Visit
from zhengtong.kernel.terms import LAW_ZONE, Term, Unit, lapse_at, law_day

_DAY: Final = timedelta(days=1)
MINUTES: Final = frozenset({Unit.H, Unit.WH})
"""Units that run by the minute."""
_COUNTED: Final = frozenset({Unit.WD, Unit.CD})
_LONGEST_WALK: Final = 2000


def find_run(state: State, clock: str) -> ClockRun | None:
    """The latest run of a clock; a void run counts as never started."""
    for run in reversed(state.clocks):
        if run.clock == clock and run.how != "void":
            return run
    return None


def find_lapse(run: ClockRun, calendar: Calendar) -> datetime | None:
    """The first late instant of a run's legal limit or date; None while held, or without such a limit.

    Units: an instant in UTC+8.
    Source: PROCEDURES 6; 民法典 203(2)
    """
    if run.until is not None:
        return lapse_at(run.until)
    return reach_of(run, run.legal, calendar).lapses_at


def find_limit(limit: Limit | None, facts: Mapping[str, Json], kind: str | None = None) -> Term | None:
    """The term of a limit: itself, or the line of its table for a case fact or a branch's kind."""
    if isinstance(limit, ByFact):
        key = kind if limit.by == "kind" else facts.get(limit.by)
        return limit.cases.get(key, limit.otherwise) if isinstance(key, str) else limit.otherwise
    assert limit is None or isinstance(limit, Term), "bind replaces every @parameter"
    return limit


# ---- counting -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a limit reaches: the last day of each leg (the limit, then its extensions), or nothing yet."""

    legs: tuple[tuple[Term, date], ...]
    due_on: date | None
    lapses_at: datetime | None


NOWHERE: Final = Reach((), None, None)


def reach_of(run: ClockRun, limit: Term | None, calendar: Calendar, extensions: int | None = None) -> Reach:
    """Count a limit and its extensions; each continues from the old due day."""
    if limit is None:
        return NOWHERE
    if not run.holds and not run.extensions and limit.unit not in MINUTES:  # nine limits in ten
        ends = calendar.due_day(law_day(run.from_at), limit)
        return Reach(((limit, ends),), ends, lapse_at(ends))
    terms = (limit, *run.extensions[:extensions])
    if any(term.unit in MINUTES for term in terms):
        lapses_at = _lapse_in_hours(run, terms, calendar)
        return NOWHERE if lapses_at is None else Reach((), law_day(lapses_at), lapses_at)
    holds = _held_days(run)
    day, legs = law_day(run.from_at), []
    for term in terms:
        due = _due_day(day, term, holds, calendar)
        if due is None:
            return NOWHERE
        day = due
        legs.append((term, due))
    return Reach(tuple(legs), day, lapse_at(day))


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
        if term.unit not in MINUTES:
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


def used_up(run: ClockRun, limit: Term | None, calendar: Calendar, now: datetime) -> int:
    """What is used up of a limit: counted days, or minutes; held time is none of it."""
    unit = Unit.CD if limit is None else limit.unit
    if unit in MINUTES:
        spent = _minutes(run.from_at, now, unit, calendar)
        for hold in run.holds:
            since, until = max(hold.since, run.from_at), min(hold.until or now, now)
            spent -= _minutes(since, until, unit, calendar)
        return max(spent, 0)
    start, today = law_day(run.from_at), law_day(now)
    holds = [(since, today if until is None else until) for since, until in _held_days(run)]
    known = [(since, until) for since, until in holds if since <= until]
    return calendar.used_with_holds(start, today, known, unit=Unit.WD if unit is Unit.WD else Unit.CD)


def still_left(run: ClockRun, limit: Term | None, reach: Reach, calendar: Calendar, now: datetime) -> int | None:
    """What is left, never below nothing: to the due day when there is one, else of the whole length."""
    if limit is None and reach.due_on is None:
        return None
    if limit is not None and limit.unit in MINUTES:
        if reach.lapses_at is not None:
            return max(_minutes(now, reach.lapses_at, limit.unit, calendar), 0)
        whole = sum(_minutes_of(term) for term in (limit, *run.extensions) if term.unit is limit.unit)
        return max(whole - used_up(run, limit, calendar, now), 0)
    if reach.due_on is not None:
        today = law_day(now)
        if limit is not None and limit.unit is Unit.WD:
            return max(_still_counted(run, today, reach.due_on, calendar), 0)
        return max((reach.due_on - today).days, 0)
    assert limit is not None
    whole = sum(term.n for term in (limit, *run.extensions) if term.unit is limit.unit)
    return max(whole - used_up(run, limit, calendar, now), 0)


def _still_counted(run: ClockRun, today: date, due: date, calendar: Calendar) -> int:
    """Working days in (today, due] that no hold touches."""
    if due <= today:
        return 0
    holds = [(since, until) for since, until in _held_days(run) if until is not None]
    return calendar.used_with_holds(max(today, law_day(run.from_at)), due, holds)


def find_due(lapse: datetime) -> date:
    """The due day of a limit in days by the instant at which it lapses.

    Units: a calendar day in UTC+8.

    >>> from zhengtong.kernel.terms import lapse_at
    >>> find_due(lapse_at(date(2026, 3, 30))).isoformat()
    '2026-03-30'
    """
    return law_day(lapse) - _DAY


def find_passed(run: ClockRun, limit: Term | None, lapse: datetime, calendar: Calendar, now: datetime) -> int:
    """Days of the limit's own kind that have gone since its due day; held time is none of them."""
    due = datetime.combine(find_due(lapse), time(tzinfo=LAW_ZONE))
    return used_up(replace(run, from_at=due), limit, calendar, now)


def find_broken_promise(state: State, run: ClockRun, calendar: Calendar) -> Reach | None:
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
        reach = reach_of(run, run.promised, calendar, extensions=n)
        if reach.lapses_at is not None and at >= reach.lapses_at:
            return reach
    return None


# ---- explaining -----------------------------------------------------------------------------------


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


def explain_days(run: ClockRun, legal: Reach, promised: Reach, calendar: Calendar, now: datetime) -> tuple[Day, ...]:
    """One line per day, from the start day to the last day that matters; limits in hours have none.

    It walks day by day and never looks at the due days, so that the two ways of counting check each other.
    """
    limit = run.legal or run.promised
    if limit is not None and limit.unit in MINUTES:
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


# ---- step clocks ----------------------------------------------------------------------------------


def find_step(bound: Bound, state: State, code: str, calendar: Calendar) -> ClockRun | None:
    """The step limit of a state as a run: its visits, with what lay between them as holds.

    Source: PROCEDURES 7
    """
    runs = find_steps(bound, state, code, calendar)
    return runs[-1] if runs else None


def find_steps(bound: Bound, state: State, code: str, calendar: Calendar) -> tuple[ClockRun, ...]:
    """Every run of a state's step limit: one over all its visits, or one for each where it begins anew.

    Source: PROCEDURES 7
    """
    rule = bound.states.get(code)
    visits = [visit for visit in state.visits if visit.state == code]
    limit = find_limit(rule.limit, state.facts) if rule is not None else None
    if rule is None or limit is None or not visits:
        return ()
    if rule.again == "restart":
        return tuple(_step_of(code, [visit], limit, calendar) for visit in visits)
    return (_step_of(code, visits, limit, calendar),)


def _step_of(code: str, visits: Sequence[Visit], limit: Term, calendar: Calendar) -> ClockRun:
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
