"""Where the next day saved would come from: time is split by whom it was waited for, and only what is slower than
comparable units is ranked, by the days that would go if its slow cases came down to theirs."""

from collections.abc import Sequence

import numpy as np
import pytest

from zhengtong.analysis.intervals import percentile, spread_of_sum
from zhengtong.analysis.logs import NO_TIME, Log, as_objects, from_columns
from zhengtong.analysis.savings import find_savings, find_split
from zhengtong.analysis.stays import Stays, Whose, find_stays
from zhengtong.analysis.working_time import WORKING_DAY, axis_of, axis_of_all_days
from zhengtong.law.calendar_files import load_calendar

HOUR = 3_600_000_000
EIGHT = 8 * HOUR


def at(text: str) -> int:
    """Microseconds of an instant in the zone of law."""
    return int(np.datetime64(text, "us").astype(np.int64)) - EIGHT


def rows(*, steps: tuple[str, ...], lasted: list[list[float]], whose: tuple[Whose, ...]) -> Stays:
    """Cases that go through the steps one after another, so many working days in each."""
    count, size = len(lasted), len(steps)
    took = (np.array(lasted) * WORKING_DAY).astype(np.int64)
    until = took.cumsum(axis=1)
    since = until - took
    return Stays(
        steps=steps, cases=count, case=np.repeat(np.arange(count), size),
        step=np.tile(np.arange(size, dtype=np.int32), count),
        whose=np.tile(np.array(whose, dtype=np.int32), count), since=since.ravel(), until=until.ravel(),
        begun=until.ravel(), places=(), place=np.full(count * size, -1, np.int32),
        worker=np.full(count * size, -1, np.int32),
    )  # fmt: skip


class TestAxis:
    def test_weekends_are_nothing_and_a_day_is_a_day_whatever_its_hours(self) -> None:
        axis = axis_of(load_calendar())
        friday, monday = axis.place(np.array([at("2026-03-06T16:00"), at("2026-03-09T10:00")]))
        assert monday - friday == pytest.approx(2 / 7 * WORKING_DAY, rel=1e-6)
        one, other = axis.place(np.array([at("2026-03-06T09:00"), at("2026-03-09T09:00")]))
        assert other - one == WORKING_DAY

    def test_days_between_are_the_calendars_count(self) -> None:
        calendar, axis = load_calendar(), axis_of(load_calendar())
        days = np.arange(np.datetime64("2026-01-25"), np.datetime64("2026-03-05"))
        instants = (days.astype("datetime64[us]").astype(np.int64)) + 15 * HOUR - EIGHT
        starts, ends = axis.place(instants, off_before=True) // WORKING_DAY, axis.place(instants) // WORKING_DAY
        for one in range(0, len(days), 3):
            for other in range(one, len(days)):
                end = days[other].item()
                if calendar.is_working(end):  # a decision on a rest day counts as the next working day's
                    assert ends[other] - starts[one] == calendar.count(days[one].item(), end)

    def test_after_hours_is_still_the_same_day(self) -> None:
        axis = axis_of(load_calendar())
        noon, night = axis.place(np.array([at("2026-03-06T12:00"), at("2026-03-06T23:50")])) // WORKING_DAY
        assert noon == night


class TestSplit:
    def test_adds_up_to_the_time_between_acceptance_and_decision(self) -> None:
        stays = rows(
            steps=("received", "examining", "supplementing", "special", "approving"),
            lasted=[[1, 2, 3, 4, 5]] * 4,
            whose=(Whose.OFFICE, Whose.OFFICE, Whose.APPLICANT, Whose.OTHERS, Whose.OFFICE),
        )
        accepted, decided = np.full(4, WORKING_DAY), np.full(4, 13 * WORKING_DAY)
        split = find_split(stays, accepted, decided)
        each = {who: total // WORKING_DAY for who, total in split.total.items()}
        assert each == {Whose.OFFICE: 4 * 5, Whose.APPLICANT: 4 * 3, Whose.OTHERS: 4 * 4}
        assert split.whole == int((decided - accepted).sum())
        assert [step.step for step in split.steps] == ["special", "approving", "supplementing", "examining"]

    def test_what_was_not_decided_is_left_out(self) -> None:
        stays = rows(steps=("examining",), lasted=[[3]] * 5, whose=(Whose.OFFICE,))
        decided = np.array([3 * WORKING_DAY, NO_TIME, NO_TIME, 3 * WORKING_DAY, NO_TIME])
        assert find_split(stays, np.zeros(5, np.int64), decided).cases == 2


class TestSavings:
    def given(self, slow: Sequence[float], quick: Sequence[float]) -> tuple[Stays, np.ndarray, np.ndarray, list[str]]:
        lasted = [[value] for value in (*slow, *quick)]
        stays = rows(steps=("examining",), lasted=lasted, whose=(Whose.OFFICE,))
        return stays, np.zeros(len(lasted), np.int64), stays.until, ["slow"] * len(slow) + ["quick"] * len(quick)

    def test_the_slow_cases_come_down_to_the_peers_mark_and_no_others(self) -> None:
        found = find_savings(*self.given([2] * 8 + [10, 12, 14, 16], [4] * 12))
        assert [(one.unit, one.step, one.count, one.peers) for one in found] == [("slow", "examining", 12, 1)]
        assert found[0].target == 4 * WORKING_DAY
        assert found[0].saved == (6 + 8 + 10 + 12) * WORKING_DAY
        assert found[0].above.tolist() == [11, 10, 9, 8]
        assert found[0].spread.low < found[0].saved < found[0].spread.high

    def test_few_cases_are_neither_ranked_nor_a_mark(self) -> None:
        assert find_savings(*self.given([20] * 9, [4] * 12)) == ()
        assert find_savings(*self.given([20] * 12, [4] * 9)) == ()

    def test_the_applicants_time_is_not_ours_to_save(self) -> None:
        stays, accepted, decided, units = self.given([20] * 12, [4] * 12)
        theirs = Stays(
            steps=stays.steps, cases=stays.cases, case=stays.case, step=stays.step,
            whose=np.full(24, Whose.APPLICANT, np.int32), since=stays.since, until=stays.until, begun=stays.begun,
            places=(), place=stays.place, worker=stays.worker,
        )  # fmt: skip
        assert find_savings(theirs, accepted, decided, units) == ()


class TestStays:
    def test_are_made_of_moving_acts_and_know_when_work_began(self) -> None:
        events = [
            ("", "received", "2026-03-02T09:00", "", "applicant"),
            ("received", "examining", "2026-03-02T10:00", "w1", "window"),
            ("examining", "examining", "2026-03-03T10:00", "u1", "undertaker"),
            ("examining", "closed", "2026-03-04T10:00", "u1", "undertaker"),
        ]  # fmt: skip
        log: Log = from_columns(
            case=[0] * 4, activity=[0] * 4, at=[at(row[2]) for row in events], cases=("one",), activities=("act",),
            event_columns={
                "entered": as_objects(row[1] for row in events), "post": as_objects(row[3] for row in events),
                "role": as_objects(row[4] for row in events),
            },
        )  # fmt: skip
        stays = find_stays(log, axis_of(load_calendar()), {"closed": Whose.NOBODY})
        assert [stays.steps[code] for code in stays.step] == ["received", "examining", "closed"]
        assert stays.over.tolist() == [True, True, False]
        assert stays.lasted[1] == 2 * WORKING_DAY
        assert stays.begun[1] - stays.since[1] == WORKING_DAY
        assert stays.begun[0] == stays.until[0]
        assert [stays.places[code] if code >= 0 else "" for code in stays.place] == ["w1", "u1", ""]

    def test_every_day_counts_where_no_calendar_does(self) -> None:
        axis = axis_of_all_days()
        assert np.diff(axis.place(np.array([at("2010-10-02T00:00"), at("2010-10-04T12:00")]))).tolist() == [
            2 * WORKING_DAY + WORKING_DAY // 2
        ]


class TestIntervals:
    def test_hold_the_percentile_and_narrow_with_volume(self) -> None:
        few, many = percentile(np.arange(20), 0.5), percentile(np.arange(2_000), 0.5)
        assert few is not None
        assert many is not None
        assert few.low <= few.value <= few.high
        assert (many.high - many.low) / 2_000 < (few.high - few.low) / 20
        assert percentile(np.empty(0, np.int64), 0.5) is None

    def test_of_a_sum_lie_around_it(self) -> None:
        spread = spread_of_sum(np.arange(100), seed=3)
        assert spread.low < 4_950 < spread.high
        assert spread == spread_of_sum(np.arange(100), seed=3)
