"""The columns give day by day what the kernel's calendar gives, and what numpy's own counter gives."""

from datetime import date, timedelta

import numpy as np
import pytest

from zhengtong.kernel.calendars import CalendarRange
from zhengtong.law.bulk_days import AT_ONCE, add_days, are_working, count_days, roll_days, working_minutes_before
from zhengtong.law.calendar_files import load_calendar

CN = load_calendar()
EVERY_DAY = [CN.first + timedelta(days=i) for i in range((CN.last - CN.first).days + 1)]
INSIDE = EVERY_DAY[150:-150]


class TestColumns:
    @pytest.mark.parametrize("n", [-40, -1, 0, 1, 5, 20, 80])
    def test_add_as_the_calendar_adds_from_every_day(self, n: int) -> None:
        assert add_days(CN, INSIDE, n).tolist() == [CN.add(day, n) for day in INSIDE]

    def test_add_another_number_for_each_day(self) -> None:
        steps = [(i * 7) % 61 - 20 for i in range(len(INSIDE))]
        assert add_days(CN, INSIDE, steps).tolist() == [CN.add(d, n) for d, n in zip(INSIDE, steps, strict=True)]

    def test_add_alike_in_every_piece_of_a_long_column(self) -> None:
        column = [INSIDE[i % len(INSIDE)] for i in range(2 * AT_ONCE + 5)]
        steps = [i % 59 + 1 for i in range(len(column))]
        assert add_days(CN, column, steps).tolist() == [CN.add(d, n) for d, n in zip(column, steps, strict=True)]

    def test_keep_the_shape_they_were_given(self) -> None:
        days = np.array(INSIDE[:600], dtype="datetime64[D]")
        assert np.array_equal(
            add_days(CN, days.reshape(20, 30)[:, ::3], 5), add_days(CN, days, 5).reshape(20, 30)[:, ::3]
        )
        assert add_days(CN, [], 5).tolist() == []

    @pytest.mark.parametrize("place", [0, AT_ONCE - 1, AT_ONCE, 2 * AT_ONCE])
    def test_refuse_wherever_in_a_column_it_stands(self, place: int) -> None:
        days = np.full(2 * AT_ONCE + 1, np.datetime64("2026-02-12"))
        for wrong, why in (("2019-12-31", CalendarRange), ("2037-01-01", CalendarRange), ("NaT", ValueError)):
            spoiled = days.copy()
            spoiled[place] = np.datetime64(wrong)
            with pytest.raises(why):
                add_days(CN, spoiled, 3)
        steps = np.full(len(days), 3)
        for far in (5_000, 2**62):
            steps[place] = far
            with pytest.raises(CalendarRange):
                add_days(CN, days, steps)

    def test_count_as_the_calendar_counts(self) -> None:
        ends = [INSIDE[(i * 389) % len(INSIDE)] for i in range(len(INSIDE))]
        assert count_days(CN, INSIDE, ends).tolist() == [CN.count(a, b) for a, b in zip(INSIDE, ends, strict=True)]

    def test_roll_as_the_calendar_rolls(self) -> None:
        assert roll_days(CN, EVERY_DAY[:-1]).tolist() == [CN.roll(day) for day in EVERY_DAY[:-1]]

    def test_know_working_days(self) -> None:
        assert are_working(CN, EVERY_DAY).tolist() == [CN.is_working(day) for day in EVERY_DAY]

    def test_know_business_minutes(self) -> None:
        before = working_minutes_before(CN, [date(2026, 3, 2), date(2026, 3, 9)])
        assert (before[1] - before[0]).item() == 5 * 7 * 60

    def test_take_one_day_too(self) -> None:
        assert add_days(CN, date(2026, 2, 12), 20).item() == date(2026, 3, 18)

    def test_refuse_what_the_calendar_refuses(self) -> None:
        for wrong in (lambda: add_days(CN, [CN.last], 1), lambda: count_days(CN, ["2019-12-31"], ["2020-01-01"])):
            with pytest.raises(CalendarRange):
                wrong()
        with pytest.raises(ValueError, match="NaT"):
            roll_days(CN, ["NaT"])

    def test_never_write_the_kernel_s_tables(self) -> None:
        tables = [part.tobytes() for part in (CN.tables.before, CN.tables.nth)]
        add_days(CN, INSIDE, 3)
        assert [part.tobytes() for part in (CN.tables.before, CN.tables.nth)] == tables


class TestNumpy:
    """numpy knows no make-up days in its week mask; so every day is a weekday and every rest day a holiday."""

    COUNTER = np.busdaycalendar(weekmask="1111111", holidays=[day for day in EVERY_DAY if not CN.is_working(day)])

    def test_adds_alike(self) -> None:
        days = np.array(INSIDE, dtype="datetime64[D]")
        for n in (1, 5, 20, 60):
            theirs = np.busday_offset(days, n, roll="backward", busdaycal=self.COUNTER)
            assert np.array_equal(add_days(CN, days, n), theirs)

    def test_rolls_and_counts_alike(self) -> None:
        days = np.array(INSIDE, dtype="datetime64[D]")
        assert np.array_equal(roll_days(CN, days), np.busday_offset(days, 0, roll="forward", busdaycal=self.COUNTER))
        begin = days + 1  # numpy counts [begin, end)
        theirs = np.busday_count(begin, np.full_like(days, "2030-06-04"), busdaycal=self.COUNTER)
        later = days < np.datetime64("2030-06-03")
        ours = count_days(CN, days, np.full_like(days, "2030-06-03"))
        assert np.array_equal(ours[later], theirs[later])
