"""Findings of supervision (监察判断): what is wrong, on which events it rests, and the sum. Derived, never a fact."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from zhengtong.kernel.supervision.rules import Level, Quantity, Whose


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Subject:
    """Whom or what a finding concerns; `ref` is a case number or a code."""

    kind: Whose
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Evidence:
    """One event a finding rests on; `why` is a code of what it shows (`start`, `late`, `first`, `second` …)."""

    case: str
    seq: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the arithmetic: `sign` is + − or =; `what` a code the page puts into words with `params`."""

    sign: str
    amount: Quantity
    what: str
    params: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one rule says of one subject on one occasion.

    `occasion` tells it from others of the same rule and subject: the run of a clock (`decision:12`), the act (`act:15`)
    or the period (`2026-03`). `since` is the first instant at which it could be seen, `until` the end of what a pattern
    measured, `cleared_at` when what was wrong had ended (None: it stands). Instants are in UTC+8.
    """

    rule: str
    version: str
    metric: str
    level: Level
    subject: Subject
    occasion: str
    since: datetime
    until: datetime | None = None
    cleared_at: datetime | None = None
    measured: Quantity
    threshold: Quantity
    evidence: tuple[Evidence, ...]
    arithmetic: tuple[Step, ...]
    params: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def key(self) -> str:
        """The same for the same wrong, whatever edition of the rule found it: by it no card is issued twice."""
        return f"{self.rule}|{self.subject.kind}:{self.subject.ref}|{self.occasion}"
