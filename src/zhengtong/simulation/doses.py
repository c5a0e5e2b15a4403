"""A table of doses (剂量表) from a TOML file: one table for each kind, with `rate` and `least`."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from zhengtong.simulation.irregularities import Dose, Kind


class DosesUnreadable(ValueError):
    """The file is not there, is no TOML, or names what is no kind."""


def read_doses(path: Path | None, defaults: Mapping[str, Dose]) -> Mapping[str, Dose]:
    """The defaults with what the file says in their place.

    Raises:
        DosesUnreadable
    """
    if path is None:
        return defaults
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DosesUnreadable(f"{path}: {error}") from error
    return {**defaults, **{kind: _dose(path, kind, table) for kind, table in tables.items()}}


def _dose(path: Path, kind: str, table: object) -> Dose:
    if kind not in {each.value for each in Kind}:
        raise DosesUnreadable(f"{path}: [{kind}] is no kind; docs/simulation.md lists them")
    if not isinstance(table, dict) or not set(table) <= {"rate", "least"}:
        raise DosesUnreadable(f"{path}: [{kind}] takes rate and least")
    rate, least = table.get("rate", 0), table.get("least", 0)
    if not isinstance(rate, int | float) or not isinstance(least, int) or rate < 0 or least < 0:
        raise DosesUnreadable(f"{path}: [{kind}] takes numbers from 0 on")
    return Dose(rate, least)
