"""From a number to the signed PDF: gather what is known, compose, typeset, sign, keep. What was kept is given again.

Rendered after the commit (an outbox handler) or at the first request; the ledger holds the commitment to the data,
this room the digest of the PDF.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from zhengtong.accounts import queries as accounts
from zhengtong.catalogue import queries as catalogue
from zhengtong.documents import composing, matters, outside, proofs, queries, vault
from zhengtong.documents.matters import Matter, Names
from zhengtong.documents.models import Drawing
from zhengtong.kernel.binding import canonical
from zhengtong.kernel.events import DocumentIssued, Event, History, MaterialReceived, ResultIssued
from zhengtong.kernel.papers import find_first, find_paper, find_shown
from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger import chain, history, sealing
from zhengtong.ledger.installed import installed
from zhengtong.ui import drawing
from zhengtong.ui.typesetting import compile_pdf

TEMPLATES: Final = Path(__file__).parent / "typst"
FULL: Final = "full"
PUBLIC: Final = "public"
CHINESE: Final = "zh-hans"


class UnknownPaper(LookupError):
    """No document and no result of this case bears this number."""


class PaperBroken(Exception):
    """The data found again are not what the event committed to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One paper in its case."""

    case_id: int
    history: History
    event: Event

    @property
    def number(self) -> str:
        return str(getattr(self.event.body, "number", ""))


def find(case_id: int, number: str) -> Found:
    """
    Raises:
        UnknownPaper
    """
    events = history.load(case_id)
    for event in events:
        if isinstance(event.body, DocumentIssued | ResultIssued) and event.body.number == number:
            return Found(case_id=case_id, history=events, event=event)
    raise UnknownPaper(number)


def find_at(case_id: int, seq: int) -> Found:
    """
    Raises:
        UnknownPaper
    """
    try:
        events = history.load(case_id)
    except history.NoHistory as error:
        raise UnknownPaper(f"{case_id}.{seq}") from error
    for event in events:
        if event.seq == seq and isinstance(event.body, DocumentIssued | ResultIssued):
            return Found(case_id=case_id, history=events, event=event)
    raise UnknownPaper(f"{case_id}.{seq}")


def find_by_token(token: str) -> Found:
    """
    Raises:
        UnknownPaper: we did not write this token.
    """
    place = proofs.place_of(token)
    if place is None:
        raise UnknownPaper(token)
    return find_at(*place)


def render(found: Found, *, at: datetime, face: str = FULL) -> bytes:
    """The signed PDF of a paper, the same bytes each time. Who may have it is for the caller to ask first.

    Raises:
        PaperBroken, FontsMissing
    """
    kept = queries.find_drawing(found.case_id, found.event.seq, face)
    if kept is not None:
        return vault.read(kept.digest)
    from zhengtong.documents import signing  # pyhanko is large: read when something is first signed

    pdf = signing.sign(typeset(gather(found, face=face), found), reason=f"{found.number} 示例签章", at=at)
    return _keep(found, face, pdf, at)


def _keep(found: Found, face: str, pdf: bytes, at: datetime) -> bytes:
    """Keep a signed PDF; if another process was first, its PDF is the one that counts."""
    digest, seq = vault.keep(pdf), found.event.seq
    values = {"number": found.number, "digest": digest, "size": len(pdf), "drawn_at": at}
    kept, _is_first = Drawing.objects.get_or_create(case_id=found.case_id, seq=seq, face=face, defaults=values)
    if kept.digest == digest:
        return pdf
    vault.erase(digest)
    return vault.read(kept.digest)


def typeset(matter: Matter, found: Found) -> bytes:
    """The unsigned PDF."""
    token = proofs.token_of(found.case_id, found.event.seq)
    address = f"{settings.ZHENGTONG_BASE_URL}/documents/v/{token}"
    verify = {
        "token": token,
        "url": address,
        "svg": qr_svg(address),
        "code": proofs.code_of(found.case_id, found.event.seq),
    }
    template, data = composing.compose(matter, verify=verify)
    return compile_pdf(TEMPLATES / f"{template}.typ", data, at=matter.event.at)


def qr_svg(address: str) -> str:
    path, width = drawing.qr_path(address)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {width}"><path d="{path}" fill="#000"/></svg>'


def gather(found: Found, *, face: str = FULL) -> Matter:
    """Everything a template may print, with sealed values opened for the full face.

    Raises:
        PaperBroken: the data are not what the event committed to.
    """
    first = find_first(found.history, found.event.seq)  # one issued again says what the first said, as corrected
    before, state = matters.states_around(found.history, first)
    _before, batch = matters.batch_of(found.history, first)
    bound = installed().bound_for(state)
    paper = find_paper(bound, found.history, found.event.seq)
    body = found.event.body
    assert isinstance(body, DocumentIssued | ResultIssued)
    if chain.hex_digest(canonical(paper)) != body.commitment:
        raise PaperBroken(found.number)
    content = catalogue.content(state.item, state.item_version)
    private = _open(found.case_id, found.history, found.event.seq)
    codes = frozenset(_words_in(paper)) | frozenset(_words_in([_plain(event) for event in batch]))
    is_full = face == FULL
    # Where nothing of a procedure is ever published, as with complaints, not even a masked name is.
    is_named = any(kind.published for kind in bound.result_kinds.values())
    shown = private if is_full else _masked(private) if is_named else _unnamed(state.parties)
    names = _names(codes, bound.region, shown, state.parties, staff=is_full)
    files = queries.material_files(each.body.commitment for each in batch if isinstance(each.body, MaterialReceived))
    dept = body.seal if isinstance(body, DocumentIssued) else _dept(found.event, bound.posts)
    return Matter(
        bound=bound, before=before, state=state, event=found.event, batch=batch, paper=paper,
        organ=accounts.unit_names([dept], CHINESE).get(dept, dept), calendar=load_calendar(), names=names,
        content=content, private=private if is_full else None,
        files={commitment: len(lines) for commitment, lines in files.items()},
        query_code=outside.query_code(state.number), base_url=settings.ZHENGTONG_BASE_URL,
    )  # fmt: skip


def _dept(event: Event, posts: Mapping[str, Any]) -> str:
    if event.unit:
        return accounts.dept_of(event.unit)
    return next((post.dept for post in posts.values()), "")


def _plain(event: Event) -> dict[str, Any]:
    fields = ("to", "person", "post")
    found = {name: getattr(event.body, name) for name in fields if hasattr(event.body, name)}
    return {"person": event.person, "post": event.post, **found}


def _open(case_id: int, events: History, seq: int) -> dict[str, Any]:
    """The sealed values a paper may print: those of its batch, and who the parties are, as corrected up to then."""
    opened = {field: _value(case_id, at, field) for field, (at, _) in find_shown(events, seq).items()}
    return {field: value for field, value in opened.items() if value is not None}


def _value(case_id: int, seq: int, field: str) -> object:
    try:
        return sealing.open_sealed(case_id, seq, field)
    except (sealing.NotThere, sealing.WasErased):
        return None


def _masked(private: Mapping[str, Any]) -> dict[str, Any]:
    return {field: {"name": matters.public_name(value)} for field, value in private.items()}


def _unnamed(parties: Mapping[str, str]) -> dict[str, Any]:
    return {role: {"name": "（不公开）"} for role in parties}


def _names(
    codes: frozenset[str], region: str, private: Mapping[str, Any], parties: Mapping[str, str], *, staff: bool
) -> Names:
    """Names in Chinese, the language of official documents. Staff are named on the full face only."""
    people = accounts.person_names(codes, CHINESE) if staff else {}
    people |= {ref: view.name for ref, view in accounts.masked_subjects(parties.values()).items()}
    for role, ref in parties.items():
        if isinstance(value := private.get(role), dict) and value.get("name"):
            people[ref] = str(value["name"])
    return Names(
        units=_known(accounts.unit_names(codes, CHINESE)), posts=_known(accounts.post_names(codes, CHINESE)),
        people=people, regions=_known(accounts.region_names([region], CHINESE)),
    )  # fmt: skip


def _known(names: Mapping[str, str]) -> dict[str, str]:
    """Without the codes that stand for themselves."""
    return {code: name for code, name in names.items() if name != code}


def _words_in(value: object) -> list[str]:
    """Every short word in plain data: what may be the code of a unit, a post or a person."""
    if isinstance(value, str):
        return [value] if len(value) <= 60 else []
    if isinstance(value, Mapping):
        return [word for each in value.values() for word in _words_in(each)]
    return [word for each in value for word in _words_in(each)] if isinstance(value, list | tuple) else []
