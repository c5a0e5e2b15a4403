"""Search (搜索): exact at every length from one character, by words that all must occur, on both databases alike.

An inverted table of 1- and 2-grams, clustered in the order in which hits are shown, answers short words by one range
read; longer words take the rarest 2-gram and verify; words made of frequent pairs, and filters, fall back to one scan
of the narrow table. `instr`/`strpos` compare plain text: no wildcards, no trigram index that misses short words.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from django.db import connection

EXACT, PREFIX, NAME, KEYWORD, OTHER = range(5)
STEP: Final = 2000  # weight = rank * STEP + base
LISTED_LATER: Final = 1000
LONGEST_QUERY: Final = 100
MOST_WORDS: Final = 5
RARE: Final = 12_000  # hits of a gram that are verified one by one; beyond, a scan is quicker
WRITTEN_AT_ONCE: Final = 300
_SPACES: Final = re.compile(r"\s+")


def fold(text: str) -> str:
    """The form in which texts are compared: full width is half width, capitals are small, spaces are single.

    >>> fold(" 公共场所　ＡＢ  Cd ")
    '公共场所 ab cd'
    """
    whole = text.encode("utf-8", "ignore").decode("utf-8").replace("\0", " ")
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", whole).casefold())
    return _SPACES.sub(" ", folded).strip()


def initials_of(name: str) -> str:
    """The pinyin initials of a name (拼音首字母), Latin letters and digits kept, everything else left out.

    >>> initials_of("公共场所卫生许可（新办）A1")
    'ggcswsxkxba1'
    """
    from pypinyin import Style, lazy_pinyin  # its dictionary is large: read when something is first indexed

    letters = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER, errors=_kept)).lower()
    return "".join(char for char in letters if char.isascii() and char.isalnum())


def _kept(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", text) if char.isascii() and char.isalnum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What is searched of one item, folded; `base` orders equal hits."""

    item: int
    name: str
    initials: str
    more: str
    other: str
    base: int

    @property
    def whole(self) -> str:
        """All of it, parted by line ends, which no word holds: one look tells most rows apart."""
        return "\n".join((self.name, self.initials, self.more, self.other))

    def rank_of(self, word: str) -> int | None:
        """How well one folded word fits: 0 is the whole name, 4 is elsewhere; nothing where it does not occur."""
        if word in (self.name, self.initials):
            return EXACT
        if self.name.startswith(word) or self.initials.startswith(word):
            return PREFIX
        if word in self.name or word in self.initials:
            return NAME
        if word in self.more:
            return KEYWORD
        return OTHER if word in self.other else None

    def grams(self) -> dict[str, int]:
        """Every 1- and 2-gram with its weight: the better the fit, the smaller."""
        found: dict[str, int] = {}
        for text in (self.name, self.initials, self.more, self.other):
            for gram in grams_of(text):
                if gram not in found:
                    rank = self.rank_of(gram)
                    assert rank is not None
                    found[gram] = rank * STEP + self.base
        return found


def grams_of(text: str) -> Iterator[str]:
    """
    >>> list(grams_of("卫生 x"))
    ['卫', '卫生', '生', 'x']
    """
    for here, char in enumerate(text):
        if char == " ":
            continue
        yield char
        pair = text[here : here + 2]
        if len(pair) == 2 and pair[1] != " ":
            yield pair


def base_of(name: str, *, is_listed: bool) -> int:
    return (LISTED_LATER if is_listed else 0) + min(len(name), LISTED_LATER - 1)


# ---- writing ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """A searchable item: its text and what it can be filtered by."""

    text: Text
    department: str
    kind: str
    themes: tuple[str, ...]
    targets: tuple[str, ...]

    def row(self) -> tuple[Any, ...]:
        marks = (*(f"t:{theme}" for theme in self.themes), *(f"g:{target}" for target in self.targets))
        facets = "".join(f"^{mark}^" for mark in marks)
        text = self.text
        return (
            text.item, text.name, text.initials, text.more, text.other, text.whole, text.base,
            self.department, self.kind, facets,
        )  # fmt: skip


_COLUMNS: Final = ("item_id", "name", "initials", "more", "other", "whole", "base", "department", "kind", "facets")


def write(items: Iterable[Indexed]) -> None:
    """Put these items into the index in place of what stood there for them. To be called inside a transaction."""
    left = iter(items)
    while batch := list(islice(left, WRITTEN_AT_ONCE)):
        remove(entry.text.item for entry in batch)
        with connection.cursor() as cursor:
            cursor.executemany(  # fixed columns
                f"INSERT INTO catalogue_needle ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))})",  # noqa: S608
                [entry.row() for entry in batch],
            )
            rows = sorted(
                (gram, weight, entry.text.item) for entry in batch for gram, weight in entry.text.grams().items()
            )
            cursor.executemany("INSERT INTO catalogue_gram (term, weight, item_id) VALUES (%s, %s, %s)", rows)


def remove(items: Iterable[int]) -> None:
    """Take items out of the index. What stands in the narrow table says which grams there are to remove."""
    wanted = list(items)
    for text in texts(wanted):
        rows = sorted((gram, weight, text.item) for gram, weight in text.grams().items())
        with connection.cursor() as cursor:
            cursor.executemany("DELETE FROM catalogue_gram WHERE term = %s AND weight = %s AND item_id = %s", rows)
            cursor.execute("DELETE FROM catalogue_needle WHERE item_id = %s", [text.item])


def clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalogue_gram")
        cursor.execute("DELETE FROM catalogue_needle")


def texts(items: Sequence[int]) -> list[Text]:
    if not items:
        return []
    holes = ", ".join(["%s"] * len(items))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT item_id, name, initials, more, other, base FROM catalogue_needle "  # noqa: S608 - holes only
            f"WHERE item_id IN ({holes})",
            list(items),
        )
        return [
            Text(item=row[0], name=row[1], initials=row[2], more=row[3], other=row[4], base=row[5])
            for row in cursor.fetchall()
        ]


# ---- asking -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    department: str = ""
    theme: str = ""
    target: str = ""
    kind: str = ""

    def clauses(self) -> tuple[list[str], list[Any]]:
        marks = [f"^{mark}:{value}^" for mark, value in (("t", self.theme), ("g", self.target)) if value]
        wheres = [f"{_find('n.facets')} > 0" for _mark in marks]
        values: list[Any] = list(marks)
        for column, value in (("department", self.department), ("kind", self.kind)):
            if value:
                wheres.append(f"n.{column} = %s")
                values.append(value)
        return wheres, values


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """The items of one page, best first, and how many there are in all."""

    items: tuple[int, ...]
    total: int


def words_in(query: str) -> tuple[str, ...]:
    """The words of a query: folded, each once, longest first so that the most telling comes first."""
    words = dict.fromkeys(fold(query[:LONGEST_QUERY]).split(" "))
    return tuple(sorted((word for word in words if word), key=lambda word: (-len(word), word))[:MOST_WORDS])


def find(words: Sequence[str], filters: Filters, *, offset: int, limit: int) -> Hits:
    """The items in which every word occurs: exact name first, then its beginning, the name, keywords, elsewhere."""
    wheres, values = filters.clauses()
    if not words:
        return _browse(wheres, values, offset, limit)
    if len(words) == 1 and len(words[0]) <= 2 and not wheres:
        return _read_range(words[0], offset, limit)
    rarest = _rarest(words)
    if rarest is None:
        return Hits(items=(), total=0)
    return _verify(words, rarest[0] if rarest[1] <= RARE else "", (wheres, values), offset=offset, limit=limit)


def _browse(wheres: list[str], values: list[Any], offset: int, limit: int) -> Hits:
    where = f"WHERE {' AND '.join(wheres)}" if wheres else ""
    total = _rows(f"SELECT count(*) FROM catalogue_needle n {where}", values)[0][0]  # noqa: S608 - fixed clauses
    rows = _rows(
        f"SELECT n.item_id FROM catalogue_needle n {where} ORDER BY n.base, n.item_id LIMIT %s OFFSET %s",  # noqa: S608
        [*values, limit, offset],
    )
    return Hits(items=tuple(row[0] for row in rows), total=total)


def _read_range(word: str, offset: int, limit: int) -> Hits:
    """A word of one or two characters is a gram itself, and its rows stand in the order of the answer."""
    total = _rows("SELECT count(*) FROM catalogue_gram WHERE term = %s", [word])[0][0]
    rows = _rows(
        "SELECT item_id FROM catalogue_gram WHERE term = %s ORDER BY weight, item_id LIMIT %s OFFSET %s",
        [word, limit, offset],
    )
    return Hits(items=tuple(row[0] for row in rows), total=total)


def _rarest(words: Sequence[str]) -> tuple[str, int] | None:
    """The gram of the query that fewest items have, counted up to a ceiling; nothing if one has no item at all."""
    grams = list(dict.fromkeys(gram for word in words for gram in _telling(word)))
    one = "SELECT %s, (SELECT count(*) FROM (SELECT 1 FROM catalogue_gram WHERE term = %s LIMIT %s) AS few)"
    if connection.vendor == "postgresql":
        one = one.replace("SELECT %s", "SELECT %s::text", 1)
    parameters = [value for gram in grams for value in (gram, gram, RARE + 1)]
    counted = [(str(row[0]), int(row[1])) for row in _rows(" UNION ALL ".join([one] * len(grams)), parameters)]
    best = min(counted, key=lambda pair: pair[1])
    return best if best[1] else None


def _telling(word: str) -> Iterator[str]:
    return (gram for gram in grams_of(word) if len(gram) == min(2, len(word)))


def _verify(words: Sequence[str], gram: str, filtered: tuple[list[str], list[Any]], *, offset: int, limit: int) -> Hits:
    """Rank the candidates (those that have the gram, or all) by the words themselves; what lacks a word falls out."""
    ranks, parameters = zip(*(_rank(word) for word in words), strict=True)
    source = "catalogue_needle n"
    wheres, values = list(filtered[0]), list(filtered[1])
    if gram:
        source = "catalogue_gram g JOIN catalogue_needle n ON n.item_id = g.item_id"
        wheres, values = ["g.term = %s", *wheres], [gram, *values]
    else:  # in a scan, most rows are told apart by one look
        wheres, values = [*(f"{_find('n.whole')} > 0" for _word in words), *wheres], [*words, *values]
    where = f"WHERE {' AND '.join(wheres)}" if wheres else ""
    worst = "r0" if len(words) == 1 else f"{_greatest()}({', '.join(f'r{n}' for n in range(len(words)))})"
    columns = ", ".join(f"{rank} AS r{n}" for n, rank in enumerate(ranks))
    occurs = " AND ".join(f"r{n} < 9" for n in range(len(words)))
    found = (
        f"SELECT item_id, base, {worst} AS worst FROM "  # noqa: S608 - fixed clauses, values in holes
        f"(SELECT n.item_id, n.base, {columns} FROM {source} {where}) AS ranked WHERE {occurs}"
    )
    given = [*(value for some in parameters for value in some), *values]
    rows = _rows(
        f"SELECT item_id, count(*) OVER () FROM ({found}) AS hits "  # noqa: S608 - as above
        "ORDER BY worst, base, item_id LIMIT %s OFFSET %s",
        [*given, limit, offset],
    )
    if not rows and offset:
        return Hits(items=(), total=_rows(f"SELECT count(*) FROM ({found}) AS hits", given)[0][0])  # noqa: S608
    return Hits(items=tuple(row[0] for row in rows), total=rows[0][1] if rows else 0)


def _rank(word: str) -> tuple[str, list[Any]]:
    """SQL for `Text.rank_of`; 9 where the word does not occur. Initials are letters: Chinese need not look there."""
    columns = ("n.name", "n.initials") if word.isascii() else ("n.name",)
    steps: list[tuple[str, int]] = [
        (" OR ".join(f"{column} = %s" for column in columns), EXACT),
        (" OR ".join(f"{_find(column)} = 1" for column in columns), PREFIX),
        (" OR ".join(f"{_find(column)} > 0" for column in columns), NAME),
        (f"{_find('n.more')} > 0", KEYWORD),
        (f"{_find('n.other')} > 0", OTHER),
    ]
    cases = " ".join(f"WHEN {test} THEN {rank}" for test, rank in steps)
    return f"CASE {cases} ELSE 9 END", [word] * (3 * len(columns) + 2)


def _find(column: str) -> str:
    return f"instr({column}, %s)" if connection.vendor == "sqlite" else f"strpos({column}, %s::text)"


def _greatest() -> str:
    return "max" if connection.vendor == "sqlite" else "greatest"


def _rows(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters))
        return list(cursor.fetchall())


def facets(column_values: Mapping[str, str]) -> Filters:
    """Filters from what a page was asked; what is not known is left out."""
    return Filters(**{name: column_values.get(name, "") for name in ("department", "theme", "target", "kind")})
