"""The city of this room's tests."""

from pathlib import Path

import pytest

from tests.accounts.cast import City, build_city


@pytest.fixture
def city(city_db: Path) -> City:
    return build_city()
