"""Registration and sign-in: passwords, one-time codes, time-based codes (RFC 6238), lockout, the sign-in log.

An unknown name, a wrong password and an account not yet confirmed answer alike and take alike long. Source of the
figures: GB/T 22239—2019 身份鉴别 (lock after failures, two factors for staff).
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pyotp
from django.contrib.auth.hashers import make_password
from django.db.models import F, Q
from django.utils.translation import gettext as _

from zhengtong.accounts.certificates import is_certificate_number, is_mobile
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import AccountKind, RealNameLevel, SignInOutcome, SubjectKind
from zhengtong.accounts.models import Account, Code, Message, Person, SignIn, Subject
from zhengtong.accounts.queries import accounts_named, day_of, number_index, phone_index
from zhengtong.accounts.sealed_fields import blind_index
from zhengtong.ui.codes import tidy_code

FAILURES_BEFORE_LOCK: Final = 5
LOCKED_FOR: Final = timedelta(minutes=10)
CODE_LASTS: Final = timedelta(minutes=10)
CODE_TRIES: Final = 5
CODES_PER_HOUR: Final = 6
TOTP_PERIOD: Final = 30
TOTP_STEPS_EITHER_WAY: Final = 1
ISSUER: Final = "政通"


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
        login=subject.ref, kind=AccountKind.CITIZEN, subject=subject, password=secret, is_active=False
    )
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


def send_code(account: Account, *, at: datetime) -> None:
    """A new code replaces the older ones; at most a few an hour, then silence."""
    assert account.subject is not None
    if account.codes.filter(sent_at__gt=at - timedelta(hours=1)).count() >= CODES_PER_HOUR:
        return
    code = f"{secrets.randbelow(1_000_000):06d}"
    account.codes.filter(used_at__isnull=True).update(expires_at=at)
    Code.objects.create(account=account, digest=_digest(account, code), sent_at=at, expires_at=at + CODE_LASTS)
    text = _("您的验证码是 %(code)s，十分钟内有效。请勿告诉他人。") % {"code": code}
    Message.objects.create(subject=account.subject, sent_at=at, title=_("注册验证码"), text=text, is_private=True)


def confirm_code(account: Account | None, *, code: str, at: datetime) -> Account:
    """The account is active from now on. The try is counted before the code is compared, so tries cannot be raced."""
    if account is None:
        raise NotPossible("code_wrong")
    row = account.codes.filter(used_at__isnull=True, expires_at__gt=at).order_by("-pk").first()
    if row is None or not Code.objects.filter(pk=row.pk, tries__lt=CODE_TRIES).update(tries=F("tries") + 1):
        raise NotPossible("code_wrong")
    if not hmac.compare_digest(row.digest, _digest(account, tidy_code(code))):
        raise NotPossible("code_wrong")
    if not Code.objects.filter(pk=row.pk, used_at__isnull=True).update(used_at=at):
        raise NotPossible("code_wrong")
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


def _digest(account: Account, code: str) -> str:
    return blind_index(code, purpose=f"accounts.code.{account.pk}")


# ---- staff accounts -----------------------------------------------------------------------------


def open_staff_account(*, person: Person, password: str, is_reference_administrator: bool = False) -> Account:
    """The login is the person's staff number; the second factor is set up at the first sign-in."""
    return Account.objects.create(
        login=person.number,
        kind=AccountKind.STAFF,
        person=person,
        password=make_password(password),
        is_reference_administrator=is_reference_administrator,
    )


def enrol_totp(account: Account, *, secret: str = "") -> str:
    """The secret for the person's authenticator; not in force before `confirm_totp` has seen a code of it."""
    if account.totp_enrolled and not secret:
        raise NotPossible("already_ended")
    account.totp_secret = secret or account.totp_secret or pyotp.random_base32()
    account.totp_enrolled = bool(secret)
    account.save(update_fields=["totp_secret", "totp_enrolled"])
    return str(account.totp_secret)


def totp_address(account: Account) -> str:
    """The otpauth: address for a QR code."""
    return pyotp.TOTP(account.totp_secret).provisioning_uri(name=account.login, issuer_name=ISSUER)


def confirm_totp(account: Account, *, code: str, at: datetime) -> None:
    """The first code proves that the authenticator holds the secret."""
    check_totp(account, code=code, at=at)
    account.totp_enrolled = True
    account.save(update_fields=["totp_enrolled"])


def check_totp(account: Account, *, code: str, at: datetime) -> None:
    """A code is good once. The step is moved on in the statement that accepts it: of two requests one passes.

    Raises:
        NotPossible: totp_wrong, or locked after too many.
    """
    if is_locked(account, at):
        raise NotPossible("locked")
    step = _step_of(account.totp_secret, tidy_code(code), at)
    if step is None or not _take_step(account, step):
        _count_failure(account, at)
        raise NotPossible("totp_wrong")
    Account.objects.filter(pk=account.pk).update(failures=0)


def _step_of(secret: str, code: str, at: datetime) -> int | None:
    """The step whose code this is, one either way for clocks that differ."""
    if not secret or len(code) != 6 or not code.isascii():
        return None
    totp, here = pyotp.TOTP(secret, interval=TOTP_PERIOD), int(at.timestamp()) // TOTP_PERIOD
    steps = range(here - TOTP_STEPS_EITHER_WAY, here + TOTP_STEPS_EITHER_WAY + 1)
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)), None)


def _take_step(account: Account, step: int) -> bool:
    taken = Account.objects.filter(pk=account.pk, totp_last_step__lt=step).update(totp_last_step=step)
    if taken:
        account.totp_last_step = step
    return bool(taken)


# ---- passwords ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Visit:
    """From where a sign-in was tried, for the log."""

    address: str | None = None


def sign_in_citizen(*, typed: str, password: str, visit: Visit, at: datetime) -> Account:
    """By phone or certificate number, and password."""
    return _sign_in(accounts_named(typed), typed=typed, password=password, visit=visit, at=at)


def sign_in_staff(*, login: str, password: str, visit: Visit, at: datetime) -> Account:
    """The first step; the second is `check_totp`."""
    found = Account.objects.filter(login=login.strip(), kind=AccountKind.STAFF).select_related("person")
    return _sign_in(list(found), typed=login, password=password, visit=visit, at=at)


def _sign_in(candidates: list[Account], *, typed: str, password: str, visit: Visit, at: datetime) -> Account:
    """Several accounts may claim one number; the password tells whose it is. Locked ones are not even tried."""
    open_ones = [account for account in candidates if not is_locked(account, at)]
    if candidates and not open_ones:
        _log(candidates[0], typed, SignInOutcome.LOCKED, visit, at)
        make_password(password)
        raise NotPossible("wrong")
    passed = next((account for account in open_ones if account.check_password(password)), None)
    if not open_ones:
        make_password(password)
    if passed is None or not may_sign_in(passed, at):
        for account in open_ones:
            _count_failure(account, at)
        _log(open_ones[0] if open_ones else None, typed, SignInOutcome.WRONG, visit, at)
        raise NotPossible("wrong")
    staff = passed.kind == AccountKind.STAFF
    if not staff:
        Account.objects.filter(pk=passed.pk).update(failures=0, locked_until=None)
    _log(passed, typed, SignInOutcome.HALFWAY if staff else SignInOutcome.PASSED, visit, at)
    return passed


def may_sign_in(account: Account, at: datetime) -> bool:
    """Confirmed, not switched off, and of staff nobody who has left."""
    if account.person is None:
        return account.is_active
    return account.is_active and (account.person.left_on is None or account.person.left_on >= day_of(at))


def is_locked(account: Account, at: datetime) -> bool:
    until = Account.objects.filter(pk=account.pk).values_list("locked_until", flat=True).get()
    return until is not None and until > at


def _count_failure(account: Account, at: datetime) -> None:
    """Counted in the database, so that parallel guesses all count; the fifth locks and starts the count anew."""
    rows = Account.objects.filter(pk=account.pk)
    rows.update(failures=F("failures") + 1)
    rows.filter(failures__gte=FAILURES_BEFORE_LOCK).update(failures=0, locked_until=at + LOCKED_FOR)


def log_sign_in(account: Account, outcome: SignInOutcome, *, visit: Visit, at: datetime) -> None:
    _log(account, "", outcome, visit, at)


def _log(account: Account | None, typed: str, outcome: SignInOutcome, visit: Visit, at: datetime) -> None:
    index = "" if account else blind_index(typed[:200], purpose="accounts.typed")
    SignIn.objects.create(account=account, typed_index=index, at=at, outcome=outcome, address=visit.address)
