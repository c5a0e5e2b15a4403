"""XLSX workbooks, row by row. Cells become texts first, so that a sheet and a CSV file of the same data are one."""

import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

import openpyxl
from openpyxl.utils import column_index_from_string

from zhengtong.analysis.reading.flat import FlatRows, flat_table
from zhengtong.analysis.reading.sheet_shape import Row, from_header, notes_on, without_totals
from zhengtong.analysis.reading.tables import Faults, Place, Say, Table, malformed
from zhengtong.analysis.reading.xes import FREE, MOST_TIMES
from zhengtong.analysis.said import Said

LONGEST: Final = 32_767
"""Characters in a cell, by the format."""
ROWS_BETWEEN: Final = 5_000
MOST_MERGED: Final = 200_000
_MERGED: Final = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="\$?([A-Z]{1,3})\$?(\d+):\$?[A-Z]{1,3}\$?(\d+)"')


def read_sheet(path: Path, say: Say | None = None, *, default_east: int = 0, sheet: str = "") -> Table:
    """
    Raises:
        Malformed
    """
    check_archive(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # whatever a broken archive makes of it
        raise malformed(f"this is no workbook: {error}") from error
    try:
        if sheet and sheet not in book.sheetnames:
            raise malformed(f"there is no sheet {sheet!r}; there are: {', '.join(book.sheetnames)}")
        name = sheet or book.sheetnames[0]
        merged = _merged(path, book[name])
        rows, lines, more = _read(book[name], name, merged, say)
    finally:
        book.close()
    notes: list[str] = [Said("sheet {name}", name=repr(name))]
    if len(book.sheetnames) > 1:
        notes.append(Said("other sheets: {names}", names=", ".join(each for each in book.sheetnames if each != name)))
    notes += more
    return flat_table(
        "XLSX", rows, notes=notes, default_east=default_east,
        locate=lambda some: [Place(lines[row], 0, name) for row in some],
    )  # fmt: skip


def check_archive(path: Path) -> None:
    """
    Raises:
        Malformed: no archive, one that swells out of proportion, or parts with a document type.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            whole = sum(part.file_size for part in archive.infolist())
            if whole > FREE * 2 + MOST_TIMES * path.stat().st_size or len(archive.infolist()) > 10_000:
                raise malformed(f"the workbook unpacks to more than {MOST_TIMES} times its size: it is refused")
            for part in archive.infolist():
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as stream:
                        if b"<!" in stream.read(4_096).replace(b"<!--", b""):
                            raise malformed(f"{part.filename}: a document type is refused")
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise malformed(f"this is no workbook: {error}") from error


Merged = list[tuple[int, int, int]]
"""Cells that are merged downwards: column from 0, first and last line."""


def _merged(path: Path, sheet: Any) -> Merged:
    """What a stream of rows does not tell: the ranges are listed behind them."""
    found: Merged = []
    rest = b""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(sheet._worksheet_path.lstrip("/")) as part:
            while chunk := part.read(1 << 20):
                some = rest + chunk
                for letters, first, last in _MERGED.findall(some):
                    if first != last:
                        found.append((column_index_from_string(letters.decode()) - 1, int(first), int(last)))
                    if len(found) > MOST_MERGED:
                        raise malformed(f"more than {MOST_MERGED:,} merged ranges")
                rest = some[some.rfind(b"<") :][-200:]
    except (KeyError, AttributeError, zipfile.BadZipFile, OSError):
        return []
    return sorted(found, key=lambda each: each[1])


def _filled(rows: Iterator[Row], merged: Merged) -> Iterator[Row]:
    """Rows with the value of a merged range in each of its lines."""
    place = 0
    going: dict[int, tuple[int, str]] = {}
    for cells, number in rows:
        for column in [column for column, (last, _text) in going.items() if last < number]:
            del going[column]
        while place < len(merged) and merged[place][1] <= number:
            column, first, last = merged[place]
            place += 1
            if first == number and column < len(cells):
                going[column] = (last, cells[column])
        yield [going[n][1] if n in going and not cell else cell for n, cell in enumerate(cells)], number


def _read(sheet: Any, name: str, merged: Merged, say: Say | None) -> tuple[FlatRows, Sequence[int], list[str]]:
    rows: FlatRows | None = None
    lines: list[int] = []
    totals: list[int] = []
    faults = Faults()
    titles, body = from_header(_texts(sheet))
    below = [each for each in merged if each[1] > max(titles, default=0)]
    for cells, number in without_totals(_filled(body, below) if below else body, totals):
        if rows is None:
            rows = FlatRows(_without_tail(cells), Place(number, 0, name))
            width = len(rows.names)
            continue
        if any(cells[width:]):
            faults.add(f"a value beside the {width} columns of the header", Place(number, width + 1, name))
        rows.add([*(cell or None for cell in cells[:width]), *([None] * (width - len(cells)))])
        lines.append(number)
        if say is not None and number % ROWS_BETWEEN == 0:
            say(number)
    faults.check()
    if rows is None:
        raise malformed(f"sheet {name!r} is empty")
    notes = notes_on(titles, totals)
    if below:
        notes.append(Said("{n} merged ranges are filled downwards with their value", n=f"{len(below):,}"))
    return rows, lines, notes


def _texts(sheet: Any) -> Iterator[Row]:
    try:
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            cells = [cell_text(value) for value in row]
            if any(cells):
                yield cells, number
    except (ValueError, KeyError, zipfile.BadZipFile, SyntaxError) as error:
        raise malformed(f"the sheet cannot be read: {error}") from error


def cell_text(value: object) -> str:
    """
    >>> cell_text(datetime(2024, 3, 5, 9)), cell_text(3.0), cell_text(None)
    ('2024-03-05T09:00:00', '3', '')
    """
    if value is None:
        return ""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def _without_tail(cells: Sequence[str]) -> list[str]:
    width = len(cells)
    while width and not cells[width - 1]:
        width -= 1
    return list(cells[:width])
