"""The real log of a municipality: figures computed by two independent tools."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.analysis.observe.logs_made import SHARED
from tests.analysis.observe.test_readers import same
from tests.support.loud import skip_loudly
from zhengtong.analysis.reading.xes import read_fast
from zhengtong.analysis.reading.xes_parsing import read_exactly

KNOWN = {
    "cases": 1_434, "events": 8_577, "directly_follows_pairs": 99, "successions": 7_143, "variants": 116,
    "cases_with_rework": 139, "ended": 1_329, "ended_after_deadline": 377, "ended_after_planned": 389, "open": 105,
    "open_past_deadline": 39,
}  # fmt: skip


@pytest.fixture
def receipt() -> Path:
    path = SHARED / "receipt.xes.gz"
    if not path.exists():
        skip_loudly("the shared log receipt.xes.gz is not here (ZHENGTONG_REAL_DATA)")
    return path


def test_has_its_known_figures(receipt: Path, tmp_path: Path) -> None:
    out = StringIO()
    call_command("observe", str(receipt), "--json", "--out", str(tmp_path / "report"), stdout=out)
    said = json.loads(out.getvalue())
    assert {name: said[name] for name in KNOWN} == KNOWN
    assert said["mapping"]["deadline"] == "deadline"
    assert (tmp_path / "report" / "index.html").exists()


def test_is_the_same_by_both_ways(receipt: Path) -> None:
    same(read_fast(receipt), read_exactly(receipt))
