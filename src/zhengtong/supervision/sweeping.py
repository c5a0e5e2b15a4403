"""The sweep (巡检) of supervision: cases that changed, cases whose alarm rang, cases that failed before; then cards.

Its cost follows these and not the open cases. Findings are written in small transactions and the position only at the
end, so that a run which is killed is done again by the next; doing it twice changes nothing.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import DatabaseError, connection
from django.db.models import Q

from zhengtong.kernel.supervision.rules import Rule
from zhengtong.ledger.feeding import iter_case_ids, read_changes
from zhengtong.ledger.history import Loaded, NoHistory, iter_cases, load_case
from zhengtong.ledger.models.cases import Case
from zhengtong.supervision.carding import issue_waiting
from zhengtong.supervision.editions import Law, law_now
from zhengtong.supervision.models import Failed, Run, Watched
from zhengtong.supervision.telling import tell_waiting
from zhengtong.supervision.watching import Watch, watch_case, write_watches

log = logging.getLogger(__name__)

AT_ONCE: Final = 100
PAGE: Final = 2_000
FEEDING: Final = (Run.Kind.SWEEP, Run.Kind.ALL)
MOST_NAMED: Final = 1_000
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchings:
    """What a run did: cases looked at, findings that stand or stood in them, cards issued or proposed, what failed."""

    cases: int
    findings: int
    cards: int
    failed: tuple[str, ...]


@dataclass(slots=True)
class Doing:
    """A run under way. Its row is written with the first case, so that idle rounds of the worker leave nothing."""

    kind: Run.Kind
    law: Law
    now: datetime
    progress: Progress | None = None
    row: Run | None = None
    cases: int = 0
    findings: int = 0
    cards: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    failed_ids: set[int] = field(default_factory=set)

    def begin(self, position: str = "") -> Run:
        if self.row is None:
            judges_all = self.kind is not Run.Kind.SWEEP or not Run.objects.exists()
            self.row = Run.objects.create(
                kind=self.kind, started_at=self.now, from_position=position, to_position="", rules=self.law.edition,
                calendar=self.law.calendar_edition, days=self.law.days if judges_all else {},
            )  # fmt: skip
        return self.row

    def end(self, position: str) -> Watchings:
        if self.row is not None:
            named = [{"number": name, "error": error} for name, error in self.failed.items()][:MOST_NAMED]
            Run.objects.filter(pk=self.row.pk).update(
                ended_at=self.now, to_position=position, cases=self.cases, findings=self.findings, cards=self.cards,
                failed=named, done=True,
            )  # fmt: skip
        return Watchings(cases=self.cases, findings=self.findings, cards=self.cards, failed=tuple(self.failed))


def sweep(
    now: datetime, *, everything: bool = False, rules: Sequence[Rule] | None = None, progress: Progress | None = None
) -> Watchings:
    """One run as of an instant. `everything` looks at every case again, and goes on where a killed one stopped.

    What fails is named, tried again in the next run, and keeps nothing else waiting.
    """
    law = law_now(now, rules)
    doing = Doing(kind=Run.Kind.ALL if everything else Run.Kind.SWEEP, law=law, now=now, progress=progress)
    position = _look_at_all(doing) if everything else _look_at_changes(doing)
    _look(_failed_before(doing), doing)
    issued = issue_waiting(law, now)
    doing.cards += issued.issued
    doing.failed |= issued.failed
    if issued.issued or (issued.failed and doing.row is not None):
        doing.begin()
    tell_waiting(law, now)
    return doing.end(position)


def watch_round(now: datetime) -> Watchings:
    """One run for the background process, which calls it every few seconds."""
    return sweep(now)


# ---- which cases ----------------------------------------------------------------------------------------


def last_position() -> str:
    """How far the feed was read by the last run that was done."""
    done = Run.objects.filter(done=True, kind__in=FEEDING).exclude(to_position="").order_by("-started_at", "-pk")
    return done.values_list("to_position", flat=True).first() or ""


def _look_at_changes(doing: Doing) -> str:
    since = last_position()
    changes = read_changes(since)
    _look(_not_fresh(changes.case_ids, doing, by_law=changes.is_all), doing, since)
    _look(_due(doing.now), doing, since)
    if changes.is_all:
        doing.begin()
    return changes.position


def _look_at_all(doing: Doing) -> str:
    """Every case in order of id; the place reached stands in the row of the run, after which a killed one goes on."""
    position = read_changes(last_position()).position
    unfinished = (
        Run.objects.filter(kind=Run.Kind.ALL, done=False, rules=doing.law.edition, calendar=doing.law.calendar_edition)
        .order_by("-started_at", "-pk")
        .first()
    )
    after = -1
    if unfinished is not None:
        doing.row, after = unfinished, int(unfinished.to_position.partition(":")[2] or -1)
    row = doing.begin()
    for some in batches(iter_case_ids(after), AT_ONCE * 10):
        _look(some, doing)
        Run.objects.filter(pk=row.pk).update(to_position=f"id:{some[-1]}")
    return position


def _due(now: datetime) -> Iterator[int]:
    """Cases whose alarm rang, in order of time, from the partial index; one that stays due is met once."""
    last: tuple[Any, int] | None = None
    while True:
        rows = Watched.objects.filter(wake_at__lte=now).order_by("wake_at", "case_id")
        if last is not None:
            rows = rows.filter(Q(wake_at__gt=last[0]) | Q(wake_at=last[0], case_id__gt=last[1]))
        some = list(rows.values_list("wake_at", "case_id")[:PAGE])
        yield from (case_id for _wake_at, case_id in some)
        if len(some) < PAGE:
            return
        last = (some[-1][0], some[-1][1])


def _not_fresh(case_ids: Iterable[int], doing: Doing, *, by_law: bool) -> Iterator[int]:
    """Without those that were watched since their last event, and with `by_law` by the law in force: the feed gives
    some again, and a first run that was killed goes on quickly."""
    for some in batches(case_ids, PAGE):
        seqs = dict(Case.objects.filter(pk__in=some).values_list("pk", "last_seq"))
        known = Watched.objects.filter(case_id__in=some)
        if by_law:
            known = known.filter(rules=doing.law.edition, calendar=doing.law.calendar_edition)
        rows = known.values_list("case_id", "seq", "wake_at")
        skipped = {
            case_id
            for case_id, seq, wake_at in rows
            if seq == seqs.get(case_id) and (wake_at is None or wake_at > doing.now)
        }
        yield from (case_id for case_id in some if case_id not in skipped)


_BEHIND: Final = (
    "SELECT c.id FROM ledger_case c LEFT JOIN supervision_watched w ON w.case_id = c.id "
    "WHERE w.seq IS NULL OR w.seq < c.last_seq ORDER BY c.id"
)
"""Whatever the feed did not give, because it was dated back further than any act waits: looked for once a night."""


def catch_up(now: datetime) -> Watchings:
    """The nightly chore: watch every case that is behind its history, whatever the reason."""
    doing = Doing(kind=Run.Kind.SWEEP, law=law_now(now), now=now)
    with connection.cursor() as cursor:
        cursor.execute(_BEHIND)
        behind = [int(row[0]) for row in cursor.fetchall()]
    _look(behind, doing, last_position())
    return doing.end(last_position())


def _failed_before(doing: Doing) -> list[int]:
    rows = Failed.objects.order_by("since", "case_id").values_list("case_id", flat=True)[:PAGE]
    return [case_id for case_id in rows if case_id not in doing.failed_ids]


def batches(ids: Iterable[int], size: int) -> Iterator[list[int]]:
    some: list[int] = []
    for case_id in ids:
        some.append(case_id)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


# ---- looking --------------------------------------------------------------------------------------------


def _look(case_ids: Iterable[int], doing: Doing, since: str = "") -> None:
    for some in batches(case_ids, AT_ONCE):
        doing.begin(since)
        watches = list(_watches([case_id for case_id in some if case_id not in doing.failed_ids], doing))
        write_each(watches, doing)
        doing.cases += len(some)
        doing.findings += sum(len(watch.signals) for watch in watches)
        if doing.progress is not None:
            doing.progress(doing.cases)


def _watches(case_ids: Sequence[int], doing: Doing) -> Iterator[Watch]:
    for loaded in load_each(case_ids, doing):
        try:
            yield watch_case(loaded, doing.law, doing.now)
        except Exception as error:  # one bad case must not keep supervision from the others
            fail(loaded.ref.id, error, doing)


def load_each(case_ids: Sequence[int], doing: Doing) -> Iterator[Loaded]:
    try:
        yield from list(iter_cases(sorted(case_ids)))
        return
    except Exception:  # some history cannot be read: each by itself then
        log.info("supervision: %s histories are read one by one", len(case_ids))
    for case_id in case_ids:
        try:
            yield load_case(case_id)
        except NoHistory:
            continue
        except Exception as error:  # as above
            fail(case_id, error, doing)


def write_each(watches: Sequence[Watch], doing: Doing) -> None:
    try:
        write_watches(watches)
    except (DatabaseError, ValueError, TypeError):
        for watch in watches:
            try:
                write_watches([watch])
            except (DatabaseError, ValueError, TypeError) as error:
                fail(watch.case_id, error, doing)
    done = [watch.case_id for watch in watches if watch.case_id not in doing.failed_ids]
    if Failed.objects.exists():
        Failed.objects.filter(case_id__in=done).delete()


def fail(case_id: int, error: Exception, doing: Doing) -> None:
    log.error("supervision: case %s could not be watched", case_id, exc_info=error)
    doing.failed_ids.add(case_id)
    number = Case.objects.filter(pk=case_id).values_list("number", flat=True).first() or str(case_id)
    said = f"{type(error).__name__}: {error}"[:500]
    doing.failed[number] = said
    row, is_new = Failed.objects.get_or_create(
        case_id=case_id, defaults={"number": number, "since": doing.now, "error": said}
    )
    if not is_new:
        with suppress(DatabaseError):
            Failed.objects.filter(pk=row.pk).update(times=row.times + 1, error=said)
