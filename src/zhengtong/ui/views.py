"""The style page for developers: every component with long names, empty lists and a thousand rows. DEBUG only."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from zhengtong.ui import gallery as samples
from zhengtong.ui.forms import build_form

PER_PAGE = 50


def gallery(request: HttpRequest) -> HttpResponse:
    """Draw every component from made-up values."""
    if not settings.DEBUG:
        raise Http404
    form_class = build_form(samples.FIELDS)
    form = form_class(request.POST, request.FILES) if request.method == "POST" else form_class()
    page = Paginator(samples.rows(1000), PER_PAGE).get_page(request.GET.get("page"))
    frame = "desk" if request.GET.get("frame") == "desk" else "portal"
    return render(
        request,
        "ui/gallery.html",
        {
            **samples.VALUES,
            "frame": f"ui/{frame}.html",
            "desk": frame == "desk",
            "form": form,
            "page": page,
            "panel": samples.decide_panel(),
        },
    )
