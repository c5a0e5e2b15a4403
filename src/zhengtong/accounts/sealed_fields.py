"""Encryption at rest of what identifies a person: certificate numbers, phones, names, sign-in secrets.

AES-GCM under a key that lives outside the database (ZHENGTONG_KEYS, mode 0600), bound to its column, and an HMAC
blind index beside it for exact search. Legal subject: 个人信息保护法 art. 51; GB/T 22239 数据保密性.
"""

import base64
import hashlib
import hmac
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

from zhengtong.ui.codes import tidy_code

KEY_FILE: Final = "accounts.key"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
EDITION: Final = "1:"


class KeyUnreadable(Exception):
    """The key file is damaged; sealed columns cannot be read without it."""


def seal(text: str, *, column: str) -> str:
    """Encrypted text, bound to its column: a value moved to another column cannot be read there."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(_keys()[0]).encrypt(nonce, text.encode(), column.encode())
    return EDITION + base64.b64encode(nonce + sealed).decode()


def unseal(sealed: str, *, column: str) -> str:
    raw = base64.b64decode(sealed.removeprefix(EDITION))
    return AESGCM(_keys()[0]).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], column.encode()).decode()


def blind_index(text: str, *, purpose: str) -> str:
    """A keyed digest by which equal values find each other; empty text has no index."""
    plain = tidy_code(text)
    return hmac.new(_keys()[1], f"{purpose}\n{plain}".encode(), hashlib.sha256).hexdigest() if plain else ""


class SealedTextField(models.TextField):  # type: ignore[type-arg]  # generic only in the stubs
    """Text that is encrypted in the database and plain in Python. Not searchable: keep a blind index beside it."""

    def _column(self) -> str:
        return f"{self.model._meta.label_lower}.{self.attname}"

    def get_prep_value(self, value: Any) -> Any:
        return seal(str(value), column=self._column()) if value else ""

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str:
        return unseal(value, column=self._column()) if value else ""


def _keys() -> tuple[bytes, bytes]:
    return _read_keys(Path(settings.ZHENGTONG_KEYS) / KEY_FILE)


@lru_cache(maxsize=4)
def _read_keys(path: Path) -> tuple[bytes, bytes]:
    if not path.exists():
        _draw_key(path)
    try:
        drawn = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError as error:
        raise KeyUnreadable(f"{path} is not a key file.") from error
    if len(drawn) != 2 * KEY_BYTES:
        raise KeyUnreadable(f"{path} holds {len(drawn)} bytes; {2 * KEY_BYTES} are needed.")
    return drawn[:KEY_BYTES], drawn[KEY_BYTES:]


def _draw_key(path: Path) -> None:
    """Written aside and linked into place, so that of two processes that start together one key wins and is whole."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_hex(2 * KEY_BYTES))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
