"""Those who act for somebody else: the agent of a firm (经办人), and a walk-in who takes the own case home."""

import re
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys import backstage
from tests.journeys.files import brought
from tests.journeys.test_applicant import fill_inn
from tests.support.journeys import City, Way, every_way
from zhengtong.cases import access
from zhengtong.site.demo.names import identity_number

pytestmark = pytest.mark.journey

FIRM = "清源听雨酒店管理有限公司"


@every_way
def test_applies_for_the_firm(city: City, way: Way, tmp_path: Path) -> None:
    # The own account says for whom this person may act.
    agent = city.person("陈志远", way)
    agent.goto("/account/profile")
    agent.see(FIRM)
    agent.keep("agent-profile")

    # The application asks for whom it is.
    agent.goto("/items/qy-wj-0001/?trade=inn&air=no&area=small")
    agent.click('a[href^="/items/qy-wj-0001/apply"]')
    agent.keep("agent-for-whom")
    agent.click(agent.page.locator("label.zt-choice, option").filter(has_text=FIRM).first)
    agent.button("继续")
    fill_inn(agent)
    agent.button("继续")
    agent.upload("[name=file-m2]", brought(tmp_path, "租赁合同.pdf"))
    agent.upload("[name=file-m4]", brought(tmp_path, "检测报告.pdf"))
    agent.button("继续")
    agent.see(FIRM)
    agent.button("提交申请")
    number = agent.page.locator(".zt-receipt__number").inner_text().replace(" ", "")

    # The legal representative sees the firm's case; a stranger is told there is none.
    representative = city.person("林晓梅", way)
    representative.goto(f"/cases/{number}/")
    stranger = city.person("褚安然", way)
    answer = stranger.page.goto(f"/cases/{number}/")
    assert answer is not None and answer.status == 404


@every_way
def test_a_walk_in_takes_the_own_case_home(city: City, way: Way) -> None:
    number_of_card = identity_number(date(1975, 5, 5), 800 + way.number)
    number = backstage.walked_in("方小满", number_of_card)
    hand = city.visitor(way)

    # With what stands on the receipt the case can be looked at; one digit wrong, and nothing is said.
    hand.goto("/")
    hand.link("查进度", inside="header")
    hand.fill("[name=number]", number)
    hand.fill("[name=password]", "000000")
    hand.fill("[name=certificate]", number_of_card)
    hand.click("main form button.btn-primary")
    hand.keep("query-wrong")
    hand.fill("[name=password]", access.password_of(number))
    hand.click("main form button.btn-primary")
    hand.keep("query-case")
    assert number in hand.page.content()

    # Registered by phone; the code arrives in the demonstration's mailbox.
    phone = f"1990001{way.number:04d}"
    hand.goto("/account/register")
    hand.fill("[name=name]", "方小满")
    hand.fill("[name=phone]", phone)
    hand.fill("[name=password]", "qing-jiang-2026")
    hand.fill("[name=again]", "qing-jiang-2026")
    hand.keep("register")
    hand.click("main form button.btn-primary")
    hand.keep("confirm")
    reader = hand.page.context.new_page()
    reader.goto("/account/mailbox")
    code = re.search(r"\b[0-9]{6}\b", reader.inner_text("main"))
    assert code is not None
    hand.fill("[name=code]", code[0])
    hand.click("main form button.btn-primary")

    # Asked once more, signed in: the case is among the own ones.
    hand.goto("/query")
    hand.fill("[name=number]", number)
    hand.fill("[name=password]", access.password_of(number))
    hand.fill("[name=certificate]", number_of_card)
    hand.click("main form button.btn-primary")
    expect(hand.page).to_have_url(re.compile(f"/cases/{number}/"))
    hand.keep("claimed")
