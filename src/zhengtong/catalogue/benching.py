"""Search measured (搜索实测): our index against a plain LIKE scan of the same titles, in one run.

Whoever calls this gives a database that may be filled and thrown away.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator
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
TIMES: Final = 7
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


def search_at(n: int = 100_000) -> dict[str, Any]:
    """Milliseconds (median of seven) for each query: our search, the scan; and the worst of each."""
    began = time.perf_counter()
    fill(n)
    filled = time.perf_counter() - began
    lines = {query: (_median(_ours(query)), _median(_scan(query)), _ours(query)().total) for query in QUERIES}
    filtered = searching.Filters(department="d3", kind="10")
    lines["许可 + filters"] = (
        _median(_ours("许可", filtered)),
        _median(_scan("许可")),
        _ours("许可", filtered)().total,
    )
    return {
        "titles": n,
        "database": connection.vendor,
        "filled_seconds": round(filled, 1),
        "milliseconds": {
            query: {"search": round(mine, 2), "like_scan": round(scan, 2), "hits": hits}
            for query, (mine, scan, hits) in lines.items()
        },
        "worst_search": round(max(line[0] for line in lines.values()), 2),
        "worst_scan": round(max(line[1] for line in lines.values()), 2),
    }


def _ours(query: str, filters: searching.Filters = searching.Filters()) -> Callable[[], searching.Hits]:  # noqa: B008
    words = searching.words_in(query)
    return lambda: searching.find(words, filters, offset=0, limit=20)


def _scan(query: str) -> Callable[[], object]:
    """What a page does without an index: count and order the names that LIKE finds."""

    def scan() -> object:
        found = Item.objects.filter(name__contains=query).order_by("name", "pk")
        return found.count(), list(found.values_list("pk", flat=True)[:20])

    return scan


def _median(call: Callable[[], object]) -> float:
    spent = []
    for _time in range(TIMES):
        began = time.perf_counter()
        call()
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent)
