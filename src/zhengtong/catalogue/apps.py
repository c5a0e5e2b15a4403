"""The room `catalogue` as Django knows it."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "zhengtong.catalogue"
    label = "catalogue"
