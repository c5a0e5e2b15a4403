"""Locking an account (锁定) after too many wrong guesses of passwords and second factors together, and opening it."""

from datetime import datetime

from django.db.models import F

from zhengtong.accounts.labels import SignInOutcome
from zhengtong.accounts.models import Account
from zhengtong.accounts.rules import rules
from zhengtong.accounts.sign_in_log import Visit, log_sign_in, notify


def is_locked(account: Account, at: datetime) -> bool:
    until = Account.objects.filter(pk=account.pk).values_list("locked_until", flat=True).get()
    return until is not None and until > at


def count_failure(account: Account, at: datetime, *, visit: Visit | None = None) -> None:
    """Counted in the database, so that parallel guesses all count; the last one locks and starts the count anew."""
    rows = Account.objects.filter(pk=account.pk)
    rows.update(failures=F("failures") + 1)
    if rows.filter(failures__gte=rules().tries).update(failures=0, locked_until=at + rules().locked_for):
        log_sign_in(account, SignInOutcome.NOW_LOCKED, visit=visit or Visit(), at=at)
        notify(account, "now_locked", at=at)


def forget_failures(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(failures=0, locked_until=None)


def unlock(account: Account, *, by: str, at: datetime) -> bool:
    """解除锁定 by a security administrator (`by` is the person's reference). False when it was not locked."""
    was_locked = is_locked(account, at)
    forget_failures(account)
    if was_locked:
        log_sign_in(account, SignInOutcome.UNLOCKED, visit=Visit(), at=at, by=by)
    return was_locked
