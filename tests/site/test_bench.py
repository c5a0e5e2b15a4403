"""`zhengtong bench` measures every side, in databases of its own, and keeps figures in the agreed shape. No figure is
judged here: how fast this machine is today is not a matter for a test."""

import contextlib
import io
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from pytest_django import DjangoDbBlocker

from zhengtong.ledger.installed import installed
from zhengtong.site.bench import harness

KEYS = {"part", "name", "value", "unit", "against", "aim", "met", "n", "load", "figures"}


QUICK = ("acts", "verify", "days", "search")
Kept = dict[str, list[dict[str, object]]]


def run_tiny(folder: Path, parts: Sequence[str]) -> Kept:
    """What a tiny run of some parts keeps: printed and written are the same."""
    printed = io.StringIO()
    with contextlib.chdir(folder):
        call_command("bench", *parts, "--tiny", "--json", stdout=printed, stderr=io.StringIO())
    written: Kept = json.loads((folder / "build" / "bench" / "latest.json").read_text(encoding="utf-8"))
    assert json.loads(printed.getvalue()) == written
    # What it worked in is gone; only the figures stay.
    assert [path.name for path in (folder / "build").iterdir()] == ["bench"]
    return written


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Kept:
    before, wired = dict(connections.settings["default"]), installed()
    with django_db_blocker.unblock():
        found = run_tiny(tmp_path_factory.mktemp("bench"), QUICK)
        assert dict(connections.settings["default"]) == before
        assert connection.settings_dict["NAME"] == before["NAME"]
    assert installed() is wired
    return found


def names(kept: Kept) -> set[str]:
    return {str(line["name"]) for kind in ("results", "skipped") for line in kept[kind]}


class TestBench:
    def test_keeps_every_figure_in_one_shape(self, kept: Kept) -> None:
        assert kept["failed"] == []
        for result in kept["results"]:
            assert set(result) == KEYS
            assert isinstance(result["value"], float) and result["value"] > 0
            load = result["load"]
            assert isinstance(load, list) and len(load) == len(os.getloadavg())
        assert {result["part"] for result in kept["results"]} == set(QUICK)
        assert names(kept) >= {
            "record() on SQLite", "read, decide and record() on SQLite", "four writers on SQLite",
            "verify on SQLite, processes: 2", "add a working day", "add working days to a column",
            "search finds what a look at every title finds, on SQLite",
        }  # fmt: skip

    def test_both_sides_say_the_same(self, kept: Kept) -> None:
        days = [result["figures"] for result in kept["results"] if str(result["name"]).startswith("add ")]
        assert len(days) >= 2
        assert all(isinstance(figures, dict) and figures["equal"] == 1 for figures in days)
        exact = [result["value"] for result in kept["results"] if str(result["name"]).startswith("search finds")]
        assert exact == [1.0]

    def test_judges_nothing_where_too_little_was_measured(self, kept: Kept) -> None:
        assert all(result["met"] is None and result["aim"] is None for result in kept["results"])

    @pytest.mark.long
    def test_fills_a_docket_and_asks_a_real_server(self, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> None:
        with django_db_blocker.unblock():
            found = run_tiny(tmp_path, ["lists"])
        assert found["failed"] == []
        assert names(found) >= {
            "due alarms found on SQLite", "work lists, one user, on SQLite", "case page, sixteen users, on SQLite",
            "a page of ten queries on SQLite",
        }  # fmt: skip


class TestRunParts:
    def test_one_that_breaks_costs_only_itself(self) -> None:
        def whole(bench: harness.Bench) -> Iterator[harness.Line]:
            yield harness.result("whole", 1.0, unit="ratio", against="itself", n=1)

        def broken(bench: harness.Bench) -> Iterator[harness.Line]:
            yield harness.result("before", 1.0, unit="ratio", against="itself", n=1)
            raise ValueError("this broke")

        found = harness.run_parts({"a": broken, "b": whole}, harness.TINY, say=lambda words: None)
        lines = [line for some in found.values() for line in some]
        assert [line.name for line in lines] == ["before", "a", "whole"]
        assert isinstance(lines[1], harness.Failed) and "this broke" in lines[1].why

    def test_parts_that_were_not_run_keep_their_figures(self, tmp_path: Path) -> None:
        one, other = harness.result("x", 1.0, unit="ratio", against="y", n=1), harness.Failed(name="z", why="broke")
        harness.keep({"a": (one,), "b": (other,)}, tmp_path / "latest.json")
        kept = harness.keep({"b": (replace(one, name="again"),)}, tmp_path / "latest.json")
        assert [(line["part"], line["name"]) for line in kept["results"]] == [("a", "x"), ("b", "again")]
        assert kept["failed"] == []
        assert "| again | 1 × |" in harness.table(kept)

    def test_an_unknown_part_is_said_and_a_table_needs_figures(self, tmp_path: Path) -> None:
        with contextlib.chdir(tmp_path), pytest.raises(CommandError, match="no such part: nonsense"):
            call_command("bench", "nonsense")
        with contextlib.chdir(tmp_path), pytest.raises(CommandError, match="nothing has been measured"):
            call_command("bench", "--table")


class TestMet:
    @pytest.mark.parametrize(
        ("value", "unit", "met"),
        [(49.0, "ms", True), (51.0, "ms", False), (60.0, "ratio", True), (51.0, "times", False)],
    )
    def test_smaller_is_better_for_milliseconds_and_times(self, value: float, unit: str, met: bool) -> None:
        assert harness.result("x", value, unit=unit, against="y", n=1, aim=50.0).met is met
