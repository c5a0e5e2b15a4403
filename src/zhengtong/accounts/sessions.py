"""Signed-in devices (已登录的设备): a row for each session on the server, which its owner can end from elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

from django.conf import settings
from django.contrib.sessions.models import Session

from zhengtong.accounts.factors import SignedIn
from zhengtong.accounts.labels import AccountKind, SignInMethod, SignInOutcome
from zhengtong.accounts.models import Account
from zhengtong.accounts.rules import rules
from zhengtong.accounts.sign_in_log import Visit, log_sign_in


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLine:
    row: int
    browser: str
    address: str
    method: str
    began_at: datetime
    seen_at: datetime
    is_here: bool


def open_device(account: Account, *, session_key: str, method: str, visit: Visit, at: datetime) -> None:
    SignedIn.objects.create(
        account=account, session_key=session_key, began_at=at, seen_at=at, method=method, browser=visit.browser,
        address=visit.address,
    )  # fmt: skip


def note_seen(session_key: str, *, at: datetime) -> None:
    SignedIn.objects.filter(session_key=session_key).update(seen_at=at)


def change_key(old: str, new: str) -> None:
    SignedIn.objects.filter(session_key=old).update(session_key=new)


def close_device(session_key: str, *, at: datetime) -> None:
    SignedIn.objects.filter(session_key=session_key).update(ended_at=at, session_key=None)


def devices_of(account: Account, *, here: str, at: datetime) -> tuple[DeviceLine, ...]:
    """Sessions that still hold: neither ended nor too old nor idle too long. This one first."""
    idle = rules().staff_idle if account.kind == AccountKind.STAFF else rules().citizen_idle
    rows = account.signed_in.filter(
        ended_at__isnull=True, began_at__gt=at - rules().session_age, seen_at__gt=at - idle
    ).order_by("-seen_at")
    lines = [
        DeviceLine(
            row=row.pk, browser=row.browser, address=row.address or "", method=str(SignInMethod(row.method).label),
            began_at=row.began_at, seen_at=row.seen_at, is_here=row.session_key == here,
        )
        for row in rows
    ]  # fmt: skip
    return tuple(sorted(lines, key=lambda line: not line.is_here))


def end_device(account: Account, *, row: int, visit: Visit, at: datetime) -> bool:
    """The session is taken out of the store: the next request from there finds nobody signed in."""
    return _end(account, account.signed_in.filter(pk=row, ended_at__isnull=True), visit=visit, at=at) > 0


def end_others(account: Account, *, here: str, visit: Visit, at: datetime) -> int:
    rows = account.signed_in.filter(ended_at__isnull=True).exclude(session_key=here)
    return _end(account, rows, visit=visit, at=at)


def end_all(account: Account, *, by: str, at: datetime) -> int:
    """By an administrator, when somebody leaves or an account is in doubt."""
    return _end(account, account.signed_in.filter(ended_at__isnull=True), visit=Visit(), at=at, by=by)


def clear_over(_now: datetime) -> int:
    """Sessions past their age leave the store, with whatever half a sign-in had put there. `work` calls it nightly; the
    store counts by the machine's own clock."""
    before = Session.objects.count()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    return int(before - Session.objects.count())


def _end(account: Account, rows: Iterable[SignedIn], *, visit: Visit, at: datetime, by: str = "") -> int:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    ended = 0
    for row in list(rows):
        if row.session_key:
            store(row.session_key).delete()
        SignedIn.objects.filter(pk=row.pk).update(ended_at=at, session_key=None)
        ended += 1
    if ended:
        log_sign_in(account, SignInOutcome.ENDED, visit=visit, at=at, by=by)
    return ended
