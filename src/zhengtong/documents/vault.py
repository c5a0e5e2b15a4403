"""Files at rest: each encrypted under a data key of its own, wrapped by the installation's master key.

A file lies at files/<first two digits>/<digest of its content> and carries its wrapped key; the digest is bound in, so
a file put in another's place does not open.
"""

import os
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from zhengtong.ledger import chain, keys

MARK: Final = b"ZTF1"
_NONCE: Final = 12
_WRAPPED: Final = _NONCE + 32 + 16
_KEY_ID: Final = 16


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
    key, nonce, wrap_nonce = AESGCM.generate_key(256), token_bytes(_NONCE), token_bytes(_NONCE)
    bound = digest.encode()
    wrapped = wrap_nonce + AESGCM(keys.master()).encrypt(wrap_nonce, key, bound)
    sealed = MARK + keys.master_id().encode() + wrapped + nonce + AESGCM(key).encrypt(nonce, data, bound)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{digest}.{token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
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
    at = len(MARK) + _KEY_ID
    wrapped, nonce, bound = sealed[at : at + _WRAPPED], sealed[at + _WRAPPED :][:_NONCE], digest.encode()
    try:
        key = AESGCM(keys.master()).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], bound)
        data = AESGCM(key).decrypt(nonce, sealed[at + _WRAPPED + _NONCE :], bound)
    except (InvalidTag, ValueError) as error:
        raise FileBroken(digest) from error
    if chain.hasher("sm3")(data).hex() != digest:
        raise FileBroken(digest)
    return data


def erase(digest: str) -> None:
    """Remove the content for good (个人信息保护法 art. 47)."""
    _path(digest).unlink(missing_ok=True)


def _path(digest: str) -> Path:
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise NotKept(digest)
    return Path(settings.MEDIA_ROOT) / digest[:2] / digest
