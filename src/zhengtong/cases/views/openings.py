"""Opening a case that no applicant opens: tasks, cards, calls taken down. The form comes from the opening act."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from zhengtong.accounts import clock
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.requests import required_actor, staff_required
from zhengtong.cases.act_forms import form_class, read_filled
from zhengtong.cases.actions import open_case, wish_for
from zhengtong.cases.articles import article_words
from zhengtong.cases.frame import desk_context, key_in, see_other
from zhengtong.cases.opening import find_openings, read_opening
from zhengtong.cases.refusals import refusal_view, tell_late
from zhengtong.documents.actions import UploadRefused, upload_words
from zhengtong.kernel.refusals import Refusal


@never_cache
@require_safe
@staff_required
def openings(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    actor = required_actor(request, at)
    context = {**desk_context(request, actor, at), "lines": find_openings(actor, at)}
    return render(request, "cases/openings.html", context)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def open_item(request: HttpRequest, item: str) -> HttpResponse:
    at = clock.now()
    actor = required_actor(request, at)
    opening = read_opening(item, actor, at, act=request.POST.get("act") or request.GET.get("act") or "")
    if opening is None:
        raise Http404
    if not opening.is_mine:
        raise PermissionDenied
    posted = request.method == "POST"
    form = form_class(opening.asked)(request.POST, request.FILES) if posted else form_class(opening.asked)()
    refusal = None
    if posted and form.is_valid():
        filled = read_filled(form, opening.asked)
        try:
            if filled is not None:
                wish = wish_for(actor=actor, at=at, act=opening.act, filled=filled)
                done = open_case(
                    actor=actor, at=at, item=item, answers={}, wish=wish, channel="window", key=key_in(request, at)
                )
                messages.success(request, _("已登记，编号 %(number)s") % {"number": done.number})
                return see_other(reverse("cases:case", args=[done.number]))
        except Refusal as refused:
            if not tell_late(form, refused):
                refusal = refusal_view(refused, opening.asked.words, opening.asked.materials)
        except UploadRefused as refused_file:
            form.add_error(None, upload_words(refused_file).wrong)
        except NotPossible as fault:
            form.add_error(None, fault.words)
    context = {
        **desk_context(request, actor, at), "opening": opening, "form": form, "refusal": refusal,
        "key": key_in(request, at), "article": article_words(opening.asked.rule.source, opening.asked.words),
    }  # fmt: skip
    status = 200 if not posted or form.is_adding else 409 if refusal else 400
    return render(request, "cases/open.html", context, status=status)
