"""Reading the scoring scheme (监察评分办法): parts, deductions, bonuses; faults with file and line."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from zhengtong.kernel.supervision.scoring import HUNDRED, Basis, Bonus, Charge, Counts, PartRule, Scheme
from zhengtong.law import overlay
from zhengtong.law.reading import LawFileError, Reading, Table, read_law_text

FOLDER: Final = "rulebooks/scoring"
_E = TypeVar("_E", bound=StrEnum)


def load_scheme(at: date | None = None) -> Scheme:
    """The scheme in force on a day (None: the newest).

    Raises:
        LawFileError: the edition is faulty.
        LookupError: none was in force yet.
    """
    found = {version: path for version, path in overlay.find_all(FOLDER).items() if at is None or _since(version) <= at}
    if not found:
        raise LookupError(f"no scoring scheme was in force on {at}")
    return _load(found[max(found)])


def _since(version: str) -> date:
    return date.fromisoformat(version[:10])


@cache
def _load(path: Path) -> Scheme:
    return read_scheme(read_law_text(path), str(path))


overlay.when_forgotten(_load.cache_clear)


def read_scheme(text: str, file: str) -> Scheme:
    """The scheme of a text; `file` is what faults are reported under.

    Raises:
        LawFileError: carries every fault found: shapes, unknown words and sources, parts that do not make a hundred,
            charges to a part there is not.
    """
    reading = Reading(text, file)
    root = reading.root()
    head = root.table("rulebook")
    version = head.text("version")
    head.text("code")
    head.end()
    sources = _read_sources(root)
    scheme = root.table("scheme")
    factor, least = scheme.number("factor"), scheme.number("least_ratings")
    scheme.end()
    parts = tuple(_read_part(code, table, sources) for code, table in root.tables("parts").items())
    if sum(part.full for part in parts) != HUNDRED:
        root.complain("parts", "wrong_shape", "the parts do not make a hundred points", "let `full` add up to 100")
    codes = {part.code for part in parts}
    charges = tuple(_read_charge(code, table, sources, codes) for code, table in root.tables("charges").items())
    bonuses = tuple(_read_bonus(code, table, sources) for code, table in root.tables("bonuses").items())
    root.end()
    reading.finish()
    return Scheme(
        version=version,
        factor=Fraction(factor if factor is not None else HUNDRED, HUNDRED),
        least_ratings=least or 1,
        parts=parts,
        charges=charges,
        bonuses=bonuses,
    )


def _read_sources(root: Table) -> frozenset[str]:
    tables = root.tables("sources")
    for table in tables.values():
        table.text("title")
        table.text("kind")
        table.flag("confirmed", default=True)
        table.end()
    return frozenset(tables)


def _read_common(code: str, table: Table, sources: frozenset[str]) -> dict[str, Any]:
    source = table.text("source")
    if source and source.split()[0] not in sources:
        table.complain("source", "unknown_source", f"{source!r} is not among [sources]", "cite one of [sources]")
    return {
        "code": code, "name": table.text("name"), "name_en": table.text("name_en"), "source": source,
        "confirmed": table.flag("confirmed", default=True),
    }  # fmt: skip


def _word(table: Table, key: str, kind: type[_E], default: _E) -> _E:
    said = table.text(key)
    if said in tuple(kind):
        return kind(said)
    if said:
        table.complain(key, "unknown_word", f"`{key}` cannot be {said!r}", f"write one of {', '.join(kind)}")
    return default


def _number(table: Table, key: str) -> int:
    value = table.number(key)
    if value is None and key not in table.values:
        table.complain(key, "missing_key", f"`{key}` is missing", f"add {key} = 1")
    return value or 0


def _read_part(code: str, table: Table, sources: frozenset[str]) -> PartRule:
    common = _read_common(code, table, sources)
    part = PartRule(
        **common, group=table.text("group"), full=_number(table, "full"),
        basis=_word(table, "basis", Basis, Basis.NONE), rules=table.texts("rules"),
    )  # fmt: skip
    table.end()
    return part


def _read_charge(code: str, table: Table, sources: frozenset[str], parts: set[str]) -> Charge:
    common = _read_common(code, table, sources)
    part = table.text("part")
    if part and part not in parts:
        table.complain("part", "unknown_word", f"there is no part {part!r}", f"write one of {', '.join(sorted(parts))}")
    grades = table.table("grades")
    charge = Charge(
        **common, counts=_word(table, "counts", Counts, Counts.YELLOW), points=_number(table, "points"),
        per=table.number("per") or 1, most=table.number("most"), part=part,
        once_a_year=table.flag("once_a_year"), grades=_grades(grades),
    )  # fmt: skip
    table.end()
    return charge


def _grades(table: Table) -> Mapping[str, int]:
    return {kind: _number(table, kind) for kind in table.values}


def _read_bonus(code: str, table: Table, sources: frozenset[str]) -> Bonus:
    common = _read_common(code, table, sources)
    bonus = Bonus(
        **common, counts=_word(table, "counts", Counts, Counts.EARLY), start=_number(table, "start"),
        points=_number(table, "points"), step=_number(table, "step") or 1, more=_number(table, "more"),
        unless_late=table.flag("unless_late"),
    )  # fmt: skip
    if bonus.counts not in (Counts.EARLY, Counts.PROMISES_CUT):
        table.complain(
            "counts", "unknown_word", f"no bonus counts {bonus.counts}", "write early_percent or promises_cut_percent"
        )
    table.end()
    return bonus


__all__ = ["LawFileError", "load_scheme", "read_scheme"]
