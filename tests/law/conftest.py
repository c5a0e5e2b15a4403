"""Fixtures of the law room's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.law.shelf import Shelf
from zhengtong.law import overlay


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """A shelf laid over the package's law for one test."""
    before = overlay.local()
    overlay.use_local(tmp_path)
    yield Shelf(tmp_path)
    overlay.use_local(before)
