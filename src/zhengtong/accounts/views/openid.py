"""To another platform and back: signing in there, linking its account, leaving it."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from zhengtong.accounts import openid
from zhengtong.accounts.clock import real_now
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import AccountKind, SignInMethod, SignInOutcome
from zhengtong.accounts.models import Account
from zhengtong.accounts.openid import Identity, Pending
from zhengtong.accounts.openid_providers import Provider, provider
from zhengtong.accounts.requests import account_of, confirmed_required, required_account, safe_next, visit_of
from zhengtong.accounts.sign_in_log import log_sign_in
from zhengtong.accounts.signing_in import may_sign_in
from zhengtong.accounts.views.sign_in import LEAVING, OPENID, enter, pass_first

WAITING: Final = "openid_waiting"
OURS: Final = "same-origin"


def _provider(code: str) -> Provider:
    found = provider(code)
    if found is None:
        raise Http404
    return found


def back_address() -> str:
    return f"{settings.ZHENGTONG_BASE_URL}{reverse('accounts:openid_back')}"


@never_cache
@require_safe
def start(request: HttpRequest, code: str) -> HttpResponse:
    """To sign in, by a press on our own page: a page elsewhere must not sign anybody in unasked."""
    of = _provider(code)
    if account_of(request) is not None:
        return redirect(safe_next(request, "/"))
    if request.headers.get("Sec-Fetch-Site", OURS) != OURS:
        return redirect("accounts:sign_in")
    return _go(request, of, wanted=safe_next(request, ""))


@never_cache
@require_safe
@confirmed_required
def link(request: HttpRequest, code: str) -> HttpResponse:
    account, of = required_account(request), _provider(code)
    if account.kind not in of.kinds:
        raise Http404
    return _go(request, of, wanted=reverse("accounts:security"), link_to=account.pk)


def _go(request: HttpRequest, of: Provider, *, wanted: str, link_to: int = 0) -> HttpResponse:
    try:
        address, pending = openid.begin(
            of, redirect_uri=back_address(), language=get_language() or "", wanted=wanted, at=real_now(),
            link_to=link_to,
        )  # fmt: skip
    except NotPossible as fault:
        return _refused(request, fault, link_to)
    request.session[WAITING] = asdict(pending)
    return redirect(address)


@never_cache
@require_safe
def back(request: HttpRequest) -> HttpResponse:
    """Once: what this browser set out with is gone from the session before the answer is looked at."""
    now, kept = real_now(), request.session.pop(WAITING, None)
    if kept is None:
        return _refused(request, NotPossible("openid_refused"), 0)
    pending = Pending(**kept)
    try:
        of = _provider(pending.provider)
        told = {name: str(value) for name, value in request.GET.items()}
        identity = openid.finish(of, pending, told=told, redirect_uri=back_address(), at=now)
        if pending.link_to:
            return _linked(request, pending, identity, now)
        return _signed_in(request, of, pending, identity, now)
    except NotPossible as fault:
        if fault.code != "openid_unknown":
            log_sign_in(None, SignInOutcome.REFUSED, visit=visit_of(request), at=now, method=SignInMethod.OPENID)
        return _refused(request, fault, pending.link_to)


def _linked(request: HttpRequest, pending: Pending, identity: Identity, now: datetime) -> HttpResponse:
    """To whoever set out, if that is who has come back."""
    account = account_of(request)
    if account is None or account.pk != pending.link_to:
        raise NotPossible("openid_refused")
    by = account.person.ref if account.person else (account.subject.ref if account.subject else "")
    openid.link_account(account, issuer=identity.issuer, subject=identity.subject, by=by, at=now)
    messages.success(request, _("已关联。以后可以用这个平台的账号登录。"))
    return redirect("accounts:security")


def _signed_in(request: HttpRequest, of: Provider, pending: Pending, identity: Identity, now: datetime) -> HttpResponse:
    visit = visit_of(request)
    account = openid.account_for(of, identity, visit=visit, at=now)
    if not may_sign_in(account, now):
        raise NotPossible("openid_unknown")
    wanted = pending.wanted or _home(account)
    request.session[OPENID] = {"provider": of.code, "id_token": identity.id_token}
    if openid.is_second_factor_done(of, identity):
        request.session.update({"halfway_first": SignInMethod.OPENID.value})
        return enter(request, account, now, SignInMethod.OPENID, wanted=wanted)
    answer = pass_first(request, account, SignInMethod.OPENID, wanted=wanted)
    if "halfway_account" in request.session:
        log_sign_in(account, SignInOutcome.HALFWAY, visit=visit, at=now, method=SignInMethod.OPENID)
    return answer


def _home(account: Account) -> str:
    return "/desk/" if account.kind == AccountKind.STAFF else "/"


def _refused(request: HttpRequest, fault: NotPossible, link_to: int) -> HttpResponse:
    messages.warning(request, str(fault.words))
    return redirect("accounts:security" if link_to else "accounts:sign_in")


@never_cache
@require_safe
def leave(request: HttpRequest) -> HttpResponse:
    """Ends the session at the other platform too; it sends the browser back to our home page."""
    leaving: dict[str, Any] | None = request.session.pop(LEAVING, None)
    of = provider(leaving["provider"]) if leaving else None
    if leaving is None or of is None:
        return redirect("/")
    home = f"{settings.ZHENGTONG_BASE_URL}/"
    address = openid.leave_address(of, id_token=leaving["id_token"], back=home, at=real_now())
    return redirect(address or "/")
