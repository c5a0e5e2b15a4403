"""监察得分: what a month's hundred points of a department are made of, line by line, with what was not reckoned."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from zhengtong.accounts import clock
from zhengtong.kernel.terms import law_day
from zhengtong.supervision.frame import context, supervisor_required, watcher_of
from zhengtong.supervision.names import names_of
from zhengtong.supervision.narrowing import days_before, month_of
from zhengtong.supervision.scores import FEW, departments_of, view_of


@never_cache
@require_safe
@supervisor_required
def score_list(request: HttpRequest) -> HttpResponse:
    """Every department by its name: scores of departments of unlike size are not put in an order."""
    at = clock.now()
    regions = watcher_of(request, at).regions
    month = _month(request.GET.get("month", "") or f"{law_day(at):%Y-%m}")
    depts = departments_of(month, regions)
    names = names_of(units=depts)
    rows = [(names.unit(dept), _url(dept, month), view_of(dept, month, regions)) for dept in depts]
    rows.sort(key=lambda row: row[0])
    before = days_before(month, 1).replace(day=1)
    shown = context(request, at, rows=rows, month=month, before=f"{before:%Y-%m}", few=FEW)
    return render(request, "supervision/watch/scores.html", shown)


def _url(dept: str, month: date) -> str:
    return reverse("supervision:score", args=[dept, f"{month:%Y-%m}"])


def _month(text: str) -> date:
    found = month_of(text)
    if found is None or found[0].year < 2000:
        raise Http404
    return found[0]


@never_cache
@require_safe
@supervisor_required
def score(request: HttpRequest, dept: str, month: str) -> HttpResponse:
    at = clock.now()
    regions, first = watcher_of(request, at).regions, _month(month)
    if dept not in departments_of(first, regions):
        raise Http404
    shown = context(
        request, at, score=view_of(dept, first, regions), unit=names_of(units=[dept]).unit(dept), month=first, few=FEW
    )
    return render(request, "supervision/watch/score.html", shown)
