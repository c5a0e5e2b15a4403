"""The index of search in memory (内存索引): all needles as one string of characters, with every place of every pair.

A word is looked for where its rarest pair stands, and the rest of it compared there, all places at once. Exact at every
length, on both databases alike. 100,000 titles take about a second to read and a hundred megabytes; a city's own few
thousand items some hundredths of that. Whoever asks has just read the edition; another edition is read anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

EXACT, PREFIX, NAME, KEYWORD, OTHER, ABSENT = range(6)
END: Final = 10  # a line's end, which no word holds, parts the fields
SHIFT: Final = 21  # of the first character of a pair; the widest code point has so many bits
FIELDS: Final = 4  # name, initials, more, other
FEW: Final = 8  # a pair so many times rarer than the first is worth looking it up among the first
Ranks = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needle:
    """One item as it is looked through."""

    item: int
    texts: tuple[str, str, str, str]
    department: str
    kind: str
    facets: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """All needles of an edition, in the order in which equal hits are shown.

    `pairs` are the pairs of characters in order; beside each stand its place in `codes`, whose needle that is, and how
    well a word fits that begins there. So a word of one or two characters is one slice.
    """

    edition: int
    items: NDArray[np.int64]
    codes: NDArray[np.int32]
    pairs: NDArray[np.int64]
    places: NDArray[np.int32]
    owners: NDArray[np.int32]
    ranks: Ranks
    marks: Mapping[str, NDArray[np.bool_]]

    def find(self, words: Sequence[str], marks: Iterable[str], *, offset: int, limit: int) -> tuple[list[int], int]:
        """(item ids of one page, how many in all): every word occurs, every mark is borne."""
        worst = self._worst(words)
        for mark in marks:
            worst = np.where(self.marks.get(mark, _NOBODY), worst, ABSENT)
        page: list[int] = []
        before = 0  # hits of better ranks: within a rank, needles stand in order already
        for rank in range(ABSENT):
            at = np.flatnonzero(worst == rank)
            first, last = max(offset - before, 0), offset + limit - before
            page += [int(item) for item in self.items[at[first:last]]] if last > 0 else []
            before += len(at)
        return page, before

    def _worst(self, words: Sequence[str]) -> Ranks:
        """For each item how badly the word fits that fits it worst."""
        if not words:
            return np.zeros(len(self.items), dtype=np.uint8)
        worst = self._ranks(words[0])
        for word in words[1:]:
            worst = np.maximum(worst, self._ranks(word))
        return worst

    def _ranks(self, word: str) -> Ranks:
        found: Ranks = np.full(len(self.items), ABSENT, dtype=np.uint8)
        at = self._hits(word)
        owners, ranks = self.owners[at], self.ranks[at]
        for rank in (OTHER, KEYWORD, NAME, PREFIX):  # the better overwrites the worse
            found[owners[ranks == rank]] = rank
        begins = np.flatnonzero(ranks == PREFIX)
        ends = self.codes[self.places[at][begins] + len(word)] == END
        found[owners[begins[ends]]] = EXACT
        return found

    def _hits(self, word: str) -> "slice | NDArray[np.int64]":
        """Where in `pairs` stand the pairs with which an occurrence of the word begins."""
        codes = [ord(char) for char in word]
        if len(codes) == 1:
            low, high = np.searchsorted(self.pairs, [codes[0] << SHIFT, codes[0] + 1 << SHIFT])
            return slice(int(low), int(high))
        first = self._span(codes[0], codes[1])
        if len(codes) == 2:
            return first
        return self._narrowed(first, codes)

    def _narrowed(self, first: slice, codes: Sequence[int]) -> NDArray[np.int64]:
        """Of the places where the first pair stands, those where the rest follows; a rare pair is looked at first."""
        spans = [self._span(*pair) for pair in pairwise(codes)]
        sizes = [span.stop - span.start for span in spans]
        rarest = sizes.index(min(sizes))
        if sizes[rarest] * FEW < sizes[0]:
            begins = np.sort(self.places[spans[rarest]]) - rarest
            at: NDArray[np.int64] = first.start + np.flatnonzero(
                np.isin(self.places[first], begins, assume_unique=True)
            )
        else:
            at = np.arange(first.start, first.stop)
        for n, code in enumerate(codes[2:], 2):
            at = at[self.codes[np.minimum(self.places[at] + n, len(self.codes) - 1)] == code]
        return at

    def _span(self, first: int, second: int) -> slice:
        pair = first << SHIFT | second
        low, high = np.searchsorted(self.pairs, [pair, pair + 1])
        return slice(int(low), int(high))


_NOBODY: Final = np.zeros(1, dtype=np.bool_)


def build(needles: Sequence[Needle], edition: int) -> Index:
    """The index of these needles, which stand in the order of equal hits."""
    lines = [f"{text}\n" for needle in needles for text in needle.texts]
    lengths = np.fromiter((len(line) for line in lines), dtype=np.int64, count=len(lines))
    codes = np.frombuffer(f"\n{''.join(lines)}".encode("utf-32-le"), dtype=np.int32)
    line_of = np.concatenate([np.zeros(1, dtype=np.int64), np.repeat(np.arange(len(lines)), lengths)])
    pairs = codes.astype(np.int64) << SHIFT | np.append(codes[1:], 0)
    places = np.argsort(pairs, kind="stable")
    places = places[codes[places] > ord(" ")]
    return Index(
        edition=edition, items=np.array([needle.item for needle in needles], dtype=np.int64), codes=codes,
        pairs=pairs[places], places=places.astype(np.int32), owners=(line_of // FIELDS).astype(np.int32)[places],
        ranks=_ranks_of(codes, line_of % FIELDS)[places], marks=_marks(needles),
    )  # fmt: skip


def _ranks_of(codes: NDArray[np.int32], fields: NDArray[np.int64]) -> Ranks:
    """How well a word fits that begins at each place, were it not the whole field."""
    named = np.where(np.append(END, codes[:-1]) == END, PREFIX, NAME)
    found: Ranks = np.where(fields < 2, named, np.where(fields == 2, KEYWORD, OTHER)).astype(np.uint8)
    return found


def _marks(needles: Sequence[Needle]) -> Mapping[str, NDArray[np.bool_]]:
    """For each thing to filter by, which needles bear it."""
    bearers: dict[str, list[int]] = {}
    for n, needle in enumerate(needles):
        for mark in (department_mark(needle.department), kind_mark(needle.kind), *needle.facets.split("^")):
            if mark:
                bearers.setdefault(mark, []).append(n)
    found: dict[str, NDArray[np.bool_]] = {}
    for mark, places in bearers.items():
        found[mark] = np.zeros(len(needles), dtype=np.bool_)
        found[mark][places] = True
    return found


def department_mark(code: str) -> str:
    return f"d:{code}"


def kind_mark(code: str) -> str:
    return f"k:{code}"


def read_rows(rows: Iterable[tuple[Any, ...]]) -> list[Needle]:
    """Needles from rows of (item, name, initials, more, other, department, kind, facets)."""
    return [
        Needle(item=row[0], texts=(row[1], row[2], row[3], row[4]), department=row[5], kind=row[6], facets=row[7])
        for row in rows
    ]
