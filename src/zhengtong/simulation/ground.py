"""What the model stands on (地面): the city as the reference tables hold it, with the references they gave."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from zhengtong.accounts.queries import organisation
from zhengtong.catalogue.queries import bound_for
from zhengtong.kernel.binding import Bound
from zhengtong.simulation.matters import ItemPlan
from zhengtong.simulation.organs import Organs
from zhengtong.simulation.outsiders import Party
from zhengtong.simulation.staffing import Staffing

HOTLINE, DISCLOSURE = "zx", "qy"
INNER: Mapping[str, str] = {HOTLINE: "hotline_order", DISCLOSURE: "information_request"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The references that the tables gave: people, absences, organs."""

    refs: Mapping[str, str]
    absences: Mapping[tuple[str, date], str]
    unit_numbers: Mapping[str, str]
    shorts: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Everything the departments share and nobody changes."""

    organs: Organs
    items: tuple[ItemPlan, ...]
    parties: tuple[Party, ...]
    staffing: Staffing
    bounds: Mapping[str, Bound]
    unit_numbers: Mapping[str, str]
    shorts: Mapping[str, str]
    asked: tuple[str, ...]
    _items: dict[str, tuple[ItemPlan, ...]] = field(default_factory=dict)

    def items_of(self, department: str) -> tuple[ItemPlan, ...]:
        """The items of a department, in order."""
        if not self._items:
            found: dict[str, list[ItemPlan]] = {}
            for item in self.items:
                found.setdefault(item.department, []).append(item)
            self._items.update({code: tuple(items) for code, items in found.items()})
        return self._items[department]

    def desk_of(self, unit: str) -> str:
        """Who answers for a department that was asked something."""
        return f"{unit}-undertake1"


def lay(organs: Organs, items: tuple[ItemPlan, ...], parties: tuple[Party, ...], written: Written) -> Ground:
    """Join the plan to what the tables made of it; reads the catalogue once."""
    everything = (*items, *inner_items())
    return Ground(
        organs=organs, items=everything, parties=parties,
        staffing=Staffing(organs, organisation(), written.refs, written.absences),
        bounds={item.code: bound_for(item.code, 1, {}) for item in everything},
        unit_numbers=written.unit_numbers, shorts=written.shorts,
        asked=tuple(f"{department.code}-sp" for department in organs.departments),
    )  # fmt: skip


def inner_items() -> tuple[ItemPlan, ...]:
    """The hotline and the disclosure office, as departments with one matter each."""
    return tuple(
        ItemPlan(
            code=code,
            department=department,
            procedure=code,
            is_instant=False,
            window="",
            has_fee=False,
            is_online=True,
            is_special=False,
            is_preliminary=False,
            weight=1.0,
            content={},
        )
        for department, code in INNER.items()
    )
