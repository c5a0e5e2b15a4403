"""The other pages of who supervises (监察规则、明查暗访、监察报告): each looked at in a city that is lived in, at both
widths, read by axe; a photograph opens, and the draft says what it would have found."""

import pytest
from playwright.sync_api import expect

from tests.support.journeys import City, Way, every_way

pytestmark = pytest.mark.journey
SUPERVISOR = "zx06"


@every_way
def test_rules_spot_checks_and_reports(lived_in_city: City, way: Way) -> None:
    hand = lived_in_city.person(SUPERVISOR, way)
    hand.goto("/watch/rules/")
    hand.keep("watch-rules")
    hand.click('main a[href*="/watch/rules/drafts/"]')
    expect(hand.page.locator("#tried table").first).to_be_visible()
    hand.keep("watch-rule-draft")
    hand.goto("/watch/rules/2026-01-01/SJ-12")
    hand.keep("watch-rule")

    hand.goto("/watch/checks/")
    hand.keep("watch-checks")
    check = hand.page.locator('main table a[href*="/watch/checks/"]').last.get_attribute("href")
    assert check
    hand.goto(check)
    photograph = hand.page.locator(".zt-photo img").first
    expect(photograph).to_be_visible()
    hand.keep("watch-check")
    hand.goto(f"{check}sheet")
    hand.keep("watch-check-sheet")
    hand.goto("/watch/checks/new")
    hand.keep("watch-check-plan")

    for kind in ("month", "day"):
        hand.goto(f"/watch/reports/?kind={kind}")
        hand.keep(f"watch-report-{kind}")
