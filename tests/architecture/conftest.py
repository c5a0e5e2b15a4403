"""The small city, open to a whole file of tests: they look at it, and change nothing that another of them looks at."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.cast import NOW
from tests.support.databases import copy_template, default_database
from zhengtong.accounts import clock
from zhengtong.ledger.installed import installed, put_back
from zhengtong.site.databases import sqlite_url
from zhengtong.site.wiring import wire


@pytest.fixture(scope="module")
def lived(
    small_city: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Path]:
    """The home of a copy of the city, in which it is NOW."""
    home = tmp_path_factory.mktemp("lived")
    path = copy_template(small_city, home)
    places = {"ZHENGTONG_KEYS": home / "keys", "ZHENGTONG_ROOTS": home / "roots", "MEDIA_ROOT": home / "files"}
    before = installed()
    with (
        override_settings(ZHENGTONG_HOME=home, **places),
        django_db_blocker.unblock(),
        default_database(sqlite_url(path)),
        clock.fixed(NOW),
    ):
        wire()
        yield home
        put_back(before)
