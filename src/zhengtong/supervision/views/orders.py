"""催办与督办, 异议待复核: orders with the late ones first, appeals that wait for a reviewer."""

from dataclasses import replace
from typing import Final

from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from zhengtong.accounts import clock
from zhengtong.cases.queries import WorkLine, lines_for
from zhengtong.supervision.figures import Eye, card_lines
from zhengtong.supervision.frame import context, supervisor_required, watcher_of
from zhengtong.supervision.narrowing import CardFilters, cards, orders
from zhengtong.supervision.ordering import about_words

PAGE: Final = 50
URGENT: Final = ("red", "yellow", "prompt")


def _urgency(line: WorkLine) -> int:
    kind = line.signal[0] if line.signal else ""
    return URGENT.index(kind) if kind in URGENT else len(URGENT)


@never_cache
@require_safe
@supervisor_required
def order_list(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    watcher = watcher_of(request, at)
    is_all = request.GET.get("state") == "all"
    found = orders(watcher.regions)
    found = found.order_by("-id") if is_all else found.open().order_by(F("due_at").asc(nulls_last=True), "id")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    about = about_words(rows)
    told = (replace(line, who=about.get(line.id, line.who)) for line in lines_for(rows, at))
    lines = sorted(told, key=_urgency)  # a step may be late before the whole is
    late = sum(_urgency(line) == 0 for line in lines)
    shown = context(
        request, at, page=page, lines=lines, is_all=is_all, late=late,
        open_count=orders(watcher.regions).open().count(), all_count=orders(watcher.regions).count(),
    )  # fmt: skip
    return render(request, "supervision/watch/orders.html", shown)


@never_cache
@require_safe
@supervisor_required
def appeals(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    eye = Eye(regions=watcher_of(request, at).regions, at=at)
    found = cards(CardFilters(state="appealed"), eye.regions, at).order_by("appealed_at", "case_id")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    lines = list(zip(rows, card_lines(rows, eye), strict=True))
    return render(request, "supervision/watch/appeals.html", context(request, at, page=page, lines=lines))
