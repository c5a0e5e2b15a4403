"""An installation from before the three duties: its reference administrator goes on as system administrator, without a
post, and every post held before can still be read."""

from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoDbBlocker

from zhengtong.accounts.guards import GUARDS
from zhengtong.accounts.models import Account, PostHolding
from zhengtong.site.databases import sqlite_url
from zhengtong.site.throwaway import default_database
from zhengtong.trail.triggers import TRAIL, find_missing

BEFORE = ("accounts", "0002_message_is_private")


def fill() -> None:
    """Two people as the older schema knew them: one of them administrator and clerk at once."""
    apps = MigrationExecutor(connection).loader.project_state([BEFORE]).apps
    model = {name: apps.get_model("accounts", name) for name in ("Territory", "Unit", "Post", "Person", "Account")}
    territory = model["Territory"].objects.create(code="510199", name="清源区")
    unit = model["Unit"].objects.create(code="zx", name="中心", kind="centre", territory=territory)
    post = model["Post"].objects.create(code="zx-window", name="窗口", kind="window", unit=unit)
    for number, is_administrator in (("zx03", True), ("zx02", False)):
        person = model["Person"].objects.create(number=number, name="某人")
        apps.get_model("accounts", "PostHolding").objects.create(
            person=person, post=post, role="A", from_on=date(2026, 1, 1)
        )
        model["Account"].objects.create(
            login=number, kind="staff", person=person, is_reference_administrator=is_administrator
        )


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_the_reference_administrator_becomes_the_system_administrator(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker
) -> None:
    if kind == "sqlite":
        address = sqlite_url(tmp_path / "old.sqlite3")
    else:
        cluster = request.getfixturevalue("postgres_cluster")
        cluster.create("before_the_duties", copy_of="template0")
        address = cluster.url("before_the_duties")
    with django_db_blocker.unblock(), default_database(address):
        call_command("migrate", *BEFORE, verbosity=0)
        fill()
        call_command("migrate", verbosity=0)
        duties = dict(Account.objects.values_list("login", "duty"))
        assert duties == {"zx03": "system", "zx02": ""}
        held = {row.person.number: row.until_on for row in PostHolding.objects.select_related("person")}
        assert held["zx02"] is None and held["zx03"] is not None
        since = Account.objects.get(login="zx03").duty_since
        assert since is not None and held["zx03"] < since
        assert find_missing((*TRAIL, *GUARDS)) == ()
        connection.close()
