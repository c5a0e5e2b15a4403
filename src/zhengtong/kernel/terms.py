"""Terms (期限): a number with its unit, so that twenty working days are never mistaken for twenty days.

Units: wd 工作日, cd 自然日, h 小时, wh 工作小时, month 月, year 年; ``0 wd`` is 当场 (on the spot).
Half-days and minutes are no units. The law's zone is fixed UTC+8 (北京时间).
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from typing import Final, Self

LAW_ZONE: Final = timezone(timedelta(hours=8))

_DAY: Final = timedelta(days=1)
_MIDNIGHT: Final = time(tzinfo=LAW_ZONE)
_SHAPE: Final = re.compile(r"(0|[1-9][0-9]{0,3}) (wd|cd|h|wh|month|year)")


class Unit(StrEnum):
    """In what a term is counted."""

    WD = "wd"
    CD = "cd"
    H = "h"
    WH = "wh"
    MONTH = "month"
    YEAR = "year"


class TermFault(ValueError):
    """A term that cannot be read, or two terms that cannot be compared."""


@dataclass(frozen=True, slots=True)
class Term:
    """A length of time as the law writes it.

    Two terms compare when their units do: a unit with itself, and months with years (twelve to one).
    Working days and calendar days do not: which is longer depends on the calendar.

    Raises:
        TermFault: a negative number; text of another shape; terms that cannot be compared.

    >>> Term.parse("20 wd") > Term.parse("5 wd"), str(Term(60, Unit.CD))
    (True, '60 cd')
    >>> Term.parse("1 year") >= Term.parse("12 month")
    True
    >>> Term.parse("30 wd") < Term.parse("30 cd")
    Traceback (most recent call last):
    zhengtong.kernel.terms.TermFault: 30 wd and 30 cd cannot be compared
    """

    n: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.n < 0:
            raise TermFault(f"a term cannot be negative: {self.n} {self.unit}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``20 wd``: a number without leading zeros, one space, a unit.

        Raises:
            TermFault: text of another shape, or a number of more than four digits.

        >>> Term.parse("0 wd")
        Term(n=0, unit=<Unit.WD: 'wd'>)
        >>> Term.parse("0.5 wd")
        Traceback (most recent call last):
        zhengtong.kernel.terms.TermFault: not a term: '0.5 wd' (write a whole number, a space and one of wd, cd, h, wh, month, year)
        """  # noqa: E501 - the message is one line
        return cls(*_read(text))

    def __str__(self) -> str:
        return f"{self.n} {self.unit}"

    def is_comparable(self, other: "Term") -> bool:
        """Whether one of the two can be said to be the longer.

        >>> Term(1, Unit.YEAR).is_comparable(Term(6, Unit.MONTH)), Term(1, Unit.H).is_comparable(Term(1, Unit.WH))
        (True, False)
        """
        return self._measure()[0] is other._measure()[0]

    def __lt__(self, other: "Term") -> bool:
        return self._against(other) < 0

    def __le__(self, other: "Term") -> bool:
        return self._against(other) <= 0

    def __gt__(self, other: "Term") -> bool:
        return self._against(other) > 0

    def __ge__(self, other: "Term") -> bool:
        return self._against(other) >= 0

    def _measure(self) -> tuple[Unit, int]:
        return (Unit.MONTH, self.n * 12) if self.unit is Unit.YEAR else (self.unit, self.n)

    def _against(self, other: "Term") -> int:
        if not self.is_comparable(other):
            raise TermFault(f"{self} and {other} cannot be compared")
        return self._measure()[1] - other._measure()[1]


@lru_cache(maxsize=1024)
def _read(text: str) -> tuple[int, Unit]:
    """The parts of a term. Kept: a few dozen terms are written into every clock of every case."""
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        units = ", ".join(Unit)
        raise TermFault(f"not a term: {text!r} (write a whole number, a space and one of {units})")
    return int(shape[1]), Unit(shape[2])


def law_day(at: datetime) -> date:
    """The calendar day of an aware instant in the law's zone.

    Units: a calendar day in UTC+8.

    Raises:
        TermFault: an instant without a zone.

    >>> law_day(datetime.fromisoformat("2026-03-01T16:30:00+00:00"))
    datetime.date(2026, 3, 2)
    """
    if at.tzinfo is None:
        raise TermFault(f"an instant without a zone has no day in law: {at.isoformat()}")
    return at.astimezone(LAW_ZONE).date()


def lapse_at(due_day: date) -> datetime:
    """The first late instant of a limit that ends with this day: 00:00 of the next.

    Units: an instant in UTC+8; the due day itself is still in time until 24:00.
    Source: 民法典 203(2)

    >>> lapse_at(date(2026, 3, 30)).isoformat()
    '2026-03-31T00:00:00+08:00'
    """
    return datetime.combine(due_day, _MIDNIGHT) + _DAY
