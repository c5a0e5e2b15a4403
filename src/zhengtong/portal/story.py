"""A case as its party follows it (办件进度): where it stands, what comes next, what happened, what may be done now.

The party sees posts and units, never the names of staff; a stranger with a token sees neither names nor words.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from zhengtong.accounts import queries as people
from zhengtong.cases.articles import article_words
from zhengtong.cases.case_view import (
    COMMON_ACT,
    CaseRead,
    Step,
    draw,
    draw_main_clock,
    read_clocks,
    read_main_clock,
    tell,
)
from zhengtong.cases.sealed_words import open_words
from zhengtong.catalogue import queries as catalogue
from zhengtong.documents import queries as documents
from zhengtong.documents.queries import FileLine, PaperLine
from zhengtong.kernel.authority import Actor, find_grounds, find_holder, may_read_all
from zhengtong.kernel.clocks import find_clock
from zhengtong.kernel.deciding import ActChoice, find_acts
from zhengtong.kernel.events import LAW_PERSON, Acted, Event, MaterialChecked
from zhengtong.kernel.procedures import ActionRule, Phase, RoleKind
from zhengtong.kernel.terms import law_day
from zhengtong.law.remedies import find_remedies
from zhengtong.ui.values import ClockView, Link, TimelineEntry
from zhengtong.ui.wording import in_english, short_day_words, weekday_words

RATED_IN: Final = frozenset({Phase.DECIDED, Phase.DELIVERING, Phase.CLOSED})
STEP: Final = "step:"
CHECKED: Final = COMMON_ACT[MaterialChecked]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One act the party may do now. `first`: it is what the case waits for."""

    act: str
    label: str
    url: str
    article: str
    say: str
    first: bool
    negative: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a supplement notice asks for: materials with the reason given for each, and the words of the notice."""

    reasons: Mapping[str, str]
    words: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """Everything the page of one case shows."""

    number: str
    name: str
    tag: str
    phase: str
    is_closed: bool
    outcome: str
    note: str
    is_yours: bool
    clock: ClockView | None
    others: tuple[ClockView, ...]
    coming: tuple[TimelineEntry, ...]
    past: tuple[TimelineEntry, ...]
    papers: tuple[PaperLine, ...]
    materials: tuple[tuple[str, str, tuple[FileLine, ...]], ...]
    unit: str
    post: str
    guide: catalogue.GuideView | None
    fees: tuple[tuple[str, int, str], ...]
    choices: tuple[Choice, ...]


def follow(case: CaseRead, actor: Actor | None, *, reader: Actor | None = None, masked: bool = False) -> Follow:
    """`actor` may act, `reader` looks. `masked`: for a token; no papers, files or acts. A third party is told as much
    as a token tells, with the papers that are for them."""
    guide = guide_of(case)
    choices = tuple(_choices(case, actor)) if actor is not None else ()
    papers = documents.papers_for(case.bound, case.state, reader) if reader is not None else ()
    is_third = reader is not None and not may_read_all(case.bound, case.state, reader)
    is_yours = is_partys_turn(case) and not is_third
    is_closed_to = masked or is_third
    holder = find_holder(case.bound, case.state)
    return Follow(
        number=case.state.number,
        name=catalogue.item_names([case.state.item])[case.state.item],
        tag=case.outcome_name if case.is_closed and case.state.outcome else case.state_name,
        phase=case.phase.value,
        is_closed=case.is_closed,
        outcome=case.outcome_name,
        note=_note(case, papers, is_yours=is_yours, is_third=is_third),
        is_yours=is_yours,
        clock=None if case.is_closed else draw_main_clock(case),
        others=() if case.is_closed else tuple(_other_clocks(case)),
        coming=tuple(_coming(case, guide)),
        past=tuple(_past(case, papers, masked=is_closed_to)),
        papers=papers,
        materials=() if is_closed_to else _materials(case, guide),
        unit=people.unit_names([holder.dept])[holder.dept] if holder else "",
        post=_post_name(holder.post) if holder and holder.post else "",
        guide=guide,
        fees=() if is_third else tuple(_fees(case)),
        choices=choices,
    )


def _post_name(post: str) -> str:
    return people.post_names([post])[post]


def guide_of(case: CaseRead) -> catalogue.GuideView | None:
    """The guide under which the case was opened."""
    state = case.state
    return catalogue.guide(state.item, state.item_version, on=law_day(case.at), given=state.answers)


def is_partys_turn(case: CaseRead) -> bool:
    """Whether the case waits for a party."""
    return _is_partys(case, case.state.state)


def _note(case: CaseRead, papers: Sequence[PaperLine], *, is_yours: bool, is_third: bool) -> str:
    public = case.public_words if f"states.{case.state.state}.public" in case.words else ""
    if case.is_closed and case.state.outcome and case.bound.outcomes[case.state.outcome].negative:
        content = catalogue.content(case.state.item, case.state.item_version)
        remedy = find_remedies(content).words(english=in_english())
        return _("%(public)s。%(remedy)s") % {"public": public, "remedy": remedy}
    if case.is_closed and not is_third:
        return _("%(public)s。文书和结果都在本页，随时可以下载。") % {"public": public} if papers else public
    if is_yours or case.is_closed:
        return public
    if case.phase is Phase.DELIVERING and not is_third:
        return _("%(public)s。领取时带上身份证件和收件凭证；电子件可以直接下载。") % {"public": public}
    return _("现在不需要您做什么。%(public)s。") % {"public": public}


# ---- what comes, what was ---------------------------------------------------------------------------


def _coming(case: CaseRead, guide: catalogue.GuideView | None) -> Iterator[TimelineEntry]:
    """Where it stands, then the rest of the main path, each with its limit."""
    if case.is_closed:
        return
    visit = case.state.visits[-1] if case.state.visits else None
    since = _("%(day)s（%(weekday)s）开始") % _day(visit.since) if visit is not None else ""
    rule = case.bound.states[case.state.state]
    yield TimelineEntry(
        act=case.state_name, when=since, who=case.words.get(f"roles.{rule.holder}.name", "") if rule.holder else "",
        say=case.words.get(f"states.{rule.code}.public", ""), kind="now",
    )  # fmt: skip
    steps = guide.steps if guide is not None else ()
    order = list(case.bound.states)
    here = order.index(case.state.state)
    for step in steps:
        if step.code in order and order.index(step.code) > here:
            number, unit = step.limit
            when = _("%(n)s %(unit)s内") % {"n": number, "unit": unit} if unit else number
            yield TimelineEntry(act=step.name, when=when, who=step.who, say="", kind="next")


def _day(at: datetime) -> dict[str, str]:
    return {"day": short_day_words(at), "weekday": weekday_words(at)}


def _past(case: CaseRead, papers: Sequence[PaperLine], *, masked: bool) -> Iterator[TimelineEntry]:
    known = {paper.number for paper in papers}
    told = [step for step in reversed(tell(case, with_people=False)) if not step.struck]
    for _kind, group in groupby(told, key=_told_as_one):
        steps = list(group)
        facts = tuple(fact for step in reversed(steps) for fact in step.facts)
        yield _entry(case, replace(steps[0], facts=facts), known, masked=masked)


def _told_as_one(step: Step) -> tuple[str, ...]:
    """Documents compared one after another on one day at one post are one line, as on the desk; all else alone."""
    if step.act != CHECKED or step.papers or step.pauses:
        return (str(step.seq),)
    return (step.act, step.post, step.who, law_day(step.at).isoformat())


def _entry(case: CaseRead, step: Step, known: set[str], *, masked: bool) -> TimelineEntry:
    comma, colon, semicolon = (", ", ": ", "; ") if in_english() else ("，", "：", "；")
    place = comma.join(part for part in (step.post, step.unit) if part)
    say = semicolon.join(f"{label}{colon}{value}" for label, value in step.facts) if not masked else ""
    return TimelineEntry(
        act=step.name, when=step.at, who=place or step.who, say=say, kind="pause" if step.pauses else "done",
        papers=tuple(_paper_link(case, name, number, known) for name, number in step.papers if number in known),
    )  # fmt: skip


def _paper_link(case: CaseRead, name: str, number: str, known: set[str]) -> Link:
    url = paper_url(case.state.number, number) if number in known else ""
    return Link(f"{name} {number}", url)


def paper_url(number: str, paper: str) -> str:
    return reverse("documents:paper", args=[number, paper])


# ---- what is there ----------------------------------------------------------------------------------


def _materials(case: CaseRead, guide: catalogue.GuideView | None) -> tuple[tuple[str, str, tuple[FileLine, ...]], ...]:
    """(name, what became of it, files) of each material that was received or asked for."""
    files = documents.files_of_case(case.state)
    names = material_names(case, guide)
    found = []
    for rule in case.bound.materials:
        known = case.state.materials.get(rule.code)
        if known is None and not rule.required:
            continue
        verdict = known.verdict if known is not None else ""
        words = case.word(f"actions.check_material.inputs.verdict.choices.{verdict}") if verdict else ""
        if not words:
            words = _("已收到") if known is not None and known.received_at is not None else _("还没有交")
        found.append((names.get(rule.code, rule.name), words, files.get(rule.code, ())))
    return tuple(found)


def material_names(case: CaseRead, guide: catalogue.GuideView | None) -> dict[str, str]:
    named = {rule.code: rule.name for rule in case.bound.materials}
    if guide is not None and guide.needs is not None:
        named |= {line.code: line.name for line in guide.needs.materials}
    return named


def _fees(case: CaseRead) -> Iterator[tuple[str, int, str]]:
    names = {line.code: line.name for line in case.bound.fees}
    for fee in case.state.fees.values():
        how = case.word(f"actions.settle_fee.inputs.how.choices.{fee.how}") if fee.how else _("待缴")
        yield names.get(fee.fee, fee.fee), fee.amount, how


# ---- what may be done -------------------------------------------------------------------------------


def open_acts(case: CaseRead, actor: Actor) -> tuple[ActChoice, ...]:
    """The acts this party may do now."""
    found = find_acts(case.bound, case.state, _as_party(actor), case.calendar, case.at)
    return tuple(one for one in found if one.refusal is None and _is_offered(case, actor, case.bound.actions[one.act]))


def _as_party(actor: Actor) -> Actor:
    return Actor(person=actor.person, seats=(), subjects=actor.subjects)


def _is_offered(case: CaseRead, actor: Actor, rule: ActionRule) -> bool:
    return _is_timely(case, rule) and is_theirs(case, actor, rule)


def is_theirs(case: CaseRead, actor: Actor, rule: ActionRule) -> bool:
    """Whether this party may open the form at all; to whose case it is, a refusal says more. A third party states
    views: materials and the rating are not theirs, and a form of others would show what was asked of them."""
    if may_read_all(case.bound, case.state, actor):
        return True
    if rule.does in ("material_received", "rated"):
        return False
    return find_grounds(case.bound, case.state, rule.code, _as_party(actor)) is not None


def _is_timely(case: CaseRead, rule: ActionRule) -> bool:
    """Rating comes after the decision; what a notice asks for is answered by the act made for it."""
    if rule.does == "rated":
        return case.phase in RATED_IN
    return not (rule.does == "material_received" and (is_partys_turn(case) or not case.bound.materials))


def _choices(case: CaseRead, actor: Actor) -> Iterator[Choice]:
    for one in open_acts(case, actor):
        rule = case.bound.actions[one.act]
        ends = rule.to is not None and case.bound.phase_of(rule.to) is Phase.CLOSED
        yield Choice(
            act=rule.code, label=act_label(case, rule), url=reverse("portal:act", args=[case.state.number, rule.code]),
            article=article_words(rule.source, case.words), say=_follows(case, rule, ends=ends),
            first=is_partys_turn(case) and rule.does is None and not ends, negative=ends,
        )  # fmt: skip


def act_label(case: CaseRead, rule: ActionRule) -> str:
    """The act's own name; two acts that parties and staff share are named from the party's side."""
    if rule.does == "material_received":
        return _("补充材料")
    return case.word(f"actions.{rule.code}.name")


def _follows(case: CaseRead, rule: ActionRule, *, ends: bool) -> str:
    if ends:
        return _("不能恢复，可以重新申请")
    return ""


def asked_for(case: CaseRead) -> Asked | None:
    """What the latest notice asks of the party: the act that led here and named materials."""
    for event in reversed(case.state.history):
        found = _asked_by(case, event)
        if found is not None:
            return found
    return None


def _asked_by(case: CaseRead, event: Event) -> Asked | None:
    body = event.body
    if not isinstance(body, Acted) or body.left == body.entered or event.person == LAW_PERSON:
        return None
    rule = case.bound.actions.get(body.act)
    if rule is None or body.entered not in case.bound.states or not _is_partys(case, body.entered):
        return None
    codes = [
        str(code)
        for each in rule.inputs
        if each.kind == "materials"
        for code in (lambda value: value if isinstance(value, list) else [])(body.inputs.get(each.name))
    ]
    words = _words_of(case, event, rule)
    names = material_names(case, guide_of(case))
    lines = words.splitlines()
    reasons = {code: _reason_for(names.get(code, code), case, code, lines) for code in codes}
    return Asked(reasons=reasons, words="" if all(reasons.values()) and codes else words, at=event.at)


def _is_partys(case: CaseRead, state: str) -> bool:
    role = case.bound.roles.get(case.bound.states[state].holder or "")
    return role is not None and role.kind is RoleKind.PARTY


def _words_of(case: CaseRead, event: Event, rule: ActionRule) -> str:
    opened = open_words(case.ref.id, case.history)
    said = (opened.get((event.seq, each.name)) for each in rule.inputs if each.kind in ("reason", "text"))
    return "\n".join(str(words) for words in said if words)


def _reason_for(name: str, case: CaseRead, code: str, lines: Sequence[str]) -> str:
    """The line of a notice that speaks of this material (`1. name：reason`)."""
    chinese = next((rule.name for rule in case.bound.materials if rule.code == code), name)
    for line in lines:
        for said in (f"{chinese}：", f"{name}："):
            if said in line:
                return line.partition(said)[2].strip()
    return ""


def _other_clocks(case: CaseRead) -> Iterator[ClockView]:
    """Clocks beside the one the page leads with; limits of single steps are the service's own business."""
    main = read_main_clock(case, explain=False)
    for clock in read_clocks(case):
        is_shown = clock.status in ("running", "held") and not clock.clock.startswith(STEP)
        if is_shown and (main is None or clock.clock != main.clock):
            found = find_clock(case.bound, case.state, clock.clock, case.calendar, case.at, explain=True)
            if found is not None:
                yield draw(case, found)
