"""What the page frames of `ui` need to know about who is signed in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from zhengtong.accounts import clock
from zhengtong.accounts.labels import AccountKind, PostKind
from zhengtong.accounts.queries import Sitting, name_of
from zhengtong.accounts.requests import account_of, idle_limit, known_account, sign_in_address, sittings_in
from zhengtong.accounts.rules import WARN_BEFORE_IDLE
from zhengtong.ui.values import NavItem

DESK = "/desk/"
Menu = Callable[[HttpRequest, datetime], Sequence[NavItem]]
_menus: tuple[Menu, ...] = ()


def install(*menus: Menu) -> None:
    """What rooms above this one put into the side bar, in order; the site says it once at start."""
    global _menus  # one process has one wiring
    _menus = menus


def portal_frame(request: HttpRequest) -> dict[str, object]:
    """Context for `ui/portal.html`: the person and the way to the own account, or the way in."""
    account = account_of(request)
    if account is None:
        return {"sign_in_url": sign_in_address(request)}
    if account.kind == AccountKind.STAFF:
        return {"person": name_of(account), "person_url": DESK}
    return {"person": name_of(account), "person_url": reverse("accounts:profile")}


def desk_frame(request: HttpRequest, at: datetime) -> dict[str, object]:
    """Context for `ui/desk.html`: the same side bar on every page of the desk, whichever room draws it."""
    account = account_of(request)
    if account is None or account.person_id is None:
        return {}
    sittings = sittings_in(request, account.person_id, at)
    return {
        "nav": (*(entry for menu in _menus for entry in menu(request, at)), *desk_nav(request, sittings)),
        "person": name_of(account),
        "post": name_of(sittings[0].post) if sittings else "",
        "person_url": reverse("accounts:substitutes"),
        "sign_out_url": reverse("accounts:sign_out"),
        "home_url": DESK,
        "now": at,
    }


def desk_nav(request: HttpRequest, sittings: Sequence[Sitting]) -> tuple[NavItem, ...]:
    """This room's entries of the side bar, as far as the person may use them."""
    group = _("人员与岗位")
    kinds = {sitting.post.kind for sitting in sittings}
    entries = [
        (_("替岗与委托"), "accounts:substitutes"),
        (_("人员名录"), "accounts:people"),
        (_("账号安全"), "accounts:security"),
    ]
    if PostKind.WINDOW in kinds:
        entries.insert(0, (_("实名与代办登记"), "accounts:real_name"))
    here = request.path
    items = [NavItem(label, reverse(name), here.startswith(reverse(name)), None, group) for label, name in entries]
    account = account_of(request)
    if account is not None and account.duty:  # who has a duty of administration has no post to stand in for
        items = items[-1:]
    return tuple(items)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleWatch:
    """What the page's script needs to warn before a session ends."""

    seconds: int
    warn_at: int
    keep_url: str
    leave_url: str


def idle_watch(request: HttpRequest) -> dict[str, object]:
    """Context processor: only for whoever is known to be signed in by now; it asks the database nothing."""
    account = known_account(request)
    if account is None:
        return {}
    left = int(idle_limit(account.kind).total_seconds())
    is_staff = account.kind == AccountKind.STAFF
    watch = IdleWatch(
        seconds=left,
        warn_at=left - int(WARN_BEFORE_IDLE.total_seconds()),
        keep_url=reverse("accounts:here"),
        leave_url=reverse("accounts:staff_sign_in" if is_staff else "accounts:sign_in"),
    )
    return {"idle_watch": watch}


def shows_mailbox() -> bool:
    """The development mailbox stands in for text messages, in a demonstration and under DEBUG only."""
    return bool(settings.DEBUG) or clock.is_demo()
