"""Attacks on a case: forged consents, smuggled words, days dated back, roles taken. Each was once possible."""

from dataclasses import replace
from datetime import datetime

import pytest

from tests.kernel.stories import (
    APPROVER,
    CITIZEN,
    HEAD,
    ISSUER,
    STRANGER,
    UNDERTAKER,
    WINDOW,
    Story,
    accepted,
    at,
    granted,
    hash_of,
    licence,
    material,
    officer,
    submitted,
)
from tests.kernel.test_branches import GH, HB, refused, task
from zhengtong.kernel.authority import find_readers
from zhengtong.kernel.binding import canonical
from zhengtong.kernel.events import DocumentIssued, Erased, ResultIssued, Retracted
from zhengtong.kernel.papers import find_paper
from zhengtong.kernel.refusals import RefusalCode
from zhengtong.kernel.states import fold

TESTING = {"branches": [{"kind": "testing"}]}


def paused() -> Story:
    story = accepted("special")
    story.consent("begin_special", UNDERTAKER, HEAD, "2026-03-03")
    story.do("begin_special", UNDERTAKER, "2026-03-04", inputs=TESTING)
    return story


class TestBranches:
    def test_a_consent_cannot_be_granted_by_settling_another_group(self) -> None:
        story = paused()
        story.do("ask_consent", UNDERTAKER, "2026-03-04", inputs={"for": "refuse"})
        asked = next(each.branch for each in story.state.branches.values() if each.kind == "refuse")
        inputs = {"branch": asked, "verdict": "granted"}
        assert refused(story, "end_special", UNDERTAKER, "2026-03-05", inputs=inputs).code is RefusalCode.NO_SUCH_BRANCH
        code = refused(story, "end_special", UNDERTAKER, "2026-03-05", inputs={"verdict": "done"}, branch=asked).code
        assert code is RefusalCode.NO_SUCH_BRANCH

    def test_a_settled_branch_is_not_settled_again_by_naming_it_among_the_inputs(self) -> None:
        story = accepted("special")
        story.consent("begin_special", UNDERTAKER, HEAD, "2026-03-03")
        story.do(
            "begin_special", UNDERTAKER, "2026-03-04", inputs={"branches": [{"kind": "testing"}, {"kind": "tender"}]}
        )
        first = next(each.branch for each in story.state.branches.values() if each.group == "special")
        inputs = {"branch": first, "verdict": "passed"}
        story.do("end_special", UNDERTAKER, "2026-03-05", inputs=inputs)
        again = refused(story, "end_special", UNDERTAKER, "2026-03-06", inputs={**inputs, "verdict": "failed"})
        assert again.code is RefusalCode.BRANCH_NOT_OPEN

    def test_nobody_answers_anothers_branch_by_naming_none(self) -> None:
        story = task("hb", "gh")
        story.do("sign_for", GH, "2026-03-03")
        wrong = refused(story, "report", HB, "2026-03-03", inputs={"verdict": "done"})
        assert wrong.code is RefusalCode.NOT_YOUR_BRANCH


class TestConsents:
    def test_one_consent_withdraws_one_paper(self) -> None:
        story = granted()
        story.consent("retract", UNDERTAKER, HEAD, "2026-03-06")
        one, two = list(story.state.documents)[:2]
        story.do("retract", UNDERTAKER, "2026-03-06", inputs={"what": "document", "ref": one})
        wrong = refused(story, "retract", UNDERTAKER, "2026-03-06", inputs={"what": "document", "ref": two})
        assert wrong.code is RefusalCode.NO_CONSENT

    def test_one_consent_erases_once_and_names_every_row_of_the_field(self) -> None:
        story = accepted()
        story.do("withdraw", CITIZEN, "2026-03-04")
        story.consent("erase", UNDERTAKER, HEAD, "2026-03-06")
        events = story.do("erase", UNDERTAKER, "2026-03-06", inputs={"sealed": "applicant", "basis": "PIP-47"})
        rows = [event.body.sealed for event in events if isinstance(event.body, Erased)]
        assert rows == ["2:applicant"]
        inputs = {"sealed": "2:applicant", "basis": "PIP-47"}
        assert refused(story, "erase", UNDERTAKER, "2026-03-06", inputs=inputs).code is RefusalCode.NO_CONSENT
        story.consent("erase", UNDERTAKER, HEAD, "2026-03-07")
        assert refused(story, "erase", UNDERTAKER, "2026-03-07", inputs=inputs).code is RefusalCode.INPUT_UNKNOWN


class TestRoles:
    def test_nobody_hands_a_role_to_themselves(self) -> None:
        story = accepted()
        inputs = {"role": "approver", "post": "wj-window", "manner": "ordinary"}
        assert refused(story, "assign", WINDOW, "2026-03-03", inputs=inputs).code is RefusalCode.NOT_YOUR_ROLE
        for giver in (APPROVER, HEAD):
            other = Story(story.bound)
            other.history = story.history
            other.do("assign", giver, "2026-03-03", inputs=inputs)
            assert other.state.assigned["approver"].post == "wj-window"

    def test_naming_a_party_does_not_make_one(self) -> None:
        story = accepted()
        wrong = refused(story, "withdraw", STRANGER, "2026-03-03", parties={"applicant": "s-stranger"})
        assert wrong.code is RefusalCode.NOT_YOUR_ROLE

    def test_every_third_party_stays_one(self) -> None:
        story = accepted("hearing")
        for name in ("s-a", "s-b"):
            story.do("tell_third_party", UNDERTAKER, "2026-03-03", parties={"third_party": name})
        readers = find_readers(story.bound, story.state)
        assert {("subject", "s-a"), ("subject", "s-b")} <= readers
        for name in ("s-a", "s-b"):
            party = replace(CITIZEN, person=name, subjects={name: "own"})
            story.do("state_views", party, "2026-03-04")


class TestTime:
    def test_silence_that_is_due_cannot_be_dated_back_past_whether_swept_or_not(self) -> None:
        for is_swept in (False, True):
            story = submitted(bound=licence(materials=(material("form"),)))
            if is_swept:
                story.sweep("2026-03-12")
            inputs = {"missing": ["form"], "manner": "direct"}
            back = {"inputs": inputs, "happened_at": at("2026-03-09")}
            wrong = refused(story, "notify_supplement", WINDOW, "2026-03-12", **back)
            assert wrong.code is RefusalCode.BEFORE_LAST_EVENT

    def test_an_instant_without_a_zone_is_refused_not_a_crash(self) -> None:
        naive = datetime(2026, 3, 2, 10)  # noqa: DTZ001 - that is the point
        wrong = refused(accepted(), "note", UNDERTAKER, "2026-03-03", happened_at=naive)
        assert wrong.code is RefusalCode.INPUT_NOT_SHAPED


class TestCorrections:
    def test_carry_no_words_beside_those_they_name(self) -> None:
        story = accepted()
        story.consent("correct", UNDERTAKER, HEAD, "2026-03-04")
        inputs = {"target": 1, "path": "mark:accepted", "value": "2026-02-27T10:00:00+08:00"}
        wrong = refused(story, "correct", UNDERTAKER, "2026-03-04", inputs=inputs, sealed={"applicant": "c-forged"})
        assert wrong.code is RefusalCode.NOT_CORRECTABLE
        inputs |= {"path": "sealed:reason"}
        wrong = refused(story, "correct", UNDERTAKER, "2026-03-04", inputs=inputs)
        assert wrong.code is RefusalCode.NOT_CORRECTABLE

    def test_of_a_hold_whose_end_was_struck_out_are_not_read(self) -> None:
        story = paused()
        story.do("end_special", UNDERTAKER, "2026-03-10", inputs={"verdict": "passed"})
        self.correct_hold(story, "2026-03-11", "2026-03-06T10:00:00+08:00")
        story.consent("revert", UNDERTAKER, HEAD, "2026-03-11")
        target = next(done.seq for done in reversed(story.state.done) if done.act == "end_special")
        story.do("revert", UNDERTAKER, "2026-03-11", inputs={"target": target})
        (run,) = [run for run in story.state.clocks if run.clock == "decision"]
        assert (run.status, run.holds[-1].until) == ("held", None)
        story.do("end_special", UNDERTAKER, "2026-03-12", inputs={"verdict": "passed"})
        (run,) = [run for run in story.state.clocks if run.clock == "decision"]
        assert run.holds[-1].until == at("2026-03-12")

    def test_never_make_a_hold_reach_into_the_next(self) -> None:
        story = paused()
        story.do("end_special", UNDERTAKER, "2026-03-05", inputs={"verdict": "passed"})
        story.consent("begin_special", UNDERTAKER, HEAD, "2026-03-09")
        story.do("begin_special", UNDERTAKER, "2026-03-09", inputs=TESTING)
        story.do("end_special", UNDERTAKER, "2026-03-10", inputs={"verdict": "passed"})
        with pytest.raises(AssertionError):
            self.correct_hold(story, "2026-03-11", "2026-03-11T09:00:00+08:00")

    @staticmethod
    def correct_hold(story: Story, when: str, value: str) -> None:
        story.consent("correct", UNDERTAKER, HEAD, when)
        number = next(iter(story.state.documents))
        inputs = {"target": 1, "path": "hold:decision:1", "value": value, "document": number}
        try:
            story.do("correct", UNDERTAKER, when, inputs=inputs)
        except Exception as refusal:
            raise AssertionError from refusal


class TestPapersIssuedAgain:
    def corrected(self) -> Story:
        story = granted()
        story.do("make", ISSUER, "2026-03-06")
        story.consent("correct", UNDERTAKER, HEAD, "2026-03-09")
        inputs = {"target": 2, "path": "sealed:applicant", "value": "x"}
        story.do("correct", UNDERTAKER, "2026-03-09", inputs=inputs, sealed={"applicant": "c-new"})
        return story

    def test_are_all_that_show_the_old_value(self) -> None:
        story = self.corrected()
        standing = [each.document for each in story.state.documents.values() if not each.retracted]
        withdrawn = [each.document for each in story.state.documents.values() if each.retracted]
        assert standing == withdrawn == ["material_receipt", "acceptance_notice", "grant_decision"]
        assert [each.retracted for each in story.state.results.values()] == [True, False]

    def test_say_what_the_first_said_but_for_the_value(self) -> None:
        story = self.corrected()
        again = {e.seq: e.body for e in story.history if isinstance(e.body, DocumentIssued | ResultIssued)}
        for seq, body in again.items():
            paper = find_paper(story.bound, story.history, seq)
            assert hash_of(canonical(paper)) == body.commitment
            old = [e for e in story.history if isinstance(e.body, Retracted) and e.body.ref == body.number]
            assert isinstance(paper["sealed"], dict)
            assert paper["sealed"]["applicant"] == ("c-applicant" if old else "c-new")
        decision = [seq for seq, body in again.items() if getattr(body, "document", "") == "grant_decision"]
        one, two = (find_paper(story.bound, story.history, seq) for seq in decision)
        assert two["replaces"] == one["number"] != two["number"]
        assert [two[name] for name in ("act", "marks", "outcome")] == [
            one[name] for name in ("act", "marks", "outcome")
        ]

    def test_can_be_issued_a_third_time(self) -> None:
        story = self.corrected()
        story.consent("correct", UNDERTAKER, HEAD, "2026-03-10")
        inputs = {"target": 2, "path": "sealed:applicant", "value": "x"}
        story.do("correct", UNDERTAKER, "2026-03-10", inputs=inputs, sealed={"applicant": "c-newest"})
        last = [e for e in story.history if isinstance(e.body, ResultIssued)][-1]
        paper = find_paper(story.bound, story.history, last.seq)
        assert isinstance(paper["sealed"], dict) and paper["sealed"]["applicant"] == "c-newest"
        assert len([each for each in story.state.results.values() if not each.retracted]) == 1
        assert fold(story.history) == story.state

    def test_are_not_those_that_never_showed_it(self) -> None:
        story = accepted()
        story.do("check_on_site", UNDERTAKER, "2026-03-03", inputs={"officers": ["p-1", "p-2"]})
        story.consent("correct", UNDERTAKER, HEAD, "2026-03-04")
        inputs = {"target": 2, "path": "sealed:finding", "value": "x"}
        story.do("correct", UNDERTAKER, "2026-03-04", inputs=inputs, sealed={"finding": "c-new"})
        assert [each.document for each in story.state.documents.values() if each.retracted] == ["inspection_record"]


def test_an_officer_of_another_organ_reads_nothing() -> None:
    story = accepted()
    assert ("unit", officer("x", "sc").seats[0].unit) not in find_readers(story.bound, story.state)
