"""What this machine does, as ratios taken in one run: acts through the one door against the bare commit of the same
rows, working days against a library and a list, whole columns against numpy, search against a scan.

Absolute figures belong to the machine and its neighbours, whose load is kept beside each.
"""

import os
import random
import tempfile
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
from django.core.management import call_command
from django.test.utils import override_settings

from zhengtong.catalogue import benching as catalogue
from zhengtong.kernel.authority import Actor, Seat
from zhengtong.kernel.binding import Bound, ItemVersion, PostRef, ResultLine, bind
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.commands import Command
from zhengtong.kernel.deciding import decide, decide_opening, find_serials
from zhengtong.kernel.events import Event, Standing
from zhengtong.kernel.inputs import is_sealed
from zhengtong.kernel.procedures import RoleKind
from zhengtong.kernel.states import State, fold
from zhengtong.kernel.terms import LAW_ZONE, Term
from zhengtong.law import bulk_days
from zhengtong.law.calendar_files import load_calendar
from zhengtong.law.procedure_files import load_procedure
from zhengtong.ledger import history
from zhengtong.ledger.benching import Measured, measure
from zhengtong.ledger.chain import hex_digest
from zhengtong.ledger.folds import kernel_folds
from zhengtong.ledger.installed import install, installed, put_back
from zhengtong.ledger.record import Entry, Recorded, new_key
from zhengtong.site.databases import sqlite_url
from zhengtong.site.throwaway import NoPostgres, default_database, running_cluster

REGION, UNIT, DEPT = "510199", "wj-sp", "wj"
BEGIN: Final = datetime(2026, 3, 2, 9, 0, tzinfo=LAW_ZONE)
ACTS: Final = (("submit", 0), ("accept", 5), ("pass", 60), ("review", 65), ("grant", 70), ("note", 75))
FIRST, LAST = date(2024, 1, 1), date(2026, 6, 30)
MOST_DAYS: Final = 60
SEARCH_AIM: Final = 50.0  # milliseconds, at so many titles:
AIMED_AT: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured."""

    cases: int
    rounds: int
    days: int
    column: int
    titles: int
    on_postgres: bool = True
    searches_postgres: bool = False


TINY: Final = Size(cases=3, rounds=1, days=200, column=2_000, titles=300, on_postgres=False)
USUAL: Final = Size(cases=40, rounds=5, days=20_000, column=1_000_000, titles=100_000)
FULL: Final = Size(cases=300, rounds=9, days=200_000, column=5_000_000, titles=100_000, searches_postgres=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One figure. `aim` and `met` are None where no aim was set; `figures` are the two sides in their own units."""

    name: str
    value: float
    unit: str
    against: str
    aim: float | None
    met: bool | None
    n: int
    load: tuple[float, float, float]
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """What was not measured here, and why."""

    name: str
    why: str


Line = Result | Skipped


def run(size: Size, *, say: Callable[[str], None]) -> tuple[Line, ...]:
    """Every measurement, one after the other; `say` is told what begins."""
    found: list[Line] = []
    for words, part in (("acts on SQLite", _on_sqlite), ("acts on PostgreSQL", _on_postgres), ("days", measure_days)):
        say(words)
        found += part(size)
    return tuple(found)


def as_json(lines: Sequence[Line]) -> dict[str, Any]:
    """The shape of build/bench/latest.json."""
    return {
        "results": [asdict(line) for line in lines if isinstance(line, Result)],
        "skipped": [asdict(line) for line in lines if isinstance(line, Skipped)],
    }


def _result(
    name: str, value: float, *, unit: str, against: str, n: int, aim: float | None = None, **figures: float
) -> Result:
    """Smaller than the aim is good for milliseconds, larger for everything else."""
    met = None if aim is None else (value <= aim if unit == "ms" else value >= aim)
    rounded = {key: round(figure, 3) for key, figure in figures.items()}
    return Result(
        name=name, value=round(value, 3), unit=unit, against=against, aim=aim, met=met, n=n, load=os.getloadavg(),
        figures=rounded,
    )  # fmt: skip


# ---- acts -------------------------------------------------------------------------------------------


@contextmanager
def _home() -> Iterator[Path]:
    """Keys, files and the SQLite database of this run, on the disk the checkout or installation is on; then gone."""
    build = Path.cwd() / "build"
    build.mkdir(exist_ok=True)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=build)))
        places = {"ZHENGTONG_HOME": home, "ZHENGTONG_KEYS": home / "keys", "ZHENGTONG_ROOTS": home / "roots"}
        stack.enter_context(override_settings(**places, MEDIA_ROOT=home / "files"))
        before = installed()
        stack.callback(put_back, before)
        install(reactions=())  # the door alone; what follows from an act is measured where it is made
        yield home


def _on_sqlite(size: Size) -> list[Line]:
    with _home() as home, default_database(sqlite_url(home / "bench.sqlite3")):
        call_command("migrate", interactive=False, verbosity=0)
        return [*_measure_acts(size, "SQLite"), _measure_search(size, "SQLite")]


def _on_postgres(size: Size) -> list[Line]:
    if not size.on_postgres:
        return []
    try:
        with _home(), running_cluster(is_durable=True) as cluster:
            cluster.create("bench", copy_of="template0")
            with default_database(cluster.url("bench")):
                call_command("migrate", interactive=False, verbosity=0)
                searched = [_measure_search(size, "PostgreSQL")] if size.searches_postgres else []
                return [*_measure_acts(size, "PostgreSQL"), *searched]
    except NoPostgres as absent:
        return [Skipped(name="acts on PostgreSQL", why=str(absent))]


def _measure_acts(size: Size, where: str) -> list[Line]:
    told = measure(_told("a"), _told("b"), cases=size.cases, folds=kernel_folds(), rounds=size.rounds)
    whole = measure(_whole("c"), _told("d"), cases=size.cases, folds=kernel_folds(), rounds=size.rounds)
    return [
        _acts(f"record() on {where}", told),
        _acts(f"read, decide and record() on {where}", whole),
    ]


def _acts(name: str, found: Measured) -> Result:
    return _result(
        name, found.ratio, unit="ratio", against="bare commit of the same rows", n=found.acts,
        acts_per_second=found.recorded_per_second, bare_per_second=found.bare_per_second,
    )  # fmt: skip


Making = Callable[[Recorded | None], Entry]


def _told(prefix: str) -> Callable[[int], Sequence[Making]]:
    """Acts decided beforehand, so that the door alone is timed."""

    def acts(n: int) -> Sequence[Making]:
        steps = _steps(f"{prefix}-{n}", _opens_at(prefix, n))

        def making(before: State | None, events: tuple[Event, ...], key: str, now: datetime) -> Making:
            return lambda last: _entry(last, before, events, key, now)

        return [making(*step) for step in steps]

    return acts


def _whole(prefix: str) -> Callable[[int], Sequence[Making]]:
    """Each act as the desk does it: the history read and folded, the act decided, then recorded."""

    def acts(n: int) -> Sequence[Making]:
        def making(act: str, minutes: int) -> Making:
            def make(last: Recorded | None) -> Entry:
                now = _opens_at(prefix, n) + timedelta(minutes=minutes)
                before = fold(history.load(last.case_id)) if last else None
                key = new_key(now)
                return _entry(last, before, _decide(f"{prefix}-{n}", act, before, key, now), key, now)

            return make

        return [making(act, minutes) for act, minutes in ACTS]

    return acts


def _opens_at(prefix: str, n: int) -> datetime:
    """Every case opens at an instant of its own, or ids meet."""
    return BEGIN + timedelta(milliseconds=10 * n + ord(prefix) % 10)


def _steps(number: str, opened: datetime) -> Iterator[tuple[State | None, tuple[Event, ...], str, datetime]]:
    before: State | None = None
    told: tuple[Event, ...] = ()
    for act, minutes in ACTS:
        now = opened + timedelta(minutes=minutes)
        key = new_key(now)
        events = _decide(number, act, before, key, now)
        yield before, events, key, now
        told = (*told, *events)
        before = fold(told)


def _entry(last: Recorded | None, before: State | None, events: tuple[Event, ...], key: str, now: datetime) -> Entry:
    return Entry(
        case=last.ref if last else None, bound=_licence(), before=before, events=events, key=key,
        calendar=load_calendar(), now=now,
    )  # fmt: skip


def _decide(number: str, act: str, before: State | None, key: str, now: datetime) -> tuple[Event, ...]:
    bound, calendar = _licence(), load_calendar()
    sealed = {rule.name: f"c-{rule.name}" for rule in bound.actions[act].inputs if is_sealed(rule) and rule.required}
    command = Command(
        act=act, actor=_actor(act), inputs={}, sealed=sealed, key=key, hash=hex_digest, channel="portal",
        parties={"applicant": "s-bench"} if before is None else {},
        serials=_serials(number, before, find_serials(bound, before, act, calendar, now)),
    )  # fmt: skip
    if before is None:
        return decide_opening(bound, command, calendar, now)
    return decide(bound, before, command, calendar, now)


def _serials(number: str, before: State | None, needed: Sequence[str]) -> dict[str, tuple[str, ...]]:
    place = before.last_seq if before else 0
    return {key: tuple(f"{key}-{number}-{place}-{n}" for n in range(needed.count(key))) for key in set(needed)}


@cache
def _licence() -> Bound:
    """A licence in three steps, with a post for every role."""
    procedure = load_procedure("licence", "2026-01-01")
    posts = {
        code: PostRef(post=f"{UNIT}-{code}", unit=UNIT, dept=DEPT)
        for code, role in procedure.roles.items()
        if role.kind is RoleKind.POST
    }
    limits = {code: Term.parse("10 wd") for code, rule in procedure.parameters.items() if rule.default is None}
    item = ItemVersion(
        code="qy-bench", version=1, procedure="licence", procedure_version="2026-01-01", name="公共场所卫生许可",
        region=REGION, options=("three_step",), terms=limits, terms_when=(), posts=posts, materials=(), fees=(),
        results={code: ResultLine(code=code, name=code, valid=Term.parse("4 year")) for code in procedure.results},
        situations={}, fields=(), nodes=(),
    )  # fmt: skip
    return bind(procedure, item)


@cache
def _actor(act: str) -> Actor:
    """Whoever may do the act; a person of its own for each, for nobody both examines and decides."""
    bound = _licence()
    roles = [role for role in bound.actions[act].by if role in bound.posts] or ["window"]
    if act == "submit":
        return Actor(person="s-bench", seats=(), subjects={"s-bench": "own"})
    nothing: frozenset[str] = frozenset()
    seat = Seat(
        post=bound.posts[roles[0]].post, unit=UNIT, dept=DEPT, units=(UNIT, DEPT), standing=Standing.OWN, basis="",
        head_of=nothing, superior_of=nothing, government_of=nothing, supervises=nothing,
    )  # fmt: skip
    return Actor(person=f"p-{act}", seats=(seat,), subjects={})


# ---- search -----------------------------------------------------------------------------------------


def _measure_search(size: Size, where: str) -> Result:
    found = catalogue.search_at(size.titles)
    return _result(
        f"search on {where}", found["worst_search"], unit="ms", n=size.titles,
        against="the slowest of the same queries as a LIKE scan", aim=SEARCH_AIM if size.titles >= AIMED_AT else None,
        scan_ms=found["worst_scan"], ratio=found["worst_scan"] / max(found["worst_search"], 0.001),
        queries=len(found["milliseconds"]),
    )  # fmt: skip


# ---- days -------------------------------------------------------------------------------------------


def measure_days(size: Size) -> list[Line]:
    calendar = load_calendar()
    return [*_scalar(calendar, size), _bulk(calendar, size)]


def _scalar(calendar: Calendar, size: Size) -> list[Line]:
    asked = _asked(size.days)
    working = [day for day in _all_days(calendar) if calendar.is_working(day)]

    def ours() -> list[date]:
        return [calendar.add(day, n) for day, n in asked]

    def listed() -> list[date]:
        return [working[bisect_right(working, day) + n - 1] for day, n in asked]

    lines: list[Line] = [_against("add a working day", ours, listed, size, against="look-up in a bare sorted list")]
    try:
        import holidays
    except ImportError:
        return [
            *lines,
            Skipped(name="add a working day, against holidays", why="the package holidays is not installed"),
        ]
    china = holidays.country_holidays("CN", years=range(FIRST.year - 1, LAST.year + 2))
    few = asked[: max(size.days // 20, 50)]

    def by_library() -> list[date]:
        return [china.get_nth_working_day(day, n) for day, n in few]

    def ours_of_few() -> list[date]:
        return [calendar.add(day, n) for day, n in few]

    return [
        *lines,
        _against("add a working day, against holidays", ours_of_few, by_library, size, against="holidays (CN)"),
    ]


def _against(
    name: str, ours: Callable[[], list[date]], theirs: Callable[[], list[date]], size: Size, *, against: str
) -> Result:
    ours_took, theirs_took, agreed, n = [], [], 0, 0
    for _ in range(size.rounds):
        began = time.perf_counter()
        mine = ours()
        between = time.perf_counter()
        other = theirs()
        ended = time.perf_counter()
        ours_took.append(between - began)
        theirs_took.append(ended - between)
        n, agreed = len(mine), sum(a == b for a, b in zip(mine, other, strict=True))
    ratio = median(other / mine for mine, other in zip(ours_took, theirs_took, strict=True))
    return _result(
        name, ratio, unit="ratio", against=against, n=n, ours_ns=median(ours_took) / n * 1e9,
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
        began = time.perf_counter()
        mine = bulk_days.add_days(calendar, starts, n)
        between = time.perf_counter()
        other = np.busday_offset(starts, n, roll="backward", busdaycal=numpy_calendar)
        ended = time.perf_counter()
        ours_took.append(between - began)
        theirs_took.append(ended - between)
        equal = float(np.mean(mine == other))
    ratio = median(other / mine for mine, other in zip(ours_took, theirs_took, strict=True))
    return _result(
        "add working days to a column", ratio, unit="ratio", against="numpy.busday_offset", n=size.column,
        ours_ns=median(ours_took) / size.column * 1e9, theirs_ns=median(theirs_took) / size.column * 1e9, equal=equal,
    )  # fmt: skip


def _asked(n: int) -> list[tuple[date, int]]:
    draw = random.Random(1)  # noqa: S311 - inputs to be repeated, not secrets
    span = (LAST - FIRST).days
    return [(FIRST + timedelta(days=draw.randrange(span)), draw.randrange(1, MOST_DAYS)) for _ in range(n)]


def _all_days(calendar: Calendar) -> list[date]:
    return [calendar.first + timedelta(days=n) for n in range((calendar.last - calendar.first).days + 1)]
