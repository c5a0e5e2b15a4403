"""Search of item names: exact at every length, and as fast as a search engine beside us."""

from collections.abc import Iterator
from typing import Final

from zhengtong.catalogue.benching import search_at
from zhengtong.site.bench.harness import Bench, Line, Skipped, on_both, result

TIMES_TANTIVY: Final = 2.0


def search(bench: Bench) -> Iterator[Line]:
    yield from on_both(bench, _search)


def _search(bench: Bench, where: str) -> Iterator[Line]:
    found = search_at(bench.size.titles)
    yield result(
        f"search finds what a look at every title finds, on {where}", float(found.is_exact), unit="ratio", aim=1.0,
        against="a naive look, order included, from one character on", n=found.checked, titles=found.titles,
    )  # fmt: skip
    yield result(
        f"search, the slowest of {len(found.ours)} queries, on {where}", max(found.ours.values()), unit="ms",
        against="the slowest of the same queries as a LIKE scan", n=found.titles, scan_ms=max(found.scans.values()),
        read_index_seconds=found.read_seconds, filled_seconds=found.filled_seconds,
    )  # fmt: skip
    name = f"search, the first twenty of {len(found.ours)} queries, on {where}"
    if found.tantivy is None:
        yield Skipped(name=name, why="tantivy is not installed (requirements-bench.txt)")
        return
    ours, theirs = sum(found.ours.values()), sum(found.tantivy.values())
    yield result(
        name, ours / theirs, unit="times", against="tantivy, grams of one and two characters", aim=TIMES_TANTIVY,
        n=found.titles, ours_ms=ours, tantivy_ms=theirs,
        worst_query=max(mine / found.tantivy[query] for query, mine in found.ours.items()),
    )  # fmt: skip
