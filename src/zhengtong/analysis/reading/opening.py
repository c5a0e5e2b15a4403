"""Which format a file has, told by its first bytes before its name, and its reader."""

from pathlib import Path

from zhengtong.analysis.reading.objects import flattened, read_objects
from zhengtong.analysis.reading.separated import read_separated
from zhengtong.analysis.reading.sheets import read_sheet
from zhengtong.analysis.reading.tables import Say, Table, malformed
from zhengtong.analysis.reading.xes import opened, read_xes


def read_log(
    path: Path,
    say: Say | None = None,
    *,
    default_east: int = 0,
    case_type: str = "",
    sheet: str = "",
    delimiter: str = "",
) -> Table:
    """The table of any file we read; `default_east` is the zone of instants written without one, in minutes.

    Raises:
        Malformed: it cannot be read whole; nothing is loaded.
        OSError: it cannot be opened.
    """
    match find_format(path):
        case "xes":
            return read_xes(path, say)
        case "ocel":
            return flattened(read_objects(path, say, default_east=default_east), case_type)
        case "xlsx":
            return read_sheet(path, say, default_east=default_east, sheet=sheet)
        case _:
            return read_separated(path, say, default_east=default_east, delimiter=delimiter)


def find_format(path: Path) -> str:
    """
    Raises:
        Malformed: it is empty, or of a kind we do not read.
    """
    with opened(path) as stream:
        head = stream.read(1 << 14)
    if not head.strip():
        raise malformed("the file is empty")
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"SQLite format 3"):
        return "ocel"
    if head.startswith((b"PAR1", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise malformed("Parquet, XLS and PDF files are not read: export CSV, XLSX, XES or OCEL 2.0")
    plain = head[3:] if head.startswith(b"\xef\xbb\xbf") else head
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        plain = head.decode("utf-16", "replace").encode()
    plain = plain.lstrip()
    if plain.startswith(b"<"):
        return "ocel" if b"<log" in plain and b"<object-types" in plain else "xes"
    if plain.startswith((b"{", b"[")) and b"," in plain[:2] + b",":
        return "ocel"
    return "csv"
