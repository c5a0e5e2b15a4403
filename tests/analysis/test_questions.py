"""The same analyses asked of a database: the answers of `measuring`, on any log and on the city's own history."""

import itertools
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

from tests.analysis import naive
from tests.cast import NOW
from zhengtong.analysis import copying, measuring, queries, questions
from zhengtong.analysis.logs import Log, from_rows
from zhengtong.analysis.queries import Selection
from zhengtong.ledger.queries import Case

WAITS = {"a": "applicant", "c": "expert"}
_numbers = itertools.count()
SCHEMA = pa.schema(
    [
        ("case", pa.int64()),
        ("activity", pa.string()),
        ("at", pa.int64()),
        ("seq", pa.int64()),
        ("resource", pa.string()),
    ]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


def as_table(log: Log, folder: Path) -> Any:
    path = folder / f"{next(_numbers)}.parquet"
    columns: list[list[Any]] = [
        log.case_of().tolist(),
        [log.activities[code] for code in log.activity],
        log.at.tolist(),
        list(range(log.events)),
        [log.resources[code] if code >= 0 else "" for code in log.resource],
    ]
    pq.write_table(pa.table([pa.array(values) for values in columns], names=SCHEMA.names).cast(SCHEMA), path)
    return ibis.duckdb.connect().read_parquet(path)


def assert_same(asked: Any, log: Log, waits: dict[str, str]) -> None:
    assert questions.find_map(asked) == measuring.find_map(log)
    assert questions.find_durations(asked) == measuring.find_durations(log)
    ways = measuring.find_variants(log)
    assert dict(questions.find_variants(asked)) == {way.activities: way.count for way in ways.top()}
    assert questions.count_variants(asked) == ways.count
    counted, found = questions.find_rework(asked), measuring.find_rework(log)
    assert (counted.cases, counted.of) == (found.cases, found.of)
    assert (counted.by_activity, counted.repeats) == (found.by_activity, found.repeats)
    for is_before in (True, False):
        assert questions.find_dwell(asked, is_before=is_before) == measuring.find_dwell(log, is_before=is_before)
    assert questions.find_handovers(asked) == measuring.find_handovers(log)
    assert questions.find_waiting(asked, waits) == measuring.find_waiting(log, waits)


class TestAnyLog:
    @given(rows=naive.ROWS.filter(bool))
    @settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_answers_alike(self, folder: Path, rows: list[naive.Row]) -> None:
        log = from_rows(rows)
        assert_same(as_table(log, folder), log, WAITS)


@pytest.mark.usefixtures("city_db")
class TestCity:
    def test_answers_alike_for_every_choice(self) -> None:
        copying.refresh(NOW)
        item = Case.objects.values_list("item", flat=True).order_by("item")[0]
        half = Case.objects.order_by("opened_at")[20].opened_at
        for chosen in (Selection(), Selection(items=(item,), resource="person"), Selection(opened_before=half)):
            log = queries.log_of(chosen)
            assert log.events
            assert_same(queries._log(chosen), log, {"supplement": "applicant"})

    def test_before_and_after_a_date_are_all(self) -> None:
        copying.refresh(NOW)
        half = Case.objects.order_by("opened_at")[20].opened_at
        before, after = Selection(opened_before=half), Selection(opened_from=half)
        assert len(queries.log_of(before).cases) == 20
        assert queries.process_map(before).cases + queries.process_map(after).cases == Case.objects.count()

    def test_log_tells_of_its_cases(self) -> None:
        copying.refresh(NOW)
        log = queries.log_of(Selection())
        assert set(log.cases) == set(Case.objects.values_list("number", flat=True))
        dept = dict(Case.objects.values_list("number", "dept"))
        assert log.case_columns["dept"].tolist() == [dept[number] for number in log.cases]
        assert {"entered", "left", "person", "seq"} <= set(log.event_columns)

    def test_volumes_add_up(self) -> None:
        copying.refresh(NOW)
        for by in (("month",), ("item", "month"), ("dept",)):
            found = queries.volumes(Selection(), by)
            assert sum(one.opened for one in found) == Case.objects.count()
            assert sum(one.closed for one in found) == Case.objects.filter(closed_at__isnull=False).count()

    def test_bottlenecks_with_too_few_cases_stand_last(self) -> None:
        copying.refresh(NOW)
        found = queries.bottlenecks(Selection())
        ranked = [one.took.is_ranked for one in found]
        assert set(ranked) == {True, False}
        assert ranked == sorted(ranked, reverse=True)
        assert sum(one.share for one in found) == pytest.approx(1)

    def test_nothing_chosen_is_an_empty_answer(self) -> None:
        copying.refresh(NOW)
        nothing = Selection(items=("no such item",))
        assert queries.process_map(nothing).events == 0
        assert queries.durations(nothing).count == 0
        assert queries.log_of(nothing).events == 0
        assert queries.waiting(nothing, WAITS).total == {}
