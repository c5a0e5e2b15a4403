"""Search (搜索): exact at every length from one character, by words that all must occur, on both databases alike.

What is searched stands in one narrow table, written with the items; each process keeps it in memory (`needles`) and
reads it anew when its edition has changed, which every search asks first.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from secrets import randbits
from threading import Lock
from typing import Any, Final

from django.db import connection

from zhengtong.catalogue import needles
from zhengtong.catalogue.needles import EXACT, KEYWORD, NAME, OTHER, PREFIX

LISTED_LATER: Final = 1000
LONGEST_QUERY: Final = 100
MOST_WORDS: Final = 5
WRITTEN_AT_ONCE: Final = 300
KEPT: Final = 2  # editions in memory: the one in force, and the one before while others still ask by it
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
                f"INSERT INTO catalogue_needle ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))})",  # noqa: S608 - our own columns
                [entry.row() for entry in batch],
            )


def remove(items: Iterable[int]) -> None:
    """Take items out of the index."""
    wanted = list(items)
    if not wanted:
        return
    holes = ", ".join(["%s"] * len(wanted))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM catalogue_needle WHERE item_id IN ({holes})", wanted)  # noqa: S608 - holes only
    _begin_edition()


def clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalogue_needle")
    _begin_edition()


def _begin_edition() -> None:
    """A number drawn at random: one that was counted could come twice, where a transaction was given up."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalogue_edition SET number = %s", [randbits(62)])


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

    def marks(self) -> list[str]:
        """As the index has them."""
        given = (
            (self.department, needles.department_mark(self.department)), (self.kind, needles.kind_mark(self.kind)),
            (self.theme, f"t:{self.theme}"), (self.target, f"g:{self.target}"),
        )  # fmt: skip
        return [mark for value, mark in given if value]


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
    items, total = _index().find(words, filters.marks(), offset=offset, limit=limit)
    return Hits(items=tuple(items), total=total)


_editions: Final[dict[int, needles.Index]] = {}
_lock: Final = Lock()


def _index() -> needles.Index:
    """The index of the edition in force. One thread reads it, the others wait."""
    edition = int(_rows("SELECT number FROM catalogue_edition", [])[0][0])
    with _lock:
        if edition not in _editions:
            rows = _rows(
                "SELECT item_id, name, initials, more, other, department, kind, facets FROM catalogue_needle "
                "ORDER BY base, item_id", [],
            )  # fmt: skip
            _editions[edition] = needles.build(needles.read_rows(rows), edition)
            while len(_editions) > KEPT:
                del _editions[next(iter(_editions))]
        return _editions[edition]


def _rows(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters))
        return list(cursor.fetchall())


def facets(column_values: Mapping[str, str]) -> Filters:
    """Filters from what a page was asked; what is not known is left out."""
    return Filters(**{name: column_values.get(name, "") for name in ("department", "theme", "target", "kind")})
