"""Another calendar or rulebook: open cases are judged anew, differences listed, acts stand; all due days at once."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.core.management import call_command

from tests.cases.town import Town
from tests.supervision.test_sweeping import rows, sweep
from tests.supervision.watched import HOUR, MONDAY, RED, RULES, YELLOW, do, propose_task, rule, tasks
from zhengtong.accounts import clock
from zhengtong.kernel.calendars import Calendar, YearTable, calendar_from
from zhengtong.kernel.clocks import find_lapses, find_main_clock
from zhengtong.kernel.states import fold
from zhengtong.kernel.supervision.rules import Level
from zhengtong.kernel.terms import Term, Unit, law_day
from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger.history import load
from zhengtong.ledger.installed import install, installed
from zhengtong.ledger.models.cases import Case
from zhengtong.supervision import due_days, queries
from zhengtong.supervision.models import Card, Run, Signal, Watched
from zhengtong.supervision.recomputing import is_outdated, recompute

LATE = MONDAY + timedelta(days=3)


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
        each = due_days.due_days_of_open(installed().calendar_for())
        assert sorted(each.clocks.tolist()) == sorted(set(found.clocks.tolist()))

    def test_only_what_moved_is_named(self) -> None:
        first, second = running_task(MONDAY, 1), running_task(MONDAY + timedelta(days=1), 2)
        sweep(MONDAY + timedelta(days=4))
        calendar = load_calendar()
        due = Case.objects.get(pk=first).due_at
        assert due is not None
        before, after = due_days.find_moved(calendar, with_days_off(law_day(due - HOUR)))
        assert (after.due > before.due).all()
        moved = {case_id for case_id, _clock in due_days.find_cases(after.clocks)}
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
