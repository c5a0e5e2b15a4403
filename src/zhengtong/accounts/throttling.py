"""Rate limits of what can be guessed or abused (频次限制), counted in the database, which all web processes
share.

A window opens with the first try and ends on its own; a try beyond the limit says how long to wait. Flooding in general
is kept off by the reverse proxy and by site.flood.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Any, Final

from django.db import connection

from zhengtong.accounts.models import Tally
from zhengtong.accounts.sealed_fields import blind_index


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`most` tries of one in `minutes`, counted from the first."""

    name: str
    most: int
    minutes: int


QUERY: Final = Limit(name="portal.query", most=5, minutes=10)
"""Wrong number, password or certificate on the query page, from one address."""
QUERY_CASE: Final = Limit(name="portal.query_case", most=30, minutes=10)
"""The same at one case, from wherever."""
SIGN_IN: Final = Limit(name="accounts.sign_in", most=30, minutes=10)
"""Wrong sign-ins from one address: a centre's clerks may share one."""
REGISTER: Final = Limit(name="accounts.register", most=20, minutes=60)
"""Registrations begun from one address."""
RESET: Final = Limit(name="accounts.reset", most=20, minutes=60)
"""Forgotten passwords asked for from one address; how many codes one subject gets stands in one_time_codes."""


def network_of(address: str) -> str:
    """What counts as one place: an IPv4 address, and of IPv6 the /64 that one subscriber has to himself.

    >>> network_of("2001:db8::1") == network_of("2001:db8::ffff"), network_of("::ffff:192.0.2.7")
    (True, '192.0.2.7')
    """
    try:
        told = ip_address(address)
    except ValueError:
        return address
    if isinstance(told, IPv4Address):
        return str(told)
    return str(told.ipv4_mapped or IPv6Network((int(told), 64), strict=False))


def is_one_place(address: str | None) -> bool:
    """Whether an address says where somebody is: this machine's own is that of a proxy nobody has named."""
    try:
        return bool(address) and not ip_address(str(address)).is_loopback
    except ValueError:
        return False


def spent(limit: Limit, who: str, at: datetime) -> int:
    """Seconds to wait, 0 when a further try may be made; nothing is counted."""
    row = Tally.objects.filter(place=_place(limit, who), until__gt=at, n__gte=limit.most).first()
    return 0 if row is None else _wait(row.until, at)


def count(limit: Limit, who: str, at: datetime) -> int:
    """Count one try; seconds to wait where it was one too many, else 0.

    One statement counts and reads, so that of parallel tries each counts.
    """
    until = at + timedelta(minutes=limit.minutes)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [_place(limit, who), _stored(until), _stored(at), _stored(at)])
        n = int(cursor.fetchone()[0])
    if n <= limit.most:
        return 0
    return _wait(Tally.objects.get(place=_place(limit, who)).until, at)


def forget(limit: Limit, who: str) -> None:
    """Start anew, as after a success."""
    Tally.objects.filter(place=_place(limit, who)).delete()


def clear_old(now: datetime) -> int:
    """Windows that have ended; how many. `work` calls it nightly."""
    return Tally.objects.filter(until__lte=now).delete()[0]


_COUNT: Final = """
    INSERT INTO accounts_tally (place, n, until) VALUES (%s, 1, %s)
    ON CONFLICT (place) DO UPDATE SET
        n = CASE WHEN accounts_tally.until <= %s THEN 1 ELSE accounts_tally.n + 1 END,
        until = CASE WHEN accounts_tally.until <= %s THEN excluded.until ELSE accounts_tally.until END
    RETURNING n
"""


def _stored(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def _place(limit: Limit, who: str) -> str:
    return blind_index(f"{limit.name}\n{network_of(who) or '-'}", purpose="accounts.tally")


def _wait(until: datetime, at: datetime) -> int:
    return max(1, int((until - at).total_seconds()))
