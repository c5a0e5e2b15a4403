"""The room `ledger` as Django knows it."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "zhengtong.ledger"
    label = "ledger"
