"""Asking without sign-in (查进度): the masked page behind the receipt's QR, and number, password and certificate.

Whatever is wrong, the answer is the same, and after a few wrong tries an address has to wait.
"""

from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from zhengtong.accounts import clock, throttling
from zhengtong.accounts.actions import claim_case
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.requests import account_of
from zhengtong.portal.forms import QueryForm
from zhengtong.portal.frames import frame
from zhengtong.portal.queries import Sight, case_of_token, holder_of, read_by_number
from zhengtong.portal.story import follow
from zhengtong.portal.views.following import case_context
from zhengtong.ui.typed_text import clean_text
from zhengtong.ui.values import Link

SEEN: Final = "portal_seen"  # in the session: the case a walk-in has proved to be the own one


@never_cache
@require_safe
def token(request: HttpRequest, token: str) -> HttpResponse:
    """State, clock and number of materials; no names, no words, no papers."""
    read = case_of_token(token, clock.now())
    if read is None:
        raise Http404
    received = sum(1 for known in read.state.materials.values() if known.received_at is not None)
    context = {
        **frame(request, here="query"), "follow": follow(read, None, masked=True), "received": received,
        "case_url": reverse("portal:case", args=[read.state.number]),
        "crumbs": [Link(_("办事"), reverse("portal:home")), Link(_("扫码看进度"))],
    }  # fmt: skip
    return render(request, "portal/token.html", context)


@never_cache
@sensitive_post_parameters("password", "certificate")
@require_http_methods(["GET", "HEAD", "POST"])
def query(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    if request.method != "POST":
        return _page(request, QueryForm(initial={"number": request.GET.get("number", "")[:60]}))
    form = QueryForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    data = {name: "".join(clean_text(str(value)).split()) for name, value in form.cleaned_data.items()}
    address = str(request.META.get("REMOTE_ADDR", ""))
    limits = ((throttling.QUERY, address), (throttling.QUERY_CASE, data["number"]))
    if any(throttling.spent(limit, who, at) for limit, who in limits):
        form.add_error(None, _("试错的次数太多了，请过 10 分钟再试。忘了密码的，带身份证件到窗口查询。"))
        return _page(request, form, status=429)
    found = holder_of(data["number"], data["password"], data["certificate"], at)
    if found is None:
        for limit, who in limits:
            throttling.count(limit, who, at)
        form.add_error(None, _("编号、密码和证件号码对不上。请对照收件凭证再核对一遍，三样都要和申请时的一样。"))
        return _page(request, form, status=400)
    case, holder = found
    request.session[SEEN] = {"number": case.state.number, "subject": holder}
    return _attach_or_show(request, case.state.number, holder, data["certificate"], at)


def _attach_or_show(request: HttpRequest, number: str, holder: str, certificate: str, at: datetime) -> HttpResponse:
    """Who is signed in takes the case along at once; anybody else sees it in this session."""
    account = account_of(request)
    if account is None or account.subject is None:
        return redirect("portal:seen")
    try:
        claim_case(account=account, subject_ref=holder, case=number, number=certificate, at=at)
    except NotPossible:
        return redirect("portal:seen")
    messages.success(request, _("这件已经加到“我的办件”里。"))
    return redirect("portal:case", number=number)


def _page(request: HttpRequest, form: Any, *, status: int = 200) -> HttpResponse:
    context = {
        **frame(request, here="query"), "form": form,
        "crumbs": [Link(_("办事"), reverse("portal:home")), Link(_("查进度"))],
    }  # fmt: skip
    return render(request, "portal/query.html", context, status=status)


@never_cache
@require_safe
def seen(request: HttpRequest) -> HttpResponse:
    """The case a walk-in has proved to be the own one, to look at; acting needs a sign-in."""
    said: dict[str, str] = request.session.get(SEEN) or {}
    read = read_by_number(said["number"], clock.now()) if said else None
    if read is None or said["subject"] not in read.state.parties.values():
        return redirect("portal:query")
    context = case_context(request, Sight(case=read, actor=None, proved=said["subject"]))
    context |= {
        "is_walk_in": True,
        "crumbs": [Link(_("查进度"), reverse("portal:query")), Link(_("进度"))],
    }  # fmt: skip
    return render(request, "portal/case.html", context)
