"""监察总览: what stands now, in figures that lead to the cases behind them. Live parts are asked for again by htmx."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from zhengtong.accounts import clock
from zhengtong.supervision.figures import Eye, live, overview
from zhengtong.supervision.frame import context, supervisor_required, watcher_of


@never_cache
@require_safe
@supervisor_required
def overview_page(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    eye = Eye(regions=watcher_of(request, at).regions, at=at)
    if getattr(request, "htmx", False):
        return render(request, "supervision/watch/overview.html#live", {"page": live(eye), "at": at, "is_poll": True})
    return render(request, "supervision/watch/overview.html", context(request, at, page=overview(eye)))
