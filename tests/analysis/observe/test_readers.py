"""Readers of other people's logs: every format, every encoding; the fast way and the exact way make equal tables."""

import gzip
import json
import sqlite3
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.observe.logs_made import element, plain, step, write, xes
from zhengtong.analysis.reading import scanning
from zhengtong.analysis.reading import xes as xes_module
from zhengtong.analysis.reading.instants import read_exact
from zhengtong.analysis.reading.opening import find_format, read_log
from zhengtong.analysis.reading.separated import find_delimiter, find_encoding
from zhengtong.analysis.reading.tables import Kind, Malformed, Table
from zhengtong.analysis.reading.xes import Unusual, read_fast
from zhengtong.analysis.reading.xes_parsing import locate_events, read_exactly


def same(one: Table, other: Table) -> None:
    assert (one.cases, one.events, one.classifiers, list(one.notes)) == (
        other.cases, other.events, other.classifiers, list(other.notes),
    )  # fmt: skip
    assert one.case is not None
    assert other.case is not None
    assert one.case.tolist() == other.case.tolist()
    assert plain(one.case_columns) == plain(other.case_columns)
    assert plain(one.event_columns) == plain(other.event_columns)
    for name, column in one.event_columns.items():
        if column.zones is not None:
            assert column.zones.tolist() == other.event_columns[name].zones.tolist()  # type: ignore[union-attr]


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="<>&\"' \n\t中"), max_size=12)
NAMES = st.sampled_from(["concept:name", "org:resource", "环节", "a.b-c", "x y", "cost", "q&q"])
SINCE, UNTIL = datetime(1970, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - written with a zone or without
INSTANTS = st.datetimes(SINCE, UNTIL).map(lambda at: at.isoformat(timespec="milliseconds"))
ZONES = st.sampled_from(["Z", "", "+01:00", "-05:30", "+08:00"])
VALUES = st.one_of(
    st.tuples(st.just("string"), NAMES, TEXTS),
    st.tuples(st.just("id"), NAMES, TEXTS),
    st.tuples(st.just("date"), NAMES, st.builds(str.__add__, INSTANTS, ZONES)),
    st.tuples(st.just("int"), NAMES, st.integers(-(2**63), 2**63 - 1).map(str)),
    st.tuples(st.just("float"), NAMES, st.floats(allow_nan=False).map(repr)),
    st.tuples(st.just("boolean"), NAMES, st.sampled_from(["true", "false", "True", "0"])),
)
LISTS = st.builds(
    lambda key, inner: f"<list key={json.dumps(key)}><values>{''.join(map(element, inner))}</values></list>",
    st.sampled_from(["list", "more"]), st.lists(VALUES, max_size=3),
)  # fmt: skip
NESTED = st.builds(
    lambda inner: '<string key="outer" value="1">' + "".join(map(element, inner)) + "</string>",
    st.lists(VALUES, max_size=3),
)
COMMENTS = st.sampled_from(["<!-- plain -->", "<!-- 中文 -->", " \n ", "<!-- a > b -->"])
PARTS = st.lists(st.one_of(VALUES.map(element), VALUES.map(element), LISTS, NESTED, COMMENTS), max_size=5)
EVENTS = st.lists(PARTS.map(lambda parts: "<event>" + "".join(parts) + "</event>"), max_size=4)
TRACES = st.builds(lambda own, events: "<trace>" + "".join([*own, *events]) + "</trace>", PARTS, EVENTS)


class TestXes:
    @settings(max_examples=150, deadline=None)
    @given(traces=st.lists(TRACES, min_size=1, max_size=4), chunk=st.sampled_from([1 << 21, 64, 300]))
    def test_the_fast_way_and_the_exact_way_agree(
        self, tmp_path_factory: pytest.TempPathFactory, traces: list[str], chunk: int
    ) -> None:
        head = '<classifier name="A" keys="concept:name \'x y\'"/>'
        head += '<global scope="event"><string key="z" value="?"/></global>'
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1.0">{head}{"".join(traces)}</log>'
        path = write(tmp_path_factory.mktemp("xes"), "a.xes", text)
        try:
            exact = read_exactly(path)
        except Malformed as error:
            with pytest.raises((Malformed, Unusual)):
                read_fast(path)
            assert "no event" in str(error)
            return
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(xes_module, "CHUNK", chunk if chunk > 100 else 4_096)
            try:
                fast = read_fast(path)
            except Unusual:
                assert "中文" in text or "q&amp;q" in text  # a comment, a key that is not plain
                return
        same(fast, exact)

    def test_every_way_of_writing_an_element(self, tmp_path: Path) -> None:
        event = "<event ><date value='2024-01-01T00:00:00Z'  key = \"t\" /></event\n>".replace(" = ", "=")
        text = f"<log>\n<trace><string value=\"a&lt;&#x4e2d;\" key='k'></string>{event}</trace ></log>"
        path = write(tmp_path, "a.xes", text)
        same(read_fast(path), read_exactly(path))
        assert read_fast(path).case_columns["k"].texts().tolist() == ["a<中"]

    @pytest.mark.parametrize(
        "text",
        [
            '<x:log xmlns:x="urn:x"><x:trace><x:event><x:string key="a" value="1"/></x:event></x:trace></x:log>',
            "<log><trace><event><string key='a' value='1'/><![CDATA[ ]]></event></trace></log>",
            "<!DOCTYPE log><log><trace><event><string key='a' value='1'/></event></trace></log>",
            "<log><?go on?><trace><event><string key='a' value='1'/></event></trace></log>",
        ],
    )
    def test_what_is_unusual_goes_the_exact_way(self, tmp_path: Path, text: str) -> None:
        path = write(tmp_path, "a.xes", text)
        with pytest.raises(Unusual):
            read_fast(path)
        assert read_log(path).event_columns["a"].texts().tolist() == ["1"]

    @pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "utf-8-sig"])
    def test_other_encodings(self, tmp_path: Path, encoding: str) -> None:
        text = xes([([("string", "concept:name", "é")], [step("á", "2024-01-01T00:00:00Z")])])
        declared = text.replace("UTF-8", encoding.removesuffix("-sig").upper())
        table = read_log(write(tmp_path, "a.xes", declared, encoding))
        assert table.case_columns["concept:name"].texts().tolist() == ["é"]

    def test_gzipped_in_several_members(self, tmp_path: Path) -> None:
        text = xes([([], [step("a", "2024-01-01T00:00:00Z")])]).encode()
        path = write(tmp_path, "a.xes.gz", gzip.compress(text[:40]) + gzip.compress(text[40:]))
        assert read_log(path).events == 1

    def test_a_missing_value_stays_missing(self, tmp_path: Path) -> None:
        head = '<global scope="trace"><date key="enddate" value="1970-01-01T00:00:00Z"/></global>'
        traces = [([("date", "enddate", "2024-02-01T00:00:00Z")], [step("a", "2024-01-01T00:00:00Z")]),
                  ([], [step("a", "2024-01-01T00:00:00Z")])]  # fmt: skip
        table = read_log(write(tmp_path, "a.xes", xes(traces, head=head)))
        assert table.case_columns["enddate"].known.tolist() == [True, False]

    def test_values_of_two_kinds_become_text(self, tmp_path: Path) -> None:
        events = [[("int", "n", "7")], [("string", "n", "seven")]]
        for read in (read_fast, read_exactly):
            column = read(write(tmp_path, "a.xes", xes([([], events)]))).event_columns["n"]
            assert (column.kind, column.texts().tolist()) == (Kind.TEXT, ["7", "seven"])

    def test_an_event_is_found_again_by_its_line(self, tmp_path: Path) -> None:
        text = "<log>\n<trace>\n<event/>\n <event/></trace></log>"
        assert [str(place) for place in locate_events(write(tmp_path, "a.xes", text), [1])] == ["line 4, column 2"]

    def test_every_day_is_the_right_one(self) -> None:
        for year in (1, 1899, 1900, 1970, 2000, 2023, 2024, 2100, 9999):
            for day in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1):
                text = f"{date.fromordinal(day).isoformat()}T23:59:58.5-03:30"
                raw = np.frombuffer(text.encode(), dtype=np.uint8)
                assert scanning.read_date(raw, 0, len(raw)) == (True, *(read_exact(text) or ()))

    @pytest.mark.parametrize(
        "text",
        [
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-01T00:00:60Z",
            "2024-1-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "2024-01-01T00:00:00+1:00",
            "2024-01-01T00:00:00.Z",
        ],
    )
    def test_what_is_no_plain_date_is_left_to_the_exact_way(self, text: str) -> None:
        raw = np.frombuffer(text.encode(), dtype=np.uint8)
        assert not scanning.read_date(raw, 0, len(raw))[0]

    @settings(max_examples=200, deadline=None)
    @given(value=st.floats(allow_nan=False))
    def test_floats_are_exact(self, value: float) -> None:
        raw = np.frombuffer(repr(value).encode(), dtype=np.uint8)
        is_read, read = scanning.read_float(raw, 0, len(raw))
        assert not is_read or read == value


SAMPLE = [["办件编号", "环节", "办理时间", "备注"], ["001", "受理", "2024-03-05 09:00:00", 'a "b", c'],
          ["001", "办结", "2024-03-06 10:30:00", ""], ["002", "受理", "2024-03-05 11:00:00", "两\n行"]]  # fmt: skip


def separated(mark: str) -> str:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, delimiter=mark).writerows(SAMPLE)
    return out.getvalue()


class TestCsv:
    @pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
    def test_is_read_whatever_its_form(self, tmp_path: Path, mark: str, encoding: str) -> None:
        table = read_log(write(tmp_path, "a.csv", separated(mark), encoding), default_east=480)
        assert list(table.event_columns) == SAMPLE[0]
        assert table.event_columns["办件编号"].texts().tolist() == ["001", "001", "002"]  # no number: zeros stay
        assert table.event_columns["备注"].texts().tolist() == ['a "b", c', None, "两\n行"]
        at = table.event_columns["办理时间"]
        assert (at.kind, at.texts()[0]) == (Kind.INSTANT, "2024-03-05T01:00:00.000000Z")

    @pytest.mark.parametrize(
        ("text", "kind"),
        [("5/3/2024 09:00", Kind.INSTANT), ("2024年3月5日 09:00", Kind.INSTANT), ("12", Kind.INTEGER),
         ("1.5", Kind.NUMBER),
         ("007", Kind.TEXT), ("true", Kind.TRUTH), ("2024-03-05", Kind.INSTANT), ("05.03.2024 9:00", Kind.INSTANT)],
    )  # fmt: skip
    def test_values_are_typed_by_what_they_are(self, tmp_path: Path, text: str, kind: Kind) -> None:
        table = read_log(write(tmp_path, "a.csv", f"a,b\nx,{text}\ny,\n"))
        assert table.event_columns["b"].kind is kind

    def test_days_before_months_unless_they_cannot_be(self, tmp_path: Path) -> None:
        ours = read_log(write(tmp_path, "a.csv", "a,b\nx,5/3/2024\ny,6/3/2024\n")).event_columns["b"].texts()
        theirs = read_log(write(tmp_path, "b.csv", "a,b\nx,5/3/2024\ny,6/13/2024\n")).event_columns["b"].texts()
        assert (ours[0][:10], theirs[0][:10]) == ("2024-03-05", "2024-05-03")

    def test_the_encoding_of_western_texts_is_not_taken_for_chinese(self) -> None:
        assert find_encoding("Straße;Größe;fällig am;Bürger".encode("cp1252")) == "cp1252"
        assert find_encoding("受理时间,办结时间".encode("gb18030")) == "gb18030"

    def test_a_delimiter_inside_quotes_is_none(self) -> None:
        assert find_delimiter(b'a;b\n"1,2,3";x\n"4,5,6";y\n', "utf-8") == ";"

    def test_large_files_come_in_pieces(self, tmp_path: Path) -> None:
        rows = "".join(f"{n // 3},step {n % 3},2024-01-01 00:00:{n % 60:02}\n" for n in range(120_000))
        table = read_log(write(tmp_path, "a.csv", "case,activity,time\n" + rows))
        assert (table.events, table.event_columns["case"].values[-1]) == (120_000, 39_999)


class TestSheets:
    def test_a_sheet_and_a_csv_file_are_one(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        sheet = book.create_sheet("x", 0)
        sheet.append(SAMPLE[0])
        for row in SAMPLE[1:]:
            sheet.append([row[0], row[1], datetime.fromisoformat(row[2]), row[3] or None])
        book.save(tmp_path / "a.xlsx")
        read = read_log(tmp_path / "a.xlsx")
        assert plain(read.event_columns) == plain(read_log(write(tmp_path, "a.csv", separated(","))).event_columns)


OCEL: dict[str, Any] = {
    "objectTypes": [{"name": "order", "attributes": []}], "eventTypes": [{"name": "pay", "attributes": []}],
    "objects": [
        {"id": "o1", "type": "order", "attributes": [{"name": "price", "time": "1970-01-01T00:00:00Z", "value": 5},
                                                     {"name": "price", "time": "2024-01-03T00:00:00Z", "value": 6}]},
        {"id": "o2", "type": "order"}, {"id": "p1", "type": "employee"},
    ],
    "events": [
        {"id": "e2", "type": "pay", "time": "2024-01-02T00:00:00Z",
         "relationships": [{"objectId": "o1", "qualifier": "of"}]},
        {"id": "e1", "type": "place", "time": "2024-01-01T00:00:00Z", "attributes": [{"name": "n", "value": "x"}],
         "relationships": [{"objectId": "o1", "qualifier": "of"}, {"objectId": "p1", "qualifier": "by"}]},
        {"id": "e3", "type": "place", "time": "2024-01-01T00:00:00Z",
         "relationships": [{"objectId": "o2", "qualifier": "of"}]},
    ],
}  # fmt: skip


class TestOcel:
    def test_is_flattened_to_its_cases(self, tmp_path: Path) -> None:
        table = read_log(write(tmp_path, "a.json", json.dumps(OCEL, indent=1)))
        assert (table.cases, table.events, table.roles["resource"]) == (2, 3, "object:employee")
        assert table.event_columns["ocel:activity"].texts().tolist() == ["place", "pay", "place"]
        assert table.case_columns["price"].objects().tolist()[0] == 6

    def test_xml_says_the_same(self, tmp_path: Path) -> None:
        lines = ["<?xml version='1.0'?><log><object-types/><event-types/><objects>"]
        for thing in OCEL["objects"]:
            attributes = "".join(
                f'<attribute name="{a["name"]}" time="{a["time"]}">{a["value"]}</attribute>'
                for a in thing.get("attributes", [])
            )
            lines.append(
                f'<object id="{thing["id"]}" type="{thing["type"]}"><attributes>{attributes}</attributes></object>'
            )
        lines.append("</objects><events>")
        for event in OCEL["events"]:
            related = "".join(
                f'<relationship object-id="{r["objectId"]}" qualifier="{r["qualifier"]}"/>'
                for r in event["relationships"]
            )
            lines.append(
                f'<event id="{event["id"]}" type="{event["type"]}" time="{event["time"]}">'
                f"<objects>{related}</objects></event>"
            )
        text = "\n".join([*lines, "</events></log>"])
        one, other = read_log(write(tmp_path, "a.xml", text)), read_log(write(tmp_path, "a.json", json.dumps(OCEL)))
        assert (
            one.event_columns["ocel:activity"].texts().tolist() == other.event_columns["ocel:activity"].texts().tolist()
        )
        assert one.case_columns["ocel:oid"].texts().tolist() == other.case_columns["ocel:oid"].texts().tolist()

    def test_one_type_may_be_asked_for(self, tmp_path: Path) -> None:
        path = write(tmp_path, "a.json", json.dumps(OCEL))
        assert read_log(path, case_type="employee").events == 1
        with pytest.raises(Malformed, match="no object type 'nothing'; there are: employee, order"):
            read_log(path, case_type="nothing")


class TestFormats:
    def test_are_told_by_their_bytes(self, tmp_path: Path) -> None:
        sqlite3.connect(tmp_path / "x").execute("CREATE TABLE a (b)").connection.close()
        assert find_format(tmp_path / "x") == "ocel"
        assert find_format(write(tmp_path, "b.csv", "<log><trace/></log>")) == "xes"
        assert find_format(write(tmp_path, "c.xes", "a,b\n1,2\n")) == "csv"
        assert find_format(write(tmp_path, "d", '{"events": []}')) == "ocel"
