"""Working days against a library, a bare list and numpy."""

import random
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from statistics import median
from typing import Final

import numpy as np

from zhengtong.kernel.calendars import Calendar
from zhengtong.law import bulk_days
from zhengtong.law.calendar_files import load_calendar
from zhengtong.site.bench.harness import Bench, Line, Result, Size, Skipped, result

FIRST, LAST = date(2024, 1, 1), date(2026, 6, 30)
MOST_DAYS: Final = 60
TIMES_THE_LIBRARY, OF_A_LIST, TIMES_NUMPY = 100.0, 0.5, 20.0


def days(bench: Bench) -> Iterator[Line]:
    calendar = load_calendar()
    yield from _scalar(calendar, bench.size)
    yield _bulk(calendar, bench.size)


def _scalar(calendar: Calendar, size: Size) -> Iterator[Line]:
    asked = _asked(size.days)
    working = [day for day in _all_days(calendar) if calendar.is_working(day)]

    def ours() -> list[date]:
        return [calendar.add(day, n) for day, n in asked]

    def listed() -> list[date]:
        return [working[bisect_right(working, day) + n - 1] for day, n in asked]

    yield _against("add a working day", ours, listed, size, against="look-up in a bare sorted list", aim=OF_A_LIST)
    try:
        import holidays
    except ImportError:
        yield Skipped(name="add a working day, against holidays", why="the package holidays is not installed")
        return
    china = holidays.country_holidays("CN", years=range(FIRST.year - 1, LAST.year + 2))
    few = asked[: max(size.days // 20, 50)]

    def by_library() -> list[date]:
        return [china.get_nth_working_day(day, n) for day, n in few]

    def ours_of_few() -> list[date]:
        return [calendar.add(day, n) for day, n in few]

    yield _against(
        "add a working day, against holidays", ours_of_few, by_library, size, against="holidays (CN)",
        aim=TIMES_THE_LIBRARY,
    )  # fmt: skip


def _against(
    name: str, ours: Callable[[], list[date]], theirs: Callable[[], list[date]], size: Size, *, against: str, aim: float
) -> Result:
    ours_took, theirs_took, agreed, n = [], [], 0, 0
    for _ in range(size.rounds):
        began = time.process_time()
        mine = ours()
        between = time.process_time()
        other = theirs()
        ended = time.process_time()
        ours_took.append(between - began)
        theirs_took.append(ended - between)
        n, agreed = len(mine), sum(a == b for a, b in zip(mine, other, strict=True))
    ratio = median(other / mine for mine, other in zip(ours_took, theirs_took, strict=True))
    return result(
        name, ratio, unit="ratio", against=against, n=n, aim=aim, ours_ns=median(ours_took) / n * 1e9,
        theirs_ns=median(theirs_took) / n * 1e9, equal=agreed / n,
    )  # fmt: skip


def _bulk(calendar: Calendar, size: Size) -> Result:
    """numpy knows no make-up days, so its calendar is told every day off, Saturdays and Sundays among them."""
    draw = np.random.default_rng(1)
    span = (LAST - FIRST).days
    starts = np.datetime64(FIRST, "D") + draw.integers(0, span, size.column).astype("timedelta64[D]")
    n = draw.integers(1, MOST_DAYS, size.column)
    off = [day for day in _all_days(calendar) if not calendar.is_working(day)]
    numpy_calendar = np.busdaycalendar(weekmask="1111111", holidays=np.array(off, dtype="datetime64[D]"))
    ours_took, theirs_took, equal = [], [], 0.0
    for _ in range(size.rounds):
        began = time.process_time()
        mine = bulk_days.add_days(calendar, starts, n)
        between = time.process_time()
        other = np.busday_offset(starts, n, roll="backward", busdaycal=numpy_calendar)
        ended = time.process_time()
        ours_took.append(between - began)
        theirs_took.append(ended - between)
        equal = float(np.mean(mine == other))
    ratio = median(other / mine for mine, other in zip(ours_took, theirs_took, strict=True))
    return result(
        "add working days to a column", ratio, unit="ratio", against="numpy.busday_offset", n=size.column,
        aim=TIMES_NUMPY,
        ours_ns=median(ours_took) / size.column * 1e9, theirs_ns=median(theirs_took) / size.column * 1e9, equal=equal,
    )  # fmt: skip


def _asked(n: int) -> list[tuple[date, int]]:
    draw = random.Random(1)  # noqa: S311 - inputs to be repeated, not secrets
    span = (LAST - FIRST).days
    return [(FIRST + timedelta(days=draw.randrange(span)), draw.randrange(1, MOST_DAYS)) for _ in range(n)]


def _all_days(calendar: Calendar) -> list[date]:
    return [calendar.first + timedelta(days=n) for n in range((calendar.last - calendar.first).days + 1)]
