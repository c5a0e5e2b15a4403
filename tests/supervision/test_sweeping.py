"""The sweep of supervision: what it finds, what follows; twice, late, cut short or in another order is once."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from tests.supervision.watched import HOUR, MONDAY, RED, RULES, YELLOW, drop_task, propose_task, rule, tasks
from zhengtong.kernel.supervision.rules import Follow, Level
from zhengtong.ledger import feeding
from zhengtong.ledger.feeding import read_changes
from zhengtong.ledger.history import load, load_case
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.rebuilding import rebuild
from zhengtong.supervision import sweeping, watching
from zhengtong.supervision.editions import law_now
from zhengtong.supervision.models import Card, Failed, Run, Signal, Told, Watched
from zhengtong.supervision.watching import watch_case

LATE = MONDAY + timedelta(days=3)  # Thursday: the step's limit has lapsed
VERY_LATE = MONDAY + timedelta(days=7)
WHEN_SEEN = ("first_seen_at", "told_at", "evaluated_at")


def sweep(now: datetime, **how: Any) -> sweeping.Watchings:
    return sweeping.sweep(now, rules=how.pop("rules", RULES), **how)


def rows(model: Any) -> list[dict[str, Any]]:
    found = [dict(row) for row in model.objects.order_by("pk").values()]
    return [{name: value for name, value in row.items() if name not in WHEN_SEEN} for row in found]


@pytest.mark.usefixtures("under_watch")
class TestWatching:
    def test_finds_nothing_in_time(self) -> None:
        task = propose_task()
        done = sweep(MONDAY + HOUR)
        assert (done.cases, done.findings, done.failed) == (1, 0, ())
        row = Watched.objects.get(case_id=task.case_id)
        assert (row.number, row.dept, row.seq) == (task.number, "qy", task.seq)
        assert row.wake_at == datetime.fromisoformat("2026-03-05T00:00+08:00")

    def test_an_alarm_rings_without_an_event(self) -> None:
        task = propose_task()
        sweep(MONDAY + HOUR)
        done = sweep(LATE)
        assert done.findings == 1
        signal = Signal.objects.get()
        assert (signal.rule, signal.level, signal.number, signal.holder) == ("late-step", "yellow", task.number, "qy")
        assert signal.since == datetime.fromisoformat("2026-03-05T00:00+08:00")
        assert signal.cleared_at is None

    def test_is_cleared_when_the_step_ends(self) -> None:
        task = propose_task()
        sweep(MONDAY + HOUR)
        sweep(LATE)
        drop_task(task.case_id, LATE + HOUR)
        sweep(LATE + 4 * HOUR)
        assert Signal.objects.get(rule="late-step").cleared_at == LATE + 3 * HOUR

    def test_its_cost_follows_changes_and_alarms(self) -> None:
        tasks(5)
        sweep(MONDAY + HOUR)
        assert sweep(MONDAY + 2 * HOUR).cases == 0
        other = propose_task(MONDAY + 2 * HOUR, 9)
        assert sweep(MONDAY + 3 * HOUR).cases == 1
        assert Watched.objects.filter(case_id=other.case_id).exists()

    def test_idle_rounds_leave_no_row(self) -> None:
        propose_task()
        sweep(MONDAY + HOUR)
        runs = Run.objects.count()
        for n in range(3):
            sweep(MONDAY + HOUR + timedelta(minutes=n + 1))
        assert Run.objects.count() == runs

    def test_twice_is_once(self) -> None:
        tasks(3)
        sweep(MONDAY + HOUR)
        sweep(LATE)
        before = rows(Signal), rows(Card), Case.objects.count()
        events = [len(load(case.pk)) for case in Case.objects.order_by("pk")]
        sweep(LATE)
        sweep(LATE + timedelta(minutes=1))
        assert (rows(Signal), rows(Card), Case.objects.count()) == before
        assert [len(load(case.pk)) for case in Case.objects.order_by("pk")] == events

    def test_all_again_gives_equal_rows(self) -> None:
        made = tasks(4)
        sweep(MONDAY + HOUR)
        drop_task(made[0].case_id, LATE + HOUR)
        sweep(VERY_LATE)
        sweep(VERY_LATE)
        signals, watched = rows(Signal), rows(Watched)
        assert len(signals) >= 7
        Signal.objects.all().delete()
        Watched.objects.all().delete()
        done = sweep(VERY_LATE, everything=True)
        assert done.failed == ()
        assert rows(Signal) == signals
        assert rows(Watched) == watched

    def test_does_not_depend_on_the_order_of_cases(self) -> None:
        made = [task.case_id for task in tasks(6)]
        law = law_now(LATE, RULES)
        once = {case_id: watch_case(load_case(case_id), law, LATE) for case_id in made}
        random.Random(3).shuffle(made)
        assert {case_id: watch_case(load_case(case_id), law, LATE) for case_id in made} == once

    def test_an_older_look_never_overwrites_a_newer_one(self) -> None:
        task = propose_task()
        law = law_now(LATE, RULES)
        old = watch_case(load_case(task.case_id), law, LATE)
        drop_task(task.case_id, LATE + HOUR)
        watching.write_watches([watch_case(load_case(task.case_id), law, LATE + 4 * HOUR)])
        watching.write_watches([old])
        assert Watched.objects.get().closed_at is not None
        assert Signal.objects.get(rule="late-step").cleared_at is not None

    def test_a_rule_that_is_gone_takes_its_findings_along(self) -> None:
        propose_task()
        sweep(LATE, rules=(rule("late-step", "0 wd", Level.YELLOW, follow=Follow.SHOW), RED))
        sweep(LATE + HOUR, rules=(RED,), everything=True)
        assert Signal.objects.get(rule="late-step").gone_at == LATE + HOUR

    def test_who_is_told(self) -> None:
        propose_task()
        sweep(LATE)
        assert {(told.receiver, told.post) for told in Told.objects.all()} == {
            ("undertaker", "qy-office"), ("head", "qy-head"), ("supervisor", "qy-watch"),
        }  # fmt: skip


@pytest.mark.usefixtures("under_watch_here")
class TestFailing:
    def test_a_poisoned_case_is_named_tried_again_and_keeps_nobody_waiting(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        good, bad = propose_task(n=1), propose_task(n=2)
        monkeypatch.setattr(sweeping, "watch_case", _poisoned(bad.number))
        done = sweep(LATE)
        assert done.failed == (bad.number,)
        assert Run.objects.latest("pk").failed[0]["number"] == bad.number
        assert set(Watched.objects.values_list("number", flat=True)) == {good.number}
        assert Failed.objects.get().times == 1
        assert sweep(LATE + HOUR).failed == (bad.number,)
        assert Failed.objects.get().times == 2
        monkeypatch.undo()
        assert sweep(LATE + 2 * HOUR).failed == ()
        assert Failed.objects.count() == 0
        assert Watched.objects.filter(number=bad.number).exists()
        assert Card.objects.filter(about=bad.number).count() == 1

    def test_a_first_run_cut_short_goes_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        tasks(3)
        monkeypatch.setattr(sweeping, "issue_waiting", _killed)
        with pytest.raises(KeyboardInterrupt):
            sweep(LATE)
        monkeypatch.undo()
        assert not Run.objects.get().done
        assert sweep(LATE).failed == ()
        assert Card.objects.count() == 3

    def test_all_cut_short_goes_on_after_the_last_batch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = tasks(3)
        sweep(MONDAY + HOUR)
        monkeypatch.setattr(sweeping, "AT_ONCE", 0.1)  # a batch of one
        monkeypatch.setattr(sweeping, "_look", _killed_after(2, sweeping._look))
        with pytest.raises(KeyboardInterrupt):
            sweep(MONDAY + 2 * HOUR, everything=True)
        monkeypatch.undo()
        done = sweep(MONDAY + 3 * HOUR, everything=True)
        assert done.cases == len(made) - 2
        assert Run.objects.filter(kind="all").count() == 1


def _poisoned(number: str) -> Callable[..., Any]:
    def watch(loaded: Any, *rest: Any) -> Any:
        if loaded.ref.number == number:
            raise ArithmeticError("a case nobody can read")
        return watch_case(loaded, *rest)

    return watch


def _killed(*_asked: Any) -> Any:
    raise KeyboardInterrupt


def _killed_after(times: int, look: Callable[..., None]) -> Callable[..., None]:
    left = [times]

    def counted(*asked: Any) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        look(*asked)

    return counted


@pytest.mark.usefixtures("under_watch")
class TestFeed:
    def test_gives_each_changed_case_once(self) -> None:
        first, second = propose_task(n=1), propose_task(n=2)
        changes = read_changes()
        assert changes.is_all
        assert sorted(changes.case_ids) == sorted([first.case_id, second.case_id])
        drop_task(second.case_id, MONDAY + HOUR)
        later = read_changes(changes.position)
        given = list(later.case_ids)
        assert second.case_id in given
        assert first.case_id not in given or connection.vendor == "sqlite"  # which gives the last minutes again
        assert not later.is_all
        third = propose_task(MONDAY + 5 * HOUR, 3)
        last = read_changes(later.position)
        assert third.case_id in (given := list(last.case_ids))
        assert first.case_id not in given
        assert set(read_changes(last.position).case_ids) <= {third.case_id}

    def test_a_position_of_another_database_gives_everything(self) -> None:
        propose_task()
        for strange in ("sqlite:1:0000000000000000", "postgresql:1:1|5|2026-03-02T00:00:00.000000Z", "?"):
            assert read_changes(strange).is_all

    def test_rebuild_makes_the_same_cards(self) -> None:
        propose_task()
        sweep(VERY_LATE)
        before = rows(Card)
        Card.objects.all().delete()
        rebuild(VERY_LATE, projections=True)
        assert rows(Card) == before
        assert len(before) == 2

    def test_asks_the_partial_index_for_alarms(self) -> None:
        if connection.vendor != "sqlite":
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "EXPLAIN QUERY PLAN SELECT wake_at, case_id FROM supervision_watched WHERE wake_at <= '2026' "
                "AND wake_at IS NOT NULL ORDER BY wake_at, case_id LIMIT 10"
            )
            assert "watched_wake" in str(cursor.fetchall())


@pytest.mark.usefixtures("under_watch_here")
def test_the_feed_reads_its_index_alone() -> None:
    with connection.cursor() as cursor:
        for asked in (feeding._NEWEST, feeding._SINCE_SQLITE.replace("%s", "'2026'")):
            cursor.execute(f"EXPLAIN QUERY PLAN {asked}")
            plan = str(cursor.fetchall())
            assert "event_recorded" in plan
            assert "TEMP B-TREE" not in plan


def test_rules_are_used_as_given() -> None:
    assert YELLOW.threshold < RED.threshold
