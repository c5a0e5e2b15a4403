"""The simulated city can be walked through: work lists are filled, cases open, people sign in."""

from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest
from django.test import Client
from django.urls import reverse

from tests.simulation.conftest import Town
from zhengtong.accounts import clock
from zhengtong.accounts.models import Account
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.sealing import find_sealed
from zhengtong.site.demo import accounts


@pytest.fixture
def today(in_town: Town) -> Iterator[Town]:
    """The next morning."""
    assert in_town.lived.until is not None
    with clock.fixed(in_town.lived.until + timedelta(hours=10)):
        yield in_town


def _signed_in(login: str) -> Client:
    """As somebody who reads the accounts that were printed."""
    known = next(account for account in accounts.read() if account.login == login)
    client = Client(headers={"user-agent": "the town's browser"})
    answer = client.post(reverse("accounts:staff_sign_in"), {"typed": login, "password": known.password})
    assert answer.status_code == 302, answer.content.decode()
    Account.objects.filter(login=login).update(totp_last_step=0)
    code = pyotp.TOTP(known.totp_secret).at(clock.real_now())
    assert client.post(answer["Location"], {"code": code}).status_code == 302
    return client


def _waiting(town: Town) -> tuple[Case, str]:
    """An open case of the largest department, and who holds its post."""
    row = Case.objects.filter(dept="sc", closed_at__isnull=True).exclude(post="").order_by("id").first()
    assert row is not None
    on = clock.now().date()
    return row, town.ground.staffing.roster.person_at(row.post, on)


class TestTheDesk:
    def test_opens_a_case_in_every_state(self, today: Town) -> None:
        head = _signed_in("sc08")  # the department's head sees all of it
        states = {row.state: row.number for row in Case.objects.filter(dept="sc").order_by("-id")}
        assert len(states) > 5
        for state, number in states.items():
            assert head.get(f"/desk/cases/{number}/").status_code == 200, state

    def test_shows_work_that_waits(self, today: Town) -> None:
        row, holder = _waiting(today)
        client = _signed_in(holder)
        lists = [client.get(path).content.decode() for path in ("/desk/", "/desk/list/post/", "/desk/list/unit/")]
        assert any(row.number in page for page in lists)

    def test_opens_what_was_sealed(self, today: Town) -> None:
        row, holder = _waiting(today)
        page = _signed_in(holder).get(f"/desk/cases/{row.number}/").content.decode()
        sealed = find_sealed(row.pk, "applicant")
        assert isinstance(sealed, dict)
        assert sealed["name"] in page

    def test_accounts_are_kept(self, today: Town) -> None:
        assert {account.login for account in accounts.read()} >= {"sc01", "zx06", "zx21"}
