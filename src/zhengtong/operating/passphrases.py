"""Passphrases and keys in files that only their owner may read."""

import os
from pathlib import Path
from typing import Final

SHORTEST: Final = 12
OF_OTHERS: Final = 0o077


class Unfit(ValueError):
    """A file that cannot hold a secret: missing, empty, too short, or open to others."""


def read_passphrase(path: Path) -> str:
    """
    Raises:
        Unfit
    """
    try:
        mode = path.stat().st_mode
        written = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise Unfit(f"{path} cannot be read: {error}") from error
    if mode & OF_OTHERS:
        raise Unfit(f"{path} is open to others (mode {mode & 0o777:04o}). chmod 600 {path}")
    if len(written) < SHORTEST:
        raise Unfit(f"the passphrase in {path} is shorter than {SHORTEST} characters")
    return written


def write_private(path: Path, content: bytes) -> None:
    """A new file for its owner only; never over one that is there."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
