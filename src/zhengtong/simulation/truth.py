"""The truth file (真相文件): what was really wrong, and when. Read by nothing in the product.

Of a case in which something was planted, every limit that was broken is told, whether or not it was the aim: a step
that takes too long may make a promise late as well.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import find_clocks, read_run
from zhengtong.kernel.reckoning import find_lapse
from zhengtong.simulation.irregularities import Kind
from zhengtong.simulation.steps import Life

PRIVATE: Final = 0o600
NO_DUTY: Final = frozenset({"correction", "return"})
"""Limits within which something may be done, and need not be: asking for a supplement, returning an order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One irregularity: of which kind, whose, from when to when, and when it was there to be seen."""

    kind: Kind
    scope: str
    ref: str
    since: datetime | None = None
    until: datetime | None = None
    when: datetime
    note: str = ""

    @property
    def line(self) -> str:
        said: Mapping[str, str | None] = {
            "kind": self.kind.value,
            "family": self.kind.family.value,
            self.scope: self.ref,
            "from": self.since.isoformat() if self.since else None,
            "to": self.until.isoformat() if self.until else None,
            "when": self.when.isoformat(),
            "note": self.note,
        }
        return json.dumps(said, ensure_ascii=False)


def write(path: Path, truths: Iterable[Truth]) -> int:
    """Write them all down, readable by the owner only; how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    count = 0
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "w", encoding="utf-8") as file:
        for truth in truths:
            file.write(f"{truth.line}\n")
            count += 1
    draft.replace(path)
    return count


def broken_limits(life: Life, calendar: Calendar, now: datetime) -> Iterator[Truth]:
    """Every limit of an organ that a case has broken by now, by the clocks of the law."""
    state, bound = life.state, life.bound
    assert state is not None
    runs = [read_run(bound, state, run, calendar, now) for run in state.clocks if run.how != "void"]
    steps = [clock for clock in find_clocks(bound, state, calendar, now) if clock.clock.startswith("step:")]
    for clock in (*runs, *steps):
        if clock.clock in NO_DUTY or (clock.whose not in ("organ", "target") and not clock.clock.startswith("branch:")):
            continue
        if clock.is_late and clock.lapses_at is not None:
            kind = _kind(clock.clock, bound.procedure, state.branches, is_promise=False)
            yield _told(kind, life, clock.lapses_at, clock.clock)
        if clock.is_late_to_promise and clock.promised_lapses_at is not None:
            kind = _kind(clock.clock, bound.procedure, state.branches, is_promise=True)
            yield _told(kind, life, clock.promised_lapses_at, clock.clock)


def _told(kind: Kind, life: Life, when: datetime, clock: str) -> Truth:
    return Truth(kind=kind, scope="case", ref=life.number, when=when, note=clock)


def _kind(clock: str, procedure: str, branches: Mapping[str, object], *, is_promise: bool) -> Kind:
    group = getattr(branches.get(clock.partition(":")[2]), "group", "")
    if clock.startswith("branch:"):
        return Kind.OPINION_SILENT if group == "opinion" else Kind.SPECIAL_OVERRUN
    if clock == "step:dispatched":
        return Kind.HOTLINE_SIGNED_LATE
    if clock.startswith("step:"):
        return Kind.STEP_OVERDUE
    if is_promise:
        return Kind.PROMISE_MISSED
    named = {
        "notice": Kind.ACCEPTANCE_DEEMED if procedure == "licence" else Kind.NOTICE_LATE,
        "delivery": Kind.DELIVERY_LATE, "publicity": Kind.PUBLICITY_LATE, "preliminary": Kind.FORWARDING_LATE,
        "handling": Kind.HOTLINE_LATE, "reply": Kind.DISCLOSURE_LATE,
    }  # fmt: skip
    return named.get(clock, Kind.LIMIT_MISSED)


def lapse_of_silence(life: Life, calendar: Calendar) -> datetime | None:
    """The first instant at which the law would act by itself in this case."""
    state = life.state
    assert state is not None
    lapses = [
        lapse
        for run in state.clocks
        if str(run.status) == "running" and (_deems(life, run.clock) or _is_silent(life, run.clock))
        if (lapse := find_lapse(run, calendar)) is not None
    ]
    return min(lapses, default=None)


def _deems(life: Life, clock: str) -> bool:
    rule = life.bound.clocks.get(clock)
    return rule is not None and rule.deem is not None


def _is_silent(life: Life, clock: str) -> bool:
    if not clock.startswith("branch:") or life.state is None:
        return False
    branch = life.state.branches.get(clock.partition(":")[2])
    rule = life.bound.branches.get(branch.group) if branch is not None else None
    return rule is not None and rule.silence is not None
