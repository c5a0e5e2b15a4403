"""Metrics of many cases (面上指标)."""

from collections.abc import Mapping
from typing import Final

from zhengtong.kernel.supervision.vocabulary import Metric, by_code

PATTERN: Final[Mapping[str, Metric]] = by_code(())
