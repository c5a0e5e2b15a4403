"""The work lists, their export, the search, and doing one act on several cases."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from zhengtong.accounts import clock
from zhengtong.accounts.requests import required_account, required_actor, staff_required
from zhengtong.accounts.traces import file_of
from zhengtong.cases.bulk import draw_bulk, perform_bulk
from zhengtong.cases.exporting import table_of
from zhengtong.cases.frame import desk_context, key_in
from zhengtong.cases.queries import LISTS, Filters, WorkPage, search_cases, worklist
from zhengtong.kernel.authority import Actor
from zhengtong.ledger.record import new_key
from zhengtong.trail.exporting import FORMS


@never_cache
@require_safe
@staff_required
def home(request: HttpRequest) -> HttpResponse:
    """Administrators have no cases: their desk is what waits for their decision."""
    if required_account(request).duty:
        return redirect("administration:proposals")
    return _list(request, "mine")


@never_cache
@require_safe
@staff_required
def work(request: HttpRequest, code: str) -> HttpResponse:
    if code not in LISTS:
        raise Http404
    return _list(request, code)


def _list(request: HttpRequest, code: str) -> HttpResponse:
    at = clock.now()
    actor = required_actor(request, at)
    page = _page(request, code, actor, at)
    form = request.GET.get("as", "")
    if form in FORMS:
        return file_of(
            request, table_of(page), form=form, what="worklist", about=code, filters=page.filters.query, at=at,
            reason=request.GET.get("reason", "").replace("\0", "").strip()[:120],
        )  # fmt: skip
    context = {**desk_context(request, actor, at), "page": page, "query": page.filters.query, "find_query": ""}
    return render(request, "cases/list.html", context)


def _page(request: HttpRequest, code: str, actor: Actor, at: Any) -> WorkPage:
    typed = request.GET.get("page", "1")
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else 1
    return worklist(code, actor, at, filters=Filters.of(request.GET.dict()), page=number)


@never_cache
@require_safe
@staff_required
def search(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    actor = required_actor(request, at)
    found = search_cases(actor, request.GET.get("q", ""), at)
    context = {**desk_context(request, actor, at), "found": found, "find_query": found.text}
    return render(request, "cases/search.html", context)


@never_cache
@require_POST
@staff_required
def bulk(request: HttpRequest) -> HttpResponse:
    """Selected cases: first what would follow, then, pressed again, what came of each."""
    at = clock.now()
    actor = required_actor(request, at)
    numbers = list(dict.fromkeys(request.POST.getlist("number")))[:50]
    back = request.POST.get("list", "")[:400]
    frame = desk_context(request, actor, at)
    act = request.POST.get("act", "")[:80]
    if request.POST.get("sure") and act:
        results = perform_bulk(actor, at, numbers=numbers, act=act, key=key_in(request, at))
        return render(request, "cases/bulk_done.html", {**frame, "results": results, "back": back})
    choice = draw_bulk(actor, at, numbers=numbers)
    return render(request, "cases/bulk.html", {**frame, "bulk": choice, "key": new_key(at), "back": back})
