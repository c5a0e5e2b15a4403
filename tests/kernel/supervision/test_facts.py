"""The facts of a case say what its events say, survive being written down, and hold nobody's data."""

import json
from dataclasses import replace
from typing import Any

from tests.kernel.stories import (
    APPROVER,
    CITIZEN,
    HEAD,
    REVIEWER,
    UNDERTAKER,
    WINDOW,
    MaterialGiven,
    Story,
    accepted,
    at,
    bound_of,
    calendar,
    clerk,
    granted,
    licence,
    material,
    submitted,
)
from zhengtong.kernel.supervision.facts import CaseFacts, find_facts


def facts_of(story: Story, when: str) -> CaseFacts:
    return find_facts(story.bound, story.state, calendar(), at(when))


class TestFacts:
    def test_of_a_granted_licence(self) -> None:
        facts = facts_of(granted(), "2026-03-06")
        assert (facts.number, facts.dept, facts.unit, facts.window) == (facts.number, "wj", "wj-sp", "wj-window")
        assert facts.accepted is not None
        assert facts.decided is not None
        assert (facts.accepted.act, facts.accepted.person, facts.accepted.post) == ("accept", "p-wen", "wj-window")
        assert (facts.decided.act, facts.decided.person, facts.decided.post) == ("grant", "p-pi", "wj-approver")
        assert not facts.is_at_once
        assert (facts.net_days, facts.promised_days, facts.limit_days) == (3, 10, 20)
        assert (str(facts.promised_on), str(facts.due_on)) == ("2026-03-16", "2026-03-30")
        assert (facts.outcome, facts.is_negative, facts.late) == ("granted", False, ())
        assert [entry.act for entry in facts.entries] == ["submit", "accept", "pass", "review", "grant"]
        assert facts.entries[0].person == "party"

    def test_holds_are_not_counted_as_days(self) -> None:
        story = accepted("three_step", "special")
        story.consent("begin_special", UNDERTAKER, HEAD, "2026-03-03")
        story.do("begin_special", UNDERTAKER, "2026-03-03", inputs={"branches": [{"kind": "testing"}]})
        story.do("end_special", UNDERTAKER, "2026-03-12", inputs={"verdict": "passed"})
        story.do("pass", UNDERTAKER, "2026-03-13")
        story.do("review", REVIEWER, "2026-03-13")
        story.do("grant", APPROVER, "2026-03-13")
        facts = facts_of(story, "2026-03-14")
        assert (facts.net_days, facts.specials, facts.holds) == (1, 1, 1)
        assert [(side.group, side.kind, side.verdict) for side in facts.sides] == [("special", "testing", "passed")]

    def test_late_is_told_of_closed_cases_too_and_by_instant(self) -> None:
        story = accepted("three_step")
        before = facts_of(story, "2026-03-16T23:59")
        assert before.late_to_promise_at is None
        after = facts_of(story, "2026-03-17T00:00")
        assert after.late_to_promise_at == at("2026-03-17T00:00")
        assert after.late_to_limit_at is None
        story.do("pass", UNDERTAKER, "2026-03-30")
        story.do("review", REVIEWER, "2026-03-31")
        story.do("grant", APPROVER, "2026-03-31")
        decided = facts_of(story, "2026-06-01")
        assert decided.late_to_promise_at == at("2026-03-17T00:00")
        assert decided.late_to_limit_at == at("2026-03-31T00:00")
        assert {each.which for each in decided.late if each.clock == "decision"} == {"promise", "limit"}

    def test_a_supplement_and_its_days_at_the_window(self) -> None:
        story = submitted(bound=licence("three_step", materials=(material("m"),)))
        story.do("notify_supplement", WINDOW, "2026-03-03", inputs={"missing": ["m"], "manner": "direct"})
        story.do(
            "supply", CITIZEN, "2026-03-05", materials=(MaterialGiven(material="m", form="paper", commitment="c-m"),)
        )
        facts = facts_of(story, "2026-03-05")
        assert facts.supplements == 1
        assert facts.holder_post == "wj-window"

    def test_waiting_is_told_by_post(self) -> None:
        facts = facts_of(accepted("three_step"), "2026-03-04")
        assert [(stay.post, stay.until is None) for stay in facts.stays][-1] == ("wj-undertaker", True)

    def test_instant_items_are_known_by_their_promise_or_option(self) -> None:
        for option, expected in ((("on_spot",), True), ((), False)):
            assert facts_of(submitted(*option), "2026-03-02").on_spot is expected


class TestPlain:
    def test_is_json_and_reads_back_equal(self) -> None:
        for facts in (facts_of(granted(), "2026-03-06"), facts_of(submitted(), "2026-04-06")):
            plain: dict[str, Any] = json.loads(json.dumps(facts.as_plain()))
            assert CaseFacts.from_plain(plain) == facts

    def test_holds_no_subject_and_no_commitment(self) -> None:
        text = json.dumps(facts_of(granted(), "2026-03-06").as_plain())
        assert "s-citizen" not in text
        assert "c-" not in text.replace("sc-", "")

    def test_every_part_reads_back(self) -> None:
        facts = facts_of(granted(), "2026-03-06")
        odd = replace(facts, accepted=None, decided=None, promised_on=None, links=(("parent", "1"),))
        assert CaseFacts.from_plain(json.loads(json.dumps(odd.as_plain()))) == odd


class TestBusiness:
    def test_has_a_party_and_supervision_itself_has_none(self) -> None:
        assert facts_of(submitted(), "2026-03-02").is_business
        card = Story(bound_of("card"))
        card.do(
            "propose",
            clerk("jian", "supervisor"),
            "2026-03-02",
            inputs={"level": "yellow", "subject": "1", "unit": "wj"},
        )
        facts = facts_of(card, "2026-03-03")
        assert (facts.is_business, facts.level) == (False, "yellow")
