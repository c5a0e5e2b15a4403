"""Two clerks on one case (两人同办): the second sees what changed, loses nothing typed, and decides again."""

import pytest
from playwright.sync_api import expect

from tests.journeys import backstage
from tests.support.journeys import City, Way, every_way

pytestmark = pytest.mark.journey


@every_way
def test_the_second_sees_what_changed(city: City, way: Way) -> None:
    number = backstage.accepted("韩德明")

    # Both open the same case: the officer, and the colleague who stands in while the officer is away.
    first, second = city.person("wj03", way), city.person("wj03", way)
    first.goto(f"/desk/cases/{number}/")
    second.goto(f"/desk/cases/{number}/")
    backstage.act(number, "note", "wj05", words={"text": "请尽快。"})

    # The second writes an opinion; the case has moved on meanwhile.
    second.unfold("pass")
    second.fill("[name=pass-opinion]", "材料齐全，拟同意。")
    second.submit("pass", is_refused=True)
    expect(second.page.locator(".zt-changed")).to_be_visible()
    expect(second.page.locator("[name=pass-opinion]")).to_have_value("材料齐全，拟同意。")
    second.keep("conflict")

    # Having read it, the second presses again and it counts; the first is then told in turn.
    second.submit("pass")
    second.see(second.law("states.reviewing.name"))
    first.unfold("pass")
    first.fill("[name=pass-opinion]", "我也同意。")
    first.submit("pass", is_refused=True)
    first.keep("conflict-late")


@every_way
def test_what_is_not_there_and_what_is_not_theirs_look_alike(city: City, way: Way) -> None:
    number = backstage.opened("韩德明")
    stranger = city.person("sc01", way)
    for address in (f"/desk/cases/{number}/", "/desk/cases/510199006260907999999/"):
        answer = stranger.page.goto(address)
        assert answer is not None and answer.status == 404
    stranger.keep("not-found")
