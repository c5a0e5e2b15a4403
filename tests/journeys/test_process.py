"""Process analysis (过程分析): whoever supervises finds the cases behind an arrow; from the front screen to the slowest
step and its cases; the what-if answers. A head of government sees the same figures, without a dead link."""

import pytest
from playwright.sync_api import expect

from tests.cast import NOW
from tests.support.browser import PHONE
from tests.support.journeys import City, Hand, Way, every_way
from zhengtong.analysis.copying import refresh

pytestmark = pytest.mark.journey
SUPERVISOR, HEAD = "zx06", "qy01"
PAGES = ("ways", "times", "rework", "hand-overs", "conformance", "savings", "what-if")


def busiest_item(hand: Hand) -> str:
    """The item with the most cases, as the copy has it."""
    from zhengtong.analysis.queries import Selection, volumes

    return max(volumes(Selection(), ("item",)), key=lambda one: (one.opened, one.group)).group[0]


@every_way
def test_from_the_map_to_the_cases_behind_an_arrow(lived_in_city: City, way: Way) -> None:
    hand = lived_in_city.person(SUPERVISOR, way)
    hand.goto("/watch/process/")
    hand.see("zhengtong analyse --refresh")
    hand.keep("process-not-copied")
    refresh(NOW)

    hand.goto("/watch/process/")
    hand.keep("process-map")
    hand.choose("select[name=item]", busiest_item(hand))
    hand.choose("select[name=least]", "0")
    hand.click("form.zt-filters button[type=submit]")
    hand.keep("process-map-item")
    arrow = hand.page.locator('svg.zt-map a[href*="about=pair"]').first
    count = int((arrow.locator("text").text_content() or "").strip().replace(",", ""))
    arrow.focus()
    hand.press("Enter")
    rows = hand.page.locator("table.zt-work tbody tr")
    expect(rows.first).to_be_visible()
    assert 0 < rows.count() <= count  # the arrow counts how often, the list which cases
    hand.keep("process-cases")
    hand.click(rows.first.locator("a"))
    assert hand.path.startswith("/desk/cases/")


@every_way
def test_from_the_front_screen_to_the_slowest_step_and_its_cases(lived_in_city: City, way: Way) -> None:
    refresh(NOW)
    hand = lived_in_city.person(SUPERVISOR, way)
    hand.goto("/watch/")
    with hand.within(3, "leader: from the front screen to the slowest step and its cases"):
        hand.click('nav a[href="/watch/leader/"]')
        hand.click(".zt-path li.is-hot a" if way.width == PHONE else "svg.zt-map a:has(.node.hot)")
        expect(hand.page.locator("table.zt-work tbody tr").first).to_be_visible()
        hand.click("table.zt-work tbody tr a")
    assert hand.path.startswith("/desk/cases/")
    hand.goto("/watch/leader/")
    hand.keep("process-leader")


@every_way
def test_each_page_and_what_if(lived_in_city: City, way: Way) -> None:
    refresh(NOW)
    hand = lived_in_city.person(SUPERVISOR, way)
    for name in PAGES:
        hand.goto(f"/watch/process/{name}/")
        hand.keep(f"process-{name}")
    hand.goto(f"/watch/process/what-if/?item={busiest_item(hand)}")
    hand.fill("[name=limit]", "1")
    hand.click("form.zt-whatif button[type=submit]")
    expect(hand.page.locator("#chk-h")).to_be_visible()
    hand.see(hand.say("没有校准，不要据此决定"), inside="h1")  # forty cases are too few
    hand.keep("process-what-if-answer")


def test_every_page_is_clean_on_a_phone(lived_in_city: City) -> None:
    refresh(NOW)
    hand = lived_in_city.person(SUPERVISOR, Way(width=PHONE))
    for path in ("process/", *(f"process/{name}/" for name in PAGES), "leader/"):
        hand.goto(f"/watch/{path}")
        hand.keep(f"process-phone-{path.strip('/').replace('/', '-')}")


def test_a_head_of_government_sees_figures_and_no_link_that_is_closed(lived_in_city: City) -> None:
    refresh(NOW)
    hand = lived_in_city.person(HEAD, Way())
    hand.goto("/watch/leader/")
    hand.keep("process-leader-of-the-head")
    expect(hand.page.locator("svg.zt-map .node").first).to_be_visible()
    expect(hand.page.locator('main a[href*="/watch/process/"]')).to_have_count(0)
    for address in hand.page.locator('main a[href^="/desk/cases/"]').evaluate_all("all => all.map(one => one.href)"):
        hand.goto(address)  # fails where it may not be opened
