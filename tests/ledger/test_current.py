"""A state kept in the process: it answers as a whole reading does, follows what others write, and never outlives what
it was read from."""

import sqlite3
import threading
from pathlib import Path

import pytest
from django.db import connection

from tests.ledger.stories import note, open_case, reload
from zhengtong.kernel.states import fold
from zhengtong.ledger import current, history
from zhengtong.ledger.current import load_current
from zhengtong.ledger.history import NoHistory, load_case
from zhengtong.operating.databases import sqlite_url
from zhengtong.site.throwaway import default_database

pytestmark = pytest.mark.usefixtures("ledger_db")


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    current.forget()


def read_whole(case_id: int) -> current.Current:
    loaded = load_case(case_id)
    return current.Current(ref=loaded.ref, state=fold(loaded.history))


class TestLoadCurrent:
    def test_equals_a_whole_reading_after_every_act(self) -> None:
        case = open_case()
        assert load_current(case.case_id) == read_whole(case.case_id)
        for _ in range(3):
            case = note(case)
            found = load_current(case.case_id)
            assert found == read_whole(case.case_id)
            assert found.ref == case.ref

    def test_reads_nothing_twice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        case = open_case()
        first = load_current(case.case_id)
        monkeypatch.setattr(current, "load_case", lambda case_id: pytest.fail("read again"))
        assert load_current(case.case_id) is first
        case = note(case)
        assert load_current(case.case_id).state.history[:2] == first.state.history
        assert load_current(case.case_id).ref == case.ref

    def test_serves_the_next_act(self) -> None:
        case = open_case()
        for _ in range(3):
            case = note(case)
            found = load_current(case.case_id)
            case = reload(case)
            assert (found.ref, found.state) == (case.ref, case.state)

    def test_knows_no_case_that_is_not_there(self) -> None:
        with pytest.raises(NoHistory):
            load_current(1)


class TestKept:
    def test_not_where_its_last_event_has_another_hash(self) -> None:
        case = note(open_case())
        kept = load_current(case.case_id)
        _tamper("UPDATE ledger_event SET person = 'p-9', hash = %s WHERE seq = 3", [bytes(32)])
        assert kept.state.history[2].person == "p-1"
        assert load_current(case.case_id).state.history[2].person == "p-9"

    def test_not_where_its_last_event_is_gone(self) -> None:
        case = note(open_case())
        load_current(case.case_id)
        _tamper("DELETE FROM ledger_event WHERE seq = 3", [])
        assert load_current(case.case_id).ref.last_seq == 2

    def test_not_in_another_database(self, ledger_db: str, tmp_path: Path) -> None:
        """Even one whose chain says the same: a copy somebody has changed."""
        if ledger_db != "sqlite":
            pytest.skip("a copy of a file")
        case = open_case()
        here = load_current(case.case_id)
        copy = tmp_path / "copy.sqlite3"
        with sqlite3.connect(copy) as other:
            connection.connection.backup(other)
        with default_database(sqlite_url(copy)):
            _tamper("UPDATE ledger_event SET person = 'p-9' WHERE seq = 1", [])
            assert load_current(case.case_id).state.history[0].person == "p-9"
            connection.close()
        assert load_current(case.case_id) == here

    def test_only_so_many_and_none_too_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(current, "CASES_KEPT", 2)
        monkeypatch.setattr(current, "EVENTS_KEPT", 2)
        cases = [open_case() for _ in range(3)]
        for case in cases:
            load_current(case.case_id)
        assert [place[-1] for place in current._kept] == [case.case_id for case in cases[1:]]
        longer = note(cases[1])
        assert load_current(longer.case_id).ref == longer.ref
        assert [place[-1] for place in current._kept] == [cases[2].case_id]

    def test_by_all_threads_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(current, "CASES_KEPT", 2)
        cases = [open_case() for _ in range(4)]
        told: list[object] = []

        def ask() -> None:
            try:
                told.extend(load_current(case.case_id).ref == case.ref for _ in range(25) for case in cases)
            except Exception as error:
                told.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert told == [True] * 400
        assert len(current._kept) == 2

    def test_never_for_who_reads_for_himself(self) -> None:
        case = open_case()
        load_current(case.case_id)
        _tamper("UPDATE ledger_event SET person = 'p-9' WHERE seq = 1", [])
        assert history.load(case.case_id)[0].person == "p-9"


def _tamper(sql: str, values: list[bytes]) -> None:
    """What only somebody with the database in his hands can do."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger_event'")
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER "{name}"')
        else:
            cursor.execute("ALTER TABLE ledger_event DISABLE TRIGGER USER")
        cursor.execute(sql, values)
