"""Deciding (裁断): whether an act may be done, and everything it makes true. The one place where a case moves.

Order: silence that is due, the act and its place, role, branch, inputs, guards; then the act and what follows.
"""

from dataclasses import replace
from datetime import datetime, time

from zhengtong.kernel.acts import Doing, do_common, receive_materials
from zhengtong.kernel.authority import LAW, Actor, Grounds, Seat, check_may_assign, find_grounds
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.branches import (
    find_fitting,
    find_ready_nodes,
    group_of,
    pick_branch,
    read_verdict,
)
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.choices import ActChoice, find_acts, find_serials
from zhengtong.kernel.clocks import Docket, find_docket, find_limit, find_run
from zhengtong.kernel.commands import Command, MaterialGiven, Serials, SerialsShort
from zhengtong.kernel.effects import (
    Batch,
    Deed,
    Sitting,
    Who,
    carry_out,
    find_extension,
    find_target_state,
    follow_branch,
    moves,
    open_ready_nodes,
    start_branch_limits,
    write_branch,
)
from zhengtong.kernel.events import ACTS, Acted, Event, Linked, Noted, Opened
from zhengtong.kernel.guards import Asked, check_guards, find_used_consent
from zhengtong.kernel.inputs import check_inputs, find_kept
from zhengtong.kernel.papers import find_paper
from zhengtong.kernel.procedures import START, ActionRule, Phase, RoleKind
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.silence import fall_silent
from zhengtong.kernel.states import Branch, BranchStatus, RunStatus, State
from zhengtong.kernel.terms import LAW_ZONE, law_day

__all__ = [
    "LAW", "ActChoice", "Actor", "Command", "Docket", "MaterialGiven", "Seat", "SerialsShort", "decide",
    "decide_and_fold", "decide_child_report", "decide_opening", "decide_opening_and_fold", "find_acts", "find_docket",
    "find_paper", "find_serials",
]  # fmt: skip


# ---- deciding -------------------------------------------------------------------------------------


def decide(bound: Bound, state: State, command: Command, calendar: Calendar, at: datetime) -> tuple[Event, ...]:
    """The events of an act, preceded by those of silence that was due: all it makes true, or a refusal.

    `decide_and_fold` gives the state after them as well.

    Units: `at` is the instant of writing; a late entry is judged at its `happened_at`, but what silence has done by
    `at` is done, whether or not the sweeper came by: it cannot be dated back past. Law days are of UTC+8.

    Raises:
        Refusal: for every reason of the closed list but those of binding.
        SerialsShort: fewer numbers were drawn than `find_serials` names for this instant.
    Source: PROCEDURES 5
    """
    return decide_and_fold(bound, state, command, calendar, at)[0]


def decide_and_fold(
    bound: Bound, state: State, command: Command, calendar: Calendar, at: datetime
) -> tuple[tuple[Event, ...], State]:
    """As `decide`, with the state after the events: every act is folded while it is decided."""
    moment = _find_moment(state, command, at)
    sitting = _sit(bound, command, calendar, at)
    silent, state = fall_silent(sitting, state, at)
    moment = _find_moment(state, command, at) if silent and command.happened_at is not None else moment
    rule = _find_rule(bound, command.act)
    _check_place(bound, state, rule)
    branch = _find_branch(bound, state, rule, command)
    grounds = _find_grounds(bound, state, rule, command, branch)
    branch = pick_branch(bound, state, rule, branch.branch if branch is not None else _named_branch(command))
    if branch is not None:  # the only one that fits may be somebody else's
        grounds = _find_grounds(bound, state, rule, command, branch)
    if rule.does == "assigned":
        check_may_assign(bound, state, command.actor, str(command.inputs.get("role", "")), rule)
    batch = Batch(sitting, state, _who(bound, state, command, grounds), at=moment, key=command.key)
    consent = _judge(batch, state, rule, command, calendar)
    if rule.is_common:
        do_common(batch, Doing(rule=rule, command=command, consent=consent, branch=branch))
    else:
        _act(batch, rule, command, consent=consent, branch=branch)
    events, after = batch.close()
    return (*silent, *events), after


def decide_opening(bound: Bound, command: Command, calendar: Calendar, at: datetime) -> tuple[Event, ...]:
    """The first batch of a case: Opened, the opening act, and what follows from it.

    Raises:
        Refusal: unknown_act, not_an_opening_act, not_your_role, in_the_future, and those of inputs and guards.
        SerialsShort: as `decide`.
    Source: PROCEDURES 5
    """
    return decide_opening_and_fold(bound, command, calendar, at)[0]


def decide_opening_and_fold(
    bound: Bound, command: Command, calendar: Calendar, at: datetime
) -> tuple[tuple[Event, ...], State]:
    """As `decide_opening`, with the state after the events."""
    moment = _find_moment(None, command, at)
    rule = _find_rule(bound, command.act)
    if not rule.opening:
        raise Refusal(RefusalCode.NOT_AN_OPENING_ACT, {"act": rule.code}, rule.source)
    grounds = _find_grounds(bound, None, rule, command, None)
    sitting = _sit(bound, command, calendar, at)
    batch = Batch(sitting, None, _who(bound, None, command, grounds), at=moment, key=command.key)
    consent = _judge(batch, None, rule, command, calendar)
    batch.put(
        Opened(
            number=batch.serials.take("case"),
            procedure=bound.procedure,
            version=bound.version,
            item=bound.item,
            item_version=bound.item_version,
            binding=bound.digest,
            channel=command.channel,
            parent=command.parent,
            answers=dict(bound.answers),
        )
    )
    _act(batch, rule, command, consent=consent, branch=None)
    return batch.close()


def decide_child_report(
    bound: Bound, state: State, command: Command, calendar: Calendar, at: datetime
) -> tuple[Event, ...]:
    """What a child case's end makes true for its parent: the branch is settled, by law; no guard can refuse it.

    The command names `branch` and `inputs["verdict"]`, and gives key, serials and hash; act and actor are not read.

    Raises:
        Refusal: no_such_branch, branch_not_open, wrong_state, input_not_a_choice.
    Source: PROCEDURES 13, 14
    """
    sitting = _sit(bound, command, calendar, at)
    silent, state = fall_silent(sitting, state, at)
    branch = command.branch or ""
    found = state.branches.get(branch)
    if found is None:
        raise Refusal(RefusalCode.NO_SUCH_BRANCH, {"branch": branch})
    rule = next((r for r in bound.actions.values() if r.settles == found.group and state.state in r.from_states), None)
    if rule is None:
        raise Refusal(RefusalCode.WRONG_STATE, {"state": state.state})
    told = replace(command, act=rule.code, actor=LAW, sealed={}, parties={})
    found = pick_branch(bound, state, rule, branch)
    who = replace(_who(bound, state, told, _BY_LAW), basis=f"child:{found.child or ''}" if found else "")
    batch = Batch(sitting, state, who, at=max(at, state.last_at), key=command.key)
    _act(batch, rule, told, consent=None, branch=found)
    return (*silent, *batch.close()[0])


_BY_LAW = Grounds(role="law", seat=None, subject=None, basis="")


def _sit(bound: Bound, command: Command, calendar: Calendar, at: datetime) -> Sitting:
    serials = Serials(command.serials)
    return Sitting(bound=bound, calendar=calendar, serials=serials, hash=command.hash, recorded_at=at)


def _find_moment(state: State | None, command: Command, at: datetime) -> datetime:
    """When the act happened: now, or for a late entry when it says, but not before the last act."""
    if state is not None and at < state.history[-1].recorded_at:
        raise Refusal(RefusalCode.BEFORE_LAST_EVENT, {"last_at": state.last_at.isoformat()})
    if command.happened_at is None:
        if state is not None and at < state.last_at:
            raise Refusal(RefusalCode.BEFORE_LAST_EVENT, {"last_at": state.last_at.isoformat()})
        return at
    if command.happened_at.tzinfo is None:
        raise Refusal(RefusalCode.INPUT_NOT_SHAPED, {"input": "happened_at", "kind": "instant"})
    if command.happened_at > at:
        raise Refusal(RefusalCode.IN_THE_FUTURE, {"happened_at": command.happened_at.isoformat()})
    last = find_last_act_at(state)
    if last is not None and command.happened_at < last:
        raise Refusal(RefusalCode.BEFORE_LAST_EVENT, {"last_at": last.isoformat()})
    return command.happened_at


def find_last_act_at(state: State | None) -> datetime | None:
    """When the last act that somebody's authority stands behind happened; remarks and links do not count."""
    acts = (
        event.at
        for event in (state.history if state is not None else ())
        if isinstance(event.body, ACTS) and not isinstance(event.body, Noted | Linked) and state is not None
        if event.seq not in state.struck
    )
    return max(acts, default=None)


def _find_rule(bound: Bound, act: str) -> ActionRule:
    rule = bound.actions.get(act)
    if rule is None:
        raise Refusal(RefusalCode.UNKNOWN_ACT, {"act": act})
    if rule.by == ("law",):
        raise Refusal(RefusalCode.ACT_OF_THE_LAW, {"act": act}, rule.source)
    return rule


def _check_place(bound: Bound, state: State, rule: ActionRule) -> None:
    phase = bound.phase_of(state.state)
    if phase in rule.phases if rule.is_common else state.state in rule.from_states:
        return
    code = RefusalCode.CASE_CLOSED if phase is Phase.CLOSED else RefusalCode.WRONG_STATE
    raise Refusal(code, {"act": rule.code, "state": state.state}, rule.source)


def _find_branch(bound: Bound, state: State, rule: ActionRule, command: Command) -> Branch | None:
    """The branch the act speaks of: named, or the only fitting one that is this actor's."""
    named = _named_branch(command)
    if group_of(rule) is None:
        return None
    if named is not None:
        return state.branches.get(named)
    fitting = [
        each
        for each in find_fitting(bound, state, rule)
        if find_grounds(bound, state, rule.code, command.actor, branch=each.branch) is not None
    ]
    return fitting[0] if len(fitting) == 1 else None


def _named_branch(command: Command) -> str | None:
    named = command.branch or command.inputs.get("branch")
    return named if isinstance(named, str) else None


def _find_grounds(
    bound: Bound, state: State | None, rule: ActionRule, command: Command, branch: Branch | None
) -> Grounds:
    actor, named = command.actor, branch.branch if branch is not None else None
    grounds = find_grounds(bound, state, rule.code, actor, branch=named, parties=command.parties)
    if grounds is not None:
        return grounds
    elsewhere = named is not None and find_grounds(bound, state, rule.code, actor) is not None
    code = RefusalCode.NOT_YOUR_BRANCH if elsewhere else RefusalCode.NOT_YOUR_ROLE
    raise Refusal(code, {"act": rule.code, "roles": rule.by}, rule.source)


def _who(bound: Bound, state: State | None, command: Command, grounds: Grounds) -> Who:
    seat = grounds.seat
    return Who(
        person=command.actor.person,
        post=seat.post if seat is not None else "",
        unit=seat.unit if seat is not None else "",
        dept=seat.dept if seat is not None else "",
        role=grounds.role,
        standing=grounds.standing,
        basis=grounds.basis,
    )


def _judge(batch: Batch, state: State | None, rule: ActionRule, command: Command, calendar: Calendar) -> str | None:
    """Inputs, then guards in file order, then the ceiling of an extension; the consent that is used up."""
    check_inputs(batch.bound, state, rule, command)
    asked = Asked(
        bound=batch.bound,
        state=state,
        rule=rule,
        person=command.actor.person,
        inputs=command.inputs,
        kept=find_kept(rule, command),
        calendar=calendar,
        at=batch.at,
    )
    check_guards(asked)
    _check_tasks(batch.bound, rule, command)
    if state is not None:
        _check_extension(batch.bound, state, rule, command)
    consent = find_used_consent(asked)
    return None if consent is None else consent.branch


def _check_extension(bound: Bound, state: State, rule: ActionRule, command: Command) -> None:
    by = find_extension(bound, state, rule, command.inputs)
    if rule.extends is None or by is None:
        return
    at_most = find_limit(rule.extends.at_most, state.facts)
    run = find_run(state, rule.extends.clock)
    if run is None or run.status is RunStatus.STOPPED or run.until is not None:
        raise Refusal(RefusalCode.LIMIT_NOT_STARTED, {"act": rule.code, "clock": rule.extends.clock}, rule.source)
    if at_most is not None and (not by.is_comparable(at_most) or by > at_most):
        raise Refusal(RefusalCode.TERM_TOO_LONG, {"term": str(by), "at_most": str(at_most)}, rule.source)


def _check_tasks(bound: Bound, rule: ActionRule, command: Command) -> None:
    tasks = command.inputs.get("branches")
    if rule.opens is None or not isinstance(tasks, list):
        return
    kinds = bound.branches[rule.opens].kinds
    to = bound.branches[rule.opens].to
    needs_to = to in bound.roles and bound.roles[to].kind is RoleKind.TARGET
    for task in tasks:
        kind = task.get("kind") if isinstance(task, dict) else None
        if (kinds and kind not in kinds) or (not kinds and kind is not None):
            raise Refusal(RefusalCode.INPUT_NOT_A_CHOICE, {"input": "branches", "value": str(kind)}, rule.source)
        if needs_to and isinstance(task, dict) and "to" not in task:
            raise Refusal(RefusalCode.INPUT_MISSING, {"input": "branches.to"}, rule.source)


def _act(batch: Batch, rule: ActionRule, command: Command, *, consent: str | None, branch: Branch | None) -> None:
    """Write the act and all that follows from it."""
    state = batch.before
    left = START if state is None or not state.state else state.state
    verdict = None
    if branch is not None and (rule.answers is not None or rule.settles is not None):
        verdict = read_verdict(batch.bound, rule, branch, command.inputs)
    moving = state is None or not state.visits or moves(state, rule, branch)
    if branch is not None and rule.settles is not None and moving and rule.to is not None:
        moving = not _opens_more(batch, branch, verdict)
    marks = {mark: date_mark(rule, batch.at, batch.calendar) for mark in rule.marks} if moving or not rule.to else {}
    batch.put(
        Acted(
            act=rule.code,
            left=left,
            entered=find_target_state(state, rule) if moving else left,
            marks=marks,
            inputs=dict(command.inputs),
            sealed={name: text for name, text in command.sealed.items() if not name.startswith("branches.")},
            facts=dict(find_kept(rule, command)),
            parties=dict(command.parties),
            outcome=rule.outcome if moving or not rule.to else None,
            consent=consent,
        )
    )
    receive_materials(batch, command, rule.source)
    if branch is not None:
        _follow(batch, rule, branch, verdict)
    deed = Deed(rule=rule, left=left, marks=marks, inputs=command.inputs, sealed=command.sealed, consent=consent)
    carry_out(batch, deed)


def _follow(batch: Batch, rule: ActionRule, branch: Branch, verdict: str | None) -> None:
    write_branch(batch, rule, branch, verdict)
    follow_branch(batch, rule, branch)
    if rule.settles is not None and branch.child is not None:
        start_branch_limits(batch, open_ready_nodes(batch, branch.group))


def _opens_more(batch: Batch, branch: Branch, verdict: str | None) -> bool:
    """Whether settling this child's branch lets further member items begin, so that the group is not yet done."""
    if branch.child is None or batch.before is None:
        return False
    settled = replace(branch, status=BranchStatus.SETTLED, verdict=verdict)
    after = replace(batch.before, branches={**batch.before.branches, branch.branch: settled})
    return bool(find_ready_nodes(batch.bound, after, branch.group))


def date_mark(rule: ActionRule, at: datetime, calendar: Calendar) -> datetime:
    """The instant an act's marks carry: its own, or the opening of the next working day when it came after hours.

    Source: PROCEDURES 14 (`after_hours`)
    """
    if rule.after_hours != "next_working_day":
        return at
    day = law_day(at)
    local = at.astimezone(LAW_ZONE)
    if calendar.is_working(day) and local.hour * 60 + local.minute < calendar.hours_on(day).spans[-1][1]:
        return at
    following = calendar.add(day, 1)
    begins = calendar.hours_on(following).spans[0][0]
    return datetime.combine(following, time(begins // 60, begins % 60), tzinfo=LAW_ZONE)
