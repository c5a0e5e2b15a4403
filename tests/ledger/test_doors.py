"""Single, bulk and prepared: one door. The same entries make the same rows, and all or nothing of them is written."""

import fcntl
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.utils import DatabaseError
from pytest_django.plugin import DjangoDbBlocker

from tests.ledger.stories import CITIZEN, FOLDS, NOON, calendar, event, licence, note, open_case, opening
from tests.support.databases import copy_template, forget_connection
from zhengtong.kernel.events import Assigned, Event, Noted
from zhengtong.kernel.states import State, fold
from zhengtong.ledger import history, installed, sealing
from zhengtong.ledger.history import CaseRef
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.models.outbox import Outgoing
from zhengtong.ledger.preparing import Entry, NotAnEntry, prepare
from zhengtong.ledger.record import (
    StaleHistory,
    new_key,
    prepare_many,
    record_entry,
    record_many,
    write_prepared,
)  # fmt: skip
from zhengtong.ledger.rows import Row, outgoing
from zhengtong.ledger.sources import DatabaseSource
from zhengtong.ledger.statements import Moved, write_one
from zhengtong.ledger.verify import verify
from zhengtong.ledger.writing import transaction, vendor
from zhengtong.site.databases import sqlite_url
from zhengtong.site.throwaway import default_database

TABLES = ("case", "event", "reader", "sealed", "sealed_index", "outbox", "series")


# ---- entries of every shape ------------------------------------------------------------------------------


def by_assignment(bound: object, state: State) -> frozenset[tuple[str, str]]:
    """Readers that come and go."""
    holder = state.assigned["reviewer"].post if "reviewer" in state.assigned else "wj-sp-window"
    return frozenset({("post", holder), *(("subject", ref) for ref in state.parties.values())})


MOVING = replace(FOLDS, find_readers=by_assignment)


def tell_and_count(case: CaseRef, state: State, events: tuple[Event, ...]) -> tuple[Row, ...]:
    """What reactions return: rows of the outbox, rows written over, rows that go."""
    series = {"kind": "count", "organ": case.number, "period": 1}
    counted = Row(table="ledger_series", values={**series, "next": case.last_seq}, key=tuple(series))
    told = outgoing(case_id=case.id, seq=case.last_seq, topic="letter", body={"to": "申请人", "list": ["a", 1, None]})
    if any(isinstance(event.body, Assigned) for event in events):
        return told, Row(table="ledger_series", values=series, key=tuple(series), gone=True), told
    return counted, told


@pytest.fixture(autouse=True)
def reactions() -> None:
    installed.install(reactions=(tell_and_count,), bound_for=lambda state: licence())


def moved_to(seq: int, post: str) -> Event:
    return event(seq, Assigned(role="reviewer", post=post, unit="wj-sp", dept="wj", manner="ordinary", basis=""))


def openings(count: int) -> list[Entry]:
    """Whole histories, of the same millisecond among them, with sealed rows that can be searched."""
    made = []
    for n in range(count):
        words = sealing.seal("words", f"第 {n} 件", index=[("phone", f"139{n}")])
        told = (*opening(f"n-{n}"), event(3, Noted(sealed={"words": words.commitment})))
        if n % 2:
            told = (*told, moved_to(4, "wj-sp-review"))
        key = new_key(NOON + timedelta(milliseconds=n // 3), bytes(8) + n.to_bytes(2))
        made.append(
            Entry(case=None, bound=licence(), before=None, events=told, key=key, sealed=[words], calendar=calendar(),
                  now=NOON)
        )  # fmt: skip
    return made


def following(entries: Sequence[Entry], refs: Sequence[CaseRef]) -> list[Entry]:
    """The next act of each case."""
    made = []
    for n, (entry, ref) in enumerate(zip(entries, refs, strict=True)):
        words = sealing.seal("words", "看过")
        told = (
            event(ref.last_seq + 1, Noted(sealed={"words": words.commitment})),
            *((moved_to(ref.last_seq + 2, "wj-sp-sign"),) if n % 3 == 0 else ()),
        )
        before, key = fold(tuple(entry.events)), new_key(NOON, b"\1" + bytes(8) + bytes([n]))
        made.append(
            Entry(case=ref, bound=licence(), before=before, events=told, key=key, sealed=[words],
                  calendar=calendar(), now=NOON, after=fold((*entry.events, *told)))
        )  # fmt: skip
    return made


# ---- the same rows by every door ---------------------------------------------------------------------------


Door = Callable[[Sequence[Entry]], list[CaseRef]]


def one_by_one(entries: Sequence[Entry]) -> list[CaseRef]:
    return [record_entry(entry, folds=MOVING).ref for entry in entries]


def many(entries: Sequence[Entry]) -> list[CaseRef]:
    return [done.ref for done in record_many(entries, folds=MOVING)]


def prepared(entries: Sequence[Entry]) -> list[CaseRef]:
    return write_prepared(pickle.loads(pickle.dumps(prepare_many(entries, folds=MOVING))), folds=MOVING)


def dump() -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    for table in TABLES:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM ledger_{table}")
            rows = [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in cursor.fetchall()]
        if table == "outbox":  # its ids are drawn; their order says the same
            rows = [row[1:] for row in sorted(rows)]
        found[table] = sorted(rows, key=repr)
    return found


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def fresh(
    request: pytest.FixtureRequest, own_home: Path, django_db_blocker: DjangoDbBlocker
) -> Callable[[], Any]:  # fmt: skip
    """A new database for each door."""

    @contextmanager
    def on_sqlite() -> Iterator[None]:
        path = copy_template(request.getfixturevalue("sqlite_template"), own_home)
        with django_db_blocker.unblock(), default_database(sqlite_url(path)):
            yield
        for file in own_home.glob("zhengtong.sqlite3*"):
            file.unlink()

    @contextmanager
    def on_postgres() -> Iterator[None]:
        cluster = request.getfixturevalue("postgres_cluster")
        name = cluster.create_copy(request.getfixturevalue("postgres_template"))
        with django_db_blocker.unblock(), default_database(cluster.url(name)):
            yield
        cluster.drop(name)

    return on_sqlite if request.param == "sqlite" else on_postgres


def test_every_door_writes_the_same_rows(fresh: Callable[[], Any]) -> None:
    entries, more, found = list[Entry](), list[Entry](), []
    for door in (one_by_one, many, prepared):
        with fresh():
            entries = entries or openings(13)
            refs = door(entries)
            more = more or following(entries, refs)
            door(more)
            found.append(dump())
            assert verify(DatabaseSource(), folds=MOVING).faults == ()
    assert found[0] == found[1] == found[2]
    assert {table: len(found[0][table]) for table in TABLES} == {
        "case": 13, "event": 45 + 18, "reader": 26, "sealed": 26, "sealed_index": 13, "outbox": 37, "series": 8,
    }  # fmt: skip


# ---- all or nothing ----------------------------------------------------------------------------------------


class TestPrepared:
    @pytest.fixture(autouse=True)
    def database(self, ledger_db: str) -> str:
        return ledger_db

    def test_a_chunk_is_written_whole_or_not_at_all(self) -> None:
        cases = [open_case() for _ in range(3)]
        entries = [noted(case.ref, case.state) for case in cases]
        chunk = prepare_many(entries, folds=FOLDS)
        note(cases[1])
        with pytest.raises(StaleHistory):
            write_prepared(chunk, folds=FOLDS)
        assert [len(history.load(case.case_id)) for case in cases] == [2, 3, 2]
        assert Outgoing.objects.count() == 4

    def test_a_taken_number_leaves_nothing_of_the_chunk(self) -> None:
        open_case("n-2")
        with pytest.raises(StaleHistory):
            write_prepared(prepare_many(openings(5), folds=FOLDS), folds=FOLDS)
        assert Case.objects.count() == 1

    def test_a_chunk_written_before_is_answered_with_again(self) -> None:
        chunk = prepare_many(openings(5), folds=FOLDS)
        assert write_prepared(chunk, folds=FOLDS) == write_prepared(chunk, folds=FOLDS) == chunk.refs
        assert Case.objects.count() == 5

    def test_the_next_act_can_be_prepared_before_the_first_is_written(self) -> None:
        entries = openings(5)
        first = prepare_many(entries, folds=FOLDS)
        second = prepare_many(following(entries, first.refs), folds=FOLDS)
        write_prepared(first, folds=FOLDS)
        assert [ref.last_seq for ref in write_prepared(second, folds=FOLDS)] == [5, 5, 4, 6, 4]

    def test_refuses_a_case_twice(self) -> None:
        case = open_case()
        with pytest.raises(NotAnEntry, match="each of another case"):
            prepare_many([noted(case.ref, case.state), noted(case.ref, case.state)], folds=FOLDS)

    def test_refuses_a_state_after_that_is_none(self) -> None:
        case = open_case()
        with pytest.raises(NotAnEntry, match="state after is of seq 2"):
            prepare_many([replace(noted(case.ref, case.state), after=case.state)], folds=FOLDS)

    def test_bulk_with_one_stale_case_records_the_others_and_says_so(self) -> None:
        cases = [open_case() for _ in range(3)]
        entries = [noted(case.ref, case.state) for case in cases]
        note(cases[2])
        with pytest.raises(StaleHistory):
            record_many(entries, folds=FOLDS)
        assert [len(history.load(case.case_id)) for case in cases] == [3, 3, 3]


def noted(ref: CaseRef, state: State) -> Entry:
    return Entry(
        case=ref, bound=licence(), before=state, events=(event(ref.last_seq + 1, Noted(sealed={})),),
        key=new_key(NOON), calendar=calendar(), now=NOON,
    )  # fmt: skip


# ---- who was first -----------------------------------------------------------------------------------------


def test_a_case_that_moved_on_lets_nothing_be_written(ledger_db: str) -> None:
    """On PostgreSQL one statement says it all, and says 0."""
    case = open_case()
    stale, _ = prepare((noted(case.ref, case.state),), FOLDS, vendor())
    note(case)
    before = dump()
    with pytest.raises(Moved):
        write_one(stale)
    assert dump() == before
    assert connection.get_autocommit()
    note(open_case())


@pytest.mark.parametrize("ledger_db", ["postgres"], indirect=True)
class TestPostgres:
    def test_an_act_waits_for_the_case_and_then_sees_it_moved(self, ledger_db: str) -> None:
        case, answers = open_case(), list[str]()
        stale, _ = prepare((noted(case.ref, case.state),), FOLDS, vendor())
        newer, _ = prepare((noted(case.ref, case.state),), FOLDS, vendor())
        with transaction() as pen:
            pen.run("UPDATE ledger_case SET last_seq = 9 WHERE id = %s", [case.case_id])
            thread = threading.Thread(target=lambda: answers.append(outcome(stale)))
            thread.start()
            thread.join(0.3)
            assert thread.is_alive()
        thread.join()
        assert answers == ["moved"]
        assert outcome(newer) == "moved"
        assert len(history.load(case.case_id)) == 2

    def test_outbox_ids_stand_in_the_order_of_commits(self, ledger_db: str) -> None:
        """Whoever added to the outbox first and has not committed yet lets nobody pass."""
        first, second = open_case(), open_case()
        told: list[int] = []
        with transaction() as pen:
            pen.keep_feed_order()
            row = outgoing(case_id=first.case_id, seq=2, topic="held", body={})
            pen.put(row)
            thread = threading.Thread(target=lambda: told.append(in_thread(lambda: note(second).seq)))
            thread.start()
            thread.join(0.3)
            assert thread.is_alive()
        thread.join()
        assert told == [3]
        topics = list(Outgoing.objects.order_by("id").values_list("topic", flat=True))
        assert topics == ["letter", "letter", "held", "letter"]

    def test_a_lost_connection_is_one_error_and_the_next_act_works(self, ledger_db: str) -> None:
        case = note(open_case())
        lose_connection()
        with pytest.raises(DatabaseError):
            note(case)
        again = note(case)
        lose_connection()
        with pytest.raises(DatabaseError), transaction() as pen:
            pen.run("SELECT 1")
        assert note(again).seq == case.seq + 2
        with connection.cursor() as cursor:
            cursor.execute("SHOW TimeZone")
            assert cursor.fetchone() == ("UTC",)


def outcome(stale: Any) -> str:
    def write() -> str:
        try:
            write_one(stale)
        except Moved:
            return "moved"
        return "written"

    return write() if threading.current_thread() is threading.main_thread() else in_thread(write)


def in_thread(act: Callable[[], Any]) -> Any:
    try:
        return act()
    finally:
        connection.close()


def lose_connection() -> None:
    import psycopg

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    params = connection.get_connection_params()
    described = {name: params[name] for name in ("host", "port", "user", "password", "dbname")}
    with psycopg.connect(**described, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


# ---- several processes on one file -------------------------------------------------------------------------


@pytest.mark.parametrize("ledger_db", ["sqlite"], indirect=True)
class TestProcesses:
    def test_four_write_side_by_side(self, ledger_db: str) -> None:
        connection.close()
        forking = multiprocessing.get_context("fork")
        processes = [forking.Process(target=write_notes, args=(40,)) for _ in range(4)]
        for process in processes:
            process.start()
        for process in processes:
            process.join(60)
        assert [process.exitcode for process in processes] == [0] * 4
        assert Case.objects.count() == 4
        assert set(Case.objects.values_list("last_seq", flat=True)) == {42}
        assert verify(DatabaseSource(), folds=FOLDS).faults == ()

    def test_a_killed_process_lets_go_of_the_lock(self, ledger_db: str) -> None:
        connection.close()
        hearing, telling = os.pipe()
        if (pid := os.fork()) == 0:
            forget_connection()
            signal.alarm(20)  # should this test fail, nobody kills the child
            with transaction() as pen:
                pen.run("INSERT INTO ledger_series (kind, organ, period, next) VALUES ('k', 'o', 1, 1)")
                os.write(telling, b"x")
                signal.pause()
        assert os.read(hearing, 1) == b"x"
        assert is_locked(f"{connection.settings_dict['NAME']}.lock")
        waiting = threading.Thread(target=lambda: in_thread(lambda: open_case("n-1")))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        waiting.join(10)
        assert not waiting.is_alive()
        assert Case.objects.count() == 1
        assert dump()["series"] == [("count", "n-1", 1, 2)]


def is_locked(path: str) -> bool:
    with Path(path).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def write_notes(count: int) -> None:
    forget_connection()
    case = open_case(key=new_key(NOON))
    for _ in range(count):
        case = note(case)
    connection.close()


def test_a_party_reads_what_the_single_door_wrote(ledger_db: str) -> None:
    """The guard of this file's own folds: readers do come and go in its entries."""
    refs = one_by_one(openings(2))
    state = fold(history.load(refs[1].id))
    assert by_assignment(None, state) == {("post", "wj-sp-review"), ("subject", CITIZEN)}
