"""The analyses of a log, against the same counted one by one; compiled and in numpy."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis import naive
from zhengtong.analysis import arrays, measuring, passes
from zhengtong.analysis.logs import from_columns, from_rows
from zhengtong.analysis.spreads import LEAST_VOLUME, exact_sum, find_spread, ranks_between

BOTH = pytest.mark.parametrize("by", [arrays, passes], ids=["numpy", "compiled"])
WAITS = {"a": "applicant", "c": "expert"}


@BOTH
class TestAnswers:
    """Each is what counting one by one gives, whichever way the passes are made."""

    @given(rows=naive.ROWS)
    @settings(deadline=None)
    def test_of_the_map(self, by: Any, rows: list[naive.Row]) -> None:
        found = measuring.find_map(from_rows(rows), passes=by)
        arrows = naive.arrows(rows)
        assert {(pair.left, pair.right): naive.told(pair.took) for pair in found.pairs} == {
            pair: naive.plainly(took) for pair, took in arrows.items()
        }
        assert found.successions == len(naive.successions(rows))
        traces = naive.traces(rows).values()
        assert sum(found.starts.values()) == sum(found.ends.values()) == found.cases == len(traces)
        assert {events[0][1] for events in traces} == set(found.starts)

    @given(rows=naive.ROWS)
    @settings(deadline=None)
    def test_of_variants(self, by: Any, rows: list[naive.Row]) -> None:
        found = measuring.find_variants(from_rows(rows), passes=by)
        assert {way.activities: way.count for way in found.top()} == naive.variants(rows)
        ways = [way.activities for way in found.top()]
        assert [ways[number] for number in found.of_case] == [
            tuple(row[1] for row in events) for events in naive.traces(rows).values()
        ]

    @given(rows=naive.ROWS)
    @settings(deadline=None)
    def test_of_rework(self, by: Any, rows: list[naive.Row]) -> None:
        found = measuring.find_rework(from_rows(rows), passes=by)
        assert (found.by_activity, found.cases) == (naive.rework(rows), naive.reworked_cases(rows))
        assert found.case_activities == sum(naive.rework(rows).values())

    @given(rows=naive.ROWS)
    @settings(deadline=None)
    def test_of_handing_over(self, by: Any, rows: list[naive.Row]) -> None:
        found = measuring.find_handovers(from_rows(rows), passes=by)
        assert {(one.giver, one.taker): one.took.count for one in found.pairs} == naive.handovers(rows)
        assert found.passed + found.kept + found.unknown == len(naive.successions(rows))

    @given(rows=naive.ROWS)
    @settings(deadline=None)
    def test_of_waiting(self, by: Any, rows: list[naive.Row]) -> None:
        found = measuring.find_waiting(from_rows(rows), WAITS, passes=by)
        assert found.total == naive.waited(rows, WAITS, "office")
        assert {who: spread.total for who, spread in found.per_case.items() if spread.count} == found.total

    @given(rows=naive.ROWS)
    @settings(deadline=None)
    def test_of_dwelling(self, by: Any, rows: list[naive.Row]) -> None:
        before = measuring.find_dwell(from_rows(rows), passes=by)
        after = measuring.find_dwell(from_rows(rows), is_before=False, passes=by)
        for place, found in ((1, before), (0, after)):
            took: dict[str, list[int]] = {}
            for pair in naive.successions(rows):
                took.setdefault(pair[place][1], []).append(pair[1][2] - pair[0][2])
            assert {step: naive.told(one) for step, one in found.items()} == {
                step: naive.plainly(values) for step, values in took.items()
            }

    def test_of_nothing_are_empty(self, by: Any) -> None:
        found = measuring.measure(from_rows([]), passes=by)
        assert (found.map.cases, found.durations.count, found.variants.count, found.rework.cases) == (0, 0, 0, 0)


class TestBothWays:
    def test_agree_on_a_log_with_many_ways(self) -> None:
        """More variants than the first hash table holds, and cases long enough to differ at their ends alone."""
        draw = np.random.default_rng(4)
        case, activity = np.sort(draw.integers(0, 9_000, 60_000)), draw.integers(0, 12, 60_000)
        log = from_columns(
            case=case, activity=activity, at=np.cumsum(draw.integers(0, 10**9, 60_000)),
            cases=tuple(str(n) for n in range(9_000)), activities=tuple("abcdefghijkl"),
        )  # fmt: skip
        one, other = (measuring.measure(log, passes=by) for by in (arrays, passes))
        assert (one.map, one.durations) == (other.map, other.durations)
        assert one.rework.by_activity == other.rework.by_activity
        assert one.variants.count > 4_096
        assert one.variants.top() == other.variants.top()
        assert one.variants.of_case.tolist() == other.variants.of_case.tolist()

    def test_tell_ways_apart_whose_hashes_are_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rows = [(f"c{n}", what, place, None) for n in range(30) for place, what in enumerate(f"{n % 7:03b}")]
        log = from_rows(rows)
        monkeypatch.setattr(passes, "_hash", lambda *_: 7)
        loop: Any = passes._variants
        of_case, heads, counts = loop.py_func(log.offsets, log.activity)
        found = arrays.number_variants(log.offsets, log.activity)
        assert [of_case.tolist(), heads.tolist(), counts.tolist()] == [
            found.of_case.tolist(), found.heads.tolist(), found.counts.tolist()
        ]  # fmt: skip
        assert len(heads) == 7

    def test_without_the_compiler_numpy_answers(self) -> None:
        said = subprocess.run(
            [sys.executable, "-c", _WITHOUT_NUMBA], capture_output=True, text=True, check=True, timeout=60
        )
        assert said.stdout.split() == ["zhengtong.analysis.arrays", "1"]

    def test_compile_where_nothing_can_be_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_args: Any, **_options: Any) -> Any:
            raise RuntimeError("cannot cache function: no locator available")

        with monkeypatch.context() as patched:
            patched.setattr("numba.core.dispatcher.Dispatcher.enable_caching", refuse)
            compiled = passes.compiled(_twice)
        assert compiled(21) == 42


def _twice(number: int) -> int:
    return number * 2


_WITHOUT_NUMBA = """
import sys
sys.modules["numba"] = None
from zhengtong.analysis import measuring
from zhengtong.analysis.logs import from_rows
measuring.WORTH_COMPILING = 1
log = from_rows([("c", "a", 1, None), ("c", "b", 2, None)])
print(measuring.passes_for(log).__name__, measuring.measure(log).variants.count)
"""


class TestSpread:
    @settings(deadline=None)
    @given(st.lists(st.integers(min_value=0, max_value=2**61), min_size=1, max_size=60))
    def test_is_of_the_observed_values_and_exact(self, values: list[int]) -> None:
        assert naive.told(find_spread(np.array(values, dtype=np.int64))) == naive.plainly(values)

    def test_leaves_the_values_as_they_were(self) -> None:
        values = np.array([3, 1, 2], dtype=np.int64)
        find_spread(values)
        assert values.tolist() == [3, 1, 2]

    def test_sums_what_does_not_fit_64_bits(self) -> None:
        assert exact_sum(np.full(8, 2**62, dtype=np.int64)) == 2**65

    def test_has_no_interval_and_no_rank_below_its_volume(self) -> None:
        few, many = (find_spread(np.arange(n, dtype=np.int64)) for n in (5, LEAST_VOLUME))
        assert few.median_between is None
        assert (few.is_ranked, many.is_ranked) == (False, True)

    @pytest.mark.parametrize("percent", [50, 90])
    @pytest.mark.parametrize("count", [20, 57, 400])
    def test_interval_holds_the_true_percentile_as_often_as_it_says(self, percent: int, count: int) -> None:
        """By the exact binomial: the chance that the true percentile lies between the two ranks."""
        from math import comb

        between = ranks_between(percent, count)
        if between is None:
            assert (percent / 100) ** count > 0.025
            return
        share = percent / 100
        chance = sum(
            comb(count, below) * share**below * (1 - share) ** (count - below)
            for below in range(between[0] + 1, between[1] + 1)
        )
        assert 0.95 <= chance < 0.99

    def test_interval_of_a_million_is_near_the_usual_approximation(self) -> None:
        assert ranks_between(50, 1_000_000) == (499_019, 500_980)
