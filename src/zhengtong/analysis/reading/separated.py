"""CSV files: their encoding (UTF-8, GB18030, UTF-16, Windows-1252), their delimiter and quoting are found out.

A row with another number of fields, a quote without its end, a byte that is no character: each is told with its line.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from zhengtong.analysis.reading.flat import FlatRows, flat_table
from zhengtong.analysis.reading.sheet_shape import from_header, notes_on, without_totals
from zhengtong.analysis.reading.tables import Faults, Malformed, Place, Say, Table, malformed
from zhengtong.analysis.reading.xes import opened, position
from zhengtong.analysis.said import Said

SAMPLE: Final = 1 << 18
LONGEST: Final = 1 << 20
DELIMITERS: Final = (",", ";", "\t", "|", "\x01", "^", "~")
ROWS_BETWEEN: Final = 20_000
_HIGH: Final = re.compile(rb"[\x80-\xff]+")
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


def read_separated(path: Path, say: Say | None = None, *, default_east: int = 0, delimiter: str = "") -> Table:
    """
    Raises:
        Malformed
    """
    with opened(path) as stream:
        sample = stream.read(SAMPLE)
    encoding = find_encoding(sample)
    mark = delimiter or find_delimiter(sample, encoding)
    notes: list[str] = [Said("read as {encoding}, fields apart by {mark}", encoding=encoding, mark=repr(mark))]
    with opened(path) as stream:
        rows, more = _read(stream, encoding, mark, say)
    notes += more
    return flat_table(
        "CSV", rows, notes=notes, default_east=default_east, locate=lambda some: _locate(path, encoding, mark, some)
    )


def find_encoding(sample: bytes) -> str:
    """
    >>> find_encoding("事项".encode("gb18030")), find_encoding("café".encode("latin-1"))
    ('gb18030', 'cp1252')
    """
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name
    if sample.count(b"\0") * 4 > len(sample):
        return "utf-16-le" if sample[1:200:2].count(b"\0") >= sample[0:200:2].count(b"\0") else "utf-16-be"
    if _decodes(sample, "utf-8"):
        return "utf-8"
    runs = [len(run) for run in _HIGH.findall(sample)]
    alone = sum(1 for length in runs if length == 1)
    if _decodes(sample, "gb18030") and alone * 2 <= len(runs):
        return "gb18030"
    return "cp1252" if _decodes(sample, "cp1252") and alone * 2 > len(runs) else "utf-8"


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)("strict").decode(sample, final=False)
    except UnicodeDecodeError:
        return False
    return True


def find_delimiter(sample: bytes, encoding: str) -> str:
    """
    Raises:
        Malformed: none of the usual ones makes columns.
    """
    text = codecs.getincrementaldecoder(encoding)("replace").decode(sample, final=False)
    whole = len(sample) < SAMPLE
    best: tuple[float, int, str] | None = None
    for mark in DELIMITERS:
        widths = _widths(text, mark, whole)
        usual = _usual_width(widths)
        if usual < 2:
            continue
        share = sum(width == usual for width in widths) / len(widths)
        if best is None or (share, usual) > best[:2]:
            best = (share, usual, mark)
    if best is None:
        shown = ", ".join(repr(mark) for mark in DELIMITERS[:4])
        raise malformed(f"no delimiter parts the header into columns (tried {shown} and others)", 1)
    return best[2]


def _usual_width(widths: Sequence[int]) -> int:
    """The width of the first row; where that is a title, of most rows."""
    if not widths:
        return 0
    most = Counter(widths).most_common(1)[0]
    return most[0] if widths[0] < 2 and most[1] * 2 > len(widths) else widths[0]


def _widths(text: str, mark: str, whole: bool) -> list[int]:
    lines = text.splitlines(keepends=True)
    lines = lines[:200] if whole or len(lines) < 2 else lines[:-1][:200]
    try:
        return [len(row) for row in csv.reader(lines, delimiter=mark) if row]
    except csv.Error:
        return []


def _read(stream: IO[bytes], encoding: str, mark: str, say: Say | None) -> tuple[FlatRows, list[str]]:
    faults = Faults()
    rows: FlatRows | None = None
    totals: list[int] = []
    titles, body = from_header(_rows(stream, encoding, mark))
    for row, line in without_totals(body, totals):
        if rows is None:
            rows = FlatRows(row, Place(line))
            width = len(row)
        elif len(row) != width:
            faults.add(f"{len(row)} fields where the header has {width}", Place(line))
        elif not faults.total:
            rows.add(row)
        if say is not None and line % ROWS_BETWEEN == 0:
            say(position(stream))
    faults.check()
    if rows is None:
        raise malformed("the file is empty")
    return rows, notes_on(titles, totals)


def _rows(stream: IO[bytes], encoding: str, mark: str) -> Iterator[tuple[Sequence[str], int]]:
    """Rows that are not blank, and the line each begins on."""
    lines = _lines(stream, encoding)
    reader = csv.reader(lines, delimiter=mark, strict=True)
    csv.field_size_limit(LONGEST)
    line = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            what = str(error)
            if "field larger" in what:
                what = f"one field is longer than {LONGEST >> 20} MB: it is refused"
            elif "unexpected end of data" in what:
                what = "a quote is opened here and never closed"
            raise malformed(what, line) from error
        if row and not (len(row) == 1 and not row[0].strip()):
            yield row, line
        line = reader.line_num + 1


def _lines(stream: IO[bytes], encoding: str) -> Iterator[str]:
    """Lines of text; a byte that is no character is told with its line, a line without end refused."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    rest, number = "", 1
    while True:
        chunk = stream.read(1 << 20)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding, "replace")
            line = number + (rest + before).count("\n")
            shown = error.object[error.start : error.start + 1].hex()
            raise malformed(f"byte 0x{shown} is no character in {encoding}", line) from error
        if "\0" in text:
            raise malformed(
                "a NUL character: this is no text file", number + (rest + text[: text.index("\0")]).count("\n")
            )
        some = io.StringIO(rest + text, newline="").readlines()
        rest = ""
        if chunk and some:
            rest = some.pop()
            if len(rest) > 8 * LONGEST:
                raise malformed(f"one line is longer than {8 * LONGEST >> 20} MB: it is refused", number + len(some))
        number += len(some)
        yield from some
        if not chunk:
            return


def _locate(path: Path, encoding: str, mark: str, some: Sequence[int]) -> list[Place]:
    wanted, found = set(some), {}
    last = max(wanted, default=-1)
    try:
        with opened(path) as stream:
            for n, (_row, line) in enumerate(from_header(_rows(stream, encoding, mark))[1]):
                if n - 1 in wanted:
                    found[n - 1] = Place(line)
                if n - 1 >= last:
                    break
    except Malformed:
        pass
    return [found.get(row, Place(0)) for row in some]
