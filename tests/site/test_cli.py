"""The command line tool: what it lists, and what its exit codes mean."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from django.core.management import CommandError, ManagementUtility

from zhengtong import cli

CHECKOUT: Final = Path(__file__).resolve().parents[2]


class TestHelp:
    def test_names_each_command_with_an_example(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["--help"]) == 0
        shown = capsys.readouterr().out
        for entry in cli.ENTRIES:
            assert entry.summary in shown
            assert entry.example in shown

    def test_runs_as_a_module(self, tmp_path: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "src"), "ZHENGTONG_HOME": str(tmp_path)}
        run = subprocess.run(
            [sys.executable, "-m", "zhengtong", "check"], env=environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr


class TestExitCode:
    def test_of_an_unknown_command_is_could_not_with_a_hint(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["migrat"]) == 2
        assert "Did you mean 'migrate'?" in capsys.readouterr().err

    def test_of_a_wrong_option_is_could_not(self) -> None:
        with pytest.raises(SystemExit) as ended:
            cli.main(["messages", "--nonsense"])
        assert ended.value.code == 2

    @pytest.mark.parametrize(
        ("raised", "code"),
        [(CommandError("no"), 2), (CommandError("no", returncode=3), 3), (RuntimeError("a bug"), 2)],
    )
    def test_of_a_failure(self, monkeypatch: pytest.MonkeyPatch, raised: Exception, code: int) -> None:
        class Failing:
            def run_from_argv(self, argv: list[str]) -> None:
                raise raised

        monkeypatch.setattr(ManagementUtility, "fetch_command", lambda self, name: Failing())
        assert cli.main(["check"]) == code

    def test_found_wrong_is_said_by_the_command_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class FindsFault:
            def run_from_argv(self, argv: list[str]) -> None:
                raise SystemExit(1)

        monkeypatch.setattr(ManagementUtility, "fetch_command", lambda self, name: FindsFault())
        with pytest.raises(SystemExit) as ended:
            cli.main(["check"])
        assert ended.value.code == 1

    def test_of_an_unreadable_setting_is_could_not(self, tmp_path: Path) -> None:
        environment = {
            "PYTHONPATH": str(CHECKOUT / "src"),
            "ZHENGTONG_HOME": str(tmp_path),
            "DATABASE_URL": "mysql://localhost/city",
        }
        run = subprocess.run(
            [sys.executable, "-m", "zhengtong", "check"], env=environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 2
        assert "DATABASE_URL begins with 'mysql'" in run.stderr
        assert "Traceback" not in run.stderr
