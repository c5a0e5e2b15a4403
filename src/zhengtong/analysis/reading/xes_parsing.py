"""The exact way through an XES file: a real XML parser, for whatever is not plain, and for messages with their line.

Document types with entities, outside entities, deep nesting and gigantic values are refused.
"""

from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

import numpy as np

from zhengtong.analysis.reading import scanning
from zhengtong.analysis.reading.tables import (
    Faults,
    Kind,
    Piece,
    Place,
    Say,
    Table,
    columns_from,
    malformed,
)
from zhengtong.analysis.reading.xes import LONGEST, nested_table, opened, position, read_value

CHUNK: Final = 1 << 18
_NUMBERS: Final = {name: n for n, name in enumerate(scanning.NAMES)} | {"container": scanning.LIST}
_KINDS: Final = {
    scanning.STRING: Kind.TEXT, scanning.DATE: Kind.INSTANT, scanning.INT: Kind.INTEGER,
    scanning.FLOAT: Kind.NUMBER, scanning.BOOLEAN: Kind.TRUTH,
}  # fmt: skip
_SHAPES: Final = {
    scanning.DATE: "date (2024-03-05T09:00:00+08:00)", scanning.INT: "whole number", scanning.FLOAT: "number",
    scanning.BOOLEAN: "truth value (true, false)",
}  # fmt: skip
_TYPES: Final = {
    scanning.STRING: "l",
    scanning.DATE: "q",
    scanning.INT: "q",
    scanning.FLOAT: "d",
    scanning.BOOLEAN: "b",
}


class _Values:
    """Values of one name and kind of attribute."""

    __slots__ = ("kind", "rows", "texts", "values", "zones")

    def __init__(self, kind: int) -> None:
        self.kind = kind
        self.rows = array("q")
        self.values = array(_TYPES[kind])
        self.zones = array("h")
        self.texts: dict[str, int] = {}

    def piece(self) -> Piece:
        rows = np.array(self.rows, dtype=np.int64)
        if self.kind == scanning.STRING:
            return Piece(Kind.TEXT, rows, np.array(self.values, dtype=np.int32), tuple(self.texts))
        zones = np.array(self.zones, dtype=np.int16) if self.kind == scanning.DATE else None
        return Piece(_KINDS[self.kind], rows, np.array(self.values), (), zones)


class _Reading:
    """The handlers of one pass."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.words
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.EntityDeclHandler = self.entity
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.buffer_text = True
        self.stack: list[tuple[int, str | None]] = []  # element, path of the attribute (None: not kept)
        self.case_events = array("q")
        self.events = 0
        self.columns: dict[tuple[bool, str, int], _Values] = {}
        self.classifiers: list[str] = []
        self.faults = Faults()
        self.moved_at = 0

    @property
    def place(self) -> Place:
        return Place(self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)

    def fault(self, text: str) -> None:
        self.faults.add(text, self.place)

    def doctype(self, _name: str, system: str | None, public: str | None, _subset: bool) -> None:
        if system or public:
            raise malformed("a document type outside the file is refused", self.place.line, self.place.column)

    def entity(self, name: str, *_rest: object) -> None:
        raise malformed(f"entity {name!r}: declared entities are refused", self.place.line, self.place.column)

    def words(self, text: str) -> None:
        if text.strip():
            self.fault(f"words where only elements may stand: {shortened(text.strip())}")

    def start(self, tag: str, attributes: dict[str, str]) -> None:  # noqa: C901 - one branch for each element
        self.moved_at = self.parser.CurrentByteIndex
        if len(self.stack) >= scanning.DEEPEST:
            place = self.place
            raise malformed(f"elements nested deeper than {scanning.DEEPEST}: it is refused", place.line, place.column)
        element = _NUMBERS.get(tag.rpartition(":")[2], -1)
        parent = self.stack[-1][0] if self.stack else -1
        if not self.stack and element != scanning.LOG:
            raise malformed(
                f"the file is not XES: it begins with <{shortened(tag)}>", self.place.line, self.place.column
            )
        if element < 0 or not may_stand(element, parent):
            if parent != -2 and element in {scanning.TRACE, scanning.EVENT}:
                self.fault(f"<{tag}> may not stand in {_said(parent)}")
            elif parent != -2 and element < 0:
                self.fault(f"unknown element <{shortened(tag)}>")
            elif parent != -2:
                self.fault(f"<{tag}> may not stand in {_said(parent)}")
            self.stack.append((-2, None))
            return
        path: str | None = None
        if element >= scanning.LIST:
            path = self.attribute(tag, element, attributes)
        elif element == scanning.VALUES:
            path = self.stack[-1][1]
        elif element == scanning.TRACE:
            self.case_events.append(0)
        elif element == scanning.CLASSIFIER:
            said = " ".join(f'{name}="{attributes.get(name, "")}"' for name in ("name", "keys"))
            self.classifiers.append(said)
        self.stack.append((element, path))

    def attribute(self, tag: str, element: int, attributes: dict[str, str]) -> str | None:
        key, value = attributes.get("key"), attributes.get("value")
        if not key:
            self.fault(f"<{tag}> has no key")
            return None
        if value is None and element != scanning.LIST:
            self.fault(f"{shortened(key)!r} has no value")
            return None
        parent, outer = self.stack[-1]
        if parent in {scanning.TRACE, scanning.EVENT}:
            path = key
        elif parent >= scanning.VALUES and outer is not None:
            path = f"{outer}/{key}"
        else:
            return None
        if element != scanning.LIST:
            assert value is not None
            self.keep(path, scanning.STRING if element == scanning.ID else element, value)
        return path

    def keep(self, path: str, kind: int, text: str) -> None:
        of_event = any(element == scanning.EVENT for element, _ in self.stack)
        column = self.columns.get((of_event, path, kind))
        if column is None:
            if len(self.columns) > 20_000:
                raise malformed("more than 20,000 different attributes", self.place.line)
            column = self.columns[of_event, path, kind] = _Values(kind)
        if kind == scanning.STRING:
            column.values.append(column.texts.setdefault(text, len(column.texts)))
        else:
            read = read_value(kind, text)
            if read is None:
                self.fault(f"{shortened(path)!r} is no {_SHAPES[kind]}: {shortened(text)!r}")
                return
            column.values.append(read[0])
            column.zones.append(read[1])
        column.rows.append(self.events if of_event else len(self.case_events) - 1)

    def end(self, _tag: str) -> None:
        self.moved_at = self.parser.CurrentByteIndex
        if self.stack.pop()[0] == scanning.EVENT:
            self.events += 1
            self.case_events[-1] += 1

    def table(self, path: Path) -> Table:
        self.faults.check()
        made: tuple[dict[str, list[Piece]], dict[str, list[Piece]]] = ({}, {})
        for (of_event, name, _kind), values in self.columns.items():
            made[of_event].setdefault(name, []).append(values.piece())
        counts = np.array(self.case_events, dtype=np.int64)
        return nested_table(
            path, counts, columns_from(made[0], len(counts)), columns_from(made[1], self.events),
            classifiers=self.classifiers,
        )  # fmt: skip


def may_stand(element: int, parent: int) -> bool:
    if element == scanning.LOG:
        return parent == -1
    if element in {scanning.TRACE, scanning.GLOBAL, scanning.EXTENSION, scanning.CLASSIFIER}:
        return parent == scanning.LOG
    if element == scanning.EVENT:
        return parent == scanning.TRACE
    if element == scanning.VALUES:
        return parent == scanning.LIST
    return parent not in {-2, -1, scanning.EXTENSION, scanning.CLASSIFIER}


def read_exactly(path: Path, say: Say | None = None) -> Table:
    """
    Raises:
        Malformed
    """
    reading = _Reading()
    _feed(path, reading.parser, lambda: reading.moved_at, say)
    return reading.table(path)


def locate_events(path: Path, rows: Sequence[int]) -> list[Place]:
    """Where these events stand, in a second pass."""
    parser, places, wanted = expat.ParserCreate(), {}, set(rows)
    seen, moved = 0, 0

    def start(tag: str, _attributes: dict[str, str]) -> None:
        nonlocal seen, moved
        moved = parser.CurrentByteIndex
        if tag.rpartition(":")[2] == "event":
            if seen in wanted:
                places[seen] = Place(parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)
            seen += 1

    parser.StartElementHandler = start
    _feed(path, parser, lambda: moved, None)
    return [places.get(row, Place(0)) for row in rows]


def _feed(path: Path, parser: Any, moved: Callable[[], int], say: Say | None) -> None:
    fed = 0
    try:
        with opened(path) as stream:
            while chunk := stream.read(CHUNK):
                parser.Parse(chunk, False)
                fed += len(chunk)
                if fed - moved() > LONGEST:
                    raise malformed(
                        f"one element is longer than {LONGEST >> 20} MB: it is refused", parser.CurrentLineNumber
                    )
                if say is not None:
                    say(position(stream))
            parser.Parse(b"", True)
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        raise malformed(f"this is not XML: {what}", error.lineno, error.offset + 1) from error
    except (LookupError, ValueError) as error:
        if type(error).__name__ == "Malformed":
            raise
        raise malformed(f"this cannot be read: {error}", parser.CurrentLineNumber) from error


def shortened(text: str, most: int = 60) -> str:
    """
    >>> shortened("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def _said(parent: int) -> str:
    return "the file itself" if parent < 0 else f"<{scanning.NAMES[parent]}>"
