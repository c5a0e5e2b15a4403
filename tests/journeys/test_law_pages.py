"""A lawyer reads the law as it runs: the table of a procedure, and its chart as bpmn-js draws it."""

import pytest
from playwright.sync_api import expect

from tests.support.journeys import City, Way, every_way
from zhengtong.law.procedure_files import codes

pytestmark = pytest.mark.journey


@every_way
def test_reads_the_licence(city: City, way: Way) -> None:
    hand = city.visitor(way)

    # From the foot of any page to the list of procedures, and to one of them.
    hand.goto("/")
    hand.link("办理程序", inside="footer")
    hand.keep("procedures")
    hand.click('main a[href="/law/licence/"]')
    hand.see(hand.law("states.examining.name"))
    hand.see(hand.law("actions.notify_supplement.name"))

    # The chart is there with script; without it nobody is shown an empty frame.
    chart = hand.page.locator("[data-chart]")
    if way.javascript:
        expect(chart).to_have_attribute("data-drawn", "0")
        expect(chart.locator(".djs-shape").first).to_be_visible()
    else:
        expect(chart).to_be_hidden()
    hand.keep("law-licence")


def test_bpmn_js_opens_every_procedure(city: City) -> None:
    hand = city.visitor(Way())
    for code in codes():
        hand.goto(f"/law/{code}/")
        expect(hand.page.locator("[data-chart]")).to_have_attribute("data-drawn", "0")
        assert not hand.faults, hand.faults
