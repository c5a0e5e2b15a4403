"""What administrators do: one proposes, another confirms, and only then something changes (四眼原则).

Who may propose and confirm what stands in `eyes.py`. Nobody decides on the own proposal or on anything about the own
person; that is refused and written down.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction

from zhengtong.accounts import authority, duties
from zhengtong.accounts.authority import Basis
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import Duty
from zhengtong.accounts.queries import (
    Account,
    account_of_person,
    day_of,
    holding_beside,
    letter_matter,
    person_by_ref,
    post_by_code,
)
from zhengtong.administration.eyes import RULES, may_decide
from zhengtong.administration.labels import Decision, ProposalKind
from zhengtong.administration.models import Departure, Proposal
from zhengtong.trail.actions import Who, append
from zhengtong.trail.labels import Book, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What came of a confirmation: a temporary password is shown this once."""

    proposal: Proposal
    password: str = ""


# ---- proposing ------------------------------------------------------------------------------------


def propose(
    *, kind: str, person: str, asked: Mapping[str, object], document: str, by: Account, at: datetime
) -> Proposal:
    """Nothing changes yet. What could never be confirmed is refused at once, with the reason.

    Raises:
        NotPossible: not_your_duty, not_yourself, document_needed, and whatever the change itself refuses.
    """
    whom = person_by_ref(person)
    if by.duty not in RULES[kind].proposes:
        raise NotPossible("not_your_duty")
    if whom.pk == by.person_id:
        _write_refusal("self_grant", whom.ref, by=by, at=at)
        raise NotPossible("not_yourself")
    if not document.strip():
        raise NotPossible("document_needed")
    proposal = Proposal(
        kind=kind, person=whom, asked=dict(asked), document=document.strip(), proposed_by=by, proposed_duty=by.duty,
        proposed_at=at,
    )  # fmt: skip
    CHECKS[kind](proposal, at)
    proposal.save()
    return proposal


def _write_refusal(what: str, about: str, *, by: Account, at: datetime) -> None:
    append(book=Book.REFUSAL, at=at, who=duties.who_is(by), what=what, about=about, outcome=Outcome.REFUSED)


# ---- deciding -------------------------------------------------------------------------------------


def confirm(number: int, *, by: Account, at: datetime, address: str = "") -> Confirmed:
    """The second pair of eyes agrees: the change is made, in one transaction with its entries in the trail.

    Raises:
        NotPossible: already_decided, two_needed, and whatever the change itself refuses.
    """
    _check_eyes(number, by=by, at=at)
    with transaction.atomic():
        proposal = _take(number, Decision.CONFIRMED, by=by, at=at)
        who = duties.who_is(proposal.proposed_by, address=address)
        basis = Basis(who=who, at=at, document=proposal.document, confirmed_by=by.login)
        password = DOES[proposal.kind](proposal, basis, by)
    return Confirmed(proposal=proposal, password=password)


def _check_eyes(number: int, *, by: Account, at: datetime) -> None:
    proposal = Proposal.objects.select_related("person").get(pk=number)
    if proposal.decision:
        raise NotPossible("already_decided")
    if not may_decide(proposal, by):
        own = by.person_id == proposal.person_id
        _write_refusal("self_grant" if own else "same_eyes", proposal.person.ref, by=by, at=at)
        raise NotPossible("not_yourself" if own else "two_needed")


def _take(number: int, decision: Decision, *, by: Account, at: datetime) -> Proposal:
    """Of two who decide at once, one does."""
    rows = Proposal.objects.filter(pk=number, decision="")
    if not rows.update(decision=decision, decided_by=by, decided_at=at):
        raise NotPossible("already_decided")
    return Proposal.objects.select_related("person", "proposed_by").get(pk=number)


def decline(number: int, *, by: Account, at: datetime) -> Proposal:
    _check_eyes(number, by=by, at=at)
    with transaction.atomic():
        proposal = _take(number, Decision.DECLINED, by=by, at=at)
        append(
            book=Book.AUTHORITY, at=at, who=duties.who_is(by), what="declined", about=proposal.person.ref,
            outcome=Outcome.REFUSED, said={"kind": proposal.kind, "document": proposal.document},
        )  # fmt: skip
    return proposal


def withdraw(number: int, *, by: Account, at: datetime) -> Proposal:
    """Only by who proposed it."""
    if not Proposal.objects.filter(pk=number, proposed_by=by).exists():
        raise NotPossible("not_your_duty")
    return _take(number, Decision.WITHDRAWN, by=by, at=at)


# ---- what each kind checks and does -----------------------------------------------------------------


def _day(said: object) -> date:
    return date.fromisoformat(str(said))


def _day_or_none(said: object) -> date | None:
    return _day(said) if said else None


def _account(proposal: Proposal) -> Account:
    account = account_of_person(proposal.person_id)
    if account is None:
        raise NotPossible("no_account")
    return account


def _check_give(proposal: Proposal, at: datetime) -> None:
    duties.check_free(_account(proposal), at)
    duties.check_own_password(_account(proposal))


def _check_take(proposal: Proposal, at: datetime) -> None:
    duties.check_not_last(_account(proposal))


def _check_holdings(proposal: Proposal, at: datetime) -> None:
    authority.check_serves(proposal.person, at)
    account = account_of_person(proposal.person_id)
    if account is not None and account.duty:
        raise NotPossible("is_administrator")
    for each in _seats_of(proposal):
        post = post_by_code(each["post"])
        from_on, until_on = _day(proposal.asked["from_on"]), _day_or_none(proposal.asked.get("until_on"))
        if until_on is not None and until_on < from_on:
            raise NotPossible("dates_reversed")
        if holding_beside(proposal.person_id, post.pk, from_on, until_on):
            raise NotPossible("holding_overlaps")


def _check_joining(proposal: Proposal, at: datetime) -> None:
    if account_of_person(proposal.person_id) is not None:
        raise NotPossible("has_account")
    _check_holdings(proposal, at)


def _check_letter(proposal: Proposal, at: datetime) -> None:
    letter_matter(dict(proposal.asked))


def _check_leaving(proposal: Proposal, at: datetime) -> None:
    authority.check_serves(proposal.person, at)
    last_day = _day(proposal.asked["last_day"])
    if last_day < day_of(at):
        raise NotPossible("already_past")
    if proposal.person.left_on is not None:
        raise NotPossible("already_leaving")
    account = account_of_person(proposal.person_id)
    if account is not None and account.duty:
        raise NotPossible("has_a_duty")
    successors = _successors(proposal)
    for post in authority.empty_posts(proposal.person, last_day):
        whom = successors.get(post.code, "")
        if not whom or whom == proposal.person.ref:
            raise NotPossible("post_left_empty")
        authority.check_serves(person_by_ref(whom), at)


def _seats_of(proposal: Proposal) -> list[dict[str, str]]:
    found = proposal.asked.get("posts", [])
    assert isinstance(found, list)
    return [{"post": str(each["post"]), "role": str(each["role"])} for each in found]


def _successors(proposal: Proposal) -> dict[str, str]:
    found = proposal.asked.get("successors", {})
    assert isinstance(found, dict)
    return {str(post): str(person) for post, person in found.items()}


def _give(proposal: Proposal, basis: Basis, by: Account) -> str:
    duty = Duty(str(proposal.asked["duty"]))
    duties.give(
        _account(proposal), duty, proposed_by=proposal.proposed_by, confirmed_by=by, document=basis.document,
        at=basis.at,
    )  # fmt: skip
    return ""


def _take_duty(proposal: Proposal, basis: Basis, by: Account) -> str:
    duties.take(
        _account(proposal), proposed_by=proposal.proposed_by, confirmed_by=by, document=basis.document, at=basis.at
    )
    return ""


def _hold(proposal: Proposal, basis: Basis, by: Account) -> str:
    """任职; of a move, the posts left end the day before."""
    from_on = _day(proposal.asked["from_on"])
    for row in _ending(proposal):
        authority.end_before(row, proposal.person, from_on, basis=basis)
    for each in _seats_of(proposal):
        authority.appoint(
            person=proposal.person, post=post_by_code(each["post"]), role=each["role"], from_on=from_on,
            until_on=_day_or_none(proposal.asked.get("until_on")), basis=basis,
        )  # fmt: skip
    return ""


def _ending(proposal: Proposal) -> list[int]:
    found = proposal.asked.get("ends", [])
    assert isinstance(found, list)
    return [int(row) for row in found]


def _join(proposal: Proposal, basis: Basis, by: Account) -> str:
    _hold(proposal, basis, by)
    return authority.open_account(proposal.person, basis=basis)


def _issue(proposal: Proposal, basis: Basis, by: Account) -> str:
    asked = dict(proposal.asked)
    powers = asked.get("powers", [])
    assert isinstance(powers, list)
    matter = letter_matter(asked)
    authority.issue_letter(
        number=str(asked["number"]), item=str(asked["item"]), organ=matter.organ, post=matter.post,
        powers=[str(power) for power in powers], from_on=_day(asked["from_on"]),
        until_on=_day_or_none(asked.get("until_on")),
        person=proposal.person if asked.get("personal") else None, basis=basis,
    )  # fmt: skip
    return ""


def _leave(proposal: Proposal, basis: Basis, by: Account) -> str:
    """离任: who follows takes the posts the day after, and everything of the leaver ends on the last day."""
    _check_leaving(proposal, basis.at)
    last_day = _day(proposal.asked["last_day"])
    empty = authority.empty_posts(proposal.person, last_day)
    successors = _successors(proposal)
    followed = {
        post.code: authority.succeed(post, person_by_ref(successors[post.code]), last_day, basis=basis)
        for post in empty
    }
    ended = authority.leave(proposal.person, last_day=last_day, basis=basis)
    Departure.objects.create(
        person=proposal.person, last_day=last_day, document=basis.document, ended={**ended, "followed": followed},
        entered_at=basis.at,
    )  # fmt: skip
    return ""


def undo_leaving(person: str, *, by: Account, who: Who, document: str, at: datetime) -> None:
    """撤销离任, while the last day has not passed: by security alone, for it restores what two had agreed on before.

    Raises:
        NotPossible: not_your_duty, day_has_come, already_ended.
    """
    whom = person_by_ref(person)
    if by.duty != Duty.SECURITY or by.person_id == whom.pk:
        raise NotPossible("not_your_duty")
    basis = Basis(who=who, at=at, document=document)
    with transaction.atomic():
        row = Departure.objects.filter(person=whom, undone_at__isnull=True).order_by("-pk").first()
        if row is None or not Departure.objects.filter(pk=row.pk, undone_at__isnull=True).update(undone_at=at):
            raise NotPossible("already_ended")
        if row.last_day < day_of(at):
            raise NotPossible("day_has_come")
        for holding, before, until_on in row.ended.pop("followed", {}).values():
            authority.take_back(holding, before, until_on, basis=basis)
        authority.come_back(whom, row.ended, basis=basis)


Check = Callable[[Proposal, datetime], None]
Does = Callable[[Proposal, Basis, Account], str]
CHECKS: Final[Mapping[str, Check]] = {
    ProposalKind.DUTY_GIVE: _check_give,
    ProposalKind.DUTY_TAKE: _check_take,
    ProposalKind.JOINING: _check_joining,
    ProposalKind.HOLDING: _check_holdings,
    ProposalKind.LETTER: _check_letter,
    ProposalKind.LEAVING: _check_leaving,
}
DOES: Final[Mapping[str, Does]] = {
    ProposalKind.DUTY_GIVE: _give,
    ProposalKind.DUTY_TAKE: _take_duty,
    ProposalKind.JOINING: _join,
    ProposalKind.HOLDING: _hold,
    ProposalKind.LETTER: _issue,
    ProposalKind.LEAVING: _leave,
}
