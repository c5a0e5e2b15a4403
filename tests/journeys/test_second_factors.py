"""Security keys, passkeys, recovery codes, idle sessions and forgotten passwords, by hand in a browser whose
authenticator is Chromium's own virtual one. Browsers take no address of numbers for the site of a key, so the city is
at `localhost` here.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.test import override_settings
from playwright.sync_api import Page, expect

from tests.support.journeys import WAYS, City, Hand, Way
from zhengtong.accounts.clock import real_now
from zhengtong.accounts.factors import SecurityKey
from zhengtong.accounts.models import Account, SignIn
from zhengtong.accounts.passwords import issue_temporary_password
from zhengtong.accounts.rules import rules

pytestmark = pytest.mark.journey
with_script = pytest.mark.parametrize("way", [WAYS["zh"], WAYS["en"]], ids=["zh", "en"])
NEW_PASSWORD = "清江-Tide-rises-82"


@pytest.fixture
def at_localhost(city: City) -> Iterator[City]:
    plain, city.address = city.address, city.address.replace("127.0.0.1", "localhost")
    with override_settings(ZHENGTONG_BASE_URL=city.address):
        yield city
    city.address = plain


class Keys:
    """A security key in the hand of whoever sits at this page."""

    def __init__(self, page: Page, *, transport: str = "usb") -> None:
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2", "transport": transport, "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True,
        }  # fmt: skip
        added = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.authenticator = added["authenticatorId"]

    def held(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.authenticator})[
            "credentials"
        ]
        return found

    def copy_with_count(self, count: int) -> None:
        """The credential as a thief would copy it: the same secret, another counter."""
        (held,) = self.held()
        gone = {"authenticatorId": self.authenticator, "credentialId": held["credentialId"]}
        self.cdp.send("WebAuthn.removeCredential", gone)
        held["signCount"] = count
        self.cdp.send("WebAuthn.addCredential", {"authenticatorId": self.authenticator, "credential": held})


def code_of(city: City, who: str) -> str:
    """Each code is good once; a journey is faster than half a minute."""
    Account.objects.filter(login=who).update(totp_last_step=0)
    return pyotp.TOTP(city.known[who][1]).at(real_now())


def first_step(hand: Hand, who: str, password: str = "") -> None:
    hand.goto("/staff/sign-in")
    hand.fill("[name=typed]", who)
    hand.fill("[name=password]", password or hand.city.known[who][0])
    hand.button("下一步")


def enter(hand: Hand, who: str) -> None:
    first_step(hand, who)
    hand.fill("[name=code]", code_of(hand.city, who))
    hand.button("登录")
    expect(hand.page.locator("[name=code]")).to_have_count(0)


def add_key(hand: Hand, name: str) -> None:
    hand.goto("/account/security")
    hand.link("添加安全密钥或通行密钥")
    hand.fill("[name=name]", name)
    hand.button("登记这把密钥")
    expect(hand.page.locator("[name=name]")).to_have_count(0)


def leave(hand: Hand) -> None:
    hand.page.context.clear_cookies(name="sessionid")


@with_script
def test_a_clerk_adds_a_key_and_signs_in_with_it(at_localhost: City, way: Way) -> None:
    hand, who = at_localhost.visitor(way), {"zh": "wj01", "en": "wj03"}[way.folder]
    keys = Keys(hand.page)
    enter(hand, who)

    # Account security stands in the menu; the last way cannot be removed.
    hand.goto("/account/security")
    hand.see(hand.say("最后一种，不能删除"))
    hand.keep("security")

    # Ten minutes after the sign-in whoever wants to change it must prove to be the person again.
    with override_settings(ZHENGTONG_SIGN_IN=replace(rules(), confirmed_for=timedelta())):
        hand.link("添加安全密钥或通行密钥")
        hand.keep("again")
    hand.fill("[name=password]", at_localhost.known[who][0])
    hand.fill("[name=code]", code_of(at_localhost, who))
    hand.button("确认")
    hand.keep("add-key")

    # The key is named and registered; then the recovery codes are shown, once.
    hand.fill("[name=name]", "key 1")
    hand.button("登记这把密钥")
    hand.button("生成恢复码")
    codes = hand.page.locator(".zt-codes code").all_inner_texts()
    assert len(set(codes)) == 10
    hand.keep("recovery-codes")
    hand.link("我收好了")
    assert codes[0] not in hand.page.content()
    hand.keep("security-two-ways")
    assert len(keys.held()) == 1

    # The next sign-in: number and password, then the key.
    leave(hand)
    first_step(hand, who)
    hand.keep("second-step-with-key")
    hand.button("用安全密钥或通行密钥")
    hand.page.wait_for_url("**/desk/**")
    assert SignIn.objects.filter(account__login=who).latest("pk").method == "key"

    # The history tells both, and marks what was unusual.
    hand.goto("/account/security")
    hand.link("查看登录记录")
    hand.see(hand.say("安全密钥或通行密钥"))
    hand.keep("sign-in-history")

    # With the key lost, a recovery code opens, once.
    leave(hand)
    first_step(hand, who)
    hand.link("用恢复码登录")
    hand.keep("recovery")
    hand.fill("[name=code]", codes[0].lower())
    hand.button("登录")
    hand.see(hand.say("恢复码已用掉一个，还剩 %(left)s 个。请检查您的验证方式。", left=9))
    leave(hand)
    first_step(hand, who)
    hand.link("用恢复码登录")
    hand.fill("[name=code]", codes[0])
    hand.button("登录")
    hand.see(hand.say("恢复码不对，或者已经用过。请换一个没有用过的恢复码。"))


def test_a_copied_key_and_a_foreign_page_are_refused(at_localhost: City) -> None:
    hand = at_localhost.visitor(Way())
    keys = Keys(hand.page)
    enter(hand, "wj04")
    add_key(hand, "钥匙")
    leave(hand)

    # A page at another address asks the same key: the browser signs where it stands, and the site does not take that.
    first_step(hand, "wj04")
    with override_settings(ZHENGTONG_BASE_URL="http://localhost:1"):
        hand.button("用安全密钥或通行密钥")
        hand.see("安全密钥没有通过验证")
    hand.button("用安全密钥或通行密钥")
    hand.page.wait_for_url("**/desk/**")

    # A copy that has been used less often: refused, the key is blocked, and the person is told.
    leave(hand)
    used = SecurityKey.objects.get(account__login="wj04").sign_count
    keys.copy_with_count(used - 2)
    first_step(hand, "wj04")
    hand.button("用安全密钥或通行密钥")
    hand.see("可能被复制")
    assert SignIn.objects.filter(account__login="wj04", outcome="cloned").exists()
    enter(hand, "wj04")
    hand.see("已经停用")
    hand.goto("/account/security")
    hand.see("已停止使用")
    hand.keep("security-blocked-key")


def test_without_script_there_are_other_ways(at_localhost: City) -> None:
    hand = at_localhost.visitor(WAYS["zh-noscript"])
    enter(hand, "wj05")
    hand.goto("/account/security")
    hand.link("添加动态口令应用")
    secret = hand.page.locator("code.zt-code").inner_text()
    hand.fill("[name=name]", "备用手机")
    hand.fill("[name=code]", pyotp.TOTP(secret).at(real_now()))
    hand.keep("add-app")
    hand.button("添加")
    hand.button("生成恢复码")
    hand.link("我收好了")
    hand.see("备用手机")

    # The key page says what to do without script; the second device opens as the first does.
    hand.goto("/account/security/key")
    hand.see("需要浏览器开启脚本")
    hand.keep("add-key")
    leave(hand)
    first_step(hand, "wj05")
    hand.fill("[name=code]", pyotp.TOTP(secret).at(real_now() + timedelta(seconds=30)))
    hand.button("登录")
    assert hand.path == "/desk/"

    # The first device can go now, the second cannot.
    hand.goto("/account/security")
    hand.click("form[action$=remove] button")
    hand.see("最后一种，不能删除")


@with_script
def test_a_citizen_needs_no_password_with_a_passkey(at_localhost: City, way: Way) -> None:
    hand, who = at_localhost.visitor(way), {"zh": "林晓梅", "en": "周丽华"}[way.folder]
    who = who if who in at_localhost.known else sorted(name for name in at_localhost.known if not name.isascii())[-1]
    password, _none, phone = at_localhost.known[who]
    Keys(hand.page, transport="internal")
    hand.goto("/account/sign-in")
    hand.keep("sign-in-ways")
    hand.fill("[name=typed]", phone)
    hand.fill("[name=password]", password)
    hand.button("登录")
    add_key(hand, "phone")
    hand.goto("/account/security")
    hand.keep("citizen-security")

    # Out and in again with one press.
    leave(hand)
    hand.goto("/account/sign-in")
    hand.button("用通行密钥登录，不用密码")
    hand.page.wait_for_url(re.compile(r"localhost:\d+/$"))
    hand.goto("/account/security/history")
    hand.keep("citizen-history")

    # With the password alone one is only halfway.
    leave(hand)
    hand.goto("/account/sign-in")
    hand.fill("[name=typed]", phone)
    hand.fill("[name=password]", password)
    hand.button("登录")
    assert hand.path == "/account/sign-in/code"
    hand.keep("citizen-second-step")
    SecurityKey.objects.filter(account__subject__isnull=False).delete()


def test_a_citizen_who_forgot_the_password_gets_a_code(at_localhost: City) -> None:
    hand = at_localhost.visitor(Way())
    who = sorted(name for name, (password, totp, _p) in at_localhost.known.items() if password and not totp)[0]
    _password, _none, phone = at_localhost.known[who]
    account = next(one for one in Account.objects.exclude(subject=None) if one.subject and one.subject.name == who)

    hand.goto("/account/sign-in")
    hand.link("忘记密码")
    hand.keep("forgot")
    hand.fill("[name=typed]", phone)
    hand.button("获取验证码")
    hand.keep("reset")
    assert account.subject is not None
    code = re.search(r"[0-9]{6}", account.subject.messages.latest("pk").text)
    assert code is not None
    hand.fill("[name=code]", code[0])
    hand.fill("[name=new]", NEW_PASSWORD)
    hand.fill("[name=again]", NEW_PASSWORD)
    hand.button("设置新密码")
    hand.fill("[name=typed]", phone)
    hand.fill("[name=password]", NEW_PASSWORD)
    hand.button("登录")
    expect(hand.page.locator("[name=password]")).to_have_count(0)


def test_a_temporary_password_is_changed_first(at_localhost: City) -> None:
    hand = at_localhost.visitor(Way())
    given = issue_temporary_password(Account.objects.get(login="wj06"), by="p-1", at=real_now())
    first_step(hand, "wj06", given)
    hand.fill("[name=code]", code_of(at_localhost, "wj06"))
    hand.button("登录")
    hand.see("临时密码")
    hand.keep("new-password")
    hand.goto("/account/sign-in/new-password")
    assert hand.page.goto("/desk/") and "/staff/sign-in" in hand.page.url
    hand.goto("/account/sign-in/new-password")
    hand.fill("[name=new]", NEW_PASSWORD)
    hand.fill("[name=again]", NEW_PASSWORD)
    hand.button("修改并登录")
    assert hand.path == "/desk/"


def test_nothing_sent_after_an_idle_session_is_lost(at_localhost: City) -> None:
    hand = at_localhost.visitor(Way())
    hand.page.clock.install()
    enter(hand, "wj07")
    hand.goto("/staff/substitutes")

    # Two minutes before the end the page says so; staying is one press.
    hand.page.clock.fast_forward("13:30")
    expect(hand.page.locator("#idle-watch")).to_be_visible()
    hand.page.screenshot(path="build/screens/zh/idle-warning.png")
    hand.page.locator("[data-stay]").click()
    expect(hand.page.locator("#idle-watch")).to_be_hidden()

    # The session has ended on the server: what is sent now waits for the person to come back.
    with override_settings(ZHENGTONG_SIGN_IN=replace(rules(), staff_idle=timedelta(seconds=-1))):
        day = hand.page.locator("form[action$=absence]")
        day.locator("[name=from_on]").fill("2026-10-12")
        day.locator("[name=until_on]").fill("2026-10-13")
        hand.choose_first("form[action$=absence] [name=reason]")
        hand.button("登记离岗")
        hand.see("已替您保留")
        hand.keep("sign-in-after-idle")
    hand.fill("[name=typed]", "wj07")
    hand.fill("[name=password]", at_localhost.known["wj07"][0])
    hand.button("下一步")
    hand.fill("[name=code]", code_of(at_localhost, "wj07"))
    hand.button("登录")
    hand.see("您刚才提交的内容还在")
    hand.see("2026-10-12")
    hand.keep("unsent")
    hand.button("再提交一次")
    hand.see("2026-10-13")
    assert hand.path == "/staff/substitutes"
