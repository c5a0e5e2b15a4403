"""Another calendar or rulebook: open cases are judged anew, differences listed, acts stand; all due days at once."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection

from tests.cases.town import Town
from tests.supervision.test_sweeping import rows, sweep
from tests.supervision.watched import HOUR, MONDAY, RED, RULES, YELLOW, do, propose_task, rule, tasks
from zhengtong.accounts import clock
from zhengtong.kernel.calendars import Calendar, YearTable, calendar_from
from zhengtong.kernel.clocks import find_lapses, find_main_clock
from zhengtong.kernel.states import fold
from zhengtong.kernel.supervision.rules import Level
from zhengtong.kernel.terms import Term, Unit, law_day
from zhengtong.law import overlay
from zhengtong.law.calendar_files import changed_days, day_marks, load_calendar
from zhengtong.ledger.history import load
from zhengtong.ledger.installed import install, installed
from zhengtong.ledger.models.cases import Case
from zhengtong.supervision import due_days, editions, queries, recomputing, sweeping
from zhengtong.supervision.models import Card, Failed, Run, Signal, Watched
from zhengtong.supervision.recomputing import is_outdated, recompute, recompute_round
from zhengtong.supervision.watching import watch_case

LATE = MONDAY + timedelta(days=3)
VERY_LATE = MONDAY + timedelta(days=7)


def running_task(at: datetime = MONDAY, n: int = 0) -> int:
    """A task in hand: its main clock, 30 calendar days, runs."""
    case = propose_task(at, n).case_id
    do(case, "黄莉", "ask_consent", at + HOUR, say={"draft": "拟立项"}, **{"for": "establish"})
    do(case, "马腾", "give_consent", at + 2 * HOUR, verdict="granted")
    do(case, "黄莉", "establish", at + 3 * HOUR, branches=[{"to": "sc", "kind": "lead"}])
    return case


def with_days_off(*days: date) -> Calendar:
    """The calendar of the land, a notice having come late that gives these days off."""
    calendar = load_calendar()
    return calendar_from([_off(table, days) for table in calendar.years], jurisdiction=calendar.jurisdiction)


def _off(table: YearTable, days: tuple[date, ...]) -> YearTable:
    mine = tuple((day, day, "临时放假") for day in days if day.year == table.year)
    return replace(table, edition=f"{table.edition}a", off=(*table.off, *mine)) if mine else table


@pytest.mark.usefixtures("under_watch_here")
class TestRecomputing:
    def test_a_late_calendar_changes_findings_and_no_acts(self) -> None:
        task = propose_task()
        sweep(LATE)
        card = Card.objects.get()
        events = load(card.case_id), load(task.case_id)
        install(calendar_for=lambda: with_days_off(date(2026, 3, 3), date(2026, 3, 4)))
        done = recompute(LATE + HOUR, rules=RULES)
        assert (done.cases, done.failed) == (1, ())
        (difference,) = [each for each in queries.differences_of(done.run) if each.signal.startswith("late-step")]
        assert difference.was is not None
        assert difference.now is None
        assert Signal.objects.get(rule="late-step").gone_at == LATE + HOUR
        assert (load(card.case_id), load(task.case_id)) == events
        assert Card.objects.get().closed_at is None

    def test_alarms_and_due_days_are_set_anew(self) -> None:
        case = running_task()
        sweep(MONDAY + 4 * HOUR)
        due = Case.objects.get(pk=case).due_at
        assert due is not None
        install(calendar_for=lambda: with_days_off(law_day(due - HOUR)))
        assert recompute(MONDAY + 5 * HOUR, rules=RULES).rearmed == 1
        moved = Case.objects.get(pk=case).due_at
        assert moved is not None
        assert moved > due
        assert Watched.objects.get(case_id=case).due_at == moved

    def test_another_rulebook_lists_what_it_finds(self) -> None:
        propose_task()
        sweep(LATE, rules=(RED,))
        done = recompute(LATE + HOUR, rules=(YELLOW, RED))
        (difference,) = queries.differences_of(done.run)
        assert difference.was is None
        assert difference.now is not None
        assert difference.now["level"] == "yellow"
        assert Card.objects.count() == 0
        assert sweep(LATE + 2 * HOUR).cards == 1

    def test_again_changes_nothing(self) -> None:
        tasks(2)
        sweep(LATE)
        sweep(LATE)
        before = rows(Signal), rows(Watched)
        done = recompute(LATE, rules=RULES)
        assert (done.differences, done.rearmed) == (0, 0)
        assert (rows(Signal), rows(Watched)) == before

    def test_knows_when_it_is_due(self) -> None:
        propose_task()
        call_command("sweep", stdout=_Nowhere(), stderr=_Nowhere())
        with clock.fixed(LATE):
            assert not is_outdated(LATE)
            install(calendar_for=lambda: with_days_off(date(2026, 3, 3)))
            assert is_outdated(LATE)


LATER: Final = date(2026, 3, 3)


def sweep_by_the_book(at: datetime) -> None:
    """As the worker does: by the rulebook of the land."""
    sweeping.watch_round(at)


@pytest.mark.usefixtures("under_watch")
class TestNoticing:
    """The worker recomputes by itself when the calendar or the rulebook has another edition."""

    def test_does_nothing_while_all_is_as_it_was(self) -> None:
        running_task()
        assert recompute_round(MONDAY + 4 * HOUR) is None
        sweep_by_the_book(MONDAY + 4 * HOUR)
        assert recompute_round(MONDAY + 5 * HOUR) is None
        assert Run.objects.filter(kind="recompute").count() == 0

    def test_another_calendar_moves_due_days_once_and_writes_no_event(self) -> None:
        case = running_task()
        sweep_by_the_book(MONDAY + 4 * HOUR)
        due = Case.objects.get(pk=case).due_at
        assert due is not None
        events = ledger_events()
        install(calendar_for=lambda: with_days_off(law_day(due - HOUR)))
        done = recompute_round(MONDAY + 5 * HOUR)
        assert done is not None
        assert (done.cases, done.rearmed, done.done) == (1, 1, True)
        moved = Case.objects.get(pk=case)
        assert moved.due_at is not None
        assert moved.due_at > due
        assert Watched.objects.get(case_id=case).due_at == moved.due_at
        assert ledger_events() == events
        assert recompute_round(MONDAY + 6 * HOUR) is None

    def test_cases_no_changed_day_can_touch_are_left_out(self) -> None:
        near, far = propose_task(MONDAY, 1).case_id, running_task(MONDAY + timedelta(days=1), 2)
        sweep_by_the_book(MONDAY + timedelta(days=1, hours=4))
        due = Case.objects.get(pk=far).due_at
        assert due is not None
        install(calendar_for=lambda: with_days_off(law_day(due - HOUR)))
        done = recompute_round(MONDAY + timedelta(days=1, hours=5))
        assert done is not None
        assert done.cases == 1
        assert Watched.objects.get(case_id=far).calendar != Watched.objects.get(case_id=near).calendar

    def test_what_was_left_out_reads_the_same(self) -> None:
        tasks(2)
        running_task(MONDAY, 7)
        sweep_by_the_book(LATE)
        sweep_by_the_book(LATE)  # the cards of the first are linked to their cases
        install(calendar_for=lambda: with_days_off(date(2026, 3, 20)))
        recompute_round(LATE + HOUR)
        found = left_after_all()
        sweeping.sweep(LATE + HOUR, everything=True)
        assert left_after_all() == found

    def test_another_rulebook_lists_what_differs_and_leaves_cards(self, monkeypatch: pytest.MonkeyPatch) -> None:
        propose_task()
        monkeypatch.setattr(editions, "load_rules", lambda at: RULES)
        sweep_by_the_book(VERY_LATE)
        cards, events = rows(Card), ledger_events()
        assert len(cards) == 2
        stricter = tuple(replace(each, version="2026-03-09") for each in (RED,))
        monkeypatch.setattr(editions, "load_rules", lambda at: stricter)
        done = recompute_round(VERY_LATE + HOUR)
        assert done is not None
        (difference,) = queries.differences_of(done.run)
        assert difference.signal.startswith("late-step")
        assert difference.now is None
        assert (rows(Card), ledger_events()) == (cards, events)

    def test_a_round_does_a_piece_and_the_next_goes_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = [running_task(MONDAY, n) for n in range(5)]
        sweep_by_the_book(MONDAY + 4 * HOUR)
        monkeypatch.setattr(recomputing, "AT_ONCE", 2)
        monkeypatch.setattr(recomputing, "A_ROUND", 2)
        install(calendar_for=lambda: with_days_off(LATER))
        at, pieces = MONDAY + 5 * HOUR, []
        while (done := recompute_round(at)) is not None:
            pieces.append((done.cases, done.done))
            at += HOUR
        assert pieces == [(2, False), (2, False), (1, True)]
        assert Run.objects.filter(kind="recompute").count() == 1
        assert Run.objects.get(kind="recompute").cases == len(made)
        assert {row.calendar for row in Watched.objects.all()} == {editions.law_now(at).calendar_edition}

    def test_a_calendar_taken_back_midway_leaves_nothing_behind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        [running_task(MONDAY, n) for n in range(3)]
        sweep_by_the_book(MONDAY + 4 * HOUR)
        before = left_after_all()
        monkeypatch.setattr(recomputing, "AT_ONCE", 1)
        monkeypatch.setattr(recomputing, "A_ROUND", 1)
        install(calendar_for=lambda: with_days_off(LATER))
        assert recompute_round(MONDAY + 5 * HOUR) is not None
        install(calendar_for=load_calendar)
        monkeypatch.setattr(recomputing, "A_ROUND", 50)
        done = recompute_round(MONDAY + 6 * HOUR)
        assert done is not None
        assert done.done
        assert left_after_all() == before

    def test_a_bad_case_is_named_and_keeps_nobody_waiting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        good, bad = running_task(MONDAY, 1), running_task(MONDAY, 2)
        sweep_by_the_book(MONDAY + 4 * HOUR)
        monkeypatch.setattr(recomputing, "watch_case", poisoned(bad))
        install(calendar_for=lambda: with_days_off(LATER))
        done = recompute_round(MONDAY + 5 * HOUR)
        assert done is not None
        assert (len(done.failed), done.done) == (1, True)
        assert Failed.objects.get().case_id == bad
        assert recompute_round(MONDAY + 6 * HOUR) is None
        sweeping.watch_round(MONDAY + 6 * HOUR)
        dues = set(Watched.objects.filter(case_id__in=(good, bad)).values_list("calendar", flat=True))
        assert len(dues) == 1
        assert Failed.objects.count() == 0


def poisoned(bad: int) -> Any:
    def watch(loaded: Any, *rest: Any) -> Any:
        if loaded.ref.id == bad:
            raise ArithmeticError("a case nobody can read")
        return watch_case(loaded, *rest)

    return watch


def ledger_events() -> list[tuple[int, int, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT case_id, seq, hash FROM ledger_event ORDER BY case_id, seq")
        return [(row[0], row[1], bytes(row[2])) for row in cursor.fetchall()]


def left_after_all() -> Any:
    """What stands, but for by which edition it was judged, and when."""
    watched, signals = rows(Watched), rows(Signal)
    for row in watched:
        del row["rules"], row["calendar"], row["facts"]["at"]
    return watched, signals, list(Case.objects.order_by("pk").values_list("pk", "due_at", "promised_at", "wake_at"))


class TestMarks:
    def test_say_which_days_another_edition_reads_otherwise(self) -> None:
        calendar, off = load_calendar(), with_days_off(date(2026, 3, 3), date(2026, 12, 31))
        assert changed_days(day_marks(calendar), day_marks(calendar)) is None
        assert changed_days(day_marks(calendar), day_marks(off)) == (date(2026, 3, 3), date(2026, 12, 31))
        shorter = {year: marks for year, marks in day_marks(calendar).items() if year != "2030"}
        assert changed_days(shorter, day_marks(calendar)) == (date(2030, 1, 1), date(2030, 12, 31))

    def test_an_edition_laid_over_the_package_by_another_process_is_read(self, tmp_path: Path) -> None:
        before = overlay.local()
        overlay.use_local(tmp_path)
        try:
            was = installed().calendar_for()
            assert was.is_working(LATER)
            folder = tmp_path / "calendars" / "CN"
            folder.mkdir(parents=True)
            shipped = sorted((overlay.PACKAGE / "calendars" / "CN").glob("2026-*.toml"))[-1]
            text = shipped.read_text(encoding="utf-8").replace('"CN-2026-1"', '"CN-2026-2"')
            text = text.replace("off = [", 'off = [["2026-03-03", "2026-03-03", "临时放假"],', 1)
            (folder / "2026-02.toml").write_text(text, encoding="utf-8")
            assert not installed().calendar_for().is_working(LATER)
        finally:
            overlay.use_local(before)


class _Nowhere:
    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return False


@pytest.mark.usefixtures("under_watch")
class TestDueDays:
    def test_are_those_of_the_kernel(self) -> None:
        made = [running_task(MONDAY + timedelta(days=n), n) for n in range(4)]
        sweep(MONDAY + timedelta(days=4))
        ids, found = due_days.due_days_by_case(installed().calendar_for())
        assert sorted(ids.tolist()) == sorted(made)
        for case_id, due in zip(ids.tolist(), found.due.tolist(), strict=True):
            state = fold(load(case_id))
            run = find_main_clock(installed().bound_for(state), state)
            assert run is not None
            lapse = find_lapses(state, run, installed().calendar_for())[0]
            assert lapse is not None
            assert due == law_day(lapse - timedelta(seconds=1))
        in_order = due_days.due_days_of_cases(installed().calendar_for())
        assert in_order.due.tolist() == found.due.tolist()
        assert in_order.clocks.tolist() == found.clocks.tolist()
        each = due_days.due_days_of_open(installed().calendar_for())
        assert sorted(each.clocks.tolist()) == sorted(set(found.clocks.tolist()))

    def test_only_what_moved_is_named(self) -> None:
        first, second = running_task(MONDAY, 1), running_task(MONDAY + timedelta(days=1), 2)
        sweep(MONDAY + timedelta(days=4))
        due = Case.objects.get(pk=first).due_at
        assert due is not None
        assert len(due_days.find_moved(load_calendar())) == 0
        clocks = due_days.find_moved(with_days_off(law_day(due - HOUR)))
        moved = {case_id for case_id, _clock in due_days.find_cases(clocks)}
        assert first in moved
        assert second not in moved


class TestPacking:
    @pytest.mark.parametrize("legal", [Term(20, Unit.WD), Term(30, Unit.CD), Term(0, Unit.WD)])
    @pytest.mark.parametrize("promised", [None, Term(7, Unit.WD), Term(5, Unit.CD)])
    def test_is_reckoned_as_the_calendar_does(self, legal: Term, promised: Term | None) -> None:
        calendar = load_calendar()
        days = [date(2026, 1, 1) + timedelta(days=n) for n in range(200)]
        clocks = np.array([due_days.pack_of(day, legal, promised) for day in days], dtype=np.int64)
        found = due_days.reckon(clocks, calendar)
        assert found.due.tolist() == [calendar.due_day(day, legal) for day in days]
        if promised is None:
            assert np.isnat(found.promised).all()
        else:
            assert found.promised.tolist() == [calendar.due_day(day, promised) for day in days]

    def test_refuses_what_days_cannot_say(self) -> None:
        assert due_days.pack_of(date(2026, 3, 2), Term(4, Unit.WH), None) is None
        assert due_days.pack_of(date(2026, 3, 2), Term(1, Unit.MONTH), None) is None


@pytest.mark.usefixtures("under_watch_here")
class TestCommand:
    def test_says_what_it_did(self, capsys: pytest.CaptureFixture[str]) -> None:
        propose_task()
        with clock.fixed(LATE):
            call_command("sweep", "--all", "--patterns", "--recompute", "--json")
        said = json.loads(capsys.readouterr().out)
        assert said["failed"] == []
        assert said["watched"]["cases"] >= 1
        assert said["recomputed"]["differences"] == 0
        assert "patterns" in said
        assert {run.kind for run in Run.objects.all()} >= {"all", "patterns", "recompute"}

    def test_at_is_for_a_demonstration(self) -> None:
        from django.core.management import CommandError

        with pytest.raises(CommandError):
            call_command("sweep", "--at", "2026-03-05T00:00")


def test_level_is_a_word(under_watch_here: Town) -> None:
    assert rule("x", "0 wd", Level.PROMPT).level == "prompt"
    assert MONDAY.astimezone(UTC).hour == 2
