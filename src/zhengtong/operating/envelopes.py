"""A sealed stream (加密信封): what a backup lies in. AES-256-GCM in pieces of a mebibyte, each under a nonce of its
number and of whether it is the last, so that nothing can be changed, moved, dropped or cut off unseen.

The stream's own key is drawn anew and wrapped for a passphrase (scrypt) or for the public half of a recipient's key
(X25519): then the machine that backs up cannot open what it wrote yesterday.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from typing import IO, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MARK: Final = b"zhengtong sealed stream 1\n"
PIECE: Final = 1 << 20
TAG: Final = 16
SCRYPT: Final = {"n": 1 << 16, "r": 8, "p": 1}
SCRYPT_MOST: Final = 1 << 20
LONGEST_HEADER: Final = 4_096
_WRAP_NONCE: Final = bytes(12)  # every wrapping key is used once


class CannotOpen(RuntimeError):
    """Not a sealed stream, the wrong key, or changed or cut off since it was written; the words say which and where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What a stream is sealed for: one of a passphrase and a recipient."""

    passphrase: str = ""
    recipient: X25519PublicKey | None = None

    @property
    def how(self) -> str:
        return "passphrase" if self.recipient is None else f"recipient {fingerprint(self.recipient)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """What a stream is opened with."""

    passphrase: str = ""
    identity: X25519PrivateKey | None = None


class Sealing:
    """A writer: what is written comes out sealed at `out`. `close` writes the last piece; without it all is cut off."""

    def __init__(self, out: IO[bytes], lock: Lock) -> None:
        key = AESGCM.generate_key(256)
        header = json.dumps(_wrap(key, lock), sort_keys=True).encode() + b"\n"
        out.write(MARK + header)
        self._out, self._bound, self._cipher = out, MARK + header, AESGCM(key)
        self._held = bytearray()
        self._number = 0

    def write(self, data: bytes) -> int:
        self._held += data
        while len(self._held) > PIECE:  # the last full piece is kept back: it may be the last of all
            self._seal(bytes(self._held[:PIECE]), is_last=False)
            del self._held[:PIECE]
        return len(data)

    def flush(self) -> None:
        """Pieces are written when they are full."""

    def close(self) -> None:
        self._seal(bytes(self._held), is_last=True)
        self._held.clear()

    def _seal(self, piece: bytes, *, is_last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, is_last), piece, self._bound))
        self._number += 1


class Opening:
    """A reader of what was sealed.

    Raises:
        CannotOpen: at once for a wrong key or a foreign file; while reading, where the stream was changed or cut off.
    """

    def __init__(self, source: IO[bytes], opener: Opener) -> None:
        if source.read(len(MARK)) != MARK:
            raise CannotOpen("this is no sealed stream of this program")
        header = source.readline(LONGEST_HEADER)
        self._source, self._bound = source, MARK + header
        try:
            self._cipher = AESGCM(_unwrap(json.loads(header), opener))
        except (ValueError, KeyError, TypeError) as error:
            raise CannotOpen(f"its header cannot be read: {error}") from error
        self._next = source.read(PIECE + TAG)
        self._held = b""
        self._number = 0
        self._is_over = False

    def read(self, size: int = -1) -> bytes:
        parts: list[bytes] = []
        wanted = size if size >= 0 else 1 << 62
        while wanted and (self._held or self._fill()):
            part, self._held = self._held[:wanted], self._held[wanted:]
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def _fill(self) -> bool:
        while not self._held and not self._is_over:
            self._open_piece()
        return bool(self._held)

    def _open_piece(self) -> None:
        sealed, self._next = self._next, self._source.read(PIECE + TAG)
        is_last = not self._next
        try:
            self._held = self._cipher.decrypt(_nonce(self._number, is_last), sealed, self._bound)
        except InvalidTag as error:
            raise CannotOpen(self._what_is_wrong(sealed, is_last=is_last)) from error
        self._number += 1
        self._is_over = is_last

    def _what_is_wrong(self, sealed: bytes, *, is_last: bool) -> str:
        place = f"piece {self._number + 1} (from byte {len(self._bound) + self._number * (PIECE + TAG)})"
        if is_last and self._opens(sealed, is_last=False):
            return f"it was cut off after {place}: the pieces that follow are missing"
        if is_last and len(sealed) < PIECE + TAG:
            return f"it was cut off in {place}, or that piece was changed"
        return f"{place} was changed since it was written, or is not in its place"

    def _opens(self, sealed: bytes, *, is_last: bool) -> bool:
        try:
            self._cipher.decrypt(_nonce(self._number, is_last), sealed, self._bound)
        except InvalidTag:
            return False
        return True


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if is_last else b"\0")


# ---- wrapping the stream's key ---------------------------------------------------------------------------


def _wrap(key: bytes, lock: Lock) -> dict[str, Any]:
    if lock.recipient is None:
        salt = token_bytes(16)
        wrapped = AESGCM(_from_passphrase(lock.passphrase, salt, SCRYPT)).encrypt(_WRAP_NONCE, key, MARK)
        return {"how": "scrypt", "salt": salt.hex(), **SCRYPT, "key": wrapped.hex()}
    once = X25519PrivateKey.generate()
    ours, theirs = _raw(once.public_key()), _raw(lock.recipient)
    wrapping = _derive(once.exchange(lock.recipient), ours, theirs)
    wrapped = AESGCM(wrapping).encrypt(_WRAP_NONCE, key, MARK)
    return {"how": "x25519", "for": fingerprint(lock.recipient), "once": ours.hex(), "key": wrapped.hex()}


def _unwrap(header: dict[str, Any], opener: Opener) -> bytes:
    wrapped = bytes.fromhex(header["key"])
    match header["how"]:
        case "scrypt":
            if not opener.passphrase:
                raise CannotOpen("it was sealed with a passphrase, and none was given")
            costs = {name: int(header[name]) for name in SCRYPT}
            if costs["n"] * costs["r"] * costs["p"] > SCRYPT_MOST * SCRYPT["r"]:
                raise CannotOpen("its header asks for more memory than any of ours")
            wrapping = _from_passphrase(opener.passphrase, bytes.fromhex(header["salt"]), costs)
        case "x25519":
            if opener.identity is None:
                raise CannotOpen(f"it was sealed for the key {header['for']}, and no key was given")
            once = X25519PublicKey.from_public_bytes(bytes.fromhex(header["once"]))
            ours = opener.identity.public_key()
            wrapping = _derive(opener.identity.exchange(once), bytes.fromhex(header["once"]), _raw(ours))
        case other:
            raise CannotOpen(f"it was sealed in a way this program does not know: {other}")
    try:
        return AESGCM(wrapping).decrypt(_WRAP_NONCE, wrapped, MARK)
    except InvalidTag as error:
        asked = f"; it was sealed for the key {header['for']}" if "for" in header else ""
        raise CannotOpen(f"the passphrase or key is not the right one{asked}") from error


def _from_passphrase(passphrase: str, salt: bytes, costs: dict[str, int]) -> bytes:
    return Scrypt(salt=salt, length=32, **costs).derive(passphrase.encode())


def _derive(shared: bytes, once: bytes, recipient: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=once + recipient, info=MARK).derive(shared)


def _raw(key: X25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def fingerprint(key: X25519PublicKey) -> str:
    """The short name of a recipient, told on backups sealed for it."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(_raw(key))
    return digest.finalize().hex()[:16]


# ---- keys of recipients as files -------------------------------------------------------------------------


def draw_identity(passphrase: str) -> tuple[bytes, bytes]:
    """A new pair as (private, public) PEM; the private half under a passphrase unless that is empty."""
    made = X25519PrivateKey.generate()
    shut: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        shut = serialization.BestAvailableEncryption(passphrase.encode())
    private = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, shut)
    public = made.public_key()
    return private, public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def read_recipient(path: Path) -> X25519PublicKey:
    """
    Raises:
        CannotOpen: no X25519 public key is there.
    """
    read = _read_key(path, serialization.load_pem_public_key)
    if not isinstance(read, X25519PublicKey):
        raise CannotOpen(f"{path} holds no public key of the kind X25519")
    return read


def read_identity(path: Path, passphrase: str) -> X25519PrivateKey:
    """
    Raises:
        CannotOpen: no X25519 private key is there, or it does not open.
    """
    secret = passphrase.encode() or None
    read = _read_key(path, lambda pem: serialization.load_pem_private_key(pem, password=secret))
    if not isinstance(read, X25519PrivateKey):
        raise CannotOpen(f"{path} holds no private key of the kind X25519")
    return read


def _read_key(path: Path, load: Callable[[bytes], object]) -> object:
    try:
        return load(path.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise CannotOpen(f"{path}: {error}") from error
