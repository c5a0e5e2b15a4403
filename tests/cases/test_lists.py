"""The work lists: what stands in them, what they cost, what is exported, what is done to several at once."""

import csv
import io

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.cases.pages import do, done, hidden_in, take_in, text_of
from tests.cases.town import IDENTITY, REGION, Town, sign_in
from zhengtong.accounts import queries as people
from zhengtong.accounts.clock import now
from zhengtong.cases.act_forms import Filled
from zhengtong.cases.actions import open_case, wish_for
from zhengtong.cases.queries import LISTS, count_lists, forget, worklist
from zhengtong.ledger.queries import Case
from zhengtong.ledger.record import new_key

FIVE = dict.fromkeys(("m1", "m2", "m3", "m4", "m5"), "received")
PARTY = {"kind": "natural", "name": "欧阳晓雯", "certificate": "identity", "number": IDENTITY, "phone": ""}


def open_many(town: Town, n: int) -> None:
    """Cases at the window, through the action that the page calls."""
    at = now()
    clerk = people.actor_of_person(town.people["何静"].pk, at)
    filled = Filled(private={"applicant": dict(PARTY)}, parties={"applicant": PARTY})
    for _ in range(n):
        wish = wish_for(actor=clerk, at=at, act="submit", filled=filled)
        open_case(
            actor=clerk,
            at=at,
            item="qy-wj-0001",
            answers={"trade": "inn"},
            wish=wish,
            channel="window",
            key=new_key(at),
        )


def cost(client: Client, url: str) -> int:
    """Of a process that has drawn none of these lines before."""
    forget()
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


class TestLists:
    def test_cost_the_same_however_many_there_are(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        open_many(licence, 10)
        urls = [reverse("cases:home"), *(reverse("cases:list", args=[code]) for code in LISTS)]
        urls += [reverse("cases:search") + "?q=欧阳晓雯", reverse("cases:home") + "?sort=newest"]
        for url in urls:
            clerk.get(url)
        few = [cost(clerk, url) for url in urls]
        open_many(licence, 50)
        assert [cost(clerk, url) for url in urls] == few
        assert max(few) < 60

    def test_hold_each_case_where_it_waits(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        number = take_in(clerk, FIVE)
        assert number in text_of(clerk.get(reverse("cases:list", args=["receive"])))
        done(do(clerk, number, "pass_precheck"))
        done(do(clerk, number, "accept"))
        assert number not in text_of(clerk.get(reverse("cases:home")))
        assert number in text_of(clerk.get(reverse("cases:list", args=["unit"])))
        undertaker = sign_in(licence, "李伟")
        assert number in text_of(undertaker.get(reverse("cases:list", args=["examine"])))
        done(do(undertaker, number, "pass", {"opinion": "好"}))
        done(do(sign_in(licence, "周岚"), number, "review", {"opinion": "好"}))
        approver = sign_in(licence, "陈立新")
        assert number in text_of(approver.get(reverse("cases:list", args=["approve"])))
        done(do(approver, number, "grant"))
        assert number in text_of(sign_in(licence, "吴敏").get(reverse("cases:list", args=["deliver"])))

    def test_counts_are_those_of_the_pages(self, licence: Town) -> None:
        open_many(licence, 3)
        at = now()
        actor = people.actor_of_person(licence.people["何静"].pk, at)
        for line in count_lists(actor, at):
            assert worklist(line.code, actor, at).count == line.count

    def test_pages_of_fifty_that_are_saved_in_the_address(self, licence: Town) -> None:
        open_many(licence, 53)
        clerk = sign_in(licence, "何静")
        assert text_of(clerk.get(reverse("cases:home"))).count('name="number"') == 50
        second = text_of(clerk.get(reverse("cases:home") + "?page=2"))
        assert second.count('name="number"') == 3
        assert "第 51–53 件" in second

    def test_narrow_by_item_and_text(self, licence: Town) -> None:
        open_many(licence, 2)
        clerk = sign_in(licence, "何静")
        assert text_of(clerk.get(reverse("cases:home") + "?q=欧阳晓雯")).count('name="number"') == 2
        assert text_of(clerk.get(reverse("cases:home") + "?q=卫生许可")).count('name="number"') == 2
        assert "没有符合筛选的办件" in text_of(clerk.get(reverse("cases:home") + "?item=other"))

    def test_strangers_find_nothing(self, licence: Town) -> None:
        open_many(licence, 2)
        other = sign_in(licence, "孙悦")
        for code in LISTS:
            assert 'name="number"' not in text_of(other.get(reverse("cases:list", args=[code])))
        for text in ("欧阳晓雯", IDENTITY, REGION, "卫生许可"):
            assert "没有找到您能看的办件" in text_of(other.get(reverse("cases:search"), {"q": text}))


class TestKeys:
    def test_name_only_what_the_page_answers_to(self, licence: Town) -> None:
        open_many(licence, 1)
        page = text_of(sign_in(licence, "何静").get(reverse("cases:list", args=["mine"])))
        help_ = page.split('id="keys-help"')[1].split("</dialog>")[0]
        for key in ("a", "r", "/"):
            assert f"<kbd>{key}</kbd>" in help_
            assert f'data-key="{key}"' in page
        assert 'name="window"' not in page

    @pytest.mark.parametrize("address", ["accounts:people", "accounts:substitutes", "catalogue:items", "cases:home"])
    def test_lists_stand_beside_every_page_of_the_desk(self, licence: Town, address: str) -> None:
        page = text_of(sign_in(licence, "何静").get(reverse(address)))
        for name in ("cases:home", "cases:intake", "catalogue:items", "accounts:people"):
            assert f'href="{reverse(name)}"' in page


class TestSearch:
    @pytest.mark.parametrize("text", ["欧阳晓雯", IDENTITY, REGION, "卫生许可"])
    def test_finds_by_number_name_certificate_and_item(self, licence: Town, text: str) -> None:
        open_many(licence, 2)
        page = text_of(sign_in(licence, "何静").get(reverse("cases:search"), {"q": text}))
        assert "找到 2 件" in page
        assert "欧**雯" in page


class TestExport:
    def test_gives_what_is_seen_with_masked_names(self, licence: Town) -> None:
        open_many(licence, 3)
        clerk = sign_in(licence, "何静")
        text = clerk.get(reverse("cases:home") + "?as=csv").content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text)))
        assert len(rows) == 5
        assert rows[1][2] == "欧**雯"
        assert rows[4][0].startswith("# 导出编号")
        answer = clerk.get(reverse("cases:home") + "?as=xlsx")
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        assert sheet is not None
        assert sheet.max_row == 5
        assert "欧阳晓雯" not in text


class TestBulk:
    def test_lists_the_consequence_then_says_what_came_of_each(self, licence: Town) -> None:
        clerk = sign_in(licence, "何静")
        good = [take_in(clerk, FIVE) for _ in range(2)]
        lacking = take_in(clerk, {"m1": "received"})
        page = text_of(clerk.post(reverse("cases:bulk"), {"number": [*good, lacking]}))
        assert "受理：3 件里有 2 件可以办" in page
        assert "出具《受理通知书》" in page
        form = {**hidden_in(page), "act": "accept", "number": [*good, lacking], "sure": "1"}
        result = text_of(clerk.post(reverse("cases:bulk"), form))
        assert result.count("已办，现在") == 2
        assert "还有材料没有收到" in result
        assert Case.objects.filter(phase="examining").count() == 2
        again = text_of(clerk.post(reverse("cases:bulk"), form))
        assert again.count("已办，现在") == 0 or Case.objects.filter(phase="examining").count() == 2

    def test_leaves_out_cases_of_others(self, licence: Town) -> None:
        number = take_in(sign_in(licence, "何静"), FIVE)
        page = text_of(sign_in(licence, "孙悦").post(reverse("cases:bulk"), {"number": [number, "\0", "x"]}))
        assert number not in page


class TestNeighbours:
    def test_lead_through_the_list_it_was_opened_from(self, licence: Town) -> None:
        open_many(licence, 3)
        clerk = sign_in(licence, "何静")
        numbers = [
            line.number
            for line in worklist("mine", people.actor_of_person(licence.people["何静"].pk, now()), now()).lines
        ]
        page = text_of(clerk.get(reverse("cases:case", args=[numbers[1]]) + "?list=mine"))
        assert "第 2 / 3 件" in page
        assert f"/{numbers[0]}/?list=mine" in page
        assert f"/{numbers[2]}/?list=mine" in page
