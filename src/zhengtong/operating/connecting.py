"""A second database beside the default one, for as long as a block lasts."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from zhengtong.operating.databases import database


@contextmanager
def second_database(url: str, alias: str = "second") -> Iterator[BaseDatabaseWrapper]:
    """This database under a name of its own; closed and forgotten at the end."""
    configured = connections.configure_settings({"default": database(url)})["default"]
    connections.settings[alias] = dict(configured)
    try:
        yield connections[alias]
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]
