"""Recomputing (重算): when a calendar or a rulebook has another edition than open cases were judged by, they are looked
at again and what reads differently is listed. Acts that were taken, cards too, stand; due days and alarms are set anew.

The worker notices by itself and does a piece in each of its rounds. Where only days changed, cases that no changed day
can touch are left out, and those whose due day moved, which `due_days` reckons all at once, come first.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Q, QuerySet

from zhengtong.kernel.supervision.rules import Rule
from zhengtong.kernel.terms import LAW_ZONE, lapse_at
from zhengtong.law.calendar_files import changed_days
from zhengtong.ledger.folds import kernel_folds
from zhengtong.ledger.history import Loaded
from zhengtong.ledger.installed import installed
from zhengtong.ledger.writing import read_instant, transaction
from zhengtong.supervision import due_days
from zhengtong.supervision.editions import Law, law_now
from zhengtong.supervision.models import Difference, Failed, Run, Signal, Watched
from zhengtong.supervision.sweeping import Doing, batches, fail, load_each, write_each
from zhengtong.supervision.watching import Watch, watch_case

AT_ONCE: Final = 100
A_ROUND: Final = 5_000
"""Cases in one round of the worker: silence and other cases are not kept waiting for longer than that takes."""
CLOCKS: Final = 500
COMPARED: Final = ("level", "since", "cleared_at", "measured", "threshold")
JUDGING: Final = (Run.Kind.RECOMPUTE, Run.Kind.ALL)
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """`run` lists the differences (models.Difference). `done`: nothing is left to be looked at."""

    run: int
    cases: int
    differences: int
    rearmed: int
    failed: tuple[str, ...]
    done: bool = True


# ---- whether, and how far -------------------------------------------------------------------------------


def is_outdated(now: datetime) -> bool:
    """Whether open cases were judged by other rules or another calendar than those in force."""
    return _is_outdated(law_now(now))


def _is_outdated(law: Law) -> bool:
    base = _base()
    return base is not None and not all(_is_by(run, law) for run in (base, *_broken_off(base)))


def recompute_round(now: datetime) -> Recomputed | None:
    """A piece of the work, if there is any: for the background process, before it watches what changed."""
    law = law_now(now)
    if not _is_outdated(law):
        return None
    return _recompute(law, now, is_whole=_is_whole(law), most=A_ROUND)


def recompute(now: datetime, *, rules: Sequence[Rule] | None = None, progress: Progress | None = None) -> Recomputed:
    """Look at every open case again, list what differs, and set alarms anew; goes on where a killed one stopped. Cards
    are not issued here: the next sweep does that for what is found newly."""
    return _recompute(law_now(now, rules), now, is_whole=True, progress=progress)


def _base() -> Run | None:
    """The run by whose law all open cases were judged last: a recomputation, or the first sweep of all."""
    last = Run.objects.filter(kind__in=JUDGING, done=True).order_by("-started_at", "-pk").first()
    return last or Run.objects.order_by("started_at", "pk").first()


def _is_by(run: Run, law: Law) -> bool:
    return (run.rules, run.calendar) == (law.edition, law.calendar_edition)


def _broken_off(base: Run | None) -> QuerySet[Run]:
    """Runs since the base that never ended: some cases were judged by their law."""
    since = Run.objects.filter(kind__in=JUDGING, done=False)
    return since if base is None else since.filter(pk__gt=base.pk)


def _is_whole(law: Law) -> bool:
    """Whether any open case may read differently: the rules changed, or nothing is known of the calendar before."""
    before = [run for run in (_base(), *_broken_off(_base())) if run is not None]
    return any(run.rules != law.edition or not run.days for run in before)


def _changed(law: Law) -> tuple[date, date] | None:
    """The first and the last day on which this calendar differs from any by which open cases may have been judged."""
    base = _base()
    before = [run for run in (base, *_broken_off(base)) if run is not None and run.calendar != law.calendar_edition]
    found = [days for run in before if (days := changed_days(run.days, law.days)) is not None]
    return (min(first for first, _last in found), max(last for _first, last in found)) if found else None


# ---- a run ----------------------------------------------------------------------------------------------


def _recompute(
    law: Law, now: datetime, *, is_whole: bool, most: int | None = None, progress: Progress | None = None
) -> Recomputed:
    """`most` cases, or all: by hand every open case, in the background those that may read otherwise."""
    days = None if is_whole else _changed(law)
    doing, after = _begin(law, now)
    run, rearmed, is_done = doing.begin(), 0, True
    for some, reached in _cases(law, after, is_whole=is_whole, days=days, by_hand=most is None):
        if most is not None and doing.cases >= most:
            is_done = False
            break
        rearmed += _look_again(some, doing)
        doing.cases += len(some)
        Run.objects.filter(pk=run.pk).update(cases=run.cases + doing.cases, to_position=f"id:{reached}")
        if progress is not None:
            progress(doing.cases)
    failed = [*run.failed, *({"number": name, "error": error} for name, error in doing.failed.items())]
    listed = Difference.objects.filter(run=run).count()
    ended = {"ended_at": now, "done": True} if is_done else {}
    Run.objects.filter(pk=run.pk).update(failed=failed, findings=listed, **ended)
    return Recomputed(
        run=run.pk, cases=doing.cases, differences=listed, rearmed=rearmed, failed=tuple(doing.failed), done=is_done
    )


def _begin(law: Law, now: datetime) -> tuple[Doing, int]:
    """A run by this law that did not end is gone on with, after the last case it reached."""
    doing = Doing(kind=Run.Kind.RECOMPUTE, law=law, now=now)
    unfinished = _broken_off(_base()).filter(
        kind=Run.Kind.RECOMPUTE, rules=law.edition, calendar=law.calendar_edition
    )  # fmt: skip
    doing.row = unfinished.order_by("-started_at", "-pk").first()
    after = -1 if doing.row is None else int(doing.row.to_position.partition(":")[2] or -1)
    return doing, after


def _cases(
    law: Law, after: int, *, is_whole: bool, days: tuple[date, date] | None, by_hand: bool
) -> Iterator[tuple[list[int], int]]:
    """The cases to be looked at, some at once, each time with the last id that was reached in order of id."""
    wanted = Watched.objects.filter(closed_at=None)
    if not by_hand:
        wanted = wanted.exclude(rules=law.edition, calendar=law.calendar_edition)
    if not is_whole:
        if days is None:
            return
        wanted = wanted.filter(_touched(*days))
        for some in batches(_moved(wanted, law), AT_ONCE):
            yield some, after
    while some := list(
        wanted.filter(case_id__gt=after).order_by("case_id").values_list("case_id", flat=True)[:AT_ONCE]
    ):
        after = some[-1]
        yield some, after


def _touched(first: date, last: date) -> Q:
    """Cases that a day of these may touch: opened by its end, and some limit, alarm or look reaches it."""
    begin = datetime(first.year, first.month, first.day, tzinfo=LAW_ZONE)
    is_reached = Q(rests_until=None) | Q(rests_until__gt=begin) | Q(evaluated_at__gt=begin) | Q(case__wake_at__gt=begin)
    return Q(opened_at__lt=lapse_at(last)) & is_reached


def _moved(wanted: QuerySet[Watched], law: Law) -> Iterator[int]:
    """Those whose due day or promise moved, what now lapses first before the others; one that failed waits its turn."""
    clocks = due_days.find_moved(law.calendar).tolist()
    for start in range(0, len(clocks), CLOCKS):
        some = clocks[start : start + CLOCKS]
        rows = wanted.filter(clock__in=some).exclude(case_id__in=Failed.objects.values("case_id"))
        place = {clock: n for n, clock in enumerate(some)}
        found = sorted(rows.values_list("clock", "case_id"), key=lambda row: (place[row[0] or 0], row[1]))
        yield from (case_id for _clock, case_id in found)


# ---- some cases -----------------------------------------------------------------------------------------


def _look_again(case_ids: Sequence[int], doing: Doing) -> int:
    """What differs is listed before it is written over: killed in between, it is found and listed again as the same.
    How many dockets were set anew."""
    was = _signals_of(case_ids)
    watches, rearmed = [], 0
    for loaded in load_each(case_ids, doing):
        try:
            watches.append(watch_case(loaded, doing.law, doing.now))
            rearmed += _rearm(loaded.ref.id, loaded, doing.law, doing.now)
        except Exception as error:  # one bad case must not keep the others from being recomputed
            fail(loaded.ref.id, error, doing)
    _list(doing.begin(), watches, was)
    write_each(watches, doing)
    return rearmed


def _signals_of(case_ids: Sequence[int]) -> dict[str, dict[str, Any]]:
    rows = Signal.objects.filter(case_id__in=case_ids, gone_at=None)
    return {row.key: {name: getattr(row, name) for name in COMPARED} | {"case_id": row.case_id} for row in rows}


def _list(run: Run, watches: Sequence[Watch], was: Mapping[str, Mapping[str, Any]]) -> None:
    """The findings that are new, gone, or other than they were."""
    rows = []
    looked_at = {watch.case_id for watch in watches}
    found = {str(values["key"]): (watch, values) for watch in watches for values in watch.signals}
    for key, (watch, values) in found.items():
        before = was.get(key)
        if before is None or any(_differs(before[name], values[name]) for name in COMPARED):
            rows.append(_row(run, key, watch.case_id, watch.number, before, values))
    for key, before in was.items():
        if key not in found and before["case_id"] in looked_at:
            rows.append(_row(run, key, before["case_id"], key.partition(":")[2].partition("|")[0], before, None))
    Difference.objects.bulk_create(rows, ignore_conflicts=True)


def _differs(was: object, now: object) -> bool:
    return was != now


def _row(
    run: Run, key: str, case_id: int, number: str, was: Mapping[str, Any] | None, now: Mapping[str, Any] | None
) -> Difference:
    return Difference(run=run, signal=key, case_id=case_id, number=number, was=_plain(was), now=_plain(now))


def _plain(values: Mapping[str, Any] | None) -> dict[str, str | None] | None:
    if values is None:
        return None
    return {name: None if values[name] is None else _text(values[name]) for name in COMPARED}


def _text(value: object) -> str:
    return value.astimezone(LAW_ZONE).isoformat() if isinstance(value, datetime) else str(value)


def _rearm(case_id: int, loaded: Loaded, law: Law, now: datetime) -> int:
    """Due days and the alarm on the docket as this calendar has them; no event is written. 1 if they were other."""
    folds = kernel_folds()
    state = folds.fold(loaded.history)
    docket: Any = folds.find_docket(installed().bound_for(state), state, law.calendar, now)
    with transaction() as pen:
        rows = pen.rows("SELECT due_at, promised_at, wake_at FROM ledger_case WHERE id = %s", [case_id])
        wanted = [docket.due_at, docket.promised_at, docket.wake_at]
        if rows and [_instant(value) for value in rows[0]] == [_instant(value) for value in wanted]:
            return 0
        return pen.run(
            "UPDATE ledger_case SET due_at = %s, promised_at = %s, wake_at = %s WHERE id = %s AND last_seq = %s",
            [*wanted, case_id, loaded.ref.last_seq],
        )


def _instant(value: object) -> datetime | None:
    return None if value is None else read_instant(value)
