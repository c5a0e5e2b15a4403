"""OCEL 2.0 (object-centric event logs) as JSON, SQLite or XML, whole, and flattened to the cases of one object type."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

import numpy as np

from zhengtong.analysis.reading.instants import find_reader, instant, read_iso
from zhengtong.analysis.reading.tables import (
    Column,
    Faults,
    Kind,
    Piece,
    Place,
    Say,
    Table,
    columns_from,
    malformed,
    text_piece,
)
from zhengtong.analysis.reading.xes import LONGEST, opened, position
from zhengtong.analysis.said import Said

LARGEST: Final = 1 << 31
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_CASE_LIKE: Final = re.compile(
    r"case|zaak|fall|caso|dossier|application|order|claim|request|ticket|incident|办件|案件|工单|申请|订单",
    re.IGNORECASE,
)
_WHO_LIKE: Final = re.compile(
    r"resource|employee|person|staff|user|worker|post|medewerker|mitarbeiter|empleado|人员|岗位|经办|员工",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Happening:
    """One event and the objects it concerns, each with its qualifier."""

    id: str
    type: str
    at: int
    east: int
    attributes: Mapping[str, Any]
    objects: tuple[tuple[str, str], ...]
    place: int = 0  # where it stands: position in the text, row of the table


@dataclass(frozen=True, slots=True)
class Thing:
    """One object: its attributes as (name, instant, value) in order, and the objects it belongs to."""

    id: str
    type: str
    attributes: tuple[tuple[str, int, Any], ...]
    objects: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Objects:
    """An object-centric log, events in order of time."""

    events: Sequence[Happening]
    objects: Mapping[str, Thing]
    source: str
    place: Callable[[int], Place] = field(default=lambda at: Place(0))


def read_objects(path: Path, say: Say | None = None, *, default_east: int = 0) -> Objects:
    """
    Raises:
        Malformed
    """
    with opened(path) as stream:
        head = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"SQLite format 3"):
        return _read_sqlite(path, say, default_east)
    if head.startswith(b"<"):
        return _read_xml(path, say, default_east)
    return _read_json(path, say, default_east)


# ---- checking, the same for all three ------------------------------------------------------------------


class _Gathered:
    def __init__(self, default_east: int) -> None:
        self.events: list[Happening] = []
        self.objects: dict[str, Thing] = {}
        self.ids: set[str] = set()
        self.faults = Faults()
        self.default_east = default_east

    def instant(self, text: object, what: str, place: Callable[[], Place]) -> tuple[int, int] | None:
        if text is None or text == "":
            self.faults.add(f"{what} has no time", place())
            return None
        read = read_iso(str(text))
        if read is None:
            self.faults.add(f"{what}: {str(text)[:60]!r} is no date", place())
            return None
        return instant(read, self.default_east)

    def event(self, given: Mapping[str, Any], at: int, place: Callable[[], Place]) -> None:
        name = str(given.get("id") or "")
        if not name or not given.get("type"):
            self.faults.add(f"event {name!r} has no {'type' if name else 'id'}", place())
            return
        if name in self.ids:
            self.faults.add(f"event {name!r} stands twice", place())
            return
        self.ids.add(name)
        when = self.instant(given.get("time"), f"event {name!r}", place)
        if when is None:
            return
        attributes = {str(each.get("name")): each.get("value") for each in given.get("attributes") or ()}
        self.events.append(Happening(name, str(given["type"]), *when, attributes, _related(given), at))

    def thing(self, given: Mapping[str, Any], place: Callable[[], Place]) -> None:
        name = str(given.get("id") or "")
        if not name or not given.get("type"):
            self.faults.add(f"object {name!r} has no {'type' if name else 'id'}", place())
            return
        if name in self.objects:
            self.faults.add(f"object {name!r} stands twice", place())
            return
        attributes = []
        for each in given.get("attributes") or ():
            when = self.instant(each.get("time") or "1970-01-01T00:00:00Z", f"object {name!r}", place)
            if when is not None:
                attributes.append((str(each.get("name")), when[0], each.get("value")))
        self.objects[name] = Thing(name, str(given["type"]), tuple(attributes), _related(given))

    def done(self, source: str, place: Callable[[int], Place]) -> Objects:
        for event in self.events:
            for name, _qualifier in event.objects:
                if name not in self.objects:
                    self.faults.add(
                        f"event {event.id!r} concerns {name!r}, which is no object of the file", place(event.place)
                    )
        self.faults.check()
        if not self.events:
            raise malformed("the log has no event")
        self.events.sort(key=lambda event: event.at)
        return Objects(self.events, self.objects, source, place)


def _related(given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(each.get("objectId")), str(each.get("qualifier") or "")) for each in given.get("relationships") or ()
    )


# ---- JSON ---------------------------------------------------------------------------------------------


def _read_json(path: Path, say: Say | None, default_east: int) -> Objects:
    text = _text(path)
    gathered = _Gathered(default_east)

    def place(at: int) -> Place:
        return Place(text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1)

    seen = set()
    for section, given, at in _elements(text, place):
        seen.add(section)
        if given is None:
            continue
        if not isinstance(given, dict):
            gathered.faults.add(f"an element of {section!r} is no object", place(at))
        elif section == "events":
            gathered.event(given, at, lambda at=at: place(at))  # type: ignore[misc]
        else:
            gathered.thing(given, lambda at=at: place(at))  # type: ignore[misc]
        if say is not None and len(gathered.events) % 10_000 == 0:
            say(at)
    for section in ("objects", "events"):
        if section not in seen:
            raise malformed(f"this is not OCEL 2.0: there is no {section!r}", 1)
    return gathered.done("OCEL 2.0 JSON", place)


def _text(path: Path) -> str:
    with opened(path) as stream:
        raw = stream.read(LARGEST)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise malformed(f"byte 0x{raw[error.start]:02x} is no character in UTF-8", line) from error


def _elements(text: str, place: Callable[[int], Place]) -> Iterator[tuple[str, Any, int]]:  # noqa: C901 - one walk
    """The elements of `objects` and `events`, one by one, with where each begins; (section, None) for an empty one."""
    decoder = json.JSONDecoder()

    def skip(at: int) -> int:
        found = _SPACE.match(text, at)
        assert found is not None
        return found.end()

    def expect(at: int, marks: str) -> str:
        if text[at : at + 1] in marks and at < len(text):
            return text[at]
        where = place(at)
        raise malformed(f"this is not JSON: one of {' '.join(marks)} is wanted here", where.line, where.column)

    def value(at: int) -> tuple[Any, int]:
        try:
            return decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise malformed(f"this is not JSON: {error.msg}", error.lineno, error.colno) from error
        except RecursionError as error:
            where = place(at)
            raise malformed("nested too deep: it is refused", where.line, where.column) from error

    at = skip(0)
    expect(at, "{")
    at = skip(at + 1)
    while text[at : at + 1] != "}":
        name, at = value(at)
        at = skip(at)
        expect(at, ":")
        at = skip(at + 1)
        if name in {"objects", "events"}:
            expect(at, "[")
            yield name, None, at
            at = skip(at + 1)
            while text[at : at + 1] != "]":
                began = at
                element, at = value(at)
                yield name, element, began
                at = skip(at)
                if expect(at, ",]") == ",":
                    at = skip(at + 1)
        else:
            _ignored, at = value(at)
            at -= 1
        at = skip(at + 1)
        if expect(at, ",}") == ",":
            at = skip(at + 1)


# ---- SQLite -------------------------------------------------------------------------------------------


def _read_sqlite(path: Path, say: Say | None, default_east: int) -> Objects:
    gathered = _Gathered(default_east)
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA query_only = ON")
            _gather_sqlite(database, gathered, say)
        finally:
            database.close()
    except sqlite3.Error as error:
        raise malformed(f"the database cannot be read: {error}") from error
    return gathered.done("OCEL 2.0 SQLite", lambda row: Place(row, 0, "event"))


def _gather_sqlite(database: sqlite3.Connection, gathered: _Gathered, say: Say | None) -> None:
    tables = {str(row[0]) for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    wanted = {"event", "object", "event_object", "event_map_type", "object_map_type"}
    if wanted - tables:
        raise malformed(f"this is not OCEL 2.0: there is no table {', '.join(sorted(wanted - tables))}")
    of_event = _relations(database, "event_object", "ocel_event_id", "ocel_object_id")
    of_object = (
        _relations(database, "object_object", "ocel_source_id", "ocel_target_id") if "object_object" in tables else {}
    )
    described = _described(database, "object", tables)
    for row, name, kind in database.execute("SELECT rowid, ocel_id, ocel_type FROM object"):
        attributes = [
            {"name": key, "time": each.get("ocel_time"), "value": value}
            for each in described.get(str(name), ())
            for key, value in each.items()
            if value is not None and not key.startswith("ocel_")
            and (not each.get("ocel_changed_field") or each["ocel_changed_field"] == key)
        ]  # fmt: skip
        given = {"id": name, "type": kind, "attributes": attributes, "relationships": of_object.get(str(name), ())}
        gathered.thing(given, lambda row=row: Place(row, 0, "object"))  # type: ignore[misc]
    details = _described(database, "event", tables)
    for n, (row, name, kind) in enumerate(database.execute("SELECT rowid, ocel_id, ocel_type FROM event")):
        found = details.get(str(name), [{}])[0]
        attributes = [
            {"name": key, "value": value}
            for key, value in found.items()
            if value is not None and not key.startswith("ocel_")
        ]
        related = of_event.get(str(name), ())
        given = {
            "id": name,
            "type": kind,
            "time": found.get("ocel_time"),
            "attributes": attributes,
            "relationships": related,
        }
        gathered.event(given, row, lambda row=row: Place(row, 0, "event"))  # type: ignore[misc]
        if say is not None and n % 10_000 == 0:
            say(n)


def _relations(database: sqlite3.Connection, table: str, source: str, target: str) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for one, other, qualifier in database.execute(f"SELECT {source}, {target}, ocel_qualifier FROM {table}"):  # noqa: S608 - our own words
        found.setdefault(str(one), []).append({"objectId": str(other), "qualifier": qualifier})
    return found


def _described(database: sqlite3.Connection, what: str, tables: set[str]) -> dict[str, list[dict[str, Any]]]:
    """The attribute rows of each id, from the table of its type."""
    found: dict[str, list[dict[str, Any]]] = {}
    for kind, mapped in database.execute(f"SELECT ocel_type, ocel_type_map FROM {what}_map_type"):  # noqa: S608 - our own words
        table = f"{what}_{mapped}"
        if table not in tables:
            raise malformed(f"this is not OCEL 2.0: type {str(kind)[:60]!r} has no table {table[:60]!r}")
        cursor = database.execute('SELECT * FROM "{}"'.format(table.replace('"', '""')))  # noqa: S608 - a name the file itself lists
        names = [str(column[0]) for column in cursor.description]
        for row in cursor:
            each = dict(zip(names, row, strict=True))
            found.setdefault(str(each.get("ocel_id")), []).append(each)
    return found


# ---- XML ----------------------------------------------------------------------------------------------


def _read_xml(path: Path, say: Say | None, default_east: int) -> Objects:  # noqa: C901 - handlers that share one state
    gathered = _Gathered(default_east)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    state: dict[str, Any] = {"element": None, "attribute": None, "words": "", "moved": 0, "depth": 0}

    def refuse(name: str, *_rest: object) -> None:
        raise malformed(f"{name!r}: document types and entities are refused", parser.CurrentLineNumber)

    def start(tag: str, attributes: dict[str, str]) -> None:
        state["moved"], state["words"] = parser.CurrentByteIndex, ""
        state["depth"] += 1
        if state["depth"] > 60:
            raise malformed("elements nested deeper than 60: it is refused", parser.CurrentLineNumber)
        if tag in {"event", "object"} and "id" in attributes:
            state["element"] = {
                **attributes, "attributes": [], "relationships": [], "line": parser.CurrentLineNumber, "tag": tag,
            }  # fmt: skip
        elif state["element"] is not None and tag == "attribute":
            state["attribute"] = attributes
        elif state["element"] is not None and tag in {"relationship", "object"} and "object-id" in attributes:
            related = {"objectId": attributes["object-id"], "qualifier": attributes.get("qualifier", "")}
            state["element"]["relationships"].append(related)

    def end(tag: str) -> None:
        state["depth"] -= 1
        element = state["element"]
        if tag == "attribute" and state["attribute"] is not None:
            element["attributes"].append({**state["attribute"], "value": state["words"]})
            state["attribute"] = None
        elif element is not None and tag == element["tag"]:
            line = element["line"]
            if tag == "event":
                gathered.event(element, line, lambda: Place(line))
            else:
                gathered.thing(element, lambda: Place(line))
            state["element"] = None

    def words(text: str) -> None:
        state["words"] += text

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, words
    parser.StartDoctypeDeclHandler, parser.EntityDeclHandler = refuse, refuse
    try:
        with opened(path) as stream:
            fed = 0
            while chunk := stream.read(1 << 18):
                parser.Parse(chunk, False)
                fed += len(chunk)
                if fed - state["moved"] > LONGEST:
                    raise malformed(
                        f"one element is longer than {LONGEST >> 20} MB: it is refused", parser.CurrentLineNumber
                    )
                if say is not None:
                    say(position(stream))
            parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise malformed(f"this is not XML: {expat.ErrorString(error.code)}", error.lineno, error.offset + 1) from error
    return gathered.done("OCEL 2.0 XML", lambda line: Place(line))


# ---- one object type as cases --------------------------------------------------------------------------


def find_case_type(log: Objects) -> str:
    """The type most events concern exactly once; among equals the one whose name sounds like a case."""
    once: dict[str, int] = {}
    for event in log.events:
        kinds: dict[str, int] = {}
        for name, _qualifier in event.objects:
            kind = log.objects[name].type
            kinds[kind] = kinds.get(kind, 0) + 1
        for kind, count in kinds.items():
            once[kind] = once.get(kind, 0) + (count == 1)
    sizes: dict[str, int] = {}
    for thing in log.objects.values():
        sizes[thing.type] = sizes.get(thing.type, 0) + 1
    if not once:
        raise malformed("no event concerns an object: there are no cases")
    least = 0.5 * max(once.values())
    near = [kind for kind in once if once[kind] >= least]
    named = [kind for kind in near if _CASE_LIKE.search(kind)]
    fitting = named or [kind for kind in near if not _WHO_LIKE.search(kind)] or near
    return max(fitting, key=lambda kind: (once[kind], sizes[kind], kind))


def flattened(log: Objects, case_type: str = "") -> Table:
    """The nested table of one object type.

    Raises:
        Malformed: there is no such type, or no event concerns it.
    """
    kind = case_type or find_case_type(log)
    kinds = sorted({thing.type for thing in log.objects.values()})
    if kind not in kinds:
        raise malformed(f"there is no object type {kind!r}; there are: {', '.join(kinds)}")
    names = [thing.id for thing in log.objects.values() if thing.type == kind]
    number = {name: n for n, name in enumerate(names)}
    pairs = [
        (number[name], n) for n, event in enumerate(log.events) for name, _qualifier in event.objects if name in number
    ]
    if not pairs:
        raise malformed(f"no event concerns an object of type {kind!r}")
    pairs = sorted(set(pairs))
    case = np.array([pair[0] for pair in pairs], dtype=np.int64)
    events = [log.events[pair[1]] for pair in pairs]
    of_events = _event_columns(log, events, kind)
    notes: list[str] = [
        Said(
            "cases are the objects of type {kind}; other types: {others}",
            kind=repr(kind),
            others=", ".join(k for k in kinds if k != kind) or "none",
        )
    ]
    if len(pairs) > len({pair[1] for pair in pairs}):
        notes.append(Said("an event of several such objects counts in each of their cases"))
    places = [event.place for event in events]
    roles = {"case": "ocel:oid", "activity": "ocel:activity", "at": "ocel:timestamp"}
    who = [name for name in of_events if name.startswith("object:") and _WHO_LIKE.search(name)]
    if who and "resource" not in roles:
        roles["resource"] = who[0]
    return Table(
        source=log.source, case=case, cases=len(names), events=len(pairs),
        case_columns=_case_columns(log, names), event_columns=of_events, notes=tuple(notes), roles=roles,
        locate=lambda rows: [log.place(places[row]) for row in rows],
    )  # fmt: skip


def _event_columns(log: Objects, events: Sequence[Happening], kind: str) -> dict[str, Column]:
    rows = np.arange(len(events), dtype=np.int64)
    made = columns_from(
        {
            "ocel:eid": [text_piece(rows, [event.id for event in events])],
            "ocel:activity": [text_piece(rows, [event.type for event in events])],
            "ocel:timestamp": [
                Piece(
                    Kind.INSTANT,
                    rows,
                    np.array([event.at for event in events], dtype=np.int64),
                    (),
                    np.array([event.east for event in events], dtype=np.int16),
                )
            ],
        },
        len(events),
    )
    values: dict[str, tuple[list[int], list[Any]]] = {}
    for n, event in enumerate(events):
        for name, value in event.attributes.items():
            if value is not None:
                _append(values, name, n, value)
        first: dict[str, str] = {}
        for name, _qualifier in event.objects:
            other = log.objects[name].type
            if other != kind:
                first.setdefault(other, name)
        for other, name in first.items():
            _append(values, f"object:{other}", n, name)
    for name, (some, each) in values.items():
        made |= columns_from({name: [_piece(some, each)]}, len(events))
    return made


def _case_columns(log: Objects, names: Sequence[str]) -> dict[str, Column]:
    values: dict[str, tuple[list[int], list[Any]]] = {}
    for n, name in enumerate(names):
        latest: dict[str, tuple[int, Any]] = {}
        for key, at, value in log.objects[name].attributes:
            if value is not None and (key not in latest or latest[key][0] <= at):
                latest[key] = (at, value)
        for key, (_at, value) in latest.items():
            _append(values, key, n, value)
    rows = np.arange(len(names), dtype=np.int64)
    pieces = {"ocel:oid": [text_piece(rows, list(names))]}
    return columns_from(pieces | {name: [_piece(some, each)] for name, (some, each) in values.items()}, len(names))


def _append(values: dict[str, tuple[list[int], list[Any]]], name: str, row: int, value: Any) -> None:
    rows, kept = values.setdefault(name, ([], []))
    rows.append(row)
    kept.append(value)


def _piece(rows: Sequence[int], values: Sequence[Any]) -> Piece:
    """Values of JSON or SQLite with the one kind they all have."""
    places = np.array(rows, dtype=np.int64)
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return Piece(Kind.TRUTH, places, np.array(values, dtype=np.bool_))
    if kinds == {int} and all(-(2**63) <= value < 2**63 for value in values):
        return Piece(Kind.INTEGER, places, np.array(values, dtype=np.int64))
    if kinds <= {int, float}:
        return Piece(Kind.NUMBER, places, np.array(values, dtype=np.float64))
    texts = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values]
    if all(len(text) >= 10 and text[4:5] == "-" for text in texts) and find_reader(texts) == "iso":
        read = [instant(each, 0) for text in texts if (each := read_iso(text)) is not None]
        east = np.array([pair[1] for pair in read], dtype=np.int16)
        return Piece(Kind.INSTANT, places, np.array([pair[0] for pair in read], dtype=np.int64), (), east)
    return text_piece(places, texts)
