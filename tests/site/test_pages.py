"""What every answer carries, the pages of faults, the choice of language, and the browser that journeys use."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.support.browser import OpenPage
from zhengtong.accounts.models import Territory, Unit
from zhengtong.site import words
from zhengtong.site.headers import CONTENT_SECURITY_POLICY


class TestHeaders:
    def test_stand_on_pages_and_on_faults(self, city_db: Path, client: Client) -> None:
        for address in ("/health", "/no/such/page"):
            headers = client.get(address).headers
            assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "same-origin"
            assert "camera=()" in headers["Permissions-Policy"]
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"

    @pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "CONNECT", "PROPFIND"])
    def test_other_methods_are_refused_before_anything(self, city_db: Path, client: Client, method: str) -> None:
        assert client.generic(method, "/").status_code == 405

    def test_cookies_over_https_are_of_this_host_alone(self) -> None:
        code = (
            "from zhengtong.site import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, "
            "s.LANGUAGE_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS)"
        )
        env = {**os.environ, "ZHENGTONG_BASE_URL": "https://zw.example"}
        said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
        assert said.split() == ["__Host-session", "__Host-csrf", "__Host-language", "True", "31536000", "True"]

    def test_allow_no_inline_script_or_style(self) -> None:
        assert "unsafe" not in CONTENT_SECURITY_POLICY


class TestFaults:
    def test_absent_page_says_so_in_words(self, city_db: Path, client: Client) -> None:
        answer = client.get("/no/such/page")
        assert answer.status_code == 404
        assert "没有找到" in answer.content.decode()

    def test_a_forged_form_is_refused_in_words(self, city_db: Path) -> None:
        answer = Client(enforce_csrf_checks=True).post("/language", {"language": "en"})
        assert answer.status_code == 403
        assert "<h1>" in answer.content.decode()

    def test_a_bug_is_answered_without_its_details(self, city_db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from django.db import connection

        def burst(*args: object) -> None:
            raise RuntimeError("the inside of the house")

        monkeypatch.setattr(connection._connections["default"], "cursor", burst)  # type: ignore[attr-defined]
        answer = Client(raise_request_exception=False).get("/")
        assert answer.status_code == 500
        assert "inside" not in answer.content.decode()


class TestPublicFrame:
    """Pages of rooms below the portal, and the pages of faults, stand in its frame and bear the name of the place."""

    @pytest.mark.parametrize("address", ["/no/such/page", "/account/sign-in", "/staff/sign-in", "/documents/verify"])
    def test_stands_around_every_public_page(self, city_db: Path, client: Client, address: str) -> None:
        page = client.get(address).content.decode()
        assert 'class="zt-nav"' in page
        assert "查进度" in page

    def test_says_whose_services_these_are(
        self, city_db: Path, client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        monkeypatch.setattr(words, "_kept", {})
        assert "<span>政务服务中心</span>" in client.get("/documents/verify").content.decode()
        place = Territory.objects.create(code="519901", name="云溪区", name_en="Yunxi District")
        Unit.objects.create(code="yx", name="云溪区人民政府", kind="government", territory=place)
        assert "<span>云溪区政务服务</span>" in client.get("/documents/verify").content.decode()
        client.cookies["language"] = "en"
        assert "<span>Yunxi District Government Services</span>" in client.get("/documents/verify").content.decode()
        settings.ZHENGTONG_SITE_NAME = "一网通办"
        assert "<span>一网通办</span>" in client.get("/documents/verify").content.decode()


class TestLanguage:
    def test_is_kept_and_keeps_the_place(self, city_db: Path, client: Client) -> None:
        answer = client.post("/language", {"language": "en", "next": "/desk/?q=1"})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/desk/?q=1")
        assert client.cookies["language"].value == "en"
        assert 'lang="en"' in client.get("/no/such/page").content.decode()

    def test_follows_no_stranger(self, city_db: Path, client: Client) -> None:
        answer = client.post("/language", {"language": "en", "next": "https://elsewhere.example/"})
        assert answer.headers["Location"] == "/"

    def test_is_not_changed_by_a_link(self, city_db: Path, client: Client) -> None:
        assert client.get("/language").status_code == 405


@pytest.mark.journey
class TestBrowser:
    def test_opens_a_page_and_breaks_no_rule_of_the_policy(self, open_page: OpenPage) -> None:
        page = open_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto("/no/such/page")
        assert page.get_by_role("heading", level=1).is_visible()
        assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px \"Noto Sans SC\"', '政'))")
        assert [text for text in complaints if "404" not in text] == []
