"""What every staff page of the catalogue carries, and its entry in the side bar of the desk."""

from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from zhengtong.accounts import clock
from zhengtong.accounts.frames import desk_frame
from zhengtong.ui.values import NavItem


def frame(request: HttpRequest) -> dict[str, object]:
    return desk_frame(request, clock.now())


def menu(request: HttpRequest, at: datetime) -> tuple[NavItem, ...]:
    """This room's entry of the side bar, on every page of the desk."""
    url = reverse("catalogue:items")
    return (NavItem(_("事项目录"), url, request.path.startswith(url), None, _("事项")),)
