"""Reference tables in Django's admin: trees, posts, holdings. Nothing sealed is registered here.

The admin's own sign-in knows no second factor, so its door leads to the staff sign-in.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from zhengtong.accounts.models import (
    Absence,
    AuthorisationLetter,
    Delegation,
    Person,
    Post,
    PostHolding,
    Territory,
    Unit,
)
from zhengtong.accounts.requests import account_of, sign_in_address


def may_administer(request: HttpRequest) -> bool:
    """A reference administrator, signed in with both factors."""
    account = account_of(request)
    return account is not None and account.is_staff


def to_staff_sign_in(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    return redirect(sign_in_address(request, "accounts:staff_sign_in"))


admin.site.has_permission = may_administer  # type: ignore[method-assign]
admin.site.login = to_staff_sign_in  # type: ignore[method-assign]
admin.site.site_header = "政通"


class DatedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """Dated rows are ended, not deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Territory)
class TerritoryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("code", "name", "parent")
    search_fields = ("code", "name")


@admin.register(Unit)
class UnitAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("code", "name", "kind", "parent", "territory")
    list_filter = ("kind",)
    search_fields = ("code", "name")


@admin.register(Post)
class PostAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("code", "name", "kind", "unit", "is_head")
    list_filter = ("kind", "is_head")
    search_fields = ("code", "name")


@admin.register(Person)
class PersonAdmin(DatedAdmin):
    list_display = ("number", "name", "left_on")
    search_fields = ("number", "name")


@admin.register(PostHolding)
class PostHoldingAdmin(DatedAdmin):
    list_display = ("post", "person", "role", "from_on", "until_on")
    autocomplete_fields = ("post", "person")


@admin.register(Absence)
class AbsenceAdmin(DatedAdmin):
    list_display = ("person", "from_on", "until_on", "reason")
    autocomplete_fields = ("person",)


@admin.register(Delegation)
class DelegationAdmin(DatedAdmin):
    list_display = ("post", "from_person", "to_person", "from_on", "until_on", "document")
    autocomplete_fields = ("post", "from_person", "to_person")


@admin.register(AuthorisationLetter)
class AuthorisationLetterAdmin(DatedAdmin):
    list_display = ("number", "item", "organ", "post", "from_on", "until_on", "revoked_on")
    search_fields = ("number", "item")
    autocomplete_fields = ("organ", "post", "person")
