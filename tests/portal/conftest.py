"""The town of these tests: the posts of one health department, every demonstration item, the wiring of the site."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.portal.town import build_town
from zhengtong.ledger import installed
from zhengtong.site.databases import sqlite_url
from zhengtong.site.throwaway import default_database
from zhengtong.site.wiring import wire


@pytest.fixture(scope="session")
def city_template(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Path:
    path = tmp_path_factory.mktemp("portal") / "town.sqlite3"
    shutil.copyfile(sqlite_template, path)
    with django_db_blocker.unblock(), default_database(sqlite_url(path)):
        build_town()
    return path


@pytest.fixture(scope="session", autouse=True)
def keys_of_the_town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sealed columns of the template and of its copies are opened with the same keys."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
def town(city_db: Path) -> Iterator[None]:
    before = installed.installed()
    wire()
    yield
    installed.put_back(before)
