"""Registration, passwords, one-time codes, time-based codes, lockout; all at instants that are passed in."""

import re
from datetime import timedelta

import pyotp
import pytest

from tests.accounts.cast import AT, CREDIT_CODE, IDENTITY, PASSWORD, City
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.models import Account, Message, SignIn, Subject
from zhengtong.accounts.queries import mailbox_of
from zhengtong.accounts.signing_in import (
    Visit,
    check_totp,
    confirm_code,
    confirm_totp,
    enrol_totp,
    register_citizen,
    send_code,
    sign_in_citizen,
    sign_in_staff,
)

PHONE = "13800003210"
VISIT = Visit(address="192.0.2.7")


def register(**changes: str) -> Account:
    values = {"name": "张三", "phone": PHONE, "password": PASSWORD, **changes}
    account = register_citizen(**values, at=AT)
    assert account is not None
    return account


def code_for(account: Account) -> str:
    assert account.subject is not None
    found = re.search(r"[0-9]{6}", mailbox_of(account.subject, AT)[0].text)
    assert found is not None
    return found[0]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def sign_in(typed: str, password: str = PASSWORD, *, minutes: int = 0) -> Account:
    return sign_in_citizen(typed=typed, password=password, visit=VISIT, at=AT + timedelta(minutes=minutes))


class TestRegistration:
    def test_opens_with_the_code_from_the_mailbox(self, city: City) -> None:
        account = register()
        with pytest.raises(NotPossible, match="wrong"):
            sign_in(PHONE)
        confirm_code(account, code=code_for(account), at=AT)
        assert sign_in("138 0000 3210").pk == account.pk
        assert Subject.objects.get(account=account).real_name_level == 1

    def test_works_with_a_certificate_number(self, city: City) -> None:
        account = register(phone="", certificate_kind="identity", number=IDENTITY.lower())
        confirm_code(account, code=code_for(account), at=AT)
        assert sign_in(IDENTITY).pk == account.pk

    def test_takes_a_code_once_and_ten_minutes_long(self, city: City) -> None:
        account = register()
        code = code_for(account)
        with pytest.raises(NotPossible, match="code_wrong"):
            confirm_code(account, code=code, at=AT + timedelta(minutes=10))
        confirm_code(account, code=code, at=AT + timedelta(minutes=9))
        with pytest.raises(NotPossible, match="code_wrong"):
            confirm_code(account, code=code, at=AT + timedelta(minutes=9))

    def test_gives_five_tries(self, city: City) -> None:
        account = register()
        code = code_for(account)
        for _ in range(5):
            with pytest.raises(NotPossible, match="code_wrong"):
                confirm_code(account, code=wrong(code), at=AT)
        with pytest.raises(NotPossible, match="code_wrong"):
            confirm_code(account, code=code, at=AT)

    def test_makes_an_earlier_code_void_when_a_new_one_is_sent(self, city: City) -> None:
        account = register()
        first = code_for(account)
        send_code(account, at=AT + timedelta(seconds=1))
        if code_for(account) != first:
            with pytest.raises(NotPossible, match="code_wrong"):
                confirm_code(account, code=first, at=AT + timedelta(seconds=2))
        for _ in range(9):
            send_code(account, at=AT + timedelta(minutes=1))
        assert account.codes.count() == 6

    def test_does_not_say_that_a_phone_is_taken_but_tells_its_holder(self, city: City) -> None:
        account = register()
        confirm_code(account, code=code_for(account), at=AT)
        assert register_citizen(name="李四", phone=PHONE, password=PASSWORD, at=AT) is None
        assert Message.objects.filter(subject=account.subject).count() == 2

    def test_refuses_numbers_that_cannot_be(self, city: City) -> None:
        for changes, code in (
            ({"phone": "12345678901"}, "phone_not_valid"),
            ({"phone": ""}, "phone_or_number_needed"),
            ({"certificate_kind": "identity", "number": "110105194912310021"}, "number_not_valid"),
            ({"certificate_kind": "credit_code", "number": CREDIT_CODE[:-1] + "8"}, "number_not_valid"),
        ):
            with pytest.raises(NotPossible, match=code):
                register(**changes)
        assert not Subject.objects.exists()


class TestPassword:
    def test_answers_an_unknown_name_and_a_wrong_password_alike(self, city: City) -> None:
        account = register()
        confirm_code(account, code=code_for(account), at=AT)
        for typed, password in ((PHONE, "wrong-password"), ("13900000000", PASSWORD), ("", ""), ("x" * 100_000, "y")):
            with pytest.raises(NotPossible, match=r"^wrong$"):
                sign_in(typed, password)
        assert set(SignIn.objects.values_list("outcome", flat=True)) == {"wrong"}
        assert {row.address for row in SignIn.objects.all()} == {"192.0.2.7"}

    def test_locks_after_five_failures_for_ten_minutes(self, city: City) -> None:
        account = register()
        confirm_code(account, code=code_for(account), at=AT)
        for _ in range(5):
            with pytest.raises(NotPossible):
                sign_in(PHONE, "wrong-password")
        with pytest.raises(NotPossible, match=r"^wrong$"):
            sign_in(PHONE, minutes=9)
        assert SignIn.objects.latest("pk").outcome == "locked"
        assert sign_in(PHONE, minutes=10).pk == account.pk

    def test_of_somebody_who_has_left_no_longer_opens(self, city: City) -> None:
        person = city.people["何静"]
        assert sign_in_staff(login="1001", password=PASSWORD, visit=VISIT, at=AT).person == person
        person.left_on = AT.date() - timedelta(days=1)
        person.save()
        with pytest.raises(NotPossible, match="wrong"):
            sign_in_staff(login="1001", password=PASSWORD, visit=VISIT, at=AT)


class TestSecondFactor:
    @pytest.fixture
    def account(self, city: City) -> Account:
        account = city.accounts["何静"]
        enrol_totp(account, secret=pyotp.random_base32())
        return account

    def code(self, account: Account, *, seconds: int = 0) -> str:
        return pyotp.TOTP(account.totp_secret).at(AT + timedelta(seconds=seconds))

    def test_is_good_once(self, account: Account) -> None:
        check_totp(account, code=self.code(account), at=AT)
        with pytest.raises(NotPossible, match="totp_wrong"):
            check_totp(account, code=self.code(account), at=AT)
        check_totp(account, code=self.code(account, seconds=30), at=AT + timedelta(seconds=30))

    def test_of_an_earlier_step_is_not_good_after_a_later_one(self, account: Account) -> None:
        check_totp(account, code=self.code(account, seconds=30), at=AT)
        with pytest.raises(NotPossible, match="totp_wrong"):
            check_totp(account, code=self.code(account), at=AT)

    def test_may_be_one_step_off_and_no_more(self, account: Account) -> None:
        with pytest.raises(NotPossible, match="totp_wrong"):
            check_totp(account, code=self.code(account, seconds=-60), at=AT)
        check_totp(account, code=self.code(account, seconds=-30), at=AT)

    def test_locks_after_five_failures(self, account: Account) -> None:
        for _ in range(5):
            with pytest.raises(NotPossible, match="totp_wrong"):
                check_totp(account, code=wrong(self.code(account)), at=AT)
        with pytest.raises(NotPossible, match="locked"):
            check_totp(account, code=self.code(account), at=AT)

    def test_is_in_force_when_a_first_code_has_proved_it(self, city: City) -> None:
        account = city.accounts["李伟"]
        enrol_totp(account)
        assert not Account.objects.get(pk=account.pk).totp_enrolled
        confirm_totp(account, code=self.code(account), at=AT)
        assert Account.objects.get(pk=account.pk).totp_enrolled
        with pytest.raises(NotPossible, match="already_ended"):
            enrol_totp(account)
