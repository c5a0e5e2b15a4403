"""The three administrators (三员): a joiner by two pairs of eyes, a duty, a leaver whose cases the unit hands over, and
what the audit administrator reads of it all."""

import pytest
from playwright.sync_api import expect

from tests import cast
from tests.support.journeys import City, Way, every_way
from zhengtong.accounts.models import Person
from zhengtong.ledger.models.cases import Case

pytestmark = pytest.mark.journey

SYSTEM, SECURITY, AUDIT = "zx03", "zx13", "zx14"
NUMBERS = {"zh": "wj21", "zh-noscript": "wj22", "en": "wj23"}


@every_way
def test_two_of_them_let_a_colleague_begin(city: City, way: Way) -> None:
    number = NUMBERS[way.folder]
    system = city.person(SYSTEM, way)
    system.goto("/desk/")
    system.keep("proposals-none")
    system.click('nav a[href="/staff/persons"]')
    system.keep("persons")
    system.click('main a[href="/staff/persons/new"]')
    system.fill("[name=number]", number)
    system.fill("[name=name]", "欧阳慕容·阿卜杜热合曼")
    system.fill("[name=name_en]", "Ouyang Murong")
    system.choose("[name=post]", "wj-sp-window")
    system.choose_from("[name=role]", "B")
    system.fill("[name=from_on]", "2026-09-07")
    system.fill("[name=document]", "清人社任〔2026〕77号（示例）")
    system.keep("join")
    system.click("main form button.btn-primary")
    system.keep("person-proposed")

    # Who proposed it cannot confirm it; the security administrator can, and sees the password once.
    expect(system.page.locator("button[value=confirm]")).to_have_count(0)
    security = city.person(SECURITY, way)
    security.goto("/desk/")
    security.keep("proposals")
    security.click("button[value=confirm]")
    expect(security.page.locator(".zt-secret__word code")).to_have_count(1)
    security.keep("opened")
    whom = Person.objects.get(number=number)
    security.goto(f"/staff/persons/{whom.ref}")
    security.keep("person")

    if not way.javascript:
        return  # the audit pages have no script at all

    # A third reads what happened, and takes it along with a purpose.
    audit = city.person(AUDIT, way)
    audit.goto("/audit/authority/")
    audit.keep("audit-authority")
    with audit.page.expect_download() as taken:
        audit.fill("[name=reason]", "三季度审计")
        audit.page.locator("button[value=xlsx]").click()
    assert "audit-authority-DC" in taken.value.suggested_filename
    audit.goto("/audit/export/?check=1")
    audit.keep("audit-export")
    audit.goto("/audit/sign-ins/")
    audit.keep("audit-sign-ins")
    stranger = city.person("wj01", way)
    answer = stranger.page.goto("/audit/authority/")
    assert answer is not None and answer.status == 403
    audit.goto("/audit/refusal/")
    audit.keep("audit-refusal")
    audit.goto("/audit/refusal/?who=nobody")
    audit.keep("audit-empty")
    audit.goto("/staff/duties")
    audit.keep("duties")


def test_a_leaver_hands_over(lived_in_city: City) -> None:
    way, city = Way(), lived_in_city
    whom = next(
        person
        for person in Person.objects.filter(number__startswith="wj").order_by("number")
        if Case.objects.open().filter(assignee=person.ref, dept="wj").exists()
    )
    system = city.person(SYSTEM, way)
    system.goto(f"/staff/persons/{whom.ref}/leaving")
    system.fill("[name=last_day]", "2026-11-23")
    system.fill("[name=document]", "清卫人〔2026〕31号（示例）")
    for field in system.page.locator("select[name^='post:']").all():
        field.select_option(index=1)
    system.keep("leave")
    system.click("main form button.btn-negative")
    security = city.person(SECURITY, way)
    security.goto("/staff/proposals")
    security.keep("leaving-proposed")
    security.click("button[value=confirm]")
    security.goto(f"/staff/persons/{whom.ref}")
    security.keep("person-leaving")
    security.goto("/staff/leavers")
    security.keep("leavers")

    head = city.person(cast.HEAD, way)
    head.goto("/desk/")
    head.click('nav a[href="/staff/hand-over"]')
    head.keep("hand-over")
    head.click("main form button.btn-primary")
    head.keep("handed-over")
    audit = city.person(AUDIT, way)
    audit.goto("/audit/acts/")
    audit.keep("audit-acts")
