"""The doors: sign-in of citizens and staff, the second step, registration, a forgotten password, sign-out."""

from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhengtong.accounts import throttling
from zhengtong.accounts.authenticators import check_totp, confirm_totp, offer_totp, totp_address
from zhengtong.accounts.clock import real_now
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.forms import (
    CodeForm,
    ForgotForm,
    NewPasswordForm,
    RecoveryForm,
    RegisterForm,
    ResetForm,
    SignInForm,
    StaffSignInForm,
    TotpForm,
)
from zhengtong.accounts.frames import DESK, portal_frame, shows_mailbox
from zhengtong.accounts.labels import AccountKind, SignInMethod, SignInOutcome
from zhengtong.accounts.models import Account
from zhengtong.accounts.openid_providers import provider, providers_for
from zhengtong.accounts.passkeys import check_key, register_key, sign_in_with_passkey
from zhengtong.accounts.passwords import choose_password, days_of_warning, must_change, request_reset, reset_password
from zhengtong.accounts.recovery import codes_left, take_recovery_code
from zhengtong.accounts.requests import account_of, begin_session, end_session, safe_next, visit_of
from zhengtong.accounts.rules import HALFWAY_LASTS, rules
from zhengtong.accounts.sealed_fields import seal, unseal
from zhengtong.accounts.second_factors import has_app, has_key, has_second, is_asked_for_second
from zhengtong.accounts.sign_in_log import failures_before, log_sign_in, take_notices
from zhengtong.accounts.signing_in import (
    confirm_code,
    may_sign_in,
    register_citizen,
    send_code,
    sign_in_citizen,
    sign_in_staff,
)
from zhengtong.accounts.unsent import UNSENT, kept_for
from zhengtong.accounts.views.challenges import ENROL, SECOND, SIGN_IN, take_answer

PENDING: Final = "pending_account"  # registered, waits for its code; 0 when the number was taken already
RESETTING: Final = "resetting_account"  # asked for a code for a forgotten password; 0 when nobody has the number
HALFWAY: Final = "halfway_account"  # the first step passed, waits for the second
HALFWAY_AT: Final = "halfway_at"
FIRST: Final = "halfway_first"  # how the first step was passed
PROVED: Final = "halfway_proved"  # the second step passed, waits for a new password
OFFERED: Final = "halfway_offered"  # the secret of an authenticator that is being set up
NEXT: Final = "halfway_next"
OPENID: Final = "openid"
LEAVING: Final = "openid_leaving"
SAFE = ("GET", "HEAD", "POST")


# ---- the first step ------------------------------------------------------------------------------


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
            return pass_first(request, account, SignInMethod.PASSWORD, wanted=safe_next(request, "/"), is_logged=True)
    return _sign_in_page(request, form)


def _sign_in_page(request: HttpRequest, form: Form) -> HttpResponse:
    more = {"providers": providers_for(AccountKind.CITIZEN), "rules": rules()}
    return _page(request, "sign_in", form, submit_label=_("登录"), heading=_("登录"), **more)


@never_cache
@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    """Without a password: the device holds a passkey, and has checked its owner."""
    form, now = SignInForm(), real_now()
    try:
        account = sign_in_with_passkey(take_answer(request, SIGN_IN, 0, now), visit=visit_of(request), at=now)
        if not may_sign_in(account, now):
            raise NotPossible("key_wrong")
    except NotPossible as fault:
        form = SignInForm({}, use_required_attribute=False)
        form.errors.clear()
        form.add_error(None, str(fault.words))
        return _sign_in_page(request, form)
    return enter(request, account, now, SignInMethod.KEY, wanted=safe_next(request, "/"))


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
            return pass_first(request, account, SignInMethod.PASSWORD, wanted=safe_next(request, DESK))
    more = {"providers": providers_for(AccountKind.STAFF), "rules": rules(), "idle": rules().staff_idle}
    return _page(request, "staff_sign_in", form, submit_label=_("下一步"), heading=_("工作人员登录"), **more)


def pass_first(
    request: HttpRequest, account: Account, method: SignInMethod, *, wanted: str, is_logged: bool = False
) -> HttpResponse:
    """On to the second step where one is asked for, else in."""
    for name in (HALFWAY, HALFWAY_AT, FIRST, PROVED, NEXT):  # of somebody else's half sign-in in this browser
        request.session.pop(name, None)
    if not is_asked_for_second(account):
        return enter(request, account, real_now(), method, wanted=wanted, is_logged=is_logged)
    kept = {name: request.session[name] for name in (UNSENT, OPENID) if name in request.session}
    request.session.flush()
    request.session.update(kept)
    request.session[HALFWAY] = account.pk
    request.session[HALFWAY_AT] = real_now().isoformat()
    request.session[FIRST] = method.value
    request.session[NEXT] = wanted
    if not has_second(account):
        return redirect("accounts:enrol")
    return redirect("accounts:second_factor" if account.kind == AccountKind.STAFF else "accounts:second_step")


# ---- the second step -----------------------------------------------------------------------------


def halfway(request: HttpRequest, now: datetime) -> Account | None:
    """Whose first step has passed a moment ago in this session."""
    began = request.session.get(HALFWAY_AT)
    if began is None or now - datetime.fromisoformat(began) > HALFWAY_LASTS or PROVED in request.session:
        return None
    found = Account.objects.filter(pk=request.session[HALFWAY], is_active=True)
    account = found.select_related("person", "subject").first()
    return account if account is not None and may_sign_in(account, now) else None


@never_cache
@require_http_methods(SAFE)
def second_factor(request: HttpRequest) -> HttpResponse:
    """Six digits of any authenticator, or a key: the form says which by what it holds."""
    now = real_now()
    account = halfway(request, now)
    if account is None:
        return redirect("accounts:staff_sign_in" if request.path.startswith("/staff/") else "accounts:sign_in")
    if not has_second(account):
        return redirect("accounts:enrol")
    by_key = "credential" in request.POST
    form = TotpForm(None if by_key else request.POST or None)
    if request.method == "POST" and (by_key or form.is_valid()):
        method = SignInMethod.KEY if by_key else SignInMethod.TOTP
        try:
            if by_key:
                check_key(account, take_answer(request, SECOND, account.pk, now), visit=visit_of(request), at=now)
            else:
                check_totp(account, code=form.cleaned_data["code"], at=now, visit=visit_of(request))
        except NotPossible as fault:
            log_sign_in(account, SignInOutcome.WRONG_CODE, visit=visit_of(request), at=now, method=method)
            form = _refused(form if not by_key else TotpForm({}), fault, None if by_key else "code")
        else:
            return enter(request, account, now, method)
    more = {
        "has_app": has_app(account),
        "has_key": has_key(account),
        "has_codes": codes_left(account) > 0,
        "is_staff": account.kind == AccountKind.STAFF,
    }
    return _page(request, "second_factor", form, submit_label=_("登录"), heading=_("第二步验证"), **more)


def _refused(form: Any, fault: NotPossible, field: str | None) -> Any:
    """The words of the fault alone, not those of fields that were not meant."""
    if field is None:
        form.errors.clear()
    form.add_error(field, str(fault.words))
    return form


@never_cache
@require_http_methods(SAFE)
def recovery(request: HttpRequest) -> HttpResponse:
    """The device is lost: one of the ten codes."""
    now = real_now()
    account = halfway(request, now)
    if account is None or not has_second(account):
        return redirect("accounts:sign_in")
    form = RecoveryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        visit = visit_of(request)
        try:
            take_recovery_code(account, code=form.cleaned_data["code"], visit=visit, at=now)
        except NotPossible as fault:
            log_sign_in(account, SignInOutcome.WRONG_CODE, visit=visit, at=now, method=SignInMethod.RECOVERY)
            form.add_error("code", str(fault.words))
        else:
            left = codes_left(account)
            messages.warning(request, _("恢复码已用掉一个，还剩 %(left)s 个。请检查您的验证方式。") % {"left": left})
            return enter(request, account, now, SignInMethod.RECOVERY)
    is_staff = account.kind == AccountKind.STAFF
    return _page(request, "recovery", form, submit_label=_("登录"), heading=_("用恢复码登录"), is_staff=is_staff)


@never_cache
@require_http_methods(SAFE)
def enrol(request: HttpRequest) -> HttpResponse:
    """The first sign-in of a member of staff: an authenticator proves its secret, or a key is registered."""
    now = real_now()
    account = halfway(request, now)
    if account is None or has_second(account):
        return redirect("accounts:staff_sign_in")
    by_key, visit = "credential" in request.POST, visit_of(request)
    secret = _offered(request, account)
    form = TotpForm(None if by_key else request.POST or None)
    if request.method == "POST" and (by_key or form.is_valid()):
        try:
            if by_key:
                answer = take_answer(request, ENROL, account.pk, now)
                register_key(account, answer, name=_("第一把安全密钥"), visit=visit, at=now)
            else:
                confirm_totp(account, code=form.cleaned_data["code"], at=now, visit=visit)
        except NotPossible as fault:
            form = _refused(form if not by_key else TotpForm({}), fault, None if by_key else "code")
        else:
            return enter(request, account, now, SignInMethod.KEY if by_key else SignInMethod.TOTP)
    more = {"secret": secret, "address": totp_address(account)}
    return _page(request, "enrol", form, submit_label=_("启用并登录"), heading=_("绑定动态口令"), **more)


def _offered(request: HttpRequest, account: Account) -> str:
    """The secret of this half sign-in, kept sealed in its session."""
    kept = request.session.get(OFFERED)
    secret = offer_totp(account, drawn=unseal(kept, column=OFFERED) if kept else "")
    if not kept:
        request.session[OFFERED] = seal(secret, column=OFFERED)
    return secret


# ---- in ------------------------------------------------------------------------------------------


def enter(
    request: HttpRequest,
    account: Account,
    now: datetime,
    method: SignInMethod,
    *,
    wanted: str = "",
    is_logged: bool = False,
) -> HttpResponse:
    """Everything asked for has been proved; a password that must be changed is changed before anything else."""
    wanted = request.session.get(NEXT) or wanted or (DESK if account.kind == AccountKind.STAFF else "/")
    by_password = request.session.get(FIRST, method.value) == SignInMethod.PASSWORD
    if by_password and PROVED not in request.session and must_change(account, now):
        request.session.cycle_key()
        request.session[HALFWAY], request.session[HALFWAY_AT] = account.pk, now.isoformat()
        request.session[NEXT], request.session[PROVED] = wanted, method.value
        return redirect("accounts:new_password")
    openid = request.session.get(OPENID)
    begin_session(request, account, method)
    if openid:
        request.session[OPENID] = openid
    if not is_logged:
        log_sign_in(account, SignInOutcome.PASSED, visit=visit_of(request), at=now, method=method)
    _tell(request, account, now)
    unsent = kept_for(request, account, now)
    return with_language(redirect("accounts:unsent" if unsent else wanted), account)


def _tell(request: HttpRequest, account: Account, now: datetime) -> None:
    """What happened to the account since the last time, and that the password grows old."""
    for words in take_notices(account, before=now, at=now):
        messages.warning(request, words)
    failures = failures_before(account, now)
    if failures:
        words = _("上次登录以后，您的账号有 %(failures)s 次没有成功的登录尝试。") % {"failures": failures}
        messages.warning(request, words)
    days = days_of_warning(account, now)
    if days is not None:
        messages.warning(request, _("您的密码还有 %(days)s 天到期，请到“账号安全”修改。") % {"days": days})


@never_cache
@sensitive_post_parameters("new", "again")
@require_http_methods(SAFE)
def new_password(request: HttpRequest) -> HttpResponse:
    """A temporary password, or one that is too old: both steps are passed, and a new one comes first."""
    now, proved = real_now(), request.session.get(PROVED)
    began = request.session.get(HALFWAY_AT)
    if not proved or began is None or now - datetime.fromisoformat(began) > HALFWAY_LASTS:
        return redirect("accounts:staff_sign_in")
    account = Account.objects.select_related("person", "subject").get(pk=request.session[HALFWAY])
    if not may_sign_in(account, now):
        return redirect("accounts:staff_sign_in")
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            choose_password(account, new=form.cleaned_data["new"], visit=visit_of(request), at=now)
        except NotPossible as fault:
            form.add_error("new", str(fault.words))
        else:
            messages.success(request, _("密码已修改。"))
            return enter(request, account, now, SignInMethod(proved))
    more = {"rules": rules(), "is_temporary": account.password_is_temporary, "is_staff": True}
    return _page(request, "new_password", form, submit_label=_("修改并登录"), heading=_("设置新密码"), **more)


def _is_within(limit: throttling.Limit, request: HttpRequest, form: Form) -> bool:
    """Counts one from this address; one too many is said on the form."""
    address = visit_of(request).address
    if throttling.is_one_place(address) and throttling.count(limit, address or "", real_now()):
        form.add_error(None, str(NotPossible("too_often").words))
        return False
    return True


# ---- registration ------------------------------------------------------------------------------------


@never_cache
@sensitive_post_parameters("password", "again", "number")
@require_http_methods(SAFE)
def register(request: HttpRequest) -> HttpResponse:
    form = RegisterForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _is_within(throttling.REGISTER, request, form):
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
    form, now = CodeForm(request.POST or None), real_now()
    if request.method == "POST" and form.is_valid():
        try:
            account = confirm_code(pending(request), code=form.cleaned_data["code"], at=now)
        except NotPossible as fault:
            form.add_error("code", str(fault.words))
        else:
            wanted = request.session.get(NEXT) or "accounts:profile"
            begin_session(request, account, SignInMethod.CODE)
            log_sign_in(account, SignInOutcome.PASSED, visit=visit_of(request), at=now, method=SignInMethod.CODE)
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


# ---- a forgotten password ----------------------------------------------------------------------------


@never_cache
@require_http_methods(SAFE)
def forgot(request: HttpRequest) -> HttpResponse:
    """The answer is the same whether or not anybody has this number."""
    form = ForgotForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _is_within(throttling.RESET, request, form):
        account = request_reset(form.cleaned_data["typed"], visit=visit_of(request), at=real_now())
        request.session.flush()
        request.session[RESETTING] = account.pk if account else 0
        return redirect("accounts:reset")
    return _page(request, "forgot", form, submit_label=_("获取验证码"), heading=_("忘记密码"))


@never_cache
@sensitive_post_parameters("new", "again", "code")
@require_http_methods(SAFE)
def reset(request: HttpRequest) -> HttpResponse:
    if RESETTING not in request.session:
        return redirect("accounts:forgot")
    form = ResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        account, data = resetting(request), form.cleaned_data
        try:
            reset_password(account, code=data["code"], new=data["new"], visit=visit_of(request), at=real_now())
        except NotPossible as fault:
            form.add_error("new" if fault.code.startswith("password") else "code", str(fault.words))
        else:
            request.session.flush()
            messages.success(request, _("密码已修改，请用新密码登录。"))
            return redirect("accounts:sign_in")
    more = {"rules": rules(), "is_staff": False}
    return _page(request, "reset", form, submit_label=_("设置新密码"), heading=_("设置新密码"), **more)


def resetting(request: HttpRequest) -> Account | None:
    """Whose password this session has asked to reset, when somebody has that number."""
    found = Account.objects.filter(pk=request.session.get(RESETTING, 0), kind=AccountKind.CITIZEN, is_active=True)
    return found.select_related("subject").first()


# ---- out -----------------------------------------------------------------------------------------


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Where another platform had signed the person in, the next page offers to leave that as well."""
    account, openid = account_of(request), request.session.get(OPENID)
    end_session(request)
    is_staff = account is not None and account.kind == AccountKind.STAFF
    answer = redirect("accounts:staff_sign_in" if is_staff else "/")
    if openid:
        request.session[LEAVING] = openid
        answer = redirect("accounts:signed_out")
    answer["Clear-Site-Data"] = '"cache", "storage"'  # the next person at this screen finds nothing
    return answer


@never_cache
@require_safe
def signed_out(request: HttpRequest) -> HttpResponse:
    leaving = request.session.get(LEAVING)
    of = provider(leaving["provider"]) if leaving else None
    context = {**portal_frame(request), "provider": of, "leave_url": reverse("accounts:openid_leave") if of else ""}
    return render(request, "accounts/signed_out.html", context)


@never_cache
@require_POST
def here(request: HttpRequest) -> HttpResponse:
    """Somebody reads or writes without asking for a page: the session stays."""
    return HttpResponse(status=403 if account_of(request) is None else 204)


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
