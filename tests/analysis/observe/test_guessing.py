"""What columns mean is guessed from names in several languages and from content; a map file says otherwise."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.observe.logs_made import step, write, xes
from zhengtong.analysis.guessing import guess, name_score, normal
from zhengtong.analysis.meanings import Meaning, as_toml, observed, read_meaning
from zhengtong.analysis.observing import observe
from zhengtong.analysis.reading.opening import read_log

HEADERS = [
    ("办件编号,环节,办理时间,办理人,部门,截止时间,办结时间", "chinese"),
    ("工单编号,处理环节,操作时间,处理人员,承办单位,到期时间,结案时间", "chinese, of the hotline"),
    ("Case ID,Activity,Complete Timestamp,Resource,Department,Due Date,Closed Date", "english"),
    ("zaaknummer,activiteit,tijdstip,behandelaar,afdeling,uiterste datum,einddatum", "dutch"),
    ("Aktenzeichen,Aktivität,Zeitstempel,Sachbearbeiter,Abteilung,Frist,Enddatum", "german"),
    ("expediente,actividad,fecha y hora,usuario,departamento,fecha limite,fecha cierre", "spanish"),
    ("caseId,activityName,eventTime,userName,teamName,dueDate,endDate", "camel case"),
    ("incident_id,step_name,time,officer,precinct,deadline,closed_at", "police"),
]


def rows() -> str:
    lines = []
    for case in range(30):
        ended = f"2024-02-{case % 20 + 1:02} 10:00:00" if case % 3 else ""
        for place, what in enumerate(("register", "check", "decide")):
            who, at = f"p{(case + place) % 5}", f"2024-01-{case % 20 + 1:02} 0{8 + place // 2}:{place:02}:00"
            lines.append(f"C{case:03},{what},{at},{who},d{case % 4},2024-02-10 00:00:01,{ended}")
    return "\n".join(lines) + "\n"


class TestNames:
    @pytest.mark.parametrize(("header", "language"), HEADERS)
    def test_in_several_languages(self, tmp_path: Path, header: str, language: str) -> None:
        names = header.split(",")
        table = read_log(write(tmp_path, "a.csv", f"{header}\n{rows()}"))
        found, guesses = guess(table)
        given = (found.case, *found.activity, found.at, found.resource, found.group, found.deadline, found.ended)
        assert given == tuple(names), language
        assert all(each.reasons for each in guesses)
        counts = observe(observed(table, found)).counts
        late = sum(case % 20 + 1 >= 10 for case in range(30) if case % 3)
        assert (counts["ended"], counts["open"], counts["ended_after_deadline"]) == (20, 10, late)

    def test_in_any_order_of_columns(self, tmp_path: Path) -> None:
        header = HEADERS[0][0].split(",")
        lines = [header, *(line.split(",") for line in rows().splitlines())]
        turned = "\n".join(",".join(reversed(line)) for line in lines)
        assert (
            guess(read_log(write(tmp_path, "a.csv", turned)))[0]
            == guess(read_log(write(tmp_path, "b.csv", "\n".join(map(",".join, lines)))))[0]
        )

    def test_planned_is_not_ended(self) -> None:
        for name in ("enddate_planned", "endDatePlanned", "计划办结时间", "承诺办结时间", "einddatum gepland"):
            assert name_score(name, "planned") > name_score(name, "ended"), name

    @given(st.text(max_size=20))
    def test_any_name_may_come(self, name: str) -> None:
        assert 0 <= name_score(name, "deadline") <= 1
        assert normal(normal(name)) == normal(name)


class TestContent:
    def test_a_case_is_found_without_a_name(self, tmp_path: Path) -> None:
        table = read_log(write(tmp_path, "a.csv", f"x1,x2,x3,x4,x5,x6,x7\n{rows()}"))
        found, _ = guess(table)
        assert (found.case, found.activity, found.at) == ("x1", ("x2",), "x3")

    def test_one_row_per_case_is_turned(self, tmp_path: Path) -> None:
        lines = ["工单编号,来电时间,派单时间,办结时间,截止时间,承办单位"]
        lines += [f"G{n:03},2024-01-0{n % 9 + 1} 08:00,2024-01-0{n % 9 + 1} 09:00,"
                  f"{'' if n % 4 == 0 else '2024-01-20 09:00'},"
                  f"2024-01-{18 + n % 5} 09:00,局{n % 3}" for n in range(40)]  # fmt: skip
        table = read_log(write(tmp_path, "a.csv", "\n".join(lines), "gb18030"))
        found, _ = guess(table)
        assert (found.case, found.wide) == ("工单编号", ("来电时间", "派单时间", "办结时间"))
        seen = observed(table, found)
        counts = observe(seen).counts
        late = sum(18 + n % 5 < 20 for n in range(40) if n % 4)
        assert (counts["cases"], counts["events"], counts["ended"], counts["ended_after_deadline"]) == (
            40,
            110,
            30,
            late,
        )

    def test_a_limit_before_the_beginning_is_none(self, tmp_path: Path) -> None:
        traces = [
            (
                [("string", "concept:name", f"c{n}"), ("date", "deadline", "2020-01-01T00:00:00Z")],
                [step("a", "2024-01-01T00:00:00Z")],
            )
            for n in range(5)
        ]
        found, guesses = guess(read_log(write(tmp_path, "a.xes", xes(traces))))
        assert found.deadline == ""
        assert "0% lie after the first event" in next(each for each in guesses if each.role == "not deadline").reasons

    def test_due_dates_of_steps_are_of_steps(self, tmp_path: Path) -> None:
        traces = [
            ([("string", "concept:name", f"c{n}")],
             [[*step("a", f"2024-01-0{d}T00:00:00Z"),
               ("date", "dueDate", f"2024-01-0{d + n % 2 - 1 or 1}T12:00:00Z")] for d in (2, 4)])
            for n in range(6)
        ]  # fmt: skip
        table = read_log(write(tmp_path, "a.xes", xes(traces)))
        found, _ = guess(table)
        assert (found.deadline, found.step_due) == ("", "dueDate")
        assert observe(observed(table, found)).counts["events_after_step_due"] == 6

    def test_a_status_may_say_that_a_case_ended(self, tmp_path: Path) -> None:
        lines = ["case id,activity,time,status"]
        lines += [f"c{n},{what},2024-01-0{n + d} 09:00,{'Closed' if d and n % 2 else 'Open'}"
                  for n in range(1, 7) for d, what in enumerate(("open", "work"))]  # fmt: skip
        table = read_log(write(tmp_path, "a.csv", "\n".join(lines)))
        found, _ = guess(table)
        assert (found.ended, found.ended_values) == ("status", ("Closed",))
        assert observe(observed(table, found)).counts["ended"] == 3

    def test_what_is_last_may_end_a_case(self, tmp_path: Path) -> None:
        traces = [([("string", "concept:name", f"c{n}")],
                   [step("begin", "2024-01-01T00:00:00Z"), *([step("pay", "2024-01-02T00:00:00Z")] if n % 4 else [])])
                  for n in range(20)]  # fmt: skip
        found, _ = guess(read_log(write(tmp_path, "a.xes", xes(traces))))
        assert found.ended_by == ("pay",)

    def test_instants_of_1970_stand_for_none(self, tmp_path: Path) -> None:
        traces = [([("string", "concept:name", f"c{n}"), ("date", "enddate", end)], [step("a", "2024-01-01T00:00:00Z")])
                  for n, end in enumerate(["1970-01-01T00:00:00Z", "2024-02-01T00:00:00Z"])]  # fmt: skip
        table = read_log(write(tmp_path, "a.xes", xes(traces)))
        seen = observed(table, guess(table)[0])
        assert seen.ended is not None
        assert seen.ended.tolist() == [False, True]
        assert "1 instants outside 1971 to 8999" in seen.notes[-1]


class TestMaps:
    def test_override_what_is_guessed(self, tmp_path: Path) -> None:
        table = read_log(write(tmp_path, "a.csv", f"{HEADERS[2][0]}\n{rows()}"))
        mapped = read_meaning(write(tmp_path, "m.toml", 'activity = "Resource"\nlimit = "5 cd"\n'))
        found, guesses = guess(table, mapped)
        assert (found.activity, found.limit) == (("Resource",), "5 cd")
        assert next(each for each in guesses if each.role == "activity").reasons == ("said in the map file",)

    @given(
        st.builds(
            Meaning,
            case=st.text(max_size=8),
            activity=st.lists(st.text(max_size=8), max_size=3).map(tuple),
            duties=st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=2).map(tuple),
            skip_incomplete=st.booleans(),
            ended_values=st.lists(st.text(max_size=5), max_size=2).map(tuple),
        )
    )
    def test_come_back_as_they_were_saved(self, tmp_path_factory: pytest.TempPathFactory, meaning: Meaning) -> None:
        path = write(tmp_path_factory.mktemp("map"), "m.toml", as_toml(meaning).encode("utf-8", "surrogatepass"))
        assert read_meaning(path) == meaning
