"""The kernel's four functions `record()` rests on, as one value, so that a test may put simpler ones in their place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, Protocol

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.events import Event, History
from zhengtong.kernel.states import State


class DocketValues(Protocol):
    """The columns of the docket as attributes; `kernel.clocks.Docket` has them."""

    @property
    def number(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def wake_at(self) -> datetime | None: ...


DOCKET: Final = (
    "number", "procedure", "version", "item", "item_version", "region", "unit", "dept", "post", "assignee", "window",
    "state", "phase", "outcome", "opened_at", "accepted_at", "due_at", "promised_at", "wake_at", "closed_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Folds:
    evolve: Callable[[State | None, Event], State]
    fold: Callable[[History], State]
    find_docket: Callable[[Bound, State, Calendar, datetime], DocketValues]
    find_readers: Callable[[Bound, State], frozenset[tuple[str, str]]]
    advance: Callable[[State, Sequence[Event]], State] | None = None

    def follow(self, state: State | None, events: Sequence[Event]) -> State:
        """The state after these events, at once where there is a function for it."""
        if state is None:
            return self.fold(tuple(events))
        if self.advance is not None:
            return self.advance(state, events)
        for event in events:
            state = self.evolve(state, event)
        return state


@lru_cache(maxsize=1)
def kernel_folds() -> Folds:
    from zhengtong.kernel import authority, clocks, states

    return Folds(
        evolve=states.evolve, fold=states.fold, advance=states.advance, find_docket=clocks.find_docket,
        find_readers=authority.find_readers,
    )  # fmt: skip
