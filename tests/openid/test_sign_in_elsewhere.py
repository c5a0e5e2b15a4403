"""Signing in with another platform's account in a browser, against a real, certified provider."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyotp
import pytest
from django.test import override_settings
from playwright.sync_api import expect

from tests.openid.running import running
from tests.support.journeys import City, Hand, Way
from tests.support.ports import free_port
from zhengtong.accounts.clock import real_now
from zhengtong.accounts.factors import OpenIdLink
from zhengtong.accounts.models import Account, SignIn
from zhengtong.accounts.rules import rules

pytestmark = pytest.mark.journey
FILE = """
[[provider]]
code = "platform"
name = "省统一身份认证"
name_en = "the provincial identity platform"
issuer = "{issuer}"
client_id = "zhengtong"
client_secret_file = "{secret}"
kinds = ["staff", "citizen"]
scope = "openid staff"
acr_values = ["one", "two"]
second_factor_acr = ["two"]
claim = "staff_number"
claim_is = "staff_login"
"""


@pytest.fixture
def at_platform(city: City, tmp_path: Path) -> Iterator[City]:
    plain, city.address = city.address, city.address.replace("127.0.0.1", "localhost")
    back, home = f"{city.address}/account/openid/back", f"{city.address}/"
    (tmp_path / "secret").write_text("a-secret-of-the-tests")
    with running(free_port(), redirect=back, home=home) as issuer:
        path = tmp_path / "openid.toml"
        path.write_text(FILE.format(issuer=issuer, secret=tmp_path / "secret"), encoding="utf-8")
        with override_settings(ZHENGTONG_BASE_URL=city.address, ZHENGTONG_SIGN_IN=replace(rules(), openid_file=path)):
            yield city
    city.address = plain


def at_the_other(hand: Hand, who: str) -> None:
    """The provider's own page."""
    hand.page.fill("[name=login]", who)
    hand.page.fill("[name=password]", "any")
    hand.page.locator("button[type=submit]").click()
    hand.page.wait_for_url(f"{hand.city.address}/**")


def code_of(city: City, who: str) -> str:
    Account.objects.filter(login=who).update(totp_last_step=0)
    return pyotp.TOTP(city.known[who][1]).at(real_now())


def test_a_clerk_links_it_signs_in_with_it_and_leaves_both(at_platform: City) -> None:
    hand, who = at_platform.visitor(Way()), "wj03"

    # Nobody has linked this identity: it opens nothing, whatever it calls itself.
    hand.goto("/staff/sign-in")
    hand.keep("staff-sign-in-elsewhere")
    hand.page.get_by_role("link", name="省统一身份认证").click()
    at_the_other(hand, "a-clerk")
    hand.see("还没有关联")
    assert not OpenIdLink.objects.exists()
    assert SignIn.objects.filter(outcome="refused", method="openid", account=None).count() == 1

    # Signed in as ever, the person links it under account security; the platform asks who it is again.
    hand.goto("/staff/sign-in")
    hand.fill("[name=typed]", who)
    hand.fill("[name=password]", at_platform.known[who][0])
    hand.button("下一步")
    hand.fill("[name=code]", code_of(at_platform, who))
    hand.button("登录")
    hand.goto("/account/security")
    hand.keep("security-platforms")
    hand.link("关联", exact=True)
    at_the_other(hand, "a-clerk")
    hand.see("已关联")
    link = OpenIdLink.objects.get()
    assert (link.subject, link.linked_by) == ("a-clerk", link.account.person.ref if link.account.person else "")

    # From now on it takes the place of the password; the own second step is still asked for.
    hand.page.context.clear_cookies(name="sessionid")
    hand.goto("/staff/sign-in")
    hand.page.get_by_role("link", name="省统一身份认证").click()
    hand.page.wait_for_url("**/staff/sign-in/code")
    hand.fill("[name=code]", code_of(at_platform, who))
    hand.button("登录")
    assert hand.path == "/desk/"
    passed = SignIn.objects.filter(account__login=who).order_by("pk")
    assert [(row.outcome, row.method) for row in passed][-2:] == [("halfway", "openid"), ("passed", "totp")]

    # Signing out here offers to sign out there; the platform sends the person home.
    hand.button("退出", inside="header")
    hand.keep("signed-out")
    hand.link("同时退出省统一身份认证")
    hand.page.locator("button[value=yes]").click()
    hand.page.wait_for_url(f"{at_platform.address}/")
    OpenIdLink.objects.all().delete()


def test_a_platform_that_asked_for_two_factors_may_be_enough(at_platform: City) -> None:
    hand = at_platform.visitor(Way())
    account = Account.objects.get(login="wj04")
    issuer = re.search(r'issuer = "(.*)"', (rules().openid_file or Path()).read_text(encoding="utf-8"))
    assert issuer is not None
    OpenIdLink.objects.create(
        account=account, issuer=issuer[1], subject="two-chief", linked_at=real_now(), linked_by="p-1"
    )
    hand.goto("/staff/sign-in")
    hand.page.get_by_role("link", name="省统一身份认证").click()
    at_the_other(hand, "two-chief")
    assert hand.path == "/desk/"
    assert SignIn.objects.filter(account=account).latest("pk").method == "openid"
    OpenIdLink.objects.all().delete()


def test_a_trusted_number_links_itself_and_a_strange_answer_is_refused(at_platform: City) -> None:
    hand = at_platform.visitor(Way())
    hand.goto("/staff/sign-in")
    hand.page.get_by_role("link", name="省统一身份认证").click()
    at_the_other(hand, "number-wj05")
    assert hand.path == "/staff/sign-in/code"
    assert OpenIdLink.objects.get().linked_by == "claim:staff_number"

    # An answer this browser never asked for, or asked for and has used.
    hand.page.context.clear_cookies(name="sessionid")
    hand.goto("/account/openid/back?code=x&state=y")
    hand.see("没有通过核对")
    expect(hand.page.locator("[name=password]")).to_be_visible()
    OpenIdLink.objects.all().delete()
