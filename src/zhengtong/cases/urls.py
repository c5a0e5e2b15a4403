"""The addresses of the room `cases`."""

from django.urls import URLPattern

app_name = "cases"

urlpatterns: list[URLPattern] = []
