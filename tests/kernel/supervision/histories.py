"""Histories for the tests of supervision: random walks of every procedure cut at each batch; rules of a test's own."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from tests.kernel.stories import VERSION, Story, at, calendar
from tests.kernel.test_walks import walk
from zhengtong.kernel.events import History
from zhengtong.kernel.states import State, fold
from zhengtong.kernel.supervision.findings import Finding
from zhengtong.kernel.supervision.metrics import METRICS
from zhengtong.kernel.supervision.rules import (
    Clears,
    Follow,
    Level,
    Operator,
    Quantity,
    Receiver,
    Rule,
    Scope,
    Stream,
)
from zhengtong.kernel.supervision.watching import find_findings
from zhengtong.kernel.terms import Term
from zhengtong.law import procedure_files
from zhengtong.law.supervision_rules import load_rules

RULES = load_rules()
PROCEDURES = tuple(code for code in procedure_files.codes() if VERSION in procedure_files.versions(code))
SEEDS = range(4)


def rule(metric: str, operator: str, threshold: str, *, repeat: str = "", mends: bool = False, **scope: Any) -> Rule:
    """One rule; lists of its scope as tuples."""
    named: dict[str, Any] = {
        key: frozenset(value) if isinstance(value, tuple) else value for key, value in scope.items()
    }
    return Rule(
        code="T-01",
        version="2026-01-01",
        name="规则",
        family=METRICS[metric].family,
        stream=Stream.CASES,
        scope=Scope(**named),
        metric=metric,
        operator=Operator(operator),
        threshold=Quantity.parse(threshold),
        level=Level.YELLOW,
        follow=Follow.ISSUE,
        receivers=(Receiver.HEAD,),
        repeat=Term.parse(repeat) if repeat else None,
        clears=Clears.MENDED if mends else Clears.NEVER,
        source="JC 8",
    )


def found(story: Story, when: str | datetime, *rules: Rule) -> tuple[Finding, ...]:
    """What rules find in a story at an instant; those of the shelf unless others are given."""
    instant = at(when) if isinstance(when, str) else when
    return find_findings(rules or RULES, story.bound, story.state, calendar(), instant)


@cache
def walked(code: str, seed: int, steps: int = 25) -> Story:
    return walk(code, seed, steps)


def cuts(history: History) -> Iterator[tuple[State, datetime]]:
    """Where a history stood after each of its batches, and when that was written."""
    for n, event in enumerate(history):
        is_last = n + 1 == len(history)
        if is_last or history[n + 1].batch != event.batch:
            yield fold(history[: n + 1]), max(event.recorded_at, event.at)


def days(first: datetime, count: int) -> Iterator[datetime]:
    """Noon of so many days."""
    return (first + timedelta(days=n) for n in range(count))
