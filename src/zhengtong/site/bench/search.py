"""Search of item names: against a scan and against tantivy."""

from collections.abc import Iterator

from zhengtong.catalogue import benching as catalogue
from zhengtong.site.bench.harness import Bench, Line, on_both, result


def search(bench: Bench) -> Iterator[Line]:
    yield from on_both(bench, _search)


def _search(bench: Bench, where: str) -> Iterator[Line]:
    found = catalogue.search_at(bench.size.titles)
    yield result(
        f"search on {where}", found["worst_search"], unit="ms", n=bench.size.titles,
        against="the slowest of the same queries as a LIKE scan",
        scan_ms=found["worst_scan"], ratio=found["worst_scan"] / max(found["worst_search"], 0.001),
        queries=len(found["milliseconds"]),
    )  # fmt: skip
