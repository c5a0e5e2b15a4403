"""`zhengtong bench` measures every side, in databases of its own, and keeps figures in the agreed shape. No figure is
judged here: how fast this machine is today is not a matter for a test."""

import json
import os
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections
from pytest_django import DjangoDbBlocker

from zhengtong.ledger.installed import installed
from zhengtong.site.bench import harness
from zhengtong.site.bench.parts import PARTS

KEYS = {"part", "name", "value", "unit", "against", "aim", "met", "n", "load", "figures"}


@pytest.fixture
def kept(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: DjangoDbBlocker,
    capsys: pytest.CaptureFixture[str],
) -> dict[str, list[dict[str, object]]]:
    """What a tiny run keeps."""
    monkeypatch.chdir(tmp_path)
    with django_db_blocker.unblock():
        call_command("bench", "--tiny", "--json")
    printed = json.loads(capsys.readouterr().out)
    written = json.loads((tmp_path / "build" / "bench" / "latest.json").read_text(encoding="utf-8"))
    assert printed == written
    found: dict[str, list[dict[str, object]]] = written
    return found


class TestBench:
    def test_keeps_every_figure_in_one_shape(self, kept: dict[str, list[dict[str, object]]], tmp_path: Path) -> None:
        for result in kept["results"]:
            assert set(result) == KEYS
            assert isinstance(result["value"], float) and result["value"] > 0
            load = result["load"]
            assert isinstance(load, list) and len(load) == len(os.getloadavg())
        assert {str(result["name"]) for result in kept["results"]} >= {
            "record() on SQLite",
            "read, decide and record() on SQLite",
            "search on SQLite",
            "add a working day",
            "add working days to a column",
        }
        # What it worked in is gone; only the figures stay.
        assert [path.name for path in (tmp_path / "build").iterdir()] == ["bench"]

    def test_both_sides_say_the_same_days(self, kept: dict[str, list[dict[str, object]]]) -> None:
        days = [result["figures"] for result in kept["results"] if str(result["name"]).startswith("add ")]
        assert len(days) >= 2
        assert all(isinstance(figures, dict) and figures["equal"] == 1 for figures in days)

    def test_judges_an_aim_only_where_it_was_set_for(self, kept: dict[str, list[dict[str, object]]]) -> None:
        assert all(result["met"] is None for result in kept["results"] if result["aim"] is None)
        assert all(result["aim"] is None for result in kept["results"])  # three hundred titles prove nothing

    def test_leaves_database_and_wiring_as_they_were(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
    ) -> None:
        monkeypatch.chdir(tmp_path)
        before, wired = dict(connections.settings["default"]), installed()
        with django_db_blocker.unblock():
            harness.run_parts({"days": PARTS["days"], "acts": PARTS["acts"]}, harness.TINY, say=lambda words: None)
            assert dict(connections.settings["default"]) == before
            assert connection.settings_dict["NAME"] == before["NAME"]
        assert installed() is wired


class TestMet:
    @pytest.mark.parametrize(("value", "unit", "met"), [(49.0, "ms", True), (51.0, "ms", False), (60.0, "ratio", True)])
    def test_smaller_is_better_for_milliseconds_only(self, value: float, unit: str, met: bool) -> None:
        assert harness.result("x", value, unit=unit, against="y", n=1, aim=50.0).met is met
