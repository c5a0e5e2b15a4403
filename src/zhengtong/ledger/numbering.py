"""Numbers (编号) of cases, documents and results: drawn before an act is decided, in a short transaction of their own.

A number is never used twice. One that was drawn and not used, because the act was refused, is a gap `verify` lists.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Final

from django.db import connection

from zhengtong.ledger.writing import read_instant, transaction

Form = Callable[[int], str]
CASE: Final = "case"
CASES_A_DAY: Final = 99_999
_DRAWN: Final = ("number", "kind", "organ", "period", "serial", "drawn_at")


class SeriesExhausted(RuntimeError):
    """A series has no number left."""


def draw(kind: str, organ: str, period: int, n: int, *, form: Form, now: datetime) -> tuple[str, ...]:
    """The next n numbers of the series (kind, organ, period), written by `form` from their serial.

    Raises:
        NestedRecord: inside an atomic block.
    """
    if n < 1:
        return ()
    with transaction() as pen:
        ((following,),) = pen.rows(
            'INSERT INTO ledger_series (kind, organ, period, "next") VALUES (%s, %s, %s, %s) '
            'ON CONFLICT (kind, organ, period) DO UPDATE SET "next" = ledger_series."next" + %s RETURNING "next"',
            [kind, organ, period, n + 1, n],
        )
        first = int(str(following)) - n
        drawn = [(form(serial), kind, organ, period, serial, now) for serial in range(first, first + n)]
        pen.insert("ledger_drawn", _DRAWN, drawn)
    return tuple(row[0] for row in drawn)


def draw_case_numbers(area: str, unit: str, on: date, n: int, *, now: datetime) -> tuple[str, ...]:
    """n case numbers of a receiving organ on a day: area 6, unit 3, yyMMdd, serial 5, check digit.

    Raises:
        ValueError: area or unit are not digits of that length.
        SeriesExhausted: more than 99,999 cases at one organ on one day.
    """
    if not (len(area) == 6 and len(unit) == 3 and (area + unit).isdecimal()):
        raise ValueError(f"an area of 6 digits and a unit of 3, not {area!r} and {unit!r}")
    return draw(
        CASE,
        area + unit,
        int(on.strftime("%y%m%d")),
        n,
        form=lambda serial: case_number(area, unit, on, serial),
        now=now,
    )


def case_number(area: str, unit: str, on: date, serial: int) -> str:
    """
    >>> case_number("510199", "007", date(2026, 3, 2), 1)
    '510199007260302000012'
    """
    if serial > CASES_A_DAY:
        raise SeriesExhausted(f"{area}{unit} on {on}")
    digits = f"{area}{unit}{on:%y%m%d}{serial:05d}"
    return digits + check_digit(digits)


def check_digit(digits: str) -> str:
    """The check digit of GB/T 17710 (ISO 7064 MOD 11,10): finds any wrong digit and nearly every swap.

    >>> check_digit("0794")
    '5'
    """
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def is_case_number(text: str) -> bool:
    """Whether the check digit is right, so that a mistyped number is told from an unknown one.

    >>> is_case_number("510199007260302000012"), is_case_number("510199007260302000013")
    (True, False)
    """
    return len(text) == 21 and text.isascii() and text.isdecimal() and check_digit(text[:-1]) == text[-1]


def draw_document_numbers(kind: str, organ: str, short: str, year: int, n: int, *, now: datetime) -> tuple[str, ...]:
    """n numbers of one kind of document of an organ, as in 清卫受〔2026〕12号; `short` is organ and kind in brief."""
    return draw(kind, organ, year, n, form=lambda serial: f"{short}〔{year}〕{serial}号", now=now)


def iter_gaps(
    is_used: Callable[[str], bool], *, since: datetime | None = None, before: datetime | None = None
) -> Iterator[tuple[str, datetime]]:
    """Numbers that were drawn and stand in no event, with the instant of drawing, in that order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, drawn_at FROM ledger_drawn ORDER BY drawn_at, kind, organ, period, serial")
        rows = [(str(number), read_instant(drawn_at)) for number, drawn_at in cursor.fetchall()]
    for number, drawn_at in rows:
        is_within = (since is None or drawn_at >= since) and (before is None or drawn_at < before)
        if is_within and not is_used(number):
            yield number, drawn_at
