"""How a matter is opened by a citizen (申请的步骤): read off the item and the opening act of its procedure.

No procedure has code here: parties, questions, the item's own form and materials are inputs of the act.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import get_language

from zhengtong.cases.act_forms import Directory, Questions, form_class
from zhengtong.catalogue import queries as catalogue
from zhengtong.catalogue.queries import GuideView
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.events import Json
from zhengtong.kernel.procedures import ActionRule, RoleKind
from zhengtong.kernel.terms import law_day
from zhengtong.law.procedure_files import words as words_of
from zhengtong.portal.drafts import Content
from zhengtong.ui.forms import FieldSpec, TypedForm, build_form

SITUATION, APPLICANT, QUESTIONS, MATERIALS, CHECK = "situation", "applicant", "questions", "materials", "check"
OWN: Final = "own"
FIELD: Final = "f_"  # before the names of the item's own fields, which may equal names of inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one application asks for under the answers given, and in which steps."""

    guide: GuideView
    bound: Bound
    rule: ActionRule
    words: Mapping[str, str]
    steps: tuple[str, ...]

    @property
    def party(self) -> str:
        """The role the applicant takes."""
        return _party_of(self.bound, self.rule)

    @property
    def materials(self) -> tuple[catalogue.MaterialLine, ...]:
        needs = self.guide.needs
        return needs.materials if needs is not None and _asks_materials(self.rule) else ()

    def after(self, step: str) -> str:
        """The next step; the last one stays."""
        place = self.steps.index(step) if step in self.steps else -1
        return self.steps[min(place + 1, len(self.steps) - 1)]

    def before(self, step: str) -> str:
        place = self.steps.index(step) if step in self.steps else 0
        return self.steps[place - 1] if place else ""


def read_plan(item: str, version: int, answers: Mapping[str, str], at: datetime) -> Plan | None:
    """The plan of an application; None where no citizen can open such a case."""
    guide = catalogue.guide(item, version, on=law_day(at), given=answers)
    if guide is None:
        return None
    bound = catalogue.bound_for(item, version, guide.answers)
    rule = find_opening(bound)
    if rule is None:
        return None
    words = words_of(bound.procedure, bound.version, get_language() or "zh-hans")
    return Plan(guide=guide, bound=bound, rule=rule, words=words, steps=tuple(_steps(guide, bound, rule)))


def find_opening(bound: Bound) -> ActionRule | None:
    """The first opening act that a party may do."""
    for rule in bound.actions.values():
        if rule.opening and _party_of(bound, rule):
            return rule
    return None


def _party_of(bound: Bound, rule: ActionRule) -> str:
    parties = {code for code in rule.by if code in bound.roles and bound.roles[code].kind is RoleKind.PARTY}
    return next((each.name for each in rule.inputs if each.kind == "party" and each.name in parties), "")


def _asks_materials(rule: ActionRule) -> bool:
    return any(each.kind == "materials" for each in rule.inputs)


def _steps(guide: GuideView, bound: Bound, rule: ActionRule) -> Iterator[str]:
    if guide.questions:
        yield SITUATION
    yield APPLICANT
    if bound.fields or _other_inputs(rule):
        yield QUESTIONS
    if guide.needs is not None and guide.needs.materials and _asks_materials(rule):
        yield MATERIALS
    yield CHECK


def _other_inputs(rule: ActionRule) -> tuple[str, ...]:
    return tuple(each.name for each in rule.inputs if each.kind not in ("party", "fields", "materials", "material"))


# ---- the form of the questions ----------------------------------------------------------------------


def question_form(plan: Plan, actor: Actor, at: datetime) -> type[TypedForm]:
    """One flat form: the item's own fields that this situation calls for, then the other inputs of the act."""
    own = [_field_spec(row) for row in fields_of(plan.bound)]
    return build_form([*own, *_input_specs(plan, actor, at)], name="QuestionForm")


def fields_of(bound: Bound) -> tuple[Mapping[str, Json], ...]:
    """The item's fields under the answers of the case (`shown_when` names situations)."""
    return tuple(row for row in bound.fields if _is_shown(row.get("shown_when"), bound.answers))


def _is_shown(when: Json, answers: Mapping[str, str]) -> bool:
    if not isinstance(when, Mapping):
        return True
    return all(isinstance(values, list) and answers.get(question) in values for question, values in when.items())


def asked_of(plan: Plan, actor: Actor, at: datetime) -> Questions:
    materials = {line.code: line.name for line in plan.materials}
    return Questions(
        bound=plan.bound, state=None, rule=plan.rule, words=plan.words, directory=Directory(actor=actor, at=at),
        materials=materials, on_paper=False,
    )  # fmt: skip


def _input_specs(plan: Plan, actor: Actor, at: datetime) -> tuple[FieldSpec, ...]:
    others = set(_other_inputs(plan.rule))
    without = [each.name for each in plan.rule.inputs if each.name not in others]
    return form_class(asked_of(plan, actor, at), without=without).specs


def _field_spec(row: Mapping[str, Json]) -> FieldSpec:
    english = (get_language() or "").startswith("en")
    raw = row.get("choices")
    choices = tuple(
        (str(each["code"]), str((english and each.get("name_en")) or each["name"]))
        for each in (raw if isinstance(raw, list) else ())
        if isinstance(each, dict)
    )
    return FieldSpec(
        name=FIELD + str(row["name"]), label=str((english and row.get("label_en")) or row["label"]),
        kind=str(row.get("kind", "text")), required=bool(row.get("required", True)),
        help=str((english and row.get("help_en")) or row.get("help", "")), choices=choices,
        max_length=500 if row.get("kind", "text") == "text" else None,
    )  # fmt: skip


def fitting(content: Content, plan: Plan) -> Content:
    """What of a draft still has its place under this plan."""
    known = {line.code for line in plan.materials}
    return Content(
        answers=dict(plan.guide.answers), applicant=content.applicant, typed=content.typed,
        files={code: digests for code, digests in content.files.items() if code in known},
        by_hand=tuple(code for code in content.by_hand if code in known),
    )  # fmt: skip
