"""Changes of who stands where (任免、授权), each written to the audit trail in the same transaction: before, after, on
what document, who proposed and who confirmed. The pages use these; `actions.py` holds the bare acts.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from zhengtong.accounts import actions
from zhengtong.accounts.duties import check_not_last
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import HoldingRole
from zhengtong.accounts.lockout import unlock
from zhengtong.accounts.models import (
    Account,
    AuthorisationLetter,
    Delegation,
    Person,
    Post,
    PostHolding,
    Unit,
)
from zhengtong.accounts.passwords import issue_temporary_password
from zhengtong.accounts.queries import day_of
from zhengtong.accounts.second_factors import has_second, reset_factors
from zhengtong.accounts.sessions import end_all
from zhengtong.accounts.signing_in import open_staff_account
from zhengtong.trail.actions import Who, append
from zhengtong.trail.labels import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """By whom, when, on what paper, and who looked at it a second time (a login; empty where one pair of eyes does)."""

    who: Who
    at: datetime
    document: str = ""
    confirmed_by: str = ""


def note(basis: Basis, what: str, about: str, **said: object) -> None:
    """An entry in the book of authority."""
    common = {"document": basis.document, "confirmed_by": basis.confirmed_by}
    append(book=Book.AUTHORITY, at=basis.at, who=basis.who, what=what, about=about, said={**common, **said})


# ---- people -------------------------------------------------------------------------------------


def enter_person(*, number: str, name: str, name_en: str, basis: Basis) -> Person:
    """登记人员: who somebody is; it gives no authority and no account."""
    if Person.objects.filter(number=number).exists() or Account.objects.filter(login=number).exists():
        raise NotPossible("person_number_taken")
    with transaction.atomic():
        person = Person.objects.create(number=number, name=name, name_en=name_en)
        note(basis, "person.enter", person.ref, number=number)
    return person


def rename_person(person: Person, *, name: str, name_en: str, basis: Basis) -> None:
    with transaction.atomic():
        note(basis, "person.change", person.ref, before=person.name, after=name)
        person.name, person.name_en = name, name_en
        person.save(update_fields=["name", "name_en"])


# ---- posts --------------------------------------------------------------------------------------


def appoint(
    *, person: Person, post: Post, role: str, from_on: date, until_on: date | None, basis: Basis
) -> PostHolding:
    """任职, on a document."""
    check_serves(person, basis.at)
    if Account.objects.filter(person=person).exclude(duty="").exists():
        raise NotPossible("is_administrator")
    with transaction.atomic():
        note(basis, "holding.give", person.ref, post=post.code, role=role, from_on=from_on, until_on=until_on)
        return actions.hold_post(
            person=person, post=post, role=role, from_on=from_on, until_on=until_on, document=basis.document
        )


def check_serves(person: Person, at: datetime) -> None:
    if person.left_on is not None and person.left_on < day_of(at):
        raise NotPossible("has_left")


def end_holding(holding: PostHolding, *, until_on: date, basis: Basis) -> None:
    """免职: the last day is the one given."""
    with transaction.atomic():
        note(
            basis, "holding.end", holding.person.ref, post=holding.post.code, role=holding.role,
            before=holding.until_on, after=until_on,
        )  # fmt: skip
        actions.end_holding(holding, until_on=until_on)


def end_before(row: int, person: Person, from_on: date, *, basis: Basis) -> None:
    """Of somebody who moves: the post left ends the day before the new one begins."""
    holding = PostHolding.objects.select_related("post", "person").get(pk=row, person=person)
    if holding.from_on >= from_on:
        void_holding(holding, basis=basis)
    else:
        end_holding(holding, until_on=from_on - timedelta(days=1), basis=basis)


def void_holding(holding: PostHolding, *, basis: Basis) -> None:
    """A holding that has not begun, or began today, holds no more: the row stays, and says so."""
    if holding.from_on < day_of(basis.at):
        raise NotPossible("already_past")
    with transaction.atomic():
        note(basis, "holding.end", holding.person.ref, post=holding.post.code, role=holding.role, after=None)
        holding.voided_at = basis.at
        holding.save(update_fields=["voided_at"])


def take_back(holding: int, earlier: int | None, until_on: object, *, basis: Basis) -> None:
    """Of a leaving that is undone: who was to follow does not, and goes on as B role where that had ended for it."""
    void_holding(PostHolding.objects.select_related("post", "person").get(pk=holding), basis=basis)
    if earlier is not None:
        row = PostHolding.objects.select_related("post", "person").get(pk=earlier)
        note(basis, "holding.give", row.person.ref, post=row.post.code, role=row.role, from_on=row.from_on)
        row.until_on = date.fromisoformat(str(until_on)) if until_on else None
        row.save(update_fields=["until_on"])


def succeed(post: Post, person: Person, last_day: date, *, basis: Basis) -> list[object]:
    """Who follows holds the post as A role from the next day; a B role of the same post ends for it.

    The answer is what `take_back` needs to undo it.
    """
    next_day = last_day + timedelta(days=1)
    rows = PostHolding.objects.overlapping(next_day, None).filter(person=person, post=post, role=HoldingRole.B)
    before = rows.select_related("post", "person").first()
    said: list[object] = [None, None]
    if before is not None:
        said = [before.pk, before.until_on.isoformat() if before.until_on else None]
        end_before(before.pk, person, next_day, basis=basis)
    holding = appoint(person=person, post=post, role=HoldingRole.A, from_on=next_day, until_on=None, basis=basis)
    return [holding.pk, *said]


# ---- letters and delegations -----------------------------------------------------------------------


def issue_letter(  # noqa: PLR0913 - the columns of one row, all named
    *, number: str, item: str, organ: Unit, post: Post, powers: Sequence[str], from_on: date, until_on: date | None,
    person: Person | None, basis: Basis,
) -> AuthorisationLetter:  # fmt: skip
    with transaction.atomic():
        about = person.ref if person else post.code
        note(basis, "letter.issue", about, number=number, item=item, post=post.code, powers=list(powers),
             from_on=from_on, until_on=until_on)  # fmt: skip
        return actions.issue_letter(
            number=number, item=item, organ=organ, post=post, powers=powers, from_on=from_on, until_on=until_on,
            person=person,
        )  # fmt: skip


def revoke_letter(letter: AuthorisationLetter, *, on: date, basis: Basis) -> None:
    with transaction.atomic():
        about = letter.person.ref if letter.person else letter.post.code
        note(basis, "letter.revoke", about, number=letter.number, after=on)
        actions.revoke_letter(letter, on=on)


def delegate(*, from_person: Person, asked: Mapping[str, object], basis: Basis) -> Delegation:
    """岗位委托, by the holder of the post; `asked`: post, to_person, from_on, until_on, document."""
    to_person = Person.objects.get(pk=int(str(asked["to_person"]).removeprefix("p-")))
    if Account.objects.filter(person=to_person).exclude(duty="").exists():
        raise NotPossible("is_administrator")
    check_serves(to_person, basis.at)
    with transaction.atomic():
        note(basis, "delegation.give", to_person.ref, giver=from_person.ref,
             **{name: asked[name] for name in ("post", "from_on", "until_on")})  # fmt: skip
        return actions.delegate_by_code(from_person=from_person, at=basis.at, **asked)  # type: ignore[arg-type]  # values of a form, typed there


def revoke_delegation(delegation: Delegation, *, basis: Basis) -> None:
    with transaction.atomic():
        note(basis, "delegation.revoke", delegation.to_person.ref, post=delegation.post.code,
             giver=delegation.from_person.ref)  # fmt: skip
        actions.revoke_delegation(delegation, at=basis.at)


def end_row(kind: str, row: int, person: Person, *, basis: Basis) -> None:
    """A holding, a letter or a delegation of this person ends today."""
    today = day_of(basis.at)
    try:
        match kind:
            case "holding":
                end_before(row, person, today, basis=basis)
            case "letter":
                revoke_letter(AuthorisationLetter.objects.get(pk=row, person=person), on=today, basis=basis)
            case _:
                about = Delegation.objects.filter(Q(from_person=person) | Q(to_person=person))
                revoke_delegation(about.select_related("post", "from_person", "to_person").get(pk=row), basis=basis)
    except (PostHolding.DoesNotExist, AuthorisationLetter.DoesNotExist, Delegation.DoesNotExist) as absent:
        raise NotPossible("already_ended") from absent


# ---- leaving --------------------------------------------------------------------------------------


def empty_posts(person: Person, last_day: date) -> tuple[Post, ...]:
    """The posts that nobody would hold as A role on the day after this person's last one."""
    after = last_day + timedelta(days=1)
    held = PostHolding.objects.on(last_day).filter(person=person, role=HoldingRole.A)
    held = held.select_related("post__unit__parent")
    others = PostHolding.objects.on(after).exclude(person=person).filter(role=HoldingRole.A)
    staffed = set(others.filter(post__in=held.values("post")).values_list("post_id", flat=True))
    return tuple(row.post for row in held.order_by("post__code") if row.post_id not in staffed)


def leave(person: Person, *, last_day: date, basis: Basis) -> dict[str, object]:
    """离任: everything that gives this person authority ends on the last day. The answer says how to put it back.

    The account closes by itself when the day is over; nothing has to run for that.
    """
    before_day = PostHolding.objects.overlapping(last_day, None).filter(person=person).select_related("post", "person")
    ended: dict[str, object] = {"holdings": [], "letters": [], "delegations": []}
    with transaction.atomic():
        note(basis, "departure.enter", person.ref, last_day=last_day)
        ended["holdings"] = [_end_for_leaving(row, last_day, basis.at) for row in before_day.order_by("pk")]
        ended["letters"] = [_cut_letter(row, last_day) for row in _letters_of(person, last_day)]
        ended["delegations"] = [_cut_delegation(row, last_day, basis.at) for row in _delegations_of(person, last_day)]
        person.left_on = last_day
        person.save(update_fields=["left_on"])
    return ended


def _end_for_leaving(row: PostHolding, last_day: date, at: datetime) -> list[object]:
    """One that was to begin later never does."""
    before = row.until_on.isoformat() if row.until_on else None
    if row.from_on > last_day:
        row.voided_at = at
    else:
        row.until_on = last_day
    row.save(update_fields=["until_on", "voided_at"])
    return [row.pk, before]


def _letters_of(person: Person, last_day: date) -> list[AuthorisationLetter]:
    rows = AuthorisationLetter.objects.overlapping(last_day + timedelta(days=1), None)
    return list(rows.filter(person=person, revoked_on__isnull=True).order_by("pk"))


def _cut_letter(row: AuthorisationLetter, last_day: date) -> list[object]:
    row.revoked_on = last_day + timedelta(days=1)
    row.save(update_fields=["revoked_on"])
    return [row.pk, None]


def _delegations_of(person: Person, last_day: date) -> list[Delegation]:
    rows = Delegation.objects.overlapping(last_day + timedelta(days=1), None).filter(revoked_at__isnull=True)
    return [*rows.filter(from_person=person).order_by("pk"), *rows.filter(to_person=person).order_by("pk")]


def _cut_delegation(row: Delegation, last_day: date, at: datetime) -> list[object]:
    """One that has begun ends with the last day; one that was to begin later is revoked at once."""
    before = row.until_on.isoformat()
    if row.from_on > last_day:
        row.revoked_at = at
    else:
        row.until_on = last_day
    row.save(update_fields=["revoked_at", "until_on"])
    return [row.pk, before]


def come_back(person: Person, ended: Mapping[str, Sequence[Sequence[Any]]], *, basis: Basis) -> None:
    """撤销离任, before the day has come: what was ended goes on as it was."""
    if person.left_on is None or person.left_on < day_of(basis.at):
        raise NotPossible("day_has_come")
    with transaction.atomic():
        note(basis, "departure.undo", person.ref, last_day=person.left_on)
        for pk, before in ended.get("holdings", ()):
            PostHolding.objects.filter(pk=pk, person=person).update(until_on=before, voided_at=None)
        for pk, _before in ended.get("letters", ()):
            AuthorisationLetter.objects.filter(pk=pk, person=person).update(revoked_on=None)
        for pk, before in ended.get("delegations", ()):
            Delegation.objects.filter(pk=pk).update(until_on=before, revoked_at=None)
        person.left_on = None
        person.save(update_fields=["left_on"])


# ---- accounts of staff -----------------------------------------------------------------------------


def open_account(person: Person, *, basis: Basis) -> str:
    """开通账号, with a temporary password that is good for choosing an own one; the answer is shown once."""
    check_serves(person, basis.at)
    if Account.objects.filter(person=person).exists():
        raise NotPossible("has_account")
    with transaction.atomic():
        note(basis, "account.open", person.ref, login=person.number)
        account = open_staff_account(person=person, password=secrets.token_urlsafe(24))
        return issue_temporary_password(account, by=basis.who.person, at=basis.at)


def do_to_account(act: str, person: Person, account: Account | None, *, basis: Basis) -> str:
    """What the security administrator chose on the person's page; the answer is a temporary password, or nothing."""
    if account is None:
        return open_account(person, basis=basis)
    match act:
        case "unlock":
            unlock_account(account, basis=basis)
        case "factors":
            reset_account_factors(account, basis=basis)
        case "password":
            return issue_password(account, basis=basis)
        case "sessions":
            end_account_sessions(account, basis=basis)
        case "close":
            close_account(account, basis=basis)
        case "reopen":
            reopen_account(account, basis=basis)
    return ""


def issue_password(account: Account, *, basis: Basis) -> str:
    """Of an administrator only while the second factor stays the person's own: both in one hand were two duties."""
    if account.duty and not has_second(account):
        raise NotPossible("one_hand")
    with transaction.atomic():
        note(basis, "account.temporary_password", f"p-{account.person_id}")
        end_all(account, by=basis.who.person, at=basis.at)
        return issue_temporary_password(account, by=basis.who.person, at=basis.at)


def unlock_account(account: Account, *, basis: Basis) -> None:
    with transaction.atomic():
        note(basis, "account.unlock", f"p-{account.person_id}")
        unlock(account, by=basis.who.person, at=basis.at)


def reset_account_factors(account: Account, *, basis: Basis) -> None:
    """Of an administrator only while the password is the person's own."""
    if account.duty and account.password_is_temporary:
        raise NotPossible("one_hand")
    with transaction.atomic():
        note(basis, "account.factors_reset", f"p-{account.person_id}")
        reset_factors(account, by=basis.who.person, at=basis.at)


def rescue(account: Account, *, document: str, at: datetime) -> str:
    """For an administrator whom no other can help, at the machine itself (`zhengtong rescue`): both ways in anew.

    Pages never renew the two together. Whoever may run commands here could write to the database anyhow, and leaves
    this entry in the trail instead.

    Raises:
        NotPossible: not_your_duty, the account has none.
    """
    if not account.duty:
        raise NotPossible("not_your_duty")
    who = Who(login="operator", duty="", person="", post="", address="")
    basis = Basis(who=who, at=at, document=document)
    with transaction.atomic():
        note(basis, "account.rescued", f"p-{account.person_id}", duty=account.duty)
        Account.objects.filter(pk=account.pk).update(is_active=True)
        account.refresh_from_db()
        unlock(account, by="operator", at=at)
        reset_factors(account, by="operator", at=at)
        return issue_temporary_password(account, by="operator", at=at)


def end_account_sessions(account: Account, *, basis: Basis) -> None:
    with transaction.atomic():
        note(basis, "account.sessions_ended", f"p-{account.person_id}")
        end_all(account, by=basis.who.person, at=basis.at)


def close_account(account: Account, *, basis: Basis) -> None:
    """停用账号 at once, for suspicion; posts and cases stay as they are. The last of a duty is not closed."""
    if not account.is_active:
        raise NotPossible("already_ended")
    if account.duty:
        check_not_last(account)
    with transaction.atomic():
        note(basis, "account.close", f"p-{account.person_id}", before="active", after="closed")
        Account.objects.filter(pk=account.pk).update(is_active=False)
        end_all(account, by=basis.who.person, at=basis.at)


def reopen_account(account: Account, *, basis: Basis) -> None:
    if account.is_active:
        raise NotPossible("already_ended")
    with transaction.atomic():
        note(basis, "account.reopen", f"p-{account.person_id}", before="closed", after="active")
        Account.objects.filter(pk=account.pk).update(is_active=True)
