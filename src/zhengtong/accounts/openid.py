"""Signing in with another platform's account (OpenID Connect: code flow, PKCE, state, nonce).

Only the pair (issuer, subject) opens an account, and only after somebody linked it: the signed-in person, an
administrator, or a claim the installation trusts to be the staff or certificate number. A name or mail never does.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from django.db import IntegrityError, transaction
from joserfc import jwk, jwt
from joserfc.errors import JoseError
from requests import RequestException

from zhengtong.accounts.factors import OpenIdLink
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import AccountKind, SignInMethod, SignInOutcome
from zhengtong.accounts.models import Account
from zhengtong.accounts.openid_providers import CERTIFICATE, Provider, discover, keys_at
from zhengtong.accounts.queries import number_index
from zhengtong.accounts.sign_in_log import Visit, log_sign_in, notify
from zhengtong.ui.codes import tidy_code

WAITS: Final = timedelta(minutes=10)
LEEWAY: Final = 60  # seconds by which two clocks may differ
ANSWER_TIMEOUT: Final = 8
TOKEN_MOST: Final = 20_000
SUBJECT_MOST: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What this browser set out with; kept in its session and taken out when it comes back."""

    provider: str
    state: str
    nonce: str
    verifier: str
    began: str
    wanted: str = ""
    link_to: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the provider says it is; every check has passed."""

    issuer: str
    subject: str
    acr: str
    mapped: str
    id_token: str


# ---- going there ---------------------------------------------------------------------------------


def begin(
    provider: Provider, *, redirect_uri: str, language: str, wanted: str, at: datetime, link_to: int = 0
) -> tuple[str, Pending]:
    """The address to send the browser to, and what to remember of it.

    Raises:
        NotPossible: openid_away.
    """
    pending = Pending(
        provider=provider.code,
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        began=at.isoformat(),
        wanted=wanted,
        link_to=link_to,
    )
    more = {"acr_values": " ".join(provider.acr_values)} if provider.acr_values else {}
    if link_to:
        more["prompt"] = "login"
    address, _state = _session(provider, redirect_uri).create_authorization_url(
        discover(provider, at)["authorization_endpoint"], state=pending.state, nonce=pending.nonce,
        code_verifier=pending.verifier, ui_locales=language, **more,
    )  # fmt: skip
    return str(address), pending


def _session(provider: Provider, redirect_uri: str) -> OAuth2Session:
    secret = provider.client_secret()
    session = OAuth2Session(
        client_id=provider.client_id, client_secret=secret, scope=provider.scope, redirect_uri=redirect_uri,
        code_challenge_method="S256", token_endpoint_auth_method="client_secret_basic" if secret else "none",
    )  # fmt: skip
    session.max_redirects = 0  # the code and our secret go to the provider's own address and no further
    return session


# ---- coming back ---------------------------------------------------------------------------------


def finish(provider: Provider, pending: Pending, *, told: dict[str, str], redirect_uri: str, at: datetime) -> Identity:
    """Exchange the code and check the ID token.

    Raises:
        NotPossible: openid_refused, openid_away.
    """
    known = discover(provider, at)
    _check_answer(provider, pending, told, known, at)
    try:
        token = _session(provider, redirect_uri).fetch_token(
            known["token_endpoint"], code=told["code"], code_verifier=pending.verifier, timeout=ANSWER_TIMEOUT,
            grant_type="authorization_code",
        )  # fmt: skip
    except RequestException as fault:
        raise NotPossible("openid_away") from fault
    except AuthlibBaseError as fault:
        raise NotPossible("openid_refused") from fault
    return read_id_token(provider, str(token.get("id_token") or ""), nonce=pending.nonce, at=at)


def _check_answer(
    provider: Provider, pending: Pending, told: dict[str, str], known: dict[str, Any], at: datetime
) -> None:
    """Ours, in time, from the provider that was asked (RFC 9207), and with a code."""
    same = secrets.compare_digest(told.get("state", "").encode(), pending.state.encode())
    in_time = at - datetime.fromisoformat(pending.began) <= WAITS
    says_issuer = "iss" in told or known.get("authorization_response_iss_parameter_supported")
    from_it = not says_issuer or told.get("iss") == provider.issuer
    if not (same and in_time and from_it and told.get("code")) or "error" in told:
        raise NotPossible("openid_refused")


def read_id_token(provider: Provider, token: str, *, nonce: str, at: datetime) -> Identity:
    """Signature by a key of the provider with an algorithm we list; issuer, audience, times and nonce as they must be.

    Raises:
        NotPossible: openid_refused.
    """
    if len(token) > TOKEN_MOST:
        raise NotPossible("openid_refused")
    try:
        claims = _verified(provider, token, at)
        registry = jwt.JWTClaimsRegistry(
            now=int(at.timestamp()), leeway=LEEWAY,
            iss={"essential": True, "value": provider.issuer}, aud={"essential": True, "value": provider.client_id},
            exp={"essential": True}, iat={"essential": True}, sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )  # fmt: skip
        registry.validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as fault:
        raise NotPossible("openid_refused") from fault
    return _identity(provider, claims, token)


def _verified(provider: Provider, token: str, at: datetime) -> dict[str, Any]:
    """A key may be new since we asked: then the provider is asked once more."""
    for fresh in (False, True):
        keys = jwk.KeySet.import_key_set(keys_at(provider, at, fresh=fresh))  # type: ignore[arg-type]  # JSON of the provider; joserfc checks it
        try:
            return dict(jwt.decode(token, keys, algorithms=list(provider.algorithms)).claims)
        except JoseError:
            if fresh:
                raise
        except ValueError:  # no key of that name
            if fresh:
                raise
    raise ValueError("no key")


def _identity(provider: Provider, claims: dict[str, Any], token: str) -> Identity:
    audience = claims["aud"]
    several = isinstance(audience, list) and len(audience) > 1
    acr, subject = str(claims.get("acr") or ""), str(claims["sub"])
    wrong_party = (several or "azp" in claims) and claims.get("azp") != provider.client_id
    too_low = bool(provider.required_acr) and acr not in provider.required_acr
    if wrong_party or too_low or not 0 < len(subject) <= SUBJECT_MOST:
        raise NotPossible("openid_refused")
    mapped = claims.get(provider.claim) if provider.claim else ""
    return Identity(
        issuer=provider.issuer, subject=subject, acr=acr, mapped=mapped if isinstance(mapped, str) else "",
        id_token=token,
    )  # fmt: skip


# ---- whose account -------------------------------------------------------------------------------


def account_for(provider: Provider, identity: Identity, *, visit: Visit, at: datetime) -> Account:
    """The account this identity was linked to; else the one a trusted claim names, which is linked from now on.

    Raises:
        NotPossible: openid_unknown.
    """
    links = OpenIdLink.objects.filter(issuer=identity.issuer, subject=identity.subject, removed_at__isnull=True)
    link = links.select_related("account__person", "account__subject").first()
    if link is not None and link.account.kind in provider.kinds:
        OpenIdLink.objects.filter(pk=link.pk).update(last_used_at=at)
        return link.account
    account = _named(provider, identity) if link is None else None
    if account is None or account.kind not in provider.kinds:
        log_sign_in(
            None, SignInOutcome.REFUSED, visit=visit, at=at, method=SignInMethod.OPENID,
            typed=f"{identity.issuer} {identity.subject}",
        )  # fmt: skip
        raise NotPossible("openid_unknown")
    link_account(account, issuer=identity.issuer, subject=identity.subject, by=f"claim:{provider.claim}", at=at)
    return account


def _named(provider: Provider, identity: Identity) -> Account | None:
    if not provider.claim or not tidy_code(identity.mapped):
        return None
    if provider.claim_is == CERTIFICATE:
        found = Account.objects.filter(
            kind=AccountKind.CITIZEN, subject__number_index=number_index(identity.mapped), subject__is_checked=True
        )
    else:
        found = Account.objects.filter(kind=AccountKind.STAFF, login=identity.mapped)
    return found.select_related("person", "subject").first()


def is_second_factor_done(provider: Provider, identity: Identity) -> bool:
    """Whether the provider itself asked for two, as this installation reads its acr."""
    return bool(identity.acr) and identity.acr in provider.second_factor_acr


# ---- links ---------------------------------------------------------------------------------------


def link_account(account: Account, *, issuer: str, subject: str, by: str, at: datetime) -> OpenIdLink:
    """By the person who has just proved both, or by an administrator (`by`, a reference).

    Raises:
        NotPossible: openid_taken.
    """
    try:
        with transaction.atomic():
            link = OpenIdLink.objects.create(
                account=account, issuer=issuer, subject=subject, linked_at=at, linked_by=by
            )
    except IntegrityError as fault:
        raise NotPossible("openid_taken") from fault
    log_sign_in(account, SignInOutcome.LINKED, visit=Visit(), at=at, method=SignInMethod.OPENID, by=by)
    notify(account, "linked", at=at)
    return link


def unlink_account(account: Account, *, row: int, by: str, at: datetime) -> None:
    if not account.openid_links.filter(pk=row, removed_at__isnull=True).update(removed_at=at):
        raise NotPossible("already_ended")
    log_sign_in(account, SignInOutcome.UNLINKED, visit=Visit(), at=at, method=SignInMethod.OPENID, by=by)


def leave_address(provider: Provider, *, id_token: str, back: str, at: datetime) -> str:
    """Where the provider ends its own session too (RP-initiated logout); empty when it cannot."""
    try:
        known = discover(provider, at)
    except NotPossible:
        return ""
    end = known.get("end_session_endpoint")
    if not end:
        return ""
    told = {"id_token_hint": id_token, "client_id": provider.client_id, "post_logout_redirect_uri": back}
    return f"{end}?{urlencode(told)}"
