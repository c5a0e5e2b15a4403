"""Towns to look at: one with everything planted, one clean, each built once for all tests of this folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connections
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.support.databases import copy_template
from zhengtong.accounts import clock
from zhengtong.ledger.installed import installed, put_back
from zhengtong.simulation import running
from zhengtong.simulation.ground import Ground
from zhengtong.simulation.running import Lived
from zhengtong.simulation.sizes import TOWN, Size
from zhengtong.site.databases import sqlite_url
from zhengtong.site.simulated_ground import lay, reactions
from zhengtong.site.throwaway import default_database
from zhengtong.site.wiring import wire


@dataclass(frozen=True)
class Town:
    home: Path
    size: Size
    ground: Ground
    lived: Lived

    @property
    def url(self) -> str:
        return sqlite_url(self.home / "zhengtong.sqlite3")


@contextmanager
def at_home(home: Path, url: str) -> Iterator[None]:
    """Inside, this is the installation."""
    places = {"ZHENGTONG_KEYS": home / "keys", "ZHENGTONG_ROOTS": home / "roots", "MEDIA_ROOT": home / "files"}
    before = installed()
    with override_settings(ZHENGTONG_HOME=home, **places), default_database(url):
        wire()
        try:
            yield
        finally:
            put_back(before)
            connections["default"].close()


def build(size: Size, *, workers: int = 1) -> tuple[Ground, Lived]:
    """Simulate into the default database."""
    clock.forget()
    ground = lay(size)
    return ground, running.run(size, ground, reactions=reactions(notices=True), workers=workers)


def build_in(home: Path, template: Path, size: Size, *, workers: int = 1, keys: Path | None = None) -> Town:
    path = copy_template(template, home)
    if keys is not None:
        copy_keys(keys, home)
    with at_home(home, sqlite_url(path)):
        ground, lived = build(size, workers=workers)
    return Town(home, size, ground, lived)


def copy_keys(source: Path, home: Path) -> None:
    (home / "keys").mkdir(exist_ok=True)
    for file in (source / "keys").iterdir():
        (home / "keys" / file.name).write_bytes(file.read_bytes())
        (home / "keys" / file.name).chmod(0o600)


@pytest.fixture(scope="session")
def town(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Town:
    with django_db_blocker.unblock():
        return build_in(tmp_path_factory.mktemp("town"), sqlite_template, TOWN)


@pytest.fixture(scope="session")
def clean_town(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Town:  # fmt: skip
    with django_db_blocker.unblock():
        return build_in(tmp_path_factory.mktemp("clean"), sqlite_template, TOWN.clean())


@pytest.fixture
def in_town(town: Town, django_db_blocker: DjangoDbBlocker) -> Iterator[Town]:
    with django_db_blocker.unblock(), at_home(town.home, town.url):
        yield town


@pytest.fixture
def in_clean_town(clean_town: Town, django_db_blocker: DjangoDbBlocker) -> Iterator[Town]:
    with django_db_blocker.unblock(), at_home(clean_town.home, clean_town.url):
        yield clean_town
