"""The copied history as the process pages see it (过程数据): the cases a filter names, with their stays on the axis of
working time, what their bindings allow, and the words of every code. Kept for the next page of the same filter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Final

import numpy as np

from zhengtong.analysis import queries
from zhengtong.analysis.conformance import Allowed, Names, allowed_by, allowed_together
from zhengtong.analysis.logs import NO_TIME, Ints, Log
from zhengtong.analysis.queries import Selection
from zhengtong.analysis.stays import Flags, Stays, Whose, find_stays, whose_steps
from zhengtong.analysis.working_time import Axis, axis_of
from zhengtong.catalogue.queries import bound_for
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.procedures import Phase
from zhengtong.kernel.refusals import Refusal
from zhengtong.kernel.terms import Term, Unit
from zhengtong.law.calendar_files import load_calendar
from zhengtong.law.procedure_files import words
from zhengtong.ui.wording import in_english

KEPT: Final = 6
MOST: Final = 40_000
"""Cases a page looks at; of more, those opened last, and the page says so."""
DECIDED: Final = frozenset({Phase.DECIDED, Phase.DELIVERING, Phase.CLOSED})
NEVER: Final = 1 << 40
"""The limit, in working days, of a case that has none."""


@dataclass(frozen=True)
class History:
    """The log of a selection and what follows from it; each part is found when it is first asked for."""

    log: Log
    copied_at: datetime
    whole: int
    """Cases of the selection; more than the log has where it was bounded."""
    bounds: Mapping[tuple[str, int], Bound]

    @cached_property
    def axis(self) -> Axis:
        return _axis()

    @cached_property
    def keys(self) -> list[tuple[str, int]]:
        """Item and version of each case."""
        columns = self.log.case_columns
        return list(zip(columns["item"].tolist(), columns["item_version"].tolist(), strict=True))

    @cached_property
    def stays(self) -> Stays:
        whose: dict[str, Whose] = {}
        for bound in self.bounds.values():
            whose.update(whose_steps(bound))
        return find_stays(self.log, self.axis, whose)

    @cached_property
    def decided_at(self) -> Ints:
        """When each accepted case first came where it was decided, in microseconds; NO_TIME where it has not."""
        phases = {code: rule.phase for bound in self.bounds.values() for code, rule in bound.states.items()}
        entered = self.log.event_columns["entered"]
        kept = np.fromiter((phases.get(e) in DECIDED for e in entered), np.bool_, len(entered))
        found = np.full(len(self.log.cases), np.iinfo(np.int64).max)
        accepted = self.log.case_columns["accepted_at"]
        case = self.log.case_of()
        kept &= self.log.at >= accepted[case]
        np.minimum.at(found, case[kept], self.log.at[kept])
        return np.where((found == np.iinfo(np.int64).max) | (accepted == NO_TIME), NO_TIME, found)

    @cached_property
    def accepted(self) -> Ints:
        """Acceptance on the axis; a day of rest counts as the end of the day before, as limits are counted."""
        return _placed(self.axis, self.log.case_columns["accepted_at"], off_before=True)

    @cached_property
    def decided(self) -> Ints:
        return _placed(self.axis, self.decided_at, off_before=False)

    @cached_property
    def limits(self) -> Ints:
        """The promise of each case in working days; the statutory limit where nothing is promised."""
        of = {key: promise_of(bound) for key, bound in self.bounds.items()}
        return np.array([of.get(key) or NEVER for key in self.keys], dtype=np.int64)

    def allowed(self) -> Mapping[tuple[str, int], Allowed]:
        return {key: allowed_by(bound) for key, bound in self.bounds.items()}

    @property
    def allowed_at_all(self) -> Allowed:
        return allowed_together(self.allowed().values())

    @cached_property
    def procedures(self) -> tuple[str, ...]:
        return tuple(sorted({bound.procedure for bound in self.bounds.values()}))

    def ended(self) -> Flags:
        return np.asarray(self.log.case_columns["closed_at"] != NO_TIME)

    @property
    def first_at(self) -> int:
        return int(self.log.case_columns["opened_at"].min())

    @property
    def last_at(self) -> int:
        return int(self.log.case_columns["opened_at"].max())


def history_of(chosen: Selection) -> History | None:
    """The history of a selection; None while nothing was copied or the copy is being made anew, or no case answers.

    Of more than MOST cases those opened last. A case whose item is not in the catalogue (any more) is left out.
    """
    at = queries.copied_at()
    if at is None:
        return None
    try:
        found = _history(chosen, at)
    except queries.NotCopied:
        return None
    return found if len(found.log.cases) else None


@lru_cache(maxsize=KEPT)
def _history(chosen: Selection, at: datetime) -> History:
    part, whole = queries.bounded(chosen, MOST)
    log = queries.log_of(part)
    bounds = {}
    for item, version in set(zip(log.case_columns["item"], log.case_columns["item_version"], strict=True)):
        try:
            bounds[str(item), int(version)] = bound_for(str(item), int(version), {})
        except (Refusal, LookupError):
            continue
    return History(log=log, copied_at=at, whole=whole, bounds=bounds)


@lru_cache(maxsize=1)
def _axis() -> Axis:
    return axis_of(load_calendar())


def _placed(axis: Axis, at: Ints, *, off_before: bool) -> Ints:
    known = at != NO_TIME
    placed = np.full(len(at), NO_TIME)
    placed[known] = axis.place(at[known], off_before=off_before)
    return placed


def promise_of(bound: Bound) -> int | None:
    """The working days the main clock promises, else those the law gives; None where it counts otherwise."""
    for clock in bound.clocks.values():
        limit = clock.promised or clock.legal
        if clock.main and isinstance(limit, Term) and limit.unit is Unit.WD:
            return limit.n
    return None


@lru_cache(maxsize=32)
def _words_of(procedures: tuple[tuple[str, str], ...], language: str) -> Names:
    states: dict[str, str] = {}
    acts: dict[str, str] = {}
    clocks: dict[str, str] = {}
    for code, version in procedures:
        for path, word in words(code, version, language).items():
            kind, _dot, rest = path.partition(".")
            name, _dot, last = rest.rpartition(".")
            target = {"states": states, "actions": acts, "clocks": clocks}.get(kind)
            if target is not None and last == "name":
                target.setdefault(name, word)
    return Names(states=states, acts=acts, clocks=clocks)


def names_in(history: History) -> Names:
    """States, acts and clocks in the reader's language."""
    versions = sorted({(bound.procedure, bound.version) for bound in history.bounds.values()})
    return _words_of(tuple(versions), "en" if in_english() else "zh")
