"""Working time (作息): which days are worked, when people come, when a post has room. Instants are seconds of the run.

Everything counts in whole seconds from 00:00 (UTC+8) of the first day; only the kernel is given datetimes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Final

from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.terms import LAW_ZONE

DAY: Final = 86_400
OPENS, NOON, AFTERNOON, CLOSES = 9 * 3600, 12 * 3600, 13 * 3600, 17 * 3600
OVERTIME: Final = CLOSES + 300
LATEST: Final = 20 * 3600 - 1
"""Nobody stays longer: who enters something later is planted."""
RUN_OUT: Final = 150
"""Days behind the last one that are reckoned with: what is planned for them stays undone."""

# People come most at the beginning of the morning and after lunch (per half hour from 9:00; 12:00-13:00 is closed).
HALF_HOURS: Final = (9, 14, 15, 13, 10, 6, 0, 0, 8, 12, 11, 9, 6, 3)
WEEKDAYS: Final = (1.25, 1.1, 1.0, 0.95, 0.85, 0.9, 0.9)
MONTHS: Final = (0.95, 0.7, 1.2, 1.1, 1.05, 1.1, 1.05, 0.95, 1.15, 0.8, 1.05, 0.95)
BEFORE_HOLIDAY, AFTER_HOLIDAY = 1.2, 1.45
ONLINE_HOURS: Final = (1, 0, 0, 0, 0, 0, 1, 2, 5, 9, 10, 9, 6, 7, 9, 9, 8, 6, 5, 7, 8, 7, 5, 2)


@dataclass(slots=True)
class Pace:
    """The days of a run by number, and how they are worked."""

    first: date
    days: int
    calendar: Calendar
    worked: list[bool] = field(default_factory=list)
    working: list[int] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    _base: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._base = datetime.combine(self.first, datetime.min.time(), LAW_ZONE)
        self.worked = [self.calendar.is_working(self.date(n)) for n in range(self.days + RUN_OUT)]
        self.working = [n for n, is_worked in enumerate(self.worked) if is_worked]
        self.before = [0, *accumulate(self.worked)]

    def date(self, day: int) -> date:
        return self.first + timedelta(days=day)

    def at(self, second: int) -> datetime:
        return self._base + timedelta(seconds=second)

    def add(self, day: int, n: int) -> int:
        """The n-th working day after a day, or before it; for 0 the day itself, or the next working day."""
        k = self.before[day] if n == 0 else self.before[day + 1] - 1 + n
        return self.working[max(0, min(k, len(self.working) - 1))]

    def count(self, after: int, through: int) -> int:
        """Working days after one day and through another."""
        return self.before[through + 1] - self.before[after + 1]

    def load(self, day: int) -> float:
        """How many people come on a day, against an ordinary one."""
        if not self.worked[day]:
            return 0.0
        on = self.date(day)
        pressed = 1.0
        if (
            day + 1 < len(self.worked)
            and not self.worked[day + 1]
            and not (day + 3 < len(self.worked) and self.worked[day + 3])
        ):
            pressed *= BEFORE_HOLIDAY
        if day > 2 and not any(self.worked[day - 3 : day]):
            pressed *= AFTER_HOLIDAY
        return WEEKDAYS[on.weekday()] * MONTHS[on.month - 1] * pressed

    def months(self) -> list[tuple[int, int]]:
        """The whole calendar months of the run, as first and last day."""
        found: list[tuple[int, int]] = []
        start = None
        for n in range(self.days + 1):
            on = self.date(n)
            if on.day == 1:
                if start is not None:
                    found.append((start, n - 1))
                start = n
        return found


def draw_second(rng: Random) -> int:
    """A second of the opening hours at which somebody comes to a window."""
    return OPENS + _pick(HALF_HOURS_SUMS, rng) * 1800 + rng.randrange(1800)


def draw_online_second(rng: Random) -> int:
    """A second of the day at which somebody applies online."""
    return _pick(ONLINE_SUMS, rng) * 3600 + rng.randrange(3600)


HALF_HOURS_SUMS: Final = tuple(accumulate(HALF_HOURS))
ONLINE_SUMS: Final = tuple(accumulate(ONLINE_HOURS))


def _pick(sums: Sequence[int], rng: Random) -> int:
    drawn = rng.randrange(sums[-1])
    return next(n for n, total in enumerate(sums) if drawn < total)


@dataclass(slots=True)
class Desks:
    """When each post has room (排队): one thing after another, from nine to twelve and from one to five.

    What cannot wait until tomorrow is done after five: the law counts days, so an officer stays. An overloaded post
    does not stay: there load makes cases late.
    """

    pace: Pace
    free: dict[tuple[str, int], int] = field(default_factory=dict)

    def reserve(self, post: str, ready: int, service: int, latest: int | None) -> int:
        """The second at which the post does it: not before `ready`, on the day `latest` at the latest."""
        day, second = divmod(ready, DAY)
        while True:
            if not self.pace.worked[day] or second >= CLOSES:
                if latest is not None and day >= latest and self.pace.worked[day]:
                    return self._after_hours(post, day, max(second, OVERTIME), service)
                day, second = day + 1, OPENS
                continue
            start = _in_hours(max(second, self.free.get((post, day), OPENS + 60)), service)
            if start + service <= CLOSES:
                self.free[post, day] = start + service
                return day * DAY + start
            if latest is not None and day >= latest:
                return self._after_hours(post, day, OVERTIME, service)
            day, second = self.pace.add(day, 1), OPENS

    def _after_hours(self, post: str, day: int, second: int, service: int) -> int:
        start = max(second, self.free.get((f"{post}+", day), 0))
        self.free[f"{post}+", day] = start + service
        return day * DAY + min(start, LATEST)


def _in_hours(second: int, service: int) -> int:
    if second < OPENS:
        return OPENS + 60
    if second + service > NOON and second < AFTERNOON:
        return AFTERNOON
    return second
