"""From a request to who asks: the account of a session that is neither idle too long nor borrowed, and its Actor.

A session is bound to the browser and, of staff, to the second factor; a cookie carried elsewhere signs nobody in.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from ipaddress import ip_address
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
from zhengtong.accounts.labels import AccountKind, SignInMethod, SignInOutcome
from zhengtong.accounts.models import Account
from zhengtong.accounts.queries import Sitting, actor_for, actor_sitting, day_of, has_post_kind, sittings_of
from zhengtong.accounts.rules import rules
from zhengtong.accounts.sealed_fields import blind_index
from zhengtong.accounts.sessions import change_key, close_device, note_seen, open_device
from zhengtong.accounts.sign_in_log import AGENT_MOST, Visit, log_sign_in
from zhengtong.accounts.signing_in import may_sign_in
from zhengtong.accounts.unsent import UNSENT, gather
from zhengtong.kernel.authority import Actor

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

NOTED_EVERY: Final = timedelta(minutes=1)  # seen_at is written at most so often
POLL: Final = "X-Poll"
SEEN, BROWSER, SECOND_FACTOR = "seen_at", "browser", "second_factor"
BEGAN, CONFIRMED, METHOD = "began_at", "confirmed_at", "method"
_ACCOUNT, _ACTORS, _SITTINGS = "_zhengtong_account", "_zhengtong_actors", "_zhengtong_sittings"


def account_of(request: HttpRequest) -> Account | None:
    """Who is signed in, or nobody; asked once for each request."""
    if not hasattr(request, _ACCOUNT):
        setattr(request, _ACCOUNT, _read_account(request))
    return cast("Account | None", getattr(request, _ACCOUNT))


def known_account(request: HttpRequest) -> Account | None:
    """As `account_of` found it earlier in this request; asks nothing."""
    return cast("Account | None", getattr(request, _ACCOUNT, None))


def idle_limit(kind: str) -> timedelta:
    return rules().staff_idle if kind == AccountKind.STAFF else rules().citizen_idle


def _read_account(request: HttpRequest) -> Account | None:
    account = request.user
    if not isinstance(account, Account):
        return None
    now = real_now()
    if _is_borrowed(request, account) or not may_sign_in(account, now):
        _leave(request, now)
        return None
    over = _why_over(request, account, now)
    if over is not None:
        log_sign_in(account, over, visit=visit_of(request), at=now)
        unsent = gather(request, account, now)
        _leave(request, now)
        if unsent is not None:
            request.session[UNSENT] = unsent
        return None
    if POLL not in request.headers:  # a page that asks by itself is nobody at the desk
        _note_seen(request, now)
    return account


def _leave(request: HttpRequest, now: datetime) -> None:
    if request.session.session_key:
        close_device(request.session.session_key, at=now)
    logout(request)


def _is_borrowed(request: HttpRequest, account: Account) -> bool:
    lacks_second = account.kind == AccountKind.STAFF and not request.session.get(SECOND_FACTOR)
    return lacks_second or request.session.get(BROWSER) != _browser(request)


def _why_over(request: HttpRequest, account: Account, now: datetime) -> SignInOutcome | None:
    """Idle too long, or signed in too long ago; a session from before its beginning was kept is too old."""
    if now - datetime.fromisoformat(request.session[SEEN]) > idle_limit(account.kind):
        return SignInOutcome.EXPIRED
    began = request.session.get(BEGAN)
    if began is None or now - datetime.fromisoformat(began) > rules().session_age:
        return SignInOutcome.AGED
    return None


def _note_seen(request: HttpRequest, now: datetime) -> None:
    if now - datetime.fromisoformat(request.session[SEEN]) > NOTED_EVERY:
        request.session[SEEN] = now.isoformat()
        note_seen(request.session.session_key or "", at=now)


def _browser(request: HttpRequest) -> str:
    return blind_index(request.headers.get("User-Agent", "")[:400] or "-", purpose="accounts.browser")


def visit_of(request: HttpRequest) -> Visit:
    agent = request.headers.get("User-Agent", "")[:AGENT_MOST]
    return Visit(address=_address(str(request.META.get("REMOTE_ADDR", ""))), agent=agent)


def _address(told: str) -> str | None:
    """As an address, or nothing where the request came by a socket that has none."""
    try:
        return str(ip_address(told.partition("%")[0]))
    except ValueError:
        return None


def begin_session(request: HttpRequest, account: Account, method: SignInMethod = SignInMethod.PASSWORD) -> None:
    """A new session key and nothing left of the old session but a form that waits for this person."""
    now, unsent = real_now(), request.session.get(UNSENT)
    if request.session.session_key:
        close_device(request.session.session_key, at=now)
    request.session.flush()
    login(request, account, backend="django.contrib.auth.backends.ModelBackend")
    for name in (SEEN, BEGAN, CONFIRMED):
        request.session[name] = now.isoformat()
    request.session[BROWSER] = _browser(request)
    request.session[SECOND_FACTOR] = account.kind == AccountKind.STAFF
    request.session[METHOD] = method.value
    if unsent and unsent["account"] == account.pk:
        request.session[UNSENT] = unsent
    key = request.session.session_key or ""
    open_device(account, session_key=key, method=method.value, visit=visit_of(request), at=now)
    setattr(request, _ACCOUNT, account)


def end_session(request: HttpRequest) -> None:
    account = account_of(request)
    if account is not None:
        log_sign_in(account, SignInOutcome.SIGNED_OUT, visit=visit_of(request), at=real_now())
    _leave(request, real_now())
    setattr(request, _ACCOUNT, None)


def is_confirmed(request: HttpRequest, now: datetime) -> bool:
    """Whether the person has proved to be there a few minutes ago."""
    confirmed = request.session.get(CONFIRMED)
    return confirmed is not None and now - datetime.fromisoformat(confirmed) <= rules().confirmed_for


def note_confirmed(request: HttpRequest, now: datetime) -> None:
    """Proved again: the session goes on under a new key."""
    old = request.session.session_key or ""
    request.session.cycle_key()
    request.session[CONFIRMED] = now.isoformat()
    change_key(old, request.session.session_key or "")


def actor_of(request: HttpRequest, at: datetime, *, item: str = "", case: str = "") -> Actor | None:
    """The Actor of whoever is signed in, or nothing; the same value however often it is asked in one request.

    `item` and `case` let powers count that are limited to them.
    """
    account = account_of(request)
    if account is None:
        return None
    found: dict[tuple[datetime, str, str], Actor] = request.__dict__.setdefault(_ACTORS, {})
    is_staff = account.kind == AccountKind.STAFF and account.person_id is not None
    key = (at, "", "") if is_staff else (at, item, case)  # powers are a matter of citizens
    if key not in found:
        if is_staff and account.person_id is not None:
            found[key] = actor_sitting(account.person_id, sittings_in(request, account.person_id, at))
        else:
            found[key] = actor_for(account, at, item=item, case=case)
    return found[key]


def sittings_in(request: HttpRequest, person_id: int, at: datetime) -> tuple[Sitting, ...]:
    """The posts of the day of whoever is signed in; asked once in a request."""
    found: dict[tuple[int, datetime], tuple[Sitting, ...]] = request.__dict__.setdefault(_SITTINGS, {})
    if (person_id, at) not in found:
        found[person_id, at] = sittings_of(person_id, day_of(at), at)
    return found[person_id, at]


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


def account_required(view: View[P]) -> View[P]:
    """Anybody who is signed in."""
    return _door(view, None, "accounts:sign_in")


def confirmed_required(view: View[P]) -> View[P]:
    """For what opens or closes an account: whoever sits there must have proved to be the person minutes ago."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if is_confirmed(request, real_now()):
            return view(request, *args, **kwargs)
        is_get = request.method in {"GET", "HEAD"}
        back = request.get_full_path() if is_get else reverse("accounts:security")
        return redirect(f"{reverse('accounts:again')}?{urlencode({'next': back})}")

    return account_required(guarded)


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


def _door(view: View[P], kind: AccountKind | None, sign_in: str) -> View[P]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        had_session = isinstance(request.user, Account)
        was_staff = had_session and getattr(request.user, "kind", "") == AccountKind.STAFF
        account = account_of(request)
        if account is not None and kind in {None, account.kind}:
            return view(request, *args, **kwargs)
        if had_session and account is None:
            _say_what_became(request)
        where = "accounts:staff_sign_in" if kind is None and was_staff else sign_in
        return _to_sign_in(request, sign_in_address(request, where))

    return guarded


def _say_what_became(request: HttpRequest) -> None:
    if UNSENT in request.session:
        messages.warning(request, _("登录已过期。刚才提交的内容没有生效，但已替您保留：重新登录后可以再提交。"))
    else:
        messages.warning(request, _("登录已过期或不再有效，请重新登录。刚才提交的内容没有生效。"))


def _to_sign_in(request: HttpRequest, address: str) -> HttpResponse:
    """A script that saves a draft is told no; a fragment is not filled with a sign-in page: the whole goes there."""
    if "X-Draft" in request.headers:
        return HttpResponse(status=401)
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)


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
