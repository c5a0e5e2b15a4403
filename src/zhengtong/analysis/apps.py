"""The room `analysis` as Django knows it."""

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    name = "zhengtong.analysis"
    label = "analysis"
