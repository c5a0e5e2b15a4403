"""The town of this room's tests, wired as the site is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cases.desk import at_desk as at_desk
from tests.cases.town import Town, build_town, publish_licence
from zhengtong.ledger.installed import installed, put_back
from zhengtong.site.wiring import wire


@pytest.fixture
def town(city_db: Path) -> Iterator[Town]:
    before = installed()
    wire()
    yield build_town()
    put_back(before)


@pytest.fixture
def licence(town: Town) -> Town:
    publish_licence()
    return town
