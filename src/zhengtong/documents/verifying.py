"""Public verification (文书核验): what may be told to whoever holds a paper, from the ledger as it stands now.

Found by the token of the QR code, by number with the code printed beside it, or by the PDF itself. A number alone
tells nothing, so nobody can walk through the numbers.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from zhengtong.accounts import queries as accounts
from zhengtong.documents import matters, proofs, queries, rendering, signing
from zhengtong.documents.kinds import MOST_BYTES
from zhengtong.documents.rendering import Found, UnknownPaper
from zhengtong.kernel.events import DocumentIssued, ResultIssued
from zhengtong.kernel.states import fold
from zhengtong.law.procedure_files import words
from zhengtong.ledger import chain, history
from zhengtong.ledger.installed import installed
from zhengtong.ui.wording import in_english

__all__ = ["FileCheck", "UnknownPaper", "Verified", "by_file", "by_number", "by_token", "tidy_number"]
MOST_TYPED: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A paper as the public page shows it. `standing`: valid, retracted or struck; `head` is the end of the chain."""

    token: str
    number: str
    name: str
    is_result: bool
    organ: str
    item: str
    party_label: str
    party: str
    issued_at: datetime
    served_at: datetime | None
    manner: str
    standing: str
    valid_from: date | None
    valid_to: date | None
    is_expired: bool
    commitment: str
    head: str
    acts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """What an uploaded PDF turned out to be."""

    is_same: bool
    is_signed: bool
    is_whole: bool


def by_token(token: str, today: date) -> Verified:
    """
    Raises:
        UnknownPaper: we did not write this token.
    """
    place = proofs.place_of(token)
    if place is None:
        raise UnknownPaper
    return _verified(rendering.find_at(*place), today)


def by_number(number: str, code: str, today: date) -> Verified:
    """
    Raises:
        UnknownPaper: no such number, or not its code; nobody can tell which.
    """
    row = queries.find_paper_row(tidy_number(number)) if len(number) <= MOST_TYPED else None
    if row is None or not proofs.is_code(row.case_id, row.seq, code[:MOST_TYPED]):
        raise UnknownPaper
    return _verified(rendering.find_at(row.case_id, row.seq), today)


def by_file(pdf: bytes, today: date) -> tuple[Verified, FileCheck]:
    """
    Raises:
        UnknownPaper: neither our bytes nor a token of ours within.
    """
    if not pdf.startswith(b"%PDF-") or len(pdf) > MOST_BYTES:
        raise UnknownPaper
    kept = queries.find_drawing_by_digest(chain.hasher("sm3")(pdf).hex())
    place = (kept.case_id, kept.seq) if kept else proofs.place_of(signing.find_keyword(pdf))
    if place is None:
        raise UnknownPaper
    said = signing.check(pdf)
    checked = FileCheck(is_same=kept is not None, is_signed=said.signed, is_whole=said.whole)
    return _verified(rendering.find_at(*place), today), checked


def tidy_number(typed: str) -> str:
    """A number as people type it: brackets of any kind, spaces anywhere.

    >>> tidy_number(" 清卫受[2026] 12 号 "), tidy_number("清卫受（2026）12号")
    ('清卫受〔2026〕12号', '清卫受〔2026〕12号')
    """
    return "".join(typed.replace("\\0", "").split()).translate(str.maketrans("[]()（）［］【】", "〔〕" * 5))


def _verified(found: Found, today: date) -> Verified:
    event, body = found.event, found.event.body
    assert isinstance(body, DocumentIssued | ResultIssued)
    state = fold(found.history)
    bound = installed().bound_for(state)
    matter = rendering.gather(found, face=rendering.PUBLIC)
    label, party = matters.party_of(matter)
    served = state.documents.get(body.number)
    valid_to = body.valid_to if isinstance(body, ResultIssued) else None
    return Verified(
        token=proofs.token_of(found.case_id, event.seq),
        number=body.number,
        name=queries.shown_name(bound, body),
        is_result=isinstance(body, ResultIssued),
        organ=_organ(matter),
        item=_item(matter),
        party_label=_label(matter) or label,
        party=party,
        issued_at=event.at,
        served_at=served.served_at if served else None,
        manner=served.manner if served else "",
        standing=queries.standing_of(state, event),
        valid_from=body.valid_from if isinstance(body, ResultIssued) else None,
        valid_to=valid_to,
        is_expired=valid_to is not None and valid_to < today,
        commitment=body.commitment,
        head=history.load_case(found.case_id).ref.head_hash.hex(),
        acts=len(found.history),
    )


def _item(matter: matters.Matter) -> str:
    english = str(matter.content.get("name_en") or "") if in_english() else ""
    return english or matter.bound.item_name


def _label(matter: matters.Matter) -> str:
    """What the party is called, in the reader's language."""
    said = words(matter.bound.procedure, matter.bound.version, "en") if in_english() else {}
    role = next((code for code in matter.bound.roles if code in matter.state.parties), "")
    return said.get(f"roles.{role}.name", "")


def _organ(matter: matters.Matter) -> str:
    """In the reader's language where the organ has such a name."""
    body = matter.body
    code = body.seal if isinstance(body, DocumentIssued) else ""
    return accounts.unit_names([code]).get(code, "") if code else matter.organ
