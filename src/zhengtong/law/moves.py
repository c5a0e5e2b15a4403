"""Every way a case can move, under all options together: what the lawyer's table and the chart draw."""

from dataclasses import dataclass

from zhengtong.kernel.graph import BACK, Chart, is_by_law
from zhengtong.kernel.procedures import START, ActionRule, ClockRule, Procedure


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An act from a state to another; `clock` is the clock whose lapse it is, `leaves` is START for opening acts."""

    act: ActionRule
    leaves: str
    enters: str
    clock: ClockRule | None


class Map:
    """Where each act stands and leads, options disregarded."""

    def __init__(self, procedure: Procedure) -> None:
        self.procedure, self.chart = procedure, Chart(procedure)
        self.deeming = {
            code: tuple(each for each in self.chart.colours.values() if each.rule.deem == code)
            for code in procedure.actions
        }
        direct = [move for act in procedure.actions.values() if act.to != BACK for move in self._moves_of(act)]
        self._origins: dict[str, dict[str, None]] = {}
        for move in direct:
            if move.leaves not in {START, move.enters}:
                self._origins.setdefault(move.enters, {})[move.leaves] = None
        back = [move for act in procedure.actions.values() if act.to == BACK for move in self._moves_of(act)]
        self.moves = (*direct, *back)

    def places_of(self, act: ActionRule) -> tuple[str, ...]:
        """The states an act stands in; a deemed act stands wherever its clocks run."""
        if not is_by_law(act):
            return self.chart.places[act.code]
        runs = frozenset().union(*(each.runs for each in self.deeming[act.code]))
        return tuple(state for state in self.procedure.states if state in runs)

    def acts_at(self, state: str) -> tuple[ActionRule, ...]:
        """The procedure's own acts in a state, in file order."""
        own = [act for act in self.procedure.actions.values() if not act.is_common]
        return tuple(act for act in own if state in self.places_of(act))

    def clock_of(self, act: ActionRule, state: str) -> ClockRule | None:
        """The clock by whose lapse the law does this act here."""
        return next((each.rule for each in self.deeming[act.code] if state in each.runs), None)

    def _moves_of(self, act: ActionRule) -> list[Move]:
        if act.to is None or act.is_common:
            return []
        return [
            Move(act=act, leaves=state, enters=target, clock=self.clock_of(act, state))
            for state in self.places_of(act)
            for target in (self._origins.get(state, {}) if act.to == BACK else (act.to,))
        ]
