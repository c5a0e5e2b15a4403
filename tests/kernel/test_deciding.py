"""Deciding: place, role, inputs, guards, late entries, fees, papers, numbers; a refusal changes nothing."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernel.stories import (
    AGENT,
    APPROVER,
    CHAIR,
    CITIZEN,
    HEAD,
    ISSUER,
    REVIEWER,
    STRANGER,
    SUPERVISOR,
    UNDERTAKER,
    WINDOW,
    MaterialGiven,
    Story,
    accepted,
    at,
    bound_of,
    calendar,
    clerk,
    fee,
    granted,
    hash_of,
    kinds,
    licence,
    material,
    officer,
    submitted,
)
from tests.kernel.test_branches import refused
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.binding import canonical
from zhengtong.kernel.clocks import find_clocks
from zhengtong.kernel.deciding import SerialsShort, date_mark, decide_opening, find_acts, find_paper, find_serials
from zhengtong.kernel.events import DocumentIssued, ResultIssued
from zhengtong.kernel.procedures import Phase
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.states import RunStatus, State, evolve, fold


class TestOpening:
    def test_is_one_batch_headed_by_opened(self) -> None:
        story = submitted("online")
        assert kinds(story.history) == ["Opened", "Acted", "DocumentIssued", "ClockStarted"]
        assert {event.batch for event in story.history} == {1}
        assert [event.key for event in story.history] == ["key-1", None, None, None]
        state = story.state
        assert (state.number, state.state, state.binding) == ("case-1", "submitted", story.bound.digest)
        assert state.marks["received"] == at("2026-03-02") and state.parties == {"applicant": "s-citizen"}

    def test_may_be_done_at_the_window_for_somebody(self) -> None:
        story = Story(bound_of())
        story.do("submit", WINDOW, "2026-03-02")
        assert story.state.parties["applicant"] == "s-citizen" and story.history[0].role == "window"

    def test_is_not_for_somebody_else(self) -> None:
        story = Story(bound_of())
        with pytest.raises(Refusal, match="not_your_role"):
            story.do("submit", STRANGER, "2026-03-02")
        story.do("submit", AGENT, "2026-03-02")
        assert story.history[0].basis == "power-1"

    def test_takes_in_the_materials_given(self) -> None:
        story = Story(licence(materials=(material("form"),)))
        given_ = (MaterialGiven(material="form", form="electronic", commitment="c-form"),)
        events = story.do("submit", CITIZEN, "2026-03-02", materials=given_)
        assert kinds(events)[:3] == ["Opened", "Acted", "MaterialReceived"]
        with pytest.raises(Refusal, match="unknown_material"):
            Story(bound_of()).do("submit", CITIZEN, "2026-03-02", materials=given_)

    def test_is_done_by_opening_acts_only(self) -> None:
        story = Story(bound_of())
        command = story.command("accept", WINDOW, "2026-03-02")
        with pytest.raises(Refusal, match="not_an_opening_act"):
            decide_opening(story.bound, command, calendar(), at("2026-03-02"))


class TestPlaceAndRole:
    def test_refuse_what_does_not_fit(self) -> None:
        story = accepted()
        assert refused(story, "nothing", WINDOW, "2026-03-03").code is RefusalCode.UNKNOWN_ACT
        assert refused(story, "accept", WINDOW, "2026-03-03").code is RefusalCode.WRONG_STATE
        assert refused(story, "deem_accepted", WINDOW, "2026-03-03").code is RefusalCode.ACT_OF_THE_LAW
        assert refused(story, "pass", WINDOW, "2026-03-03").code is RefusalCode.NOT_YOUR_ROLE
        assert refused(story, "withdraw", STRANGER, "2026-03-03").code is RefusalCode.NOT_YOUR_ROLE
        assert refused(story, "pass", UNDERTAKER, "2026-03-01").code is RefusalCode.BEFORE_LAST_EVENT

    def test_refuse_what_comes_after_the_end(self) -> None:
        story = accepted()
        story.do("withdraw", CITIZEN, "2026-03-03")
        assert refused(story, "pass", UNDERTAKER, "2026-03-04").code is RefusalCode.CASE_CLOSED

    def test_cite_the_article_of_the_act(self) -> None:
        assert refused(accepted(), "accept", WINDOW, "2026-03-03").source == "XKF 32(5)"


class TestInputs:
    def test_are_checked_by_kind(self) -> None:
        story = granted()
        story.do("make", ISSUER, "2026-03-06")
        missing = refused(story, "hand_over", ISSUER, "2026-03-09")
        assert missing.code is RefusalCode.INPUT_MISSING and missing.params["input"] == "manner"
        wrong = refused(story, "hand_over", ISSUER, "2026-03-09", inputs={"manner": "pigeon"})
        assert wrong.code is RefusalCode.INPUT_NOT_A_CHOICE
        for words in ("by pigeon, to Mr X", "p" * 81, "line\nline"):
            wrong = refused(story, "hand_over", ISSUER, "2026-03-09", inputs={"manner": words})
            assert wrong.code is RefusalCode.INPUT_NOT_SHAPED
        wrong = refused(story, "hand_over", ISSUER, "2026-03-09", inputs={"manner": "direct", "more": "x"})
        assert wrong.code is RefusalCode.INPUT_UNKNOWN

    def test_that_are_sealed_come_as_commitments_only(self) -> None:
        story = accepted()
        wrong = refused(story, "pass", UNDERTAKER, "2026-03-03", inputs={"opinion": "he is a friend of mine"})
        assert wrong.code is RefusalCode.INPUT_NOT_SHAPED
        command = story.command("pass", UNDERTAKER, "2026-03-03")
        assert command.sealed == {"opinion": "c-opinion"}
        assert refused(story, "pass", UNDERTAKER, "2026-03-03", sealed={"opinion": ""}).code in (
            RefusalCode.INPUT_NOT_SHAPED,
            RefusalCode.INPUT_MISSING,
        )

    def test_that_are_kept_become_facts(self) -> None:
        story = Story(bound_of("licence", "renewal"))
        story.do("submit_renewal", CITIZEN, "2026-03-02", inputs={"expires_on": "2026-04-30"})
        assert story.state.facts == {"expires_on": "2026-04-30"}
        assert story.clock("expiry", "2026-03-03").due_on == date(2026, 4, 30)

    @pytest.mark.parametrize("value", ["2026-13-01", "tomorrow", 20260430, None, "20260430"])
    def test_that_are_dates_are_iso_dates(self, value: object) -> None:
        with pytest.raises(Refusal, match="input_not_shaped"):
            Story(bound_of("licence", "renewal")).do(
                "submit_renewal", CITIZEN, "2026-03-02", inputs={"expires_on": value}
            )


class TestGuards:
    def test_materials_must_be_accepted_or_for_acceptance_promised(self) -> None:
        story = submitted(bound=licence(materials=(material("form"), material("plan", tolerable=True))))
        assert refused(story, "accept", WINDOW, "2026-03-03").params["materials"] == ("form", "plan")
        story.do("check_material", WINDOW, "2026-03-03", inputs={"material": "form", "verdict": "accepted"})
        wrong = refused(
            story, "check_material", WINDOW, "2026-03-03", inputs={"material": "form", "verdict": "promised"}
        )
        assert wrong.code is RefusalCode.INPUT_NOT_A_CHOICE
        story.do("check_material", WINDOW, "2026-03-03", inputs={"material": "plan", "verdict": "promised"})
        story.do("accept", WINDOW, "2026-03-03")
        story.do("pass", UNDERTAKER, "2026-03-04")
        assert refused(story, "grant", APPROVER, "2026-03-05").code is RefusalCode.MATERIALS_INCOMPLETE
        story.do("check_material", WINDOW, "2026-03-05", inputs={"material": "plan", "verdict": "accepted"})
        story.do("grant", APPROVER, "2026-03-05")

    def test_two_steps_need_two_persons_whatever_their_posts(self) -> None:
        story = accepted("three_step")
        story.do("pass", UNDERTAKER, "2026-03-03")
        both = Actor(person=UNDERTAKER.person, seats=REVIEWER.seats, subjects={})
        assert refused(story, "review", both, "2026-03-03").code is RefusalCode.SAME_PERSON

    def test_the_supplement_notice_is_given_once_and_in_time(self) -> None:
        bound = licence(materials=(material("form"),))
        inputs = {"missing": ["form"], "manner": "direct"}
        story = submitted(bound=bound)
        late = refused(story, "notify_supplement", WINDOW, "2026-03-10", inputs=inputs)
        assert late.code is RefusalCode.WRONG_STATE  # the case is accepted already
        story.do("notify_supplement", WINDOW, "2026-03-09", inputs=inputs)
        assert next(iter(story.state.documents.values())).served_at is None
        notice = next(each for each in story.state.documents.values() if each.document == "supplement_notice")
        assert notice.served_at == at("2026-03-09")
        story.do("supply", CITIZEN, "2026-03-10", inputs={"given": ["form"]})
        again = refused(story, "notify_supplement", WINDOW, "2026-03-11", inputs=inputs)
        assert again.code is RefusalCode.TOO_MANY_TIMES

    def test_an_extension_is_within_the_limit_and_not_too_long(self) -> None:
        story = accepted()
        story.consent("extend", UNDERTAKER, HEAD, "2026-03-03")
        too_long = refused(story, "extend", UNDERTAKER, "2026-03-04", inputs={"term": "11 wd"})
        assert too_long.code is RefusalCode.TERM_TOO_LONG
        passed = refused(story, "extend", UNDERTAKER, "2026-03-31", inputs={"term": "5 wd"})
        assert passed.code is RefusalCode.LIMIT_PASSED
        story.do("extend", UNDERTAKER, "2026-03-30T23:59", inputs={"term": "5 wd"})

    def test_officers_are_two_different_people(self) -> None:
        story = accepted()
        alone = refused(story, "check_on_site", UNDERTAKER, "2026-03-03", inputs={"officers": ["p-1"]})
        assert alone.code is RefusalCode.OFFICERS_LACKING
        twice = refused(story, "check_on_site", UNDERTAKER, "2026-03-03", inputs={"officers": ["p-1", "p-1"]})
        assert twice.code is RefusalCode.INPUT_NOT_SHAPED
        story.do("check_on_site", UNDERTAKER, "2026-03-03", inputs={"officers": ["p-1", "p-2"]})

    def test_a_hearing_is_announced_seven_working_days_ahead(self) -> None:
        story = accepted("hearing")
        story.do("offer_hearing", UNDERTAKER, "2026-03-03", inputs={"manner": "direct"})
        story.do("ask_hearing", CITIZEN, "2026-03-04")
        short = refused(story, "call_hearing", CHAIR, "2026-03-05", inputs={"held_on": "2026-03-13"})
        assert short.code is RefusalCode.NOT_FAR_ENOUGH_AHEAD
        assert refused(story, "hold_hearing", CHAIR, "2026-03-05").code is RefusalCode.NOT_DONE_BEFORE
        story.do("call_hearing", CHAIR, "2026-03-05", inputs={"held_on": "2026-03-16"})
        story.do("hold_hearing", CHAIR, "2026-03-16")
        assert story.state.state == "examining"

    def test_a_right_not_used_lapses_and_the_case_goes_back(self) -> None:
        story = accepted("hearing")
        story.do("offer_hearing", UNDERTAKER, "2026-03-03", inputs={"manner": "direct"})
        assert refused(story, "ask_hearing", CITIZEN, "2026-03-11").code is RefusalCode.WRONG_STATE
        story.sweep("2026-03-11")
        assert story.state.state == "examining" and story.state.done[-1].act == "hearing_waived"

    def test_nothing_is_published_twice(self) -> None:
        story = granted()
        story.do("publish", ISSUER, "2026-03-06")
        assert refused(story, "publish", ISSUER, "2026-03-06").code is RefusalCode.ALREADY_DONE

    def test_a_refusal_is_delivered_only_when_it_was_served(self) -> None:
        story = accepted()
        story.do("pass", UNDERTAKER, "2026-03-03")
        superior = HEAD
        story.consent("refuse", APPROVER, superior, "2026-03-04")
        story.do("refuse", APPROVER, "2026-03-05")
        assert refused(story, "hand_over_refusal", ISSUER, "2026-03-06").code is RefusalCode.NOT_SERVED
        number = next(each.number for each in story.state.documents.values() if each.document == "refusal_decision")
        story.do("serve", ISSUER, "2026-03-06", inputs={"number": number, "manner": "direct", "relation": "self"})
        story.do("hand_over_refusal", ISSUER, "2026-03-06")
        assert story.state.outcome == "refused"


class TestFees:
    def story(self) -> Story:
        story = accepted(bound=licence(fees=(fee("check", 5000, reducible=True),)))
        story.do("pass", UNDERTAKER, "2026-03-03")
        story.do("grant", APPROVER, "2026-03-04")
        return story

    def test_hold_the_result_back_until_they_are_settled(self) -> None:
        story = self.story()
        assert refused(story, "make", ISSUER, "2026-03-05").code is RefusalCode.FEES_DUE
        paid = {"fee": "check", "how": "paid", "amount": 4000, "receipt": "r"}
        assert refused(story, "settle_fee", ISSUER, "2026-03-05", inputs=paid).code is RefusalCode.FEE_AMOUNT_DIFFERS
        story.do("settle_fee", ISSUER, "2026-03-05", inputs={**paid, "amount": 5000})
        again = refused(story, "settle_fee", ISSUER, "2026-03-05", inputs={**paid, "amount": 5000})
        assert again.code is RefusalCode.UNKNOWN_FEE
        story.do("make", ISSUER, "2026-03-05")

    def test_are_waived_only_with_the_heads_consent(self) -> None:
        story = self.story()
        waived = {"fee": "check", "how": "waived", "amount": 5000}
        assert refused(story, "settle_fee", ISSUER, "2026-03-05", inputs=waived).code is RefusalCode.NO_CONSENT
        story.consent("settle_fee", ISSUER, HEAD, "2026-03-05")
        story.do("settle_fee", ISSUER, "2026-03-05", inputs=waived)
        assert story.state.fees["check"].how == "waived"
        assert next(iter(story.state.branches.values())).used


class TestLateEntries:
    def test_are_judged_when_they_happened(self) -> None:
        story = submitted(bound=licence(materials=(material("form"),)))
        inputs = {"missing": ["form"], "manner": "direct"}
        events = story.do("notify_supplement", WINDOW, "2026-03-09", inputs=inputs, happened_at=at("2026-03-05"))
        assert kinds(events)[0] == "Acted" and story.state.state == "supplementing"
        assert (events[0].at, events[0].recorded_at) == (at("2026-03-05"), at("2026-03-09"))

    def test_neither_precede_the_last_act_nor_lie_ahead(self) -> None:
        story = accepted()
        early = refused(story, "pass", UNDERTAKER, "2026-03-03", happened_at=at("2026-03-01"))
        assert early.code is RefusalCode.BEFORE_LAST_EVENT
        ahead = refused(story, "pass", UNDERTAKER, "2026-03-03", happened_at=at("2026-03-04"))
        assert ahead.code is RefusalCode.IN_THE_FUTURE

    def test_may_precede_a_remark(self) -> None:
        story = accepted()
        story.do("note", WINDOW, "2026-03-05")
        story.do("pass", UNDERTAKER, "2026-03-06", happened_at=at("2026-03-04"))
        assert story.state.last_at == at("2026-03-05")


class TestPapers:
    def test_commit_to_data_that_is_found_again_whatever_happened_since(self) -> None:
        story = granted()
        story.do("make", ISSUER, "2026-03-06")
        story.do("hand_over", ISSUER, "2026-03-09", inputs={"manner": "direct"})
        papers = [event for event in story.history if isinstance(event.body, DocumentIssued | ResultIssued)]
        assert len(papers) == 5
        for event in papers:
            data = canonical(find_paper(story.bound, story.history, event.seq))
            assert hash_of(data) == event.body.commitment  # type: ignore[union-attr]

    def test_of_acceptance_say_from_when_and_how_long(self) -> None:
        story = accepted()
        event = next(event for event in story.history if getattr(event.body, "document", "") == "acceptance_notice")
        clocks = find_paper(story.bound, story.history, event.seq)["clocks"]
        assert isinstance(clocks, dict) and isinstance(clocks["decision"], dict)
        assert clocks["decision"]["promised"] == "10 wd"


class TestSerials:
    def test_are_named_beforehand_silence_included(self) -> None:
        story = submitted()
        assert story.draw("pass", "2026-03-03") == {}
        needed = find_serials(story.bound, story.state, "grant", calendar(), at("2026-03-11"))
        assert needed == ("document:acceptance_notice", "document:grant_decision")
        assert find_serials(story.bound, None, "submit", calendar(), at("2026-03-02"))[0] == "case"

    def test_are_never_made_up(self) -> None:
        with pytest.raises(SerialsShort):
            submitted().do("accept", WINDOW, "2026-03-03", serials={})


class TestAfterHours:
    def test_marks_the_next_working_day_where_the_act_says_so(self) -> None:
        rule = bound_of().actions["submit"]
        assert date_mark(rule, at("2026-03-06T22:00"), calendar()) == at("2026-03-06T22:00")
        late = type(rule)(
            **{name: getattr(rule, name) for name in rule.__slots__} | {"after_hours": "next_working_day"}
        )
        assert date_mark(late, at("2026-03-06T10:00"), calendar()) == at("2026-03-06T10:00")
        assert date_mark(late, at("2026-03-06T22:00"), calendar()) == at("2026-03-09T09:00")
        assert date_mark(late, at("2026-03-07T10:00"), calendar()) == at("2026-03-09T09:00")


class TestChoices:
    def test_show_what_may_be_done_and_why_the_rest_may_not(self) -> None:
        story = granted(bound=licence("three_step", fees=(fee("check", 5000),)))
        choices = {each.act: each for each in find_acts(*_seen(story, ISSUER, "2026-03-06"))}
        refusal = choices["make"].refusal
        assert refusal is not None and refusal[0] is RefusalCode.FEES_DUE and refusal[2] == "XKF 39, 44"
        assert choices["publish"].refusal is None
        assert "grant" not in choices and "deem_accepted" not in choices

    def test_count_silence_that_is_due_as_done(self) -> None:
        story = submitted()
        assert "pass" not in {each.act for each in find_acts(*_seen(story, UNDERTAKER, "2026-03-09"))}
        assert "pass" in {each.act for each in find_acts(*_seen(story, UNDERTAKER, "2026-03-10"))}

    def test_name_the_branches_that_are_ones_own(self) -> None:
        story = accepted()
        story.do("ask_opinion", UNDERTAKER, "2026-03-03", inputs={"branches": [{"to": "hb"}, {"to": "gh"}]})
        (choice,) = find_acts(*_seen(story, officer("lin", "hb"), "2026-03-04"))
        assert (choice.act, len(choice.branches), choice.refusal) == ("give_opinion", 1, None)

    def test_are_none_for_those_who_only_watch(self) -> None:
        assert find_acts(*_seen(accepted(), SUPERVISOR, "2026-03-03")) == ()


def _seen(story: Story, actor: Actor, when: str):  # type: ignore[no-untyped-def]
    return story.bound, story.state, actor, calendar(), at(when)


# ---- random walks ---------------------------------------------------------------------------------

CAST = (CITIZEN, WINDOW, UNDERTAKER, REVIEWER, APPROVER, ISSUER, CHAIR, HEAD, officer("lin", "hb"))
GIVEN = {
    "manner": "direct",
    "verdict": "done",
    "branches": [{"kind": "testing"}],
    "term": "5 wd",
    "officers": ["p-1", "p-2"],
    "held_on": "2026-12-01",
    "ground": "barred",
    "material": "form",
    "missing": ["form"],
    "given": ["form"],
}
WALKED = licence("online", "three_step", "special", "hearing", materials=(material("form", required=False),))
ACTS = sorted(code for code, rule in WALKED.actions.items() if not rule.is_common and not rule.opening)


def check_colours(state: State) -> None:
    """Each clock has the status its state's colour says; at most one main clock runs; holds never overlap."""
    running = {run.clock for run in state.clocks if run.status is RunStatus.RUNNING}
    held = {run.clock for run in state.clocks if run.status is RunStatus.HELD}
    for rule in WALKED.clocks.values():
        if not rule.is_duty:
            assert rule.code not in running or state.state in rule.runs_in
            assert rule.code not in held or state.state in rule.held_in
    assert sum(rule.main and rule.code in running for rule in WALKED.clocks.values()) <= 1
    if WALKED.phase_of(state.state) is Phase.CLOSED:
        assert state.outcome and not held
        assert all(WALKED.clocks[clock].is_duty for clock in running)
    for run in state.clocks:
        ends = [instant for hold in run.holds for instant in (hold.since, hold.until or state.last_at)]
        assert ends == sorted(ends)


class TestWalks:
    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 11), st.integers(0, 3)), max_size=14))
    def test_hold_together_whatever_people_try(self, steps: list[tuple[int, int, int]]) -> None:
        story = Story(WALKED)
        story.do("submit", CITIZEN, "2026-03-02")
        day = date(2026, 3, 2)
        for n, hours, wait in steps:
            day = calendar().add(day, wait)
            here = [act for act in ACTS if story.state.state in WALKED.actions[act].from_states] or ACTS
            self._try(story, here[n % len(here)], f"{day}T{10 + hours:02}:00")
        state = story.state
        stepwise: State | None = None
        for event in story.history:
            stepwise = evolve(stepwise, event)
        assert stepwise == state == fold(story.history)
        assert [event.seq for event in story.history] == list(range(1, len(story.history) + 1))
        recorded = [event.recorded_at for event in story.history]
        assert recorded == sorted(recorded)
        check_colours(state)
        for clock in find_clocks(WALKED, state, calendar(), recorded[-1]):
            assert clock.left is None or clock.left >= 0

    def _try(self, story: Story, act: str, when: str) -> None:
        if at(when) < story.state.last_at:
            return
        rule = story.bound.actions[act]
        inputs = {each.name: GIVEN[each.name] for each in rule.inputs if each.name in GIVEN}
        if rule.settles == "special":
            inputs["verdict"] = "done"
        if rule.by == ("law",):
            story.sweep(when)
            return
        rank = next((guard.parameter for guard in rule.needs if guard.word == "consent"), None)
        doer = next((each for each in CAST if _fits(each, rule.by)), clerk("x", *rule.by))
        before = story.history
        try:
            if rank is not None:
                story.consent(act, doer, HEAD, when)
            story.do(act, doer, when, inputs=inputs)
        except Refusal:
            assert story.history[: len(before)] == before


def _fits(actor: Actor, roles: tuple[str, ...]) -> bool:
    posts = {seat.post.removeprefix("wj-") for seat in actor.seats}
    return bool(posts.intersection(roles)) or ("applicant" in roles and bool(actor.subjects))
