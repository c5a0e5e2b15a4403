"""Every address is asked with words that are none: no fault, no redirect off the site, and every answer is guarded."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

import pytest
from django.test import Client

from tests.architecture.addresses import BROWSER, Door, Scene, doors, set_scene
from tests.attacks.pages import BAD
from zhengtong.accounts.models import Subject
from zhengtong.cases.access import token_of
from zhengtong.documents import proofs

ASKED: Final = ("page", "q", "list", "next", "version", "status", "kind", "show", "number", "new", "back", "item")
ASKING: Final = ("party", "window", "editor", "nobody")
ELSEWHERE: Final = (
    "//evil.example/", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "///evil",
    "http:evil.example", "evil", "accounts:sign_out", "/\t/evil.example", "%2f%2fevil.example", "@evil.example", "",
)  # fmt: skip
# What of its own an answer may say instead of the policy of pages: a file that may run nothing at all.
SANDBOX: Final = re.compile(r"default-src 'none'")


@pytest.fixture(scope="module")
def scene(lived: Path) -> Scene:
    return set_scene()


@pytest.mark.parametrize("door", doors(), ids=lambda door: door.name)
class TestDoor:
    def test_takes_any_question(self, door: Door, scene: Scene) -> None:
        for n, bad in enumerate(BAD.values()):
            query = "&".join(f"{name}={quote(bad[:2_000])}" for name in ASKED)
            answer = scene.clients[ASKING[n % len(ASKING)]].get(f"{door.address(scene.words)}?{query}")
            assert answer.status_code < 500
        twice = "&".join(f"{name}=1&{name}=2&{name}[]=3" for name in ASKED)
        for role in ASKING:
            assert scene.clients[role].get(f"{door.address(scene.words)}?{twice}").status_code < 500

    def test_takes_any_word(self, door: Door, scene: Scene) -> None:
        for word in door.words:
            for n, bad in enumerate(bad for bad in BAD.values() if bad):
                path = door.route
                for each in door.words:
                    plain = scene.words.get(f"{door.name}:{each}") or scene.words[each]
                    value = quote(bad[:600] if each == word else plain.encode(), safe="")
                    path = re.sub(rf"<\w+:{each}>", lambda _found, value=value: value, path)  # type: ignore[misc]
                role = ASKING[n % len(ASKING)]
                assert scene.clients[role].get(f"/{path}").status_code < 500, (role, path[:200])

    def test_takes_no_method_it_does_not_know(self, door: Door, scene: Scene) -> None:
        for role in ("nobody", "window"):
            for method in ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "GET\r"):
                answer = scene.clients[role].generic(method, door.address(scene.words))
                expected = {405, 302, 403, 404} if door.name != "admin" else {405, 302, 403, 404, 200}
                assert answer.status_code in expected, (door.name, method, answer.status_code)

    def test_answers_under_guard(self, door: Door, scene: Scene) -> None:
        for role, client in scene.clients.items():
            answer = client.get(door.address(scene.words))
            policy = answer["Content-Security-Policy"]
            assert answer["X-Frame-Options"] == "DENY", (door.name, role)
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert answer["Cross-Origin-Opener-Policy"] == answer["Cross-Origin-Resource-Policy"] == "same-origin"
            assert role == "nobody" or "no-store" in answer.get("Cache-Control", "no-store"), (door.name, role)
            assert answer["Referrer-Policy"] == "same-origin"
            assert SANDBOX.match(policy) or "sandbox" in policy
            assert "unsafe" not in policy and "*" not in policy
            is_about_somebody = role != "nobody" and not door.name.startswith(("site", "catalogue", "ledger", "admin"))
            if answer.status_code == 200 and is_about_somebody and "code" not in door.words:
                kept = answer.get("Cache-Control", "")
                assert "private" in kept or "no-store" in kept or door.name in PUBLIC, (door.name, role, kept)

    def test_shows_nobody_a_number_in_full(self, door: Door, scene: Scene) -> None:
        """Certificate numbers are masked everywhere, for their owner too; a telephone stands in full only on the desk's
        page of the case, for who deals with it and may have to call."""
        numbers = {row.number for row in Subject.objects.all() if row.number}
        phones = {row.phone for row in Subject.objects.all() if row.phone}
        assert len(numbers) > 10 and len(phones) > 10
        for role, client in scene.clients.items():
            answer = client.get(door.address(scene.words))
            if answer.status_code == 200 and answer["Content-Type"].startswith("text/"):
                page = answer.content.decode()
                may_call = role in {"window", "approver", "head"} and door.name.startswith("cases:")
                hidden = numbers if may_call else numbers | phones
                assert [word for word in hidden if word in page] == [], (door.name, role)


PUBLIC: Final = frozenset({"portal:home", "portal:search", "portal:departments", "portal:themes", "documents:verify"})


class TestHost:
    @pytest.mark.parametrize(
        "host", ["evil.example", "localhost.evil.example", "localhost@evil.example", "a" * 300, ""]
    )
    def test_of_others_is_not_answered(self, host: str, scene: Scene) -> None:
        for page in ("/", "/account/sign-in", "/health"):
            answer = Client(headers={"host": host}).get(page)
            assert answer.status_code == 400, page
            assert host not in answer.content.decode() or not host


class TestNext:
    @pytest.mark.parametrize("place", ELSEWHERE)
    def test_leads_nowhere_else(self, place: str, scene: Scene) -> None:
        known = Client(headers={"user-agent": BROWSER})
        for page in ("/account/sign-in", "/staff/sign-in", "/account/register"):
            assert known.get(page, {"next": place}).status_code == 200
        for page in ("/language",):
            answer = known.post(page, {"language": "en", "next": place})
            assert urlsplit(urljoin("http://testserver/language", answer["Location"])).netloc == "testserver"


class TestTokens:
    def test_altered_open_nothing(self, scene: Scene) -> None:
        nobody = scene.clients["nobody"]
        receipt, paper = token_of(scene.words["number"]), scene.words["documents:token:token"]
        assert nobody.get(f"/t/{receipt}").status_code == 200
        assert nobody.get(f"/documents/v/{paper}").status_code == 200
        for token, page in ((receipt, "/t/"), (paper, "/documents/v/")):
            for at in range(0, len(token), 3):
                other = "0" if token[at] != "0" else "1"
                assert nobody.get(f"{page}{token[:at]}{other}{token[at + 1 :]}").status_code == 404, at
            for changed in (token[:-1], f"{token}0", token.upper(), f" {token}", token.replace(".", ""), "."):
                if changed != token:
                    assert nobody.get(f"{page}{quote(changed)}").status_code == 404, changed

    def test_of_a_case_and_of_a_paper_do_not_open_each_other(self, scene: Scene) -> None:
        nobody = scene.clients["nobody"]
        assert nobody.get(f"/documents/v/{token_of(scene.words['number'])}").status_code == 404
        assert nobody.get(f"/t/{proofs.token_of(scene.case.pk, 1)}").status_code == 404
