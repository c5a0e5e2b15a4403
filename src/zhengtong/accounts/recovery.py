"""Recovery codes (恢复码): ten, shown once, kept as keyed digests, each good for one sign-in without the device."""

import secrets
from datetime import datetime
from typing import Final

from django.db import transaction

from zhengtong.accounts.factors import RecoveryCode
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import SignInMethod, SignInOutcome
from zhengtong.accounts.lockout import count_failure, is_locked
from zhengtong.accounts.models import Account
from zhengtong.accounts.sealed_fields import blind_index
from zhengtong.accounts.sign_in_log import Visit, log_sign_in, notify
from zhengtong.ui.codes import tidy_code

HOW_MANY: Final = 10
HALF: Final = 5
LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32 that are not mistaken for each other: 50 bits in ten


def make_codes(account: Account, *, visit: Visit, at: datetime) -> tuple[str, ...]:
    """A new set, in plain words this once; the older ones are void."""
    codes = tuple(_draw() for _ in range(HOW_MANY))
    with transaction.atomic():
        account.recovery_codes.all().delete()
        RecoveryCode.objects.bulk_create(
            RecoveryCode(account=account, digest=_digest(account, code), made_at=at) for code in codes
        )
    log_sign_in(account, SignInOutcome.CODES, visit=visit, at=at, method=SignInMethod.RECOVERY)
    return codes


def _draw() -> str:
    halves = ["".join(secrets.choice(LETTERS) for _ in range(HALF)) for _ in range(2)]
    return "-".join(halves)


def codes_left(account: Account) -> int:
    return int(account.recovery_codes.filter(used_at__isnull=True).count())


def take_recovery_code(account: Account, *, code: str, visit: Visit, at: datetime) -> None:
    """Used up in the statement that finds it. The person is told.

    Raises:
        NotPossible: recovery_wrong, or locked after too many.
    """
    if is_locked(account, at):
        raise NotPossible("locked")
    unused = account.recovery_codes.filter(digest=_digest(account, code), used_at__isnull=True)
    if not tidy_code(code) or not unused.update(used_at=at):
        count_failure(account, at, visit=visit)
        raise NotPossible("recovery_wrong")
    Account.objects.filter(pk=account.pk).update(failures=0)
    notify(account, "recovery_used", at=at)


def _digest(account: Account, code: str) -> str:
    plain = tidy_code(code).upper().replace("-", "")
    return blind_index(plain, purpose=f"accounts.recovery.{account.pk}")
