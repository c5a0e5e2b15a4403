"""Search finds exactly what contains the words, at every length, and orders it as promised, on both databases."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.catalogue import town
from zhengtong.catalogue import queries, searching
from zhengtong.catalogue.indexing import index, reindex
from zhengtong.catalogue.models import Item

ALPHABET = "卫生许可证备案ab1（"
PIECES = ["卫生", "许可", "许可证", "备案", "公共场所", "（新办）", "Ａ类", "a", "%", "_", "证", " ", "登记", "\\"]


def make(names: Sequence[str], *, status: str = "published") -> list[Item]:
    first = Item.objects.count()
    items = Item.objects.bulk_create(
        Item(
            code=f"x{first + n}", name=name, kind="01" if n % 2 else "10", department=f"d{n % 3}", region="510199",
            status=status if n % 4 else "listed", keywords=[names[(n + 1) % len(names)]] if n % 3 == 0 else [],
            short=names[(n + 2) % len(names)] if n % 5 == 0 else "",
            themes=["其他"] if n % 2 else [], targets=[str(n % 3)],
        )
        for n, name in enumerate(names)
    )  # fmt: skip
    index(items)
    return items


def naive(query: str, filters: searching.Filters | None = None) -> list[int]:
    """All items one after another, each word looked for by Python."""
    words = searching.words_in(query)
    found = []
    for item in Item.objects.filter(needle__isnull=False):
        if filters and (
            (filters.department and item.department != filters.department)
            or (filters.kind and item.kind != filters.kind)
            or (filters.theme and filters.theme not in item.themes)
            or (filters.target and filters.target not in item.targets)
        ):
            continue
        text = searching.texts([item.pk])[0]
        ranks = [text.rank_of(word) for word in words]
        if all(rank is not None for rank in ranks):
            found.append((max((rank for rank in ranks if rank is not None), default=0), text.base, item.pk))
    return [pk for _rank, _base, pk in sorted(found)]


def asked(query: str, filters: searching.Filters | None = None) -> list[int]:
    hits = searching.find(searching.words_in(query), filters or searching.Filters(), offset=0, limit=10_000)
    assert hits.total == len(hits.items)
    return list(hits.items)


def names(seed: int, count: int) -> list[str]:
    draw = random.Random(seed)
    return ["".join(draw.choices(PIECES, k=draw.randrange(1, 6))).strip() or "空" for _ in range(count)]


class TestSearch:
    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_finds_what_contains_the_words(self, ledger_db: str, seed: int) -> None:
        made = make(names(seed, 120))
        reads = "".join(item.name for item in made)
        draw = random.Random(seed)
        questions = [reads[at : at + size] for size in range(1, 9) for at in draw.sample(range(len(reads) - 9), 4)]
        for query in [
            *questions,
            "证",
            "许可",
            "卫生 证",
            "xk",
            "w",
            "龘",
            "%",
            "_",
            "\\",
            "a类",
            "Ａ",
            " ",
            "许可 备案 证",
        ]:
            assert asked(query) == naive(query), query

    def test_finds_within_filters(self, ledger_db: str) -> None:
        make(names(9, 60))
        for filters in (
            searching.Filters(department="d1"),
            searching.Filters(kind="10", target="2"),
            searching.Filters(theme="其他", department="d2"),
        ):
            for query in ("", "证", "许可", "许可证", "公共场所卫生"):
                assert asked(query, filters) == naive(query, filters), (query, filters)

    def test_ranks_exact_then_beginning_then_name_then_keyword_then_the_rest(self, ledger_db: str) -> None:
        plain = {"kind": "01", "department": "d", "region": "510199", "status": "published"}
        rows = {
            "rest": Item(code="e", name="甲事项", short="含有印章刻制的事", **plain),
            "keyword": Item(code="d", name="乙事项", keywords=["刻章", "印章刻制"], **plain),
            "name": Item(code="c", name="公章印章刻制备案", **plain),
            "beginning": Item(code="b", name="印章刻制业许可", **plain),
            "exact": Item(code="a", name="印章刻制", **plain),
        }
        for item in rows.values():
            item.save()
        index(rows.values())
        assert [row.code for row in queries.search("印章刻制").rows] == ["a", "b", "c", "d", "e"]
        assert [row.code for row in queries.search("印章").rows] == ["a", "b", "c", "d", "e"]
        assert [row.code for row in queries.search("yzkz").rows][:3] == ["a", "b", "c"]
        assert [row.code for row in queries.search("YZ").rows][:1] == ["a"]

    def test_follows_a_change_and_forgets_what_is_gone(self, ledger_db: str) -> None:
        kept, item = make(["旧名称一", "旧叫做二"])
        kept.keywords = []
        item.name = "新叫法"
        kept.save()
        item.save()
        index([kept, item])
        assert (asked("叫做"), asked("旧叫做二"), asked("叫法"), asked("旧")) == ([], [], [item.pk], [kept.pk])
        item.status = "cancelled"
        item.save()
        index([item])
        assert (asked("叫"), asked("新叫法")) == ([], [])
        assert reindex() == 2
        assert asked("旧名") == [kept.pk]

    def test_pages_through_everything_once(self, ledger_db: str) -> None:
        make(["许可证第%d号" % n for n in range(45)])  # noqa: UP031
        seen = [row.code for page in (1, 2, 3) for row in queries.search("许可证", page=page).rows]
        assert (len(seen), len(set(seen)), queries.search("许可证").pages) == (45, 45, 3)
        beyond = queries.search("许可证第", page=9)
        assert (beyond.rows, beyond.total, beyond.page) == ((), 45, 3)

    def test_finds_an_item_by_its_code(self, ledger_db: str) -> None:
        make(["某事项"])
        assert [row.name for row in queries.search("x0").rows] == ["某事项"]

    def test_asks_the_database_the_same_number_of_times(self, ledger_db: str) -> None:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        def asked_for(query: str) -> int:
            with CaptureQueriesContext(connection) as caught:
                queries.search(query)
            return len(caught)

        make(["公共场所卫生许可证"] * 3)
        before = [asked_for(query) for query in ("卫", "卫生", "卫生许", "卫生 许可证")]
        make(["公共场所卫生许可证%d" % n for n in range(60)])  # noqa: UP031
        assert [asked_for(query) for query in ("卫", "卫生", "卫生许", "卫生 许可证")] == before
        assert max(before) <= 6

    @pytest.mark.parametrize("query", ["\0", "x" * 100_000, "' OR 1=1 --", "a\ud800", "%s", "\n\t"])
    def test_survives_strange_queries(self, ledger_db: str, query: str) -> None:
        make(["某事项"])
        assert queries.search(query).total in {0, 1}


class TestWords:
    def test_demo_items_are_found_by_initials(self, city_db: Path) -> None:
        town.load_demo()
        assert queries.search("ggcs").rows[0].name.startswith("公共场所")

    @given(name=st.text(ALPHABET, min_size=1, max_size=12), at=st.integers(0, 11), size=st.integers(1, 12))
    @settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
    def test_every_piece_of_a_name_fits_the_name(self, name: str, at: int, size: int) -> None:
        text = searching.Text(
            item=1, name=searching.fold(name), initials=searching.initials_of(name), more="", other="", base=3
        )
        for word in searching.words_in(name[at : at + size]):
            assert text.rank_of(word) in {0, 1, 2}
