"""The pages of this room: a file and a paper for whoever may see the case, verification for everybody."""

from pathlib import Path

import pyotp
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.accounts.cast import PASSWORD
from tests.documents import files
from tests.documents.town import AT, NAME, Town
from zhengtong.accounts.models import Account
from zhengtong.accounts.signing_in import enrol_totp
from zhengtong.documents import proofs, rendering
from zhengtong.documents.models import Paper


@pytest.fixture
def client() -> Client:
    return Client()


def sign_in(client: Client, town: Town, name: str) -> None:
    account = town.city.accounts[name]
    enrol_totp(account, secret=pyotp.random_base32())
    answer = client.post(reverse("accounts:staff_sign_in"), {"typed": account.login, "password": PASSWORD})
    Account.objects.filter(pk=account.pk).update(totp_last_step=0)
    answer = client.post(answer["Location"], {"code": pyotp.TOTP(account.totp_secret).now()})
    assert answer.status_code == 302


def paper_of(case_id: int) -> rendering.Found:
    return rendering.find_at(case_id, Paper.objects.filter(case_id=case_id).values_list("seq", flat=True)[0])


class TestFile:
    def test_comes_as_an_attachment_to_who_may_see_the_case(self, town: Town, client: Client) -> None:
        case, digest = town.open(files.pdf(b"% whole\n"))
        sign_in(client, town, "何静")
        answer = client.get(reverse("documents:file", args=[case.number, digest]))
        assert answer.status_code == 200
        assert answer.content == files.pdf(b"% whole\n")
        assert answer["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E7%A7%9F")
        assert (answer["X-Content-Type-Options"], answer["Content-Type"]) == ("nosniff", "application/pdf")
        assert "sandbox" in answer["Content-Security-Policy"]

    def test_is_absent_for_everybody_else(self, town: Town, client: Client) -> None:
        case, digest = town.open()
        address = reverse("documents:file", args=[case.number, digest])
        assert client.get(address).status_code == 404
        sign_in(client, town, "方正")  # a supervisor of the region may see it; an outsider may not
        assert client.get(reverse("documents:file", args=[case.number, "0" * 64])).status_code == 404
        assert client.get(reverse("documents:file", args=["x" * 21, digest])).status_code == 404

    def test_of_another_case_is_absent_under_this_one(self, town: Town, client: Client) -> None:
        one, _digest = town.open(files.pdf(b"1\n"))
        _two, other = town.open(files.pdf(b"2\n"))
        sign_in(client, town, "何静")
        assert client.get(reverse("documents:file", args=[one.number, other])).status_code == 404


class TestPaper:
    def test_opens_in_the_browser(self, town: Town, client: Client) -> None:
        case, _digest = town.open()
        found = paper_of(case.case_id)
        sign_in(client, town, "何静")
        answer = client.get(reverse("documents:paper", args=[case.number, found.number]))
        assert answer.content.startswith(b"%PDF-")
        assert answer["Content-Disposition"].startswith("inline; filename*=UTF-8''%E6%B8%85")

    def test_is_absent_for_strangers_and_unknown_numbers(self, town: Town, client: Client) -> None:
        case, _digest = town.open()
        address = reverse("documents:paper", args=[case.number, paper_of(case.case_id).number])
        assert client.get(address).status_code == 404
        sign_in(client, town, "何静")
        assert client.get(reverse("documents:paper", args=[case.number, "清卫文〔2026〕99号"])).status_code == 404


class TestVerify:
    def test_by_the_qr_code(self, town: Town, client: Client) -> None:
        case, _digest = town.open()
        found = paper_of(case.case_id)
        page = client.get(reverse("documents:token", args=[proofs.token_of(found.case_id, found.event.seq)]))
        said = page.content.decode()
        assert page.status_code == 200
        assert "欧**之" in said
        assert NAME not in said
        assert found.number in said

    def test_by_number_and_code(self, town: Town, client: Client) -> None:
        case, _digest = town.open()
        found = paper_of(case.case_id)
        given = {"number": found.number, "code": proofs.code_of(found.case_id, found.event.seq)}
        assert client.post(reverse("documents:verify"), given).status_code == 200
        unknown = client.post(reverse("documents:verify"), {**given, "code": "AAAA-AAAA"})
        assert unknown.status_code == 404
        assert "没有核验到" in unknown.content.decode()

    def test_a_number_alone_tells_nothing(self, town: Town, client: Client) -> None:
        case, _digest = town.open()
        answer = client.post(reverse("documents:verify"), {"number": paper_of(case.case_id).number})
        assert answer.status_code == 400
        assert "只凭编号不能查询" in answer.content.decode()

    def test_by_the_file(self, town: Town, client: Client) -> None:
        case, _digest = town.open()
        pdf = rendering.render(paper_of(case.case_id), at=AT)
        changed = pdf[:400] + bytes([pdf[400] ^ 1]) + pdf[401:]
        for content, words, status in (
            (pdf, "一字不差", 200),
            (changed, "被改动过", 200),
            (files.pdf(), "没有核验到", 404),
            (b"", "没有核验到", 404),
        ):
            upload = SimpleUploadedFile("文书.pdf", content, content_type="application/pdf")
            answer = client.post(reverse("documents:verify"), {"file": upload})
            assert answer.status_code == status
            assert words in answer.content.decode()

    @pytest.mark.parametrize("token", ["x", "1.1.000000000000000000000000", "%00", "一"])
    def test_a_strange_token_is_one_polite_page(self, town: Town, client: Client, token: str) -> None:
        answer = client.get(f"/documents/v/{token}")
        assert answer.status_code == 404
        assert "没有核验到" in answer.content.decode()

    def test_public_copy_is_masked(self, town: Town, client: Client) -> None:
        case, _digest = town.open()
        found = paper_of(case.case_id)
        token = proofs.token_of(found.case_id, found.event.seq)
        assert client.get(reverse("documents:public_copy", args=[token])).content.startswith(b"%PDF-")
        assert client.get(reverse("documents:public_copy", args=["1.1.bad"])).status_code == 404

    def test_form_stands_without_a_script(self, city_db: Path, client: Client) -> None:
        said = client.get(reverse("documents:verify")).content.decode()
        assert 'enctype="multipart/form-data"' in said

    def test_speaks_english(self, town: Town, client: Client) -> None:
        case, _digest = town.open()
        found = paper_of(case.case_id)
        client.cookies["language"] = "en"
        page = client.get(reverse("documents:token", args=[proofs.token_of(found.case_id, found.event.seq)]))
        said = page.content.decode()
        assert "Issued here and valid now" in said
        assert "Hygiene licence for public premises" in said
        assert "申请人" not in said
