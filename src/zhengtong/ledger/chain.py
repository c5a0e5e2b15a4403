"""The chain (链): each event's hash covers every other column of its row and the hash before it.

SM3 (GB/T 32905) by default, from this OpenSSL or from `cryptography`; SHA-256 may be chosen once, before the first
event.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from django.conf import settings

from zhengtong.kernel.events import Body, Event, Standing
from zhengtong.ledger import canonical, codec

ALGORITHMS: Final = ("sm3", "sha256")
GENESIS: Final = bytes(32)
Hasher = Callable[[bytes], bytes]


class Link(NamedTuple):
    """One row of the event table as it was read; `body` is its canonical text. A tuple, for `verify` reads millions."""

    case_id: int
    seq: int
    region: str
    batch: int
    kind: str
    codec: int
    person: str
    post: str
    unit: str
    role: str
    standing: str
    basis: str
    at: datetime
    recorded_at: datetime
    key: str | None
    body: str
    prev: bytes
    hash: bytes


COLUMNS: Final = Link._fields
LinkRow = tuple[Any, ...]  # the values of a Link in the order of COLUMNS, as a driver takes them


def algorithm() -> str:
    """The algorithm this installation chose, by the setting ZHENGTONG_HASH."""
    return str(getattr(settings, "ZHENGTONG_HASH", "sm3"))


@cache
def hasher(name: str) -> Hasher:
    """
    >>> hasher("sm3")(b"abc").hex()[:16]
    '66c7f0f462eeedd9'
    """
    if name not in ALGORITHMS:
        raise ValueError(f"{name!r} is none of {', '.join(ALGORITHMS)}")
    if name in hashlib.algorithms_available:
        return _by_hashlib(name)
    return _cryptography_sm3


def _by_hashlib(name: str) -> Hasher:
    """A copy of an empty hash is quicker than a new one, which OpenSSL has to look up by its name."""
    copy = hashlib.new(name).copy

    def hash_of(data: bytes) -> bytes:
        running = copy()
        running.update(data)
        return running.digest()

    return hash_of


def _cryptography_sm3(data: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SM3, Hash

    running = Hash(SM3())
    running.update(data)
    return running.finalize()


def digest(data: bytes) -> bytes:
    return hasher(algorithm())(data)


def hex_digest(data: bytes) -> str:
    """The `hash` a Command is given."""
    return digest(data).hex()


def link_hash(link: Link, hash_of: Hasher) -> bytes:
    """The hash this row should bear."""
    *named, at, recorded_at, key, body, prev, _ = link
    head = canonical.dumps([*named, canonical.stamp(at), canonical.stamp(recorded_at), key])
    return hash_of(_hashed(head, body.encode(), prev))


def _hashed(head: bytes, body: bytes, prev: bytes) -> bytes:
    """One JSON list: the columns, the body as it is stored, the hash before."""
    return b"".join((head[:-1], b",", body, b',"', prev.hex().encode(), b'"]'))


def forge(
    case_id: int, region: str, prev: bytes, events: Sequence[Event], instant: Callable[[datetime], object]
) -> list[LinkRow]:
    """The rows of these events in the order of COLUMNS, chained on from `prev`, instants as `instant` writes them.

    The one pass every event goes through, so each body is made canonical once, for its hash and for its row, and no
    `Link` is built. What it hashes is what `link_hash` says of the row (tested).
    """
    hash_of, dumps = hasher(algorithm()), canonical.dumps
    rows: list[LinkRow] = []
    seen, stamped, written = None, "", None  # the events of an act share their instants
    for event in events:
        body, at, recorded_at, key = event.body, event.at, event.recorded_at, event.key
        kind = type(body).__name__
        text = codec.text(body)
        if at is not seen:
            seen, stamped, written = at, canonical.stamp(at), instant(at)
        is_same = recorded_at is at
        named = (
            case_id, event.seq, region, event.batch, kind, codec.EDITIONS.get(kind, 1), event.person, event.post,
            event.unit, event.role, event.standing.value, event.basis,
        )  # fmt: skip
        head = dumps((*named, stamped, stamped if is_same else canonical.stamp(recorded_at), key))
        own = hash_of(b'%b,%b,"%b"]' % (head[:-1], text, prev.hex().encode()))  # as `_hashed`
        rows.append((*named, written, written if is_same else instant(recorded_at), key, text.decode(), prev, own))
        prev = own
    return rows


def to_event(link: Link) -> Event:
    """The event a row stands for."""
    return event_of(link, codec.decode(link.kind, link.codec, canonical.loads(link.body)))


def event_of(link: Link, body: Body) -> Event:
    """The event a row stands for whose body has been read already."""
    return Event(
        seq=link.seq, batch=link.batch, at=link.at, recorded_at=link.recorded_at, person=link.person, post=link.post,
        unit=link.unit, role=link.role, standing=Standing(link.standing), basis=link.basis, key=link.key, body=body,
    )  # fmt: skip
