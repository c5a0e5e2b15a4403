"""This room's entries of the side bar, who may come in, and the context of its pages."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from zhengtong.accounts.frames import desk_frame
from zhengtong.accounts.labels import PostKind
from zhengtong.accounts.requests import account_of, post_kind_required, required_actor
from zhengtong.kernel.authority import Actor
from zhengtong.supervision.narrowing import CardFilters, cards, orders
from zhengtong.ui.values import NavItem

supervisor_required = post_kind_required(PostKind.SUPERVISOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Who supervises, which territories, at which instant."""

    actor: Actor
    regions: tuple[str, ...]
    at: datetime


def watcher_of(request: HttpRequest, at: datetime) -> Watcher:
    """For views behind `supervisor_required`."""
    actor = required_actor(request, at)
    return Watcher(actor=actor, regions=regions_of(actor), at=at)


def regions_of(actor: Actor) -> tuple[str, ...]:
    return tuple(sorted({region for seat in actor.seats for region in seat.supervises}))


def menu(request: HttpRequest, at: datetime) -> list[NavItem]:
    """For whoever sits at a post of supervision."""
    account = account_of(request)
    if account is None or account.duty:
        return []
    actor = required_actor(request, at)
    regions = regions_of(actor)
    if not regions:
        governs = any(seat.government_of for seat in actor.seats)
        return [_item(request, _("慢在哪里"), "supervision:leader", None, _("领导屏"))] if governs else []
    group = _("监察")
    open_cards = cards(CardFilters(), regions, at).count()
    appeals = cards(CardFilters(state="appealed"), regions, at).count()
    return [
        _item(request, _("监察总览"), "supervision:watch", None, group, is_exact=True),
        _item(request, _("红黄牌"), "supervision:cards", open_cards, group),
        _item(request, _("监察判断"), "supervision:signals", None, group),
        _item(request, _("催办与督办"), "supervision:orders", orders(regions).open().count(), group),
        _item(request, _("异议待复核"), "supervision:appeals", appeals, group),
        _item(request, _("监察得分"), "supervision:scores", None, group),
        _item(request, _("监察报告"), "supervision:reports", None, group),
        _item(request, _("明查暗访"), "supervision:checks", None, group),
        _item(request, _("监察规则"), "supervision:rules", None, group),
        _item(request, _("重算的差异"), "supervision:differences", None, group),
        _item(request, _("慢在哪里"), "supervision:leader", None, _("分析")),
        _item(request, _("过程分析"), "supervision:process", None, _("分析")),
    ]


def _item(
    request: HttpRequest, label: str, name: str, number: int | None, group: str, *, is_exact: bool = False
) -> NavItem:
    url = reverse(name)
    here = request.path == url if is_exact else request.path.startswith(url)
    return NavItem(label, url, here, number, group)


def context(request: HttpRequest, at: datetime, **more: object) -> dict[str, object]:
    """Context for `ui/desk.html`, on the watch."""
    return {
        **desk_frame(request, at),
        "at": at,
        "desk_name": _("监察"),
        "find_url": reverse("cases:search"),
        "find_label": _("办件编号、申请人、证件号码、事项"),
        **more,
    }
