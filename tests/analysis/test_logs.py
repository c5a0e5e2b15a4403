"""A log in columns."""

import numpy as np
import pytest
from hypothesis import given, settings

from tests.analysis import naive
from zhengtong.analysis.logs import NO_TIME, Log, Unordered, as_objects, from_columns, from_rows

THREE = [("b", "open", 5, "x"), ("a", "open", 1, None), ("b", "close", 9, "y"), ("a", "close", 1, "x")]


def rows_of(log: Log) -> list[naive.Row]:
    return [
        (
            log.cases[case], log.activities[log.activity[e]], int(log.at[e]),
            log.resources[log.resource[e]] if log.resource[e] >= 0 else None,
        )
        for case in range(len(log.cases))
        for e in range(log.offsets[case], log.offsets[case + 1])
    ]  # fmt: skip


class TestOrder:
    @given(naive.ROWS)
    @settings(deadline=None)
    def test_is_case_then_time_then_place(self, rows: list[naive.Row]) -> None:
        log = from_rows(rows)
        assert rows_of(log) == [row for events in naive.traces(rows).values() for row in events]
        assert len(log.offsets) == len(log.cases) + 1

    def test_takes_columns_of_events_along(self) -> None:
        log = from_rows(THREE, event_columns={"place": np.arange(4)})
        assert log.event_columns["place"].tolist() == [0, 2, 1, 3]


class TestCases:
    def test_without_an_event_are_left_out_with_their_columns(self) -> None:
        log = from_columns(
            case=[2, 0], activity=[0, 0], at=[3, 4], cases=("a", "b", "c"), activities=("open",),
            case_columns={"dept": as_objects(["wj", "gaj", None]), "due": np.array([1, 2, NO_TIME])},
        )  # fmt: skip
        assert log.cases == ("a", "c")
        assert log.case_columns["dept"].tolist() == ["wj", None]
        assert log.case_columns["due"].tolist() == [1, NO_TIME]

    @given(naive.ROWS)
    @settings(deadline=None)
    def test_are_chosen_whole(self, rows: list[naive.Row]) -> None:
        log = from_rows(rows)
        keep = np.array([name in {"c1", "c4"} for name in log.cases], dtype=np.bool_)
        assert rows_of(log.select(keep)) == rows_of(from_rows([row for row in rows if row[0] in {"c1", "c4"}]))

    def test_are_chosen_by_when_they_began(self) -> None:
        log = from_rows(THREE)
        assert (log.started(until=5).cases, log.started(since=5).cases) == (("a",), ("b",))

    def test_are_grouped_by_a_column(self) -> None:
        log = from_rows(THREE, case_columns={"dept": {"a": "wj"}})
        assert {name: part.cases for name, part in log.grouped("dept").items()} == {"": ("b",), "wj": ("a",)}


class TestRefusal:
    def test_of_a_code_without_a_name(self) -> None:
        with pytest.raises(Unordered):
            from_columns(case=[0], activity=[1], at=[0], cases=("a",), activities=("open",))

    def test_of_columns_that_differ_in_length(self) -> None:
        with pytest.raises(Unordered):
            from_columns(case=[0, 0], activity=[0], at=[0, 1], cases=("a",), activities=("open",))
