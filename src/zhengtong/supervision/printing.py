"""A report to print and to take along (监察报告的文件): the very rows of the page, as PDF by typst and as XLSX."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from zhengtong.supervision.reporting import Report, Section
from zhengtong.trail.exporting import Table
from zhengtong.ui.typesetting import compile_pdf

TEMPLATE: Final = Path(__file__).resolve().parent / "templates" / "supervision" / "reports" / "report.typ"
WIDE: Final = 8
"""Tables with more columns than this are printed in smaller type."""


def report_pdf(report: Report, *, mark: str, number: str, at: datetime) -> bytes:
    """A4, with the watermark and the number of the export on every page."""
    data = {
        "title": report.title, "summary": report.summary, "facts": [list(each) for each in report.facts],
        "sections": [_plain(section) for section in report.sections], "gaps": list(report.gaps),
        "gaps_title": _("这份报告说不了的"), "mark": mark, "number": number, "page": _("第 {n} 页，共 {m} 页"),
        "lang": "en" if (get_language() or "").startswith("en") else "zh",
    }  # fmt: skip
    return compile_pdf(TEMPLATE, data, at=at)


def _plain(section: Section) -> dict[str, object]:
    rows = [list(row) for row in section.rows]
    return {
        "title": section.title, "head": list(section.head), "rows": rows,
        "sums": list(section.sums) if rows else [], "figures": sorted(section.figures), "note": section.note,
        "none": section.none, "is_wide": len(section.head) > WIDE,
    }  # fmt: skip


def report_table(report: Report) -> Table:
    """One sheet: each section under its title, one after another."""
    width = max(len(section.head) for section in report.sections)
    rows = [[*row, *[""] * (width - len(row))] for row in _rows(report)]
    head = [report.title, *[""] * (width - 1)]
    name = f"report-{report.wanted.when}{f'-{report.wanted.dept}' if report.wanted.dept else ''}"
    return Table(name=name, title=report.title, head=head, rows=rows, widths=(34, *[14] * (width - 1)))


def _rows(report: Report) -> Iterator[list[str]]:
    yield [report.summary]
    for label, value in report.facts:
        yield [label, value]
    for section in report.sections:
        yield []
        yield [section.title]
        if section.rows:
            yield list(section.head)
            yield from (list(row) for row in section.rows)
            if section.sums:
                yield list(section.sums)
        else:
            yield [section.none]
        if section.note:
            yield [section.note]
    yield []
    yield [_("这份报告说不了的")]
    for gap in report.gaps:
        yield [gap]
