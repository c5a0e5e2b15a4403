"""What a real provider sends, and the same bent a little: one thing wrong at a time, and every one is refused."""

import base64
import hmac
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from typing import Any, Final
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from joserfc import jwk, jwt

from tests.openid.running import running
from tests.support.ports import free_port
from zhengtong.accounts import openid, openid_providers
from zhengtong.accounts.clock import real_now
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.openid_providers import Provider

BACK: Final = "http://localhost:1/account/openid/back"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running(free_port(), redirect=BACK, home="http://localhost:1/") as address:
        yield address


@pytest.fixture(scope="module")
def provider(issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Provider:
    secret = tmp_path_factory.mktemp("openid") / "secret"
    secret.write_text("a-secret-of-the-tests\n")
    return Provider(
        code="elsewhere", name="另一平台", name_en="Elsewhere", issuer=issuer, client_id="zhengtong",
        client_secret_file=str(secret), scope="openid staff", acr_values=("one",),
    )  # fmt: skip


@dataclass
class Trip:
    """One way there and back."""

    pending: openid.Pending
    told: dict[str, str]


def go(provider: Provider, who: str) -> Trip:
    """As a browser would: the provider's own forms for signing in and consenting, by their buttons."""
    address, pending = openid.begin(provider, redirect_uri=BACK, language="zh-CN", wanted="", at=real_now())
    browser = requests.Session()
    answer = browser.get(address, allow_redirects=False)
    for _step in range(12):
        if answer.is_redirect:
            address = urljoin(answer.url, answer.headers["Location"])
            if address.startswith(BACK):
                told = parse_qs(urlsplit(address).query)
                return Trip(pending=pending, told={name: values[0] for name, values in told.items()})
            answer = browser.get(address, allow_redirects=False)
            continue
        action = re.search(r'action="([^"]+)"', answer.text)
        prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
        assert action and prompt, answer.text[:2000]
        fields = {"prompt": prompt[1], "login": who, "password": "any"}
        answer = browser.post(urljoin(answer.url, unescape(action[1])), data=fields, allow_redirects=False)
    raise AssertionError("the provider never sent us back")


@pytest.fixture(scope="module")
def arrived(provider: Provider) -> tuple[openid.Pending, openid.Identity]:
    trip = go(provider, "somebody")
    identity = openid.finish(provider, trip.pending, told=trip.told, redirect_uri=BACK, at=real_now())
    return trip.pending, identity


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    header, claims, signature = token.split(".")
    plain = [json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) for text in (header, claims)]
    return plain[0], plain[1], signature


def written(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


class TestTrip:
    def test_brings_issuer_and_subject(self, arrived: tuple[openid.Pending, openid.Identity], issuer: str) -> None:
        _pending, identity = arrived
        assert (identity.issuer, identity.subject) == (issuer, "somebody")

    def test_asks_with_pkce_state_and_nonce(self, provider: Provider) -> None:
        address, pending = openid.begin(provider, redirect_uri=BACK, language="en", wanted="", at=real_now())
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["code_challenge_method"] == "S256"
        assert asked["response_type"] == "code"
        assert (asked["state"], asked["nonce"]) == (pending.state, pending.nonce)
        assert pending.verifier not in address
        assert len({pending.state, pending.nonce, pending.verifier}) == 3

    @pytest.mark.parametrize(
        "bend",
        [
            pytest.param(lambda told: {**told, "state": "x" * 43}, id="wrong-state"),
            pytest.param(lambda told: {name: told[name] for name in told if name != "state"}, id="no-state"),
            pytest.param(lambda told: {**told, "iss": "http://localhost:2"}, id="from-another-provider"),
            pytest.param(lambda told: {name: told[name] for name in told if name != "iss"}, id="no-issuer"),
            pytest.param(lambda told: {**told, "code": "guessed"}, id="wrong-code"),
            pytest.param(lambda told: {**told, "error": "access_denied"}, id="denied"),
        ],
    )
    def test_with_another_answer_is_refused(
        self, provider: Provider, bend: Callable[[dict[str, str]], dict[str, str]]
    ) -> None:
        trip = go(provider, "somebody")
        with pytest.raises(NotPossible, match="openid_refused"):
            openid.finish(provider, trip.pending, told=bend(trip.told), redirect_uri=BACK, at=real_now())

    def test_is_refused_with_another_verifier_and_when_the_code_comes_twice(self, provider: Provider) -> None:
        trip = go(provider, "somebody")
        stolen = replace(trip.pending, verifier="v" * 64)
        with pytest.raises(NotPossible, match="openid_refused"):
            openid.finish(provider, stolen, told=trip.told, redirect_uri=BACK, at=real_now())
        trip = go(provider, "somebody")
        openid.finish(provider, trip.pending, told=trip.told, redirect_uri=BACK, at=real_now())
        with pytest.raises(NotPossible, match="openid_refused"):
            openid.finish(provider, trip.pending, told=trip.told, redirect_uri=BACK, at=real_now())

    def test_that_took_too_long_is_refused(self, provider: Provider) -> None:
        trip = go(provider, "somebody")
        late = real_now() + openid.WAITS + timedelta(seconds=1)
        with pytest.raises(NotPossible, match="openid_refused"):
            openid.finish(provider, trip.pending, told=trip.told, redirect_uri=BACK, at=late)

    def test_to_a_provider_that_is_not_there_is_told(self, provider: Provider) -> None:
        gone = replace(provider, issuer=f"http://localhost:{free_port()}")
        with pytest.raises(NotPossible, match="openid_away"):
            openid.begin(gone, redirect_uri=BACK, language="", wanted="", at=real_now())


class TestToken:
    def test_is_taken_as_it_came(self, provider: Provider, arrived: tuple[openid.Pending, openid.Identity]) -> None:
        pending, identity = arrived
        again = openid.read_id_token(provider, identity.id_token, nonce=pending.nonce, at=real_now())
        assert again == identity

    def refuse(self, provider: Provider, token: str, nonce: str, *, hours: int = 0) -> None:
        with pytest.raises(NotPossible, match="openid_refused"):
            openid.read_id_token(provider, token, nonce=nonce, at=real_now() + timedelta(hours=hours))

    def test_of_another_nonce_time_client_or_issuer_is_refused(
        self, provider: Provider, arrived: tuple[openid.Pending, openid.Identity]
    ) -> None:
        pending, identity = arrived
        self.refuse(provider, identity.id_token, "another")
        self.refuse(provider, identity.id_token, pending.nonce, hours=3)
        self.refuse(provider, identity.id_token, pending.nonce, hours=-3)
        self.refuse(replace(provider, client_id="another"), identity.id_token, pending.nonce)
        self.refuse(replace(provider, required_acr=("high",)), identity.id_token, pending.nonce)
        self.refuse(replace(provider, algorithms=("ES256",)), identity.id_token, pending.nonce)

    def test_without_a_signature_is_refused(
        self, provider: Provider, arrived: tuple[openid.Pending, openid.Identity]
    ) -> None:
        pending, identity = arrived
        header, claims, signature = parts(identity.id_token)
        for algorithm in ("none", "None", "nOnE", ""):
            self.refuse(provider, f"{written({**header, 'alg': algorithm})}.{written(claims)}.", pending.nonce)
        self.refuse(provider, f"{written(header)}.{written(claims)}.", pending.nonce)
        self.refuse(provider, f"{written(header)}.{written({**claims, 'sub': 'other'})}.{signature}", pending.nonce)
        for rubbish in ("", "a.b.c", "....", "{}", "x" * 50_000):
            self.refuse(provider, rubbish, pending.nonce)

    def test_signed_by_somebody_else_is_refused(
        self, provider: Provider, arrived: tuple[openid.Pending, openid.Identity]
    ) -> None:
        """By a key of one's own under the provider's key name, and by the public key taken as a shared secret."""
        pending, identity = arrived
        header, claims, _signature = parts(identity.id_token)
        own = jwk.RSAKey.generate_key(2048, {"kid": header["kid"]}, private=True)
        self.refuse(provider, jwt.encode({"alg": "RS256", "kid": header["kid"]}, claims, own), pending.nonce)
        (public, *_more) = openid_providers.keys_at(provider, real_now(), fresh=False)["keys"]
        signed = f"{written({**header, 'alg': 'HS256'})}.{written(claims)}"
        mark = hmac.digest(jwk.RSAKey.import_key(public).as_pem(private=False), signed.encode(), "sha256")
        forged = f"{signed}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"
        self.refuse(provider, forged, pending.nonce)
        self.refuse(replace(provider, algorithms=("RS256", "HS256")), forged, pending.nonce)


class TestFile:
    def written(self, tmp_path: Any, settings: Any, text: str) -> None:
        path = tmp_path / "openid.toml"
        path.write_text(text, encoding="utf-8")
        settings.ZHENGTONG_SIGN_IN = replace(settings.ZHENGTONG_SIGN_IN, openid_file=path)

    GOOD = '[[provider]]\ncode = "p"\nname = "甲"\nname_en = "A"\nissuer = "https://id.example"\nclient_id = "z"\n'

    def test_names_providers(self, tmp_path: Any, settings: Any) -> None:
        self.written(tmp_path, settings, self.GOOD + 'kinds = ["staff"]\nclaim = "no"\nclaim_is = "staff_login"\n')
        assert [one.code for one in openid_providers.providers_for("staff")] == ["p"]
        assert openid_providers.providers_for("citizen") == ()

    @pytest.mark.parametrize(
        "more",
        [
            'algorithms = ["none"]', 'algorithms = ["HS256"]', "algorithms = []",
            'claim = "email"\nclaim_is = "staff_login"',
            'claim = "name"\nclaim_is = "certificate"', 'claim = "number"', 'kinds = ["everybody"]', 'scope = "email"',
            "surprise = 1", "broken",
        ],
    )  # fmt: skip
    def test_that_asks_for_what_may_not_be_is_refused(self, tmp_path: Any, settings: Any, more: str) -> None:
        self.written(tmp_path, settings, self.GOOD + more)
        with pytest.raises(ImproperlyConfigured):
            openid_providers.providers()

    def test_takes_http_from_this_machine_only(self, tmp_path: Any, settings: Any) -> None:
        self.written(tmp_path, settings, self.GOOD.replace("https://", "http://"))
        with pytest.raises(ImproperlyConfigured, match="https"):
            openid_providers.providers()


class TestSettingOut:
    def test_takes_a_press_on_a_page_of_ours(self, city_db: Any, tmp_path: Any, settings: Any, issuer: str) -> None:
        """Else a page elsewhere could sign a visitor in, or in as somebody else, without being asked."""
        path = tmp_path / "openid.toml"
        path.write_text(TestFile.GOOD.replace("https://id.example", issuer), encoding="utf-8")
        settings.ZHENGTONG_SIGN_IN = replace(settings.ZHENGTONG_SIGN_IN, openid_file=path)
        start = reverse("accounts:openid_start", args=["p"])
        for elsewhere in ("cross-site", "same-site", "none"):
            answer = Client().get(start, headers={"sec-fetch-site": elsewhere})
            assert answer["Location"] == reverse("accounts:sign_in")
        answer = Client().get(start, headers={"sec-fetch-site": "same-origin"})
        assert answer["Location"].startswith(issuer)
