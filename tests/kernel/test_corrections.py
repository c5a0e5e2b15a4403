"""Mistakes: corrections read anew, acts struck out, presumptions rebutted, newer law before acceptance."""

import pytest

from tests.kernel.stories import (
    APPROVER,
    CITIZEN,
    HEAD,
    ISSUER,
    REVIEWER,
    UNDERTAKER,
    WINDOW,
    Story,
    accepted,
    at,
    bound_of,
    calendar,
    granted,
    kinds,
    licence,
    submitted,
)
from tests.kernel.test_branches import refused
from tests.kernel.test_clocks import paused
from zhengtong.kernel.clocks import find_wake_at
from zhengtong.kernel.events import Reverted
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.states import fold
from zhengtong.kernel.terms import Term
from zhengtong.kernel.versions import find_new_state


def correct(story: Story, when: str, path: str, value: str, **more: object) -> None:
    story.consent("correct", UNDERTAKER, HEAD, when)
    story.do("correct", UNDERTAKER, when, inputs={"target": 1, "path": path, "value": value, **more})


def revert(story: Story, when: str) -> None:
    story.consent("revert", UNDERTAKER, HEAD, when)
    target = next(done.seq for done in reversed(story.state.done) if done.act != "ask_consent")
    story.do("revert", UNDERTAKER, when, inputs={"target": target})


class TestCorrect:
    def test_moves_the_clocks_that_count_from_the_mark(self) -> None:
        story = accepted()
        correct(story, "2026-03-04", "mark:accepted", "2026-02-27T10:00:00+08:00")
        clock = story.clock("decision", "2026-03-05")
        assert clock.from_at == at("2026-02-27") and clock.due_on == at("2026-03-26").date()

    def test_moves_receipt_and_acceptance_only_earlier(self) -> None:
        story = accepted()
        story.consent("correct", UNDERTAKER, HEAD, "2026-03-04")
        inputs = {"target": 1, "path": "mark:accepted", "value": "2026-03-03T10:00:00+08:00"}
        assert refused(story, "correct", UNDERTAKER, "2026-03-05", inputs=inputs).code is RefusalCode.ONLY_EARLIER

    def test_moves_the_decision_and_the_end_of_a_hold_only_by_a_document(self) -> None:
        story = paused()
        story.consent("correct", UNDERTAKER, HEAD, "2026-03-23")
        inputs = {"target": 1, "path": "hold:decision:1", "value": "2026-03-18T10:00:00+08:00"}
        assert refused(story, "correct", UNDERTAKER, "2026-03-23", inputs=inputs).code is RefusalCode.DOCUMENT_NEEDED
        (number, *_) = story.state.documents
        story.do("correct", UNDERTAKER, "2026-03-23", inputs={**inputs, "document": number})
        assert story.clock("decision", "2026-03-23").promised_on == at("2026-03-26").date()

    def test_refuses_what_is_not_there(self) -> None:
        story = accepted()
        story.consent("correct", UNDERTAKER, HEAD, "2026-03-04")
        for path in ("mark:delivered", "fact:nothing", "hold:decision:1", "act:accept", "sealed:nothing"):
            inputs = {"target": 1, "path": path, "value": "2026-03-01T10:00:00+08:00"}
            code = refused(story, "correct", UNDERTAKER, "2026-03-05", inputs=inputs).code
            assert code is RefusalCode.NOT_CORRECTABLE

    def test_can_put_a_lapse_before_what_was_already_written(self) -> None:
        story = submitted()
        story.do("note", WINDOW, "2026-03-06")
        correct(story, "2026-03-06T11:00", "mark:received", "2026-02-26T10:00:00+08:00")
        events = story.sweep("2026-03-06T12:00")
        assert events[0].at == at("2026-03-06T11:00")  # never before the last event
        assert events[0].body.lapsed_at == at("2026-03-05T00:00")  # type: ignore[union-attr]

    def test_replaces_a_sealed_value_by_its_new_commitment(self) -> None:
        story = accepted()
        story.consent("correct", UNDERTAKER, HEAD, "2026-03-04")
        inputs = {"target": 1, "path": "sealed:applicant", "value": "x"}
        story.do("correct", UNDERTAKER, "2026-03-04", inputs=inputs, sealed={"applicant": "c-new"})
        assert story.state.sealed["applicant"] == "c-new"


class TestRevert:
    def test_makes_a_mistaken_suspension_never_have_been(self) -> None:
        story = accepted("special")
        before = story.state
        story.consent("begin_special", UNDERTAKER, HEAD, "2026-03-03")
        story.do("begin_special", UNDERTAKER, "2026-03-04", inputs={"branches": [{"kind": "testing"}]})
        revert(story, "2026-03-05")
        state = story.state
        assert (state.state, state.visits) == ("examining", before.visits)
        assert not [run for run in state.clocks if run.holds]
        assert story.clock("decision", "2026-03-06").promised_on == at("2026-03-16").date()

    def test_gives_the_consent_of_the_struck_act_back(self) -> None:
        story = accepted("special")
        story.consent("begin_special", UNDERTAKER, HEAD, "2026-03-03")
        tasks = {"branches": [{"kind": "testing"}]}
        story.do("begin_special", UNDERTAKER, "2026-03-04", inputs=tasks)
        revert(story, "2026-03-05")
        story.do("begin_special", UNDERTAKER, "2026-03-06", inputs=tasks)
        assert story.state.state == "special"

    def test_is_repeatable_back_to_the_opening_and_no_further(self) -> None:
        story = accepted("three_step")
        story.do("pass", UNDERTAKER, "2026-03-03")
        story.do("review", REVIEWER, "2026-03-03")
        for state in ("reviewing", "examining", "received"):
            revert(story, "2026-03-04")
            assert story.state.state == state
        story.consent("revert", UNDERTAKER, HEAD, "2026-03-04")
        last = refused(story, "revert", UNDERTAKER, "2026-03-04", inputs={"target": 2})
        assert last.code is RefusalCode.NOTHING_TO_REVERT

    def test_keeps_what_others_recorded_since(self) -> None:
        story = accepted()
        story.do("pass", UNDERTAKER, "2026-03-03")
        story.do("note", WINDOW, "2026-03-03")
        revert(story, "2026-03-04")
        assert "text" in story.state.sealed and story.state.state == "examining"
        assert story.state.struck and len(story.history) == story.state.last_seq

    def test_strikes_out_only_the_latest_act(self) -> None:
        story = accepted("three_step")
        story.do("pass", UNDERTAKER, "2026-03-03")
        story.consent("revert", UNDERTAKER, HEAD, "2026-03-04")
        accept = next(done.seq for done in story.state.done if done.act == "accept")
        wrong = refused(story, "revert", UNDERTAKER, "2026-03-04", inputs={"target": accept})
        assert wrong.code is RefusalCode.NOT_THE_LATEST_ACT

    def test_is_refused_once_a_fact_rests_on_the_act(self) -> None:
        story = granted()
        story.consent("revert", APPROVER, HEAD, "2026-03-05")
        number = next(each.number for each in story.state.documents.values() if each.document == "grant_decision")
        story.do("serve", ISSUER, "2026-03-06", inputs={"number": number, "manner": "direct", "relation": "self"})
        wrong = refused(story, "revert", APPROVER, "2026-03-06", inputs={"target": story.state.done[-2].seq})
        assert wrong.code is RefusalCode.FACTS_REST_ON_IT

    def test_of_a_deemed_act_rebuts_the_presumption_for_good(self) -> None:
        story = submitted()
        story.sweep("2026-03-10")
        story.consent("revert", WINDOW, HEAD, "2026-03-10T11:00")
        deemed = next(done.seq for done in story.state.done if done.deemed)
        events = story.do("revert", WINDOW, "2026-03-10T11:00", inputs={"target": deemed})
        assert isinstance(events[0].body, Reverted)
        assert (events[0].body.rebuts, events[0].body.entered) == ("notice", "received")
        assert story.sweep("2026-04-10") == ()
        assert story.clock("notice", "2026-03-11").is_late
        assert find_wake_at(story.bound, story.state, calendar(), at("2026-03-11")) is None
        # the proof follows as a late entry: it was accepted on the third
        story.do("accept", WINDOW, "2026-03-11", happened_at=at("2026-03-10T12:00"))
        assert story.state.marks["accepted"] == at("2026-03-10T12:00")


class TestRebind:
    def test_restates_running_clocks_from_the_same_start(self) -> None:
        terms = {"promised": Term.parse("5 wd"), "undertake_step": Term.parse("2 wd")}
        newer = licence("online", version=2, terms=terms)
        story = submitted("online")
        inputs = {"version": newer.version, "item_version": 2}
        events = story.do("rebind", WINDOW, "2026-03-03", inputs=inputs, onto=newer)
        assert kinds(events) == ["Rebound", "ClockStopped", "ClockStarted"]
        assert (story.state.item_version, story.state.binding) == (2, newer.digest)
        story.bound = newer
        assert story.clock("notice", "2026-03-03").from_at == at("2026-03-02")
        story.do("accept", WINDOW, "2026-03-04")
        assert story.clock("decision", "2026-03-04").promised == Term.parse("5 wd")

    def test_is_refused_after_acceptance(self) -> None:
        newer = licence(version=2)
        story = accepted()
        inputs = {"version": newer.version, "item_version": 2}
        wrong = refused(story, "rebind", WINDOW, "2026-03-03", inputs=inputs, onto=newer)
        assert wrong.code is RefusalCode.WRONG_STATE
        with pytest.raises(Refusal, match="already_accepted"):
            find_new_state(story.bound, newer, story.state)

    def test_is_refused_where_the_newer_law_has_no_such_state(self) -> None:
        newer = licence(version=2)
        story = submitted("online")
        inputs = {"version": newer.version, "item_version": 2}
        wrong = refused(story, "rebind", WINDOW, "2026-03-03", inputs=inputs, onto=newer)
        assert wrong.code is RefusalCode.STATE_NOT_MAPPED


def test_folding_is_total_whatever_is_cut_off() -> None:
    story = accepted()
    revert(story, "2026-03-04")
    for length in range(1, len(story.history) + 1):
        fold(story.history[:length])
    assert CITIZEN.person not in {done.person for done in story.state.done[1:]}


class TestFacts:
    def test_are_corrected_against_a_document_and_the_date_limit_follows(self) -> None:
        story = Story(bound_of("licence", "renewal"))
        story.do("submit_renewal", CITIZEN, "2026-03-02", inputs={"expires_on": "2026-05-29"})
        (number,) = story.state.documents
        correct(story, "2026-03-03", "fact:expires_on", "2026-04-30", document=number)
        assert story.state.facts["expires_on"] == "2026-04-30"
        assert story.clock("expiry", "2026-03-03").lapses_at == at("2026-05-01T00:00")
        story.consent("correct", UNDERTAKER, HEAD, "2026-03-04")
        inputs = {"target": 1, "path": "fact:expires_on", "value": "soon", "document": number}
        assert refused(story, "correct", UNDERTAKER, "2026-03-04", inputs=inputs).code is RefusalCode.NOT_CORRECTABLE
