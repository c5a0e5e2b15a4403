"""Passwords (口令): what may be one, changing it, temporary ones, the code that lets a citizen choose a new one.

GB/T 22239—2019 身份鉴别: length, kinds of characters, change from time to time, none used lately. Hashed with scrypt.
"""

import re
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

from zhengtong.accounts.factors import FormerPassword, SignedIn
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import AccountKind, SignInMethod, SignInOutcome
from zhengtong.accounts.lockout import count_failure, forget_failures, is_locked
from zhengtong.accounts.models import Account
from zhengtong.accounts.one_time_codes import RESET, give_back, send_code, take_code
from zhengtong.accounts.queries import accounts_named
from zhengtong.accounts.rules import rules
from zhengtong.accounts.sign_in_log import Visit, log_sign_in, notify

KINDS: Final = (re.compile("[A-Z]"), re.compile("[a-z]"), re.compile("[0-9]"), re.compile("[^A-Za-z0-9]"))
TEMPORARY_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz"
TEMPORARY_DIGITS: Final = "23456789"
OF_THE_PLACE: Final = ("政通", "Zhengtong", "政务", "zhengwu")
PART_LEAST: Final = 4  # a shorter Latin part of a name says nothing
_SEPARATORS: Final = re.compile(r"[\W_]+")
_common: CommonPasswordValidator | None = None


# ---- rules --------------------------------------------------------------------------------------


def check_rules(password: str, *, kind: str, known: tuple[str, ...] = ()) -> None:
    """`known`: what others know of the person. Staff must mix kinds of characters; the rest holds for everybody.

    Raises:
        NotPossible: password_short, _digits, _plain, _common, _place, _similar.
    """
    if len(password) < rules().password_least:
        raise NotPossible("password_short")
    if password.isdigit():
        raise NotPossible("password_digits")
    if kind == AccountKind.STAFF and sum(1 for of_kind in KINDS if of_kind.search(password)) < rules().password_classes:
        raise NotPossible("password_plain")
    if _is_common(password):
        raise NotPossible("password_common")
    plain = _SEPARATORS.sub("", password.casefold())
    if any(part in plain for part in _parts((*OF_THE_PLACE, settings.ZHENGTONG_SITE_NAME))):
        raise NotPossible("password_place")
    if any(part in plain for part in _parts(known)):
        raise NotPossible("password_similar")


def _is_common(password: str) -> bool:
    """In Django's list of the 20,000 most used, also with a year or a mark hung on."""
    global _common
    if _common is None:
        _common = CommonPasswordValidator()
    stripped = re.sub(r"[\W\d_]+$", "", password)
    try:
        _common.validate(password)
        if stripped and len(password) - len(stripped) <= len("2026!"):
            _common.validate(stripped)
    except ValidationError:
        return True
    return False


def _parts(known: tuple[str, ...]) -> Iterator[str]:
    for text in known:
        plain = _SEPARATORS.sub("", text.casefold())
        least = PART_LEAST if plain.isascii() else 2
        if len(plain) >= least:
            yield plain
        if text.isascii():
            yield from (word.casefold() for word in _SEPARATORS.split(text) if len(word) >= PART_LEAST)


def known_of(account: Account) -> tuple[str, ...]:
    """Names, numbers and phones that stand in registers."""
    if account.person is not None:
        return (account.login, account.person.name, account.person.name_en, account.person.number)
    subject = account.subject
    assert subject is not None
    return (subject.name, subject.phone, subject.number, subject.number[6:14], subject.number[-6:])


def _check_new(account: Account, password: str) -> None:
    check_rules(password, kind=account.kind, known=known_of(account))
    if account.check_password(password):
        raise NotPossible("password_used")
    # The one in force counts as the latest of those that are remembered.
    former = account.former_passwords.order_by("-pk")[: rules().passwords_remembered - 1]
    if any(check_password(password, row.password) for row in former):
        raise NotPossible("password_used")


# ---- changing -----------------------------------------------------------------------------------


def check_current(account: Account, password: str, *, visit: Visit, at: datetime) -> None:
    """A wrong one counts towards the lock as it does at the door.

    Raises:
        NotPossible: locked, password_wrong.
    """
    if is_locked(account, at):
        make_password(password)
        raise NotPossible("locked")
    if not account.check_password(password):
        count_failure(account, at, visit=visit)
        log_sign_in(account, SignInOutcome.WRONG, visit=visit, at=at, method=SignInMethod.PASSWORD)
        raise NotPossible("password_wrong")


def change_password(account: Account, *, current: str, new: str, visit: Visit, at: datetime) -> None:
    """By the person, who knows the present one. Every session of the account but the caller's ends with it."""
    check_current(account, current, visit=visit, at=at)
    choose_password(account, new=new, visit=visit, at=at)


def choose_password(account: Account, *, new: str, visit: Visit, at: datetime) -> None:
    """A new password by whoever has proved to be the person.

    Raises:
        NotPossible: what `check_rules` says, or password_used.
    """
    _check_new(account, new)
    _put(account, new, at=at, is_temporary=False)
    log_sign_in(account, SignInOutcome.CHANGED, visit=visit, at=at)
    notify(account, "password_changed", at=at)


def _put(account: Account, password: str, *, at: datetime, is_temporary: bool) -> None:
    FormerPassword.objects.create(account=account, password=account.password, until_at=at)
    keep = account.former_passwords.order_by("-pk").values_list("pk", flat=True)[: rules().passwords_remembered]
    account.former_passwords.exclude(pk__in=list(keep)).delete()
    account.password = make_password(password)
    account.password_changed_at, account.password_is_temporary = at, is_temporary
    account.save(update_fields=["password", "password_changed_at", "password_is_temporary"])
    SignedIn.objects.filter(account=account, ended_at__isnull=True).update(ended_at=at, session_key=None)


def issue_temporary_password(account: Account, *, by: str, at: datetime) -> str:
    """临时密码 for staff who forgot theirs, by a security administrator (`by` is the person's reference).

    Shown once, valid for a day, and good for nothing but choosing an own one after the second factor.
    """
    letters = ["".join(secrets.choice(TEMPORARY_LETTERS) for _ in range(4)) for _ in range(3)]
    password = "-".join([*letters, "".join(secrets.choice(TEMPORARY_DIGITS) for _ in range(4))])
    _put(account, password, at=at, is_temporary=True)
    forget_failures(account)
    log_sign_in(account, SignInOutcome.TEMPORARY, visit=Visit(), at=at, by=by)
    notify(account, "password_changed", at=at)
    return password


# ---- age ----------------------------------------------------------------------------------------


def is_expired_temporary(account: Account, at: datetime) -> bool:
    changed = account.password_changed_at
    return account.password_is_temporary and (changed is None or at - changed > rules().temporary_lasts)


def must_change(account: Account, at: datetime) -> bool:
    """A temporary password, or one of staff that is too old."""
    left = time_left(account, at)
    return account.password_is_temporary or (left is not None and left <= timedelta())


def time_left(account: Account, at: datetime) -> timedelta | None:
    """Until staff must change the password; nothing when it does not age."""
    age = rules().password_age
    if account.kind != AccountKind.STAFF or age is None:
        return None
    return age - (at - (account.password_changed_at or at))


def days_of_warning(account: Account, at: datetime) -> int | None:
    """How many days are left, from the day on which the person is to be told."""
    left = time_left(account, at)
    return left.days if left is not None and left <= rules().password_warning else None


def begin_to_age(account: Account, at: datetime) -> None:
    """A password from before ages were kept counts from the first sign-in after that."""
    if account.password_changed_at is None:
        account.password_changed_at = at
        account.save(update_fields=["password_changed_at"])


# ---- forgotten ----------------------------------------------------------------------------------


def request_reset(typed: str, *, visit: Visit, at: datetime) -> Account | None:
    """A citizen's phone gets a code, when there is such an account. The caller answers alike in either case."""
    found = next((one for one in accounts_named(typed) if one.is_active), None)
    make_password(typed[:40])  # as much work for a number nobody has
    log_sign_in(found, SignInOutcome.FORGOT, visit=visit, at=at, typed=typed)
    if found is not None:
        send_code(found, purpose=RESET, at=at)
    return found


def reset_password(account: Account | None, *, code: str, new: str, visit: Visit, at: datetime) -> Account:
    """With the code from the phone. It opens no session: second factors, when there are any, are still asked for.

    Raises:
        NotPossible: code_wrong, or what `choose_password` says.
    """
    if account is None:
        check_rules(new, kind=AccountKind.CITIZEN)
        raise NotPossible("code_wrong")
    check_rules(new, kind=account.kind)
    taken = take_code(account, code=code, purpose=RESET, at=at)
    try:
        choose_password(account, new=new, visit=visit, at=at)
    except NotPossible:
        give_back(taken)
        raise
    forget_failures(account)
    return account
