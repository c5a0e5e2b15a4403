"""When the law says no and no form could carry it: the refusal page (409); the conflict page when somebody was first;
and when nothing can be written, a sentence (503).

Views that have a form show a refusal beside it; this catches what is left, so that no refusal is ever a 500.
"""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from zhengtong.accounts import clock
from zhengtong.accounts.requests import actor_of
from zhengtong.cases.frame import desk_context
from zhengtong.documents.labels import SCAN_WORDS
from zhengtong.documents.refusing import UploadHeld
from zhengtong.kernel.refusals import Refusal
from zhengtong.law.calendar_files import CalendarFileFault
from zhengtong.law.reading import LawFileError
from zhengtong.law.refusal_words import say
from zhengtong.ledger.record import StaleHistory
from zhengtong.site import errors
from zhengtong.site.outages import find_outage
from zhengtong.ui.values import Link, RefusalView

log = logging.getLogger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]
DESK_PATHS = ("/desk/", "/catalogue/", "/staff/")


class RefusalPages:
    """Middleware: a Refusal or a StaleHistory that no view answered becomes a page, never an error."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refusal):
            said = say(exception)
            view = RefusalView(
                title=_("这一步现在不能办"), what=said.what, why=said.why, article=said.article,
                ways=(Link(said.how), Link(_("返回刚才的页面"), request.path)),
            )  # fmt: skip
            return render(request, "ui/refusal.html", {**_frame(request), "refusal": view}, status=409)
        if isinstance(exception, StaleHistory):
            return render(request, "ui/conflict.html", {**_frame(request), "again_url": request.path}, status=409)
        if isinstance(exception, LawFileError | CalendarFileFault):
            log.error("a law file cannot be taken:\n%s", exception)
            return errors.unlawful(request)
        if isinstance(exception, UploadHeld):
            return errors.held(request, SCAN_WORDS[exception.scan])
        outage = find_outage(exception)
        return errors.out_of_order(outage, exception) if outage is not None else None


def _frame(request: HttpRequest) -> dict[str, object]:
    """The desk around whoever works at it, with its lists; around anybody else the portal (site.words.public_frame)."""
    at = clock.now()
    actor = actor_of(request, at) if request.path.startswith(DESK_PATHS) else None
    if actor is None or not actor.seats:
        return {"frame": "ui/portal.html"}
    return desk_context(request, actor, at)
