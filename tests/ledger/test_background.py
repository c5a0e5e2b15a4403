"""Sweeping, outbox, rebuilding: work nobody waits for."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection

from tests.ledger.stories import FOLDS, NOON, calendar, event, licence, note, open_case
from zhengtong.kernel.events import LAW_PERSON, Event, Noted
from zhengtong.kernel.states import State
from zhengtong.ledger import history, installed, sweeping
from zhengtong.ledger.installed import Message
from zhengtong.ledger.models.cases import Case, Reader
from zhengtong.ledger.models.outbox import Outgoing
from zhengtong.ledger.outbox import ATTEMPTS, drain
from zhengtong.ledger.rebuilding import rebuild
from zhengtong.ledger.rows import outgoing
from zhengtong.ledger.sweeping import sweep

DUE = NOON + timedelta(days=2)

pytestmark = pytest.mark.usefixtures("ledger_db")


@pytest.fixture(autouse=True)
def wiring() -> Iterator[None]:
    before = installed.installed()
    installed.install(bound_for=lambda state: licence(), calendar_for=calendar)
    yield
    installed.put_back(before)


def once_silent(bound: object, state: State, calendar: object, at: object) -> tuple[Event, ...]:
    if state.last_seq > 2:
        return ()
    return (event(3, Noted(sealed={}), at=DUE, person=LAW_PERSON),)


def never_silent(*asked: object) -> tuple[Event, ...]:
    return ()


class TestSweep:
    def test_writes_what_the_law_does_once(self) -> None:
        case = open_case()
        assert sweep(DUE, folds=FOLDS, silence=once_silent).events == 1
        assert sweep(DUE, folds=FOLDS, silence=once_silent).events == 0
        assert [event.person for event in history.load(case.case_id)] == ["p-1", "p-1", "law"]

    def test_leaves_what_is_not_due(self) -> None:
        open_case()
        assert sweep(NOON, folds=FOLDS, silence=once_silent).cases == 0

    def test_a_bad_case_does_not_stop_the_others(self) -> None:
        cases = [open_case(f"n-{n}") for n in range(3)]

        def bound_for(state: State):  # type: ignore[no-untyped-def]
            if state.number == "n-1":
                raise LookupError("its item version is gone")
            return licence()

        installed.install(bound_for=bound_for)
        swept = sweep(DUE, folds=FOLDS, silence=once_silent)
        assert (swept.cases, swept.events, swept.failed) == (3, 2, ("n-1",))
        assert Case.objects.get(pk=cases[1].case_id).last_seq == 2

    def test_asks_the_partial_index_alone(self) -> None:
        """1,000 alarms among 1,000,000 cases must not cost a scan."""
        now = str(NOON.replace(tzinfo=None)) if connection.vendor == "sqlite" else NOON
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute(f"EXPLAIN QUERY PLAN {sweeping.DUE}", [now, now, -1, 500])
            else:
                cursor.execute("SET enable_seqscan = off")
                cursor.execute(f"EXPLAIN {sweeping.DUE}", [now, now, -1, 500])
            plan = " ".join(str(row) for row in cursor.fetchall())
        assert "case_wake" in plan
        assert "SCAN" not in plan.upper().replace("INDEX SCAN", "").replace("BITMAP HEAP SCAN", "")

    def test_goes_on_after_a_page_of_the_same_instant(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sweeping, "AT_ONCE", 2)
        for n in range(5):
            open_case(f"n-{n}")
        assert sweep(DUE, folds=FOLDS, silence=once_silent).events == 5

    def test_an_alarm_nobody_can_read_keeps_nobody_waiting(self) -> None:
        if connection.vendor == "postgresql":
            pytest.skip("PostgreSQL keeps instants only")
        cases = [open_case(f"n-{n}") for n in range(3)]
        with connection.cursor() as cursor:
            cursor.execute("UPDATE ledger_case SET wake_at = '0 o''clock' WHERE id = %s", [cases[0].case_id])
        swept = sweep(DUE, folds=FOLDS, silence=never_silent)
        assert (swept.cases, swept.failed) == (3, ())
        assert Case.objects.filter(wake_at=NOON + timedelta(days=1)).count() == 3

    def test_sets_the_next_alarm(self) -> None:
        open_case()
        Case.objects.update(wake_at=NOON)
        sweep(DUE, folds=FOLDS, silence=never_silent)
        assert Case.objects.get().wake_at == NOON + timedelta(days=1)


class TestDrain:
    @pytest.fixture(autouse=True)
    def telling(self, ledger_db: str) -> None:
        def tell(case, state, events):  # type: ignore[no-untyped-def]
            topic = "letter" if case.last_seq % 2 else "sms"
            return (outgoing(case_id=case.id, seq=case.last_seq, topic=topic, body={"n": case.last_seq}),)

        installed.install(reactions=(tell,))
        case = open_case()
        for _ in range(3):
            case = note(case)

    def test_sends_in_order_and_forgets(self) -> None:
        sent: list[int] = []

        def handler(message: Message) -> None:
            sent.append(message.seq)

        assert drain(NOON, {"letter": handler, "sms": handler}).sent == 4
        assert sent == [2, 3, 4, 5]
        assert not Outgoing.objects.exists()

    def test_a_topic_that_fails_waits_and_the_others_go_on(self) -> None:
        sent: list[int] = []

        def broken(message: Message) -> None:
            raise OSError("no network")

        done = drain(NOON, {"letter": broken, "sms": lambda message: sent.append(message.seq)})
        assert (done.sent, done.failed, sent) == (2, 1, [2, 4])
        assert drain(NOON, {"letter": lambda message: sent.append(message.seq)}).sent == 0
        assert drain(NOON + timedelta(hours=1), {"letter": lambda message: sent.append(message.seq)}).sent == 2
        assert sent == [2, 4, 3, 5]

    def test_what_never_goes_is_parked(self) -> None:
        Outgoing.objects.filter(seq=3).update(attempts=ATTEMPTS - 1)

        def broken(message: Message) -> None:
            if message.seq == 3:
                raise OSError("no such address")

        done = drain(NOON, {"letter": broken})
        assert (done.sent, done.parked) == (1, 1)
        assert Outgoing.objects.get(seq=3).parked_at == NOON


class TestRebuild:
    def test_mends_docket_and_readers(self) -> None:
        case, other = note(open_case("n-1")), open_case("n-2")
        Case.objects.filter(pk=case.case_id).update(state="elsewhere", unit="sc")
        Reader.objects.filter(case_id=other.case_id).delete()
        assert set(rebuild(NOON, check=True, folds=FOLDS).mended) == {"n-1", "n-2"}
        assert Case.objects.get(pk=case.case_id).state == "elsewhere"
        assert len(rebuild(NOON, folds=FOLDS).mended) == 2
        assert rebuild(NOON, folds=FOLDS).mended == ()
        assert Case.objects.get(pk=case.case_id).state == "received"
        note(case)

    def test_from_events_alone(self) -> None:
        case = note(open_case("n-1"))
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA foreign_keys = OFF")
                cursor.execute("DELETE FROM ledger_reader")
                cursor.execute("DELETE FROM ledger_case")
                cursor.execute("PRAGMA foreign_keys = ON")
            else:
                cursor.execute("SET session_replication_role = replica")
                cursor.execute("DELETE FROM ledger_reader")
                cursor.execute("DELETE FROM ledger_case")
                cursor.execute("SET session_replication_role = DEFAULT")
        assert rebuild(NOON, folds=FOLDS).mended == ("n-1",)
        row = Case.objects.get(number="n-1")
        assert (row.pk, row.last_seq, bytes(row.head_hash)) == (case.case_id, 3, case.head_hash)
        assert Reader.objects.count() == 4
