"""What leaves the system as a file (导出): neutralised, watermarked and written down, all three or not at all.

The watermark says who, when, under which number and for what. In XLSX it stands above the headings, on every printed
page and in the properties; in CSV it is the last line, begins with # and has one cell, so that the headings stay first.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from zhengtong.kernel.terms import LAW_ZONE
from zhengtong.trail.actions import Who, append
from zhengtong.trail.labels import Book
from zhengtong.trail.models import Entry

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv; charset=utf-8"
FORMS: Final = ("csv", "xlsx")
# What a spreadsheet takes for the beginning of a formula; the full-width ones too, which some read as the narrow ones.
DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
WIDEST: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What is to be taken along: exactly what the page shows, masks and all."""

    name: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """Who takes it along, under what name and post the watermark shows them, what for, and when."""

    who: Who
    name: str
    post: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    name: str
    media_type: str
    data: bytes
    number: str


def export_table(
    table: Table, *, form: str, taking: Taking, what: str, filters: str, about: str = ""
) -> File:  # fmt: skip
    """The table as a file, once its entry stands in the book of exports. `filters` is a digest, not what was typed."""
    number = log_export(
        taking, what=what, about=about, said={"form": form, "rows": len(table.rows), "filters": filters}
    )
    mark = watermark(taking, number)
    rows = [[plain_cell(cell) for cell in row] for row in table.rows]
    data = _xlsx(table, rows, mark, number, taking) if form == "xlsx" else _csv(table, rows, mark)
    media_type = XLSX if form == "xlsx" else CSV
    return File(name=f"{table.name}-{number}.{form}", media_type=media_type, data=data, number=number)


def log_export(taking: Taking, *, what: str, about: str = "", said: Mapping[str, object]) -> str:
    """The entry alone, for what is drawn elsewhere (a print, a PDF); the answer is the export's number."""
    entry = append(
        book=Book.EXPORT, at=taking.at, who=taking.who, what=what, about=about, said={**said, "reason": taking.reason}
    )
    return number_of(entry)


def number_of(entry: Entry) -> str:
    """The export number: the day and the entry's place in the book of exports."""
    return f"DC{entry.at.astimezone(LAW_ZONE):%Y%m%d}-{entry.seq:05d}"


def watermark(taking: Taking, number: str) -> str:
    """One line: number, who, when, what for."""
    said = {
        "number": number, "name": taking.name, "post": taking.post or taking.who.login,
        "at": f"{taking.at.astimezone(LAW_ZONE):%Y-%m-%d %H:%M}", "reason": taking.reason or _("日常工作"),
    }  # fmt: skip
    words = _("导出编号 %(number)s，%(name)s（%(post)s）于 %(at)s 导出，用途：%(reason)s。仅供工作使用，不得外传。")
    return words % said


def plain_cell(cell: str) -> str:
    """The same text, which no spreadsheet takes for a formula.

    >>> plain_cell("=1+1"), plain_cell("甲")
    ("'=1+1", '甲')
    """
    return f"'{cell}" if cell.lstrip(" \u3000").startswith(DANGEROUS) or cell.startswith(DANGEROUS) else cell


def _csv(table: Table, rows: Sequence[Sequence[str]], mark: str) -> bytes:
    """UTF-8 with a mark, so that spreadsheets read Chinese."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([list(table.head), *rows, [f"# {mark}"]])
    return ("\ufeff" + text.getvalue()).encode()


def _xlsx(table: Table, rows: Sequence[Sequence[str]], mark: str, number: str, taking: Taking) -> bytes:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = _sheet_name(table.title)
    sheet.append([mark])
    sheet.append(list(table.head))
    for row in rows:
        sheet.append([_keepable(cell) for cell in row])
    _dress(sheet, table, mark, number)
    book.properties.creator = book.properties.lastModifiedBy = f"{taking.name} {taking.who.login}"
    book.properties.title, book.properties.identifier = table.title, number
    book.properties.description = book.properties.keywords = mark
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _dress(sheet: Worksheet, table: Table, mark: str, number: str) -> None:
    last = max(len(table.head), 1)
    sheet["A1"].font = Font(size=9, color="666666")
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=last)
    for cell in sheet[2]:
        cell.font = Font(bold=True)
    for column, width in enumerate(table.widths[:last], 1):
        sheet.column_dimensions[get_column_letter(column)].width = min(width, WIDEST)
    sheet.freeze_panes = "A3"
    sheet.print_title_rows = "2:2"
    header, footer = sheet.oddHeader, sheet.oddFooter
    assert header is not None and footer is not None
    header.center.text, footer.center.text, footer.right.text = number, mark.replace("&", "&&"), "&P / &N"


def _sheet_name(title: str) -> str:
    return "".join(" " if letter in r"\/*?:[]" else letter for letter in title)[:31] or "1"


def _keepable(cell: str) -> str:
    """Without control characters, which XLSX cannot hold."""
    return "".join(letter for letter in cell if letter >= " " or letter == "\n")[:32_000]
