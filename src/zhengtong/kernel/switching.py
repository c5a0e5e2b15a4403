"""Switching (选项与参数): the rules left when an item's options are set, with its parameters filled in."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from zhengtong.kernel.procedures import (
    ActionRule,
    BranchRule,
    ByFact,
    ClockRule,
    Extension,
    Guard,
    Limit,
    Procedure,
    Ref,
    StateRule,
)
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.terms import Term


class Frame:
    """The rules of a procedure that are left when options are switched."""

    def __init__(self, procedure: Procedure, options: frozenset[str]) -> None:
        self.procedure = procedure
        self.options = options

    def stands(self, when: str | None, unless: str | None) -> bool:
        """Whether a rule with these conditions stands under the options chosen."""
        return (when is None or when in self.options) and (unless is None or unless not in self.options)

    def lands_on(self, code: str) -> str:
        """The state an entry to this state ends in: itself, or where skipped states lead."""
        seen = {code}
        while (rule := self.procedure.states[code]).optional is not None and rule.optional not in self.options:
            if rule.skip_to is None or rule.skip_to in seen:
                raise Refusal(RefusalCode.BAD_ITEM, {"skip_to": code})
            code = rule.skip_to
            seen.add(code)
        return code

    def expand(self, codes: tuple[str, ...]) -> tuple[str, ...]:
        """Sets written out, absent states left out, order kept."""
        found: dict[str, None] = {}
        for code in codes:
            if code.startswith("@"):
                found.update(dict.fromkeys(self.expand(self.procedure.sets[code[1:]])))
            elif code in self.procedure.states and self.lands_on(code) == code:
                found[code] = None
        return tuple(found)

    def clocks(self) -> tuple[ClockRule, ...]:
        """The clocks that stand, in the states that stand."""
        return tuple(
            replace(
                rule,
                runs_in=self.expand(rule.runs_in),
                held_in=self.expand(rule.held_in),
                deem=rule.deem if rule.deem and self._has_act(rule.deem) else None,
                met_by=tuple(act for act in rule.met_by if self._has_act(act)),
            )
            for rule in self.procedure.clocks.values()
            if self.stands(rule.when, rule.unless)
        )

    def branches(self) -> tuple[BranchRule, ...]:
        """The branch groups that stand."""
        return tuple(rule for rule in self.procedure.branches.values() if self.stands(rule.when, rule.unless))

    def actions(self) -> tuple[ActionRule, ...]:
        """The acts that stand, from the states that stand; a deemed act wherever its clock runs."""
        found = []
        for rule in self.procedure.actions.values():
            if not self.stands(rule.when, rule.unless):
                continue
            places = self._deemed_in(rule.code) if rule.by == ("law",) else self.expand(rule.from_states)
            if not places and not rule.opening and not rule.is_common:
                continue
            to = rule.to if rule.to in (None, "back") else self.lands_on(rule.to)
            found.append(replace(rule, from_states=places, to=to))
        return tuple(found)

    def _has_act(self, code: str) -> bool:
        act = self.procedure.actions.get(code)
        return act is not None and self.stands(act.when, act.unless)

    def _deemed_in(self, act: str) -> tuple[str, ...]:
        clocks = (rule for rule in self.clocks() if rule.deem == act)
        return tuple(dict.fromkeys(state for rule in clocks for state in (*rule.runs_in, *rule.held_in)))


def find_used(rules: Iterable[StateRule | ClockRule | BranchRule | ActionRule]) -> frozenset[str]:
    """The parameters that rules in force speak of."""
    found: set[str] = set()
    for rule in rules:
        match rule:
            case StateRule():
                limits: tuple[Limit | None, ...] = (rule.limit,)
            case ClockRule():
                limits = (rule.legal, rule.promised)
            case BranchRule():
                limits = (rule.limit, rule.sign)
            case ActionRule():
                limits = (rule.extends.at_most if rule.extends else None,)
                found.update(_named(guard) for guard in rule.needs)
        found.update(limit.name for limit in limits if isinstance(limit, Ref))
    return frozenset(found - {""})


def _named(guard: Guard) -> str:
    """The parameter a guard's term refers to, or nothing."""
    if not isinstance(guard.parameter, dict):
        return ""
    text = guard.parameter.get(_TERM_OF.get(guard.word, ""))
    return text[1:] if isinstance(text, str) and text.startswith("@") else ""


_TERM_OF: Final = {"ahead": "by", "waited": "term"}


def fill_limit(limit: Limit | None, terms: Mapping[str, Term]) -> Term | ByFact | None:
    """A limit with its parameter replaced by the term of the item."""
    return terms[limit.name] if isinstance(limit, Ref) else limit


def fill_clock(rule: ClockRule, terms: Mapping[str, Term]) -> ClockRule:
    """A clock rule with its parameters filled."""
    return replace(rule, legal=fill_limit(rule.legal, terms), promised=fill_limit(rule.promised, terms))


def fill_branch(rule: BranchRule, terms: Mapping[str, Term]) -> BranchRule:
    """A branch rule with its parameters filled."""
    return replace(rule, limit=fill_limit(rule.limit, terms), sign=fill_limit(rule.sign, terms))


def fill_action(rule: ActionRule, terms: Mapping[str, Term]) -> ActionRule:
    """An act with the terms of its guards and of its extension filled."""
    needs = tuple(_fill_guard(guard, terms) for guard in rule.needs)
    if rule.extends is None:
        return replace(rule, needs=needs)
    at_most = fill_limit(rule.extends.at_most, terms)
    assert at_most is not None
    return replace(rule, needs=needs, extends=Extension(clock=rule.extends.clock, at_most=at_most))


def _fill_guard(guard: Guard, terms: Mapping[str, Term]) -> Guard:
    name = _named(guard)
    if not name or not isinstance(guard.parameter, dict):
        return guard
    return Guard(word=guard.word, parameter={**guard.parameter, _TERM_OF[guard.word]: str(terms[name])})
