"""Conduct rules by example: what the law lets happen, told as it happens; what it refuses, as an imported history would
tell it (a lawful one with an event changed)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.kernel.stories import (
    APPROVER,
    CITIZEN,
    HEAD,
    ISSUER,
    REVIEWER,
    UNDERTAKER,
    WINDOW,
    MaterialGiven,
    Story,
    accepted,
    at,
    calendar,
    clerk,
    fee,
    granted,
    item_of,
    licence,
    material,
    submitted,
)
from tests.kernel.supervision.histories import RULES, found, rule
from tests.kernel.supervision.test_clock_rules import UNIT, order
from tests.kernel.test_clocks import extended, paused
from tests.kernel.test_walks import law_of
from zhengtong.kernel.binding import bind
from zhengtong.kernel.events import (
    Acted,
    BranchSettled,
    ClockExtended,
    Corrected,
    DocumentIssued,
    Event,
    FeeDemanded,
    FeeSettled,
    MaterialChecked,
    MaterialReceived,
    Rated,
    Rebound,
    ResultIssued,
)
from zhengtong.kernel.supervision.conduct_metrics import CONDUCT, MEASURES, NEEDS, Look
from zhengtong.kernel.supervision.findings import Finding
from zhengtong.kernel.supervision.rules import Family
from zhengtong.kernel.supervision.scoping import is_on_spot
from zhengtong.kernel.terms import Term
from zhengtong.law.procedure_files import load_procedure

NOW = "2026-12-01"
TERMS = {"legal": Term.parse("20 wd"), "promised": Term.parse("10 wd")}


def of(story: Story, code: str) -> tuple[Finding, ...]:
    """What one rule of the shelf finds in the end."""
    return tuple(each for each in found(story, NOW) if each.rule == code)


def conduct_of(story: Story) -> set[str]:
    return {each.rule for each in found(story, NOW) if each.rule.startswith("XW")}


def changed(story: Story, which: Callable[[Event], bool], **body: Any) -> Story:
    """The same story as a system that does not mind the law would have told it."""
    told = Story(story.bound)
    told.history = tuple(
        replace(event, body=replace(event.body, **body)) if which(event) else event for event in story.history
    )
    assert told.history != story.history
    return told


def act(name: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event.body, Acted) and event.body.act == name


def kind(of_kind: type) -> Callable[[Event], bool]:
    return lambda event: isinstance(event.body, of_kind)


def append(story: Story, *bodies: Any, like: int = -1) -> Story:
    """More events in batches of their own, as the last event was written."""
    told = Story(story.bound)
    last = story.history[like]
    seq = len(story.history)
    told.history = (
        *story.history,
        *(replace(last, seq=seq + n, batch=seq + n, key=None, body=body) for n, body in enumerate(bodies, 1)),
    )
    return told


def opinion_given() -> Story:
    """Granted as it should be, opinions and all."""
    story = accepted("three_step")
    story.do("pass", UNDERTAKER, "2026-03-03")
    story.do("review", REVIEWER, "2026-03-04")
    story.do("grant", APPROVER, "2026-03-05", sealed={"opinion": "c-o"})
    return story


def test_an_ordinary_case_shows_nothing() -> None:
    assert conduct_of(opinion_given()) == set()


# ---- entered late, in minutes, out of order ---------------------------------------------------------------


class TestEntry:
    def test_acceptance_dated_back(self) -> None:
        story = submitted()
        story.do("accept", WINDOW, "2026-03-05", happened_at=at("2026-03-03"))
        (late,) = of(story, "XW-01")
        assert late.measured.value == 2 and late.since == at("2026-03-05")
        assert late.params["act"] == "accept" and not of(story, "XW-02")

    def test_another_step_dated_back(self) -> None:
        story = accepted("three_step")
        story.do("pass", UNDERTAKER, "2026-03-05", happened_at=at("2026-03-04"))
        assert of(story, "XW-02") and not of(story, "XW-01")

    def test_entered_the_same_day(self) -> None:
        story = submitted()
        story.do("accept", WINDOW, "2026-03-02T16:00", happened_at=at("2026-03-02T11:00"))
        assert not of(story, "XW-01")

    def test_what_the_law_did_is_not_late(self) -> None:
        story = submitted()
        story.sweep("2026-03-20T09:00")
        assert conduct_of(story) == set()


class TestMinutes:
    def quick(self, minutes: int, **changes: Term) -> Story:
        filing = load_procedure("filing", "2026-01-01")
        story = Story(bind(filing, item_of(filing, terms=TERMS | changes)))
        story.do("submit", WINDOW, "2026-03-02T09:00", parties={"applicant": "s-citizen"})
        story.do("accept", WINDOW, "2026-03-02T09:05")
        story.do("record", UNDERTAKER, f"2026-03-02T09:{minutes:02}", sealed={"opinion": "c"})
        return story

    def test_registered_and_decided_within_minutes(self) -> None:
        (quick,) = of(self.quick(12), "XW-13")
        assert quick.measured.value == 12
        assert [each.why for each in quick.evidence] == ["received", "accepted", "decided"]

    def test_not_after_half_an_hour(self) -> None:
        assert not of(self.quick(30), "XW-13")

    def test_not_of_items_decided_on_the_spot(self) -> None:
        story = self.quick(12, promised=Term.parse("1 wd"))
        assert is_on_spot(story.bound) and not of(story, "XW-13")


def test_step_out_of_order() -> None:
    story = changed(opinion_given(), act("grant"), left="examining")
    assert of(story, "XW-15")


def test_decided_before_accepted() -> None:
    early = at("2026-03-01")
    assert of(changed(opinion_given(), act("grant"), marks={"decided": early}), "XW-14")
    made = opinion_given()
    made.do("make", ISSUER, "2026-03-06")
    assert not of(made, "XW-14")
    assert of(changed(made, kind(ResultIssued), valid_from=early.date()), "XW-14")


# ---- who ------------------------------------------------------------------------------------------------------


class TestPeople:
    def test_same_person(self) -> None:
        story = Story(law_of("filing"))
        both = clerk("yi", "window", "undertaker")
        story.do("submit", both, "2026-03-02", parties={"applicant": "s-citizen"})
        story.do("accept", both, "2026-03-02")
        story.do("record", both, "2026-03-05", sealed={"opinion": "c"})
        (same,) = of(story, "XW-03")
        assert [each.why for each in same.evidence] == ["accepted", "decided"]

    def test_duties_not_parted(self) -> None:
        story = opinion_given()
        person = next(event.person for event in story.history if act("pass")(event))
        story.history = tuple(replace(e, person=person) if act("review")(e) else e for e in story.history)
        (apart,) = of(story, "XW-04")
        assert [each.why for each in apart.evidence] == ["first", "second"]

    def test_without_the_role(self) -> None:
        story = opinion_given()
        story.history = tuple(replace(e, role="window") if act("grant")(e) else e for e in story.history)
        assert of(story, "XW-28")

    def test_without_consent(self) -> None:
        story = changed(extended(), act("extend"), consent=None)
        assert of(story, "XW-17") and not of(extended(), "XW-17")

    def test_refused_without_consent(self) -> None:
        story = refused()
        assert not of(story, "XW-21")
        assert of(changed(story, act("refuse"), consent=None), "XW-21")

    def test_own_consent(self) -> None:
        story = extended()
        assert not of(story, "XW-22")
        asker = next(event.person for event in story.history if event.kind == "BranchOpened")
        story.history = tuple(
            replace(e, person=asker) if isinstance(e.body, BranchSettled) else e for e in story.history
        )
        assert of(story, "XW-22")


def refused() -> Story:
    story = accepted("three_step")
    story.do("pass", UNDERTAKER, "2026-03-03")
    story.do("review", REVIEWER, "2026-03-04")
    story.consent("refuse", APPROVER, HEAD, "2026-03-05")
    story.do("refuse", APPROVER, "2026-03-05")
    return story


# ---- words and papers -----------------------------------------------------------------------------------------


class TestPapers:
    def test_opinion_missing(self) -> None:
        assert of(granted(), "XW-19") and not of(opinion_given(), "XW-19")

    def test_reasons_missing(self) -> None:
        assert not of(refused(), "XW-20")
        assert of(changed(refused(), act("refuse"), sealed={}), "XW-20")

    def test_closed_without_paper(self) -> None:
        story = opinion_given()
        story.history = tuple(e for e in story.history if not (isinstance(e.body, DocumentIssued) and e.batch > 5))
        story.history = tuple(replace(e, seq=n) for n, e in enumerate(story.history, 1))
        assert of(story, "XW-27") and not of(opinion_given(), "XW-27")

    def test_notice_of_a_special_procedure_never_served(self) -> None:
        (unserved,) = of(paused(), "XW-07")
        assert unserved.cleared_at is None and [e.why for e in unserved.evidence] == ["issued", "moved_on"]

    def test_served_in_time(self) -> None:
        story = accepted("special")
        story.consent("begin_special", UNDERTAKER, HEAD, "2026-03-03")
        story.do("begin_special", UNDERTAKER, "2026-03-04", inputs={"branches": [{"kind": "testing"}]})
        assert not of(story, "XW-07")
        (number,) = (n for n, paper in story.state.documents.items() if paper.document == "special_notice")
        serving = {"number": number, "manner": "direct"}
        late = Story(story.bound)
        late.history, late.numbers = story.history, story.numbers
        story.do("serve", UNDERTAKER, "2026-03-04T15:00", inputs=serving)
        story.do("end_special", UNDERTAKER, "2026-03-09", inputs={"verdict": "done"})
        assert not of(story, "XW-07")
        late.do("end_special", UNDERTAKER, "2026-03-09", inputs={"verdict": "done"})
        late.do("serve", UNDERTAKER, "2026-03-10", inputs=serving)
        assert [each.cleared_at for each in of(late, "XW-07")] == [at("2026-03-10")]

    def test_caller_not_contacted(self) -> None:
        story = order()
        story.do("sign_for", UNIT, "2026-03-02T10:00")
        story.do("reply", UNIT, "2026-03-03", inputs={"contacted": False})
        assert of(story, "XW-40")
        assert not of(changed(story, act("reply"), inputs={"contacted": True}), "XW-40")

    def test_bad_rating(self) -> None:
        assert of(append(granted(), Rated(level=2, channel="window", sealed={})), "XW-41")
        assert not of(append(granted(), Rated(level=3, channel="window", sealed={})), "XW-41")

    def test_closed_as_void(self) -> None:
        story = submitted()
        story.consent("void", WINDOW, HEAD, "2026-03-02")
        story.do("void", WINDOW, "2026-03-02")
        assert conduct_of(story) == {"XW-29"}


# ---- materials --------------------------------------------------------------------------------------------------


def given_form(commitment: str) -> tuple[MaterialGiven, ...]:
    return (MaterialGiven(material="form", form="paper", commitment=commitment),)


def asked_again(second: str, *, more: Any = ()) -> Story:
    story = Story(licence(materials=(material("form"),)))
    story.do("submit", CITIZEN, "2026-03-02", materials=given_form("c-1"))
    check(story, "accepted", "2026-03-02T11:00")
    story.do("notify_supplement", WINDOW, "2026-03-02T12:00", inputs={"missing": ["form"], "manner": "direct"})
    story.do("supply", CITIZEN, "2026-03-04", materials=given_form(second))
    return story


def check(story: Story, verdict: str, when: str) -> None:
    story.do("check_material", WINDOW, when, inputs={"material": "form", "verdict": verdict})


class TestMaterials:
    def test_needless_supplement(self) -> None:
        (needless,) = of(asked_again("c-1"), "XW-05")
        assert [each.why for each in needless.evidence] == ["asked", "nothing_new"]
        assert not of(asked_again("c-2"), "XW-05")

    def test_asked_twice(self) -> None:
        story = asked_again("c-2")
        again = next(event.body for event in story.history if act("notify_supplement")(event))
        (twice,) = of(append(story, again), "XW-06")
        assert twice.measured.value == 2 and len(twice.evidence) == 2

    def test_waived(self) -> None:
        story = Story(licence(materials=(material("form"),)))
        story.do("submit", CITIZEN, "2026-03-02")
        check(story, "waived", "2026-03-02T11:00")
        assert of(story, "XW-24")

    def test_lacking(self) -> None:
        story = Story(licence(materials=(material("form"),)))
        story.do("submit", CITIZEN, "2026-03-02", materials=given_form("c-1"))
        check(story, "accepted", "2026-03-02T11:00")
        story.do("accept", WINDOW, "2026-03-02T12:00")
        story.do("pass", UNDERTAKER, "2026-03-03")
        story.do("grant", APPROVER, "2026-03-04", sealed={"opinion": "c"})
        assert conduct_of(story) == set()
        (lacking,) = of(changed(story, kind(MaterialChecked), verdict="defective"), "XW-25")
        assert lacking.params["materials"] == "form"

    def test_beyond_the_list(self) -> None:
        more = MaterialReceived(material="extra", form="paper", commitment="c-9")
        assert of(append(submitted(), more), "XW-26")

    def test_conforming_declined(self) -> None:
        def declined(verdict: str) -> Story:
            story = Story(licence(materials=(material("form"),)))
            story.do("submit", CITIZEN, "2026-03-02", materials=given_form("c-1"))
            check(story, verdict, "2026-03-02T11:00")
            story.consent("decline_barred", WINDOW, HEAD, "2026-03-02T12:00")
            story.do("decline_barred", WINDOW, "2026-03-02T13:00")
            return story

        (turned,) = of(declined("accepted"), "XW-23")
        assert [each.why for each in turned.evidence] == ["accepted", "declined"]
        assert not of(declined("defective"), "XW-23")


# ---- fees -----------------------------------------------------------------------------------------------------------


def paid(**how: Any) -> Story:
    story = Story(licence(fees=(fee("check", 5000),)))
    story.do("submit", CITIZEN, "2026-03-02")
    story.do("accept", WINDOW, "2026-03-02T11:00")
    told = {"fee": "check", "how": "paid", "amount": 5000, "receipt": "清财0000001"} | how
    story.do("settle_fee", WINDOW, "2026-03-03", inputs=told)
    return story


class TestFees:
    def test_paid_as_it_should_be(self) -> None:
        assert conduct_of(paid()) == set()

    def test_wrong_receipts(self) -> None:
        assert conduct_of(changed(paid(), kind(FeeSettled), receipt="")) == {"XW-30"}
        assert conduct_of(paid(receipt="自收0000001")) == {"XW-31"}

    def test_wrong_amounts(self) -> None:
        assert conduct_of(changed(paid(), kind(FeeDemanded), amount=6000)) == {"XW-33"}
        assert conduct_of(changed(paid(), kind(FeeSettled), amount=6000)) == {"XW-33"}
        assert "XW-32" in conduct_of(changed(paid(), kind(FeeDemanded), fee="other"))

    def test_waived(self) -> None:
        assert conduct_of(changed(paid(), kind(FeeSettled), how="waived", consent="b-1")) == {"XW-34"}
        assert conduct_of(changed(paid(), kind(FeeSettled), how="waived")) == {"XW-34", "XW-35"}

    def test_result_before_the_fee(self) -> None:
        story = paid()
        story.do("pass", UNDERTAKER, "2026-03-04")
        story.do("grant", APPROVER, "2026-03-05", sealed={"opinion": "c"})
        story.do("make", ISSUER, "2026-03-06")
        assert conduct_of(story) == set()
        kept = tuple(event for event in story.history if not isinstance(event.body, FeeSettled))
        story.history = tuple(replace(event, seq=n) for n, event in enumerate(kept, 1))
        assert "XW-36" in conduct_of(story)


# ---- mistakes, holds, extensions ---------------------------------------------------------------------


class TestMistakes:
    def test_reverted(self) -> None:
        story = accepted("three_step")
        story.do("pass", UNDERTAKER, "2026-03-03")
        story.consent("revert", UNDERTAKER, HEAD, "2026-03-03T11:00")
        latest = next(done.seq for done in reversed(story.state.done) if done.act == "pass")
        story.do("revert", UNDERTAKER, "2026-03-03T12:00", inputs={"target": latest})
        assert conduct_of(story) == {"XW-37"}

    def test_corrected(self) -> None:
        path, story = "mark:received", submitted()
        value = at("2026-03-01").isoformat()
        body = Corrected(target=2, path=path, was=None, value=value, document=None, sealed={}, consent=None)
        assert conduct_of(append(story, body)) == {"XW-38"}
        assert conduct_of(append(story, replace(body, path="mark:decided"))) == {"XW-39"}


class TestClocks:
    def test_held_on_the_eve(self) -> None:
        (eve,) = of(paused("2026-03-13", "2026-03-20"), "XW-09")
        assert eve.measured.value == 1 and [each.why for each in eve.evidence] == ["start", "held"]
        assert not of(paused("2026-03-12", "2026-03-20"), "XW-09")

    def test_held_again_counts_what_was_left_then(self) -> None:
        story = paused("2026-03-09", "2026-03-11")
        story.consent("begin_special", UNDERTAKER, HEAD, "2026-03-18")
        story.do("begin_special", UNDERTAKER, "2026-03-18", inputs={"branches": [{"kind": "testing"}]})
        held = rule("left_when_held", "<=", "20 wd")
        assert [each.measured.value for each in found(story, NOW, held)] == [5, 1]

    def test_held_often_and_for_a_day(self) -> None:
        story = accepted("special")
        for day in ("2026-03-03", "2026-03-04", "2026-03-05"):
            story.consent("begin_special", UNDERTAKER, HEAD, f"{day}T09:00")
            story.do("begin_special", UNDERTAKER, f"{day}T10:00", inputs={"branches": [{"kind": "testing"}]})
            story.do("end_special", UNDERTAKER, f"{day}T15:00", inputs={"verdict": "done"})
        assert len(of(story, "XW-10")) == 1 and len(of(story, "XW-11")) == 3 and len(of(story, "XW-08")) == 2

    def test_withdrawn_by_the_window_on_the_eve(self) -> None:
        def withdrawn(actor: Any, when: str) -> Story:
            story = accepted()
            story.do("withdraw", actor, when)
            return story

        assert of(withdrawn(WINDOW, "2026-03-16"), "XW-12")
        assert not of(withdrawn(WINDOW, "2026-03-12"), "XW-12")
        assert not of(withdrawn(CITIZEN, "2026-03-16"), "XW-12")

    def test_extended_twice_and_late(self) -> None:
        story = extended(when="2026-03-10")
        assert conduct_of(story) == set()
        again = next(event.body for event in story.history if act("extend")(event))
        assert "XW-16" in conduct_of(append(story, again))
        longer = ClockExtended(clock="decision", by="5 wd", consent=None)
        late = append(story, longer)
        late.history = (
            *late.history[:-1],
            replace(late.history[-1], at=at("2026-06-01"), recorded_at=at("2026-06-01")),
        )
        assert of(late, "XW-18") and not of(story, "XW-18")


# ---- the vocabulary --------------------------------------------------------------------------------------------------


def test_every_metric_is_measured_by_a_rule_of_the_shelf() -> None:
    """What no rule uses nobody has tried."""
    assert set(CONDUCT) == set(MEASURES) >= set(NEEDS)
    assert {each.metric for each in RULES if each.family is Family.CONDUCT} == set(CONDUCT)


@pytest.mark.parametrize("metric", sorted(NEEDS))
def test_what_needs_an_event_sees_nothing_without_it(metric: str) -> None:
    """The short cut of `watching` leaves out only what would have found nothing."""
    story = opinion_given() if NEEDS[metric] not in {type(e.body) for e in opinion_given().history} else submitted()
    look = Look(story.bound, story.state, calendar())
    look.kinds.pop(NEEDS[metric], None)
    assert list(MEASURES[metric](look, rule(metric, ">=", f"0 {CONDUCT[metric].unit}"))) == []


# ---- lawful, and accused of nothing ----------------------------------------------------------------------------------


class TestLawful:
    def begun(self, day: str = "2026-03-04") -> Story:
        story = accepted("special")
        story.consent("begin_special", UNDERTAKER, HEAD, day)
        story.do("begin_special", UNDERTAKER, day, inputs={"branches": [{"kind": "testing"}]})
        return story

    def test_an_applicant_who_withdraws_leaves_no_paper_unserved(self) -> None:
        story = self.begun()
        story.do("withdraw", CITIZEN, "2026-03-04T11:00")
        assert conduct_of(story) == set()

    def test_a_window_that_withdraws_does(self) -> None:
        story = self.begun()
        story.do("withdraw", WINDOW, "2026-03-04T11:00")
        assert {"XW-07", "XW-11"} <= conduct_of(story)

    def test_a_hearing_offered_on_the_eve_is_the_law(self) -> None:
        story = accepted("hearing", "three_step")
        story.do("offer_hearing", UNDERTAKER, "2026-03-13", inputs={"manner": "direct"})
        assert conduct_of(story) == set()

    def test_a_card_appealed_on_its_last_day_leads_to_no_card(self) -> None:
        held = {each.code: each.scope.procedures for each in RULES if each.metric in ("left_when_held", "times_held")}
        assert held and all(of and "card" not in of for of in held.values())

    def test_what_was_done_under_the_law_before_is_not_judged_by_the_newer(self) -> None:
        """The newer law leaves asking for more to somebody else, and asks for another state."""
        story = submitted(bound=licence(materials=(material("form"),)))
        told = {"missing": ["form"], "manner": "direct"}
        story.do("notify_supplement", WINDOW, "2026-03-02T11:00", inputs=told)
        newer = replace(story.bound.actions["notify_supplement"], by=("undertaker",), from_states=("examining",))
        story.bound = replace(story.bound, actions={**story.bound.actions, "notify_supplement": newer})
        assert conduct_of(story) == {"XW-15", "XW-28"}
        passed = Rebound(version="2027-01-01", item_version=2, binding=story.bound.digest, state=story.state.state)
        assert conduct_of(append(story, passed)) == set()
