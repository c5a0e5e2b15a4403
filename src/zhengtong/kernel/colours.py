"""Colours (期限着色): the clock events that follow from the state a case enters.

No act mentions a clock: a clock's rule says in which states it runs and is held, and which mark starts a duty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import find_limit, find_run
from zhengtong.kernel.events import ClockHeld, ClockResumed, ClockStarted, ClockStopped, Consequence
from zhengtong.kernel.procedures import ClockRule
from zhengtong.kernel.states import ClockRun, RunStatus, State
from zhengtong.kernel.terms import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Just:
    """What was just done: the act, the state it left, the marks it set, and when."""

    left: str
    act: str
    marks: Mapping[str, datetime]
    at: datetime


def find_clock_events(bound: Bound, state: State, calendar: Calendar, done: Just) -> tuple[Consequence, ...]:
    """The clock events by which every clock gets the status that the colour of the state entered says.

    Source: PROCEDURES 5(8), 6
    """
    bodies: list[Consequence] = []
    for rule in bound.clocks.values():
        if rule.is_duty:
            bodies.extend(_follow_duty(rule, state, calendar, done))
        else:
            bodies.extend(_follow_state(rule, state, calendar, done))
    return tuple(bodies)


def _follow_state(rule: ClockRule, state: State, calendar: Calendar, done: Just) -> tuple[Consequence, ...]:
    run, here = find_run(state, rule.code), state.state
    if run is None or run.status is RunStatus.STOPPED:
        if here not in rule.runs_in:
            return ()
        return _begin(rule, run, state, calendar, at=done.at, crossed=done.left not in (*rule.runs_in, *rule.held_in))
    if here in rule.runs_in:
        return (ClockResumed(clock=rule.code, why=done.left),) if run.status is RunStatus.HELD else ()
    if here in rule.held_in and rule.until is None:
        return (ClockHeld(clock=rule.code, why=here),) if run.status is RunStatus.RUNNING else ()
    if here in rule.held_in:
        return ()
    return (ClockStopped(clock=rule.code, how="left"),)


def _begin(
    rule: ClockRule, run: ClockRun | None, state: State, calendar: Calendar, *, at: datetime, crossed: bool
) -> tuple[Consequence, ...]:
    """A first run, or another one where the rule says how a clock goes on when its states are entered again."""
    if run is not None and (not crossed or rule.again == "never"):
        return ()
    if run is not None and rule.again == "continue":
        return (ClockResumed(clock=rule.code, why="again"),) if run.how == "left" else ()
    if rule.until is not None and not isinstance(state.facts.get(rule.until), str):
        return ()
    mark = _fresh_mark(rule, run, state)
    from_at = at if mark is None else state.marks[mark]
    return (start(rule, state, calendar, from_at=from_at, from_mark=mark),)


def _fresh_mark(rule: ClockRule, run: ClockRun | None, state: State) -> str | None:
    """The mark the clock counts from, if it is set and, for another run, was set anew since the last one."""
    mark = rule.counts_from
    if mark is None or mark not in state.marks:
        return None
    return mark if run is None or state.marks[mark] > run.from_at else None


def start(
    rule: ClockRule, state: State, calendar: Calendar, *, from_at: datetime, from_mark: str | None
) -> ClockStarted:
    """The event that starts a clock, with its limits as they are for this case today."""
    until = state.facts.get(rule.until) if rule.until is not None else None
    return ClockStarted(
        clock=rule.code,
        from_at=from_at,
        from_mark=from_mark,
        legal=_text(find_limit(rule.legal, state.facts)),
        promised=_text(find_limit(rule.promised, state.facts)),
        until=date.fromisoformat(until) if isinstance(until, str) else None,
        calendar=calendar.jurisdiction,
        edition=calendar.edition,
    )


def start_branch(clock: str, term: Term, calendar: Calendar, at: datetime) -> ClockStarted:
    """The event that starts a branch's limit, or its limit to sign."""
    return ClockStarted(
        clock=clock,
        from_at=at,
        from_mark=None,
        legal=str(term),
        promised=None,
        until=None,
        calendar=calendar.jurisdiction,
        edition=calendar.edition,
    )


def _follow_duty(rule: ClockRule, state: State, calendar: Calendar, done: Just) -> tuple[Consequence, ...]:
    """A duty starts with its mark, whatever the state, and stops when an act meets it."""
    bodies: list[Consequence] = []
    run = find_run(state, rule.code)
    runs = run is not None and run.status is RunStatus.RUNNING
    since = rule.since or ""
    if since in done.marks and not runs and (run is None or rule.again == "restart"):
        bodies.append(start(rule, state, calendar, from_at=done.marks[since], from_mark=since))
        runs = True
    if runs and done.act in rule.met_by:
        bodies.append(ClockStopped(clock=rule.code, how="met"))
    return tuple(bodies)


def _text(term: Term | None) -> str | None:
    return None if term is None else str(term)
