"""An applicant: finds what has to be done, applies, follows it, mends what was missing, collects the result and
verifies it.

A first journey is counted against the budgets; a second goes the whole way of a licence, with the service backstage.
"""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys import backstage
from tests.journeys.files import brought
from tests.support.journeys import City, Hand, Way, every_way, qr_shows
from zhengtong.cases import access
from zhengtong.ui.codes import credit_check_digit

pytestmark = pytest.mark.journey

CREDIT_CODE = "91510199MA0000999"
CREDIT_CODE += credit_check_digit(CREDIT_CODE)


@every_way
def test_a_simple_item_with_one_upload(city: City, way: Way, tmp_path: Path) -> None:
    licence = brought(tmp_path, "营业执照.pdf")
    hand = city.person("吴佳怡", way)
    hand.goto("/")

    # Two clicks from the home page to the guide, by a word as people say it.
    with hand.within(2, "find an item from the home page by a word"):
        hand.fill("#q", "预包装食品")
        hand.press_enter("#q")
        hand.keep("search")
        hand.click(".zt-hits a")
    expect(hand.page.locator("h1")).to_contain_text(hand.item_name("qy-sc-0011"))
    hand.keep("guide-simple")

    with hand.within(9, "apply for a simple item with one upload"):
        # Apply; the guide asked one question, the application asks it now.
        hand.click('a[href^="/items/qy-sc-0011/apply"]')
        hand.keep("apply-situation")
        hand.choose("[name=cold][value=no]")
        hand.button("继续")
        # For oneself.
        hand.keep("apply-applicant")
        hand.button("继续")
        # The item's own questions.
        hand.keep("apply-questions")
        hand.fill("[name=f_premises_name]", "佳怡便利店")
        hand.fill("[name=f_premises_address-region]", "清源区")
        hand.fill("[name=f_premises_address-detail]", "文昌路 12 号")
        hand.fill("[name=f_credit_code]", CREDIT_CODE)
        hand.choose("[name=f_online_sale] >> nth=1")
        hand.button("继续")
        # One file; the form itself was filled in.
        hand.upload("[name=file-m2]", licence)
        hand.button("继续")
        # Everything once more, then hand in.
        hand.keep("apply-check")
        hand.button("提交申请")
    hand.keep("receipt")
    number = hand.page.locator(".zt-receipt__number").inner_text().replace(" ", "")

    # The receipt holds all that a person needs, and its QR opens the case, masked, to whoever holds the paper.
    assert access.password_of(number) in hand.text()
    address = f"{city.address}/t/{access.token_of(number)}"
    assert qr_shows(hand.page, address)
    hand.link("打印")
    hand.keep("receipt-print")
    stranger = city.visitor(way)
    with stranger.within(1, "follow a case from the QR on the receipt"):
        stranger.scan(address)
    stranger.keep("follow-by-qr")
    assert "吴佳怡" not in stranger.text()

    # It stands among the own cases.
    hand.goto("/mine/")
    hand.keep("mine")
    assert number[-4:] in hand.page.content()


@every_way
def test_a_licence_from_the_guide_to_the_verified_result(city: City, way: Way, tmp_path: Path) -> None:
    hand = city.person("林晓梅", way)

    # The guide answers for the own situation: five materials, two limits.
    hand.goto("/")
    hand.fill("#q", "公共场所")
    hand.press_enter("#q")
    hand.click('.zt-hits a[href*="qy-wj-0001"]')
    hand.choose("[name=trade][value=inn]")
    hand.choose("[name=air][value=no]")
    hand.choose("[name=area][value=small]")
    hand.button("按我的回答更新")
    hand.keep("guide")
    hand.goto("/items/qy-wj-0001/leaflet?trade=inn&air=no&area=small")
    hand.keep("leaflet")
    hand.page.go_back()

    # Apply: what was answered in the guide is not asked again.
    hand.click('a[href^="/items/qy-wj-0001/apply"]')
    hand.button("继续")
    fill_inn(hand)
    hand.button("继续")

    # A file that is not what its name says is refused beside its place, and nothing else is lost.
    fake = tmp_path / "房产证.pdf"
    fake.write_bytes(b"this is no PDF")
    hand.upload("[name=file-m2]", fake)
    hand.button("继续")
    expect(hand.page.locator("#error-m2")).to_be_visible()
    hand.keep("apply-materials-refused")
    hand.upload("[name=file-m2]", brought(tmp_path, "房产证明.pdf"))
    hand.choose("[name=hand-m4]")
    hand.button("继续")
    hand.button("提交申请")
    hand.click('main a[href^="/cases/"]')
    number = hand.path.split("/")[2]
    hand.keep("follow-submitted")

    # The window finds two papers missing and says so once.
    backstage.act(number, "pass_precheck", "wj01")
    backstage.act(
        number, "notify_supplement", "wj01", missing=["m4", "m5"], manner="electronic",
        words={"explanation": "请补交检测报告和卫生管理制度，补正期限内网上提交即可。"},
    )  # fmt: skip
    hand.goto("/")
    hand.keep("home-my-turn")
    with hand.within(5, "answer a supplement notice with two files"):
        hand.click(f'main a[href*="{number}"]')
        hand.keep("follow-supplement")
        hand.click('main a[href$="/act/supply"]')
        hand.upload("[name=file-m4]", brought(tmp_path, "检测报告.pdf"))
        hand.upload("[name=file-m5]", brought(tmp_path, "卫生管理制度.pdf"))
        hand.keep("supply")
        hand.click("main form button.btn-primary")
    hand.keep("follow-supplemented")

    # Checked, accepted, examined: the clock explains itself day by day.
    city.pass_time(days=1)
    backstage.received(number, "wj01", "m3")
    backstage.checked(number, "wj01")
    backstage.act(number, "accept", "wj01")
    backstage.act(number, "pass", "wj03", words={"opinion": "符合条件，拟同意。"})
    city.pass_time(days=1)
    hand.goto(f"/cases/{number}/")
    hand.keep("follow")

    # Decided, made and ready: collect.
    backstage.act(number, "review", "wj04", words={"opinion": "同意。"})
    backstage.act(number, "grant", "wj05")
    backstage.act(number, "make", "wj02")
    hand.goto(f"/cases/{number}/")
    hand.keep("follow-ready")
    backstage.act(number, "hand_over", "wj02", manner="direct")

    # The result verifies by its QR, for anybody.
    stranger = city.visitor(way)
    stranger.scan(f"/documents/v/{backstage.token_of_result(number)}")
    stranger.see(stranger.say("确由本平台发出，目前有效"))
    stranger.keep("verified")

    # And the applicant says how it was.
    hand.goto(f"/cases/{number}/")
    hand.click('main a[href$="/act/rate"]')
    hand.choose('[name=level][value="5"]')
    hand.keep("rate")
    hand.click("main form button.btn-primary")
    hand.keep("follow-closed")


def fill_inn(hand: Hand) -> None:
    hand.fill("[name=f_premises_name]", "听雨客栈")
    hand.fill("[name=f_premises_address-region]", "清源区")
    hand.fill("[name=f_premises_address-detail]", "清江路 8 号")
    hand.fill("[name=f_person_in_charge]", "林晓梅")
    hand.fill("[name=f_floor_area]", "320")
    hand.fill("[name=f_staff]", "6")
