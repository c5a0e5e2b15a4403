"""How large a city, for how long, with what planted in it (规模): everything that decides the ledger, byte for byte."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from zhengtong.simulation.irregularities import DOSES, Dose


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The options of a run. Two runs with equal sizes make equal ledgers."""

    cases: int
    first: date
    days: int
    seed: int = 7
    departments: int
    items: int
    staff: int
    doses: Mapping[str, Dose] = field(default_factory=lambda: DOSES)

    def clean(self) -> "Size":
        """The same city with nothing planted."""
        return replace(self, doses={})


# The year is 顺德 2005 (DOMAIN 13.1): 53 departments, 628 items, 1,000 staff, 488,970 cases.
TOWN: Final = Size(cases=500, first=date(2026, 3, 2), days=61, departments=8, items=48, staff=76)
MONTH: Final = Size(cases=40_000, first=date(2026, 3, 1), days=31, departments=53, items=628, staff=1_000)
YEAR: Final = Size(cases=488_970, first=date(2025, 1, 1), days=365, departments=53, items=628, staff=1_000)
PRESETS: Final[Mapping[str, Size]] = {"town": TOWN, "month": MONTH, "year": YEAR}
