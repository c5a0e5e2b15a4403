"""Choices (可办事项): what an actor could do in a case now, why the rest is refused, and which numbers an act needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from zhengtong.kernel.authority import Actor, find_grounds
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.branches import find_obstacle, find_open, find_ready_nodes, group_of
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.events import Inputs, Standing
from zhengtong.kernel.guards import Asked, check_guards
from zhengtong.kernel.mistakes import check_revertible
from zhengtong.kernel.procedures import ActionRule
from zhengtong.kernel.refusals import Param, Refusal, RefusalCode
from zhengtong.kernel.reissuing import find_serials_of
from zhengtong.kernel.silence import find_silent_serials, find_state_at
from zhengtong.kernel.states import State


@dataclass(frozen=True, slots=True, kw_only=True)
class ActChoice:
    """An act the actor's role allows here; `refusal` says why a guard refuses it now (code, params, source)."""

    act: str
    name: str
    role: str
    post: str
    standing: Standing
    branches: tuple[str, ...]
    refusal: tuple[RefusalCode, Mapping[str, Param], str] | None


def find_acts(bound: Bound, state: State, actor: Actor, calendar: Calendar, at: datetime) -> tuple[ActChoice, ...]:
    """Each act this actor could do here by state and role, in file order; silence that is due counts as done.

    Guards that judge an input are left open until it is given.
    """
    state = find_state_at(bound, state, calendar, at)
    choices = (_find_choice(bound, state, rule, actor, calendar, at) for rule in bound.acts_in[state.state])
    return tuple(choice for choice in choices if choice is not None)


def _find_choice(
    bound: Bound, state: State, rule: ActionRule, actor: Actor, calendar: Calendar, at: datetime
) -> ActChoice | None:
    group = group_of(rule)
    mine = [
        each
        for each in (find_open(state, group) if group is not None else ())
        if find_grounds(bound, state, rule.code, actor, branch=each.branch) is not None
    ]
    if group is not None and not mine:
        return None
    grounds = find_grounds(bound, state, rule.code, actor, branch=mine[0].branch if mine else None)
    if grounds is None:
        return None
    fitting = tuple(each.branch for each in mine if find_obstacle(bound, rule, each) is None)
    refusal = _find_refusal(bound, state, rule, actor, calendar, at)
    if refusal is None and mine and not fitting:
        code = find_obstacle(bound, rule, mine[0])
        assert code is not None
        refusal = (code, {"group": mine[0].group, "branch": mine[0].branch}, rule.source)
    return ActChoice(
        act=rule.code,
        name=rule.name,
        role=grounds.role,
        post=grounds.seat.post if grounds.seat is not None else "",
        standing=grounds.standing,
        branches=fitting,
        refusal=refusal,
    )


def _find_refusal(
    bound: Bound, state: State, rule: ActionRule, actor: Actor, calendar: Calendar, at: datetime
) -> tuple[RefusalCode, Mapping[str, Param], str] | None:
    asked = Asked(
        bound=bound,
        state=state,
        rule=rule,
        person=actor.person,
        inputs=None,
        kept={},
        calendar=calendar,
        at=max(at, state.last_at),
    )
    try:
        check_guards(asked)
        if rule.does == "reverted":
            check_revertible(bound, state, rule.source)
    except Refusal as refusal:
        return (refusal.code, refusal.params, refusal.source)
    return None


def find_serials(
    bound: Bound, state: State | None, act: str, calendar: Calendar, at: datetime, inputs: Inputs = MappingProxyType({})
) -> tuple[str, ...]:
    """The keys of the numbers a command needs, with repetition: of silence that is due by `at`, then of the act.

    `at` is the instant of writing, for a late entry too. Tasks of a group with child cases need one `child` each on
    top. `inputs` matter to a correction, which has papers issued again.
    """
    needed: tuple[str, ...] = ()
    if state is not None:
        needed, state = find_silent_serials(bound, state, calendar, at)
    rule = bound.actions.get(act)
    if rule is None:
        return needed
    own = ["case"] if rule.opening else []
    if rule.does == "corrected" and state is not None:
        own += find_serials_of(state, inputs.get("path"))
    group = rule.opens or rule.settles
    if group is not None and bound.branches[group].children:
        begun = [] if state is None else [each for each in state.branches.values() if each.group == group]
        ready = len(find_ready_nodes(bound, state, group)) if rule.opens else len(bound.nodes) - len(begun)
        own += ["child"] * ready
    own += [f"document:{code}" for code in rule.issues]
    if rule.produces is not None:
        own.append(f"result:{rule.produces}")
    return (*needed, *own)
