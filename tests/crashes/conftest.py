"""Databases for crashes: a PostgreSQL of this folder's own, which may be killed; and how often."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.crashes import acts, processes
from tests.support.databases import copy_template
from tests.support.loud import skip_loudly
from zhengtong.ledger import installed
from zhengtong.site import throwaway
from zhengtong.site.databases import sqlite_url
from zhengtong.site.throwaway import Cluster, default_database, migrate

KILLS = int(os.environ.get("KILLS", "20"))
KILLS_LONG = 200


@pytest.fixture(params=[KILLS, pytest.param(KILLS_LONG, marks=pytest.mark.long)])
def kills(request: pytest.FixtureRequest) -> int:
    """How many: a few in `make test`, all in `make test-long`."""
    return int(request.param)


@pytest.fixture(scope="session")
def crash_cluster(pytestconfig: pytest.Config, django_db_blocker: DjangoDbBlocker) -> Iterator[Cluster]:
    """It waits for the disk in `make test-long` only: what a killed process wrote stands in the page cache either way,
    and recovery begins by flushing some thousand files."""
    if throwaway.find_programs() is None:
        skip_loudly("PostgreSQL's initdb and pg_ctl are not installed: no crash was shown on PostgreSQL")
    with throwaway.running_cluster(is_durable=pytestconfig.getoption("markexpr") == "long") as cluster:
        cluster.create("template_crash", copy_of="template0")
        with django_db_blocker.unblock():
            migrate(cluster.url("template_crash"))
        yield cluster


@pytest.fixture
def crash_postgres(
    crash_cluster: Cluster, own_home: Path, wiring: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Cluster]:
    name = crash_cluster.create_copy("template_crash")
    with django_db_blocker.unblock(), default_database(crash_cluster.url(name)):
        yield crash_cluster
        connection.close()
    crash_cluster.drop(name)


@pytest.fixture
def crash_sqlite(
    sqlite_template: Path, own_home: Path, wiring: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Path]:
    path = copy_template(sqlite_template, own_home)
    with django_db_blocker.unblock(), default_database(sqlite_url(path)):
        yield path
        connection.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def crash_db(request: pytest.FixtureRequest) -> str:
    """A fresh database that waits for the disk at each commit, once on each kind."""
    kind: str = request.param
    request.getfixturevalue(f"crash_{kind}")
    return kind


@pytest.fixture
def wiring() -> Iterator[None]:
    before = installed.installed()
    installed.put_back(installed.Installed())
    acts.wire()
    yield
    processes.end_all()
    installed.put_back(before)
