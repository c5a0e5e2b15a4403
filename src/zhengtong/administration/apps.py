"""The room `administration` as Django knows it."""

from django.apps import AppConfig


class AdministrationConfig(AppConfig):
    name = "zhengtong.administration"
    label = "administration"
