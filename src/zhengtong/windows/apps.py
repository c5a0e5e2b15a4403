"""The room `windows` as Django knows it."""

from django.apps import AppConfig


class WindowsConfig(AppConfig):
    name = "zhengtong.windows"
    label = "windows"
