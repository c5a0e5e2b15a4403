"""What the process pages are asked: which cases (filters), and what might be done (the what-if)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from urllib.parse import urlencode

from zhengtong.analysis.queries import Selection
from zhengtong.supervision.narrowing import days_before, start_of

LONGEST: Final = 120
LEAST: Final = ("0", "1", "2", "5", "10")
"""Shares of the cases, in per cent, below which an arrow is not drawn."""
USUAL_LEAST: Final = "2"
MOST_ADDED: Final = 5
MOST_DAYS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFilters:
    """The words of the address. `first` and `last` are days of opening, both included; `around` parts before from
    after."""

    dept: str = ""
    item: str = ""
    first: str = ""
    last: str = ""
    around: str = ""
    least: str = USUAL_LEAST

    @property
    def query(self) -> str:
        said = {name: getattr(self, name) for name in ("dept", "item", "first", "last", "around", "least")}
        return urlencode(
            {name: value for name, value in said.items() if value and (name, value) != ("least", USUAL_LEAST)}
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.query)

    @property
    def share(self) -> float:
        return int(self.least) / 100

    def selection(self, regions: tuple[str, ...], *, half: str = "") -> Selection:
        """The cases; with `half` before or after, those opened on this side of `around`."""
        first, last, around = _day(self.first), _day(self.last), _day(self.around)
        since = start_of(first) if first else None
        until = start_of(days_before(last, -1)) if last else None
        if around and half == "before":
            until = min(until or start_of(around), start_of(around))
        if around and half == "after":
            since = max(since or start_of(around), start_of(around))
        return Selection(
            regions=regions, depts=(self.dept,) if self.dept else (), items=(self.item,) if self.item else (),
            opened_from=since, opened_before=until,
        )  # fmt: skip


def filters_of(given: Mapping[str, str]) -> ProcessFilters:
    """From an address; what is no day or no choice is left out."""
    said = {name: clean(given.get(name, "")) for name in ("dept", "item")}
    days = {name: clean(given.get(name, "")) for name in ("first", "last", "around")}
    least = given.get("least", USUAL_LEAST)
    return ProcessFilters(
        **said, **{name: text if _day(text) else "" for name, text in days.items()},
        least=least if least in LEAST else USUAL_LEAST,
    )  # fmt: skip


def clean(text: str) -> str:
    return text.replace("\0", "").strip()[:LONGEST] if text.isprintable() else ""


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return day if day is not None and 1970 < day.year < 9000 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfWords:
    """What the what-if form was filled with, as typed; `is_asked` once anything is to change."""

    limit: int | None = None
    post: str = ""
    more: int = 0
    one: str = ""
    other: str = ""
    spared: int = 0
    seed: int = 1
    wrong: tuple[str, ...] = ()

    @property
    def is_asked(self) -> bool:
        return self.limit is not None or bool(self.post and self.more) or bool(self.one and self.other)


def what_if_words(given: Mapping[str, str]) -> WhatIfWords:
    """From an address; a number that is none, or out of reach, is named in `wrong`."""
    wrong: list[str] = []

    def number(name: str, low: int, high: int) -> int | None:
        text = clean(given.get(name, ""))
        if not text:
            return None
        if not (text.isascii() and text.isdecimal()) or len(text) > 9 or not low <= int(text) <= high:
            wrong.append(name)
            return None
        return int(text)

    limit, more = number("limit", 0, MOST_DAYS), number("more", 1, MOST_ADDED)
    spared, seed = number("spared", 0, 100), number("seed", 0, 999_999_999)
    return WhatIfWords(
        limit=limit, post=clean(given.get("post", "")), more=more or 0, one=clean(given.get("one", "")),
        other=clean(given.get("other", "")), spared=spared or 0, seed=1 if seed is None else seed, wrong=tuple(wrong),
    )  # fmt: skip


def instant_of(microseconds: int) -> datetime:
    """The day of a column's instant, for periods in words."""
    return datetime.fromtimestamp(microseconds / 1_000_000, tz=start_of(date(2000, 1, 1)).tzinfo)
