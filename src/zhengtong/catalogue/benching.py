"""Search measured (搜索实测): our index against a plain LIKE scan and against tantivy, same titles, in one run.

Whoever calls this gives a database that may be filled and thrown away.
"""

import itertools
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction

from zhengtong.catalogue import searching
from zhengtong.catalogue.indexing import index
from zhengtong.catalogue.labels import ItemStatus
from zhengtong.catalogue.models import Item

PLACES: Final = (
    "公共场所",
    "食品",
    "医疗机构",
    "道路运输",
    "建筑工程",
    "民办学校",
    "危险化学品",
    "农药",
    "出版物",
    "林木",
    "特种设备",
    "劳务派遣",
)
MATTERS: Final = (
    "卫生许可",
    "经营许可",
    "执业登记",
    "生产许可证核发",
    "备案",
    "资格认定",
    "审批",
    "年度检验",
    "从业资格证",
    "补贴申领",
    "注销登记",
    "信息变更",
)
SHAPES: Final = ("（新办）", "（变更）", "（延续）", "（注销）", "（补办）", "")
QUERIES: Final = (
    "证",
    "许可",
    "公共场所",
    "卫生许可",
    "道路运输经营",
    "许可 延续",
    "wsxk",
    "x",
    "龘",
    "特种设备年度检验",
)
TIMES: Final = 9
FIRST: Final = 20
AT_ONCE: Final = 2000


def titles(count: int, seed: int = 1) -> Iterator[str]:
    """Names of the usual shapes and lengths, so that some pairs of characters are very frequent."""
    draw = random.Random(seed)  # noqa: S311 - test data
    for number in range(count):
        yield f"{draw.choice(PLACES)}{draw.choice(MATTERS)}{draw.choice(SHAPES)}第{number % 1000}类"


def fill(count: int) -> None:
    """So many published items with titles alone, indexed."""
    names = titles(count)
    for start in range(0, count, AT_ONCE):
        with transaction.atomic():
            batch = [
                Item(
                    code=f"bench-{start + n}", name=name, kind=("01", "10")[n % 2], department=f"d{n % 30}",
                    region="510199", status=ItemStatus.PUBLISHED,
                )
                for n, name in zip(range(min(AT_ONCE, count - start)), names, strict=False)
            ]  # fmt: skip
            index(Item.objects.bulk_create(batch))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """Milliseconds of each query, medians of interleaved rounds: our first twenty with their number, a LIKE scan, and
    tantivy's (None where it is not installed); `is_exact` when every query found what a look at all titles finds."""

    titles: int
    ours: Mapping[str, float]
    scans: Mapping[str, float]
    tantivy: Mapping[str, float] | None
    is_exact: bool
    checked: int
    filled_seconds: float
    read_seconds: float


def search_at(n: int = 100_000) -> Searched:
    """Fill, then ask."""
    began = time.perf_counter()
    fill(n)
    filled = time.perf_counter() - began
    began = time.perf_counter()
    searching.find(("证",), searching.Filters(), offset=0, limit=1)  # the first search reads the index
    read = time.perf_counter() - began
    asked = {query: [_ours(query), _scan(query)] for query in QUERIES}
    other = _tantivy(n)
    if other is not None:
        for query, sides in asked.items():
            sides.append(other(query))
    took = {query: _interleaved(sides) for query, sides in asked.items()}
    checked = _pieces(n)
    return Searched(
        titles=n, ours={query: times[0] for query, times in took.items()},
        scans={query: times[1] for query, times in took.items()},
        tantivy=None if other is None else {query: times[2] for query, times in took.items()},
        is_exact=_is_exact(checked), checked=len(checked), filled_seconds=filled, read_seconds=read,
    )  # fmt: skip


def _ours(query: str) -> Callable[[], object]:
    return lambda: searching.find(searching.words_in(query), searching.Filters(), offset=0, limit=FIRST)


def _scan(query: str) -> Callable[[], object]:
    """What a page does without an index: count and order the names that LIKE finds."""

    def scan() -> object:
        found = Item.objects.filter(name__contains=query).order_by("name", "pk")
        return found.count(), list(found.values_list("pk", flat=True)[:FIRST])

    return scan


def _tantivy(count: int) -> Callable[[str], Callable[[], object]] | None:
    """The same names and initials in tantivy, by grams of one and two characters, all of a query's grams required."""
    try:
        import tantivy
    except ImportError:
        return None
    schema = tantivy.SchemaBuilder()
    schema.add_integer_field("pk", stored=True)
    for name in ("name", "initials"):
        schema.add_text_field(name, tokenizer_name="grams")
    index_of = tantivy.Index(schema.build())
    grams = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.ngram(1, 2)).build()
    index_of.register_tokenizer("grams", grams)
    writer = index_of.writer(heap_size=100_000_000, num_threads=1)
    for number, name in enumerate(titles(count)):
        writer.add_document(
            tantivy.Document(pk=number, name=searching.fold(name), initials=searching.initials_of(name))
        )
    writer.commit()
    index_of.reload()
    searcher = index_of.searcher()

    def asking(query: str) -> Callable[[], object]:
        def must(word: str, field: str) -> Any:
            size = min(2, len(word))
            terms = [word[at : at + size] for at in range(len(word) - size + 1)]
            queries = [tantivy.Query.term_query(index_of.schema, field, term) for term in terms]
            return tantivy.Query.boolean_query([(tantivy.Occur.Must, one) for one in queries])

        def ask() -> object:
            words = searching.words_in(query)
            fields = [(word, "initials" if word.isascii() else "name") for word in words]
            whole = tantivy.Query.boolean_query([(tantivy.Occur.Must, must(*each)) for each in fields])
            found: Any = searcher.search(whole, FIRST)
            return found.count, [searcher.doc(address)["pk"] for _score, address in found.hits]

        return ask

    return asking


def _pieces(count: int) -> tuple[str, ...]:
    """The queries, and pieces of titles of every length."""
    draw = random.Random(2)  # noqa: S311 - test data
    some = list(itertools.islice(titles(count), 50))
    cut = [name[at : at + size] for size in range(1, 9) for name in draw.sample(some, 2) for at in (draw.randrange(4),)]
    return tuple(dict.fromkeys((*QUERIES, *cut)))


def _is_exact(queries: Sequence[str]) -> bool:
    """Every query against a look at every title by Python, order included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT item_id FROM catalogue_needle")
        items = [int(row[0]) for row in cursor.fetchall()]
    texts = [
        text for start in range(0, len(items), AT_ONCE) for text in searching.texts(items[start : start + AT_ONCE])
    ]
    for query in queries:
        words = searching.words_in(query)
        naive = []
        for text in texts:
            ranks = [text.rank_of(word) for word in words]
            if all(rank is not None for rank in ranks):
                naive.append((max((rank for rank in ranks if rank is not None), default=0), text.base, text.item))
        found = searching.find(words, searching.Filters(), offset=0, limit=len(items))
        if list(found.items) != [item for _rank, _base, item in sorted(naive)]:
            return False
    return True


def _interleaved(sides: Sequence[Callable[[], object]]) -> list[float]:
    """The median milliseconds of each side, asked in turn."""
    spent: list[list[float]] = [[] for _side in sides]
    for _time in range(TIMES):
        for times, call in zip(spent, sides, strict=True):
            began = time.perf_counter()
            call()
            times.append((time.perf_counter() - began) * 1000)
    return [statistics.median(times) for times in spent]
