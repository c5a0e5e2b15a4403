"""Our own history written as XES and OCEL 2.0, and read back: nothing is lost, and no party is in it."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.support.loud import skip_loudly
from zhengtong.analysis.exporting import (
    PARTY,
    ToldCase,
    export_ocel_json,
    export_ocel_sqlite,
    export_xes,
    stamp,
    tell_cases,
)
from zhengtong.analysis.guessing import guess
from zhengtong.analysis.meanings import observed
from zhengtong.analysis.observing import observe
from zhengtong.analysis.reading.objects import Objects, read_objects
from zhengtong.analysis.reading.opening import read_log
from zhengtong.analysis.reading.tables import Column, Kind, Table
from zhengtong.kernel.events import Standing
from zhengtong.kernel.terms import law_day
from zhengtong.ledger.history import iter_loaded
from zhengtong.ledger.queries import Case

pytestmark = pytest.mark.usefixtures("city_db")


@pytest.fixture
def told() -> list[ToldCase]:
    return list(tell_cases(None, None))


def microseconds(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def values(column: Column) -> list[Any]:
    if column.kind is Kind.INSTANT:
        return [int(value) for value in column.values]
    return [value if known else None for value, known in zip(column.objects().tolist(), column.known, strict=True)]


def plain(value: Any) -> Any:
    return microseconds(value) if isinstance(value, datetime) else value


def rows_of(table: Table) -> list[dict[str, Any]]:
    columns = {name: values(column) for name, column in table.event_columns.items()}
    missing = (None, -(2**63))
    return [
        {name: column[row] for name, column in columns.items() if column[row] not in missing}
        for row in range(table.events)
    ]


class TestXes:
    def test_loses_nothing(self, told: list[ToldCase], tmp_path: Path) -> None:
        path = tmp_path / "city.xes.gz"
        done = export_xes(path, told)
        table = read_log(path)
        assert (done.cases, done.events) == (table.cases, table.events) == (len(told), sum(len(c.events) for c in told))
        wanted = [
            {
                "concept:name": event.activity, "time:timestamp": microseconds(event.at),
                "lifecycle:transition": "complete",
                **{name: plain(value) for name, value in event.attributes.items()},
            }
            for case in told
            for event in case.events
        ]  # fmt: skip
        assert rows_of(table) == wanted
        cases = {name: values(column) for name, column in table.case_columns.items()}
        assert cases["concept:name"] == [case.number for case in told]
        for name, column in cases.items():
            if name != "concept:name":
                missing = -(2**63) if table.case_columns[name].kind is Kind.INSTANT else None
                assert column == [plain(case.attributes[name]) if name in case.attributes else missing for case in told]

    def test_is_supervised_without_a_map(self, told: list[ToldCase], tmp_path: Path) -> None:
        path = tmp_path / "city.xes"
        export_xes(path, told)
        table = read_log(path)
        meaning, _ = guess(table)
        assert (meaning.deadline, meaning.ended, meaning.resource) == ("deadline", "enddate", "org:resource")
        found = observe(observed(table, meaning))
        assert found.counts["ended"] == Case.objects.filter(closed_at__isnull=False).count()

    def test_names_no_party(self, told: list[ToldCase], tmp_path: Path) -> None:
        path = tmp_path / "city.xes"
        export_xes(path, told)
        text = path.read_text(encoding="utf-8")
        parties = {event.person for one in iter_loaded() for event in one.history if event.standing is Standing.PARTY}
        assert parties
        assert [person for person in parties if person in text] == []
        assert f'value="{PARTY}"' in text


class TestObjects:
    @pytest.mark.parametrize("name", ["city.json", "city.sqlite"])
    def test_lose_nothing(self, told: list[ToldCase], tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        done = (export_ocel_json if name.endswith("json") else export_ocel_sqlite)(path, told)
        log = read_objects(path)
        assert (len(log.events), len(log.objects)) == (done.events, done.objects)
        by_id = {event.id: event for event in log.events}
        for case in told:
            for source, event in zip(case.loaded.history, case.events, strict=True):
                read = by_id[f"{case.number}/{source.seq}"]
                assert (read.type, read.at) == (event.activity, microseconds(event.at))
                assert dict(read.attributes) == {
                    key: stamp(value) if isinstance(value, datetime) else value
                    for key, value in event.attributes.items()
                }
                assert (case.number, "of") in read.objects

    def test_are_the_same_in_both_forms(self, told: list[ToldCase], tmp_path: Path) -> None:
        export_ocel_json(tmp_path / "a.json", told)
        export_ocel_sqlite(tmp_path / "a.sqlite", told)
        assert comparable(read_objects(tmp_path / "a.json")) == comparable(read_objects(tmp_path / "a.sqlite"))

    def test_are_of_many_kinds(self, told: list[ToldCase], tmp_path: Path) -> None:
        export_ocel_json(tmp_path / "a.json", told)
        kinds = {thing.type for thing in read_objects(tmp_path / "a.json").objects.values()}
        assert {"case", "item", "department", "post", "document"} <= kinds

    def test_flatten_to_cases(self, told: list[ToldCase], tmp_path: Path) -> None:
        export_ocel_json(tmp_path / "a.json", told)
        table = read_log(tmp_path / "a.json", case_type="case")
        assert table.cases == sum(case.attributes.get("procedure") != "card" for case in told)


def comparable(log: Objects) -> tuple[Any, Any]:
    events = {
        (e.id, e.type, e.at, tuple(sorted(map(str, e.attributes.items()))), tuple(sorted(e.objects)))
        for e in log.events
    }
    things = {
        (t.id, t.type, tuple(sorted(map(str, t.attributes))), tuple(sorted(t.objects))) for t in log.objects.values()
    }
    return events, things


class TestCommand:
    def test_takes_a_period(self, tmp_path: Path) -> None:
        days = sorted({law_day(at) for at in Case.objects.values_list("opened_at", flat=True)})
        first = days[0].isoformat()
        out = StringIO()
        call_command("export", "--xes", str(tmp_path / "one.xes"), "--from", first, "--to", first, "--json", stdout=out)
        wanted = sum(law_day(at) == days[0] for at in Case.objects.values_list("opened_at", flat=True))
        assert json.loads(out.getvalue())["cases"] == wanted

    def test_leaves_no_half_file(self, tmp_path: Path, told: list[ToldCase]) -> None:
        def broken() -> Any:
            yield told[0]
            raise OSError("the disk is full")

        with pytest.raises(OSError, match="full"):
            export_xes(tmp_path / "a.xes", broken())
        assert list(tmp_path.glob("a.xes*")) == []


@pytest.mark.long
class TestOthers:
    """pm4py reads what we write; it is there only where measurements are made."""

    def test_read_it(self, told: list[ToldCase], tmp_path: Path) -> None:
        try:
            import pm4py
        except ImportError:
            skip_loudly("pm4py is not installed (requirements-bench.txt)")
        wanted = sum(len(case.events) for case in told)
        export_xes(tmp_path / "a.xes", told)
        export_ocel_json(tmp_path / "a.json", told)
        export_ocel_sqlite(tmp_path / "a.sqlite", told)
        assert len(pm4py.read_xes(str(tmp_path / "a.xes"))) == wanted
        assert len(pm4py.read_ocel2_json(str(tmp_path / "a.json")).events) == wanted
        assert len(pm4py.read_ocel2_sqlite(str(tmp_path / "a.sqlite")).events) == wanted
