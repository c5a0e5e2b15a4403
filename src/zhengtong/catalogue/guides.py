"""The guide of an item (办事指南) as one value: the eight statutory publicity items (XKF 30) and the national elements.

What is not known is named in `missing` and never filled in. The steps are the procedure's own main path.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from zhengtong.accounts.queries import region_names, unit_names
from zhengtong.catalogue.contents import (
    Answers,
    Content,
    Requirements,
    bind_content,
    bound_for,
    content_of,
    read_answers,
    requirements_of,
    said,
    shown_situations,
)
from zhengtong.catalogue.labels import (
    CASE_TYPES,
    CHANNELS,
    ELEMENTS,
    KINDS,
    LEVELS,
    POWER_SOURCES,
    TARGETS,
    ItemStatus,
    term_words,
    word,
    words_of,
)
from zhengtong.catalogue.models import Item, ItemVersion, Theme
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.procedures import Outcome, Phase, RoleKind
from zhengtong.kernel.terms import Term
from zhengtong.law.procedure_files import words
from zhengtong.law.remedies import find_remedies

ON_THE_WAY: Final = frozenset({Phase.SUBMITTED, Phase.RECEIVED, Phase.EXAMINING, Phase.DECIDED, Phase.DELIVERING})
# What DOMAIN 2.3 asks for of every implementation list, as far as an item version holds it.
ASKED_FOR: Final = (
    "basis", "conditions", "materials", "fields", "terms", "result", "targets", "case_type", "level", "power_source",
    "visits", "channels", "guide",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stage of the procedure. `limit` is (number, unit); both empty where the stage has no limit of its own."""

    code: str
    name: str
    who: str
    limit: tuple[str, str]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    title: str
    number: str
    article: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    code: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of the situation tree, with the answer given, if any."""

    code: str
    question: str
    help: str
    options: tuple[Option, ...]
    answered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit with where it stands; `confirmed` is false while nobody has checked the figure against the text."""

    number: str
    unit: str
    instrument: str
    article: str
    confirmed: bool

    def __bool__(self) -> bool:
        return bool(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideView:
    """Everything a guide or a leaflet shows, in the reader's language. `version` is None for a listed item."""

    code: str
    name: str
    short: str
    version: int | None
    effective_from: date | None
    status: str
    status_words: str
    is_listed: bool
    can_apply: bool
    refusal_words: str
    kind_words: str
    case_type_words: str
    level_words: str
    department: str
    department_words: str
    region_words: str
    national_code: str
    power_source_words: str
    targets: tuple[str, ...]
    themes: tuple[str, ...]
    channels: tuple[str, ...]
    visits: int | None
    basis: tuple[Basis, ...]
    conditions: tuple[str, ...]
    quantity: str
    steps: tuple[Step, ...]
    flow_note: str
    legal: Limit
    promised: Limit
    questions: tuple[Question, ...]
    answers: Mapping[str, str]
    needs: Requirements | None
    samples: tuple[str, ...]
    form_fields: tuple[str, ...]
    result: str
    result_valid: tuple[str, str]
    place: str
    hours: str
    phone: str
    complaint: str
    remedy: str
    faq: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    unconfirmed: bool

    @property
    def is_free(self) -> bool:
        return self.needs is None or not self.needs.fees

    @property
    def answered_all(self) -> bool:
        return all(question.answered for question in self.questions)


_NO_LIMIT: Final = Limit(number="", unit="", instrument="", article="", confirmed=True)


def guide(
    code: str, version: int | None = None, *, on: date, given: Mapping[str, str] | None = None
) -> GuideView | None:
    """The guide of an item as it stands on this day (or of one version), for the answers given; None: no such item.

    Items in draft have no guide. A listed item says what is missing and has no way to apply.
    """
    item = Item.objects.filter(code=code).exclude(status=ItemStatus.DRAFT).first()
    if item is None:
        return None
    rows = item.versions.in_force(on) if version is None else item.versions.filter(version=version)
    row: ItemVersion | None = rows.order_by("-version").defer("content").first()
    if row is None:
        return _guide_of_listed(item)
    content = content_of(code, row.version)
    answers = read_answers(content, given or {})
    bound = bound_for(code, row.version, answers)
    return _guide_of(content, bound, item, row, on=on)


def preview(content: Content, *, on: date) -> GuideView:
    """The guide as content that is not published yet would give it.

    Raises:
        Refusal: as `bind`.
    """
    item = Item.objects.get(code=content["code"])
    return _guide_of(content, bind_content(content, {}), item, None, on=on)


def leaflet_address(code: str) -> str:
    """What the QR code of a leaflet holds: the address of the guide."""
    return f"{settings.ZHENGTONG_BASE_URL}/items/{code}"


def _in_english() -> bool:
    return (get_language() or "").startswith("en")


def _guide_of(content: Content, bound: Bound, item: Item, row: ItemVersion | None, *, on: date) -> GuideView:
    english = _in_english()
    needs = requirements_of(bound, content, english=english)
    more = content.get("guide", {})
    result = content.get("result", {})
    legal, promised = (_limit(content, key, getattr(needs, key)) for key in ("legal", "promised"))
    basis = tuple(
        Basis(
            title=one["title"],
            number=one.get("number", ""),
            article=one.get("article", ""),
            confirmed=one.get("confirmed", False),
        )
        for one in content.get("basis", ())
    )
    return GuideView(
        **_head(item, row, on=on),
        case_type_words=_coded(CASE_TYPES, content, "case_type"),
        level_words=_coded(LEVELS, content, "level"),
        power_source_words=_coded(POWER_SOURCES, content, "power_source"),
        channels=words_of(CHANNELS, content.get("channels", ())),
        visits=content.get("visits"),
        basis=basis,
        conditions=tuple(said(one, "text", english=english) for one in content.get("conditions", ())),
        quantity=said(more, "quantity", english=english),
        steps=steps_of(bound, english=english),
        flow_note=said(more, "flow_note", english=english),
        legal=legal,
        promised=promised,
        questions=tuple(_questions(content, bound.answers, english=english)),
        answers=bound.answers,
        needs=needs,
        samples=tuple(line.name for line in needs.materials if line.kind == "form"),
        form_fields=tuple(said(field, "label", english=english) for field in content.get("fields", ())),
        result=said(result, "name", english=english),
        result_valid=term_words(result.get("valid", "")),
        place=said(more, "place", english=english),
        hours=said(more, "hours", english=english),
        phone=str(more.get("phone", "")),
        complaint=str(more.get("complaint", "")),
        remedy=find_remedies(content).words(english=english),
        faq=tuple((said(one, "q", english=english), said(one, "a", english=english)) for one in more.get("faq", ())),
        missing=tuple(word(ELEMENTS, key) for key in ASKED_FOR if content.get(key) in (None, "", [], {})),
        unconfirmed=not (legal.confirmed and all(one.confirmed for one in basis)),
    )


def _guide_of_listed(item: Item) -> GuideView:
    """All that a list says; every other element is named as missing."""
    return GuideView(
        **_head(item, None, on=None),
        case_type_words="",
        level_words="",
        power_source_words="",
        channels=(),
        visits=None,
        basis=(),
        conditions=(),
        quantity="",
        steps=(),
        flow_note="",
        legal=_NO_LIMIT,
        promised=_NO_LIMIT,
        questions=(),
        answers={},
        needs=None,
        samples=(),
        form_fields=(),
        result="",
        result_valid=("", ""),
        place="",
        hours="",
        phone="",
        complaint="",
        remedy=find_remedies({}).words(english=_in_english()),
        faq=(),
        missing=tuple(word(ELEMENTS, key) for key in ASKED_FOR),
        unconfirmed=False,
    )


def _head(item: Item, row: ItemVersion | None, *, on: date | None) -> dict[str, Any]:
    english = _in_english()
    themes = Theme.objects.filter(name__in=item.themes).order_by("position")
    words_why = _why_not(item, row, on)
    return {
        "code": item.code,
        "name": (english and item.name_en) or item.name,
        "short": (english and item.short_en) or item.short,
        "version": row.version if row else None,
        "effective_from": row.effective_from if row else None,
        "status": item.status,
        "status_words": str(ItemStatus(item.status).label),
        "is_listed": item.status == ItemStatus.LISTED,
        "can_apply": not words_why,
        "refusal_words": words_why,
        "kind_words": word(KINDS, item.kind),
        "department": item.department,
        "department_words": unit_names([item.department])[item.department],
        "region_words": region_names([item.region])[item.region],
        "national_code": item.national_code,
        "targets": words_of(TARGETS, item.targets),
        "themes": tuple((english and theme.name_en) or theme.name for theme in themes),
    }


def _why_not(item: Item, row: ItemVersion | None, on: date | None) -> str:
    """Why nobody can apply now; empty where one can."""
    if item.status == ItemStatus.CANCELLED or (item.cancelled_on and on and item.cancelled_on <= on):
        return _("本事项已经取消，不再受理申请。")
    if item.status == ItemStatus.SUSPENDED:
        return _("本事项暂停办理，恢复以后才能申请。")
    if row is None:
        return _("本事项只列入了目录，办事指南还没有编制完成，现在不能在网上申请。请向实施机关的窗口咨询。")
    return ""


def _coded(names: Mapping[str, Any], content: Content, key: str) -> str:
    return word(names, str(content[key])) if content.get(key) else ""


def _limit(content: Content, key: str, term: str) -> Limit:
    number, unit = term_words(term)
    source = content.get("terms_source", {}).get(key, {})
    return Limit(
        number=number if term else "",
        unit=unit,
        instrument=source.get("instrument", ""),
        article=source.get("article", ""),
        confirmed=source.get("confirmed", False),
    )


def _questions(content: Content, answers: Answers, *, english: bool) -> Iterator[Question]:
    for row in shown_situations(content, answers):
        chosen = answers.get(row["code"], "")
        yield Question(
            code=row["code"],
            question=said(row, "question", english=english),
            help=said(row, "help", english=english),
            options=tuple(
                Option(code=one["code"], name=said(one, "name", english=english), chosen=one["code"] == chosen)
                for one in row["choices"]
            ),
            answered=bool(chosen),
        )


# ---- the flow -----------------------------------------------------------------------------------


def steps_of(bound: Bound, *, english: bool) -> tuple[Step, ...]:
    """The main path of the procedure, from the opening act to the end, as it stands under this item's options."""
    named = words(bound.procedure, bound.version, "en" if english else "zh-hans")
    return tuple(_step(bound, code, named) for code in main_path(bound))


def main_path(bound: Bound) -> tuple[str, ...]:
    """From each state the nearest later one, in the order of the file, that no negative outcome leads to."""
    order = {code: place for place, code in enumerate(bound.states)}
    starts = [act.to for act in bound.actions.values() if act.opening and act.to in order]
    path: list[str] = []
    here: str | None = min((code for code in starts if code), key=lambda code: order[code], default=None)
    while here is not None and bound.states[here].phase in ON_THE_WAY:
        path.append(here)
        here = min(_nexts(bound, here, order), key=lambda code: order[code], default=None)
    return tuple(path)


def _nexts(bound: Bound, here: str, order: Mapping[str, int]) -> Iterator[str]:
    for act in bound.actions.values():
        outcome: Outcome | None = bound.outcomes.get(act.outcome or "")
        if act.to is None or act.to not in order or here not in act.from_states or "law" in act.by:
            continue
        is_ahead = order[act.to] > order[here] and (outcome is None or not outcome.negative)
        if is_ahead and bound.states[act.to].phase in {*ON_THE_WAY, Phase.CLOSED}:
            yield act.to


def _step(bound: Bound, code: str, named: Mapping[str, str]) -> Step:
    state = bound.states[code]
    role = bound.roles.get(state.holder or "")
    limit = state.limit if isinstance(state.limit, Term) else None
    return Step(
        code=code,
        name=named[f"states.{code}.name"],
        who=named[f"roles.{role.code}.name"] if role and role.kind is not RoleKind.PARTY else "",
        limit=term_words(str(limit)) if limit else ("", ""),
        note=named.get(f"states.{code}.public", ""),
    )
