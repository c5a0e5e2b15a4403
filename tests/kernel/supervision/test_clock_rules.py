"""Clock rules by example: approaching, over, promised against statutory, steps, branches; evidence and figures."""

from fractions import Fraction

import pytest

from tests.kernel.stories import (
    APPROVER,
    ISSUER,
    REVIEWER,
    UNDERTAKER,
    WINDOW,
    Story,
    accepted,
    at,
    bound_of,
    clerk,
    granted,
    officer,
    submitted,
)
from tests.kernel.supervision.histories import PROCEDURES, RULES, found, rule
from tests.kernel.test_clocks import extended, paused
from tests.kernel.test_walks import law_of
from zhengtong.kernel.supervision.findings import Finding
from zhengtong.kernel.supervision.rules import Family, Level, Quantity, Unit
from zhengtong.kernel.supervision.scoping import clock_names, names

PROMISE_OVER = rule("promise_over", ">", "0 wd")


def by_code(story: Story, when: str) -> dict[str, Finding]:
    return {each.rule: each for each in found(story, when)}


def lines(finding: Finding) -> list[tuple[str, int | Fraction, str]]:
    return [(step.sign, step.amount.value, step.what) for step in finding.arithmetic]


class TestPromise:
    """Accepted on 2 March 2026: ten working days end on the 16th, twenty on the 30th."""

    def test_is_told_of_when_a_fifth_is_left(self) -> None:
        assert "SJ-01" not in by_code(accepted(), "2026-03-11T23:59")
        told = by_code(accepted(), "2026-03-12T00:00")["SJ-01"]
        assert (told.level, told.measured) == (Level.PROMPT, Quantity.of(20, Unit.PERCENT))
        assert lines(told)[-2:] == [("=", 2, "left"), ("=", 20, "share")]

    def test_is_exceeded_from_midnight_on(self) -> None:
        assert "SJ-11" not in by_code(accepted(), "2026-03-16T23:59")
        late = by_code(accepted(), "2026-03-17T00:00")["SJ-11"]
        assert (late.level, late.since, late.cleared_at) == (Level.YELLOW, at("2026-03-17T00:00"), None)
        assert late.measured == Quantity.of(1, Unit.WORKING_DAYS)
        assert lines(late) == [("+", 11, "counted"), ("-", 10, "limit"), ("=", 1, "over")]
        assert late.params["clock"] == "decision" and late.params["limit"] == "10 wd"

    def test_told_before_is_over_when_it_lapses(self) -> None:
        assert by_code(accepted(), "2026-03-17T10:00")["SJ-01"].cleared_at == at("2026-03-17T00:00")

    def test_is_red_after_three_more_days(self) -> None:
        assert "SJ-12" not in by_code(accepted(), "2026-03-19T23:00")
        assert by_code(accepted(), "2026-03-20T09:00")["SJ-12"].level is Level.RED

    def test_is_counted_on_a_weekend_as_the_first_day(self) -> None:
        story = accepted(when="2026-03-06")  # the promise ends on Friday the 20th
        (late,) = found(story, "2026-03-21T09:00", PROMISE_OVER)
        assert late.since == at("2026-03-21T00:00") and late.measured.value == 1

    def test_decided_late_it_stands_with_its_end_and_its_full_measure(self) -> None:
        story = accepted("three_step")
        story.do("pass", UNDERTAKER, "2026-03-16")
        story.do("review", REVIEWER, "2026-03-17")
        story.do("grant", APPROVER, "2026-03-18")
        (late,) = found(story, "2026-04-20", PROMISE_OVER)
        assert late.cleared_at == at("2026-03-18") and late.measured.value == 2
        assert [each.why for each in late.evidence] == ["start", "stopped"]
        assert "SJ-13" not in by_code(story, "2026-04-20")

    def test_decided_in_time_nothing_is_found(self) -> None:
        assert [each for each in found(granted(), "2026-03-06T10:00") if each.rule.startswith("SJ")] == []

    def test_what_is_held_out_is_told(self) -> None:
        story = paused("2026-03-09", "2026-03-20")
        (late,) = found(story, "2026-04-20", PROMISE_OVER)
        assert ("-", 10, "held") in lines(late)
        assert [each.why for each in late.evidence] == ["start", "held"]

    def test_an_extension_is_told(self) -> None:
        (late,) = found(extended(), "2026-04-20", rule("limit_over", ">", "0 wd", clocks=("decision",)))
        assert ("-", 10, "extended") in lines(late)
        assert "extended" in [each.why for each in late.evidence]


def test_statutory_limit_is_red() -> None:
    assert "SJ-13" not in by_code(accepted(), "2026-03-30T23:59")
    assert by_code(accepted(), "2026-03-31T00:00")["SJ-13"].level is Level.RED
    assert "SJ-39" in by_code(accepted(), "2026-04-10T10:00")


class TestNotice:
    def test_silence_that_accepts_is_found_and_over(self) -> None:
        story = submitted()
        story.sweep("2026-03-10T00:15")
        late = by_code(story, "2026-03-10T09:00")["SJ-16"]
        assert late.since == late.cleared_at == at("2026-03-10T00:00")

    def test_late_acceptance_of_a_confirmation(self) -> None:
        story = Story(law_of("confirmation"))
        story.do("submit", WINDOW, "2026-03-02", parties={"applicant": "s-citizen"})
        assert by_code(story, "2026-03-10T09:00")["SJ-15"].cleared_at is None
        story.do("accept", WINDOW, "2026-03-11")
        assert by_code(story, "2026-03-12T09:00")["SJ-15"].cleared_at == at("2026-03-11")

    def test_of_applicants_only_rules_speak_that_name_the_clock(self) -> None:
        story = submitted(bound=law_of("licence"))
        story.do("notify_supplement", WINDOW, "2026-03-03", inputs={"missing": ["form"], "manner": "direct"})
        assert found(story, "2026-03-23T09:00", rule("limit_left", "<=", "3 wd", clocks=("!step:*",))) == ()
        assert "SJ-07" in by_code(story, "2026-03-23T09:00")


class TestSteps:
    def test_a_step_may_be_late_while_the_whole_is_not(self) -> None:
        late = by_code(accepted(), "2026-03-06T09:00")
        assert set(late) == {"SJ-17"} and late["SJ-17"].params["name"] == "承办"

    def test_every_visit_that_begins_anew_is_judged_by_itself(self) -> None:
        story = order()
        story.do("sign_for", UNIT, "2026-03-03T16:00")
        story.do("return_order", UNIT, "2026-03-03T16:10")
        story.do("rule", CENTRE, "2026-03-03T16:20", inputs={"unit": "hb"})
        story.do("sign_for", UNIT, "2026-03-03T16:30")
        signed_late = [each for each in found(story, "2026-03-10T09:00") if each.rule == "SJ-29"]
        assert [each.cleared_at for each in signed_late] == [at("2026-03-03T16:00")]


class TestBranches:
    def test_asked_department_is_late(self) -> None:
        story = accepted("three_step")
        story.do("ask_opinion", UNDERTAKER, "2026-03-03", inputs={"branches": [{"to": "hb"}]})
        story.sweep("2026-03-11T00:15")
        late = by_code(story, "2026-03-11T09:00")["SJ-23"]
        assert late.params["clock"].startswith("branch:") and late.cleared_at == at("2026-03-11T00:00")

    def test_asked_department_in_time(self) -> None:
        story = accepted("three_step")
        story.do("ask_opinion", UNDERTAKER, "2026-03-03", inputs={"branches": [{"to": "hb"}]})
        story.do("give_opinion", officer("he", "hb"), "2026-03-04", inputs={"verdict": "agree"})
        assert "SJ-23" not in by_code(story, "2026-03-20T09:00")

    def test_special_procedure_overran(self) -> None:
        story = paused("2026-03-09", "2026-04-24")
        assert "SJ-18" in by_code(story, "2026-04-25T09:00")


class TestDuties:
    def test_publication_runs_on_after_the_case_is_closed(self) -> None:
        story = granted()
        story.do("make", ISSUER, "2026-03-06")
        story.do("hand_over", ISSUER, "2026-03-06", inputs={"manner": "direct"})
        assert by_code(story, "2026-03-17T09:00")["SJ-21"].cleared_at is None

    def test_delivery(self) -> None:
        assert "SJ-20" in by_code(granted(), "2026-03-20T09:00")


class TestHours:
    def test_exceeding_by_nothing_speaks_of_limits_in_hours_too(self) -> None:
        story = order()
        (late,) = found(story, "2026-03-03T09:30", rule("limit_over", ">", "0 wd", clocks=("step:dispatched",)))
        assert late.measured.unit is Unit.WORKING_HOURS
        assert lines(late)[-1] == ("=", late.measured.value, "over")

    def test_hours_are_asked_in_hours(self) -> None:
        story = order()
        assert found(story, "2026-03-03T17:30", rule("limit_over", ">", "1 wd", clocks=("step:dispatched",))) == ()
        assert found(story, "2026-03-03T17:30", rule("limit_over", ">", "2 wh", clocks=("step:dispatched",)))


OPERATOR, DISPATCHER, CENTRE = clerk("hua", "operator"), clerk("pai", "dispatcher"), clerk("xin", "centre")
UNIT = officer("he", "hb")


def order() -> Story:
    """A hotline order dispatched on the morning of 2 March: to be signed for within four working hours."""
    story = Story(bound_of("hotline_order"))
    story.do("file", OPERATOR, "2026-03-02T09:00", inputs={"secret": False}, parties={"citizen": "s-citizen"})
    story.do("classify", OPERATOR, "2026-03-02T09:05", inputs={"urgency": "normal", "category": "help"})
    story.do("dispatch", DISPATCHER, "2026-03-02T09:10", inputs={"unit": "hb"})
    return story


# ---- the shelf ---------------------------------------------------------------------------------------------

NO_DUTY = {"correction"}
"""Limits within which an organ may do something, and need not."""


@pytest.mark.parametrize("code", PROCEDURES)
def test_every_limit_of_an_organ_has_a_rule(code: str) -> None:
    """A limit nobody watches would be a promise without anybody who keeps it."""
    bound = law_of(code)
    over = [each for each in RULES if each.family is Family.CLOCK and each.metric.endswith("_over")]
    mine = [each for each in over if not each.scope.procedures or code in each.scope.procedures]
    clocks: list[tuple[str, str | None]] = [
        (clock, None) for clock, known in bound.clocks.items() if known.whose == "organ" and clock not in NO_DUTY
    ]
    clocks += [(f"step:{state}", None) for state, known in bound.states.items() if known.limit is not None]
    clocks += [("branch:b1", group) for group, known in bound.branches.items() if known.limit is not None]
    clocks += [("sign:b1", group) for group, known in bound.branches.items() if known.sign is not None]
    for clock, group in clocks:
        assert any(names(each.scope.clocks, *clock_names(bound, clock, group)) for each in mine), (clock, group)
