"""Where law files lie: this package's, with an installation's own (`$ZHENGTONG_HOME/law`) laid over them.

A file put in force is written into `digests.toml` beside it and may never change again: a new version is a new file.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from zhengtong.law.reading import read_toml

PACKAGE: Final = Path(__file__).resolve().parent
DIGESTS: Final = "procedures/digests.toml"
_EN: Final = ".en.toml"

_CHANGING: Final = ("calendars", "rulebooks")
"""Where editions are added while processes run; each is a new file, which its folder's time of change tells."""

_local: list[Path] = []
_seen: dict[str, int] = {}
_forgetters: list[Callable[[], None]] = []


def use_local(path: Path | None) -> None:
    """Lay this directory over the package's law (None: the package alone); what was loaded is forgotten."""
    _local[:] = [] if path is None else [path]
    forget()


def when_forgotten(forget_one: Callable[[], None]) -> None:
    """Register a cache that must be emptied when files change."""
    _forgetters.append(forget_one)


def look() -> None:
    """Forget what was read if another process added an edition since: some stats of folders, cheap enough for each
    act."""
    now = dict(_stamps())
    if now != _seen:
        _seen.clear()
        _seen.update(now)
        forget()


def _stamps() -> Iterator[tuple[str, int]]:
    for root in _local:
        for name in _CHANGING:
            yield from _stamps_below(os.path.join(root, name))


def _stamps_below(folder: str) -> Iterator[tuple[str, int]]:
    try:
        yield folder, os.stat(folder).st_mtime_ns
        with os.scandir(folder) as entries:
            below = [entry.path for entry in entries if entry.is_dir()]
    except OSError:
        return
    for each in below:
        yield from _stamps_below(each)


def forget() -> None:
    """Empty every cache of files read."""
    for forget_one in _forgetters:
        forget_one()


def local() -> Path | None:
    """The installation's own law, if there is any place for it."""
    return _local[0] if _local else None


def roots() -> tuple[Path, ...]:
    """Where to look, nearest first."""
    return (*_local, PACKAGE)


def find(relative: str) -> Path | None:
    """The file that counts under this relative path."""
    for root in roots():
        if (root / relative).is_file():
            return root / relative
    return None


def find_all(folder: str) -> dict[str, Path]:
    """Every TOML file in this folder by stem, without English mirrors; the local file counts before the package's."""
    found: dict[str, Path] = {}
    for root in reversed(roots()):
        for path in sorted((root / folder).glob("*.toml")):
            if not path.name.endswith(_EN):
                found[path.stem] = path
    return dict(sorted(found.items()))


def folders(folder: str) -> tuple[str, ...]:
    """The names of the folders in this folder, over all roots."""
    return tuple(sorted({path.name for root in roots() for path in (root / folder).glob("*") if path.is_dir()}))


def mirror_of(path: Path) -> Path:
    """The English words of a law file."""
    return path.with_name(f"{path.stem}{_EN}")


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def name_of(path: Path) -> str:
    """How a procedure file stands in `digests.toml`: code/version."""
    return f"{path.parent.name}/{path.stem}"


def read_digests(root: Path) -> dict[str, str]:
    """The digests of the files in force under this root, by code/version."""
    path = root / DIGESTS
    if not path.is_file():
        return {}
    return {str(name): str(digest) for name, digest in read_toml(path).items()}


def root_of(path: Path) -> Path | None:
    """The root this file lies under, if any."""
    resolved = path.resolve()
    return next((root for root in roots() if resolved.is_relative_to(root.resolve())), None)


def is_changed(path: Path) -> bool:
    """Whether a file in force is no longer what it was when it was put in force."""
    root = root_of(path)
    recorded = None if root is None else read_digests(root).get(name_of(path))
    return recorded is not None and recorded != digest_of(path)


def record_digest(root: Path, path: Path) -> None:
    """Put this file in force: write its digest down.

    Raises:
        ValueError: another content is in force under the same name.
    """
    digests, name, digest = read_digests(root), name_of(path), digest_of(path)
    if digests.get(name, digest) != digest:
        raise ValueError(f"{name} is in force with another content; write a new version")
    digests[name] = digest
    lines = [f'"{each}" = "{digests[each]}"' for each in sorted(digests)]
    target = root / DIGESTS
    target.parent.mkdir(parents=True, exist_ok=True)
    header = "# What is in force and may not change any more: code/version = SHA-256 of the file. Written by `law put`."
    target.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
