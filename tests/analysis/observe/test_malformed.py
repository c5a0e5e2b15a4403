"""What cannot be read whole is refused with its line, and what means harm with words; nothing is half-loaded."""

import gzip
import json
import zipfile
from io import StringIO
from pathlib import Path

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from tests.analysis.observe.logs_made import step, write, xes
from zhengtong.analysis.guessing import guess
from zhengtong.analysis.meanings import Meaning, observed
from zhengtong.analysis.reading.opening import read_log
from zhengtong.analysis.reading.tables import MOST_FAULTS, Malformed


def said(path: Path) -> str:
    with pytest.raises(Malformed) as caught:
        read_log(path)
    return str(caught.value)


def line(path: Path, *, meaning: Meaning | None = None) -> str:
    """What is said when the log is made of a table that reads well."""
    table = read_log(path)
    found, _ = guess(table, meaning)
    with pytest.raises(Malformed) as caught:
        observed(table, found)
    return str(caught.value)


GOOD = step("a", "2024-01-01T00:00:00Z")


class TestXes:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("<log>\n<trace>\n<event>\n</trace></log>", "line 4, column 3: this is not XML: mismatched tag"),
            ("<log><trace>\n<event><string key='a' value='<'/></event></trace></log>", "line 2, column 31"),
            ("<log><trace><event/></trace></log>\n<log/>", "line 2, column 1"),
            ("<log><trace><event><date key='d'\n value='soon'/></event></trace></log>",
             "line 1, column 20: 'd' is no date"),
            ("<log><trace><event>\n<int key='n' value='1.5'/></event></trace></log>",
             "line 2, column 1: 'n' is no whole number"),
            ("<log><trace><event>\n<string value='1'/></event></trace></log>", "line 2, column 1: <string> has no key"),
            ("<log><trace><event>\n<string key='k'/></event></trace></log>", "line 2, column 1: 'k' has no value"),
            ("<log>\n<event/></log>", "line 2, column 1: <event> may not stand in <log>"),
            ("<log><trace>\n<thing/></trace></log>", "line 2, column 1: unknown element <thing>"),
            ("<log><trace><event/>\nwords</trace></log>", "words where only elements may stand"),
            ("<html>\n</html>", "line 1, column 1: the file is not XES: it begins with <html>"),
            ("<log></log>", "the log has no event"),
            ("<log><trace><event><string key='a' value='1'/></event>", "no element found"),
            ("<log><trace><event><string key='a' value='&what;'/></event></trace></log>", "undefined entity"),
            ("<log><trace><event><string key='a' key='b' value=''/></event></trace></log>", "duplicate attribute"),
        ],
    )  # fmt: skip
    def test_says_the_line(self, tmp_path: Path, text: str, words: str) -> None:
        assert words in said(write(tmp_path, "a.xes", text))

    def test_lists_some_and_counts_all(self, tmp_path: Path) -> None:
        events = [[("date", "time:timestamp", "soon")] for _ in range(50)]
        words = said(write(tmp_path, "a.xes", xes([([], events)])))
        assert words.count("is no date") == MOST_FAULTS
        assert words.endswith("and 30 more faults")

    def test_a_missing_time_has_its_line(self, tmp_path: Path) -> None:
        path = write(tmp_path, "a.xes", xes([([], [GOOD, [("string", "concept:name", "b")], GOOD])]))
        assert line(path) == "line 9, column 1: this event has no time"
        table = read_log(path)
        log = observed(table, guess(table, Meaning(skip_incomplete=True))[0])
        assert (log.log.events, log.notes) == (2, ("1 events without case, activity or time are left out",))


class TestHostile:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('<!DOCTYPE log [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><log/>', "declared entities are refused"),
            ('<!DOCTYPE log SYSTEM "file:///etc/passwd"><log/>', "a document type outside the file is refused"),
            ('<!DOCTYPE log [<!ENTITY % p SYSTEM "http://x/">%p;]><log/>', "declared entities are refused"),
            ("<log><trace><event>" + "<list key='a'><values>" * 80, "nested deeper than 60"),
        ],
    )
    def test_xml_is_refused_with_words(self, tmp_path: Path, text: str, words: str) -> None:
        assert words in said(write(tmp_path, "a.xes", text))

    def test_a_gigantic_value_is_refused(self, tmp_path: Path) -> None:
        text = "<log><trace><event><string key='a' value='" + "x" * (20 << 20) + "'/></event></trace></log>"
        assert "one element is longer than 16 MB" in said(write(tmp_path, "a.xes", text))

    def test_a_bomb_is_refused(self, tmp_path: Path) -> None:
        path = write(tmp_path, "a.xes.gz", gzip.compress(b"<log>" + b" " * (120 << 20), 9))
        assert "unpacks to more than 300 times its size" in said(path)

    def test_a_workbook_that_swells_is_refused(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet1.xml", b" " * (240 << 20))
        assert "it is refused" in said(tmp_path / "a.xlsx")

    def test_a_workbook_with_entities_is_refused(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
            archive.writestr("xl/workbook.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x/>')
        assert "a document type is refused" in said(tmp_path / "a.xlsx")

    def test_a_damaged_archive_is_said(self, tmp_path: Path) -> None:
        packed = gzip.compress(xes([([], [GOOD])]).encode())
        assert "the gzip file is damaged" in said(write(tmp_path, "a.xes.gz", packed[:-12]))
        assert "this is no workbook" in said(write(tmp_path, "a.xlsx", b"PK\x03\x04 and no more"))


class TestCsv:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("a,b\n1,2\n\n1,2,3\n", "line 4: 3 fields where the header has 2"),
            ('a,b\n1,"x\ny"\n1\n', "line 4: 1 fields where the header has 2"),
            ('a,b\n1,2\n3,"x\n', "line 3: a quote is opened here and never closed"),
            ("a,a\n1,2\n", "line 1: the column name 'a' stands twice in the header"),
            ("abc\ndef\n", "line 1: no delimiter parts the header"),
            ("a,b\n", "there is a header and no row"),
            ("", "the file is empty"),
            ("a,b\n1,\0\n", "line 2: a NUL character"),
        ],
    )
    def test_says_the_line(self, tmp_path: Path, text: str, words: str) -> None:
        assert words in said(write(tmp_path, "a.csv", text))

    def test_a_byte_that_is_no_character(self, tmp_path: Path) -> None:
        content = "甲,乙\n".encode() + b"1,2\n" * 70_000 + b"3,\xff\n"
        assert "line 70002: byte 0xff is no character in utf-8" in said(write(tmp_path, "a.csv", content))

    def test_an_unreadable_date_has_its_line(self, tmp_path: Path) -> None:
        rows = "".join(f"c{n % 3},step,2024-01-0{n + 1} 09:00\n" for n in range(9))
        path = write(tmp_path, "a.csv", f"case,activity,time\n{rows}c1,step,later\n")
        assert line(path) == "line 11: 'time' is no date (iso): 'later'"

    def test_a_missing_case_has_its_line(self, tmp_path: Path) -> None:
        path = write(tmp_path, "a.csv", "case id,activity,time\nc1,a,2024-01-01\n,b,2024-01-02\nc1,,2024-01-02\n")
        assert line(path).splitlines() == ["line 3: this event has no case", "line 4: this event has no activity"]


class TestSheets:
    def test_say_sheet_and_line(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        sheet = book.create_sheet("办件", 0)
        for row in (
            ["case", "activity", "time"],
            ["c1", "a", "2024-01-01"],
            ["c1", "b", None],
            ["c1", "b", "2024-01-03"],
        ):
            sheet.append(row)
        book.save(tmp_path / "a.xlsx")
        assert line(tmp_path / "a.xlsx") == "办件, line 3: this event has no time"


class TestOcel:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('{"objects": [],\n"events": [{]}', "line 2, column 13: this is not JSON"),
            ('{"objects": []}', "this is not OCEL 2.0: there is no 'events'"),
            ('{"objects": [{"id":"o","type":"t"}], "events": [\n{"id":"e","type":"t"}]}',
             "line 2, column 1: event 'e' has no time"),
            ('{"objects": [{"id":"o","type":"t"},\n{"id":"o","type":"t"}], "events": []}',
             "line 2, column 1: object 'o' stands twice"),
            ('{"objects": [], "events": [{"id":"e","type":"t","time":"soon"}]}', "'soon' is no date"),
            (('{"objects": [], "events": [\n\n{"id":"e","type":"t","time":"2024-01-01",'
              '"relationships":[{"objectId":"x"}]}]}'),
             "line 3, column 1: event 'e' concerns 'x', which is no object of the file"),
            ('{"objects": [], "events": []}', "the log has no event"),
            ('{"a":' + "[" * 100_000, "nested too deep"),
        ],
    )  # fmt: skip
    def test_says_the_line(self, tmp_path: Path, text: str, words: str) -> None:
        assert words in said(write(tmp_path, "a.json", text))

    def test_an_event_twice(self, tmp_path: Path) -> None:
        event = {"id": "e", "type": "t", "time": "2024-01-01T00:00:00Z"}
        assert "event 'e' stands twice" in said(
            write(tmp_path, "a.json", json.dumps({"objects": [], "events": [event, event]}))
        )


class TestCommand:
    def test_exits_two_and_writes_nothing(self, tmp_path: Path) -> None:
        path = write(tmp_path, "a.csv", "a,b\n1,2,3\n")
        with pytest.raises(CommandError, match="line 2: 3 fields") as caught:
            call_command("observe", str(path), "--out", str(tmp_path / "report"), stdout=StringIO())
        assert caught.value.returncode == 2
        assert not (tmp_path / "report").exists()

    def test_says_which_column_is_missing(self, tmp_path: Path) -> None:
        path = write(tmp_path, "a.csv", "case,activity,time\nc,a,2024-01-01\nd,a,2024-01-02\n")
        mapped = write(tmp_path, "m.toml", 'deadline = "until"\n')
        with pytest.raises(CommandError, match="there is no column 'until'; there are: activity, case, time"):
            call_command("observe", str(path), "--map", str(mapped), stdout=StringIO())

    @pytest.mark.parametrize(
        ("text", "words"),
        [("case = ", "m.toml"), ("cases = 'a'", "there is no 'cases'"), ("activity = 3", "activity cannot be 3")],
    )
    def test_says_what_is_wrong_in_a_map(self, tmp_path: Path, text: str, words: str) -> None:
        path = write(tmp_path, "a.csv", "case,activity,time\nc,a,2024-01-01\n")
        with pytest.raises(CommandError, match=words):
            call_command("observe", str(path), "--map", str(write(tmp_path, "m.toml", text)), stdout=StringIO())
