"""A clerk at the window in a browser: the errands within their budgets of clicks, with script and without."""

import re
from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from tests.cases.pages import take_in
from tests.cases.town import IDENTITY, Town, sign_in
from zhengtong.ledger.queries import Case

pytestmark = pytest.mark.journey


class Clicks:
    """Counts every press beyond typing."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.n = 0

    def on(self, selector: str) -> None:
        self.n += 1
        self.page.locator(selector).first.click()

    def choose(self, selector: str, value: str) -> None:
        self.n += 1
        self.page.locator(selector).first.select_option(value)


def type_party(page: Page) -> None:
    page.fill("[name=applicant-name]", "欧阳晓雯")
    page.fill("[name=applicant-number]", IDENTITY)
    page.fill("[name=form-premises_name]", "栖云里")
    page.fill("[name=form-premises_address-region]", "清源区")
    page.fill("[name=form-premises_address-detail]", "文昌路8号")
    page.fill("[name=form-person_in_charge]", "欧阳晓雯")
    page.fill("[name=form-staff]", "3")
    page.fill("[name=form-floor_area]", "120")


@pytest.mark.parametrize("javascript", [True, False])
class TestWindow:
    def test_takes_a_walk_in_to_the_printed_receipt_in_twelve(
        self,
        licence: Town,
        at_desk: Callable[..., Page],
        javascript: bool,
    ) -> None:
        page = at_desk("何静", javascript=javascript)
        page.goto(reverse("cases:home"))
        click = Clicks(page)
        click.on("text=窗口收件")
        page.fill("#pick", "公共场所卫生")
        if not javascript:
            page.press("#pick", "Enter")
        page.locator("#found a").first.wait_for()
        click.on("#found a")
        click.on("label:has(input[name=s-trade][value=inn])")
        if javascript:
            page.wait_for_load_state()
            page.locator("input[name=s-trade][value=inn]:checked").wait_for(state="attached")
        type_party(page)
        click.on("label:has(input[name=applicant-kind][value=natural])")
        click.choose("[name=applicant-certificate]", "identity")
        click.on("[data-all=received]")
        if not javascript:
            page.locator("input[name=m-m1]:checked").wait_for(state="attached")
        click.on("button[name=submit]")
        click.on("text=打印收件凭证")
        assert re.search(r"查询密码\s*[0-9]{6}", page.inner_text("main"))
        assert click.n <= 12
        assert Case.objects.count() == 1

    def test_returns_once_with_everything_missing_in_six(
        self,
        licence: Town,
        at_desk: Callable[..., Page],
        javascript: bool,
    ) -> None:
        number = take_in(sign_in(licence, "何静"), {"m1": "received", "m2": "missing"})
        page = at_desk("何静", javascript=javascript)
        page.goto(reverse("cases:home"))
        click = Clicks(page)
        click.on(f"a[href*='{number}']")
        click.on("summary:has-text('一次性告知补正')")
        click.on("form[action*='notify_supplement'] button[type=submit]")
        page.locator(".zt-tag--live", has_text="待补正").first.wait_for()
        assert click.n <= 6


class TestStrip:
    def test_posts_a_verdict_without_leaving_the_page(self, licence: Town, at_desk: Callable[..., Page]) -> None:
        number = take_in(sign_in(licence, "何静"), {}, **{"m-m1": "defective"})
        page = at_desk("何静")
        page.goto(reverse("cases:case", args=[number]))
        page.locator("label:has(input[name=verdict-m1][value=accepted])").click()
        page.locator("tr:has-text('申请表') .zt-verdict--ok").wait_for()
        assert page.url.endswith(reverse("cases:case", args=[number]))

    def test_the_next_case_is_one_key_away(self, licence: Town, at_desk: Callable[..., Page]) -> None:
        clerk = sign_in(licence, "何静")
        first, second = (take_in(clerk, {"m1": "received"}) for _ in range(2))
        page = at_desk("何静")
        page.goto(reverse("cases:home"))
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{first}/**")
        page.keyboard.press("j")
        page.wait_for_url(f"**/{second}/**")
