"""The town under supervision, wired as the site is, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cases.town import Town
from tests.supervision import watched
from zhengtong.ledger.installed import installed, put_back
from zhengtong.site.wiring import wire


@pytest.fixture
def under_watch(ledger_db: str) -> Iterator[Town]:
    before = installed()
    wire()
    yield watched.build()
    put_back(before)


@pytest.fixture
def under_watch_here(city_db: Path) -> Iterator[Town]:
    """The same on SQLite only."""
    before = installed()
    wire()
    yield watched.build()
    put_back(before)
