"""Reading the audit trail: one book, newest first, a page at a time by key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from zhengtong.trail.labels import WHAT, Book, Outcome
from zhengtong.trail.models import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """How a page of the trail is narrowed; `who` is a login or a reference (`p-12`)."""

    who: str = ""
    what: str = ""
    outcome: str = ""
    about: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    seq: int
    at: datetime
    login: str
    person: str
    duty: str
    post: str
    address: str
    what: str
    code: str
    about: str
    outcome: str
    said: Mapping[str, Any] = field(default_factory=dict)


def entries(book: Book, narrowed: Narrowed, *, before: int | None = None, size: int) -> tuple[EntryLine, ...]:
    """At most `size` entries of a book, the newest first; those before a place, for the next page."""
    rows = Entry.objects.filter(book=book)
    if narrowed.who:
        rows = rows.filter(**{"person" if narrowed.who.startswith("p-") else "login": narrowed.who})
    exact = {name: getattr(narrowed, name) for name in ("what", "outcome", "about") if getattr(narrowed, name)}
    rows = rows.filter(**exact)
    if narrowed.since is not None:
        rows = rows.filter(at__gte=narrowed.since)
    if narrowed.until is not None:
        rows = rows.filter(at__lt=narrowed.until)
    if before is not None:
        rows = rows.filter(seq__lt=before)
    return tuple(_line(row) for row in rows.order_by("-seq")[:size])


def _line(row: Entry) -> EntryLine:
    return EntryLine(
        seq=row.seq, at=row.at, login=row.login, person=row.person, duty=row.duty, post=row.post, address=row.address,
        what=str(WHAT.get(row.what, row.what)), code=row.what, about=row.about,
        outcome=str(Outcome(row.outcome).label), said=json.loads(row.said),
    )  # fmt: skip


def kinds_in(book: Book) -> list[tuple[str, str]]:
    """The kinds of entries that stand in a book, as choices."""
    found = Entry.objects.filter(book=book).order_by("what").values_list("what", flat=True).distinct()
    return [(code, str(WHAT.get(code, code))) for code in found]
