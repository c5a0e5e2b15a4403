"""Reading the rules of supervision (监察规则): one rulebook edition per file, each word from a closed list.

A rule that names what does not exist is refused with file, line and mend, before it could find anything.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from zhengtong.kernel.procedures import Procedure
from zhengtong.kernel.supervision.metrics import METRICS, Metric
from zhengtong.kernel.supervision.rules import (
    Clears,
    Family,
    Follow,
    Level,
    Operator,
    Period,
    Quantity,
    Receiver,
    Rule,
    Scope,
    Stream,
    Unit,
    Whose,
)
from zhengtong.kernel.terms import Term
from zhengtong.law import overlay
from zhengtong.law.procedure_files import changed_in_force, codes, load_procedure, versions
from zhengtong.law.reading import FileFault, LawFileError, Reading, Table, read_law_text
from zhengtong.law.words import find_missing, read_mirror

FOLDER: Final = "rulebooks/supervision"
SHAPES: Final = ("not_toml", "unknown_key", "missing_key", "wrong_shape", "unknown_word", "bad_term")
RULE_CODES: Final = (
    "unknown_metric", "wrong_unit", "wrong_operator", "bad_threshold", "unused_scope", "unknown_procedure",
    "unknown_clock", "unknown_act", "unknown_outcome", "unknown_document", "unknown_source", "rule_twice",
    "bad_period", "bad_whose", "misnamed_rulebook", "missing_words",
)  # fmt: skip
"""What the check of a rulebook may say beside the shapes every law file shares; each has a mutant in the tests."""

MOST: Final[Mapping[Unit, int]] = {
    Unit.WORKING_DAYS: 250, Unit.CALENDAR_DAYS: 366, Unit.HOURS: 8_784, Unit.WORKING_HOURS: 2_000, Unit.PERCENT: 100,
}  # fmt: skip
MOST_COUNTED: Final = 1_000_000
MOST_POINTS: Final = 100
"""Thresholds lie within a year: one that ran off the calendar would keep every case from being judged."""

_HEADER: Final = re.compile(r'^\s*\[\s*rules\s*\.\s*"?([^"\]]+?)"?\s*\]')
_E = TypeVar("_E", bound=StrEnum)


# ---- editions --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One edition of the rulebook: in force from its date on, until the next."""

    version: str
    path: Path
    since: date


@cache
def editions() -> tuple[Edition, ...]:
    """Every edition, in order of date; kept until files change."""
    found = overlay.find_all(FOLDER)
    return tuple(
        Edition(version=version, path=path, since=date.fromisoformat(version[:10])) for version, path in found.items()
    )


def load_rules(at: date | None = None) -> tuple[Rule, ...]:
    """The rules in force on a day (None: of the newest edition); the same tuple each time, until files change.

    Raises:
        LawFileError: the edition is faulty.
    """
    in_force = [each for each in editions() if at is None or each.since <= at]
    return _load(in_force[-1].path) if in_force else ()


overlay.when_forgotten(editions.cache_clear)


@cache
def _load(path: Path) -> tuple[Rule, ...]:
    return read_rules(path)


overlay.when_forgotten(_load.cache_clear)


def read_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of an edition anywhere, in the order of the file.

    Raises:
        LawFileError: carries every fault found, with line and mend.
    """
    return read_text(read_law_text(path), str(path))


def read_text(text: str, file: str) -> tuple[Rule, ...]:
    """The rules of an edition from its text; `file` is what faults are reported under.

    Raises:
        LawFileError: carries every fault found.
    """
    if twice := tuple(_find_twice(text, file)):
        raise LawFileError(twice)
    reading = Reading(text, file)
    root = reading.root()
    head = root.table("rulebook")
    version = head.text("version")
    if head.text("code") != "supervision":
        head.complain("code", "unknown_word", "this is no rulebook of supervision", 'write code = "supervision"')
    head.end()
    sources = _read_sources(root)
    _read_thresholds(root, sources)
    world = World.of_law()
    rules = tuple(_read_rule(code, version, table, sources, world) for code, table in root.tables("rules").items())
    root.end()
    reading.finish()
    return tuple(rule for rule in rules if rule is not None)


def check_rulebook(path: Path) -> tuple[FileFault, ...]:
    """Everything wrong with a rulebook file; none means it may be put in force."""
    try:
        rules = read_rules(path)
    except LawFileError as error:
        return error.faults
    faults = find_missing({f"rules.{rule.code}.name": rule.name for rule in rules}, read_mirror(overlay.mirror_of(path)), path)  # fmt: skip # noqa: E501
    version = rules[0].version if rules else path.stem
    if version != path.stem or not re.fullmatch(r"\d{4}-\d{2}-\d{2}(\.\d+)?", path.stem):
        faults.append(
            FileFault(
                file=str(path),
                line=1,
                table="rulebook.version",
                code="misnamed_rulebook",
                message=f"the file says version {version!r} and is named {path.name!r}",
                mend=f"name it {version}.toml, the version being the day from which it is in force",
            )
        )
    if overlay.is_changed(path):
        faults.append(changed_in_force(path))
    return tuple(faults)


def check_rulebooks() -> tuple[FileFault, ...]:
    """Everything wrong with any edition of the shelf."""
    return tuple(fault for edition in editions() for fault in check_rulebook(edition.path))


def words_of(edition: Edition, language: str) -> Mapping[str, str]:
    """The names of the rules of an edition by code, in Chinese (`zh…`) or English."""
    if language.startswith("zh"):
        return {rule.code: rule.name for rule in _load(edition.path)}
    english = read_mirror(overlay.mirror_of(edition.path))
    return {rule.code: english.get(f"rules.{rule.code}.name", rule.name) for rule in _load(edition.path)}


def rule_title(cited: str, language: str) -> str:
    """A rule as a history cites it (`SJ-12@2026-01-01`) by code and name; its code where the edition is not here."""
    code, _at, version = cited.partition("@")
    edition = next((each for each in editions() if each.version == version), None)
    name = words_of(edition, language).get(code, "") if edition is not None else ""
    return f"{code} {name}".strip()


# ---- what a rule may name -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class World:
    """The procedures of the shelf: what scopes may name in them."""

    procedures: Mapping[str, Procedure]

    @classmethod
    def of_law(cls) -> "World":
        return _world()

    def among(self, named: frozenset[str]) -> tuple[Procedure, ...]:
        return tuple(each for code, each in self.procedures.items() if not named or code in named)


@cache
def _world() -> World:
    return World({code: load_procedure(code, versions(code)[-1]) for code in codes()})


overlay.when_forgotten(_world.cache_clear)


def _clocks_of(procedure: Procedure) -> Iterator[str]:
    yield "main"
    yield from procedure.clocks
    yield from (f"step:{code}" for code in procedure.states)
    for group, rule in procedure.branches.items():
        yield f"branch:{group}"
        if rule.sign is not None:
            yield f"sign:{group}"
    yield from ("step:*", "branch:*", "sign:*")


def _acts_of(procedure: Procedure) -> Iterator[str]:
    yield from procedure.actions


def _outcomes_of(procedure: Procedure) -> Iterator[str]:
    yield "negative"
    yield from procedure.outcomes


def _documents_of(procedure: Procedure) -> Iterator[str]:
    yield from procedure.documents


_NAMED: Final[Mapping[str, tuple[str, Callable[[Procedure], Iterator[str]]]]] = {
    "clocks": ("unknown_clock", _clocks_of),
    "acts": ("unknown_act", _acts_of),
    "outcomes": ("unknown_outcome", _outcomes_of),
    "documents": ("unknown_document", _documents_of),
}
SCOPE_KEYS: Final = (
    "procedures",
    "items",
    "departments",
    "clocks",
    "acts",
    "outcomes",
    "documents",
    "receipts",
    "data",
)


# ---- reading one rule -----------------------------------------------------------------------------------


def _find_twice(text: str, file: str) -> Iterator[FileFault]:
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header is None:
            continue
        if header[1] in seen:
            message, mend = f"there is a rule {header[1]!r} above", "give one of the two another code"
            yield FileFault(
                file=file, line=number, table=f"rules.{header[1]}", code="rule_twice", message=message, mend=mend
            )
        seen.add(header[1])


def _read_sources(root: Table) -> frozenset[str]:
    """The instruments a rule may cite."""
    tables = root.tables("sources")
    for table in tables.values():
        table.text("title")
        table.text("kind")
        table.flag("confirmed", default=True)
        table.end()
    return frozenset(tables)


def _read_thresholds(root: Table, sources: frozenset[str]) -> None:
    """Figures other rooms read (rulebook_files.threshold): here only their shape."""
    for table in root.tables("thresholds").values():
        table.text("name")
        table.term("term")
        _read_source(table, sources)
        table.flag("confirmed", default=True)
        table.end()


def _read_source(table: Table, sources: frozenset[str]) -> str:
    source = table.text("source")
    if source and source.split()[0] not in sources:
        known = ", ".join(sorted(sources))
        table.complain(
            "source", "unknown_source", f"{source.split()[0]!r} is not among [sources]", f"begin with one of {known}"
        )
    return source


def _word(table: Table, key: str, kind: type[_E], default: _E | None = None) -> _E | None:
    """A word of a closed list; required unless there is a default."""
    said = table.maybe_text(key) if default is not None else table.text(key)
    if said is None or not said:
        return default
    if said in tuple(kind):
        return kind(said)
    allowed = ", ".join(kind)
    table.complain(key, "unknown_word", f"`{key}` cannot be {said!r}", f"write one of {allowed}")
    return None


def _words(table: Table, key: str, kind: type[_E]) -> tuple[_E, ...]:
    if key not in table.values:
        table.complain(key, "missing_key", f"`{key}` is missing", f'add {key} = ["{next(iter(kind))}"]')
    said = table.texts(key)
    for each in said:
        if each not in tuple(kind):
            table.complain(key, "unknown_word", f"`{key}` cannot hold {each!r}", f"write some of {', '.join(kind)}")
    return tuple(kind(each) for each in said if each in tuple(kind))


def _read_rule(code: str, version: str, table: Table, sources: frozenset[str], world: World) -> Rule | None:
    metric = _read_metric(table)
    values: dict[str, Any] = {
        "code": code,
        "version": version,
        "name": table.text("name"),
        "stream": _word(table, "stream", Stream),
        "scope": _read_scope(table, metric, world),
        "operator": _read_operator(table, metric),
        "threshold": _read_threshold(table, metric),
        "level": _word(table, "level", Level),
        "follow": _word(table, "follow", Follow),
        "receivers": _words(table, "receivers", Receiver),
        "repeat": _read_repeat(table),
        "clears": _word(table, "clears", Clears),
        "whose": _read_whose(table, metric),
        "period": _read_period(table, metric),
        "least": table.number("least") or 0,
        "points": _read_points(table),
        "source": _read_source(table, sources),
        "confirmed": table.flag("confirmed", default=True),
    }
    table.end()
    needed = ("stream", "operator", "threshold", "level", "follow", "clears", "whose")
    if metric is None or any(values[key] is None for key in needed):
        return None
    return Rule(metric=metric.code, family=metric.family, **values)


def _read_metric(table: Table) -> Metric | None:
    said = table.text("metric")
    metric = METRICS.get(said)
    if metric is None and said:
        table.complain(
            "metric", "unknown_metric", f"nothing is measured as {said!r}", f"write one of {', '.join(METRICS)}"
        )
    return metric


def _read_operator(table: Table, metric: Metric | None) -> Operator | None:
    operator = _word(table, "operator", Operator)
    if operator is not None and metric is not None and operator not in metric.operators:
        allowed = ", ".join(metric.operators)
        table.complain(
            "operator", "wrong_operator", f"{metric.code} is not compared by {operator}", f"write one of {allowed}"
        )
    return operator


def _read_threshold(table: Table, metric: Metric | None) -> Quantity | None:
    said = table.text("threshold")
    try:
        threshold = Quantity.parse(said) if said else None
    except (ValueError, ZeroDivisionError):
        usual = metric.unit if metric is not None else ", ".join(Unit)
        table.complain(
            "threshold", "bad_threshold", f"{said!r} is no amount", f'write a number and a unit, as "3 {usual}"'
        )
        return None
    if threshold is None:
        return None
    most = MOST.get(threshold.unit, MOST_COUNTED)
    if threshold.value < 0:
        table.complain("threshold", "bad_threshold", f"{said!r} is below nothing", "write 0 or more")
    elif threshold.value > most:
        table.complain("threshold", "bad_threshold", f"{said!r} is beyond all reason", f"write {most} or less")
    if metric is not None and threshold.unit not in metric.units:
        units = ", ".join(metric.units)
        table.complain("threshold", "wrong_unit", f"{metric.code} is not measured in {threshold.unit}", f"use {units}")
    return threshold


def _read_repeat(table: Table) -> Term | None:
    repeat = table.term("repeat") if "repeat" in table.values else None
    if repeat is not None and not 0 < repeat.n <= MOST[Unit.CALENDAR_DAYS]:
        most = MOST[Unit.CALENDAR_DAYS]
        table.complain("repeat", "bad_threshold", f"nobody is told every {repeat}", f"write 1 to {most}")
    return repeat


def _read_points(table: Table) -> int | None:
    points = table.number("points")
    if points is not None and not 0 <= points <= MOST_POINTS:
        table.complain("points", "bad_threshold", f"a card cannot take {points} points", f"write 0 to {MOST_POINTS}")
    return points


def _read_whose(table: Table, metric: Metric | None) -> Whose | None:
    usual = metric.whose[0] if metric is not None and len(metric.whose) == 1 else None
    whose = _word(table, "whose", Whose, usual)
    if metric is not None and whose is not None and whose not in metric.whose:
        allowed = ", ".join(metric.whose)
        table.complain("whose", "bad_whose", f"{metric.code} is not put together by {whose}", f"write one of {allowed}")
    return whose


def _read_period(table: Table, metric: Metric | None) -> Period | None:
    is_pattern = metric is not None and metric.family is Family.PATTERN
    said = table.values.get("period")
    if is_pattern and said is None:
        table.complain("period", "bad_period", "a pattern is measured over a period", 'add period = "month"')
    if metric is not None and not is_pattern:
        for key in ("period", "least"):
            if key in table.values:
                table.complain(key, "bad_period", f"{metric.code} looks at one case", f"take `{key}` out")
    return _word(table, "period", Period) if said is not None else None


def _read_scope(table: Table, metric: Metric | None, world: World) -> Scope:
    inner = table.table("scope")
    said = {key: frozenset(inner.texts(key)) for key in SCOPE_KEYS}
    on_spot = inner.flag("on_spot") if "on_spot" in inner.values else None
    inner.end()
    for key in inner.values:
        if metric is not None and key in (*SCOPE_KEYS, "on_spot") and key not in metric.scope_keys:
            usable = ", ".join(sorted(metric.scope_keys))
            inner.complain(key, "unused_scope", f"{metric.code} does not look at `{key}`", f"use {usable}")
    for procedure in sorted(said["procedures"] - world.procedures.keys()):
        known = ", ".join(world.procedures)
        inner.complain("procedures", "unknown_procedure", f"there is no procedure {procedure!r}", f"write {known}")
    for key, (code, find) in _NAMED.items():
        _check_names(
            inner, key, code, said[key], {name for each in world.among(said["procedures"]) for name in find(each)}
        )
    return Scope(on_spot=on_spot, **said)


def _check_names(table: Table, key: str, code: str, said: frozenset[str], known: set[str]) -> None:
    for name in sorted(said):
        if name.removeprefix("!") not in known:
            where = "the procedures this rule speaks of"
            table.complain(key, code, f"{name!r} is in none of {where}", f"write a name that stands in {where}")
