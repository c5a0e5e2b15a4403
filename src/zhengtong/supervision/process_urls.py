"""Addresses of the room's process pages."""

from django.urls import URLPattern

process_patterns: list[URLPattern] = []
