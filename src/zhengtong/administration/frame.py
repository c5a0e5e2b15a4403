"""This room's entries of the side bar: what an administrator's duty opens, and the hand-over of who has left."""

from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from zhengtong.accounts.frames import desk_frame
from zhengtong.accounts.labels import Duty
from zhengtong.accounts.requests import account_of, required_account, required_actor
from zhengtong.administration.handing_over import count_to_hand_over
from zhengtong.administration.queries import count_waiting
from zhengtong.ui.values import NavItem


def menu(request: HttpRequest, at: datetime) -> list[NavItem]:
    account = account_of(request)
    if account is None:
        return []
    if not account.duty:
        count = count_to_hand_over(required_actor(request, at))
        return [_item(request, _("离任交接"), "administration:hand_over", count, _("我的工作"))] if count else []
    group = str(Duty(account.duty).label)
    items = [_item(request, _("提请与复核"), "administration:proposals", count_waiting(account), group)]
    if account.duty in (Duty.SYSTEM, Duty.SECURITY):
        items.append(_item(request, _("人员与任职"), "administration:persons", None, group))
        items.append(_item(request, _("离任与交接"), "administration:leavers", None, group))
    items.append(_item(request, _("三员"), "administration:duties", None, group))
    if account.duty == Duty.AUDIT:
        items.append(_item(request, _("审计"), "administration:audit", None, group))
    if account.duty == Duty.SYSTEM:
        items.append(NavItem(_("机构、岗位与窗口"), reverse("admin:index"), False, None, group))
    return items


def _item(request: HttpRequest, label: str, name: str, number: int | None, group: str) -> NavItem:
    url = reverse(name)
    return NavItem(label, url, request.path.startswith(url), number, group)


def context(request: HttpRequest, at: datetime, **more: object) -> dict[str, object]:
    """Context for `ui/desk.html`, for an administrator."""
    account = required_account(request)
    post = {"post": account.get_duty_display()} if account.duty else {}
    return {**desk_frame(request, at), **post, "duty": account.duty, "desk_name": _("管理"), **more}
