"""Who may look at health and metrics: whoever asks from this very machine without a proxy between, whoever knows the
token, and for the page a system administrator. To all others the figures are not there."""

from ipaddress import ip_address
from secrets import compare_digest
from typing import Final

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest

from zhengtong.accounts.labels import Duty
from zhengtong.accounts.requests import account_of

FORWARDED: Final = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")


def is_near(request: HttpRequest) -> bool:
    """Asked from this machine, by no proxy: a proxy on it asks from the same address, and says so."""
    try:
        is_local = ip_address(str(request.META.get("REMOTE_ADDR", ""))).is_loopback
    except ValueError:
        return False
    return is_local and not any(name in request.headers for name in FORWARDED)


def knows_the_token(request: HttpRequest) -> bool:
    wanted: str = settings.ZHENGTONG_METRICS_TOKEN
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    return bool(wanted) and scheme == "Bearer" and compare_digest(given.encode(), wanted.encode())


def is_administrator(request: HttpRequest) -> bool:
    try:
        account = account_of(request) if hasattr(request, "user") else None
    except DatabaseError:
        return False
    return account is not None and account.duty == Duty.SYSTEM
