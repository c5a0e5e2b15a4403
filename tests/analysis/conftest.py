"""The small city, its history copied and measured."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def city_template(small_city: Path) -> Path:
    return small_city
