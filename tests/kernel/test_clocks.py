"""Clocks: what they read, held and extended, step by step, and when they wake."""

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernel.stories import (
    HEAD,
    ISSUER,
    REVIEWER,
    UNDERTAKER,
    Story,
    accepted,
    at,
    calendar,
    granted,
    submitted,
)
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import DAYS, Alarm, find_clock, find_clocks, find_docket, find_wake_at
from zhengtong.kernel.states import State
from zhengtong.kernel.terms import Term


def paused(start: str = "2026-03-09", end: str = "2026-03-20") -> Story:
    story = accepted("special")
    story.consent("begin_special", UNDERTAKER, HEAD, "2026-03-03")
    story.do("begin_special", UNDERTAKER, start, inputs={"branches": [{"kind": "expert_review"}]})
    story.do("end_special", UNDERTAKER, end, inputs={"verdict": "done"})
    return story


def extended(term: str = "10 wd", when: str = "2026-03-10") -> Story:
    story = accepted()
    story.consent("extend", UNDERTAKER, HEAD, when)
    story.do("extend", UNDERTAKER, when, inputs={"term": term})
    return story


class TestDecisionClock:
    def test_counts_from_acceptance_the_day_itself_left_out(self) -> None:
        clock = accepted().clock("decision", "2026-03-05")
        assert (clock.due_on, clock.promised_on) == (date(2026, 3, 30), date(2026, 3, 16))
        assert (clock.used, clock.left, clock.promised_left) == (3, 17, 7)
        assert clock.lapses_at == at("2026-03-31T00:00") and not clock.is_late

    def test_leaves_out_days_touched_by_a_hold_both_ends_included(self) -> None:
        clock = paused().clock("decision", "2026-03-21")
        assert clock.promised_on == date(2026, 3, 30) and clock.used == 4 and clock.promised_left == 6

    def test_has_no_due_date_while_held_only_days_left(self) -> None:
        story = paused()
        story.history = tuple(event for event in story.history if event.at < at("2026-03-20"))
        clock = story.clock("decision", "2026-03-18")
        assert (clock.status, clock.due_on, clock.promised_on, clock.lapses_at) == ("held", None, None, None)
        assert (clock.left, clock.promised_left, clock.used) == (16, 6, 4)
        docket = find_docket(story.bound, story.state, calendar(), at("2026-03-18"))
        assert docket.due_at is None and docket.wake_at is not None

    def test_gives_one_free_day_for_a_special_procedure_of_one_day(self) -> None:
        assert paused("2026-03-09", "2026-03-09T16:00").clock("decision", "2026-03-10").promised_on == date(2026, 3, 17)

    def test_goes_on_from_the_old_due_day_when_extended_both_limits(self) -> None:
        clock = extended().clock("decision", "2026-03-11")
        assert (clock.due_on, clock.promised_on) == (date(2026, 4, 14), date(2026, 3, 30))
        assert clock.extensions == (Term.parse("10 wd"),)

    def test_keeps_a_promise_broken_that_was_broken_before_the_extension(self) -> None:
        clock = extended(when="2026-03-17").clock("decision", "2026-03-18")
        assert clock.promised_on == date(2026, 3, 16) and clock.is_late_to_promise and not clock.is_late

    def test_is_late_from_midnight_after_the_due_day(self) -> None:
        story = accepted()
        assert not story.clock("decision", "2026-03-30T23:59").is_late
        assert story.clock("decision", "2026-03-31T00:00").is_late

    def test_stays_as_late_as_it_was_when_it_stopped(self) -> None:
        clock = granted().clock("decision", "2026-06-01")
        assert (clock.status, clock.is_late, clock.used) == ("stopped", False, 3)

    def test_names_the_provisional_years_it_counts_through(self) -> None:
        assert accepted(when="2026-03-02").clock("decision", "2026-03-03").provisional == ()
        assert accepted(when="2026-12-28").clock("decision", "2026-12-29").provisional == (2027,)


class TestExplanation:
    def test_has_one_line_per_day_and_agrees_with_the_count(self) -> None:
        clock = paused().clock("decision", "2026-03-21", explain=True)
        lines = {line.date: line for line in clock.days}
        assert lines[date(2026, 3, 2)].why == "start"
        assert lines[date(2026, 3, 7)].why == "weekend"
        assert lines[date(2026, 3, 9)].why == "held:special" and lines[date(2026, 3, 20)].why == "held:special"
        assert lines[date(2026, 3, 30)].is_promised and lines[date(2026, 3, 30)].counted == 10
        (due,) = (line for line in clock.days if line.is_due)
        assert due.counted == 20

    def test_names_holidays_and_counts_make_up_days(self) -> None:
        clock = accepted(when="2026-02-12").clock("decision", "2026-02-13", explain=True)
        why = {line.date: line.why for line in clock.days}
        assert why[date(2026, 2, 14)] == "makeup" and why[date(2026, 2, 16)] == "holiday:春节"

    @settings(max_examples=25, deadline=None)
    @given(st.dates(date(2026, 1, 5), date(2026, 11, 20)), st.integers(0, 12), st.integers(0, 20))
    def test_walk_and_table_agree(self, start: date, wait: int, length: int) -> None:
        cal = calendar()
        begin = cal.add(start, wait)
        end = cal.add(begin, length)
        story = accepted("special", when=start.isoformat())
        story.consent("begin_special", UNDERTAKER, HEAD, f"{begin}T11:00")
        story.do("begin_special", UNDERTAKER, f"{begin}T12:00", inputs={"branches": [{"kind": "tender"}]})
        story.do("end_special", UNDERTAKER, f"{end}T13:00", inputs={"verdict": "done"})
        clock = story.clock("decision", f"{end}T14:00", explain=True)
        (due,) = (line for line in clock.days if line.is_due)
        assert due.counted == 20 and due.date == clock.due_on
        without = accepted(when=start.isoformat()).clock("decision", f"{end}T14:00")
        assert without.due_on is not None and due.date >= without.due_on


class TestStepClock:
    def test_adds_up_every_visit(self) -> None:
        story = accepted("three_step")
        story.do("pass", UNDERTAKER, "2026-03-04")
        story.do("return_for_rework", REVIEWER, "2026-03-06")
        clock = story.clock("step:examining", "2026-03-10")
        assert (clock.used, clock.left, clock.due_on) == (3, 0, date(2026, 3, 10))
        assert story.clock("step:examining", "2026-03-11T09:00").is_late

    def test_begins_anew_where_the_state_says_so(self) -> None:
        story = submitted("online")
        assert story.clock("step:submitted", "2026-03-02").due_on == date(2026, 3, 3)

    def test_makes_no_events(self) -> None:
        assert not [run for run in granted().state.clocks if run.clock.startswith("step:")]
        story = granted()
        clocks = find_clocks(story.bound, story.state, calendar(), at("2026-03-10"))
        assert "step:approving" in {clock.clock for clock in clocks}


class TestDutyClock:
    def test_runs_after_closing_until_it_is_met(self) -> None:
        story = granted()
        assert story.clock("publicity", "2026-03-06").due_on == date(2026, 3, 16)
        story.do("publish", ISSUER, "2026-03-09")
        assert story.clock("publicity", "2026-03-10").status == "met"


@dataclass(frozen=True)
class Everywhere:
    """One alarm on every clock."""

    alarm: Alarm

    def of(self, bound: Bound, state: State, clock: str) -> tuple[Alarm, ...]:
        return (self.alarm,)

    def beside(self, bound: Bound, state: State, calendar: Calendar, at: datetime) -> tuple[datetime, ...]:
        return ()


class TestWaking:
    def test_wakes_at_the_next_lapse(self) -> None:
        story = accepted()
        # the step of three days lapses before the promise of ten
        assert find_wake_at(story.bound, story.state, calendar(), at("2026-03-02T11:00")) == at("2026-03-06T00:00")
        assert find_wake_at(story.bound, story.state, calendar(), at("2026-03-06T11:00")) == at("2026-03-17T00:00")
        assert find_wake_at(story.bound, story.state, calendar(), at("2026-03-17T11:00")) == at("2026-03-31T00:00")
        assert find_wake_at(story.bound, story.state, calendar(), at("2026-03-31T11:00")) is None

    def test_wakes_on_the_day_on_which_so_many_days_are_left(self) -> None:
        story = accepted()
        two_left = Alarm(of_promise=True, is_after=False, amount=Fraction(2), measure=DAYS)
        wake = find_wake_at(story.bound, story.state, calendar(), at("2026-03-06T11:00"), Everywhere(two_left))
        assert wake == at("2026-03-12T00:00")
        assert story.clock("decision", "2026-03-12T00:00").promised_left == 2
        assert story.clock("decision", "2026-03-11T23:59").promised_left == 3

    def test_comes_back_to_an_alarm_nobody_answered(self) -> None:
        story = accepted()
        late = Alarm(of_promise=False, is_after=True, amount=Fraction(0), measure=DAYS, repeat=Term.parse("2 wd"))
        wake = find_wake_at(story.bound, story.state, calendar(), at("2026-04-01T11:00"), Everywhere(late))
        assert wake == at("2026-04-02T00:00")  # the step was due on 5 March: twenty working days since

    def test_finds_nothing_late_or_silent_before_it(self) -> None:
        story = submitted("online")
        now = at("2026-03-02T11:00")
        wake = find_wake_at(story.bound, story.state, calendar(), now)
        assert wake is not None
        before = [clock.is_late for clock in find_clocks(story.bound, story.state, calendar(), now)]
        just = at("2026-03-03T23:59")
        assert just < wake
        assert before == [clock.is_late for clock in find_clocks(story.bound, story.state, calendar(), just)]


class TestDocket:
    def test_shows_the_main_clock_and_who_holds_the_case(self) -> None:
        story = accepted()
        docket = find_docket(story.bound, story.state, calendar(), at("2026-03-03"))
        assert (docket.post, docket.unit, docket.dept) == ("wj-undertaker", "wj-sp", "wj")
        assert (docket.due_at, docket.promised_at) == (at("2026-03-31T00:00"), at("2026-03-17T00:00"))
        assert (docket.phase, docket.accepted_at, docket.closed_at) == ("examining", at("2026-03-02"), None)

    def test_shows_the_clock_that_runs_while_no_main_clock_does(self) -> None:
        story = submitted()
        docket = find_docket(story.bound, story.state, calendar(), at("2026-03-03"))
        assert docket.due_at == at("2026-03-10T00:00") and docket.promised_at is None


def test_there_is_no_clock_that_never_ran() -> None:
    story = accepted()
    assert find_clock(story.bound, story.state, "nothing", calendar(), at("2026-03-03")) is None
    with pytest.raises(AssertionError):
        story.clock("delivery", "2026-03-03")
