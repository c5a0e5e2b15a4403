"""Registers the ui room, so that its templates, tags, styles and words are found."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "zhengtong.ui"
    label = "ui"
