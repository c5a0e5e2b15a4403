"""Acts through the one door against the bare commit of the same rows."""

from collections.abc import Iterator

from zhengtong.ledger.benching import Measured, measure
from zhengtong.ledger.folds import kernel_folds
from zhengtong.site.bench.harness import Bench, Line, Result, on_both, result
from zhengtong.site.bench.story import told, whole


def acts(bench: Bench) -> Iterator[Line]:
    """Single acts on both databases."""
    yield from on_both(bench, _single)


def _single(bench: Bench, where: str) -> Iterator[Line]:
    size = bench.size
    alone = measure(told("a"), told("b"), cases=size.cases, folds=kernel_folds(), rounds=size.rounds)
    yield _acts(f"record() on {where}", alone)
    desk = measure(whole("c"), told("d"), cases=size.cases, folds=kernel_folds(), rounds=size.rounds)
    yield _acts(f"read, decide and record() on {where}", desk)


def _acts(name: str, found: Measured) -> Result:
    return result(
        name, found.ratio, unit="ratio", against="bare commit of the same rows", n=found.acts,
        acts_per_second=found.recorded_per_second, bare_per_second=found.bare_per_second,
    )  # fmt: skip
