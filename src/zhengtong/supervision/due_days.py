"""Due days of all open main clocks at once (批量重算): arithmetic on columns, with the calendar's prefix sums.

A clock that runs without a pause is one whole number: start day, limit and promise. Among a million open cases there
are some thousands of such numbers, found by walking one index from each to the next; each is reckoned once. Days are
numbers since 1970, never text: text-keyed days would lose the index. Clocks with pauses, extensions or limits in hours
are left to the kernel, case by case.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypeAlias

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.states import ClockRun
from zhengtong.kernel.terms import Term, Unit, law_day
from zhengtong.law.bulk_days import add_days, roll_days
from zhengtong.ledger.writing import read_instant
from zhengtong.supervision.models import Watched

Days: TypeAlias = NDArray[np.datetime64]
Numbers: TypeAlias = NDArray[np.int64]

DAY_BITS: Final = 20
TERM_BITS: Final = 14  # two for the unit, twelve for how many
MOST_DAYS: Final = 1 << 12
UNITS: Final = (None, Unit.WD, Unit.CD)
_EPOCH: Final = date(1970, 1, 1).toordinal()
_MOMENT: Final = timedelta(microseconds=1)
_NO_DAY: Final = np.datetime64("NaT", "D")
AT_ONCE: Final = 50_000


def pack(run: ClockRun) -> int | None:
    """A clock as one number: start day, limit, promise; None where it cannot be reckoned from these alone.

    >>> pack_of(date(2026, 3, 2), Term(20, Unit.WD), None)
    4315959330
    """
    if run.holds or run.extensions or run.until is not None or run.stopped_at is not None:
        return None
    return pack_of(law_day(run.from_at), run.legal, run.promised)


def pack_of(day: date, legal: Term | None, promised: Term | None) -> int | None:
    """The number of a start day, a limit and a promise; None for units other than days."""
    terms = [_term(term) for term in (legal, promised)]
    if None in terms or not (0 < (number := day.toordinal() - _EPOCH) < 1 << DAY_BITS):
        return None
    first, second = terms
    assert first is not None and second is not None
    return (second << TERM_BITS | first) << DAY_BITS | number


def _term(term: Term | None) -> int | None:
    if term is None:
        return 0
    if term.unit not in UNITS or not 0 <= term.n < MOST_DAYS:
        return None
    return UNITS.index(term.unit) << 12 | term.n


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDays:
    """The last days in time of clocks, by limit and by promise; NaT where a clock has none."""

    clocks: Numbers
    due: Days
    promised: Days


def reckon(clocks: Numbers, calendar: Calendar) -> DueDays:
    """The due days of clocks given as numbers, each at once.

    Units: days; limits in calendar days end on a working day (民法典 203).

    Raises:
        CalendarRange: a limit runs off the calendar.
    """
    days = (clocks & ((1 << DAY_BITS) - 1)).view("datetime64[D]")
    terms = clocks >> DAY_BITS
    first, second = terms & ((1 << TERM_BITS) - 1), terms >> TERM_BITS
    return DueDays(clocks=clocks, due=_ends(days, first, calendar), promised=_ends(days, second, calendar))


def _ends(days: Days, terms: Numbers, calendar: Calendar) -> Days:
    units, counts = terms >> 12, terms & (MOST_DAYS - 1)
    found = np.full(len(days), _NO_DAY)
    for unit, name in enumerate(UNITS):
        mask = units == unit
        if name is None or not mask.any():
            continue
        if name is Unit.WD:  # 0 wd is the day itself, rolled
            found[mask] = add_days(calendar, days[mask], counts[mask])
            at_once = mask & (counts == 0)
            found[at_once] = roll_days(calendar, days[at_once])
        else:
            found[mask] = roll_days(calendar, days[mask] + counts[mask].astype("timedelta64[D]"))
    return found


def due_days_of_open(calendar: Calendar) -> DueDays:
    """The due days of every different open clock there is; `find_cases` says which cases have it."""
    return reckon(np.fromiter(_different_clocks(), dtype=np.int64), calendar)


def find_moved(calendar: Calendar) -> Numbers:
    """The clocks whose due day or promise reads otherwise by this calendar than the rows of their cases say, those that
    now lapse first before the others."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock, due_at, promised_at FROM supervision_watched WHERE clock IS NOT NULL AND closed_at IS NULL "
            "GROUP BY clock, due_at, promised_at"
        )
        said = cursor.fetchall()
    clocks = np.unique(np.array([row[0] for row in said], dtype=np.int64))
    now = reckon(clocks, calendar)
    ends = zip(clocks.tolist(), now.due.tolist(), now.promised.tolist(), strict=True)
    reckoned = {clock: (due, promised) for clock, due, promised in ends}
    moved = {
        clock for clock, due_at, promised_at in said if (_last_day(due_at), _last_day(promised_at)) != reckoned[clock]
    }
    return np.array(sorted(moved, key=lambda clock: _first_end(reckoned[clock])), dtype=np.int64)


def _last_day(lapses_at: object) -> date | None:
    return None if lapses_at is None else law_day(read_instant(lapses_at) - _MOMENT)


def _first_end(ends: tuple[date | None, date | None]) -> date:
    return min((end for end in ends if end is not None), default=date.max)


def find_cases(clocks: Numbers) -> Iterator[tuple[int, int]]:
    """(case, clock) of every open case with one of these clocks, from the index."""
    for start in range(0, len(clocks), 500):
        some = [int(clock) for clock in clocks[start : start + 500]]
        rows = Watched.objects.filter(clock__in=some).values_list("case_id", "clock")
        yield from ((case_id, clock or 0) for case_id, clock in rows.iterator(chunk_size=AT_ONCE))


def due_days_of_cases(calendar: Calendar) -> DueDays:
    """The due days of every open case whose clock runs without a pause, one for each case, in order of clock and then
    of case: as `due_days_by_case` names them."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED)
        rows = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 2)
    return _spread(rows[:, 0], rows[:, 1], calendar)


def due_days_by_case(calendar: Calendar) -> tuple[Numbers, DueDays]:
    """The ids of all open cases whose clock runs without a pause, and the due days of each, in the same order. The
    database hands over the ids of a clock as one text: a row for each would cost more than all the rest."""
    with connection.cursor() as cursor:
        cursor.execute(_LISTED[connection.vendor])
        rows = cursor.fetchall()
    columns = np.array([row[:2] for row in rows], dtype=np.int64).reshape(-1, 2)
    ids = np.fromstring(",".join(row[2] for row in rows), dtype=np.int64, sep=",")
    return ids, _spread(columns[:, 0], columns[:, 1], calendar)


def _spread(clocks: Numbers, counts: Numbers, calendar: Calendar) -> DueDays:
    each = reckon(np.ascontiguousarray(clocks), calendar)
    return DueDays(clocks=clocks.repeat(counts), due=each.due.repeat(counts), promised=each.promised.repeat(counts))


_COUNTED: Final = (
    "SELECT clock, count(*) FROM supervision_watched WHERE clock IS NOT NULL GROUP BY clock ORDER BY clock"
)
_LISTED: Final = {
    "sqlite": (
        "SELECT clock, count(*), group_concat(case_id) FROM (SELECT clock, case_id FROM supervision_watched "
        "WHERE clock IS NOT NULL ORDER BY clock, case_id) AS listed GROUP BY clock ORDER BY clock"
    ),
    "postgresql": (
        "SELECT clock, count(*), string_agg(case_id::text, ',' ORDER BY case_id) FROM supervision_watched "
        "WHERE clock IS NOT NULL GROUP BY clock ORDER BY clock"
    ),
}
"""All from the index of clocks alone."""
_NEXT: Final = (
    "SELECT w.clock FROM supervision_watched w WHERE w.clock > {after} AND w.clock IS NOT NULL ORDER BY w.clock LIMIT 1"
)
_DIFFERENT: Final = (
    f"WITH RECURSIVE walk(clock) AS (SELECT * FROM ({_NEXT.format(after=-1)}) AS first UNION ALL "  # noqa: S608 - ours
    f"SELECT ({_NEXT.format(after='walk.clock')}) FROM walk WHERE walk.clock IS NOT NULL) "
    "SELECT clock FROM walk WHERE clock IS NOT NULL"
)
"""From each number to the next in the index: its cost follows how many different ones there are."""


def _different_clocks() -> Iterator[int]:
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENT)
        while rows := cursor.fetchmany(AT_ONCE):
            yield from (int(row[0]) for row in rows)
