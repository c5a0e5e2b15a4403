"""The second step as a whole (第二步验证): what a person has, of whom it is asked, and that staff never run out."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from zhengtong.accounts.authenticators import apps_of, remove_app
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import AccountKind, SignInOutcome
from zhengtong.accounts.models import Account
from zhengtong.accounts.passkeys import keys_of, remove_key
from zhengtong.accounts.sessions import end_all
from zhengtong.accounts.sign_in_log import Visit, log_sign_in, notify

APP, KEY = "app", "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorLine:
    """A device on the page of the own security. A blocked key can only be removed."""

    kind: str
    row: int
    name: str
    added_at: datetime | None
    last_used_at: datetime | None
    is_synced: bool = False
    is_blocked: bool = False
    is_last: bool = False


def has_app(account: Account) -> bool:
    return bool(apps_of(account))


def has_key(account: Account) -> bool:
    return bool(keys_of(account))


def has_second(account: Account) -> bool:
    return has_app(account) or has_key(account)


def is_asked_for_second(account: Account) -> bool:
    """Staff always; citizens who have set one up."""
    return account.kind == AccountKind.STAFF or has_second(account)


def factors_of(account: Account) -> tuple[FactorLine, ...]:
    count = len(apps_of(account)) + len(keys_of(account))
    is_last = account.kind == AccountKind.STAFF and count == 1
    apps = [
        FactorLine(
            kind=APP, row=app.row, name=app.name or _("动态口令应用"), added_at=app.added_at,
            last_used_at=app.last_used_at, is_last=is_last,
        )
        for app in apps_of(account)
    ]  # fmt: skip
    keys = [
        FactorLine(
            kind=KEY, row=key.pk, name=key.name, added_at=key.added_at, last_used_at=key.last_used_at,
            is_synced=key.is_synced, is_blocked=key.blocked_at is not None,
            is_last=is_last and key.blocked_at is None,
        )
        for key in account.security_keys.filter(removed_at__isnull=True).order_by("pk")
    ]  # fmt: skip
    return (*apps, *keys)


def remove(account: Account, *, kind: str, row: int, visit: Visit, at: datetime) -> None:
    """The account's row is held meanwhile, so that two requests cannot take the last two at once.

    Raises:
        NotPossible: last_factor, already_ended.
    """
    with transaction.atomic():
        held = Account.objects.select_for_update().get(pk=account.pk)
        line = next((one for one in factors_of(held) if (one.kind, one.row) == (kind, row)), None)
        if line is None:
            raise NotPossible("already_ended")
        if line.is_last:
            raise NotPossible("last_factor")
        (remove_app if kind == APP else remove_key)(held, row=row, visit=visit, at=at)
        if not has_second(held):
            held.recovery_codes.all().delete()


def reset_factors(account: Account, *, by: str, at: datetime) -> None:
    """Everything lost: by a security administrator, or a window that has seen the certificate (`by`, a reference).

    Staff set up a new second factor at the next sign-in; nobody is signed in any more.
    """
    with transaction.atomic():
        account.authenticators.filter(removed_at__isnull=True).update(removed_at=at, secret="")
        account.security_keys.filter(removed_at__isnull=True).update(removed_at=at)
        account.recovery_codes.all().delete()
        account.totp_secret, account.totp_enrolled = "", False
        account.save(update_fields=["totp_secret", "totp_enrolled"])
        log_sign_in(account, SignInOutcome.REMOVED, visit=Visit(), at=at, by=by)
        notify(account, "factor_removed", at=at)
    end_all(account, by=by, at=at)
