"""Silence: deemed acts, deemed verdicts, and that it does not matter who writes them down, or when."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernel.stories import (
    CITIZEN,
    HEAD,
    UNDERTAKER,
    WINDOW,
    Story,
    accepted,
    at,
    bound_of,
    calendar,
    fee,
    kinds,
    licence,
    material,
    officer,
    submitted,
)
from zhengtong.kernel.clocks import find_wake_at
from zhengtong.kernel.events import LAW_PERSON, Deemed, Standing
from zhengtong.kernel.silence import find_due_silence, find_state_at
from zhengtong.kernel.states import fold


def deemed(story: Story) -> Deemed:
    (body,) = (event.body for event in story.history if isinstance(event.body, Deemed))
    return body


class TestDeemedAcceptance:
    def test_comes_after_five_working_days_dated_back_to_receipt(self) -> None:
        story = submitted()
        assert story.sweep("2026-03-09T23:59") == ()
        events = story.sweep("2026-03-10T08:00")
        assert kinds(events)[:2] == ["Deemed", "ClockStopped"]
        assert story.state.state == "examining"
        assert story.state.marks["accepted"] == at("2026-03-02")
        assert events[0].at == at("2026-03-10T00:00") == deemed(story).lapsed_at
        assert (events[0].person, events[0].standing, events[0].basis) == (LAW_PERSON, Standing.LAW, "XKF 32(4)")
        assert events[0].key == f"notice:{deemed(story).clock_seq}:lapsed"

    def test_issues_the_notice_and_demands_the_fee_as_any_acceptance(self) -> None:
        story = submitted(bound=licence(fees=(fee("check", 5000),)))
        assert {"DocumentIssued", "FeeDemanded"} <= set(kinds(story.sweep("2026-03-10")))
        assert story.clock("decision", "2026-03-10").from_at == at("2026-03-02")

    def test_is_written_by_the_next_act_if_nobody_swept(self) -> None:
        story = submitted()
        events = story.do("pass", UNDERTAKER, "2026-03-12")
        assert kinds(events)[0] == "Deemed" and story.state.state == "approving"
        assert events[0].recorded_at == at("2026-03-12")

    def test_does_not_come_once_the_applicant_was_told(self) -> None:
        story = submitted(bound=licence("online"))
        story.do("pass_precheck", WINDOW, "2026-03-03")
        assert not [run for run in story.state.clocks if run.clock == "notice"][1:]
        story.do("accept", WINDOW, "2026-03-04")
        assert story.sweep("2026-03-20") == ()

    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.integers(1, 28), max_size=4))
    def test_gives_the_same_case_however_often_and_whenever_swept(self, days: list[int]) -> None:
        story, plain = submitted(), submitted()
        for day in sorted(days):
            story.sweep(f"2026-03-{day:02}T23:00")
        story.sweep("2026-03-28T23:30")
        plain.sweep("2026-03-28T23:30")
        bodies = [event.body for event in story.history]
        assert bodies == [event.body for event in plain.history]
        assert story.sweep("2026-03-28T23:30") == ()

    def test_shows_as_done_before_it_is_written(self) -> None:
        story = submitted()
        shown = find_state_at(story.bound, story.state, calendar(), at("2026-03-11"))
        assert shown.state == "examining" and story.state.state == "received"
        assert len(find_due_silence(story.bound, story.state, calendar(), at("2026-03-11"))) == 1
        assert find_wake_at(story.bound, story.state, calendar(), at("2026-03-11")) == at("2026-03-11")


class TestSupplement:
    def test_gives_five_fresh_days_from_the_day_all_arrived(self) -> None:
        inputs = {"missing": ["form"], "manner": "direct"}
        story = submitted(bound=licence("online", materials=(material("form"),)))
        story.do("notify_supplement", WINDOW, "2026-03-04", inputs=inputs)
        story.do("supply", CITIZEN, "2026-03-11", inputs={"given": ["form"]})
        assert story.clock("notice", "2026-03-11").due_on == at("2026-03-18").date()
        story.sweep("2026-03-19")
        assert story.state.marks["accepted"] == at("2026-03-11")

    def test_ends_a_case_whose_supplement_never_came(self) -> None:
        story = submitted(bound=licence("online", materials=(material("form"),)))
        story.do("notify_supplement", WINDOW, "2026-03-04", inputs={"missing": ["form"], "manner": "direct"})
        story.sweep("2026-04-30")
        assert (story.state.state, story.state.outcome) == ("ended", "never_came")


class TestRenewal:
    def test_is_deemed_granted_when_the_old_licence_expires_even_while_suspended(self) -> None:
        story = Story(bound_of("licence", "renewal", "special"))
        story.do("submit_renewal", CITIZEN, "2026-03-02", inputs={"expires_on": "2026-04-30"})
        story.do("accept", WINDOW, "2026-03-03")
        story.consent("begin_special", UNDERTAKER, HEAD, "2026-03-04")
        story.do("begin_special", UNDERTAKER, "2026-03-04", inputs={"branches": [{"kind": "expert_review"}]})
        events = story.sweep("2026-05-01T00:00")
        assert story.state.state == "granted" and story.state.outcome == "granted"
        assert events[0].at == at("2026-05-01T00:00")
        (branch,) = (each for each in story.state.branches.values() if each.group == "special")
        assert branch.verdict == "void"
        assert not [run for run in story.state.clocks if run.clock == "expiry" and run.status == "running"]


class TestBranches:
    def test_give_the_verdict_of_silence_one_by_one(self) -> None:
        story = accepted()
        story.do("ask_opinion", UNDERTAKER, "2026-03-03", inputs={"branches": [{"to": "hb"}, {"to": "gh"}]})
        story.do("give_opinion", officer("lin", "hb"), "2026-03-04", inputs={"verdict": "agree"})
        assert kinds(story.sweep("2026-03-11")) == ["BranchSettled", "ClockStopped"]
        assert [each.verdict for each in story.state.branches.values()] == ["agree", "no_opinion"]
        assert story.state.state == "examining"

    def test_order_of_lapses_is_the_order_of_events(self) -> None:
        story = accepted()
        story.do("ask_opinion", UNDERTAKER, "2026-03-03", inputs={"branches": [{"to": "hb"}]})
        story.do("ask_opinion", UNDERTAKER, "2026-03-04", inputs={"branches": [{"to": "gh"}]})
        events = [event for event in story.sweep("2026-03-30") if event.kind == "BranchSettled"]
        assert [event.at for event in events] == [at("2026-03-11T00:00"), at("2026-03-12T00:00")]
        assert fold(story.history).branches
