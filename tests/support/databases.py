"""Databases for tests. Django's own test cases are of no use here: they are atomic blocks (record() refuses) or flush
tables (the triggers refuse). So a template is migrated once, and every test gets a fresh copy of it, which becomes
the default connection."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker, Settings

from tests.support.postgres import Cluster, running_cluster
from zhengtong.site.databases import sqlite_url
from zhengtong.site.throwaway import default_database, migrate


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    with django_db_blocker.unblock():
        migrate(sqlite_url(path))
    return path


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: Cluster, django_db_blocker: DjangoDbBlocker) -> str:
    postgres_cluster.create("template_city", copy_of="template0")
    with django_db_blocker.unblock():
        migrate(postgres_cluster.url("template_city"))
    return "template_city"


@pytest.fixture
def own_home(tmp_path: Path, settings: Settings) -> Path:
    """Keys, roots, files: each test has its own."""
    home = tmp_path / "home"
    home.mkdir()
    settings.ZHENGTONG_HOME = home
    settings.ZHENGTONG_KEYS = home / "keys"
    settings.ZHENGTONG_ROOTS = home / "roots"
    settings.MEDIA_ROOT = home / "files"
    return home


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def ledger_db(request: pytest.FixtureRequest, own_home: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A fresh migrated database, once on each kind. The value is its kind: "sqlite" or "postgres"."""
    kind: str = request.param
    if kind == "sqlite":
        with _sqlite_copy(request.getfixturevalue("sqlite_template"), own_home, django_db_blocker):
            yield kind
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    name = cluster.create_copy(request.getfixturevalue("postgres_template"))
    with django_db_blocker.unblock(), default_database(cluster.url(name)):
        yield kind
    cluster.drop(name)


@pytest.fixture(scope="session")
def city_template(sqlite_template: Path) -> Path:
    """What each `city_db` begins as. A folder of tests may put a fuller city here, by a fixture of the same name."""
    return sqlite_template


@pytest.fixture
def city_db(city_template: Path, own_home: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Path]:
    """A fresh copy of the city, on SQLite. The value is its file."""
    with _sqlite_copy(city_template, own_home, django_db_blocker) as path:
        yield path


@contextmanager
def _sqlite_copy(template: Path, home: Path, blocker: DjangoDbBlocker) -> Iterator[Path]:
    path = copy_template(template, home)
    with blocker.unblock(), default_database(sqlite_url(path)):
        yield path


def copy_template(template: Path, home: Path) -> Path:
    """A template's database, and what stands beside it (keys, roots): without its keys a city's words stay sealed."""
    path = home / "zhengtong.sqlite3"
    shutil.copyfile(template, path)
    for name in ("keys", "roots", "files"):
        if (template.parent / name).is_dir():
            shutil.copytree(template.parent / name, home / name, dirs_exist_ok=True)
    if (template.parent / "demo-accounts.json").exists():
        shutil.copyfile(template.parent / "demo-accounts.json", home / "demo-accounts.json")
    return path


def forget_connection() -> None:
    """In a forked child: make a connection of its own. A browser's event loop in the parent lets Django keep its
    connection apart from where the child, in which no loop runs, looks for one; it would find that of an earlier test.
    """
    with suppress(AttributeError):
        del connections["default"]
