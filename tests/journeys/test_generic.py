"""Three procedures nobody wrote a page for (通用办理): a hotline order, an information request and a supervised task,
each from opening to closing on the generic portal form and the generic desk."""

import pytest
from playwright.sync_api import expect

from tests.support.journeys import City, Hand, Way, every_way

pytestmark = pytest.mark.journey


@every_way
def test_a_hotline_order(city: City, way: Way) -> None:
    # A citizen raises it from the home page.
    citizen = city.person("韩德明", way)
    citizen.goto("/")
    citizen.click('main a[href="/new/hotline_order/"]')
    citizen.keep("hotline-new")
    citizen.button("继续")
    citizen.keep("hotline-questions")
    citizen.choose_from("[name=secret]", "no")
    citizen.fill("[name=content]", "文昌路 12 号门前的路灯坏了三天，夜里看不见路。")
    citizen.button("继续")
    citizen.button("继续")
    citizen.button("提交申请")
    number = citizen.page.locator(".zt-receipt__number").inner_text().replace(" ", "")
    citizen.keep("hotline-receipt")

    # The operator classifies, the dispatcher sends it to a department.
    operator = at_case(city, way, "zx09", number)
    operator.keep("hotline-desk")
    operator.unfold("classify")
    operator.choose_from("[name=classify-urgency]", "normal")
    operator.choose_from("[name=classify-category]", "help")
    operator.submit("classify")
    dispatcher = at_case(city, way, "zx10", number)
    dispatcher.unfold("dispatch")
    dispatcher.choose_from("[name=dispatch-unit]", "cg")
    dispatcher.submit("dispatch")
    dispatcher.keep("hotline-dispatched")

    # The department signs for it and replies.
    department = at_case(city, way, "cg07", number)
    department.do("sign_for")
    department.unfold("reply")
    department.choose_from("[name=reply-contacted]", "yes")
    department.fill("[name=reply-reply]", "已更换灯具，当晚恢复照明。")
    department.submit("reply")
    department.keep("hotline-replied")

    # The operator calls back and closes; the citizen reads the answer.
    operator = at_case(city, way, "zx09", number)
    operator.unfold("close")
    operator.choose_from("[name=close-solved]", "solved")
    operator.choose_from("[name=close-satisfaction]", "s5")
    operator.submit("close")
    operator.see(operator.law("states.closed.name", "hotline_order"))
    citizen.goto(f"/cases/{number}/")
    citizen.keep("hotline-closed")


@every_way
def test_an_information_request(city: City, way: Way) -> None:
    # A citizen asks for a document.
    citizen = city.person("蒋秀兰", way)
    citizen.goto("/")
    citizen.click('main a[href^="/new/information_request"]')
    citizen.button("继续")
    citizen.fill("[name=wanted]", "2025 年清江路绿化改造工程的规划批复。")
    citizen.choose_from("[name=provide]", "electronic")
    citizen.choose_from("[name=channel]", "internet")
    citizen.keep("information-questions")
    citizen.button("继续")
    citizen.button("提交申请")
    number = citizen.page.locator(".zt-receipt__number").inner_text().replace(" ", "")

    # The clerk confirms the day of receipt and passes it on; the officer discloses.
    clerk = at_case(city, way, "qy05", number)
    clerk.do("confirm_receipt")
    clerk.do("take_up")
    officer = at_case(city, way, "qy06", number)
    officer.keep("information-desk")
    officer.unfold("disclose")
    officer.fill("[name=disclose-reply]", "批复文件见附件，也可以到档案馆查阅。")
    officer.submit("disclose")

    # Delivered: closed, and the answer stands among the papers.
    clerk = at_case(city, way, "qy05", number)
    clerk.unfold("deliver")
    clerk.choose_from("[name=deliver-manner]", "electronic")
    clerk.submit("deliver")
    clerk.see(clerk.law("states.closed.name", "information_request"))
    citizen.goto(f"/cases/{number}/")
    citizen.see(citizen.law("documents.disclosure.name", "information_request"))
    citizen.keep("information-closed")


@every_way
def test_a_supervised_task(city: City, way: Way) -> None:
    # The inspection office proposes a task.
    office = city.person("qy03", way)
    office.goto("/desk/new/")
    office.keep("openings")
    office.click('main a[href="/desk/new/supervised_task/"]')
    office.fill("[name=subject]", "汛期排水管网清淤，两周内完成。")
    office.keep("task-new")
    office.click("main form button.btn-primary")
    number = office.path.split("/")[3]

    # The leader consents; the office gives it to two departments.
    office.unfold("ask_consent")
    office.choose_from("[name=ask_consent-for]", "establish")
    office.fill("[name=ask_consent-draft]", "拟立项，由水务局、城管局承办。")
    office.submit("ask_consent")
    consent(at_case(city, way, "qy02", number))
    office.goto(f"/desk/cases/{number}/")
    office.unfold("establish")
    for n, unit in enumerate(("sw", "cg")):
        office.choose_first(f"[name=establish-branches-{n}-kind]")
        office.choose_from(f"[name=establish-branches-{n}-to]", unit)
        office.fill(f"[name=establish-branches-{n}-text]", "完成辖区管网清淤并报送前后对比照片。")
    office.keep("task-establish")
    office.submit("establish")
    office.keep("task-running")

    # Each department signs and reports.
    for who in ("sw07", "cg07"):
        department = at_case(city, way, who, number)
        department.do("sign_for")
        department.unfold("report")
        department.choose_from("[name=report-verdict]", "done")
        department.fill("[name=report-report]", "已完成清淤 3.2 公里。")
        department.submit("report")
    department.keep("task-reported")

    # The office accepts both reports, and with the leader's consent strikes the task off.
    office.goto(f"/desk/cases/{number}/")
    office.keep("task-to-accept")
    for _unit in ("sw", "cg"):
        office.unfold("accept_report")
        office.choose_branch("accept_report")
        office.submit("accept_report")
    office.unfold("ask_consent")
    office.choose_from("[name=ask_consent-for]", "strike_off")
    office.fill("[name=ask_consent-draft]", "各项已完成，拟销号。")
    office.submit("ask_consent")
    consent(at_case(city, way, "qy02", number))
    office.goto(f"/desk/cases/{number}/")
    office.do("strike_off")
    office.see(office.law("states.closed.name", "supervised_task"))
    office.keep("task-closed")


def at_case(city: City, way: Way, who: str, number: str) -> Hand:
    hand = city.person(who, way)
    hand.goto(f"/desk/cases/{number}/")
    return hand


def consent(hand: Hand) -> None:
    hand.unfold("give_consent")
    hand.choose_from("[name=give_consent-verdict]", "granted")
    hand.fill("[name=give_consent-reason]", "同意。")
    hand.submit("give_consent")
    expect(hand.page.locator("#decide")).to_be_visible()
