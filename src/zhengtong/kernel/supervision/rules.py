"""Rules of supervision (监察规则) and their closed vocabularies. A rule says what is measured, against what, and what
follows; which cases it speaks of is its scope. How a metric is measured is code, everything else is data.

Source: DOMAIN 4.2-4.3; PROCEDURES 3
"""

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Final

from zhengtong.kernel.terms import Term


class Family(StrEnum):
    """What a rule looks at: a limit of one case, the history of one case, or many cases."""

    CLOCK = "clock"
    CONDUCT = "conduct"
    PATTERN = "pattern"


class Level(StrEnum):
    """提示、黄牌、红牌, in rising order (see `rank_of`)."""

    PROMPT = "prompt"
    YELLOW = "yellow"
    RED = "red"


RANKS: Final = (Level.PROMPT, Level.YELLOW, Level.RED)


def rank_of(level: Level) -> int:
    """0 prompt, 1 yellow, 2 red."""
    return RANKS.index(level)


class Stream(StrEnum):
    """Which business is watched (办件、投诉热线、信息公开、督办与监察、窗口、收费)."""

    CASES = "cases"
    COMPLAINTS = "complaints"
    DISCLOSURE = "disclosure"
    INTERNAL = "internal"
    WINDOWS = "windows"
    FEES = "fees"


class Follow(StrEnum):
    """What a finding leads to: it is shown and told, a card is proposed to a supervisor, a card is issued at once."""

    SHOW = "show"
    PROPOSE = "propose"
    ISSUE = "issue"


class Operator(StrEnum):
    AT_MOST = "<="
    BELOW = "<"
    AT_LEAST = ">="
    ABOVE = ">"
    EQUAL = "="


class Unit(StrEnum):
    """Units of a measured quantity. Days are of the limit's own kind unless the metric says working days."""

    WORKING_DAYS = "wd"
    CALENDAR_DAYS = "cd"
    HOURS = "h"
    WORKING_HOURS = "wh"
    MINUTES = "min"
    TIMES = "times"
    CASES = "cases"
    PEOPLE = "people"
    PERCENT = "%"


class Receiver(StrEnum):
    """Who is told of a finding, and served its card: offices of the case, never a name."""

    WINDOW = "window"
    UNDERTAKER = "undertaker"
    REVIEWER = "reviewer"
    APPROVER = "approver"
    HEAD = "head"
    SUPERVISOR = "supervisor"


class Clears(StrEnum):
    """What ends a finding: the clock stops (met, left), the thing is mended by a later act, or nothing ever."""

    STOPPED = "stopped"
    MENDED = "mended"
    NEVER = "never"


class Period(StrEnum):
    """Over which stretch a pattern is measured."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Whose(StrEnum):
    """What a finding is about; for a pattern, by what its cases are put together."""

    CASE = "case"
    WINDOW = "window"
    POST = "post"
    UNIT = "unit"
    DEPARTMENT = "department"
    ITEM = "item"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Quantity:
    """A measured or permitted amount. Ratios are in percent, exactly."""

    value: Fraction
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> "Quantity":
        """From `"3 wd"`, `"12.5 %"`, `"8 cases"`.

        Raises:
            ValueError: it is not a number and a unit of the vocabulary.
        """
        number, _, unit = text.strip().partition(" ")
        return cls(value=Fraction(number), unit=Unit(unit.strip()))

    @classmethod
    def of(cls, value: int | Fraction, unit: Unit) -> "Quantity":
        return cls(value=Fraction(value), unit=unit)

    def __str__(self) -> str:
        if self.value.denominator == 1:
            return f"{self.value.numerator} {self.unit}"
        return f"{float(self.value):g} {self.unit}"


def compare(measured: Fraction, operator: Operator, threshold: Fraction) -> bool:
    """Whether the measured amount breaks the rule."""
    match operator:
        case Operator.AT_MOST:
            return measured <= threshold
        case Operator.BELOW:
            return measured < threshold
        case Operator.AT_LEAST:
            return measured >= threshold
        case Operator.ABOVE:
            return measured > threshold
        case Operator.EQUAL:
            return measured == threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which cases a rule speaks of; an empty list means all. `on_spot` None: both kinds.

    `clocks` names clocks (`decision`, `main`, `step:*`, `branch:opinion`, …), `acts` acts, both of the procedures
    named; one with `!` before it is left out. `outcomes` may say `negative`. `documents` are kinds of papers,
    `receipts` how the receipts of the centre begin, `data` what a correction may touch (`mark:decided`, `fact:*`).
    """

    procedures: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    clocks: frozenset[str] = frozenset()
    acts: frozenset[str] = frozenset()
    outcomes: frozenset[str] = frozenset()
    on_spot: bool | None = None
    documents: frozenset[str] = frozenset()
    receipts: frozenset[str] = frozenset()
    data: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a rulebook edition.

    `least` is the smallest number of cases a pattern is judged by; `repeat` how often a finding nobody answered is told
    again; `points` what one card of it takes from the department's hundred (None: by its level).
    """

    code: str
    version: str
    name: str
    family: Family
    stream: Stream
    scope: Scope = field(default_factory=Scope)
    metric: str
    operator: Operator
    threshold: Quantity
    level: Level
    follow: Follow
    receivers: tuple[Receiver, ...]
    repeat: Term | None = None
    clears: Clears
    whose: Whose = Whose.CASE
    period: Period | None = None
    least: int = 0
    points: int | None = None
    source: str
    confirmed: bool = True
