"""The pages of this room through Django's client: doors, sessions, who is let in where."""

import re
from datetime import date, timedelta

import pyotp
import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.accounts.cast import CREDIT_CODE, IDENTITY, OTHER_IDENTITY, PASSWORD, City
from zhengtong.accounts import actions, clock
from zhengtong.accounts.clock import real_now
from zhengtong.accounts.models import Absence, Account, Agency, Delegation, Mark, PostHolding, Power, SignIn, Subject
from zhengtong.accounts.queries import day_of
from zhengtong.accounts.signing_in import enrol_totp

PHONE = "13800003210"


@pytest.fixture
def demo(city: City) -> None:
    Mark.objects.create(name="demo")
    clock.forget()


def staff(city: City, name: str) -> Client:
    """Signed in with both factors."""
    client, account = Client(), city.accounts[name]
    if not account.totp_enrolled:
        enrol_totp(account, secret=pyotp.random_base32())
    answer = client.post(reverse("accounts:staff_sign_in"), {"typed": account.login, "password": PASSWORD})
    assert answer["Location"] == reverse("accounts:second_factor")
    Account.objects.filter(pk=account.pk).update(totp_last_step=0)
    answer = client.post(answer["Location"], {"code": pyotp.TOTP(account.totp_secret).at(real_now())})
    assert answer.status_code == 302, answer.content.decode()
    return client


def citizen(demo: None) -> Client:
    client = Client()
    answer = client.post(
        reverse("accounts:register"), {"name": "李小敏", "phone": PHONE, "password": PASSWORD, "again": PASSWORD}
    )
    assert answer["Location"] == reverse("accounts:confirm"), answer.content.decode()
    page = client.get(reverse("accounts:mailbox")).content.decode()
    code = re.search(r"验证码是 ([0-9]{6})", page)
    assert code is not None
    answer = client.post(reverse("accounts:confirm"), {"code": code[1]})
    assert answer["Location"] == reverse("accounts:profile")
    return client


def walk_in(kind: str, name: str, certificate_kind: str, number: str) -> str:
    return actions.find_or_create_subject(
        kind=kind, name=name, certificate_kind=certificate_kind, number=number, phone="", by="p-1", at=clock.now()
    )


class TestRegistration:
    def test_goes_from_form_through_mailbox_to_the_profile(self, demo: None) -> None:
        page = citizen(demo).get(reverse("accounts:profile")).content.decode()
        assert "李*敏" in page
        assert "138****3210" in page
        assert PHONE not in page

    def test_keeps_what_was_typed_but_not_the_password(self, city: City) -> None:
        answer = Client().post(
            reverse("accounts:register"),
            {"name": "李小敏", "phone": "138", "number": IDENTITY, "password": PASSWORD, "again": "x"},
        )
        page = answer.content.decode()
        assert answer.status_code == 400
        assert IDENTITY in page
        assert PASSWORD not in page

    def test_has_no_mailbox_outside_a_demonstration(self, city: City) -> None:
        assert Client().get(reverse("accounts:mailbox")).status_code == 404

    def test_bears_a_hundred_thousand_characters(self, city: City) -> None:
        long = "字" * 100_000
        for name in ("register", "sign_in", "staff_sign_in"):
            fields = {"typed": long, "name": long, "phone": long, "number": long, "password": long, "again": long}
            assert Client().post(reverse(f"accounts:{name}"), fields).status_code == 400


class TestSignIn:
    def test_changes_the_session_key_and_follows_a_next_of_ours(self, demo: None) -> None:
        client = citizen(demo)
        client.post(reverse("accounts:sign_out"))
        client.get(reverse("accounts:sign_in"))
        before = client.session.session_key
        fields = {"typed": PHONE, "password": PASSWORD, "next": reverse("accounts:mailbox")}
        answer = client.post(reverse("accounts:sign_in"), fields)
        assert answer["Location"] == reverse("accounts:mailbox")
        assert client.session.session_key != before

    @pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org", "javascript:alert(1)", "\\\\x"])
    def test_does_not_follow_a_next_elsewhere(self, demo: None, elsewhere: str) -> None:
        citizen(demo)
        fields = {"typed": PHONE, "password": PASSWORD, "next": elsewhere}
        assert Client().post(reverse("accounts:sign_in"), fields)["Location"] == "/"

    def test_says_the_same_of_unknown_and_wrong(self, demo: None) -> None:
        citizen(demo)
        pages = []
        for typed in (PHONE, "13900000000"):
            page = Client().post(reverse("accounts:sign_in"), {"typed": typed, "password": "wrong-password"})
            pages.append(re.sub(r'value="[^"]*"', "", page.content.decode()))
        assert "账号或密码不对" in pages[0]
        assert pages[0] == pages[1]

    def test_signs_out_by_post_only(self, demo: None) -> None:
        client = citizen(demo)
        assert client.get(reverse("accounts:sign_out")).status_code == 405
        client.post(reverse("accounts:sign_out"))
        assert client.get(reverse("accounts:profile")).status_code == 302


class TestStaffSignIn:
    def test_enrols_at_the_first_time(self, city: City) -> None:
        client = Client()
        answer = client.post(reverse("accounts:staff_sign_in"), {"typed": "1001", "password": PASSWORD})
        assert answer["Location"] == reverse("accounts:enrol")
        page = client.get(answer["Location"]).content.decode()
        secret = Account.objects.get(login="1001").totp_secret
        assert secret in page
        answer = client.post(answer["Location"], {"code": pyotp.TOTP(secret).at(real_now())})
        assert answer["Location"] == "/desk/"
        assert secret not in client.get(reverse("accounts:substitutes")).content.decode()

    def test_is_not_complete_without_the_second_factor(self, city: City) -> None:
        client = Client()
        client.post(reverse("accounts:staff_sign_in"), {"typed": "1001", "password": PASSWORD})
        assert client.get(reverse("accounts:people")).status_code == 302
        assert client.post(reverse("accounts:second_factor"), {"code": "000000"}).status_code == 302  # to enrolment

    def test_refuses_a_replayed_code(self, city: City) -> None:
        staff(city, "何静")
        account = Account.objects.get(login="1001")
        client = Client()
        client.post(reverse("accounts:staff_sign_in"), {"typed": "1001", "password": PASSWORD})
        code = pyotp.TOTP(account.totp_secret).generate_otp(account.totp_last_step)
        answer = client.post(reverse("accounts:second_factor"), {"code": code})
        assert answer.status_code == 400
        assert "已经用过" in answer.content.decode()

    def test_ends_after_a_quarter_of_an_hour_without_a_page(self, city: City) -> None:
        client = staff(city, "何静")
        session = client.session
        session["seen_at"] = (real_now() - timedelta(minutes=14)).isoformat()
        session.save()
        assert client.get(reverse("accounts:people")).status_code == 200
        session = client.session
        session["seen_at"] = (real_now() - timedelta(minutes=16)).isoformat()
        session.save()
        answer = client.get(reverse("accounts:people"), follow=True)
        assert answer.redirect_chain[0][0] == f"{reverse('accounts:staff_sign_in')}?next=%2Fstaff%2Fpeople"
        assert "登录已过期" in answer.content.decode()
        assert SignIn.objects.latest("pk").outcome == "expired"

    def test_is_bound_to_its_browser(self, city: City) -> None:
        client = staff(city, "何静")
        assert client.get(reverse("accounts:people"), headers={"user-agent": "another"}).status_code == 302
        assert client.get(reverse("accounts:people")).status_code == 302

    def test_ends_when_the_account_is_switched_off(self, city: City) -> None:
        client = staff(city, "何静")
        Account.objects.filter(login="1001").update(is_active=False)
        assert client.get(reverse("accounts:people")).status_code == 302


class TestDoors:
    STAFF = ("people", "substitutes", "real_name")

    def test_lead_strangers_to_the_right_sign_in(self, demo: None) -> None:
        for client in (Client(), citizen(demo)):
            for name in self.STAFF:
                answer = client.get(reverse(f"accounts:{name}"))
                assert answer["Location"].startswith(reverse("accounts:staff_sign_in"))
        assert Client().get(reverse("accounts:profile"))["Location"].startswith(reverse("accounts:sign_in"))

    def test_open_the_window_page_to_window_posts_only(self, city: City) -> None:
        assert staff(city, "何静").get(reverse("accounts:real_name")).status_code == 200
        assert staff(city, "周岚").get(reverse("accounts:real_name")).status_code == 403

    def test_open_the_reference_tables_to_their_administrator_only(self, city: City) -> None:
        client = staff(city, "何静")
        answer = client.get("/admin/", follow=True)
        assert answer.redirect_chain[-1][0].startswith(reverse("accounts:staff_sign_in"))
        PostHolding.objects.filter(person__number="1001").update(until_on=date(2026, 1, 2))
        Account.objects.filter(login="1001").update(duty="system", duty_since=day_of(clock.now()))
        for page in ("", "accounts/unit/", "accounts/post/add/", "windows/window/"):
            assert client.get(f"/admin/{page}").status_code == 200
        for page in ("subject", "account", "person", "postholding", "authorisationletter", "delegation"):
            assert client.get(f"/admin/accounts/{page}/").status_code == 404


class TestSubstitutes:
    def test_registers_an_absence_and_ends_it(self, city: City) -> None:
        client, today = staff(city, "何静"), day_of(clock.now())
        fields = {"from_on": today.isoformat(), "until_on": today.isoformat(), "reason": "leave"}
        assert client.post(reverse("accounts:absence"), fields).status_code == 302
        row = Absence.objects.get()
        assert "销假" in client.get(reverse("accounts:substitutes")).content.decode()
        assert staff(city, "李伟").post(reverse("accounts:end_absence"), {"row": row.pk}).status_code == 404
        client.post(reverse("accounts:end_absence"), {"row": row.pk})
        assert not Absence.objects.exists()

    def test_says_why_dates_cannot_be(self, city: City) -> None:
        fields = {"from_on": "2030-01-02", "until_on": "2030-01-01", "reason": "leave"}
        answer = staff(city, "何静").post(reverse("accounts:absence"), fields)
        assert answer.status_code == 400
        assert "结束日期早于开始日期" in answer.content.decode()
        assert "2030-01-02" in answer.content.decode()

    def test_delegates_and_revokes(self, city: City) -> None:
        client, today = staff(city, "周岚"), day_of(clock.now()).isoformat()
        fields = {
            "post": "wj-sp-approve",
            "to_person": city.people["何静"].ref,
            "from_on": today,
            "until_on": today,
            "document": "清卫委〔2026〕1号",
        }
        assert client.post(reverse("accounts:delegation"), {**fields, "post": "wj-head"}).status_code == 400
        assert client.post(reverse("accounts:delegation"), fields).status_code == 302
        row = Delegation.objects.get()
        client.post(reverse("accounts:revoke_delegation"), {"row": row.pk})
        row.refresh_from_db()
        assert row.revoked_at is not None


class TestWindow:
    def test_registers_raises_and_enters_powers(self, demo: None, city: City) -> None:
        citizen(demo)
        client, until = staff(city, "何静"), (day_of(clock.now()) + timedelta(days=5)).isoformat()
        ref = Subject.objects.get().ref
        answer = client.post(reverse("accounts:real_name"), {"typed": PHONE})
        assert answer["Location"] == reverse("accounts:subject", args=[ref])
        level = {"name": "李小敏", "certificate_kind": "identity", "number": IDENTITY, "level": "2"}
        client.post(reverse("accounts:raise_level", args=[ref]), level)
        assert Subject.objects.get().real_name_level == 2
        firm = {"firm_name": "清源茶社", "firm_number": CREDIT_CODE, "until_on": until}
        client.post(reverse("accounts:agency", args=[ref]), firm)
        power = {
            "principal_kind": "natural",
            "principal_name": "王五",
            "principal_certificate": "identity",
            "principal_number": OTHER_IDENTITY,
            "scope": "all",
            "until_on": until,
        }
        client.post(reverse("accounts:power", args=[ref]), power)
        page = client.get(reverse("accounts:subject", args=[ref])).content.decode()
        assert "清源茶社" in page
        assert "王*" in page
        assert IDENTITY not in page
        for grant in (Agency.objects.get(), Power.objects.get()):
            client.post(reverse("accounts:window_revoke", args=[ref]), {"grant": grant.ref})
            grant.refresh_from_db()
            assert grant.revoked_at is not None

    def test_registers_a_walk_in_it_does_not_know(self, city: City) -> None:
        client = staff(city, "何静")
        page = client.post(reverse("accounts:real_name"), {"typed": OTHER_IDENTITY}).content.decode()
        assert "凭证件新登记" in page
        fields = {"kind": "natural", "name": "王五", "certificate_kind": "identity", "number": OTHER_IDENTITY}
        bad = client.post(reverse("accounts:walk_in"), {**fields, "number": OTHER_IDENTITY[:-1] + "9"})
        assert bad.status_code == 400
        answer = client.post(reverse("accounts:walk_in"), fields)
        assert client.get(answer["Location"]).status_code == 200

    def test_knows_no_strange_reference(self, city: City) -> None:
        client = staff(city, "何静")
        assert client.get(reverse("accounts:subject", args=["s-nobody"])).status_code == 404
        assert (
            client.post(reverse("accounts:window_revoke", args=["s-nobody"]), {"grant": "power-1"}).status_code == 404
        )


class TestProfile:
    def test_lets_a_representative_name_an_agent_and_anybody_concerned_revoke(self, demo: None, city: City) -> None:
        client, at = citizen(demo), clock.now()
        me = Subject.objects.get()
        Subject.objects.filter(pk=me.pk).update(real_name_level=2, is_checked=True)
        firm = walk_in("organisation", "清源茶社", "credit_code", CREDIT_CODE)
        walk_in("natural", "王五", "identity", OTHER_IDENTITY)
        until = (day_of(at) + timedelta(days=5)).isoformat()
        fields = {"firm": firm, "certificate_kind": "identity", "number": OTHER_IDENTITY, "until_on": until}
        assert client.post(reverse("accounts:add_agent"), fields).status_code == 404
        Agency.objects.create(
            agent=me,
            firm=Subject.objects.get(ref=firm),
            is_representative=True,
            from_on=day_of(at),
            accepted_at=at,
            accepted_by="p-1",
        )
        assert client.post(reverse("accounts:add_agent"), {**fields, "number": IDENTITY}).status_code == 400
        assert client.post(reverse("accounts:add_agent"), fields).status_code == 302
        agency = Agency.objects.latest("pk")
        client.post(reverse("accounts:revoke"), {"grant": agency.ref})
        agency.refresh_from_db()
        assert agency.revoked_at is not None
        assert client.post(reverse("accounts:revoke"), {"grant": "agency-999"}).status_code == 404

    def test_keeps_the_language(self, demo: None) -> None:
        client = citizen(demo)
        answer = client.post(reverse("accounts:language"), {"language": "en"})
        assert answer.cookies["language"].value == "en"
        assert 'lang="en"' in client.get(reverse("accounts:profile")).content.decode()


class TestQueries:
    def test_of_the_directory_do_not_grow_with_the_staff(self, city: City) -> None:
        client = staff(city, "何静")
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as asked:
                client.get(reverse("accounts:people"))
            counts.append(len(asked))
            for post in city.posts.values():
                if not post.holdings.filter(person=city.people["李伟"]).exists():
                    actions.hold_post(person=city.people["李伟"], post=post, role="B", from_on=day_of(clock.now()))
        assert counts[0] == counts[1]


def test_settings_leave_the_mailbox_to_debug(city: City) -> None:
    with override_settings(DEBUG=True):
        assert Client().get(reverse("accounts:mailbox")).status_code == 200
