"""Skips that nobody can overlook: what was not run stands in yellow at the foot of the report."""

from collections import Counter
from typing import Final, NoReturn

import pytest

MARK: Final = "NOT RUN: "


def skip_loudly(reason: str) -> NoReturn:
    pytest.skip(f"{MARK}{reason}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counted: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if MARK in reason:
            counted[reason.partition(MARK)[2]] += 1
    if not counted:
        return
    terminalreporter.section("NOT RUN", yellow=True, bold=True)
    for reason, times in counted.items():
        terminalreporter.write_line(f"{times} tests: {reason}", yellow=True)
