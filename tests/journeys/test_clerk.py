"""A clerk at the window (窗口人员): a walk-in, one return with everything missing, acceptance alone and in bulk, a fee,
and the licence over the counter."""

from datetime import date

import pytest
from playwright.sync_api import expect

from tests.journeys import backstage
from tests.support.journeys import City, Hand, Way, every_way
from zhengtong.site.demo.names import identity_number

pytestmark = pytest.mark.journey

ROAD = "qy-cg-0001"
ROAD_ANSWERS = {"what": "occupy"}
ROAD_MATERIALS = ("m1", "m2", "m5")


@every_way
def test_a_walk_in_from_new_case_to_the_printed_receipt(city: City, way: Way) -> None:
    hand = city.person("wj01", way)
    hand.goto("/desk/")

    with hand.within(12, "walk-in from “new case” to printed receipt, five materials"):
        # New case: the item by its pinyin initials.
        hand.link("窗口收件", inside="nav")
        hand.fill("#pick", "公共场所卫生")
        if way.javascript:
            hand.wait_for('#found a[href*="qy-wj-0001"]')
        else:
            hand.press_enter("#pick")
        hand.click('#found a[href*="qy-wj-0001"]')

        # What kind of inn it is decides the papers.
        hand.choose("[name=s-trade][value=inn]")
        hand.choose("[name=s-air][value=no]")
        hand.choose("[name=s-area][value=small]")

        # Who came, what was brought.
        hand.choose("[name=applicant-kind][value=natural]")
        hand.fill("[name=applicant-name]", "苏远航")
        hand.choose_from("[name=applicant-certificate]", "identity")
        hand.fill("[name=applicant-number]", identity_number(date(1980, 1, 1), 700 + way.number))
        hand.fill("[name=applicant-phone]", "19900008888")
        fill_form(hand)
        hand.button("全部收到")
        hand.keep("intake")
        hand.click("button[name=submit]")

        # The receipt, printed.
        hand.link("打印收件凭证")
    hand.keep("desk-receipt")
    hand.page.go_back()
    hand.keep("case-received")

    # Everything is in order: accepted with one key, and the notice is there.
    hand.do("accept")
    hand.see(hand.law("documents.acceptance_notice.name"))
    hand.keep("case-accepted")


def fill_form(hand: Hand) -> None:
    hand.fill("[name=form-premises_name]", "听雨客栈")
    hand.fill("[name=form-premises_address-region]", "清源区")
    hand.fill("[name=form-premises_address-detail]", "清江路 8 号")
    hand.fill("[name=form-person_in_charge]", "苏远航")
    hand.fill("[name=form-floor_area]", "320")
    hand.fill("[name=form-staff]", "6")


@every_way
def test_returns_once_with_everything_missing(city: City, way: Way) -> None:
    number = backstage.opened(materials=("m1", "m2"))
    backstage.act(number, "pass_precheck", "wj01")
    hand = city.person("wj01", way)
    hand.goto("/desk/")
    hand.keep("work-list")

    with hand.within(6, "return once with everything missing"):
        # Open it, say once what is missing, and how the applicant hears of it.
        hand.click(f'main a[href*="{number}"]')
        hand.unfold("notify_supplement")
        for code in ("m3", "m4", "m5"):
            box = hand.page.locator(f"[name=notify_supplement-missing][value={code}]")
            if not box.is_checked():
                hand.choose(f"[name=notify_supplement-missing][value={code}]")
            hand.fill(f"[name=notify_supplement-missing-{code}-reason]", "没有提交")
        hand.fill("[name=notify_supplement-explanation]", "请一次补齐下列材料，十五个工作日内送到窗口或者网上提交。")
        if not hand.page.locator("[name=notify_supplement-manner][value=electronic]").is_checked():
            hand.choose("[name=notify_supplement-manner][value=electronic]")
        if hand.way == Way():
            hand.keep("case-returning")
        hand.submit("notify_supplement")
    hand.see(hand.law("states.supplementing.name"))
    hand.keep("case-returned")


@every_way
def test_accepts_several_at_once(city: City, way: Way) -> None:
    numbers = [backstage.opened(who) for who in ("沈云帆", "韩德明", "蒋秀兰")]
    for number in numbers:
        backstage.act(number, "pass_precheck", "wj01")
        backstage.checked(number, "wj01")
    numbers.append(backstage.opened("卫嘉禾", materials=("m1",)))
    backstage.act(numbers[-1], "pass_precheck", "wj01")
    hand = city.person("wj01", way)
    hand.goto("/desk/list/receive/")

    # Pick four, read what would follow, press once: three are accepted, one is not and says why.
    for number in numbers:
        hand.choose(f'[name=number][value="{number}"]')
    hand.click(".zt-bulkbar button")
    hand.keep("bulk")
    hand.click("section[aria-labelledby=act-accept] button[name=sure]")
    hand.keep("bulk-done")
    expect(hand.page.locator(".zt-verdict--ok")).to_have_count(3)


@every_way
def test_takes_a_fee_and_hands_the_licence_over(city: City, way: Way) -> None:
    form = {
        "site": {"region": "清源区", "detail": "文昌路"}, "area": 12, "from_on": "2026-10-01", "until_on": "2026-10-20",
        "purpose": "临时堆放材料",
    }  # fmt: skip
    number = backstage.opened(item=ROAD, answers=ROAD_ANSWERS, form=form, materials=ROAD_MATERIALS)
    backstage.act(number, "pass_precheck", "cg01")
    backstage.checked(number, "cg01", ROAD_MATERIALS)
    backstage.act(number, "accept", "cg01")
    backstage.act(number, "pass", "cg03", words={"opinion": "同意。"})
    backstage.act(number, "review", "cg04", words={"opinion": "同意。"})
    backstage.act(number, "grant", "cg05")

    # The fee is due: its slip for the cashier, then the number of the cashier's receipt.
    hand = city.person("cg02", way)
    hand.goto(f"/desk/cases/{number}/")
    hand.keep("case-fee-due")
    hand.goto(f"/desk/cases/{number}/fees/")
    hand.keep("fee-slip")
    hand.goto(f"/desk/cases/{number}/")
    hand.unfold("settle_fee")
    hand.choose_first("[name=settle_fee-fee]")
    hand.choose("[name=settle_fee-how][value=paid]")
    hand.fill("[name=settle_fee-amount]", hand.page.locator("table.zt-grid td.n").last.inner_text().strip("¥ "))
    hand.fill("[name=settle_fee-receipt]", "20260907001")
    hand.submit("settle_fee")

    # Make it, hand it over.
    hand.do("make")
    hand.keep("case-ready")
    hand.unfold("hand_over")
    hand.choose("[name=hand_over-manner][value=direct]")
    hand.submit("hand_over")
    hand.see(hand.law("states.closed.name"))
    hand.keep("case-closed")
