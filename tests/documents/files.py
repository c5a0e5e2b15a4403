"""Small files of every kind we take, made in memory."""

import io
import struct
import zipfile
import zlib


def png(width: int = 3, height: int = 2) -> bytes:
    raw = b"".join(b"\0" + b"\x80" * width * 3 for _ in range(min(height, 10)))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(raw)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def jpeg(width: int = 16, height: int = 8) -> bytes:
    app0 = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0\1\1\0\0\1\0\1\0\0"
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\1\x11\0"
    return b"\xff\xd8" + app0 + frame + b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\1\0\0\x3f\0" + b"\x12\x34\xff\xd9"


def pdf(more: bytes = b"") -> bytes:
    return b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + more + b"trailer\n<< >>\nstartxref\n9\n%%EOF\n"


def packed(*entries: str, content: bytes = b"<x/>") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            archive.writestr(entry, content)
    return buffer.getvalue()


def docx() -> bytes:
    return packed("[Content_Types].xml", "word/document.xml")


def xlsx() -> bytes:
    return packed("[Content_Types].xml", "xl/workbook.xml")


def ofd() -> bytes:
    return packed("OFD.xml", "Doc_0/Document.xml")
