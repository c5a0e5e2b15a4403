"""Files at rest: each encrypted under a data key of its own, wrapped by the installation's master key.

A file lies at files/<first two digits>/<digest of its content> and carries its wrapped key; the digest is bound in, so
a file put in another's place does not open.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from zhengtong.ledger import chain, keys
from zhengtong.ledger.rotating import Progress, Wrapped

MARK: Final = b"ZTF1"
_NONCE: Final = 12
_WRAPPED: Final = _NONCE + 32 + 16
_KEY_ID: Final = 16
_HEAD: Final = len(MARK) + _KEY_ID + _WRAPPED


class NotKept(LookupError):
    """There is no file with this digest."""


class FileBroken(Exception):
    """The file was changed, or sealed under another master key."""


def keep(data: bytes) -> str:
    """Write the content, unless it is there, and say its digest."""
    digest = chain.hasher("sm3")(data).hex()
    path = _path(digest)
    if path.exists():
        return digest
    key, nonce, bound = AESGCM.generate_key(256), token_bytes(_NONCE), digest.encode()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _put(path, _head(keys.current(), key, bound) + nonce + AESGCM(key).encrypt(nonce, data, bound))
    return digest


def read(digest: str) -> bytes:
    """The content, checked against its digest.

    Raises:
        NotKept: there is no such file.
        FileBroken: it does not open, or is not what its digest says.
    """
    try:
        sealed = _path(digest).read_bytes()
    except FileNotFoundError as error:
        raise NotKept(digest) from error
    rest, bound = sealed[_HEAD:], digest.encode()
    try:
        data = AESGCM(_key_in(sealed, bound)).decrypt(rest[:_NONCE], rest[_NONCE:], bound)
    except (InvalidTag, ValueError) as error:
        raise FileBroken(digest) from error
    if chain.hasher("sm3")(data).hex() != digest:
        raise FileBroken(digest)
    return data


def erase(digest: str) -> None:
    """Remove the content for good (个人信息保护法 art. 47)."""
    path = _path(digest)
    with _alone():
        path.unlink(missing_ok=True)
        for draft in path.parent.glob(f".{digest}.*"):  # what a killed process left half written
            draft.unlink(missing_ok=True)


class Files:
    """The files as holders of data keys: each may be wrapped by another master key (`zhengtong keys rotate`)."""

    name = "files"

    def count(self) -> Mapping[str, int]:
        return Counter(key_id for path in _all() if (key_id := _key_id_of(path)))

    def wrap_anew(self, to: keys.MasterKey, progress: Progress) -> Wrapped:
        whole = Wrapped()
        for path in _all():
            if _key_id_of(path) in (to.id, None):
                continue
            try:
                whole.done += _wrap_anew(path, to)
            except (FileBroken, keys.KeyUnreadable) as error:
                whole.failed.append(f"file {path.name}: {error}")
            progress(whole.done)
        return whole


def _wrap_anew(path: Path, to: keys.MasterKey) -> bool:
    bound = path.name.encode()
    with _alone():  # a file that is erased meanwhile must not come back
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:
            return False
        try:
            key = _key_in(sealed, bound)
        except (InvalidTag, ValueError) as error:
            raise FileBroken("it was changed, or the key is a wrong one") from error
        _put(path, _head(to, key, bound) + sealed[_HEAD:])
    return True


def _head(master: keys.MasterKey, key: bytes, bound: bytes) -> bytes:
    nonce = token_bytes(_NONCE)
    return MARK + master.id.encode() + nonce + AESGCM(master.secret).encrypt(nonce, key, bound)


def _key_in(sealed: bytes, bound: bytes) -> bytes:
    key_id, wrapped = sealed[len(MARK) : _HEAD - _WRAPPED], sealed[_HEAD - _WRAPPED : _HEAD]
    master = keys.master_of(key_id.decode(errors="replace"))
    return AESGCM(master).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], bound)


def _all() -> Iterator[Path]:
    return (path for path in sorted(Path(settings.MEDIA_ROOT).glob("[0-9a-f][0-9a-f]/*")) if len(path.name) == 64)


def _key_id_of(path: Path) -> str | None:
    """The name of the key that wraps a file; None when it is gone or no file of ours."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD - _WRAPPED)
    except FileNotFoundError:
        return None
    return head[len(MARK) :].decode(errors="replace") if head.startswith(MARK) else None


def _put(path: Path, sealed: bytes) -> None:
    draft = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError:  # a full disk: what is half written must not take the last of it
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def _alone() -> Iterator[None]:
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        flock(handle, LOCK_EX)
        yield
    finally:
        os.close(handle)


def _path(digest: str) -> Path:
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise NotKept(digest)
    return Path(settings.MEDIA_ROOT) / digest[:2] / digest
