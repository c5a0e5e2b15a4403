"""The room `federation` as Django knows it."""

from django.apps import AppConfig


class FederationConfig(AppConfig):
    name = "zhengtong.federation"
    label = "federation"
