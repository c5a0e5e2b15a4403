"""The keys (密钥) of an installation, outside the database, readable by their owner only (mode 0600).

`master` wraps the data keys of sealed rows, `index` makes blind indexes, `root` (Ed25519) signs the daily roots. Each
is drawn at first use; `root.pub` is what auditors pin with `verify --trust`.
"""

import os
from pathlib import Path
from secrets import token_bytes
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from zhengtong.ledger import chain

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644


class KeyUnreadable(RuntimeError):
    """A key file that is there and is no key."""


def directory() -> Path:
    return Path(settings.ZHENGTONG_KEYS)


def master() -> bytes:
    return _secret("master")


def has_master() -> bool:
    """Whether sealed rows can be opened here."""
    return (directory() / "master.key").exists()


def index() -> bytes:
    return _secret("index")


def master_id() -> str:
    """The name of the master key on the rows it wraps; tells nothing of the key."""
    return chain.hasher("sha256")(b"zhengtong master" + master()).hex()[:16]


def root() -> Ed25519PrivateKey:
    path = directory() / "root.pem"
    if not path.exists():
        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _keep(path, pem, PRIVATE)
    read = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(read, Ed25519PrivateKey):
        raise KeyUnreadable(f"{path} holds no Ed25519 key")
    public = directory() / "root.pub"
    if not public.exists():
        _keep(public, public_pem(read.public_key()), PUBLIC)
    return read


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


def _secret(name: str) -> bytes:
    path = directory() / f"{name}.key"
    if not path.exists():
        _keep(path, token_bytes(32).hex().encode(), PRIVATE)
    try:
        read = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError as error:
        raise KeyUnreadable(f"{path} is not 64 hexadecimal digits") from error
    if len(read) != 32:
        raise KeyUnreadable(f"{path} is not 64 hexadecimal digits")
    return read


def _keep(path: Path, content: bytes, mode: int) -> None:
    """Written aside and linked into place, so that of two processes one wins and none reads a half."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{token_bytes(4).hex()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
