"""Adding, counting and rolling working days over whole columns, for recomputation and analysis.

The same tables as the kernel's calendar, read without a copy, and the same answers day by day.
"""

from collections.abc import Sequence
from datetime import date
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zhengtong.kernel.calendars import Calendar, CalendarRange

Days: TypeAlias = NDArray[np.datetime64]
DaysLike: TypeAlias = ArrayLike | Sequence[date] | date
Counts: TypeAlias = NDArray[np.intc]


def add_days(calendar: Calendar, starts: DaysLike, n: ArrayLike) -> Days:
    """For each start the n-th working day after it (before it for negative n, itself for 0).

    Units: working days; ``starts`` are days, ``n`` one number or one for each start.

    Raises:
        CalendarRange: a day outside the calendar, or a count that runs off its end.
        ValueError: a day that is missing (NaT).
    """
    before, nth, _ = _tables(calendar)
    at = _indices(calendar, starts)
    steps = np.asarray(n, dtype=np.int64)
    at, steps = np.broadcast_arrays(at, steps)
    k = np.where(steps > 0, before[at + 1] + steps - 1, before[at] + steps)
    moved = steps != 0
    if np.any(moved & ((k < 0) | (k >= len(nth)))):
        raise CalendarRange(f"a count runs off the calendar, which covers {calendar.first} to {calendar.last}")
    return _as_days(calendar, np.where(moved, nth[np.where(moved, k, 0)], at))


def count_days(calendar: Calendar, after: DaysLike, through: DaysLike) -> Counts:
    """For each pair the working days in (after, through]; negative when the days are in the other order.

    Raises:
        CalendarRange: a day outside the calendar.
        ValueError: a day that is missing (NaT).
    """
    before, _, _ = _tables(calendar)
    return np.asarray(before[_indices(calendar, through) + 1] - before[_indices(calendar, after) + 1], dtype=np.intc)


def roll_days(calendar: Calendar, days: DaysLike) -> Days:
    """Each day itself if it is a working day, else the next working day.

    Raises:
        CalendarRange: a day outside the calendar, or without a working day after it.
        ValueError: a day that is missing (NaT).
    """
    before, nth, _ = _tables(calendar)
    k = before[_indices(calendar, days)]
    if np.any(k >= len(nth)):
        raise CalendarRange(f"no working day is left in the calendar, which ends {calendar.last}")
    return _as_days(calendar, nth[k])


def are_working(calendar: Calendar, days: DaysLike) -> NDArray[np.bool_]:
    """Whether each day is a working day.

    Raises:
        CalendarRange: a day outside the calendar.
        ValueError: a day that is missing (NaT).
    """
    before, _, _ = _tables(calendar)
    at = _indices(calendar, days)
    return np.asarray(before[at + 1] > before[at], dtype=np.bool_)


def working_minutes_before(calendar: Calendar, days: DaysLike) -> Counts:
    """For each day the business minutes of the calendar before it; differences are business time.

    Raises:
        CalendarRange: a day outside the calendar.
        ValueError: a day that is missing (NaT).
    """
    return np.asarray(_tables(calendar)[2][_indices(calendar, days)], dtype=np.intc)


def _tables(calendar: Calendar) -> tuple[Counts, Counts, Counts]:
    """The calendar's arrays as numpy sees them: no copy, not writable."""
    tables = calendar.tables
    before, nth, minutes = (np.frombuffer(part, np.intc) for part in (tables.before, tables.nth, tables.minutes))
    for view in (before, nth, minutes):
        view.flags.writeable = False
    return before, nth, minutes


def _indices(calendar: Calendar, days: DaysLike) -> NDArray[np.int64]:
    asked = np.asarray(days, dtype="datetime64[D]")
    if np.any(np.isnat(asked)):
        raise ValueError("a day is missing (NaT)")
    at = (asked - np.datetime64(calendar.first, "D")).astype(np.int64)
    if np.any((at < 0) | (at >= len(calendar.tables.reason))):
        raise CalendarRange(f"a day is outside the calendar, which covers {calendar.first} to {calendar.last}")
    return at


def _as_days(calendar: Calendar, at: NDArray[np.integer]) -> Days:
    return np.datetime64(calendar.first, "D") + at.astype("timedelta64[D]")
