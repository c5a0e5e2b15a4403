"""The ledger is tested on its own: without the reactions and handlers of the rooms above it."""

from collections.abc import Iterator

import pytest

from zhengtong.ledger import installed


@pytest.fixture(autouse=True)
def bare_wiring() -> Iterator[None]:
    before = installed.installed()
    installed.put_back(installed.Installed())
    yield
    installed.put_back(before)
