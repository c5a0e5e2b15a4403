"""Matters that stand in no list of items but that anybody may raise (`internal = false` in law/items/internal)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import get_language

from zhengtong.law.items import items_from_internal


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    code: str
    name: str
    short: str


def public_matters() -> tuple[Matter, ...]:
    """In the reader's language, by code. Of several items of one procedure the first stands for all."""
    english = (get_language() or "").startswith("en")
    return tuple(
        Matter(code=code, name=_said(row, "name", english=english), short=_said(row, "short", english=english))
        for code, row in _rows()
    )


@lru_cache(maxsize=1)
def _rows() -> tuple[tuple[str, Mapping[str, Any]], ...]:
    open_ones = [(code, row) for code, row in sorted(items_from_internal().items()) if not row.get("internal", True)]
    seen: set[str] = set()
    return tuple(
        (code, row)
        for code, row in open_ones
        if not (row["procedure"] in seen or seen.add(row["procedure"]))  # type: ignore[func-returns-value]  # remembers it
    )


def _said(row: Mapping[str, Any], key: str, *, english: bool) -> str:
    return str((english and row.get(f"{key}_en")) or row.get(key, ""))
