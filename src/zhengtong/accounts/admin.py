"""Reference tables in Django's admin, for the system administrator alone: territories, units, posts.

People, posts held, letters and accounts have pages of their own (the room `administration`), where two look at what
gives authority. The admin's own sign-in knows no second factor, so its door leads to the staff sign-in.
"""

from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from zhengtong.accounts import clock
from zhengtong.accounts.labels import Duty
from zhengtong.accounts.models import Post, PostHolding, Territory, Unit
from zhengtong.accounts.requests import account_of, sign_in_address
from zhengtong.accounts.traces import who_of
from zhengtong.trail.actions import append
from zhengtong.trail.labels import Book


def may_administer(request: HttpRequest) -> bool:
    """The system administrator, signed in with both factors."""
    account = account_of(request)
    return account is not None and account.is_active and account.duty == Duty.SYSTEM


def to_staff_sign_in(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    return redirect(sign_in_address(request, "accounts:staff_sign_in"))


# Django's one admin site is used, because every ModelAdmin is registered there; its two questions are answered here.
admin.site.has_permission = may_administer  # type: ignore[method-assign]  # the stubs see a method, Django a hook
admin.site.login = to_staff_sign_in  # type: ignore[method-assign]  # as above
admin.site.site_header = "政通"


class ReferenceAdmin(ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """Reference rows are closed, not deleted; each change goes to the audit trail."""

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        at = clock.now()
        said = {"table": obj._meta.model_name, "fields": sorted(form.changed_data)}
        what = "reference.change" if change else "reference.add"
        append(book=Book.AUTHORITY, at=at, who=who_of(request, at), what=what, about=str(obj)[:120], said=said)
        super().save_model(request, obj, form, change)


@admin.register(Territory)
class TerritoryAdmin(ReferenceAdmin):
    list_display = ("code", "name", "parent")
    search_fields = ("code", "name")


@admin.register(Unit)
class UnitAdmin(ReferenceAdmin):
    """Where a unit stands, once posts in it have been held, is whose cases they are: then only its names may change."""

    list_display = ("code", "name", "kind", "parent", "territory")
    list_filter = ("kind",)
    search_fields = ("code", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Unit | None = None) -> tuple[str, ...]:
        held = obj is not None and PostHolding.objects.filter(post__unit__in=(obj, *obj.children.all())).exists()
        return ("code", "kind", "parent", "territory") if held else ()


@admin.register(Post)
class PostAdmin(ReferenceAdmin):
    """What a post may do is authority: once somebody has held it, only its names may change."""

    list_display = ("code", "name", "kind", "unit", "is_head")
    list_filter = ("kind", "is_head")
    search_fields = ("code", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Post | None = None) -> tuple[str, ...]:
        held = obj is not None and obj.holdings.exists()
        return ("code", "kind", "unit", "is_head") if held else ()
