"""Recomputing (重算): when a calendar or a rulebook has another edition than the cases were watched by, every open case
is looked at again, and what differs is listed. Acts that were taken, cards too, stand; due days and alarms are set
anew. All due days at once are reckoned by `due_days`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from zhengtong.kernel.supervision.rules import Rule
from zhengtong.kernel.terms import LAW_ZONE
from zhengtong.ledger.folds import kernel_folds
from zhengtong.ledger.history import Loaded, iter_cases
from zhengtong.ledger.installed import installed
from zhengtong.ledger.writing import read_instant, transaction
from zhengtong.supervision.editions import Law, law_now
from zhengtong.supervision.models import Difference, Run, Signal, Watched
from zhengtong.supervision.watching import Watch, watch_case, write_watches

AT_ONCE: Final = 100
COMPARED: Final = ("level", "since", "cleared_at", "measured", "threshold")
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """`run` lists the differences (models.Difference)."""

    run: int
    cases: int
    differences: int
    rearmed: int
    failed: tuple[str, ...]


def is_outdated(now: datetime) -> bool:
    """Whether some open case was watched by other rules or another calendar than those in force."""
    law = law_now(now)
    open_ones = Watched.objects.filter(closed_at=None)
    return open_ones.exclude(rules=law.edition, calendar=law.calendar_edition).exists()


def recompute(
    now: datetime, *, rules: Sequence[Rule] | None = None, progress: Progress | None = None
) -> Recomputed:
    """Look at every open case again, list what differs, and set alarms anew. Cards are not issued here: the next sweep
    does that for what is found newly."""
    law = law_now(now, rules)
    run = Run.objects.create(
        kind=Run.Kind.RECOMPUTE, started_at=now, rules=law.edition, calendar=law.calendar_edition
    )  # fmt: skip
    cases = differences = rearmed = 0
    failed: dict[str, str] = {}
    for some in _open_cases():
        was = _signals_of(some)
        watches = []
        for loaded in iter_cases(some):
            try:
                watches.append(watch_case(loaded, law, now))
                rearmed += _rearm(loaded.ref.id, loaded, law, now)
            except Exception as error:  # one bad case must not keep the others from being recomputed
                failed[loaded.ref.number] = f"{type(error).__name__}: {error}"[:500]
        differences += _list(run, watches, was)
        write_watches(watches)
        cases += len(some)
        if progress is not None:
            progress(cases)
    named = [{"number": name, "error": error} for name, error in failed.items()]
    Run.objects.filter(pk=run.pk).update(ended_at=now, cases=cases, findings=differences, failed=named, done=True)
    return Recomputed(run=run.pk, cases=cases, differences=differences, rearmed=rearmed, failed=tuple(failed))


def _open_cases() -> Iterator[list[int]]:
    after = -1
    while some := list(
        Watched.objects.filter(closed_at=None, case_id__gt=after).order_by("case_id").values_list("case_id", flat=True)[
            :AT_ONCE
        ]
    ):
        yield some
        after = some[-1]


def _signals_of(case_ids: Sequence[int]) -> dict[str, dict[str, Any]]:
    rows = Signal.objects.filter(case_id__in=case_ids, gone_at=None)
    return {row.key: {name: getattr(row, name) for name in COMPARED} | {"case_id": row.case_id} for row in rows}


def _list(run: Run, watches: Sequence[Watch], was: Mapping[str, Mapping[str, Any]]) -> int:
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
    Difference.objects.bulk_create(rows)
    return len(rows)


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
