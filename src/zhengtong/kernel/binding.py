"""Binding (绑定): procedure × item version → `Bound`, the one frozen value every other kernel function takes.

Options are switched, sets expanded, skipped states resolved, `@parameters` replaced by terms and checked
against their ceilings, situation answers applied to materials, fees, fields and terms.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from zhengtong.kernel.events import Json
from zhengtong.kernel.procedures import (
    ActionRule,
    BranchRule,
    ClockRule,
    DocumentKind,
    Outcome,
    Phase,
    Procedure,
    Ref,
    ResultKind,
    Role,
    RoleKind,
    Source,
    StateRule,
)
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.switching import Frame, fill_action, fill_branch, fill_clock, fill_limit, find_used
from zhengtong.kernel.terms import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRef:
    """A post (岗位) with the unit it belongs to and that unit's department, all by code."""

    post: str
    unit: str
    dept: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialRule:
    """One material of the item; `tolerable` may follow later (容缺); `when` names situation answers that require it."""

    code: str
    name: str
    required: bool
    tolerable: bool
    when: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLine:
    """Amount in fen. `reducible`: may be waived with the consent of the head."""

    code: str
    name: str
    amount: int
    basis: str
    reducible: bool
    when: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLine:
    """What the item produces: the procedure's result kind, and how long it is valid (None: unlimited)."""

    code: str
    name: str
    valid: Term | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemVersion:
    """The law-effective part of one item version, read from its immutable JSON row (schema in law/)."""

    code: str
    version: int
    procedure: str
    procedure_version: str
    name: str
    region: str
    options: tuple[str, ...]
    terms: Mapping[str, Term]
    terms_when: tuple[tuple[Mapping[str, tuple[str, ...]], Mapping[str, Term]], ...]
    posts: Mapping[str, PostRef]
    materials: tuple[MaterialRule, ...]
    fees: tuple[FeeLine, ...]
    results: Mapping[str, ResultLine]
    situations: Mapping[str, tuple[str, ...]]
    fields: tuple[Mapping[str, Json], ...]
    nodes: tuple[Mapping[str, Json], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Everything that holds for one case under one item version, options applied, frozen, with a digest.

    `actions[...].from_states` are expanded and reduced to states that exist, `to` is resolved through
    `skip_to`; deemed acts stand wherever their clock runs. Limits are `Term` or `ByFact`, never `Ref`.
    `steps` holds the step limit of each state that has one, read as clock `step:<state>`. `acts_in` is derived.
    """

    procedure: str
    version: str
    name: str
    item: str
    item_version: int
    item_name: str
    region: str
    digest: str
    options: frozenset[str]
    answers: Mapping[str, str]
    terms: Mapping[str, Term]
    sources: Mapping[str, Source]
    roles: Mapping[str, Role]
    outcomes: Mapping[str, Outcome]
    result_kinds: Mapping[str, ResultKind]
    documents: Mapping[str, DocumentKind]
    states: Mapping[str, StateRule]
    clocks: Mapping[str, ClockRule]
    branches: Mapping[str, BranchRule]
    actions: Mapping[str, ActionRule]
    posts: Mapping[str, PostRef]
    materials: tuple[MaterialRule, ...]
    fees: tuple[FeeLine, ...]
    results: Mapping[str, ResultLine]
    fields: tuple[Mapping[str, Json], ...]
    nodes: tuple[Mapping[str, Json], ...]
    takes_over: Mapping[str, Mapping[str, str]]
    acts_in: Mapping[str, tuple[ActionRule, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Reckon once what every look at a case asks: which acts anybody may do in each state, in file order."""
        object.__setattr__(self, "acts_in", MappingProxyType({code: self._acts_in(code) for code in self.states}))

    def _acts_in(self, state: str) -> tuple[ActionRule, ...]:
        phase = self.phase_of(state)
        return tuple(
            rule
            for rule in self.actions.values()
            if not rule.opening and rule.by != ("law",)
            if (phase in rule.phases if rule.is_common else state in rule.from_states)
        )

    def phase_of(self, state: str) -> Phase:
        """The phase of a state of this procedure."""
        return self.states[state].phase


# ---- bind -----------------------------------------------------------------------------------------

_NO_ANSWERS: Final[Mapping[str, str]] = MappingProxyType({})


def bind(procedure: Procedure, item: ItemVersion, answers: Mapping[str, str] = _NO_ANSWERS) -> Bound:
    """Make procedure × item version × situation answers one frozen value.

    Raises:
        Refusal: unknown_procedure, unknown_option, options_exclude, option_requires, unknown_answer,
            unknown_parameter, parameter_missing, parameter_too_long, unknown_role, bad_item.
    Source: PROCEDURES 7
    """
    if (item.procedure, item.procedure_version) != (procedure.code, procedure.version):
        raise Refusal(RefusalCode.UNKNOWN_PROCEDURE, {"procedure": item.procedure, "version": item.procedure_version})
    options = _switch_options(procedure, item)
    _check_answers(item, answers)
    _check_codes(procedure, item)
    frame = Frame(procedure, options)
    clocks, actions, branches = frame.clocks(), frame.actions(), frame.branches()
    states = {code: rule for code, rule in procedure.states.items() if frame.lands_on(code) == code}
    terms = _fill_in(
        procedure, item, answers, options=options, used=find_used((*states.values(), *clocks, *branches, *actions))
    )
    given = tuple(rule for rule in item.materials if _matches(rule.when, answers))
    fees = tuple(line for line in item.fees if _matches(line.when, answers))
    return Bound(
        procedure=procedure.code,
        version=procedure.version,
        name=procedure.name,
        item=item.code,
        item_version=item.version,
        item_name=item.name,
        region=item.region,
        digest=_digest(procedure, item, answers, terms),
        options=options,
        answers=MappingProxyType(dict(answers)),
        terms=MappingProxyType(terms),
        sources=procedure.sources,
        roles=procedure.roles,
        outcomes=procedure.outcomes,
        result_kinds=procedure.results,
        documents=procedure.documents,
        states=MappingProxyType({c: replace(rule, limit=fill_limit(rule.limit, terms)) for c, rule in states.items()}),
        clocks=MappingProxyType({rule.code: fill_clock(rule, terms) for rule in clocks}),
        branches=MappingProxyType({rule.code: fill_branch(rule, terms) for rule in branches}),
        actions=MappingProxyType({rule.code: fill_action(rule, terms) for rule in actions}),
        posts=item.posts,
        materials=given,
        fees=fees,
        results=item.results,
        fields=item.fields,
        nodes=item.nodes,
        takes_over=procedure.takes_over,
    )


def check_posts(bound: Bound) -> None:
    """Refuse an item in which a post role that is used has no post; the last check before publishing an item.

    Raises:
        Refusal: role_without_post.
    Source: PROCEDURES 7
    """
    used = {rule.holder for rule in bound.states.values()} | {rule.to for rule in bound.branches.values()}
    for action in bound.actions.values():
        used.update(action.by)
        used.update(str(guard.parameter) for guard in action.needs if guard.word == "consent")
    for code in sorted(role for role in used if role):
        role = bound.roles.get(code)
        if role is not None and role.kind is RoleKind.POST and code not in bound.posts:
            raise Refusal(RefusalCode.ROLE_WITHOUT_POST, {"role": code, "name": role.name})


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces, UTF-8: the one form that digests and commitments cover.

    >>> canonical({"乙": 1, "a": [True, None]}).decode()
    '{"a":[true,null],"乙":1}'
    """
    return _ENCODER.encode(value).encode()


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _switch_options(procedure: Procedure, item: ItemVersion) -> frozenset[str]:
    options = frozenset(item.options)
    for code in item.options:
        option = procedure.options.get(code)
        if option is None:
            raise Refusal(RefusalCode.UNKNOWN_OPTION, {"option": code})
        if clash := sorted(options.intersection(option.excludes)):
            raise Refusal(RefusalCode.OPTIONS_EXCLUDE, {"option": code, "other": clash[0]})
        if lacking := sorted(set(option.requires) - options):
            raise Refusal(RefusalCode.OPTION_REQUIRES, {"option": code, "other": lacking[0]})
    return options


def _check_answers(item: ItemVersion, answers: Mapping[str, str]) -> None:
    for question, answer in answers.items():
        if answer not in item.situations.get(question, ()):
            raise Refusal(RefusalCode.UNKNOWN_ANSWER, {"question": question, "answer": answer})


def _check_codes(procedure: Procedure, item: ItemVersion) -> None:
    for role in item.posts:
        if role not in procedure.roles:
            raise Refusal(RefusalCode.UNKNOWN_ROLE, {"role": role})
    for code in item.results:
        if code not in procedure.results:
            raise Refusal(RefusalCode.BAD_ITEM, {"result": code})


def _matches(when: Mapping[str, tuple[str, ...]], answers: Mapping[str, str]) -> bool:
    return all(answers.get(question) in values for question, values in when.items())


def _fill_in(
    procedure: Procedure,
    item: ItemVersion,
    answers: Mapping[str, str],
    *,
    options: frozenset[str],
    used: frozenset[str],
) -> dict[str, Term]:
    given = dict(item.terms)
    for when, more in item.terms_when:
        if _matches(when, answers):
            given.update(more)
    every = {*item.terms, *(code for _, more in item.terms_when for code in more)}
    for code in sorted(every - procedure.parameters.keys()):
        raise Refusal(RefusalCode.UNKNOWN_PARAMETER, {"parameter": code})
    terms = {}
    for code, rule in procedure.parameters.items():
        value = given.get(code, rule.default)
        if value is not None:
            terms[code] = value
        elif code in used and (rule.when is None or rule.when in options):
            raise Refusal(RefusalCode.PARAMETER_MISSING, {"parameter": code, "name": rule.name}, rule.source)
    _check_ceilings(procedure, terms)
    return terms


def _check_ceilings(procedure: Procedure, terms: Mapping[str, Term]) -> None:
    for code, value in terms.items():
        rule = procedure.parameters[code]
        ceiling = terms.get(rule.at_most.name) if isinstance(rule.at_most, Ref) else rule.at_most
        if ceiling is None:
            continue
        if not value.is_comparable(ceiling) or value > ceiling:
            params = {"parameter": code, "name": rule.name, "term": str(value), "at_most": str(ceiling)}
            raise Refusal(RefusalCode.PARAMETER_TOO_LONG, params, rule.source)


def _digest(procedure: Procedure, item: ItemVersion, answers: Mapping[str, str], terms: Mapping[str, Term]) -> str:
    """SHA-256 over what the case stands under; posts are left out, for people move and the law does not."""
    materials = (rule for rule in item.materials if _matches(rule.when, answers))
    fees = (line for line in item.fees if _matches(line.when, answers))
    frozen = {
        "file": procedure.digest,
        "item": item.code,
        "item_version": item.version,
        "options": sorted(item.options),
        "answers": dict(answers),
        "terms": {code: str(term) for code, term in terms.items()},
        "materials": [[rule.code, rule.required, rule.tolerable] for rule in materials],
        "fees": [[line.code, line.amount, line.basis, line.reducible] for line in fees],
        "results": {code: str(line.valid) if line.valid else None for code, line in item.results.items()},
        "nodes": [dict(node) for node in item.nodes],
    }
    return hashlib.sha256(canonical(frozen)).hexdigest()
