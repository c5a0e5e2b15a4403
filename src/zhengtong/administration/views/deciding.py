"""What waits for a second pair of eyes, and the three duties themselves."""

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhengtong.accounts import clock
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import Duty
from zhengtong.accounts.queries import Account, account_of_person, person_by_ref
from zhengtong.accounts.requests import required_account, visit_of
from zhengtong.accounts.traces import duty_required
from zhengtong.administration import actions, queries
from zhengtong.administration.forms import DutyForm, TakeForm
from zhengtong.administration.frame import context
from zhengtong.administration.labels import ProposalKind
from zhengtong.administration.views.people import page_number

ALL = tuple(Duty)


@never_cache
@require_safe
@duty_required(*ALL)
def proposals(request: HttpRequest) -> HttpResponse:
    at, by = clock.now(), required_account(request)
    shown = context(request, at, waiting=queries.waiting(by, at), page=queries.decided(by, page_number(request)))
    return render(request, "administration/proposals.html", shown)


@require_POST
@duty_required(*ALL)
def decide(request: HttpRequest, row: int) -> HttpResponse:
    """Confirm, decline or withdraw. A temporary password is shown on this one answer and never again."""
    at, by = clock.now(), required_account(request)
    if queries.proposal_line(row, by) is None:
        raise Http404
    try:
        password = _decide(request, row, by, at)
    except NotPossible as fault:
        messages.warning(request, fault.words)
        return redirect("administration:proposals")
    if not password:
        return redirect("administration:proposals")
    line = queries.proposal_line(row, by)
    return render(request, "administration/opened.html", context(request, at, line=line, password=password))


def _decide(request: HttpRequest, row: int, by: Account, at: datetime) -> str:
    match request.POST.get("decision", ""):
        case "confirm":
            done = actions.confirm(row, by=by, at=at, address=visit_of(request).address or "")
            messages.success(request, _("复核通过，已经生效。"))
            return done.password
        case "decline":
            actions.decline(row, by=by, at=at)
            messages.success(request, _("已退回，没有任何变更。"))
        case "withdraw":
            actions.withdraw(row, by=by, at=at)
            messages.success(request, _("已撤回，没有任何变更。"))
        case _:
            raise NotPossible("already_decided")
    return ""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@duty_required(*ALL)
def duties(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    holders = queries.duty_holders()
    free = queries.free_for_duty(at)
    takes = request.method == "POST" and request.POST.get("kind") == "take"
    gives = request.method == "POST" and not takes
    give = DutyForm(request.POST if gives else None, options={"person": free})
    held = [(line.ref, f"{line.duty} {line.name}") for line in holders]
    take = TakeForm(request.POST if takes else None, options={"person": held})
    sent = take if takes else give
    if request.method == "POST" and sent.is_valid() and _ask(request, sent, at, takes=takes):
        return redirect("administration:duties")
    shown = context(request, at, holders=holders, give_form=give, take_form=take, wrong=sent if sent.errors else None)
    return render(request, "administration/duties.html", shown, status=400 if sent.errors else 200)


def _ask(request: HttpRequest, form: DutyForm | TakeForm, at: datetime, *, takes: bool) -> bool:
    data = form.cleaned_data
    kind = ProposalKind.DUTY_TAKE if takes else ProposalKind.DUTY_GIVE
    whom = account_of_person(person_by_ref(data["person"]).pk)
    asked = {"duty": whom.duty if takes and whom else data.get("duty", "")}
    try:
        actions.propose(
            kind=kind, person=data["person"], asked=asked, document=data["document"], by=required_account(request),
            at=at,
        )  # fmt: skip
    except NotPossible as fault:
        form.add_error(None, str(fault.words))
        return False
    messages.success(request, _("已提请复核。另一位管理员确认以后生效。"))
    return True
