"""The fixtures of tests/support, on which all tests of the ledger rest, and both databases as the site opens them."""

from pathlib import Path

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from zhengtong.site.databases import database


class TestLedgerDatabase:
    def test_is_a_migrated_copy_outside_any_transaction(self, ledger_db: str) -> None:
        assert connection.vendor == {"sqlite": "sqlite", "postgres": "postgresql"}[ledger_db]
        assert ContentType.objects.exists()
        assert not connection.in_atomic_block

    @pytest.mark.parametrize("time", [1, 2])
    def test_keeps_nothing_of_the_test_before(self, ledger_db: str, time: int) -> None:
        assert not ContentType.objects.filter(app_label="left behind").exists()
        with transaction.atomic(durable=True):
            ContentType.objects.create(app_label="left behind", model=f"{time}")


class TestSqlite:
    def test_is_durable_and_never_a_writer_by_default(self, city_db: Path) -> None:
        with connection.cursor() as cursor:
            found = {}
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout"):
                cursor.execute(f"PRAGMA {pragma}")
                found[pragma] = cursor.fetchone()[0]
        assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 20_000}
        assert "transaction_mode" not in connection.settings_dict["OPTIONS"]


class TestDatabaseUrl:
    def test_postgres_binds_on_the_server_and_keeps_no_pool(self) -> None:
        options = database("postgres://city:word@db:5433/city")["OPTIONS"]
        assert options == {"server_side_binding": True}

    @pytest.mark.parametrize("url", ["sqlite:///relative.sqlite3", "mysql://localhost/city", "city.sqlite3"])
    def test_says_what_to_write_instead(self, url: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="Write"):
            database(url)
