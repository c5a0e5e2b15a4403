"""The sign-in log (登录日志): what was tried, from where and how, what was unusual about it, and who is told.

Addresses stand in it, names and what was typed do not. Rows are added and never changed.
"""

import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from zhengtong.accounts.factors import SecurityNotice
from zhengtong.accounts.labels import SECURITY_WORDS, AccountKind, SignInMethod, SignInOutcome
from zhengtong.accounts.models import Account, Message, SignIn
from zhengtong.accounts.rules import NIGHT
from zhengtong.accounts.sealed_fields import blind_index
from zhengtong.kernel.terms import LAW_ZONE

TYPED_MOST: Final = 200
AGENT_MOST: Final = 400
UNKNOWN: Final = "–"
_BROWSERS: Final = (
    ("WeChat", "MicroMessenger/"), ("Edge", "Edg/"), ("Firefox", "Firefox/"), ("Chrome", "Chrome/"),
    ("Safari", "Safari/"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("HarmonyOS", "HarmonyOS|OpenHarmony"), ("Android", "Android"), ("iOS", "iPhone|iPad"), ("Windows", "Windows"),
    ("macOS", "Mac OS"), ("Linux", "Linux|X11"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """From where and with what a sign-in was tried."""

    address: str | None = None
    agent: str = ""

    @property
    def browser(self) -> str:
        """
        >>> Visit(agent="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36").browser
        'Chrome, Linux'
        """
        names = [name for name, mark in _BROWSERS if mark in self.agent][:1]
        systems = [name for name, marks in _SYSTEMS if re.search(marks, self.agent)][:1]
        return ", ".join([*names, *systems]) or UNKNOWN

    @property
    def browser_index(self) -> str:
        return blind_index(self.browser, purpose="accounts.visit.browser")

    @property
    def network_index(self) -> str:
        """Of the neighbourhood (/24, /48), not of the address: a phone changes its address all day."""
        if not self.address:
            return ""
        bits = 24 if ipaddress.ip_address(self.address).version == 4 else 48
        network = ipaddress.ip_network(f"{self.address}/{bits}", strict=False)
        return blind_index(str(network), purpose="accounts.visit.network")


def log_sign_in(  # noqa: PLR0913 - the columns of one row, all named
    account: Account | None,
    outcome: SignInOutcome,
    *,
    visit: Visit,
    at: datetime,
    method: SignInMethod = SignInMethod.NONE,
    typed: str = "",
    by: str = "",
) -> SignIn:
    """Add a row. A sign-in that succeeded from a strange place is told to the person."""
    unusual = find_unusual(account, visit, at) if account and outcome == SignInOutcome.PASSED else []
    row = SignIn.objects.create(
        account=account,
        typed_index="" if account else blind_index(typed[:TYPED_MOST], purpose="accounts.typed"),
        at=at,
        outcome=outcome,
        method=method,
        address=visit.address,
        browser=visit.browser,
        network_index=visit.network_index,
        browser_index=visit.browser_index,
        unusual=unusual,
        by=by,
    )
    if account and {"network", "browser"} & set(unusual):
        notify(account, "unusual", at=at)
    return row


def find_unusual(account: Account, visit: Visit, at: datetime) -> list[str]:
    """What this person's earlier sign-ins have not shown; the very first one has nothing to be compared with."""
    earlier = SignIn.objects.filter(account=account, outcome=SignInOutcome.PASSED).exclude(browser_index="")
    found = ["night"] if at.astimezone(LAW_ZONE).hour in NIGHT else []
    if earlier.exists():
        if not earlier.filter(network_index=visit.network_index).exists():
            found.append("network")
        if not earlier.filter(browser_index=visit.browser_index).exists():
            found.append("browser")
    return found


def notify(account: Account, code: str, *, at: datetime) -> None:
    """Told at the next sign-in and on the page of the own security; citizens by message besides."""
    assert code in SECURITY_WORDS, code
    SecurityNotice.objects.create(account=account, code=code, at=at)
    if account.kind == AccountKind.CITIZEN and account.subject is not None:
        text = str(SECURITY_WORDS[code])
        Message.objects.create(subject=account.subject, sent_at=at, title=_("账号安全提醒"), text=text, is_private=True)


def take_notices(account: Account, *, before: datetime, at: datetime) -> tuple[str, ...]:
    """The words not told yet of what happened before this sign-in; each is told once."""
    rows = list(SecurityNotice.objects.filter(account=account, told_at__isnull=True, at__lt=before).order_by("at"))
    SecurityNotice.objects.filter(pk__in=[row.pk for row in rows]).update(told_at=at)
    return tuple(dict.fromkeys(str(SECURITY_WORDS[row.code]) for row in rows if row.code in SECURITY_WORDS))


def failures_before(account: Account, at: datetime) -> int:
    """Tries that came to nothing between the sign-in before this one and this one; nobody before: none."""
    passed = SignIn.objects.filter(account=account, outcome=SignInOutcome.PASSED, at__lt=at).order_by("-at").first()
    if passed is None:
        return 0
    vain = (SignInOutcome.WRONG, SignInOutcome.WRONG_CODE, SignInOutcome.REFUSED, SignInOutcome.LOCKED)
    tried = SignIn.objects.filter(account=account, outcome__in=vain, at__gt=passed.at, at__lt=at)
    return int(tried.count())
