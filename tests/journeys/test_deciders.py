"""Those who examine and decide (承办、审核、批准): three steps to a licence, ten in a row, and a refusal that needs the
consent of a superior, who sees only what is theirs."""

import pytest
from playwright.sync_api import expect

from tests.journeys import backstage
from tests.support.journeys import City, Way, every_way

pytestmark = pytest.mark.journey


@every_way
def test_three_steps_to_the_decision(city: City, way: Way) -> None:
    number = backstage.accepted()

    # The officer in charge reads the case and writes an opinion.
    officer = city.person("wj03", way)
    officer.goto("/desk/list/examine/")
    officer.click(f'main a[href*="{number}"]')
    officer.keep("case-examining")
    officer.unfold("pass")
    officer.submit("pass", is_refused=True)
    officer.keep("case-opinion-missing")
    officer.fill("[name=pass-opinion]", "现场核查与图纸一致，材料齐全，拟同意。")
    officer.submit("pass")
    officer.see(officer.law("states.reviewing.name"))

    # The reviewer agrees.
    reviewer = city.person("wj04", way)
    reviewer.goto("/desk/")
    reviewer.click(f'main a[href*="{number}"]')
    reviewer.unfold("review")
    reviewer.fill("[name=review-opinion]", "同意承办意见。")
    reviewer.submit("review")

    # The chief representative sends it back once, with a reason; it comes again and is granted.
    chief = city.person("wj05", way)
    chief.goto("/desk/list/approve/")
    chief.click(f'main a[href*="{number}"]')
    chief.keep("case-approving")
    chief.unfold("send_back")
    chief.fill("[name=send_back-reason]", "请补充从业人员健康证明的核对情况。")
    chief.submit("send_back")
    backstage.act(number, "pass", "wj03", words={"opinion": "已补充核对，拟同意。"})
    backstage.act(number, "review", "wj04", words={"opinion": "同意。"})
    chief.goto(f"/desk/cases/{number}/")
    chief.do("grant")
    chief.see(chief.law("states.granted.name"))
    chief.keep("case-granted")


@every_way
def test_approves_the_next_of_ten(city: City, way: Way) -> None:
    people = (
        "林晓梅", "陈志远", "赵玉珍", "孙浩然", "吴佳怡", "郑国栋", "冯丽华", "褚安然", "卫嘉禾", "蒋秀兰",
    )  # fmt: skip
    mine = [backstage.reviewed(who) for who in (people if way == Way() else people[:3])]
    hand = city.person("wj05", way)
    hand.goto("/desk/list/approve/")
    hand.keep("list-approve")
    hand.click("table.zt-work tbody a")

    # Read, press, and the next one: two presses each.
    for n in range(len(mine)):
        with hand.within(2, "chief representative: approve the next of ten"):
            hand.submit("grant")
            if n < len(mine) - 1:
                if way.javascript:
                    hand.press("j")
                else:
                    hand.click("a[rel=next]")
    hand.goto("/desk/list/approve/")
    for number in mine:
        expect(hand.page.locator(f'main a[href*="{number}"]')).to_have_count(0)


@every_way
def test_a_refusal_needs_the_consent_of_the_superior(city: City, way: Way) -> None:
    number = backstage.reviewed("郑国栋")
    others = backstage.opened(item="qy-cg-0001", answers={"what": "occupy"}, form={}, materials=("m1",))

    # The chief representative cannot refuse alone: the page says why, and the consent is asked for.
    chief = city.person("wj05", way)
    chief.goto(f"/desk/cases/{number}/")
    chief.keep("case-refusal-closed")
    chief.unfold("ask_consent")
    chief.choose_from("[name=ask_consent-for]", "refuse")
    chief.fill("[name=ask_consent-draft]", "现场与规定的间距不符，拟不予许可。")
    chief.submit("ask_consent")
    chief.keep("case-consent-asked")

    # The superior finds it in the list of consents, and nothing that is another's.
    head = city.person("wj07", way)
    head.goto("/desk/list/consents/")
    head.keep("list-consents")
    expect(head.page.locator(f'main a[href*="{number}"]')).to_have_count(1 if is_superior(number, "wj07") else 0)
    answer = head.page.request.get(f"/desk/cases/{others}/")
    assert answer.status == 404
    superior = head if is_superior(number, "wj07") else city.person("qy01", way)
    superior.goto("/desk/list/consents/")
    superior.click(f'main a[href*="{number}"]')
    superior.keep("case-consent")
    superior.unfold("give_consent")
    superior.choose_from("[name=give_consent-verdict]", "granted")
    superior.fill("[name=give_consent-reason]", "同意按所拟意见办理。")
    superior.submit("give_consent")

    # Now it may be refused, with its reasons and the ways to complain.
    chief.goto(f"/desk/cases/{number}/")
    chief.unfold("refuse")
    chief.fill("[name=refuse-reason]", "经现场核查，与规定的间距不符。如不服，可依法申请行政复议或者提起行政诉讼。")
    chief.submit("refuse")
    chief.see(chief.law("states.refused.name"))
    chief.keep("case-refused")


def is_superior(number: str, who: str) -> bool:
    seats = backstage.actor_of(who).seats
    return any("wj" in seat.superior_of or "wj-sp" in seat.superior_of for seat in seats)
