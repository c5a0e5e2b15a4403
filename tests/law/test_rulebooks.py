"""The figures of protection and retention have one home: settings take defaults and bounds from the rulebooks,
and with a value outside them the site does not start."""

import os
import re
import subprocess
import sys
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
from django.conf import settings

from zhengtong.accounts.rules import SignInRules
from zhengtong.law import overlay
from zhengtong.law.rulebook_files import kept, sign_in_bounds

SIGN_IN_SETTINGS = overlay.PACKAGE.parent / "site" / "sign_in_settings.py"


def test_the_defaults_are_the_rulebooks() -> None:
    rules = settings.ZHENGTONG_SIGN_IN
    assert rules.tries == sign_in_bounds("tries")["default"]
    assert rules.password_age is not None and rules.password_age.days == sign_in_bounds("password_days")["default"]
    assert rules.staff_idle.total_seconds() == 60 * sign_in_bounds("staff_idle_minutes")["default"]
    assert settings.ZHENGTONG_AUDIT_DAYS >= kept("audit_trail").n >= 184


def test_no_figure_stands_beside_them() -> None:
    assert not re.search(
        r"\d{2,}|\b(least|most)=", SIGN_IN_SETTINGS.read_text(encoding="utf-8").split("def read_rules")[1]
    )
    assert [one.name for one in fields(SignInRules) if one.default is not MISSING] == ["openid_file"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("ZHENGTONG_AUDIT_DAYS", "183"), ("ZHENGTONG_PASSWORD_DAYS", "91"), ("ZHENGTONG_LOCK_TRIES", "11")],
)
def test_a_value_beyond_the_bounds_does_not_start(name: str, value: str, tmp_path: Path) -> None:
    env = {**os.environ, "ZHENGTONG_HOME": str(tmp_path), name: value}
    run = subprocess.run(
        [sys.executable, "-c", "import zhengtong.site.settings"], env=env, capture_output=True, text=True, check=False
    )
    assert run.returncode and name in run.stderr
