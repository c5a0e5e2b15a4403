"""Is the audit trail as it was written? Order, links, hashes, where each book ends, and the triggers."""

from dataclasses import dataclass
from datetime import datetime

from zhengtong.trail import chain
from zhengtong.trail.labels import Book
from zhengtong.trail.models import Entry, Head
from zhengtong.trail.triggers import TRAIL, Guard, find_missing


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailFault:
    """One thing that is not as it was written; `where` names book and place, or the trigger."""

    code: str
    where: str

    def __str__(self) -> str:
        return f"{self.where}: {self.code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailReport:
    faults: tuple[TrailFault, ...]
    entries: int

    @property
    def is_whole(self) -> bool:
        return not self.faults


def verify_trail(guards: tuple[Guard, ...] = TRAIL) -> TrailReport:
    """Every book from its first entry to its last; of each book the first broken link is named."""
    faults = [TrailFault(code="trigger_missing", where=f"trigger {name}") for name in find_missing(guards)]
    entries = 0
    for book in Book:
        fault, length = _verify_book(book)
        entries += length
        faults.extend([fault] if fault else [])
    return TrailReport(faults=tuple(faults), entries=entries)


def _verify_book(book: Book) -> tuple[TrailFault | None, int]:
    prev, seq = chain.GENESIS, 0
    for entry in Entry.objects.filter(book=book).order_by("seq").iterator(chunk_size=2_000):
        seq += 1
        where = f"trail {book.value} {entry.seq}"
        if entry.seq != seq:
            return TrailFault(code="entry_missing", where=f"trail {book.value} {seq}"), seq
        if bytes(entry.prev) != prev:
            return TrailFault(code="link_broken", where=where), seq
        if chain.link_hash(entry) != bytes(entry.hash):
            return TrailFault(code="entry_changed", where=where), seq
        prev = bytes(entry.hash)
    head = Head.objects.filter(book=book).first()
    ends = (head.seq, bytes(head.hash)) if head else (0, chain.GENESIS)
    if ends != (seq, prev):
        return TrailFault(code="end_missing", where=f"trail {book.value} {seq + 1}"), seq
    return None, seq


def has_heads(signed: object) -> bool:
    """Whether the entries that a day's root names stand where they stood, with the hashes they had."""
    assert isinstance(signed, list | tuple)
    for book, seq, wanted in signed:
        entry = Entry.objects.filter(book=book, seq=seq).first()
        if entry is None or bytes(entry.hash).hex() != wanted:
            return False
    return True


def heads_at(until: datetime) -> tuple[tuple[str, int, str], ...]:
    """Book, place and hash of the last entry of each book before an instant: what the day's root takes along."""
    found = []
    for book in Book:
        last = Entry.objects.filter(book=book, at__lt=until).order_by("-seq").first()
        if last is not None:
            found.append((book.value, int(last.seq), bytes(last.hash).hex()))
    return tuple(found)
