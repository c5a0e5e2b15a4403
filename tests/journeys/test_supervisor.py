"""Who supervises (监察): a red card appears, its evidence is opened, an order goes out; the unit objects; the
reviewer revokes the card, and the columns add up."""

import pytest
from playwright.sync_api import expect

from tests.journeys import backstage
from tests.support.journeys import City, Way, every_way
from zhengtong.accounts import clock

pytestmark = pytest.mark.journey
SUPERVISOR, REVIEWER, CHIEF, OFFICER = "zx06", "zx07", "zx08", "wj03"


def watch(city: City) -> None:
    """The sweep, over everything: the city's clock goes back after each journey, and no feed can follow that."""
    from zhengtong.supervision.sweeping import sweep

    sweep(clock.now(), everything=True)


def cards_of(number: str, level: str) -> list[str]:
    from zhengtong.supervision.models import Card

    return list(Card.objects.filter(about=number, level=level).order_by("pk").values_list("number", flat=True))


@every_way
def test_a_red_card_from_the_finding_to_its_withdrawal(city: City, way: Way) -> None:
    number = backstage.accepted()
    watch(city)
    hand = city.person(SUPERVISOR, way)
    hand.goto("/watch/")
    hand.keep("watch-before")

    # Five weeks go by without a decision: the sweep finds it, and the card is there.
    city.pass_time(days=35)
    watch(city)
    card = cards_of(number, "red")[0]
    hand = city.person(SUPERVISOR, way)
    hand.goto("/watch/")
    hand.keep("watch")
    with hand.within(2, "supervisor: from red card to the event that caused it"):
        hand.click(f'#heavy a[href*="{card}"]')
        expect(hand.page.locator("tr.is-cause").first).to_be_visible()
    hand.keep("watch-card")

    # An order: said what follows before the button, sent to the chief for consent, then to the unit.
    hand.click("details.zt-act:has(input[name=way][value=order]) > summary")
    hand.fill("[name=order-words]", "请在三个工作日内作出决定，并说明超期的原因。")
    hand.click("details.zt-act:has(input[name=way][value=order]) button[type=submit]")
    hand.keep("watch-order")
    order = hand.path.rstrip("/").split("/")[-1]
    chief = city.person(CHIEF, way)
    chief.goto(f"/desk/cases/{order}/")
    chief.unfold("give_consent")
    chief.choose_from("[name=give_consent-verdict]", "granted")
    chief.submit("give_consent")
    hand.goto("/watch/orders/")
    expect(hand.page.locator(f'main a[href*="{order}"]')).to_have_count(1)
    hand.keep("watch-orders")

    # The unit signs for the card, reads the evidence, and objects.
    unit = city.person(OFFICER, way)
    unit.goto(f"/desk/cases/{card}/")
    unit.keep("card-at-the-desk")
    unit.click(f'main a[href="/watch/cards/{card}/"]')
    unit.keep("watch-card-of-the-unit")
    unit.goto(f"/desk/cases/{card}/")
    unit.do("acknowledge")
    unit.unfold("appeal")
    unit.choose_from("[name=appeal-ground]", "special_not_recorded")
    unit.fill("[name=appeal-reason]", "现场检测期间没有录入特别程序，请予复核。")
    unit.submit("appeal")

    # It waits for a reviewer who did not issue it, and is revoked.
    reviewer = city.person(REVIEWER, way)
    reviewer.goto("/watch/appeals/")
    reviewer.keep("watch-appeals")
    reviewer.click(f'main a[href*="{card}"]')
    reviewer.unfold("revoke")
    reviewer.fill("[name=revoke-reason]", "经复核，检测记录属实，撤销。")
    reviewer.submit("revoke")

    # The columns add up, and the card stands in its own.
    hand.goto("/watch/cards/?by=dept")
    hand.keep("watch-columns")
    rows = hand.page.locator("table.zt-sums tbody tr, table.zt-sums tfoot tr")
    for n in range(rows.count()):
        issued, *ends = (int(text) for text in rows.nth(n).locator("td").all_inner_texts())
        assert issued == sum(ends)
    hand.goto("/watch/cards/?state=withdrawn")
    expect(hand.page.locator(f'main a[href*="{card}"]')).to_have_count(1)
    hand.keep("watch-withdrawn")


@every_way
def test_the_screen_of_a_city_that_is_lived_in(lived_in_city: City, way: Way) -> None:
    hand = lived_in_city.person(SUPERVISOR, way)
    hand.goto("/watch/")
    hand.keep("watch-lived-in")
    if way.javascript:
        expect(hand.page.locator(".zt-chart canvas").first).to_be_visible()
    else:
        expect(hand.page.locator(".zt-chart table").first).to_be_visible()
    for name in ("cards", "signals", "cases", "scores"):
        hand.goto(f"/watch/{name}/")
        hand.keep(f"watch-list-{name}")
    hand.goto("/watch/scores/wj/2026-11/")
    hand.keep("watch-score")


def test_the_live_part_comes_again_by_itself(city: City) -> None:
    """Polled as written; the session is not kept awake by it."""
    way = Way()
    hand = city.person(SUPERVISOR, way)
    hand.goto("/watch/")
    number = backstage.accepted("陈志远")
    city.pass_time(minutes=5)
    assert number
    with hand.page.expect_response(lambda answer: answer.request.headers.get("x-poll") == "1") as told:
        hand.page.evaluate("htmx.trigger('#live', 'poll')")
    assert told.value.ok
    expect(hand.page.locator("#live")).to_have_count(1)
    expect(hand.page.locator("#heavy")).to_have_count(1)
