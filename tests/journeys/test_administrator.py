"""The administrators (管理员): an item is changed, reviewed by somebody else and published; the reference tables; who
stands in for whom."""

import pytest
from playwright.sync_api import expect

from tests.support.journeys import City, Way, every_way

pytestmark = pytest.mark.journey

ITEMS = {"zh": "qy-mz-0001", "zh-noscript": "qy-rs-0001", "en": "qy-rs-0002"}


@every_way
def test_changes_an_item_and_another_publishes_it(city: City, way: Way) -> None:
    code = ITEMS[way.folder]
    editor = city.person("zx04", way)

    # Find the item, begin its next version.
    editor.goto("/catalogue/")
    editor.keep("catalogue")
    editor.fill("#cat-q", code)
    editor.press_enter("#cat-q")
    editor.click(f'main a[href="/catalogue/items/{code}"]')
    editor.keep("catalogue-item")
    editor.click("aside form button.btn-primary")
    editor.keep("catalogue-editor")

    # A promise longer than the law allows is complained of at once, in words; mended, it is not.
    editor.unfold_around("[name=term_promised_n]")
    editor.fill("[name=term_promised_n]", "30")
    editor.complaint(is_there=True)
    editor.keep("catalogue-complaint")
    editor.unfold_around("[name=term_promised_n]")
    editor.fill("[name=term_promised_n]", "7")
    editor.complaint(is_there=False)
    editor.click("button[name=save]")
    editor.click('aside a[href$="/submit"]')
    editor.fill("[name=document]", "清政务办〔2026〕18号（示例）")
    editor.fill("[name=note]", "压缩承诺时限")
    editor.keep("catalogue-submit")
    editor.click("main form button.btn-primary")

    # Who wrote it may not publish it; the colleague sees the difference and publishes.
    reviewer = city.person("zx05", way)
    reviewer.goto(f"/catalogue/items/{code}")
    reviewer.click("aside a.btn-primary")
    reviewer.keep("catalogue-review")
    reviewer.click('main a[href$="/publish"]')
    reviewer.keep("catalogue-publish")
    reviewer.click("main form button.btn-primary")
    guide = city.visitor(way)
    guide.goto(f"/items/{code}/")
    guide.keep("guide-changed")


@every_way
def test_keeps_the_reference_tables(city: City, way: Way) -> None:
    hand = city.person("zx03", way)
    hand.goto("/desk/")
    hand.click('nav a[href="/admin/"]')
    hand.keep_plain("admin")
    hand.goto("/admin/accounts/post/")
    hand.keep_plain("admin-posts")
    stranger = city.person("wj01", way)
    answer = stranger.page.goto("/admin/")
    assert answer is not None and "/admin/" not in stranger.path


@every_way
def test_says_who_stands_in(city: City, way: Way) -> None:
    who = {"zh": "hb03", "zh-noscript": "sw03", "en": "ny03"}[way.folder]
    hand = city.person(who, way)
    hand.goto("/staff/people")
    hand.keep("people")
    hand.goto("/staff/substitutes")
    hand.keep("substitutes")

    # Away for two days: the B role acts.
    hand.fill("[name=from_on]", "2026-09-08")
    hand.fill("[name=until_on]", "2026-09-09")
    form = hand.page.locator('form[action$="/absence"]')
    hand.choose_first('form[action$="/absence"] [name=reason]')
    hand.click(form.locator("button"))
    expect(hand.page.locator('form[action$="/return"]')).to_have_count(1)
    hand.keep("absence")
