"""How fast a ledger is checked: every hash, every head, the order of every history, from first event to last."""

import time
from collections.abc import Iterator
from typing import Final

from zhengtong.ledger.record import Entry, record_many
from zhengtong.ledger.sources import DatabaseSource
from zhengtong.ledger.verify import verify
from zhengtong.site.bench.harness import Bench, Line, on_both, result
from zhengtong.site.bench.story import entry_of_case, opens_at, steps

CASES: Final = 50  # to be checked for each case of a round of single acts
PROCESSES: Final = (1, 2)


def checking(bench: Bench) -> Iterator[Line]:
    yield from on_both(bench, _checked)


def _checked(bench: Bench, where: str) -> Iterator[Line]:
    entries = [_whole_case(n) for n in range(bench.size.cases * CASES)]
    events = sum(len(entry.events) for entry in entries)
    record_many(entries)
    for processes in PROCESSES:
        began = time.perf_counter()
        report = verify(DatabaseSource(), processes=processes)
        took = time.perf_counter() - began
        assert report.events == events, f"{report.events} events checked of {events}"
        yield result(
            f"verify on {where}, processes: {processes}", events / took, unit="events/s", n=events,
            against="the clock alone: hashes, order and heads of every case", seconds=took,
        )  # fmt: skip


def _whole_case(n: int) -> Entry:
    return entry_of_case(steps(f"v-{n}", opens_at("v", n)))
