"""Columns of flat files (CSV, spreadsheets): texts in pieces as they come, typed by what stands in them at the end."""

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from zhengtong.analysis.logs import NO_TIME
from zhengtong.analysis.reading.instants import READERS, find_reader, instant
from zhengtong.analysis.reading.sheet_shape import is_month_first, join_clocks
from zhengtong.analysis.reading.tables import MOST_COLUMNS, Column, Faults, Kind, Place, Table, malformed
from zhengtong.analysis.said import Said

AT_ONCE: Final = 50_000
SAMPLE: Final = 500
MISSING: Final = frozenset(
    {"", "NULL", "null", "Null", "\\N", "NaN", "nan", "NaT", "N/A", "n/a", "#N/A", "None", "none"}
)
NO_INSTANTS: Final = frozenset(
    {
        "-",
        "--",
        "—",
        "——",
        "/",
        "无",
        "暂无",
        "未办结",
        "待定",
        "未知",
        "在办",
        "tbd",
        "TBD",
        "pending",
        "Pending",
        "n.v.t.",
        "open",
    }
)
"""Words in place of an instant that is not there."""
_INTEGER: Final = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_TRUTHS: Final = {"true": True, "false": False, "True": True, "False": False, "TRUE": True, "FALSE": False}


class FlatRows:
    """Rows as they are read; every some thousand become pieces of columns."""

    def __init__(self, header: Sequence[str], place: Place) -> None:
        faults = Faults()
        names = [name.strip() or f"column {n}" for n, name in enumerate(header, 1)]
        for n, name in enumerate(names):
            if name in names[:n]:
                faults.add(f"the column name {name!r} stands twice in the header", place)
        faults.check()
        if len(names) > MOST_COLUMNS:
            raise malformed(f"more than {MOST_COLUMNS:,} columns", place.line)
        self.names = names
        self.rows = 0
        self.notes: list[str] = []
        self._waiting: list[Sequence[str | None]] = []
        self._pieces: list[list[Any]] = [[] for _ in names]

    def add(self, row: Sequence[str | None]) -> None:
        self._waiting.append(row)
        if len(self._waiting) == AT_ONCE:
            self._settle()

    def _settle(self) -> None:
        self.rows += len(self._waiting)
        for pieces, values in zip(self._pieces, zip(*self._waiting, strict=True), strict=True):
            pieces.append(pa.array(values, type=pa.string()))
        self._waiting = []

    def columns(self, default_east: int) -> dict[str, Column]:
        self._settle_rest()
        coded = [self._coded(n) for n in range(len(self.names))]
        month_first, is_sure = is_month_first(_some(words) for _codes, words in coded)
        if not is_sure:
            first = "month" if month_first else "day"
            self.notes.append(Said("nothing tells day from month in 03/04/2024: read {first} first", first=first))
        made = {}
        for n, name in enumerate(self.names):
            codes, words = coded[n][0], coded[n][1].to_pylist()
            coded[n] = (codes[:0], pa.array([], type=pa.string()))  # a column at a time
            column = typed(name, codes, words, default_east, is_month_first=month_first)
            if column is None:
                continue
            made[name] = column
            said = sorted({word.strip() for word in words} & NO_INSTANTS) if column.kind is Kind.INSTANT else []
            if said:
                self.notes.append(Said("{column}: {words} is taken as missing", column=name, words=", ".join(said)))
        made, notes = join_clocks(made)
        self.notes += notes
        return made

    def _coded(self, n: int) -> tuple[Any, Any]:
        """The codes of a column and its distinct words, as pyarrow keeps them."""
        whole = pa.chunked_array(self._pieces[n], type=pa.string()).dictionary_encode().combine_chunks()
        self._pieces[n] = []
        if isinstance(whole, pa.ChunkedArray):
            whole = whole.chunk(0)
        return np.asarray(whole.indices.fill_null(-1), dtype=np.int32), whole.dictionary

    def _settle_rest(self) -> None:
        if self._waiting:
            self._settle()


def _some(words: Any) -> list[str]:
    """A sample of distinct words that are there."""
    step = max(1, len(words) // SAMPLE)
    return [word for word in words[::step].to_pylist() if word not in MISSING and word not in NO_INSTANTS]


def flat_table(source: str, rows: FlatRows, *, locate: Any, default_east: int, notes: Sequence[str] = ()) -> Table:
    """
    Raises:
        Malformed: a header and nothing else.
    """
    columns = rows.columns(default_east)
    if not rows.rows:
        raise malformed("there is a header and no row")
    return Table(
        source=source, case=None, cases=0, events=rows.rows, case_columns={}, event_columns=columns,
        notes=(*notes, *rows.notes), locate=locate,
    )  # fmt: skip


def typed(
    name: str, codes: Any, words: Sequence[str], default_east: int, *, is_month_first: bool = False
) -> Column | None:
    """The column of these words with the kind all of them have; None if every value is missing."""
    real = [word.strip() not in MISSING for word in words]
    if not any(real):
        return None
    texts = [word.strip() for word, is_real in zip(words, real, strict=True) if is_real]
    numbers = np.full(len(words) + 1, -1, dtype=np.int64)  # place among the real words; the last: missing
    numbers[:-1][real] = np.arange(len(texts))
    places = numbers[codes]
    made = _as_instants(name, texts, places, default_east, is_month_first=is_month_first)
    if made is not None:
        return made
    for attempt in (_as_integers, _as_numbers, _as_truths):
        made = attempt(name, texts, places)
        if made is not None:
            return made
    return _as_texts(name, words, real, codes)


def _as_texts(name: str, words: Sequence[str], real: Sequence[bool], codes: Any) -> Column:
    kept = [i for i, is_real in enumerate(real) if is_real]
    remap = np.full(len(words) + 1, -1, dtype=np.int32)
    distinct: dict[str, int] = {}
    for i in kept:
        remap[i] = distinct.setdefault(words[i].strip(), len(distinct))
    return Column(name=name, kind=Kind.TEXT, values=remap[codes], words=tuple(distinct))


def _as_instants(
    name: str, texts: Sequence[str], places: Any, default_east: int, *, is_month_first: bool
) -> Column | None:
    told = [text for text in texts[:SAMPLE] if text not in NO_INSTANTS]
    if not told or (told[0].isdigit() and len(told[0]) < 14):
        return None  # a day without separators is rather a number
    form = find_reader(told, is_month_first=is_month_first)
    if form is None:
        return None
    reader = READERS[form]
    found = np.full(len(texts) + 1, NO_TIME, dtype=np.int64)
    zones = np.zeros(len(texts) + 1, dtype=np.int16)
    for n, text in enumerate(texts):
        if text in NO_INSTANTS:
            continue
        read = reader(text)
        if read is None:
            told = [text for text in texts if text not in NO_INSTANTS]
            form_of_all = find_reader(told, is_month_first=is_month_first)
            return _as_instants_of(name, texts, places, default_east, form_of_all) if form_of_all else None
        found[n], zones[n] = instant(read, default_east)
    return Column(name=name, kind=Kind.INSTANT, values=found[places], zones=zones[places])


def _as_instants_of(name: str, texts: Sequence[str], places: Any, default_east: int, form: str) -> Column:
    read = [READERS[form](text) for text in texts]
    pairs = [(NO_TIME, 0) if each is None else instant(each, default_east) for each in read]
    found = np.array([*(pair[0] for pair in pairs), NO_TIME], dtype=np.int64)
    zones = np.array([*(pair[1] for pair in pairs), 0], dtype=np.int16)
    return Column(name=name, kind=Kind.INSTANT, values=found[places], zones=zones[places])


def _as_integers(name: str, texts: Sequence[str], places: Any) -> Column | None:
    if not all(_INTEGER.fullmatch(text) for text in texts):
        return None
    found = np.array([*(int(text) for text in texts), 0], dtype=np.int64)
    return Column(name=name, kind=Kind.INTEGER, values=found[places], missing=places < 0)


def _as_numbers(name: str, texts: Sequence[str], places: Any) -> Column | None:
    if not all(_NUMBER.fullmatch(text) for text in texts):
        return None
    if any(text[0] == "0" and text[1:2].isdigit() for text in texts):
        return None  # 007 is a name
    found = np.array([*(float(text) for text in texts), np.nan])
    return Column(name=name, kind=Kind.NUMBER, values=found[places])


def _as_truths(name: str, texts: Sequence[str], places: Any) -> Column | None:
    if not all(text in _TRUTHS for text in texts):
        return None
    found = np.array([*(_TRUTHS[text] for text in texts), False])
    return Column(name=name, kind=Kind.TRUTH, values=found[places], missing=places < 0)
