"""Somebody of the small city signed in at a post of a kind, opened for them where the city has none."""

import pyotp
from django.test import Client
from django.urls import reverse

from tests.cast import NOW
from zhengtong.accounts.actions import hold_post
from zhengtong.accounts.authenticators import enrol_totp
from zhengtong.accounts.clock import real_now
from zhengtong.accounts.models import Account, Person, Post, Unit
from zhengtong.accounts.signing_in import open_staff_account

PASSWORD = "Quiet-Harbour-2026"


def sit_at(kind: str, *, unit: str = "") -> Client:
    code = f"test-{kind}-{unit}"
    account = Account.objects.filter(person__number=code[:20]).first() or _open(kind, unit, code)
    client = Client(headers={"user-agent": "a browser of the tests"})
    answer = client.post(reverse("accounts:staff_sign_in"), {"typed": account.login, "password": PASSWORD})
    Account.objects.filter(pk=account.pk).update(totp_last_step=0)
    answer = client.post(answer["Location"], {"code": pyotp.TOTP(account.totp_secret).at(real_now())})
    assert answer.status_code == 302, answer.content.decode()
    return client


def _open(kind: str, unit: str, code: str) -> Account:
    where = Unit.objects.filter(kind=unit).first() if unit else Unit.objects.filter(kind="centre").first()
    where = where or Unit.objects.order_by("pk").first()
    assert where is not None
    post = Post.objects.create(code=code, name="试岗", name_en="Trial post", unit=where, kind=kind, is_head=bool(unit))
    person = Person.objects.create(number=code[:20], name="试人", name_en="Trial person")
    hold_post(person=person, post=post, role="A", from_on=NOW.date().replace(month=1, day=1))
    account = open_staff_account(person=person, password=PASSWORD)
    enrol_totp(account, secret=pyotp.random_base32())
    account.refresh_from_db()
    return account
