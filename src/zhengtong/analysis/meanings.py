"""What the columns of somebody's log mean (列的含义): guessed, or said in a map file, and the log they make.

A map file is TOML; what it leaves out is guessed. `deadline`, `planned` and `ended` are columns of cases.
"""

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from zhengtong.analysis.lifecycles import NONE, whole_activities
from zhengtong.analysis.logs import NO_TIME, UNKNOWN, Codes, Column, Ints, Log, from_columns
from zhengtong.analysis.reading import tables
from zhengtong.analysis.reading.instants import A_DAY, MINUTE, READERS, find_reader, instant
from zhengtong.analysis.reading.tables import Faults, Kind, Malformed, Place, Table
from zhengtong.analysis.said import Said

_1971: Final = 365 * A_DAY
SERIALS: Final = (25_570, 80_000)
"""Days of a spreadsheet, counted from 1899-12-30: from 1970 to 2119."""
SERIAL_OF_1970: Final = 25_569
_9000: Final = 221_845_392_000_000_000


class MapFault(ValueError):
    """A map file that cannot be used; the sentence names file and key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """Which column is what. Empty: there is none."""

    case: str = ""
    activity: tuple[str, ...] = ()
    """One column, or several whose values are joined."""
    at: str = ""
    """When an event was over."""
    started_at: str = ""
    resource: str = ""
    group: str = ""
    deadline: str = ""
    planned: str = ""
    ended: str = ""
    """A column that says when (an instant), whether (a truth) or in which status (a text) a case ended."""
    ended_values: tuple[str, ...] = ()
    """The statuses of an ended case."""
    ended_by: tuple[str, ...] = ()
    """Activities that end a case, where no column says it."""
    opened: str = ""
    """A column of when a case began; its first event where there is none."""
    step_due: str = ""
    """A column of events: until when this step was due."""
    lifecycle: str = ""
    """A column of transitions (schedule, start, complete) that make one activity; "none": each is an event."""
    wide: tuple[str, ...] = ()
    """Columns of instants of a table with one row per case; each is an activity."""
    limit: str = ""
    """A limit counted from the beginning of a case, such as "20 wd" or "8 cd", where no column has it."""
    duties: tuple[tuple[str, str], ...] = ()
    """Pairs of activities that two people must do."""
    zone: str = ""
    """The zone of instants without one, such as "+08:00"."""
    case_type: str = ""
    sheet: str = ""
    delimiter: str = ""
    skip_incomplete: bool = False
    """Leave out events without a case, an activity or a time, and say how many."""


_LISTS: Final = {"activity", "ended_values", "ended_by", "wide"}


def read_meaning(path: Path) -> Meaning:
    """
    Raises:
        MapFault: with the line, where the file is no TOML.
        OSError
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MapFault(f"{path.name}: {error}") from error
    known = {field.name for field in fields(Meaning)}
    strange = sorted(set(given) - known)
    if strange:
        raise MapFault(f"{path.name}: there is no {strange[0]!r}; there are: {', '.join(sorted(known))}")
    return Meaning(**{key: _shaped(path, key, value) for key, value in given.items()})


def _shaped(path: Path, key: str, value: object) -> Any:
    if key == "skip_incomplete":
        if isinstance(value, bool):
            return value
    elif key == "duties":
        if isinstance(value, list) and all(
            isinstance(pair, list) and len(pair) == 2 and all(isinstance(name, str) for name in pair) for pair in value
        ):
            return tuple((pair[0], pair[1]) for pair in value)
    elif key in _LISTS:
        values = [value] if isinstance(value, str) else value
        if isinstance(values, list) and all(isinstance(each, str) for each in values):
            return tuple(values)
    elif isinstance(value, str):
        return value
    raise MapFault(f"{path.name}: {key} cannot be {json.dumps(value, ensure_ascii=False, default=str)[:60]}")


def as_toml(meaning: Meaning) -> str:
    """
    >>> as_toml(Meaning(case="id", activity=("step",)))
    'case = "id"\\nactivity = ["step"]\\n'
    """
    lines = []
    for field in fields(Meaning):
        value = getattr(meaning, field.name)
        if value not in ("", (), False):
            lines.append(f"{field.name} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def east_of(zone: str) -> int:
    """Minutes east of UTC.

    >>> east_of("+08:00"), east_of("-05:30"), east_of("Z")
    (480, -330, 0)

    Raises:
        MapFault
    """
    if zone in {"", "Z", "UTC"}:
        return 0
    digits = zone[1:].replace(":", "")
    if zone[0] not in "+-" or not digits.isascii() or not digits.isdigit() or len(digits) not in {2, 4}:
        raise MapFault(f"{zone!r} is no zone; one is written +08:00")
    east = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return -east if zone[0] == "-" else east


# ---- a log --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A log with what is known of its cases beside it; a missing column is None."""

    log: Log
    meaning: Meaning
    east: Codes
    """Per event the minutes east of UTC in which it was written."""
    group: Column | None = None
    deadline: Ints | None = None
    planned: Ints | None = None
    opened: Ints | None = None
    ended: "Column | None" = None
    """Per case whether it ended; None where nothing tells."""
    ended_at: Ints | None = None
    """NO_TIME where a case has not ended."""
    step_due: Ints | None = None
    begun: Ints | None = None
    """Per event when work on it began, NO_TIME where nothing tells; None where nothing tells it anywhere."""
    has_clock: bool = True
    """Whether instants have a time of day at all."""
    notes: tuple[str, ...] = ()


def long_table(table: Table, meaning: Meaning) -> Table:
    """A table with one row per case, turned into one row per event."""
    if not meaning.wide:
        return table
    names = list(meaning.wide)
    columns = [_instants(table, name, table.events, east_of(meaning.zone)) for name in names]
    rows = np.tile(np.arange(table.events, dtype=np.int64), len(names))
    values = np.concatenate([column.values for column in columns])
    zones = np.concatenate([
        column.zones if column.zones is not None else np.zeros(table.events, dtype=np.int16) for column in columns
    ])  # fmt: skip
    which = np.repeat(np.arange(len(names), dtype=np.int32), table.events)
    keep = np.flatnonzero(values != NO_TIME)
    keep = keep[np.argsort(rows[keep], kind="stable")]
    made = {name: column.take(rows[keep]) for name, column in table.event_columns.items()}
    made["activity"] = tables.Column(name="activity", kind=Kind.TEXT, values=which[keep], words=tuple(names))
    made["at"] = tables.Column(name="at", kind=Kind.INSTANT, values=values[keep], zones=zones[keep])
    source_rows = rows[keep]
    return replace(
        table, events=len(keep), event_columns=made, roles={"activity": "activity", "at": "at"},
        locate=lambda some: table.locate([int(source_rows[row]) for row in some]),
    )  # fmt: skip


def observed(table: Table, meaning: Meaning) -> Observed:
    """
    Raises:
        MapFault: a column that is named and is not there, or none that tells case, activity or time.
        Malformed: events without them; with their lines.
    """
    if meaning.wide:
        table = long_table(table, meaning)
        meaning = replace(meaning, activity=("activity",), at="at", started_at="")
    _check_named(table, meaning)
    activity, activities = _activity(table, meaning)
    at = _instants(table, meaning.at, table.events, east_of(meaning.zone))
    case, cases = _cases(table, meaning)
    keep, notes = _complete(table, meaning, {"case": case >= 0, "activity": activity >= 0, "time": at.known})
    keep, of_events = _whole(table, meaning, (case, activity, at.values), keep, notes)
    resource, resources = _coded(table.event_columns.get(meaning.resource), table.events)
    east = at.zones if at.zones is not None else np.zeros(table.events, dtype=np.int16)
    extra: dict[str, Any] = {"row": np.arange(table.events, dtype=np.int64), "east": east.astype(np.int32)}
    extra |= of_events
    if keep is not None:
        case, activity, resource, instants = case[keep], activity[keep], resource[keep], at.values[keep]
        extra = {name: values[keep] for name, values in extra.items()}
    else:
        instants = at.values
    log = from_columns(
        case=case, activity=activity, at=instants, cases=cases, activities=activities, resource=resource,
        resources=resources, case_columns={"place": np.arange(len(cases), dtype=np.int64)}, event_columns=extra,
    )  # fmt: skip
    return _with_cases(table, meaning, log, [*table.notes, *notes])


def _whole(
    table: Table, meaning: Meaning, columns: tuple[Column, Column, Ints], keep: Ints | None, notes: list[str]
) -> tuple[Ints | None, dict[str, Column]]:
    """The events at which an activity was over; and per event of the table when work on it began, and whether it is
    over, as far as anything tells."""
    begun = None
    if meaning.started_at and meaning.started_at in table.event_columns:
        begun = _sensible(_instants(table, meaning.started_at, table.events, east_of(meaning.zone)), notes)
    if meaning.lifecycle in {"", NONE} or meaning.lifecycle not in table.event_columns:
        return keep, {} if begun is None else {"begun": begun}
    transition, words = _coded(table.event_columns[meaning.lifecycle], table.events)
    some = np.arange(table.events, dtype=np.int64) if keep is None else keep
    case, activity, at = (column[some] for column in columns)
    whole = whole_activities(case, activity, at, transition[some], words)
    began = np.full(table.events, NO_TIME, dtype=np.int64)
    began[some[whole.keep]] = whole.begun
    if begun is not None:
        began = np.where(began == NO_TIME, begun, began)
    is_over = np.zeros(table.events, dtype=np.bool_)
    is_over[some[whole.keep]] = whole.is_over
    notes.append(
        Said(
            "{column}: {n} transitions are {m} activities, each counted once when it was over; {k} are not over",
            column=meaning.lifecycle,
            n=f"{len(some):,}",
            m=f"{len(whole.keep):,}",
            k=f"{int((~whole.is_over).sum()):,}",
        )
    )
    return some[whole.keep], {"begun": began, "is_over": is_over}


def _check_named(table: Table, meaning: Meaning) -> None:
    of_events, both = set(table.event_columns), {*table.event_columns, *table.case_columns}
    for role, name in (
        ("at", meaning.at),
        ("resource", meaning.resource),
        ("lifecycle", "" if meaning.lifecycle == NONE else meaning.lifecycle),
        *(("activity", a) for a in meaning.activity),
    ):
        if name and name not in of_events:
            raise MapFault(f"{role}: there is no column {name!r} of events; there are: {_listed(of_events)}")
    for role in ("started_at", "group", "deadline", "planned", "ended", "opened", "step_due"):
        name = getattr(meaning, role)
        if name and name not in both:
            raise MapFault(f"{role}: there is no column {name!r}; there are: {_listed(both)}")
    if not table.is_nested and meaning.case not in of_events:
        what = f"there is no column {meaning.case!r}" if meaning.case else "no column tells the case"
        raise MapFault(f"case: {what}; name one in the map file: {_listed(of_events)}")
    for role, given in (("activity", meaning.activity), ("at", meaning.at)):
        if not given:
            raise MapFault(f"{role}: no column tells it; name one in the map file: {_listed(of_events)}")


def _listed(names: set[str]) -> str:
    some = sorted(names)
    return ", ".join(some[:30]) + (" …" if len(some) > 30 else "")


def _complete(table: Table, meaning: Meaning, known: Mapping[str, Column]) -> tuple[Ints | None, list[str]]:
    """The events that have a case, an activity and a time (None: all), or a message for each that has not."""
    whole = np.logical_and.reduce(list(known.values()))
    missing = np.flatnonzero(~whole)
    if not len(missing):
        return None, []
    if meaning.skip_incomplete:
        return np.flatnonzero(whole), [
            Said("{n} events without case, activity or time are left out", n=f"{len(missing):,}")
        ]
    faults = Faults()
    faults.total = len(missing)
    rows = [int(row) for row in missing[: tables.MOST_FAULTS]]
    for row, place in zip(rows, table.locate(rows), strict=True):
        lacking = " and no ".join(name for name, has in known.items() if not has[row])
        faults.kept.append(tables.Fault(place, f"this event has no {lacking}"))
    raise Malformed(faults.kept, faults.total)


def _activity(table: Table, meaning: Meaning) -> tuple[Codes, tuple[str, ...]]:
    coded, names = _coded(table.event_columns[meaning.activity[0]], table.events)
    for name in meaning.activity[1:]:
        more, others = _coded(table.event_columns[name], table.events)
        pair = coded.astype(np.int64) * (len(others) + 1) + more + 1
        distinct, inverse = np.unique(pair, return_inverse=True)
        joined = []
        for value in distinct.tolist():
            left, right = divmod(value, len(others) + 1)
            joined.append(names[left] + (f" {others[right - 1]}" if right else ""))
        is_known = coded >= 0
        coded = np.where(is_known, inverse, UNKNOWN).astype(np.int32)
        names = tuple(joined)
    return coded, names


def _coded(column: tables.Column | None, length: int) -> tuple[Codes, tuple[str, ...]]:
    """A column as codes and their names, whatever its kind."""
    if column is None:
        return np.full(length, UNKNOWN, dtype=np.int32), ()
    if column.kind is Kind.TEXT:
        return column.values.astype(np.int32, copy=False), tuple(str(word) for word in _words(column))
    known = column.known
    distinct, inverse = np.unique(column.values, return_inverse=True)
    codes = np.where(known, inverse, UNKNOWN).astype(np.int32)
    return codes, tuple(tables.as_text(value, column.kind) for value in distinct.tolist())


def _words(column: tables.Column) -> Sequence[str]:
    words: Any = column.words
    return words.to_pylist() if hasattr(words, "to_pylist") else words  # type: ignore[no-any-return]


def _cases(table: Table, meaning: Meaning) -> tuple[Codes, Sequence[str]]:
    if table.case is None:
        return _coded(table.event_columns[meaning.case], table.events)
    column = table.case_columns.get(meaning.case)
    texts = [None] * table.cases if column is None else column.texts().tolist()
    names = [text if text is not None else f"#{n}" for n, text in enumerate(texts, 1)]
    return table.case.astype(np.int32), names


# ---- columns of cases -----------------------------------------------------------------------------------


def _with_cases(table: Table, meaning: Meaning, log: Log, notes: list[str]) -> Observed:
    rows: Ints = log.event_columns["row"]
    place: Ints = log.case_columns["place"]
    zone = east_of(meaning.zone)

    def of_case(name: str) -> Column | None:
        """Instants of a case: its own column, or the last one its events have."""
        if not name:
            return None
        if name in table.case_columns:
            return _sensible(_instants(table, name, table.cases, zone), notes)[place]
        return last_known(
            log, _sensible(_instants(table, name, table.events, zone), notes)[rows], lambda v: v != NO_TIME, NO_TIME
        )

    deadline, planned, opened = of_case(meaning.deadline), of_case(meaning.planned), of_case(meaning.opened)
    ended, ended_at = _ended(table, meaning, log, notes)
    step_due = None
    if meaning.step_due and meaning.step_due in table.event_columns:
        step_due = _sensible(_instants(table, meaning.step_due, table.events, zone), notes)[rows]
    group = None
    if meaning.group:
        column = table.case_columns.get(meaning.group)
        if column is not None:
            group = column.texts()[place]
        else:
            texts = table.event_columns[meaning.group].texts()[rows]
            group = last_known(log, texts, lambda v: np.array([x is not None for x in v], dtype=np.bool_), None)
    local = log.at + log.event_columns["east"].astype(np.int64) * MINUTE
    return Observed(
        log=log, meaning=meaning, east=log.event_columns["east"], group=group, deadline=deadline, planned=planned,
        opened=opened, ended=ended, ended_at=ended_at, step_due=step_due, begun=log.event_columns.get("begun"),
        has_clock=bool(np.any(local % A_DAY != 0)), notes=tuple(notes),
    )  # fmt: skip


def _ended(table: Table, meaning: Meaning, log: Log, notes: list[str]) -> tuple[Column | None, Ints | None]:
    rows: Ints = log.event_columns["row"]
    place: Ints = log.case_columns["place"]
    name = meaning.ended
    if name:
        column = table.case_columns.get(name)
        is_of_case = column is not None
        column = column if column is not None else table.event_columns[name]
        if column.kind is Kind.INSTANT or not (meaning.ended_values or column.kind is Kind.TRUTH):
            length = table.cases if is_of_case else table.events
            instants = _sensible(_instants(table, name, length, east_of(meaning.zone)), notes)
            ended_at = (
                instants[place] if is_of_case else last_known(log, instants[rows], lambda v: v != NO_TIME, NO_TIME)
            )
            return ended_at != NO_TIME, ended_at
        wanted = set(meaning.ended_values) or {"true"}
        texts = column.texts()
        last = texts[place] if is_of_case else last_known(
            log, texts[rows], lambda v: np.array([x is not None for x in v], dtype=np.bool_), None
        )  # fmt: skip
        ended = np.array([text in wanted for text in last], dtype=np.bool_)
        return ended, np.where(ended, log.ended_at, NO_TIME)
    if meaning.ended_by:
        codes = [code for code, activity in enumerate(log.activities) if activity in meaning.ended_by]
        ended = np.isin(log.activity[log.offsets[1:] - 1], codes)
        if "is_over" in log.event_columns:
            ended &= log.event_columns["is_over"][log.offsets[1:] - 1]
        return ended, np.where(ended, log.ended_at, NO_TIME)
    return None, None


def last_known(log: Log, values: Column, is_known: Callable[[Column], Column], missing: Any) -> Column:
    """Per case the last value its events have."""
    known = is_known(values)
    place = np.where(known, np.arange(len(values)), -1)
    best = np.maximum.reduceat(place, log.offsets[:-1]) if len(values) else place
    found = values[np.maximum(best, 0)].copy()
    found[best < 0] = missing
    return found


def _sensible(column: tables.Column, notes: list[str]) -> Ints:
    """Instants of 1970 and before, and of the year 9000 and after, stand for a missing one in many systems. A column of
    days alone (all at midnight) is over at the end of its day."""
    values: Ints = column.values
    known = values != NO_TIME
    stand_in = known & ((values < _1971) | (values > _9000))
    if stand_in.any():
        notes.append(
            Said(
                "{column}: {n} instants outside 1971 to 8999 are taken as missing",
                column=column.name,
                n=f"{int(stand_in.sum()):,}",
            )
        )
        values = np.where(stand_in, NO_TIME, values)
        known &= ~stand_in
    return values


def is_days(values: Ints, east: Any) -> bool:
    """Whether all instants are at midnight where they were written: days, not instants."""
    known = values != NO_TIME
    local = values + np.asarray(east, dtype=np.int64) * MINUTE
    return bool(known.any()) and bool(np.all(local[known] % A_DAY == 0))


def with_instants(table: Table, meaning: Meaning) -> Table:
    """The table with the columns a meaning takes for instants turned into them, as far as they can be."""
    named = {getattr(meaning, role) for role in ("at", "started_at", "deadline", "planned", "ended", "opened")}
    changed: dict[str, dict[str, tables.Column]] = {"event_columns": {}, "case_columns": {}}
    for kept, length in (("event_columns", table.events), ("case_columns", table.cases)):
        columns = getattr(table, kept)
        for name in named & set(columns):
            if columns[name].kind is Kind.INSTANT or (name == meaning.ended and meaning.ended_values):
                continue
            try:
                changed[kept][name] = _instants(table, name, length, east_of(meaning.zone))
            except ValueError:  # it is told when the log is made
                continue
    return replace(
        table, event_columns={**table.event_columns, **changed["event_columns"]},
        case_columns={**table.case_columns, **changed["case_columns"]},
    )  # fmt: skip


def _instants(table: Table, name: str, length: int, east: int = 0) -> tables.Column:
    """A column of instants, also where they are texts, counts of seconds since 1970 or days of a spreadsheet; what has
    no zone is read `east` minutes east of UTC.

    Raises:
        Malformed: values that are no instants; of events with their lines.
    """
    of_event = name in table.event_columns and length == table.events
    column = table.event_columns[name] if of_event or name not in table.case_columns else table.case_columns[name]
    if column.kind is Kind.INSTANT:
        return column
    if column.kind is Kind.INTEGER or column.kind is Kind.NUMBER:
        return _from_epoch(column, east)
    words = [str(word) for word in _words(column)]
    form = find_reader(words) or find_reader(words[:1_000], 0.5)
    if form is None:
        raise MapFault(
            f"column {name!r} holds no instants: {words[0][:40]!r}" if words else f"column {name!r} is empty"
        )
    return _from_words(table, column, words, form, of_event=of_event, east=east)


def _from_words(
    table: Table, column: tables.Column, words: Sequence[str], form: str, *, of_event: bool, east: int
) -> tables.Column:
    read = [READERS[form](word) for word in words]
    bad = np.array([each is None for each in read] + [False], dtype=np.bool_)
    rows = np.flatnonzero(bad[column.values])
    if len(rows):
        some = [int(row) for row in rows[: tables.MOST_FAULTS]]
        places = table.locate(some) if of_event else [Place(0) for _ in some]
        faults = [
            tables.Fault(place, f"{column.name!r} is no date ({form}): {words[column.values[row]][:60]!r}")
            for row, place in zip(some, places, strict=True)
        ]
        raise Malformed(faults, len(rows))
    pairs = [instant(each, east) for each in read if each is not None]
    values = np.array([*(pair[0] for pair in pairs), NO_TIME], dtype=np.int64)[column.values]
    zones = np.array([*(pair[1] for pair in pairs), 0], dtype=np.int16)[column.values]
    return tables.Column(name=column.name, kind=Kind.INSTANT, values=values, zones=zones)


def _from_epoch(column: tables.Column, east: int) -> tables.Column:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, told by their size; or the days of a spreadsheet,
    which have no zone."""
    known = column.known
    values = np.where(known, column.values, 0).astype(np.float64)
    largest = float(np.abs(values).max()) if len(values) else 0.0
    if largest < SERIALS[1]:
        local = np.where(known, np.round((values - SERIAL_OF_1970) * 86_400_000).astype(np.int64) * 1_000, 0)
        zones = np.full(len(values), east, dtype=np.int16)
        return tables.Column(
            name=column.name, kind=Kind.INSTANT, values=np.where(known, local - east * MINUTE, NO_TIME), zones=zones
        )
    factor = next((f for most, f in ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0)) if largest < most), 1e-3)
    whole = np.where(known, np.rint(values * factor), 0).astype(np.int64)
    return tables.Column(name=column.name, kind=Kind.INSTANT, values=np.where(known, whole, NO_TIME))
