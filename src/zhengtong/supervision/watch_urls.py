"""Addresses of the room's watch pages."""

from django.urls import URLPattern

watch_patterns: list[URLPattern] = []
