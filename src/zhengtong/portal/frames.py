"""What stands around every page of the portal: menu, foot, who is signed in. The menu names only what works."""

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from zhengtong.accounts import clock
from zhengtong.accounts.frames import portal_frame
from zhengtong.portal.matters import public_matters
from zhengtong.ui.values import Link, NavItem


def frame(request: HttpRequest, *, here: str = "") -> dict[str, Any]:
    """Context for `ui/portal.html`; `here` names the entry of the menu the page belongs to."""
    return {
        **portal_frame(request),
        "home_url": reverse("portal:home"),
        "nav": menu(here),
        "foot_links": foot(),
        "foot_lines": [_("咨询与投诉：12345（24 小时）")],
        "demo_note": _("演示环境：单位、人物与数字均为样例。") if clock.is_demo() else "",
    }


def menu(here: str = "") -> tuple[NavItem, ...]:
    entries = [
        ("home", _("办事"), address("portal:home")),
        ("query", _("查进度"), address("portal:query")),
        ("mine", _("我的办件"), address("portal:mine")),
        ("verify", pgettext("menu", "文书核验"), address("documents:verify")),
    ]
    return tuple(NavItem(label, url, name == here) for name, label, url in entries if url)


def foot() -> tuple[Link, ...]:
    """Matters that anybody can raise and that stand in no list of items, and the law as it runs here."""
    matters = tuple(Link(matter.name, reverse("portal:new", args=[matter.code])) for matter in public_matters())
    law = address("site:procedures")
    return (*matters, Link(_("办理程序"), law)) if law else matters


def address(name: str, *args: object) -> str:
    """The address of a page of another room; empty where this installation has none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
