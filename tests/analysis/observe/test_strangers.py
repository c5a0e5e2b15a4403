"""Logs in the style of those that municipalities, police and hotlines publish: invented, small, each in its own way."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from tests.analysis.observe.logs_made import SHARED, Attribute, step, write, xes
from tests.support.loud import skip_loudly
from zhengtong.analysis.guessing import Guess, guess
from zhengtong.analysis.lifecycles import is_lifecycle
from zhengtong.analysis.meanings import Meaning, observed
from zhengtong.analysis.observing import Observation, as_plain, observe
from zhengtong.analysis.reading import scanning
from zhengtong.analysis.reading.opening import read_log
from zhengtong.analysis.reading.tables import Malformed
from zhengtong.analysis.reading.xes import read_xes
from zhengtong.analysis.report_words import tell
from zhengtong.analysis.said import Said
from zhengtong.law.calendar_files import load_calendar

START = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - these files write no zone
SECOND = 1_000_000


def after(days: float, hours: float = 0) -> datetime:
    return START + timedelta(days=days, hours=hours)


def stamp(moment: datetime) -> str:
    return moment.isoformat() + "+01:00"


def seen(
    path: Path, given: Meaning | None = None, calendar: str = ""
) -> tuple[Meaning, Observation, tuple[Guess, ...]]:
    table = read_log(path)
    meaning, guesses = guess(table, given)
    assert all(each.reasons for each in guesses)
    return meaning, observe(observed(table, meaning), load_calendar(calendar) if calendar else None), guesses


def separated(header: str, rows: Iterable[Sequence[object]], mark: str = ",") -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=mark, lineterminator="\r\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return text.getvalue()


def moved(activity: str, transition: str, moment: datetime, who: str = "112") -> list[Attribute]:
    return [*step(activity, stamp(moment), who), ("string", "lifecycle:transition", transition)]


class TestLifecycles:
    """Loan applications: work items are scheduled, started and completed; steps of the case are completed alone."""

    def traces(self) -> list[tuple[list[Attribute], list[list[Attribute]]]]:
        made = []
        for n in range(30):
            events = [
                moved("A_SENT", "COMPLETE", after(n)),
                moved("W_Call", "SCHEDULE", after(n, 1)),
                moved("W_Call", "START", after(n, 5)),
                moved("W_Call", "COMPLETE", after(n, 7)),
            ]
            if n % 3 == 0:  # called again: rework indeed
                events += [moved("W_Call", "START", after(n, 8)), moved("W_Call", "COMPLETE", after(n, 8.5))]
            if n < 25:
                events.append(moved("A_DONE", "COMPLETE", after(n, 9)))
            else:
                events.append(moved("W_Check", "SCHEDULE", after(n, 9)))
            made.append(([("string", "concept:name", f"app{n}"), ("string", "AMOUNT_REQ", "5000")], events))
        return made

    def test_an_activity_counts_once(self, tmp_path: Path) -> None:
        meaning, found, _ = seen(write(tmp_path, "a.xes", xes(self.traces())))
        assert meaning.lifecycle == "lifecycle:transition"
        counts = found.counts
        assert (counts["cases"], counts["events"], counts["cases_with_rework"]) == (30, 100, 10)
        assert (counts["ended"], counts["open"]) == (25, 5)
        assert found.measured.map.activities == {"A_SENT": 30, "W_Call": 40, "A_DONE": 25, "W_Check": 5}
        assert "170 transitions are 100 activities" in found.notes[-1]
        assert "5 are not over" in found.notes[-1]

    def test_work_is_from_start_to_completion(self, tmp_path: Path) -> None:
        _, found, _ = seen(write(tmp_path, "a.xes", xes(self.traces())))
        assert set(found.work) == {"W_Call"}
        assert (found.work["W_Call"].count, found.work["W_Call"].most) == (40, 2 * 3_600 * SECOND)
        assert found.work["W_Call"].least == 1_800 * SECOND
        assert as_plain(found)["work"]["W_Call"]["median"] == 7_200

    def test_a_map_file_may_want_every_transition(self, tmp_path: Path) -> None:
        _, found, _ = seen(write(tmp_path, "a.xes", xes(self.traces())), Meaning(lifecycle="none"))
        assert found.counts["events"] == 170

    def test_completions_alone_and_statuses_are_no_lifecycle(self) -> None:
        assert not is_lifecycle(["complete"])
        assert not is_lifecycle(["In Progress", "Awaiting Assignment", "Closed"])
        assert is_lifecycle(["schedule", "start", "suspend", "resume", "complete", "ate_abort", "withdraw"])

    def test_a_column_of_starts_gives_work_too(self, tmp_path: Path) -> None:
        rows = [(f"c{n}", "check", after(n), after(n, 3), "u") for n in range(25)]
        _, found, _ = seen(write(tmp_path, "a.csv", separated("case id,activity,start time,end time,user", rows)))
        assert found.work["check"].median == 3 * 3_600 * SECOND


class TestPermits:
    def test_limits_of_cases_and_of_steps(self, tmp_path: Path) -> None:
        """Building permits: limits of the case beside due dates of steps, several actors."""
        traces = []
        for n in range(20):
            own: list[Attribute] = [
                ("string", "concept:name", f"{5000 + n}"), ("date", "startDate", stamp(after(n))),
                ("string", "Responsible_actor", "560925"), ("string", "caseStatus", "G" if n % 4 else "O"),
            ]  # fmt: skip
            if n % 4:
                own += [
                    ("date", "endDate", stamp(after(n + 9))),
                    ("date", "endDatePlanned", stamp(after(n + 8 + n % 3))),
                ]
            events = [
                [*step(f"01_HOOFD_{k}", stamp(after(n + k)), f"56{k}"), ("string", "monitoringResource", "999"),
                 ("string", "question", "EMPTY"), ("string", "activityNameEN", f"step {k}"),
                 ("date", "planned", stamp(after(n + k + 1))), ("date", "dueDate", stamp(after(n + k + n % 2 - 0.5)))]
                for k in range(4)
            ]  # fmt: skip
            traces.append((own, events))
        meaning, found, _ = seen(write(tmp_path, "a.xes", xes(traces)))
        assert (meaning.ended, meaning.planned, meaning.opened) == ("endDate", "endDatePlanned", "startDate")
        assert (meaning.step_due, meaning.deadline, meaning.resource) == ("dueDate", "", "org:resource")
        late = sum(8 + n % 3 < 9 for n in range(20) if n % 4)
        assert (found.counts["ended"], found.counts["ended_after_planned"]) == (15, late)
        assert found.counts["events_after_step_due"] == 40

    def test_whether_a_case_is_closed_is_written_at_events(self, tmp_path: Path) -> None:
        """Billing: a truth that changes within the case and is missing at most events."""
        traces = [
            ([("string", "concept:name", f"b{n}")],
             [[*step("NEW", stamp(after(n))), ("boolean", "isClosed", "false")],
              *([[*step("FIN", stamp(after(n, 9))), ("boolean", "isClosed", "true")],
                  step("BILLED", stamp(after(n, 20)))]
                if n % 5 else [])])
            for n in range(30)
        ]  # fmt: skip
        meaning, found, _ = seen(write(tmp_path, "a.xes", xes(traces)))
        assert (meaning.ended, meaning.ended_values) == ("isClosed", ("true",))
        assert (found.counts["ended"], found.counts["open"]) == (24, 6)

    def test_fines_by_the_day(self, tmp_path: Path) -> None:
        """Traffic fines: days without a clock, an officer at the first event alone."""
        traces = [
            ([("string", "concept:name", f"A{n}")],
             [step("Create Fine", f"2006-07-{n % 28 + 1:02}T00:00:00+02:00", f"{540 + n % 3}"),
              step("Send Fine", f"2006-09-{n % 28 + 1:02}T00:00:00+02:00"),
              step("Payment" if n % 3 else "Send for Credit Collection", f"2006-11-{n % 28 + 1:02}T00:00:00+01:00")])
            for n in range(60)
        ]  # fmt: skip
        meaning, found, _ = seen(write(tmp_path, "a.xes", xes(traces)))
        assert set(meaning.ended_by) == {"Payment", "Send for Credit Collection"}
        assert "clock" in found.untold
        assert (found.bursts, found.runs) == ([], [])


class TestOneRowPerCase:
    def hotline(self) -> list[Sequence[object]]:
        def short(moment: datetime | None) -> str:
            return (
                "" if moment is None else f"{moment.year}/{moment.month}/{moment.day} {moment.hour}:{moment.minute:02}"
            )

        return [
            (f"GD{n:04}", short(after(n)), short(after(n, 2)), "路灯不亮", f"单位{n % 3}", short(after(n + 5)),
             short(after(n + 3 + n % 4, 1)) if n % 6 else "", "已办结" if n % 6 else "办理中")
            for n in range(60)
        ]  # fmt: skip

    @pytest.mark.parametrize(("encoding", "mark"), [("utf-8-sig", ","), ("gb18030", ";"), ("utf-16", "\t")])
    def test_a_hotline(self, tmp_path: Path, encoding: str, mark: str) -> None:
        text = separated("工单编号,受理时间,派单时间,诉求标题,承办单位,截止时间,办结时间,状态", self.hotline(), mark)
        meaning, found, _ = seen(write(tmp_path, "a.csv", text, encoding))
        assert meaning.wide == ("受理时间", "派单时间", "办结时间")
        assert (meaning.case, meaning.opened, meaning.ended) == ("工单编号", "受理时间", "办结时间")
        assert (meaning.deadline, meaning.group) == ("截止时间", "承办单位")
        late = sum(3 + n % 4 >= 5 for n in range(60) if n % 6)
        counts = found.counts
        assert (counts["ended"], counts["open"], counts["ended_after_deadline"]) == (50, 10, late)

    def test_a_record_that_was_updated_took_no_step(self, tmp_path: Path) -> None:
        """Service requests of an American city: month first, am and pm, the hour at which a row was last written."""

        def us(moment: datetime) -> str:
            return moment.strftime("%m/%d/%Y %I:%M:%S %p")

        rows = [
            (500 + n, us(after(n % 9)), us(after(n % 9, 4)) if n % 5 else "", "Street Light", "Open" if n % 5 == 0 else
             "Closed", us(after(n % 9, 3 + n % 3)), us(after(n % 9 + 2)))
            for n in range(50)
        ]  # fmt: skip
        header = "Unique Key,Created Date,Closed Date,Complaint Type,Status,Due Date,Resolution Action Updated Date"
        meaning, found, guesses = seen(write(tmp_path, "a.csv", separated(header, rows)))
        assert meaning.wide == ("Created Date", "Closed Date")
        assert next(each for each in guesses if each.role == "not a step").column == "Resolution Action Updated Date"
        counts = found.counts
        assert (counts["ended"], counts["ended_after_deadline"]) == (40, sum(n % 3 == 0 for n in range(50) if n % 5))
        assert as_plain(found)["first_at"] == "2026-03-02T09:00:00Z"  # not the third of February
        assert "read month first" in found.notes[-1]

    def test_a_date_and_its_clock_in_two_columns(self, tmp_path: Path) -> None:
        """Incidents of a police force."""
        rows = [
            (f"PI-{n:04}", f"{after(n):%d/%m/%Y}", f"{after(n):%H:%M}", "Theft", "North",
             f"{after(n + 9, 2):%d/%m/%Y}" if n % 4 else "", f"{after(n + 9, 2):%H:%M}" if n % 4 else "")
            for n in range(40)
        ]  # fmt: skip
        header = "Incident No,Reported Date,Reported Time,Offence,District,Cleared Date,Cleared Time"
        meaning, found, _ = seen(write(tmp_path, "a.csv", separated(header, rows)))
        assert (meaning.wide, meaning.ended) == (("Reported Date", "Cleared Date"), "Cleared Date")
        assert found.measured.durations.most == (9 * 24 + 2) * 3_600 * SECOND
        assert (found.counts["ended"], found.counts["open"]) == (30, 10)
        assert "'Cleared Time' is the time of day of 'Cleared Date'" in found.notes[-1]

    def test_clocks_as_numbers_and_one_file_one_order(self, tmp_path: Path) -> None:
        """Crimes: 0930 for half past nine; a column whose days all could be months follows one whose days cannot."""
        rows = [
            (190_000 + n, f"{after(n % 9 + 15):%m/%d/%Y} 12:00:00 AM", f"{after(n % 9):%m/%d/%Y} 12:00:00 AM",
             f"{n % 24:02}30", "IC")
            for n in range(40)
        ]  # fmt: skip
        meaning, found, _ = seen(write(tmp_path, "a.csv", separated("DR_NO,Date Rptd,DATE OCC,TIME OCC,Status", rows)))
        assert meaning.wide == ("DATE OCC", "Date Rptd")
        assert as_plain(found)["first_at"] == "2026-03-02T00:30:00Z"
        assert found.counts["ended"] is None  # every case has both: nothing tells which is over

    def test_a_single_date_is_a_table_of_cases(self, tmp_path: Path) -> None:
        rows = [
            (n, f"{after(n):%Y-%m-%d}", f"{after(n + 20):%Y-%m-%d}", "Open" if n % 2 else "Closed") for n in range(30)
        ]
        meaning, found, _ = seen(
            write(tmp_path, "a.csv", separated("Complaint ID,Date received,Due date,Status", rows))
        )
        assert (meaning.wide, meaning.deadline, meaning.ended_values) == (("Date received",), "Due date", ("Closed",))
        assert (found.counts["open"], found.counts["open_past_deadline"]) == (
            15,
            sum(n + 20 < 29 for n in range(1, 30, 2)),
        )

    def test_events_with_a_number_each_are_not_cases(self, tmp_path: Path) -> None:
        rows = [
            (n, f"IM{n // 4}", ("open", "assign", "update", "close")[n % 4], after(n), after(n, 1)) for n in range(80)
        ]
        meaning, _, _ = seen(write(tmp_path, "a.csv", separated("row,incident id,type,begin time,end time", rows)))
        assert (meaning.case, meaning.wide, meaning.activity) == ("incident id", (), ("type",))

    def test_words_in_place_of_a_date(self, tmp_path: Path) -> None:
        rows = [(f"G{n}", after(n), after(n + 2) if n % 3 else "未办结") for n in range(30)]
        path = write(tmp_path, "a.csv", separated("工单编号,受理时间,办结时间", rows))
        meaning, found, _ = seen(path)
        assert (meaning.ended, found.counts["ended"], found.counts["open"]) == ("办结时间", 20, 10)
        assert "办结时间: 未办结 is taken as missing" in found.notes
        with pytest.raises(Malformed, match="line 5: '办结时间' is no date"):
            seen(
                write(
                    tmp_path,
                    "b.csv",
                    path.read_text(encoding="utf-8").replace("未办结", "某日").replace("某日", "-", 1),
                )
            )


class TestTablesMadeByHand:
    def test_a_workbook_with_titles_and_totals(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet["A1"] = "某市政务服务办件明细表"
        sheet.merge_cells("A1:E1")
        sheet["A2"] = "统计时间：2026年3月"
        sheet.append(["序号", "办件编号", "受理时间", "承诺办结时间", "办结时间"])
        for n in range(20):
            sheet.append([n + 1, f"BJ{n:03}", after(n), after(n + 5), after(n + 3 + n % 4) if n % 5 else None])
        sheet.append(["合计", 20])
        book.save(tmp_path / "a.xlsx")
        meaning, found, _ = seen(tmp_path / "a.xlsx")
        assert (meaning.case, meaning.planned, meaning.ended) == ("办件编号", "承诺办结时间", "办结时间")
        assert (found.counts["cases"], found.counts["ended"]) == (20, 16)
        assert "2 lines above the header are left out" in found.notes
        assert "totals at the end are left out: line 24" in found.notes

    def test_merged_cells_and_the_days_of_a_spreadsheet(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append(["案件编号", "环节", "经办人", "办理时间"])
        for n in range(12):
            for k, what in enumerate(("受理", "审查", "决定")):
                serial = (after(n, k) - datetime(1899, 12, 30)).total_seconds() / 86_400  # noqa: DTZ001 - of no zone
                sheet.append([None if k else f"AJ{n}", what, f"经办{k}", serial])
            sheet.merge_cells(start_row=3 * n + 2, end_row=3 * n + 4, start_column=1, end_column=1)
        book.save(tmp_path / "a.xlsx")
        _, found, _ = seen(tmp_path / "a.xlsx")
        assert (found.counts["cases"], found.counts["events"], found.counts["variants"]) == (12, 36, 1)
        assert as_plain(found)["first_at"] == "2026-03-02T09:00:00Z"
        assert found.measured.durations.most == 7_200 * SECOND

    def test_lines_are_those_of_the_file(self, tmp_path: Path) -> None:
        lines = ["热线台账,,", "导出：2026年3月,,", "工单编号,环节,办理时间"]
        lines += [f"G{n},登记,2026-03-{n + 1:02} 09:00" for n in range(20)]
        lines[10] = "G7,登记,明天"
        with pytest.raises(Malformed, match=r"^line 11: '办理时间' is no date \(iso\): '明天'$"):
            seen(write(tmp_path, "a.csv", "\n".join(lines)))

    def test_a_total_amid_rows_is_a_row(self, tmp_path: Path) -> None:
        lines = ["case,activity,time", *(f"c{n},a,2026-03-0{n}" for n in range(1, 5)), "Total,,", "c9,a,2026-03-09"]
        with pytest.raises(Malformed, match="line 6: this event has no"):
            seen(write(tmp_path, "a.csv", "\n".join(lines)))


class TestInstants:
    @pytest.mark.parametrize(
        "form",
        ["{0.year}/{0.month}/{0.day} {0.hour}:{0:%M}", "{0:%d.%m.%Y %H:%M}", "{0.month}/{0.day}/{0.year} {0:%I:%M %p}",
         "{0:%m/%d/%y %H:%M}", "{0:%d-%b-%Y %H:%M}", "{0:%B %d, %Y %I:%M %p}", "{0:%Y-%m-%d %H:%M:%S.000+00}",
         "{0:%Y/%m/%d %H:%M:%S+00}", "{0:%d.%m.%y %H:%M}", "{0:%Y年%m月%d日 %H:%M}", "{0:%Y%m%d%H%M%S}"],
    )  # fmt: skip
    def test_as_exports_write_them(self, tmp_path: Path, form: str) -> None:
        rows = [
            (f"c{n}", what, form.format(after(n, k)), "u") for n in range(25) for k, what in enumerate(("in", "out"))
        ]
        _, found, _ = seen(write(tmp_path, "a.csv", separated("case_id,activity,timestamp,user", rows)))
        assert as_plain(found)["first_at"] == "2026-03-02T09:00:00Z"
        assert found.measured.durations.median == 3_600 * SECOND

    def test_half_days_of_chinese_spreadsheets(self, tmp_path: Path) -> None:
        rows = [
            (f"c{n}", what, f"2026/3/2 {half} 9:0{n % 9}")
            for n in range(9)
            for what, half in (("a", "上午"), ("b", "下午"))
        ]
        _, found, _ = seen(write(tmp_path, "a.csv", separated("case_id,activity,timestamp", rows)))
        assert found.measured.durations.least == found.measured.durations.most == 12 * 3_600 * SECOND

    @pytest.mark.parametrize("times", [1, 1_000])
    def test_since_1970(self, tmp_path: Path, times: int) -> None:
        start = 1_772_442_000  # 2026-03-02T09:00:00Z
        rows = [
            (f"c{n}", what, (start + n * 86_400 + k * 60) * times) for n in range(25) for k, what in enumerate("io")
        ]
        meaning, found, _ = seen(write(tmp_path, "a.csv", separated("case_id,activity,timestamp", rows)))
        assert as_plain(found)["first_at"] == "2026-03-02T09:00:00Z"
        assert meaning.ended_by == ("o",)


class TestFigures:
    def test_durations_in_whole_seconds(self, tmp_path: Path) -> None:
        traces = [
            (
                [("string", "concept:name", "c")],
                [step("a", "2026-03-02T09:00:00.900Z"), step("b", "2026-03-02T09:00:02.100Z")],
            )
        ]
        _, found, _ = seen(write(tmp_path, "a.xes", xes(traces)))
        assert as_plain(found)["durations"]["total"] == 2  # 1.2 s; each instant is cut first

    def test_durations_of_the_real_log(self) -> None:
        path = SHARED / "receipt.xes.gz"
        if not path.exists():
            skip_loudly("the shared log receipt.xes.gz is not here (ZHENGTONG_REAL_DATA)")
        assert as_plain(seen(path)[1])["durations"]["total"] == 670_056_453

    def test_dwell_in_working_days(self, tmp_path: Path) -> None:
        """From Friday afternoon to Monday afternoon is one working day, three days by the clock."""
        traces = [
            ([("string", "concept:name", f"c{n}")],
             [step("in", "2026-03-06T15:00:00+08:00"), step("out", "2026-03-09T15:00:00+08:00")])
            for n in range(3)
        ]  # fmt: skip
        _, found, _ = seen(write(tmp_path, "a.xes", xes(traces)), calendar="CN")
        said = as_plain(found)
        assert said["dwell_working_days"]["out"]["median"] == 1.0
        assert said["dwell"]["out"]["median"] == 3 * 86_400
        old = [
            (
                [("string", "concept:name", "c")],
                [step("in", "2001-03-06T15:00:00Z"), step("out", "2001-03-09T15:00:00Z")],
            )
        ]
        assert "calendar" in seen(write(tmp_path, "b.xes", xes(old)), calendar="CN")[1].untold


class TestWords:
    def test_reasons_and_notes_have_both_languages(self, tmp_path: Path) -> None:
        text = separated("工单编号,受理时间,办结时间", [(f"G{n}", after(n), after(n, 5)) for n in range(20)])
        _, found, guesses = seen(write(tmp_path, "a.csv", text))
        told = [*found.notes, *(reason for each in guesses for reason in each.reasons)]
        assert all(isinstance(each, Said) for each in told)
        with translation.override("zh-hans"):
            chinese = [tell(each) for each in told]
        with translation.override("en"):
            english = [tell(each) for each in told]
        assert all(any("\u3400" < letter < "\u9fff" for letter in each) for each in chinese)
        assert [each.lower() for each in english if "“" not in each] == [
            str(each).lower() for each in told if "its name reads" not in each
        ]

    def test_of_the_report_are_in_its_language(self, tmp_path: Path) -> None:
        text = separated(
            "case id,activity,time", [(f"c{n}", what, after(n, k)) for n in range(9) for k, what in enumerate("ab")]
        )
        path, out = write(tmp_path, "a.csv", text), StringIO()
        call_command("observe", str(path), "--out", str(tmp_path / "r"), stdout=out)
        assert "its name reads" not in (tmp_path / "r" / "index.html").read_text(encoding="utf-8")
        assert "its name reads “Case”" in (tmp_path / "r" / "en.html").read_text(encoding="utf-8")


class TestMachines:
    def test_without_a_compiler_the_exact_parser_reads(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = write(tmp_path, "a.xes", xes([([("string", "concept:name", "c")], [step("a", stamp(START))])]))
        monkeypatch.setattr(scanning, "IS_COMPILED", False)
        assert read_xes(path).events == 1

    def test_without_a_compiler_everything_imports(self, tmp_path: Path) -> None:
        code = (
            "import sys; sys.modules['numba'] = None\n"
            "from zhengtong.analysis.reading import scanning\nassert not scanning.IS_COMPILED"
        )
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

    def test_exit_codes(self, tmp_path: Path) -> None:
        late = separated("case id,activity,time,deadline,closed date",
                         [(f"c{n}", "a", after(n), after(n + 1), after(n + 5)) for n in range(9)])  # fmt: skip
        out = StringIO()
        call_command("observe", str(write(tmp_path, "a.csv", late)), "--json", stdout=out)
        assert json.loads(out.getvalue())["ended_after_deadline"] == 9  # found, and still 0
        with pytest.raises(CommandError) as caught:
            call_command("observe", str(tmp_path / "none.csv"), stdout=StringIO())
        assert caught.value.returncode == 2
