"""Stays (停留): how long each case stood in each step, for whom it waited there, at whose post, and when work began.

Made of the moving acts of our own ledger (what an event entered, until the next one leaves it). Times are places on the
axis of working time, so that differences are working days.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pyarrow as pa

from zhengtong.analysis.logs import NO_TIME, Codes, Ints, Log
from zhengtong.analysis.working_time import Axis
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.procedures import Phase, RoleKind

Flags = np.typing.NDArray[np.bool_]


class Whose(IntEnum):
    """For whom a case waits in a step."""

    OFFICE = 0
    APPLICANT = 1
    OTHERS = 2
    """Other departments, or what the law takes out of the limit (特别程序)."""
    NOBODY = 3
    """It is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stays:
    """One row per stay, by case and time. `until` is NO_TIME of the stay a case is still in. `begun` is when the first
    trace of work in it was left, `until` where its only trace is the act that ended it; `worker` is who ended it."""

    steps: tuple[str, ...]
    cases: int
    case: Ints
    step: Codes
    whose: Codes
    since: Ints
    until: Ints
    begun: Ints
    places: tuple[str, ...]
    place: Codes
    """At whose post the act was done that ended it, a code into `places`; -1 not known."""
    worker: Codes
    """Who did that act, as a code; -1 not known."""

    @property
    def lasted(self) -> Ints:
        """Working time of each; of stays not over yet nothing."""
        return np.where(self.until == NO_TIME, 0, np.maximum(self.until - self.since, 0))

    @property
    def over(self) -> Flags:
        return np.asarray(self.until != NO_TIME)

    def select(self, keep: Flags) -> "Stays":
        """The rows for which `keep` holds."""
        return Stays(
            steps=self.steps, cases=self.cases, case=self.case[keep], step=self.step[keep], whose=self.whose[keep],
            since=self.since[keep], until=self.until[keep], begun=self.begun[keep], places=self.places,
            place=self.place[keep], worker=self.worker[keep],
        )  # fmt: skip


def whose_steps(bound: Bound) -> dict[str, Whose]:
    """For whom a case waits in each state of a bound item: whoever holds it."""
    found = {}
    for code, rule in bound.states.items():
        role = bound.roles.get(rule.holder) if rule.holder is not None else None
        kind = role.kind if role is not None else None
        if kind is None:
            found[code] = Whose.NOBODY
        elif kind is RoleKind.PARTY:
            found[code] = Whose.APPLICANT
        elif kind is RoleKind.TARGET or rule.phase is Phase.SUSPENDED:
            found[code] = Whose.OTHERS
        else:
            found[code] = Whose.OFFICE
    return found


def find_stays(log: Log, axis: Axis, whose: Mapping[str, Whose], *, place: str = "post") -> Stays:
    """The stays of a log of acts with the event columns `entered` and, where known, `place` (the post acted at)."""
    steps, step_of = _coded(log, "entered")
    case = log.case_of().astype(np.int64)
    instant = axis.place(log.at)
    before = np.concatenate((np.full(1, -1, np.int32), _stands(step_of, case)[:-1])) if log.events else step_of
    first = np.zeros(log.events, dtype=np.bool_)
    first[log.offsets[:-1]] = True
    moves = np.flatnonzero((step_of >= 0) & (first | (step_of != before)))
    if not len(moves):
        return _none(len(log.cases))
    follows = np.concatenate((case[moves][1:] == case[moves][:-1], np.zeros(1, dtype=np.bool_)))
    ends = np.where(follows, np.concatenate((moves[1:], moves[:1])), -1)
    until = np.where(follows, instant[ends], NO_TIME)
    places, place_of = _coded(log, place)
    _persons, worker_of = _coded(log, "person")
    return Stays(
        steps=steps, cases=len(log.cases), case=case[moves], step=step_of[moves],
        whose=np.array([whose.get(name, Whose.OFFICE) for name in steps], dtype=np.int32)[step_of[moves]],
        since=instant[moves], until=until, begun=_begun(log, instant, moves, ends, until),
        places=places, place=np.where(follows, place_of[ends], -1).astype(np.int32),
        worker=np.where(follows, worker_of[ends], -1).astype(np.int32),
    )  # fmt: skip


def _none(cases: int) -> Stays:
    none, codes = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32)
    return Stays(
        steps=(), cases=cases, case=none, step=codes, whose=codes, since=none, until=none, begun=none, places=(),
        place=codes, worker=codes,
    )  # fmt: skip


def _stands(step: Codes, case: Ints) -> Codes:
    """Where each case stands after each event: the last step entered, carried forward."""
    known = np.where(step >= 0, np.arange(len(step)), -1)
    last = np.maximum.accumulate(known) if len(step) else known
    valid = (last >= 0) & (case[np.maximum(last, 0)] == case)
    return np.where(valid, step[np.maximum(last, 0)], -1).astype(np.int32)


def _begun(log: Log, instant: Ints, moves: Ints, ends: Ints, until: Ints) -> Ints:
    """The first event inside each stay by somebody of the office; where there is none, its end."""
    roles, role = _coded(log, "role")
    office = np.isin(role, [code for code, name in enumerate(roles) if name not in {"law", "applicant", "party"}])
    nexts = np.full(log.events + 1, log.events, dtype=np.int64)
    nexts[:-1] = np.where(office, np.arange(log.events), log.events)
    nexts = np.minimum.accumulate(nexts[::-1])[::-1]
    found = nexts[moves + 1]
    inside = (ends >= 0) & (found < ends) & (instant[np.minimum(found, log.events - 1)] > instant[moves])
    return np.where(inside, instant[np.minimum(found, log.events - 1)], until)


def _coded(log: Log, column: str) -> tuple[tuple[str, ...], Codes]:
    """The different texts of an event column, and each event's among them; -1 where it has none."""
    given = log.event_columns.get(column)
    if given is None or not log.events:
        return (), np.full(log.events, -1, dtype=np.int32)
    told = pa.array(given, type=pa.string(), from_pandas=True).dictionary_encode().fill_null("")
    names, codes = told.dictionary.to_pylist(), np.asarray(told.indices.to_numpy(zero_copy_only=False), dtype=np.int32)
    known = [name for name in names if name]
    place = np.array([known.index(name) if name else -1 for name in names], dtype=np.int32)
    return tuple(known), place[codes]
