"""What every page carries: the name of this installation, and the menu of the public pages.

Rooms below the portal draw public pages too (sign-in, verification); the menu reaches them from here, so that they need
not know the portal. What a view puts into its own context wins; nothing is asked before a template asks for it.
"""

from collections.abc import Callable
from functools import cache
from time import monotonic
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from zhengtong.accounts.queries import territory_names
from zhengtong.portal import frames

KEPT_FOR: Final = 60.0  # seconds: a territory is renamed once in a generation
PARTS: Final = (
    "nav", "home_url", "foot_links", "foot_lines", "demo_note", "person", "person_url", "sign_in_url",
)  # fmt: skip
_kept: dict[str, tuple[float, tuple[str, str]]] = {}


def site_name(request: HttpRequest | None = None) -> dict[str, object]:
    return {"site_name": SimpleLazyObject(name_of_site)}


def name_of_site() -> str:
    """As the settings say; else after the territory: 清源区政务服务."""
    if settings.ZHENGTONG_SITE_NAME:
        return str(settings.ZHENGTONG_SITE_NAME)
    chinese, english = _territory()
    place = english if (get_language() or "").startswith("en") and english else chinese
    return _("%(place)s政务服务") % {"place": place} if place else _("政务服务中心")


def _territory() -> tuple[str, str]:
    database = str(settings.DATABASES["default"].get("NAME", ""))
    asked_at, names = _kept.get(database, (float("-inf"), ("", "")))
    if monotonic() - asked_at > KEPT_FOR or not names[0]:
        names = territory_names()
        _kept[database] = (monotonic(), names)
    return names


def public_frame(request: HttpRequest) -> dict[str, object]:
    """Menu, foot and who is signed in, for public pages of rooms that do not know them; the desk says its own."""
    whole = cache(lambda: frames.frame(request) if hasattr(request, "user") else {"nav": frames.menu()})
    return {name: SimpleLazyObject(_part(whole, name)) for name in PARTS}


def _part(whole: Callable[[], dict[str, Any]], name: str) -> Callable[[], object]:
    return lambda: whole().get(name, "")
