"""The closed vocabulary of what rules may measure (指标表): limits, conduct, patterns."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from zhengtong.kernel.supervision.clock_metrics import CLOCK
from zhengtong.kernel.supervision.conduct_metrics import CONDUCT
from zhengtong.kernel.supervision.pattern_metrics import PATTERN
from zhengtong.kernel.supervision.vocabulary import Metric

__all__ = ["METRICS", "Metric"]

METRICS: Final[Mapping[str, Metric]] = MappingProxyType({**CLOCK, **CONDUCT, **PATTERN})
assert len(METRICS) == len(CLOCK) + len(CONDUCT) + len(PATTERN), "a code stands in one family"
