"""Instants as people write them: ISO 8601 with or without zone, and the forms of spreadsheets and exports.

An instant without a zone is read in the zone the caller names. What is cut beyond microseconds is lost.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timezone
from typing import Final

MINUTE: Final = 60_000_000
A_DAY: Final = 86_400_000_000
_EPOCH: Final = date(1970, 1, 1).toordinal()

ISO: Final = re.compile(
    r"\s*([+-]?\d{4,6})-(\d{1,2})-(\d{1,2})"
    r"(?:[T ]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d+))?)?)?"
    r"\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?\s*"
)
_SLASHED: Final = (
    r"\s*(\d{1,4})[/.](\d{1,2})[/.](\d{1,4})"
    r"(?:[T ]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d+))?)?)?\s*([AaPp][Mm])?\s*"
)
SLASHED: Final = re.compile(_SLASHED)
DASHED: Final = re.compile(_SLASHED.replace("[/.]", "-"))
CHINESE: Final = re.compile(
    r"\s*(\d{4})年(\d{1,2})月(\d{1,2})日?\s*(?:(\d{1,2})[:时点](\d{1,2})[:分]?(?:(\d{1,2})(?:\.(\d+))?秒?)?)?\s*"
)
PACKED: Final = re.compile(r"\s*(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2})?)?\s*(Z|[+-]\d{2}:?\d{2})?\s*")
NO_ZONE: Final = -10_000
Reader = Callable[[str], tuple[int, int] | None]
"""A text to (microseconds as if the zone were UTC, minutes east or NO_ZONE); None if it is not such an instant."""


def read_iso(text: str) -> tuple[int, int] | None:
    """Local microseconds and zone of an ISO 8601 instant.

    >>> read_iso("2011-10-11T13:45:40.276+02:00")
    (1318340740276000, 120)
    """
    found = ISO.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    local = _local(int(year), int(month), int(day), (hour, minute, second, fraction))
    east = _east(zone)
    return None if local is None or east is None else (local, east)


def _read_packed(text: str) -> tuple[int, int] | None:
    found = PACKED.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    local = _local(int(year), int(month), int(day), (hour, minute, second, None))
    east = _east(zone)
    return None if local is None or east is None else (local, east)


def _read_chinese(text: str) -> tuple[int, int] | None:
    found = CHINESE.fullmatch(text)
    if found is None:
        return None
    year, month, day, *clock = found.groups()
    local = _local(int(year), int(month), int(day), (clock[0], clock[1], clock[2], clock[3]))
    return None if local is None else (local, NO_ZONE)


def _slashed(order: str) -> Reader:
    def read(text: str) -> tuple[int, int] | None:
        found = SLASHED.fullmatch(text) or DASHED.fullmatch(text)
        if found is None:
            return None
        *parts, hour, minute, second, fraction, half = found.groups()
        named = dict(zip(order, parts, strict=True))
        if len(named["y"]) != 4 or max(len(named["m"]), len(named["d"])) > 2:
            return None
        if half is not None and hour is not None:
            hour = str(int(hour) % 12 + (12 if half.lower() == "pm" else 0))
        local = _local(int(named["y"]), int(named["m"]), int(named["d"]), (hour, minute, second, fraction))
        return None if local is None else (local, NO_ZONE)

    return read


READERS: Final[dict[str, Reader]] = {
    "iso": read_iso,
    "chinese": _read_chinese,
    "year/month/day": _slashed("ymd"),
    "day/month/year": _slashed("dmy"),
    "month/day/year": _slashed("mdy"),
    "packed": _read_packed,
}


def find_reader(texts: Iterable[str], share: float = 1.0) -> str | None:
    """The one form that reads these texts (at least such a share of them); a month that could be a day is a day first,
    as in most of the world, unless the texts say otherwise."""
    some = list(texts)
    if not some:
        return None
    best: tuple[int, str] | None = None
    for name, reader in READERS.items():
        count = sum(reader(text) is not None for text in some)
        if count >= share * len(some) and count and (best is None or count > best[0]):
            best = (count, name)
    return best[1] if best else None


def instant(read: tuple[int, int], default_east: int) -> tuple[int, int]:
    """Microseconds since 1970 UTC, and the minutes east of UTC that were taken."""
    local, east = read
    taken = default_east if east == NO_ZONE else east
    return local - taken * MINUTE, taken


def read_exact(text: str) -> tuple[int, int] | None:
    """An XES date: ISO 8601; without a zone it is UTC."""
    read = read_iso(text)
    return None if read is None else instant(read, 0)


def from_datetime(moment: datetime, default_east: int) -> tuple[int, int]:
    """A datetime of a spreadsheet or database."""
    if moment.tzinfo is None:
        clock = ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1_000_000 + moment.microsecond
        return (moment.toordinal() - _EPOCH) * A_DAY + clock - default_east * MINUTE, default_east
    utc = moment.astimezone(timezone.utc)  # noqa: UP017 - as the name says
    offset = moment.utcoffset()
    east = 0 if offset is None else int(offset.total_seconds()) // 60
    clock = ((utc.hour * 60 + utc.minute) * 60 + utc.second) * 1_000_000 + utc.microsecond
    return (utc.toordinal() - _EPOCH) * A_DAY + clock, east


def _local(year: int, month: int, day: int, clock: tuple[str | None, str | None, str | None, str | None]) -> int | None:
    hour, minute, second, fraction = clock
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    if hours > 24 or minutes > 59 or seconds > 59 or (hours == 24 and (minutes or seconds)):
        return None
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    return days * A_DAY + ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros


def _east(zone: str | None) -> int | None:
    if not zone:
        return NO_ZONE
    if zone in {"Z", "z", "UTC", "GMT"}:
        return 0
    digits = zone[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:4] or 0)
    if hours > 18 or minutes > 59:
        return None
    return (hours * 60 + minutes) * (-1 if zone[0] == "-" else 1)
