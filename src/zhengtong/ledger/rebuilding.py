"""Docket and readers are the fold of the history: here they are made again from events alone, and compared.

Cases go by in order of id, some hundred at once: their events, their rows and what is mended cost a few statements for
each hundred, and memory stays as it is however many there are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from django.db import connection

from zhengtong.kernel.events import Event
from zhengtong.kernel.states import State
from zhengtong.ledger.folds import DOCKET, Folds, kernel_folds
from zhengtong.ledger.history import CASES_AT_ONCE, CaseRef, Loaded, iter_cases, iter_loaded, uncollected
from zhengtong.ledger.installed import installed
from zhengtong.ledger.preparing import docket_values
from zhengtong.ledger.rows import OUTBOX, Row
from zhengtong.ledger.writing import Pen, as_driven, read_instant, transaction, upsert_sql

# The alarm depends on when it was last reckoned, so it may differ without anything being wrong.
_ALARMS: Final = 200
COMPARED: Final = (*(name for name in DOCKET if name != "wake_at"), "last_seq", "head_hash")
_INSTANTS: Final = ("opened_at", "accepted_at", "due_at", "promised_at", "closed_at", "wake_at")
_STORED: Final = ("id", *COMPARED, "wake_at")
Readers = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What the history of one case says its rows are."""

    ref: CaseRef
    docket: dict[str, object]
    readers: Readers
    recorded_at: datetime
    wake_at: Callable[[datetime], datetime | None]

    def may_wake_at(self, stored: object) -> bool:
        """Whether an alarm reckoned at some time could stand so: none while silence is to come would stop the law."""
        alarm = self.docket["wake_at"]
        for _ in range(_ALARMS):
            if not isinstance(alarm, datetime) or alarm == stored:
                return alarm == stored
            following = self.wake_at(alarm)
            if following == alarm:  # silence speaks there: no later alarm is right
                return False
            alarm = following
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What stands of one case: the columns of its docket, and who may read it. No instant reads as its text."""

    docket: dict[str, object]
    readers: Readers


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
    every = iter_loaded()
    while some := _next_some(every):
        cases += len(some)
        with uncollected():
            wrong = [folded for folded, _ in compare(some, folds)]
        mended += [folded.ref.number for folded in wrong]
        if not check:
            _mend(wrong)
            if projections:
                for loaded in some:
                    _project(loaded, folds)
        if progress is not None:
            progress(cases)
    return Rebuilt(cases=cases, mended=tuple(mended))


def _next_some(every: Iterator[Loaded]) -> list[Loaded]:
    with uncollected():
        return list(islice(every, CASES_AT_ONCE))


# ---- comparing ------------------------------------------------------------------------------------------


def compare(cases: Sequence[Loaded], folds: Folds) -> Iterator[tuple[Folded, tuple[str, ...]]]:
    """The cases whose stored rows are not the fold, with the columns that differ; "readers"; "id" if there is no row.

    As of the last event: if an alarm has passed since, the sweeper comes at once.
    """
    stored = _read_stored([loaded.ref.id for loaded in cases])
    for loaded in cases:
        row = stored.get(loaded.ref.id)
        folded = fold_case(loaded, loaded.history[-1].recorded_at, folds)
        differing = _differences(folded, row)
        if differing and _has_moved(row, loaded):
            folded, differing = _compare_again(loaded, folds)
        if differing:
            yield folded, differing


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


def _has_moved(row: Stored | None, loaded: Loaded) -> bool:
    """Whether somebody seems to have acted between the reading of the events and that of the rows."""
    last = None if row is None else row.docket["last_seq"]
    return isinstance(last, int) and last > loaded.ref.last_seq


def _compare_again(loaded: Loaded, folds: Folds) -> tuple[Folded, tuple[str, ...]]:
    """Events after rows: what is missing now was missing then."""
    row = _read_stored([loaded.ref.id]).get(loaded.ref.id)
    anew = next(iter_cases([loaded.ref.id]), loaded)
    folded = fold_case(anew, anew.history[-1].recorded_at, folds)
    return folded, _differences(folded, row)


def _differences(folded: Folded, stored: Stored | None) -> tuple[str, ...]:
    if stored is None:
        return ("id",)
    row = stored.docket
    if any(isinstance(row[name], str) for name in _INSTANTS):  # a column holds what is no instant
        return ("instants",)
    found = [name for name in COMPARED if row[name] != folded.docket[name]]
    if stored.readers != folded.readers:
        found.append("readers")
    if not folded.may_wake_at(row["wake_at"]):
        found.append("wake_at")
    return tuple(found)


def _read_stored(case_ids: Sequence[int]) -> dict[int, Stored]:
    if not case_ids:  # PostgreSQL takes no IN ()
        return {}
    marks = ", ".join(["%s"] * len(case_ids))
    names = ", ".join(f'"{name}"' for name in _STORED)
    readers: dict[int, set[tuple[str, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT case_id, kind, ref FROM ledger_reader WHERE case_id IN ({marks})", case_ids)  # noqa: S608 - our own words
        for case_id, kind, ref in cursor.fetchall():
            readers.setdefault(case_id, set()).add((kind, ref))
        cursor.execute(f"SELECT {names} FROM ledger_case WHERE id IN ({marks})", case_ids)  # noqa: S608 - our own words
        rows = cursor.fetchall()
    return {row[0]: Stored(docket=_read_docket(row), readers=frozenset(readers.get(row[0], ()))) for row in rows}


def _read_docket(row: Sequence[object]) -> dict[str, object]:
    docket = dict(zip(_STORED, row, strict=True))
    for name in _INSTANTS:
        if docket[name] is not None:
            docket[name] = _instant_or_text(docket[name])
    if isinstance(docket["head_hash"], memoryview):
        docket["head_hash"] = bytes(docket["head_hash"])
    return docket


def _instant_or_text(value: object) -> object:
    try:
        return read_instant(value)
    except ValueError:
        return str(value)


# ---- mending --------------------------------------------------------------------------------------------


_COLUMNS: Final = ("id", *DOCKET, "last_seq", "head_hash")


def _mend(wrong: Sequence[Folded]) -> None:
    """Some hundred cases in one transaction: whose history went on meanwhile was written newer, and right."""
    if not wrong:
        return
    with transaction() as pen:
        newest = _newest(pen, [folded.ref.id for folded in wrong])
        still = [folded for folded in wrong if newest.get(folded.ref.id) == folded.ref.last_seq]
        if not still:
            return
        dockets = [{"id": folded.ref.id, **folded.docket} for folded in still]
        rows = [[as_driven(docket[name], pen.vendor) for name in _COLUMNS] for docket in dockets]
        pen.send_many(upsert_sql("ledger_case", _COLUMNS, ("id",)), rows)
        marks = ", ".join(["%s"] * len(still))
        pen.run(f"DELETE FROM ledger_reader WHERE case_id IN ({marks})", [folded.ref.id for folded in still])  # noqa: S608 - our own words
        readers = [(folded.ref.id, *reader) for folded in still for reader in sorted(folded.readers)]
        pen.copy("ledger_reader", ("case_id", "kind", "ref"), readers)


def _newest(pen: Pen, case_ids: Sequence[int]) -> dict[object, object]:
    marks = ", ".join(["%s"] * len(case_ids))
    last = f"SELECT case_id, max(seq) FROM ledger_event WHERE case_id IN ({marks}) GROUP BY case_id"  # noqa: S608 - our own words
    return {row[0]: row[1] for row in pen.rows(last, case_ids)}


# ---- projections ----------------------------------------------------------------------------------------


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
