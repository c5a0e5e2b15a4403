"""The small city, kept, put back, moved and watched."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from zhengtong.ledger.installed import installed, put_back
from zhengtong.site.wiring import wire


@pytest.fixture(scope="session")
def city_template(small_city: Path) -> Path:
    return small_city


@pytest.fixture(autouse=True)
def wiring() -> Iterator[None]:
    before = installed()
    wire()
    yield
    put_back(before)
