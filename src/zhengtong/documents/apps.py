"""The room `documents` as Django knows it."""

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "zhengtong.documents"
    label = "documents"
