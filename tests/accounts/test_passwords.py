"""Passwords, recovery codes, authenticators, lockout: the rules and how they are got round."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from pytest_django import Settings

from tests.accounts.cast import AT, PASSWORD, City
from zhengtong.accounts import authenticators, passwords, second_factors
from zhengtong.accounts.authenticators import apps_of, check_totp, confirm_app, enrol_totp, step_of
from zhengtong.accounts.factors import RecoveryCode, SecurityNotice
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.lockout import is_locked, unlock
from zhengtong.accounts.models import Account, Message, SignIn
from zhengtong.accounts.recovery import codes_left, make_codes, take_recovery_code
from zhengtong.accounts.sign_in_log import Visit, take_notices
from zhengtong.accounts.signing_in import (
    confirm_code,
    open_staff_account,
    register_citizen,
    sign_in_citizen,
    sign_in_staff,
)

VISIT = Visit(address="192.0.2.7", agent="Mozilla/5.0 (Windows NT 10.0) Firefox/130")
GOOD = ("山高水长-Tides-19", "Copper.Lantern.7", "Zmq8-riverbank")
PHONE = "13800003210"


@pytest.fixture
def clerk(city: City) -> Account:
    return city.accounts["何静"]


@pytest.fixture
def citizen(city: City) -> Account:
    account = register_citizen(name="张小三", phone=PHONE, password=PASSWORD, at=AT)
    assert account is not None
    return confirm_code(account, code=code_of(account), at=AT)


def code_of(account: Account) -> str:
    assert account.subject is not None
    found = re.search(r"[0-9]{6}", account.subject.messages.latest("pk").text)
    assert found is not None
    return found[0]


def change(account: Account, current: str, new: str, *, days: int = 0) -> None:
    passwords.change_password(account, current=current, new=new, visit=VISIT, at=AT + timedelta(days=days))


class TestRules:
    @pytest.mark.parametrize("good", [*GOOD, PASSWORD, "长长的一句话a1就可以当作密码"])
    def test_let_good_ones_pass(self, good: str, city: City) -> None:
        passwords.check_rules(good, kind="staff", known=("1001", "何静", "He Jing"))

    @pytest.mark.parametrize(
        ("bad", "code"),
        [
            ("Ab1-efgh9", "password_short"), ("20260316090000", "password_digits"), ("abcdefghijkl1", "password_plain"),
            ("ABCDEFGHIJKL", "password_plain"), ("Password123!", "password_common"),
            ("Qwertyuiop1!", "password_common"),
            ("Zhengtong-Tide-7", "password_place"), ("Zheng.Tong-tide7", "password_place"),
            ("政务中心Tide-17", "password_place"), ("我是何静Tide-19", "password_similar"),
            ("Tide-1001-rise", "password_similar"),
            ("My-HEJING-name", "password_similar"), ("He.Jing.is.9", "password_similar"),
        ],
    )  # fmt: skip
    def test_stop_bad_ones(self, bad: str, code: str, city: City) -> None:
        with pytest.raises(NotPossible, match=code):
            passwords.check_rules(bad, kind="staff", known=("1001", "何静", "He Jing"))

    def test_ask_citizens_for_no_mixture_but_for_the_rest(self, citizen: Account) -> None:
        passwords.check_rules("correct horse battery", kind="citizen")
        for bad in ("13800003210ab", "张小三的密码很长的呀"):
            with pytest.raises(NotPossible, match="password_similar"):
                passwords.choose_password(citizen, new=bad, visit=VISIT, at=AT)

    def test_take_a_long_sentence_with_spaces(self, clerk: Account) -> None:
        change(clerk, PASSWORD, "Drei Kamele tragen 7 Kisten Salz durch die lange weisse Ebene nach Timbuktu")

    def test_are_kept_hashed_with_scrypt(self) -> None:
        from zhengtong.site import settings

        assert settings.PASSWORD_HASHERS[0].endswith("ScryptPasswordHasher")


class TestChanging:
    def test_needs_the_present_one_and_counts_guesses(self, clerk: Account) -> None:
        for _ in range(5):
            with pytest.raises(NotPossible, match="password_wrong"):
                change(clerk, "guess", GOOD[0])
        with pytest.raises(NotPossible, match="locked"):
            change(clerk, PASSWORD, GOOD[0])

    def test_does_not_go_back_to_one_of_the_last_five(self, clerk: Account) -> None:
        chosen = [f"Copper.Lantern.{letter}7" for letter in "PQRST"]
        current = PASSWORD
        for new in chosen:
            change(clerk, current, new)
            current = new
        for former in chosen:
            with pytest.raises(NotPossible, match="password_used"):
                change(clerk, current, former)
        change(clerk, current, PASSWORD)
        assert clerk.former_passwords.count() == 5

    def test_is_logged_and_told(self, clerk: Account) -> None:
        change(clerk, PASSWORD, GOOD[0])
        assert SignIn.objects.latest("pk").outcome == "changed"
        words = take_notices(clerk, before=AT + timedelta(seconds=1), at=AT)
        assert "密码已经修改" in words[0]
        assert take_notices(clerk, before=AT + timedelta(seconds=1), at=AT) == ()


class TestAge:
    def test_of_staff_ends_after_ninety_days_and_is_told_before(self, clerk: Account) -> None:
        change(clerk, PASSWORD, GOOD[0])
        for days, warned, must in ((75, None, False), (76, 14, False), (89, 1, False), (90, 0, True)):
            at = AT + timedelta(days=days)
            assert passwords.days_of_warning(clerk, at) == warned, days
            assert passwords.must_change(clerk, at) == must, days

    def test_of_citizens_and_where_the_installation_says_so_has_no_end(
        self, clerk: Account, citizen: Account, settings: Settings
    ) -> None:
        assert not passwords.must_change(citizen, AT + timedelta(days=900))
        settings.ZHENGTONG_SIGN_IN = replace(settings.ZHENGTONG_SIGN_IN, password_age=None)
        assert not passwords.must_change(clerk, AT + timedelta(days=900))

    def test_begins_at_the_first_sign_in_when_it_was_not_kept(self, clerk: Account) -> None:
        assert clerk.password_changed_at is None
        sign_in_staff(login="1001", password=PASSWORD, visit=VISIT, at=AT)
        assert Account.objects.get(pk=clerk.pk).password_changed_at == AT


class TestTemporary:
    def test_ones_keep_the_rules_and_must_be_changed(self, clerk: Account) -> None:
        given = passwords.issue_temporary_password(clerk, by="p-7", at=AT)
        passwords.check_rules(given, kind="staff", known=passwords.known_of(clerk))
        passed = sign_in_staff(login="1001", password=given, visit=VISIT, at=AT)
        assert passwords.must_change(passed, AT)
        assert SignIn.objects.get(outcome="temporary").by == "p-7"
        with pytest.raises(NotPossible, match="wrong"):
            sign_in_staff(login="1001", password=PASSWORD, visit=VISIT, at=AT)

    def test_ones_last_a_day(self, clerk: Account) -> None:
        given = passwords.issue_temporary_password(clerk, by="p-7", at=AT)
        sign_in_staff(login="1001", password=given, visit=VISIT, at=AT + timedelta(hours=24))
        with pytest.raises(NotPossible, match="temporary_expired"):
            sign_in_staff(login="1001", password=given, visit=VISIT, at=AT + timedelta(hours=24, seconds=1))

    def test_ones_are_what_a_new_account_may_begin_with(self, city: City) -> None:
        from zhengtong.accounts.models import Person

        person = Person.objects.create(number="1099", name="新人")
        account = open_staff_account(person=person, password="Tide-and-river-7", temporary_since=AT)
        assert passwords.must_change(account, AT)


class TestForgotten:
    def test_is_mended_by_a_code_to_the_phone(self, citizen: Account) -> None:
        found = passwords.request_reset(PHONE, visit=VISIT, at=AT)
        assert found == citizen
        code = code_of(citizen)
        passwords.reset_password(found, code=code, new=GOOD[1], visit=VISIT, at=AT)
        assert sign_in_citizen(typed=PHONE, password=GOOD[1], visit=VISIT, at=AT).pk == citizen.pk
        with pytest.raises(NotPossible, match="code_wrong"):
            passwords.reset_password(found, code=code, new=GOOD[2], visit=VISIT, at=AT)

    def test_answers_alike_for_a_number_nobody_has(self, citizen: Account, city: City) -> None:
        before = Message.objects.count()
        assert passwords.request_reset("13900000000", visit=VISIT, at=AT) is None
        assert Message.objects.count() == before
        found = passwords.request_reset(PHONE, visit=VISIT, at=AT)
        for account in (found, None):
            for new, code in (("short", "password_short"), ("1234567890", "password_digits"), (GOOD[0], "code_wrong")):
                with pytest.raises(NotPossible, match=code):
                    passwords.reset_password(account, code="000000", new=new, visit=VISIT, at=AT)

    def test_does_not_use_the_code_up_for_a_password_that_may_not_be(self, citizen: Account) -> None:
        found = passwords.request_reset(PHONE, visit=VISIT, at=AT)
        code = code_of(citizen)
        with pytest.raises(NotPossible, match="password_used"):
            passwords.reset_password(found, code=code, new=PASSWORD, visit=VISIT, at=AT)
        passwords.reset_password(found, code=code, new=GOOD[1], visit=VISIT, at=AT)

    def test_takes_no_code_of_a_registration(self, city: City) -> None:
        account = register_citizen(name="张三", phone=PHONE, password=PASSWORD, at=AT)
        assert account is not None
        Account.objects.filter(pk=account.pk).update(is_active=True)
        with pytest.raises(NotPossible, match="code_wrong"):
            passwords.reset_password(account, code=code_of(account), new=GOOD[1], visit=VISIT, at=AT)

    def test_leaves_the_second_step_in_force(self, citizen: Account) -> None:
        enrol_totp(citizen, secret=pyotp.random_base32())
        found = passwords.request_reset(PHONE, visit=VISIT, at=AT)
        passwords.reset_password(found, code=code_of(citizen), new=GOOD[1], visit=VISIT, at=AT)
        sign_in_citizen(typed=PHONE, password=GOOD[1], visit=VISIT, at=AT)
        assert SignIn.objects.latest("pk").outcome == "halfway"


class Counting(MD5PasswordHasher):
    """The hasher of the tests, which also says how often it worked."""

    algorithm = "counting"
    worked = 0

    def encode(self, password: str, salt: str, *more: Any) -> str:
        Counting.worked += 1
        return super().encode(password, salt, *more)


class TestWork:
    def test_is_the_same_for_a_name_nobody_has(self, city: City, settings: Settings) -> None:
        settings.PASSWORD_HASHERS = [f"{__name__}.Counting"]
        account = city.accounts["何静"]
        account.set_password(PASSWORD)
        account.save()
        worked = {}
        for login in ("1001", "9999", "' or 1=1", ""):
            Counting.worked = 0
            with pytest.raises(NotPossible, match=r"^wrong$"):
                sign_in_staff(login=login, password="no", visit=VISIT, at=AT)
            worked[login] = Counting.worked
        Account.objects.filter(pk=account.pk).update(locked_until=AT + timedelta(hours=1))
        Counting.worked = 0
        with pytest.raises(NotPossible, match=r"^wrong$"):
            sign_in_staff(login="1001", password=PASSWORD, visit=VISIT, at=AT)
        assert set(worked.values()) | {Counting.worked} == {1}, worked


class TestLock:
    def test_covers_password_code_key_and_recovery_together(self, clerk: Account) -> None:
        enrol_totp(clerk, secret=pyotp.random_base32())
        codes = make_codes(clerk, visit=VISIT, at=AT)
        with pytest.raises(NotPossible):
            sign_in_staff(login="1001", password="no", visit=VISIT, at=AT)
        for _ in range(2):
            with pytest.raises(NotPossible, match="totp_wrong"):
                check_totp(clerk, code="000000", at=AT, visit=VISIT)
            with pytest.raises(NotPossible, match="recovery_wrong"):
                take_recovery_code(clerk, code="AAAAA-AAAAA", visit=VISIT, at=AT)
        assert is_locked(clerk, AT)
        with pytest.raises(NotPossible, match="locked"):
            take_recovery_code(clerk, code=codes[0], visit=VISIT, at=AT)
        with pytest.raises(NotPossible, match=r"^wrong$"):
            sign_in_staff(login="1001", password=PASSWORD, visit=VISIT, at=AT)
        assert SignIn.objects.filter(outcome="now_locked").count() == 1

    def test_is_opened_by_an_administrator(self, clerk: Account) -> None:
        for _ in range(5):
            with pytest.raises(NotPossible):
                sign_in_staff(login="1001", password="no", visit=VISIT, at=AT)
        assert unlock(clerk, by="p-7", at=AT)
        sign_in_staff(login="1001", password=PASSWORD, visit=VISIT, at=AT)
        assert SignIn.objects.get(outcome="unlocked").by == "p-7"
        assert not unlock(clerk, by="p-7", at=AT)

    def test_follows_the_settings(self, clerk: Account, settings: Settings) -> None:
        settings.ZHENGTONG_SIGN_IN = replace(settings.ZHENGTONG_SIGN_IN, tries=3, locked_for=timedelta(minutes=30))
        for _ in range(3):
            with pytest.raises(NotPossible):
                sign_in_staff(login="1001", password="no", visit=VISIT, at=AT)
        assert is_locked(clerk, AT + timedelta(minutes=29))
        assert not is_locked(clerk, AT + timedelta(minutes=30))

    def test_is_told_to_a_citizen_by_message(self, citizen: Account) -> None:
        for _ in range(5):
            with pytest.raises(NotPossible):
                sign_in_citizen(typed=PHONE, password="no", visit=VISIT, at=AT)
        assert citizen.subject is not None
        assert "锁定" in citizen.subject.messages.latest("pk").text


class TestRecoveryCodes:
    def test_are_ten_shown_once_and_kept_as_keyed_digests(self, clerk: Account) -> None:
        codes = make_codes(clerk, visit=VISIT, at=AT)
        assert len(set(codes)) == codes_left(clerk) == 10
        kept = "".join(RecoveryCode.objects.values_list("digest", flat=True))
        assert not any(code in kept or code.replace("-", "") in kept for code in codes)
        assert all(re.fullmatch("[A-HJ-NP-Z2-9]{5}-[A-HJ-NP-Z2-9]{5}", code) for code in codes)

    def test_are_good_once_however_they_are_written_and_told(self, clerk: Account) -> None:
        codes = make_codes(clerk, visit=VISIT, at=AT)
        take_recovery_code(clerk, code=f" {codes[0].lower().replace('-', ' ')} ", visit=VISIT, at=AT)
        assert codes_left(clerk) == 9
        assert SecurityNotice.objects.get(account=clerk).code == "recovery_used"
        with pytest.raises(NotPossible, match="recovery_wrong"):
            take_recovery_code(clerk, code=codes[0], visit=VISIT, at=AT)

    def test_of_an_older_set_or_another_person_are_void(self, clerk: Account, city: City) -> None:
        old = make_codes(clerk, visit=VISIT, at=AT)
        make_codes(clerk, visit=VISIT, at=AT)
        theirs = make_codes(city.accounts["李伟"], visit=VISIT, at=AT)
        for code in (old[0], theirs[0], "", "-"):
            with pytest.raises(NotPossible, match="recovery_wrong"):
                take_recovery_code(clerk, code=code, visit=VISIT, at=AT)

    def test_go_with_the_last_factor_of_a_citizen(self, citizen: Account) -> None:
        enrol_totp(citizen, secret=pyotp.random_base32())
        make_codes(citizen, visit=VISIT, at=AT)
        second_factors.remove(citizen, kind="app", row=0, visit=VISIT, at=AT)
        assert codes_left(citizen) == 0


# RFC 6238 appendix B, SHA-1: seconds since 1970 → the last six digits of the eight.
VECTORS = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037",
           20000000000: "353130"}  # fmt: skip
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


class TestAuthenticators:
    @pytest.mark.parametrize(("seconds", "code"), VECTORS.items())
    def test_count_as_rfc_6238_says(self, seconds: int, code: str) -> None:
        at = datetime.fromtimestamp(seconds, UTC)
        assert step_of(RFC_SECRET, code, at) == seconds // 30
        assert step_of(RFC_SECRET, f"{(int(code) + 1) % 10**6:06d}", at) is None

    def test_of_a_second_device_open_as_well_and_each_code_once(self, clerk: Account) -> None:
        enrol_totp(clerk, secret=pyotp.random_base32())
        secret = authenticators.new_secret(clerk)
        first = pyotp.TOTP(secret)
        with pytest.raises(NotPossible, match="totp_wrong"):
            confirm_app(clerk, secret=secret, name="备用", code="000000", visit=VISIT, at=AT)
        assert len(apps_of(clerk)) == 1
        confirm_app(clerk, secret=secret, name="备用", code=first.at(AT), visit=VISIT, at=AT)
        later = AT + timedelta(seconds=30)
        with pytest.raises(NotPossible, match="totp_wrong"):
            check_totp(clerk, code=first.at(AT), at=AT)
        check_totp(clerk, code=first.at(later), at=later)
        check_totp(clerk, code=pyotp.TOTP(clerk.totp_secret).at(later), at=later)
        second_factors.remove(clerk, kind="app", row=apps_of(clerk)[1].row, visit=VISIT, at=AT)
        with pytest.raises(NotPossible, match="totp_wrong"):
            check_totp(clerk, code=first.at(AT + timedelta(minutes=5)), at=AT + timedelta(minutes=5))
        assert clerk.authenticators.get().secret == ""

    def test_are_five_at_most(self, clerk: Account) -> None:
        for number in range(5):
            secret = authenticators.new_secret(clerk)
            code = pyotp.TOTP(secret).at(AT)
            confirm_app(clerk, secret=secret, name=str(number), code=code, visit=VISIT, at=AT)
        with pytest.raises(NotPossible, match="too_many_keys"):
            authenticators.new_secret(clerk)
