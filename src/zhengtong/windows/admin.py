"""Halls and windows in Django's admin."""

from django.contrib import admin

from zhengtong.windows.models import Hall, Window


@admin.register(Hall)
class HallAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    list_display = ("code", "name", "unit", "closed_on")
    search_fields = ("code", "name")


@admin.register(Window)
class WindowAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("hall", "number", "name", "unit", "is_open")
    list_filter = ("hall", "is_open")
    search_fields = ("number", "name", "unit")
