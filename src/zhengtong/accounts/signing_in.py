"""Registration, and the first step of sign-in: a name and a password. What follows stands in second_factors, passkeys,
recovery, openid; the figures in rules.

An unknown name, a wrong password and an account not yet confirmed answer alike and take alike long. Source of the
figures: GB/T 22239—2019 身份鉴别 (lock after failures, two factors for staff).
"""

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db.models import Q
from django.utils.translation import gettext as _

from zhengtong.accounts.authenticators import check_totp as check_totp
from zhengtong.accounts.authenticators import confirm_totp as confirm_totp
from zhengtong.accounts.authenticators import enrol_totp as enrol_totp
from zhengtong.accounts.certificates import is_certificate_number, is_mobile
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import AccountKind, RealNameLevel, SignInMethod, SignInOutcome, SubjectKind
from zhengtong.accounts.lockout import count_failure, forget_failures, is_locked
from zhengtong.accounts.models import Account, Message, Person, Subject
from zhengtong.accounts.one_time_codes import send_code as send_code
from zhengtong.accounts.one_time_codes import take_code
from zhengtong.accounts.passwords import begin_to_age, is_expired_temporary
from zhengtong.accounts.queries import accounts_named, day_of, number_index, phone_index
from zhengtong.accounts.rules import PASSWORD_MOST
from zhengtong.accounts.second_factors import is_asked_for_second
from zhengtong.accounts.sign_in_log import Visit as Visit
from zhengtong.accounts.sign_in_log import log_sign_in
from zhengtong.accounts.throttling import SIGN_IN, count, is_one_place, spent
from zhengtong.ui.codes import tidy_code

# ---- registration -------------------------------------------------------------------------------


def register_citizen(  # noqa: PLR0913 - the columns of one row, all named
    *,
    kind: str = SubjectKind.NATURAL,
    name: str,
    phone: str = "",
    certificate_kind: str = "",
    number: str = "",
    password: str,
    at: datetime,
) -> Account | None:
    """An account waiting for its code; nothing when somebody already signs in with this phone or number.

    The caller answers both alike. The holder of the existing account gets a notice instead of a code.
    """
    telephone, plain = tidy_code(phone), tidy_code(number)
    _check_claims(telephone, certificate_kind, plain)
    secret = make_password(password)
    taken = _who_signs_in_with(telephone, plain)
    if taken is not None:
        _tell_the_holder(taken, at)
        return None
    subject = Subject.objects.create(
        kind=kind,
        name=name.strip(),
        certificate_kind=certificate_kind if plain else "",
        number=plain,
        number_index=number_index(plain),
        phone=telephone,
        phone_index=phone_index(telephone),
        created_at=at,
    )
    account = Account.objects.create(
        login=subject.ref, kind=AccountKind.CITIZEN, subject=subject, password=secret, password_changed_at=at,
        is_active=False,
    )  # fmt: skip
    send_code(account, at=at)
    return account


def _check_claims(phone: str, certificate_kind: str, number: str) -> None:
    if not phone and not number:
        raise NotPossible("phone_or_number_needed")
    if phone and not is_mobile(phone):
        raise NotPossible("phone_not_valid")
    if number and not is_certificate_number(certificate_kind, number):
        raise NotPossible("number_not_valid")


def _who_signs_in_with(phone: str, number: str) -> Account | None:
    """A confirmed account with this phone, or one whose number a window has checked. A mere claim of a number
    blocks nobody: otherwise a stranger could keep its owner out."""
    matching = Q(pk__in=[])
    if phone:
        matching |= Q(subject__phone_index=phone_index(phone))
    if number:
        matching |= Q(subject__number_index=number_index(number), subject__is_checked=True)
    return Account.objects.filter(matching, kind=AccountKind.CITIZEN, is_active=True).first()


def _tell_the_holder(account: Account, at: datetime) -> None:
    assert account.subject is not None
    title = _("有人用您的号码注册")
    text = _("您已有账号，直接登录即可。如果不是您本人操作，不必理会。")
    Message.objects.create(subject=account.subject, sent_at=at, title=title, text=text, is_private=True)


def confirm_code(account: Account | None, *, code: str, at: datetime) -> Account:
    """The account is active from now on.

    Raises:
        NotPossible: code_wrong.
    """
    if account is None:
        raise NotPossible("code_wrong")
    take_code(account, code=code, at=at)
    subject = account.subject
    assert subject is not None
    if _who_signs_in_with(subject.phone, subject.number) is not None:
        raise NotPossible("code_wrong")
    Subject.objects.filter(pk=subject.pk, real_name_level=RealNameLevel.NONE).update(
        real_name_level=RealNameLevel.CLAIMED
    )
    account.is_active = True
    account.save(update_fields=["is_active"])
    return account


# ---- staff accounts -----------------------------------------------------------------------------


def open_staff_account(*, person: Person, password: str, temporary_since: datetime | None = None) -> Account:
    """The login is the person's staff number; the second factor is set up at the first sign-in.

    `temporary_since`: the password was given by somebody else just now and must be changed at the first sign-in.
    """
    return Account.objects.create(
        login=person.number,
        kind=AccountKind.STAFF,
        person=person,
        password=make_password(password),
        password_changed_at=temporary_since,
        password_is_temporary=temporary_since is not None,
    )


# ---- passwords ----------------------------------------------------------------------------------


def sign_in_citizen(*, typed: str, password: str, visit: Visit, at: datetime) -> Account:
    """By phone or certificate number, and password."""
    return _sign_in(accounts_named(typed), typed=typed, password=password, visit=visit, at=at)


def sign_in_staff(*, login: str, password: str, visit: Visit, at: datetime) -> Account:
    """The first step; the second is a code, a key or a recovery code."""
    found = Account.objects.filter(login=login.strip(), kind=AccountKind.STAFF).select_related("person")
    return _sign_in(list(found), typed=login, password=password, visit=visit, at=at)


def _sign_in(candidates: list[Account], *, typed: str, password: str, visit: Visit, at: datetime) -> Account:
    """Several accounts may claim one number; the password tells whose it is. Locked ones are not even tried.

    At least one password is hashed whatever was typed, so that an answer takes as long for a name nobody has.
    """
    is_counted = is_one_place(visit.address)
    if is_counted and spent(SIGN_IN, visit.address or "", at):
        log_sign_in(None, SignInOutcome.REFUSED, visit=visit, at=at, method=SignInMethod.PASSWORD, typed=typed)
        raise NotPossible("too_often")
    open_ones = [account for account in candidates if not is_locked(account, at)]
    if not open_ones:
        make_password(password[:PASSWORD_MOST])
    if candidates and not open_ones:
        log_sign_in(candidates[0], SignInOutcome.LOCKED, visit=visit, at=at, method=SignInMethod.PASSWORD)
        raise NotPossible("wrong")
    passed = next((account for account in open_ones if account.check_password(password)), None)
    if passed is None or not may_sign_in(passed, at):
        if is_counted:
            count(SIGN_IN, visit.address or "", at)
        for account in open_ones:
            count_failure(account, at, visit=visit)
        first = open_ones[0] if open_ones else None
        log_sign_in(first, SignInOutcome.WRONG, visit=visit, at=at, method=SignInMethod.PASSWORD, typed=typed)
        raise NotPossible("wrong")
    if is_expired_temporary(passed, at):
        log_sign_in(passed, SignInOutcome.WRONG, visit=visit, at=at, method=SignInMethod.PASSWORD)
        raise NotPossible("temporary_expired")
    begin_to_age(passed, at)
    if is_asked_for_second(passed):
        log_sign_in(passed, SignInOutcome.HALFWAY, visit=visit, at=at, method=SignInMethod.PASSWORD)
    else:
        forget_failures(passed)
        log_sign_in(passed, SignInOutcome.PASSED, visit=visit, at=at, method=SignInMethod.PASSWORD)
    return passed


def may_sign_in(account: Account, at: datetime) -> bool:
    """Confirmed, not switched off, and of staff nobody who has left."""
    if account.person is None:
        return account.is_active
    return account.is_active and (account.person.left_on is None or account.person.left_on >= day_of(at))
