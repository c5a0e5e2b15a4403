"""The arithmetic of a limit (期限算式): what was counted, what was held out of it, what was allowed, what that leaves.

All figures come from `reckoning`; here they are only set down as lines that add up.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Final

from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.reckoning import MINUTES, Reach, find_due, find_passed, reach_of, still_left, used_up
from zhengtong.kernel.states import ClockRun
from zhengtong.kernel.supervision.findings import Step
from zhengtong.kernel.supervision.rules import Quantity, Unit
from zhengtong.kernel.terms import Term, law_day
from zhengtong.kernel.terms import Unit as TermUnit

_UNITS: Final = {
    TermUnit.WD: Unit.WORKING_DAYS,
    TermUnit.H: Unit.HOURS,
    TermUnit.WH: Unit.WORKING_HOURS,
}


@dataclass(frozen=True, slots=True)
class Sum:
    """Lines that add up to the amount in the last of them."""

    amount: Quantity
    whole: Fraction
    steps: tuple[Step, ...]

    def as_share(self) -> tuple[Quantity, tuple[Step, ...]]:
        """The amount as a share of the whole limit, in percent."""
        share = Quantity(value=self.amount.value * 100 / self.whole if self.whole else Fraction(0), unit=Unit.PERCENT)
        return share, (*self.steps, Step(sign="=", amount=share, what="share"))


def find_sum(
    run: ClockRun, lapse: datetime, calendar: Calendar, at: datetime, *, of_promise: bool, is_after: bool
) -> Sum:
    """By how much a limit is exceeded at an instant (`is_after`), or how much of it is left, line by line.

    Units: working days for limits in working days, else calendar days; hours for limits in hours. A day that has begun
    counts: the first late day is one.
    """
    limit = run.promised if of_promise else run.legal
    unit = Unit.CALENDAR_DAYS if limit is None else _UNITS.get(limit.unit, Unit.CALENDAR_DAYS)
    count = _count_minutes if limit is not None and limit.unit in MINUTES else _count_days
    return count(run, limit, lapse, calendar, at, unit=unit, is_after=is_after)


def _count_days(  # noqa: PLR0913 - one limit and how it is read
    run: ClockRun, limit: Term | None, lapse: datetime, calendar: Calendar, at: datetime, *, unit: Unit, is_after: bool
) -> Sum:
    due = find_due(lapse)
    used, counted = _spent(run, limit, calendar, at)
    extended = sum(term.n for term in run.extensions)
    whole = _allowed(run, limit, calendar) + extended
    lines: list[tuple[str, Fraction | int, str]] = [("+", counted, "counted"), ("-", counted - used, "held")]
    if is_after:
        result = max(find_passed(run, limit, lapse, calendar, at), 1)
        lines += [("-", whole - extended, "limit"), ("-", extended, "extended")]
        rest, what = result - (used - whole), "over"
    else:
        left = still_left(run, limit, Reach(legs=(), due_on=due, lapses_at=lapse), calendar, at)
        result = left or 0
        lines = [("+", whole - extended, "limit"), ("+", extended, "extended"), ("-", used, "used")]
        rest, what = result - (whole - used), "left"
    if rest:
        lines.append(("+" if rest > 0 else "-", abs(rest), "rest_days"))
    return _sum(lines, unit, Fraction(result), what, Fraction(whole))


def _count_minutes(  # noqa: PLR0913 - one limit and how it is read
    run: ClockRun, limit: Term | None, lapse: datetime, calendar: Calendar, at: datetime, *, unit: Unit, is_after: bool
) -> Sum:
    assert limit is not None
    used, counted = _spent(run, limit, calendar, at)
    extended = sum(term.n for term in run.extensions if term.unit is limit.unit) * 60
    whole = limit.n * 60 + extended
    lines = [("+", counted, "counted"), ("-", counted - used, "held")]
    if is_after:
        result = max(used - whole, 0)
        lines += [("-", limit.n * 60, "limit"), ("-", extended, "extended")]
        rest, what = result - (used - whole), "over"
    else:
        result = max(whole - used, 0)
        lines = [("+", limit.n * 60, "limit"), ("+", extended, "extended"), ("-", used, "used")]
        rest, what = result - (whole - used), "left"
    if rest:
        lines.append(("+" if rest > 0 else "-", abs(rest), "rest_days"))
    hours: list[tuple[str, Fraction | int, str]] = [(sign, Fraction(n, 60), name) for sign, n, name in lines]
    return _sum(hours, unit, Fraction(result, 60), what, Fraction(whole, 60))


def _spent(run: ClockRun, limit: Term | None, calendar: Calendar, at: datetime) -> tuple[int, int]:
    """What is used up at an instant, and what would be without the pauses."""
    used = used_up(run, limit, calendar, at)
    return used, used_up(replace(run, holds=()), limit, calendar, at) if run.holds else used


def _allowed(run: ClockRun, limit: Term | None, calendar: Calendar) -> int:
    """The days of a limit: its number, or as many as lie before the day it names or reaches by months."""
    if limit is not None and limit.unit in (TermUnit.WD, TermUnit.CD):
        return limit.n
    ends = run.until if limit is None else reach_of(run, limit, calendar, extensions=0).due_on
    return (ends - law_day(run.from_at)).days if ends is not None else 0


def _sum(lines: list[tuple[str, Fraction | int, str]], unit: Unit, result: Fraction, what: str, whole: Fraction) -> Sum:
    amount = Quantity(value=result, unit=unit)
    steps = [
        Step(sign=sign, amount=Quantity(value=Fraction(value), unit=unit), what=name)
        for sign, value, name in lines
        if value or name in ("counted", "limit", "used")
    ]
    return Sum(amount, whole, (*steps, Step(sign="=", amount=amount, what=what)))
