"""Branches (并行事项): work beside the case: opinions, special procedures, tasks, child cases, and consents.

A group that is answered first goes opened, taken, answered, settled; any other is opened and settled.
A consent (批复) is a branch of the built-in group, for one act, from one rank, used once.
"""

from collections.abc import Mapping

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.events import Json
from zhengtong.kernel.procedures import ActionRule
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.states import Branch, BranchStatus, State

CONSENT = "consent"
VOID = "void"


def find_open(state: State, group: str) -> tuple[Branch, ...]:
    """The branches of a group that are not settled, in order of opening."""
    return tuple(each for each in state.branches.values() if each.group == group and is_open(each))


def is_open(branch: Branch) -> bool:
    """Whether a branch is still to be settled."""
    return branch.status is not BranchStatus.SETTLED


def is_answered_first(bound: Bound, group: str) -> bool:
    """Whether a group is answered before it is settled."""
    return any(rule.answers == group for rule in bound.actions.values())


def is_taken_first(bound: Bound, group: str) -> bool:
    """Whether a group is signed for before it is answered."""
    return any(rule.takes == group for rule in bound.actions.values())


def find_fitting(bound: Bound, state: State, rule: ActionRule) -> tuple[Branch, ...]:
    """The open branches an act may speak of now, by the status each one has."""
    group = group_of(rule)
    if group is None:
        return ()
    return tuple(each for each in find_open(state, group) if find_obstacle(bound, rule, each) is None)


def group_of(rule: ActionRule) -> str | None:
    """The group an act takes, answers, returns or settles; the group of consents for the act that gives them."""
    return CONSENT if rule.does == "consent_given" else rule.takes or rule.answers or rule.returns or rule.settles


def find_obstacle(bound: Bound, rule: ActionRule, branch: Branch) -> RefusalCode | None:
    """Why an act cannot speak of a branch in its present status."""
    status = branch.status
    if status is BranchStatus.SETTLED:
        return RefusalCode.BRANCH_NOT_OPEN
    if rule.takes and status is not BranchStatus.OPEN:
        return RefusalCode.BRANCH_NOT_OPEN
    if rule.answers:
        if status is BranchStatus.ANSWERED:
            return RefusalCode.BRANCH_NOT_OPEN
        if status is BranchStatus.OPEN and is_taken_first(bound, rule.answers):
            return RefusalCode.BRANCH_NOT_TAKEN
    awaited = rule.returns or rule.settles
    if awaited and status is not BranchStatus.ANSWERED and is_answered_first(bound, awaited):
        return RefusalCode.BRANCH_NOT_ANSWERED
    return None


def pick_branch(bound: Bound, state: State, rule: ActionRule, branch: str | None) -> Branch | None:
    """The branch an act speaks of: the one named, or the only one that fits.

    Raises:
        Refusal: no_such_branch, branch_not_open, branch_not_taken, branch_not_answered.
    """
    group = group_of(rule)
    if group is None:
        return None
    if branch is None:
        fitting = find_fitting(bound, state, rule)
        if len(fitting) == 1:
            return fitting[0]
        if fitting or not find_open(state, group):
            raise Refusal(RefusalCode.NO_SUCH_BRANCH, {"group": group, "branch": ""}, rule.source)
        branch = find_open(state, group)[0].branch
    found = state.branches.get(branch)
    if found is None or found.group != group:
        raise Refusal(RefusalCode.NO_SUCH_BRANCH, {"group": group, "branch": branch}, rule.source)
    obstacle = find_obstacle(bound, rule, found)
    if obstacle is not None:
        raise Refusal(obstacle, {"group": group, "branch": branch}, rule.source)
    return found


def read_verdict(bound: Bound, rule: ActionRule, branch: Branch, inputs: Mapping[str, Json]) -> str | None:
    """The verdict an answer or a settlement gives: the input's, else the answer's own, else the group's only one.

    Raises:
        Refusal: input_missing, input_not_a_choice.
    """
    group = bound.branches.get(branch.group)
    choices = tuple(group.verdicts) if group is not None else ()
    verdict = inputs.get("verdict", branch.verdict)
    if verdict is None and len(choices) == 1:
        verdict = choices[0]
    if verdict is None:
        if not choices:
            return None
        raise Refusal(RefusalCode.INPUT_MISSING, {"input": "verdict"}, rule.source)
    if not isinstance(verdict, str) or (choices and verdict not in choices):
        raise Refusal(RefusalCode.INPUT_NOT_A_CHOICE, {"input": "verdict", "value": str(verdict)}, rule.source)
    return verdict


def is_last(state: State, branch: Branch) -> bool:
    """Whether no other branch of the group is open."""
    return all(other.branch == branch.branch for other in find_open(state, branch.group))


def find_stranded(bound: Bound, state: State, entered: str) -> tuple[Branch, ...]:
    """The open branches that nothing can settle any more in a state: they become void.

    Source: PROCEDURES 5(9)
    """
    return tuple(
        each for each in state.branches.values() if is_open(each) and not _can_be_settled(bound, each.group, entered)
    )


def _can_be_settled(bound: Bound, group: str, state: str) -> bool:
    if group == CONSENT:
        phase = bound.phase_of(state)
        return any(rule.does == "consent_given" and phase in rule.phases for rule in bound.actions.values())
    return any(rule.settles == group and state in rule.from_states for rule in bound.actions.values())


# ---- consents -------------------------------------------------------------------------------------


def find_consent(state: State, act: str, rank: str, person: str) -> Branch | None:
    """A granted consent for the act, of that rank, not used yet, given by somebody else; the oldest first.

    Source: PROCEDURES 2 (guards), 4
    """
    granted = find_granted(state, act, rank)
    return next((each for each in granted if each.settled_by != person), None)


def find_granted(state: State, act: str, rank: str) -> tuple[Branch, ...]:
    """The granted consents for an act by a rank that are not used up, whoever gave them."""
    return tuple(
        each
        for each in state.branches.values()
        if (each.group, each.kind, each.to, each.verdict, each.used) == (CONSENT, act, rank, "granted", False)
        if each.status is BranchStatus.SETTLED
    )


# ---- child cases ----------------------------------------------------------------------------------


def find_ready_nodes(bound: Bound, state: State | None, group: str) -> tuple[Mapping[str, Json], ...]:
    """The member items of a theme that may begin: not begun yet, and all they wait for settled well.

    A node is `{item, after?, to?}`; the group's first verdict is the good one. Without order all begin at once.
    Source: PROCEDURES 3 (the DAG belongs to the item)
    """
    rule = bound.branches.get(group)
    if rule is None or not rule.children:
        return ()
    begun = {each.kind: each for each in (state.branches.values() if state else ()) if each.group == group}
    ready = []
    for node in bound.nodes:
        item, after = node.get("item"), node.get("after", [])
        if item in begun or not isinstance(after, list):
            continue
        waits = [begun.get(name if isinstance(name, str) else None) for name in after] if rule.ordered else []
        if all(each is not None and each.verdict == next(iter(rule.verdicts), None) for each in waits):
            ready.append(node)
    return tuple(ready)
