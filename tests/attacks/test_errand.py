"""One errand, attacked on its way: replayed and borrowed posts, fields nobody asked for, things of others, guessing."""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.portal.town import (
    ANSWERED,
    IDENTITY,
    ITEM,
    OTHER_IDENTITY,
    OTHER_PHONE,
    PASSWORD,
    PHONE,
    apply_for,
    begin,
    form_of,
    make_citizen,
    notify,
    picture,
    pictures,
    ready,
    sign_in,
    subject_of,
)
from zhengtong.accounts.requests import SEEN
from zhengtong.accounts.rules import rules
from zhengtong.cases.access import password_of
from zhengtong.documents.models import Upload
from zhengtong.kernel.events import Acted, Event
from zhengtong.ledger import history
from zhengtong.ledger.queries import Case
from zhengtong.portal.models import Draft

pytestmark = pytest.mark.usefixtures("town")
NAMES = ("", "receipt", "receipt/print", "act/withdraw", "act/state_views", f"file/{'0' * 64}")


@pytest.fixture
def client(town: None) -> Client:
    make_citizen(number=IDENTITY)
    return sign_in()


@pytest.fixture
def other(client: Client) -> Client:
    make_citizen("王五", OTHER_PHONE, OTHER_IDENTITY)
    return sign_in(OTHER_PHONE)


@pytest.fixture
def number(client: Client) -> str:
    return apply_for(client)


def events(number: str) -> tuple[Event, ...]:
    return history.load(Case.objects.get(number=number).pk)


def withdraw(client: Client, number: str, **more: Any) -> Any:
    return client.post(f"/cases/{number}/act/withdraw", {"reason": "不办了", **more})


class TestPost:
    def test_sent_again_is_done_once(self, client: Client, number: str) -> None:
        page = client.get(f"/cases/{number}/act/withdraw").content.decode()
        first, length = withdraw(client, number, **form_of(page)), len(events(number))
        again = withdraw(client, number, **form_of(page))
        assert (first.status_code, again.status_code) == (302, 302)
        assert len(events(number)) == length

    def test_with_the_key_of_somebody_else_is_not_theirs(self, client: Client, other: Client, number: str) -> None:
        """The key of another's act neither answers as that act nor blocks the own one."""
        page = client.get(f"/cases/{number}/act/withdraw").content.decode()
        withdraw(client, number, **form_of(page))
        own = apply_for(other)
        sent = withdraw(other, own, key=form_of(page)["key"], seq=str(len(events(own))))
        assert sent.status_code == 302
        assert events(own)[-1].person == subject_of(other)
        assert withdraw(other, number, **form_of(page)).status_code == 404

    def test_with_a_strange_key_is_a_post_of_its_own(self, client: Client, number: str) -> None:
        for key in ("", "0", "x" * 5_000, "00000000-0000-7000-8000-000000000000", "\0", "💥", "-1"):
            assert withdraw(client, number, key=key, seq="-1").status_code in (302, 400, 409)

    def test_brings_only_what_the_act_asks_for(self, client: Client, other: Client, number: str) -> None:
        stranger, before = subject_of(other), len(events(number))
        given = {
            "applicant": stranger, "parties": stranger, "third_party": stranger, "actor": "p-1", "person": "p-1",
            "branch": "1", "outcome": "granted", "material": "m1", "verdict": "accepted", "explanation": "x",
            "opinion": "同意", "happened_at": "2020-01-01T00:00", "happened": "2020-01-01T00:00", "channel": "window",
        }  # fmt: skip
        assert withdraw(client, number, **given).status_code == 302
        acted = [event for event in events(number)[before:] if isinstance(event.body, Acted)]
        assert [event.person for event in acted] == [subject_of(client)]
        assert not {**acted[0].body.inputs, **acted[0].body.parties}  # type: ignore[union-attr]
        assert acted[0].at == acted[0].recorded_at
        assert set(acted[0].body.sealed) <= {"reason"}  # type: ignore[union-attr]

    def test_of_an_act_of_the_service_does_nothing(self, client: Client, number: str) -> None:
        before = len(events(number))
        for act in ("accept", "pass_precheck", "grant", "check_material", "settle_fee", "assign", "revert", "correct",
                    "submit", "register_paper", "deemed", "nothing", "ACCEPT", "__class__"):  # fmt: skip
            answer = client.post(f"/cases/{number}/act/{act}", {"material": "m1", "verdict": "accepted"})
            assert answer.status_code in (302, 400, 404, 409), act
        assert len(events(number)) == before

    def test_by_an_ended_session_does_nothing_and_says_so(self, client: Client, number: str) -> None:
        before = len(events(number))
        session = client.session
        session[SEEN] = "2020-01-01T00:00:00+00:00"
        session.save()
        assert withdraw(client, number).status_code == 302
        assert len(events(number)) == before
        assert "没有生效" in client.get("/account/sign-in").content.decode()
        assert timedelta(minutes=30) == rules().citizen_idle

    def test_by_a_borrowed_cookie_does_nothing(self, client: Client, number: str) -> None:
        thief = Client(headers={"user-agent": "another browser"})
        thief.cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
        before = len(events(number))
        assert withdraw(thief, number).status_code == 302
        assert thief.get(f"/cases/{number}/").status_code == 302
        assert len(events(number)) == before


class TestOthers:
    def test_cases_read_as_no_case(self, other: Client, number: str) -> None:
        strange = number[:-6] + "999999"
        for name in NAMES:
            for ask in (other.get, other.post):
                real, none = ask(f"/cases/{number}/{name}"), ask(f"/cases/{strange}/{name}")
                assert real.status_code == none.status_code and real.status_code in (404, 405), name
                assert abs(len(real.content) - len(none.content)) < 40
                assert number not in real.content.decode().replace(f"/cases/{number}", "")

    def test_drafts_and_their_files_read_as_absent(self, client: Client, other: Client) -> None:
        ref = ready(client)
        digest = Upload.objects.first().digest  # type: ignore[union-attr]
        assert client.get(f"/apply/{ref}/file/{digest}").status_code == 200
        for name in ("questions", "materials", "check", f"file/{digest}"):
            assert other.get(f"/apply/{ref}/{name}").status_code == 404, name
        for name in ("questions", "materials", "check", "drop", "questions/save"):
            assert other.post(f"/apply/{ref}/{name}", ANSWERED).status_code == 404, name
        assert Draft.objects.filter(ref=ref, number="").exists()

    def test_uploads_cannot_be_handed_in_as_own(self, client: Client, other: Client) -> None:
        """A digest is no proof: whoever knows one does not get the file by naming it as kept."""
        sent = client.post(f"/apply/{begin(client)}/materials", {"file-m2": picture("独有.png", side=33)})
        assert "独有.png" in sent.content.decode()
        digest = Upload.objects.get(uploader=subject_of(client)).digest  # the name is sealed
        own = apply_for(other)
        notify(own)
        page = other.post(f"/cases/{own}/act/supply", {"kept": [f"m4:{digest}", f"m5:{digest}"]})
        assert page.status_code == 400 and digest not in page.content.decode()
        assert other.get(f"/cases/{own}/file/{digest}").status_code == 404
        assert other.get(f"/documents/files/{own}/{digest}").status_code == 404
        assert other.get(f"/apply/{begin(other)}/file/{digest}").status_code == 404

    def test_nobody_applies_for_somebody_else(self, client: Client, other: Client) -> None:
        answer = other.post(f"/items/{ITEM}/apply?new=1", {"trade": "inn", "air": "no", "area": "small",
                                                            "applicant": subject_of(client)})  # fmt: skip
        assert answer.status_code == 400


class TestQuery:
    def test_guesses_are_few_even_from_many_addresses(self, client: Client, number: str) -> None:
        right = {"number": number, "password": password_of(number), "certificate": IDENTITY}
        wrong = {**right, "password": "000000" if right["password"] != "000000" else "000001"}
        said = [Client(REMOTE_ADDR="10.0.0.1").post("/query", wrong).status_code for _guess in range(7)]
        assert said == [400] * 5 + [429] * 2
        assert Client(REMOTE_ADDR="10.0.0.1").post("/query", right).status_code == 429
        assert Client(REMOTE_ADDR="10.0.0.2").post("/query", right).status_code == 302
        for place in range(3, 60):
            Client(REMOTE_ADDR=f"10.0.0.{place}").post("/query", wrong)
        assert Client(REMOTE_ADDR="10.0.0.250").post("/query", right).status_code == 429

    def test_says_the_same_whatever_is_wrong(self, client: Client, number: str) -> None:
        right = {"number": number, "password": password_of(number), "certificate": IDENTITY}
        pages: set[str] = set()
        for name, value in (("number", number[:-1] + "0"), ("password", "12345"), ("certificate", OTHER_IDENTITY)):
            answer = Client(REMOTE_ADDR=f"10.0.1.{len(pages)}").post("/query", {**right, name: value})
            assert answer.status_code == 400
            pages.add(re.sub(r'value="[^"]*"', "", answer.content.decode()))
        assert len(pages) == 1


class TestLogs:
    def test_hold_nothing_personal(
        self, client: Client, other: Client, number: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        secrets = (IDENTITY, PHONE, PASSWORD, "李小敏", "栖云里民宿", password_of(number))
        forged = Client(enforce_csrf_checks=True)
        forged.post("/query", {"number": number, "password": password_of(number), "certificate": IDENTITY})
        Client().post("/query", {"number": number, "password": password_of(number), "certificate": IDENTITY})
        Client().post("/account/sign-in", {"typed": PHONE, "password": PASSWORD + "x"})
        other.get(f"/cases/{number}/")
        Client().get(f"/t/{number}.0")
        client.post(f"/apply/{begin(client)}/materials", {"file-m2": picture("身份证.exe")})
        client.post(f"/cases/{number}/act/withdraw", {"reason": "李小敏不办了"})
        said = [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
        assert [line for line in said for word in secrets if word in line] == []


class TestUploads:
    def test_of_every_bad_kind_are_refused_in_words_and_the_good_one_kept(self, client: Client) -> None:
        from django.core.files.uploadedfile import SimpleUploadedFile as File

        ref, html = begin(client), b"<!doctype html><script>alert(1)</script>"
        good = picture("平面图.png").read()
        bad = (
            File("空.png", b"", content_type="image/png"),
            File("大.png", good + b"\0" * (20 * 1024 * 1024), content_type="image/png"),
            File("页.png", html, content_type="image/png"),
            File("图.html", good, content_type="image/png"),
            File("图.png", good, content_type="text/html"),
            File("图.svg", b"<svg onload='alert(1)'/>", content_type="image/svg+xml"),
            File("..\\..\\boot.ini", good, content_type="image/png"),
            File("图.png.exe", good, content_type="image/png"),
            File("包.docx", b"PK\x03\x04" + b"\0" * 400, content_type="application/zip"),
            File("书.pdf", b"%PDF-1.7\n" + html, content_type="application/pdf"),
        )
        for one in bad:
            answer = client.post(f"/apply/{ref}/materials", {"file-m2": one, "go": "1"})
            assert answer.status_code == 400, one.name
            assert "zt-" in answer.content.decode() and "Traceback" not in answer.content.decode()
        assert Upload.objects.count() == 0
        client.post(f"/apply/{ref}/questions", {**ANSWERED, "go": "1"})
        files = {"file-m2": [picture("../../一.png"), picture("一.png")], **pictures("m3", "m4", "m5")}
        answer = client.post(f"/apply/{ref}/materials", {**files, "go": "1"})
        assert answer.status_code == 302, answer.content.decode()
        assert not [row.name for row in Upload.objects.all() if "/" in row.name or ".." in row.name]

    def test_that_are_a_picture_and_a_page_run_nothing(self, client: Client) -> None:
        from django.core.files.uploadedfile import SimpleUploadedFile as File

        ref = begin(client)
        both = picture().read() + b"<script>alert(1)</script>"
        client.post(f"/apply/{ref}/materials", {"file-m2": File("两可.png", both, content_type="image/png")})
        for row in Upload.objects.all():
            answer = client.get(f"/apply/{ref}/file/{row.digest}")
            assert answer["Content-Type"] == "image/png"
            assert "sandbox" in answer["Content-Security-Policy"]
            assert answer["X-Content-Type-Options"] == "nosniff"

    def test_of_packed_files_that_lie_are_damaged(self, client: Client) -> None:
        """Entries that name a packing method their bytes are not in."""
        import io
        import zipfile

        from django.core.files.uploadedfile import SimpleUploadedFile as File

        ref = begin(client)
        for method in (8, 12, 14, 99):
            made = io.BytesIO()
            with zipfile.ZipFile(made, "w") as packed:
                packed.writestr("word/document.xml", b"nothing that is packed" * 9)
            data = made.getvalue().replace(b"\x14\x00\x00\x00\x00\x00", b"\x14\x00\x00\x00" + bytes([method, 0]))
            one = File("书.docx", data, content_type="application/zip")
            answer = client.post(f"/apply/{ref}/materials", {"file-m2": one, "go": "1"})
            assert answer.status_code == 400 and "损坏" in answer.content.decode(), method
