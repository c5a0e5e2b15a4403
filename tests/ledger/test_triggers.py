"""The database refuses to change an event, whoever asks."""

import pytest
from django.db import DatabaseError, connection

from tests.ledger.stories import note, open_case
from zhengtong.ledger.chain import COLUMNS
from zhengtong.ledger.triggers import find_missing, statements

COPY = ", ".join(f'"{name}"' for name in COLUMNS)


def refused(sql: str) -> str:
    with connection.cursor() as cursor, pytest.raises(DatabaseError) as caught:
        cursor.execute(sql)
    return str(caught.value)


class TestEvents:
    def test_refuse_update(self, ledger_db: str) -> None:
        open_case()
        assert "no update" in refused("UPDATE ledger_event SET person = 'p-9'")

    def test_refuse_delete(self, ledger_db: str) -> None:
        open_case()
        assert "no delete" in refused("DELETE FROM ledger_event WHERE seq = 2")

    def test_refuse_replace(self, ledger_db: str) -> None:
        open_case()
        sqlite = f"INSERT OR REPLACE INTO ledger_event ({COPY}) SELECT {COPY} FROM ledger_event WHERE seq = 2"
        postgres = (
            f"INSERT INTO ledger_event ({COPY}) SELECT {COPY} FROM ledger_event WHERE seq = 2 "
            "ON CONFLICT (case_id, seq) DO UPDATE SET person = 'p-9'"
        )
        assert "ledger_event" in refused(sqlite if ledger_db == "sqlite" else postgres)

    def test_refuse_an_event_before_the_last(self, ledger_db: str) -> None:
        note(open_case())
        if ledger_db == "sqlite":
            older = COPY.replace('"seq"', "0")
            assert "seq is taken" in refused(
                f"INSERT INTO ledger_event ({COPY}) SELECT {older} FROM ledger_event WHERE seq = 2"
            )

    def test_refuse_truncate(self, ledger_db: str) -> None:
        open_case()
        if ledger_db == "postgres":
            assert "no truncate" in refused("TRUNCATE ledger_event")
            with connection.cursor() as cursor:
                cursor.execute("SET session_replication_role = replica")
            assert "no update" in refused("UPDATE ledger_event SET person = 'p-9'")


class TestFindMissing:
    def test_finds_nothing_on_a_fresh_database(self, ledger_db: str) -> None:
        assert find_missing() == ()

    def test_names_what_was_dropped_or_hollowed_out(self, ledger_db: str) -> None:
        with connection.cursor() as cursor:
            if ledger_db == "sqlite":
                cursor.execute("DROP TRIGGER event_no_update")
                cursor.execute("DROP TRIGGER event_next")
                cursor.execute("CREATE TRIGGER event_next BEFORE INSERT ON ledger_event BEGIN SELECT 1; END")
                assert find_missing() == ("event_no_update", "event_next")
            else:
                cursor.execute("DROP TRIGGER event_no_update ON ledger_event")
                cursor.execute("ALTER TABLE ledger_event DISABLE TRIGGER event_no_delete")
                assert find_missing() == ("event_no_update", "event_no_delete")

    def test_statements_put_them_back(self, ledger_db: str) -> None:
        with connection.cursor() as cursor:
            for name in ("event_no_update", "event_no_delete"):
                cursor.execute(f"DROP TRIGGER {name}" + (" ON ledger_event" if ledger_db == "postgres" else ""))
            for statement in statements(connection.vendor):
                if any(name in statement for name in ("event_no_update", "event_no_delete")):
                    cursor.execute(statement)
        assert find_missing() == ()
