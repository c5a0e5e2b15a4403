"""The room `site` as Django knows it."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "zhengtong.site"
    label = "site"

    def ready(self) -> None:
        from zhengtong.site.wiring import wire

        wire()
