"""What supervision costs as a city grows: a sweep with the same alarms among ten times the open cases, and every open
clock reckoned again after a calendar changed, against loops over cases. On SQLite."""

import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any, Final, TypeVar

import numpy as np
from django.core.management import call_command
from django.db import connection

from zhengtong.accounts import clock
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.terms import Term, Unit, law_day
from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger import sweeping as law_sweeping
from zhengtong.ledger.installed import installed, put_back
from zhengtong.site.bench.filling import fill_docket, lay_city, without_indexes, without_waiting_for_the_disk
from zhengtong.site.bench.harness import Bench, Line, home, result
from zhengtong.site.databases import sqlite_url
from zhengtong.site.throwaway import default_database
from zhengtong.site.wiring import wire
from zhengtong.supervision import due_days, sweeping
from zhengtong.supervision.models import Watched

TIMES_AS_MANY, AT_MOST = 10, 1.3
TIMES_WALKING, TIMES_ORM = 500.0, 3.0
TERMS: Final = (
    (Term(5, Unit.WD), Term(1, Unit.WD)), (Term(10, Unit.WD), Term(4, Unit.WD)), (Term(15, Unit.WD), Term(7, Unit.WD)),
    (Term(20, Unit.WD), Term(8, Unit.WD)), (Term(20, Unit.WD), Term(12, Unit.WD)), (Term(30, Unit.CD), None),
    (Term(45, Unit.WD), Term(20, Unit.WD)), (Term(60, Unit.CD), Term(15, Unit.WD)),
)  # fmt: skip
"""A statutory limit and a promise, as items have them."""
START_DAYS: Final = 120
WALKED: Final = 20_000  # cases of the slow loop, scaled to all
WATCHED: Final = "supervision_watched"
T = TypeVar("T")


def sweeps(bench: Bench) -> Iterator[Line]:
    now, size = clock.now(), bench.size
    many = size.docket
    few = many // TIMES_AS_MANY
    with ExitStack() as stack:
        folder = stack.enter_context(home())
        stack.callback(put_back, installed())
        wire()
        small, large = (sqlite_url(folder / f"{name}.sqlite3") for name in ("small", "large"))
        with default_database(small):
            call_command("migrate", interactive=False, verbosity=0)
            lay_city(now, histories=min(size.alarms, many // 2) // 2)
            sweeping.sweep(now)
            _settle(now)
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
        shutil.copyfile(folder / "small.sqlite3", folder / "large.sqlite3")
        for url, count in ((small, few), (large, many)):
            began = time.perf_counter()
            with default_database(url):
                _fill(now, count)
                connection.close()
            bench.say(f"  {count:,} open cases filled in {time.perf_counter() - began:.0f} s")
        yield _same_alarms(bench, (small, large), (few, many), now)
        with default_database(large):
            yield from _clocks(bench)
            connection.close()


# ---- the sweep --------------------------------------------------------------------------------------


def _same_alarms(bench: Bench, urls: Sequence[str], counts: Sequence[int], now: datetime) -> Line:
    """Processor time of silence, findings and alarms together, both cities in turn, the same cases woken in each."""
    took: list[list[float]] = [[], []]
    woken: set[int] = set()
    for turn in range(max(3, bench.size.rounds) + 1):
        for side, url in enumerate(urls):
            with default_database(url):
                rung = _ring(now)
                began = time.process_time()
                law_sweeping.sweep(now)
                found = sweeping.sweep(now)
                if turn:  # the first round opens files and reads the law
                    took[side].append(time.process_time() - began)
                assert found.cases == rung, f"{rung} alarms, {found.cases} cases looked at"
                woken.add(rung)
                connection.close()
    assert len(woken) == 1, "the two cities do not wake the same"
    few, many = (median(each) for each in took)
    return result(
        f"a sweep among {TIMES_AS_MANY} times the open cases on SQLite", many / few, unit="times",
        against=f"the same alarms among {counts[0]:,} open cases", aim=AT_MOST, n=counts[1], alarms=woken.pop(),
        few_ms=few * 1e3, many_ms=many * 1e3,
    )  # fmt: skip


def _ring(now: datetime) -> int:
    """The alarm of every open case that has a history goes off; how many there are."""
    past = connection.ops.adapt_datetimefield_value(now - timedelta(hours=1))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {WATCHED} SET wake_at = %s WHERE case_id IN (SELECT case_id FROM bench_real)",  # noqa: S608 - our own table
            [past],
        )
        rung = cursor.rowcount
        cursor.execute("UPDATE ledger_case SET wake_at = %s WHERE id IN (SELECT case_id FROM bench_real)", [past])
    return int(rung)


def _settle(now: datetime) -> None:
    """Nothing is new any more; the open cases are noted, because those that are copied have no history."""
    law_sweeping.sweep(now)
    sweeping.sweep(now)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE bench_real AS SELECT case_id FROM {WATCHED} WHERE closed_at IS NULL")  # noqa: S608 - our own table
        cursor.execute("CREATE UNIQUE INDEX bench_real_case ON bench_real (case_id)")


def _fill(now: datetime, cases: int) -> None:
    """So many more open cases, with what supervision keeps of each: alarms ahead, and a main clock that runs."""
    fill_docket(now, cases=cases, alarms=0)
    first = (law_day(now) - timedelta(days=START_DAYS)).toordinal() - date(1970, 1, 1).toordinal()
    packed = [(due_days.pack_of(date(1970, 1, 2), *terms) or 0) - 1 for terms in TERMS]
    terms = " ".join(f"WHEN {n} THEN {number}" for n, number in enumerate(packed))
    place = f"(c.place / {len(TERMS)})"
    columns = (
        "case_id, number, procedure, item, region, dept, unit, window, channel, on_spot, opened_at, accepted_at, "
        "due_at, promised_at, outcome, wake_at, clock, seq, evaluated_at, rules, calendar, facts"
    )
    with connection.cursor() as cursor, without_waiting_for_the_disk(), without_indexes(cursor, (WATCHED,)):
        cursor.execute(
            f"INSERT INTO {WATCHED} ({columns}) "  # noqa: S608 - our own words and numbers
            "SELECT c.id, c.number, c.procedure, c.item, c.region, c.dept, c.unit, '', 'window', 0, c.opened_at, "
            "c.accepted_at, c.due_at, c.promised_at, '', c.wake_at, "
            f"CASE c.place % {len(TERMS)} {terms} END + {first} + {place} % {START_DAYS}, "
            "c.last_seq, w.evaluated_at, w.rules, w.calendar, w.facts "
            "FROM (SELECT *, row_number() OVER (ORDER BY id) AS place FROM ledger_case "
            f"WHERE id NOT IN (SELECT case_id FROM {WATCHED})) c CROSS JOIN (SELECT * FROM {WATCHED} LIMIT 1) w"
        )
        cursor.execute("ANALYZE")


# ---- the clocks -------------------------------------------------------------------------------------


def _clocks(bench: Bench) -> Iterator[Line]:
    """Due day and promise of every open clock, from the database, by three ways; the walking one on some, scaled."""
    calendar = load_calendar()
    each, ordered, listed, looped, walked = [], [], [], [], []
    for _ in range(max(3, bench.size.rounds // 2)):
        took, bulk = _timed(lambda: due_days.due_days_of_open(calendar))
        each.append(took)
        took, in_order = _timed(lambda: due_days.due_days_of_cases(calendar))
        ordered.append(took)
        took, (cases, by_case) = _timed(lambda: due_days.due_days_by_case(calendar))
        listed.append(took)
    for _ in range(2):
        took, answers = _timed(lambda: _by_orm(calendar))
        looped.append(took)
    some = random.Random(1).sample(cases.tolist(), min(WALKED, len(cases)))  # noqa: S311 - cases to be repeated
    took, slow = _timed(lambda: _by_walking(calendar, some))
    walked.append(took * len(cases) / len(slow))
    _check_same(cases, by_case, bulk, answers, slow)
    assert np.array_equal(in_order.clocks, by_case.clocks), "the cases in order are others than those listed"
    assert np.array_equal(in_order.due, by_case.due), "the cases in order are answered otherwise"
    yield result(
        f"{len(cases):,} open clocks reckoned again on SQLite", median(walked) / median(ordered), unit="ratio",
        against=f"a loop that walks the days of each case, timed on {len(slow):,} of them and scaled; an answer each",
        n=len(cases), aim=TIMES_WALKING, ours_ms=median(ordered) * 1e3, different=len(bulk.clocks),
        different_ms=median(each) * 1e3, walking_s=median(walked),
    )  # fmt: skip
    yield result(
        f"{len(cases):,} open clocks reckoned again and listed by case on SQLite", median(looped) / median(listed),
        unit="ratio", against="a loop over the ORM with the calendar's prefix sums", n=len(cases), aim=TIMES_ORM,
        ours_ms=median(listed) * 1e3, orm_s=median(looped), times_walking=median(walked) / median(listed),
    )  # fmt: skip


Answer = tuple[date | None, date | None]


def _by_orm(calendar: Calendar) -> dict[int, Answer]:
    found = {}
    for case_id, number in Watched.objects.exclude(clock=None).values_list("case_id", "clock").iterator():
        start, legal, promised = _unpacked(number or 0)
        found[case_id] = (
            calendar.due_day(start, legal) if legal else None, calendar.due_day(start, promised) if promised else None
        )  # fmt: skip
    return found


def _by_walking(calendar: Calendar, cases: Sequence[int]) -> dict[int, Answer]:
    found = {}
    for begin in range(0, len(cases), 500):
        rows = Watched.objects.filter(pk__in=cases[begin : begin + 500]).values_list("case_id", "clock")
        for case_id, number in rows:
            start, legal, promised = _unpacked(number or 0)
            found[case_id] = (_walked(calendar, start, legal), _walked(calendar, start, promised))
    return found


def _walked(calendar: Calendar, day: date, term: Term | None) -> date | None:
    if term is None:
        return None
    left, one = term.n, timedelta(days=1)
    while left:
        day += one
        if term.unit is Unit.CD or calendar.is_working(day):
            left -= 1
    while not calendar.is_working(day):
        day += one
    return day


def _unpacked(number: int) -> tuple[date, Term | None, Term | None]:
    day = date.fromordinal((number & ((1 << due_days.DAY_BITS) - 1)) + date(1970, 1, 1).toordinal())
    terms = number >> due_days.DAY_BITS
    return day, _term(terms & ((1 << due_days.TERM_BITS) - 1)), _term(terms >> due_days.TERM_BITS)


def _term(packed: int) -> Term | None:
    unit = due_days.UNITS[packed >> 12]
    return None if unit is None else Term(packed & (due_days.MOST_DAYS - 1), unit)


def _check_same(cases: Any, by_case: Any, bulk: Any, answers: dict[int, Answer], slow: dict[int, Answer]) -> None:
    due, promised = by_case.due.astype(object), by_case.promised.astype(object)
    ours = dict(zip(cases.tolist(), zip(due.tolist(), promised.tolist(), strict=True), strict=True))
    assert ours == answers, "the ORM loop answers otherwise"
    assert all(ours[case_id] == answer for case_id, answer in slow.items()), "the walking loop answers otherwise"
    place = np.searchsorted(bulk.clocks, by_case.clocks)
    assert np.array_equal(bulk.due[place], by_case.due), "the clocks together answer otherwise than case by case"


def _timed(call: Callable[[], T]) -> tuple[float, T]:
    began = time.process_time()
    found = call()
    return time.process_time() - began, found
