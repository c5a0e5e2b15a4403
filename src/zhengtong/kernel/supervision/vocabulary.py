"""What a metric of supervision is (指标). Those of one case stand in `clock_metrics` and `conduct_metrics`, those of
many cases in `pattern_metrics`; `metrics.METRICS` is all of them, and rules may measure nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from zhengtong.kernel.supervision.rules import Family, Operator, Unit, Whose

ALWAYS: Final = frozenset({"procedures", "items", "departments", "on_spot"})
"""Scope keys every metric understands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One thing that can be measured: its name in both languages, in which units (the first is the usual one).

    `uses` are the keys of a scope it reads beside `ALWAYS`; `whose` by whom or what its cases may be put together;
    `operators` what it may be compared by.
    """

    code: str
    family: Family
    units: tuple[Unit, ...]
    name: str
    name_en: str
    uses: frozenset[str] = frozenset()
    whose: tuple[Whose, ...] = (Whose.CASE,)
    operators: tuple[Operator, ...] = tuple(Operator)

    @property
    def unit(self) -> Unit:
        return self.units[0]

    @property
    def scope_keys(self) -> frozenset[str]:
        return ALWAYS | self.uses


def by_code(metrics: Iterable[Metric]) -> Mapping[str, Metric]:
    """The metrics by their codes; a code stands once."""
    found: dict[str, Metric] = {}
    for metric in metrics:
        assert metric.code not in found, metric.code
        found[metric.code] = metric
    return MappingProxyType(found)
