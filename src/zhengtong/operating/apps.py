"""The room `operating` as Django knows it."""

from django.apps import AppConfig


class OperatingConfig(AppConfig):
    name = "zhengtong.operating"
    label = "operating"
