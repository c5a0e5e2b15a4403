"""A small complete procedure and a shelf of its own to lay it on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

MUTANTS: Final = Path(__file__).parent / "mutants"
BASE: Final = (MUTANTS / "base.toml").read_text(encoding="utf-8")
SHIPPED: Final = "procedures"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A directory laid out like the law room."""

    root: Path

    def lay(self, text: str, code: str = "base", version: str = "2026-01-01") -> Path:
        """Write a procedure file where it would be found."""
        path = self.root / SHIPPED / code / f"{version}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path
