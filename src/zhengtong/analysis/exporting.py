"""Our own history as an event log for other tools: XES, or OCEL 2.0 as JSON or SQLite. Codes only.

People of the service appear under the ledger's codes, parties as `party`; sealed words, their commitments and the
references to parties are left out. Everything else of an event is there, the body whole as JSON under `zt:body`.
"""

import gzip
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any, Final, cast
from xml.sax.saxutils import quoteattr

from zhengtong.kernel.events import (
    Acted,
    Deemed,
    DocumentIssued,
    DocumentServed,
    Event,
    FeeDemanded,
    FeeSettled,
    Linked,
    Opened,
    Standing,
)
from zhengtong.kernel.terms import LAW_ZONE, law_day
from zhengtong.ledger import codec
from zhengtong.ledger.history import Loaded, iter_cases
from zhengtong.ledger.queries import Case

AT_ONCE: Final = 2_000
PARTY: Final = "party"
LEFT_OUT: Final = frozenset({"sealed", "parties"})
CARD: Final = "card"
_DOCKET: Final = ("procedure", "version", "item", "dept", "unit", "region", "phase", "state", "outcome")
_INSTANTS: Final = {
    "startdate": "opened_at", "accepted_at": "accepted_at", "deadline": "due_at", "enddate_planned": "promised_at",
    "enddate": "closed_at",
}  # fmt: skip

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    cases: int
    events: int
    objects: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it is exported."""

    activity: str
    at: datetime
    attributes: dict[str, str | int | datetime]


@dataclass(frozen=True, slots=True)
class ToldCase:
    number: str
    attributes: dict[str, str | int | datetime]
    events: tuple[Told, ...]
    loaded: Loaded = field(repr=False, compare=False)


def tell_cases(since: date | None, until: date | None, progress: Progress | None = None) -> Iterator[ToldCase]:
    """Cases opened from one law day to another, both included, in order of their ids."""
    ids = []
    for key, opened_at in Case.objects.order_by("id").values_list("id", "opened_at").iterator():
        day = law_day(opened_at)
        if (since is None or day >= since) and (until is None or day <= until):
            ids.append(key)
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        docket: dict[int, Any] = {row["id"]: row for row in Case.objects.filter(id__in=some).values()}
        for n, loaded in enumerate(iter_cases(some), start + 1):
            yield tell_case(loaded, docket[loaded.ref.id])
            if progress is not None:
                progress(n)


def tell_case(loaded: Loaded, docket: dict[str, Any]) -> ToldCase:
    attributes: dict[str, str | int | datetime] = {
        name: value for name in _DOCKET if (value := docket.get(name)) not in (None, "")
    }
    attributes |= {name: docket[column] for name, column in _INSTANTS.items() if docket.get(column) is not None}
    opened = loaded.history[0].body
    if isinstance(opened, Opened):
        attributes |= {"item_version": opened.item_version, "channel": opened.channel}
    return ToldCase(docket["number"], attributes, tuple(tell(event) for event in loaded.history), loaded)


def tell(event: Event) -> Told:
    """An event's envelope as attributes and its body as JSON."""
    body = {name: value for name, value in codec.encode(event.body).items() if name not in LEFT_OUT}
    attributes: dict[str, str | int | datetime] = {
        "seq": event.seq, "batch": event.batch, "kind": event.kind, "recorded_at": event.recorded_at,
        "org:resource": PARTY if event.standing is Standing.PARTY else event.person, "standing": str(event.standing),
    }  # fmt: skip
    for name, value in (
        ("org:role", event.role),
        ("org:group", event.unit),
        ("post", event.post),
        ("basis", event.basis),
    ):
        if value:
            attributes[name] = value  # noqa: PERF403 - what is there is kept, in this order
    attributes["zt:body"] = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Told(activity_of(event), event.at, attributes)


def activity_of(event: Event) -> str:
    """The act's code; of what is no act its kind, with what it concerns."""
    match event.body:
        case Acted(act=act) | Deemed(act=act):
            return act
        case body:
            named = next(
                (getattr(body, name) for name in ("clock", "branch", "material", "fee") if hasattr(body, name)), ""
            )
            return f"{event.kind} {named.partition(':')[0]}" if named and event.kind.startswith("Clock") else event.kind


def stamp(instant: datetime) -> str:
    return instant.astimezone(LAW_ZONE).isoformat(timespec="microseconds")


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """Write beside the file and put it in its place when it is whole; who did what is for its owner's eyes alone."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _opened(draft: Path, name: str) -> IO[str]:
    if name.endswith(".gz"):
        return cast("IO[str]", gzip.open(draft, "wt", encoding="utf-8"))
    return draft.open("w", encoding="utf-8")


# ---- XES ------------------------------------------------------------------------------------------------

_HEAD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<classifier name="Activity" keys="concept:name"/>
<classifier name="Resource" keys="org:resource"/>
"""


def export_xes(path: Path, cases: Iterable[ToldCase]) -> Exported:
    """
    Raises:
        OSError
    """
    counted = events = 0
    with drafted(path) as draft, _opened(draft, path.name) as file:
        file.write(_HEAD)
        for case in cases:
            counted, events = counted + 1, events + len(case.events)
            file.write("<trace>\n" + _xes("concept:name", case.number))
            file.writelines(_xes(name, value) for name, value in case.attributes.items())
            for event in case.events:
                file.write("<event>\n" + _xes("concept:name", event.activity) + _xes("time:timestamp", event.at))
                file.write(_xes("lifecycle:transition", "complete"))
                file.writelines(_xes(name, value) for name, value in event.attributes.items())
                file.write("</event>\n")
            file.write("</trace>\n")
        file.write("</log>\n")
    return Exported(cases=counted, events=events)


def _xes(name: str, value: str | int | datetime) -> str:
    if isinstance(value, datetime):
        return f'<date key={quoteattr(name)} value="{stamp(value)}"/>\n'
    tag = "int" if isinstance(value, int) else "string"
    return f"<{tag} key={quoteattr(name)} value={quoteattr(str(value), _BREAKS)}/>\n"


_BREAKS: Final = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


# ---- OCEL 2.0 -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Objects:
    """Objects as they are met: type, attributes, relations."""

    types: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, dict[str, str | int | datetime]] = field(default_factory=dict)
    related: dict[str, dict[tuple[str, str], None]] = field(default_factory=dict)

    def meet(self, kind: str, name: str, **attributes: str | int | datetime) -> str:
        key = name if kind in {"case", CARD} else f"{kind}:{name}"
        self.types.setdefault(key, kind)
        self.attributes.setdefault(key, {}).update(attributes)
        return key

    def relate(self, one: str, other: str, qualifier: str) -> None:
        self.related.setdefault(one, {})[other, qualifier] = None


def tell_objects(  # noqa: C901 - one branch for each kind of object
    case: ToldCase, objects: _Objects
) -> list[tuple[str, Told, list[tuple[str, str]]]]:
    """The events of a case with the objects each concerns; the objects are gathered."""
    kind = CARD if case.attributes.get("procedure") == CARD else "case"
    own = objects.meet(kind, case.number, **case.attributes)
    for name, qualifier in (("item", "for"), ("dept", "handled by")):
        value = case.attributes.get(name)
        if value:
            objects.relate(own, objects.meet("department" if name == "dept" else name, str(value)), qualifier)
    told = []
    for source, event in zip(case.loaded.history, case.events, strict=True):
        concerned = [(own, "of")]
        if source.post:
            concerned.append((objects.meet("post", source.post), "at"))
        match source.body:
            case Opened(item=item) if item:
                concerned.append((objects.meet("item", item), "for"))
            case DocumentIssued(number=number, template=template):
                concerned.append((objects.meet("document", number, template=template), "issues"))
            case DocumentServed(number=number):
                concerned.append((objects.meet("document", number), "serves"))
            case FeeDemanded(fee=fee, amount=amount):
                concerned.append((objects.meet("payment", f"{case.number}/{fee}", amount=amount), "demands"))
            case FeeSettled(fee=fee):
                concerned.append((objects.meet("payment", f"{case.number}/{fee}"), "settles"))
            case Linked(relation=relation, other=other):
                objects.relate(own, other, relation)
        told.append((f"{case.number}/{source.seq}", event, concerned))
    return told


def export_ocel_json(path: Path, cases: Iterable[ToldCase]) -> Exported:
    """
    Raises:
        OSError
    """
    objects, counted, events = _Objects(), 0, 0
    event_types: dict[str, dict[str, str]] = {}
    with drafted(path) as draft, _opened(draft, path.name) as file:
        file.write('{"events":[')
        for case in cases:
            counted += 1
            for name, event, concerned in tell_objects(case, objects):
                file.write(",\n" if events else "\n")
                events += 1
                file.write(_dumped(_event_json(name, event, concerned)))
                event_types.setdefault(event.activity, {}).update(_types(event.attributes))
        _drop_unmet(objects)
        file.write('],\n"objects":[')
        for n, key in enumerate(objects.types):
            file.write(",\n" if n else "\n")
            file.write(_dumped(_object_json(key, objects)))
        object_types: dict[str, dict[str, str]] = {}
        for key, kind in objects.types.items():
            object_types.setdefault(kind, {}).update(_types(objects.attributes[key]))
        file.write(f'],\n"eventTypes":{_dumped(_types_json(event_types))},\n')
        file.write(f'"objectTypes":{_dumped(_types_json(object_types))}}}\n')
    return Exported(cases=counted, events=events, objects=len(objects.types))


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _event_json(name: str, event: Told, concerned: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        "id": name, "type": event.activity, "time": stamp(event.at),
        "attributes": [{"name": key, "value": _plain(value)} for key, value in event.attributes.items()],
        "relationships": [{"objectId": other, "qualifier": qualifier} for other, qualifier in concerned],
    }  # fmt: skip


_BEGINNING: Final = stamp(datetime(1970, 1, 1, tzinfo=UTC))


def _object_json(key: str, objects: _Objects) -> dict[str, Any]:
    return {
        "id": key, "type": objects.types[key],
        "attributes": [
            {"name": name, "time": _BEGINNING, "value": _plain(value)}
            for name, value in objects.attributes[key].items()
        ],
        "relationships": [
            {"objectId": other, "qualifier": qualifier} for other, qualifier in objects.related.get(key, {})
        ],
    }  # fmt: skip


def _plain(value: str | int | datetime) -> str | int:
    return stamp(value) if isinstance(value, datetime) else value


def _types(attributes: dict[str, str | int | datetime]) -> dict[str, str]:
    return {
        name: "time" if isinstance(value, datetime) else "integer" if isinstance(value, int) else "string"
        for name, value in attributes.items()
    }


def _types_json(types: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    return [
        {"name": name, "attributes": [{"name": key, "type": kind} for key, kind in sorted(attributes.items())]}
        for name, attributes in sorted(types.items())
    ]


def _drop_unmet(objects: _Objects) -> None:
    """A case outside the period may be linked to; a relation without its object is not written."""
    for key, related in objects.related.items():
        objects.related[key] = {pair: None for pair in related if pair[0] in objects.types}


_TABLES: Final = (
    "CREATE TABLE event (ocel_id TEXT PRIMARY KEY, ocel_type TEXT)",
    "CREATE TABLE object (ocel_id TEXT PRIMARY KEY, ocel_type TEXT)",
    "CREATE TABLE event_object (ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT)",
    "CREATE TABLE object_object (ocel_source_id TEXT, ocel_target_id TEXT, ocel_qualifier TEXT)",
    "CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT)",
    "CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT)",
)


def export_ocel_sqlite(path: Path, cases: Iterable[ToldCase]) -> Exported:
    """
    Raises:
        OSError
    """
    objects, counted, events = _Objects(), 0, 0
    with drafted(path) as draft, closing(sqlite3.connect(draft)) as database:
        for statement in _TABLES:
            database.execute(statement)
        events_of: dict[str, _Rows] = {}
        for case in cases:
            counted += 1
            for name, event, concerned in tell_objects(case, objects):
                events += 1
                database.execute("INSERT INTO event VALUES (?, ?)", (name, event.activity))
                database.executemany("INSERT INTO event_object VALUES (?, ?, ?)", [(name, *pair) for pair in concerned])
                rows = events_of.setdefault(event.activity, _Rows("event", event.activity, len(events_of)))
                rows.put(database, name, {"ocel_time": stamp(event.at)}, event.attributes)
        _drop_unmet(objects)
        objects_of: dict[str, _Rows] = {}
        for key, kind in objects.types.items():
            database.execute("INSERT INTO object VALUES (?, ?)", (key, kind))
            related = [(key, *pair) for pair in objects.related.get(key, {})]
            database.executemany("INSERT INTO object_object VALUES (?, ?, ?)", related)
            rows = objects_of.setdefault(kind, _Rows("object", kind, len(objects_of)))
            rows.put(database, key, {"ocel_time": _BEGINNING, "ocel_changed_field": None}, objects.attributes[key])
        database.commit()
    return Exported(cases=counted, events=events, objects=len(objects.types))


class _Rows:
    """The table of one type; columns are added as attributes are met."""

    def __init__(self, what: str, kind: str, number: int) -> None:
        mapped = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in kind)
        self.what, self.kind, self.mapped = what, kind, f"{mapped}_{number}"
        self.columns: set[str] = set()

    def put(
        self,
        database: sqlite3.Connection,
        key: str,
        fixed: dict[str, str | None],
        given: dict[str, str | int | datetime],
    ) -> None:
        table = f"{self.what}_{self.mapped}"
        if not self.columns:
            columns = ", ".join(f"{name} TEXT" for name in ("ocel_id", *fixed))
            database.execute(f'CREATE TABLE "{table}" ({columns})')
            database.execute(f"INSERT INTO {self.what}_map_type VALUES (?, ?)", (self.kind, self.mapped))  # noqa: S608 - our own words
            self.columns |= {"ocel_id", *fixed}
        for name, value in given.items():
            if name not in self.columns:
                kind = "INTEGER" if isinstance(value, int) else "TEXT"
                database.execute(f'ALTER TABLE "{table}" ADD COLUMN "{name}" {kind}')
                self.columns.add(name)
        names = ["ocel_id", *fixed, *given]
        marks = ", ".join("?" for _ in names)
        quoted = ", ".join(f'"{name}"' for name in names)
        values = [key, *fixed.values(), *(_plain(value) for value in given.values())]
        database.execute(f'INSERT INTO "{table}" ({quoted}) VALUES ({marks})', values)  # noqa: S608 - our own attribute names
