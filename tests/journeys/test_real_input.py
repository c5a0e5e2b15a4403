"""Real input (真实目录): the list of a real district is imported and searched; one of its licences is completed in the
editor, published, applied for, supplemented, accepted, approved and delivered, all of it in the browser.

The list is not part of this repository: it is looked for at ZHENGTONG_REAL_ITEMS, else beside the checkout.
"""

import io
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.journeys.files import brought
from tests.support.browser import CHECKOUT
from tests.support.journeys import City, Hand, Way
from tests.support.loud import skip_loudly

pytestmark = pytest.mark.journey

NEAR = CHECKOUT.parent / "shared" / "data" / "cn_service_items_511602.jsonl"
LICENCE_KIND = "1"


@pytest.fixture
def listed() -> list[dict[str, Any]]:
    path = Path(os.environ.get("ZHENGTONG_REAL_ITEMS", NEAR))
    if not path.exists():
        skip_loudly("the real list of items is not there (ZHENGTONG_REAL_ITEMS): nothing was shown on real input")
    return [{**json.loads(line), "path": str(path)} for line in path.read_text(encoding="utf-8").splitlines() if line]


def test_a_real_licence_from_the_list_to_the_counter(city: City, listed: list[dict[str, Any]], tmp_path: Path) -> None:
    # Imported once; imported twice changes nothing.
    first, again = imported(listed[0]["path"]), imported(listed[0]["path"])
    assert first["imported"] + first["unchanged"] + len(first["refused"]) == len(listed)
    assert first["imported"] > len(listed) * 0.9
    assert again["imported"] == 0

    # Anybody finds a licence by its name; its guide says honestly what is missing.
    row = next(one for one in listed if one["task_type"] == LICENCE_KIND and len(one["name"]) < 24)
    visitor = city.visitor(Way())
    visitor.goto("/")
    visitor.fill("#q", row["name"])
    visitor.press_enter("#q")
    visitor.keep("real-search")
    code = row["item_code"]
    visitor.click(f'.zt-hits a[href*="{code}"]')
    visitor.keep("real-listed")
    assert visitor.page.locator(f'a[href^="/items/{code}/apply"]').count() == 0

    publish(city, code)
    number = apply(city, code, tmp_path)
    work(city, number, tmp_path)


def imported(path: str) -> dict[str, Any]:
    out = io.StringIO()
    with suppress(SystemExit):  # rows were refused, and said so
        call_command("catalogue", "import", path, "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def publish(city: City, code: str) -> None:
    """Completed in the editor until nothing is complained of; published by somebody else."""
    editor = city.person("zx04", Way())
    editor.goto(f"/catalogue/items/{code}")
    editor.click('aside a[href$="/begin"]')
    editor.keep("real-begin")
    editor.choose("[name=procedure][value=licence]")
    editor.click("main form button.btn-primary")
    editor.keep("real-editor-empty")
    complete(editor)
    editor.click("button[name=save]")
    editor.keep("real-editor")
    left = editor.page.locator("#complaints li").all_inner_texts()
    assert not left, left
    editor.click('aside a[href$="/submit"]')
    editor.fill("[name=document]", "清政务办〔2026〕21号（示例）")
    editor.fill("[name=note]", "编制第一版")
    editor.click("main form button.btn-primary")
    editor.keep("real-submitted")

    reviewer = city.person("zx05", Way())
    reviewer.goto(f"/catalogue/items/{code}")
    reviewer.click("aside a.btn-primary")
    reviewer.keep("real-review")
    reviewer.click('main a[href$="/publish"]')
    reviewer.click("main form button.btn-primary")


def complete(editor: Hand) -> None:
    editor.unfold_all()
    editor.choose("[name=options][value=online]")
    editor.choose("[name=options][value=three_step]")
    for parameter, days in (("legal", 20), ("promised", 10), ("undertake_step", 4)):
        editor.fill(f"[name=term_{parameter}_n]", str(days))
        editor.choose(f"[name=term_{parameter}_unit]", "wd")
    for which in ("legal", "promised"):
        editor.fill(f"[name=source_{which}-instrument]", "中华人民共和国行政许可法")
        editor.fill(f"[name=source_{which}-article]", "42")
    for role, post in (
        ("window", "wj-sp-window"), ("undertaker", "wj-sp-undertake"), ("reviewer", "wj-sp-review"),
        ("approver", "wj-sp-approve"), ("issuer", "wj-sp-issue"),
    ):  # fmt: skip
        editor.choose_from(f"[name=post_{role}]", post)
    editor.fill("[name=basis-0-title]", "中华人民共和国行政许可法")
    editor.fill("[name=basis-0-article]", "12")
    editor.fill("[name=conditions-0-text]", "符合法定条件。")
    for n, (material, name) in enumerate((("m1", "申请表"), ("m2", "身份证明"))):
        editor.fill(f"[name=materials-{n}-code]", material)
        editor.fill(f"[name=materials-{n}-name]", name)
        editor.choose_from(f"[name=materials-{n}-required]", "yes")
        editor.choose_from(f"[name=materials-{n}-tolerable]", "no")
        editor.choose_from(f"[name=materials-{n}-kind]", "other")
        editor.choose_from(f"[name=materials-{n}-form]", "either")
        editor.choose_from(f"[name=materials-{n}-source]", "self")
        editor.fill(f"[name=materials-{n}-copies]", "1")


def apply(city: City, code: str, folder: Path) -> str:
    citizen = city.person("沈云帆", Way())
    citizen.goto(f"/items/{code}/")
    citizen.keep("real-guide")
    citizen.click(f'a[href^="/items/{code}/apply"]')
    citizen.button("继续")
    citizen.upload("[name=file-m1]", brought(folder, "申请表.pdf"))
    citizen.choose("[name=hand-m2]")
    citizen.button("继续")
    citizen.button("提交申请")
    return citizen.page.locator(".zt-receipt__number").inner_text().replace(" ", "")


def at(city: City, who: str, number: str) -> Hand:
    hand = city.person(who, Way())
    hand.goto(f"/desk/cases/{number}/")
    return hand


def work(city: City, number: str, folder: Path) -> None:
    """Returned once for the paper that did not come, supplemented, accepted, three steps, made and handed over."""
    clerk = at(city, "wj01", number)
    clerk.do("pass_precheck")
    clerk.unfold("notify_supplement")
    clerk.choose("[name=notify_supplement-missing][value=m2]")
    clerk.fill("[name=notify_supplement-missing-m2-reason]", "没有提交")
    clerk.fill("[name=notify_supplement-explanation]", "请补交身份证明。")
    clerk.choose("[name=notify_supplement-manner][value=electronic]")
    clerk.submit("notify_supplement")

    citizen = city.person("沈云帆", Way())
    citizen.goto(f"/cases/{number}/act/supply")
    citizen.upload("[name=file-m2]", brought(folder, "身份证明.pdf"))
    citizen.click("main form button.btn-primary")

    clerk = at(city, "wj01", number)
    clerk.click("#check button[name=all]")
    clerk.do("accept")
    for who, act in (("wj03", "pass"), ("wj04", "review")):
        hand = at(city, who, number)
        hand.unfold(act)
        hand.fill(f"[name={act}-opinion]", "符合条件，同意。")
        hand.submit(act)
    at(city, "wj05", number).do("grant")
    issuer = at(city, "wj02", number)
    issuer.do("make")
    issuer.unfold("hand_over")
    issuer.choose("[name=hand_over-manner][value=direct]")
    issuer.submit("hand_over")
    issuer.see(issuer.law("states.closed.name"))
    issuer.keep("real-closed")
