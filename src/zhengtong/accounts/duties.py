"""三员分立: giving and taking the three duties of administration. Two administrators of different duties stand behind
every change, neither of them the person concerned. Who holds a post has no duty, and each duty keeps a holder.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import AccountKind, Duty
from zhengtong.accounts.models import Account, Delegation, PostHolding
from zhengtong.accounts.queries import day_of
from zhengtong.trail.actions import Who, append
from zhengtong.trail.labels import Book


def who_is(account: Account, *, address: str = "") -> Who:
    """An administrator as the trail names one."""
    return Who(login=account.login, person=f"p-{account.person_id}", duty=account.duty, address=address)


def appoint_first(holders: Mapping[Duty, Account], *, document: str, at: datetime) -> None:
    """The first three of an installation: three people, while nobody has a duty yet.

    Raises:
        NotPossible: administrators_exist, two_needed, holds_posts, document_needed.
    """
    if Account.objects.exclude(duty="").exists():
        raise NotPossible("administrators_exist")
    if set(holders) != set(Duty) or len({account.pk for account in holders.values()}) != len(Duty):
        raise NotPossible("two_needed")
    _check_document(document)
    with transaction.atomic():
        for duty, account in holders.items():
            check_free(account, at)
            installer = Who(login="init")
            _set(account, duty, who=installer, what="duty.first", document=document, confirmed_by="", at=at)


def check_two(*, proposed_by: Account, confirmed_by: Account, about: Account | None) -> None:
    """Two administrators of different duties, and neither is whom it concerns.

    Raises:
        NotPossible: not_yourself, two_needed.
    """
    if about is not None and about.pk in (proposed_by.pk, confirmed_by.pk):
        raise NotPossible("not_yourself")
    both = (proposed_by, confirmed_by)
    if not all(each.duty and each.is_active for each in both) or proposed_by.duty == confirmed_by.duty:
        raise NotPossible("two_needed")


def check_free(account: Account, at: datetime) -> None:
    """Whether this account may have a duty: of staff that serves, without a duty and without a post.

    Raises:
        NotPossible: no_account, has_a_duty, holds_posts.
    """
    person = account.person
    left = person is not None and person.left_on is not None and person.left_on < day_of(at)
    if account.kind != AccountKind.STAFF or not account.is_active or person is None or left:
        raise NotPossible("no_account")
    if account.duty:
        raise NotPossible("has_a_duty")
    delegated = Delegation.objects.filter(to_person=person, revoked_at__isnull=True, until_on__gte=day_of(at))
    if PostHolding.objects.overlapping(day_of(at), None).filter(person=person).exists() or delegated.exists():
        raise NotPossible("holds_posts")


def check_own_password(account: Account) -> None:
    """Nobody but its owner may know how to open an account that gets a duty."""
    if account.password_is_temporary:
        raise NotPossible("not_signed_in_yet")


def give(
    account: Account, duty: Duty, *, proposed_by: Account, confirmed_by: Account, document: str, at: datetime
) -> None:
    check_two(proposed_by=proposed_by, confirmed_by=confirmed_by, about=account)
    check_free(account, at)
    check_own_password(account)
    _check_document(document)
    who = who_is(proposed_by)
    _set(account, duty, who=who, what="duty.give", document=document, confirmed_by=confirmed_by.login, at=at)


def take(
    account: Account, *, proposed_by: Account, confirmed_by: Account, document: str, at: datetime
) -> None:  # fmt: skip
    check_two(proposed_by=proposed_by, confirmed_by=confirmed_by, about=account)
    _check_document(document)
    check_not_last(account)
    who = who_is(proposed_by)
    _set(account, None, who=who, what="duty.take", document=document, confirmed_by=confirmed_by.login, at=at)


def check_not_last(account: Account) -> None:
    """A duty never stands empty: whoever follows is given it first."""
    others = Account.objects.filter(duty=account.duty, is_active=True).exclude(pk=account.pk)
    if not account.duty or not others.filter(person__left_on__isnull=True).exists():
        raise NotPossible("last_of_its_duty")


def _set(  # noqa: PLR0913 - what the entry must name
    account: Account, duty: Duty | None, *, who: Who, what: str, document: str, confirmed_by: str, at: datetime
) -> None:
    before, after = account.duty, duty.value if duty else ""
    with transaction.atomic():
        append(
            book=Book.AUTHORITY, at=at, who=who, what=what, about=f"p-{account.person_id}",
            said={"before": before, "after": after, "document": document, "confirmed_by": confirmed_by},
        )  # fmt: skip
        account.duty, account.duty_since = after, day_of(at) if duty else None
        account.save(update_fields=["duty", "duty_since"])


def _check_document(document: str) -> None:
    if not document.strip():
        raise NotPossible("document_needed")
