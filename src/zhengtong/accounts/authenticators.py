"""Authenticator apps (动态口令, RFC 6238): the first one stands on the account, further ones beside it.

A code is good once on each device: the step moves on in the statement that accepts it, so of two requests one passes.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyotp

from zhengtong.accounts.factors import Authenticator
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import SignInMethod, SignInOutcome
from zhengtong.accounts.lockout import count_failure, is_locked
from zhengtong.accounts.models import Account
from zhengtong.accounts.sign_in_log import Visit, log_sign_in, notify
from zhengtong.ui.codes import tidy_code

TOTP_PERIOD: Final = 30
TOTP_STEPS_EITHER_WAY: Final = 1
TOTP_DIGITS: Final = 6
ISSUER: Final = "政通"
MOST: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One device; row 0 is the one on the account."""

    row: int
    secret: str
    name: str = ""
    added_at: datetime | None = None
    last_used_at: datetime | None = None


def apps_of(account: Account) -> tuple[App, ...]:
    """Those that have proved themselves."""
    first = [App(row=0, secret=account.totp_secret)] if account.totp_enrolled else []
    rows = account.authenticators.filter(confirmed_at__isnull=False, removed_at__isnull=True).order_by("pk")
    more = [
        App(row=row.pk, secret=row.secret, name=row.name, added_at=row.confirmed_at, last_used_at=row.last_used_at)
        for row in rows
    ]
    return (*first, *more)


# ---- the first one, at the first sign-in ---------------------------------------------------------


def enrol_totp(account: Account, *, secret: str = "") -> str:
    """The secret for the person's authenticator; not in force before `confirm_totp` has seen a code of it."""
    if account.totp_enrolled and not secret:
        raise NotPossible("already_ended")
    account.totp_secret = secret or account.totp_secret or pyotp.random_base32()
    account.totp_enrolled = bool(secret)
    account.save(update_fields=["totp_secret", "totp_enrolled"])
    return str(account.totp_secret)


def offer_totp(account: Account, *, drawn: str = "") -> str:
    """For the page of one session: what it was shown before, else a new secret. Whoever looked at the page earlier, as
    the giver of a first password may, has seen another one."""
    account.totp_secret = drawn or pyotp.random_base32()
    Account.objects.filter(pk=account.pk, totp_enrolled=False).update(totp_secret=account.totp_secret)
    return str(account.totp_secret)


def totp_address(account: Account, secret: str = "") -> str:
    """The otpauth: address for a QR code. A citizen's login is opaque, so the device shows the site alone."""
    name = account.login if account.person_id else ISSUER
    return pyotp.TOTP(secret or account.totp_secret).provisioning_uri(name=name, issuer_name=ISSUER)


def confirm_totp(account: Account, *, code: str, at: datetime, visit: Visit | None = None) -> None:
    """The first code proves that the authenticator holds the secret."""
    _check(account, App(row=0, secret=account.totp_secret), code=code, at=at, visit=visit)
    account.totp_enrolled = True
    account.save(update_fields=["totp_secret", "totp_enrolled"])
    log_sign_in(account, SignInOutcome.ADDED, visit=visit or Visit(), at=at, method=SignInMethod.TOTP)


# ---- further ones --------------------------------------------------------------------------------


def new_secret(account: Account) -> str:
    """For a further device; it counts once a code of it was seen."""
    if len(apps_of(account)) >= MOST:
        raise NotPossible("too_many_keys")
    return str(pyotp.random_base32())


def confirm_app(account: Account, *, secret: str, name: str, code: str, visit: Visit, at: datetime) -> None:
    """
    Raises:
        NotPossible: totp_wrong, or locked after too many.
    """
    if is_locked(account, at):
        raise NotPossible("locked")
    step = step_of(secret, tidy_code(code), at)
    if step is None:
        count_failure(account, at, visit=visit)
        raise NotPossible("totp_wrong")
    Authenticator.objects.create(
        account=account, secret=secret, name=name, last_step=step, added_at=at, confirmed_at=at
    )
    log_sign_in(account, SignInOutcome.ADDED, visit=visit, at=at, method=SignInMethod.TOTP)
    notify(account, "factor_added", at=at)


def remove_app(account: Account, *, row: int, visit: Visit, at: datetime) -> None:
    """Whether it may go is asked by `second_factors.remove`."""
    if row == 0:
        account.totp_secret, account.totp_enrolled = "", False
        account.save(update_fields=["totp_secret", "totp_enrolled"])
    elif not account.authenticators.filter(pk=row, removed_at__isnull=True).update(removed_at=at, secret=""):
        raise NotPossible("already_ended")
    log_sign_in(account, SignInOutcome.REMOVED, visit=visit, at=at, method=SignInMethod.TOTP)
    notify(account, "factor_removed", at=at)


# ---- checking ------------------------------------------------------------------------------------


def check_totp(account: Account, *, code: str, at: datetime, visit: Visit | None = None) -> None:
    """A code of any of the person's devices.

    Raises:
        NotPossible: totp_wrong, or locked after too many.
    """
    _check(account, *apps_of(account), code=code, at=at, visit=visit)
    Account.objects.filter(pk=account.pk).update(failures=0)


def _check(account: Account, *apps: App, code: str, at: datetime, visit: Visit | None) -> None:
    if is_locked(account, at):
        raise NotPossible("locked")
    plain = tidy_code(code)
    for app in apps:
        step = step_of(app.secret, plain, at)
        if step is not None and _take_step(account, app, step, at):
            return
    count_failure(account, at, visit=visit)
    raise NotPossible("totp_wrong")


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The step whose code this is, one either way for clocks that differ."""
    if not secret or len(code) != TOTP_DIGITS or not code.isascii():
        return None
    totp, here = pyotp.TOTP(secret, interval=TOTP_PERIOD), int(at.timestamp()) // TOTP_PERIOD
    steps = range(here - TOTP_STEPS_EITHER_WAY, here + TOTP_STEPS_EITHER_WAY + 1)
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)), None)


def _take_step(account: Account, app: App, step: int, at: datetime) -> bool:
    if app.row:
        rows = Authenticator.objects.filter(pk=app.row, account=account, last_step__lt=step)
        return bool(rows.update(last_step=step, last_used_at=at))
    taken = Account.objects.filter(pk=account.pk, totp_last_step__lt=step).update(totp_last_step=step)
    if taken:
        account.totp_last_step = step
    return bool(taken)
