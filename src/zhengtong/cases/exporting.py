"""What a list shows, as a table to take along: CSV for any program, XLSX for spreadsheets. Names stay masked."""

import csv
import io
from collections.abc import Iterator

from django.http import HttpResponse
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font

from zhengtong.cases.queries import WorkPage
from zhengtong.ui.wording import table_instant

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def as_csv(page: WorkPage) -> HttpResponse:
    """UTF-8 with a mark, so that spreadsheets read Chinese."""
    text = io.StringIO()
    csv.writer(text).writerows(rows_of(page))
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    return _named(answer, page, "csv")


def as_xlsx(page: WorkPage) -> HttpResponse:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = page.name[:31]
    for row in rows_of(page):
        sheet.append(row)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for column, width in zip("ABCDEFGHI", (24, 44, 22, 12, 20, 12, 12, 12, 18), strict=True):
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = "A2"
    held = io.BytesIO()
    book.save(held)
    return _named(HttpResponse(held.getvalue(), content_type=XLSX), page, "xlsx")


def rows_of(page: WorkPage) -> Iterator[list[str]]:
    """A heading, then one row for each line shown; nothing begins like a formula."""
    yield [
        _("办件编号"), _("事项"), _("申请人"), _("环节"), _("办理岗位"), _("期限状态"), _("承诺期限"), _("法定期限"),
        _("收到时间"),
    ]  # fmt: skip
    for line in page.lines:
        signal = line.signal[1] if line.signal else ""
        promised, legal = (" ".join(limit[1:]).strip() for limit in (line.promised, line.legal))
        opened = table_instant(line.opened_at)
        row = [line.number, line.title, line.who, line.state, line.holder, signal, promised, legal, opened]
        yield [_plain(cell) for cell in row]


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(DANGEROUS) else cell


def _named(answer: HttpResponse, page: WorkPage, suffix: str) -> HttpResponse:
    answer["Content-Disposition"] = f'attachment; filename="{page.code}.{suffix}"'
    return answer
