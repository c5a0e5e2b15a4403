"""Whose eyes a change of authority needs: which duties may propose it, and which may confirm."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from zhengtong.accounts.labels import Duty
from zhengtong.accounts.queries import Account
from zhengtong.administration.labels import ProposalKind
from zhengtong.administration.models import Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which duties may propose, and which may confirm. `needs`: one of the two must have this duty."""

    proposes: frozenset[str]
    confirms: frozenset[str]
    needs: str = ""


_ALL: Final = frozenset(Duty.values)
_TWO: Final = frozenset({Duty.SYSTEM.value, Duty.SECURITY.value})
RULES: Final[Mapping[str, Rule]] = {
    ProposalKind.DUTY_GIVE: Rule(proposes=_ALL, confirms=_ALL),
    ProposalKind.DUTY_TAKE: Rule(proposes=_ALL, confirms=_ALL),
    ProposalKind.JOINING: Rule(proposes=_TWO, confirms=_TWO, needs=Duty.SECURITY),
    ProposalKind.HOLDING: Rule(proposes=_TWO, confirms=_TWO, needs=Duty.SECURITY),
    ProposalKind.LETTER: Rule(proposes=_TWO, confirms=_TWO, needs=Duty.SECURITY),
    ProposalKind.LEAVING: Rule(proposes=_TWO, confirms=_TWO, needs=Duty.SECURITY),
}


def may_decide(proposal: Proposal, by: Account) -> bool:
    """Whether this administrator may confirm or decline: another duty than the proposer's, not the own person."""
    rule = RULES[proposal.kind]
    if proposal.decision or by.pk == proposal.proposed_by_id or by.person_id == proposal.person_id:
        return False
    two = {by.duty, proposal.proposed_duty}
    return by.duty in rule.confirms and len(two) > 1 and (not rule.needs or rule.needs in two)
