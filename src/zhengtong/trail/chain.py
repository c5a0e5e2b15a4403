"""How entries are chained: the ledger's way in small. Each hash covers every other column and the hash before it.

This room lies below the ledger, so the few lines that choose the algorithm stand here once more.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Final

from django.conf import settings

from zhengtong.trail.models import Entry

GENESIS: Final = bytes(32)
Plain = None | bool | int | str | list["Plain"] | dict[str, "Plain"]


def digest(data: bytes) -> bytes:
    """By the algorithm of the installation (ZHENGTONG_HASH)."""
    return _hasher(str(getattr(settings, "ZHENGTONG_HASH", "sm3")))(data)


@cache
def _hasher(name: str) -> Callable[[bytes], bytes]:
    if name in hashlib.algorithms_available:
        return lambda data: hashlib.new(name, data).digest()
    return _sm3


def _sm3(data: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SM3, Hash

    running = Hash(SM3())
    running.update(data)
    return running.finalize()


def write_said(said: Mapping[str, object]) -> str:
    """Canonical text: sorted keys, no spaces; numbers whole.

    >>> write_said({"b": 1, "a": ["甲", None]})
    '{"a":["甲",null],"b":1}'
    """
    return json.dumps(_plain(said), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _plain(value: object) -> Plain:
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int):
        return value
    return str(value).replace("\0", "")


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def link_hash(entry: Entry) -> bytes:
    """The hash this entry should bear."""
    columns = [
        entry.book, entry.seq, stamp(entry.at), entry.login, entry.person, entry.duty, entry.post, entry.address,
        entry.what, entry.about, entry.outcome, entry.said, bytes(entry.prev).hex(),
    ]  # fmt: skip
    return digest(json.dumps(columns, separators=(",", ":"), ensure_ascii=False).encode())
