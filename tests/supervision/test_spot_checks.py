"""A spot check from plan to end: agreed to by another, drawn by a seed nobody chose, inspected, reported, ended."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.cases.pages import done, hidden_in, text_of
from tests.documents.files import png
from tests.supervision.bureau import Bureau, build_bureau, publish_check
from zhengtong.kernel.sampling import draw
from zhengtong.ledger.installed import installed, put_back
from zhengtong.ledger.queries import Case
from zhengtong.site.wiring import wire

PLAN = {
    "manner": "unannounced", "drawn_from": "posts", "since": "2026-01-01", "until": "2026-01-31", "count": "3",
    "purpose": "看窗口是否空岗",
}  # fmt: skip


@pytest.fixture
def bureau(city_db: Path) -> Iterator[Bureau]:
    before = installed()
    wire()
    made = build_bureau()
    publish_check()
    yield made
    put_back(before)


def planned(client: Client, **changes: str) -> str:
    url = reverse("supervision:check_plan")
    answer = client.post(url, {**hidden_in(text_of(client.get(url))), **PLAN, **changes})
    done(answer)
    return str(answer["Location"]).rstrip("/").split("/")[-1]


def act(client: Client, number: str, code: str, **values: Any) -> Any:
    page = text_of(client.get(reverse("supervision:check", args=[number])))
    data = {**hidden_in(page), **{f"{code}-{name}": value for name, value in values.items()}}
    return client.post(reverse("supervision:check_act", args=[number, code]), data)


def drawn(bureau: Bureau, **changes: str) -> str:
    number = planned(bureau.officer, **changes)
    done(act(bureau.chief, number, "approve"))
    done(act(bureau.officer, number, "draw"))
    return number


def names_on(page: str) -> list[str]:
    return re.findall(r'zt-small zt-quiet zt-code">([^<]+)<', page)


class TestPlan:
    def test_needs_another_to_agree(self, bureau: Bureau) -> None:
        number = planned(bureau.officer)
        assert "负责人同意以后才有种子" in text_of(bureau.officer.get(reverse("supervision:check", args=[number])))
        assert act(bureau.officer, number, "approve").status_code == 409
        done(act(bureau.chief, number, "approve"))
        page = text_of(bureau.officer.get(reverse("supervision:check", args=[number])))
        assert re.search(r"zt-breakall\">[0-9a-f]{64}<", page)

    def test_says_what_is_wrong_with_it(self, bureau: Bureau) -> None:
        url = reverse("supervision:check_plan")
        answer = bureau.officer.post(url, {**PLAN, "until": "2025-12-31", "count": "999"})
        assert answer.status_code == 400
        assert "期间的末日不能早于首日" in text_of(answer)
        assert "抽取数量在 1 到 200 之间" in text_of(answer)

    def test_is_hidden_from_the_inspected(self, bureau: Bureau) -> None:
        number = drawn(bureau)
        for name in ("check", "check_sheet"):
            assert bureau.clerk.get(reverse(f"supervision:{name}", args=[number])).status_code == 403
        assert bureau.clerk.get(reverse("cases:case", args=[number])).status_code == 404


class TestDraw:
    def test_is_by_the_hash_of_the_agreement_and_can_be_done_again(self, bureau: Bureau) -> None:
        number = drawn(bureau)
        page = text_of(bureau.officer.get(reverse("supervision:check", args=[number])))
        (seed,) = re.findall(r"抽取种子</dt><dd[^>]*>([0-9a-f]{64})<", page)
        (file,) = re.findall(r'href="([^"]+/files/[^"]+)">下载总体名单', page)
        population = bureau.officer.get(file).content.decode().split("\n")
        assert names_on(page) == [each.name for each in draw(seed, population, 3)]
        assert len(population) == len(set(population)) >= 13
        assert "系统刚按种子重抽了一遍" in page

    def test_a_sample_somebody_chose_is_seen(self, bureau: Bureau) -> None:
        """Drawn by hand at the desk, past the page that draws: the act stands, and the page says it is not the draw."""
        number = planned(bureau.officer)
        done(act(bureau.chief, number, "approve"))
        url = reverse("cases:act", args=[number, "draw"])
        form = {
            **hidden_in(text_of(bureau.officer.get(url))), "draw-branches-rows": "1", "draw-branches-0-kind": "post",
            "draw-seed": "chosen", "draw-population": "1", "draw-digest": "ab", "draw-sample": "wj-sp-window",
            "draw-names": SimpleUploadedFile("population.png", png(), "image/png"),
        }  # fmt: skip
        done(bureau.officer.post(url, form))
        page = text_of(bureau.officer.get(reverse("supervision:check", args=[number])))
        assert "重抽的结果和记录的不一样" in page

    def test_of_nothing_is_not_done(self, bureau: Bureau) -> None:
        number = planned(bureau.officer, drawn_from="cases")
        done(act(bureau.chief, number, "approve"))
        done(act(bureau.officer, number, "draw"))
        assert Case.objects.get(number=number).state == "approved"
        done(act(bureau.chief, number, "stop", reason="没有办结件"))
        assert Case.objects.get(number=number).outcome == "stopped"


class TestInspection:
    def test_is_recorded_with_photographs_reported_and_closed(self, bureau: Bureau) -> None:
        number = drawn(bureau)
        photo = SimpleUploadedFile("空岗.png", png(), "image/png")
        for place, verdict in ((1, "problem"), (2, "in_order"), (3, "not_seen")):
            url = reverse("supervision:check_thing", args=[number, place])
            data = {**hidden_in(text_of(bureau.officer.get(url))), "verdict": verdict, "found": f"第{place}处所见"}
            done(bureau.officer.post(url, {**data, "photos": photo} if place == 1 else data))
        assert Case.objects.get(number=number).state == "writing"
        page = text_of(bureau.officer.get(reverse("supervision:check", args=[number])))
        assert "抽中 3 个，发现问题 1 个" in page
        assert "第1处所见" in page
        (shown,) = re.findall(r'href="([^"]+/files/[^"]+)"><img[^>]*>空岗.png', page)
        answer = bureau.officer.get(shown)
        assert answer.content == png()
        assert bureau.clerk.get(shown).status_code == 403
        done(act(bureau.officer, number, "report", report="一处空岗"))
        done(act(bureau.officer, number, "follow", followed="JCP-1"))
        done(act(bureau.officer, number, "close"))
        assert Case.objects.get(number=number).outcome == "finished"
        assert number in text_of(bureau.officer.get(reverse("supervision:checks")))

    def test_a_thing_is_inspected_once(self, bureau: Bureau) -> None:
        number = drawn(bureau)
        url = reverse("supervision:check_thing", args=[number, 1])
        data = {**hidden_in(text_of(bureau.officer.get(url))), "verdict": "in_order", "found": "好"}
        done(bureau.officer.post(url, data))
        assert bureau.officer.get(url).status_code == 404

    def test_what_was_written_is_sealed(self, bureau: Bureau) -> None:
        """Whoever supervises the region without dealing with the check reads neither sample nor purpose."""
        number = drawn(bureau)
        from tests.supervision.bureau import second_officer

        page = text_of(second_officer(bureau).get(reverse("supervision:check", args=[number])))
        assert "抽中名单只给办理这次检查的人看" in page
        assert PLAN["purpose"] not in page

    def test_the_sheet_has_a_row_for_each(self, bureau: Bureau) -> None:
        number = drawn(bureau)
        page = text_of(bureau.officer.get(reverse("supervision:check_sheet", args=[number])))
        assert page.count("zt-leaf__write") == 3
        assert "打印" in page
