"""Cards: issued by the law or proposed, linked, superseded, appealed, revoked, closed; columns that add up."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from django.http import Http404
from django.urls import reverse

from tests.cases.town import Town, sign_in
from tests.supervision.watched import HOUR, MONDAY, RED, RULES, YELLOW, actor, do, propose_task, rule, tasks
from zhengtong.accounts import clock
from zhengtong.cases import actions as desk
from zhengtong.kernel.events import DocumentIssued, DocumentServed, Linked
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.states import fold
from zhengtong.kernel.supervision.rules import Follow, Level, Rule, Scope
from zhengtong.ledger.history import load
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.record import new_key
from zhengtong.supervision import actions, queries, sweeping
from zhengtong.supervision.models import Card, Signal, Told
from zhengtong.supervision.plain import finding_as_plain, finding_from_plain

LATE = MONDAY + timedelta(days=3)
VERY_LATE = MONDAY + timedelta(days=7)

pytestmark = pytest.mark.usefixtures("under_watch_here")


def sweep(now: datetime, rules: Sequence[Rule] = RULES) -> sweeping.Watchings:
    return sweeping.sweep(now, rules=tuple(rules))


def card_of(level: str) -> Card:
    return Card.objects.get(issued_level=level)


class TestIssuing:
    def test_by_the_law_at_once_served_and_linked(self) -> None:
        task = propose_task()
        before = Case.objects.values("state", "due_at", "wake_at", "unit", "post").get(pk=task.case_id)
        assert sweep(LATE).cards == 1
        card, signal = Card.objects.get(), Signal.objects.get()
        assert (card.state, card.level, card.unit, card.about, card.by_law) == (
            "issued", "yellow", "qy", task.number, True,
        )  # fmt: skip
        assert (card.rule, card.edition, card.signal) == ("late-step", "2026-01-01", signal.key)
        assert signal.card == card.number
        kinds = [type(event.body) for event in load(card.case_id)]
        assert DocumentIssued in kinds
        assert DocumentServed in kinds
        assert {event.person for event in load(card.case_id)} == {"law"}
        links = [event.body.other for event in load(task.case_id) if isinstance(event.body, Linked)]
        assert links == [card.number]
        after = Case.objects.values("state", "due_at", "wake_at", "unit", "post").get(pk=task.case_id)
        assert after | {"wake_at": None} == before | {"wake_at": None}
        assert Told.objects.filter(card=card.number).count() == 3

    def test_proposed_where_the_rule_says_so(self) -> None:
        propose_task()
        sweep(LATE, [rule("late-step", "0 wd", Level.YELLOW, follow=Follow.PROPOSE)])
        card = Card.objects.get()
        assert (card.state, card.issued_at) == ("issuing", None)
        do(card.case_id, "方正", "issue", LATE + HOUR)
        assert Card.objects.get().issued_at == LATE + HOUR

    def test_none_where_it_is_only_shown(self) -> None:
        propose_task()
        assert sweep(LATE, [rule("late-step", "0 wd", Level.PROMPT, follow=Follow.SHOW)]).cards == 0
        assert Signal.objects.get().card == ""
        assert Told.objects.count() == 3

    def test_a_person_may_issue_what_is_shown_and_only_once(self) -> None:
        propose_task()
        sweep(LATE, [rule("late-step", "0 wd", Level.YELLOW, follow=Follow.SHOW)])
        key = Signal.objects.get().key
        watcher = actor("方正", LATE)
        number = actions.issue_card(actor=watcher, at=LATE + HOUR, signal=key)
        assert actions.issue_card(actor=watcher, at=LATE + 2 * HOUR, signal=key) == number
        assert not Card.objects.get().by_law
        with pytest.raises(Http404):
            actions.issue_card(actor=actor("黄莉", LATE), at=LATE + HOUR, signal=key)

    def test_what_was_over_before_supervision_began_leads_to_none(self) -> None:
        task = propose_task()
        do(task.case_id, "黄莉", "ask_consent", LATE, say={"draft": "拟不立项"}, **{"for": "drop"})
        do(task.case_id, "马腾", "give_consent", LATE + HOUR, verdict="granted")
        do(task.case_id, "黄莉", "drop", LATE + 2 * HOUR, say={"reason": "已由他处办理"})
        assert sweep(VERY_LATE).cards == 0
        assert Signal.objects.get().follow == "show"

    def test_nobody_answerable_is_named_and_tried_again(self) -> None:
        propose_task()
        sweep(LATE, [rule("late-step", "0 wd", Level.YELLOW, follow=Follow.SHOW)])
        Signal.objects.update(follow="issue", holder="")
        assert sweep(LATE + HOUR, []).failed == (Signal.objects.get().number,)


class TestSuperseding:
    def test_a_red_card_takes_the_place_of_the_yellow_one(self) -> None:
        task = propose_task()
        sweep(LATE)
        yellow = card_of("yellow")
        sweep(VERY_LATE)
        red = card_of("red")
        yellow.refresh_from_db()
        assert (yellow.outcome, yellow.superseded_by, red.outcome) == ("superseded", red.number, "")
        assert ("card_on", red.number) in fold(load(yellow.case_id)).links
        assert [link[1] for link in fold(load(task.case_id)).links] == [yellow.number, red.number]

    def test_both_found_at_once_end_the_same_way(self) -> None:
        propose_task()
        sweep(VERY_LATE)
        assert card_of("yellow").superseded_by == card_of("red").number

    def test_a_person_cannot_do_what_the_law_does(self) -> None:
        propose_task()
        sweep(LATE)
        with pytest.raises(Refusal):
            do(card_of("yellow").case_id, "黄莉", "supersede", LATE + HOUR, successor="x")


class TestCardsOnCards:
    """A card has limits of its own, and somebody answers for those too; but no card breeds cards without end."""

    def test_the_rules_of_the_land_find_a_card_nobody_answers_and_lay_one_more_before_a_person(self) -> None:
        propose_task()
        sweep(LATE)
        first = card_of("yellow")
        at = LATE
        for _ in range(40):
            at += timedelta(days=2)
            sweeping.watch_round(at)
        found = set(Signal.objects.filter(number=first.number).values_list("rule", flat=True))
        assert {"SJ-34", "SJ-35"} <= found
        on_it = list(Card.objects.filter(about=first.number))
        assert [(card.rule, card.state, card.issued_at) for card in on_it] == [("SJ-35", "issuing", None)]
        assert Card.objects.filter(about=on_it[0].number).count() == 0
        assert Card.objects.filter(about__in=Card.objects.values("number")).count() == 1
        assert ("card_on", on_it[0].number) in fold(load(first.case_id)).links

    def test_no_rule_can_make_the_law_issue_them_in_a_chain(self) -> None:
        propose_task()
        scope = Scope(procedures=frozenset({"card"}), clocks=frozenset({"step:*", "correct"}))
        eager = rule("eager", "0 wd", Level.RED, scope=scope)
        at, counted = LATE, []
        for _ in range(12):
            sweep(at, [YELLOW, eager])
            counted.append(Card.objects.count())
            at += timedelta(days=7)
        assert Card.objects.issued().count() == 1
        assert {card.state for card in Card.objects.exclude(rule="late-step")} == {"issuing"}


class TestLinks:
    def test_lead_from_the_case_to_its_card_and_back_for_both_sides(self, under_watch_here: Town) -> None:
        task = propose_task()
        sweep(LATE)
        card = Card.objects.get()
        with clock.fixed(LATE + HOUR):
            for name in ("方正", "黄莉"):
                client = sign_in(under_watch_here, name)
                for page, leads_to in (
                    (reverse("cases:case", args=[task.number]), reverse("cases:case", args=[card.number])),
                    (reverse("cases:case", args=[card.number]), reverse("supervision:card", args=[card.number])),
                    (reverse("supervision:card", args=[card.number]), reverse("cases:case", args=[task.number])),
                ):
                    answer = client.get(page)
                    assert answer.status_code == 200, (name, page)
                    assert f'href="{leads_to}"' in answer.content.decode(), (name, page, leads_to)


class TestLife:
    def test_acknowledged_explained_appealed_and_revoked(self) -> None:
        propose_task()
        sweep(LATE)
        card = card_of("yellow").case_id
        do(card, "黄莉", "acknowledge", LATE + HOUR)
        do(card, "黄莉", "explain", LATE + 2 * HOUR, say={"reason": "系统停机"})
        do(card, "黄莉", "appeal", LATE + 3 * HOUR, ground="system_fault", say={"reason": "系统停机"})
        do(card, "祝平", "revoke", LATE + 4 * HOUR, say={"reason": "属实"})
        row = Card.objects.get()
        assert (row.outcome, row.state, row.closed_at) == ("revoked", "closed", LATE + 4 * HOUR)
        assert (row.acknowledged_at, row.appealed_at) == (LATE + HOUR, LATE + 3 * HOUR)

    def test_an_appeal_after_its_days_is_refused(self) -> None:
        propose_task()
        sweep(LATE)
        late = LATE + timedelta(days=8)
        with pytest.raises(Refusal) as refused:
            do(card_of("yellow").case_id, "黄莉", "appeal", late, ground="system_fault", say={"reason": "x"})
        assert refused.value.code is RefusalCode.LIMIT_PASSED

    def test_downgraded_counts_as_issued_in_its_old_column(self) -> None:
        propose_task()
        sweep(VERY_LATE)
        card = card_of("red").case_id
        do(card, "黄莉", "appeal", VERY_LATE + HOUR, ground="applicant_cause", say={"reason": "x"})
        do(card, "祝平", "downgrade_to_yellow", VERY_LATE + 2 * HOUR, now="yellow", say={"reason": "x"})
        row = Card.objects.get(case_id=card)
        assert (row.level, row.issued_level) == ("yellow", "red")
        columns = queries.columns_by(queries.cards_for(actor("方正")), "level")
        assert columns["red"].issued == 1

    def test_corrected_sent_back_and_closed(self) -> None:
        propose_task()
        sweep(LATE)
        card = card_of("yellow").case_id
        for n in range(2):
            do(card, "黄莉", "report", LATE + (3 * n + 1) * HOUR, say={"measures": "加派人员"})
            if not n:
                do(card, "方正", "send_back", LATE + 2 * HOUR, say={"reason": "措施不具体"})
        do(card, "方正", "close", LATE + 5 * HOUR)
        assert Card.objects.get().outcome == "corrected"

    def test_who_issued_does_not_review(self) -> None:
        propose_task()
        sweep(LATE, [rule("late-step", "0 wd", Level.YELLOW, follow=Follow.SHOW)])
        actions.issue_card(actor=actor("方正", LATE), at=LATE, signal=Signal.objects.get().key)
        card = Card.objects.get().case_id
        do(card, "黄莉", "appeal", LATE + HOUR, ground="system_fault", say={"reason": "x"})
        with pytest.raises(Refusal):
            do(card, "方正", "uphold", LATE + 2 * HOUR, say={"reason": "x"})


class TestColumns:
    def test_add_up(self) -> None:
        made = tasks(5)
        sweep(LATE)
        cards = {card.about: card.case_id for card in Card.objects.all()}
        closed, revoked, gone, *_open = (cards[task.number] for task in made)
        do(closed, "黄莉", "report", LATE + HOUR, say={"measures": "x"})
        do(closed, "方正", "close", LATE + 2 * HOUR)
        do(revoked, "黄莉", "appeal", LATE + HOUR, ground="system_fault", say={"reason": "x"})
        do(revoked, "祝平", "revoke", LATE + 2 * HOUR, say={"reason": "x"})
        do(gone, "方正", "ask_consent", LATE + HOUR, say={"draft": "拟移交"}, **{"for": "transfer"})
        do(gone, "邵明", "give_consent", LATE + 2 * HOUR, verdict="granted")
        do(gone, "方正", "transfer", LATE + 3 * HOUR, say={"reason": "x"})
        mine = queries.cards_for(actor("方正"))
        for by in queries.BY:
            (columns,) = queries.columns_by(mine, by).values()
            assert columns.adds_up
            assert (columns.issued, columns.open, columns.corrected, columns.revoked, columns.accountable) == (
                5, 2, 1, 1, 1,
            )  # fmt: skip
        assert queries.columns_by(mine, "level", since=VERY_LATE) == {}
        assert queries.count_signals(actor("方正")) == {"prompt": 0, "yellow": 5, "red": 0}

    def test_only_of_regions_that_are_supervised(self) -> None:
        propose_task()
        sweep(LATE)
        assert queries.cards_for(actor("黄莉")).count() == queries.signals_for(actor("黄莉")).count() == 0
        with pytest.raises(Http404):
            queries.get_signal_for(actor("黄莉"), Signal.objects.get().key)
        with pytest.raises(Http404):
            queries.get_card_for(actor("何静"), Card.objects.get().number)


class TestSupervisingBody:
    def test_is_read_only_on_what_it_watches(self) -> None:
        task = propose_task()
        watcher = actor("方正")
        state = fold(load(task.case_id))
        for act in ("ask_consent", "note", "link", "assign", "drop", "establish"):
            with pytest.raises(Refusal):
                desk.perform(
                    actor=watcher, at=MONDAY + HOUR, case_id=task.case_id, wish=desk.Wish(act=act),
                    key=new_key(MONDAY + HOUR),
                )  # fmt: skip
        assert fold(load(task.case_id)) == state

    def test_orders_are_issued_signed_for_reported_urged_and_struck_off(self) -> None:
        task = propose_task()
        sweep(LATE)
        watcher, chief = actor("方正", LATE), "邵明"
        card = Card.objects.get()
        order = actions.issue_order(
            actor=watcher, at=LATE, words="限期整改", key=new_key(LATE), about=card.number, term="5 个工作日"
        ).case_id
        assert ("card_on", card.number) in fold(load(order)).links
        at = LATE + HOUR
        actions.ask_leader(actor=watcher, at=at, order=order, draft="拟立项", key=new_key(at))
        do(order, chief, "give_consent", at + HOUR, verdict="granted")
        at += 2 * HOUR
        actions.assign_order(actor=watcher, at=at, order=order, unit="wj-sp", words="三日内", key=new_key(at))
        actions.urge(actor=watcher, at=at + HOUR, case_id=order, words="请抓紧", key=new_key(at + HOUR))
        do(order, "李伟", "sign_for", at + 2 * HOUR)
        do(order, "李伟", "report", at + 3 * HOUR, say={"report": "已整改"}, verdict="done")
        do(order, "方正", "accept_report", at + 4 * HOUR)
        assert Case.objects.get(pk=order).state == "concluding"
        assert task.number

    def test_advice_and_criticism(self) -> None:
        at = LATE
        made = actions.advise(
            actor=actor("方正", at), at=at, kind="criticism", unit="wj-sp", words="多次超期", key=new_key(at)
        ).case_id
        do(made, "方正", "ask_consent", at + HOUR, say={"draft": "拟通报"}, **{"for": "issue_criticism"})
        do(made, "邵明", "give_consent", at + 2 * HOUR, verdict="granted")
        with pytest.raises(Refusal):
            do(made, "方正", "issue_advice", at + 3 * HOUR)
        do(made, "方正", "issue_criticism", at + 3 * HOUR)
        do(made, "李伟", "answer", at + 4 * HOUR, say={"measures": "照办"})
        do(made, "方正", "close", at + 5 * HOUR)
        assert Case.objects.get(pk=made).outcome == "adopted"


def test_a_finding_is_kept_whole() -> None:
    propose_task()
    sweep(LATE, [YELLOW, RED])
    signal = Signal.objects.get()
    finding = queries.finding_of(signal)
    assert finding.key == signal.key
    assert finding_from_plain(finding_as_plain(finding)) == finding
    assert finding.evidence
    assert finding.arithmetic
