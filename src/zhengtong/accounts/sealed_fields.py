"""Encryption at rest of what identifies a person: certificate numbers, phones, names, sign-in secrets.

AES-GCM under a key that lives outside the database (ZHENGTONG_KEYS, mode 0600), bound to its column, and an HMAC
blind index beside it for exact search. Legal subject: 个人信息保护法 art. 51; GB/T 22239 数据保密性.

`accounts.key` holds the key that seals now and the index key; keys that sealed before stay as `accounts-<id>.key`
until `zhengtong keys rotate` has sealed every value anew. The index key is not rotated (docs/operating/keys.md).
"""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection, models

from zhengtong.ui.codes import tidy_code

KEY_FILE: Final = "accounts.key"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
FIRST_EDITION: Final = "1:"  # without the name of its key
EDITION: Final = "2:"


class KeyUnreadable(Exception):
    """The key file is damaged or missing; sealed columns cannot be read without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingKey:
    """A key with the name it has on what it sealed; the name tells nothing of the key."""

    id: str
    secret: bytes = field(repr=False)
    index: bytes = field(repr=False)


def seal(text: str, *, column: str) -> str:
    """Encrypted text, bound to its column: a value moved to another column cannot be read there."""
    key, nonce = current(), secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(key.secret).encrypt(nonce, text.encode(), column.encode())
    return f"{EDITION}{key.id}:{base64.b64encode(nonce + sealed).decode()}"


def unseal(sealed: str, *, column: str) -> str:
    """
    Raises:
        KeyUnreadable: its key is not here.
        InvalidTag: it was changed.
    """
    raw = base64.b64decode(sealed.rpartition(":")[2])
    for key in _keys_for(key_id_of(sealed)):
        try:
            return AESGCM(key.secret).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], column.encode()).decode()
        except InvalidTag:
            continue
    raise InvalidTag


def key_id_of(sealed: str) -> str:
    """The name of the key that sealed this; empty for the first edition."""
    return sealed.removeprefix(EDITION).partition(":")[0] if sealed.startswith(EDITION) else ""


def blind_index(text: str, *, purpose: str) -> str:
    """A keyed digest by which equal values find each other; empty text has no index."""
    plain = tidy_code(text)
    return hmac.new(current().index, f"{purpose}\n{plain}".encode(), hashlib.sha256).hexdigest() if plain else ""


class SealedTextField(models.TextField):  # type: ignore[type-arg]  # generic only in the stubs
    """Text that is encrypted in the database and plain in Python. Not searchable: keep a blind index beside it."""

    def _column(self) -> str:
        return f"{self.model._meta.label_lower}.{self.attname}"

    def get_prep_value(self, value: Any) -> Any:
        return seal(str(value), column=self._column()) if value else ""

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str:
        return unseal(value, column=self._column()) if value else ""


# ---- keys -------------------------------------------------------------------------------------------------


def current() -> SealingKey:
    """The key that seals from now on; drawn at first use."""
    path = _folder() / KEY_FILE
    if not path.exists():
        _refuse_second_draw(path)  # somebody may have drawn it, and sealed with it, since
        _settle(path, secrets.token_hex(2 * KEY_BYTES), overwrite=False)
    return _read_key(path)


def older() -> tuple[SealingKey, ...]:
    """Keys that sealed before and are still here."""
    now = current().id
    found = (_read_key(path) for path in sorted(_folder().glob("accounts-*.key")))
    return tuple(key for key in found if key.id != now)


def draw_key() -> SealingKey:
    """A new key seals from now on; the index key stays, and the key before stays beside it.

    Killed anywhere, it leaves the old key in use or the new one, and both readable under their names.
    """
    before = current()
    made = secrets.token_hex(KEY_BYTES) + before.index.hex()
    _settle(_older(before.id), before.secret.hex() + before.index.hex(), overwrite=False)
    _settle(_older(_named(made).id), made, overwrite=False)
    _settle(_folder() / KEY_FILE, made, overwrite=True)
    return current()


def retire_key(key_id: str) -> None:
    """Remove an older key for good. Whether anything still needs it is for the caller to find out first."""
    if key_id != current().id:
        _older(key_id).unlink()


def _keys_for(key_id: str) -> Iterator[SealingKey]:
    now = current()
    if key_id == now.id:
        yield now
    elif key_id:
        path = _older(key_id)
        if not path.exists():
            raise KeyUnreadable(f"{path} is not here. Put it back from the off-site copy of the keys.")
        yield _read_key(path)
    else:
        yield from (*older(), now)


def _folder() -> Path:
    return Path(settings.ZHENGTONG_KEYS)


def _older(key_id: str) -> Path:
    return _folder() / f"accounts-{key_id}.key"


_kept: dict[Path, tuple[tuple[int, int, int], SealingKey]] = {}


def _read_key(path: Path) -> SealingKey:
    """Read once for each state of the file: another process may put a new key there at any time."""
    found = path.stat()
    stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
    kept = _kept.get(path)
    if kept is None or kept[0] != stamp:
        kept = _kept[path] = (stamp, _parsed(path))
    return kept[1]


def _parsed(path: Path) -> SealingKey:
    try:
        written = path.read_text(encoding="ascii").strip()
        drawn = bytes.fromhex(written)
    except ValueError as error:
        raise KeyUnreadable(f"{path} is not a key file.") from error
    if len(drawn) != 2 * KEY_BYTES:
        raise KeyUnreadable(f"{path} holds {len(drawn)} bytes; {2 * KEY_BYTES} are needed.")
    return _named(written)


def _named(written: str) -> SealingKey:
    drawn = bytes.fromhex(written)
    secret = drawn[:KEY_BYTES]
    name = hashlib.sha256(b"zhengtong accounts" + secret).hexdigest()[:16]
    return SealingKey(id=name, secret=secret, index=drawn[KEY_BYTES:])


def _refuse_second_draw(path: Path) -> None:
    """A key drawn anew where values were sealed before would leave them closed for ever, and nobody told."""
    from django.apps import apps

    for model in apps.get_models():
        for each in model._meta.concrete_fields:
            is_sealed = isinstance(each, SealedTextField) and _holds_values(model._meta.db_table, each.attname)
            if is_sealed and not path.exists():
                raise KeyUnreadable(
                    f"{path} is gone and {model._meta.db_table} holds sealed values. "
                    "Put the keys back from their off-site copy; no new key is drawn."
                )


def _holds_values(table: str, column: str) -> bool:
    """While migrations run, a table or its column may not be there yet."""
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            return False
        if column not in {each.name for each in connection.introspection.get_table_description(cursor, table)}:
            return False
        quoted = connection.ops.quote_name
        cursor.execute(f"SELECT 1 FROM {quoted(table)} WHERE {quoted(column)} <> '' LIMIT 1")  # noqa: S608 - our own names
        return cursor.fetchone() is not None


def _settle(path: Path, written: str, *, overwrite: bool) -> None:
    """Written aside and put into place, so that of two processes that start together one key wins and is whole."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(written)
        file.flush()
        os.fsync(file.fileno())
    try:
        if overwrite:
            os.replace(draft, path)
        else:
            os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
