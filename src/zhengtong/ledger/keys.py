"""The keys (密钥) of an installation, outside the database, readable by their owner only (mode 0600).

`master` wraps the data keys of sealed rows and files, `index` makes blind indexes, `root` (Ed25519) signs the daily
roots. Each is drawn at first use, and never again: a key that is missing while something rests on it is an error.
Older master keys stay beside the current one as `master-<id>.key` until nothing is wrapped by them (`keys retire`).
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from secrets import token_bytes
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.db import connection

from zhengtong.ledger import chain

SECRETS: Final = ("index", "master")
PRIVATE: Final = 0o600
PUBLIC: Final = 0o644
_LENGTH: Final = 32


class KeyUnreadable(RuntimeError):
    """A key file that is there and is no key, or cannot be read."""


class KeyMissing(KeyUnreadable):
    """A key that something rests on is not here."""


class KeysBusy(RuntimeError):
    """Somebody else is changing the keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKey:
    """A master key with the name it has on the rows it wraps; the name tells nothing of the key."""

    id: str
    secret: bytes = field(repr=False)


def directory() -> Path:
    return Path(settings.ZHENGTONG_KEYS)


# ---- master keys ------------------------------------------------------------------------------------------


def current() -> MasterKey:
    """The master key that wraps from now on. Ask it once for each thing to be sealed: it may change at any time."""
    return _named(_secret("master"))


def has_master() -> bool:
    """Whether sealed rows can be opened here."""
    return (directory() / "master.key").exists()


def master_of(key_id: str) -> bytes:
    """The master key with this name.

    Raises:
        KeyMissing: it is not here.
    """
    now = current()
    if key_id == now.id:
        return now.secret
    path = _older(key_id)
    if not path.exists():
        raise KeyMissing(
            f"the master key {key_id} is not in {directory()}. Put back {path.name} from the off-site copy of the keys."
        )
    found = _named(_read_secret(path))
    if found.id != key_id:
        raise KeyUnreadable(f"{path} is another key than its name says")
    return found.secret


def older_masters() -> tuple[str, ...]:
    """The names of the master keys kept beside the current one, the longest kept first."""
    now = current().id
    found = sorted(directory().glob("master-*.key"), key=lambda path: path.stat().st_mtime_ns)
    return tuple(name for path in found if (name := path.stem.removeprefix("master-")) != now)


def drawn_at() -> datetime | None:
    """When the current master key was put in its place; None where it is the first."""
    path = directory() / "master.key"
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) if older_masters() and path.exists() else None


def draw_master() -> MasterKey:
    """Draw a new master key and make it the current one; the one before stays beside it.

    Killed anywhere, it leaves the old key current or the new one, and both readable under their names.
    """
    before = current()
    made = _named(token_bytes(_LENGTH))
    keep(_older(before.id), before.secret.hex().encode(), PRIVATE)
    keep(_older(made.id), made.secret.hex().encode(), PRIVATE)
    _put(directory() / "master.key", made.secret.hex().encode(), PRIVATE)
    return made


def retire_master(key_id: str) -> Path:
    """Remove an older master key for good. Whether anything still needs it is for the caller to find out first."""
    path = _older(key_id)
    if key_id == current().id:
        raise KeyUnreadable("the current master key cannot be retired")
    path.unlink()
    _flush(path.parent)
    return path


def _older(key_id: str) -> Path:
    if not key_id or not set(key_id) <= set("0123456789abcdef"):
        raise KeyMissing(f"{key_id!r} is no name of a master key")
    return directory() / f"master-{key_id}.key"


def _named(secret: bytes) -> MasterKey:
    return MasterKey(id=chain.hasher("sha256")(b"zhengtong master" + secret).hex()[:16], secret=secret)


# ---- index and root ---------------------------------------------------------------------------------------


def index() -> bytes:
    return _secret("index")


def root() -> Ed25519PrivateKey:
    """The key that signs the day's root."""
    path = directory() / "root.pem"
    if not path.exists():
        if (directory() / "root.pub").exists():
            raise KeyMissing(f"{path} is gone and root.pub is still there. Put root.pem back from the off-site copy.")
        keep(path, private_pem(Ed25519PrivateKey.generate()), PRIVATE)
    key = _read_root(path)
    _publish(key.public_key())
    return key


def next_root() -> Ed25519PrivateKey | None:
    """The key that signs after the next root has announced it."""
    path = directory() / "root-next.pem"
    return _read_root(path) if path.exists() else None


def draw_next_root() -> Ed25519PrivateKey:
    """Draw the key that follows the one that signs now, once until it has taken over; the next root announces it."""
    root()
    path = directory() / "root-next.pem"
    keep(path, private_pem(Ed25519PrivateKey.generate()), PRIVATE)
    return _read_root(path)


def hand_over_root() -> None:
    """The announced key signs from here on; the one before is removed, for it must never sign again."""
    path = directory() / "root-next.pem"
    os.replace(path, directory() / "root.pem")
    _flush(directory())
    root()


def _publish(key: Ed25519PublicKey) -> None:
    """`root.pub` holds every public key of this installation, the oldest first, the one that signs last."""
    public, pem = directory() / "root.pub", public_pem(key)
    known = public.read_bytes() if public.exists() else b""
    if pem not in known:
        _put(public, known + pem, PUBLIC)


def _read_root(path: Path) -> Ed25519PrivateKey:
    try:
        read = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise KeyUnreadable(f"{path}: {error}") from error
    if not isinstance(read, Ed25519PrivateKey):
        raise KeyUnreadable(f"{path} holds no Ed25519 key")
    return read


def private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def public_raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def load_public(path: Path) -> tuple[Ed25519PublicKey, ...]:
    """Every public key of a PEM file, the oldest first.

    Raises:
        KeyUnreadable: the file cannot be read or holds no Ed25519 key.
    """
    mark = b"-----BEGIN PUBLIC KEY-----"
    try:
        parts = path.read_bytes().split(mark)[1:]
        keys = tuple(serialization.load_pem_public_key(mark + part) for part in parts)
    except (OSError, ValueError) as error:
        raise KeyUnreadable(f"{path}: {error}") from error
    found = tuple(key for key in keys if isinstance(key, Ed25519PublicKey))
    if not found or len(found) != len(keys):
        raise KeyUnreadable(f"{path} holds no Ed25519 public key (PEM)")
    return found


# ---- files ------------------------------------------------------------------------------------------------


def _secret(name: str) -> bytes:
    path = directory() / f"{name}.key"
    try:
        return _read_secret(path)
    except FileNotFoundError:
        if _rests_something():  # asked before the file again: who seals has drawn a key first
            if not path.exists():
                raise _gone(path) from None
            return _read_secret(path)
        for each in SECRETS:  # together: one that was drawn later would look like one that was lost
            if not (drawn := directory() / f"{each}.key").exists():
                keep(drawn, token_bytes(_LENGTH).hex().encode(), PRIVATE)
        return _read_secret(path)


_kept: dict[Path, tuple[tuple[int, int, int], bytes]] = {}


def _read_secret(path: Path) -> bytes:
    """The key in a file; read once for each state of the file, for every sealed row asks for it."""
    try:
        found = path.stat()
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        kept = _kept.get(path)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        read = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise KeyUnreadable(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise KeyUnreadable(f"{path} is not 64 hexadecimal digits") from error
    if len(read) != _LENGTH:
        raise KeyUnreadable(f"{path} is not 64 hexadecimal digits")
    _kept[path] = (stamp, read)
    return read


def _rests_something() -> bool:
    """Whether this database holds sealed rows: then a key was drawn, by somebody else just now or long ago."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM ledger_sealed WHERE erased_at IS NULL LIMIT 1")
        return cursor.fetchone() is not None


def _gone(path: Path) -> KeyMissing:
    """A key drawn anew where rows were sealed before would part the database in two that open under different keys."""
    return KeyMissing(
        f"{path} is gone and this database holds sealed rows. Put the keys back from their off-site copy "
        "(is the folder mounted?); no new key is drawn."
    )


def keep(path: Path, content: bytes, mode: int) -> None:
    """Written aside and linked into place: of two processes one wins and none reads a half; what is there stays."""

    def link(draft: Path) -> None:
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()

    _write_aside(path, content, mode, link)


def _put(path: Path, content: bytes, mode: int) -> None:
    """Written aside and moved over what is there."""
    _write_aside(path, content, mode, lambda draft: os.replace(draft, path))


def _write_aside(path: Path, content: bytes, mode: int, settle: Callable[[Path], None]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{token_bytes(4).hex()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    settle(draft)
    _flush(path.parent)  # what is sealed under a key must not outlive the name of its file


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def alone() -> Iterator[None]:
    """Inside, nobody else draws, rotates or retires a key of this installation.

    Raises:
        KeysBusy
    """
    directory().mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(directory(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        flock(handle, LOCK_EX | LOCK_NB)
        yield
    except BlockingIOError as error:
        raise KeysBusy("another rotation of the keys is under way; let it end") from error
    finally:
        os.close(handle)
