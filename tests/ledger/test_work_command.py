"""`work` and its neighbours as a person starts them."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.ledger.stories import NOON, open_case
from zhengtong.accounts import clock
from zhengtong.ledger import roots


class TestWork:
    def test_once_signs_the_days_that_are_over(self, ledger_db: str, capsys: pytest.CaptureFixture[str]) -> None:
        case = open_case()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE ledger_case SET wake_at = NULL WHERE id = %s", [case.case_id])
        with clock.fixed(NOON + timedelta(days=2)):
            call_command("work", "--once")
        assert [line.day.isoformat() for line in roots.read_roots()] == ["2026-03-02", "2026-03-03"]
        assert "root of 2026-03-02" in capsys.readouterr().out

    def test_refuses_to_start_without_the_triggers(self, ledger_db: str) -> None:
        on = " ON ledger_event" if ledger_db == "postgres" else ""
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER event_no_delete{on}")
        with pytest.raises(CommandError, match="event_no_delete"):
            call_command("work", "--once")

    def test_ends_cleanly_when_asked(self, city_db: Path, own_home: Path) -> None:
        environment = {
            **os.environ,
            "ZHENGTONG_HOME": str(own_home),
            "DATABASE_URL": f"sqlite:///{city_db}",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "zhengtong", "work", "--every", "60"], env=environment, stderr=subprocess.PIPE
        )
        lock = Path(f"{city_db}-wal")
        until = time.monotonic() + 20
        while not lock.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(1.0)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 0, errors.decode()


def test_sweep_says_what_it_did(ledger_db: str, capsys: pytest.CaptureFixture[str]) -> None:
    with clock.fixed(NOON):
        call_command("sweep", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "cases": 0, "events": 0, "overtaken": 0, "failed": [],
        "watched": {"cases": 0, "findings": 0, "cards": 0, "failed": []},
    }  # fmt: skip


def test_export_writes_a_bundle(ledger_db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_case()
    with clock.fixed(NOON):
        call_command("export", "--bundle", str(tmp_path / "city.jsonl.gz"), "--json")
    assert json.loads(capsys.readouterr().out) == {"bundle": 1, "event": 2, "case": 1}
    call_command("verify", "--bundle", str(tmp_path / "city.jsonl.gz"))
