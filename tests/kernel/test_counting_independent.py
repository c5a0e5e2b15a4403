"""A second counter, written from PROCEDURES §6 alone: it walks day by day and shares no code with the kernel.

``naive_due`` is the letter of the rule. Every counter in COUNTERS is compared with it on random histories of
holds and extensions; whoever writes another counter over the same rule adds it there as one line.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import find_lapse
from zhengtong.kernel.states import ClockRun, Hold, RunStatus
from zhengtong.kernel.terms import LAW_ZONE, Term, Unit, law_day
from zhengtong.law.calendar_files import load_calendar

Working = Callable[[date], bool]
Holds = list[tuple[date, date | None]]
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What counting needs of a history: when the clock started, its limit, its holds, its extensions, in order."""

    start_day: date
    limit: int
    unit: Unit
    holds: Holds
    extensions: list[int]


# --- the rule, to the letter -------------------------------------------------------------------


def naive_due(
    start_day: date,
    limit_wd: int,
    holds: Holds,
    extensions: list[int],
    working: Working,
    *,
    calendar_days: bool = False,
) -> date | None:
    """The last day in time, or None while an open hold stands in the way."""
    due = _walk(start_day, limit_wd, holds, working, calendar_days)
    for extension in extensions:  # "Extensions continue from the old due day."
        if due is None:
            return None
        due = _walk(due, extension, holds, working, calendar_days)
    return due


def _walk(day: date, left: int, holds: Holds, working: Working, calendar_days: bool) -> date | None:
    if left == 0 and working(day) and not _touched(day, holds):
        return day  # 当场: the day itself
    while True:
        day += DAY  # "The start day is not counted."
        if any(last is None and day >= first for first, last in holds):
            return None  # "While a hold is open there is no due date."
        if _touched(day, holds):
            continue  # "A day touched by a hold is not counted, both ends included."
        if left > 0 and (calendar_days or working(day)):
            left -= 1
        if left == 0 and working(day):  # "… and roll the end to a working day"
            return day


def _touched(day: date, holds: Holds) -> bool:
    return any(first <= day and (last is None or day <= last) for first, last in holds)


# --- the counters compared with it --------------------------------------------------------------


def due_by_calendar(story: Story, calendar: Calendar) -> date | None:
    """The kernel's primitive: prefix sums over the holds."""
    due = calendar.due_or_none(story.start_day, story.limit, story.holds, unit=story.unit)
    for extension in story.extensions:
        if due is None:
            return None
        due = calendar.due_or_none(due, extension, story.holds, unit=story.unit)
    return due


def due_by_clocks(story: Story, calendar: Calendar) -> date | None:
    """The kernel's clock: a run with its holds and extensions, read when all of them are past."""
    run = ClockRun(
        clock="decision",
        seq=1,
        from_at=_noon(story.start_day),
        from_mark=None,
        legal=Term(story.limit, story.unit),
        promised=None,
        until=None,
        calendar=calendar.jurisdiction,
        edition=calendar.edition,
        holds=tuple(
            Hold(since=_noon(first), until=None if last is None else _noon(last), why="special", seq=2)
            for first, last in story.holds
        ),
        extensions=tuple(Term(n, story.unit) for n in story.extensions),
        status=RunStatus.RUNNING,
        how="",
        stopped_at=None,
    )
    lapse = find_lapse(run, calendar)
    return None if lapse is None else law_day(lapse) - DAY


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=LAW_ZONE)


COUNTERS: dict[str, Callable[[Story, Calendar], date | None]] = {"calendar": due_by_calendar, "clocks": due_by_clocks}


def random_stories(seed: int, number: int, *, unit: Unit = Unit.WD) -> Iterator[Story]:
    """Histories as they happen: holds short and long, in order and apart (invariant 5), the last maybe open."""
    chance = random.Random(seed)
    for _ in range(number):
        start = date(2021, 1, 1) + timedelta(days=chance.randrange(365 * 6))
        holds: Holds = []
        cursor = start + timedelta(days=chance.randrange(0, 12))
        for _ in range(chance.choice((0, 0, 1, 1, 2, 3, 5))):
            last = cursor + timedelta(days=chance.choice((0, 0, 1, 3, 9, 30, 60)))
            holds.append((cursor, last))
            cursor = last + timedelta(days=chance.randrange(1, 20))
        if holds and chance.random() < 0.15:
            holds[-1] = (holds[-1][0], None)
        limit = chance.choice((0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60))
        extensions = [chance.choice((1, 5, 10, 15)) for _ in range(chance.choice((0, 0, 0, 1, 2)))]
        yield Story(start_day=start, limit=limit, unit=unit, holds=holds, extensions=extensions)


def compare(counter: str, *, number: int, unit: Unit, seed: int = 20260302) -> int:
    """Compare a counter with the rule; gives back how many stories had a due day."""
    calendar, dated = load_calendar(), 0
    rest = {calendar.first + i * DAY for i in range((calendar.last - calendar.first).days + 1)}
    rest = {day for day in rest if not calendar.is_working(day)}
    for story in random_stories(seed, number, unit=unit):
        wanted = naive_due(
            story.start_day,
            story.limit,
            story.holds,
            story.extensions,
            lambda day: day not in rest,
            calendar_days=unit is Unit.CD,
        )
        assert COUNTERS[counter](story, calendar) == wanted, story
        dated += wanted is not None
    return dated


class TestEveryCounter:
    @pytest.mark.parametrize("unit", [Unit.WD, Unit.CD])
    @pytest.mark.parametrize("counter", sorted(COUNTERS))
    def test_agrees_with_the_rule_on_ten_thousand_histories(self, counter: str, unit: Unit) -> None:
        number = 10_000 if unit is Unit.WD else 3_000
        dated = compare(counter, number=number, unit=unit)
        assert number * 0.8 < dated < number  # both kinds of story were told

    @pytest.mark.long
    @pytest.mark.parametrize("unit", [Unit.WD, Unit.CD])
    @pytest.mark.parametrize("counter", sorted(COUNTERS))
    def test_agrees_with_the_rule_on_a_hundred_thousand_histories(self, counter: str, unit: Unit) -> None:
        compare(counter, number=100_000, unit=unit, seed=45)


class TestTheRuleItself:
    """The walker is checked by hand, for it judges all others. Days of March 2026 have no holidays."""

    @staticmethod
    def due(limit: int, *holds: tuple[int, int | None], extensions: tuple[int, ...] = ()) -> int | None:
        on = [(date(2026, 3, first), None if last is None else date(2026, 3, last)) for first, last in holds]
        found = naive_due(date(2026, 3, 2), limit, on, list(extensions), lambda day: day.weekday() < 5)
        return None if found is None else found.day

    def test_does_not_count_the_start_day(self) -> None:
        assert self.due(1) == 3

    def test_passes_over_weekends(self) -> None:
        assert self.due(5) == 9

    def test_leaves_out_both_ends_of_a_hold(self) -> None:
        assert self.due(10, (9, 20)) == 30  # the vector of expert review: four days used, six left
        assert self.due(5, (4, 4)) == 10  # a one-day hold gives one free day

    def test_moves_on_when_the_hold_touches_the_last_day(self) -> None:
        assert self.due(5, (9, 9)) == 10

    def test_has_no_due_day_while_a_hold_is_open(self) -> None:
        assert self.due(5, (9, None)) is None
        assert self.due(5, (10, None)) == 9

    def test_continues_an_extension_from_the_old_due_day(self) -> None:
        assert self.due(5, extensions=(10,)) == 23
        assert self.due(5, (10, 13), extensions=(1,)) == 16  # a hold after the old due day delays only the rest
