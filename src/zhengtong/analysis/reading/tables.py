"""A log as it was read, before anybody says what its columns mean: cases, events and typed columns of both.

Texts are codes into a dictionary of distinct words, so that a column of ten million events is one array. What cannot be
read is told with its line and nothing of it is kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from zhengtong.analysis.logs import NO_TIME

MOST_FAULTS: Final = 20
"""So many faults are listed; the others are counted."""
MOST_COLUMNS: Final = 2_000

Ints = npt.NDArray[np.int64]
Values = npt.NDArray[Any]
Locate = Callable[[Sequence[int]], Sequence["Place"]]
Say = Callable[[int], None]
"""Takes how many bytes of the file have been read."""


class Kind(StrEnum):
    TEXT = "text"
    INSTANT = "instant"
    INTEGER = "integer"
    NUMBER = "number"
    TRUTH = "truth"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file: line from 1 (0: the file as a whole), column from 1 (0: the whole line)."""

    line: int
    column: int = 0
    sheet: str = ""

    def __str__(self) -> str:
        parts = [self.sheet] if self.sheet else []
        parts += [f"line {self.line}"] if self.line else []
        parts += [f"column {self.column}"] if self.column else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Fault:
    place: Place
    text: str

    def __str__(self) -> str:
        where = str(self.place)
        return f"{where}: {self.text}" if where else self.text


class Malformed(ValueError):
    """A file that cannot be read whole; nothing of it is loaded."""

    def __init__(self, faults: Sequence[Fault], total: int | None = None) -> None:
        self.faults = tuple(faults[:MOST_FAULTS])
        self.total = len(faults) if total is None else total
        super().__init__(str(self))

    def __str__(self) -> str:
        lines = [str(fault) for fault in self.faults]
        if self.total > len(lines):
            lines.append(f"and {self.total - len(lines):,} more faults")
        return "\n".join(lines)


def malformed(text: str, line: int = 0, column: int = 0) -> Malformed:
    """One fault alone."""
    return Malformed([Fault(Place(line, column), text)])


class Faults:
    """Faults as they are met: the first are kept, all are counted."""

    def __init__(self) -> None:
        self.kept: list[Fault] = []
        self.total = 0

    def add(self, text: str, place: Place) -> None:
        self.total += 1
        if len(self.kept) < MOST_FAULTS:
            self.kept.append(Fault(place, text))

    def check(self) -> None:
        """
        Raises:
            Malformed: there was one.
        """
        if self.total:
            raise Malformed(self.kept, self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One attribute of all cases or of all events.

    `values` are codes into `words` for a text (-1: missing), microseconds for an instant (NO_TIME: missing), floats for
    numbers (NaN: missing), integers and truths (both with `missing`). `zones` are the minutes east of UTC in which an
    instant was written.
    """

    name: str
    kind: Kind
    values: Values
    words: Sequence[str] = ()
    missing: npt.NDArray[np.bool_] | None = None
    zones: npt.NDArray[np.int16] | None = None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Where there is a value."""
        if self.kind is Kind.TEXT:
            return np.asarray(self.values >= 0)
        if self.kind is Kind.INSTANT:
            return np.asarray(self.values != NO_TIME)
        if self.kind is Kind.NUMBER:
            return ~np.isnan(self.values)
        assert self.missing is not None
        return ~self.missing

    def texts(self) -> Values:
        """The values as texts, None where missing."""
        if self.kind is Kind.TEXT:
            return take_words(self.words, self.values)
        shown = np.empty(len(self.values), dtype=object)
        known = self.known
        shown[known] = [as_text(value, self.kind) for value in self.values[known].tolist()]
        return shown

    def objects(self) -> Values:
        """The values as a column of a log: instants stay integers, the rest objects or floats."""
        if self.kind in {Kind.INSTANT, Kind.NUMBER}:
            return self.values
        if self.kind is Kind.TEXT:
            return self.texts()
        shown = self.values.astype(object)
        shown[~self.known] = None
        return shown

    def take(self, order: npt.NDArray[Any]) -> "Column":
        return Column(
            name=self.name, kind=self.kind, values=self.values[order], words=self.words,
            missing=None if self.missing is None else self.missing[order],
            zones=None if self.zones is None else self.zones[order],
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What one file holds. A nested log (`is_nested`) knows its cases; a flat one has only columns of events."""

    source: str
    case: Ints | None
    """Per event the place of its case; None in a flat table."""
    cases: int
    events: int
    case_columns: Mapping[str, Column]
    event_columns: Mapping[str, Column]
    notes: Sequence[str] = ()
    classifiers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    locate: Locate = field(default=lambda rows: [Place(0) for _ in rows])
    """Where these events stand in the file, for messages."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Columns whose meaning the format itself fixes (case, activity, at …)."""

    @property
    def is_nested(self) -> bool:
        return self.case is not None


# ---- making columns -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Piece:
    """Values of one name and kind as they came: at which rows, in order."""

    kind: Kind
    rows: Ints
    values: Values
    words: Sequence[str] = ()
    zones: npt.NDArray[np.int16] | None = None


def take_words(words: Sequence[str] | pa.StringArray, codes: Values) -> Values:
    """The word of each code; None for -1."""
    named = np.empty(len(words) + 1, dtype=object)
    named[:-1] = words.to_pylist() if isinstance(words, pa.Array) else words
    named[-1] = None
    return named[codes]


def as_text(value: Any, kind: Kind) -> str:
    if kind is Kind.TRUTH:
        return "true" if value else "false"
    if kind is Kind.INSTANT:
        return np.datetime_as_string(np.datetime64(int(value), "us"), timezone="UTC")
    if kind is Kind.NUMBER:
        return repr(float(value))
    return str(value)


def columns_from(pieces: Mapping[str, list[Piece]], length: int) -> dict[str, Column]:
    """Whole columns. A name written with two kinds becomes text; a name that comes twice in one element (in a list it
    may) is kept as `name`, `name[2]` …"""
    made: dict[str, Column] = {}
    for name in sorted(pieces):
        some = [piece for piece in pieces[name] if len(piece.rows)]
        if not some:
            continue
        piece = some[0] if len(some) == 1 else _as_one_text(some)
        for number, part in enumerate(_apart(piece), 1):
            called = name if number == 1 else f"{name}[{number}]"
            made[called] = _column(called, part, length)
            if len(made) > MOST_COLUMNS:
                raise malformed(f"more than {MOST_COLUMNS:,} different attributes")
    return made


def _as_one_text(pieces: Sequence[Piece]) -> Piece:
    rows = np.concatenate([piece.rows for piece in pieces])
    texts = np.concatenate([_texts(piece) for piece in pieces])
    order = np.argsort(rows, kind="stable")
    return text_piece(rows[order], texts[order].tolist())


def _texts(piece: Piece) -> Values:
    if piece.kind is Kind.TEXT:
        return take_words(piece.words, piece.values)
    shown = np.empty(len(piece.values), dtype=object)
    shown[:] = [as_text(value, piece.kind) for value in piece.values.tolist()]
    return shown


def text_piece(rows: Ints, texts: Sequence[str | None]) -> Piece:
    """A piece of texts, coded in order of first appearance."""
    codes: dict[str, int] = {}
    values = np.array([-1 if t is None else codes.setdefault(t, len(codes)) for t in texts], dtype=np.int32)
    return Piece(Kind.TEXT, rows, values, tuple(codes))


def _apart(piece: Piece) -> list[Piece]:
    """Split into pieces that have each row once."""
    rows = piece.rows
    if len(rows) < 2 or bool((np.diff(rows) > 0).all()):
        return [piece]
    starts = np.concatenate(([True], np.diff(rows) != 0))
    first = np.flatnonzero(starts)
    place = np.arange(len(rows)) - first[np.cumsum(starts) - 1]
    if int(place.max()) >= MOST_COLUMNS:
        raise malformed(f"one attribute occurs more than {MOST_COLUMNS:,} times in one element")
    parts = []
    for number in range(int(place.max()) + 1):
        keep = place == number
        zones = None if piece.zones is None else piece.zones[keep]
        parts.append(Piece(piece.kind, rows[keep], piece.values[keep], piece.words, zones))
    return parts


def _column(name: str, piece: Piece, length: int) -> Column:
    whole = len(piece.rows) == length  # rows are strictly increasing
    if piece.kind is Kind.TEXT:
        values: Values = np.full(length, -1, dtype=np.int32) if not whole else piece.values.astype(np.int32, copy=False)
    elif piece.kind is Kind.INSTANT:
        values = np.full(length, NO_TIME, dtype=np.int64) if not whole else piece.values
    elif piece.kind is Kind.NUMBER:
        values = np.full(length, np.nan) if not whole else piece.values
    else:
        dtype = np.bool_ if piece.kind is Kind.TRUTH else np.int64
        values = np.zeros(length, dtype=dtype) if not whole else piece.values.astype(dtype, copy=False)
    if not whole:
        values[piece.rows] = piece.values
    missing = None
    if piece.kind in {Kind.INTEGER, Kind.TRUTH}:
        missing = np.ones(length, dtype=np.bool_)
        missing[piece.rows] = False
    zones = piece.zones
    if zones is not None and not whole:
        spread = np.zeros(length, dtype=np.int16)
        spread[piece.rows] = zones
        zones = spread
    return Column(name=name, kind=piece.kind, values=values, words=piece.words, missing=missing, zones=zones)
