"""The room `law` as Django knows it."""

from django.apps import AppConfig


class LawConfig(AppConfig):
    name = "zhengtong.law"
    label = "law"

    def ready(self) -> None:
        """The installation's own law is laid over the package's."""
        from django.conf import settings

        from zhengtong.law import overlay

        overlay.use_local(settings.ZHENGTONG_HOME / "law")
