"""What an administrator, or somebody with half a sign-in, might try: each attempt changes nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pyotp
import pytest
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client
from django.urls import reverse

from tests.accounts.cast import AT, City
from tests.administration.conftest import admin
from tests.architecture.addresses import signed_in
from zhengtong.accounts import sessions
from zhengtong.accounts.authenticators import enrol_totp
from zhengtong.accounts.clock import real_now
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import Duty
from zhengtong.accounts.models import Person, Post, PostHolding, SignIn
from zhengtong.accounts.passwords import issue_temporary_password
from zhengtong.accounts.recovery import make_codes, take_recovery_code
from zhengtong.accounts.sign_in_log import Visit
from zhengtong.accounts.signing_in import open_staff_account
from zhengtong.administration.actions import confirm, propose
from zhengtong.administration.labels import ProposalKind
from zhengtong.trail.models import Entry


def at_once(do: object, times: int = 4) -> list[str]:
    """The same from several threads; what came of each."""

    def one(_n: int) -> str:
        try:
            do()  # type: ignore[operator]  # a function without arguments
        except NotPossible as fault:
            return fault.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(times) as pool:
        return sorted(pool.map(one, range(times)))


class TestOneHandOnAnAdministrator:
    """Password and second factor of another administrator in one hand would be two duties in one hand."""

    @pytest.mark.parametrize("acts", [("password", "factors"), ("factors", "password")])
    def test_security_never_renews_both(self, light_bureau: City, acts: tuple[str, str]) -> None:
        whom = admin(Duty.AUDIT)
        enrol_totp(whom, secret=pyotp.random_base32())
        client = signed_in(admin(Duty.SECURITY))
        page = reverse("administration:account", args=[f"p-{whom.person_id}"])
        first = client.post(page, {"act": acts[0]})
        assert first.status_code == 200 if acts[0] == "password" else first.status_code == 302
        second = client.post(page, {"act": acts[1]}, follow=True)
        assert "另一位管理员" in second.content.decode()
        whom.refresh_from_db()
        assert (whom.password_is_temporary, whom.totp_enrolled) == (acts[0] == "password", acts[0] != "factors")

    def test_of_a_clerk_both_are_renewed(self, light_bureau: City) -> None:
        client, whom = signed_in(admin(Duty.SECURITY)), light_bureau.accounts["何静"]
        page = reverse("administration:account", args=[f"p-{whom.person_id}"])
        assert client.post(page, {"act": "factors"}).status_code == 302
        assert client.post(page, {"act": "password"}).status_code == 200

    def test_an_account_nobody_but_its_issuer_has_opened_gets_no_duty(self, light_bureau: City) -> None:
        person = Person.objects.create(number="9011", name="安全二")
        account = open_staff_account(person=person, password="x")
        issue_temporary_password(account, by="p-0", at=AT)
        with pytest.raises(NotPossible) as fault:
            propose(
                kind=ProposalKind.DUTY_GIVE, person=person.ref, asked={"duty": "system"}, document="1号",
                by=admin(Duty.SECURITY), at=AT,
            )  # fmt: skip
        assert fault.value.code == "not_signed_in_yet"


class TestProposals:
    def holding(self, city: City, whom: Person) -> int:
        asked = {"posts": [{"post": "wj-sp-window", "role": "B"}], "from_on": "2026-04-01", "until_on": ""}
        made = propose(
            kind=ProposalKind.HOLDING, person=whom.ref, asked=asked, document="1号", by=admin(Duty.SYSTEM), at=AT
        )
        return int(made.pk)

    def test_of_a_post_are_void_where_the_person_became_an_administrator_meanwhile(self, light_bureau: City) -> None:
        person = Person.objects.create(number="9012", name="待定")
        open_staff_account(person=person, password="坚固的-Passphrase-7")
        row = self.holding(light_bureau, person)
        given = propose(
            kind=ProposalKind.DUTY_GIVE, person=person.ref, asked={"duty": "system"}, document="2号",
            by=admin(Duty.SECURITY), at=AT,
        )  # fmt: skip
        confirm(given.pk, by=admin(Duty.AUDIT), at=AT)
        with pytest.raises(NotPossible) as fault:
            confirm(row, by=admin(Duty.SECURITY), at=AT)
        assert fault.value.code == "is_administrator"
        assert not PostHolding.objects.filter(person=person).exists()

    def test_confirmed_by_many_at_once_are_done_once(self, bureau: City) -> None:
        row, by = self.holding(bureau, bureau.people["李伟"]), admin(Duty.SECURITY)
        outcomes = at_once(lambda: confirm(row, by=by, at=AT))
        assert outcomes == ["already_decided"] * 3 + ["done"]
        assert PostHolding.objects.filter(person=bureau.people["李伟"], from_on=date(2026, 4, 1)).count() == 1
        assert Entry.objects.filter(what="holding.give", about=bureau.people["李伟"].ref).count() == 1


class TestRecoveryCode:
    def test_sent_many_times_at_once_opens_once(self, bureau: City) -> None:
        account = bureau.accounts["何静"]
        code = make_codes(account, visit=Visit(), at=AT)[0]
        outcomes = at_once(lambda: take_recovery_code(account, code=code, visit=Visit(), at=AT))
        assert outcomes.count("done") == 1


class TestAuditPage:
    QUERIES = (
        {"before": "9" * 100},
        {"before": f"2026-03-16T09:00:00+08:00_{'9' * 80}_1"},
        {"before": "0001-01-01T00:00:00+14:00_1_1"},
        {"before": "0001-01-01T00:00:00+00:00_1_1"},
        {"before": "9999-12-31T23:59:59-14:00_1_1"},
        {"before": "²"},
        {"first": "1800-01-01", "last": "2200-12-31"},
        {"who": "\0", "about": "x" * 5_000, "what": "'--", "outcome": "%s"},
    )

    @pytest.mark.parametrize("book", ["acts", "sign-ins", "authority", "export", "reading", "refusal"])
    def test_bears_whatever_its_address_says(self, light_bureau: City, book: str) -> None:
        client = signed_in(admin(Duty.AUDIT))
        for query in self.QUERIES:
            answer = client.get(reverse("administration:book", args=[book]), query)
            assert answer.status_code in {200, 400}, query
            assert "no-store" in answer["Cache-Control"]


class TestAdminSite:
    @pytest.mark.parametrize("table", ["auth/group", "accounts/account", "accounts/person", "accounts/postholding",
                                       "accounts/authorisationletter", "trail/entry", "administration/proposal",
                                       "sessions/session", "accounts/signin"])  # fmt: skip
    def test_has_no_table_that_gives_authority(self, light_bureau: City, table: str) -> None:
        client = signed_in(admin(Duty.SYSTEM))
        assert client.get(f"/admin/{table}/").status_code in {403, 404}
        assert client.post(f"/admin/{table}/add/", {"name": "x"}).status_code in {403, 404}

    def test_deletes_nothing(self, light_bureau: City) -> None:
        client, before = signed_in(admin(Duty.SYSTEM)), Post.objects.count()
        picked = [str(post.pk) for post in Post.objects.all()]
        client.post("/admin/accounts/post/", {"action": "delete_selected", "_selected_action": picked, "post": "yes"})
        assert client.post(f"/admin/accounts/post/{picked[0]}/delete/", {"post": "yes"}).status_code == 403
        assert Post.objects.count() == before


class TestHalfway:
    def test_opens_no_page(self, light_bureau: City) -> None:
        """Signed in with the password alone."""
        account = admin(Duty.SYSTEM)
        enrol_totp(account, secret=pyotp.random_base32())
        client = Client()
        client.post(reverse("accounts:staff_sign_in"), {"typed": account.login, "password": "坚固的-Passphrase-7"})
        for address in ("/staff/persons", "/admin/", "/audit/", "/desk/", "/account/security", "/staff/sign-in/enrol",
                        "/account/sign-in/new-password", "/account/security/codes", "/account/unsent"):  # fmt: skip
            assert client.get(address).status_code == 302, address
        assert client.get("/health/ready", HTTP_X_FORWARDED_FOR="1.2.3.4").json().keys() == {"ready"}

    def test_the_secret_somebody_has_seen_before_is_not_the_one_that_is_enrolled(self, light_bureau: City) -> None:
        """Whoever gave the first password could look at the enrolment page before its owner does."""
        account = admin(Duty.SYSTEM)
        seen = []
        for _visitor in range(2):
            client = Client()
            client.post(reverse("accounts:staff_sign_in"), {"typed": account.login, "password": "坚固的-Passphrase-7"})
            page = client.get(reverse("accounts:enrol"))
            seen.append((client, page.context["secret"]))
        (_first, known), (owner, own) = seen
        assert known != own
        answer = owner.post(reverse("accounts:enrol"), {"code": pyotp.TOTP(known).at(real_now())})
        assert answer.status_code == 400 and answer.context["secret"] == own
        answer = owner.post(reverse("accounts:enrol"), {"code": pyotp.TOTP(own).at(real_now())})
        assert answer.status_code == 302
        account.refresh_from_db()
        assert account.totp_enrolled and account.totp_secret == own


DEEP = {"brackets": "[" * 19_990, "objects": '{"id":' * 3_000, "inside": '{"id":"x","response":' + "[" * 15_000,
        "no object": "[]", "nothing": "null", "half a letter": '{"id":"\\ud800","response":{}}',
        "no letter": '{"id":"\\u0000","response":{}}'}  # fmt: skip


class TestStrangeThings:
    @pytest.mark.parametrize("credential", DEEP.values(), ids=DEEP)
    def test_in_the_answer_of_a_key_are_refused(self, light_bureau: City, credential: str) -> None:
        stranger, half = Client(), Client()
        stranger.post(reverse("accounts:challenge"), {"purpose": "sign_in"})
        assert stranger.post(reverse("accounts:passkey"), {"credential": credential}).status_code == 400
        half.post(
            reverse("accounts:staff_sign_in"),
            {"typed": admin(Duty.SYSTEM).login, "password": "坚固的-Passphrase-7"},
        )
        half.post(reverse("accounts:challenge"), {"purpose": "enrol"})
        assert half.post(reverse("accounts:enrol"), {"credential": credential}).status_code == 400

    @pytest.mark.parametrize("address", ["", "unix:", "fe80::1%x'y"])
    @pytest.mark.parametrize("agent", ["Mozilla/5.0", "a\nb", "=1+1", "x" * 100_000])
    def test_about_where_a_request_comes_from_are_borne(self, light_bureau: City, address: str, agent: str) -> None:
        client = Client(REMOTE_ADDR=address, headers={"user-agent": agent})
        answer = client.post(reverse("accounts:staff_sign_in"), {"typed": "9001", "password": "x"})
        assert answer.status_code == 400
        row = SignIn.objects.order_by("-pk")[0]
        assert row.outcome == "wrong" and (row.address is None or "%" not in row.address)

    def test_for_numbers_of_rows_find_nothing(self, light_bureau: City) -> None:
        system, security = signed_in(admin(Duty.SYSTEM)), signed_in(admin(Duty.SECURITY))
        for row in ("9" * 30, "-1", "0", "9223372036854775808", "²"):
            for name in ("remove_factor", "end_device", "unlink"):
                answer = system.post(reverse(f"accounts:{name}"), {"kind": "app", "row": row})
                assert answer.status_code in {302, 404}, (name, row)
            said = {"kind": "holding", "row": row, "document": "1号"}
            assert security.post(reverse("administration:end", args=["p-1"]), said).status_code in {302, 404}
        assert system.post(f"/staff/proposals/{'9' * 40}", {"decision": "confirm"}).status_code == 404
        assert system.get(reverse("administration:person", args=[f"p-{'9' * 40}"])).status_code == 404


class TestSessions:
    def test_leave_nothing_in_the_browser(self, light_bureau: City) -> None:
        answer = signed_in(admin(Duty.SYSTEM)).post(reverse("accounts:sign_out"))
        assert answer["Clear-Site-Data"] == '"cache", "storage"'

    def test_of_others_are_ended_by_security(self, light_bureau: City) -> None:
        whom = light_bureau.accounts["何静"]
        theirs, security = signed_in(whom), signed_in(admin(Duty.SECURITY))
        assert theirs.get("/staff/people").status_code == 200
        security.post(reverse("administration:account", args=[f"p-{whom.person_id}"]), {"act": "sessions"})
        assert theirs.get("/staff/people").status_code == 302
        assert Entry.objects.filter(what="account.sessions_ended", about=f"p-{whom.person_id}").exists()

    def test_past_their_age_leave_the_store(self, light_bureau: City) -> None:
        live, over = signed_in(admin(Duty.SYSTEM)), signed_in(admin(Duty.AUDIT))
        Session.objects.filter(pk=over.session.session_key).update(expire_date=AT.replace(year=2020))
        assert sessions.clear_over(AT) == 1
        assert live.get("/staff/persons").status_code == 200
