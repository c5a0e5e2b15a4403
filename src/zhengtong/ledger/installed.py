"""What the site puts into the ledger at start: the one ordered tuple of reactions, and how to find what only the rooms
above know (the law a case is bound to, numbers, handlers of the outbox).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.events import Event
from zhengtong.kernel.states import State
from zhengtong.ledger.history import CaseRef
from zhengtong.ledger.rows import Row

Reaction: TypeAlias = Callable[[CaseRef, State, tuple[Event, ...]], tuple[Row, ...]]
BoundFor: TypeAlias = Callable[[State], Bound]
SerialsFor: TypeAlias = Callable[[Bound, State, tuple[str, ...], datetime], Mapping[str, tuple[str, ...]]]
Handler: TypeAlias = Callable[["Message"], None]
Chore: TypeAlias = Callable[[datetime], object]
FoundBy: TypeAlias = Callable[[Any], Iterable[tuple[str, str]]]
Digests: TypeAlias = Callable[[datetime, datetime], Iterable[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One row of the outbox as its handler gets it. It may come twice: `id` tells."""

    id: int
    case_id: int
    seq: int
    topic: str
    body: Mapping[str, object]


class NotInstalled(RuntimeError):
    def __init__(self, what: str) -> None:
        super().__init__(f"ledger.install({what}=…) was not called at start")


def _no_bound(state: State) -> Bound:
    raise NotInstalled("bound_for")


def _law_calendar() -> Calendar:
    from zhengtong.law import overlay
    from zhengtong.law.calendar_files import load_calendar

    overlay.look()
    return load_calendar("CN")


def _no_serials(bound: Bound, state: State, keys: tuple[str, ...], at: datetime) -> Mapping[str, tuple[str, ...]]:
    raise NotInstalled("serials_for")


def _no_digests(since: datetime, until: datetime) -> Iterable[tuple[str, str]]:
    return ()


def _nobody(what: str) -> None:
    """Nobody counts what came of acts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """Everything with its default; `item_digests(since, until)` names the item versions published in between;
    `chores` are done once a day, `errands` in every round of `work`; `witness` is told what came of an act: recorded,
    replayed, conflict; `found_by(value)` says by which words, under which index, a sealed value is to be found."""

    reactions: tuple[Reaction, ...] = ()
    bound_for: BoundFor = _no_bound
    calendar_for: Callable[[], Calendar] = _law_calendar
    serials_for: SerialsFor = _no_serials
    dept_of: Callable[[str], str] | None = None
    item_digests: Digests = _no_digests
    handlers: Mapping[str, Handler] | None = None
    chores: tuple[Chore, ...] = ()
    errands: tuple[Chore, ...] = ()
    witness: Callable[[str], object] = _nobody
    found_by: FoundBy | None = None

    def may_bind(self) -> bool:
        """Whether histories can be folded to dockets here."""
        return self.bound_for is not _no_bound


_installed = Installed()


def installed() -> Installed:
    return _installed


def install(  # noqa: PLR0913 - one keyword for each thing the site knows
    *,
    reactions: tuple[Reaction, ...] | None = None,
    bound_for: BoundFor | None = None,
    calendar_for: Callable[[], Calendar] | None = None,
    serials_for: SerialsFor | None = None,
    dept_of: Callable[[str], str] | None = None,
    item_digests: Digests | None = None,
    handlers: Mapping[str, Handler] | None = None,
    chores: tuple[Chore, ...] | None = None,
    errands: tuple[Chore, ...] | None = None,
    witness: Callable[[str], object] | None = None,
    found_by: FoundBy | None = None,
) -> None:
    """Install what is given; what is not given stays as it was."""
    global _installed  # one process has one wiring, made once at start
    now = _installed
    _installed = replace(
        now,
        reactions=now.reactions if reactions is None else reactions,
        bound_for=bound_for or now.bound_for,
        calendar_for=calendar_for or now.calendar_for,
        serials_for=serials_for or now.serials_for,
        dept_of=dept_of or now.dept_of,
        item_digests=item_digests or now.item_digests,
        handlers=now.handlers if handlers is None else handlers,
        chores=now.chores if chores is None else chores,
        errands=now.errands if errands is None else errands,
        witness=witness or now.witness,
        found_by=found_by or now.found_by,
    )


def put_back(before: Installed) -> None:
    """Install exactly this: for tests that change the wiring and leave it as they found it."""
    global _installed  # as above
    _installed = before
