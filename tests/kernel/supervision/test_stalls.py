"""Stalls: days without an entry while the office holds the case; nothing else is one."""

from tests.kernel.stories import (
    CITIZEN,
    HEAD,
    REVIEWER,
    UNDERTAKER,
    MaterialGiven,
    Story,
    accepted,
    at,
    calendar,
    licence,
    material,
)
from tests.kernel.supervision.histories import found, rule
from zhengtong.kernel.clocks import find_wake_at
from zhengtong.kernel.events import Standing
from zhengtong.kernel.supervision.findings import Finding
from zhengtong.kernel.supervision.watching import find_alarms
from zhengtong.kernel.terms import Term

FIVE = rule("stalled", ">=", "5 wd", repeat="5 wd")


def stalls(story: Story, when: str) -> tuple[Finding, ...]:
    return found(story, when, FIVE)


def lying() -> Story:
    """Accepted on Monday 2 March 2026, then nothing: the fifth working day is over on the 9th."""
    return accepted("three_step")


def test_begins_when_the_last_of_the_days_is_over() -> None:
    assert not stalls(lying(), "2026-03-09T23:59")
    (stall,) = stalls(lying(), "2026-03-10T00:00")
    assert stall.since == at("2026-03-10T00:00") and stall.measured.value == 5
    assert [each.why for each in stall.evidence] == ["last_entry"] and stall.cleared_at is None
    more = rule("stalled", ">", "5 wd")
    assert not found(lying(), "2026-03-10T00:00", more) and found(lying(), "2026-03-11T00:00", more)


def test_ends_with_an_entry_and_may_begin_again() -> None:
    story = lying()
    story.do("pass", UNDERTAKER, "2026-03-12")
    (stall,) = stalls(story, "2026-03-13")
    assert stall.cleared_at == at("2026-03-12") and stall.measured.value == 7
    assert [each.why for each in stall.evidence] == ["last_entry", "stirred"]
    assert len(stalls(story, "2026-04-10")) == 2


def test_an_entry_in_time_prevents_it() -> None:
    story = lying()
    story.do("pass", UNDERTAKER, "2026-03-09")
    assert not stalls(story, "2026-03-13")


def test_an_entry_dated_back_does_not_undo_it() -> None:
    story = lying()
    story.do("pass", UNDERTAKER, "2026-03-12", happened_at=at("2026-03-04"))
    assert stalls(story, "2026-03-13")


def test_a_paper_more_from_the_applicant_does_not_hide_it() -> None:
    story = accepted("three_step", bound=licence("three_step", materials=(material("form", required=False),)))
    given = (MaterialGiven(material="form", form="electronic", commitment="c-1"),)
    story.do("receive_material", CITIZEN, "2026-03-06", materials=given)
    assert story.history[-1].standing is Standing.PARTY
    assert stalls(story, "2026-03-10")


def test_waiting_for_others_is_none() -> None:
    story = accepted("special")
    story.consent("begin_special", UNDERTAKER, HEAD, "2026-03-03")
    story.do("begin_special", UNDERTAKER, "2026-03-04", inputs={"branches": [{"kind": "testing"}]})
    assert not stalls(story, "2026-04-20")
    done = lying()
    done.do("pass", UNDERTAKER, "2026-03-03")
    done.do("review", REVIEWER, "2026-03-04")
    assert stalls(done, "2026-03-12")


def test_waiting_for_a_consent_is_one() -> None:
    story = accepted("special")
    story.do("ask_consent", UNDERTAKER, "2026-03-03", inputs={"for": "begin_special"})
    assert stalls(story, "2026-03-11")


def test_wakes_when_it_begins_and_when_it_is_said_again() -> None:
    def wake(now: str) -> object:
        story = lying()
        return find_wake_at(story.bound, story.state, calendar(), at(now), find_alarms((FIVE,)))

    # the step of three days lapses on the 6th, the promise of ten on the 17th
    assert wake("2026-03-06T11:00") == at("2026-03-10T00:00")
    assert wake("2026-03-10T00:00") == at("2026-03-16T00:00")


def test_the_shelf_says_so() -> None:
    assert {each.rule for each in found(lying(), "2026-03-10")} >= {"SJ-43"}


def test_a_short_promise_is_told_of_a_day_before() -> None:
    """Twenty in a hundred of three days is no day at all."""
    story = accepted(bound=licence(terms={"promised": Term.parse("3 wd"), "undertake_step": Term.parse("3 wd")}))
    assert not found(story, "2026-03-03T23:00")
    assert {each.rule for each in found(story, "2026-03-04T00:00")} == {"SJ-42"}
