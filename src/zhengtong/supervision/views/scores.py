"""监察得分: what a month's hundred points of a department are made of, line by line, with what was not reckoned."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from zhengtong.accounts import clock
from zhengtong.supervision.frame import context, supervisor_required


@never_cache
@require_safe
@supervisor_required
def score_list(request: HttpRequest) -> HttpResponse:
    return render(request, "supervision/watch/scores.html", context(request, clock.now()))


@never_cache
@require_safe
@supervisor_required
def score(request: HttpRequest, dept: str, month: str) -> HttpResponse:
    return render(request, "supervision/watch/scores.html", context(request, clock.now(), dept=dept, month=month))
