"""Reads calendar files: one TOML per year and edition, from the package and from an installation's own folder.

The newest edition of each year is taken. A published file never changes: a correction, or the notice for a
provisional year, is the next edition (``2027-02.toml``), shipped or laid into ``<overlay>/calendars/<jurisdiction>/``.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from zhengtong.kernel.calendars import Calendar, CalendarFault, Hours, Season, YearTable, calendar_from
from zhengtong.law.overlay import local, when_forgotten

_FILE: Final = re.compile(r"([0-9]{4})-([0-9]{2})\.toml")
_SHAPE: Final = {
    "calendar": {"jurisdiction", "year", "edition", "provisional"},
    "source": {"title", "confirmed"},
    "days": {"off", "work"},
    "hours": {"source", "confirmed", "default"},
}
_OPTIONAL: Final = {"source": {"issued_on"}, "hours": {"seasons"}}


class CalendarFileFault(CalendarFault):
    """A calendar file that cannot be read; the sentence names the file."""


def load_calendar(jurisdiction: str = "CN", *, overlay: Path | None = None) -> Calendar:
    """The calendar of a jurisdiction: for every year the newest edition, the overlay's included.

    ``overlay`` is an installation's law folder (None: the one laid over the package's, if any). The value is kept;
    ``forget_calendars`` after adding a file, ``overlay.look`` where another process may have added one.

    Raises:
        CalendarFileFault: a file of the wrong shape, or an overlay file that replaces a published edition.
        CalendarFault: tables that contradict themselves.

    >>> cn = load_calendar("CN")
    >>> cn.edition, cn.first.isoformat(), cn.last.isoformat()
    ('CN-2026-1', '2020-01-01', '2036-12-31')
    """
    return _load(jurisdiction, overlay or local())


def forget_calendars() -> None:
    """Read the files anew at the next ``load_calendar``."""
    _load.cache_clear()


when_forgotten(forget_calendars)


def calendar_digest(calendar: Calendar) -> str:
    """SHA-256 over what the calendar says (days, hours, sources), not over how its files are written.

    >>> calendar_digest(load_calendar()) == calendar_digest(load_calendar("CN"))
    True
    """
    facts = {
        "jurisdiction": calendar.jurisdiction,
        "edition": calendar.edition,
        "years": [_facts(table) for table in calendar.years],
    }
    return sha256(json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _facts(table: YearTable) -> dict[str, object]:
    return {
        "year": table.year,
        "edition": table.edition,
        "provisional": table.provisional,
        "source": table.source,
        "confirmed": table.confirmed,
        "off": [[str(first), str(last), name] for first, last, name in table.off],
        "work": [[str(day), name] for day, name in table.work],
        "hours": table.hours.spans,
        "seasons": [[str(season.first), str(season.last), season.hours.spans] for season in table.seasons],
    }


def day_marks(calendar: Calendar) -> dict[str, str]:
    """Year by year which days are working days (one bit for each, the first of January lowest) and a digest of the
    business hours: enough to tell later which days another edition reads otherwise."""
    return {str(table.year): f"{_bits(calendar, table.year):x}:{_digest_of_hours(table)}" for table in calendar.years}


def _bits(calendar: Calendar, year: int) -> int:
    first = date(year, 1, 1).toordinal()
    days = range(date(year + 1, 1, 1).toordinal() - first)
    return sum(1 << n for n in days if calendar.is_working(date.fromordinal(first + n)))


def _digest_of_hours(table: YearTable) -> str:
    facts = _facts(table)
    return sha256(json.dumps([facts["hours"], facts["seasons"]]).encode()).hexdigest()[:8]


def changed_days(was: Mapping[str, str], now: Mapping[str, str]) -> tuple[date, date] | None:
    """The first and the last day that two editions, given by their marks, read otherwise; a year that only one of them
    covers, or with other business hours, as a whole. None: every day is what it was.

    >>> changed_days({"2026": "5:a"}, {"2026": "3:a"})
    (datetime.date(2026, 1, 2), datetime.date(2026, 1, 3))
    """
    found: list[date] = []
    for year in sorted(was.keys() | now.keys()):
        before, after = (marks.get(year, ":").partition(":") for marks in (was, now))
        if before[2] != after[2]:
            found += [date(int(year), 1, 1), date(int(year), 12, 31)]
        elif other := int(before[0] or "0", 16) ^ int(after[0] or "0", 16):
            begin = date(int(year), 1, 1).toordinal()
            lowest = (other & -other).bit_length() - 1
            found += [date.fromordinal(begin + lowest), date.fromordinal(begin + other.bit_length() - 1)]
    return (found[0], found[-1]) if found else None


@lru_cache(maxsize=16)
def _load(jurisdiction: str, overlay: Path | None) -> Calendar:
    if re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,6})?", jurisdiction) is None:
        raise CalendarFileFault(f"not a jurisdiction: {jurisdiction!r}")
    shipped = files("zhengtong.law") / "calendars" / jurisdiction
    newest: dict[int, tuple[str, YearTable]] = {}
    seen: set[str] = set()
    for folder in (shipped, *((overlay / "calendars" / jurisdiction,) if overlay else ())):
        for name, text in _files_in(folder):
            if name in seen:
                raise CalendarFileFault(f"{name}: a published edition is not replaced; write the next edition")
            seen.add(name)
            table = read_year(text, name=name, jurisdiction=jurisdiction)
            if table.year not in newest or newest[table.year][0] < name:
                newest[table.year] = (name, table)
    tables = [table for _, table in newest.values()]
    return calendar_from(tables, jurisdiction=jurisdiction, english=_english(shipped))


def _files_in(folder: Traversable) -> Iterator[tuple[str, str]]:
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if _FILE.fullmatch(entry.name):
            yield entry.name, entry.read_text(encoding="utf-8")


def _english(folder: Traversable) -> tuple[tuple[str, str], ...]:
    words = folder / "names.en.toml"
    return tuple(tomllib.loads(words.read_text(encoding="utf-8"))["names"].items()) if words.is_file() else ()


def read_year(text: str, *, name: str, jurisdiction: str) -> YearTable:
    """One calendar file as a year table.

    Raises:
        CalendarFileFault: unknown or missing keys, a bad date or hour, a name that disagrees with the file.
    """
    try:
        table = _year_table(tomllib.loads(text), jurisdiction)
    except (tomllib.TOMLDecodeError, CalendarFault, KeyError, TypeError, ValueError) as fault:
        raise CalendarFileFault(f"{name}: {fault}") from fault
    number = table.edition.removeprefix(f"{jurisdiction}-{table.year}-")
    if not number.isdigit() or name != f"{table.year}-{int(number):02}.toml":
        raise CalendarFileFault(f"{name}: edition {table.edition} of {table.year} belongs in another file")
    return table


def _year_table(tables: Mapping[str, Any], jurisdiction: str) -> YearTable:
    _check_shape(tables)
    head, source, days, hours = (tables[part] for part in _SHAPE)
    if head["jurisdiction"] != jurisdiction:
        raise CalendarFault(f"jurisdiction {head['jurisdiction']!r} in the folder of {jurisdiction}")
    for word, value, kind in (
        ("year", head["year"], int),
        ("provisional", head["provisional"], bool),
        ("confirmed", source["confirmed"], bool),
    ):
        if type(value) is not kind:
            raise CalendarFault(f"{word} must be {kind.__name__}, not {value!r}")
    return YearTable(
        year=head["year"],
        edition=head["edition"],
        provisional=head["provisional"],
        source=source["title"],
        confirmed=source["confirmed"],
        off=tuple((date.fromisoformat(first), date.fromisoformat(last), name) for first, last, name in days["off"]),
        work=tuple((date.fromisoformat(day), name) for day, name in days["work"]),
        hours=_hours(hours["default"]),
        seasons=tuple(
            Season(first=date.fromisoformat(first), last=date.fromisoformat(last), hours=_hours(spans))
            for first, last, spans in hours.get("seasons", [])
        ),
    )


def _check_shape(tables: Mapping[str, Any]) -> None:
    if set(tables) != set(_SHAPE):
        raise CalendarFault(f"the tables must be {', '.join(_SHAPE)}")
    for part, wanted in _SHAPE.items():
        keys = set(tables[part])
        if wanted - keys or keys - wanted - _OPTIONAL.get(part, set()):
            raise CalendarFault(f"[{part}] must have {', '.join(sorted(wanted))} and nothing unknown")


def _hours(spans: list[list[str]]) -> Hours:
    return Hours(spans=tuple((_minute(begin), _minute(end)) for begin, end in spans))


def _minute(text: str) -> int:
    at = time.fromisoformat(text)
    return at.hour * 60 + at.minute
