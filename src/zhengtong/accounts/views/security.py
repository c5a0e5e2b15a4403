"""账号安全: a person's own password, second steps, recovery codes, signed-in devices and sign-in history."""

import re
from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhengtong.accounts import clock, second_factors
from zhengtong.accounts.authenticators import check_totp, confirm_app, new_secret, totp_address
from zhengtong.accounts.clock import real_now
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.forms import AgainForm, AppForm, ChangePasswordForm, FactorForm, KeyForm, RowForm
from zhengtong.accounts.frames import desk_frame, portal_frame
from zhengtong.accounts.labels import UNUSUAL_WORDS, AccountKind, SignInMethod, SignInOutcome
from zhengtong.accounts.models import Account, SignIn
from zhengtong.accounts.openid import unlink_account
from zhengtong.accounts.openid_providers import providers, providers_for
from zhengtong.accounts.passkeys import check_key, register_key
from zhengtong.accounts.passwords import change_password, check_current, days_of_warning
from zhengtong.accounts.recovery import HOW_MANY, codes_left, make_codes
from zhengtong.accounts.requests import (
    METHOD,
    account_required,
    begin_session,
    confirmed_required,
    note_confirmed,
    required_account,
    safe_next,
    visit_of,
)
from zhengtong.accounts.rules import rules
from zhengtong.accounts.sealed_fields import seal, unseal
from zhengtong.accounts.sessions import devices_of, end_device, end_others
from zhengtong.accounts.sign_in_log import log_sign_in
from zhengtong.accounts.unsent import kept_for
from zhengtong.accounts.views.challenges import AGAIN, REGISTER, take_answer

SAFE: Final = ("GET", "HEAD", "POST")
HISTORY_PAGE: Final = 30
NEW_APP: Final = "accounts.new_app"
CODE: Final = re.compile(r"^[a-z0-9_.:-]*[a-z_:][a-z0-9_.:-]*$", re.IGNORECASE)  # of a choice: says nothing to a person


def _draw(request: HttpRequest, name: str, status: int = 200, **more: object) -> HttpResponse:
    """In the frame of whoever looks: the desk for staff, the portal for citizens."""
    is_staff = required_account(request).kind == AccountKind.STAFF
    frame = desk_frame(request, clock.now()) if is_staff else portal_frame(request)
    context = {**frame, "frame": "ui/desk.html" if is_staff else "ui/portal.html", "is_staff": is_staff, **more}
    return render(request, f"accounts/{name}.html", context, status=status)


@never_cache
@require_safe
@account_required
def security(request: HttpRequest) -> HttpResponse:
    now, account = real_now(), required_account(request)
    kept = rules()
    codes = codes_left(account)
    return _draw(
        request,
        "security",
        account=account,
        rules=kept,
        changed_at=account.password_changed_at,
        days_left=days_of_warning(account, now),
        factors=second_factors.factors_of(account),
        has_second=second_factors.has_second(account),
        codes_left=codes,
        codes_made=HOW_MANY,
        links=_links(request),
        devices=devices_of(account, here=request.session.session_key or "", at=now),
    )


def _links(request: HttpRequest) -> list[dict[str, Any]]:
    """Each platform people of this kind may use, with the link that there is."""
    account = required_account(request)
    held = {link.issuer: link for link in account.openid_links.filter(removed_at__isnull=True)}
    offered = [{"provider": one, "link": held.pop(one.issuer, None)} for one in providers_for(account.kind)]
    named = {one.issuer: one for one in providers()}
    return [*offered, *({"provider": named.get(issuer), "link": link} for issuer, link in held.items())]


# ---- proof that it is still the same person ----------------------------------------------------------


@never_cache
@sensitive_post_parameters("password", "code")
@require_http_methods(SAFE)
@account_required
def again(request: HttpRequest) -> HttpResponse:
    now, account = real_now(), required_account(request)
    has_app = second_factors.has_app(account)
    has_key = second_factors.has_key(account)
    form = AgainForm(request.POST or None, has_app=has_app)
    if request.method == "POST" and form.is_valid():
        try:
            _prove(request, form)
        except NotPossible as fault:
            field = {"totp_wrong": "code", "password_wrong": "password"}.get(fault.code)
            form.add_error(field, str(fault.words))
        else:
            note_confirmed(request, now)
            log_sign_in(account, SignInOutcome.AGAIN, visit=visit_of(request), at=now)
            return redirect(safe_next(request, "accounts:security"))
    return _draw(
        request, "again", 400 if form.errors else 200, form=form, next=safe_next(request, ""), has_key=has_key,
        has_app=has_app,
    )  # fmt: skip


def _prove(request: HttpRequest, form: AgainForm) -> None:
    """The password and, of whoever has a second step, that as well."""
    now, account, visit = real_now(), required_account(request), visit_of(request)
    check_current(account, form.cleaned_data["password"], visit=visit, at=now)
    if request.POST.get("credential"):
        check_key(account, take_answer(request, AGAIN, account.pk, now), visit=visit, at=now)
    elif form.cleaned_data.get("code"):
        check_totp(account, code=form.cleaned_data["code"], at=now, visit=visit)
    elif second_factors.has_second(account):
        raise NotPossible("key_wrong")


# ---- the password ------------------------------------------------------------------------------------


@never_cache
@sensitive_post_parameters("current", "new", "again")
@require_http_methods(SAFE)
@confirmed_required
def password(request: HttpRequest) -> HttpResponse:
    now, account = real_now(), required_account(request)
    form = ChangePasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            change_password(account, current=data["current"], new=data["new"], visit=visit_of(request), at=now)
        except NotPossible as fault:
            form.add_error("current" if fault.code in {"password_wrong", "locked"} else "new", str(fault.words))
        else:
            begin_session(request, account, SignInMethod(request.session.get(METHOD, SignInMethod.PASSWORD)))
            messages.success(request, _("密码已修改。其他设备上的登录都已结束。"))
            return redirect("accounts:security")
    return _draw(request, "password", 400 if form.errors else 200, form=form, rules=rules())


# ---- second steps ------------------------------------------------------------------------------------


@never_cache
@require_http_methods(SAFE)
@confirmed_required
def add_app(request: HttpRequest) -> HttpResponse:
    now, account = real_now(), required_account(request)
    form = AppForm(request.POST or None)
    try:
        secret = _secret_in_hand(request, account, now)
    except NotPossible as fault:
        messages.warning(request, str(fault.words))
        return redirect("accounts:security")
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            confirm_app(account, secret=secret, name=data["name"], code=data["code"], visit=visit_of(request), at=now)
        except NotPossible as fault:
            form.add_error("code", str(fault.words))
        else:
            return _added(request)
    sealed = seal(f"{account.pk} {now.isoformat()} {secret}", column=NEW_APP)
    more = {"secret": secret, "sealed": sealed, "address": totp_address(account, secret)}
    return _draw(request, "add_app", 400 if form.errors else 200, form=form, **more)


def _secret_in_hand(request: HttpRequest, account: Account, now: datetime) -> str:
    """The page carries it sealed, for this person and for as long as the proof of identity holds; else a new one."""
    try:
        who, drawn, secret = unseal(request.POST.get("sealed", ""), column=NEW_APP).split(" ")
    except (ValueError, InvalidTag):
        return new_secret(account)
    is_ours = int(who) == account.pk and now - datetime.fromisoformat(drawn) <= rules().confirmed_for
    return secret if is_ours else new_secret(account)


@never_cache
@require_http_methods(SAFE)
@confirmed_required
def add_key(request: HttpRequest) -> HttpResponse:
    now, account = real_now(), required_account(request)
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            answer = take_answer(request, REGISTER, account.pk, now)
            register_key(account, answer, name=form.cleaned_data["name"], visit=visit_of(request), at=now)
        except NotPossible as fault:
            form.add_error(None, str(fault.words))
        else:
            return _added(request)
    return _draw(request, "add_key", 400 if form.errors else 200, form=form)


def _added(request: HttpRequest) -> HttpResponse:
    """Whoever has no recovery codes yet is shown them next."""
    messages.success(request, _("验证方式已添加。"))
    if codes_left(required_account(request)):
        return redirect("accounts:security")
    return redirect("accounts:codes")


@require_POST
@confirmed_required
def remove_factor(request: HttpRequest) -> HttpResponse:
    form, account = FactorForm(request.POST), required_account(request)
    if not form.is_valid():
        raise Http404
    try:
        second_factors.remove(account, **form.cleaned_data, visit=visit_of(request), at=real_now())
    except NotPossible as fault:
        messages.warning(request, str(fault.words))
    else:
        messages.success(request, _("验证方式已删除。"))
    return redirect("accounts:security")


@never_cache
@require_http_methods(SAFE)
@confirmed_required
def codes(request: HttpRequest) -> HttpResponse:
    """Asked for by a button, shown in the answer to it, and never again."""
    account = required_account(request)
    if not second_factors.has_second(account):
        return redirect("accounts:security")
    made: tuple[str, ...] = ()
    if request.method == "POST":
        made = make_codes(account, visit=visit_of(request), at=real_now())
    return _draw(request, "codes", codes=made, codes_left=codes_left(account), codes_made=HOW_MANY, now_at=real_now())


# ---- devices, platforms, history -----------------------------------------------------------------------


@require_POST
@account_required
def end_session_there(request: HttpRequest) -> HttpResponse:
    """One device, or all but this one. To shut others out nobody is asked for a proof first."""
    now, account, visit = real_now(), required_account(request), visit_of(request)
    if request.POST.get("row") == "others":
        end_others(account, here=request.session.session_key or "", visit=visit, at=now)
    else:
        form = RowForm(request.POST)
        if not form.is_valid() or not end_device(account, row=form.cleaned_data["row"], visit=visit, at=now):
            raise Http404
    messages.success(request, _("那些设备上的登录已结束。"))
    return redirect("accounts:security")


@require_POST
@confirmed_required
def unlink(request: HttpRequest) -> HttpResponse:
    form, account = RowForm(request.POST), required_account(request)
    if not form.is_valid():
        raise Http404
    try:
        unlink_account(account, row=form.cleaned_data["row"], by=_ref(account), at=real_now())
    except NotPossible as fault:
        raise Http404 from fault
    messages.success(request, _("已解除关联。"))
    return redirect("accounts:security")


def _ref(account: Any) -> str:
    return str(account.person.ref if account.person_id else account.subject.ref)


@never_cache
@require_safe
@account_required
def history(request: HttpRequest) -> HttpResponse:
    """登录记录: newest first, what was unusual marked."""
    rows = SignIn.objects.filter(account=required_account(request)).order_by("-at", "-pk")
    page = Paginator(rows, HISTORY_PAGE).get_page(request.GET.get("page"))
    lines = [
        {
            "row": row,
            "outcome": row.get_outcome_display(),
            "method": row.get_method_display(),
            "unusual": [UNUSUAL_WORDS[code] for code in row.unusual if code in UNUSUAL_WORDS],
            "is_bad": row.outcome in BAD,
            "is_good": row.outcome == SignInOutcome.PASSED,
        }
        for row in page.object_list
    ]
    return _draw(request, "history", page=page, lines=lines)


BAD: Final = frozenset(
    {
        SignInOutcome.WRONG, SignInOutcome.WRONG_CODE, SignInOutcome.LOCKED, SignInOutcome.NOW_LOCKED,
        SignInOutcome.CLONED, SignInOutcome.REFUSED,
    }
)  # fmt: skip


# ---- what was sent too late ------------------------------------------------------------------------------


@never_cache
@require_safe
@account_required
def unsent(request: HttpRequest) -> HttpResponse:
    """The form that came after the session had ended, to be sent once more by a click."""
    account = required_account(request)
    kept = kept_for(request, account, real_now())
    if kept is None:
        return redirect("/desk/" if account.kind == AccountKind.STAFF else "/")
    shown = [value for _name, value in kept.fields if len(value) > 1 and not CODE.match(value)]
    return _draw(request, "unsent", unsent=kept, shown=shown)
