"""The doors: sign-in of citizens and staff, registration, the second factor, sign-out."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from zhengtong.accounts.clock import real_now
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.forms import CodeForm, RegisterForm, SignInForm, StaffSignInForm, TotpForm
from zhengtong.accounts.frames import DESK, portal_frame, shows_mailbox
from zhengtong.accounts.labels import AccountKind, SignInOutcome
from zhengtong.accounts.models import Account
from zhengtong.accounts.requests import account_of, begin_session, end_session, safe_next, visit_of
from zhengtong.accounts.signing_in import (
    check_totp,
    confirm_code,
    confirm_totp,
    enrol_totp,
    log_sign_in,
    register_citizen,
    send_code,
    sign_in_citizen,
    sign_in_staff,
    totp_address,
)

PENDING: Final = "pending_account"  # registered, waits for its code; 0 when the number was taken already
HALFWAY: Final = "halfway_account"  # password passed, waits for the second factor
HALFWAY_AT: Final = "halfway_at"
NEXT: Final = "halfway_next"
HALFWAY_LASTS: Final = timedelta(minutes=5)
SAFE = ("GET", "HEAD", "POST")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(SAFE)
def sign_in(request: HttpRequest) -> HttpResponse:
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            account = sign_in_citizen(**form.cleaned_data, visit=visit_of(request), at=real_now())
        except NotPossible as fault:
            form.add_error(None, str(fault.words))
        else:
            begin_session(request, account)
            return with_language(redirect(safe_next(request, "/")), account)
    return _page(request, "sign_in", form, submit_label=_("登录"), heading=_("登录"))


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(SAFE)
def staff_sign_in(request: HttpRequest) -> HttpResponse:
    form = StaffSignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            account = sign_in_staff(
                login=data["typed"], password=data["password"], visit=visit_of(request), at=real_now()
            )
        except NotPossible as fault:
            form.add_error(None, str(fault.words))
        else:
            _go_halfway(request, account)
            return redirect("accounts:second_factor" if account.totp_enrolled else "accounts:enrol")
    return _page(request, "staff_sign_in", form, submit_label=_("下一步"), heading=_("工作人员登录"))


def _go_halfway(request: HttpRequest, account: Account) -> None:
    wanted = safe_next(request, DESK)
    request.session.flush()
    request.session[HALFWAY] = account.pk
    request.session[HALFWAY_AT] = real_now().isoformat()
    request.session[NEXT] = wanted


def _halfway(request: HttpRequest, now: datetime) -> Account | None:
    """Whose password has passed a moment ago in this session."""
    began = request.session.get(HALFWAY_AT)
    if began is None or now - datetime.fromisoformat(began) > HALFWAY_LASTS:
        return None
    found = Account.objects.filter(pk=request.session[HALFWAY], kind=AccountKind.STAFF, is_active=True)
    return found.select_related("person").first()


@never_cache
@require_http_methods(SAFE)
def second_factor(request: HttpRequest) -> HttpResponse:
    now = real_now()
    account = _halfway(request, now)
    if account is None:
        return redirect("accounts:staff_sign_in")
    if not account.totp_enrolled:
        return redirect("accounts:enrol")
    form = TotpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            check_totp(account, code=form.cleaned_data["code"], at=now)
        except NotPossible as fault:
            log_sign_in(account, SignInOutcome.WRONG_CODE, visit=visit_of(request), at=now)
            form.add_error("code", str(fault.words))
        else:
            return _enter(request, account, now)
    return _page(request, "second_factor", form, submit_label=_("登录"), heading=_("输入动态口令"))


@never_cache
@require_http_methods(SAFE)
def enrol(request: HttpRequest) -> HttpResponse:
    """The first sign-in of a member of staff: the authenticator gets its secret and proves it."""
    now = real_now()
    account = _halfway(request, now)
    if account is None or account.totp_enrolled:
        return redirect("accounts:staff_sign_in")
    form = TotpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            confirm_totp(account, code=form.cleaned_data["code"], at=now)
        except NotPossible as fault:
            form.add_error("code", str(fault.words))
        else:
            return _enter(request, account, now)
    secret = enrol_totp(account)
    more = {"secret": secret, "address": totp_address(account)}
    return _page(request, "enrol", form, submit_label=_("启用并登录"), heading=_("绑定动态口令"), **more)


def _enter(request: HttpRequest, account: Account, now: datetime) -> HttpResponse:
    wanted = request.session.get(NEXT, DESK)
    begin_session(request, account)
    log_sign_in(account, SignInOutcome.PASSED, visit=visit_of(request), at=now)
    return with_language(redirect(wanted), account)


@never_cache
@sensitive_post_parameters("password", "again", "number")
@require_http_methods(SAFE)
def register(request: HttpRequest) -> HttpResponse:
    form = RegisterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = {name: value for name, value in form.cleaned_data.items() if name != "again"}
        try:
            account = register_citizen(**data, at=real_now())
        except NotPossible as fault:
            form.add_error(None, str(fault.words))
        else:
            request.session[PENDING] = account.pk if account else 0
            request.session[NEXT] = safe_next(request, "")
            return redirect("accounts:confirm")
    return _page(request, "register", form, submit_label=_("注册并获取验证码"), heading=_("注册"))


@never_cache
@require_http_methods(SAFE)
def confirm(request: HttpRequest) -> HttpResponse:
    if PENDING not in request.session:
        return redirect("accounts:register")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            account = confirm_code(pending(request), code=form.cleaned_data["code"], at=real_now())
        except NotPossible as fault:
            form.add_error("code", str(fault.words))
        else:
            wanted = request.session.get(NEXT) or "accounts:profile"
            begin_session(request, account)
            messages.success(request, _("注册完成，您已登录。"))
            return redirect(wanted)
    return _page(request, "confirm", form, submit_label=_("确认"), heading=_("输入验证码"))


@require_POST
def send_again(request: HttpRequest) -> HttpResponse:
    if PENDING not in request.session:
        return redirect("accounts:register")
    account = pending(request)
    if account is not None:
        send_code(account, at=real_now())
    messages.info(request, _("验证码已重新发送。以前的验证码不再有效。"))
    return redirect("accounts:confirm")


def pending(request: HttpRequest) -> Account | None:
    """The account this session has registered and not yet confirmed."""
    waiting = Account.objects.filter(pk=request.session.get(PENDING, 0), kind=AccountKind.CITIZEN, is_active=False)
    return waiting.select_related("subject").first()


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    account = account_of(request)
    end_session(request)
    is_staff = account is not None and account.kind == AccountKind.STAFF
    return redirect("accounts:staff_sign_in" if is_staff else "/")


def with_language(response: HttpResponse, account: Account) -> HttpResponse:
    """The language this account has chosen goes on in this browser."""
    if account.language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            account.language,
            samesite="Lax",
            secure=settings.LANGUAGE_COOKIE_SECURE,
        )
    return response


def _page(request: HttpRequest, name: str, form: Form, **more: object) -> HttpResponse:
    context = {
        **portal_frame(request),
        "sign_in_url": "",
        "form": form,
        "next": safe_next(request, ""),
        "mailbox": shows_mailbox(),
        **more,
    }
    return render(request, f"accounts/{name}.html", context, status=400 if form.errors else 200)
