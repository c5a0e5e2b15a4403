"""XES (IEEE 1849) logs, plain or gzipped: the fast way for regular files, the exact parser for all others.

Both ways make equal tables. Nested attributes become columns `parent/child`; a value that occurs again in a list
`name[2]`; missing values stay missing, whatever the log declares as global default.
"""

import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import IO, Any, Final, cast

import numpy as np
import pyarrow as pa

from zhengtong.analysis.reading import scanning
from zhengtong.analysis.reading.instants import read_exact
from zhengtong.analysis.reading.tables import (
    Column,
    Kind,
    Malformed,
    Piece,
    Place,
    Say,
    Table,
    Values,
    columns_from,
    malformed,
)
from zhengtong.analysis.said import Said

CHUNK: Final = 1 << 21
LONGEST: Final = 1 << 24
"""Bytes of one element; a longer one is refused."""
MOST_TIMES: Final = 300
FREE: Final = 1 << 26
"""A gzipped file may be so many times as long as it is compressed, beyond the first bytes."""
_PROLOGUE: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml\s[^?>]*\?>)?")
_ENCODING: Final = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_REFERENCE: Final = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);")
_CLASSIFIER: Final = re.compile(r"(name|keys)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_QUOTED: Final = re.compile(r"'([^']*)'|(\S+)")
_KINDS: Final = {
    scanning.STRING: Kind.TEXT, scanning.DATE: Kind.INSTANT, scanning.INT: Kind.INTEGER,
    scanning.FLOAT: Kind.NUMBER, scanning.BOOLEAN: Kind.TRUTH,
}  # fmt: skip
ROLES: Final = {"case": "concept:name", "activity": "concept:name", "at": "time:timestamp", "resource": "org:resource"}


class Unusual(Exception):
    """Not a file for the fast way."""


def read_xes(path: Path, say: Say | None = None) -> Table:
    """
    Raises:
        Malformed
    """
    try:
        if not scanning.IS_COMPILED:
            raise Unusual
        return read_fast(path, say)
    except Unusual:
        from zhengtong.analysis.reading.xes_parsing import read_exactly

        return read_exactly(path, say)


def read_fast(path: Path, say: Say | None = None) -> Table:
    """
    Raises:
        Unusual: the exact parser must look.
        Malformed: a file that is no file.
    """
    with opened(path) as stream:
        reading = _Scan()
        for chunk, is_last in _chunks(stream):
            reading.take(chunk, is_last)
            if say is not None:
                say(position(stream))
    return reading.table(path)


# ---- bytes --------------------------------------------------------------------------------------------


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, unpacked where it is gzipped.

    Raises:
        Malformed: it breaks off, or is no gzip file, or unpacks to out of all proportion.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            yield cast("IO[bytes]", _Unpacked(raw, path.stat().st_size)) if packed else raw
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise malformed(f"the gzip file is damaged: {error}") from error


def position(stream: IO[bytes]) -> int:
    return stream.packed_at if isinstance(stream, _Unpacked) else stream.tell()


class _Unpacked:
    """A gzip stream that refuses to swell without end."""

    def __init__(self, raw: IO[bytes], size: int) -> None:
        self._raw = raw
        self._most = FREE + MOST_TIMES * size
        self._file = gzip.GzipFile(fileobj=raw)
        self._given = 0

    @property
    def packed_at(self) -> int:
        return self._raw.tell()

    def read(self, size: int) -> bytes:
        some = self._file.read(size)
        self._given += len(some)
        if self._given > self._most:
            raise malformed(f"the gzip file unpacks to more than {MOST_TIMES} times its size: it is refused")
        return some


def _chunks(stream: IO[bytes]) -> Iterator[tuple[bytes, bool]]:
    chunk = stream.read(CHUNK)
    while True:
        following = stream.read(CHUNK) if len(chunk) else b""
        yield chunk, not following
        if not following:
            return
        chunk = following


# ---- the fast way -------------------------------------------------------------------------------------


class _Scan:
    """What the compiled pass needs between its calls."""

    def __init__(self) -> None:
        self.state = np.zeros(scanning.STATE, dtype=np.int64)
        self.stack = np.zeros((scanning.DEEPEST + 2, 2), dtype=np.int64)
        self.slots = np.full(1 << 15, -1, dtype=np.int32)
        self.words = np.empty((1 << 14, 5), dtype=np.int64)
        self.pool = np.empty(1 << 18, dtype=np.uint8)
        self.word_counts = np.zeros(512, dtype=np.int64)
        self.key_shape = np.zeros((512, 4), dtype=np.int64)
        self.case_events = np.zeros(1 << 12, dtype=np.int64)
        room = CHUNK // 16
        self.out_row = np.empty(room, dtype=np.int64)
        self.out_key = np.empty(room, dtype=np.int32)
        self.out_value = np.empty(room, dtype=np.int64)
        self.out_zone = np.empty(room, dtype=np.int16)
        self.order = np.empty(room, dtype=np.int64)
        self.pending = np.empty((room, 3), dtype=np.int64)
        self.spans = np.zeros((scanning.MOST_ATTRIBUTES, 2), dtype=np.int64)
        self.rest = b""
        self.began = False
        self.parts: dict[int, list[tuple[Any, Any, Any]]] = {}

    def take(self, chunk: bytes, is_last: bool) -> None:
        if not self.began:
            chunk = self.rest + chunk
            self.rest, skipped = b"", _prologue(chunk)
            self.began, chunk = True, chunk[skipped:]
        text = self.rest + chunk if self.rest else chunk
        buf = np.frombuffer(text, dtype=np.uint8)
        self.state[scanning.POS] = 0
        while (answer := self._scan(buf)) != scanning.MORE:
            if answer == scanning.UNUSUAL:
                raise Unusual
            self._make_room(answer, buf)
        self._flush(buf)
        self.rest = text[int(self.state[scanning.POS]) :]
        if len(self.rest) > LONGEST:
            raise malformed(f"one element is longer than {LONGEST >> 20} MB: it is refused")
        if is_last and (self.rest or self.state[scanning.PHASE] != 2):
            raise Unusual

    def _scan(self, buf: Any) -> int:
        return scanning.scan(
            buf, len(buf), self.state, self.stack, self.slots, self.words, self.pool, self.word_counts, self.key_shape,
            self.case_events, self.out_row, self.out_key, self.out_value, self.out_zone, self.pending, self.spans,
        )  # fmt: skip

    def _make_room(self, answer: int, buf: Any) -> None:
        if answer == scanning.ROOM_WORDS:
            count = int(self.state[scanning.WORDS])
            self.words = _larger(self.words, 2 * len(self.words))
            self.pool = _larger(self.pool, 2 * len(self.pool) + LONGEST // 8)
            self.slots = np.full(2 * len(self.slots), -1, dtype=np.int32)
            scanning.grow_slots(self.slots, self.words, self.pool, count)
        elif answer == scanning.ROOM_CASES:
            self.case_events = _larger(self.case_events, 2 * len(self.case_events))
        elif answer == scanning.ROOM_KEYS:
            if len(self.word_counts) > 20_000:
                raise malformed("more than 20,000 different attributes")
            self.word_counts = _larger(self.word_counts, 2 * len(self.word_counts))
            self.key_shape = _larger(self.key_shape, 2 * len(self.key_shape))
        else:
            self._flush(buf)

    def _flush(self, buf: Any) -> None:
        """Settle what the pass left to Python, then give each key its part of the chunk."""
        n, keys = int(self.state[scanning.OUT]), int(self.state[scanning.KEYS])
        for place, start, end in self.pending[: int(self.state[scanning.PENDING])].tolist():
            self._settle(place, bytes(buf[start:end]))
        ends = np.empty(keys, dtype=np.int64)
        scanning.sort_by_key(self.out_key, n, ends, self.order)
        rows, values, zones = (column[self.order[:n]] for column in (self.out_row, self.out_value, self.out_zone))
        start = 0
        for key, end in enumerate(ends.tolist()):
            if end > start:
                kind = self.key_shape[key, 1]
                some = values[start:end].astype(np.int32) if kind == scanning.STRING else values[start:end]
                zone = zones[start:end] if kind == scanning.DATE else None
                self.parts.setdefault(key, []).append((rows[start:end], some, zone))
            start = end
        self.state[scanning.OUT] = self.state[scanning.PENDING] = 0

    def _settle(self, place: int, raw: bytes) -> None:
        kind = int(self.key_shape[self.out_key[place], 1])
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise Unusual from error
        read = read_value(kind, text)
        if read is None:
            raise Unusual
        if kind == scanning.FLOAT:
            self.out_value.view(np.float64)[place] = read[0]
        else:
            self.out_value[place] = read[0]
            self.out_zone[place] = read[1]

    # ---- the end

    def table(self, path: Path) -> Table:
        cases, events = int(self.state[scanning.TRACES]), int(self.state[scanning.EVENTS])
        words = self._words()
        made: tuple[dict[str, list[Piece]], dict[str, list[Piece]]] = ({}, {})
        for key, parts in self.parts.items():
            kind = int(self.key_shape[key, 1])
            rows = np.concatenate([part[0] for part in parts])
            values = np.concatenate([part[1] for part in parts])
            zones = np.concatenate([part[2] for part in parts]) if kind == scanning.DATE else None
            if kind == scanning.FLOAT:
                values = values.view(np.float64)
            piece = Piece(_KINDS[kind], rows, values, words.get(key, ()), zones)
            if kind == scanning.STRING and self.state[scanning.ESCAPED]:
                _unescape(piece)
            of_event = bool(self.key_shape[key, 3] == scanning.OF_EVENT)
            made[of_event].setdefault(self._name(key), []).append(piece)
        return nested_table(
            path, self.case_events[:cases], columns_from(made[0], cases), columns_from(made[1], events),
            classifiers=[text.decode() for text in self._classifiers()],
        )  # fmt: skip

    def _name(self, key: int) -> str:
        owner, _kind, entry, _top = self.key_shape[key].tolist()
        start, length = self.words[entry, 2:4].tolist()
        try:
            own = bytes(self.pool[start : start + length]).decode()
        except UnicodeDecodeError as error:
            raise Unusual from error
        return own if owner < 0 else f"{self._name(owner)}/{own}"

    def _words(self) -> dict[int, Any]:
        """The distinct words of each key of texts, as one array each."""
        words = self.words[: int(self.state[scanning.WORDS])]
        order = np.argsort(words[:, 1], kind="stable")
        owners = words[order, 1]
        found: dict[int, Any] = {}
        for key in self.parts:
            if self.key_shape[key, 1] != scanning.STRING:
                continue
            entries = order[np.searchsorted(owners, key) : np.searchsorted(owners, key, side="right")]
            offsets = np.zeros(len(entries) + 1, dtype=np.int64)
            np.cumsum(words[entries, 3], out=offsets[1:])
            if offsets[-1] >= 2**31:
                raise malformed("the texts of one attribute exceed 2 GB")
            raw = np.empty(int(offsets[-1]), dtype=np.uint8)
            scanning.gather(self.pool, words, entries, offsets, raw)
            made = pa.StringArray.from_buffers(len(entries), pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(raw))
            try:
                made.validate(full=True)
            except pa.ArrowInvalid as error:
                raise Unusual from error
            found[key] = made
        return found

    def _classifiers(self) -> Iterator[bytes]:
        words = self.words[: int(self.state[scanning.WORDS])]
        for _check, _owner, start, length, _code in words[words[:, 1] == -1].tolist():
            yield bytes(self.pool[start : start + length])


def _larger(array: Any, length: int) -> Any:
    larger = np.zeros((length, *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array
    return larger


def _prologue(chunk: bytes) -> int:
    """How long the XML declaration is; only UTF-8 goes the fast way."""
    found = _PROLOGUE.match(chunk)
    assert found is not None
    declared = _ENCODING.search(found.group())
    if declared is not None and declared.group(1).lower() not in {b"utf-8", b"us-ascii", b"ascii"}:
        raise Unusual
    if b"<?xml" in found.group() and found.group().lstrip(b"\xef\xbb\xbf")[:5] != b"<?xml":
        raise Unusual
    return found.end()


def _unescape(piece: Piece) -> None:
    """Entities and white space as XML reads them in attributes; words that become equal become one."""
    texts = [unescaped(text) for text in cast("pa.StringArray", piece.words).to_pylist()]
    codes: dict[str, int] = {}
    remap = np.array([codes.setdefault(text, len(codes)) for text in texts], dtype=np.int32)
    piece.values, piece.words = remap[piece.values], pa.array(codes, type=pa.string())


def unescaped(raw: str) -> str:
    """
    Raises:
        Unusual: a reference that is none of XML's own.
    """
    if "\r" in raw or "\n" in raw or "\t" in raw:
        raw = raw.replace("\r\n", " ").replace("\r", " ").replace("\n", " ").replace("\t", " ")
    if "&" not in raw:
        return raw
    if raw.count("&") != len(_REFERENCE.findall(raw)):
        raise Unusual
    for number in re.findall(r"&#(x?)([0-9a-fA-F]+);", raw):
        if not _is_character(int(number[1], 16 if number[0] else 10)):
            raise Unusual
    return _REFERENCE.sub(_referred, raw)


def _referred(found: re.Match[str]) -> str:
    text = found.group()
    if text[1] != "#":
        return unescape(text)
    return chr(int(text[3:-1], 16) if text[2] == "x" else int(text[2:-1]))


def _is_character(code: int) -> bool:
    return code in {9, 10, 13} or 32 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF


# ---- what both ways share -----------------------------------------------------------------------------


def read_value(kind: int, text: str) -> tuple[Any, int] | None:
    """A value that is no text, and its zone; None if it is not of this kind."""
    text = text.strip()
    try:
        if kind == scanning.DATE:
            return read_exact(text)
        if kind == scanning.INT:
            number = int(text)
            return (number, 0) if -(2**63) <= number < 2**63 and text.isascii() and "_" not in text else None
        if kind == scanning.FLOAT:
            return (float(text), 0) if text.isascii() and "_" not in text else None
    except ValueError:
        return None
    truth = {"true": 1, "false": 0, "1": 1, "0": 0}.get(text.lower())
    return None if truth is None else (truth, 0)


def nested_table(
    path: Path, case_events: Values, of_cases: dict[str, Column], of_events: dict[str, Column],
    *, classifiers: Sequence[str],
) -> Table:  # fmt: skip
    """The table of a log whose cases have so many events each."""
    cases = len(case_events)
    notes: list[str] = []
    empty = int((case_events == 0).sum())
    if empty:
        notes.append(Said("{n} traces without an event are left out", n=f"{empty:,}"))
    if not int(case_events.sum()):
        raise malformed("the log has no event")
    roles = {role: name for role, name in ROLES.items() if name in (of_cases if role == "case" else of_events)}
    return Table(
        source="XES", case=np.repeat(np.arange(cases, dtype=np.int64), case_events), cases=cases,
        events=int(case_events.sum()), case_columns=of_cases, event_columns=of_events, notes=tuple(notes),
        classifiers=dict(_classifier(text) for text in classifiers), roles=roles,
        locate=lambda rows: _locate(path, rows),
    )  # fmt: skip


def _classifier(text: str) -> tuple[str, tuple[str, ...]]:
    found = {name: one or two for name, one, two in _CLASSIFIER.findall(text)}
    keys = tuple(quoted or bare for quoted, bare in _QUOTED.findall(found.get("keys", "")))
    return found.get("name", ""), keys


def _locate(path: Path, rows: Sequence[int]) -> list[Place]:
    from zhengtong.analysis.reading.xes_parsing import locate_events

    try:
        return locate_events(path, rows)
    except Malformed:
        return [Place(0) for _ in rows]
