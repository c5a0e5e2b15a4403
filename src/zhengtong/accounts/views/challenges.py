"""The challenge a security key signs: handed out on request, kept in the session, good once and for five minutes."""

from datetime import datetime
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from zhengtong.accounts import passkeys
from zhengtong.accounts.clock import real_now
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import SignInMethod, SignInOutcome
from zhengtong.accounts.models import Account
from zhengtong.accounts.passkeys import Answer
from zhengtong.accounts.requests import account_of, is_confirmed, visit_of
from zhengtong.accounts.rules import HALFWAY_LASTS
from zhengtong.accounts.second_factors import has_key, has_second
from zhengtong.accounts.sign_in_log import log_sign_in

CHALLENGE: Final = "challenge"
SIGN_IN, SECOND, ENROL, REGISTER, AGAIN = "sign_in", "second", "enrol", "register", "again"


@never_cache
@require_POST
def challenge(request: HttpRequest) -> HttpResponse:
    """What the browser is to ask the key, as JSON. Who it is for follows from the session, never from the request."""
    now, purpose = real_now(), request.POST.get("purpose", "")
    account = _asker(request, purpose, now)
    if account is None and purpose != SIGN_IN:
        return JsonResponse({}, status=403)
    value = passkeys.new_challenge()
    request.session[CHALLENGE] = {
        "value": bytes_to_base64url(value),
        "purpose": purpose,
        "account": account.pk if account else 0,
        "at": now.isoformat(),
    }
    if account is not None and purpose in {ENROL, REGISTER}:
        return JsonResponse(passkeys.registration_options(account, value))
    return JsonResponse(passkeys.proving_options(account, value))


def _asker(request: HttpRequest, purpose: str, now: datetime) -> Account | None:
    from zhengtong.accounts.views.sign_in import halfway

    if purpose in {SECOND, ENROL}:
        account = halfway(request, now)
        fits = account is not None and (has_key(account) if purpose == SECOND else not has_second(account))
        return account if fits else None
    if purpose in {REGISTER, AGAIN}:
        account = account_of(request)
        return account if account is not None and (purpose == AGAIN or is_confirmed(request, now)) else None
    return None


def take_answer(request: HttpRequest, purpose: str, account: int, now: datetime) -> Answer:
    """What was posted, with the challenge it should answer, which is gone from the session from now on.

    Raises:
        NotPossible: there was none for this purpose and this person, or it is too old.
    """
    asked = request.session.pop(CHALLENGE, None)
    fits = (
        asked is not None
        and (asked["purpose"], asked["account"]) == (purpose, account)
        and now - datetime.fromisoformat(asked["at"]) <= HALFWAY_LASTS
    )
    if not fits and not request.POST.get("credential"):
        raise NotPossible("key_wrong")
    if not fits:
        who = Account.objects.filter(pk=account).first() if account else None
        log_sign_in(who, SignInOutcome.REFUSED, visit=visit_of(request), at=now, method=SignInMethod.KEY)
        raise NotPossible("key_wrong")
    return Answer(text=request.POST.get("credential", ""), challenge=base64url_to_bytes(asked["value"]))
