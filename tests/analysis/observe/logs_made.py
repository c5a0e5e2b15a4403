"""Made-up logs for these tests: XES text from plain values, and where the shared real data lies."""

import os
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import quoteattr

SHARED: Final = Path(os.environ.get("ZHENGTONG_REAL_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))

Attribute = tuple[str, str, str]
"""Tag, key, value."""


def xes(traces: list[tuple[list[Attribute], list[list[Attribute]]]], *, head: str = "") -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<log>", head]
    for attributes, events in traces:
        lines += ["<trace>", *map(element, attributes)]
        for event in events:
            lines += ["<event>", *map(element, event), "</event>"]
        lines.append("</trace>")
    return "\n".join([*lines, "</log>", ""])


def element(attribute: Attribute) -> str:
    tag, key, value = attribute
    return (
        f"<{tag} key={quoteattr(key)} value={quoteattr(value, {chr(10): '&#10;', chr(9): '&#9;', chr(13): '&#13;'})}/>"
    )


def step(activity: str, at: str, who: str = "") -> list[Attribute]:
    resource = [("string", "org:resource", who)] if who else []
    return [("string", "concept:name", activity), ("date", "time:timestamp", at), *resource]


def write(folder: Path, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def plain(columns: Any) -> dict[str, tuple[str, list[Any]]]:
    return {name: (str(column.kind), column.texts().tolist()) for name, column in columns.items()}
