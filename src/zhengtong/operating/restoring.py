"""Putting back (恢复): a backup into an empty place, every member held against the manifest, then verified by the
program itself: chains, docket, roots, and the figures of the database as they were when it was kept.

What was changed or cut off since is refused by name, and nothing of it stays at the place.
"""

import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader

from zhengtong.operating import snapshots
from zhengtong.operating.backing_up import EDITION
from zhengtong.operating.children import Place, ask, call
from zhengtong.operating.connecting import second_database
from zhengtong.operating.databases import sqlite_url
from zhengtong.operating.envelopes import CannotOpen, Opener, Opening
from zhengtong.operating.figures import differences
from zhengtong.operating.pouring import pour, require_empty

AT_ONCE: Final = 1 << 20
FOLDERS: Final = ("files", "roots", "law", "keys")
SINGLE: Final = frozenset({"about.json", "manifest.json", "database", "keys.sealed"})
SESSION_SECRET: Final = "secret-key"  # noqa: S105 - the name of its file
Tell = Callable[[str, int], object]


class CannotRestore(RuntimeError):
    """The backup is not whole, or the place is not free; the words say which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put back, and what was found wrong with it there; nothing wrong means that it may be used."""

    manifest: Mapping[str, Any]
    figures: Mapping[str, Any]
    verified: Mapping[str, Any]
    wrong: tuple[str, ...]
    notes: tuple[str, ...]
    moved_aside: Path | None


def restore(  # noqa: PLR0913 - the words of the command
    source: Path,
    *,
    into: Path,
    database_url: str = "",
    opener: Opener,
    keys_opener: Opener | None = None,
    force: bool = False,
    now: datetime,
    tell: Tell = lambda what, done: None,
) -> Restored:
    """Put a backup back.

    Raises:
        CannotOpen, CannotRestore, ChildFailed: nothing was put back.
    """
    url = database_url or sqlite_url(into.resolve() / "zhengtong.sqlite3")
    place = Place(home=into.resolve(), keys=into.resolve() / "keys", roots=into.resolve() / "roots", database_url=url)
    aside = _make_room(into, force=force, now=now)
    with _all_or_nothing(into), tempfile.TemporaryDirectory(prefix="restore-", dir=into) as folder:
        staged = Path(folder)
        about, manifest = _unpack(source, opener, staged, tell)
        find_later(manifest)
        if keys_opener is not None:
            _unpack_keys(staged, keys_opener)
        _put_database(about, staged / "database", place)
        for name in FOLDERS:
            if (staged / name).exists():
                os.replace(staged / name, into / name)
        if (staged / SESSION_SECRET).exists():
            os.replace(staged / SESSION_SECRET, into / SESSION_SECRET)
    (into / "keys").mkdir(mode=0o700, exist_ok=True)
    (into / "keys").chmod(0o700)
    return _check(manifest, place, aside, has_keys=keys_opener is not None)


# ---- the place -------------------------------------------------------------------------------------------


def _make_room(into: Path, *, force: bool, now: datetime) -> Path | None:
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    there = [path for path in into.iterdir() if path.name != "lost+found"]
    if not there:
        return None
    if not force:
        raise CannotRestore(f"{into} is not empty ({there[0].name} is there). Choose an empty folder, or say --force.")
    aside = into / f"before-restore-{now:%Y%m%dT%H%M%S}"
    aside.mkdir(mode=0o700)
    for path in there:
        if not path.name.startswith("before-restore-"):
            os.replace(path, aside / path.name)
    return aside


@contextmanager
def _all_or_nothing(into: Path) -> Iterator[None]:
    before = {path.name for path in into.iterdir()}
    try:
        yield
    except BaseException:
        for path in into.iterdir():
            if path.name not in before:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise


# ---- the stream ------------------------------------------------------------------------------------------


def _unpack(source: Path, opener: Opener, staged: Path, tell: Tell) -> tuple[dict[str, Any], dict[str, Any]]:
    digests: dict[str, str] = {}
    with source.open("rb") as raw:
        opening = Opening(raw, opener)
        try:
            packed = gzip.GzipFile(fileobj=opening, mode="rb")  # type: ignore[call-overload]  # it reads
            with tarfile.open(fileobj=packed, mode="r|") as tar:
                for count, member in enumerate(tar, start=1):
                    digests[member.name] = _take(tar, member, staged)
                    tell("members", count)
            while opening.read(AT_ONCE):  # to the end: a backup that was cut off is found even behind its last member
                pass
        except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise CannotRestore(f"{source.name}: what lies in the envelope cannot be read: {error}") from error
    return _read_manifest(staged, digests)


def _take(tar: tarfile.TarFile, member: tarfile.TarInfo, staged: Path) -> str:
    """Write a member below the folder; its digest."""
    name = PurePosixPath(member.name)
    is_ours = member.name in SINGLE or (len(name.parts) > 1 and name.parts[0] in FOLDERS)
    if not member.isfile() or not is_ours or ".." in name.parts or name.is_absolute():
        raise CannotRestore(f"{member.name} has no place in a backup of ours")
    content = tar.extractfile(member)
    assert content is not None
    path = staged.joinpath(*name.parts)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return _write(content, path)


def _write(content: IO[bytes], path: Path) -> str:
    found = hashlib.sha256()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while data := content.read(AT_ONCE):
            found.update(data)
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return found.hexdigest()


def _read_manifest(staged: Path, digests: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        about = json.loads((staged / "about.json").read_bytes())
        manifest = json.loads((staged / "manifest.json").read_bytes())
    except (OSError, ValueError) as error:
        raise CannotRestore(f"the backup has no manifest: {error}") from error
    if about["edition"] != EDITION:
        raise CannotRestore(f"this is a backup of edition {about['edition']}; this program reads edition {EDITION}")
    found = {name: digest for name, digest in digests.items() if name != "manifest.json"}
    for name, digest in manifest["members"].items():
        if found.get(name) != digest:
            raise CannotRestore(f"{name} is {'not what was kept' if name in found else 'missing'}")
    extra = found.keys() - manifest["members"].keys()
    if extra:
        raise CannotRestore(f"{min(extra)} is not in the manifest")
    return about, manifest


def _unpack_keys(staged: Path, opener: Opener) -> None:
    sealed = staged / "keys.sealed"
    if not sealed.exists():
        raise CannotRestore("there are no keys in this backup: it was made without --with-keys")
    with sealed.open("rb") as raw, tarfile.open(fileobj=Opening(raw, opener), mode="r|") as tar:  # type: ignore[call-overload]  # it reads
        for member in tar:
            name = PurePosixPath(member.name)
            is_ours = member.name == SESSION_SECRET or (len(name.parts) > 1 and name.parts[0] == "keys")
            content = tar.extractfile(member) if member.isfile() and is_ours and ".." not in name.parts else None
            if content is None:
                raise CannotRestore(f"{member.name} has no place among the keys")
            path = staged.joinpath(*name.parts)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.unlink(missing_ok=True)
            _write(content, path)
    public = staged / "keys" / "root.pub"
    if public.exists():
        public.chmod(0o644)


# ---- the database ----------------------------------------------------------------------------------------


def _put_database(about: Mapping[str, Any], kept: Path, place: Place) -> None:
    with second_database(place.database_url, alias="restored") as target:
        if target.vendor == "sqlite":
            _put_sqlite(about, kept, Path(str(target.settings_dict["NAME"])), place)
        else:
            _put_postgres(about, kept, target, place)


def _put_sqlite(about: Mapping[str, Any], kept: Path, path: Path, place: Place) -> None:
    if about["kind"] != snapshots.SQLITE:
        raise CannotRestore(
            "this backup was kept from PostgreSQL: give --database-url postgres://… (`zhengtong move` leads to SQLite)"
        )
    if path.exists():
        raise CannotRestore(f"{path} is there already")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with sqlite3.connect(kept) as opened:
        said = opened.execute("PRAGMA quick_check").fetchone()[0]
    opened.close()
    if said != "ok":
        raise CannotRestore(f"the database in the backup is damaged: {said}")
    shutil.move(kept, path)


def _put_postgres(about: Mapping[str, Any], kept: Path, target: BaseDatabaseWrapper, place: Place) -> None:
    try:
        require_empty(target)
        with target.cursor() as cursor:
            tables = target.introspection.table_names(cursor)
            cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
            server = int(cursor.fetchone()[0])
    except DatabaseError as error:
        raise CannotRestore(f"the database cannot be reached: {error}") from error
    if about["kind"] == snapshots.DUMP:
        program = snapshots.find_program("pg_restore", server)
        if program is None:
            raise CannotRestore(f"there is no pg_restore as new as the server (PostgreSQL {server}) on this machine")
        if tables:
            raise CannotRestore("the database has tables in it: a dump goes into a bare one (`createdb`)")
        snapshots.undump(program, kept, target)
        return
    later = find_later(about)
    if later:
        raise CannotRestore(
            f"the backup is of an older release (it lacks {later[0]} …) and was not made by pg_dump. Restore it with "
            "that release, then run `zhengtong upgrade`."
        )
    call(["migrate", "--no-input", "-v", "0"], at=place)
    target.close()
    if about["kind"] == snapshots.COPY:
        snapshots.copy_in(kept, target)
    else:
        with second_database(sqlite_url(kept), alias="kept") as source:
            pour(source, target)


def find_later(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Migrations of this release that the backup has not seen.

    Raises:
        CannotRestore: the backup has seen some that this release does not know.
    """
    kept = {(app, name) for app, name in manifest["migrations"]}
    loader = MigrationLoader(None, ignore_no_migrations=True)
    known = set(loader.disk_migrations)
    foreign = {app: name for app, name in kept - known if app in loader.migrated_apps}
    if foreign:
        app, name = min(foreign.items())
        raise CannotRestore(f"the backup is of a later release than this one ({app}.{name}). Restore it with that.")
    return tuple(sorted(f"{app}.{name}" for app, name in known - kept))


# ---- is it what was kept? --------------------------------------------------------------------------------


def _check(manifest: Mapping[str, Any], place: Place, aside: Path | None, *, has_keys: bool) -> Restored:
    notes: list[str] = []
    wrong: list[str] = []
    if manifest["erased_meanwhile"]:
        notes.append(f"{manifest['erased_meanwhile']} files were erased while the backup was being made")
    if not has_keys:
        notes.append("the keys were not restored: put them into keys/ before anybody signs in")
    waiting = find_later(manifest)
    if waiting:
        notes.append(f"{len(waiting)} migrations are newer than the backup: run `zhengtong upgrade` before serving")
        return Restored(
            manifest=manifest, figures={}, verified={}, wrong=(), notes=tuple(notes), moved_aside=aside
        )  # fmt: skip
    figures = ask(["figures"], at=place)
    wrong += differences(manifest["figures"], figures)
    verified = ask(["verify"], at=place)
    wrong += [f"{fault['where']}: {fault['code']}: {fault['text']}" for fault in verified["faults"]]
    notes += verified["notes"]
    return Restored(
        manifest=manifest, figures=figures, verified=verified, wrong=tuple(wrong), notes=tuple(notes),
        moved_aside=aside,
    )  # fmt: skip


__all__ = ["CannotOpen", "CannotRestore", "Restored", "restore"]
