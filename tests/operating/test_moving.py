"""From SQLite to PostgreSQL and back: the same on both sides, the past as unchangeable as before; backups of
PostgreSQL."""

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.db import connection
from psycopg import sql

from tests.cast import NOW
from tests.operating.busy import people_at_work
from tests.support.loud import skip_loudly
from tests.support.postgres import Cluster
from zhengtong.ledger.outbox import drain
from zhengtong.ledger.triggers import find_missing
from zhengtong.operating import pouring, snapshots
from zhengtong.operating.backing_up import back_up
from zhengtong.operating.connecting import second_database
from zhengtong.operating.databases import sqlite_url
from zhengtong.operating.envelopes import Lock, Opener
from zhengtong.operating.figures import differences, read_figures
from zhengtong.operating.moving import move
from zhengtong.operating.pouring import CannotPour, pour, require_empty
from zhengtong.operating.restoring import CannotRestore, restore
from zhengtong.operating.snapshots import standing_still
from zhengtong.site.throwaway import default_database

IDENTITY = X25519PrivateKey.generate()
LOCK, KEY = Lock(recipient=IDENTITY.public_key()), Opener(identity=IDENTITY)
pytestmark = pytest.mark.postgres


@dataclass(frozen=True, slots=True)
class Bare:
    """An empty PostgreSQL database at the schema of this release."""

    cluster: Cluster
    name: str

    @property
    def url(self) -> str:
        return self.cluster.url(self.name)


@pytest.fixture
def bare(postgres_cluster: Cluster, postgres_template: str) -> Iterator[Bare]:
    name = postgres_cluster.create_copy(postgres_template)
    yield Bare(postgres_cluster, name)
    postgres_cluster.drop(name)


@pytest.fixture
def moved(city_db: Path, bare: Bare) -> Iterator[Bare]:
    """The city on PostgreSQL, as the default database."""
    with second_database(bare.url) as target:
        pour(connection, target)
    with default_database(bare.url):
        yield bare


def test_moved_by_the_command_it_is_the_same(city_db: Path, bare: Bare) -> None:
    told: list[str] = []
    done = move(bare.url, at=NOW, tell=lambda name, rows: told.append(name))
    assert done.wrong == ()
    assert done.rows == sum(done.figures["tables"].values())
    assert done.verified["whole"] is True
    assert len(done.figures["work"]) == 12
    assert told.index("ledger_case") < told.index("ledger_event")
    with pytest.raises(CannotPour, match="not empty"):
        move(bare.url, at=NOW)
    with pytest.raises(CannotPour, match="one kind"):
        move(sqlite_url(city_db.with_name("other.sqlite3")), at=NOW)


def test_a_row_that_differs_is_told(city_db: Path, bare: Bare) -> None:
    with second_database(bare.url) as target:
        pour(connection, target)
        here = read_figures(connection).as_json()
        assert differences(here, read_figures(target).as_json()) == ()
        with target.cursor() as cursor:
            cursor.execute("UPDATE ledger_case SET due_at = due_at + interval '1 second' WHERE due_at IS NOT NULL")
            cursor.execute("DELETE FROM ledger_reader WHERE ctid = (SELECT min(ctid) FROM ledger_reader)")
        told = differences(here, read_figures(target).as_json())
    assert "the docket differ" in told
    assert "who may read differ" in told
    assert any(line.startswith("ledger_reader:") for line in told)


def test_nobody_writes_to_the_source_meanwhile(city_db: Path) -> None:
    with standing_still():
        other = sqlite3.connect(city_db, timeout=0.1)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("UPDATE ledger_case SET unit = 'sc'")
        other.close()


def test_a_move_that_breaks_off_leaves_the_target_bare(
    city_db: Path, bare: Bare, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise OSError("the line went dead")

    monkeypatch.setattr(pouring, "set_sequences", broken)
    with second_database(bare.url) as target:
        with pytest.raises(OSError, match="dead"):
            pour(connection, target)
        require_empty(target)


def test_there_the_past_stays_and_numbers_go_on(moved: Bare) -> None:
    assert find_missing() == ()
    with psycopg.connect(moved.url, autocommit=True) as there:
        for statement in (
            "UPDATE ledger_event SET kind = 'x'",
            "DELETE FROM ledger_event",
            "TRUNCATE ledger_event CASCADE",
        ):
            with pytest.raises(psycopg.errors.RaiseException, match="ledger_event: no"):
                there.execute(statement)
        there.execute("INSERT INTO accounts_mark (name, value) VALUES ('after', '')")
        for table in ("accounts_person", "ledger_outbox", "accounts_signin", "trail_entry"):
            row = there.execute(
                f"SELECT pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 0) FROM {table}"
            ).fetchone()
            assert row is not None
            following = there.execute("SELECT nextval(%s::regclass)", [row[0]]).fetchone()
            assert following is not None
            assert following[0] > row[1], table
    drain(NOW)  # and the desk works on: what waits is sent


def test_and_back_it_is_the_same(moved: Bare, tmp_path: Path, sqlite_template: Path) -> None:
    path = tmp_path / "back.sqlite3"
    shutil.copyfile(sqlite_template, path)
    with second_database(sqlite_url(path)) as target:
        pour(connection, target)
        assert differences(read_figures(connection).as_json(), read_figures(target).as_json()) == ()
        with target.cursor() as cursor:
            cursor.execute("PRAGMA foreign_key_check")
            assert cursor.fetchall() == []
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = 'accounts_person'")
            assert cursor.fetchone()[0] > 0


@pytest.mark.parametrize("by_copy", [False, True], ids=["pg_dump", "copy"])
def test_kept_and_put_back_while_people_work(
    moved: Bare, tmp_path: Path, postgres_template: str, by_copy: bool
) -> None:
    if not by_copy and snapshots.find_program("pg_dump", 1) is None:
        skip_loudly("pg_dump is not installed: no dump of PostgreSQL was made and put back")
    with people_at_work(2):
        kept = back_up(to=tmp_path / "city.ztb", lock=LOCK, now=NOW, by_copy=by_copy)
    assert kept.snapshot.kind == ("copy" if by_copy else "pg_dump")
    assert read_figures(connection).events > kept.snapshot.figures.events, "nobody was writing"
    # By copy the schema is made by migrations, which takes long: here they have been run already.
    moved.cluster.create("restored", copy_of=postgres_template if by_copy else "template0")
    try:
        done = restore(
            kept.path, into=tmp_path / "back", opener=KEY, now=NOW, database_url=moved.cluster.url("restored")
        )  # fmt: skip
        assert done.wrong == ()
        assert done.figures["heads"] == kept.snapshot.figures.heads
        if by_copy:
            return
        with pytest.raises(CannotRestore, match="give --database-url"):
            restore(kept.path, into=tmp_path / "again", opener=KEY, now=NOW)
    finally:
        moved.cluster.drop("restored")


# The statements of docs/operating/install.md, for a database that exists already.
ROLES = Path(__file__).resolve().parents[2] / "docs" / "operating" / "examples" / "roles.sql"


def test_the_role_of_the_application_cannot_change_the_past(moved: Bare) -> None:
    """With the two roles of docs/operating: even a stolen password of the site changes no event and no trigger."""
    role = f"app_{moved.name}"
    with psycopg.connect(moved.url, autocommit=True) as owner:
        statements = ROLES.read_text(encoding="utf-8").replace("zhengtong_app", f"app_{moved.name}")
        owner.execute(statements.encode())
        owner.execute(
            sql.SQL("ALTER ROLE {} LOGIN PASSWORD 'in this test alone'").format(sql.Identifier(f"app_{moved.name}"))
        )
    try:
        port = moved.cluster.port
        at = f"host=127.0.0.1 port={port} dbname={moved.name} user={role} password='in this test alone'"
        with psycopg.connect(at, autocommit=True) as app:
            for forbidden in (
                "UPDATE ledger_event SET kind = 'x'",
                "DELETE FROM ledger_event",
                "TRUNCATE ledger_event",
                "ALTER TABLE ledger_event DISABLE TRIGGER ALL",
                "DROP TRIGGER event_no_update ON ledger_event",
                (
                    "CREATE OR REPLACE FUNCTION ledger_event_refuse() RETURNS trigger LANGUAGE plpgsql "
                    "AS $$BEGIN RETURN NEW; END$$"
                ),
                "DROP TABLE ledger_event CASCADE",
                "UPDATE trail_entry SET what = 'x'",
                "CREATE TABLE mine (a int)",
                "SET session_replication_role = replica",
            ):
                with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException)):
                    app.execute(forbidden)
        who = f"app_{moved.name}:in%20this%20test%20alone"
        with default_database(f"postgres://{who}@127.0.0.1:{moved.cluster.port}/{moved.name}"):
            before = read_figures(connection).events
            with people_at_work(1):
                pass
            assert read_figures(connection).events > before, "the role cannot work"
    finally:
        with psycopg.connect(moved.url, autocommit=True) as owner:
            owner.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
            owner.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
