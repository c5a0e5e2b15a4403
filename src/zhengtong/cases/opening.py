"""What may be opened at the desk (新办): items with an opening act this person may do, and the questions it asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language

from zhengtong.cases.act_forms import Directory, Questions
from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.authority import Actor, find_grounds
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.procedures import ActionRule, RoleKind
from zhengtong.kernel.terms import law_day
from zhengtong.law.procedure_files import words as words_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One item with the act that opens it. `is_mine`: the actor's post may do that act."""

    item: str
    name: str
    short: str
    act: str
    act_name: str
    others: tuple[tuple[str, str], ...]
    is_mine: bool
    asked: Questions


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningLine:
    """An item in the list of what may be opened here."""

    item: str
    name: str
    short: str
    procedure: str
    for_applicants: bool


def bound_now(item: str, at: datetime, answers: Mapping[str, str] | None = None) -> Bound | None:
    """The item as it is in force today, bound for these answers."""
    version = catalogue.published(item, law_day(at))
    return None if version is None else catalogue.bound_for(item, version, answers or {})


def find_opening_acts(bound: Bound, actor: Actor) -> tuple[ActionRule, ...]:
    """The opening acts this person may do at a post of theirs."""
    return tuple(
        rule
        for rule in bound.actions.values()
        if rule.opening and find_grounds(bound, None, rule.code, actor) is not None
    )


def read_opening(
    item: str, actor: Actor, at: datetime, *, act: str = "", answers: Mapping[str, str] | None = None
) -> Opening | None:
    """The opening act of an item with its questions; None when the item is not in force."""
    bound = bound_now(item, at, answers)
    if bound is None:
        return None
    mine = find_opening_acts(bound, actor)
    every = mine or tuple(rule for rule in bound.actions.values() if rule.opening)
    if not every:
        return None
    rule = next((each for each in every if each.code == act), every[0])
    words = words_of(bound.procedure, bound.version, get_language() or "zh-hans")
    row = catalogue.find_item(item)
    version = catalogue.content(item, bound.item_version)
    english = catalogue.in_english()
    rows = version.get("materials") or ()
    names = {str(each["code"]): str((english and each.get("name_en")) or each["name"]) for each in rows}  # type: ignore[attr-defined]  # JSON of the item
    wanted = {each.code: names.get(each.code, each.name) for each in bound.materials}
    asked = Questions(
        bound=bound, state=None, rule=rule, words=words, directory=Directory(actor=actor, at=at), materials=wanted,
        may_be_late=bool(actor.seats),
    )  # fmt: skip
    return Opening(
        item=item, name=row.name if row else bound.item_name, short=row.short if row else "", act=rule.code,
        act_name=words[f"actions.{rule.code}.name"],
        others=tuple((each.code, words[f"actions.{each.code}.name"]) for each in mine if each.code != rule.code),
        is_mine=bool(mine), asked=asked,
    )  # fmt: skip


def find_openings(actor: Actor, at: datetime) -> tuple[OpeningLine, ...]:
    """Every matter this person may open that is no item of the catalogue: tasks, cards, calls taken down."""
    lines = []
    on = law_day(at)
    bounds = catalogue.bound_for_many([(code, version, {}) for code, version in catalogue.inner_items(on)])
    names = catalogue.item_names([bound.item for bound in bounds])
    for bound in bounds:
        acts = find_opening_acts(bound, actor)
        if not acts:
            continue
        by_party = any(bound.roles[role].kind is RoleKind.PARTY for rule in acts for role in rule.by)
        words = words_of(bound.procedure, bound.version, get_language() or "zh-hans")
        name = words.get("procedure.name", bound.procedure)
        lines.append(
            OpeningLine(item=bound.item, name=names[bound.item], short="", procedure=name, for_applicants=by_party)
        )
    return tuple(sorted(lines, key=lambda line: (line.for_applicants, line.procedure, line.name)))
