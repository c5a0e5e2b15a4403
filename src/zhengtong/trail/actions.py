"""Adding to the audit trail: one function. It joins the caller's transaction, so what happened and its entry stand or
fall together; call it first where you can, for it takes the lock that makes writers queue up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from zhengtong.trail import chain
from zhengtong.trail.labels import WHAT, Book, Outcome
from zhengtong.trail.models import Entry, Head


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who did something: the account, the person or subject behind it, its duty or post, and from where."""

    login: str
    person: str = ""
    duty: str = ""
    post: str = ""
    address: str = ""


def append(  # noqa: PLR0913 - the columns of one row, all named
    *,
    book: Book,
    at: datetime,
    who: Who,
    what: str,
    about: str = "",
    outcome: Outcome = Outcome.DONE,
    said: Mapping[str, object] | None = None,
) -> Entry:
    """One more entry at the end of a book."""
    assert what in WHAT, what
    with transaction.atomic():
        head = _take_head(book)
        entry = Entry(
            book=book, seq=head.seq, at=at, login=who.login[:60], person=who.person[:60], duty=who.duty,
            post=who.post[:60], address=who.address[:45], what=what, about=about.replace("\0", "")[:200],
            outcome=outcome, said=chain.write_said(said or {}), prev=bytes(head.hash),
        )  # fmt: skip
        entry.hash = chain.link_hash(entry)
        entry.save(force_insert=True)
        Head.objects.filter(book=book).update(hash=entry.hash)
    return entry


def _take_head(book: Book) -> Head:
    """The end of the book, one further on. The update comes first: it is what locks, on both databases."""
    if not Head.objects.filter(book=book).update(seq=F("seq") + 1):
        Head.objects.get_or_create(book=book, defaults={"hash": chain.GENESIS})
        Head.objects.filter(book=book).update(seq=F("seq") + 1)
    return Head.objects.get(book=book)


def append_unless_recent(  # noqa: PLR0913 - as above
    *, book: Book, at: datetime, who: Who, what: str, about: str, within: timedelta, outcome: Outcome = Outcome.DONE
) -> None:
    """As `append`, but a page reloaded within this time is one entry, not ten."""
    since = Entry.objects.filter(book=book, about=about[:200], login=who.login, what=what, at__gt=at - within)
    if not since.exists():
        append(book=book, at=at, who=who, what=what, about=about, outcome=outcome)
