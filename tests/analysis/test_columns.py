"""A log read from columns of Arrow and from Parquet files."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.analysis import naive
from tests.analysis.test_logs import rows_of
from zhengtong.analysis.columns import Names, from_table, read_parquet
from zhengtong.analysis.logs import from_rows


def table_of(rows: list[naive.Row]) -> pa.Table:
    columns = [[row[place] for row in rows] for place in range(4)]
    kinds = [pa.string(), pa.string(), pa.timestamp("us", tz="UTC"), pa.string()]
    return pa.table(
        [pa.array(values, type=kind) for values, kind in zip(columns, kinds, strict=True)],
        names=["case", "what", "at", "who"],
    )


class TestTable:
    @given(rows=naive.ROWS)
    @settings(deadline=None)
    def test_makes_the_log_of_its_rows(self, rows: list[naive.Row]) -> None:
        log = from_table(table_of(rows), case="case", activity="what", at="at", resource="who")
        assert rows_of(log) == rows_of(from_rows(rows))

    def test_takes_instants_of_any_precision(self) -> None:
        at = pa.array([1_500, 2_000], type=pa.timestamp("ms"))
        log = from_table(pa.table({"c": ["a", "a"], "w": ["x", "y"], "at": at}), case="c", activity="w", at="at")
        assert log.at.tolist() == [1_500_000, 2_000_000]


class TestParquet:
    @given(rows=naive.ROWS, group=st.integers(min_value=1, max_value=50))
    @settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_in_row_groups_makes_the_same_log(self, tmp_path: Path, rows: list[naive.Row], group: int) -> None:
        path = tmp_path / "log.parquet"
        pq.write_table(table_of(rows), path, row_group_size=group)
        log = read_parquet(path, case="case", activity="what", at="at", resource="who")
        assert rows_of(log) == rows_of(from_rows(rows))

    def test_names_are_texts_when_asked_for(self) -> None:
        names = Names(pa.array(["a", "b", "c"]))
        assert (names[1], list(names[1:]), len(names)) == ("b", ["b", "c"], 3)
