"""Keeping (备份): the database as of one instant, then the files, the roots and the law of this installation, in one
sealed stream. Files are named by their content and never change, so copying them after the database leaves none out.

The stream is a compressed tar inside an envelope: `about.json` first, `manifest.json` with the digest of every
member and the figures of the database last. No secret is in it unless the keys are asked for, and those lie in an
envelope of their own.
"""

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings
from django.db import connection

from zhengtong import __version__
from zhengtong.ledger import keys, roots
from zhengtong.operating import snapshots
from zhengtong.operating.envelopes import Lock, Sealing
from zhengtong.operating.snapshots import Snapshot

EDITION: Final = 1
SUFFIX: Final = ".ztb"
NAMED: Final = re.compile(r"zhengtong-\d{8}T\d{6}Z\.ztb")
AT_ONCE: Final = 1 << 20
# What the settings of an installation are, without what is secret in them.
TOLD: Final = ("ZHENGTONG_HASH", "ZHENGTONG_BASE_URL", "ZHENGTONG_SITE_NAME", "ALLOWED_HOSTS", "TIME_ZONE")
Tell = Callable[[str, int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A backup that was written whole."""

    path: Path
    size: int
    files: int
    snapshot: Snapshot
    has_keys: bool
    removed: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class _Packing:
    """Members going into the tar, and what the manifest will say of them."""

    tar: tarfile.TarFile
    at: datetime
    digests: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, content: IO[bytes], size: int) -> None:
        reading = _Hashing(content)
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = size, 0o600, int(self.at.timestamp())
        self.tar.addfile(member, reading)
        self.digests[name] = reading.hexdigest

    def add_bytes(self, name: str, content: bytes) -> None:
        self.add(name, io.BytesIO(content), len(content))

    def add_path(self, name: str, path: Path) -> bool:
        """False for a file that was erased since its name was read."""
        try:
            with path.open("rb") as content:
                self.add(name, content, os.fstat(content.fileno()).st_size)
        except FileNotFoundError:
            return False
        return True


class _Hashing:
    def __init__(self, content: IO[bytes]) -> None:
        self._content, self._digest = content, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._content.read(size)
        self._digest.update(data)
        return data

    @property
    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def back_up(  # noqa: PLR0913 - what a backup is made of, all named
    *,
    to: Path,
    lock: Lock,
    now: datetime,
    keys_lock: Lock | None = None,
    keep: int = 0,
    by_copy: bool = False,
    tell: Tell = lambda what, done: None,
) -> Kept:
    """Write a backup to a file, or under a name of its own into a folder, where `keep` counts how many stay.

    Raises:
        NoSnapshot, OSError: nothing is left behind under the backup's name.
    """
    path = to / f"zhengtong-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}" if to.is_dir() else to
    if path.exists():
        raise FileExistsError(f"{path} is there already")
    draft = path.with_name(f"{path.name}.part")
    with tempfile.TemporaryDirectory(prefix="backup-", dir=settings.ZHENGTONG_HOME) as folder:
        database = Path(folder) / "database"
        with _roots_standing_still() as (copied, release):
            taken = snapshots.keep(database, began=release, tell=lambda n: tell("pages", n), by_copy=by_copy)
        try:
            files = _write(draft, lock, now, (taken, database, copied), keys_lock, tell)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    os.replace(draft, path)
    _sync_folder(path.parent)
    removed = rotate(path.parent, keep) if keep and to.is_dir() else ()
    return Kept(
        path=path, size=path.stat().st_size, files=files, snapshot=taken, has_keys=keys_lock is not None,
        removed=removed,
    )  # fmt: skip


def rotate(folder: Path, keep: int) -> tuple[str, ...]:
    """Remove the oldest backups of ours beyond so many; the names of what is gone."""
    ours = sorted(path for path in folder.iterdir() if NAMED.fullmatch(path.name))
    gone = ours[:-keep]
    for path in gone:
        path.unlink()
    return tuple(path.name for path in gone)


def _write(
    draft: Path, lock: Lock, now: datetime, parts: tuple[Snapshot, Path, dict[str, bytes]], keys_lock: Lock | None,
    tell: Tell,
) -> int:  # fmt: skip
    taken, database, copied = parts
    about = _about(taken, now)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        sealing = Sealing(out, lock)
        packed = gzip.GzipFile(fileobj=sealing, mode="wb", compresslevel=1, mtime=0, filename="")
        with tarfile.open(fileobj=packed, mode="w|") as tar:
            packing = _Packing(tar=tar, at=now)
            packing.add_bytes("about.json", _as_json(about))
            packing.add_path("database", database)
            database.unlink()
            erased = _add_folders(packing, copied, tell)
            if keys_lock is not None:
                packing.add_bytes("keys.sealed", _sealed_keys(keys_lock, now))
            files = sum(name.startswith("files/") for name in packing.digests)
            manifest = about | {"members": dict(packing.digests), "files": files, "erased_meanwhile": erased,
                                "figures": taken.figures.as_json()}  # fmt: skip
            packing.add_bytes("manifest.json", _as_json(manifest))
        packed.close()
        sealing.close()
        out.flush()
        os.fsync(out.fileno())
    return files


def _about(taken: Snapshot, now: datetime) -> dict[str, Any]:
    return {
        "edition": EDITION, "program": __version__, "made_at": now.astimezone(UTC).isoformat(),
        "vendor": connection.vendor, "kind": taken.kind, "how": taken.how,
        "migrations": [list(each) for each in taken.migrations],
        "settings": {name: getattr(settings, name) for name in TOLD},
    }  # fmt: skip


def _as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1).encode()


def _add_folders(packing: _Packing, copied: dict[str, bytes], tell: Tell) -> int:
    """Files, roots and law; how many files were erased while we went on."""
    for name, content in copied.items():
        packing.add_bytes(name, content)
    public = keys.directory() / "root.pub"
    if public.exists():
        packing.add_path("keys/root.pub", public)
    for path in _walk(Path(settings.ZHENGTONG_HOME) / "law"):
        packing.add_path(f"law/{path.relative_to(Path(settings.ZHENGTONG_HOME) / 'law')}", path)
    erased = 0
    files = Path(settings.MEDIA_ROOT)
    for count, path in enumerate(_walk(files), start=1):
        erased += not packing.add_path(f"files/{path.relative_to(files)}", path)
        tell("files", count)
    return erased


def _walk(folder: Path) -> Iterator[Path]:
    """Every file below, but drafts that are being written."""
    if folder.is_dir():
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))


@contextmanager
def _roots_standing_still() -> Iterator[tuple[dict[str, bytes], Callable[[], None]]]:
    """While the instant of the database is fixed nobody signs a root, so that the two agree. Gives what stands in the
    folder of the roots, and what is to be called once the instant is fixed."""
    with ExitStack() as held:
        held.enter_context(roots.standing_still())
        folder = roots.directory()
        yield {f"roots/{path.relative_to(folder)}": path.read_bytes() for path in _walk(folder)}, held.close


def _sealed_keys(lock: Lock, now: datetime) -> bytes:
    """The keys and the secret key of this installation, under a lock of their own."""
    out = io.BytesIO()
    sealing = Sealing(out, lock)
    with tarfile.open(fileobj=sealing, mode="w|") as tar:  # type: ignore[call-overload]  # it writes
        packing = _Packing(tar=tar, at=now)
        for path in _walk(keys.directory()):
            packing.add_path(f"keys/{path.relative_to(keys.directory())}", path)
        packing.add_path("secret-key", Path(settings.ZHENGTONG_HOME) / "secret-key")
    sealing.close()
    return out.getvalue()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
