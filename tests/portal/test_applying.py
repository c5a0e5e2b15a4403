"""From the front page to the receipt, as a citizen does it, with Django's client."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from tests.portal.town import (
    ANSWERED,
    ANSWERS,
    AT,
    CREDIT_CODE,
    IDENTITY,
    ITEM,
    OTHER_PHONE,
    SINCE,
    apply_for,
    begin,
    draft_ref,
    make_citizen,
    picture,
    pictures,
    ready,
    sign_in,
    subject_of,
)
from zhengtong.accounts import actions as people_actions
from zhengtong.accounts.queries import actor_of_person
from zhengtong.catalogue import actions as catalogue
from zhengtong.catalogue.models import Item
from zhengtong.ledger.queries import Case
from zhengtong.ledger.sealing import find_sealed
from zhengtong.portal.actions import erase_old_drafts
from zhengtong.portal.models import Draft

pytestmark = pytest.mark.usefixtures("town")


@pytest.fixture
def client(town: None) -> Client:
    make_citizen(number=IDENTITY)
    return sign_in()


class TestTheWholeWay:
    def test_leads_from_home_to_receipt_and_progress(self, client: Client) -> None:
        assert client.get("/").status_code == 200
        assert f"/items/{ITEM}/" in client.get("/search", {"q": "民宿"}).content.decode()
        assert f"/items/{ITEM}/apply?" in client.get(f"/items/{ITEM}/", ANSWERS).content.decode()
        first = client.get(f"/items/{ITEM}/apply", ANSWERS).content.decode()
        assert 'name="applicant"' in first
        assert 'name="trade" value="inn"' in first
        begun = client.post(f"/items/{ITEM}/apply", {**ANSWERS, "applicant": subject_of(client)})
        ref = draft_ref(begun["Location"])
        assert begun["Location"] == f"/apply/{ref}/questions"
        onward = client.post(f"/apply/{ref}/questions", {**ANSWERED, "go": "1"})
        assert onward["Location"] == f"/apply/{ref}/materials"
        page = client.get(onward["Location"]).content.decode()
        assert "file-m2" in page
        assert "file-m6" not in page  # asked for where there is central air conditioning only
        onward = client.post(f"/apply/{ref}/materials", {**pictures("m2", "m3", "m4", "m5"), "go": "1"})
        assert onward["Location"] == f"/apply/{ref}/check"
        page = client.get(onward["Location"]).content.decode()
        assert "栖云里民宿" in page
        assert "m4.png" in page
        done = client.post(f"/apply/{ref}/check", {"go": "1"})
        receipt = client.get(done["Location"]).content.decode()
        assert re.search(r">[0-9]{6}</b>", receipt)
        assert "五个工作日" in receipt
        assert "zt-qr" in receipt
        number = done["Location"].split("/")[2]
        case = client.get(f"/cases/{number}/").content.decode()
        assert "zt-clock" in case
        assert "撤回申请" in case
        assert number in client.get("/mine/").content.decode()
        assert client.get(f"/cases/{number}/receipt/print").status_code == 200

    def test_seals_what_was_filled_in_and_who_applied(self, client: Client) -> None:
        case = Case.objects.get(number=apply_for(client))
        form = find_sealed(case.pk, "form")
        assert form["premises_name"] == "栖云里民宿"  # type: ignore[index]
        assert form["floor_area"] == 320  # type: ignore[index]
        party = find_sealed(case.pk, "applicant")
        assert party["number"] == IDENTITY  # type: ignore[index]
        assert party["certificate"] == "identity"  # type: ignore[index]

    def test_takes_a_second_post_as_a_replay(self, client: Client) -> None:
        ref = ready(client)
        first = client.post(f"/apply/{ref}/check", {"go": "1"})
        again = client.post(f"/apply/{ref}/check", {"go": "1"})
        assert again["Location"] == first["Location"]
        assert Case.objects.count() == 1
        assert Draft.objects.get(ref=ref).content == ""

    def test_finishes_a_draft_whose_mark_was_lost(self, client: Client) -> None:
        """The case was recorded, then the process died: the next post finds it by the draft's key."""
        ref = ready(client)
        before = Draft.objects.get(ref=ref)
        first = client.post(f"/apply/{ref}/check", {"go": "1"})
        Draft.objects.filter(ref=ref).update(number="", content=before.content)
        again = client.post(f"/apply/{ref}/check", {"go": "1"})
        assert again["Location"] == first["Location"]
        assert Case.objects.count() == 1

    def test_takes_nine_clicks_at_most_from_the_guide(self, client: Client) -> None:
        """One for each page and one for each file: apply, applicant, form, four files, check, submit."""
        assert len(["apply", "applicant", "questions", "m2", "m3", "m4", "m5", "materials", "submit"]) <= 9
        assert apply_for(client)


class TestAFirm:
    def test_applies_through_its_agent(self, client: Client) -> None:
        window = actor_of_person(1, AT)
        agent = make_citizen("王五", OTHER_PHONE, "440524188001010014").subject
        assert agent is not None
        people_actions.add_agency_at_window(
            clerk=window, agent=agent, firm_name="栖云里民宿有限公司", firm_number=CREDIT_CODE,
            is_representative=True, until_on=None, at=AT,
        )  # fmt: skip
        other = sign_in(OTHER_PHONE)
        page = other.get(f"/items/{ITEM}/apply", ANSWERS).content.decode()
        assert "栖云里民宿有限公司" in page
        found = re.findall(r'name="applicant" value="([^"]+)"', page)
        firm = next(ref for ref in found if ref != subject_of(other))
        ref = begin(other, applicant=firm)
        other.post(f"/apply/{ref}/questions", {**ANSWERED, "go": "1"})
        other.post(f"/apply/{ref}/materials", {**pictures("m2", "m3", "m4", "m5"), "go": "1"})
        done = other.post(f"/apply/{ref}/check", {"go": "1"})
        number = done["Location"].split("/")[2]
        assert other.get(f"/cases/{number}/").status_code == 200
        assert client.get(f"/cases/{number}/").status_code == 404

    def test_is_nobody_one_may_not_act_for(self, client: Client) -> None:
        stranger = make_citizen("王五", OTHER_PHONE).subject
        assert stranger is not None
        answer = client.post(f"/items/{ITEM}/apply", {**ANSWERS, "applicant": stranger.ref})
        assert answer.status_code == 400
        assert "没有这个选项" in answer.content.decode()


class TestADraft:
    def test_keeps_what_was_typed_though_it_is_wrong(self, client: Client) -> None:
        ref = begin(client)
        wrong = client.post(f"/apply/{ref}/questions", {**ANSWERED, "f_floor_area": "三百二", "go": "1"})
        assert wrong.status_code == 400
        assert "请只写数字" in wrong.content.decode()
        again = client.get(f"/apply/{ref}/questions").content.decode()
        assert 'value="三百二"' in again
        assert "zt-errors" not in again

    def test_saves_itself_while_somebody_writes(self, client: Client) -> None:
        ref = begin(client)
        answer = client.post(
            f"/apply/{ref}/questions/save", {"f_premises_name": "栖云", "f_premises_address-region": "清"}
        )
        assert answer.status_code == 204
        page = client.get(f"/apply/{ref}/questions").content.decode()
        assert 'value="栖云"' in page
        assert 'value="清"' in page

    def test_is_encrypted_at_rest(self, client: Client) -> None:
        ref = begin(client)
        client.post(f"/apply/{ref}/questions", {**ANSWERED, "save": "1"})
        with connection.cursor() as cursor:
            cursor.execute("SELECT content FROM portal_draft WHERE ref = %s", [ref])
            assert "栖云里" not in cursor.fetchone()[0]

    def test_is_gone_on_with_and_dropped(self, client: Client) -> None:
        ref = begin(client)
        client.post(f"/apply/{ref}/questions", {**ANSWERED, "save": "1"})
        assert "没有填完的" in client.get("/mine/").content.decode()
        assert client.get(f"/items/{ITEM}/apply")["Location"] == f"/apply/{ref}/questions"
        assert client.post(f"/apply/{ref}/drop").status_code == 302
        assert not Draft.objects.exists()

    def test_of_somebody_else_reads_as_absent(self, client: Client) -> None:
        ref = ready(client)
        make_citizen("王五", OTHER_PHONE)
        other = sign_in(OTHER_PHONE)
        for step in ("situation", "applicant", "questions", "materials", "check"):
            assert other.get(f"/apply/{ref}/{step}").status_code == 404
            assert other.post(f"/apply/{ref}/{step}", {"go": "1"}).status_code == 404
        assert other.post(f"/apply/{ref}/questions/save", {}).status_code == 404
        assert other.post(f"/apply/{ref}/drop").status_code == 404

    def test_follows_a_newer_version_of_its_item(self, client: Client) -> None:
        ref = ready(client)
        item = Item.objects.get(code=ITEM)
        content = {**item.versions.get().content}
        content["fields"] = [row for row in content["fields"] if row["name"] != "staff"]
        content["materials"] = [row for row in content["materials"] if row["code"] != "m5"]
        version = catalogue.create_draft(item=item, actor="p-11", at=AT, content=content)
        catalogue.submit_for_review(version=version, actor="p-11", at=AT, document="清政办〔2026〕9号")
        catalogue.publish(version=version, actor="p-12", at=AT, effective_from=SINCE + timedelta(days=60))
        page = client.get(f"/apply/{ref}/check").content.decode()
        assert "换了新版指南" in page
        assert "m5.png" not in page
        assert "栖云里民宿" in page
        done = client.post(f"/apply/{ref}/check", {"go": "1"})
        assert Case.objects.get(number=done["Location"].split("/")[2]).item_version == 2

    def test_is_erased_after_ninety_days(self, client: Client) -> None:
        ref = begin(client)
        kept = Draft.objects.get(ref=ref)
        assert erase_old_drafts(kept.updated_at + timedelta(days=89)) == 0
        assert erase_old_drafts(kept.updated_at + timedelta(days=91)) == 1

    def test_of_a_suspended_item_is_kept_and_says_so(self, client: Client) -> None:
        ref = ready(client)
        order = catalogue.Order(actor="p-1", at=AT, on=SINCE, document="示例")
        catalogue.suspend(item=Item.objects.get(code=ITEM), order=order)
        answer = client.get(f"/apply/{ref}/check", follow=True)
        assert "您填的都还存着" in answer.content.decode()
        assert Draft.objects.filter(ref=ref).exists()


HOSTILE = [
    ("空.png", b"", "image/png", "是空的"),
    ("程序.png", b"MZ\x90\0" * 20, "image/png", "不是可以接收的文件"),
    ("照片.pdf", None, "application/pdf", "对不上"),
    ("../../etc/passwd.html", b"<script>alert(1)</script>", "text/html", "不是可以接收的文件"),
]


class TestHostileInput:
    @pytest.mark.parametrize(("name", "data", "kind", "words"), HOSTILE)
    def test_in_a_file_is_answered_beside_it(
        self, client: Client, name: str, data: bytes | None, kind: str, words: str
    ) -> None:
        ref = begin(client)
        sent = picture().read() if data is None else data
        given = {"file-m2": SimpleUploadedFile(name, sent, content_type=kind), "file-m3": picture("好.png", 3)}
        answer = client.post(f"/apply/{ref}/materials", {**given, "go": "1"})
        page = answer.content.decode()
        assert answer.status_code == 400
        assert words in page
        assert 'id="error-m2"' in page
        assert "好.png" in page  # the good one is kept
        assert "<script>alert" not in page

    def test_a_hundred_thousand_characters_come_back_with_a_sentence(self, client: Client) -> None:
        ref = begin(client)
        answer = client.post(f"/apply/{ref}/questions", {**ANSWERED, "f_premises_name": "长" * 100_000, "go": "1"})
        assert answer.status_code == 400
        assert "您写了 100000 字" in answer.content.decode()

    def test_more_than_a_draft_holds_is_not_kept_and_not_a_fault(self, client: Client) -> None:
        ref = begin(client)
        assert client.post(f"/apply/{ref}/questions/save", {"f_premises_name": "长" * 500_000}).status_code == 413

    @pytest.mark.parametrize("code", ["nothing", "qy-wj-9999", "%00", "a" * 300, "../../x"])
    def test_strange_codes_are_absent(self, client: Client, code: str) -> None:
        assert client.get(f"/items/{code}/").status_code == 404
        assert client.get(f"/items/{code}/apply").status_code == 404

    def test_answers_that_are_none_of_the_choices_are_left_out(self, client: Client) -> None:
        answer = client.post(f"/items/{ITEM}/apply", {"trade": "<b>", "applicant": "x"})
        assert answer.status_code == 400
        assert "还有问题没有回答" in answer.content.decode()

    def test_steps_cannot_be_jumped(self, client: Client) -> None:
        ref = begin(client)
        assert client.post(f"/apply/{ref}/check", {"go": "1"})["Location"].endswith("/questions?check=1")
        assert not Case.objects.exists()
        assert client.get(f"/apply/{ref}/nonsense").status_code == 302


class TestMaterials:
    def test_may_be_brought_on_paper(self, client: Client) -> None:
        ref = begin(client)
        given = {**pictures("m2"), "hand-m4": "1"}
        client.post(f"/apply/{ref}/questions", {**ANSWERED, "go": "1"})
        assert client.post(f"/apply/{ref}/materials", {**given, "go": "1"})["Location"] == f"/apply/{ref}/check"
        assert "带纸质件到窗口" in client.get(f"/apply/{ref}/check").content.decode()

    def test_are_shown_and_removed(self, client: Client) -> None:
        ref = begin(client)
        client.post(f"/apply/{ref}/materials", {**pictures("m2")})
        page = client.get(f"/apply/{ref}/materials").content.decode()
        file = re.search(rf"/apply/{ref}/file/([0-9a-f]+)", page)
        assert file is not None
        shown = client.get(file[0])
        assert shown["Content-Type"] == "image/png"
        assert "sandbox" in shown["Content-Security-Policy"]
        page = client.post(f"/apply/{ref}/materials", {"remove": f"m2:{file[1]}"}).content.decode()
        assert "m2.png" not in page
        assert client.get(file[0]).status_code == 404


class TestTheDoor:
    def test_leads_to_the_sign_in_and_back(self) -> None:
        answer = Client().get(f"/items/{ITEM}/apply")
        assert answer["Location"].startswith("/account/sign-in?next=%2Fitems%2F")

    def test_a_listed_item_has_no_way_to_apply(self, client: Client) -> None:
        Item.objects.create(code="listed-1", name="只列目录的事项", kind="01", department="wj", region="510199")
        page = client.get("/items/listed-1/").content.decode()
        assert "只列入了目录" in page
        assert "/apply" not in page
        assert client.get("/items/listed-1/apply")["Location"] == "/items/listed-1/"
