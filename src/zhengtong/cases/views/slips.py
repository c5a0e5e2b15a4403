"""What a window prints: the receipt a walk-in takes home, and the slip a fee is paid with."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from zhengtong.accounts import queries as people
from zhengtong.accounts.requests import staff_required
from zhengtong.accounts.traces import note_reading, printed_by
from zhengtong.cases.access import password_of, token_of
from zhengtong.cases.case_page import address_of, plain_words
from zhengtong.cases.case_view import CaseRead, fee_names, material_names
from zhengtong.cases.sealed_words import last_of, may_read_words, open_words
from zhengtong.cases.views.case import Sitting, sit
from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.fees import find_fees_due


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptView:
    """The receipt: enough to follow the case without an account, and to prove what was handed in."""

    number: str
    title: str
    who: str
    organ: str
    at: datetime
    password: str
    head: str
    link: str
    materials: tuple[str, ...]
    public: str
    papers: tuple[str, ...]


@never_cache
@require_safe
@staff_required
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    sitting = sit(request, number)
    if not may_read_words(sitting.actor, sitting.case.bound, sitting.case.state):
        raise Http404
    note_reading(request, what="receipt", number=number, at=sitting.at)
    mark = printed_by(request, sitting.at)
    context = {"slip": read_receipt(sitting.case), "printed": mark, "back_url": reverse("cases:case", args=[number])}
    return render(request, "cases/receipt.html", context)


def read_receipt(case: CaseRead) -> ReceiptView:
    """The receipt of a case. Its address and password are derived, so it can be printed again."""
    state, names = case.state, material_names(case)
    words = open_words(case.ref.id, case.history)
    token = token_of(state.number)
    path = address_of("portal:token", token) or f"/t/{token}"
    dept = next(iter(case.bound.posts.values())).dept
    return ReceiptView(
        number=state.number, title=catalogue.item_names([state.item])[state.item], who=_who(case, words),
        organ=people.unit_names([dept])[dept], at=state.opened_at, password=password_of(state.number),
        head=case.ref.head_hash.hex(), link=f"{settings.ZHENGTONG_BASE_URL}{path}",
        materials=tuple(names[code] for code, known in state.materials.items() if known.received_at and code in names),
        public=case.public_words,
        papers=tuple(f"{case.word(f'documents.{one.document}.name')} {one.number}" for one in state.documents.values()),
    )  # fmt: skip


def _who(case: CaseRead, words: object) -> str:
    for role in case.state.parties:
        said = last_of(words, role)  # type: ignore[arg-type]  # as open_words gives it
        if isinstance(said, dict):
            return plain_words(said.get("name") or "")
    return ""


@never_cache
@require_safe
@staff_required
def fees(request: HttpRequest, number: str) -> HttpResponse:
    """What is to be paid, with the number it is paid under."""
    sitting: Sitting = sit(request, number)
    case = sitting.case
    due = find_fees_due(case.state)
    if not due or not may_read_words(sitting.actor, case.bound, case.state):
        raise Http404
    note_reading(request, what="receipt", number=number, at=sitting.at)
    lines = {line.code: line for line in case.bound.fees}
    names = fee_names(case)
    rows = tuple((names[fee.fee], lines[fee.fee].basis, fee.amount) for fee in due if fee.fee in lines)
    dept = next(iter(case.bound.posts.values())).dept
    context = {
        "number": number, "title": catalogue.item_names([case.state.item])[case.state.item], "rows": rows,
        "total": sum(fee.amount for fee in due), "who": _who(case, open_words(case.ref.id, case.history)),
        "organ": people.unit_names([dept])[dept], "at": sitting.at, "back_url": reverse("cases:case", args=[number]),
        "heading": _("缴费通知单"), "printed": printed_by(request, sitting.at),
    }  # fmt: skip
    return render(request, "cases/fee_slip.html", context)
