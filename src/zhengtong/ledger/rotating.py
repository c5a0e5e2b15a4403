"""Rotating the master key (密钥轮换): a new key is drawn, and every data key is wrapped anew, batch by batch, while the
city works on. No event is touched, no value is opened, no commitment and no signed digest changes.

It may be killed anywhere and is simply called again: what is wrapped by another key than the current one is what is
left to do. The old key goes only when nothing needs it any more.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from django.db import connection

from zhengtong.ledger import keys, sealing
from zhengtong.ledger.keys import MasterKey
from zhengtong.ledger.writing import transaction

ROWS_AT_ONCE: Final = 200
PASSES: Final = 5

Progress = Callable[[int], None]


@dataclass
class Wrapped:
    """What a pass did: things wrapped anew, and those that could not be, in words."""

    done: int = 0
    failed: list[str] = field(default_factory=list)

    def __iadd__(self, other: "Wrapped") -> "Wrapped":
        return Wrapped(self.done + other.done, [*self.failed, *other.failed])


class Holder(Protocol):
    """Something that keeps data keys wrapped by a master key."""

    @property
    def name(self) -> str: ...

    def count(self) -> Mapping[str, int]:
        """How many things each master key wraps, by the key's id."""

    def wrap_anew(self, to: MasterKey, progress: Progress) -> Wrapped:
        """Wrap everything that another key wraps by this one; what somebody changed meanwhile is left for the next
        pass."""


def usage(holders: Sequence[Holder]) -> dict[str, dict[str, int]]:
    """Key id -> holder -> how many."""
    found: dict[str, dict[str, int]] = {}
    for holder in holders:
        for key_id, count in holder.count().items():
            found.setdefault(key_id, {})[holder.name] = count
    return found


def is_unfinished(holders: Sequence[Holder]) -> bool:
    """Whether something is still wrapped by an older key: a rotation was begun and did not end."""
    now = keys.current().id
    return any(key_id != now for key_id in usage(holders))


def rotate(holders: Sequence[Holder], progress: Progress = lambda count: None) -> tuple[MasterKey, Wrapped]:
    """Go on with a rotation that did not end; otherwise draw a new key. Then wrap everything by the current key.

    Who read the old key just before may still write under it, so the passes go on until one finds nothing.
    """
    key = keys.current() if is_unfinished(holders) else keys.draw_master()
    whole = Wrapped()
    for _ in range(PASSES):
        once = Wrapped()
        for holder in holders:
            once += holder.wrap_anew(key, progress)
        whole = Wrapped(whole.done + once.done, once.failed)  # what failed in one pass is tried again in the next
        if not once.done:
            break
    return key, whole


def retire(key_id: str, holders: Sequence[Holder]) -> None:
    """Remove an older key that wraps nothing.

    Raises:
        StillNeeded: it wraps something.
    """
    needed = usage(holders).get(key_id)
    if needed:
        raise StillNeeded(key_id, needed)
    keys.retire_master(key_id)


class StillNeeded(Exception):
    """Something is wrapped by this key."""

    def __init__(self, key_id: str, needed: Mapping[str, int]) -> None:
        said = ", ".join(f"{count} {name}" for name, count in sorted(needed.items()))
        super().__init__(f"the master key {key_id} still wraps {said}. Run `zhengtong keys rotate` to its end first.")


class SealedRows:
    """The sealed rows of the ledger."""

    name = "sealed rows"

    def count(self) -> Mapping[str, int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT key_id, count(*) FROM ledger_sealed WHERE erased_at IS NULL GROUP BY key_id")
            return Counter({str(key_id): int(count) for key_id, count in cursor.fetchall()})

    def wrap_anew(self, to: MasterKey, progress: Progress) -> Wrapped:
        whole = Wrapped()
        for rows in _batches(to.id):
            anew: list[tuple[object, ...]] = []
            for row in rows:
                try:
                    anew.append(_anew(row, to))
                except (sealing.Broken, keys.KeyUnreadable) as error:
                    whole.failed.append(f"case id {row[0]} seq {row[1]} {row[2]}: {error}")
            whole.done += _write(anew)
            progress(whole.done)
        return whole


def _batches(current: str) -> Iterator[list[tuple[Any, ...]]]:
    """Rows under other keys, in order of the primary key, each once."""
    place: tuple[Any, ...] = (-1, 0, "")
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT case_id, seq, field, key_id, wrapped, nonce, ciphertext, salt, digest FROM ledger_sealed "
                "WHERE (case_id, seq, field) > (%s, %s, %s) AND key_id <> %s AND erased_at IS NULL "
                "ORDER BY case_id, seq, field LIMIT %s",
                [*place, current, ROWS_AT_ONCE],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        yield rows
        place = rows[-1][:3]


def _anew(row: Sequence[object], to: MasterKey) -> tuple[object, ...]:
    case_id, seq, name, key_id, *parts = row
    wrapped, nonce, ciphertext, salt, digest = (_bytes(part) for part in parts)
    anew = sealing.wrap_anew(
        str(name), key_id=str(key_id), wrapped=wrapped, nonce=nonce, ciphertext=ciphertext, salt=salt, digest=digest,
        to=to,
    )  # fmt: skip
    return anew, to.id, case_id, seq, name, key_id, wrapped


def _write(anew: Sequence[tuple[object, ...]]) -> int:
    """Only rows that are still as they were read: one that was erased meanwhile stays erased."""
    done = 0
    with transaction() as pen:
        for values in anew:
            done += pen.run(
                "UPDATE ledger_sealed SET wrapped = %s, key_id = %s "
                "WHERE case_id = %s AND seq = %s AND field = %s AND key_id = %s AND wrapped = %s",
                values,
            )
    return done


def _bytes(value: object) -> bytes:
    assert isinstance(value, bytes | memoryview)
    return bytes(value)
