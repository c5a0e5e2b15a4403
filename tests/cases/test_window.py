"""At the window: files, fees, agents, deputies, and the reader's language."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.cases.pages import do, done, hidden_in, party, take_in, text_of
from tests.cases.town import BEGAN, OTHER_IDENTITY, Town, publish_licence, sign_in
from tests.documents.files import pdf
from zhengtong.accounts.actions import hold_post, register_absence
from zhengtong.accounts.clock import now
from zhengtong.accounts.models import Person, Power
from zhengtong.accounts.signing_in import open_staff_account
from zhengtong.kernel.terms import law_day
from zhengtong.ledger.queries import Case

FIVE = dict.fromkeys(("m1", "m2", "m3", "m4", "m5"), "received")


def case_page(client: Client, number: str) -> str:
    return text_of(client.get(reverse("cases:case", args=[number])))


class TestFiles:
    def test_are_taken_with_the_case_and_can_be_opened(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        file = SimpleUploadedFile("平面图.pdf", pdf(), content_type="application/pdf")
        given: dict[str, Any] = {"file-m3": file}
        number = take_in(clerk, FIVE, **given)
        page = case_page(clerk, number)
        assert "平面图.pdf" in page
        address = re.search(r'href="(/documents/files/[^"]+)"', page)
        assert address is not None
        assert clerk.get(address[1]).status_code == 200
        assert sign_in(licence, "孙悦").get(address[1]).status_code == 404

    @pytest.mark.parametrize(("name", "content"), [("病毒.exe", b"MZ"), ("空.pdf", b""), ("假.pdf", b"not a pdf")])
    def test_that_are_not_what_they_say_open_no_case(self, licence: Town, name: str, content: bytes) -> None:
        clerk = sign_in(licence, "何静")
        url = reverse("cases:take", args=["qy-wj-0001"])
        page = text_of(clerk.get(url))
        file = SimpleUploadedFile(name, content, content_type="application/pdf")
        data = {
            **hidden_in(page),
            "s-trade": "inn",
            **party("applicant"),
            "m-m1": "received",
            "file-m3": file,
            "submit": "1",
        }
        answer = clerk.post(url, data)
        assert answer.status_code == 400
        assert "欧阳晓雯" in text_of(answer)
        assert Case.objects.count() == 0


class TestIntake:
    def test_keeps_what_was_typed_when_something_lacks(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        url = reverse("cases:take", args=["qy-wj-0001"])
        data = {"s-trade": "pool", **party("applicant", number="110105194912310021"), "m-m7": "defective",
                "why-m7": "不是本月的", "submit": "1"}  # fmt: skip
        answer = clerk.post(url, data)
        page = text_of(answer)
        assert answer.status_code == 400
        assert "泳池水质检测报告" in page
        assert "不是本月的" in page
        assert "110105194912310021" in page
        assert Case.objects.count() == 0

    def test_of_an_item_of_others_cannot_be_sent(self, licence: Town) -> None:
        page = text_of(sign_in(licence, "孙悦").get(reverse("cases:take", args=["qy-wj-0001"])))
        assert "这个事项不由您的窗口收件" in page

    def test_of_an_unknown_item_is_not_there(self, licence: Town) -> None:
        assert sign_in(licence, "何静").get(reverse("cases:take", args=["no-such-item"])).status_code == 404

    def test_registers_an_agent_for_this_case_alone(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        until = (law_day(now()) + timedelta(days=30)).isoformat()
        agent = party("agent", name="欧阳建国", number=OTHER_IDENTITY)
        number = take_in(clerk, FIVE, **agent, until=until)
        power = Power.objects.get()
        assert (power.scope, power.scope_ref) == ("case", number)

    def test_prints_a_receipt_with_password_and_code(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        number = take_in(clerk, FIVE)
        page = text_of(clerk.get(reverse("cases:receipt", args=[number])))
        assert number in page
        assert re.search(r"<b>[0-9]{6}</b>", page)
        assert "zt-qr" in page
        assert "五个工作日内未通知补正的，自收件之日起即为受理" in page


class TestFees:
    def test_are_demanded_taken_with_a_receipt_number_and_refused_when_wrong(self, town: Town) -> None:
        publish_licence("qy-cg-0001")
        clerk = sign_in(town, "何静")
        number = take_in(clerk, dict.fromkeys((f"m{n}" for n in range(1, 9)), "received"), item="qy-cg-0001",
                         **{"s-what": "occupy", **every_field(clerk, "qy-cg-0001")})  # fmt: skip
        done(do(clerk, number, "pass_precheck"))
        done(do(clerk, number, "accept"))
        page = case_page(clerk, number)
        assert "¥30.00" in page
        assert "未缴" in page
        assert "¥30.00" in text_of(clerk.get(reverse("cases:fee_slip", args=[number])))
        wrong = do(clerk, number, "settle_fee", {"fee": "f1", "how": "paid", "amount": "29.99", "receipt": "A1"})
        assert wrong.status_code == 409
        done(do(clerk, number, "settle_fee", {"fee": "f1", "how": "paid", "amount": "30.00", "receipt": "TY-2026-1"}))
        assert "票据 TY-2026-1" in case_page(clerk, number)
        assert clerk.get(reverse("cases:fee_slip", args=[number])).status_code == 404


def every_field(client: Client, item: str) -> dict[str, str]:
    """Something sensible in every field of the item's own form."""
    page = text_of(client.get(reverse("cases:take", args=[item])))
    values: dict[str, str] = {}
    for tag in re.findall(r'<(?:input|textarea|select)[^>]*name="form-[^>]*>', page):
        name = re.search(r'name="([^"]+)"', tag)
        kind = re.search(r'type="([^"]+)"', tag)
        value = re.search(r'value="([^"]+)"', tag)
        if name and kind and kind[1] == "radio":
            values.setdefault(name[1], value[1] if value else "")
        elif name:
            is_number = 'inputmode="decimal"' in tag
            values[name[1]] = "2026-12-01" if kind and kind[1] == "date" else "3" if is_number else "文昌路"
    return values


class TestDeputy:
    def test_finds_the_absent_ones_cases_and_acts_at_their_post(self, licence: Town) -> None:
        at = now()
        person = Person.objects.create(number="2999", name="罗芳", name_en="Luo Fang")
        hold_post(person=person, post=licence.posts["wj-sp-window"], role="B", from_on=BEGAN)
        deputy_town = Town(
            accounts={"罗芳": open_staff_account(person=person, password="坚固的-passphrase-7")},
            people={},
            posts={},
            units={},
        )
        number = take_in(sign_in(licence, "何静"), FIVE)
        deputy = sign_in(deputy_town, "罗芳")
        assert number not in text_of(deputy.get(reverse("cases:list", args=["deputy"])))
        today = law_day(at)
        register_absence(
            person=licence.people["何静"], from_on=today, until_on=today, reason="leave", registered_by="p-1", at=at
        )
        assert number in text_of(deputy.get(reverse("cases:list", args=["deputy"])))
        done(do(deputy, number, "pass_precheck"))


TYPED = {"欧阳晓雯", "何静", "栖云里", "清源区", "文昌路", "清卫收"}


class TestLanguage:
    def test_every_page_is_complete_in_english(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        number = take_in(clerk, {"m1": "received", "m2": "defective"})
        clerk.cookies["language"] = "en"
        urls = [
            reverse("cases:home"), reverse("cases:case", args=[number]), reverse("cases:intake"),
            reverse("cases:take", args=["qy-wj-0001"]), reverse("cases:receipt", args=[number]),
            reverse("cases:search") + "?q=x", reverse("cases:act", args=[number, "note"]),
        ]  # fmt: skip
        for url in urls:
            page = re.sub(r"<[^>]+>", " ", text_of(clerk.get(url)).split("<main", 1)[1])
            left = set(re.findall(r"[\u4e00-\u9fff]{2,}", page)) - TYPED
            assert not left, (url, left)


class TestCost:
    def test_the_case_page_does_not_depend_on_other_cases(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        number = take_in(clerk, FIVE)
        url = reverse("cases:case", args=[number]) + "?list=mine"
        clerk.get(url)
        with CaptureQueriesContext(connection) as before:
            clerk.get(url)
        for _ in range(3):
            take_in(clerk, FIVE)
        with CaptureQueriesContext(connection) as after:
            clerk.get(url)
        assert len(after) == len(before)
        assert len(after) < 60
