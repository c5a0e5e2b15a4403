"""Proving the clocks of a procedure (期限的证明): that the colours of states start, hold, resume and end each limit as
the law means it, under one set of options."""

from collections.abc import Iterator
from typing import Final

from zhengtong.kernel.faults import Findings
from zhengtong.kernel.graph import Chart, Colours, Edge, Plan, is_on
from zhengtong.kernel.procedures import START, ByFact, Limit, Phase, Procedure, Ref
from zhengtong.kernel.terms import Term, Unit

NEVER: Final = "never"


def check_colours(chart: Chart, findings: Findings) -> None:
    """What can be said of clocks without options: colours that overlap, months that are held."""
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


CLOCK_CHECKS: Final = (
    _check_main_clock,
    _check_runs,
    _check_suspension,
    _check_duties,
    _check_marks,
    _check_parameters,
)
