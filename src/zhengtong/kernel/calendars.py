"""Calendars (日历): which days are working days, and every count the law makes over them.

A calendar is a frozen value built from one table per year; prefix sums and a select table make adding,
counting and rolling a look-up. A year without the State Council's notice is provisional (暂定).
Rules: the start day is not counted, a held day is not counted, a last day that is a rest day moves on.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, Self, TypeAlias

from zhengtong.kernel.terms import LAW_ZONE, Term, Unit, lapse_at, law_day

Hold: TypeAlias = tuple[date, date]
"""First and last day of a hold, both included."""

_DAY: Final = timedelta(days=1)
_MICROSECONDS: Final = 60_000_000  # in a minute; instants are reckoned to the microsecond, terms in minutes
_WEEKDAYS: Final = 5


class CalendarFault(ValueError):
    """Year tables that contradict themselves or each other."""


class CalendarRange(ValueError):
    """A day the calendar does not cover, or a count that runs off its end."""


class DayKind(StrEnum):
    """Why a day counts as a working day, or does not."""

    WORKING = "working"
    MAKEUP = "makeup"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The reason of one day: its kind and, for holidays and make-up days, the holiday's name."""

    kind: DayKind
    name: str = ""
    name_en: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.kind is DayKind.HOLIDAY else str(self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Business hours of a working day: spans of minutes after midnight, in order, apart from each other.

    Raises:
        CalendarFault: spans that are empty, out of order or outside the day.
    """

    spans: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        edges = [minute for span in self.spans for minute in span]
        if not edges or edges != sorted(set(edges)) or edges[0] < 0 or edges[-1] > 24 * 60:
            raise CalendarFault(f"business hours must be ordered spans within one day: {self.spans}")

    @property
    def minutes(self) -> int:
        """Length of the business day."""
        return sum(end - begin for begin, end in self.spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """Days (both included) on which other business hours hold, such as summer hours (夏季作息)."""

    first: date
    last: date
    hours: Hours


@dataclass(frozen=True, slots=True, kw_only=True)
class YearTable:
    """What one notice says of one year: days off, make-up working days, business hours, and its source."""

    year: int
    edition: str
    provisional: bool
    source: str
    confirmed: bool
    off: tuple[tuple[date, date, str], ...]
    work: tuple[tuple[date, str], ...]
    hours: Hours
    seasons: tuple[Season, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTables:
    """The look-up arrays; day i is the calendar's first day plus i. Never written to after they are built.

    ``before[i]`` working days earlier than day i; ``nth[k]`` the day of the k-th working day;
    ``minutes[i]`` business minutes earlier than day i; ``reason[i]`` an index into ``reasons``.
    ``last[i]`` is the place k of the last working day up to day i (-1: none), ``days[k]`` that of ``nth[k]`` as a date:
    tuples, because counting forward is what every limit does, and a tuple hands out what is there already.
    """

    before: "array[int]"
    nth: "array[int]"
    minutes: "array[int]"
    reason: "array[int]"
    reasons: tuple[Why, ...]
    last: tuple[int, ...]
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The working days of one jurisdiction in one edition. Build it with ``calendar_from``.

    Two calendars are equal when their facts are; the arrays are derived and not compared.
    """

    jurisdiction: str
    edition: str
    first: date
    last: date
    years: tuple[YearTable, ...]
    english: tuple[tuple[str, str], ...]
    tables: DayTables = field(repr=False, compare=False)
    base: int = field(repr=False, compare=False)

    # --- days -----------------------------------------------------------------------------------

    def index(self, day: date) -> int:
        """Position of a day in the tables.

        Raises:
            CalendarRange: the calendar does not cover the day.
            TypeError: an instant instead of a day (take ``law_day`` of it first).
        """
        if type(day) is not date and isinstance(day, datetime):
            raise TypeError(f"a day is wanted, not the instant {day.isoformat()}: take law_day of it")
        at = day.toordinal() - self.base
        if 0 <= at < len(self.tables.reason):
            return at
        raise CalendarRange(f"{day} is outside {self._name()}")

    def is_working(self, day: date) -> bool:
        """Whether a day is a working day, make-up days included.

        Raises:
            CalendarRange: the calendar does not cover the day.
        Source: XKF 82

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> [load_calendar().is_working(date(2026, 2, day)) for day in (13, 14, 15, 24)]
        [True, True, False, True]
        """
        at = self.index(day)
        return self.tables.before[at + 1] > self.tables.before[at]

    def why(self, day: date) -> Why:
        """Why a day is or is not a working day, for explanations.

        Raises:
            CalendarRange: the calendar does not cover the day.

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> [str(load_calendar().why(date(2026, 2, day))) for day in (7, 13, 14, 15)]
        ['weekend', 'working', 'makeup', 'holiday:春节']
        """
        return self.tables.reasons[self.tables.reason[self.index(day)]]

    def count(self, after: date, through: date) -> int:
        """Working days in (after, through]; negative when ``through`` lies before ``after``.

        Units: working days; the first day is not counted, the last is.
        Raises:
            CalendarRange: the calendar does not cover one of the days.
        Source: XKF 82; 民法典 201(1)

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> cn = load_calendar()
        >>> cn.count(date(2026, 2, 12), date(2026, 3, 18)), cn.count(date(2026, 3, 18), date(2026, 2, 12))
        (20, -20)
        >>> cn.count(date(2024, 12, 31), date(2025, 12, 31)), cn.count(date(2025, 12, 31), date(2026, 12, 31))
        (248, 248)
        """
        before = self.tables.before
        return before[self.index(through) + 1] - before[self.index(after) + 1]

    def add(self, day: date, n: int) -> date:
        """The n-th working day after a day; for negative n the n-th before it; for 0 the day itself.

        Units: working days; the day itself is not counted.
        Raises:
            CalendarRange: the calendar does not cover the day or ends before the n-th working day.
        Source: XKF 82; 民法典 201(1)

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> cn = load_calendar()
        >>> def due(text, n): return cn.add(date.fromisoformat(text), n).isoformat()
        >>> due("2026-02-12", 5), due("2026-02-12", 20), due("2026-02-13", 1), due("2026-02-14", 3)
        ('2026-02-26', '2026-03-18', '2026-02-14', '2026-02-26')
        >>> due("2026-04-29", 5), due("2026-09-17", 20), due("2026-09-30", 10), due("2025-01-24", 20)
        ('2026-05-09', '2026-10-21', '2026-10-20', '2025-02-27')
        >>> due("2026-01-05", 45), due(due("2026-01-05", 45), 15), due("2026-03-02", 20), due("2026-03-02", 30)
        ('2026-03-13', '2026-04-03', '2026-03-30', '2026-04-14')
        >>> due("2025-12-25", 5), due("2025-09-26", 5), due("2026-02-24", -1)
        ('2026-01-04', '2025-10-10', '2026-02-14')
        """
        if n > 0 and type(day) is date and (place := day.toordinal() - self.base) >= 0:
            try:  # two look-ups for what is asked most; whatever is wrong is named below
                return self.tables.days[self.tables.last[place] + n]
            except IndexError:
                pass
        at = self.index(day)
        if n == 0:
            return day
        before, nth = self.tables.before, self.tables.nth
        k = before[at + 1] + n - 1 if n > 0 else before[at] + n
        if 0 <= k < len(nth):
            return date.fromordinal(self.base + nth[k])
        raise CalendarRange(f"{abs(n)} working days {'after' if n > 0 else 'before'} {day} run off {self._name()}")

    def roll(self, day: date) -> date:
        """The day itself if it is a working day, else the next working day.

        Raises:
            CalendarRange: the calendar does not cover the day or has no working day after it.
        Source: 民法典 203(1)

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> cn = load_calendar()
        >>> cn.roll(date(2026, 10, 3)).isoformat(), cn.roll(date(2026, 10, 10)).isoformat()
        ('2026-10-08', '2026-10-10')
        """
        return day if self.is_working(day) else self.add(day, 1)

    def provisional_through(self, start: date, end: date) -> tuple[int, ...]:
        """The provisional years a count from one day to the other touches.

        Units: calendar years.
        Raises:
            CalendarRange: the calendar does not cover one of the days.

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> load_calendar().provisional_through(date(2035, 12, 1), date(2036, 2, 1))
        (2035, 2036)
        """
        self.index(start), self.index(end)
        touched = self.years[start.year - self.first.year : end.year - self.first.year + 1]
        return tuple(table.year for table in touched if table.provisional)

    # --- terms ----------------------------------------------------------------------------------

    def due_day(self, start: date, term: Term) -> date:
        """The last day in time for a term that starts with a day.

        Units: ``wd`` counts working days; ``cd``, ``month`` and ``year`` run over all days, and the end is
        rolled to a working day; ``0 wd`` is the day itself, rolled. The start day is not counted.
        Raises:
            CalendarRange: the calendar ends too early.
            ValueError: a term in hours.
        Source: 民法典 201(1), 202, 203(1)

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> cn = load_calendar()
        >>> def due(text, term): return cn.due_day(date.fromisoformat(text), Term.parse(term)).isoformat()
        >>> due("2026-09-18", "15 cd"), due("2026-08-06", "60 cd"), due("2026-01-31", "15 cd"), due("2025-09-01", "30 cd")
        ('2026-10-08', '2026-10-08', '2026-02-24', '2025-10-09')
        >>> due("2026-01-30", "1 month"), due("2023-12-31", "2 month"), due("2024-02-29", "1 year"), due("2026-03-01", "0 wd")
        ('2026-02-28', '2024-02-29', '2025-02-28', '2026-03-02')
        """  # noqa: E501 - worked examples read better on one line
        if term.unit is Unit.WD:
            return self.add(start, term.n) if term.n else self.roll(start)
        return self.roll(_run(start, term))

    def due_with_holds(self, start: date, n: int, holds: Sequence[Hold], *, unit: Unit = Unit.WD) -> date:
        """The last day in time when days touched by a hold are not counted, both ends included.

        The end is never a held day and never a rest day. Holds may come in any order and overlap; the cost
        is by their number, not by their length. A hold that is still open has no end: see ``due_or_none``.

        Units: ``wd`` or ``cd``; the start day is not counted.
        Raises:
            CalendarRange: the calendar ends too early.
            ValueError: another unit (months cannot be held), a negative limit, a hold that ends before it begins.
        Source: PROCEDURES 6; XKF 45

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> held = [(date(2026, 3, 9), date(2026, 3, 20))]
        >>> load_calendar().due_with_holds(date(2026, 3, 2), 10, held).isoformat()
        '2026-03-30'
        >>> load_calendar().due_with_holds(date(2026, 3, 2), 15, held, unit=Unit.CD).isoformat()
        '2026-03-30'
        """
        _check_holdable(unit)
        if n < 0:
            raise ValueError(f"a limit cannot be negative: {n}")
        merged = _merge(start, holds)
        cursor, left = start, n
        for first, last in merged if n else ():
            free = self._between(cursor, first, unit)
            if free >= left:
                break
            cursor, left = last, left - free
        end = cursor if not left else self._forward(cursor, left, unit)
        return self._open_day(end, merged)

    def due_or_none(
        self, start: date, n: int, holds: Sequence[tuple[date, date | None]], *, unit: Unit = Unit.WD
    ) -> date | None:
        """As ``due_with_holds``, with a hold that may still be open: then there is a due day only if it came first.

        Raises:
            CalendarRange: the calendar ends too early.
            ValueError: another unit, or a hold that ends before it begins.
        Source: PROCEDURES 6

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> cn = load_calendar()
        >>> cn.due_or_none(date(2026, 3, 2), 5, [(date(2026, 3, 9), None)]) is None
        True
        >>> cn.due_or_none(date(2026, 3, 2), 5, [(date(2026, 3, 10), None)])
        datetime.date(2026, 3, 9)
        """
        due = self.due_with_holds(start, n, [(first, last) for first, last in holds if last is not None], unit=unit)
        open_from = min((first for first, last in holds if last is None), default=None)
        return due if open_from is None or due < open_from else None

    def used_with_holds(self, start: date, through: date, holds: Sequence[Hold], *, unit: Unit = Unit.WD) -> int:
        """How many days of a limit are used up: counted days in (start, through] outside every hold.

        Units: ``wd`` or ``cd``; the start day is not counted, the last day is; both ends of a hold are held.
        Raises:
            CalendarRange: the calendar does not cover the days.
            ValueError: another unit, or a hold that ends before it begins.
        Source: PROCEDURES 6

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> held = [(date(2026, 3, 9), date(2026, 3, 20))]
        >>> load_calendar().used_with_holds(date(2026, 3, 2), date(2026, 3, 22), held)
        4
        """
        _check_holdable(unit)
        if through <= start:
            return 0
        used, cursor = 0, start
        for first, last in _merge(start, holds):
            if first > through:
                break
            used, cursor = used + self._between(cursor, first, unit), last
        return used + (self._between(cursor, through + _DAY, unit) if cursor < through else 0)

    def days_before(self, until: date, term: Term) -> date:
        """The last day that is still at least a term ahead of a day (举行听证七日前通知).

        Units: the notice day is not counted, the day it is given for is; no rolling, which would favour
        neither side. It is the inverse of ``is_ahead``.
        Raises:
            CalendarRange: the calendar begins too late.
            ValueError: a term in hours.
        Source: XKF 48(1), 50(1); 民法典 201(1)

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> load_calendar().days_before(date(2026, 3, 11), Term.parse("7 wd"))
        datetime.date(2026, 3, 2)
        """
        if term.unit is Unit.WD:
            return self.add(self._last_working(until), 1 - term.n) - _DAY if term.n else until
        if term.unit is Unit.CD:
            return until - timedelta(days=term.n)
        day = _months_back(until, term)
        while _run(day + _DAY, term) <= until:
            day += _DAY
        return day

    def is_ahead(self, today: date, until: date, term: Term) -> bool:
        """Whether a day is at least a term ahead of today (the guard ``ahead``).

        Units: today is not counted, the other day is; the end is not rolled.
        Raises:
            CalendarRange: the calendar does not cover the days.
            ValueError: a term in hours.
        Source: XKF 48(1), 50(1); 民法典 201(1)

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> hearing = date(2026, 3, 11)
        >>> [load_calendar().is_ahead(date(2026, 3, day), hearing, Term.parse("7 wd")) for day in (1, 2, 3)]
        [True, True, False]
        """
        if term.unit is Unit.WD:
            return self.count(today, until) >= term.n and today <= until
        return _run(today, term) <= until

    def has_waited(self, since: datetime, at: datetime, term: Term) -> bool:
        """Whether a whole term has passed since an instant (the guard ``waited``).

        Units: the term's; a period for the public that ends on a rest day runs to the end of the next working day.
        Raises:
            CalendarRange: the calendar ends too early.
        Source: 民法典 203

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> since, cn = datetime(2026, 3, 2, 10, tzinfo=LAW_ZONE), load_calendar()
        >>> [cn.has_waited(since, datetime(2026, 3, day, tzinfo=LAW_ZONE), Term(5, Unit.WD)) for day in (9, 10)]
        [False, True]
        """
        return at >= self.lapse_of(since, term)

    def lapse_of(self, at: datetime, term: Term) -> datetime:
        """The first late instant of a term that starts with an instant.

        Units: for terms in days, months and years 00:00 (UTC+8) after the due day; ``h`` runs from the instant
        itself, day and night; ``wh`` runs over business hours only. Hours have no start hour left out.
        Raises:
            CalendarRange: the calendar ends too early.
        Source: 民法典 201, 203(2)

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> friday = datetime(2026, 3, 6, 16, 30, tzinfo=LAW_ZONE)
        >>> [load_calendar().lapse_of(friday, Term.parse(t)).isoformat()[:16] for t in ("1 wd", "24 h", "2 wh")]
        ['2026-03-10T00:00', '2026-03-07T16:30', '2026-03-09T10:30']
        """
        if term.unit is Unit.H:
            return at.astimezone(LAW_ZONE) + timedelta(hours=term.n)
        if term.unit is Unit.WH:
            return self.add_working_minutes(at, term.n * 60)
        return lapse_at(self.due_day(law_day(at), term))

    # --- business hours -------------------------------------------------------------------------

    def hours_on(self, day: date) -> Hours:
        """The business hours that hold on a day, if it is a working day.

        Raises:
            CalendarRange: the calendar does not cover the day.
        """
        self.index(day)
        return _hours_on(self.years[day.year - self.first.year], day)

    def add_working_minutes(self, at: datetime, minutes: int) -> datetime:
        """The first instant by which so many business minutes have passed; for 0 the instant itself.

        A search among days, not a walk: the prefix sum of minutes is searched by halving.

        Units: minutes of business hours; UTC+8. Ending with the noon break ends at noon, not after it.
        Raises:
            CalendarRange: the calendar ends too early.
            ValueError: negative minutes.

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> cn, friday = load_calendar(), datetime(2026, 3, 6, tzinfo=LAW_ZONE)
        >>> def after(clock, n): return cn.add_working_minutes(friday + timedelta(hours=clock), n).isoformat()[5:16]
        >>> after(9, 180), after(9, 181), after(12.5, 60), after(16, 120), after(20, 0)
        ('03-06T12:00', '03-06T13:01', '03-06T14:00', '03-09T10:00', '03-06T20:00')
        """
        if minutes < 0:
            raise ValueError(f"business minutes run forward only: {minutes}")
        if minutes == 0:
            return at.astimezone(LAW_ZONE)
        wanted = self._elapsed(at) + minutes * _MICROSECONDS
        past = bisect_left(self.tables.minutes, -(-wanted // _MICROSECONDS))
        if past >= len(self.tables.minutes):
            raise CalendarRange(f"{minutes} business minutes after {at.isoformat()} run off {self._name()}")
        day = date.fromordinal(self.base + past - 1)
        rest = wanted - self.tables.minutes[past - 1] * _MICROSECONDS
        for begin, end in self.hours_on(day).spans:
            if rest <= (end - begin) * _MICROSECONDS:
                break
            rest -= (end - begin) * _MICROSECONDS
        return _midnight(day) + timedelta(minutes=begin, microseconds=rest)

    def count_working_minutes(self, after: datetime, through: datetime) -> int:
        """Whole business minutes between two instants; negative when they are in the other order.

        Units: minutes of business hours, begun minutes not counted; UTC+8.
        Raises:
            CalendarRange: the calendar does not cover one of the instants.

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> at = [datetime(2026, 3, 6, 11, 30, tzinfo=LAW_ZONE), datetime(2026, 3, 9, 9, 10, 59, tzinfo=LAW_ZONE)]
        >>> load_calendar().count_working_minutes(*at), load_calendar().count_working_minutes(*reversed(at))
        (280, -280)
        """
        span = self._elapsed(through) - self._elapsed(after)
        return span // _MICROSECONDS if span >= 0 else -(-span // _MICROSECONDS)

    def with_hours(self, hours: Hours, *, seasons: tuple[Season, ...] = ()) -> Self:
        """The same days with the business hours of one hall (大厅作息).

        >>> from zhengtong.law.calendar_files import load_calendar
        >>> hall = load_calendar().with_hours(Hours(spans=((510, 720), (870, 1050))))
        >>> hall.add_working_minutes(datetime(2026, 3, 6, 11, 0, tzinfo=LAW_ZONE), 90).isoformat()[11:16]
        '15:00'
        """
        years = tuple(replace(table, hours=hours, seasons=seasons) for table in self.years)
        tables = replace(self.tables, minutes=_minutes(years, self.tables.before))
        return replace(self, years=years, tables=tables)

    # --- inside ---------------------------------------------------------------------------------

    def _name(self) -> str:
        return f"the calendar {self.jurisdiction} ({self.edition}), which covers {self.first} to {self.last}"

    def _between(self, after: date, until: date, unit: Unit) -> int:
        """Days counted strictly between two days."""
        if until <= after:
            return 0
        if unit is Unit.WD:
            return self.count(after, until - _DAY)
        return (until - after).days - 1

    def _forward(self, day: date, n: int, unit: Unit) -> date:
        return self.add(day, n) if unit is Unit.WD else day + timedelta(days=n)

    def _open_day(self, day: date, merged: Iterable[Hold]) -> date:
        day = self.roll(day)
        for first, last in merged:
            if first <= day <= last:
                day = self.roll(last + _DAY)
        return day

    def _last_working(self, day: date) -> date:
        return day if self.is_working(day) else self.add(day, -1)

    def _elapsed(self, at: datetime) -> int:
        """Microseconds of business time between the calendar's first day and an instant."""
        day = law_day(at)
        index = self.index(day)
        done = self.tables.minutes[index] * _MICROSECONDS
        if self.tables.minutes[index + 1] == self.tables.minutes[index]:
            return done
        into = (at - _midnight(day)) // timedelta(microseconds=1)
        spans = ((begin * _MICROSECONDS, end * _MICROSECONDS) for begin, end in self.hours_on(day).spans)
        return done + sum(min(into, end) - begin for begin, end in spans if into > begin)


def calendar_from(
    years: Sequence[YearTable], *, jurisdiction: str, english: Sequence[tuple[str, str]] = ()
) -> Calendar:
    """Build the calendar of consecutive years, one table each; its edition is the newest of an official year.

    A later table wins where a notice speaks of the last days of the year before (12月31日).

    Raises:
        CalendarFault: no years, a gap between years, a holiday that overlaps or lies elsewhere, a make-up day
            that is a weekday or a holiday.
    """
    tables = tuple(sorted(years, key=lambda table: table.year))
    if not tables or [table.year for table in tables] != list(range(tables[0].year, tables[-1].year + 1)):
        raise CalendarFault(f"years must follow each other, one table each: {[table.year for table in tables]}")
    first, last = date(tables[0].year, 1, 1), date(tables[-1].year, 12, 31)
    special: dict[date, Why] = {}
    names = dict(english)
    for table in tables:
        special.update(_special_days(table, names))
    official = [table.edition for table in tables if not table.provisional] or [table.edition for table in tables]
    return Calendar(
        jurisdiction=jurisdiction,
        edition=max(official),
        first=first,
        last=last,
        years=tables,
        english=tuple(english),
        tables=_day_tables(first, last, special, tables),
        base=first.toordinal(),
    )


def _special_days(table: YearTable, names: dict[str, str]) -> dict[date, Why]:
    days: dict[date, Why] = {}
    for first, last, name in table.off:
        if last < first or first < date(table.year - 1, 12, 1) or last > date(table.year, 12, 31):
            raise CalendarFault(f"{table.edition}: {name} {first} to {last} is no span of {table.year}")
        for day in _days(first, last):
            if day in days:
                raise CalendarFault(f"{table.edition}: {day} is off twice")
            days[day] = Why(kind=DayKind.HOLIDAY, name=name, name_en=names.get(name, ""))
    for day, name in table.work:
        if day in days or day.weekday() < _WEEKDAYS or day.year not in (table.year - 1, table.year):
            raise CalendarFault(f"{table.edition}: make-up day {day} must be a weekend that is not off")
        days[day] = Why(kind=DayKind.MAKEUP, name=name, name_en=names.get(name, ""))
    return days


def _day_tables(first: date, last: date, special: dict[date, Why], years: tuple[YearTable, ...]) -> DayTables:
    plain = {False: Why(kind=DayKind.WEEKEND), True: Why(kind=DayKind.WORKING)}
    codes: dict[Why, int] = {}
    before, nth, reason = array("i", [0]), array("i"), array("B")
    for at, day in enumerate(_days(first, last)):
        why = special.get(day) or plain[day.weekday() < _WEEKDAYS]
        works = why.kind in (DayKind.WORKING, DayKind.MAKEUP)
        reason.append(codes.setdefault(why, len(codes)))
        before.append(before[-1] + works)
        if works:
            nth.append(at)
    return DayTables(
        before=before,
        nth=nth,
        minutes=_minutes(years, before),
        reason=reason,
        reasons=tuple(codes),
        last=tuple(count - 1 for count in before[1:]),
        days=tuple(date.fromordinal(first.toordinal() + at) for at in nth),
    )


def _minutes(years: tuple[YearTable, ...], before: "array[int]") -> "array[int]":
    minutes, at = array("i", [0]), 0
    for table in years:
        for day in _days(date(table.year, 1, 1), date(table.year, 12, 31)):
            works = before[at + 1] > before[at]
            minutes.append(minutes[-1] + (_hours_on(table, day).minutes if works else 0))
            at += 1
    return minutes


def _hours_on(table: YearTable, day: date) -> Hours:
    return next((season.hours for season in table.seasons if season.first <= day <= season.last), table.hours)


def _days(first: date, last: date) -> Iterable[date]:
    return (date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1))


def _merge(start: date, holds: Sequence[Hold]) -> list[Hold]:
    """The holds that touch the start day or later, in order, overlapping and adjoining ones made one."""
    merged: list[Hold] = []
    for first, last in sorted(holds):
        if last < first:
            raise ValueError(f"a hold cannot end ({last}) before it begins ({first})")
        if last < start:
            continue
        if merged and first <= merged[-1][1] + _DAY:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def _run(start: date, term: Term) -> date:
    """The day a term over all days ends with, not rolled.

    民法典 202: the corresponding day of the last month; where it has none, the month's last day.
    """
    if term.unit is Unit.CD:
        return start + timedelta(days=term.n)
    months = {Unit.MONTH: term.n, Unit.YEAR: term.n * 12}.get(term.unit)
    if months is None:
        raise ValueError(f"{term} does not end with a day")
    return _same_number(start, months)


def _months_back(until: date, term: Term) -> date:
    if term.unit not in (Unit.MONTH, Unit.YEAR):
        raise ValueError(f"{term} does not end with a day")
    return _same_number(until, -term.n * (12 if term.unit is Unit.YEAR else 1))


def _same_number(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), following - _DAY)


def _check_holdable(unit: Unit) -> None:
    if unit not in (Unit.WD, Unit.CD):
        raise ValueError(f"a limit in {unit} cannot be held")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=LAW_ZONE)
