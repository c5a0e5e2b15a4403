"""The room `accounts` as Django knows it."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "zhengtong.accounts"
    label = "accounts"
