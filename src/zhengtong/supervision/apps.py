"""The room `supervision` as Django knows it."""

from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    name = "zhengtong.supervision"
    label = "supervision"
