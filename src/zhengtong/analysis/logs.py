"""An event log (事件日志) in columns: what every analysis runs on, our own ledger's history or somebody else's file.

Events stand sorted by case, then time, then place in the source; texts are codes into tuples of names; instants are
integers of microseconds, so that no result depends on a float. Every case of a log has at least one event.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Column = npt.NDArray[Any]

NO_TIME: Final = int(np.iinfo(np.int64).min)
"""A missing instant in a column of instants."""
UNKNOWN: Final = -1
"""The code of a resource nobody wrote down."""


class Unordered(ValueError):
    """Columns that do not make a log: lengths that differ, or codes without a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """An event log in columns: events sorted by case, then time, then place in the source."""

    cases: Sequence[str]
    """The name of each case, in order."""
    offsets: Ints
    """len(cases) + 1: the events of case i are offsets[i]:offsets[i + 1], never none."""
    activities: tuple[str, ...]
    activity: Codes
    """Per event, an index into `activities`."""
    at: Ints
    """Per event, microseconds since 1970 UTC."""
    resources: tuple[str, ...] = ()
    resource: Codes
    """Per event, an index into `resources`; -1 where it is not known."""
    case_columns: Mapping[str, Column] = field(default_factory=dict)
    """Per case: objects, floats or instants; missing is None, NaN or NO_TIME."""
    event_columns: Mapping[str, Column] = field(default_factory=dict)

    @property
    def events(self) -> int:
        return len(self.activity)

    @property
    def lengths(self) -> Ints:
        """How many events each case has."""
        return np.diff(self.offsets)

    @property
    def started_at(self) -> Ints:
        """The instant of each case's first event."""
        return self.at[self.offsets[:-1]]

    @property
    def ended_at(self) -> Ints:
        """The instant of each case's last event."""
        return self.at[self.offsets[1:] - 1]

    def case_of(self) -> Codes:
        """The index of its case, per event."""
        return np.repeat(np.arange(len(self.cases), dtype=np.int32), self.lengths)

    def select(self, keep: npt.NDArray[np.bool_]) -> "Log":
        """The log of the cases for which `keep` (one truth value per case) holds."""
        which = np.flatnonzero(keep)
        events = np.repeat(keep, self.lengths)
        names = tuple(self.cases[i] for i in which.tolist())
        return Log(
            cases=names,
            offsets=_offsets(self.lengths[which]),
            activities=self.activities,
            activity=self.activity[events],
            at=self.at[events],
            resources=self.resources,
            resource=self.resource[events],
            case_columns={name: values[which] for name, values in self.case_columns.items()},
            event_columns={name: values[events] for name, values in self.event_columns.items()},
        )

    def started(self, since: int | None = None, until: int | None = None) -> "Log":
        """The cases whose first event lies in [since, until): before and after a date."""
        first = self.started_at
        keep = np.ones(len(self.cases), dtype=np.bool_)
        if since is not None:
            keep &= first >= since
        if until is not None:
            keep &= first < until
        return self.select(keep)

    def grouped(self, column: str) -> "dict[str, Log]":
        """A log for each value of a column of cases, the missing one as the empty text."""
        values = np.array(["" if value is None else str(value) for value in self.case_columns[column]], dtype=object)
        return {str(value): self.select(values == value) for value in sorted(set(values.tolist()))}


def from_columns(  # noqa: PLR0913 - the columns of a log
    *,
    case: npt.ArrayLike,
    activity: npt.ArrayLike,
    at: npt.ArrayLike,
    cases: Sequence[str],
    activities: Sequence[str],
    resource: npt.ArrayLike | None = None,
    resources: Sequence[str] = (),
    case_columns: Mapping[str, Column] | None = None,
    event_columns: Mapping[str, Column] | None = None,
) -> Log:
    """The log of columns in any order: per event a code into `cases`, a code into `activities`, an instant.

    Case columns follow `cases`, event columns the events as given. A case without an event is left out.

    Raises:
        Unordered: lengths differ, or a code has no name.
    """
    case_codes, codes = _codes(case, len(cases), "case"), _codes(activity, len(activities), "activity")
    instants = np.ascontiguousarray(at, dtype=np.int64)
    who = np.full(len(codes), UNKNOWN, dtype=np.int32)
    if resource is not None:
        who = _codes(resource, len(resources), "resource", lowest=UNKNOWN)
    columns = dict(event_columns or {})
    lengths = {len(codes), len(instants), len(who), *(len(values) for values in columns.values())}
    if lengths - {len(case_codes)}:
        raise Unordered("the columns of events differ in length")
    counts = np.bincount(case_codes, minlength=len(cases)).astype(np.int64)
    order = find_order(case_codes, instants)
    if order is not None:
        codes, instants, who = codes[order], instants[order], who[order]
        columns = {name: values[order] for name, values in columns.items()}
    kept = np.flatnonzero(counts)
    of_cases = dict(case_columns or {})
    if len(kept) != len(cases):
        cases = tuple(cases[i] for i in kept.tolist())
        of_cases = {name: values[kept] for name, values in of_cases.items()}
    return Log(
        cases=cases, offsets=_offsets(counts[kept]), activities=tuple(activities), activity=codes, at=instants,
        resources=tuple(resources), resource=who, case_columns=of_cases, event_columns=columns,
    )  # fmt: skip


def from_rows(
    rows: Iterable[tuple[str, str, int, str | None]],
    *,
    case_columns: Mapping[str, Mapping[str, object]] | None = None,
    event_columns: Mapping[str, Column] | None = None,
) -> Log:
    """The log of rows (case, activity, microseconds, resource or None), cases in order of first appearance.

    `case_columns` gives each column as case → value; what a case does not have is None.
    """
    cases, activities, resources = Coding(), Coding(), Coding()
    case, activity, at, resource = [], [], [], []
    for name, what, instant, who in rows:
        case.append(cases.code(name))
        activity.append(activities.code(what))
        at.append(instant)
        resource.append(UNKNOWN if who is None else resources.code(who))
    made = {}
    for column, values in (case_columns or {}).items():
        made[column] = as_objects(values.get(name) for name in cases.names)
    return from_columns(
        case=np.array(case, dtype=np.int32), activity=np.array(activity, dtype=np.int32),
        at=np.array(at, dtype=np.int64), cases=cases.names, activities=activities.names,
        resource=np.array(resource, dtype=np.int32), resources=resources.names, case_columns=made,
        event_columns=event_columns,
    )  # fmt: skip


class Coding:
    """Names to codes, in order of first appearance.

    >>> coding = Coding()
    >>> [coding.code(name) for name in ("b", "a", "b")], coding.names
    ([0, 1, 0], ('b', 'a'))
    """

    __slots__ = ("_codes",)

    def __init__(self) -> None:
        self._codes: dict[Hashable, int] = {}

    def code(self, name: str) -> int:
        return self._codes.setdefault(name, len(self._codes))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(str(name) for name in self._codes)


def as_objects(values: Iterable[object]) -> Column:
    """A column of objects, whatever they are."""
    kept = list(values)
    column = np.empty(len(kept), dtype=object)
    column[:] = kept
    return column


def find_order(case: Codes, at: Ints) -> Ints | None:
    """The places of events sorted by case, then time, then place; None where they stand so already."""
    before, after = case[:-1], case[1:]
    if not bool(np.any((before > after) | ((before == after) & (at[:-1] > at[1:])))):
        return None
    return np.lexsort((at, case)).astype(np.int64, copy=False)


def _codes(given: npt.ArrayLike, names: int, what: str, *, lowest: int = 0) -> Codes:
    codes = np.ascontiguousarray(given, dtype=np.int32)
    if len(codes) and (int(codes.min()) < lowest or int(codes.max()) >= names):
        raise Unordered(f"a code of {what} has no name")
    return codes


def _offsets(lengths: Ints) -> Ints:
    return np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(lengths, dtype=np.int64)))
