"""Proving a procedure (证明): for every combination of its options, that cases can always end, that a limit runs
wherever somebody waits, that silence is harmless and nothing is forgotten. Pure; the closed codes are in `faults`."""

from collections.abc import Callable, Iterator
from typing import Final

from zhengtong.kernel.events import Json
from zhengtong.kernel.faults import Fault, Findings
from zhengtong.kernel.graph import (
    BACK,
    Chart,
    Colours,
    Edge,
    Plan,
    find_option_sets,
    is_by_law,
    is_on,
)
from zhengtong.kernel.procedures import (
    START,
    ActionRule,
    ByFact,
    Guard,
    Limit,
    Phase,
    Procedure,
    Ref,
)
from zhengtong.kernel.references import check_references
from zhengtong.kernel.terms import Term, Unit

NEVER: Final = "never"


def prove(procedure: Procedure) -> tuple[Fault, ...]:
    """Every fault of a procedure, under any combination of its options, each once; none means proved.

    References come first: while a name is unknown the graph says nothing, so it is not walked.
    """
    findings = Findings()
    check_references(procedure, findings)
    if _are_references_broken(findings):
        return findings.all()
    chart, seen = Chart(procedure), _Seen()
    _check_colours(chart, findings)
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
        reached = plan.find_reached()
        self.states |= reached
        for code, places in plan.places.items():
            if any(place == START or place in reached for place in places):
                self.acts.add(code)
                self.groups |= {group for group in (plan.acts[code].opens,) if group is not None}

    def check(self, procedure: Procedure, findings: Findings) -> None:
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


# ---- colours: what is the same under all options ---------------------------------------------------


def _check_colours(chart: Chart, findings: Findings) -> None:
    for code, colours in chart.colours.items():
        place = f"clocks.{code}"
        both = sorted(colours.runs & colours.held)
        if both:
            mend = "take them out of runs_in or of held_in"
            findings.add("runs_and_held", place, f"it runs and is held in {', '.join(both)}", mend)
        if colours.held and _cannot_be_held(chart.procedure, colours):
            mend = "take held_in out, or count in days"
            findings.add("months_cannot_be_held", place, "months, years and dates cannot stand still", mend)


def _cannot_be_held(procedure: Procedure, colours: Colours) -> bool:
    terms = [term for limit in (colours.rule.legal, colours.rule.promised) for term in find_terms(procedure, limit)]
    return colours.rule.until is not None or any(term.unit in {Unit.MONTH, Unit.YEAR} for term in terms)


def find_terms(procedure: Procedure, limit: Limit | None) -> tuple[Term, ...]:
    """The terms a limit may come to, as far as the file says."""
    if isinstance(limit, Term):
        return (limit,)
    if isinstance(limit, ByFact):
        return (*limit.cases.values(), *([limit.otherwise] if limit.otherwise is not None else []))
    found: list[Term] = []
    seen: set[str] = set()
    while isinstance(limit, Ref) and limit.name in procedure.parameters and limit.name not in seen:
        seen.add(limit.name)
        parameter = procedure.parameters[limit.name]
        found += [term for term in (parameter.default, parameter.at_most) if isinstance(term, Term)]
        limit = parameter.at_most
    return tuple(found)


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


# ---- clocks ---------------------------------------------------------------------------------------


def _check_main_clock(plan: Plan, findings: Findings) -> None:
    mains = {code: colours for code, colours in plan.clocks.items() if colours.rule.main}
    reached = plan.find_reached()
    if not any(colours.runs & reached for colours in mains.values()):
        mend = "add main = true to the clock that limits the whole matter"
        findings.add("no_main_clock", "procedure", f"{plan.words} no main clock ever runs", mend)
    codes = sorted(mains)
    for n, one in enumerate(codes):
        for other in codes[n + 1 :]:
            both = sorted(mains[one].sees & mains[other].sees)
            if both:
                message = f"{plan.words} {one} and {other} both see {', '.join(both)}"
                findings.add("two_main_clocks", f"clocks.{other}", message, "let each state be seen by one of them")
    _check_main_gap(plan, list(mains.values()), findings)


def _check_main_gap(plan: Plan, mains: list[Colours], findings: Findings) -> None:
    """A state between two states of main clocks that none of them sees, and no clock says `again`."""
    seen = {state for colours in mains for state in colours.sees} & plan.find_reached()
    after = plan.find_from(seen) - seen
    for colours in mains:
        if colours.rule.again != NEVER:
            continue
        for state in sorted(after & plan.find_to(colours.sees)):
            code = colours.rule.code
            message = f"{plan.words} {code} does not see it, yet the case comes from and returns to main time"
            mend = f'add it to runs_in or held_in of {code}, or add again = "restart" there'
            findings.add("main_clock_gap", f"states.{state}", message, mend)


def _check_runs(plan: Plan, findings: Findings) -> None:
    reached = plan.find_reached()
    for code, colours in plan.clocks.items():
        runs = colours.runs & reached
        if not runs:
            continue
        place = f"clocks.{code}"
        _check_return(plan, colours, findings)
        _check_holds(plan, colours, findings)
        for edge in plan.edges:
            if _is_live(plan, edge) and edge.enters in runs and edge.leaves not in colours.sees:
                _check_start(plan, edge, colours, findings)
        if colours.rule.deem is not None and colours.rule.deem not in plan.acts:
            mend = f"give the clock and {colours.rule.deem} the same when and unless"
            message = f"{plan.words} the clock runs and {colours.rule.deem} is switched off"
            findings.add("deemed_act_not_everywhere", place, message, mend)


def _is_live(plan: Plan, edge: Edge) -> bool:
    return edge.leaves == START or edge.leaves in plan.arrivals.reached


def _check_return(plan: Plan, colours: Colours, findings: Findings) -> None:
    if colours.rule.again != NEVER or colours.rule.main:
        return
    left = {edge.enters for edge in plan.edges if edge.leaves in colours.sees and edge.enters not in colours.sees}
    if plan.find_from(left) & colours.runs:
        message = f"{plan.words} a case may leave its states and come back"
        mend = 'say what happens then: again = "restart" or again = "continue"'
        findings.add("clock_restarts", f"clocks.{colours.rule.code}", message, mend)


def _check_holds(plan: Plan, colours: Colours, findings: Findings) -> None:
    place = f"clocks.{colours.rule.code}:held_in"
    going = plan.find_to(colours.runs)
    for state in sorted(colours.held & plan.arrivals.reached):
        if state not in going:
            mend = f"take {state} out of held_in, or add the way back"
            findings.add("never_resumes", place, f"{plan.words} from {state} no path leads back to where it runs", mend)
        for edge in plan.edges:
            if edge.enters == state and _is_live(plan, edge) and edge.leaves not in colours.sees:
                message = f"{plan.words} {edge.act.code} enters {state} while the clock is not running"
                mend = f"take {state} out of held_in, or let {edge.act.code} stand where the clock runs"
                findings.add("held_before_running", place, message, mend)


def _check_start(plan: Plan, edge: Edge, colours: Colours, findings: Findings) -> None:
    rule, place = colours.rule, f"clocks.{colours.rule.code}"
    mark = rule.counts_from
    if mark is not None and not plan.arrivals.is_sure_after(edge, f"mark:{mark}"):
        message = f"{plan.words} {edge.act.code} may start it before the mark {mark} is set"
        findings.add("mark_not_set", f"{place}:counts_from", message, f'add marks = ["{mark}"] on every path before')
    tables = [limit for limit in (rule.legal, rule.promised) if isinstance(limit, ByFact)]
    facts = [table.by for table in tables if table.otherwise is None] + [each for each in (rule.until,) if each]
    for fact in facts:
        if not plan.arrivals.is_sure_after(edge, f"fact:{fact}"):
            message = f"{plan.words} {edge.act.code} may start it before {fact} is known"
            mend = f"let every path before take the input {fact}, or add otherwise"
            findings.add("table_incomplete", place, message, mend)


def _check_suspension(plan: Plan, findings: Findings) -> None:
    holders = {state: code for code, colours in plan.clocks.items() for state in colours.held - colours.runs}
    for code in sorted(plan.find_reached()):
        is_suspended = plan.states[code].phase is Phase.SUSPENDED
        if is_suspended and code not in holders:
            mend = "add it to held_in of a clock, or give it another phase"
            findings.add("suspension_disagrees", f"states.{code}", f"{plan.words} it is suspended, no clock is", mend)
        elif code in holders and not is_suspended:
            mend = f'write phase = "suspended", or take it out of held_in of {holders[code]}'
            findings.add("suspension_disagrees", f"states.{code}", f"{holders[code]} is held here", mend)


def _check_duties(plan: Plan, findings: Findings) -> None:
    reached = plan.find_reached()
    for code, colours in plan.clocks.items():
        rule = colours.rule
        if rule.since is None:
            continue
        marking = [edge for edge in plan.edges if rule.since in edge.act.marks and _is_live(plan, edge)]
        if not marking:
            message = f"{plan.words} no act sets the mark {rule.since}"
            findings.add("mark_not_set", f"clocks.{code}:since", message, f'add marks = ["{rule.since}"] to an act')
        met = {place for act in rule.met_by for place in plan.places.get(act, ()) if place in reached}
        able = plan.find_to(met)
        for edge in marking:
            if edge.enters not in able:
                message = f"{plan.words} after {edge.act.code} none of its acts can be done"
                mend = f"let one of met_by stand in {edge.enters} or later, or take the mark off {edge.act.code}"
                findings.add("duty_never_met", f"clocks.{code}", message, mend)


def _check_marks(plan: Plan, findings: Findings) -> None:
    """The mark to which an act is dated back is set on every path."""
    reached, is_sure = plan.find_reached(), plan.arrivals.is_sure
    for code, act in plan.acts.items():
        unsure = [state for state in plan.places[code] if state in reached and not is_sure(state, f"mark:{act.dated}")]
        if act.dated is not None and unsure:
            message = f"{plan.words} the mark {act.dated} may be missing in {unsure[0]}"
            findings.add("mark_not_set", f"actions.{code}:dated", message, f'add marks = ["{act.dated}"] before')


def _check_parameters(plan: Plan, findings: Findings) -> None:
    """No limit that stands under these options leans on a parameter that does not."""
    parameters = plan.chart.procedure.parameters
    for place, limit in _each_limit(plan):
        here, seen = limit, set[str]()
        while isinstance(here, Ref) and here.name not in seen:
            seen.add(here.name)
            parameter = parameters[here.name]
            if parameter.when is not None and parameter.when not in plan.options:
                message = f"{plan.words} {place} uses it and an item cannot fill it in"
                mend = f"switch {place} with {parameter.when} too, or take when out"
                findings.add("open_parameter", f"parameters.{here.name}:when", message, mend)
            here = parameter.at_most


def _each_limit(plan: Plan) -> Iterator[tuple[str, Limit | None]]:
    for code, state in plan.states.items():
        yield f"states.{code}", state.limit
    for code, colours in plan.clocks.items():
        yield f"clocks.{code}", colours.rule.legal
        yield f"clocks.{code}", colours.rule.promised
    for code, branch in plan.chart.procedure.branches.items():
        if is_on(branch, plan.options):
            yield f"branches.{code}", branch.limit
            yield f"branches.{code}", branch.sign
    for code, act in plan.acts.items():
        yield f"actions.{code}", None if act.extends is None else act.extends.at_most


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
    _check_main_clock,
    _check_runs,
    _check_suspension,
    _check_duties,
    _check_marks,
    _check_parameters,
    _check_deemed,
    _check_branches,
)
