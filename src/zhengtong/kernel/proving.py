"""Proving a procedure (证明): for every combination of its options, that cases can always end, that a limit runs
wherever somebody waits, that silence is harmless and nothing is forgotten. Pure; the closed codes are in `faults`."""

from collections.abc import Callable
from typing import Final

from zhengtong.kernel.clock_proofs import CLOCK_CHECKS, check_colours
from zhengtong.kernel.events import Json
from zhengtong.kernel.faults import Fault, Findings
from zhengtong.kernel.graph import (
    BACK,
    Chart,
    Edge,
    Plan,
    find_option_sets,
    is_by_law,
)
from zhengtong.kernel.procedures import (
    START,
    ActionRule,
    Guard,
    Procedure,
)
from zhengtong.kernel.references import check_references


def prove(procedure: Procedure) -> tuple[Fault, ...]:
    """Every fault of a procedure, under any combination of its options, each once; none means proved.

    References come first: while a name is unknown the graph says nothing, so it is not walked.
    """
    findings = Findings()
    check_references(procedure, findings)
    if _are_references_broken(findings):
        return findings.all()
    chart, seen = Chart(procedure), _Seen()
    check_colours(chart, findings)
    for options in find_option_sets(procedure):
        plan = chart.plan(options)
        seen.add(plan)
        _check_opening(plan, findings)
        for check in _CHECKS if plan.arrivals.reached else ():
            check(plan, findings)
    if not findings.has("no_opening_act"):
        seen.check(procedure, findings)
    return findings.all()


def _are_references_broken(findings: Findings) -> bool:
    return any(fault.code.startswith("unknown_") or fault.code in _BREAKING for fault in findings.all())


_BREAKING: Final = frozenset({"skip_cycle", "bad_option", "bad_silence", "bad_deemed_act"})


class _Seen:
    """What happens under some combination of options: the rest never does."""

    def __init__(self) -> None:
        self.states: set[str] = set()
        self.acts: set[str] = set()
        self.groups: set[str] = set()

    def add(self, plan: Plan) -> None:
        """Take in what is reached under one more set of options."""
        reached = plan.find_reached()
        self.states |= reached
        for code, places in plan.places.items():
            if any(place == START or place in reached for place in places):
                self.acts.add(code)
                self.groups |= {group for group in (plan.acts[code].opens,) if group is not None}

    def check(self, procedure: Procedure, findings: Findings) -> None:
        """Complain of what no set of options ever reached."""
        for state in procedure.states:
            if state not in self.states:
                mend = "let an act lead here, or take the state out"
                findings.add("unreachable_state", f"states.{state}", "no path leads here under any options", mend)
        for code, act in procedure.actions.items():
            if code not in self.acts and not act.is_common and not is_by_law(act):
                mend = "give it a `from` that some case reaches, or take it out"
                findings.add("step_never_done", f"actions.{code}", "no case ever stands where it could be done", mend)
        opened = self.groups
        for group in procedure.branches:
            if group not in opened:
                mend = f'add opens = "{group}" to an act, or take the group out'
                findings.add("branch_never_opened", f"branches.{group}", "no act that is ever done opens it", mend)


# ---- the graph ------------------------------------------------------------------------------------


def _check_opening(plan: Plan, findings: Findings) -> None:
    opening = [act for act in plan.acts.values() if act.opening]
    if not opening:
        findings.add("no_opening_act", "procedure", f"{plan.words} no case can begin", "add an act with opening = true")
    for act in opening:
        if act.from_states or act.to in {None, BACK}:
            mend = "take `from` out and let `to` name the first state"
            findings.add("bad_opening_act", f"actions.{act.code}", "an opening act comes from nowhere", mend)
    for act, state in plan.lost:
        mend = f"add skip_to to states.{state}, or switch the act with its option"
        findings.add("bad_option", f"actions.{act.code}:to", f"{plan.words} {state} is absent and skips nowhere", mend)


def _check_states(plan: Plan, findings: Findings) -> None:
    for code in sorted(plan.find_reached()):
        state, place = plan.states[code], f"states.{code}"
        if plan.is_closed(code):
            if not plan.arrivals.is_sure(code, "has:outcome"):
                mend = "let every act that leads here, or one before it, name an outcome"
                findings.add("closed_without_outcome", place, f"{plan.words} a case may end here without one", mend)
            continue
        if state.holder is None:
            findings.add("unheld_state", place, "nobody holds the case here", 'add holder = "role"')
        elif not any(state.holder in act.by for act in plan.acts_at(code) if not act.is_common):
            message = f"{plan.words} {state.holder} can do nothing here"
            mend = f"let an act by {state.holder} stand here, or name another holder"
            findings.add("powerless_holder", place, message, mend)
        _check_limited(plan, code, findings)


def _check_limited(plan: Plan, code: str, findings: Findings) -> None:
    state, place = plan.states[code], f"states.{code}"
    if state.limit is not None or any(code in colours.runs for colours in plan.clocks.values()):
        return
    if not state.unlimited:
        mend = 'add limit = "…", let a clock run here, or say why not: unlimited = "article：why"'
        findings.add("no_limit", place, f"{plan.words} a case may lie here for ever", mend)
    elif any(code in colours.held for colours in plan.clocks.values()) and not _is_held_by_branches(plan, code):
        mend = "give the branch group a limit, or let a clock run here"
        findings.add("unlimited_pause", place, f"{plan.words} a clock is held here and nothing ends it", mend)


def _is_held_by_branches(plan: Plan, code: str) -> bool:
    """Whether every act that leads here opens branches that have a limit."""
    limited = {group for group, rule in plan.chart.procedure.branches.items() if rule.limit is not None}
    entering = [edge.act.opens for edge in plan.edges if edge.enters == code and edge.moves]
    return bool(entering) and all(group in limited for group in entering)


def _check_ends(plan: Plan, findings: Findings) -> None:
    reached = plan.find_reached()
    closed = [state for state in reached if plan.is_closed(state)]
    ending = plan.find_to(closed, only_sure=True)
    for state in sorted(reached - ending):
        message = f"{plan.words} no way out of here is sure; guards that run out do not count"
        mend = "add an act, or a clock that deems, which leads on whatever happened before"
        findings.add("dead_end", f"states.{state}", message, mend)
    for edge in plan.edges:
        if not plan.is_closed(edge.leaves):
            continue
        act = edge.act
        if edge.moves or act.outcome is not None or act.opens is not None:
            mend = f"take {edge.leaves} out of its `from`"
            findings.add("closed_moves", f"actions.{act.code}", "it moves or changes a closed case", mend)


def _check_guards(plan: Plan, findings: Findings) -> None:
    reached = plan.find_reached()
    for code, act in plan.acts.items():
        places = [place for place in plan.places[code] if place in reached]
        for guard in act.needs if places else ():
            if not any(_may_hold(plan, act, guard, place) for place in places):
                message = f"{plan.words} needs.{guard.word} can never hold where the act stands"
                mend = f"mend needs.{guard.word}, or let what it asks for happen before"
                findings.add("guard_never_holds", f"actions.{code}:needs.{guard.word}", message, mend)


def _may_hold(plan: Plan, act: ActionRule, guard: Guard, place: str) -> bool:
    possible = plan.arrivals.is_possible
    parameter = guard.parameter
    if guard.word == "done":
        return all(possible(place, f"act:{each}") for each in _listed(parameter))
    if guard.word == "within":
        return possible(place, f"clock:{parameter}") or _is_duty_started(plan, str(parameter), place)
    if guard.word == "served":
        return all(possible(place, f"paper:{each}") for each in _listed(parameter))
    if guard.word == "consent":
        return any(each.does == "consent_asked" for each in plan.acts_at(place))
    if isinstance(parameter, dict):
        return _may_table_hold(plan, act, guard.word, parameter, place)
    return True


def _may_table_hold(plan: Plan, act: ActionRule, word: str, parameter: dict[str, Json], place: str) -> bool:
    possible = plan.arrivals.is_possible
    if word in {"verdicts", "quorum"}:
        return possible(place, f"opened:{parameter['group']}")
    if word == "waited":
        return possible(place, f"mark:{parameter['since']}")
    if word == "ahead":
        name = parameter["of"]
        return any(rule.name == name for rule in act.inputs) or possible(place, f"fact:{name}")
    if word == "fact":
        return all(possible(place, f"fact:{name}") for name in parameter)
    return True


def _is_duty_started(plan: Plan, clock: str, place: str) -> bool:
    colours = plan.clocks.get(clock)
    since = None if colours is None else colours.rule.since
    return since is not None and plan.arrivals.is_possible(place, f"mark:{since}")


def _listed(parameter: Json) -> tuple[str, ...]:
    return tuple(str(each) for each in parameter) if isinstance(parameter, list) else ()


# ---- silence and branches -------------------------------------------------------------------------


def _check_deemed(plan: Plan, findings: Findings) -> None:
    for code, act in plan.acts.items():
        if not is_by_law(act):
            continue
        clocks = [colours for colours in plan.clocks.values() if colours.rule.deem == code]
        leaving = {edge.leaves: edge.enters for edge in plan.edges if edge.act.code == code}
        for colours in clocks:
            for state in sorted(colours.runs & plan.arrivals.reached):
                enters = leaving.get(state)
                if enters is None or enters in colours.runs:
                    message = f"{plan.words} from {state} it leads nowhere its clock {colours.rule.code} does not run"
                    mend = "let `to` name a state outside runs_in of its clock"
                    findings.add("deemed_act_goes_nowhere", f"actions.{code}", message, mend)


def _check_branches(plan: Plan, findings: Findings) -> None:
    for group, rule in plan.chart.procedure.branches.items():
        if not any(plan.arrivals.is_possible(state, f"opened:{group}") for state in plan.arrivals.reached):
            continue
        place = f"branches.{group}"
        settling = _places_of(plan, group, "settles")
        if not settling:
            mend = f'add settles = "{group}" to an act that stands where it is open'
            findings.add("branch_never_settled", place, f"{plan.words} no act settles it", mend)
            continue
        must_be_taken = rule.sign is not None
        if must_be_taken and not _places_of(plan, group, "takes"):
            mend = f'add takes = "{group}" to an act, or take sign out'
            findings.add("branch_never_taken", place, f"{plan.words} it must be signed for and no act does", mend)
        for edge in plan.edges:
            if _strands(plan, edge, group, settling):
                message = f"{plan.words} {edge.act.code} goes to {edge.enters}, where {group} cannot be settled"
                mend = f'add needs.settled = ["{group}"], or let an act that settles it stand in {edge.enters}'
                findings.add("branch_stranded", f"actions.{edge.act.code}", message, mend)


def _places_of(plan: Plan, group: str, verb: str) -> frozenset[str]:
    acts = [code for code, act in plan.acts.items() if getattr(act, verb) == group]
    return frozenset(place for code in acts for place in plan.places[code]) & plan.arrivals.reached


def _strands(plan: Plan, edge: Edge, group: str, settling: frozenset[str]) -> bool:
    """Whether a person's act leaves a branch open in a state where nobody can settle it. Ending the case may."""
    act = edge.act
    if is_by_law(act) or edge.enters in settling or plan.is_closed(edge.enters) or act.settles == group:
        return False
    waits = [each for guard in act.needs if guard.word == "settled" for each in _listed(guard.parameter)]
    if act.opens == group:
        return True
    return edge.moves and group not in waits and plan.arrivals.is_possible(edge.leaves, f"open:{group}")


_CHECKS: Final[tuple[Callable[[Plan, Findings], None], ...]] = (
    _check_states,
    _check_ends,
    _check_guards,
    *CLOCK_CHECKS,
    _check_deemed,
    _check_branches,
)
