"""One thing somebody does in a case (一步), planned before its time comes, and the case it is done in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.events import Event, Json
from zhengtong.kernel.states import State
from zhengtong.ledger.sealing import SealedRow
from zhengtong.simulation.irregularities import Kind
from zhengtong.simulation.matters import ItemPlan
from zhengtong.simulation.outsiders import Party

PARTY: Final = "party"
LAW: Final = "law"
WORDS: Final = "情况属实，材料齐全，符合规定条件，同意。"
"""What stands in a sealed opinion of a simulated case."""

Finder: TypeAlias = "Callable[[Life], Mapping[str, Json]]"


@dataclass(slots=True, kw_only=True)
class Step:
    """An act to come.

    `by`: a role of the procedure, `party`, `law` (silence that is due), or `@<post>`. `seconds`, `days` (working) and
    `nights` (calendar days) say how long after the step before. `latest`: on which working day after it at the latest,
    whatever the queue; None lets the queue decide. `exact` passes by the queue. `noted_after`: so many working days
    later it is entered, as of the instant it happened (补录). `told`: what is wrong with it.
    """

    act: str
    by: str
    seconds: int = 0
    days: int = 0
    nights: int = 0
    service: int = 120
    latest: int | None = 0
    exact: bool = False
    inputs: Mapping[str, Json] = field(default_factory=dict)
    find: "Finder | None" = None
    words: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()
    old_papers: bool = False
    unit: str = ""
    noted_after: int = 0
    told: Kind | None = None


@dataclass(slots=True, kw_only=True)
class Life:
    """One case on its way."""

    n: int
    item: ItemPlan
    bound: Bound
    party: Party
    is_online: bool
    steps: list[Step]
    plant: Kind | None = None
    done: int = 0
    second: int = 0
    key: str = ""
    state: State | None = None
    events: list[Event] = field(default_factory=list)
    sealed: list[SealedRow] = field(default_factory=list)
    back_office: bool = False
    was_held: bool = False
    month: int = 0

    @property
    def number(self) -> str:
        return self.state.number if self.state is not None else ""

    @property
    def is_over(self) -> bool:
        return self.done >= len(self.steps)
