"""The same history, the same findings: whatever the seed of hashes, whatever the order of rules and of cases."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.simulation.conftest import Town

TOLD = Path(__file__).with_name("told_of_a_town.py")


def test_two_interpreters_tell_the_same(in_town: Town) -> None:
    until = in_town.lived.until
    assert until is not None
    words = [sys.executable, str(TOLD), in_town.size.first.isoformat(), until.isoformat()]
    environment = {
        **os.environ, "ZHENGTONG_HOME": str(in_town.home), "DATABASE_URL": in_town.url,
        "DJANGO_SETTINGS_MODULE": "zhengtong.site.settings",
    }  # fmt: skip
    runs = [
        subprocess.Popen([*words, backwards], env={**environment, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE)
        for seed, backwards in (("1", "0"), ("4711", "1"))
    ]
    one, other = (run.communicate(timeout=300)[0].decode() for run in runs)
    assert [run.returncode for run in runs] == [0, 0]
    lines = one.splitlines()
    assert {json.loads(line)["rule"][:2] for line in lines} == {"SJ", "XW", "MS"}
    assert lines == other.splitlines()
