"""The shape of tables people made by hand: titles above the header, totals below, a date and its clock in two columns,
and whether a file writes the day or the month first. Whatever is done about it is noted."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from statistics import median
from typing import Any, Final

import numpy as np

from zhengtong.analysis.logs import NO_TIME
from zhengtong.analysis.reading.instants import A_DAY, DAY_FIRST, MINUTE, MONTH_FIRST, READERS, read_clock
from zhengtong.analysis.reading.tables import Column, Kind
from zhengtong.analysis.said import Said

LOOKED_AT: Final = 40
"""Rows among which the header is looked for."""
WIDE_ENOUGH: Final = 0.6
"""A header has so many of the cells that the rows below it have."""
MOST_TOTALS: Final = 5
TOTALS: Final = re.compile(
    r"(?:合\s*计|总\s*计|小\s*计|共计|统计|grand total|sub ?total|totals?|totaal|summe|gesamt)[:：]?.*", re.I
)
_DATE_WORDS: Final = re.compile(
    r"(?:日期|日|时间|时刻|(?:^|(?<=[^a-z]))(?:date|time|day|dt|tm|datum|tijd|zeit|fecha|hora))", re.I
)

Row = tuple[Sequence[str], int]
"""Cells, and the line they begin on."""


def from_header(rows: Iterable[Row]) -> tuple[list[int], Iterator[Row]]:
    """The lines of titles above the header, and the rows from the header on."""
    rest = iter(rows)
    first = list(islice(rest, LOOKED_AT))
    place = _header_place([cells for cells, _line in first])
    return [line for _cells, line in first[:place]], chain(first[place:], rest)


def _header_place(rows: Sequence[Sequence[str]]) -> int:
    filled = [sum(1 for cell in cells if cell and cell.strip()) for cells in rows]
    if len(filled) < 3:
        return 0
    usual = WIDE_ENOUGH * median(filled[1:])
    if filled[0] >= usual or filled[0] * 2 > len(rows[0]) > 1:
        return 0
    return next((n for n, count in enumerate(filled) if count >= max(2, usual)), 0)


def without_totals(rows: Iterable[Row], dropped: list[int]) -> Iterator[Row]:
    """Rows but for totals at the very end, whose lines are dropped."""
    held: list[Row] = []
    for row in rows:
        if len(held) < MOST_TOTALS and _is_total(row[0]):
            held.append(row)
            continue
        yield from held
        held = []
        yield row
    dropped += [line for _cells, line in held]


def _is_total(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell and cell.strip()]
    return bool(filled) and len(filled) * 2 <= max(len(cells), 3) and bool(TOTALS.fullmatch(filled[0].strip()))


def notes_on(titles: Sequence[int], totals: Sequence[int]) -> list[str]:
    notes: list[str] = []
    if titles:
        notes.append(Said("{n} lines above the header are left out", n=len(titles)))
    if totals:
        notes.append(Said("totals at the end are left out: line {lines}", lines=", ".join(map(str, totals))))
    return notes


# ---- days and months ----------------------------------------------------------------------------------


def is_month_first(columns: Iterable[Sequence[str]]) -> tuple[bool, bool]:
    """Whether a file writes the month before the day, by all of its columns together; and whether it proves so."""
    day = month = both = american = False
    for words in columns:
        some = list(words)
        if not some or not any(mark in some[0] for mark in "/-."):
            continue
        as_day = all(READERS[DAY_FIRST](word) for word in some)
        as_month = all(READERS[MONTH_FIRST](word) for word in some)
        if as_day != as_month:
            day, month = day or as_day, month or as_month
        elif as_day:
            both = True
            american = american or ("/" in some[0] and some[0].rstrip()[-2:].lower() in {"am", "pm"})
    if day or month:
        return month and not day, True
    return american, not both


# ---- a date and its clock -----------------------------------------------------------------------------


def join_clocks(columns: Mapping[str, Column]) -> tuple[dict[str, Column], list[str]]:
    """Days with their time of day in a column of its own become instants, under the name of the day's column."""
    days = [name for name, column in columns.items() if _is_of_days(column)]
    made = dict(columns)
    notes: list[str] = []
    for name, column in columns.items():
        clock = _clock(column) if days else None
        day = _day_of(name, days, list(columns)) if clock is not None else ""
        if clock is None or not day:
            continue
        dated = columns[day]
        known = dated.known & (clock >= 0)
        made[day] = Column(
            name=day, kind=Kind.INSTANT, values=np.where(known, dated.values + np.maximum(clock, 0), dated.values),
            zones=dated.zones,
        )  # fmt: skip
        del made[name]
        days.remove(day)
        notes.append(Said("{time} is the time of day of {day}: they are read as one", time=repr(name), day=repr(day)))
    return made, notes


def _is_of_days(column: Column) -> bool:
    if column.kind is not Kind.INSTANT:
        return False
    known = column.values != NO_TIME
    east = 0 if column.zones is None else column.zones.astype(np.int64)
    return bool(known.any()) and bool(np.all((column.values + east * MINUTE)[known] % A_DAY == 0))


def _clock(column: Column) -> Any:
    """Microseconds into the day, -1 where missing; None if these are no times of day."""
    if column.kind is Kind.TEXT:
        words = [str(word) for word in column.words]
        if not words or not (_says_clock(column.name) or ":" in words[0]):
            return None
        read = [read_clock(word) for word in words]
        if any(each is None for each in read):
            return None
        return np.array([*read, -1], dtype=np.int64)[column.values]
    if column.kind is not Kind.INTEGER or not _says_clock(column.name):
        return None
    distinct, inverse = np.unique(column.values, return_inverse=True)
    read = [read_clock(f"{value:04}") if 0 <= value <= 2359 else None for value in distinct.tolist()]
    if any(each is None for each in read):
        return None
    return np.where(column.known, np.array(read, dtype=np.int64)[inverse], -1)


def _says_clock(name: str) -> bool:
    return bool(re.search(r"时间|时刻|(?:^|[^a-z])(?:time|tm|tijd|zeit|uhrzeit|hora|heure)(?:$|[^a-z])", name, re.I))


def _day_of(name: str, days: Sequence[str], order: Sequence[str]) -> str:
    """The column of days this clock belongs to: of the same stem, or the one just before it."""
    stem = _stem(name)
    same = [day for day in days if _stem(day) == stem]
    if same:
        return min(same, key=lambda day: abs(order.index(day) - order.index(name)))
    place = order.index(name)
    return order[place - 1] if place and order[place - 1] in days and len(days) >= 1 and not stem else ""


def _stem(name: str) -> str:
    """
    >>> _stem("Reported Date") == _stem("Reported Time"), _stem("日期") == _stem("时间")
    (True, True)
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()
    return re.sub(r"[^0-9a-z\u3400-\u9fff]+", "", _DATE_WORDS.sub("", spaced.replace("_", " ")))
