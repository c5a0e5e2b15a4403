"""The bureau of these tests on either database, with three administrators beside it."""

from datetime import date
from pathlib import Path

import pytest

from tests.accounts.cast import AT, City, build_city
from zhengtong.accounts import clock
from zhengtong.accounts.duties import appoint_first
from zhengtong.accounts.labels import Duty
from zhengtong.accounts.models import Account, Person
from zhengtong.accounts.signing_in import open_staff_account

ADMINISTRATORS = {Duty.SYSTEM: ("9001", "施统"), Duty.SECURITY: ("9002", "安全一"), Duty.AUDIT: ("9003", "沈计")}
ENDS = date(2026, 12, 31)


@pytest.fixture
def still_clock() -> object:
    with clock.fixed(AT):
        yield


def make_bureau() -> City:
    city = build_city()
    holders = {}
    for duty, (number, name) in ADMINISTRATORS.items():
        person = Person.objects.create(number=number, name=name, name_en=f"Admin {number}")
        holders[duty] = open_staff_account(person=person, password="坚固的-Passphrase-7")
    appoint_first(holders, document="清政办〔2026〕1号", at=AT)
    for account in Account.objects.filter(kind="staff"):
        city.accounts.setdefault(account.login, account)
    return city


@pytest.fixture
def bureau(ledger_db: str, still_clock: object) -> City:
    """On both databases: what is refused by the database must be refused by each."""
    return make_bureau()


@pytest.fixture
def light_bureau(city_db: Path, still_clock: object) -> City:
    return make_bureau()


def admin(duty: Duty) -> Account:
    return Account.objects.select_related("person").get(duty=duty)
