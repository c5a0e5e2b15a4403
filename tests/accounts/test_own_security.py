"""Sessions and the pages of the own security, through Django's client: what ends, what is asked again, what is told."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from webauthn.helpers import base64url_to_bytes

from tests.accounts.authenticator import SoftwareKey
from tests.accounts.cast import PASSWORD, City
from tests.accounts.test_pages import citizen, demo, staff
from zhengtong.accounts import clock
from zhengtong.accounts.authenticators import enrol_totp
from zhengtong.accounts.clock import real_now
from zhengtong.accounts.factors import SecurityKey, SignedIn
from zhengtong.accounts.labels import SignInOutcome
from zhengtong.accounts.models import Absence, Account, Mark, SignIn
from zhengtong.accounts.passwords import issue_temporary_password
from zhengtong.accounts.recovery import codes_left
from zhengtong.accounts.sign_in_log import Visit, log_sign_in

__all__ = ["demo"]
NEW = "Copper.Lantern.7"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def age(client: Client, **by: float) -> None:
    """As if the named instants of this session lay so many seconds back."""
    session = client.session
    for name, seconds in by.items():
        session[name] = (real_now() - timedelta(seconds=seconds)).isoformat()
    session.save()


def page(client: Client, name: str) -> str:
    answer = client.get(reverse(f"accounts:{name}"), follow=True)
    return answer.content.decode()


def outcomes() -> list[str]:
    return list(SignIn.objects.order_by("pk").values_list("outcome", flat=True))


class TestSessions:
    def test_end_after_eight_hours_whatever_is_done(self, city: City) -> None:
        client = staff(city, "何静")
        age(client, began_at=8 * 3600 - 60)
        assert client.get(reverse("accounts:people")).status_code == 200
        age(client, began_at=8 * 3600 + 60)
        assert client.get(reverse("accounts:people")).status_code == 302
        assert outcomes()[-1] == "aged"

    def test_change_their_key_at_each_step(self, city: City) -> None:
        client = Client()
        enrol_totp(city.accounts["何静"], secret=SECRET)
        session = client.session
        session.save()
        client.cookies["sessionid"] = session.session_key or ""
        keys = [session.session_key]
        client.post(reverse("accounts:staff_sign_in"), {"typed": "1001", "password": PASSWORD})
        keys.append(client.session.session_key)
        code = pyotp.TOTP(SECRET).at(real_now())
        client.post(reverse("accounts:second_factor"), {"code": code})
        keys.append(client.session.session_key)
        assert len(set(keys)) == 3
        assert not Session.objects.filter(session_key__in=keys[:2]).exists()

    def test_are_listed_and_ended_from_another_device(self, city: City) -> None:
        here, there = staff(city, "何静"), staff(city, "何静")
        assert "让它退出" in page(here, "security")
        row = SignedIn.objects.exclude(session_key=here.session.session_key).get()
        here.post(reverse("accounts:end_device"), {"row": row.pk})
        assert there.get(reverse("accounts:people")).status_code == 302
        assert here.get(reverse("accounts:people")).status_code == 200
        assert outcomes()[-1] == "ended"

    def test_of_others_cannot_be_ended(self, city: City) -> None:
        staff(city, "李伟")
        row = SignedIn.objects.get()
        assert staff(city, "何静").post(reverse("accounts:end_device"), {"row": row.pk}).status_code == 404

    def test_all_but_this_one_end_at_once_and_with_a_new_password(self, city: City) -> None:
        here, there, third = (staff(city, "何静") for _ in range(3))
        there.post(reverse("accounts:end_device"), {"row": "others"})
        assert here.get(reverse("accounts:people")).status_code == 302
        third = staff(city, "何静")
        before = third.session.session_key
        fields = {"current": PASSWORD, "new": NEW, "again": NEW}
        assert third.post(reverse("accounts:password"), fields).status_code == 302
        assert there.get(reverse("accounts:people")).status_code == 302
        assert third.get(reverse("accounts:people")).status_code == 200
        assert third.session.session_key != before

    def test_stay_while_somebody_types(self, city: City) -> None:
        client = staff(city, "何静")
        age(client, seen_at=14 * 60)
        assert client.post(reverse("accounts:here")).status_code == 204
        assert real_now().isoformat()[:13] == client.session["seen_at"][:13]
        age(client, seen_at=16 * 60)
        assert client.post(reverse("accounts:here")).status_code == 403


class TestWhatCameTooLate:
    def send(self, client: Client, name: str = "absence", **headers: str) -> int:
        fields = {"from_on": "2027-01-04", "until_on": "2027-01-05", "reason": "leave", "note": '"><script>'}
        return client.post(reverse(f"accounts:{name}"), fields, headers=headers).status_code

    def back(self, client: Client, account: Account) -> str:
        client.post(reverse("accounts:staff_sign_in"), {"typed": account.login, "password": PASSWORD})
        Account.objects.filter(pk=account.pk).update(totp_last_step=0)
        code = pyotp.TOTP(account.totp_secret).at(real_now())
        return client.post(reverse("accounts:second_factor"), {"code": code})["Location"]

    def test_is_shown_again_to_the_same_person_and_sent_by_a_click(self, city: City) -> None:
        client, account = staff(city, "何静"), city.accounts["何静"]
        age(client, seen_at=16 * 60)
        assert self.send(client) == 302
        assert not Absence.objects.exists()
        kept = json.dumps(client.session["unsent"])
        assert "2027" not in kept.replace(client.session["unsent"]["at"], "")
        assert self.back(client, account) == reverse("accounts:unsent")
        shown = page(client, "unsent")
        assert 'value="2027-01-04"' in shown
        assert "<script>" not in shown.replace("<script src", "")
        assert f'action="{reverse("accounts:absence")}"' in shown
        assert self.send(client) == 302
        assert Absence.objects.count() == 1

    def test_is_not_shown_to_anybody_else(self, city: City) -> None:
        client = staff(city, "何静")
        enrol_totp(city.accounts["李伟"], secret=pyotp.random_base32())
        age(client, seen_at=16 * 60)
        self.send(client)
        assert self.back(client, city.accounts["李伟"]) == "/desk/"
        assert client.get(reverse("accounts:unsent")).status_code == 302
        assert "unsent" not in client.session

    def test_of_another_account_is_not_shown_even_where_it_lies(self, city: City) -> None:
        client = staff(city, "何静")
        age(client, seen_at=16 * 60)
        self.send(client)
        kept = client.session["unsent"]
        other = staff(city, "李伟")
        session = other.session
        session["unsent"] = kept
        session.save()
        assert other.get(reverse("accounts:unsent")).status_code == 302

    def test_is_kept_a_quarter_of_an_hour(self, city: City) -> None:
        client = staff(city, "何静")
        age(client, seen_at=16 * 60)
        self.send(client)
        session = client.session
        session["unsent"] = {**session["unsent"], "at": (real_now() - timedelta(minutes=16)).isoformat()}
        session.save()
        assert self.back(client, city.accounts["何静"]) == "/desk/"

    def test_holds_no_password(self, city: City) -> None:
        client = staff(city, "何静")
        age(client, seen_at=16 * 60)
        client.post(reverse("accounts:password"), {"current": PASSWORD, "new": NEW, "again": NEW})
        assert "unsent" not in client.session

    def test_from_a_script_is_told_so_and_not_led_astray(self, city: City) -> None:
        client = staff(city, "何静")
        age(client, seen_at=16 * 60)
        assert self.send(client, **{"x-draft": "1"}) == 401
        client = staff(city, "何静")
        age(client, seen_at=16 * 60)
        answer = client.get(reverse("accounts:people"), headers={"hx-request": "true"})
        assert answer["HX-Redirect"].startswith(reverse("accounts:staff_sign_in"))


SENSITIVE = ("password", "add_app", "add_key", "codes", "remove_factor", "unlink")


class TestProofAgain:
    @pytest.mark.parametrize("name", SENSITIVE)
    def test_is_asked_for_after_ten_minutes(self, city: City, name: str) -> None:
        client = staff(city, "何静")
        age(client, confirmed_at=11 * 60)
        for answer in (client.get(reverse(f"accounts:{name}")), client.post(reverse(f"accounts:{name}"), {"row": 1})):
            assert answer.status_code in (302, 405)
            assert answer.status_code == 405 or answer["Location"].startswith(reverse("accounts:again"))
        assert codes_left(city.accounts["何静"]) == 0

    def test_needs_both_factors_and_renews_the_session(self, city: City) -> None:
        client, account = staff(city, "何静"), city.accounts["何静"]
        age(client, confirmed_at=11 * 60)
        before = client.session.session_key
        Account.objects.filter(pk=account.pk).update(totp_last_step=0)
        code = pyotp.TOTP(account.totp_secret).at(real_now())
        half = (
            {"password": PASSWORD},
            {"password": "no", "code": code},
            {"password": PASSWORD, "code": "000000"},
            {"password": PASSWORD, "credential": "{}"},
        )
        for fields in half:
            assert client.post(reverse("accounts:again"), fields).status_code == 400, fields
        wanted = {"password": PASSWORD, "code": code, "next": reverse("accounts:password")}
        answer = client.post(reverse("accounts:again"), wanted)
        assert answer["Location"] == reverse("accounts:password")
        assert client.session.session_key != before
        assert client.get(reverse("accounts:password")).status_code == 200
        assert SignedIn.objects.get(session_key=client.session.session_key).account == account

    def test_counts_wrong_passwords_towards_the_lock(self, city: City) -> None:
        client = staff(city, "何静")
        for _ in range(5):
            client.post(reverse("accounts:again"), {"password": "no", "code": "000000"})
        assert (
            "锁定" in client.post(reverse("accounts:again"), {"password": PASSWORD, "code": "000000"}).content.decode()
        )


def asked(client: Client, purpose: str) -> tuple[int, bytes]:
    answer = client.post(reverse("accounts:challenge"), {"purpose": purpose})
    told = answer.json()
    return answer.status_code, base64url_to_bytes(told["challenge"]) if told else b""


class TestChallenges:
    def register(self, client: Client, settings: Settings) -> SoftwareKey:
        settings.ZHENGTONG_BASE_URL = "http://localhost:8000"
        key = SoftwareKey()
        _status, challenge = asked(client, "register")
        answer = client.post(reverse("accounts:add_key"), {"name": "钥匙", "credential": key.registers(challenge).text})
        assert answer.status_code == 302, answer.content.decode()
        return key

    def halfway(self) -> Client:
        client = Client()
        client.post(reverse("accounts:staff_sign_in"), {"typed": "1001", "password": PASSWORD})
        return client

    def test_are_good_once(self, city: City, settings: Settings) -> None:
        key = self.register(staff(city, "何静"), settings)
        client = self.halfway()
        _status, challenge = asked(client, "second")
        told = key.proves(challenge).text
        first = client.post(reverse("accounts:second_factor"), {"credential": told})
        assert first["Location"] == "/desk/"
        again = self.halfway()
        session = again.session
        assert "challenge" not in session
        assert again.post(reverse("accounts:second_factor"), {"credential": told}).status_code == 400
        _status, _other = asked(again, "second")
        assert again.post(reverse("accounts:second_factor"), {"credential": told}).status_code == 400
        assert outcomes()[-2:] == ["refused", "wrong_code"]

    def test_are_gone_after_a_try_that_failed(self, city: City, settings: Settings) -> None:
        key = self.register(staff(city, "何静"), settings)
        client = self.halfway()
        _status, challenge = asked(client, "second")
        bent = replace(key, origin="http://localhost:9").proves(challenge).text
        assert client.post(reverse("accounts:second_factor"), {"credential": bent}).status_code == 400
        told = key.proves(challenge).text
        assert client.post(reverse("accounts:second_factor"), {"credential": told}).status_code == 400

    def test_are_good_for_their_purpose_and_five_minutes(self, city: City, settings: Settings) -> None:
        key = self.register(staff(city, "何静"), settings)
        client = self.halfway()
        _status, challenge = asked(client, "sign_in")
        sent = {"credential": key.proves(challenge).text}
        assert client.post(reverse("accounts:second_factor"), sent).status_code == 400
        _status, challenge = asked(client, "second")
        session = client.session
        session["challenge"] = {**session["challenge"], "at": (real_now() - timedelta(minutes=6)).isoformat()}
        session.save()
        sent = {"credential": key.proves(challenge).text}
        assert client.post(reverse("accounts:second_factor"), sent).status_code == 400

    def test_are_not_given_to_whoever_may_not_ask(self, city: City, settings: Settings) -> None:
        self.register(staff(city, "何静"), settings)
        for purpose in ("second", "enrol", "register", "again", "", "else"):
            assert asked(Client(), purpose)[0] == 403, purpose
        assert asked(self.halfway(), "enrol")[0] == 403
        assert asked(self.halfway(), "register")[0] == 403
        late = staff(city, "何静")
        age(late, confirmed_at=11 * 60)
        assert asked(late, "register")[0] == 403
        assert asked(late, "again")[0] == 200

    def test_say_nothing_of_who_has_a_passkey(self, city: City) -> None:
        answer = Client().post(reverse("accounts:challenge"), {"purpose": "sign_in"}).json()
        assert answer["allowCredentials"] == []
        assert answer["userVerification"] == "required"

    def test_let_a_first_key_stand_in_for_the_app(self, city: City, settings: Settings) -> None:
        settings.ZHENGTONG_BASE_URL = "http://localhost:8000"
        client, key = self.halfway(), SoftwareKey()
        _status, challenge = asked(client, "enrol")
        answer = client.post(reverse("accounts:enrol"), {"credential": key.registers(challenge).text})
        assert answer["Location"] == "/desk/"
        assert SecurityKey.objects.get().account == city.accounts["何静"]


class TestFirstThings:
    def test_come_first_with_a_temporary_password(self, city: City) -> None:
        account = city.accounts["何静"]
        enrol_totp(account, secret=SECRET)
        given = issue_temporary_password(account, by="p-7", at=real_now())
        client = Client()
        client.post(reverse("accounts:staff_sign_in"), {"typed": "1001", "password": given})
        code = pyotp.TOTP(SECRET).at(real_now())
        answer = client.post(reverse("accounts:second_factor"), {"code": code})
        assert answer["Location"] == reverse("accounts:new_password")
        for name in ("people", "security", "add_key"):
            assert client.get(reverse(f"accounts:{name}")).status_code == 302
        assert client.get(reverse("accounts:second_factor")).status_code == 302
        assert client.post(reverse("accounts:new_password"), {"new": given, "again": given}).status_code == 400
        answer = client.post(reverse("accounts:new_password"), {"new": NEW, "again": NEW})
        assert answer["Location"] == "/desk/"
        assert client.get(reverse("accounts:people")).status_code == 200

    def test_are_told_after_the_sign_in(self, city: City) -> None:
        staff(city, "何静")
        Client().post(reverse("accounts:staff_sign_in"), {"typed": "1001", "password": "no"})
        account = city.accounts["何静"]
        Account.objects.filter(pk=account.pk).update(password_changed_at=real_now() - timedelta(days=80))
        told = staff(city, "何静").get(reverse("accounts:people")).content.decode()
        assert "有 1 次没有成功" in told
        assert re.search(r"还有 (9|10) 天到期", told)

    def test_of_a_new_browser_and_network_are_marked_and_told_to_a_citizen(self, demo: None) -> None:
        citizen(demo)
        other = Client(headers={"user-agent": "Mozilla/5.0 (iPhone) Safari/600"}, REMOTE_ADDR="198.51.100.9")
        other.post(reverse("accounts:sign_in"), {"typed": "13800003210", "password": PASSWORD})
        row = SignIn.objects.latest("pk")
        assert {"network", "browser"} <= set(row.unusual)
        assert (row.address, row.browser, row.method) == ("198.51.100.9", "Safari, iOS", "password")
        assert "新的设备或者网络" in page(other, "mailbox")
        assert "第一次从这个网络登录" in page(other, "history")


class TestHistory:
    def test_is_the_own_one_alone(self, city: City) -> None:
        mine = staff(city, "何静")
        theirs = Visit(address="203.0.113.77", agent="Windows Firefox/1")
        log_sign_in(city.accounts["李伟"], SignInOutcome.WRONG, visit=theirs, at=real_now())
        assert "203.0.113.77" not in page(mine, "history")
        assert "登录成功" in page(mine, "history")

    def test_holds_nothing_that_was_typed(self, city: City) -> None:
        Client().post(reverse("accounts:staff_sign_in"), {"typed": "13900000000", "password": "hunter2-hunter2"})
        row = SignIn.objects.latest("pk")
        values = " ".join(str(value) for value in vars(row).values())
        assert "13900000000" not in values
        assert "hunter2" not in values


class TestForgot:
    def test_reads_the_same_for_every_number(self, demo: None) -> None:
        citizen(demo)
        pages = []
        for typed in ("13800003210", "13900000000"):
            client = Client()
            answer = client.post(reverse("accounts:forgot"), {"typed": typed}, follow=True)
            wrong = client.post(reverse("accounts:reset"), {"code": "000000", "new": NEW, "again": NEW})
            both = answer.content.decode() + wrong.content.decode()
            pages.append(re.sub(r'value="[^"]*"', "", both))
        assert pages[0] == pages[1]
        assert "验证码不对" in pages[0]

    def test_shows_the_demonstration_its_code_and_no_other_letter(self, demo: None) -> None:
        citizen(demo)
        client = Client()
        client.post(reverse("accounts:forgot"), {"typed": "13800003210"})
        shown = page(client, "mailbox")
        assert "重设密码验证码" in shown
        assert "注册验证码" not in shown

    def test_does_not_open_staff_accounts(self, city: City) -> None:
        client = Client()
        client.post(reverse("accounts:forgot"), {"typed": "1001"})
        assert client.session["resetting_account"] == 0


class TestIdleWatch:
    def test_stands_on_pages_of_whoever_is_signed_in_and_nowhere_else(self, city: City, settings: Settings) -> None:
        Mark.objects.create(name="demo")
        clock.forget()
        settings.ZHENGTONG_SIGN_IN = replace(settings.ZHENGTONG_SIGN_IN, staff_idle=timedelta(minutes=20))
        assert 'data-seconds="1200" data-warn-at="1080"' in page(staff(city, "何静"), "people")
        assert "idle-watch" not in page(Client(), "sign_in")
