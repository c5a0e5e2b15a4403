"""Working time (办公时间) as one axis of integers: every working day is a WORKING_DAY long, whatever its hours.

Durations on it add up over weekends and holidays, and the day of a place on it is a count of working days, so that a
whole column of limits is one division. What falls after hours stays inside its day, as the law has it (24:00).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from zhengtong.analysis.logs import Ints
from zhengtong.kernel.calendars import Calendar, CalendarRange

WORKING_DAY: Final = 86_400_000_000
"""Length of one working day on the axis: so many microseconds as a day has."""
_MINUTE: Final = 60_000  # in milliseconds
_EAST: Final = 8 * 3_600_000_000  # the zone of law
_EPOCH: Final = 719_163  # ordinal of 1970-01-01


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Tables of one calendar by day: working days before it, and the spans of its hours in milliseconds."""

    first: int
    before: Ints
    begins: Ints
    ends: Ints

    def place(self, at: Ints, *, off_before: bool = False) -> Ints:
        """Where instants (microseconds since 1970 UTC) stand on the axis.

        An instant of a rest day stands at the beginning of the next working day, or, with `off_before`, at the very
        end of the one before: whence a count of days starts that leaves its first day out.

        Raises:
            CalendarRange: an instant outside the calendar.
        """
        local = np.asarray(at, dtype=np.int64) + _EAST
        day = local // WORKING_DAY
        index = day - self.first
        if index.size and (int(index.min()) < 0 or int(index.max()) >= len(self.before) - 1):
            raise CalendarRange("an instant lies outside the calendar")
        into = (local - day * WORKING_DAY) // 1_000
        begins, ends = self.begins[index], self.ends[index]
        done = np.clip(into[..., None] - begins, 0, ends - begins).sum(axis=-1)
        length = np.maximum((ends - begins).sum(axis=-1), 1)
        works = self.before[index + 1] > self.before[index]
        inside = np.minimum(done * WORKING_DAY // length, WORKING_DAY - 1)
        outside = -1 if off_before else 0
        return np.asarray(self.before[index] * WORKING_DAY + np.where(works, inside, outside), dtype=np.int64)


def axis_of(calendar: Calendar) -> Axis:
    """The axis of a calendar; season by season the hours may differ, a day stays a day."""
    tables = calendar.tables
    days = len(tables.reason)
    before = np.frombuffer(tables.before, np.intc).astype(np.int64)
    found = [_spans(calendar, place) for place in range(days)]
    most = max(len(spans) for spans in found)
    begins, ends = np.zeros((days, most), dtype=np.int64), np.zeros((days, most), dtype=np.int64)
    for place, spans in enumerate(found):
        for n, (begin, end) in enumerate(spans):
            begins[place, n], ends[place, n] = begin * _MINUTE, end * _MINUTE
    return Axis(first=calendar.base - _EPOCH, before=before, begins=begins, ends=ends)


def _spans(calendar: Calendar, place: int) -> tuple[tuple[int, int], ...]:
    table = calendar.years[calendar.first.fromordinal(calendar.base + place).year - calendar.first.year]
    if not table.seasons:
        return table.hours.spans
    return calendar.hours_on(calendar.first.fromordinal(calendar.base + place)).spans


def axis_of_all_days(first: int = 0, days: int = 60_000) -> Axis:
    """Every day counts and every hour of it: for logs no calendar of ours covers. `first` is a day since 1970."""
    before = np.arange(days + 1, dtype=np.int64)
    begins = np.zeros((days, 1), dtype=np.int64)
    return Axis(first=first, before=before, begins=begins, ends=begins + 24 * 60 * _MINUTE)
