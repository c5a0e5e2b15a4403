"""The chain (链): each event's hash covers every other column of its row and the hash before it.

SM3 (GB/T 32905) by default, from this OpenSSL or from `cryptography`; SHA-256 may be chosen once, before the first
event.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Final

from django.conf import settings

from zhengtong.kernel.events import Event, Standing
from zhengtong.ledger import canonical, codec

ALGORITHMS: Final = ("sm3", "sha256")
GENESIS: Final = bytes(32)
Hasher = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One row of the event table; `body` is its canonical text."""

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


COLUMNS: Final = tuple(Link.__slots__)


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
        return lambda data: hashlib.new(name, data).digest()
    return _cryptography_sm3


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
    head = canonical.dumps(
        [
            link.case_id, link.seq, link.region, link.batch, link.kind, link.codec, link.person, link.post, link.unit,
            link.role, link.standing, link.basis, canonical.stamp(link.at), canonical.stamp(link.recorded_at), link.key,
        ]
    )  # fmt: skip
    return hash_of(b"".join((head[:-1], b",", link.body.encode(), b',"', link.prev.hex().encode(), b'"]')))


def forge(case_id: int, region: str, prev: bytes, events: Sequence[Event]) -> list[Link]:
    """The rows of these events, chained on from `prev`."""
    hash_of = hasher(algorithm())
    links: list[Link] = []
    for event in events:
        made = _link(case_id, region, prev, event, hash_of)
        links.append(made)
        prev = made.hash
    return links


def _link(case_id: int, region: str, prev: bytes, event: Event, hash_of: Hasher) -> Link:
    body = canonical.dumps(codec.encode(event.body)).decode()
    bare = Link(
        case_id=case_id,
        seq=event.seq,
        region=region,
        batch=event.batch,
        kind=event.kind,
        codec=codec.edition(event.kind),
        person=event.person,
        post=event.post,
        unit=event.unit,
        role=event.role,
        standing=str(event.standing),
        basis=event.basis,
        at=event.at,
        recorded_at=event.recorded_at,
        key=event.key,
        body=body,
        prev=prev,
        hash=b"",
    )
    return replace(bare, hash=link_hash(bare, hash_of))


def to_event(link: Link) -> Event:
    """The event a row stands for."""
    return Event(
        seq=link.seq, batch=link.batch, at=link.at, recorded_at=link.recorded_at, person=link.person, post=link.post,
        unit=link.unit, role=link.role, standing=Standing(link.standing), basis=link.basis, key=link.key,
        body=codec.decode(link.kind, link.codec, canonical.loads(link.body)),
    )  # fmt: skip
