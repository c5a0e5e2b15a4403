"""One act on several cases (批量办理): what would follow for each, and, once confirmed, what came of each.

Only acts that ask for nothing can be done so: where something must be written, each case deserves its own words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from zhengtong.accounts import queries as people
from zhengtong.cases.act_forms import Directory, form_class
from zhengtong.cases.actions import Wish, perform
from zhengtong.cases.articles import article_words
from zhengtong.cases.case_view import CaseRead, material_names
from zhengtong.cases.panels import Drawing, find_follows, is_against, questions_for, refusal_sentence
from zhengtong.cases.queries import lines_for, read_many
from zhengtong.cases.refusals import refusal_view
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.deciding import find_acts
from zhengtong.kernel.refusals import Refusal
from zhengtong.kernel.terms import law_day
from zhengtong.ledger.queries import Case
from zhengtong.ledger.record import StaleHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkLine:
    """One selected case under one act: whether it can be done, and why not."""

    number: str
    title: str
    who: str
    refusal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkAct:
    """An act that could be done on some of the selected cases."""

    code: str
    name: str
    article: str
    follows: tuple[str, ...]
    lines: tuple[BulkLine, ...]

    @property
    def ready(self) -> int:
        return sum(not line.refusal for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult:
    """What came of one case."""

    number: str
    title: str
    who: str
    said: str
    is_done: bool


def draw_bulk(actor: Actor, at: datetime, *, numbers: Sequence[str]) -> tuple[BulkAct, ...]:
    """The acts that can be done on several of these cases, the one that fits most first."""
    cases = _cases(actor, numbers)
    reads = read_many(cases, at)
    lines = {line.number: line for line in lines_for(cases, at)}
    found: dict[str, BulkAct] = {}
    items = {read.bound.item for read in reads}
    lettered = {item: people.with_letters(actor, item, law_day(at)) for item in items}
    for read in reads:
        line = lines[read.state.number]
        for choice in find_acts(read.bound, read.state, lettered[read.bound.item], read.calendar, at):
            if not _is_simple(read, choice.act, actor):
                continue
            refusal = refusal_sentence(read, choice) if choice.refusal else ""
            one = BulkLine(number=line.number, title=line.title, who=line.who, refusal=refusal)
            known = found.get(choice.act)
            found[choice.act] = BulkAct(
                code=choice.act, name=read.word(f"actions.{choice.act}.name"),
                article=article_words(read.bound.actions[choice.act].source, read.words),
                follows=tuple(find_follows(read, read.bound.actions[choice.act])),
                lines=(*(known.lines if known else ()), one),
            )  # fmt: skip
    return tuple(sorted(found.values(), key=lambda act: -act.ready))


def _cases(actor: Actor, numbers: Sequence[str]) -> list[Case]:
    clean = [number for number in numbers if "\0" not in number]
    return list(Case.objects.visible_to(actor).filter(number__in=clean).by_due())


def _is_simple(read: CaseRead, act: str, actor: Actor) -> bool:
    """An act of the procedure that goes for the applicant and asks for nothing."""
    rule = read.bound.actions[act]
    if rule.is_common or is_against(read, act) or rule.to is None:
        return False
    drawing = Drawing(case=read, actor=actor, key="")
    form = form_class(questions_for(drawing, rule, Directory(actor=actor, at=read.at), may_be_late=False))
    return not any(field.required for field in form.base_fields.values()) and not form.base_fields


def perform_bulk(actor: Actor, at: datetime, *, numbers: Sequence[str], act: str, key: str) -> tuple[BulkResult, ...]:
    """Do the act on each case by itself: one that is refused leaves the others done."""
    cases = _cases(actor, numbers)
    lines = {line.number: line for line in lines_for(cases, at)}
    return tuple(
        BulkResult(
            number=read.state.number, title=lines[read.state.number].title, who=lines[read.state.number].who,
            **_do(actor, at, read, act, key),  # type: ignore[arg-type]  # said and is_done
        )
        for read in read_many(cases, at)
    )  # fmt: skip


def _do(actor: Actor, at: datetime, read: CaseRead, act: str, key: str) -> dict[str, str | bool]:
    if act not in read.bound.actions or not _is_simple(read, act, actor):
        return {"said": "", "is_done": False}
    try:
        done = perform(
            actor=actor, at=at, case_id=read.ref.id, wish=Wish(act=act), key=f"{key}:{read.ref.id}",
            expected_seq=read.ref.last_seq,
        )  # fmt: skip
    except Refusal as refusal:
        said = refusal_view(refusal, read.words, material_names(read))
        return {"said": f"{said.what}{said.ways[0].label}", "is_done": False}
    except StaleHistory:
        from django.utils.translation import gettext as _

        return {"said": _("刚刚有人先办了一步，请单独打开看一看。"), "is_done": False}
    return {"said": read.words.get(f"states.{done.state.state}.name", done.state.state), "is_done": True}
