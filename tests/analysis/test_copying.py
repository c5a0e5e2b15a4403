"""The columnar copy of the ledger."""

import json
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.cast import NOW
from zhengtong.analysis import copying, queries
from zhengtong.analysis.copying import Copy, NotCopied
from zhengtong.kernel.events import Acted
from zhengtong.ledger.history import iter_loaded
from zhengtong.ledger.queries import Case

pytestmark = pytest.mark.usefixtures("city_db")


def content(copy: Copy) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Every row of the copy, in order."""
    from zhengtong.analysis.questions import open_files

    source = open_files(*copy.files())
    events = source.events.order_by(["case", "seq"]).to_pyarrow().to_pylist()
    return events, source.cases.order_by("case").to_pyarrow().to_pylist()


@pytest.fixture
def in_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "CASES_AT_ONCE", 3)


class TestCopy:
    def test_has_every_event_of_every_case(self) -> None:
        done = copying.refresh(NOW)
        events, cases = content(Copy())
        ledger = list(iter_loaded())
        assert (done.cases, done.events) == (len(ledger), sum(len(one.history) for one in ledger)) != (0, 0)
        assert [(row["case"], row["seq"]) for row in events] == [
            (one.ref.id, event.seq) for one in ledger for event in one.history
        ]
        assert [row["act"] for row in events if row["kind"] == "Acted"] == [
            event.body.act for one in ledger for event in one.history if isinstance(event.body, Acted)
        ]
        assert [row["number"] for row in cases] == [one.ref.number for one in ledger]

    def test_is_in_files_by_month(self) -> None:
        copying.refresh(NOW)
        events, _ = content(Copy())
        folders = {path.parent.name for path in (Copy().folder / "events").rglob("*.parquet")}
        assert folders == {f"month={row['month']}" for row in events}

    def test_again_copies_nothing_and_changes_no_row(self) -> None:
        copying.refresh(NOW)
        before, files = content(Copy()), Copy().manifest
        done = copying.refresh(NOW + timedelta(days=1))
        assert (done.cases, done.events) == (0, 0)
        assert content(Copy()) == before
        assert Copy().manifest.events == files.events
        assert Copy().copied_at() == NOW + timedelta(days=1)

    def test_names_nobody_outside_the_service(self) -> None:
        copying.refresh(NOW)
        events, _ = content(Copy())
        assert {row["person"] for row in events if row["standing"] == "party"} == {""}
        assert any(row["person"] for row in events if row["standing"] == "own")

    def test_is_asked_for_before_it_is_there(self) -> None:
        with pytest.raises(NotCopied):
            queries.process_map(queries.Selection())


class TestCommand:
    def test_copies_and_says_what_there_is(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("analyse", "--json")
        told = json.loads(capsys.readouterr().out)
        assert told["cases"] == told["copied"]["cases"] == Case.objects.count()
        assert told["successions"] == told["acts"] - told["cases"]
        call_command("analyse", "--refresh", "--json")
        assert json.loads(capsys.readouterr().out) == {"copied": {"cases": 0, "events": 0, "rebuilt": False}}

    def test_can_copy_all_of_it_again(self, capsys: pytest.CaptureFixture[str]) -> None:
        copying.copy_of_the_night(NOW)
        call_command("analyse", "--rebuild", "--refresh", "--json")
        assert json.loads(capsys.readouterr().out)["copied"]["cases"] == Case.objects.count()


@pytest.mark.usefixtures("in_small_steps")
class TestBit:
    """Only what is new is appended, and what comes of it is what a rebuild makes."""

    def test_by_bit_is_equal_to_a_rebuild(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        lengths = dict(Case.objects.values_list("id", "last_seq"))
        with monkeypatch.context() as early:
            _only_up_to(early, {case: seq // 2 for case, seq in lengths.items()})
            first = copying.refresh(NOW)
        second = copying.refresh(NOW)
        assert first.events and second.events
        assert first.events + second.events == sum(lengths.values())
        assert not second.rebuilt
        apart = Copy(tmp_path / "apart")
        copying.rebuild(NOW, copy=apart)
        assert content(Copy()) == content(apart)

    def test_killed_goes_on_where_it_stopped(self) -> None:
        child = os.fork()
        if not child:
            copying.refresh(NOW, progress=lambda done: os.kill(os.getpid(), signal.SIGKILL) if done >= 9 else None)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status)
        assert Copy().manifest.copied_at == ""
        stray = Copy().folder / "events" / "month=2026-01" / "999999.parquet"
        stray.parent.mkdir(parents=True, exist_ok=True)
        stray.write_bytes(b"half a fi")
        done = copying.refresh(NOW)
        cases = Case.objects.count()
        assert done.cases == cases - 9
        assert not stray.exists()
        events, copied = content(Copy())
        assert len(copied) == cases
        assert len({(row["case"], row["seq"]) for row in events}) == len(events)

    def test_of_another_ledger_begins_anew(self, monkeypatch: pytest.MonkeyPatch) -> None:
        copying.refresh(NOW)
        stands = copying._stands()
        with monkeypatch.context() as other:
            other.setattr(copying, "_stands", lambda: copying.Stands(stands.case, stands.last_seq, stands.head + 1))
            done = copying.refresh(NOW)
        assert done.rebuilt
        assert done.cases == Case.objects.count()

    def test_keeps_few_files(self) -> None:
        copying.refresh(NOW)
        manifest = Copy().manifest
        months = [name.rsplit("/", 1)[0] for name in manifest.events]
        assert len(manifest.cases) == 1
        assert max(months.count(month) for month in months) <= copying.MOST_FILES


def _only_up_to(patched: pytest.MonkeyPatch, ends: dict[int, int]) -> None:
    """As if the cases had ended there: what a refresh finds that came before the later acts."""
    real = copying._dockets

    def shorter(cases: Any) -> Any:
        found = real(cases)
        return {case: {**row, "last_seq": ends[case], "head_hash": b"earlier"} for case, row in found.items()}

    patched.setattr(copying, "_dockets", shorter)
