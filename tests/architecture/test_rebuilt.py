"""What is kept for lists is what the events say: docket, readers and alarms made again are those that stand there, and
the ledger of a city that lived for weeks is whole."""

import io
import json
from pathlib import Path
from typing import Final

import pytest
from django.core.management import call_command
from django.db import connection

from tests.cast import NOW
from zhengtong.kernel.authority import find_readers
from zhengtong.kernel.clocks import find_docket, find_wake_at
from zhengtong.kernel.states import evolve, fold
from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger import history
from zhengtong.ledger.folds import DOCKET
from zhengtong.ledger.models.cases import Case, Reader
from zhengtong.ledger.record import docket_values
from zhengtong.site.wiring import bound_for

pytestmark = pytest.mark.usefixtures("lived")

DEPENDS_ON_NOW: Final = "wake_at"


class TestDocket:
    def test_rebuilt_is_docket_stored(self) -> None:
        cases = list(Case.objects.all())
        assert len(cases) >= 30
        assert len({case.procedure for case in cases}) >= 5
        for case in cases:
            state = fold(history.load(case.pk))
            made = docket_values(find_docket(bound_for(state), state, load_calendar(), NOW))
            stored = {name: getattr(case, name) for name in DOCKET if name != DEPENDS_ON_NOW}
            assert {name: made[name] for name in stored} == stored, case.number

    def test_fold_in_one_pass_is_evolving_step_by_step(self) -> None:
        for case in Case.objects.all():
            events, state = history.load(case.pk), None
            for event in events:
                state = evolve(state, event)
            assert state == fold(events), case.number

    def test_rebuild_finds_nothing_to_mend(self) -> None:
        out = io.StringIO()
        call_command("rebuild", "--check", stdout=out, stderr=io.StringIO())
        assert str(Case.objects.count()) in out.getvalue()


class TestReaders:
    def test_rebuilt_are_readers_stored(self) -> None:
        stored: dict[int, set[tuple[str, str]]] = {}
        for case_id, kind, ref in Reader.objects.values_list("case_id", "kind", "ref"):
            stored.setdefault(case_id, set()).add((kind, ref))
        made = {}
        for case in Case.objects.all():
            state = fold(history.load(case.pk))
            made[case.pk] = set(find_readers(bound_for(state), state))
        assert stored == made


class TestAlarms:
    def test_of_every_open_case_are_the_next_change_of_a_finding(self) -> None:
        wrong = {}
        for case in Case.objects.open():
            state = fold(history.load(case.pk))
            expected = find_wake_at(bound_for(state), state, load_calendar(), NOW)
            if case.wake_at != expected:
                wrong[case.number] = (case.wake_at, expected)
        assert wrong == {}

    def test_none_was_slept_through(self) -> None:
        assert list(Case.objects.awake_by(NOW).values_list("number", flat=True)) == []

    def test_of_closed_cases_are_off_or_of_a_clock_that_still_runs(self) -> None:
        for case in Case.objects.filter(closed_at__isnull=False, wake_at__isnull=False):
            state = fold(history.load(case.pk))
            assert find_wake_at(bound_for(state), state, load_calendar(), NOW) == case.wake_at


class TestVerify:
    def test_finds_the_city_whole(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("verify", "--json")  # exits with 1 where anything is wrong
        said = json.loads(capsys.readouterr().out)
        assert said["whole"] is True
        assert said["cases"] == Case.objects.count()
        assert said["roots"] > 10
        assert said["sealed_rows"] > 0

    def test_finds_one_changed_row(self, lived: Path, capsys: pytest.CaptureFixture[str]) -> None:
        case = Case.objects.open().order_by("pk").first()
        assert case is not None
        with connection.cursor() as cursor:
            cursor.execute("UPDATE ledger_case SET unit = 'elsewhere' WHERE id = %s", [case.pk])
        try:
            with pytest.raises(SystemExit) as ended:
                call_command("verify", "--json")
            assert ended.value.code == 1
            assert case.number in capsys.readouterr().out
        finally:
            with connection.cursor() as cursor:
                cursor.execute("UPDATE ledger_case SET unit = %s WHERE id = %s", [case.unit, case.pk])
