"""The one door: what it writes, what it answers to a second post, and what it refuses."""

import threading
from dataclasses import replace

import pytest
from django.db import connection, transaction

from tests.ledger.stories import (
    CITIZEN,
    CLERK,
    FOLDS,
    NOON,
    calendar,
    event,
    licence,
    new_number,
    note,
    open_case,
    opening,
    reload,
)  # fmt: skip
from zhengtong.kernel.events import Assigned, Erased, Noted
from zhengtong.kernel.states import fold
from zhengtong.ledger import history, installed, sealing
from zhengtong.ledger.models.cases import Case, Reader
from zhengtong.ledger.models.outbox import Outgoing
from zhengtong.ledger.record import (
    Entry,
    NotAnEntry,
    Recorded,
    StaleHistory,
    case_id_of,
    find_replay,
    new_key,
    record_entry,
    record_many,
)  # fmt: skip
from zhengtong.ledger.rows import Row, outgoing
from zhengtong.ledger.writing import NestedRecord

pytestmark = pytest.mark.usefixtures("ledger_db")


class TestRecord:
    def test_writes_events_docket_and_readers(self) -> None:
        key = new_key(NOON)
        case = open_case("510199001260302000017", key=key)
        row = Case.objects.get(number="510199001260302000017")
        assert (row.pk, row.last_seq, bytes(row.head_hash)) == (case_id_of(key), 2, case.head_hash)
        assert (row.state, row.unit, row.opened_at) == ("received", "wj-sp", NOON)
        keys = set(Reader.objects.values_list("kind", "ref"))
        assert {("unit", "wj-sp"), ("subject", CITIZEN)} <= keys

    def test_history_comes_back_as_it_was_written(self) -> None:
        key = new_key(NOON)
        case = open_case("n-1", key=key)
        written = opening("n-1")
        assert history.load(case.case_id) == (replace(written[0], key=key), written[1])
        assert fold(history.load(case.case_id)) == case.state

    def test_goes_on_from_a_loaded_history(self) -> None:
        case = note(open_case())
        again = note(reload(case))
        assert again.seq == 4
        assert Case.objects.get(pk=case.case_id).last_seq == 4

    def test_refuses_inside_an_atomic_block(self) -> None:
        with transaction.atomic(), pytest.raises(NestedRecord):
            open_case()
        assert not Case.objects.exists()

    def test_refuses_events_that_do_not_follow(self) -> None:
        case = open_case()
        skipped = (event(case.seq + 2, Noted(sealed={})),)
        with pytest.raises(NotAnEntry, match="expected seq 3"):
            record_entry(entry(case, skipped), folds=FOLDS)

    def test_an_opening_key_is_a_uuid7(self) -> None:
        with pytest.raises(NotAnEntry, match="UUIDv7"):
            open_case(key="once")

    def test_nothing_half_written_remains(self) -> None:
        case = open_case()
        lost = (event(3, Erased(sealed="9:nothing", basis="x")),)
        with pytest.raises(sealing.NotThere):
            record_entry(entry(case, lost), folds=FOLDS)
        assert Case.objects.get(pk=case.case_id).last_seq == 2
        assert len(history.load(case.case_id)) == 2
        note(case)


class TestReplay:
    def test_a_replayed_act_answers_with_the_first_result(self) -> None:
        case = open_case()
        key = new_key(NOON)
        first = note(case, key=key)
        later = note(first)
        for stale in (case, later):
            again = note(stale, key=key)
            assert (again.replayed, again.seq, again.head_hash) == (True, first.seq, first.head_hash)
            assert again.state == first.state
        assert len(history.load(case.case_id)) == 4

    def test_a_replayed_opening_answers_with_the_first_case(self) -> None:
        key = new_key(NOON)
        first, again = open_case(key=key), open_case(key=key)
        assert (again.replayed, again.number) == (True, first.number)
        assert Case.objects.count() == 1
        found = find_replay(key=key, person=CLERK, folds=FOLDS)
        assert found is not None
        assert found.case_id == first.case_id

    def test_another_persons_key_is_no_key(self) -> None:
        key = new_key(NOON)
        open_case(key=key)
        assert find_replay(key=key, person="p-2", folds=FOLDS) is None

    def test_two_openings_with_one_id_are_two_cases(self) -> None:
        one, two = new_key(NOON, b"\1" + bytes(9)), new_key(NOON, b"\2" + bytes(9))
        assert case_id_of(one) == case_id_of(two)
        first, second = open_case(key=one), open_case(key=two)
        assert second.case_id == first.case_id + 1
        assert open_case(key=two).case_id == second.case_id


class TestConflict:
    def test_a_stale_history_is_a_conflict(self) -> None:
        case = open_case()
        note(case)
        with pytest.raises(StaleHistory, match="has moved on from seq 2"):
            note(case)
        assert len(history.load(case.case_id)) == 3

    def test_a_taken_number_is_a_conflict(self) -> None:
        open_case("n-1")
        with pytest.raises(StaleHistory):
            open_case("n-1")
        assert Case.objects.count() == 1

    def test_two_writers_on_one_case_make_one_conflict(self) -> None:
        case = open_case()
        gate = threading.Barrier(4)
        results: list[str] = []

        def write() -> None:
            gate.wait()
            try:
                note(case)
                results.append("written")
            except StaleHistory:
                results.append("conflict")
            finally:
                connection.close()

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == ["conflict"] * 3 + ["written"]
        assert len(history.load(case.case_id)) == 3


class TestReactions:
    @pytest.fixture(autouse=True)
    def wiring(self):  # type: ignore[no-untyped-def]
        before = installed.installed()
        yield
        installed.put_back(before)

    def test_rows_are_written_with_the_act(self) -> None:
        def number_of_events(case, state, events):  # type: ignore[no-untyped-def]
            values = {"kind": "count", "organ": case.number, "period": 1, "next": case.last_seq}
            told = outgoing(case_id=case.id, seq=case.last_seq, topic="letter", body={"to": "申请人"})
            return Row(table="ledger_series", values=values, key=("kind", "organ", "period")), told

        installed.install(reactions=(number_of_events,))
        case = note(open_case())
        with connection.cursor() as cursor:
            cursor.execute("SELECT organ, next FROM ledger_series")
            assert cursor.fetchall() == [(case.number, 3)]
        assert list(Outgoing.objects.order_by("id").values_list("seq", "topic", "body")) == [
            (2, "letter", {"to": "申请人"}),
            (3, "letter", {"to": "申请人"}),
        ]

    def test_a_row_can_be_gone(self) -> None:
        series = {"kind": "k", "organ": "o", "period": 1}
        rows = iter([Row(table="ledger_series", values={**series, "next": 1}),
                     Row(table="ledger_series", values=series, key=tuple(series), gone=True)])  # fmt: skip
        installed.install(reactions=(lambda case, state, events: (next(rows),),))
        note(open_case())
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM ledger_series")
            assert cursor.fetchone() == (0,)


class TestRecordMany:
    def test_records_whole_histories(self) -> None:
        entries = [opening_entry(f"n-{count}") for count in range(30)]
        done = record_many(entries, folds=FOLDS)
        assert Case.objects.count() == 30
        assert Reader.objects.count() == 120
        assert history.load(done[7].case_id)[0].key == entries[7].key
        note(done[7])

    def test_takes_nothing_twice(self) -> None:
        entries = [opening_entry(f"n-{count}") for count in range(5)]
        record_many(entries[:3], folds=FOLDS)
        done = record_many(entries, folds=FOLDS)
        assert [one.replayed for one in done] == [True, True, True, False, False]
        assert Case.objects.count() == 5

    def test_one_key_twice_is_one_case(self) -> None:
        entry = opening_entry("n-1")
        first, again = record_many([entry, entry], folds=FOLDS)
        assert (again.replayed, again.case_id) == (True, first.case_id)

    def test_cases_of_one_millisecond_make_way_for_each_other(self) -> None:
        keys = [new_key(NOON, bytes([n]) + bytes(9)) for n in range(4)]
        done = record_many([replace(opening_entry(f"n-{n}"), key=key) for n, key in enumerate(keys)], folds=FOLDS)
        first = case_id_of(keys[0])
        assert [one.case_id for one in done] == [first, first + 1, first + 2, first + 3]

    def test_goes_on_with_cases_that_are_there(self) -> None:
        cases = [open_case(), open_case()]
        entries = [entry(case, (event(3, Noted(sealed={})),)) for case in cases]
        assert [one.seq for one in record_many(entries, folds=FOLDS)] == [3, 3]


class TestReaders:
    def test_follow_the_state(self) -> None:
        def by_assignment(bound, state):  # type: ignore[no-untyped-def]
            return frozenset({("post", state.assigned["x"].post if "x" in state.assigned else "first")})

        folds = replace(FOLDS, find_readers=by_assignment)
        case = record_entry(opening_entry("n-1"), folds=folds)
        assert set(Reader.objects.values_list("ref", flat=True)) == {"first"}
        moved = Assigned(role="x", post="second", unit="wj-sp", dept="wj", manner="ordinary", basis="")
        record_entry(entry(case, (event(3, moved),)), folds=folds)
        assert set(Reader.objects.values_list("ref", flat=True)) == {"second"}


def entry(case: Recorded, events: tuple) -> Entry:  # type: ignore[type-arg]
    return Entry(
        case=case.ref, bound=licence(), before=case.state, events=events, key=new_key(NOON), calendar=calendar(),
        now=NOON,
    )  # fmt: skip


def opening_entry(number: str) -> Entry:
    return Entry(
        case=None, bound=licence(), before=None, events=opening(number or new_number()), key=new_key(NOON),
        calendar=calendar(), now=NOON,
    )  # fmt: skip


def test_nobody_takes_a_key_of_silence_beforehand(ledger_db: str) -> None:
    """It would stand in the way of the law's own act for ever."""
    with pytest.raises(NotAnEntry, match="of the law's own"):
        note(open_case(), key="notice:5:lapsed")
