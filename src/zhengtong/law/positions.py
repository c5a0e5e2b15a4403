"""Where in a law file a table or key stands: tomllib keeps no positions, so the text is looked through again."""

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

Path: TypeAlias = tuple[str, ...]

_PART: Final = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_DOTTED: Final = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER: Final = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]\]?\s*(?:#.*)?$")
_KEY: Final = re.compile(rf"\s*({_DOTTED})\s*=")
_SPLIT: Final = re.compile(_PART)


class Positions:
    """The line of every header and key of one TOML text."""

    def __init__(self, text: str) -> None:
        self._lines: Mapping[Path, int] = _find_lines(text)

    def line_of(self, path: Path) -> int:
        """The line (from 1) of this table or key, else of the nearest table around it, else 1."""
        for length in range(len(path), 0, -1):
            line = self._lines.get(path[:length])
            if line is not None:
                return line
        return 1

    def knows(self, path: Path) -> bool:
        """Whether this very table or key stands in the text."""
        return path in self._lines


def split_path(dotted: str) -> Path:
    """The parts of a dotted key, quotes taken off.

    >>> split_path('takes_over."2025-01-01"')
    ('takes_over', '2025-01-01')
    """
    return tuple(part.strip("\"'") for part in _SPLIT.findall(dotted))


def _find_lines(text: str) -> dict[Path, int]:
    lines: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header is not None:
            table = split_path(header[1])
            _remember(lines, table, number)
            continue
        key = _KEY.match(line)
        if key is not None:
            _remember(lines, table + split_path(key[1]), number)
    return lines


def _remember(lines: dict[Path, int], path: Path, number: int) -> None:
    """The first line that names a table or anything in it counts."""
    for length in range(1, len(path) + 1):
        lines.setdefault(path[:length], number)
    lines[path] = min(lines.get(path, number), number)
