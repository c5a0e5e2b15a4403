"""The small city: the demonstration city with few cases, built once a session by the demonstration's own functions.

A folder whose tests want it says so in its conftest: a session fixture `city_template` that returns `small_city`. Each
test then gets a copy by `city_db`, with the keys that open its sealed words. It stands as of NOW in tests/cast.py.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.cast import NOW
from tests.support.databases import copy_template
from zhengtong.accounts import clock
from zhengtong.ledger.installed import installed, put_back
from zhengtong.site.databases import sqlite_url
from zhengtong.site.demo import city
from zhengtong.site.throwaway import default_database
from zhengtong.site.wiring import wire

CASES = 40
SEED = 7


@pytest.fixture(scope="session")
def small_city(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Path:
    """The file of the city's database; keys, roots and accounts stand beside it."""
    home = tmp_path_factory.mktemp("city")
    with django_db_blocker.unblock():
        build_in(home, sqlite_template)
    return home / "zhengtong.sqlite3"


def build_in(home: Path, template: Path, *, cases: int = CASES, seed: int = SEED) -> city.City:
    """Build a city as of NOW in a folder of its own."""
    path = copy_template(template, home)
    places = {"ZHENGTONG_KEYS": home / "keys", "ZHENGTONG_ROOTS": home / "roots", "MEDIA_ROOT": home / "files"}
    with override_settings(ZHENGTONG_HOME=home, **places), default_database(sqlite_url(path)), clock.fixed(NOW):
        built = city.build(now=NOW, seed=seed, cases=cases)
        connections["default"].close()
    return built


@pytest.fixture(scope="module")
def lived(
    small_city: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Path]:
    """The city open to a whole file of tests, which change nothing that another of them looks at.

    The home of a copy of the city, in which it is NOW.
    """
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
