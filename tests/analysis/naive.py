"""The analyses as anybody would write them down: rows in lists, sorted, counted one by one. Slow, and plainly right."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

Row = tuple[str, str, int, str | None]

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["c1", "c2", "c3", "c4", "c5"]), st.sampled_from("abcd"),
        st.integers(min_value=-5, max_value=40), st.sampled_from(["x", "y", None]),
    ),
    max_size=40,
)  # fmt: skip


def traces(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Cases in order of first appearance, each sorted by time; what has the same time stays in its order."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return {case: sorted(events, key=lambda row: row[2]) for case, events in found.items()}


def successions(rows: Iterable[Row]) -> list[tuple[Row, Row]]:
    return [pair for events in traces(rows).values() for pair in pairwise(events)]


def arrows(rows: Iterable[Row]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one, other in successions(rows):
        found[one[1], other[1]].append(other[2] - one[2])
    return {pair: sorted(took) for pair, took in found.items()}


def variants(rows: Iterable[Row]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(row[1] for row in events) for events in traces(rows).values())


def durations(rows: Iterable[Row]) -> list[int]:
    return [events[-1][2] - events[0][2] for events in traces(rows).values()]


def rework(rows: Iterable[Row]) -> dict[str, int]:
    """Per activity, the cases that do it more than once."""
    found: Counter[str] = Counter()
    for events in traces(rows).values():
        found.update(what for what, times in Counter(row[1] for row in events).items() if times > 1)
    return dict(found)


def reworked_cases(rows: Iterable[Row]) -> int:
    return sum(len({row[1] for row in events}) < len(events) for events in traces(rows).values())


def handovers(rows: Iterable[Row]) -> Counter[tuple[str, str]]:
    return Counter((one[3], other[3]) for one, other in successions(rows) if one[3] and other[3])


def waited(rows: Iterable[Row], waits_for: Mapping[str, str], otherwise: str) -> dict[str, int]:
    found: Counter[str] = Counter()
    for one, other in successions(rows):
        found[waits_for.get(one[1], otherwise)] += other[2] - one[2]
    return dict(found)


def told(spread: Any) -> dict[str, int]:
    """A spread's plain figures."""
    return {"count": spread.count, "total": spread.total, "median": spread.median, "p90": spread.p90}


def plainly(took: Sequence[int]) -> dict[str, int]:
    values = sorted(took)
    middle = (values[(len(values) - 1) // 2] + values[len(values) // 2]) // 2
    ninetieth = next(value for place, value in enumerate(values, 1) if place * 10 >= len(values) * 9)
    return {"count": len(values), "total": sum(values), "median": middle, "p90": ninetieth}
