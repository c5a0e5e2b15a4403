"""A city of the release before, brought up to this one with everything in it: the same heads, the same people can sign
in, the pages read. And `serve` starts on nothing older."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyotp
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from tests.cast import ADMINISTRATOR, NOW, OFFICER
from tests.support.databases import copy_template
from tests.support.postgres import Cluster
from zhengtong.accounts import clock
from zhengtong.accounts.models import Account
from zhengtong.ledger.folds import kernel_folds
from zhengtong.ledger.sources import DatabaseSource
from zhengtong.ledger.verify import verify
from zhengtong.operating.connecting import second_database
from zhengtong.operating.databases import sqlite_url
from zhengtong.operating.figures import read_figures
from zhengtong.operating.pouring import pour
from zhengtong.operating.upgrading import CannotUpgrade, find_waiting, upgrade
from zhengtong.site.throwaway import default_database

# Where the first release stood (its commit: 5bc151a). Shipped migrations are never edited.
FIRST: Final = {
    "accounts": "0002_message_is_private", "cases": "0001_branches_asked",
    "catalogue": "0002_index_themes_and_triggers", "documents": "0001_first", "ledger": "0001_ledger",
    "portal": "0001_first", "windows": "0001_halls_and_windows",
}  # fmt: skip
DJANGOS: Final = ("contenttypes", "auth", "admin", "sessions")
NOT_CARRIED: Final = ("django_", "auth_", "sqlite_")


@pytest.fixture(scope="module")
def old_city(
    small_city: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Path:  # fmt: skip
    """The small city in the tables of the first release, with what their columns could hold."""
    home = tmp_path_factory.mktemp("old")
    path = home / "zhengtong.sqlite3"
    with django_db_blocker.unblock(), default_database(sqlite_url(path)):
        migrate_to_first()
        connection.close()
    carry(small_city, path)
    for name in ("keys", "roots", "files"):
        shutil.copytree(small_city.parent / name, home / name)
    shutil.copyfile(small_city.parent / "demo-accounts.json", home / "demo-accounts.json")
    return path


def migrate_to_first() -> None:
    for room, name in FIRST.items():
        call_command("migrate", room, name, interactive=False, verbosity=0)
    for room in DJANGOS:
        call_command("migrate", room, interactive=False, verbosity=0)


def carry(source: Path, target: Path) -> None:
    """Every row of every table the first release had, in the columns it had."""
    with sqlite3.connect(target) as old:
        old.execute("PRAGMA foreign_keys=OFF")
        old.execute("ATTACH DATABASE ? AS present", [str(source)])
        old.execute("DELETE FROM catalogue_theme")
        names = [
            row[0] for row in old.execute("SELECT name FROM main.sqlite_master WHERE type = 'table' ORDER BY rowid")
        ]
        for name in (name for name in names if not name.startswith(NOT_CARRIED)):
            there = {row[1] for row in old.execute(f"PRAGMA present.table_info({name})")}
            if not there:  # this release has no such table any more, so nothing to carry back
                continue
            columns = [row[1] for row in old.execute(f"PRAGMA main.table_info({name})")]
            values = [f'"{column}"' if column in there else "0" for column in columns]
            listed = ", ".join(f'"{column}"' for column in columns)
            old.execute(f"INSERT INTO main.{name} ({listed}) SELECT {', '.join(values)} FROM present.{name}")
        if "is_reference_administrator" in [row[1] for row in old.execute("PRAGMA main.table_info(accounts_account)")]:
            old.execute("UPDATE accounts_account SET is_reference_administrator = 1 WHERE login = ?", [ADMINISTRATOR])
        assert old.execute("PRAGMA main.foreign_key_check").fetchall() == []
    old.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def before(
    request: pytest.FixtureRequest, old_city: Path, own_home: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """The default database is the old city, on each kind."""
    path = copy_template(old_city, own_home)
    with django_db_blocker.unblock():
        if request.param == "sqlite":
            with default_database(sqlite_url(path)):
                yield "sqlite"
            return
        cluster: Cluster = request.getfixturevalue("postgres_cluster")
        cluster.create("old_city", copy_of="template0")
        with default_database(cluster.url("old_city")):
            migrate_to_first()
            with second_database(sqlite_url(path)) as source:
                pour(source, connection)
            yield "postgres"
        cluster.drop("old_city")


def test_everything_is_there_after_the_upgrade(before: str, own_home: Path) -> None:
    waiting = find_waiting()
    assert {name.split(".")[0] for name in waiting} >= {"accounts", "operating"}
    with pytest.raises(CommandError, match="run `zhengtong upgrade`"):
        call_command("serve", bind="127.0.0.1:29999")
    old = read_figures(connection)
    done = upgrade(NOW)
    assert done.applied == waiting
    assert done.faults == ()
    new = read_figures(connection)
    assert (new.heads, new.docket, new.readers, new.last_root) == (old.heads, old.docket, old.readers, old.last_root)
    kept = {name: count for name, count in old.tables.items() if not name.startswith(NOT_CARRIED) and count}
    assert {name: new.tables[name] for name in kept} == kept
    assert verify(DatabaseSource(), folds=kernel_folds()).faults == ()
    assert find_waiting() == ()
    assert Account.objects.get(login=ADMINISTRATOR).duty == "system"
    with clock.fixed(NOW):
        signs_in_and_reads(own_home)


def signs_in_and_reads(home: Path) -> None:
    known = json.loads((home / "demo-accounts.json").read_text())
    officer = next(row for row in known if row["login"] == OFFICER)
    client = Client()
    answer = client.post(reverse("accounts:staff_sign_in"), {"typed": OFFICER, "password": officer["password"]})
    assert answer.status_code == 302, "the password is not taken"
    code = pyotp.TOTP(officer["totp_secret"]).at(clock.real_now())
    assert client.post(reverse("accounts:second_factor"), {"code": code}).status_code == 302
    assert client.get(reverse("cases:list", args=["unit"])).status_code == 200
    assert client.get("/").status_code == 200


def test_a_later_release_is_not_touched(city_db: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('ledger', '9999_later', '2030-01-01')"
        )
    with pytest.raises(CannotUpgrade, match=r"later release .*ledger.9999_later"):
        upgrade(NOW)


def test_a_lost_trigger_is_told(city_db: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER event_no_update")
    assert upgrade(NOW).faults == ("the trigger event_no_update is missing",)
