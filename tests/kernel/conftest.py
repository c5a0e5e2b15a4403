"""The kernel's tests alone stay under five seconds: random examples are many in sum, not each for itself."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("kernel", max_examples=30, deadline=None)


@pytest.fixture(autouse=True, scope="package")
def few_examples() -> Iterator[None]:
    before = settings.get_current_profile_name()
    settings.load_profile("kernel")
    yield
    settings.load_profile(before)
