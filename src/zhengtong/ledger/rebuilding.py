"""Docket and readers are the fold of the history: here they are made again from events alone, and compared."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from zhengtong.kernel.events import Event
from zhengtong.kernel.states import State
from zhengtong.ledger.folds import DOCKET, Folds, kernel_folds
from zhengtong.ledger.history import CaseRef, Loaded, iter_loaded
from zhengtong.ledger.installed import installed
from zhengtong.ledger.models.cases import Case, Reader
from zhengtong.ledger.record import docket_values, write_readers
from zhengtong.ledger.rows import OUTBOX, Row
from zhengtong.ledger.writing import Pen, transaction

# The alarm depends on when it was last reckoned, so it may differ without anything being wrong.
_ALARMS: Final = 200
COMPARED: Final = (*(name for name in DOCKET if name != "wake_at"), "last_seq", "head_hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What the history of one case says its rows are."""

    ref: CaseRef
    docket: dict[str, object]
    readers: frozenset[tuple[str, str]]
    recorded_at: datetime
    wake_at: Callable[[datetime], datetime | None]

    def may_wake_at(self, stored: datetime | None) -> bool:
        """Whether an alarm reckoned at some time could stand so: none while silence is to come would stop the law."""
        at = self.recorded_at
        for _ in range(_ALARMS):
            alarm = self.wake_at(at)
            if alarm is None or alarm == stored:
                return alarm == stored
            if self.wake_at(alarm) == alarm:  # silence speaks there: no later alarm is right
                return False
            at = alarm
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    cases: int
    mended: tuple[str, ...]


def rebuild(
    now: datetime,
    *,
    check: bool = False,
    projections: bool = False,
    folds: Folds | None = None,
    progress: Callable[[int], None] | None = None,
) -> Rebuilt:
    """Fold every case and mend rows that differ; with `check` only name them. `projections` runs the reactions again,
    batch by batch, and writes their rows but nothing of the outbox."""
    folds = folds or kernel_folds()
    cases, mended = 0, []
    for loaded in iter_loaded():
        cases += 1
        # As of the last event: if an alarm has passed since, the sweeper comes at once.
        folded = fold_case(loaded, loaded.history[-1].recorded_at, folds)
        if differences(folded):
            mended.append(folded.ref.number)
            if not check:
                _mend(folded)
        if projections and not check:
            _project(loaded, folds)
        if progress is not None:
            progress(cases)
    return Rebuilt(cases=cases, mended=tuple(mended))


def fold_case(loaded: Loaded, at: datetime, folds: Folds) -> Folded:
    state = folds.fold(loaded.history)
    bound = installed().bound_for(state)
    calendar, ref = installed().calendar_for(), loaded.ref
    docket = docket_values(folds.find_docket(bound, state, calendar, at))
    docket |= {"last_seq": ref.last_seq, "head_hash": ref.head_hash}
    return Folded(
        ref=ref,
        docket=docket,
        readers=folds.find_readers(bound, state),
        recorded_at=loaded.history[-1].recorded_at,
        wake_at=lambda at: folds.find_docket(bound, state, calendar, at).wake_at,
    )


def differences(folded: Folded) -> tuple[str, ...]:
    """The columns in which the stored docket differs from the fold; "readers"; "id" if there is none."""
    try:
        row = Case.objects.filter(pk=folded.ref.id).values(*COMPARED, "wake_at").first()
    except (ValueError, TypeError):  # a column holds what is no instant
        return ("instants",)
    if row is None:
        return ("id",)
    row["head_hash"] = bytes(row["head_hash"])
    found = [name for name in COMPARED if row[name] != folded.docket[name]]
    stored = set(Reader.objects.filter(case_id=folded.ref.id).values_list("kind", "ref"))
    if stored != set(folded.readers):
        found.append("readers")
    if not folded.may_wake_at(row["wake_at"]):
        found.append("wake_at")
    return tuple(found)


def _mend(folded: Folded) -> None:
    with transaction() as pen:
        # Somebody may have acted meanwhile: what they wrote is newer, and right.
        newest = pen.rows("SELECT max(seq) FROM ledger_event WHERE case_id = %s", [folded.ref.id])
        if newest != [(folded.ref.last_seq,)]:
            return
        pen.put(Row(table="ledger_case", values={"id": folded.ref.id, **folded.docket}, key=("id",)))
        write_readers(pen, folded.ref.id, None, folded.readers)


def _project(loaded: Loaded, folds: Folds) -> None:
    state: State | None = None
    for batch in _batches(loaded.history):
        for event in batch:
            state = folds.evolve(state, event)
        assert state is not None
        ref = CaseRef(
            id=loaded.ref.id, number=state.number, last_seq=batch[-1].seq, head_hash=_hash_at(loaded, batch[-1].seq)
        )
        rows = [row for reaction in installed().reactions for row in reaction(ref, state, batch)]
        with transaction() as pen:
            _put_projected(pen, rows)


def _put_projected(pen: Pen, rows: list[Row]) -> None:
    for row in rows:
        if row.table != OUTBOX:
            pen.put(row)


def _batches(history: tuple[Event, ...]) -> list[tuple[Event, ...]]:
    found: dict[int, list[Event]] = {}
    for event in history:
        found.setdefault(event.batch, []).append(event)
    return [tuple(events) for events in found.values()]


def _hash_at(loaded: Loaded, seq: int) -> bytes:
    if seq == loaded.ref.last_seq:
        return loaded.ref.head_hash
    with connection.cursor() as cursor:
        cursor.execute("SELECT hash FROM ledger_event WHERE case_id = %s AND seq = %s", [loaded.ref.id, seq])
        row = cursor.fetchone()
    assert row is not None
    return bytes(row[0])
