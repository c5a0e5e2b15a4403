"""Recomputing and the survey of patterns killed (kill -9) at any moment: every open case ends judged by the new law,
differences are listed once, no act and no card is touched, and no pattern is found or carded twice."""

import random
import time
from datetime import date, datetime, timedelta
from functools import partial

import pytest

from tests.crashes import processes
from tests.crashes.checking import check_whole
from tests.supervision import watched
from tests.supervision.test_recomputing import ledger_events, running_task, with_days_off
from tests.supervision.watched import HOUR, MONDAY, YELLOW, rule
from zhengtong.kernel.supervision.rules import Clears, Family, Level, Operator, Period, Receiver, Rule, Scope, Whose
from zhengtong.kernel.terms import law_day
from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger import installed
from zhengtong.ledger.models.cases import Case
from zhengtong.site.wiring import wire
from zhengtong.supervision import recomputing
from zhengtong.supervision.editions import law_now
from zhengtong.supervision.models import Card, Difference, Signal, Watched
from zhengtong.supervision.recomputing import recompute_round
from zhengtong.supervision.surveying import survey
from zhengtong.supervision.sweeping import sweep, watch_round

TASKS = 24
KILLS = 6


@pytest.fixture
def city(crash_db: str) -> str:
    installed.put_back(installed.Installed())
    wire()
    watched.build()
    return crash_db


def test_killed_while_recomputing(city: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing, "AT_ONCE", 2)
    monkeypatch.setattr(recomputing, "A_ROUND", 4)
    made = [running_task(MONDAY, n) for n in range(TASKS)]
    at = MONDAY + 4 * HOUR
    watch_round(at)
    watch_round(at)
    due = Case.objects.get(pk=made[0]).due_at
    assert due is not None
    off = [due.date() - timedelta(days=n) for n in range(1, KILLS + 2)]
    dice, at_work, events, cards = random.Random(5), 0, ledger_events(), Card.objects.count()
    lasts = 0.0
    for n in range(KILLS + 1):
        days = (law_day(due - HOUR), *off[:n], date(2026, 3, 3 + n))
        installed.install(calendar_for=partial(with_days_off, *days))
        at += HOUR
        if n == 0:
            began = time.monotonic()
            assert processes.end(processes.start(lambda now=at: _rounds(now))) == 0  # type: ignore[misc]
            lasts = time.monotonic() - began
            continue
        pid = processes.start(lambda now=at: _rounds(now))  # type: ignore[misc]
        time.sleep(dice.uniform(0.0, lasts * 0.7))
        at_work += processes.kill(pid)
        if n % 2:
            _rounds(at + HOUR / 2)
            _check(made, at)
    _rounds(at + HOUR)
    _check(made, at + HOUR)
    assert (ledger_events(), Card.objects.count()) == (events, cards)
    assert at_work > KILLS // 3
    print(city, f"{KILLS} kills, {at_work} of them at work, {Difference.objects.count()} differences listed")
    installed.install(calendar_for=load_calendar)


def _rounds(at: datetime) -> None:
    while recompute_round(at) is not None:
        pass


def _check(made: list[int], at: datetime) -> None:
    """All is as a look at every case leaves it; each run that ended lists what it did."""
    law = law_now(at)
    assert {row.calendar for row in Watched.objects.filter(case_id__in=made)} == {law.calendar_edition}
    for row in Watched.objects.filter(case_id__in=made).select_related("case"):
        assert row.due_at == row.case.due_at
        assert row.due_at is not None
        assert row.due_at > MONDAY
    assert recompute_round(at) is None
    before = list(Watched.objects.order_by("pk").values_list("pk", "due_at", "wake_at", "rests_until"))
    sweep(at + HOUR / 4, everything=True)
    assert list(Watched.objects.order_by("pk").values_list("pk", "due_at", "wake_at", "rests_until")) == before


# ---- patterns ------------------------------------------------------------------------------------------

MANY: Rule = rule(
    "many-yellows", "1 times", Level.RED, family=Family.PATTERN, metric="yellows_issued", operator=Operator.AT_LEAST,
    whose=Whose.DEPARTMENT, period=Period.MONTH, clears=Clears.NEVER, scope=Scope(), receivers=(Receiver.SUPERVISOR,),
)  # fmt: skip


def test_killed_while_surveying(city: str) -> None:
    dice, at_work, today, lasts = random.Random(7), 0, MONDAY, 0.0
    for n in range(KILLS + 1):
        watched.tasks(2, today)
        today += timedelta(days=6)
        for _ in range(2):  # cards are issued, then looked at
            sweep(today, rules=(YELLOW,))
            today += HOUR
        if n == 0:
            began = time.monotonic()
            assert processes.end(processes.start(lambda now=today: _survey(now))) == 0  # type: ignore[misc]
            lasts = time.monotonic() - began
        else:
            pid = processes.start(lambda now=today: _survey(now))  # type: ignore[misc]
            time.sleep(dice.uniform(0.0, lasts * 0.9))
            at_work += processes.kill(pid)
        _survey(today + HOUR)
        today += timedelta(days=25)
    _survey(today)
    found = dict(Signal.objects.filter(rule="many-yellows", gone_at=None).values_list("occasion", "card"))
    assert len(found) >= KILLS
    assert len(set(found.values())) == len(found)
    cards = Card.objects.filter(rule="many-yellows")
    assert {card.number for card in cards} == set(found.values())
    check_whole()
    assert at_work > KILLS // 3
    print(city, f"{KILLS} kills, {at_work} of them at work, {len(found)} months, {len(cards)} cards")


def _survey(at: datetime) -> None:
    survey(at, rules=(MANY,))
