"""The run (运行): departments live block by block, in one process or several; one process writes, always in one order.

Workers simulate, decide and prepare; the parent writes what they send, department after department, block after block.
So the ledger does not depend on how many workers there were. A stop between two blocks leaves whole cases only.
"""

import gc
import multiprocessing
import pickle
import signal
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Final

from django.db import connection, connections

from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger.installed import Reaction, install, installed, put_back
from zhengtong.ledger.record import ENTRIES_AT_ONCE, Entry, Prepared, prepare_many, write_prepared
from zhengtong.ledger.roots import run_root_of_day
from zhengtong.ledger.rows import Row
from zhengtong.ledger.writing import transaction
from zhengtong.simulation.bureau import Bureau
from zhengtong.simulation.ground import Ground
from zhengtong.simulation.pace import DAY, Pace
from zhengtong.simulation.planting import sow
from zhengtong.simulation.sizes import Size
from zhengtong.simulation.truth import Truth

BLOCK_DAYS: Final = 7
AFTER_THE_LAST_NIGHT: Final = 20 * 60
DAYS_SIGNED_AT_ONCE: Final = 184


@dataclass(slots=True, kw_only=True)
class Part:
    """What one department did in one block."""

    code: str
    prepared: list[Prepared]
    series: dict[tuple[str, str, int], int]
    truths: list[Truth]
    acts: int
    still_open: int = 0


@dataclass(slots=True, kw_only=True)
class Lived:
    """What a run brought forth."""

    cases: int = 0
    open_cases: int = 0
    acts: int = 0
    events: int = 0
    sealed_rows: int = 0
    roots: int = 0
    is_whole: bool = True
    truths: list[Truth] = field(default_factory=list)
    until: datetime | None = None


def run(
    size: Size,
    ground: Ground,
    *,
    reactions: tuple[Reaction, ...],
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Lived:
    """Live through the whole period. Ctrl-C ends it after the part at hand; what was written is whole and signed."""
    pace = Pace(size.first, size.days, load_calendar())
    fields = sow(size, ground, pace)
    bureaus = [Bureau(size, ground, pace, each) for each in fields.values()]
    lived = Lived(until=pace.at(size.days * DAY + AFTER_THE_LAST_NIGHT))
    with _only(reactions), _few_collections():
        parts = _parts(bureaus, pace) if workers < 2 else _parts_of_workers(bureaus, pace, workers)
        try:
            for part in parts:
                _hurry(lived)
                _write(part, lived)
                if progress is not None:
                    progress(lived.cases)
        except KeyboardInterrupt:
            lived.is_whole = False
        finally:
            parts.close()
        lived.roots = _sign(pace)
    return lived


@contextmanager
def _only(reactions: tuple[Reaction, ...]) -> Iterator[None]:
    before = installed()
    install(reactions=reactions)
    try:
        yield
    finally:
        put_back(before)


@contextmanager
def _few_collections() -> Iterator[None]:
    """The city never becomes garbage, and cases make no cycles: looking for them took a tenth of the time."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


# ---- one process --------------------------------------------------------------------------------------------


def _blocks(pace: Pace) -> Iterator[range]:
    for first in range(0, pace.days, BLOCK_DAYS):
        yield range(first, min(first + BLOCK_DAYS, pace.days))


def _parts(bureaus: list[Bureau], pace: Pace) -> Generator[Part, None, None]:
    for days in _blocks(pace):
        for bureau in bureaus:
            yield _live(bureau, days)
    for bureau in bureaus:
        yield _leave(bureau, pace)


def _live(bureau: Bureau, days: range) -> Part:
    known, acts = dict(bureau.series), bureau.acts
    entries = [entry for day in days for entry in bureau.live(day)]
    truths, bureau.truths = bureau.truths, []
    return Part(
        code=bureau.code,
        prepared=_prepared(entries),
        series=_moved(bureau, known),
        truths=truths,
        acts=bureau.acts - acts,
    )


def _leave(bureau: Bureau, pace: Pace) -> Part:
    known, acts = dict(bureau.series), bureau.acts
    ended, still_open = bureau.leave(pace.days * DAY + AFTER_THE_LAST_NIGHT)
    truths = [*bureau.truths, *bureau.field.patterns.truths(pace)]
    return Part(
        code=bureau.code, prepared=_prepared([*ended, *still_open]), series=_moved(bureau, known), truths=truths,
        acts=bureau.acts - acts, still_open=len(still_open),
    )  # fmt: skip


def _prepared(entries: list[Entry]) -> list[Prepared]:
    return [prepare_many(entries[n : n + ENTRIES_AT_ONCE]) for n in range(0, len(entries), ENTRIES_AT_ONCE)]


def _moved(bureau: Bureau, known: Mapping[tuple[str, str, int], int]) -> dict[tuple[str, str, int], int]:
    return {name: serial for name, serial in bureau.series.items() if known.get(name) != serial}


# ---- several --------------------------------------------------------------------------------------------------


def _parts_of_workers(bureaus: list[Bureau], pace: Pace, workers: int) -> Generator[Part, None, None]:
    """The same parts in the same order, made by forked processes that share the city and the drawn arrivals."""
    connections.close_all()  # no connection may be shared between processes
    context = multiprocessing.get_context("fork")
    receivers: list[Connection] = []
    processes = []
    for n in range(workers):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(bureaus[n::workers], pace, sender), daemon=True)
        process.start()
        sender.close()
        receivers.append(receiver)
        processes.append(process)
    try:
        for _days in _blocks(pace):
            for n in range(len(bureaus)):
                yield _received(receivers[n % workers])
        for n in range(len(bureaus)):
            yield _received(receivers[n % workers])
    finally:
        for receiver, process in zip(receivers, processes, strict=True):
            receiver.close()
            process.terminate()
            process.join()


class WorkerDied(RuntimeError):
    """A worker ended before its time; what it said stands on the error stream."""


def _received(receiver: Connection) -> Part:
    try:
        part = pickle.loads(receiver.recv_bytes())  # noqa: S301 - from our own worker
    except EOFError as error:
        raise WorkerDied("a worker of the simulation died") from error
    assert isinstance(part, Part)
    return part


def _work(bureaus: list[Bureau], pace: Pace, sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the run
    for days in _blocks(pace):
        for bureau in bureaus:
            sender.send_bytes(pickle.dumps(_live(bureau, days), pickle.HIGHEST_PROTOCOL))
    for bureau in bureaus:
        sender.send_bytes(pickle.dumps(_leave(bureau, pace), pickle.HIGHEST_PROTOCOL))
    sender.close()


# ---- writing ----------------------------------------------------------------------------------------------------


def _write(part: Part, lived: Lived) -> None:
    """Numbers first: whoever draws the next one after a crash must not meet one that is taken."""
    if part.series:
        with transaction() as pen:
            for (kind, organ, period), following in sorted(part.series.items()):
                values = {"kind": kind, "organ": organ, "period": period, "next": following}
                pen.put(Row(table="ledger_series", values=values, key=("kind", "organ", "period")))
    for prepared in part.prepared:
        refs = write_prepared(prepared)
        lived.cases += len(refs)
        lived.events += len(prepared.events)
        lived.sealed_rows += len(prepared.sealed)
    lived.acts += part.acts
    lived.open_cases += part.still_open
    lived.truths.extend(part.truths)


def _hurry(lived: Lived) -> None:
    """Once, on the connection that writes: a crash of the machine may lose the last blocks, never half of one."""
    if lived.cases or lived.acts:
        return
    with connection.cursor() as cursor:
        is_sqlite = connection.vendor == "sqlite"
        cursor.execute("PRAGMA synchronous=NORMAL" if is_sqlite else "SET synchronous_commit TO off")


def _sign(pace: Pace) -> int:
    """A root for every day that has passed."""
    signed = 0
    for upto in (*range(DAYS_SIGNED_AT_ONCE, pace.days, DAYS_SIGNED_AT_ONCE), pace.days):
        signed += len(run_root_of_day(pace.at(upto * DAY + AFTER_THE_LAST_NIGHT)))
    return signed
