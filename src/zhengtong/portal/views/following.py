"""Following (跟办): own cases and drafts, one case, its receipt, and what the party may do about it now."""

from datetime import datetime
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from zhengtong.accounts import clock
from zhengtong.accounts.requests import citizen_required, required_account, required_actor
from zhengtong.catalogue import queries as catalogue
from zhengtong.documents.queries import UnknownUpload, file_of_case, may_have_file
from zhengtong.portal.case_lists import case_lines
from zhengtong.portal.frames import frame
from zhengtong.portal.queries import Sight, cases_of, open_drafts, party_names, see_case
from zhengtong.portal.receipts import read_receipt
from zhengtong.portal.story import asked_for, follow, material_names
from zhengtong.portal.views.applying import file_answer
from zhengtong.ui.values import EmptyView, Link

SAFE: Final = ("GET", "HEAD", "POST")
PAGE: Final = 20


@never_cache
@require_safe
@citizen_required
def mine(request: HttpRequest) -> HttpResponse:
    """Own cases and drafts; filters: all, open, waiting for me, done."""
    at, account = clock.now(), required_account(request)
    actor = required_actor(request, at)
    cases = case_lines(cases_of(account, actor, at), actor, at)
    show = request.GET.get("show", "")
    groups = {
        "": list(cases),
        "yours": [line for line in cases if line.is_yours],
        "open": [line for line in cases if not line.is_closed],
        "closed": [line for line in cases if line.is_closed],
    }
    show = show if show in groups else ""
    names = {"": _("全部"), "yours": _("等我办"), "open": _("在办"), "closed": _("已办结")}
    drafts = open_drafts(account.pk)
    titles = catalogue.item_names([draft.item for draft in drafts])
    context = {
        **frame(request, here="mine"), "cases": groups[show],
        "tabs": [(code, names[code], len(rows), code == show) for code, rows in groups.items()],
        "crumbs": [Link(_("办事"), reverse("portal:home")), Link(_("我的办件"))],
        "drafts": [(titles[row.item], row, reverse("portal:apply", args=[row.item])) for row in drafts], "now": at,
        "empty": _no_cases(show),
    }  # fmt: skip
    return render(request, "portal/mine.html", context)


def _no_cases(show: str) -> EmptyView:
    if show:
        acts = [Link(_("看全部"), reverse("portal:mine"))]
        return EmptyView(title=_("这一类里没有办件"), acts=acts)
    acts = [Link(_("去找要办的事"), reverse("portal:home")), Link(_("凭收件凭证查进度"), reverse("portal:query"))]
    say = _("在网上提交的申请会列在这里；在窗口办的，凭收件凭证上的编号和查询密码可以加进来。")
    return EmptyView(title=_("您还没有办件"), say=say, acts=acts)


# ---- one case ---------------------------------------------------------------------------------------


@never_cache
@require_safe
@citizen_required
def case(request: HttpRequest, number: str) -> HttpResponse:
    sight = sight_of(request, number, clock.now())
    return render(request, "portal/case.html", case_context(request, sight))


def sight_of(request: HttpRequest, number: str, at: datetime) -> Sight:
    """Raises Http404 for absent and not-yours alike."""
    return see_case(required_account(request), required_actor(request, at, case=number[:80]), number[:80], at)


def _whole(sight: Sight) -> Sight:
    """The receipt is for whose case it is. Raises Http404 for a third party."""
    if not sight.is_whole:
        raise Http404
    return sight


def case_context(request: HttpRequest, sight: Sight) -> dict[str, Any]:
    read, party = sight.case, sight.subject
    followed = follow(read, sight.actor, reader=sight.reader)
    main = next((choice for choice in followed.choices if choice.first), None)
    return {
        **frame(request, here="mine" if sight.actor else "query"), "follow": followed, "case": read, "main": main,
        "party": party_names([party]).get(party, ""), "receipt": read_receipt(read),
        "asked": asked_for(read) if followed.is_yours else None,
        "asked_names": material_names(read, followed.guide),
        "is_whole": sight.is_whole,
        "crumbs": [Link(_("我的办件"), reverse("portal:mine")), Link(_("进度"))],
    }  # fmt: skip


@never_cache
@require_safe
@citizen_required
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The one receipt: number, query password, digest, QR, what was received and when."""
    sight = _whole(sight_of(request, number, clock.now()))
    context = {
        **frame(request, here="mine"), "receipt": read_receipt(sight.case),
        "party": party_names([sight.subject]).get(sight.subject, ""),
        "crumbs": [Link(_("我的办件"), reverse("portal:mine")), Link(_("收件凭证"))],
    }  # fmt: skip
    return render(request, "portal/receipt.html", context)


@never_cache
@require_safe
@citizen_required
def receipt_print(request: HttpRequest, number: str) -> HttpResponse:
    at = clock.now()
    sight = _whole(sight_of(request, number, at))
    context = {
        "receipt": read_receipt(sight.case), "party": party_names([sight.subject]).get(sight.subject, ""), "now": at,
        "back_url": reverse("portal:receipt", args=[number]),
    }  # fmt: skip
    return render(request, "portal/receipt_print.html", context)


@never_cache
@require_safe
@citizen_required
def case_file(request: HttpRequest, number: str, digest: str) -> HttpResponse:
    """A file of the own case, shown in the browser where it can be."""
    sight = sight_of(request, number, clock.now())
    try:
        line = file_of_case(sight.case.state, digest)
    except UnknownUpload as unknown:
        raise Http404 from unknown
    if not may_have_file(sight.case.bound, sight.case.state, digest, sight.reader):
        raise Http404
    return file_answer(line)
