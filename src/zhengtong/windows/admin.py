"""Halls and windows in Django's admin, for the system administrator."""

from django.contrib import admin

from zhengtong.accounts.admin import ReferenceAdmin
from zhengtong.windows.models import Hall, Window


@admin.register(Hall)
class HallAdmin(ReferenceAdmin):
    list_display = ("code", "name", "unit", "closed_on")
    search_fields = ("code", "name")


@admin.register(Window)
class WindowAdmin(ReferenceAdmin):
    list_display = ("hall", "number", "name", "unit", "is_open")
    list_filter = ("hall", "is_open")
    search_fields = ("number", "name", "unit")
