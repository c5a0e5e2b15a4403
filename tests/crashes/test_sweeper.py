"""The sweeper of supervision killed (kill -9) at any moment: no card twice, no finding lost, no half of a card.

Each kill is on a day of its own. Tasks wait past the limit of their first step; the worker's round watches them and
issues cards. What was left behind is what one sweep that nobody kills leaves.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from tests.crashes import processes
from tests.crashes.checking import check_whole
from tests.supervision import watched
from tests.supervision.watched import MONDAY, RULES
from zhengtong.kernel.events import Linked
from zhengtong.kernel.states import fold
from zhengtong.ledger import installed
from zhengtong.ledger.history import load
from zhengtong.ledger.models.cases import Case
from zhengtong.site.wiring import wire
from zhengtong.supervision.models import Card, Run, Signal, Watched
from zhengtong.supervision.sweeping import sweep

DAY = timedelta(days=1)
TASKS = 2


@pytest.fixture
def city(crash_db: str) -> str:
    installed.put_back(installed.Installed())
    wire()
    watched.build()
    return crash_db


def test_killed_while_sweeping(
    city: str, own_home: Path, kills: int, record_property: Callable[[str, object], None]
) -> None:
    dice, today, made, at_work = random.Random(kills), MONDAY, 0, 0
    lasts = 0.0
    for n in range(kills + 1):
        watched.tasks(TASKS, today)
        made += TASKS
        today += 7 * DAY
        if n == 0:
            lasts = _seconds_of_a_sweep(today)
            continue
        pid = processes.start(lambda at=today: _sweep(at))  # type: ignore[misc]  # bound in this turn of the loop
        time.sleep(dice.uniform(0.0, lasts * 1.1))
        at_work += processes.kill(pid)
    done = sweep(today + DAY, rules=RULES)
    assert done.failed == ()
    _check(made)
    again = sweep(today + DAY, rules=RULES)
    assert again.cards == 0
    _check(made)
    assert at_work > kills // 3
    counts = f"{kills} kills, {at_work} of them at work, {made} late tasks, {Card.objects.count()} cards"
    record_property("counts", counts)
    print(city, counts)


def _sweep(at: datetime) -> None:
    done = sweep(at, rules=RULES)
    assert done.failed == ()


def _seconds_of_a_sweep(at: datetime) -> float:
    began = time.monotonic()
    assert processes.end(processes.start(lambda: _sweep(at))) == 0
    return time.monotonic() - began


def _check(made: int) -> None:
    """Each late task has one yellow card, superseded, and one red card; each is linked; every row says so."""
    tasks = dict(Case.objects.filter(procedure="supervised_task").values_list("number", "id"))
    assert len(tasks) == made
    cards = list(Card.objects.all())
    counted = Counter((card.about, card.issued_level) for card in cards)
    assert counted == {(number, level): 1 for number in tasks for level in ("yellow", "red")}
    assert Case.objects.filter(procedure="card").count() == len(cards)
    assert {card.outcome for card in cards if card.issued_level == "yellow"} == {"superseded"}
    assert {card.outcome for card in cards if card.issued_level == "red"} == {""}
    by_number = {card.number: card for card in cards}
    for number, case_id in tasks.items():
        links = [event.body.other for event in load(case_id) if isinstance(event.body, Linked)]
        assert sorted(links) == sorted(card.number for card in cards if card.about == number)
    for signal in Signal.objects.filter(subject__in=tasks):
        assert by_number[signal.card].signal == signal.key
    assert Watched.objects.filter(number__in=tasks).count() == made
    for card in cards:
        assert fold(load(card.case_id)).number == card.number
    assert Run.objects.filter(done=True).exists()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT key FROM ledger_event WHERE key IS NOT NULL "
            "GROUP BY case_id, key HAVING count(*) > 1) AS twice"
        )
        assert cursor.fetchone()[0] == 0
    check_whole()
