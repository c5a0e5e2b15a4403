"""Who may do what in the catalogue: everybody on the staff reads; an organ's head and the administrators of the centre
edit and publish, never both the same version."""

from typing import Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from zhengtong.accounts import clock
from zhengtong.accounts.queries import has_post_kind
from zhengtong.accounts.requests import required_account, required_actor
from zhengtong.catalogue.models import Item, ItemVersion
from zhengtong.kernel.authority import Actor

EVERYWHERE: Final = ("administrator", "catalogue")
IN_OWN_ORGAN: Final = ("head",)


def item_of(code: str) -> Item:
    item = Item.objects.filter(code=code).first()
    if item is None:
        raise Http404
    return item


def version_of(item: Item, number: int) -> ItemVersion:
    version: ItemVersion | None = item.versions.filter(version=number).first()
    if version is None:
        raise Http404
    return version


def may_edit(request: HttpRequest, item: Item | None) -> bool:
    """Whether the person may change this item (or, without one, begin a new one)."""
    at, account = clock.now(), required_account(request)
    if has_post_kind(account, at, EVERYWHERE):
        return True
    if not has_post_kind(account, at, IN_OWN_ORGAN):
        return False
    return item is None or item.department in {seat.dept for seat in required_actor(request, at).seats}


def editor(request: HttpRequest, item: Item | None) -> Actor:
    """The actor who may change this item.

    Raises:
        PermissionDenied
    """
    if not may_edit(request, item):
        raise PermissionDenied
    return required_actor(request, clock.now())
