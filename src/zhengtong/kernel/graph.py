"""A procedure as a graph (流程图): where each act stands and leads under one set of options, and what holds on arrival.

`Chart` expands sets and phases once; `Chart.plan` reduces it to an option set; `Arrivals` walks all paths:
what has happened on every path to a state (must) and on some path (may).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from zhengtong.kernel.procedures import START, ActionRule, BranchRule, ClockRule, Phase, Procedure

BACK: Final = "back"
LAW: Final = "law"
CONSENT: Final = "consent"
RUNS_OUT: Final = frozenset({"at_most", "within", "ahead", "fact", "not_done"})
"""Guards that may never hold again; an exit behind one of them is no sure exit."""


def is_by_law(act: ActionRule) -> bool:
    """Whether the law alone performs this act, by silence. Beside a role it stands for what a person may do as well."""
    return act.by == (LAW,)


def find_option_sets(procedure: Procedure) -> Iterator[frozenset[str]]:
    """Every set of options an item may switch on, smallest first."""
    codes = sorted(procedure.options)
    for size in range(len(codes) + 1):
        for chosen in combinations(codes, size):
            options = frozenset(chosen)
            if all(_agrees(procedure, code, options) for code in chosen):
                yield options


def _agrees(procedure: Procedure, code: str, options: frozenset[str]) -> bool:
    option = procedure.options[code]
    return options.isdisjoint(option.excludes) and options.issuperset(option.requires)


def expand(procedure: Procedure, names: Iterable[str]) -> tuple[str, ...]:
    """State names with `@set` replaced by its states, in order, each once; unknown sets are left out."""
    found: dict[str, None] = {}
    _expand_into(procedure, names, found, frozenset())
    return tuple(found)


def _expand_into(procedure: Procedure, names: Iterable[str], found: dict[str, None], inside: frozenset[str]) -> None:
    for name in names:
        if not name.startswith("@"):
            found[name] = None
        elif name[1:] in procedure.sets and name not in inside:
            _expand_into(procedure, procedure.sets[name[1:]], found, inside | {name})


def resolve(procedure: Procedure, state: str, options: frozenset[str]) -> str | None:
    """Where one who would enter this state really arrives; None if the way leads nowhere or in a circle."""
    seen: set[str] = set()
    while state in procedure.states and state not in seen:
        seen.add(state)
        rule = procedure.states[state]
        if rule.optional is None or rule.optional in options:
            return state
        if rule.skip_to is None:
            return None
        state = rule.skip_to
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One way an act can go. `leaves` is START for opening acts; staying acts have `enters` = `leaves`."""

    act: ActionRule
    leaves: str
    enters: str
    is_sure: bool

    @property
    def moves(self) -> bool:
        """Whether the case stands elsewhere afterwards."""
        return self.leaves != self.enters


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """The states in which a clock runs, and those in which it is held."""

    rule: ClockRule
    runs: frozenset[str]
    held: frozenset[str]

    @property
    def sees(self) -> frozenset[str]:
        """Every state the clock colours."""
        return self.runs | self.held


class Chart:
    """The whole procedure, sets and phases expanded; every combination of options is cut out of it."""

    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        self.colours = {
            code: Colours(
                rule=rule,
                runs=frozenset(expand(procedure, rule.runs_in)),
                held=frozenset(expand(procedure, rule.held_in)),
            )
            for code, rule in procedure.clocks.items()
        }
        self.places = {code: self._find_places(act) for code, act in procedure.actions.items()}
        self.inputs = {code: tuple(rule for rule in act.inputs if rule.keep) for code, act in procedure.actions.items()}

    def _find_places(self, act: ActionRule) -> tuple[str, ...]:
        if act.opening:
            return (START,)
        if act.phases:
            phases = set(act.phases)
            return tuple(code for code, state in self.procedure.states.items() if state.phase in phases)
        return expand(self.procedure, act.from_states)

    def plan(self, options: frozenset[str]) -> "Plan":
        """The graph under these options."""
        return Plan(self, options)


def is_on(rule: ActionRule | BranchRule | ClockRule, options: frozenset[str]) -> bool:
    """Whether `when` and `unless` let this rule stand under these options."""
    return (rule.when is None or rule.when in options) and (rule.unless is None or rule.unless not in options)


class Plan:
    """The graph under one set of options."""

    def __init__(self, chart: Chart, options: frozenset[str]) -> None:
        self.chart, self.options, procedure = chart, options, chart.procedure
        self.states = {
            code: rule for code, rule in procedure.states.items() if rule.optional is None or rule.optional in options
        }
        present = frozenset(self.states)
        self.clocks = {
            code: Colours(rule=colours.rule, runs=colours.runs & present, held=colours.held & present)
            for code, colours in chart.colours.items()
            if is_on(colours.rule, options)
        }
        self.acts = {code: act for code, act in procedure.actions.items() if is_on(act, options)}
        self.places = {code: self._find_places(act, present) for code, act in self.acts.items()}
        self.lost: list[tuple[ActionRule, str]] = []
        self.edges = self._find_edges()
        self.arrivals = Arrivals(self)

    @property
    def words(self) -> str:
        """The options, for a message."""
        return f"with {', '.join(sorted(self.options))}" if self.options else "without options"

    def _find_places(self, act: ActionRule, present: frozenset[str]) -> tuple[str, ...]:
        if is_by_law(act):
            deeming = [colours for colours in self.clocks.values() if colours.rule.deem == act.code]
            return tuple(dict.fromkeys(state for each in deeming for state in sorted(each.runs)))
        return tuple(place for place in self.chart.places[act.code] if place == START or place in present)

    def _find_edges(self) -> tuple[Edge, ...]:
        edges = [edge for act in self.acts.values() if act.to != BACK for edge in self._edges_of(act)]
        origins: dict[str, set[str]] = {}
        for edge in edges:
            if edge.moves and edge.leaves != START:
                origins.setdefault(edge.enters, set()).add(edge.leaves)
        for act in self.acts.values():
            if act.to == BACK:
                edges += self._edges_back(act, origins)
        return tuple(edges)

    def _edges_of(self, act: ActionRule) -> Iterator[Edge]:
        is_sure = is_by_law(act) or not any(guard.word in RUNS_OUT for guard in act.needs)
        target = None if act.to is None else resolve(self.chart.procedure, act.to, self.options)
        for place in self.places[act.code]:
            if act.to is not None and target is None:
                self.lost.append((act, act.to))
                continue
            yield Edge(act=act, leaves=place, enters=place if target is None else target, is_sure=is_sure)

    def _edges_back(self, act: ActionRule, origins: Mapping[str, set[str]]) -> Iterator[Edge]:
        is_sure = is_by_law(act) or not any(guard.word in RUNS_OUT for guard in act.needs)
        for place in self.places[act.code]:
            for origin in sorted(origins.get(place, ())):
                yield Edge(act=act, leaves=place, enters=origin, is_sure=is_sure)

    def is_closed(self, state: str) -> bool:
        """Whether a case that stands there is closed."""
        return state in self.states and self.states[state].phase is Phase.CLOSED

    def find_reached(self) -> frozenset[str]:
        """The states some path from an opening act leads to."""
        return self.arrivals.reached

    def find_from(self, sources: Iterable[str]) -> frozenset[str]:
        """These states and every state some path leads to from them."""
        return _close(sources, [(edge.leaves, edge.enters) for edge in self.edges])

    def find_to(self, targets: Iterable[str], only_sure: bool = False) -> frozenset[str]:
        """These states and every state from which some path leads to them."""
        return _close(targets, [(edge.enters, edge.leaves) for edge in self.edges if edge.is_sure or not only_sure])

    def acts_at(self, state: str) -> tuple[ActionRule, ...]:
        """The acts that stand in a state, common ones too."""
        return tuple(act for code, act in self.acts.items() if state in self.places[code])


def _close(start: Iterable[str], pairs: Iterable[tuple[str, str]]) -> frozenset[str]:
    after: dict[str, list[str]] = {}
    for one, other in pairs:
        after.setdefault(one, []).append(other)
    found, todo = set(start), list(start)
    while todo:
        for other in after.get(todo.pop(), ()):
            if other not in found:
                found.add(other)
                todo.append(other)
    return frozenset(found)


class Arrivals:
    """What has happened when a state is reached: on every path (must) and on some path (may), as sets in bits.

    Things are written `mark:accepted`, `outcome:granted`, `has:outcome`, `act:accept`, `fact:level`, `paper:notice`,
    `clock:notice`, `open:opinion`, `opened:opinion`.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._bits: dict[str, int] = {}
        self._running = {state: self._clocks_at(state) for state in plan.states}
        self._settled_at = {state: self._unsettled_at(state) for state in plan.states}
        self._must: dict[str, int] = {START: 0}
        self._may: dict[str, int] = {START: 0}
        self._acts = {code: self._happens(act) for code, act in plan.acts.items()}
        self._walk()
        self.reached = frozenset(self._must) - {START}

    def is_sure(self, state: str, thing: str) -> bool:
        """Whether every path to this state has seen the thing happen."""
        return bool(self._must.get(state, 0) & self._bits.get(thing, 0))

    def is_possible(self, state: str, thing: str) -> bool:
        """Whether some path to this state, or an act done in it, has seen the thing happen."""
        return bool(self._may.get(state, 0) & self._bits.get(thing, 0))

    def is_sure_after(self, edge: Edge, thing: str) -> bool:
        """Whether the thing has happened on every path that goes this edge."""
        must, _, _ = self._acts[edge.act.code]
        return bool((self._must.get(edge.leaves, 0) | must) & self._bits.get(thing, 0))

    def _bit(self, thing: str) -> int:
        return self._bits.setdefault(thing, 1 << len(self._bits))

    def _mask(self, things: Iterable[str]) -> int:
        mask = 0
        for thing in things:
            mask |= self._bit(thing)
        return mask

    def _clocks_at(self, state: str) -> int:
        return self._mask(f"clock:{code}" for code, colours in self._plan.clocks.items() if state in colours.runs)

    def _unsettled_at(self, state: str) -> int:
        """The groups that nobody can settle in this state: their branches become void on arrival."""
        settled = {act.settles for code, act in self._plan.acts.items() if state in self._plan.places[code]}
        return self._mask(f"open:{group}" for group in self._plan.chart.procedure.branches if group not in settled)

    def _happens(self, act: ActionRule) -> tuple[int, int, int]:
        """What an act makes happen for certain, perhaps, and what it ends."""
        sure = [f"mark:{mark}" for mark in act.marks] + [f"paper:{paper}" for paper in act.issues]
        sure.append(f"act:{act.code}")
        if act.outcome is not None:
            sure += ["has:outcome", f"outcome:{act.outcome}"]
        kept = self._plan.chart.inputs[act.code]
        sure += [f"fact:{rule.name}" for rule in kept if rule.required]
        perhaps = [f"fact:{rule.name}" for rule in kept]
        if act.opens is not None:
            perhaps += [f"open:{act.opens}", f"opened:{act.opens}"]
        ended = [f"open:{group}" for group in _find_waited_for(act)]
        must = self._mask(sure)
        return must, must | self._mask(perhaps), self._mask(ended)

    def _walk(self) -> None:
        leaving: dict[str, list[tuple[str, int, int, int]]] = {}
        for edge in self._plan.edges:
            must, may, ended = self._acts[edge.act.code]
            runs = self._running[edge.enters]
            kept = ~(self._settled_at[edge.enters] | ended) if edge.moves else -1
            leaving.setdefault(edge.leaves, []).append((edge.enters, must | runs, (may & kept) | runs, kept))
        todo = [START]
        while todo:
            state = todo.pop()
            must_here, may_here = self._must[state], self._may[state]
            for enters, must, may, kept in leaving.get(state, ()):
                if self._arrive(enters, must_here | must, (may_here & kept) | may):
                    todo.append(enters)

    def _arrive(self, state: str, must: int, may: int) -> bool:
        """Note one more way to arrive; whether that changed anything."""
        if state not in self._must:
            self._must[state], self._may[state] = must, may
            return True
        less, more = self._must[state] & must, self._may[state] | may
        changed = less != self._must[state] or more != self._may[state]
        self._must[state], self._may[state] = less, more
        return changed


def _find_waited_for(act: ActionRule) -> tuple[str, ...]:
    """The groups that have no open branch when this act moves the case."""
    groups = [act.settles] if act.settles is not None else []
    for guard in act.needs:
        if guard.word == "settled" and isinstance(guard.parameter, list):
            groups += [str(group) for group in guard.parameter]
    return tuple(groups)
