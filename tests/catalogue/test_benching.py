"""Search at 100,000 titles, on both databases: the promise is 50 ms for a page of results."""

import pytest

from zhengtong.catalogue import benching


class TestSearchAt:
    def test_finds_what_the_scan_finds(self, ledger_db: str) -> None:
        got = benching.search_at(2_000)
        assert got["milliseconds"]["证"]["hits"] > 0
        assert got["database"] in {"sqlite", "postgresql"}

    @pytest.mark.long
    def test_answers_within_its_promise(self, ledger_db: str) -> None:
        assert benching.search_at(100_000)["worst_search"] < 50
