"""Security keys and passkeys: everything a forger can bend, and the counter of a copy."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.accounts.authenticator import PRESENT, VERIFIED, SoftwareKey
from tests.accounts.cast import AT, PASSWORD, City
from zhengtong.accounts import second_factors
from zhengtong.accounts.authenticators import enrol_totp
from zhengtong.accounts.factors import SecurityKey, SecurityNotice
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import RealNameLevel
from zhengtong.accounts.models import Account, SignIn, Subject
from zhengtong.accounts.passkeys import (
    Answer,
    check_key,
    keys_of,
    new_challenge,
    proving_options,
    register_key,
    registration_options,
    sign_in_with_passkey,
)
from zhengtong.accounts.sign_in_log import Visit

VISIT = Visit(address="192.0.2.7", agent="Mozilla/5.0 (X11; Linux) Chrome/140")


@pytest.fixture
def clerk(city: City) -> Account:
    return city.accounts["何静"]


@pytest.fixture
def citizen(city: City) -> Account:
    subject = Subject.objects.create(
        kind="natural", name="张三", created_at=AT, real_name_level=RealNameLevel.CLAIMED, phone="13800003210"
    )
    account = Account(login=subject.ref, kind="citizen", subject=subject)
    account.set_password(PASSWORD)
    account.save()
    return account


def registered(account: Account, **features: int) -> SoftwareKey:
    key, challenge = SoftwareKey(**features), new_challenge()  # type: ignore[arg-type]
    registration_options(account, challenge)
    register_key(account, key.registers(challenge), name="钥匙", visit=VISIT, at=AT)
    key.handle = account.passkey_handle
    return key


def outcomes(account: Account) -> list[str]:
    return list(SignIn.objects.filter(account=account).order_by("pk").values_list("outcome", flat=True))


class TestRegistering:
    def test_keeps_the_public_half_and_says_so(self, clerk: Account) -> None:
        registered(clerk)
        (row,) = keys_of(clerk)
        assert (row.name, row.transports, row.sign_count) == ("钥匙", ["usb"], 0)
        assert outcomes(clerk) == ["added"]
        assert SecurityNotice.objects.get().code == "factor_added"

    def test_asks_not_to_register_one_twice_and_refuses_it(self, clerk: Account, city: City) -> None:
        key = registered(clerk)
        challenge = new_challenge()
        assert len(registration_options(clerk, challenge)["excludeCredentials"]) == 1
        for account in (clerk, city.accounts["李伟"]):
            with pytest.raises(NotPossible, match="key_known"):
                register_key(account, key.registers(challenge), name="x", visit=VISIT, at=AT)

    def test_tells_the_authenticator_nothing_of_a_citizen(self, citizen: Account) -> None:
        user = registration_options(citizen, new_challenge())["user"]
        assert "张三" not in json.dumps(user, ensure_ascii=False)
        assert "138" not in user["name"]

    @pytest.mark.parametrize(
        "features",
        [
            {"origin": "http://localhost:8001"},
            {"origin": "https://localhost:8000"},
            {"site": "example.org"},
            {"flags": 0},
        ],
        ids=["port", "scheme", "site", "nobody-present"],
    )
    def test_from_elsewhere_is_refused(self, clerk: Account, features: dict[str, object]) -> None:
        challenge = new_challenge()
        forged = SoftwareKey(**features).registers(challenge)  # type: ignore[arg-type]
        with pytest.raises(NotPossible, match="key_wrong"):
            register_key(clerk, forged, name="x", visit=VISIT, at=AT)
        assert outcomes(clerk) == ["refused"]

    def test_of_a_citizen_needs_a_device_that_checks_its_owner(self, citizen: Account) -> None:
        challenge = new_challenge()
        with pytest.raises(NotPossible, match="key_wrong"):
            register_key(citizen, SoftwareKey(flags=PRESENT).registers(challenge), name="x", visit=VISIT, at=AT)

    def test_ends_at_ten(self, clerk: Account) -> None:
        for _ in range(10):
            registered(clerk)
        with pytest.raises(NotPossible, match="too_many_keys"):
            registered(clerk)


class TestProving:
    def test_passes_again_and_again(self, clerk: Account) -> None:
        key = registered(clerk)
        for minutes in range(3):
            at = AT + timedelta(minutes=minutes)
            check_key(clerk, key.proves(new_challenge()), visit=VISIT, at=at)
            assert keys_of(clerk)[0].last_used_at == at

    def test_of_an_authenticator_without_a_counter_passes(self, clerk: Account) -> None:
        key = registered(clerk)
        for _ in range(2):
            key.count = -1
            check_key(clerk, key.proves(new_challenge()), visit=VISIT, at=AT)

    @pytest.mark.parametrize(
        "bend",
        [
            pytest.param(
                lambda key, asked: replace(key.proves(asked), challenge=new_challenge()), id="other-challenge"
            ),
            pytest.param(lambda key, asked: replace(key, origin="http://localhost").proves(asked), id="other-origin"),
            pytest.param(lambda key, asked: replace(key, site="evil.example").proves(asked), id="other-site"),
            pytest.param(lambda key, asked: replace(key, flags=VERIFIED).proves(asked), id="nobody-present"),
            pytest.param(lambda key, asked: key.proves(asked, signed_by=SoftwareKey()), id="other-key"),
            pytest.param(lambda key, asked: replace(key, ident=b"?" * 32).proves(asked), id="unknown-key"),
            pytest.param(lambda key, asked: replace(key, handle="AAAA").proves(asked), id="other-person"),
            pytest.param(lambda key, asked: key.registers(asked), id="a-registration"),
            pytest.param(lambda key, asked: Answer(text="", challenge=asked), id="nothing"),
            pytest.param(lambda key, asked: Answer(text="[]", challenge=asked), id="a-list"),
            pytest.param(lambda key, asked: Answer(text='{"id":1,"response":{}}', challenge=asked), id="a-stub"),
            pytest.param(lambda key, asked: Answer(text='"' + "x" * 30_000 + '"', challenge=asked), id="too-long"),
        ],
    )
    def test_bent_in_one_place_is_refused(self, clerk: Account, bend: Callable[[SoftwareKey, bytes], Answer]) -> None:
        key = registered(clerk)
        with pytest.raises(NotPossible, match="key_wrong"):
            check_key(clerk, bend(key, new_challenge()), visit=VISIT, at=AT)

    def test_with_the_key_of_somebody_else_is_refused(self, clerk: Account, city: City) -> None:
        key = registered(city.accounts["李伟"])
        with pytest.raises(NotPossible, match="key_wrong"):
            check_key(clerk, key.proves(new_challenge()), visit=VISIT, at=AT)

    def test_refused_five_times_locks_as_wrong_codes_do(self, clerk: Account) -> None:
        key = registered(clerk)
        for _ in range(5):
            with pytest.raises(NotPossible, match="key_wrong"):
                check_key(clerk, replace(key, origin="http://x").proves(new_challenge()), visit=VISIT, at=AT)
        with pytest.raises(NotPossible, match="locked"):
            check_key(clerk, key.proves(new_challenge()), visit=VISIT, at=AT)
        check_key(clerk, key.proves(new_challenge()), visit=VISIT, at=AT + timedelta(minutes=10))

    def test_asks_for_the_keys_of_the_person_alone(self, clerk: Account, city: City) -> None:
        registered(clerk)
        registered(city.accounts["李伟"])
        assert len(proving_options(clerk, new_challenge())["allowCredentials"]) == 1
        assert proving_options(None, new_challenge())["allowCredentials"] == []


class TestACopy:
    def test_with_a_counter_gone_back_blocks_the_key_and_tells(self, clerk: Account) -> None:
        key = registered(clerk)
        key.count = 40
        check_key(clerk, key.proves(new_challenge()), visit=VISIT, at=AT)
        copy = replace(key, count=12)
        with pytest.raises(NotPossible, match="key_cloned"):
            check_key(clerk, copy.proves(new_challenge()), visit=VISIT, at=AT)
        assert outcomes(clerk)[-1] == "cloned"
        assert SecurityNotice.objects.filter(account=clerk, code="cloned").exists()
        with pytest.raises(NotPossible, match="key_wrong"):
            check_key(clerk, key.proves(new_challenge()), visit=VISIT, at=AT)
        assert SecurityKey.objects.get().blocked_at == AT

    def test_cannot_be_pretended_without_the_signature(self, clerk: Account) -> None:
        """Else anybody who knows the password could block the keys of others."""
        key = registered(clerk)
        key.count = 40
        check_key(clerk, key.proves(new_challenge()), visit=VISIT, at=AT)
        with pytest.raises(NotPossible, match="key_wrong"):
            check_key(clerk, replace(key, count=3).proves(new_challenge(), signed_by=SoftwareKey()), visit=VISIT, at=AT)
        assert SecurityKey.objects.get().blocked_at is None


class TestWithoutAPassword:
    def test_a_citizen_is_known_by_the_passkey(self, citizen: Account) -> None:
        key = registered(citizen)
        assert sign_in_with_passkey(key.proves(new_challenge()), visit=VISIT, at=AT).pk == citizen.pk

    def test_the_device_must_have_checked_its_owner_and_say_whose_it_is(self, citizen: Account) -> None:
        key = registered(citizen)
        for bent in (replace(key, flags=PRESENT), replace(key, handle="")):
            with pytest.raises(NotPossible, match="key_wrong"):
                sign_in_with_passkey(bent.proves(new_challenge()), visit=VISIT, at=AT)

    def test_staff_are_not_let_in_by_a_key_alone(self, clerk: Account) -> None:
        key = registered(clerk)
        with pytest.raises(NotPossible, match="key_wrong"):
            sign_in_with_passkey(key.proves(new_challenge()), visit=VISIT, at=AT)

    def test_a_removed_key_opens_nothing(self, citizen: Account) -> None:
        key = registered(citizen)
        second_factors.remove(citizen, kind="key", row=SecurityKey.objects.get().pk, visit=VISIT, at=AT)
        with pytest.raises(NotPossible, match="key_wrong"):
            sign_in_with_passkey(key.proves(new_challenge()), visit=VISIT, at=AT)


class TestTheLastFactor:
    def test_of_staff_stays(self, clerk: Account) -> None:
        enrol_totp(clerk, secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
        with pytest.raises(NotPossible, match="last_factor"):
            second_factors.remove(clerk, kind="app", row=0, visit=VISIT, at=AT)
        registered(clerk)
        second_factors.remove(clerk, kind="app", row=0, visit=VISIT, at=AT)
        with pytest.raises(NotPossible, match="last_factor"):
            second_factors.remove(clerk, kind="key", row=SecurityKey.objects.get().pk, visit=VISIT, at=AT)

    def test_of_another_person_cannot_be_named(self, clerk: Account, city: City) -> None:
        registered(city.accounts["李伟"])
        with pytest.raises(NotPossible, match="already_ended"):
            second_factors.remove(clerk, kind="key", row=SecurityKey.objects.get().pk, visit=VISIT, at=AT)

    def test_is_taken_by_an_administrator_alone(self, clerk: Account) -> None:
        registered(clerk)
        second_factors.reset_factors(clerk, by="p-9", at=AT)
        assert not second_factors.has_second(clerk)
        assert SignIn.objects.get(outcome="removed").by == "p-9"
