"""The room `ledger` as Django knows it."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections


class LedgerConfig(AppConfig):
    name = "zhengtong.ledger"
    label = "ledger"


@register(Tags.database)
def check_triggers(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """`check --database default` names triggers that are gone: a table rebuilt by a migration loses them."""
    from zhengtong.ledger.triggers import find_missing

    found: list[CheckMessage] = []
    for alias in databases or ():
        database = connections[alias]
        if "ledger_event" in database.introspection.table_names():
            found += [
                Warning(f"the trigger {name} is missing", hint="zhengtong verify", id="ledger.W001")
                for name in find_missing(database)
            ]
    return found
