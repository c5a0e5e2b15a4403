"""A fresh town with its wiring, put back afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents.town import Town, build_town
from zhengtong.documents import outside
from zhengtong.ledger import installed


@pytest.fixture
def town(city_db: Path) -> Iterator[Town]:
    before = installed.installed()
    outside.install(query_code=lambda number: "482913")
    yield build_town()
    installed.put_back(before)
