"""From a request to who asks: the account of a session that is neither idle too long nor borrowed, and its Actor.

A session is bound to the browser and, of staff, to the second factor; a cookie carried elsewhere signs nobody in.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, cast

from django.contrib import messages
from django.contrib.auth import login, logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from zhengtong.accounts import clock
from zhengtong.accounts.clock import real_now
from zhengtong.accounts.labels import AccountKind, SignInOutcome
from zhengtong.accounts.models import Account
from zhengtong.accounts.queries import actor_for, has_post_kind
from zhengtong.accounts.sealed_fields import blind_index
from zhengtong.accounts.signing_in import Visit, log_sign_in, may_sign_in
from zhengtong.kernel.authority import Actor

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

STAFF_IDLE: Final = timedelta(minutes=30)
CITIZEN_IDLE: Final = timedelta(hours=2)
NOTED_EVERY: Final = timedelta(minutes=1)  # seen_at is written at most so often
SEEN, BROWSER, SECOND_FACTOR = "seen_at", "browser", "second_factor"
_ACCOUNT, _ACTORS = "_zhengtong_account", "_zhengtong_actors"


def account_of(request: HttpRequest) -> Account | None:
    """Who is signed in, or nobody; asked once for each request."""
    if not hasattr(request, _ACCOUNT):
        setattr(request, _ACCOUNT, _read_account(request))
    return cast("Account | None", getattr(request, _ACCOUNT))


def _read_account(request: HttpRequest) -> Account | None:
    account = request.user
    if not isinstance(account, Account):
        return None
    now = real_now()
    if _is_borrowed(request, account) or not may_sign_in(account, now):
        logout(request)
        return None
    if _is_idle(request, account, now):
        log_sign_in(account, SignInOutcome.EXPIRED, visit=visit_of(request), at=now)
        logout(request)
        return None
    return account


def _is_borrowed(request: HttpRequest, account: Account) -> bool:
    lacks_second = account.kind == AccountKind.STAFF and not request.session.get(SECOND_FACTOR)
    return lacks_second or request.session.get(BROWSER) != _browser(request)


def _is_idle(request: HttpRequest, account: Account, now: datetime) -> bool:
    seen = datetime.fromisoformat(request.session[SEEN])
    if now - seen > (STAFF_IDLE if account.kind == AccountKind.STAFF else CITIZEN_IDLE):
        return True
    if now - seen > NOTED_EVERY:
        request.session[SEEN] = now.isoformat()
    return False


def _browser(request: HttpRequest) -> str:
    return blind_index(request.headers.get("User-Agent", "")[:400] or "-", purpose="accounts.browser")


def visit_of(request: HttpRequest) -> Visit:
    return Visit(address=request.META.get("REMOTE_ADDR") or None)


def begin_session(request: HttpRequest, account: Account) -> None:
    """A new session key and nothing left of the old session."""
    request.session.flush()
    login(request, account, backend="django.contrib.auth.backends.ModelBackend")
    request.session[SEEN] = real_now().isoformat()
    request.session[BROWSER] = _browser(request)
    request.session[SECOND_FACTOR] = account.kind == AccountKind.STAFF
    setattr(request, _ACCOUNT, account)


def end_session(request: HttpRequest) -> None:
    account = account_of(request)
    if account is not None:
        log_sign_in(account, SignInOutcome.SIGNED_OUT, visit=visit_of(request), at=real_now())
    logout(request)
    setattr(request, _ACCOUNT, None)


def actor_of(request: HttpRequest, at: datetime, *, item: str = "", case: str = "") -> Actor | None:
    """The Actor of whoever is signed in, or nothing; the same value however often it is asked in one request.

    `item` and `case` let powers count that are limited to them.
    """
    account = account_of(request)
    if account is None:
        return None
    found: dict[tuple[datetime, str, str], Actor] = request.__dict__.setdefault(_ACTORS, {})
    key = (at, item, case)
    if key not in found:
        found[key] = actor_for(account, at, item=item, case=case)
    return found[key]


def required_actor(request: HttpRequest, at: datetime, *, item: str = "", case: str = "") -> Actor:
    """For views behind one of the decorators below."""
    actor = actor_of(request, at, item=item, case=case)
    if actor is None:
        raise PermissionDenied
    return actor


def required_account(request: HttpRequest) -> Account:
    account = account_of(request)
    if account is None:
        raise PermissionDenied
    return account


# ---- doors --------------------------------------------------------------------------------------


def staff_required(view: View[P]) -> View[P]:
    """Whoever is not signed in as staff is led to the staff sign-in and back."""
    return _door(view, AccountKind.STAFF, "accounts:staff_sign_in")


def citizen_required(view: View[P]) -> View[P]:
    return _door(view, AccountKind.CITIZEN, "accounts:sign_in")


def post_kind_required(*kinds: str) -> Callable[[View[P]], View[P]]:
    """Staff who today act at a post of one of these kinds (labels.PostKind), also as B role or by delegation."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not has_post_kind(required_account(request), clock.now(), kinds):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return staff_required(guarded)

    return decorate


def _door(view: View[P], kind: AccountKind, sign_in: str) -> View[P]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        had_session = isinstance(request.user, Account)
        account = account_of(request)
        if account is not None and account.kind == kind:
            return view(request, *args, **kwargs)
        if had_session and account is None:
            messages.warning(request, _("登录已过期或不再有效，请重新登录。刚才提交的内容没有生效。"))
        return redirect(sign_in_address(request, sign_in))

    return guarded


def sign_in_address(request: HttpRequest, sign_in: str = "accounts:sign_in") -> str:
    """The sign-in page that leads back here; a page that only takes posts is not led back to."""
    if request.method not in {"GET", "HEAD"}:
        return reverse(sign_in)
    return f"{reverse(sign_in)}?{urlencode({'next': request.get_full_path()})}"


def safe_next(request: HttpRequest, otherwise: str) -> str:
    """The `next` of the request if it is a path of this site: a bare word would be looked up as the name of a page."""
    wanted: Any = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = str(wanted).startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return str(wanted) if wanted and is_ours else otherwise
