"""Translations without GNU gettext: reads the plain format of .po files and writes the .mo files that Python reads.

Known: msgid, msgstr, msgctxt, plurals, comments, continued lines, `fuzzy` (left out, as msgfmt does). A mistake is
named by file and line.
"""

import ast
import os
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HEADER: Final = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
MAGIC: Final = 0x950412DE
KEYWORD: Final = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[(\d+)\])?)\s*(".*")$')


class UnreadablePo(ValueError):
    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(f"{path}:{line}: {why}")


@dataclass(slots=True)
class Message:
    line: int
    context: str | None = None
    msgid: str | None = None
    plural: str | None = None
    strings: dict[int, str] = field(default_factory=dict)
    is_fuzzy: bool = False

    @property
    def key(self) -> str:
        words = f"{self.msgid}\0{self.plural}" if self.plural is not None else self.msgid or ""
        return f"{self.context}\4{words}" if self.context is not None else words

    @property
    def value(self) -> str:
        return "\0".join(self.strings[number] for number in sorted(self.strings))


def read_po(path: Path) -> tuple[Message, ...]:
    """Every message in the order of the file; the header has the empty id. A repeated id is a mistake."""
    seen: dict[str, int] = {}
    messages = []
    for message in _messages(path):
        if message.msgid is None or not message.strings:
            raise UnreadablePo(path, message.line, "a message needs both msgid and msgstr")
        if message.key in seen:
            raise UnreadablePo(path, message.line, f"{message.msgid!r} stands already in line {seen[message.key]}")
        seen[message.key] = message.line
        messages.append(message)
    return tuple(messages)


def _messages(path: Path) -> Iterator[Message]:
    current: Message | None = None
    last = ""
    is_fuzzy = False
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            is_fuzzy = is_fuzzy or (line.startswith("#,") and "fuzzy" in line)
            continue
        keyword = KEYWORD.match(line)
        if keyword and current is not None and keyword[1] in {"msgctxt", "msgid"} and current.strings:
            yield current
            current = None
        if keyword:
            if current is None:
                current, is_fuzzy = Message(line=number, is_fuzzy=is_fuzzy), False
            last = keyword[1]
            _append(current, last, _unquote(path, number, keyword[3]))
        elif line.startswith('"') and current is not None:
            _append(current, last, _unquote(path, number, line))
        else:
            raise UnreadablePo(path, number, f"cannot be read: {line[:60]}")
    if current is not None:
        yield current


def _append(message: Message, keyword: str, words: str) -> None:
    if keyword == "msgctxt":
        message.context = (message.context or "") + words
    elif keyword == "msgid":
        message.msgid = (message.msgid or "") + words
    elif keyword == "msgid_plural":
        message.plural = (message.plural or "") + words
    else:
        number = int(keyword[7:-1]) if "[" in keyword else 0
        message.strings[number] = message.strings.get(number, "") + words


def _unquote(path: Path, line: int, quoted: str) -> str:
    try:
        words = ast.literal_eval(quoted)
    except (SyntaxError, ValueError) as error:
        raise UnreadablePo(path, line, "the quotation marks or backslashes do not match") from error
    if not isinstance(words, str):
        raise UnreadablePo(path, line, "this is not one string in quotation marks")
    return words


def catalogue_bytes(messages: Iterable[Message]) -> bytes:
    """The content of a .mo file: sorted ids, then their strings, each found by (length, offset)."""
    entries = {message.key: message.value for message in messages if message.value and not message.is_fuzzy}
    entries.setdefault("", HEADER)
    pairs = sorted((key.encode(), value.encode()) for key, value in entries.items())
    tables = 28 + 16 * len(pairs)
    blob = bytearray()
    places: list[tuple[int, int]] = []
    for column in (0, 1):
        for pair in pairs:
            places.append((len(pair[column]), tables + len(blob)))
            blob += pair[column] + b"\0"
    head = struct.pack("<7I", MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, tables)
    return head + b"".join(struct.pack("<2I", *place) for place in places) + bytes(blob)


def po_files(package: Path) -> tuple[Path, ...]:
    return tuple(sorted(package.glob("*/locale/*/LC_MESSAGES/django.po")))


def compile_all(package: Path) -> int:
    """Write the .mo beside each .po of the package; the number of messages. A reader never meets half a file."""
    total = 0
    for path in po_files(package):
        messages = read_po(path)
        draft = path.with_suffix(f".{os.getpid()}.mo")
        draft.write_bytes(catalogue_bytes(messages))
        draft.replace(path.with_suffix(".mo"))
        total += len(messages)
    return total
