"""The staff pages of the catalogue through Django's client: who may what, the editor, review, changes, the leaflet."""

import re
from html.parser import HTMLParser
from typing import Any, ClassVar

import pyotp
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.accounts.cast import PASSWORD, City
from tests.catalogue import town
from zhengtong.accounts.clock import real_now
from zhengtong.accounts.models import Account
from zhengtong.accounts.signing_in import enrol_totp
from zhengtong.catalogue import queries
from zhengtong.catalogue.contents import bind_content, requirements
from zhengtong.catalogue.indexing import index
from zhengtong.catalogue.models import Item, ItemVersion

EDITOR, PUBLISHER, CLERK = "秦卫东", "方正", "何静"


def staff(city: City, name: str) -> Client:
    """Signed in with both factors."""
    client, account = Client(), city.accounts[name]
    if not account.totp_enrolled:
        enrol_totp(account, secret=pyotp.random_base32())
    answer = client.post(reverse("accounts:staff_sign_in"), {"typed": account.login, "password": PASSWORD})
    Account.objects.filter(pk=account.pk).update(totp_last_step=0)
    answer = client.post(answer["Location"], {"code": pyotp.TOTP(account.totp_secret).at(real_now())})
    assert answer.status_code == 302, answer.content.decode()
    return client


class FormReader(HTMLParser):
    """What a browser would send if the form with this action were submitted as it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self._area = self._select = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        name = given.get("name", "")
        if tag == "textarea":
            self._area, self._text = name, []
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            self.fields.setdefault(self._select, []).append(given.get("value", ""))
        elif tag == "input" and name and given.get("type") not in {"submit", "search"}:
            if given.get("type") in {"radio", "checkbox"} and "checked" not in given:
                return
            self.fields.setdefault(name, []).append(given.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            self.fields[self._area] = ["".join(self._text).removeprefix("\n")]
            self._area = ""
        if tag == "select":
            self._select = ""


def read_form(page: str) -> dict[str, Any]:
    reader = FormReader()
    reader.feed(page)
    return dict(reader.fields)


def url(name: str, *arguments: Any) -> str:
    return reverse(f"catalogue:{name}", args=arguments)


def draft_of(client: Client, code: str = town.ITEM) -> ItemVersion:
    client.post(url("draft", code))
    return ItemVersion.objects.get(item__code=code, status="draft")


class TestDoors:
    def test_are_shut_for_strangers_and_half_open_for_clerks(self, city: City) -> None:
        assert Client().get(url("items")).status_code == 302
        clerk = staff(city, CLERK)
        assert clerk.get(url("items")).status_code == 200
        assert clerk.get(url("item", town.ITEM)).status_code == 200
        assert clerk.post(url("draft", town.ITEM)).status_code == 403
        assert clerk.get(url("change", town.ITEM, "cancel")).status_code == 403
        assert clerk.get(url("item", "no-such-item")).status_code == 404

    def test_let_a_head_edit_the_own_organ_only(self, city: City) -> None:
        head = staff(city, EDITOR)
        assert head.get(url("change", town.ITEM, "cancel")).status_code == 200
        assert head.get(url("change", "qy-sc-0001", "cancel")).status_code == 403


class TestList:
    def test_renders_many_items_with_as_many_queries_as_few(self, city: City) -> None:
        client = staff(city, CLERK)
        client.get(url("items"))
        with CaptureQueriesContext(connection) as few:
            client.get(url("items"))
        index(
            Item.objects.bulk_create(
                Item(code=f"m-{n}", name=f"示例事项{n}", kind="01", department="wj", region="510199")
                for n in range(1000)
            )
        )
        with CaptureQueriesContext(connection) as many:
            page = client.get(url("items"))
        assert len(many) == len(few)
        assert page.content.decode().count('class="is-what"') == 50
        found = client.get(url("items"), {"q": "示例事项999", "status": "listed"}).content.decode()
        assert found.count('class="is-what"') == 1

    @pytest.mark.parametrize("asked", [{"q": "\0"}, {"page": "x"}, {"page": "999999"}, {"status": "'"}, {"kind": "\0"}])
    def test_survives_strange_questions(self, city: City, asked: dict[str, str]) -> None:
        assert staff(city, CLERK).get(url("items"), asked).status_code == 200


class TestEditor:
    @pytest.mark.parametrize("code", [town.ITEM, "qy-wj-0011", "qy-wj-0021", "qy-wj-0031"])
    def test_gives_back_what_it_shows(self, city: City, code: str) -> None:
        client = staff(city, EDITOR)
        draft = draft_of(client, code)
        page = client.get(url("edit", code, draft.version)).content.decode()
        assert "通过检查" in page
        answer = client.post(url("edit", code, draft.version), read_form(page) | {"save": "1"})
        assert answer.status_code == 302, answer.content.decode()[:3000]
        kept, before = ItemVersion.objects.get(pk=draft.pk).content, draft.content
        assert kept["posts"] == before["posts"] and kept["terms"] == before["terms"]
        assert requirements(kept, {}) == requirements(before, {})
        assert bind_content(kept, {}).digest == bind_content(before, {}).digest

    def test_shows_what_bind_says_and_keeps_what_was_typed(self, city: City) -> None:
        client = staff(city, EDITOR)
        draft = draft_of(client)
        address = url("edit", town.ITEM, draft.version)
        typed = read_form(client.get(address).content.decode()) | {"term_promised_n": ["30"], "post_window": [""]}
        live = client.post(url("complaints", town.ITEM, draft.version), typed).content.decode()
        assert "承诺办结时限" in live and "20 个工作日" in live
        assert ItemVersion.objects.get(pk=draft.pk).digest == draft.digest
        saved = client.post(address, typed, follow=True).content.decode()
        assert "超过了上限" in saved and 'value="30"' in saved
        page = client.post(url("submit", town.ITEM, draft.version), {"document": "清政办〔2026〕9号", "note": "改"})
        assert page.status_code == 400 and "超过了上限" in page.content.decode()

    def test_adds_a_row_without_script(self, city: City) -> None:
        client = staff(city, EDITOR)
        draft = draft_of(client)
        address = url("edit", town.ITEM, draft.version)
        typed = read_form(client.get(address).content.decode())
        more = client.post(address, typed | {"materials-add": ["1"]}).content.decode()
        rows = int(typed["materials-rows"][0])
        assert f'name="materials-rows" value="{rows + 1}"' in more
        filled = read_form(more) | {f"materials-{rows}-code": ["m9"], f"materials-{rows}-name": ["新材料"]}
        assert client.post(address, filled).status_code == 302
        assert ItemVersion.objects.get(pk=draft.pk).content["materials"][-1]["name"] == "新材料"

    def test_does_not_overwrite_another_editor(self, city: City) -> None:
        client = staff(city, EDITOR)
        draft = draft_of(client)
        address = url("edit", town.ITEM, draft.version)
        first = read_form(client.get(address).content.decode())
        assert client.post(address, first | {"short": ["甲改的"]}).status_code == 302
        second = client.post(address, first | {"short": ["乙改的"]})
        assert second.status_code == 400
        assert "乙改的" in second.content.decode()
        assert ItemVersion.objects.get(pk=draft.pk).content["short"] == "甲改的"

    @pytest.mark.parametrize("bad", ["长" * 100_000, "有\u0000空", "倒\u202e序"])
    def test_keeps_hostile_words_out(self, city: City, bad: str) -> None:
        client = staff(city, EDITOR)
        draft = draft_of(client)
        address = url("edit", town.ITEM, draft.version)
        typed = read_form(client.get(address).content.decode()) | {"name": [bad]}
        assert client.post(address, typed).status_code == 400
        assert ItemVersion.objects.get(pk=draft.pk).digest == draft.digest


class TestSections:
    """The editor in sections that fold, each saying how much in it is to be put right."""

    def test_folds_the_long_lists_and_leads_to_each(self, city: City) -> None:
        client = staff(city, EDITOR)
        draft = draft_of(client)
        page = client.get(url("edit", town.ITEM, draft.version)).content.decode()
        parts = page.split('<details class="zt-paper zt-editor__part"')[1:]
        opened = {part.split('id="g-')[1].split('"')[0]: part.startswith(" open>") for part in parts}
        assert opened["terms"] and opened["posts"] and not opened["materials"] and not opened["guide"]
        assert all(f'href="#g-{anchor}"' in page for anchor in opened)

    def test_counts_the_complaints_of_each(self, city: City) -> None:
        client = staff(city, EDITOR)
        draft = draft_of(client)
        address = url("edit", town.ITEM, draft.version)
        typed = read_form(client.get(address).content.decode()) | {"term_promised_n": ["30"], "post_window": [""]}
        saved = client.post(address, typed, follow=True).content.decode()
        assert re.search(r'id="n-head-terms">1 处要改<', saved)
        assert re.search(r'id="n-nav-posts">1 处要改<', saved)
        assert re.search(r'id="n-head-materials"><', saved)
        live = client.post(url("complaints", town.ITEM, draft.version), typed).content.decode()
        assert re.search(r'id="n-head-terms" hx-swap-oob="true">1 处要改<', live)

    def test_opens_a_folded_list_in_which_something_is_wrong(self, city: City) -> None:
        client = staff(city, EDITOR)
        draft = draft_of(client)
        address = url("edit", town.ITEM, draft.version)
        typed = read_form(client.get(address).content.decode()) | {"materials-0-name": [""]}
        page = client.post(address, typed).content.decode()
        part = next(one for one in page.split("<details ") if 'id="g-materials"' in one)
        assert part.split(">")[0].endswith("open")


class TestNewItem:
    TYPED: ClassVar = {"name": "示例托育备案", "procedure": "filing", "department": "wj", "code": ""}

    def test_leads_to_the_editor_of_a_first_draft(self, city: City) -> None:
        client = staff(city, EDITOR)
        assert reverse("catalogue:new") in client.get(url("items")).content.decode()
        answer = client.post(reverse("catalogue:new"), self.TYPED)
        made = Item.objects.get(name="示例托育备案")
        assert answer["Location"] == url("edit", made.code, 1)
        assert (made.procedure, made.kind, made.department, made.status) == ("filing", "10", "wj", "draft")
        assert made.code.endswith("-wj-0001")
        assert "处要改" in client.get(answer["Location"]).content.decode()
        client.post(reverse("catalogue:new"), self.TYPED)
        assert Item.objects.filter(code__endswith="-wj-0002").exists()

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"name": ""}, "zt-field__error"),
            ({"code": "有 空格"}, "只能有字母"),
            ({"code": town.ITEM}, "已经有事项用了"),
            ({"procedure": "card"}, "zt-field__error"),
            ({"department": "sc"}, "zt-field__error"),
        ],
    )
    def test_says_what_is_wrong_and_makes_nothing(self, city: City, changes: dict[str, str], said: str) -> None:
        before = Item.objects.count()
        answer = staff(city, EDITOR).post(reverse("catalogue:new"), self.TYPED | changes)
        assert answer.status_code == 400
        assert said in answer.content.decode()
        assert Item.objects.count() == before

    def test_is_not_for_a_clerk(self, city: City) -> None:
        assert staff(city, CLERK).get(reverse("catalogue:new")).status_code == 403


class TestLife:
    def test_goes_from_a_listed_item_to_one_that_can_be_applied_for(self, city: City) -> None:
        item = Item.objects.create(
            code="L1", name="示例卫生许可", kind="01", department="wj", region="510199", status="listed"
        )
        index([item])
        editor, publisher = staff(city, EDITOR), staff(city, PUBLISHER)
        assert editor.post(url("draft", "L1"))["Location"] == url("begin", "L1")
        assert "行政许可" in editor.get(url("begin", "L1")).content.decode()
        assert editor.post(url("draft", "L1"), {"procedure": "licence"})["Location"] == url("edit", "L1", 1)
        page = editor.get(url("edit", "L1", 1)).content.decode()
        assert "还有" in page
        typed = read_form(page) | {
            "options": ["online"], "term_promised_n": ["9"], "term_promised_unit": ["wd"],
            "term_undertake_step_n": ["3"], "term_undertake_step_unit": ["wd"],
            "post_window": ["wj-sp-window"], "post_undertaker": ["wj-sp-undertake"],
            "post_reviewer": ["wj-sp-approve"], "post_approver": ["wj-sp-approve"], "post_issuer": ["wj-sp-window"],
        }  # fmt: skip
        saved = editor.post(url("edit", "L1", 1), typed, follow=True).content.decode()
        assert "通过检查" in saved, saved[saved.find('id="complaints"') :][:1500]
        order = {"document": "清政办〔2026〕9号", "note": "第一版"}
        assert editor.post(url("submit", "L1", 1), order).status_code == 302
        own = editor.post(url("publish", "L1", 1), {"on": "2026-03-02"})
        assert own.status_code == 400 and "编制人不能发布" in own.content.decode()
        assert publisher.post(url("publish", "L1", 1), {"on": "2026-03-02"}).status_code == 302
        assert queries.published("L1", town.DAY) == 1
        assert publisher.get(url("version", "L1", 1)).status_code == 200
        assert publisher.get(url("item", "L1")).status_code == 200

    def test_shows_the_difference_to_whoever_reviews(self, city: City) -> None:
        editor = staff(city, EDITOR)
        draft = draft_of(editor)
        address = url("edit", town.ITEM, draft.version)
        typed = read_form(editor.get(address).content.decode()) | {"term_promised_n": ["6"]}
        editor.post(address, typed)
        page = editor.get(url("version", town.ITEM, draft.version)).content.decode()
        assert "<del>8 个工作日</del>" in page and "<ins>6 个工作日</ins>" in page

    @pytest.mark.parametrize("kind", ["suspend", "cancel", "hand_down"])
    def test_changes_an_item_on_a_document_only(self, city: City, kind: str) -> None:
        head = staff(city, EDITOR)
        given = {"document": "", "on": "2026-03-02", "note": "", "department": "sc"}
        assert head.post(url("change", town.ITEM, kind), given).status_code == 400
        given["document"] = "清府发〔2026〕5号"
        assert head.post(url("change", town.ITEM, kind), given).status_code == 302
        assert "清府发〔2026〕5号" in head.get(url("item", town.ITEM)).content.decode()

    def test_leaflet_is_one_page_for_everybody(self, city: City) -> None:
        answer = Client().get(url("leaflet", town.ITEM))
        assert answer.status_code == 200
        assert answer.content.startswith(b"%PDF")
        assert Client().get(url("leaflet", "none")).status_code == 404
