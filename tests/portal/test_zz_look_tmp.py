import os

import pytest

from tests.portal.town import *
from tests.support.browser import keep_screens
from zhengtong.accounts import clock
from zhengtong.accounts import queries as people
from zhengtong.cases.actions import Wish, perform
from zhengtong.ledger.queries import Case
from zhengtong.ledger.record import new_key

pytestmark = pytest.mark.usefixtures("town")


def test_look(open_page, live_server_city):
    account = make_citizen(number=IDENTITY)
    client = sign_in()
    number = apply_for(client)
    second = apply_for(client)
    window = people.actor_of_person(1, clock.now())
    case = Case.objects.get(number=second)
    text = "1. 公共场所卫生检测或评价报告：报告超过一年，请换新的。\n2. 卫生管理制度：没有写消毒间的管理。"
    perform(
        actor=window,
        at=clock.now(),
        case_id=case.pk,
        key=new_key(clock.now()),
        wish=Wish(
            act="notify_supplement",
            inputs={"missing": ["m4", "m5"], "manner": "electronic"},
            private={"explanation": text},
        ),
    )
    third = Case.objects.get(number=number)
    perform(actor=window, at=clock.now(), case_id=third.pk, key=new_key(clock.now()), wish=Wish(act="pass_precheck"))
    for lang in os.environ.get("LANGS", "zh").split():
        page = open_page(locale="zh-CN" if lang == "zh" else "en-US")
        page.goto("/account/sign-in")
        page.fill("[name=typed]", PHONE)
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_load_state()

        page.context.add_cookies(
            [{"name": "language", "value": "en" if lang == "en" else "zh-hans", "url": live_server_city}]
        )

        def shot(name, url):
            page.goto(url)
            keep_screens(page, f"portal-{lang}-{name}")

        shot("home", "/")
        shot("search", "/search?q=卫生")
        shot("empty", "/search?q=没有这样的事")
        shot("guide", f"/items/{ITEM}/?trade=inn&air=no&area=small")
        shot("leaflet", f"/items/{ITEM}/leaflet")
        shot("situation", f"/items/{ITEM}/apply?new=1")
        shot("case", f"/cases/{number}/")
        shot("supplement", f"/cases/{second}/")
        shot("supply", f"/cases/{second}/act/supply")
        shot("withdraw", f"/cases/{second}/act/withdraw")
        shot("receipt", f"/cases/{number}/receipt")
        shot("print", f"/cases/{number}/receipt/print")
        shot("query", "/query")
        shot("departments", "/departments")
        shot("themes", "/themes")
        from zhengtong.cases import access

        shot("token", f"/t/{access.token_of(number)}")
        page.goto(f"/items/{ITEM}/apply?trade=inn&air=no&area=small&new=1")
        if page.locator("[name=applicant]").count() == 0:
            for q, v in ANSWERS.items():
                page.check(f"[name={q}][value={v}]")
            page.click("main form button.btn-primary")
        keep_screens(page, f"portal-{lang}-applicant")
        page.click("main form button.btn-primary")
        keep_screens(page, f"portal-{lang}-questions")
        page.fill("[name=f_floor_area]", "三百二")
        page.click("main form button.btn-primary")
        keep_screens(page, f"portal-{lang}-errors")
        for k, v in ANSWERED.items():
            page.fill(f"[name='{k}']", v)
        page.click("main form button.btn-primary")
        page.set_input_files(
            "[name=file-m2]", files=[{"name": "租赁合同.png", "mimeType": "image/png", "buffer": png(4)}]
        )
        page.set_input_files(
            "[name=file-m3]", files=[{"name": "平面图.pdf", "mimeType": "application/pdf", "buffer": b"not a pdf"}]
        )
        page.click("main form button.btn-primary")
        keep_screens(page, f"portal-{lang}-materials")
        for m in ("m3", "m4", "m5"):
            page.set_input_files(
                f"[name=file-{m}]", files=[{"name": f"{m}.png", "mimeType": "image/png", "buffer": png(5)}]
            )
        page.click("main form button.btn-primary")
        keep_screens(page, f"portal-{lang}-check")
        shot("mine", "/mine/")
        shot("new", f"/new/{HOTLINE}/")
        page.goto("/")
        page.fill("#q", "卫生")
        page.wait_for_timeout(900)
        keep_screens(page, f"portal-{lang}-suggest")
