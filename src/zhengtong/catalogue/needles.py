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
Codes = NDArray[np.int64]
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
    """All needles of an edition, in the order in which equal hits are shown."""

    edition: int
    items: NDArray[np.int64]
    codes: Codes
    fields: NDArray[np.uint8]
    owners: NDArray[np.int32]
    pairs: Codes
    places: NDArray[np.int32]
    marks: Mapping[str, NDArray[np.bool_]]

    def find(self, words: Sequence[str], marks: Iterable[str], *, offset: int, limit: int) -> tuple[list[int], int]:
        """(item ids of one page, how many in all): every word occurs, every mark is borne."""
        worst = self._worst(words)
        wanted = worst < ABSENT
        for mark in marks:
            wanted &= self.marks.get(mark, _NOBODY)
        hits = np.flatnonzero(wanted)
        keys = worst[hits].astype(np.int64) * len(self.items) + hits
        last = min(offset + limit, len(keys))
        if offset >= last:
            return [], len(hits)
        first = np.sort(np.partition(keys, last - 1)[:last])[offset:]
        return [int(item) for item in self.items[first % len(self.items)]], len(hits)

    def _worst(self, words: Sequence[str]) -> Ranks:
        """For each item how badly the word fits that fits it worst."""
        worst: Ranks = np.zeros(len(self.items), dtype=np.uint8)
        for word in words:
            worst = np.maximum(worst, self._ranks(word))
        return worst

    def _ranks(self, word: str) -> Ranks:
        found: Ranks = np.full(len(self.items), ABSENT, dtype=np.uint8)
        at = self._places_of(word)
        if not len(at):
            return found
        owners, ranks = self.owners[at], self._ranks_at(at, len(word))
        for rank in (OTHER, KEYWORD, NAME, PREFIX, EXACT):  # the better overwrites the worse
            found[owners[ranks == rank]] = rank
        return found

    def _ranks_at(self, at: NDArray[np.int64], length: int) -> Ranks:
        fields = self.fields[at]
        begins, ends = self.codes[at - 1] == END, self.codes[at + length] == END
        named = np.where(begins, np.where(ends, EXACT, PREFIX), NAME)
        ranks: Ranks = np.where(fields < 2, named, np.where(fields == 2, KEYWORD, OTHER)).astype(np.uint8)
        return ranks

    def _places_of(self, word: str) -> NDArray[np.int64]:
        """Where the word stands in the string of all needles."""
        codes = [ord(char) for char in word]
        if len(codes) == 1:
            low, high = np.searchsorted(self.pairs, [codes[0] << SHIFT, codes[0] + 1 << SHIFT])
            return self.places[low:high].astype(np.int64)
        pairs = [first << SHIFT | second for first, second in pairwise(codes)]
        spans = [(int(low), int(high)) for low, high in (self._span(pair) for pair in pairs)]
        rarest = min(range(len(spans)), key=lambda n: spans[n][1] - spans[n][0])
        at = self.places[slice(*spans[rarest])].astype(np.int64) - rarest
        at = at[(at >= 1) & (at + len(codes) < len(self.codes))]
        for n, code in enumerate(codes):
            if n not in (rarest, rarest + 1):
                at = at[self.codes[at + n] == code]
        return at

    def _span(self, pair: int) -> tuple[int, int]:
        return int(np.searchsorted(self.pairs, pair)), int(np.searchsorted(self.pairs, pair, side="right"))


_NOBODY: Final = np.zeros(1, dtype=np.bool_)


def build(needles: Sequence[Needle], edition: int) -> Index:
    """The index of these needles, which stand in the order of equal hits."""
    lines = [f"{text}\n" for needle in needles for text in needle.texts]
    lengths = np.fromiter((len(line) for line in lines), dtype=np.int64, count=len(lines))
    whole = "\n" + "".join(lines)
    codes = np.frombuffer(whole.encode("utf-32-le"), dtype=np.uint32).astype(np.int64)
    line_of = np.concatenate([np.zeros(1, dtype=np.int64), np.repeat(np.arange(len(lines)), lengths)])
    pairs = codes << SHIFT | np.append(codes[1:], 0)
    places = np.argsort(pairs, kind="stable")
    places = places[codes[places] > ord(" ")]
    return Index(
        edition=edition, items=np.array([needle.item for needle in needles], dtype=np.int64), codes=codes,
        fields=(line_of % FIELDS).astype(np.uint8), owners=(line_of // FIELDS).astype(np.int32), pairs=pairs[places],
        places=places.astype(np.int32), marks=_marks(needles),
    )  # fmt: skip


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
