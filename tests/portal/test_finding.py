"""Finding a matter: words, initials, filters, pages, suggestions, guide, leaflet, both languages."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.portal.town import ANSWERS, ITEM
from zhengtong.portal.matters import public_matters

pytestmark = pytest.mark.usefixtures("town")


class TestSearch:
    @pytest.mark.parametrize("q", ["民宿", "ggcsws", ITEM, "卫"])
    def test_finds_by_words_initials_and_code(self, q: str) -> None:
        assert f"/items/{ITEM}/" in Client().get("/search", {"q": q}).content.decode()

    def test_narrows_and_turns_pages(self) -> None:
        page = Client().get("/search", {"kind": "01", "page": "2"}).content.decode()
        assert "第 2 页" in page
        assert "kind=01&amp;page=1" in page
        assert Client().get("/search", {"department": "wj", "target": "1", "theme": "医疗卫生"}).status_code == 200

    def test_says_what_to_do_when_nothing_is_found(self) -> None:
        page = Client().get("/search", {"q": "绝无此事", "kind": "01"}).content.decode()
        assert "没有找到“绝无此事”" in page.replace("<wbr>", "")
        assert "拼音首字母" in page

    @pytest.mark.parametrize("strange", ["\0", "' OR 1=1 --", "长" * 5000, "%", "<script>"])
    def test_takes_anything(self, strange: str) -> None:
        answer = Client().get("/search", {"q": strange, "page": "99999999999", "kind": strange, "theme": strange})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()

    def test_suggests_as_a_fragment(self) -> None:
        page = Client().get("/search", {"q": "民宿", "suggest": "1"}).content.decode()
        assert "<html" not in page
        assert ITEM in page


class TestGuide:
    def test_changes_with_the_answers(self) -> None:
        without = Client().get(f"/items/{ITEM}/", ANSWERS).content.decode()
        pool = Client().get(f"/items/{ITEM}/", {**ANSWERS, "trade": "pool"}).content.decode()
        assert "泳池" not in without.replace("<wbr>", "").partition('id="s7"')[2]
        assert "泳池水质检测报告" in pool.replace("<wbr>", "")

    def test_stands_in_english_complete(self) -> None:
        client = Client()
        client.cookies["language"] = "en"
        for url in (
            "/",
            "/search?q=guest",
            f"/items/{ITEM}/",
            f"/items/{ITEM}/leaflet",
            "/departments",
            "/themes",
            "/query",
        ):
            page = client.get(url).content.decode()
            assert '<html lang="en"' in page
        assert "Hygiene licence" in client.get(f"/items/{ITEM}/").content.decode()

    def test_leads_from_the_address_in_the_qr_of_the_leaflet(self) -> None:
        assert Client().get(f"/items/{ITEM}")["Location"] == f"/items/{ITEM}/"
        assert Client().get(f"/items/{ITEM}/leaflet").status_code == 200

    def test_has_its_leaflet_as_pdf(self) -> None:
        answer = Client().get(f"/items/{ITEM}/leaflet.pdf", ANSWERS)
        assert answer["Content-Type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF-")


class TestFrame:
    def test_names_only_what_works(self) -> None:
        page = Client().get("/").content.decode()
        for name in ("portal:query", "portal:mine"):
            assert f'href="{reverse(name)}"' in page
        for matter in public_matters():
            assert Client().get(reverse("portal:new", args=[matter.code])).status_code == 302
