"""Security keys and passkeys (安全密钥、通行密钥; WebAuthn level 2): registering one, and proving that one is in hand.

The signature is checked before the counter, so that nobody can block a key by making a counter up. A challenge is good
once; whoever calls takes it out of the session before the answer is looked at.
"""

import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

import webauthn
from django.conf import settings
from django.db.models import Q
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from zhengtong.accounts.factors import SecurityKey
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import AccountKind, SignInMethod, SignInOutcome
from zhengtong.accounts.lockout import count_failure, is_locked
from zhengtong.accounts.models import Account
from zhengtong.accounts.sign_in_log import Visit, log_sign_in, notify

CHALLENGE_BYTES: Final = 32
ANSWER_MOST: Final = 20_000
MOST: Final = 10
BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+")
SITE_NAME: Final = "政通"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the browser sent, and what it was asked."""

    text: str
    challenge: bytes


def new_challenge() -> bytes:
    return secrets.token_bytes(CHALLENGE_BYTES)


def origin() -> str:
    """The address people type, and the only page from which an answer counts."""
    parts = urlsplit(settings.ZHENGTONG_BASE_URL)
    return f"{parts.scheme}://{parts.netloc}"


def relying_party() -> str:
    return urlsplit(settings.ZHENGTONG_BASE_URL).hostname or "localhost"


def keys_of(account: Account) -> tuple[SecurityKey, ...]:
    """Those that open the account; blocked ones do not."""
    return tuple(account.security_keys.filter(removed_at__isnull=True, blocked_at__isnull=True).order_by("pk"))


# ---- registering ---------------------------------------------------------------------------------


def registration_options(account: Account, challenge: bytes) -> dict[str, Any]:
    """Citizens' keys must be found without a name; staff may use any key, for it is their second step."""
    if not account.passkey_handle:
        account.passkey_handle = bytes_to_base64url(secrets.token_bytes(32))
        account.save(update_fields=["passkey_handle"])
    is_citizen = account.kind == AccountKind.CITIZEN
    options = webauthn.generate_registration_options(
        rp_id=relying_party(),
        rp_name=SITE_NAME,
        user_id=base64url_to_bytes(account.passkey_handle),
        user_name=SITE_NAME if is_citizen else account.login,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED if is_citizen else ResidentKeyRequirement.PREFERRED,
            user_verification=(
                UserVerificationRequirement.REQUIRED if is_citizen else UserVerificationRequirement.PREFERRED
            ),
        ),
        exclude_credentials=[_descriptor(key) for key in keys_of(account)],
    )
    return _plain(options)


def register_key(account: Account, answer: Answer, *, name: str, visit: Visit, at: datetime) -> SecurityKey:
    """
    Raises:
        NotPossible: key_wrong, key_known, too_many_keys.
    """
    if len(keys_of(account)) >= MOST:
        raise NotPossible("too_many_keys")
    try:
        proved = webauthn.verify_registration_response(
            credential=_read(answer),
            expected_challenge=answer.challenge,
            expected_rp_id=relying_party(),
            expected_origin=origin(),
            require_user_verification=account.kind == AccountKind.CITIZEN,
        )
    except Exception as fault:  # the parts of a forged answer can fail in any way they like
        log_sign_in(account, SignInOutcome.REFUSED, visit=visit, at=at, method=SignInMethod.KEY)
        raise NotPossible("key_wrong") from fault
    credential = bytes_to_base64url(proved.credential_id)
    if SecurityKey.objects.filter(credential=credential).exists():
        raise NotPossible("key_known")
    key = SecurityKey.objects.create(
        account=account,
        credential=credential,
        public_key=bytes_to_base64url(proved.credential_public_key),
        sign_count=proved.sign_count,
        name=name,
        transports=_transports(answer),
        is_synced=proved.credential_device_type == CredentialDeviceType.MULTI_DEVICE,
        added_at=at,
    )
    log_sign_in(account, SignInOutcome.ADDED, visit=visit, at=at, method=SignInMethod.KEY)
    notify(account, "factor_added", at=at)
    return key


def _transports(answer: Answer) -> list[str]:
    told = json.loads(answer.text).get("response", {}).get("transports", [])
    known = {transport.value for transport in AuthenticatorTransport}
    return [word for word in told if word in known] if isinstance(told, list) else []


# ---- proving -------------------------------------------------------------------------------------


def proving_options(account: Account | None, challenge: bytes) -> dict[str, Any]:
    """For a second step: the person's keys. Without a name: any passkey of the device, unlocked by its owner."""
    options = webauthn.generate_authentication_options(
        rp_id=relying_party(),
        challenge=challenge,
        allow_credentials=[_descriptor(key) for key in keys_of(account)] if account else [],
        user_verification=UserVerificationRequirement.PREFERRED if account else UserVerificationRequirement.REQUIRED,
    )
    return _plain(options)


def check_key(account: Account, answer: Answer, *, visit: Visit, at: datetime) -> None:
    """The second step.

    Raises:
        NotPossible: locked, key_wrong, key_cloned.
    """
    if is_locked(account, at):
        raise NotPossible("locked")
    key = _find(answer)
    if key is None or key.account_id != account.pk:
        _refuse(account, visit, at)
    _prove(key, answer, is_alone=False, visit=visit, at=at)
    Account.objects.filter(pk=account.pk).update(failures=0)


def sign_in_with_passkey(answer: Answer, *, visit: Visit, at: datetime) -> Account:
    """A citizen without a password: the device has checked its owner, and says whose passkey it is.

    Raises:
        NotPossible: key_wrong, key_cloned; a locked account answers as a wrong key does.
    """
    key = _find(answer)
    if key is None or key.account.kind != AccountKind.CITIZEN:
        log_sign_in(None, SignInOutcome.REFUSED, visit=visit, at=at, method=SignInMethod.KEY)
        raise NotPossible("key_wrong")
    if is_locked(key.account, at):
        log_sign_in(key.account, SignInOutcome.LOCKED, visit=visit, at=at, method=SignInMethod.KEY)
        raise NotPossible("key_wrong")
    _prove(key, answer, is_alone=True, visit=visit, at=at)
    return key.account


def _find(answer: Answer) -> SecurityKey | None:
    credential = str(_read(answer).get("id", ""))
    if not BASE64URL.fullmatch(credential):
        return None
    found = SecurityKey.objects.filter(credential=credential, removed_at__isnull=True, blocked_at__isnull=True)
    return found.select_related("account__subject", "account__person").first()


def _prove(key: SecurityKey, answer: Answer, *, is_alone: bool, visit: Visit, at: datetime) -> None:
    told = _read(answer)
    try:
        proved = webauthn.verify_authentication_response(
            credential=told,
            expected_challenge=answer.challenge,
            expected_rp_id=relying_party(),
            expected_origin=origin(),
            credential_public_key=base64url_to_bytes(key.public_key),
            credential_current_sign_count=0,  # compared below, once the signature holds
            require_user_verification=is_alone,
        )
    except Exception:
        _refuse(key.account, visit, at)
    handle = told["response"].get("userHandle")
    if (is_alone or handle) and handle != key.account.passkey_handle:
        _refuse(key.account, visit, at)
    _move_on(key, proved.new_sign_count, visit, at)


def _move_on(key: SecurityKey, count: int, visit: Visit, at: datetime) -> None:
    """Authenticators without a counter say 0 for ever. Any other must say more than ever before, or there are two."""
    forward = Q(sign_count=0) if count == 0 else Q(sign_count__lt=count)
    if SecurityKey.objects.filter(forward, pk=key.pk).update(sign_count=count, last_used_at=at):
        return
    SecurityKey.objects.filter(pk=key.pk).update(blocked_at=at)
    log_sign_in(key.account, SignInOutcome.CLONED, visit=visit, at=at, method=SignInMethod.KEY)
    notify(key.account, "cloned", at=at)
    raise NotPossible("key_cloned")


def _refuse(account: Account, visit: Visit, at: datetime) -> NoReturn:
    count_failure(account, at, visit=visit)
    log_sign_in(account, SignInOutcome.REFUSED, visit=visit, at=at, method=SignInMethod.KEY)
    raise NotPossible("key_wrong")


def remove_key(account: Account, *, row: int, visit: Visit, at: datetime) -> None:
    """Whether it may go is asked by `second_factors.remove`."""
    if not account.security_keys.filter(pk=row, removed_at__isnull=True).update(removed_at=at):
        raise NotPossible("already_ended")
    log_sign_in(account, SignInOutcome.REMOVED, visit=visit, at=at, method=SignInMethod.KEY)
    notify(account, "factor_removed", at=at)


def _read(answer: Answer) -> dict[str, Any]:
    """A JSON object with the two parts that are looked at; anything else is refused."""
    try:
        told = json.loads(answer.text) if len(answer.text) <= ANSWER_MOST else None
    except (ValueError, RecursionError):  # the second: a thousand brackets inside each other
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("response"), dict):
        raise NotPossible("key_wrong")
    return told


def _plain(options: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return plain


def _descriptor(key: SecurityKey) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(word) for word in key.transports] or None
    return PublicKeyCredentialDescriptor(id=base64url_to_bytes(key.credential), transports=transports)
