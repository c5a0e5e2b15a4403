"""The decision panel (可以办的事): what this person may do now, by which article, and what follows from it.

Which acts there are, and why one cannot be done, is the kernel's finding; here it is put into words and forms.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from django.forms import BaseForm
from django.urls import reverse
from django.utils.translation import gettext as _

from zhengtong.accounts import queries as people
from zhengtong.cases.act_forms import Directory, Questions, form_class
from zhengtong.cases.articles import article_words
from zhengtong.cases.case_view import CaseRead, fee_names, material_names
from zhengtong.cases.clock_views import Reading, draw_clock
from zhengtong.cases.sealed_words import Place, may_read_words, open_words
from zhengtong.kernel.acts import find_rank_for
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.clocks import find_clock
from zhengtong.kernel.deciding import ActChoice, find_acts
from zhengtong.kernel.events import Json, MaterialChecked, Standing
from zhengtong.kernel.fees import find_fees_due, find_fees_to_demand
from zhengtong.kernel.procedures import ActionRule, Phase
from zhengtong.kernel.refusals import Refusal
from zhengtong.kernel.terms import law_day
from zhengtong.law.procedure_files import load_procedure
from zhengtong.law.refusal_words import say
from zhengtong.ui.forms import TypedForm
from zhengtong.ui.values import ActView, DecideView, Link
from zhengtong.ui.wording import money_words

# Common acts that the page offers beside what they speak of, not in the panel.
AT_THE_MATERIALS: Final = frozenset({"material_received", "material_checked"})
NEVER_FIRST: Final = 9
IN_THE_PANEL: Final = frozenset({"consent_asked", "consent_given", "fee_settled", "served"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The panel, the acts that stand on pages of their own, and whether materials may be received or checked."""

    decide: DecideView
    others: tuple[Link, ...]
    may_check: bool
    may_receive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What a panel is drawn from; `posted` is the form somebody sent that must be shown again, `from_list` the list
    the case was reached from, to which its forms lead back."""

    case: CaseRead
    actor: Actor
    key: str
    remarks: Mapping[str, str] = field(default_factory=dict)
    posted: tuple[str, BaseForm] | None = None
    from_list: str = ""

    @property
    def lettered(self) -> Actor:
        """The actor with what the authorisation letters of this item say."""
        return people.with_letters(self.actor, self.case.bound.item, law_day(self.case.at))

    @property
    def directory(self) -> Directory:
        return Directory(actor=self.actor, at=self.case.at)


def questions_for(
    drawing: Drawing, rule: ActionRule, directory: Directory | None = None, *, may_be_late: bool = True
) -> Questions:
    """What the form of an act is drawn from."""
    case = drawing.case
    return Questions(
        bound=case.bound, state=case.state, rule=rule, words=case.words,
        directory=directory or drawing.directory, materials=material_names(case), remarks=drawing.remarks,
        fees=fee_names(case) if rule.does in ("fee_settled", "fee_refunded") else {},
        may_be_late=may_be_late and bool(drawing.actor.seats),
    )  # fmt: skip


def draw_panel(drawing: Drawing) -> Panel:
    """Everything this person may do here now."""
    case, directory = drawing.case, drawing.directory
    choices = find_acts(case.bound, case.state, drawing.lettered, case.calendar, case.at)
    shown = [choice for choice in choices if _is_in_panel(case, choice)]
    primary = _find_primary(case, shown)
    views = [(each, _act_view(drawing, each, directory, primary=each.act == primary)) for each in shown]
    against = [view for each, view in views if is_against(case, each.act)]
    acts = [view for each, view in views if not is_against(case, each.act) and not view.closed]
    closed = [view for each, view in views if not is_against(case, each.act) and view.closed]
    does = {case.bound.actions[each.act].does for each in choices if each.refusal is None}
    decide = DecideView(
        title=_("现在可以办") if acts or against else _("现在没有要您办的"), say=_say(case),
        acts=tuple(sorted(acts, key=lambda view: not view.primary)),
        against=tuple(against), closed=tuple(closed),
    )  # fmt: skip
    return Panel(
        decide=decide, others=tuple(_others(case, choices)), may_check="material_checked" in does,
        may_receive="material_received" in does,
    )  # fmt: skip


def draw_act(drawing: Drawing, rule: ActionRule) -> ActView | None:
    """One act on a page of its own; None when it is not this person's here. A form that was posted is drawn again."""
    case = drawing.case
    choices = find_acts(case.bound, case.state, drawing.lettered, case.calendar, case.at)
    choice = next((each for each in choices if each.act == rule.code), None)
    if choice is None and drawing.posted is None:
        return None
    if choice is None or (choice.refusal is not None and drawing.posted is not None):
        choice = ActChoice(
            act=rule.code, name=rule.name, role="", post="", standing=Standing.OWN, branches=(), refusal=None
        )
    view = _act_view(drawing, choice, drawing.directory, primary=not is_against(case, rule.code))
    return replace(view, unfolded=True, key="")


def remarks_for(case: CaseRead, actor: Actor) -> Mapping[str, str]:
    """What was last said against each material, for whoever may read it."""
    if not may_read_words(actor, case.bound, case.state):
        return {}
    return remarks_in(case, open_words(case.ref.id, case.history))


def remarks_in(case: CaseRead, words: Mapping[Place, Json]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for event in case.history:
        if isinstance(event.body, MaterialChecked):
            said = words.get((event.seq, "reason"))
            found[event.body.material] = str(said) if said and event.body.verdict == "defective" else ""
    return {code: said for code, said in found.items() if said}


def is_against(case: CaseRead, act: str) -> bool:
    """Whether the act ends the case against the applicant."""
    outcome = case.bound.actions[act].outcome
    return outcome is not None and case.bound.outcomes[outcome].negative


def _is_in_panel(case: CaseRead, choice: ActChoice) -> bool:
    rule = case.bound.actions[choice.act]
    if not rule.is_common:
        return True
    if rule.does == "fee_settled" and not find_fees_due(case.state):
        return False
    if rule.does == "served" and all(paper.served_at for paper in case.state.documents.values()):
        return False
    if rule.does == "consent_asked" and not _asks_something(case, rule):
        return False
    return rule.does in IN_THE_PANEL


def _asks_something(case: CaseRead, rule: ActionRule) -> bool:
    phase, here = case.phase, case.state.state
    return any(
        find_rank_for(case.bound, each.code) is not None
        for each in case.bound.actions.values()
        if (phase in each.phases if each.is_common else here in each.from_states)
    )


def _find_primary(case: CaseRead, shown: Sequence[ActChoice]) -> str | None:
    """The one act the page leads with: what takes the case on; else what sends it back or stops it."""
    ready = [each for each in shown if each.refusal is None and not is_against(case, each.act)]
    ranked = [(_rank(case, case.bound.actions[each.act]), each.act) for each in ready]
    return min((pair for pair in ranked if pair[0] < NEVER_FIRST), key=lambda pair: pair[0], default=(0, None))[1]


def _rank(case: CaseRead, rule: ActionRule) -> int:
    if rule.does == "consent_given" or rule.takes or rule.answers:
        return 0
    if rule.is_common or (rule.to is None and not rule.settles):
        return NEVER_FIRST
    state = case.bound.states.get(rule.to or "")
    if state is None:
        return 1
    if state.phase is Phase.CLOSED:
        return 0 if {"closed", "delivered"} & set(rule.marks) and not is_back_out(rule) else NEVER_FIRST
    visited = {visit.state for visit in case.state.visits}
    return 2 if state.code in visited or state.phase in (Phase.SUPPLEMENTING, Phase.SUSPENDED) else 0


def is_back_out(rule: ActionRule) -> bool:
    """Whether the act ends the case before it was decided: only what hands over or strikes off ends it well."""
    return rule.outcome is not None and "decided" not in rule.marks


def _act_view(drawing: Drawing, choice: ActChoice, directory: Directory, *, primary: bool) -> ActView:
    case, rule = drawing.case, drawing.case.bound.actions[choice.act]
    name, article = case.word(f"actions.{rule.code}.name"), article_words(rule.source, case.words)
    negative = is_against(case, rule.code)
    if choice.refusal is not None:
        closed = refusal_sentence(case, choice)
        return ActView(code=rule.code, label=name, article=article, negative=negative, closed=closed)
    is_posted = drawing.posted is not None and drawing.posted[0] == rule.code
    form = drawing.posted[1] if is_posted and drawing.posted else _blank(drawing, rule, directory)
    return ActView(
        code=rule.code, label=name, article=article, key=_key(case, rule, primary=primary, negative=negative),
        url=reverse("cases:act", args=[case.state.number, rule.code]), form=form,
        hidden=(("key", drawing.key), ("seq", str(case.ref.last_seq)), ("list", drawing.from_list)),
        follows=tuple(find_follows(case, rule)),
        primary=primary, negative=negative, unfolded=is_posted or (primary and drawing.posted is None),
    )  # fmt: skip


def _blank(drawing: Drawing, rule: ActionRule, directory: Directory) -> TypedForm:
    return form_class(questions_for(drawing, rule, directory))(prefix=rule.code)


def refusal_sentence(case: CaseRead, choice: ActChoice) -> str:
    """Why an act cannot be done now, with what to do."""
    assert choice.refusal is not None
    code, params, source = choice.refusal
    said = say(Refusal(code, params, source), case.words, material_names(case))
    return f"{said.what}{said.how}"


def _key(case: CaseRead, rule: ActionRule, *, primary: bool, negative: bool) -> str:
    """a passes, r sends back; every other act is reached by hand."""
    if primary:
        return "a"
    visited = {visit.state for visit in case.state.visits}
    back = (
        rule.to is not None and (rule.to in visited or case.bound.states[rule.to].phase is Phase.SUPPLEMENTING)
        if rule.to in case.bound.states
        else False
    )
    return "r" if back and not negative else ""


def _others(case: CaseRead, choices: tuple[ActChoice, ...]) -> Iterator[Link]:
    for choice in choices:
        rule = case.bound.actions[choice.act]
        elsewhere = rule.is_common and rule.does not in IN_THE_PANEL | AT_THE_MATERIALS
        if elsewhere and (choice.refusal is None or rule.does in ("reverted", "corrected")):
            name = case.word(f"actions.{rule.code}.name")
            yield Link(name, reverse("cases:act", args=[case.state.number, rule.code]))


def _say(case: CaseRead) -> str:
    step = find_clock(case.bound, case.state, f"step:{case.state.state}", case.calendar, case.at)
    if step is None or step.status != "running":
        return case.word(f"states.{case.state.state}.public")
    return draw_clock(Reading(clock=step, calendar=case.calendar, at=case.at, words=case.words)).sentence


# ---- what follows -----------------------------------------------------------------------------------


def find_follows(case: CaseRead, rule: ActionRule) -> Iterator[str]:
    """What pressing the button makes true, read off the rule."""
    yield from _moves_to(case, rule)
    for code in rule.issues:
        shown = _("出具《%(paper)s》并送达") if code in rule.serves else _("出具《%(paper)s》")
        yield shown % {"paper": case.word(f"documents.{code}.name")}
    if rule.demands:
        lines = find_fees_to_demand(case.bound, case.state)
        if lines:
            yield _("应缴费用 %(amount)s") % {"amount": money_words(sum(line.amount for line in lines))}
    if rule.produces:
        yield _("生成结果：%(result)s") % {"result": case.word(f"results.{rule.produces}.name")}
    if rule.publishes:
        yield _("在门户上公开")
    if rule.outcome:
        yield _("办理结果记为“%(outcome)s”") % {"outcome": case.word(f"outcomes.{rule.outcome}.name")}


def _moves_to(case: CaseRead, rule: ActionRule) -> Iterator[str]:
    if rule.to is None or rule.to == "back" or rule.to not in case.bound.states:
        return
    state = case.bound.states[rule.to]
    if state.holder:
        yield _("转到“%(state)s”，由%(role)s办") % {
            "state": case.word(f"states.{state.code}.name"), "role": case.word(f"roles.{state.holder}.name"),
        }  # fmt: skip
    else:
        yield _("转到“%(state)s”") % {"state": case.word(f"states.{state.code}.name")}
    for clock in case.bound.clocks.values():
        name = case.word(f"clocks.{clock.code}.name")
        if rule.to in clock.held_in and case.state.state in clock.runs_in:
            yield _("%(clock)s暂停计时") % {"clock": name}
        elif rule.to in clock.runs_in and case.state.state in clock.held_in:
            yield _("%(clock)s恢复计时") % {"clock": name}
        elif rule.to in clock.runs_in and case.state.state not in clock.runs_in:
            yield _("%(clock)s开始计算") % {"clock": name}
    public = case.words.get(f"states.{state.code}.public")
    if public and not load_procedure(case.bound.procedure, case.bound.version).internal:
        yield _("申请人看到：%(words)s") % {"words": public}
