"""What kind a file is: its first bytes, its ending and what the browser says must agree; and whether it opens.

Nothing is drawn or run here: structures are walked, checksums compared, and whatever would swell is bounded.
"""

import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from zhengtong.documents.refusing import UploadFault, UploadRefused

MOST_BYTES: Final = 20 * 1024 * 1024
MOST_UNPACKED: Final = 100 * 1024 * 1024
MOST_ENTRIES: Final = 5_000
MOST_SIDE: Final = 20_000
MOST_PIXELS: Final = 100_000_000
_TAIL: Final = 2_048
# What the readers of packed files raise when the bytes are not what they say.
UNREADABLE: Final = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError, RuntimeError, KeyError,
    OverflowError,
)  # fmt: skip
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_UNSAID: Final = frozenset({"", "application/octet-stream", "application/zip", "application/x-zip-compressed"})


class Damaged(Exception):
    """The structure of a file is broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of file we take. `declared` are the media types browsers send for it."""

    code: str
    media_type: str
    endings: frozenset[str]
    declared: frozenset[str]


KINDS: Final = {
    kind.code: kind
    for kind in (
        Kind(
            code="pdf", media_type="application/pdf", endings=frozenset({"pdf"}),
            declared=frozenset({"application/pdf", "application/x-pdf"}),
        ),
        Kind(
            code="jpg", media_type="image/jpeg", endings=frozenset({"jpg", "jpeg"}),
            declared=frozenset({"image/jpeg", "image/jpg", "image/pjpeg"}),
        ),
        Kind(
            code="png", media_type="image/png", endings=frozenset({"png"}),
            declared=frozenset({"image/png", "image/x-png"}),
        ),
        Kind(
            code="ofd", media_type="application/ofd", endings=frozenset({"ofd"}),
            declared=frozenset({"application/ofd"}) | _UNSAID,
        ),
        Kind(
            code="docx", media_type=f"{_OFFICE}wordprocessingml.document", endings=frozenset({"docx"}),
            declared=frozenset({f"{_OFFICE}wordprocessingml.document"}) | _UNSAID,
        ),
        Kind(
            code="xlsx", media_type=f"{_OFFICE}spreadsheetml.sheet", endings=frozenset({"xlsx"}),
            declared=frozenset({f"{_OFFICE}spreadsheetml.sheet"}) | _UNSAID,
        ),
    )
}  # fmt: skip


def find_kind(data: bytes, *, name: str, declared_type: str) -> Kind:
    """The kind all three witnesses agree on, of a file that opens.

    Raises:
        UploadRefused: any UploadFault but those of the scan.
    """
    shown = {"name": name}
    if not data:
        raise UploadRefused(UploadFault.EMPTY, shown)
    if len(data) > MOST_BYTES:
        size = f"{len(data) / 1024 / 1024:.1f}"
        raise UploadRefused(UploadFault.TOO_LARGE, {**shown, "size": size, "most": str(MOST_BYTES // 1024 // 1024)})
    kind = _by_content(data, name)
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending not in kind.endings:
        raise UploadRefused(UploadFault.NAME_DISAGREES, {**shown, "said": f".{ending}", "found": kind.code.upper()})
    declared = declared_type.partition(";")[0].strip().lower()
    if declared not in kind.declared:
        raise UploadRefused(UploadFault.TYPE_DISAGREES, {**shown, "said": declared[:80], "found": kind.code.upper()})
    _CHECKS[kind.code](data, name)
    return kind


def _by_content(data: bytes, name: str) -> Kind:
    if data.startswith(b"%PDF-"):
        return KINDS["pdf"]
    if data.startswith(b"\xff\xd8\xff"):
        return KINDS["jpg"]
    if data.startswith(_PNG):
        return KINDS["png"]
    if data.startswith(b"PK\x03\x04"):
        return _by_entries(data, name)
    raise UploadRefused(UploadFault.KIND_NOT_TAKEN, {"name": name})


def _by_entries(data: bytes, name: str) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            entries = set(packed.namelist())
    except UNREADABLE as error:
        raise UploadRefused(UploadFault.DAMAGED, {"name": name}) from error
    for code, mark in (("ofd", "OFD.xml"), ("docx", "word/document.xml"), ("xlsx", "xl/workbook.xml")):
        if mark in entries:
            return KINDS[code]
    raise UploadRefused(UploadFault.KIND_NOT_TAKEN, {"name": name})


# ---- whether it opens -----------------------------------------------------------------------------


def _check_pdf(data: bytes, name: str) -> None:
    if b"%%EOF" not in data[-_TAIL:] or b"startxref" not in data[-_TAIL:]:
        raise UploadRefused(UploadFault.DAMAGED, {"name": name})
    if re.search(rb"/Encrypt\s+\d+\s+\d+\s+R|/Encrypt\s*<<", data):
        raise UploadRefused(UploadFault.LOCKED, {"name": name})


def _check_picture(measure: Callable[[bytes], tuple[int, int]]) -> Callable[[bytes, str], None]:
    def check(data: bytes, name: str) -> None:
        try:
            width, height = measure(data)
        except (Damaged, struct.error, IndexError, zlib.error) as error:
            raise UploadRefused(UploadFault.DAMAGED, {"name": name}) from error
        if not width or not height:
            raise UploadRefused(UploadFault.DAMAGED, {"name": name})
        if max(width, height) > MOST_SIDE or width * height > MOST_PIXELS:
            sides = {"name": name, "width": str(width), "height": str(height)}
            raise UploadRefused(UploadFault.TOO_MANY_PIXELS, sides)

    return check


_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def _measure_png(data: bytes) -> tuple[int, int]:
    """Width and height, after every chunk's checksum and the first part of the picture itself."""
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    if data[12:16] != b"IHDR" or depth not in {1, 2, 4, 8, 16} or colour not in _CHANNELS:
        raise Damaged
    picture, at, kind = bytearray(), 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if len(body) != length or zlib.crc32(kind + body) != struct.unpack(">I", data[at + 8 + length :][:4])[0]:
            raise Damaged
        if kind == b"IDAT":
            picture += body
        at += 12 + length
    row = (width * depth * _CHANNELS[colour] + 7) // 8 + 1
    if len(zlib.decompressobj().decompress(bytes(picture), row)) < min(row, 2):
        raise Damaged
    return width, height


_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})


def _measure_jpeg(data: bytes) -> tuple[int, int]:
    """Width and height, from the frame before the scan; the scan must reach the end mark."""
    at, size = 2, (0, 0)
    while True:
        if data[at] != 0xFF:
            raise Damaged
        mark = data[at + 1]
        if mark == 0xFF:
            at += 1
            continue
        if mark in _BARE:
            at += 2
            continue
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        if length < 2 or at + 2 + length > len(data):
            raise Damaged
        if mark in _FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            size = (width, height)
        at += 2 + length
        if mark == 0xDA:
            break
    if data.find(b"\xff\xd9", at) < 0:
        raise Damaged
    return size


def _check_packed(data: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            entries = packed.infolist()
            _check_entries(entries, name)
            if packed.testzip() is not None:
                raise UploadRefused(UploadFault.DAMAGED, {"name": name})
    except UNREADABLE as error:
        raise UploadRefused(UploadFault.DAMAGED, {"name": name}) from error


def _check_entries(entries: list[zipfile.ZipInfo], name: str) -> None:
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise UploadRefused(UploadFault.SWOLLEN, {"name": name})
    for entry in entries:
        if entry.flag_bits & 1:
            raise UploadRefused(UploadFault.LOCKED, {"name": name})
        if entry.filename.lower().endswith("vbaproject.bin"):
            raise UploadRefused(UploadFault.MACROS, {"name": name})
        if entry.filename.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", entry.filename):
            raise UploadRefused(UploadFault.DAMAGED, {"name": name})


_CHECKS: Final[dict[str, Callable[[bytes, str], None]]] = {
    "pdf": _check_pdf,
    "jpg": _check_picture(_measure_jpeg),
    "png": _check_picture(_measure_png),
    "ofd": _check_packed,
    "docx": _check_packed,
    "xlsx": _check_packed,
}
