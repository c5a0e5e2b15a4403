"""How fast the one door is, always against something done in the same run: the bare commit of the same rows, one writer
against several, one act at a time against many at once.

Absolute figures belong to the machine and its neighbours; the ratio of one round is what may be compared. The bare side
is as direct as the driver allows: statements and values made beforehand, prepared, no lock file, no wrapper.
"""

import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median, quantiles
from typing import Any, Final, cast

from django.db import connection

from zhengtong.ledger.folds import Folds
from zhengtong.ledger.preparing import Entry, Prepared, prepare
from zhengtong.ledger.record import Recorded, prepare_many, record_entry, record_many, write_prepared
from zhengtong.ledger.statements import Step, act_steps, numbered, one_statement
from zhengtong.ledger.writing import vendor

ROUNDS: Final = 5
CASES_A_BLOCK: Final = 5
"""Both sides take turns within a round, so that a neighbour who takes the machine for a second takes it from both."""
WRITERS: Final = 4
ENTRIES_A_CHUNK: Final = 250
_PATIENCE: Final = 120.0

Making = Callable[[Recorded | None], Entry]
Story = Callable[[int], Sequence[Making]]
"""The acts of the n-th case, each made from the result of the one before. Every case opens at an instant of its own, or
ids meet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Medians of interleaved rounds; `ratios` = recorded / bare, round by round.

    Bare are a transaction and a prepared statement for each table. On PostgreSQL the door says all of it in one
    statement; `ratio_of_one` is against that statement by itself, the quickest commit of these rows we know.
    """

    acts: int
    recorded_per_second: float
    bare_per_second: float
    ratio: float
    ratios: tuple[float, ...]
    one_per_second: float
    ratio_of_one: float


def measure(story: Story, bare: Story, *, cases: int, folds: Folds, rounds: int = ROUNDS) -> Measured:
    """The acts of `story` through the door against those of `bare`, which are forged beforehand, and only written and
    committed."""
    recorded: list[float] = []
    committed: list[float] = []
    at_once: list[float] = []
    acts = 0
    for each in range(rounds):
        numbers = range(each * cases, (each + 1) * cases)
        blocks = [numbers[start : start + CASES_A_BLOCK] for start in range(0, cases, CASES_A_BLOCK)]
        spent = [_Spent(), _Spent(), _Spent()]
        for place, block in enumerate(blocks):
            prepared = [made for n in block for made in _forged(bare(n), folds)]
            stories = [story(n) for n in block]
            began = time.perf_counter()
            spent[0].acts += sum(_record_case(one, folds) for one in stories)
            spent[0].seconds += time.perf_counter() - began
            is_one = vendor() == "postgresql" and place % 2 == 1
            spent[1 + is_one].seconds += _commit_at_once(prepared) if is_one else _commit(prepared)
            spent[1 + is_one].acts += len(prepared)
        acts += spent[0].acts
        recorded.append(spent[0].rate)
        committed.append(spent[1].rate)
        at_once.append(spent[2].rate if spent[2].acts else spent[1].rate)
    ratios = tuple(one / other for one, other in zip(recorded, committed, strict=True))
    return Measured(
        acts=acts, recorded_per_second=median(recorded), bare_per_second=median(committed),
        ratio=median(ratios), ratios=ratios, one_per_second=median(at_once),
        ratio_of_one=median(one / other for one, other in zip(recorded, at_once, strict=True)),
    )  # fmt: skip


@dataclass(slots=True)
class _Spent:
    acts: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return self.acts / self.seconds


def _record_case(acts: Sequence[Making], folds: Folds) -> int:
    last: Recorded | None = None
    for act in acts:
        last = record_entry(act(last), folds=folds)
    return len(acts)


def _forged(acts: Sequence[Making], folds: Folds) -> Iterator[Prepared]:
    """What each act would write, reckoned without writing."""
    last: Recorded | None = None
    for act in acts:
        made, (state,) = prepare((act(last),), folds, vendor())
        (ref,) = made.refs
        last = Recorded(
            case_id=ref.id, number=ref.number, seq=ref.last_seq, head_hash=ref.head_hash, replayed=False, state=state
        )  # fmt: skip
        yield made


# ---- the bare side ------------------------------------------------------------------------------------


def _commit(acts: Sequence[Prepared]) -> float:
    """Seconds for writing and committing each act's rows by the driver alone."""
    execute, begin = _driver()
    words = [[numbered(step, made.vendor) for step in act_steps(made)] for made in acts]
    began = time.perf_counter()
    for steps in words:
        execute(begin)
        for sql, values in steps:
            execute(sql, values)
        execute("COMMIT")
    return time.perf_counter() - began


def _driver() -> tuple[Callable[..., object], str]:
    connection.ensure_connection()
    raw = cast("Any", connection.connection)
    if vendor() == "sqlite":
        return raw.cursor().execute, "BEGIN IMMEDIATE"
    from psycopg import RawCursor

    raw.prepare_threshold = raw.prepare_threshold or 1
    return partial(RawCursor(raw).execute, prepare=True), "BEGIN"


def _commit_at_once(acts: Sequence[Prepared]) -> float:
    """The same by the one statement of PostgreSQL."""
    execute, _ = _driver()
    words: list[Step] = [one_statement(made) for made in acts]
    began = time.perf_counter()
    for sql, values in words:
        execute(sql, values)
    return time.perf_counter() - began


# ---- several writers ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Writers:
    """One process and several, each with cases of its own; `ratios` = acts per second of all together / of the one.
    The times of an act are those of the several."""

    writers: int
    acts: int
    one_per_second: float
    together_per_second: float
    ratio: float
    ratios: tuple[float, ...]
    p50_ms: float
    p99_ms: float
    p99_over_p50: float


def measure_writers(
    story: Story, *, cases: int, folds: Folds, writers: int = WRITERS, rounds: int = ROUNDS
) -> Writers:  # fmt: skip
    """`cases` for each writer; `story(n)` is asked for every n below 2 × rounds × writers × cases at most once."""
    alone: list[float] = []
    together: list[float] = []
    took: list[float] = []
    place = acts = 0
    for _ in range(rounds):
        rate, _ = _run_writers(story, 1, range(place, place + cases * writers), folds)
        alone.append(rate)
        place += cases * writers
        rate, times = _run_writers(story, writers, range(place, place + cases * writers), folds)
        together.append(rate)
        place += cases * writers
        took += times
        acts += len(times)
    ratios = tuple(many / one for many, one in zip(together, alone, strict=True))
    p50, p99 = median(took) * 1e3, quantiles(took, n=100)[98] * 1e3
    return Writers(
        writers=writers, acts=acts, one_per_second=median(alone), together_per_second=median(together),
        ratio=median(ratios), ratios=ratios, p50_ms=p50, p99_ms=p99, p99_over_p50=p99 / p50,
    )  # fmt: skip


def _run_writers(story: Story, writers: int, numbers: range, folds: Folds) -> tuple[float, list[float]]:
    """Acts per second of all writers together, and the seconds of each act."""
    connection.close()  # a child must not go on with its parent's connection
    forking = multiprocessing.get_context("fork")
    gate = forking.Barrier(writers)
    pipes = [forking.Pipe(duplex=False) for _ in range(writers)]
    processes = [
        forking.Process(target=_write_on, args=(story, numbers[place::writers], folds, gate, telling))
        for place, (_, telling) in enumerate(pipes)
    ]
    for process in processes:
        process.start()
    told = [hearing.recv() for hearing, _ in pipes]
    for process in processes:
        process.join()
    times = [one for _, _, some in told for one in some]
    lasted = max(ended for _, ended, _ in told) - min(began for began, _, _ in told)
    return len(times) / lasted, times


def _write_on(story: Story, numbers: Iterable[int], folds: Folds, gate: Any, telling: Any) -> None:
    stories = [story(n) for n in numbers]
    connection.ensure_connection()
    took: list[float] = []
    gate.wait(_PATIENCE)
    began = time.monotonic()
    for acts in stories:
        last: Recorded | None = None
        for act in acts:
            entry = act(last)
            start = time.perf_counter()
            last = record_entry(entry, folds=folds)
            took.append(time.perf_counter() - start)
    telling.send((began, time.monotonic(), took))
    connection.close()


# ---- many at once -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """Events per second: act by act, many at once in this process, and prepared by another process while this one
    writes. `ratios` = many at once / act by act; `ratios_of_two` = the two processes / act by act."""

    events: int
    single_per_second: float
    bulk_per_second: float
    ratio: float
    ratios: tuple[float, ...]
    two_per_second: float
    ratio_of_two: float
    ratios_of_two: tuple[float, ...]


def measure_bulk(
    story: Story,
    whole: Callable[[int], Entry],
    *,
    single_cases: int,
    bulk_cases: int,
    folds: Folds,
    rounds: int = ROUNDS,
) -> Bulk:
    """`story(n)` gives a case act by act, `whole(n)` a case as one entry with all its events: both decided beforehand.
    `whole` is asked for each n below 2 × rounds × bulk_cases once."""
    single: list[float] = []
    bulk: list[float] = []
    two: list[float] = []
    events = place = 0
    for each in range(rounds):
        stories = [story(n) for n in range(each * single_cases, (each + 1) * single_cases)]
        began, told = time.perf_counter(), 0
        for acts in stories:
            told += _record_events(acts, folds)
        single.append(told / (time.perf_counter() - began))
        for rates, door in ((bulk, _record_in_bulk), (two, _record_by_two)):
            entries = [whole(n) for n in range(place, place + bulk_cases)]
            place += bulk_cases
            told = sum(len(entry.events) for entry in entries)
            rates.append(told / door(entries, folds))
            events += told
    of_bulk = tuple(many / one for many, one in zip(bulk, single, strict=True))
    of_two = tuple(many / one for many, one in zip(two, single, strict=True))
    return Bulk(
        events=events, single_per_second=median(single), bulk_per_second=median(bulk), ratio=median(of_bulk),
        ratios=of_bulk, two_per_second=median(two), ratio_of_two=median(of_two), ratios_of_two=of_two,
    )  # fmt: skip


def _record_events(acts: Sequence[Making], folds: Folds) -> int:
    last: Recorded | None = None
    for act in acts:
        last = record_entry(act(last), folds=folds)
    return last.seq if last else 0


def _record_in_bulk(entries: Sequence[Entry], folds: Folds) -> float:
    began = time.perf_counter()
    record_many(entries, folds=folds)
    return time.perf_counter() - began


def _record_by_two(entries: Sequence[Entry], folds: Folds) -> float:
    connection.close()
    forking = multiprocessing.get_context("fork")
    hearing, telling = forking.Pipe(duplex=False)
    process = forking.Process(target=_prepare_on, args=(entries, folds, telling))
    process.start()
    telling.close()
    began = 0.0
    while (prepared := hearing.recv()) is not None:
        if prepared == "ready":
            connection.ensure_connection()
            began = time.perf_counter()
        else:
            write_prepared(prepared, folds=folds)
    lasted = time.perf_counter() - began
    process.join()
    return lasted


def _prepare_on(entries: Sequence[Entry], folds: Folds, telling: Any) -> None:
    telling.send("ready")
    for start in range(0, len(entries), ENTRIES_A_CHUNK):
        telling.send(prepare_many(entries[start : start + ENTRIES_A_CHUNK], folds=folds))
    telling.send(None)
