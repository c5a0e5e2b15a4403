"""Importing a list of items (事项目录导入): JSON lines or XLSX, columns mapped to fields, each bad row told apart.

A row that was imported before is left alone, known by the digest of what it says. A row that is only a list entry makes
a *listed* item; one in our own shape (with a procedure) makes a listed item with a draft to be reviewed.
"""

import hashlib
import json
import re
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from zhengtong.accounts.actions import find_or_create_unit
from zhengtong.catalogue.contents import digest_of
from zhengtong.catalogue.indexing import index
from zhengtong.catalogue.labels import KINDS, TARGETS, ItemStatus
from zhengtong.catalogue.models import ImportRun, Item, ItemVersion
from zhengtong.catalogue.searching import initials_of
from zhengtong.kernel.binding import canonical
from zhengtong.law.items import find_faults
from zhengtong.ui.typed_text import check_length, clean_text, excerpt

LONGEST_LINE: Final = 1024 * 1024
WRITTEN_AT_ONCE: Final = 300
CODE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:\-]*")
REGION: Final = re.compile(r"[0-9]{6}([0-9]{6})?")
LENGTHS: Final[Mapping[str, int]] = {
    "code": 64, "national_code": 64, "name": 300, "name_en": 300, "short": 500, "main_item": 300, "department": 80,
}  # fmt: skip
NEEDED: Final = ("code", "name", "department", "kind", "region")
# Our field ← the names columns have in our own shape, in the real list and on national forms.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "code": ("code", "item_code", "task_code", "实施编码", "事项编码"),
    "name": ("name", "item_name", "事项名称"),
    "department": ("department", "实施主体", "实施机关", "部门"),
    "kind": ("kind", "task_type", "事项类型"),
    "region": ("region", "area_code", "行政区划", "区划代码"),
    "main_item": ("main_item", "主项名称"),
    "national_code": ("national_code", "基本编码"),
    "name_en": ("name_en",),
    "short": ("short", "简介"),
    "targets": ("targets", "服务对象"),
    "themes": ("themes", "主题"),
}
LISTS: Final = ("targets", "themes")


class CannotRead(ValueError):
    """The file as a whole cannot be read."""


class RowRefused(Exception):
    """Why a row is not imported, and which field says so."""

    def __init__(self, *, field: str, why: str) -> None:
        self.field = field
        self.why = why
        super().__init__(f"{field}: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """Which column each field is read from, how its values translate, and what stands where a column is missing."""

    columns: Mapping[str, tuple[str, ...]]
    values: Mapping[str, Mapping[str, str]]
    defaults: Mapping[str, str]


DEFAULT: Final = ColumnMap(columns=COLUMNS, values={}, defaults={})


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of the rows."""

    imported: int = 0
    unchanged: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, row: int, why: RowRefused) -> None:
        self.refused.append({"row": row, "field": why.field, "why": why.why})

    def as_json(self) -> dict[str, Any]:
        return {"imported": self.imported, "unchanged": self.unchanged, "refused": self.refused}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row that can be imported: its number, what it says, its digest, and the draft's content, if it has one."""

    row: int
    values: Mapping[str, Any]
    digest: str
    content: Mapping[str, Any] | None


# ---- the run ------------------------------------------------------------------------------------


def import_file(path: Path, *, mapping: ColumnMap = DEFAULT, at: datetime, is_dry: bool = False) -> Outcome:
    """Import a file; everything that can be imported is, in one transaction, and a dry run writes nothing.

    Raises:
        CannotRead: neither JSON lines nor XLSX, or not there.
    """
    outcome = Outcome()
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CannotRead(_("文件打不开：%(why)s") % {"why": error.strerror}) from error
    entries = _read_entries(read_rows(path), mapping, outcome)
    with transaction.atomic():
        run = None if is_dry else ImportRun.objects.create(file=path.name[:200], digest=digest, started_at=at)
        for batch in _batches(entries):
            _import_batch(batch, outcome, run, at)
        outcome.refused.sort(key=lambda one: one["row"])
        if run is not None:
            run.imported, run.unchanged, run.refused = outcome.imported, outcome.unchanged, outcome.refused
            run.save(update_fields=["imported", "unchanged", "refused"])
    return outcome


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == WRITTEN_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _read_entries(
    rows: Iterable[tuple[int, Mapping[str, Any] | RowRefused]], mapping: ColumnMap, outcome: Outcome
) -> Iterator[Entry]:
    seen: dict[str, tuple[int, str]] = {}
    for number, row in rows:
        try:
            if isinstance(row, RowRefused):
                raise row
            entry = read_entry(number, row, mapping)
            first = seen.setdefault(entry.values["code"], (number, entry.digest))
            if first[1] != entry.digest:
                raise RowRefused(field="code", why=_("编码与第 %(row)s 行相同，内容却不同。") % {"row": first[0]})
        except RowRefused as refused:
            outcome.refuse(number, refused)
            continue
        if first[0] == number:
            yield entry
        else:
            outcome.unchanged += 1


def _import_batch(batch: list[Entry], outcome: Outcome, run: ImportRun | None, at: datetime) -> None:
    known = {item.code: item for item in Item.objects.filter(code__in=[entry.values["code"] for entry in batch])}
    fresh: list[Entry] = []
    for entry in batch:
        there = known.get(entry.values["code"])
        if there is None:
            fresh.append(entry)
        elif there.row_digest == entry.digest:
            outcome.unchanged += 1
        else:
            why = _("这个编码的事项已经在目录里，内容不同（%(what)s）。请在事项页上变更。")
            outcome.refuse(entry.row, RowRefused(field="code", why=why % {"what": _difference(there, entry)}))
    outcome.imported += len(fresh)
    if run is None or not fresh:
        return
    units: dict[tuple[str, str], str] = {}
    items = Item.objects.bulk_create([_item_of(entry, run, units) for entry in fresh])
    ItemVersion.objects.bulk_create(
        ItemVersion(
            item=item, version=1, content=entry.content, digest=digest_of(entry.content),
            edited_by="import", edited_at=at,
        )
        for item, entry in zip(items, fresh, strict=True)
        if entry.content is not None
    )  # fmt: skip
    index(items)


def _difference(there: Item, entry: Entry) -> str:
    """The fields in which a known item and a row differ; none named where the row was changed since by hand."""
    names = [key for key in ("name", "kind", "main_item") if getattr(there, key) != entry.values.get(key, "")]
    return "、".join(names) or _("实施机关或者其他内容")


def _item_of(entry: Entry, run: ImportRun, units: dict[tuple[str, str], str]) -> Item:
    values = entry.values
    place = (values["department"], values["region"])
    if place not in units:
        code = f"{values['region']}-{initials_of(values['department'])[:20] or 'x'}"
        units[place] = find_or_create_unit(name=values["department"], code=code, region=values["region"]).code
    # A draft in our own shape names its department by code; a list names it in words.
    department = values["department_code"] or units[place]
    return Item(
        code=values["code"],
        national_code=values.get("national_code", ""),
        main_item=values.get("main_item", ""),
        kind=values["kind"],
        procedure=(entry.content or {}).get("procedure", ""),
        name=values["name"],
        name_en=values.get("name_en", ""),
        short=values.get("short", ""),
        department=department,
        region=values["region"],
        status=ItemStatus.LISTED,
        themes=values.get("themes", []),
        targets=values.get("targets", []),
        row_digest=entry.digest,
        run=run,
    )


# ---- rows of a file -----------------------------------------------------------------------------


def read_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any] | RowRefused]]:
    """(row number as an editor shows it, the row or why it cannot be read)."""
    if zipfile.is_zipfile(path):
        return _read_workbook(path)
    if path.suffix.lower() in {".xlsx", ".xls"}:
        raise CannotRead(_("这不是 XLSX 文件。旧格式的 XLS 请先另存为 XLSX。"))
    return _read_lines(path)


def _read_lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any] | RowRefused]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, _read_line(line, number)


def _read_line(line: bytes, number: int) -> Mapping[str, Any] | RowRefused:
    if len(line) > LONGEST_LINE:
        return RowRefused(field="", why=_("第 %(row)s 行太长。") % {"row": number})
    try:
        row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError:
        return RowRefused(field="", why=_("第 %(row)s 行不是 UTF-8 编码。") % {"row": number})
    except (json.JSONDecodeError, RecursionError) as error:
        where = getattr(error, "colno", 1)
        return RowRefused(
            field="",
            why=_("第 %(row)s 行不是完整的 JSON（第 %(column)s 个字符处）。") % {"row": number, "column": where},
        )
    if not isinstance(row, dict):
        return RowRefused(field="", why=_("第 %(row)s 行不是一个 JSON 对象。") % {"row": number})
    return row


def _read_workbook(path: Path) -> Iterator[tuple[int, Mapping[str, Any] | RowRefused]]:
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise CannotRead(_("XLSX 文件打不开，可能已经损坏。")) from error
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        heads = [str(cell or "").strip() for cell in next(rows, ())]
        for number, cells in enumerate(rows, 2):
            if any(cell not in (None, "") for cell in cells):
                yield number, {head: _cell(cell) for head, cell in zip(heads, cells, strict=False) if head}
    finally:
        book.close()


def _cell(cell: Any) -> Any:
    """A code that a spreadsheet made a number is text again; an empty cell is an empty text."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell if isinstance(cell, bool) else str(cell)


# ---- from a row to an entry ---------------------------------------------------------------------


def read_entry(number: int, row: Mapping[str, Any], mapping: ColumnMap) -> Entry:
    """What a row says, field by field.

    Raises:
        RowRefused
    """
    found = {name: _pick(row, name, mapping) for name in mapping.columns}
    values: dict[str, Any] = {
        name: _read_list(name, value) if name in LISTS else _read_text(name, value) for name, value in found.items()
    }
    for name in NEEDED:
        if not values[name]:
            raise RowRefused(field=name, why=_("这一项不能空着。"))
    values |= {name: check(values[name]) for name, check in CHECKS.items()}
    values["department_code"] = values["department"] if row.get("procedure") else ""
    content = _content_of(row, values) if row.get("procedure") else None
    told = content if content is not None else {name: value for name, value in values.items() if value}
    return Entry(row=number, values=values, digest=hashlib.sha256(canonical(told)).hexdigest(), content=content)


def _pick(row: Mapping[str, Any], name: str, mapping: ColumnMap) -> Any:
    value = next((row[column] for column in mapping.columns[name] if row.get(column) not in (None, "")), None)
    if isinstance(value, str | int) and not isinstance(value, bool):
        value = mapping.values.get(name, {}).get(str(value).strip(), value)
    return mapping.defaults.get(name, "") if value is None else value


def _read_text(name: str, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise RowRefused(field=name, why=_("应当是文字。"))
    try:
        text = clean_text(value)
        check_length(text, LENGTHS.get(name, 300))
    except ValidationError as error:
        raise RowRefused(field=name, why=error.messages[0]) from error
    return text


def _read_list(name: str, value: Any) -> list[str]:
    """A list, or a text with the parts set apart as national data do: ^ or a comma."""
    parts = re.split(r"[\^,，、;；]", value) if isinstance(value, str) else value
    if not isinstance(parts, list):
        raise RowRefused(field=name, why=_("应当是文字，或者一组文字。"))
    return [text for part in parts if (text := _read_text(name, part))]


def _check_code(value: str) -> str:
    if CODE.fullmatch(value) is None:
        raise RowRefused(
            field="code", why=_("编码只能有字母、数字和 - _ . : 。写的是“%(it)s”。") % {"it": excerpt(value)}
        )
    return value


def _check_kind(value: str) -> str:
    by_name = {str(name): code for code, name in KINDS.items()}
    code = by_name.get(value, value.zfill(2))
    if code not in KINDS:
        raise RowRefused(
            field="kind",
            why=_("不认识的事项类型“%(it)s”，应为 %(known)s。") % {"it": excerpt(value), "known": "、".join(KINDS)},
        )
    return code


def _check_region(value: str) -> str:
    if REGION.fullmatch(value) is None:
        raise RowRefused(
            field="region", why=_("区划代码应为 6 位或者 12 位数字。写的是“%(it)s”。") % {"it": excerpt(value)}
        )
    return value[:6]


def _check_targets(value: list[str]) -> list[str]:
    for one in value:
        if one not in TARGETS:
            raise RowRefused(field="targets", why=_("不认识的服务对象“%(it)s”。") % {"it": excerpt(one)})
    return value


CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "code": _check_code,
    "kind": _check_kind,
    "region": _check_region,
    "targets": _check_targets,
}


def _content_of(row: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A row in our own shape is a draft; what its shape lacks is told by path."""
    content = {
        "posts": {},
        **row,
        "version": 1,
        "code": values["code"],
        "kind": values["kind"],
        "region": values["region"],
    }
    for path, why in find_faults(content):
        raise RowRefused(field=path, why=_("不合事项的格式：%(why)s") % {"why": excerpt(why, 120)})
    try:
        clean_text(json.dumps(content, ensure_ascii=False).replace("\\u0000", "\0"), lines=True)
    except ValidationError as error:
        raise RowRefused(field="", why=error.messages[0]) from error
    return content


# ---- the mapping --------------------------------------------------------------------------------


def read_mapping(path: Path) -> ColumnMap:
    """A mapping file: [columns] our field = "column" or [columns], [values.<field>] "theirs" = "ours", [defaults].

    Raises:
        CannotRead: not TOML, or a field that is not ours.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CannotRead(_("对照表读不了：%(why)s") % {"why": error}) from error
    parts = {name: table.get(name, {}) for name in ("columns", "values", "defaults")}
    for name, part in parts.items():
        if not isinstance(part, dict) or (strange := sorted(set(part) - set(COLUMNS))):
            what = ", ".join(strange) if isinstance(part, dict) else name
            raise CannotRead(_("对照表的 [%(part)s] 里有不认识的字段：%(what)s") % {"part": name, "what": what})
    columns = {name: (given,) if isinstance(given, str) else tuple(given) for name, given in parts["columns"].items()}
    return ColumnMap(columns={**COLUMNS, **columns}, values=parts["values"], defaults=parts["defaults"])
