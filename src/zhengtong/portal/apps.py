"""The room `portal` as Django knows it."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "zhengtong.portal"
    label = "portal"
