"""Authority: who may act at which post, B roles and delegates, ranks, targets, and who may see."""

from dataclasses import replace

from tests.kernel.stories import (
    AGENT,
    APPROVER,
    CITIZEN,
    GOVERNMENT,
    HEAD,
    STRANGER,
    SUPERVISOR,
    UNDERTAKER,
    WINDOW,
    Story,
    accepted,
    bound_of,
    clerk,
    officer,
    seat,
)
from zhengtong.kernel.authority import (
    LAW,
    Actor,
    Seat,
    find_grounds,
    find_holder,
    find_readers,
    has_rank,
    may_act,
    may_see,
)
from zhengtong.kernel.events import Standing


def readers_of(story: Story):  # type: ignore[no-untyped-def]
    return find_readers(story.bound, story.state)


class TestMayAct:
    def test_at_the_post_the_item_names(self) -> None:
        story = accepted()
        found = may_act(story.bound, story.state, "pass", UNDERTAKER)
        assert isinstance(found, Seat) and found.post == "wj-undertaker"
        assert may_act(story.bound, story.state, "pass", APPROVER) is None
        assert may_act(story.bound, story.state, "nothing", APPROVER) is None

    def test_at_a_colleagues_post_as_b_role_with_the_absence_as_basis(self) -> None:
        story = accepted()
        b = Actor(person="p-b", seats=(seat("window"), seat("undertaker", standing=Standing.B_ROLE)), subjects={})
        (event, *_) = story.do("pass", b, "2026-03-03")
        assert (event.person, event.post, event.standing, event.basis) == (
            "p-b",
            "wj-undertaker",
            Standing.B_ROLE,
            "absence-1",
        )

    def test_at_the_post_a_case_was_assigned_to(self) -> None:
        story = accepted()
        other = Actor(person="p-o", seats=(replace(seat("window"), post="wj-second"),), subjects={})
        assert may_act(story.bound, story.state, "pass", other) is None
        inputs = {"role": "undertaker", "post": "wj-second", "manner": "ordinary"}
        story.do("assign", UNDERTAKER, "2026-03-03", inputs=inputs)
        assert may_act(story.bound, story.state, "pass", other) is not None
        assert may_act(story.bound, story.state, "pass", UNDERTAKER) is None
        story.do("assign", other, "2026-03-03", inputs={**inputs, "manner": "taken_back"})
        assert may_act(story.bound, story.state, "pass", UNDERTAKER) is not None

    def test_for_a_party_oneself_or_by_a_power(self) -> None:
        story = accepted()
        assert may_act(story.bound, story.state, "withdraw", CITIZEN) == "s-citizen"
        assert may_act(story.bound, story.state, "withdraw", AGENT) == "s-citizen"
        assert may_act(story.bound, story.state, "withdraw", STRANGER) is None
        grounds = find_grounds(story.bound, story.state, "withdraw", AGENT)
        assert grounds is not None and (grounds.standing, grounds.basis) == (Standing.PARTY, "power-1")

    def test_only_at_the_posts_an_authorisation_letter_names(self) -> None:
        story = accepted()
        silent = replace(UNDERTAKER, letters={"approve": frozenset({"wj-approver"})})
        assert may_act(story.bound, story.state, "pass", silent) is not None  # no letter speaks of reviewing
        named = replace(UNDERTAKER, letters={"review": frozenset({"wj-undertaker"})})
        assert may_act(story.bound, story.state, "pass", named) is not None
        other = replace(UNDERTAKER, letters={"review": frozenset({"wj-elsewhere"})})
        assert may_act(story.bound, story.state, "pass", other) is None

    def test_never_as_the_law_but_to_open(self) -> None:
        story = accepted()
        assert may_act(story.bound, story.state, "pass", LAW) is None
        assert find_grounds(story.bound, None, "submit", LAW) is not None

    def test_as_the_unit_a_matter_was_dispatched_to(self) -> None:
        operator, dispatcher = clerk("hua", "operator"), clerk("pai", "dispatcher")
        story = Story(bound_of("hotline_order"))
        story.do("file", operator, "2026-03-02", inputs={"secret": False})
        rule = story.bound.actions["classify"]
        inputs = {each.name: next(iter(each.choices)) for each in rule.inputs if each.kind == "choice"}
        story.do("classify", operator, "2026-03-02T10:10", inputs=inputs)
        story.do("dispatch", dispatcher, "2026-03-02T10:20", inputs={"unit": "hb"})
        lin = officer("lin", "hb")
        assert may_act(story.bound, story.state, "sign_for", lin) is not None
        assert may_act(story.bound, story.state, "sign_for", officer("x", "gh")) is None
        holder = find_holder(story.bound, story.state)
        assert holder is not None and holder.unit == "hb"
        assert may_see(lin, readers_of(story)) and may_see(operator, readers_of(story))


class TestRanks:
    def test_are_read_off_the_organ_that_holds_the_case(self) -> None:
        story = accepted()
        own, other = HEAD.seats[0], seat("head", unit="hb", head_of="hb", superior_of="hb-sp")
        assert has_rank(story.bound, story.state, "head", own)
        assert not has_rank(story.bound, story.state, "head", other)
        assert has_rank(story.bound, story.state, "superior", own)
        assert not has_rank(story.bound, story.state, "superior", other)
        assert has_rank(story.bound, story.state, "government_head", GOVERNMENT.seats[0])


class TestMaySee:
    def test_is_for_posts_holder_parties_those_asked_and_supervisors(self) -> None:
        story = accepted()
        readers = readers_of(story)
        for actor in (WINDOW, UNDERTAKER, HEAD, CITIZEN, AGENT, SUPERVISOR):
            assert may_see(actor, readers), actor.person
        hb = officer("lin", "hb")
        for actor in (STRANGER, hb, GOVERNMENT):
            assert not may_see(actor, readers), actor.person
        story.do("ask_opinion", UNDERTAKER, "2026-03-03", inputs={"branches": [{"to": "hb"}]})
        assert may_see(hb, readers_of(story))
        story.do("give_opinion", hb, "2026-03-04", inputs={"verdict": "agree"})
        assert may_see(hb, readers_of(story))  # a past branch too

    def test_opens_to_the_rank_a_consent_was_asked_of(self) -> None:
        story = accepted("joint")
        assert not may_see(GOVERNMENT, readers_of(story))
        story.do("ask_consent", UNDERTAKER, "2026-03-03", inputs={"for": "extend_joint"})
        assert may_see(GOVERNMENT, readers_of(story))


class TestOwnUnits:
    def test_end_at_the_department(self) -> None:
        section = replace(seat("window"), unit="wj-sp", dept="wj", units=("wj-sp", "wj", "qy"))
        assert section.own_units == ("wj-sp", "wj")
        assert may_see(Actor(person="p-1", seats=(section,), subjects={}), frozenset({("unit", "wj")}))
        assert not may_see(Actor(person="p-1", seats=(section,), subjects={}), frozenset({("unit", "qy")}))
