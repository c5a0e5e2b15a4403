"""What the pages of the portal read: own drafts, own cases, a case for a party, for a token, for a walk-in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404

from zhengtong.accounts import queries as people
from zhengtong.cases import access
from zhengtong.cases.case_view import CaseRead, read_case
from zhengtong.kernel.authority import Actor, may_read_all
from zhengtong.ledger.queries import Case, get_case_for, is_plain_number
from zhengtong.portal.models import Draft

MOST_CASES = 200


# ---- drafts -----------------------------------------------------------------------------------------


def find_draft(account_id: int, ref: str) -> Draft | None:
    """An own draft, handed in or not."""
    return Draft.objects.filter(account_id=account_id, ref=ref[:32]).first()


def open_drafts(account_id: int) -> list[Draft]:
    """Own drafts that were not handed in, the last touched first."""
    return list(Draft.objects.filter(account_id=account_id, number="").order_by("-updated_at", "pk")[:50])


def open_draft_of(account_id: int, item: str) -> Draft | None:
    rows = Draft.objects.filter(account_id=account_id, item=item, number="")
    return rows.order_by("-updated_at", "pk").first()


# ---- own cases --------------------------------------------------------------------------------------


def own_cases(actor: Actor, *, cases: tuple[str, ...] = ()) -> list[Case]:
    """Cases of the actor's parties, newest first; `cases` are numbers that a power reaches one by one."""
    found: dict[int, Case] = {}
    for ref in sorted(actor.subjects):
        rows = Case.objects.visible_to(actor).read_as("subject", ref).order_by("-opened_at", "-id")
        found.update({case.pk: case for case in rows[:MOST_CASES]})
    return sorted(found.values(), key=lambda case: (case.opened_at, case.pk), reverse=True)[:MOST_CASES]


def scoped_actors(account: people.Account, actor: Actor, at: datetime) -> Iterator[tuple[Actor, str, str]]:
    """An actor for each power that reaches one item or one case only, with that item or case."""
    for power in people.scoped_powers(account, at):
        item = power.scope_ref if power.scope == "item" else ""
        case = power.scope_ref if power.scope == "case" else ""
        yield Actor(person=actor.person, seats=(), subjects={power.principal: power.ref}), item, case


def cases_of(account: people.Account, actor: Actor, at: datetime) -> list[Case]:
    """All cases of an account: own, of firms and principals, and those that a narrower power reaches."""
    found = {case.pk: case for case in own_cases(actor)}
    for narrow, item, number in scoped_actors(account, actor, at):
        for case in own_cases(narrow):
            if item in ("", case.item) and number in ("", case.number):
                found[case.pk] = case
    return sorted(found.values(), key=lambda case: (case.opened_at, case.pk), reverse=True)[:MOST_CASES]


# ---- one case ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A case as one visitor sees it; `actor` is None for who may only look, as the party `proved`."""

    case: CaseRead
    actor: Actor | None
    proved: str = ""

    @property
    def reader(self) -> Actor:
        """As whom the visitor reads."""
        return self.actor or Actor(person=self.proved, seats=(), subjects={self.proved: "own"})

    @property
    def is_whole(self) -> bool:
        """Whether the visitor reads all of it: a third party (利害关系人) reads where it stands, no words of others."""
        return may_read_all(self.case.bound, self.case.state, self.reader)

    @property
    def subject(self) -> str:
        """The party the visitor stands for."""
        parties, held = self.case.state.parties.values(), self.reader.subjects
        return next((ref for ref in parties if ref in held), next(iter(parties), ""))


def see_case(account: people.Account, actor: Actor, number: str, at: datetime) -> Sight:
    """The case with this number, for a party.

    Raises:
        Http404: it is not there, or not for them; nobody can tell which.
    """
    try:
        row = get_case_for(actor, number)
    except Http404:
        row, actor = _by_narrow_power(account, actor, number, at)
    return Sight(case=read_case(row.pk, at), actor=actor)


def _by_narrow_power(account: people.Account, actor: Actor, number: str, at: datetime) -> tuple[Case, Actor]:
    for narrow, item, case in scoped_actors(account, actor, at):
        is_asked = case in ("", number) and is_plain_number(number)
        found = Case.objects.visible_to(narrow).filter(number=number).first() if is_asked else None
        if found is not None and item in ("", found.item):
            return found, narrow
    raise Http404


def read_by_number(number: str, at: datetime) -> CaseRead | None:
    """A case by its number alone. Only for who has proved something else: a token or a query password."""
    found = Case.objects.filter(number=number).values_list("pk", flat=True).first() if _is_plain(number) else None
    return None if found is None else read_case(found, at)


def _is_plain(number: str) -> bool:
    return number.isascii() and number.isalnum() and len(number) <= 40


def case_of_token(token: str, at: datetime) -> CaseRead | None:
    """The case behind the QR of a receipt; None when we did not write the token."""
    number = access.number_of(token[:80])
    return None if number is None else read_by_number(number, at)


def holder_of(number: str, password: str, certificate: str, at: datetime) -> tuple[CaseRead, str] | None:
    """The case and its party, for who knows number, query password and the party's certificate number."""
    case = read_by_number(number, at) if _is_plain(number) else None
    if case is None or not access.is_password(number, password):
        return None
    holder = next((ref for ref in case.state.parties.values() if people.holds_number(ref, certificate)), None)
    return None if holder is None else (case, holder)


def party_names(refs: list[str]) -> Mapping[str, str]:
    """Masked names of subjects, as their own pages show them."""
    return {ref: view.name for ref, view in people.masked_subjects(refs).items()}
