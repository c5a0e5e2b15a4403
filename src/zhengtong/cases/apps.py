"""The room `cases` as Django knows it."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "zhengtong.cases"
    label = "cases"
