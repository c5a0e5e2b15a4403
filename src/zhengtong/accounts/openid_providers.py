"""The OpenID providers (其他平台) of this installation, read from the TOML file that ZHENGTONG_OPENID names, and what
each says of itself (discovery, keys), asked over https and kept for an hour."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import get_language

from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import AccountKind
from zhengtong.accounts.rules import rules

# Signed by a key pair of the provider: never `none`, never a secret that we would share with it.
ALLOWED: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
KEPT: Final = timedelta(hours=1)
TIMEOUT: Final = 5
MOST_BYTES: Final = 512 * 1024
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
STAFF_LOGIN, CERTIFICATE = "staff_login", "certificate"
NEVER_NAMES: Final = frozenset(
    {"sub", "email", "name", "given_name", "family_name", "nickname", "preferred_username", "phone_number"}
)
ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One [[provider]] of the file. `claim`: empty, or a number whose owner the provider vouches for."""

    code: str
    name: str
    name_en: str
    issuer: str
    client_id: str
    client_secret_file: str = ""
    kinds: tuple[str, ...] = (AccountKind.CITIZEN.value,)
    scope: str = "openid"
    algorithms: tuple[str, ...] = ("RS256",)
    acr_values: tuple[str, ...] = ()
    required_acr: tuple[str, ...] = ()
    second_factor_acr: tuple[str, ...] = ()
    claim: str = ""
    claim_is: str = ""

    @property
    def label(self) -> str:
        return self.name_en if (get_language() or "").startswith("en") and self.name_en else self.name

    def client_secret(self) -> str:
        """Read when it is needed, so that it can be renewed without a restart."""
        return Path(self.client_secret_file).read_text(encoding="utf-8").strip() if self.client_secret_file else ""


def providers() -> tuple[Provider, ...]:
    """
    Raises:
        ImproperlyConfigured: the file cannot be read, or says what may not be.
    """
    path = rules().openid_file
    if path is None:
        return ()
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise ImproperlyConfigured(f"ZHENGTONG_OPENID={path} cannot be read: {error.strerror}.") from error


def providers_for(kind: str) -> tuple[Provider, ...]:
    return tuple(one for one in providers() if kind in one.kinds)


def provider(code: str) -> Provider | None:
    return next((one for one in providers() if one.code == code), None)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> tuple[Provider, ...]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("provider", [])
        found = tuple(_provider(table) for table in tables)
    except (tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"{path}: {error}") from error
    if len({one.code for one in found}) != len(found):
        raise ImproperlyConfigured(f"{path}: two providers have the same code.")
    return found


def _provider(table: Mapping[str, Any]) -> Provider:
    told: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    made = Provider(**told)
    wrong = [name for name in made.algorithms if name not in ALLOWED]
    if wrong or not made.algorithms:
        raise ValueError(f"{made.code}: algorithms {wrong} are not among {', '.join(ALLOWED)}")
    if not is_safe_address(made.issuer):
        raise ValueError(f"{made.code}: the issuer must be an https address")
    if made.claim in NEVER_NAMES or bool(made.claim) != (made.claim_is in (STAFF_LOGIN, CERTIFICATE)):
        raise ValueError(f"{made.code}: claim {made.claim!r} cannot stand for {made.claim_is!r}")
    if not made.kinds or set(made.kinds) - set(AccountKind.values):
        raise ValueError(f"{made.code}: kinds are staff and citizen")
    if "openid" not in made.scope.split():
        raise ValueError(f"{made.code}: the scope must contain openid")
    return made


def is_safe_address(address: str) -> bool:
    """https; on this machine itself also http."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


# ---- what they say of themselves -----------------------------------------------------------------

_kept: dict[str, tuple[datetime, dict[str, Any]]] = {}


def discover(of: Provider, at: datetime) -> dict[str, Any]:
    """
    Raises:
        NotPossible: openid_away, or openid_refused when it calls itself something else.
    """
    told = _ask(f"{of.issuer.rstrip('/')}/.well-known/openid-configuration", at, fresh=False)
    unsafe = [name for name in ENDPOINTS if told.get(name) and not is_safe_address(str(told[name]))]
    if told.get("issuer") != of.issuer or unsafe or not all(told.get(name) for name in ENDPOINTS[:3]):
        raise NotPossible("openid_refused")
    return told


def keys_at(of: Provider, at: datetime, *, fresh: bool) -> dict[str, Any]:
    return _ask(str(discover(of, at)["jwks_uri"]), at, fresh=fresh)


def _ask(address: str, at: datetime, *, fresh: bool) -> dict[str, Any]:
    kept = _kept.get(address)
    if kept is not None and not fresh and kept[0] <= at < kept[0] + KEPT:
        return kept[1]
    try:
        answer = requests.get(address, timeout=TIMEOUT, allow_redirects=False, stream=True)
        answer.raise_for_status()
        body = answer.raw.read(MOST_BYTES + 1, decode_content=True)
        told = json.loads(body) if len(body) <= MOST_BYTES else None
    except (requests.RequestException, ValueError, RecursionError) as fault:
        raise NotPossible("openid_away") from fault
    if not isinstance(told, dict):
        raise NotPossible("openid_away")
    _kept[address] = (at, told)
    return told
