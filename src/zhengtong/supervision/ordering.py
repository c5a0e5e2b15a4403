"""What a supervisor may do about a finding or a card beside the acts of the card itself (怎样处理): each way with its
consequence said before. What is done here are acts of cards, orders and advice; the case concerned is never touched.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from zhengtong.accounts import queries as people
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.supervision.rules import Level
from zhengtong.ledger.current import load_current
from zhengtong.ledger.queries import Case
from zhengtong.supervision import actions
from zhengtong.supervision.carding import NoCard, case_of
from zhengtong.supervision.models import Card, Signal, Watched
from zhengtong.supervision.names import names_of
from zhengtong.supervision.wording import rule_name, sentence
from zhengtong.ui.forms import FieldSpec, TypedForm, build_form
from zhengtong.ui.values import ActView, DecideView

ISSUE, PROPOSE, ORDER, ADVISE = "issue", "propose", "order", "advise"
WORDS_MOST: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What something is to be done about: a finding, its card, or a card alone; `unit` answers for it."""

    key: str
    card: str
    about: str
    unit: str
    say: str
    may_be_carded: bool = False

    @classmethod
    def of_signal(cls, row: Signal) -> "Matter":
        return cls(
            key=row.key, card=row.card, about=row.card or row.number, unit=row.holder or row.unit, say=sentence(row),
            may_be_carded=row.gone_at is None and row.level != Level.PROMPT,
        )  # fmt: skip

    @classmethod
    def of_card(cls, row: Card) -> "Matter":
        signal = Signal.objects.filter(pk=row.signal).first() if row.signal else None
        say = sentence(signal) if signal is not None else rule_name(row.rule)
        return cls(key=row.signal, card=row.number, about=row.number, unit=row.unit, say=say)


def form_of(way: str, matter: Matter) -> TypedForm:
    """The blank form of a way."""
    return form_class(way, matter)(prefix=way)


def form_class(way: str, matter: Matter) -> type[TypedForm]:
    return build_form(list(_specs(way, matter)), name="WayForm")


def _specs(way: str, matter: Matter) -> Iterator[FieldSpec]:
    if way == ADVISE:
        kinds = (("advice", _("监察建议书")), ("criticism", _("通报批评")))
        yield FieldSpec(name="kind", label=_("哪一种"), kind="choice", choices=kinds, initial="advice")
    if way == ORDER:
        terms = (("3", _("3 个工作日")), ("5", _("5 个工作日")), ("10", _("10 个工作日")))
        yield FieldSpec(name="term", label=_("反馈期限"), kind="choice", choices=terms, initial="3")
    if way in (ORDER, ADVISE):
        asked = _("请查明原因，限期办理，并书面反馈：%(say)s") % {"say": matter.say}
        yield FieldSpec(name="words", label=_("要求"), kind="reason", max_length=WORDS_MOST, initial=asked)


def ways(matter: Matter, *, url: str, key: str, posted: tuple[str, TypedForm] | None = None) -> DecideView:
    """What may be done beside the card's own acts."""
    unit = people.unit_names([matter.unit])[matter.unit] if matter.unit else ""
    acts = []
    for way in _open_ways(matter):
        form = posted[1] if posted and posted[0] == way else form_of(way, matter)
        acts.append(
            ActView(
                code=way, label=_labels()[way], article=_articles()[way], url=url,
                form=form if form.fields else None, hidden=(("key", key), ("way", way)), submit=_buttons()[way],
                follows=tuple(_follows(way, unit)), primary=way == ISSUE, unfolded=bool(posted and posted[0] == way),
            )
        )  # fmt: skip
    return DecideView(
        title=_("还可以做"), say=_("只办监察自己的事，不改动被监察的办件"), acts=tuple(acts),
    )  # fmt: skip


def _open_ways(matter: Matter) -> tuple[str, ...]:
    card = (ISSUE, PROPOSE) if matter.key and not matter.card and matter.may_be_carded else ()
    return (*card, *((ORDER, ADVISE) if matter.unit else ()))


def _labels() -> Mapping[str, str]:
    return {ISSUE: _("现在就发牌"), PROPOSE: _("提请发牌"), ORDER: _("发督办"), ADVISE: _("发建议书或通报")}


def _articles() -> Mapping[str, str]:
    return {
        ISSUE: _("不等规则，立即计入部门的牌"), PROPOSE: _("由发牌的人再看一遍，决定发不发"),
        ORDER: _("先报监察负责人批准"), ADVISE: _("只提建议，不计牌"),
    }  # fmt: skip


def _buttons() -> Mapping[str, str]:
    return {ISSUE: _("发牌"), PROPOSE: _("提请"), ORDER: _("拟督办并报批"), ADVISE: _("拟发")}


def _follows(way: str, unit: str) -> Iterator[str]:
    said = {"unit": unit}
    if way == ISSUE:
        yield _("%(unit)s收到监察通知，期限里要签收、整改") % said
        yield _("承办、审核、批准三岗收到消息；单位可以提出异议")
    elif way == PROPOSE:
        yield _("转到“拟发牌”，在一个工作日内决定")
    elif way == ORDER:
        yield _("立为督办事项，编号、留痕，报监察负责人批准")
        yield _("批准以后发给%(unit)s签收，到期没有反馈会排到最上面") % said
    else:
        yield _("%(unit)s收到以后要签收，按期答复是否采纳") % said


def ways_for_signal(row: Signal, *, key: str, posted: tuple[str, TypedForm] | None = None) -> DecideView:
    return ways(Matter.of_signal(row), url=reverse("supervision:signal", args=[row.key]), key=key, posted=posted)


def ways_for_card(row: Card, *, key: str, posted: tuple[str, TypedForm] | None = None) -> DecideView:
    return ways(Matter.of_card(row), url=reverse("supervision:card", args=[row.number]), key=key, posted=posted)


# ---- doing it -----------------------------------------------------------------------------------------------


def do_way(way: str, matter: Matter, form: TypedForm, *, actor: Actor, at: datetime, key: str) -> str:
    """Do it; the number of the card, order or advice it made.

    Raises:
        Refusal: the law or the state of things says no.
    """
    if way not in _open_ways(matter):
        raise Refusal(RefusalCode.WRONG_STATE, {})
    said = form.cleaned_data if form.fields else {}
    if way in (ISSUE, PROPOSE):
        act = actions.issue_card if way == ISSUE else actions.propose_card
        try:
            return act(actor=actor, at=at, signal=matter.key)
        except NoCard as error:
            raise Refusal(RefusalCode.BAD_ITEM, {"item": "card"}) from error
    if way == ORDER:
        return _order(matter, said, actor=actor, at=at, key=key)
    made = actions.advise(
        actor=actor, at=at, kind=said["kind"], unit=matter.unit, words=said["words"], key=key, about=matter.about
    )
    return made.number


def _order(matter: Matter, said: Mapping[str, str], *, actor: Actor, at: datetime, key: str) -> str:
    """An order, and the leader of the supervising body asked to agree to it."""
    unit = people.unit_names([matter.unit])[matter.unit]
    words = f"{unit}：{said['words']}"
    term = _("%(n)s 个工作日") % {"n": said["term"]}
    made = actions.issue_order(actor=actor, at=at, words=words, key=key, about=matter.about, term=term)
    actions.ask_leader(actor=actor, at=at, order=made.case_id, draft=words, key=f"{key}:ask")
    return made.number


def about_words(orders: Iterable[Case]) -> dict[int, str]:
    """Of each order or advice the department it is about, by the case or card it is linked to."""
    linked = {
        row.pk: [other for _relation, other in load_current(row.pk).state.links] for row in orders
    }  # fmt: skip
    others = {other for found in linked.values() for other in found}
    depts = dict(Card.objects.filter(number__in=others).values_list("number", "dept"))
    depts |= dict(Watched.objects.filter(number__in=others - depts.keys()).values_list("number", "dept"))
    names = names_of(units=depts.values())
    words = {
        pk: next((names.unit(depts[other]) for other in found if depts.get(other)), "") for pk, found in linked.items()
    }
    return {pk: said for pk, said in words.items() if said}


def orders_about(number: str) -> tuple[Case, ...]:
    """The open orders and advice linked to a case or card, the newest first."""
    case_id = case_of(number)
    if case_id is None:
        return ()
    others = [other for _relation, other in load_current(case_id).state.links]
    rows = Case.objects.filter(number__in=others, item__in=(actions.ORDER, actions.ADVICE))
    return tuple(rows.order_by("-id"))
