"""Adding, counting and rolling working days over whole columns, for recomputation and analysis.

The same tables as the kernel's calendar, read without a copy, and the same answers day by day.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zhengtong.kernel.calendars import Calendar, CalendarRange

Days: TypeAlias = NDArray[np.datetime64]
DaysLike: TypeAlias = ArrayLike | Sequence[date] | date
Counts: TypeAlias = NDArray[np.intc]
Numbers: TypeAlias = NDArray[np.int64]

AT_ONCE: Final = 32_768
_EPOCH: Final = date(1970, 1, 1).toordinal()


def add_days(calendar: Calendar, starts: DaysLike, n: ArrayLike) -> Days:
    """For each start the n-th working day after it (before it for negative n, itself for 0).

    Units: working days; ``starts`` are days, ``n`` one number or one for each start.

    Raises:
        CalendarRange: a day outside the calendar, or a count that runs off its end.
        ValueError: a day that is missing (NaT).
    """
    days, steps = np.broadcast_arrays(np.asarray(starts, dtype="datetime64[D]"), np.asarray(n, dtype=np.int64))
    if steps.size and steps.min() > 0:
        numbers = np.ascontiguousarray(days).view(np.int64).reshape(-1)
        return _forward(calendar, numbers, np.ascontiguousarray(steps).reshape(-1)).reshape(days.shape)
    return _either_way(calendar, days, steps)


def _forward(calendar: Calendar, numbers: Numbers, steps: Numbers) -> Days:
    """Counting forward only, as every limit does: through[day] + n is the place of the answer among the working days.

    Speed: days stay the numbers they are stored as; pieces that fit the processor's cache, in buffers used again, spare
    the memory traffic of whole columns; least and greatest are looked at instead of masks, so `wrap` never wraps.
    """
    first = calendar.base - _EPOCH
    through = np.array(calendar.tables.last, dtype=np.int64)
    working = np.frombuffer(calendar.tables.nth, np.intc).astype(np.int64) + first
    found = np.empty(len(numbers), dtype=np.int64)
    index, place = np.empty(AT_ONCE, dtype=np.int64), np.empty(AT_ONCE, dtype=np.int64)
    for begin in range(0, len(numbers), AT_ONCE):
        piece = numbers[begin : begin + AT_ONCE]
        at, k = index[: len(piece)], place[: len(piece)]
        np.subtract(piece, first, out=at)
        _check_covered(calendar, at)
        np.take(through, at, out=k, mode="wrap")
        more = steps[begin : begin + AT_ONCE]
        _check_reached(calendar, more.max() < len(working))
        np.add(k, more, out=k)
        _check_reached(calendar, k.max() < len(working))
        np.take(working, k, out=found[begin : begin + AT_ONCE], mode="wrap")
    return found.view("datetime64[D]")


def _either_way(calendar: Calendar, days: Days, steps: Numbers) -> Days:
    before, nth, _ = _tables(calendar)
    at = _indices(calendar, days)
    k = np.where(steps > 0, before[at + 1] + steps - 1, before[at] + steps)
    moved = steps != 0
    _check_reached(calendar, not np.any(moved & ((k < 0) | (k >= len(nth)))))
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


def _indices(calendar: Calendar, days: DaysLike) -> Numbers:
    asked = np.asarray(days, dtype="datetime64[D]")
    at: Numbers = np.ascontiguousarray(asked).view(np.int64) - (calendar.base - _EPOCH)
    _check_covered(calendar, at)
    return at.reshape(asked.shape)


def _check_covered(calendar: Calendar, at: Numbers) -> None:
    if not at.size or (at.min() >= 0 and at.max() < len(calendar.tables.reason)):
        return
    if np.any(np.isnat((at + (calendar.base - _EPOCH)).view("datetime64[D]"))):
        raise ValueError("a day is missing (NaT)")
    raise CalendarRange(f"a day is outside the calendar, which covers {calendar.first} to {calendar.last}")


def _check_reached(calendar: Calendar, reached: bool | np.bool_) -> None:
    if not reached:
        raise CalendarRange(f"a count runs off the calendar, which covers {calendar.first} to {calendar.last}")


def _as_days(calendar: Calendar, at: NDArray[np.integer]) -> Days:
    return np.datetime64(calendar.first, "D") + at.astype("timedelta64[D]")
