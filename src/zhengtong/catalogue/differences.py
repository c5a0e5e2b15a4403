"""Two versions of an item side by side (变更对照): element by element, what it was and what it is, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from zhengtong.catalogue.contents import Content
from zhengtong.catalogue.labels import ELEMENTS, PARTS, term_words, word

SILENT: Final = frozenset({"version"})
KEYS: Final = ("code", "name", "title", "q", "text")
EMPTY: Final[tuple[Any, ...]] = (None, "", [], {}, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`path` in codes (materials.m4.required), `where` in words; `before` or `after` empty: added, or taken away."""

    path: str
    where: str
    before: str
    after: str

    @property
    def kind(self) -> str:
        return "added" if not self.before else "removed" if not self.after else "changed"


def differences(before: Content, after: Content) -> tuple[Difference, ...]:
    """Every element in which two contents differ, in the order of the national element list."""
    order = [*(key for key in ELEMENTS if key in before or key in after), *sorted({*before, *after} - ELEMENTS.keys())]
    return tuple(
        Difference(path=path, where=where, before=_words(old), after=_words(new))
        for key in order
        if key not in SILENT
        for path, where, old, new in _differ(key, word(ELEMENTS, key), before.get(key), after.get(key))
        if _words(old) != _words(new)
    )


def _differ(path: str, where: str, old: Any, new: Any) -> Iterator[tuple[str, str, Any, Any]]:
    if old == new or (old in EMPTY and new in EMPTY):
        return
    old_table, new_table = _as_table(old), _as_table(new)
    if old_table is None or new_table is None:
        yield path, where, old, new
        return
    for key in dict.fromkeys((*old_table, *new_table)):
        here = f"{where} › {_named(key, old_table.get(key), new_table.get(key))}"
        one, other = old_table.get(key), new_table.get(key)
        if one is None or other is None:
            yield f"{path}.{key}", here, one, other
        else:
            yield from _differ(f"{path}.{key}", here, one, other)


def _as_table(value: Any) -> dict[str, Any] | None:
    """Rows by what names them, so that a row that moved is the same row; None for what has no parts."""
    if value in (None, ""):
        return {}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
        return {_key(row, place): row for place, row in enumerate(value, 1)}
    return {} if value == [] else None


def _key(row: Mapping[str, Any], place: int) -> str:
    return next((str(row[key]) for key in KEYS if row.get(key)), str(place))


def _named(key: str, *rows: Any) -> str:
    for row in rows:
        if isinstance(row, Mapping):
            for name in ("name", "label", "question"):
                if isinstance(row.get(name), str) and row[name]:
                    return str(row[name])
    return word(PARTS, key)


def _words(value: Any) -> str:
    """A value as a reader sees it."""
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, bool):
        return str(_("是") if value else _("否"))
    if isinstance(value, Mapping):
        return "；".join(f"{word(PARTS, key)}：{_words(part)}" for key, part in value.items() if part not in EMPTY)
    if isinstance(value, list):
        return "、".join(_words(part) for part in value)
    text = str(value)
    return " ".join(filter(None, term_words(text)))
