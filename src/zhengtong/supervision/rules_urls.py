"""Addresses of the room's rules pages."""

from django.urls import URLPattern

rules_patterns: list[URLPattern] = []
