"""`zhengtong init`: a real installation from bare ground, once."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from zhengtong.accounts import clock
from zhengtong.accounts.models import Account, PostHolding, Territory
from zhengtong.catalogue.queries import published
from zhengtong.kernel.terms import law_day
from zhengtong.ledger import keys
from zhengtong.ledger.triggers import find_missing
from zhengtong.operating.beginning import draw_password
from zhengtong.trail.models import Entry
from zhengtong.trail.verifying import verify_trail

SAID = {
    "region": "519901", "region_name": "云溪区", "document": "云政任〔2026〕1号", "system": "10001:王立",
    "security": "10002:陈思", "audit": "10003：周敏", "base_url": "https://zw.yunxi.example",
}  # fmt: skip


@pytest.fixture
def begun(ledger_db: str, capsys: pytest.CaptureFixture[str]) -> Iterator[dict[str, dict[str, dict[str, str]]]]:
    call_command("init", **SAID, json=True)
    yield json.loads(capsys.readouterr().out)


class TestBegun:
    def test_three_administrators_and_their_first_sign_in(
        self, begun: dict[str, dict[str, dict[str, str]]], capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = {account.duty: account for account in Account.objects.all()}
        assert set(made) == {"system", "security", "audit"}
        assert all(account.password_is_temporary for account in made.values())
        assert not PostHolding.objects.exists()
        for said in begun["administrators"].values():
            client = Client()
            typed = {"typed": said["login"], "password": said["temporary_password"]}
            answer = client.post(reverse("accounts:staff_sign_in"), typed)
            assert answer.status_code == 302
            assert client.get("/admin/").status_code == 302, "the temporary password alone opens something"
        self._is_complete(capsys)
        self._refuses_a_second_time(capsys)

    def _is_complete(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert find_missing() == ()
        assert Territory.objects.get().name == "云溪区"
        today = law_day(clock.now())
        assert published("card", today) == published("hotline_order", today) == 1
        folder = keys.directory()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
        assert modes == {
            "master.key": 0o600, "index.key": 0o600, "accounts.key": 0o600, "root.pem": 0o600, "root.pub": 0o644,
        }  # fmt: skip
        call_command("verify")
        assert "whole" in capsys.readouterr().out

    def _refuses_a_second_time(self, capsys: pytest.CaptureFixture[str]) -> None:
        before = (Account.objects.count(), keys.current().id)
        with pytest.raises(CommandError, match="installation in it already; nothing was changed"):
            call_command("init", **SAID, json=True)
        assert (Account.objects.count(), keys.current().id) == before
        assert capsys.readouterr().out == ""


class TestRefused:
    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"region": "云溪"}, "no code of a territory"),
            ({"audit": "10001:王立"}, "three different people"),
            ({"audit": "10003"}, "a staff number and a name"),
            ({"document": " "}, "document of appointment"),
            ({"base_url": "zw.yunxi.example"}, "no address of a site"),
            ({"region_name": None}, "not given"),
        ],
    )
    def test_what_was_said_wrongly_and_nothing_is_made(
        self, city_db: Path, tmp_path: Path, sqlite_template: Path, changed: dict[str, str | None], words: str
    ) -> None:
        import shutil

        shutil.copyfile(sqlite_template, city_db)  # nobody is here
        shutil.rmtree(keys.directory())
        with pytest.raises(CommandError, match=words):
            call_command("init", **{**SAID, **changed}, json=True)
        assert not Account.objects.exists()
        assert not keys.has_master()

    def test_the_keys_of_another_installation(self, city_db: Path, sqlite_template: Path) -> None:
        import shutil

        shutil.copyfile(sqlite_template, city_db)
        with pytest.raises(CommandError, match="whose database is not here"):
            call_command("init", **SAID, json=True)


def test_the_environment_is_told(ledger_db: str, capsys: pytest.CaptureFixture[str]) -> None:
    if ledger_db != "sqlite":
        return
    call_command("init", **SAID, yes=True)
    told = capsys.readouterr().out
    assert "ZHENGTONG_BASE_URL=https://zw.yunxi.example" in told
    assert "ZHENGTONG_HOSTS=zw.yunxi.example" in told


def test_temporary_passwords_pass_the_rules() -> None:
    drawn = {draw_password() for _ in range(200)}
    assert len(drawn) == 200
    for password in drawn:
        assert any(c.islower() for c in password)
        assert any(c.isupper() for c in password)
        assert any(c.isdigit() for c in password)


class TestRescue:
    def test_lets_an_administrator_in_again_and_leaves_a_trace(
        self, begun: dict[str, dict[str, dict[str, str]]], capsys: pytest.CaptureFixture[str]
    ) -> None:
        account = Account.objects.get(duty="security")
        Account.objects.filter(pk=account.pk).update(totp_enrolled=True, locked_until=clock.now())
        call_command("rescue", account.login, document="云政〔2026〕2号", json=True)
        password = json.loads(capsys.readouterr().out)["temporary_password"]
        account.refresh_from_db()
        assert account.check_password(password) and account.password_is_temporary and not account.totp_enrolled
        entry = Entry.objects.filter(what="account.rescued").get()
        assert entry.login == "operator" and json.loads(entry.said)["document"] == "云政〔2026〕2号"
        assert verify_trail().is_whole

    def test_is_for_administrators_only(self, city_db: Path) -> None:
        with pytest.raises(CommandError, match="no administrator"):
            call_command("rescue", "wj01", document="1")
