"""The desk in a real browser at both widths: nothing overflows, axe finds nothing grave, pictures are kept."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page

from tests.cases.pages import do, done, take_in
from tests.cases.town import Town, sign_in
from tests.support.browser import keep_screens

pytestmark = pytest.mark.journey
FIVE = dict.fromkeys(("m1", "m2", "m3", "m4", "m5"), "received")


def look(page: Page, url: str, name: str) -> None:
    answer = page.goto(url)
    assert answer is not None and answer.status in (200, 409, 400), (url, answer and answer.status)
    too_wide: list[str] = []
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            too_wide.append(f"{url} is {wide} wide at {width}")
    keep_screens(page, name)
    assert too_wide == []
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == [], url


class TestScreens:
    def test_stand_at_both_widths(self, licence: Town, at_desk: Callable[..., Page]) -> None:
        clerk, undertaker = sign_in(licence, "何静"), sign_in(licence, "李伟")
        numbers = [take_in(clerk, FIVE) for _ in range(4)]
        faulty = take_in(clerk, {"m1": "received", "m2": "defective", "m3": "missing"}, **{"why-m2": "合同已过期"})
        for number in numbers[:3]:
            done(do(clerk, number, "pass_precheck"))
        for number in numbers[:2]:
            done(do(clerk, number, "accept"))
        done(
            do(
                undertaker,
                numbers[0],
                "check_on_site",
                {
                    "officers": [undertaker_ref(licence), f"p-{licence.people['冯一鸣'].pk}"],
                    "finding": "布局合理，消毒间符合要求。",
                },
            )
        )
        page = at_desk("何静")
        look(page, reverse("cases:home"), "desk-list")
        look(page, reverse("cases:case", args=[numbers[3]]), "desk-case-received")
        look(page, reverse("cases:case", args=[faulty]), "desk-case-faulty")
        look(page, reverse("cases:intake"), "desk-intake-pick")
        look(page, reverse("cases:take", args=["qy-wj-0001"]), "desk-intake")
        look(page, reverse("cases:receipt", args=[faulty]), "desk-receipt")
        look(page, reverse("cases:search") + "?q=欧阳晓雯", "desk-search")
        look(page, reverse("cases:list", args=["asked"]), "desk-empty")
        look(page, reverse("cases:act", args=[faulty, "note"]), "desk-act")
        page = at_desk("李伟")
        look(page, reverse("cases:case", args=[numbers[0]]) + "?list=mine", "desk-case")


def undertaker_ref(town: Town) -> str:
    return f"p-{town.people['李伟'].pk}"
