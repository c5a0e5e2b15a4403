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
    r"(?:[T ]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d+))?)?)?\s*([AaPp]\.?[Mm]\.?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?\s*"
)
SLASHED: Final = re.compile(_SLASHED)
DASHED: Final = re.compile(_SLASHED.replace("[/.]", "-"))
CHINESE: Final = re.compile(
    r"\s*(\d{4})年(\d{1,2})月(\d{1,2})日?\s*(?:(\d{1,2})[:时点](\d{1,2})[:分]?(?:(\d{1,2})(?:\.(\d+))?秒?)?)?\s*"
)
PACKED: Final = re.compile(r"\s*(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2})?)?\s*(Z|[+-]\d{2}:?\d{2})?\s*")
_CLOCK: Final = r"(?:[T, ]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d+))?)?\s*([AaPp][Mm])?)?\s*"
NAMED: Final = re.compile(r"\s*(\d{1,2})[ -]([A-Za-z]{3,9})\.?[ ,-]+(\d{4}|\d{2})" + _CLOCK)
NAMED_FIRST: Final = re.compile(r"\s*([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})" + _CLOCK)
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
CLOCK: Final = re.compile(r"\s*(?:(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?|(\d{3,4}))\s*([AaPp][Mm])?\s*")
HALF_DAY: Final = re.compile(r"(.{8,11}?)\s*(上午|下午|凌晨|中午|晚上)\s*(\d{1,2})(:\d{1,2}(?::\d{1,2})?)\s*")
_THIS_CENTURY: Final = 70
"""Years of two digits below it are of 2000 and after."""
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
        *parts, hour, minute, second, fraction, half, zone = found.groups()
        named = dict(zip(order, parts, strict=True))
        is_short = order != "ymd" and ("/" in text or len("".join(parts)) == 6)
        year = _year(named["y"]) if is_short else named["y"]
        if len(year) != 4 or max(len(named["m"]), len(named["d"])) > 2:
            return None
        local = _local(int(year), int(named["m"]), int(named["d"]), (_hour(hour, half), minute, second, fraction))
        east = _east(zone)
        return None if local is None or east is None else (local, east)

    return read


def _year(digits: str) -> str:
    if len(digits) != 2:
        return digits
    return ("20" if int(digits) < _THIS_CENTURY else "19") + digits


def _hour(hour: str | None, half: str | None) -> str | None:
    if half is None or hour is None:
        return hour
    return str(int(hour) % 12 + (12 if half.lower().startswith("p") else 0))


def _read_named(text: str) -> tuple[int, int] | None:
    """Months by their English names, the day before or after."""
    found = NAMED.fullmatch(text)
    if found is not None:
        day, month, year = found.group(1, 2, 3)
    else:
        found = NAMED_FIRST.fullmatch(text)
        if found is None:
            return None
        month, day, year = found.group(1, 2, 3)
    number = next((n for n, name in enumerate(_MONTHS, 1) if name.startswith(month.lower())), 0)
    if not number:
        return None
    hour, minute, second, fraction, half = found.groups()[3:]
    local = _local(int(_year(year)), number, int(day), (_hour(hour, half), minute, second, fraction))
    return None if local is None else (local, NO_ZONE)


def _read_half_day(text: str) -> tuple[int, int] | None:
    """Chinese spreadsheets: 2024/1/8 下午 2:05."""
    found = HALF_DAY.fullmatch(text)
    if found is None:
        return None
    day, half, hour, rest = found.groups()
    after_noon = half in {"下午", "晚上"} or (half == "中午" and int(hour) < 11)
    plain = f"{day.strip()} {_hour(hour, 'pm' if after_noon else 'am')}{rest}"
    return next((read for reader in (_slashed("ymd"), read_iso, _read_chinese) if (read := reader(plain))), None)


def read_clock(text: str) -> int | None:
    """Microseconds into the day of a time alone.

    >>> read_clock("9:05 PM"), read_clock("0930"), read_clock("25:00")
    (75900000000, 34200000000, None)
    """
    found = CLOCK.fullmatch(text)
    if found is None:
        return None
    hour, minute, second, packed, half = found.groups()
    if packed:
        hour, minute = packed[:-2], packed[-2:]
    hours, minutes, seconds = int(_hour(hour, half) or 0), int(minute), int(second or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000


READERS: Final[dict[str, Reader]] = {
    "iso": read_iso,
    "chinese": _read_chinese,
    "year/month/day": _slashed("ymd"),
    "day/month/year": _slashed("dmy"),
    "month/day/year": _slashed("mdy"),
    "packed": _read_packed,
    "month by name": _read_named,
    "half days": _read_half_day,
}
DAY_FIRST: Final = "day/month/year"
MONTH_FIRST: Final = "month/day/year"


def find_reader(texts: Iterable[str], share: float = 1.0, *, is_month_first: bool = False) -> str | None:
    """The one form that reads these texts (at least such a share of them); a month that could be a day is a day first,
    as in most of the world, unless the texts or the caller say otherwise."""
    some = list(texts)
    if not some:
        return None
    best: tuple[int, str] | None = None
    order = sorted(READERS, key=lambda name: name != MONTH_FIRST) if is_month_first else list(READERS)
    for name in order:
        reader = READERS[name]
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
