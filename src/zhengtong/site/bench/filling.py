"""A city with a million open cases: the demonstration's organs and people, some hundred real histories at one organ,
and behind them docket and reader rows copied by SQL to forty organs, due later. What a page shows has a history; what
it must not walk through has none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.db import connection

from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.sweeping import sweep
from zhengtong.site.demo import city
from zhengtong.site.demo.history import Weeks
from zhengtong.site.demo.inspecting import Inspecting
from zhengtong.site.demo.staffing import Staffing
from zhengtong.site.demo.stories import ACCEPTED, ARRIVED, GRANTED, OPEN, PASSED, RECEIVED, REVIEWED, Story
from zhengtong.site.demo.supervising import Supervising
from zhengtong.site.demo.telling import Scene

DEPT: Final = "wj"  # whose cases are copied
ORGANS: Final = 40
ITEM: Final = "qy-wj-0003"
STAGES: Final = (OPEN, ARRIVED, RECEIVED, ACCEPTED, PASSED, REVIEWED, GRANTED)
FRESH: Final = (OPEN, ARRIVED, RECEIVED)  # or what is silent for five days is deemed accepted
CHUNK: Final = 100_000
SPAN: Final = 65 * 24 * 3600
APART: Final = 5_000 << 15  # an opening each five seconds, in the ids' own measure
CASES_OF_A_CITIZEN: Final = 3


class _Days(Weeks):
    """Weeks without nights: nothing here waits for silence or roots."""

    def _work_at_night(self, at: datetime) -> None:
        """Sleep."""


class Unwatched(Supervising):
    """Nobody watches: what supervision costs is measured by itself."""

    def sweep(self, at: datetime) -> None:
        """Nothing is found."""

    def survey(self, at: datetime) -> None:
        """Nothing is surveyed."""

    def live(self, day: date, now: datetime) -> None:
        """No card is looked at."""


class Unseen(Inspecting):
    """Nobody goes and sees, and no rule is drafted."""

    def draft_a_rule(self, now: datetime) -> None:
        """Nothing is drafted."""

    def live(self, day: date, now: datetime) -> None:
        """No round is made."""


def lay_city(now: datetime, *, histories: int) -> city.City:
    """Organs, people, accounts, items, and so many real cases of the organ, left at all stages."""
    ground = city.lay_ground(now=now)
    stories = [
        Story(name=f"{n}", items=(ITEM,), steps=steps, ago=(1, 3) if steps in FRESH else (6, 9), count=1, online=True)
        for n, steps in ((n, STAGES[n % len(STAGES)]) for n in range(histories))
    ]
    scene = Scene(calendar=load_calendar(), staffing=Staffing.read(), public=ground.public, cases=[], files_since=now)
    nobody = Unwatched(staffing=scene.staffing, calendar=scene.calendar)
    unseen = Unseen(staffing=scene.staffing, calendar=scene.calendar)
    with without_waiting_for_the_disk():
        days = _Days(now=now, scene=scene, seed=1, handlers={}, supervising=nobody, inspecting=unseen)
        lived = days.live(stories)
        assert not lived.astray, lived.astray
        assert not sweep(now).failed  # what silence has done by now is written, as it is every night
    return ground


def fill_docket(now: datetime, *, cases: int, alarms: int) -> int:
    """So many more open cases, of which `alarms` wait to be woken; how many reader rows they have."""
    with (
        connection.cursor() as cursor,
        without_waiting_for_the_disk(),
        without_indexes(cursor, ("ledger_case", "ledger_reader")),
    ):
        _keep_templates(cursor, now)
        for start in range(0, cases, CHUNK):
            _copy(cursor, now, start=start, end=min(start + CHUNK, cases), alarms=alarms)
        cursor.execute("DROP TABLE bench_template")
        cursor.execute("DROP TABLE bench_organ")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
        cursor.execute("SELECT count(*) FROM ledger_reader")
        return int(cursor.fetchone()[0])


def _keep_templates(cursor: Any, now: datetime) -> None:
    """The real open cases, first in every list by their due day; and the organs the copies go to, ours the first."""
    cursor.execute(
        "CREATE TABLE bench_template AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, ledger_case.* "
        "FROM ledger_case WHERE closed_at IS NULL AND dept = %s",
        [DEPT],
    )
    Case.objects.filter(closed_at__isnull=True, due_at__isnull=False).update(due_at=now - timedelta(days=9))
    cursor.execute("CREATE TABLE bench_organ (n integer PRIMARY KEY, code text NOT NULL)")
    names = [DEPT, *(f"b{n:02d}" for n in range(1, ORGANS))]
    for n, name in enumerate(names):
        cursor.execute("INSERT INTO bench_organ VALUES (%s, %s)", [n, name])


def _copy(cursor: Any, now: datetime, *, start: int, end: int, alarms: int) -> None:
    cursor.execute("SELECT count(*) FROM bench_template")
    templates = int(cursor.fetchone()[0])
    first = int((now - timedelta(days=62)).timestamp() * 1000) << 15
    one = "%s" if connection.vendor == "sqlite" else "%s::bigint"
    series = f"WITH RECURSIVE line(i) AS (SELECT {one} UNION ALL SELECT i + 1 FROM line WHERE i < {one})"  # noqa: S608 - numbers of our own
    drawn = (
        f"FROM line JOIN bench_organ o ON o.n = line.i %% {ORGANS} "
        f"JOIN bench_template t ON t.n = (line.i / {ORGANS}) %% {templates}"
    )
    case_id = f"{first} + line.i * {APART}"
    due = _instant(now - timedelta(days=5), f"(line.i * 7919) %% {SPAN}")
    wake = _instant(now + timedelta(hours=1), f"(line.i * 104729) %% {SPAN}")
    woken = _instant(now - timedelta(hours=2), "line.i %% 3600")
    cursor.execute(
        f"""{series} INSERT INTO ledger_case (id, number, procedure, version, item, item_version, region, unit, dept,
          post, assignee, "window", state, phase, outcome, opened_at, accepted_at, due_at, promised_at, wake_at,
          closed_at, last_seq, head_hash)
        SELECT {case_id}, '51019999' || (1000000000 + line.i), procedure, version, item, item_version, region,
          replace(unit, '{DEPT}', o.code), o.code, replace(post, '{DEPT}', o.code), NULL, NULL, state, phase, NULL,
          opened_at, accepted_at, CASE WHEN due_at IS NULL THEN NULL ELSE {due} END,
          CASE WHEN promised_at IS NULL THEN NULL ELSE {due} END,
          CASE WHEN line.i < {alarms} THEN {woken} ELSE {wake} END, NULL, last_seq, head_hash
        {drawn} ORDER BY line.i""",
        [start, end - 1],
    )
    cursor.execute(
        f"""{series} INSERT INTO ledger_reader (case_id, kind, ref)
        SELECT {case_id}, r.kind, CASE WHEN r.kind = 'subject' THEN 's-bench-' || (line.i / {CASES_OF_A_CITIZEN})
          ELSE replace(r.ref, '{DEPT}', o.code) END
        {drawn} JOIN ledger_reader r ON r.case_id = t.id ORDER BY line.i, r.kind, r.ref""",
        [start, end - 1],
    )


def _instant(base: datetime, seconds: str) -> str:
    stamp = f"{base.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if connection.vendor == "sqlite":
        return f"datetime('{stamp}', '+' || ({seconds}) || ' seconds')"
    return f"timestamptz '{stamp}+00' + ({seconds}) * interval '1 second'"


@contextmanager
def without_indexes(cursor: Any, tables: Sequence[str]) -> Iterator[None]:
    """Rows first, indexes after: the trees are then built in order."""
    found = [(name, made) for table in tables for name, made in _indexes(cursor, table)]
    for name, _made in found:
        cursor.execute(f"DROP INDEX {name}")
    try:
        yield
    finally:
        for _name, made in found:
            cursor.execute(made.replace("%", "%%"))


def _indexes(cursor: Any, table: str) -> Sequence[tuple[str, str]]:
    if connection.vendor == "sqlite":
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s AND sql <> ''", [table]
        )
    else:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN "
            "(SELECT conname FROM pg_constraint)",
            [table],
        )
    return [(str(row[0]), str(row[1])) for row in cursor.fetchall()]


@contextmanager
def without_waiting_for_the_disk() -> Iterator[None]:
    """What is thrown away afterwards need not be safe while it is made."""
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            cursor.execute("SET synchronous_commit = off")
            cursor.execute("SET session_replication_role = replica")  # ten million copied rows refer to what was copied
            yield
            cursor.execute("SET session_replication_role = origin")
            cursor.execute("SET synchronous_commit = on")
            return
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.execute("PRAGMA cache_size=-262144")
        yield
        cursor.execute("PRAGMA cache_size=-2000")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute("PRAGMA synchronous=FULL")
