"""Versions (新旧法衔接): a case not yet accepted may pass to a newer law; clocks that run are restated under it.

After acceptance a case ends under the law it was accepted under.
"""

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.colours import start
from zhengtong.kernel.effects import Batch, void_branches
from zhengtong.kernel.events import ClockHeld, ClockStopped, Rebound
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.states import RunStatus, State


def find_new_state(old: Bound, onto: Bound, state: State) -> str:
    """Where the case stands under the newer law.

    Raises:
        Refusal: already_accepted, state_not_mapped, unknown_procedure.
    Source: PROCEDURES 8
    """
    if onto.procedure != old.procedure:
        raise Refusal(RefusalCode.UNKNOWN_PROCEDURE, {"procedure": onto.procedure, "version": onto.version})
    if "accepted" in state.marks:
        raise Refusal(RefusalCode.ALREADY_ACCEPTED, {"version": onto.version})
    mapped = onto.takes_over.get(old.version, {}).get(state.state, state.state)
    if mapped not in onto.states:
        raise Refusal(RefusalCode.STATE_NOT_MAPPED, {"state": state.state, "version": onto.version})
    return mapped


def rebind(batch: Batch, old: Bound, onto: Bound) -> None:
    """Write the passage: Rebound, then every state clock that runs or is held, from the same start with the new limit.

    Raises:
        Refusal: as `find_new_state`.
    """
    entered = find_new_state(old, onto, batch.state)
    batch.put(Rebound(version=onto.version, item_version=onto.item_version, binding=onto.digest, state=entered))
    for run in batch.state.clocks:
        if run.status is RunStatus.STOPPED or run.clock not in old.clocks or old.clocks[run.clock].is_duty:
            continue
        batch.put(ClockStopped(clock=run.clock, how="void"))
        rule = onto.clocks.get(run.clock)
        if rule is None or entered not in (*rule.runs_in, *rule.held_in):
            continue
        batch.put(start(rule, batch.state, batch.calendar, from_at=run.from_at, from_mark=run.from_mark))
        if entered in rule.held_in and rule.until is None:
            batch.put(ClockHeld(clock=run.clock, why=entered))
    batch.bound = onto
    void_branches(batch)
