"""What a procedure file says of itself (引用): every name it uses exists, every rule cites its source, and what can be
judged rule by rule without the graph: fairness of extensions and refusals, privacy of inputs, shape of silence."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from zhengtong.kernel.events import Json
from zhengtong.kernel.faults import Findings
from zhengtong.kernel.graph import BACK, CONSENT, is_by_law, resolve
from zhengtong.kernel.procedures import (
    MARKS,
    ActionRule,
    BranchRule,
    ByFact,
    ClockRule,
    Guard,
    InputRule,
    Limit,
    Parameter,
    Procedure,
    Ref,
)

FREE_TEXT: Final = frozenset({"text", "reason", "fields", "table", "attachment"})
SEALED_ALWAYS: Final = FREE_TEXT | {"party", "identity", "address"}
KEPT: Final = frozenset({"choice", "date", "term", "number", "unit", "yes_no"})
VOID: Final = "void"
_KEY: Final = re.compile(r"\s*([A-Za-z0-9_-]+)")


def check_references(procedure: Procedure, findings: Findings) -> None:
    """Every reference of the file, table by table."""
    for check in (_check_options, _check_parameters, _check_states, _check_clocks, _check_branches, _check_acts):
        check(procedure, findings)
    for name, states in procedure.sets.items():
        _check_state_names(procedure, states, f"sets:{name}", findings)
    for version, mapping in procedure.takes_over.items():
        _check_state_names(procedure, mapping.values(), f"takes_over.{version}", findings)


def find_choices(procedure: Procedure, fact: str) -> frozenset[str] | None:
    """The codes a kept input may have, over every act that takes it; None if no act keeps it."""
    kept = [rule for act in procedure.actions.values() for rule in act.inputs if rule.name == fact and rule.keep]
    if not kept:
        return None
    return frozenset(code for rule in kept for code in rule.choices)


def _check_source(procedure: Procedure, source: str, place: str, findings: Findings) -> None:
    """Every part of a source, parted by semicolons, begins with a key of [sources]."""
    parts = [part for part in re.split("[;；]", source) if part.strip()]
    keys = [match[1] if (match := _KEY.match(part)) else "" for part in parts]
    wrong = [key or part for key, part in zip(keys, parts, strict=True) if key not in procedure.sources]
    if not parts:
        findings.add("no_source", place, "it cites nothing", f'add source = "{_first(procedure.sources)} …"')
    elif wrong:
        known = ", ".join(procedure.sources)
        findings.add("no_source", place, f"{wrong[0]!r} is none of [sources]", f"begin the source with one of {known}")


def _first(names: Iterable[str]) -> str:
    return next(iter(names), "KEY")


def _check_named(known: Iterable[str], name: str | None, code: str, place: str, findings: Findings) -> bool:
    """Whether the name is known (or absent); if not, a fault is noted."""
    if name is None or name in known:
        return True
    findings.add(code, place, f"{name!r} is not in this file", f"write one of {', '.join(known) or '(none yet)'}")
    return False


def _check_state_names(procedure: Procedure, names: Iterable[str], place: str, findings: Findings) -> None:
    for name in names:
        if name.startswith("@"):
            known: Iterable[str] = [f"@{each}" for each in procedure.sets]
        else:
            known = procedure.states
        _check_named(known, name, "unknown_state", place, findings)


def _check_switch(procedure: Procedure, rule: ActionRule | ClockRule | BranchRule, place: str, into: Findings) -> None:
    _check_named(procedure.options, rule.when, "bad_option", f"{place}:when", into)
    _check_named(procedure.options, rule.unless, "bad_option", f"{place}:unless", into)


def _check_options(procedure: Procedure, findings: Findings) -> None:
    for option in procedure.options.values():
        place = f"options.{option.code}"
        for other in (*option.excludes, *option.requires):
            _check_named(procedure.options, other, "bad_option", place, findings)
        if set(option.excludes) & set(option.requires) or option.code in (*option.excludes, *option.requires):
            findings.add("bad_option", place, "it excludes or requires itself", "take one of the two out")


def _check_parameters(procedure: Procedure, findings: Findings) -> None:
    used = {limit.name for limit in _each_limit(procedure) if isinstance(limit, Ref)}
    for parameter in procedure.parameters.values():
        place = f"parameters.{parameter.code}"
        _check_source(procedure, parameter.source, place, findings)
        _check_named(procedure.options, parameter.when, "bad_option", f"{place}:when", findings)
        if isinstance(parameter.at_most, Ref):
            _check_named(procedure.parameters, parameter.at_most.name, "unknown_parameter", place, findings)
        if parameter.code not in used:
            findings.add("unused_parameter", place, "no limit uses it", f'write "@{parameter.code}" or take it out')
        if _is_endless(procedure, parameter):
            mend = 'let one of the ceilings be a term: at_most = "20 wd"'
            findings.add("open_parameter", f"{place}:at_most", "its ceiling leads in a circle", mend)


def _is_endless(procedure: Procedure, parameter: Parameter) -> bool:
    """Whether the chain of ceilings leads in a circle."""
    seen: set[str] = set()
    here: Parameter | None = parameter
    while here is not None and here.code not in seen:
        seen.add(here.code)
        here = procedure.parameters.get(here.at_most.name) if isinstance(here.at_most, Ref) else None
    return here is not None


def _each_limit(procedure: Procedure) -> Iterator[Limit | None]:
    """Every place where a parameter may be written."""
    for parameter in procedure.parameters.values():
        yield parameter.at_most
    for state in procedure.states.values():
        yield state.limit
    for clock in procedure.clocks.values():
        yield from (clock.legal, clock.promised)
    for branch in procedure.branches.values():
        yield from (branch.limit, branch.sign)
    for act in procedure.actions.values():
        yield act.extends.at_most if act.extends is not None else None
        for guard in act.needs:
            yield from (Ref(text[1:]) for text in _texts_in(guard.parameter) if text.startswith("@"))


def _texts_in(parameter: Json) -> Iterator[str]:
    if isinstance(parameter, str):
        yield parameter
    elif isinstance(parameter, dict):
        yield from (value for value in parameter.values() if isinstance(value, str))


def _check_limit(procedure: Procedure, limit: Limit | None, place: str, findings: Findings) -> None:
    if isinstance(limit, Ref):
        _check_named(procedure.parameters, limit.name, "unknown_parameter", place, findings)
    if isinstance(limit, ByFact) and limit.by != "kind":
        _check_fact_table(procedure, limit, place, findings)


def _check_fact_table(procedure: Procedure, limit: ByFact, place: str, findings: Findings) -> None:
    choices = find_choices(procedure, limit.by)
    if choices is None:
        mend = f"add an input {limit.by} with keep = true"
        findings.add("unknown_fact", place, f"no act keeps {limit.by!r}", mend)
        return
    for code in limit.cases:
        _check_named(sorted(choices), code, "unknown_fact", place, findings)
    _check_table_full(limit, choices, place, findings)


def _check_table_full(limit: ByFact, choices: Iterable[str], place: str, findings: Findings) -> None:
    lacking = sorted(set(choices) - set(limit.cases))
    if limit.otherwise is None and lacking:
        findings.add("table_incomplete", place, f"nothing is said of {', '.join(lacking)}", 'add otherwise = "…"')


def _check_states(procedure: Procedure, findings: Findings) -> None:
    for state in procedure.states.values():
        place = f"states.{state.code}"
        _check_named(procedure.roles, state.holder, "unknown_role", f"{place}:holder", findings)
        _check_named(procedure.options, state.optional, "bad_option", f"{place}:optional", findings)
        _check_limit(procedure, state.limit, f"{place}:limit", findings)
        if state.unlimited:
            _check_source(procedure, state.unlimited, f"{place}:unlimited", findings)
        if state.skip_to is None:
            continue
        if state.optional is None:
            findings.add("bad_option", place, "skip_to without optional", 'add optional = "…" or take skip_to out')
        is_known = _check_named(procedure.states, state.skip_to, "unknown_state", f"{place}:skip_to", findings)
        if is_known and state.optional in procedure.options and _is_in_circle(procedure, state.code):
            findings.add("skip_cycle", place, "skipping leads back here", "let skip_to end in a state that always is")


def _is_in_circle(procedure: Procedure, state: str) -> bool:
    seen: set[str] = set()
    here: str | None = state
    while here is not None and here in procedure.states and here not in seen:
        seen.add(here)
        here = procedure.states[here].skip_to
    return here == state and resolve(procedure, state, frozenset()) is None


def _check_clocks(procedure: Procedure, findings: Findings) -> None:
    for clock in procedure.clocks.values():
        place = f"clocks.{clock.code}"
        _check_source(procedure, clock.source, place, findings)
        _check_switch(procedure, clock, place, findings)
        _check_state_names(procedure, clock.runs_in, f"{place}:runs_in", findings)
        _check_state_names(procedure, clock.held_in, f"{place}:held_in", findings)
        for mark, key in ((clock.counts_from, "counts_from"), (clock.since, "since")):
            _check_named(MARKS, mark, "unknown_mark", f"{place}:{key}", findings)
        for act in (*clock.met_by, *([clock.deem] if clock.deem is not None else [])):
            _check_named(procedure.actions, act, "unknown_act", place, findings)
        _check_until(procedure, clock, findings)
        for limit, key in ((clock.legal, "legal"), (clock.promised, "promised")):
            _check_limit(procedure, limit, f"{place}:{key}", findings)
        if clock.legal is None and clock.until is None:
            findings.add("clock_without_limit", place, "it has no limit", 'add legal = "…" or until = "…"')


def _check_until(procedure: Procedure, clock: ClockRule, findings: Findings) -> None:
    if clock.until is None:
        return
    kinds = {rule.kind for act in procedure.actions.values() for rule in act.inputs if rule.name == clock.until}
    if find_choices(procedure, clock.until) is None or kinds != {"date"}:
        mend = f'add an input {clock.until} = {{ kind = "date", keep = true }}'
        findings.add("unknown_fact", f"clocks.{clock.code}:until", f"{clock.until!r} is no kept date", mend)


def _check_branches(procedure: Procedure, findings: Findings) -> None:
    for branch in procedure.branches.values():
        place = f"branches.{branch.code}"
        _check_source(procedure, branch.source, place, findings)
        _check_switch(procedure, branch, place, findings)
        _check_named(procedure.roles, branch.to, "unknown_role", f"{place}:to", findings)
        for limit, key in ((branch.limit, "limit"), (branch.sign, "sign")):
            _check_limit(procedure, limit, f"{place}:{key}", findings)
            if isinstance(limit, ByFact) and limit.by == "kind":
                for kind in limit.cases:
                    _check_named(branch.kinds, kind, "unknown_kind", f"{place}:{key}", findings)
                _check_table_full(limit, branch.kinds, f"{place}:{key}", findings)
        _check_silence(branch, findings)


def _check_silence(branch: BranchRule, findings: Findings) -> None:
    if branch.silence is None:
        return
    place = f"branches.{branch.code}:silence"
    if branch.silence not in branch.verdicts:
        mend = f"write one of {', '.join(branch.verdicts)}"
        findings.add("bad_silence", place, f"{branch.silence!r} is no verdict of this group", mend)
    elif branch.limit is None:
        findings.add("bad_silence", place, "silence never falls without a limit", 'add limit = "…"')
    elif branch.children:
        mend = "take silence out: a child case reports for itself"
        findings.add("bad_silence", place, "a child case cannot be answered by silence", mend)


def _check_acts(procedure: Procedure, findings: Findings) -> None:
    deemed = {clock.deem for clock in procedure.clocks.values()}
    for act in procedure.actions.values():
        place = f"actions.{act.code}"
        _check_source(procedure, act.source, place, findings)
        _check_act_names(procedure, act, place, findings)
        for guard in act.needs:
            _check_guard(procedure, act, guard, findings)
        for rule in act.inputs:
            _check_input(rule, place, findings)
        _check_fairness(procedure, act, place, findings)
        if is_by_law(act):
            _check_act_of_law(act, act.code in deemed, findings)
        elif act.code in deemed:
            findings.add("bad_deemed_act", place, "a clock deems it, yet somebody does it", 'write by = "law"')


def _check_act_names(procedure: Procedure, act: ActionRule, place: str, findings: Findings) -> None:
    _check_switch(procedure, act, place, findings)
    _check_state_names(procedure, act.from_states, f"{place}:from", findings)
    if act.to != BACK:
        _check_named(procedure.states, act.to, "unknown_state", f"{place}:to", findings)
    groups = procedure.branches
    many: tuple[tuple[Iterable[str], Iterable[str], str, str], ...] = (
        (act.by, procedure.roles, "unknown_role", "by"),
        (act.marks, MARKS, "unknown_mark", "marks"),
        (_some(act.dated), MARKS, "unknown_mark", "dated"),
        (_some(act.outcome), procedure.outcomes, "unknown_outcome", "outcome"),
        (_some(act.produces), procedure.results, "unknown_result", "produces"),
        (act.issues, procedure.documents, "unknown_document", "issues"),
        (act.serves, procedure.documents, "unknown_document", "serves"),
        (_some(act.opens), groups, "unknown_group", "opens"),
        (_some(act.takes), groups, "unknown_group", "takes"),
        (_some(act.answers), groups, "unknown_group", "answers"),
        (_some(act.returns), groups, "unknown_group", "returns"),
        (_some(act.settles), groups, "unknown_group", "settles"),
    )
    for names, known, code, key in many:
        for name in names:
            _check_named(known, name, code, f"{place}:{key}", findings)
    if act.extends is not None:
        _check_named(procedure.clocks, act.extends.clock, "unknown_clock", f"{place}:extends", findings)
        _check_limit(procedure, act.extends.at_most, f"{place}:extends", findings)


def _some(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def _strings(value: Json) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def _part(guard: Guard, key: str) -> tuple[str, ...]:
    return _strings(guard.parameter.get(key)) if isinstance(guard.parameter, dict) else ()


def _check_guard(procedure: Procedure, act: ActionRule, guard: Guard, findings: Findings) -> None:
    place, parameter = f"actions.{act.code}:needs.{guard.word}", guard.parameter
    known: Mapping[str, tuple[Iterable[str], Iterable[str], str]] = {
        "other_person_than": (_strings(parameter), procedure.actions, "unknown_act"),
        "done": (_strings(parameter), procedure.actions, "unknown_act"),
        "not_done": (_strings(parameter), procedure.actions, "unknown_act"),
        "consent": (_strings(parameter), procedure.roles, "unknown_role"),
        "within": (_strings(parameter), procedure.clocks, "unknown_clock"),
        "waited": (_part(guard, "since"), MARKS, "unknown_mark"),
        "settled": (_strings(parameter), (*procedure.branches, CONSENT), "unknown_group"),
        "verdicts": (_part(guard, "group"), procedure.branches, "unknown_group"),
        "quorum": (_part(guard, "group"), procedure.branches, "unknown_group"),
        "served": (_strings(parameter), procedure.documents, "unknown_document"),
    }
    names, allowed, code = known.get(guard.word, ((), (), ""))
    is_known = [_check_named(allowed, name, code, place, findings) for name in names]
    for text in _texts_in(parameter):
        if text.startswith("@"):
            _check_named(procedure.parameters, text[1:], "unknown_parameter", place, findings)
    deeper = _DEEPER.get(guard.word)
    if deeper is not None and all(is_known):
        deeper(procedure, act, guard, findings)


def _check_verdicts(procedure: Procedure, act: ActionRule, guard: Guard, findings: Findings) -> None:
    group = procedure.branches[_part(guard, "group")[0]]
    place = f"actions.{act.code}:needs.{guard.word}"
    wanted = (*_part(guard, "all"), *_part(guard, "verdict"))
    for verdict in wanted:
        _check_named((*group.verdicts, VOID), verdict, "bad_guard", place, findings)
    if group.silence in wanted and (act.produces is not None or act.outcome is not None):
        mend = f"leave {group.silence} out of the verdicts asked for"
        findings.add("silence_grants", place, "silence would lead to a result", mend)


def _check_ahead(procedure: Procedure, act: ActionRule, guard: Guard, findings: Findings) -> None:
    name = _part(guard, "of")[0]
    kinds = {rule.kind for rule in act.inputs if rule.name == name}
    kinds |= {each.kind for a in procedure.actions.values() for each in a.inputs if each.name == name and each.keep}
    if kinds != {"date"}:
        mend = f'add inputs.{name} = {{ kind = "date", … }}'
        findings.add("unknown_fact", f"actions.{act.code}:needs.ahead", f"{name!r} is no date", mend)


def _check_fact(procedure: Procedure, act: ActionRule, guard: Guard, findings: Findings) -> None:
    place = f"actions.{act.code}:needs.fact"
    facts = guard.parameter if isinstance(guard.parameter, dict) else {}
    for name, values in facts.items():
        choices = find_choices(procedure, name)
        if choices is None:
            findings.add("unknown_fact", place, f"no act keeps {name!r}", f"add an input {name} with keep = true")
            continue
        for value in _strings(values) if choices else ():
            _check_named(sorted(choices), value, "bad_guard", place, findings)


def _check_officers(procedure: Procedure, act: ActionRule, guard: Guard, findings: Findings) -> None:
    if not any(rule.kind == "people" for rule in act.inputs):
        mend = 'add inputs.officers = { kind = "people", label = "…" }'
        findings.add("bad_guard", f"actions.{act.code}:needs.officers", "the act names no people", mend)


_DEEPER: Final[Mapping[str, Callable[[Procedure, ActionRule, Guard, Findings], None]]] = {
    "verdicts": _check_verdicts,
    "quorum": _check_verdicts,
    "ahead": _check_ahead,
    "fact": _check_fact,
    "officers": _check_officers,
}


def _check_input(rule: InputRule, place: str, findings: Findings) -> None:
    where = f"{place}:inputs.{rule.name}"
    if rule.kind in SEALED_ALWAYS and not rule.sealed:
        findings.add("unsealed_person", where, f"what is written as {rule.kind} may name a person", "add sealed = true")
    if rule.keep and (rule.sealed or rule.kind not in KEPT):
        mend = f"take keep out; only {', '.join(sorted(KEPT))}, unsealed, may be kept"
        findings.add("kept_secret", where, f"a {rule.kind} would become a fact that everyone's rules read", mend)


def _check_fairness(procedure: Procedure, act: ActionRule, place: str, findings: Findings) -> None:
    words = {guard.word: guard.parameter for guard in act.needs}
    if act.extends is not None:
        lacking = [f"needs.{word}" for word in ("at_most", "consent") if word not in words]
        if words.get("within") != act.extends.clock:
            lacking.append(f'needs.within = "{act.extends.clock}"')
        if not any(rule.kind == "reason" and rule.required for rule in act.inputs):
            lacking.append("an input of kind reason")
        if lacking:
            message = "an extension needs times, rank, before expiry and a reason"
            findings.add("free_extension", place, message, f"add {', '.join(lacking)}")
    outcome = procedure.outcomes.get(act.outcome or "")
    if outcome is None:
        return
    if outcome.negative and not is_by_law(act) and "consent" not in words:
        message = f"{outcome.name} is negative and nobody above agrees to it"
        findings.add("negative_without_consent", place, message, 'add needs.consent = "superior"')
    if not act.issues:
        message = f"{outcome.name} without anything in writing"
        findings.add("outcome_without_document", place, message, 'add issues = ["…"]')


def _check_act_of_law(act: ActionRule, is_deemed: bool, findings: Findings) -> None:
    place = f"actions.{act.code}"
    if not is_deemed:
        mend = f'add deem = "{act.code}" to the clock whose lapse it is'
        findings.add("law_act_without_clock", place, "the law acts only when a clock lapses", mend)
    if act.needs:
        findings.add("deemed_act_guarded", place, "silence asks nothing", "take needs out")
    if act.from_states or act.inputs or act.opening or len(act.by) > 1:
        mend = "take from, inputs, opening and other roles out: it stands wherever its clock runs"
        findings.add("bad_deemed_act", place, "an act of the law has a shape of its own", mend)
    if act.produces is not None:
        mend = "let a person produce the result afterwards"
        findings.add("silence_grants", place, "silence would make a result", mend)
