"""What is found in a log, on logs in which it was planted; and the report that opens from disk."""

import json
from datetime import datetime, timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.analysis.observe.logs_made import Attribute, step, write, xes
from zhengtong.analysis.guessing import guess
from zhengtong.analysis.map_drawing import draw
from zhengtong.analysis.meanings import MapFault, Meaning, observed
from zhengtong.analysis.measuring import find_map
from zhengtong.analysis.observing import Observation, observe
from zhengtong.analysis.reading.opening import read_log
from zhengtong.analysis.report_page import write_report
from zhengtong.law.calendar_files import load_calendar

START = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - its zone is written behind it
Trace = tuple[list[Attribute], list[list[Attribute]]]


def at(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat() + "+08:00"


def trace(number: int, events: list[list[Attribute]], *own: Attribute) -> Trace:
    return [("string", "concept:name", f"c{number}"), *own], events


def seen_in(tmp_path: Path, traces: list[Trace], meaning: Meaning | None = None, calendar: str = "") -> Observation:
    table = read_log(write(tmp_path, "a.xes", xes(traces)))
    found, _ = guess(table, meaning)
    return observe(observed(table, found), load_calendar(calendar) if calendar else None)


def usual(count: int) -> list[Trace]:
    """Cases of three steps by three people, hours apart and each at another pace."""
    return [
        trace(n, [step("receive", at(n * 700), f"r{n % 3}"), step("check", at(n * 700 + 61 + n * 3.7), f"s{n % 3}"),
                  step("send", at(n * 700 + 161 + n * 7.3), f"t{n % 3}")],
              ("date", "enddate", at(n * 700 + 170 + n * 7.3)))
        for n in range(count)
    ]  # fmt: skip


class TestPatterns:
    def test_nothing_is_found_in_a_usual_log(self, tmp_path: Path) -> None:
        found = seen_in(tmp_path, usual(40))
        assert (found.bursts, found.runs, found.both, found.stalls, found.rework) == ([], [], [], [], [])

    def test_a_stalled_case(self, tmp_path: Path) -> None:
        stuck = trace(99, [step("receive", at(10), "r1")])
        found = seen_in(tmp_path, [*usual(40), stuck])
        assert [(each.case, each.after) for each in found.stalls] == [("c99", "receive")]

    def test_a_burst(self, tmp_path: Path) -> None:
        burst = [
            trace(100 + n, [step("receive", at(n * 700), f"r{n % 3}"), step("check", at(60_000 + n / 3), "s9")])
            for n in range(12)
        ]
        found = seen_in(tmp_path, [*usual(40), *burst])
        assert [(each.activity, each.resource, each.events) for each in found.bursts] == [("check", "s9", 12)]
        assert seen_in(tmp_path, [*usual(40), *burst[:9]]).bursts == []

    def test_one_person_on_both_sides_of_a_check(self, tmp_path: Path) -> None:
        both = trace(99, [step("receive", at(9), "r1"), step("check", at(99), "r1"), step("send", at(199), "t1")])
        found = seen_in(tmp_path, [*usual(40), both])
        assert [(e.first, e.second, e.same, e.learned, e.examples) for e in found.both] == [
            ("receive", "check", 1, True, (("c99", "r1"),))
        ]

    def test_duties_of_the_map_file(self, tmp_path: Path) -> None:
        few = [trace(1, [step("pay in", at(0), "a"), step("pay out", at(50), "a")])]
        found = seen_in(tmp_path, few, Meaning(duties=(("pay in", "pay out"),)))
        assert [(each.same, each.learned) for each in found.both] == [(1, False)]

    def test_equal_durations(self, tmp_path: Path) -> None:
        equal = [
            trace(100 + n, [step("receive", at(n * 700), "r9"), step("check", at(n * 700 + 30), "s9")])
            for n in range(6)
        ]
        found = seen_in(tmp_path, [*usual(40), *equal])
        assert [(each.activity, each.resource, each.events, each.took) for each in found.runs] == [
            ("check", "s9", 6, 1_800_000_000)
        ]

    def test_nights(self, tmp_path: Path) -> None:
        night = [trace(100 + n, [step("check", at(n * 1_440 + 840), "owl")]) for n in range(25)]
        assert [rate.name for rate in seen_in(tmp_path, [*usual(40), *night]).outside_by_resource] == ["owl"]

    def test_what_a_log_without_much_cannot_tell(self, tmp_path: Path) -> None:
        path = write(
            tmp_path,
            "a.csv",
            "case,activity,time\n" + "".join(f"c{n % 4},a{n % 3},2024-01-0{n + 1}\n" for n in range(9)),
        )
        table = read_log(path)
        found = observe(observed(table, guess(table)[0]))
        assert {"deadline", "planned", "resource", "clock", "group"} <= set(found.untold)
        assert found.counts["ended_after_deadline"] is None


class TestLimits:
    def cases(self) -> list[Trace]:
        """Opened on Friday 2026-02-13, before the spring festival."""
        opened = "2026-02-13T09:00:00+08:00"
        return [
            trace(
                n,
                [step("receive", opened), step("decide", f"2026-{end}T10:00:00+08:00")],
                ("date", "enddate", f"2026-{end}T10:00:00+08:00"),
            )
            for n, end in enumerate(("02-14", "02-24", "02-25", "02-26"))
        ]

    def test_in_working_days_of_a_law_calendar(self, tmp_path: Path) -> None:
        found = seen_in(tmp_path, self.cases(), Meaning(limit="2 wd"), "CN")  # the 14th works, then the 24th
        assert found.counts["ended_after_deadline"] == 2
        assert [each.working_days for each in found.late] == [2, 1]

    def test_in_calendar_days(self, tmp_path: Path) -> None:
        assert seen_in(tmp_path, self.cases(), Meaning(limit="11 cd")).counts["ended_after_deadline"] == 2

    def test_working_days_need_a_calendar(self, tmp_path: Path) -> None:
        with pytest.raises(MapFault, match="name a calendar"):
            seen_in(tmp_path, self.cases(), Meaning(limit="2 wd"))

    def test_without_an_end_late_work_is_told(self, tmp_path: Path) -> None:
        traces = [
            trace(
                n,
                [step(f"a{n}", at(n)), step(f"b{n}", at(50 * n))],
                ("date", "deadline", at(60)),
            )
            for n in range(1, 4)
        ]
        counts = seen_in(tmp_path, traces).counts
        assert (counts["ended"], counts["cases_active_after_deadline"]) == (None, 2)

    def test_a_day_alone_is_over_at_its_end(self, tmp_path: Path) -> None:
        lines = ["case id,activity,time,deadline,enddate"]
        lines += [f"c{n},a,2024-01-01 09:00,2024-01-05,2024-01-0{5 + n} 17:00" for n in range(3)]
        table = read_log(write(tmp_path, "a.csv", "\n".join(lines)))
        assert observe(observed(table, guess(table)[0])).counts["ended_after_deadline"] == 2


class TestReport:
    def test_stands_alone_in_both_languages(self, tmp_path: Path) -> None:
        table = read_log(write(tmp_path, "a.xes", xes([*usual(40), trace(99, [step("<b>x</b>", at(10), "r1")])])))
        meaning, guesses = guess(table)
        written = write_report(observe(observed(table, meaning)), guesses, tmp_path / "out", source="a.xes", east=480)
        assert [path.name for path in written] == ["index.html", "en.html", "report.css"]
        for path in written[:2]:
            page = path.read_text(encoding="utf-8")
            assert "<b>x</b>" not in page
            assert not any(word in page for word in ("http://", "https://", "<script", "style="))
        assert 'lang="zh-hans"' in written[0].read_text(encoding="utf-8")
        assert 'href="index.html"' in written[1].read_text(encoding="utf-8")

    def test_a_map_of_many_activities_is_drawn_in_bounds(self, tmp_path: Path) -> None:
        chance = np.random.default_rng(3)
        traces = [
            trace(
                n,
                [
                    step(f"很长的环节名称之{a}", at(n * 10 + k))
                    for k, a in enumerate(chance.integers(0, 40, 9).tolist())
                ],
            )
            for n in range(60)
        ]
        table = read_log(write(tmp_path, "a.xes", xes(traces)))
        drawn = draw(find_map(observed(table, guess(table)[0]).log))
        assert all(
            box.x >= 0 and box.x + 216 <= drawn.width and box.y >= 0 and box.y + 62 <= drawn.height
            for box in drawn.boxes
        )
        places = sorted((box.y, box.x) for box in drawn.boxes)
        assert all(a[0] != b[0] or b[1] - a[1] >= 216 for a, b in pairwise(places))

    def test_one_activity_is_a_map_too(self, tmp_path: Path) -> None:
        table = read_log(write(tmp_path, "a.xes", xes([trace(1, [step("a", at(0)), step("a", at(1))])])))
        assert draw(find_map(observed(table, guess(table)[0]).log)).boxes[0].loops == 1


class TestCommand:
    def test_says_one_object(self, tmp_path: Path) -> None:
        path, out = write(tmp_path, "a.xes", xes(usual(30))), StringIO()
        call_command("observe", str(path), "--json", "--save-map", str(tmp_path / "m.toml"), stdout=out)
        said = json.loads(out.getvalue())
        assert (said["cases"], said["events"], said["ended"]) == (30, 90, 30)
        assert 'ended = "enddate"' in (tmp_path / "m.toml").read_text(encoding="utf-8")

    def test_a_calendar_that_does_not_reach(self, tmp_path: Path) -> None:
        path = write(tmp_path, "a.xes", xes([trace(1, [step("a", "2001-01-01T00:00:00Z")])]))
        mapped = write(tmp_path, "m.toml", 'limit = "5 wd"\n')
        with pytest.raises(CommandError, match="covers 2020-01-01 to"):
            call_command("observe", str(path), "--calendar", "CN", "--map", str(mapped), stdout=StringIO())
