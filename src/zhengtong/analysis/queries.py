"""What other rooms ask of the copied history (过程分析): the map, the ways through, where cases lie, who hands over to
whom, how much there was; and the log itself, for replays. All of it from the columnar copy, never from the ledger.

Loading the engine takes a moment, so it is done at the first question and not when this module is imported.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zhengtong.analysis.copying import CASES, REVERTED, Copy, NotCopied, at_instant, instant
from zhengtong.analysis.logs import NO_TIME, UNKNOWN, Column, Log, as_objects, from_columns
from zhengtong.analysis.measuring import Handovers, Pair, ProcessMap, Waiting
from zhengtong.analysis.spreads import LEAST_VOLUME, Spread

if TYPE_CHECKING:
    from zhengtong.analysis import questions

__all__ = [
    "LEAST_VOLUME",
    "REVERTED",
    "Bottleneck",
    "Handovers",
    "NotCopied",
    "Pair",
    "ProcessMap",
    "Selection",
    "Spread",
    "Volume",
    "Waiting",
    "Way",
    "bottlenecks",
    "bounded",
    "copied_at",
    "count_variants",
    "durations",
    "dwell",
    "handovers",
    "is_being_rebuilt",
    "log_of",
    "process_map",
    "rework",
    "variants",
    "volumes",
    "waiting",
]

RESOURCES: Final = ("post", "person", "unit")
_CASE_COLUMNS: Final = tuple(name for name in CASES.names if name not in {"case", "last_seq", "head"})
_CASE_INSTANTS: Final = ("opened_at", "accepted_at", "due_at", "promised_at", "closed_at")
_EVENT_COLUMNS: Final = ("seq", "kind", "left", "entered", "recorded_at", "person", "post", "unit", "role", "standing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which cases are asked about: those opened in [opened_from, opened_before) of these items, departments …; an empty
    one asks about all. `resource` is who hands over: a post, a person (as a code), a unit."""

    procedures: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    depts: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    opened_from: datetime | None = None
    opened_before: datetime | None = None
    closed_only: bool = False
    resource: str = "post"
    copy: Copy = field(default_factory=Copy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way through and how many cases went it."""

    activities: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Cases opened, and of these closed by now, in a group (month, item, department …)."""

    group: tuple[str, ...]
    opened: int
    closed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bottleneck:
    """A step before which cases lie: how long, and what share that is of all time between events."""

    step: str
    took: Spread
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReworkCounts:
    """Cases that did something twice, of all; per activity the cases that repeat it, and the repeats."""

    cases: int
    of: int
    by_activity: Mapping[str, int]
    repeats: Mapping[str, int]


def copied_at(copy: Copy | None = None) -> datetime | None:
    """When the copy was last complete: what every figure here is as of; None before the first."""
    return (copy or Copy()).copied_at()


def is_being_rebuilt(copy: Copy | None = None) -> bool:
    """Whether the copy is being made anew, and is not complete yet."""
    manifest = (copy or Copy()).manifest
    return not manifest.copied_at and manifest.next > 1


def bounded(chosen: Selection, most: int) -> tuple[Selection, int]:
    """The `most` cases opened last of a selection (and those opened at the same instant), and how many it has in all.

    Raises:
        NotCopied
    """
    from zhengtong.analysis import questions

    with _files_stay():
        cases = questions.cases_of(_source(chosen), _filters(chosen))
        whole = int(cases.count().to_pyarrow().as_py())
        if whole <= most:
            return chosen, whole
        last = cases.order_by(cases.opened_at.desc()).limit(1, offset=most - 1).to_pyarrow()
    return replace(chosen, opened_from=at_instant(int(_numbers(last, "opened_at")[0]))), whole


@contextmanager
def _files_stay() -> Iterator[None]:
    """Files of the copy that went away while they were read, as a rebuild makes them, are a copy that is not there."""
    import duckdb

    try:
        yield
    except (duckdb.IOException, FileNotFoundError) as gone:
        raise NotCopied(str(gone)) from gone


def process_map(chosen: Selection) -> ProcessMap:
    """
    Raises:
        NotCopied
    """
    from zhengtong.analysis import questions

    return questions.find_map(_log(chosen))


def durations(chosen: Selection) -> Spread:
    """From the first act to the last, per case."""
    from zhengtong.analysis import questions

    return questions.find_durations(_log(chosen))


def variants(chosen: Selection, most: int | None = 50) -> tuple[Way, ...]:
    from zhengtong.analysis import questions

    found = questions.find_variants(_log(chosen), most)
    return tuple(Way(activities=activities, count=count) for activities, count in found)


def count_variants(chosen: Selection) -> int:
    from zhengtong.analysis import questions

    return questions.count_variants(_log(chosen))


def rework(chosen: Selection) -> ReworkCounts:
    from zhengtong.analysis import questions

    found = questions.find_rework(_log(chosen))
    return ReworkCounts(cases=found.cases, of=found.of, by_activity=found.by_activity, repeats=found.repeats)


def dwell(chosen: Selection, *, is_before: bool = True) -> dict[str, Spread]:
    """How long cases lay before each act (or after it, until the next)."""
    from zhengtong.analysis import questions

    return questions.find_dwell(_log(chosen), is_before=is_before)


def bottlenecks(chosen: Selection, most: int | None = None) -> tuple[Bottleneck, ...]:
    """The steps before which most time passes; those with too few cases to be ranked stand last."""
    found = dwell(chosen)
    whole = sum(spread.total for spread in found.values())
    steps = [
        Bottleneck(step=step, took=spread, share=spread.total / whole if whole else 0.0)
        for step, spread in found.items()
    ]
    steps.sort(key=lambda one: (not one.took.is_ranked, -one.took.total, one.step))
    return tuple(steps[:most])


def handovers(chosen: Selection) -> Handovers:
    from zhengtong.analysis import questions

    return questions.find_handovers(_log(chosen))


def waiting(chosen: Selection, waits_for: Mapping[str, str], *, otherwise: str = "office") -> Waiting:
    """The time after each act by whom the case then waited for, as `waits_for` says of the act."""
    from zhengtong.analysis import questions

    return questions.find_waiting(_log(chosen), waits_for, otherwise=otherwise)


def volumes(chosen: Selection, by: Sequence[str] = ("month",)) -> tuple[Volume, ...]:
    """Cases by columns of the docket: month (of opening), item, dept, unit, procedure, channel, window, outcome."""
    from zhengtong.analysis import questions as asked

    with _files_stay():
        found = asked.find_volumes(asked.cases_of(_source(chosen), _filters(chosen)), by)
    return tuple(Volume(group=one.group, opened=one.opened, closed=one.closed) for one in found)


def log_of(chosen: Selection) -> Log:
    """The log of these cases, acts in order: for replays and for whatever has to see each case.

    Raises:
        NotCopied
    """
    with _files_stay():
        return _log_of(chosen)


def _log_of(chosen: Selection) -> Log:
    from zhengtong.analysis import questions as asked

    source, filters = _source(chosen), _filters(chosen)
    docket = asked.cases_of(source, filters)
    cases = docket.order_by("case").to_pyarrow()
    acts = source.events.filter(source.events.act != "").semi_join(docket, "case")
    names = list(dict.fromkeys(("case", "act", "at", chosen.resource, *_EVENT_COLUMNS)))
    events = acts.select(*names).order_by(["case", "at", "seq"]).to_pyarrow()
    ids = _numbers(cases, "case")
    activity, activities = _coded(events, "act")
    resource, resources = _coded(events, chosen.resource)
    if "" in resources:
        resource = np.where(resource == resources.index(""), UNKNOWN, resource)
    return from_columns(
        case=np.searchsorted(ids, _numbers(events, "case")), activity=activity, at=_numbers(events, "at"),
        cases=tuple(cases["number"].to_pylist()), activities=activities, resource=resource, resources=resources,
        case_columns={name: _case_column(cases, name) for name in _CASE_COLUMNS},
        event_columns={name: _event_column(events, name) for name in _EVENT_COLUMNS},
    )  # fmt: skip


# ---- from tables to columns -------------------------------------------------------------------------


def _filters(chosen: Selection) -> "questions.Filters":
    from zhengtong.analysis import questions

    return questions.Filters(
        procedures=chosen.procedures, items=chosen.items, depts=chosen.depts, units=chosen.units,
        regions=chosen.regions, channels=chosen.channels, outcomes=chosen.outcomes,
        opened_from=None if chosen.opened_from is None else instant(chosen.opened_from),
        opened_before=None if chosen.opened_before is None else instant(chosen.opened_before),
        closed_only=chosen.closed_only,
    )  # fmt: skip


def _source(chosen: Selection) -> "questions.Source":
    from zhengtong.analysis import questions

    return questions.open_files(*chosen.copy.files())


def _log(chosen: Selection) -> Any:
    from zhengtong.analysis import questions

    if chosen.resource not in RESOURCES:
        raise ValueError(f"no resource {chosen.resource!r}")
    return questions.log_table(_source(chosen), _filters(chosen), resource=chosen.resource)


def _numbers(table: Any, name: str) -> Column:
    return np.asarray(table[name].to_numpy(), dtype=np.int64)


def _coded(table: Any, name: str) -> tuple[Column, tuple[str, ...]]:
    coded = table[name].combine_chunks().dictionary_encode()
    return np.asarray(coded.indices.to_numpy(), dtype=np.int32), tuple(coded.dictionary.to_pylist())


def _case_column(cases: Any, name: str) -> Column:
    if name in _CASE_INSTANTS:
        return np.asarray(cases[name].fill_null(NO_TIME).to_numpy(), dtype=np.int64)
    return _objects(cases, name)


def _event_column(events: Any, name: str) -> Column:
    if name in {"seq", "recorded_at"}:
        return _numbers(events, name)
    return _objects(events, name)


def _objects(table: Any, name: str) -> Column:
    """Few different values in many rows: each is made once."""
    coded = table[name].combine_chunks().dictionary_encode()
    values = as_objects([*coded.dictionary.to_pylist(), None])
    return values[np.asarray(coded.indices.fill_null(len(values) - 1).to_numpy(), dtype=np.int64)]
