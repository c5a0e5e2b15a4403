"""English as it stands in the .po files now: compiled before the first test. A mistake in one of them is the business
of tests/architecture/test_translations.py, not of every test."""

import warnings
from pathlib import Path

import pytest

import zhengtong
from zhengtong.site.messages import UnreadablePo, compile_all


def pytest_sessionstart(session: pytest.Session) -> None:
    try:
        compile_all(Path(zhengtong.__file__).parent)
    except UnreadablePo as error:
        warnings.warn(f"translations were not compiled: {error}", stacklevel=1)
