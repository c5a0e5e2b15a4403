"""Acts through the one door: against the bare commit of the same rows, four writers against one, many at once against
one by one, and against SpiffWorkflow. Every act is checked, folded and hashed, and leaves docket, readers and outbox.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from zhengtong.cases.projections import notices_to_parties
from zhengtong.ledger.benching import Measured, measure, measure_bulk, measure_writers
from zhengtong.ledger.folds import kernel_folds
from zhengtong.ledger.installed import install
from zhengtong.ledger.record import Entry
from zhengtong.site.bench.harness import POSTGRES, SQLITE, Bench, Line, Result, Skipped, on_both, result
from zhengtong.site.bench.story import entry_of_case, opens_at, steps, told, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    bare: float
    spiff: float


AIMS: Final[Mapping[str, Aim]] = {SQLITE: Aim(bare=0.5, spiff=5), POSTGRES: Aim(bare=0.6, spiff=3)}
P99_OVER_P50: Final = 12
BULK: Final = 10
CASES_IN_BULK: Final = 10
"""For each case that is recorded act by act, so many in bulk."""


def acts(bench: Bench) -> Iterator[Line]:
    """On both databases."""
    yield from on_both(bench, _acts)


def _acts(bench: Bench, where: str) -> Iterator[Line]:
    install(reactions=(notices_to_parties,))
    yield from _single(bench, where)
    yield from _writers(bench, where)
    yield from _bulk(bench, where)
    yield from _spiff(bench, where)


def _single(bench: Bench, where: str) -> Iterator[Line]:
    size, folds = bench.size, kernel_folds()
    alone = measure(told("a"), told("b"), cases=size.cases, folds=folds, rounds=size.rounds)
    yield _against_bare(f"record() on {where}", alone, aim=AIMS[where].bare)
    desk = measure(whole("c"), told("d"), cases=size.cases, folds=folds, rounds=size.rounds)
    yield _against_bare(f"read, decide and record() on {where}", desk)


def _against_bare(name: str, found: Measured, *, aim: float | None = None) -> Result:
    """`of_one`: on PostgreSQL, against the one statement the door sends, by itself."""
    return result(
        name, found.ratio, unit="ratio", against="bare commit of the same rows", n=found.acts, aim=aim,
        acts_per_second=found.recorded_per_second, bare_per_second=found.bare_per_second,
        one_statement_per_second=found.one_per_second, of_one=found.ratio_of_one,
    )  # fmt: skip


def _writers(bench: Bench, where: str) -> Iterator[Line]:
    size = bench.size
    found = measure_writers(told("e"), cases=size.cases, folds=kernel_folds(), rounds=size.rounds)
    yield result(
        f"four writers on {where}", found.ratio, unit="ratio", against="acts per second of one writer", n=found.acts,
        aim=1, together_per_second=found.together_per_second, one_per_second=found.one_per_second,
    )  # fmt: skip
    yield result(
        f"p99 of an act with four writers on {where}", found.p99_over_p50, unit="times", against="p50", n=found.acts,
        aim=P99_OVER_P50, p50_ms=found.p50_ms, p99_ms=found.p99_ms,
    )  # fmt: skip


def _bulk(bench: Bench, where: str) -> Iterator[Line]:
    size, cases = bench.size, bench.size.cases
    found = measure_bulk(
        told("f"), _in_one("g"), single_cases=cases, bulk_cases=CASES_IN_BULK * cases, folds=kernel_folds(),
        rounds=size.rounds,
    )  # fmt: skip
    one_by_one = {"single_per_second": found.single_per_second}
    yield result(
        f"bulk door on {where}, one process", found.ratio, unit="ratio", against="events per second one act at a time",
        n=found.events, bulk_per_second=found.bulk_per_second, **one_by_one,
    )  # fmt: skip
    yield result(
        f"bulk door on {where}, prepared by a second process", found.ratio_of_two, unit="ratio", aim=BULK,
        against="events per second one act at a time", n=found.events, bulk_per_second=found.two_per_second,
        **one_by_one,
    )  # fmt: skip


def _in_one(prefix: str) -> Callable[[int], Entry]:
    """The n-th case with its whole history in one entry, its state carried."""
    return lambda n: entry_of_case(steps(f"{prefix}-{n}", opens_at(prefix, n)))


def _spiff(bench: Bench, where: str) -> Iterator[Line]:
    from zhengtong.site.bench.spiff import compare_with_spiff

    try:
        found = compare_with_spiff(cases=bench.size.cases, rounds=bench.size.rounds)
    except ModuleNotFoundError as absent:
        yield Skipped(name=f"against SpiffWorkflow on {where}", why=str(absent))
        return
    theirs = "SpiffWorkflow 3.2 stepping and saving an equal flow"
    for name, against, pace, aim in (
        (f"record() on {where}, against SpiffWorkflow", theirs, found.recording, AIMS[where].spiff),
        (
            f"read, decide and record() on {where}, against SpiffWorkflow",
            f"{theirs}, each step read",
            found.whole,
            None,
        ),
    ):
        yield result(
            name, pace.ratio, unit="ratio", against=against, n=found.commits, aim=aim,
            ours_per_second=pace.ours_per_second, theirs_per_second=pace.theirs_per_second,
            ours_cpu_us=pace.ours_cpu_us, theirs_cpu_us=pace.theirs_cpu_us,
        )  # fmt: skip
