"""Silence (沉默的法律后果): what the law does when a limit lapses and nobody has acted.

It is written by whoever comes first, the sweeper or the next act; early, late, twice or never gives one history.
"""

from collections.abc import Mapping
from datetime import datetime

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.branches import is_last
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import Silent, find_silent
from zhengtong.kernel.commands import Hash, Serials
from zhengtong.kernel.effects import (
    Batch,
    Deed,
    Sitting,
    Who,
    carry_out,
    find_target_state,
    follow_colours,
    stop_branch_clocks,
    void_branches,
)
from zhengtong.kernel.events import LAW_PERSON, BranchSettled, ClockStopped, Deemed, Event, Standing
from zhengtong.kernel.procedures import ActionRule
from zhengtong.kernel.states import Branch, State


def find_due_silence(bound: Bound, state: State, calendar: Calendar, at: datetime) -> tuple[Silent, ...]:
    """The lapses that the law answers by an instant and that are not written yet, in order of instant."""
    return find_silent(bound, state, calendar, at)


def decide_silence(
    bound: Bound,
    state: State,
    calendar: Calendar,
    at: datetime,
    serials: Mapping[str, tuple[str, ...]],
    hash: Hash,
) -> tuple[Event, ...]:
    """The batches by which the law acts by an instant: one per lapse, in order, each folded before the next is sought.

    Raises:
        SerialsShort: fewer numbers were drawn than `find_serials` names.
    Source: PROCEDURES 6; XKF 32(4), 50(2)
    """
    sitting = Sitting(bound=bound, calendar=calendar, serials=Serials(serials), hash=hash, recorded_at=at)
    return fall_silent(sitting, state, at)[0]


def fall_silent(sitting: Sitting, state: State, at: datetime) -> tuple[tuple[Event, ...], State]:
    """As `decide_silence`, with the state after it."""
    events: list[Event] = []
    while silent := find_silent(sitting.bound, state, sitting.calendar, at):
        written, state = _write(sitting, state, silent[0])
        events.extend(written)
    return tuple(events), state


def find_state_at(bound: Bound, state: State, calendar: Calendar, at: datetime) -> State:
    """The state as the law has it at an instant: silence that is due counted as done.

    Numbers of papers that are not drawn yet read `document:<code>#1`.
    """
    sitting = Sitting(bound=bound, calendar=calendar, serials=Serials(None), hash=lambda data: "", recorded_at=at)
    return fall_silent(sitting, state, at)[1]


def find_silent_serials(bound: Bound, state: State, calendar: Calendar, at: datetime) -> tuple[tuple[str, ...], State]:
    """The keys of the numbers that silence due by an instant needs, and the state after it."""
    serials = Serials(None)
    sitting = Sitting(bound=bound, calendar=calendar, serials=serials, hash=lambda data: "", recorded_at=at)
    after = fall_silent(sitting, state, at)[1]
    return tuple(serials.taken), after


def _write(sitting: Sitting, state: State, silent: Silent) -> tuple[tuple[Event, ...], State]:
    who = Who(
        person=LAW_PERSON,
        post="",
        unit="",
        dept="",
        role="law",
        standing=Standing.LAW,
        basis=_source(sitting.bound, state, silent),
    )
    at = max(silent.lapsed_at, state.last_at)
    key = f"{silent.run.clock}:{silent.run.seq}:lapsed"
    batch = Batch(sitting, state, who, at=at, key=key)
    if silent.act is not None:
        _deem(batch, silent, sitting.bound.actions[silent.act])
    elif silent.branch is not None:
        _settle(batch, silent, state.branches[silent.branch])
    return batch.close()


def _source(bound: Bound, state: State, silent: Silent) -> str:
    if silent.branch is not None:
        return bound.branches[state.branches[silent.branch].group].source
    return bound.clocks[silent.run.clock].source


def _deem(batch: Batch, silent: Silent, rule: ActionRule) -> None:
    """The act is taken as done (视为); its marks are dated back where the act says so."""
    state = batch.state
    left, entered = state.state, find_target_state(state, rule)
    dated = state.marks.get(rule.dated, silent.lapsed_at) if rule.dated else silent.lapsed_at
    marks = dict.fromkeys(rule.marks, dated)
    batch.put(
        Deemed(
            act=rule.code,
            left=left,
            entered=entered,
            clock=silent.run.clock,
            clock_seq=silent.run.seq,
            lapsed_at=silent.lapsed_at,
            marks=marks,
            outcome=rule.outcome,
        )
    )
    batch.put(ClockStopped(clock=silent.run.clock, how="lapsed"))
    carry_out(batch, Deed(rule=rule, left=left, marks=marks, inputs={}, sealed={}, consent=None))


def _settle(batch: Batch, silent: Silent, branch: Branch) -> None:
    """The branch gets the verdict of silence; with the last one the case moves as if it had been answered."""
    state, verdict = batch.state, batch.bound.branches[branch.group].silence
    assert verdict is not None
    left = state.state
    act = _find_settling(batch.bound, state, branch) if is_last(state, branch) else None
    if act is not None:
        batch.put(
            Deemed(
                act=act.code,
                left=left,
                entered=find_target_state(state, act),
                clock=silent.run.clock,
                clock_seq=silent.run.seq,
                lapsed_at=silent.lapsed_at,
                marks={},
                outcome=None,
            )
        )
    batch.put(BranchSettled(branch=branch.branch, verdict=verdict, sealed={}))
    batch.put(ClockStopped(clock=silent.run.clock, how="lapsed"))
    stop_branch_clocks(batch, branch.branch, "void")
    if act is not None:
        follow_colours(batch, left, act=act.code, marks={})
        void_branches(batch)


def _find_settling(bound: Bound, state: State, branch: Branch) -> ActionRule | None:
    """The act that settles such branches here and moves the case, if there is one."""
    return next(
        (
            rule
            for rule in bound.actions.values()
            if rule.settles == branch.group and rule.to is not None and state.state in rule.from_states
        ),
        None,
    )
