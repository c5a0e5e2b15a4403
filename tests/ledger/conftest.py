"""Temporary: the ledger's tables alone, until every room has its migrations."""

from pathlib import Path

import pytest
from django.apps import apps
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.support.databases import default_database
from tests.support.postgres import Cluster
from zhengtong.site.databases import sqlite_url


def _migrate(url: str) -> None:
    others = {app.label: None for app in apps.get_app_configs() if app.label != "ledger"}
    with override_settings(MIGRATION_MODULES=others), default_database(url):
        executor = MigrationExecutor(connections["default"])
        executor.migrate(executor.loader.graph.leaf_nodes("ledger"))
        connections["default"].close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "ledger.sqlite3"
    with django_db_blocker.unblock():
        _migrate(sqlite_url(path))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: Cluster, django_db_blocker: DjangoDbBlocker) -> str:
    postgres_cluster.create("template_ledger", copy_of="template0")
    with django_db_blocker.unblock():
        _migrate(postgres_cluster.url("template_ledger"))
    return "template_ledger"
