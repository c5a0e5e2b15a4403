"""Branches: opened, taken, answered, settled; consents used once; child cases along the item's graph."""

from itertools import permutations

import pytest

from tests.kernel.stories import (
    APPROVER,
    CITIZEN,
    HEAD,
    UNDERTAKER,
    VERSION,
    WINDOW,
    Story,
    accepted,
    at,
    bound_of,
    calendar,
    clerk,
    item_of,
    kinds,
    officer,
)
from zhengtong.kernel.binding import Bound, bind
from zhengtong.kernel.deciding import decide_child_report
from zhengtong.kernel.procedures import ByFact
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.law.procedure_files import load_procedure

OFFICE, LEADER = clerk("ban", "office"), clerk("ling", "leader")
HB, GH = officer("lin", "hb"), officer("gui", "gh")


def refused(story: Story, act: str, *args: object, **given: object) -> Refusal:
    before = story.history
    with pytest.raises(Refusal) as caught:
        story.do(act, *args, **given)  # type: ignore[arg-type]
    assert story.history == before
    return caught.value


def task(*units: str) -> Story:
    story = Story(bound_of("supervised_task"))
    story.do("propose", OFFICE, "2026-03-02")
    story.consent("establish", OFFICE, LEADER, "2026-03-02T11:00")
    kind = next(iter(story.bound.branches["tasks"].kinds), None)
    tasks = [{"to": unit, "kind": kind} if kind else {"to": unit} for unit in units]
    story.do("establish", OFFICE, "2026-03-02T12:00", inputs={"branches": tasks})
    return story


def branch_of(story: Story, unit: str) -> str:
    return next(each.branch for each in story.state.branches.values() if each.to == unit)


class TestTasks:
    def test_go_through_signing_answering_and_settling(self) -> None:
        story = task("hb")
        branch = branch_of(story, "hb")
        assert refused(story, "report", HB, "2026-03-02T13:00").code is RefusalCode.BRANCH_NOT_TAKEN
        assert kinds(story.do("sign_for", HB, "2026-03-02T14:00")) == ["Acted", "BranchTaken", "ClockStopped"]
        assert story.clock(f"sign:{branch}", "2026-03-03").status == "met"
        assert refused(story, "accept_report", OFFICE, "2026-03-03").code is RefusalCode.BRANCH_NOT_ANSWERED
        story.do("report", HB, "2026-03-05", inputs={"verdict": "done"})
        assert story.clock(f"branch:{branch}", "2026-03-06").status == "met"
        story.do("send_back", OFFICE, "2026-03-06")
        assert story.clock(f"branch:{branch}", "2026-03-09").status == "running"
        story.do("report", HB, "2026-03-09", inputs={"verdict": "done"})
        story.do("accept_report", OFFICE, "2026-03-10")
        assert story.state.branches[branch].verdict == "done" and story.state.state == "concluding"

    def test_move_the_case_only_with_the_last(self) -> None:
        story = task("hb", "gh")
        for unit, who in (("hb", HB), ("gh", GH)):
            assert story.state.state == "running"
            story.do("sign_for", who, "2026-03-03T10:30" if unit == "hb" else "2026-03-03T11:00")
            story.do("report", who, "2026-03-03T11:00", inputs={"verdict": "done"})
            story.do("accept_report", OFFICE, "2026-03-03T11:00", branch=branch_of(story, unit))
        assert story.state.state == "concluding"

    def test_are_answered_by_those_who_were_asked_only(self) -> None:
        story = task("hb", "gh")
        mine, theirs = branch_of(story, "hb"), branch_of(story, "gh")
        assert refused(story, "sign_for", HB, "2026-03-03", branch=theirs).code is RefusalCode.NOT_YOUR_BRANCH
        story.do("sign_for", HB, "2026-03-03")
        assert story.state.branches[mine].status == "taken" and story.state.branches[theirs].status == "open"
        assert refused(story, "sign_for", officer("x", "jt"), "2026-03-03").code is RefusalCode.NOT_YOUR_ROLE
        assert refused(story, "sign_for", HB, "2026-03-03", branch="b99").code is RefusalCode.NO_SUCH_BRANCH


class TestOpinions:
    @pytest.mark.parametrize("order", list(permutations(("hb", "gh", "jt"))))
    def test_end_in_the_same_place_in_whatever_order(self, order: tuple[str, ...]) -> None:
        story = accepted()
        tasks = [{"to": unit} for unit in ("hb", "gh", "jt")]
        story.do("ask_opinion", UNDERTAKER, "2026-03-03", inputs={"branches": tasks})
        assert refused(story, "pass", UNDERTAKER, "2026-03-03").code is RefusalCode.BRANCHES_OPEN
        for unit in order:
            story.do("give_opinion", officer(unit, unit), "2026-03-04", inputs={"verdict": "agree"})
        story.do("pass", UNDERTAKER, "2026-03-05")
        assert {each.verdict for each in story.state.branches.values()} == {"agree"}

    def test_need_a_verdict_of_the_group(self) -> None:
        story = accepted()
        story.do("ask_opinion", UNDERTAKER, "2026-03-03", inputs={"branches": [{"to": "hb"}]})
        assert refused(story, "give_opinion", HB, "2026-03-04").code is RefusalCode.INPUT_MISSING
        wrong = refused(story, "give_opinion", HB, "2026-03-04", inputs={"verdict": "perhaps"})
        assert wrong.code is RefusalCode.INPUT_NOT_A_CHOICE

    def test_are_void_when_the_case_ends_without_them(self) -> None:
        story = accepted()
        story.do("ask_opinion", UNDERTAKER, "2026-03-03", inputs={"branches": [{"to": "hb"}]})
        events = story.do("withdraw", CITIZEN, "2026-03-04")
        assert kinds(events)[-2:] == ["BranchSettled", "ClockStopped"]
        assert next(iter(story.state.branches.values())).verdict == "void"

    def test_move_the_case_by_silence_with_the_last(self) -> None:
        clerks, officers = clerk("ji", "clerk"), clerk("gong", "officer")
        story = Story(bound_of("information_request"))
        story.do("apply", CITIZEN, "2026-03-02", inputs={"provide": "paper", "channel": "internet"})
        story.do("confirm_receipt", clerks, "2026-03-02T11:00")
        story.do("take_up", clerks, "2026-03-03")
        tasks = [{"to": "hb"}, {"to": "gh"}]
        story.do("consult_third_party", officers, "2026-03-04", inputs={"branches": tasks})
        story.do("record_view", HB, "2026-03-05", inputs={"verdict": "agree"})
        assert story.state.state == "consulting" and story.clock("reply", "2026-03-06").status == "held"
        assert kinds(story.sweep("2026-03-26"))[:3] == ["Deemed", "BranchSettled", "ClockStopped"]
        assert story.state.state == "examining" and story.clock("reply", "2026-03-27").status == "running"


class TestSpecialProcedures:
    def test_overlap_under_one_suspended_state_and_lead_back(self) -> None:
        story = accepted("special", "three_step")
        story.do("pass", UNDERTAKER, "2026-03-03")
        story.consent("begin_special", UNDERTAKER, HEAD, "2026-03-03")
        tasks = [{"kind": "testing"}, {"kind": "tender"}]
        story.do("begin_special", UNDERTAKER, "2026-03-04", inputs={"branches": tasks})
        first, second = (each.branch for each in story.state.branches.values() if each.group == "special")
        limit = story.bound.branches["special"].limit
        assert isinstance(limit, ByFact)
        assert story.clock(f"branch:{first}", "2026-03-05").legal == limit.cases["testing"]
        assert story.clock(f"branch:{second}", "2026-03-05").legal == limit.otherwise
        story.do("end_special", UNDERTAKER, "2026-03-10", branch=first, inputs={"verdict": "passed"})
        assert story.state.state == "special"
        story.do("end_special", UNDERTAKER, "2026-03-12", branch=second, inputs={"verdict": "done"})
        assert story.state.state == "reviewing"
        (run,) = (run for run in story.state.clocks if run.clock == "decision")
        assert [(hold.since, hold.until) for hold in run.holds] == [(at("2026-03-04"), at("2026-03-12"))]


class TestConsents:
    def test_are_used_once(self) -> None:
        story = accepted("special")
        story.consent("begin_special", UNDERTAKER, HEAD, "2026-03-03")
        tasks = {"branches": [{"kind": "testing"}]}
        story.do("begin_special", UNDERTAKER, "2026-03-04", inputs=tasks)
        story.do("end_special", UNDERTAKER, "2026-03-05", inputs={"verdict": "done"})
        assert refused(story, "begin_special", UNDERTAKER, "2026-03-06", inputs=tasks).code is RefusalCode.NO_CONSENT

    def test_are_of_the_rank_asked_for_and_never_ones_own(self) -> None:
        story = accepted("special")
        story.do("ask_consent", UNDERTAKER, "2026-03-03", inputs={"for": "begin_special"})
        verdict = {"verdict": "granted"}
        assert refused(story, "give_consent", APPROVER, "2026-03-03", inputs=verdict).code is RefusalCode.NOT_YOUR_ROLE
        both = clerk("ding", "undertaker").seats + HEAD.seats
        oneself = type(HEAD)(person=UNDERTAKER.person, seats=both, subjects={})
        assert refused(story, "give_consent", oneself, "2026-03-03", inputs=verdict).code is RefusalCode.OWN_CONSENT
        story.do("give_consent", HEAD, "2026-03-03", inputs=verdict)
        as_head = type(HEAD)(person=HEAD.person, seats=UNDERTAKER.seats, subjects={})
        tasks = {"branches": [{"kind": "testing"}]}
        assert refused(story, "begin_special", as_head, "2026-03-04", inputs=tasks).code is RefusalCode.OWN_CONSENT

    def test_do_not_bind_when_denied(self) -> None:
        story = accepted("special")
        story.consent("begin_special", UNDERTAKER, HEAD, "2026-03-03", verdict="denied")
        tasks = {"branches": [{"kind": "testing"}]}
        assert refused(story, "begin_special", UNDERTAKER, "2026-03-04", inputs=tasks).code is RefusalCode.NO_CONSENT

    def test_are_asked_only_for_acts_that_need_one(self) -> None:
        story = accepted()
        wrong = refused(story, "ask_consent", UNDERTAKER, "2026-03-03", inputs={"for": "pass"})
        assert wrong.code is RefusalCode.CONSENT_NOT_ASKED_FOR


def theme() -> Bound:
    procedure = load_procedure("joint_theme", VERSION)
    nodes = ({"item": "qy-a"}, {"item": "qy-b"}, {"item": "qy-c", "after": ["qy-a"]})
    return bind(procedure, item_of(procedure, nodes=nodes))


class TestChildCases:
    def story(self) -> Story:
        story = Story(theme())
        lead = clerk("qian", "lead")
        story.do("submit", CITIZEN, "2026-03-02")
        story.do("accept", lead, "2026-03-02T11:00")
        return story

    def report(self, story: Story, item: str, verdict: str) -> None:
        branch = next(each.branch for each in story.state.branches.values() if each.kind == item)
        command = story.command("member_done", WINDOW, "2026-03-05", branch=branch, inputs={"verdict": verdict})
        events = decide_child_report(story.bound, story.state, command, calendar(), at("2026-03-05"))
        assert events[0].basis.startswith("child:child-")
        story.history = (*story.history, *events)

    def test_begin_along_the_graph_with_their_numbers_reserved(self) -> None:
        story = self.story()
        assert {each.kind for each in story.state.branches.values()} == {"qy-a", "qy-b"}
        assert all(each.child for each in story.state.branches.values())
        self.report(story, "qy-b", "granted")
        assert story.state.state == "running" and len(story.state.branches) == 2
        self.report(story, "qy-a", "granted")
        assert {each.kind for each in story.state.branches.values()} == {"qy-a", "qy-b", "qy-c"}
        assert story.state.state == "running"
        self.report(story, "qy-c", "granted")
        assert story.state.state == "gathering"
        story.do("finish", clerk("qian", "lead"), "2026-03-06")
        assert story.state.outcome == "finished"

    def test_end_partly_when_one_was_refused(self) -> None:
        story = self.story()
        self.report(story, "qy-a", "refused")
        self.report(story, "qy-b", "granted")
        assert story.state.state == "gathering" and len(story.state.branches) == 2
        wrong = refused(story, "finish", clerk("qian", "lead"), "2026-03-06")
        assert wrong.code is RefusalCode.VERDICTS_LACKING

    def test_begin_by_silence_as_well(self) -> None:
        story = Story(theme())
        story.do("submit", CITIZEN, "2026-03-02")
        story.sweep("2026-03-11")
        assert {each.kind for each in story.state.branches.values()} == {"qy-a", "qy-b"}
