"""Files people bring: small, real, and of the kind their names say."""

from pathlib import Path

from tests.documents.files import pdf


def brought(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(pdf(f"% {name}\n".encode()))
    return path
