"""The doors: a citizen and a member of staff sign in, by hand, from the page they were on."""

import pyotp
import pytest
from playwright.sync_api import expect

from tests.support.journeys import City, Way, every_way
from zhengtong.accounts.clock import real_now

pytestmark = pytest.mark.journey


@every_way
def test_a_citizen_signs_in(city: City, way: Way) -> None:
    hand = city.visitor(way)
    password, _none, phone = city.known["林晓梅"]

    # The home page leads to the door.
    hand.goto("/")
    hand.keep("home")
    hand.link("登录", inside="header")
    hand.keep("sign-in")

    # A wrong password is told in words, and what was typed is still there.
    hand.fill("[name=typed]", phone)
    hand.fill("[name=password]", "not-the-password")
    hand.button("登录")
    hand.keep("sign-in-wrong")
    expect(hand.page.locator("[name=typed]")).to_have_value(phone)

    # The right one lets in.
    hand.fill("[name=password]", password)
    hand.button("登录")
    expect(hand.page.get_by_role("link", name="林晓梅")).to_be_visible()

    # The own account shows the own data masked.
    hand.goto("/account/profile")
    assert phone not in hand.text()
    hand.keep("profile")


@every_way
def test_a_clerk_signs_in_with_both_factors(city: City, way: Way) -> None:
    hand = city.visitor(way)
    who = {"zh": "wj01", "zh-noscript": "wj03", "en": "wj04"}[way.folder]
    password, totp, _name = city.known[who]

    # The work list asks who is there first.
    hand.goto("/desk/")
    hand.keep("staff-sign-in")
    hand.fill("[name=typed]", who)
    hand.fill("[name=password]", password)
    hand.button("下一步")

    # The six digits of the moment; wrong ones are told.
    hand.fill("[name=code]", "000000")
    hand.button("登录")
    hand.keep("second-factor")
    hand.fill("[name=code]", pyotp.TOTP(totp).at(real_now()))
    hand.button("登录")
    assert hand.path == "/desk/"
    hand.keep("work-list-empty")
