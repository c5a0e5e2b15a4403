"""Shown by 3, at the level of the sweep: in whatever order cases are swept, however often and in however many pieces,
the same findings and cards stand; a calendar that comes late changes findings and no acts."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.supervision.test_recomputing import ledger_events, with_days_off
from tests.supervision.test_sweeping import rows
from tests.supervision.watched import HOUR, MONDAY, RULES, drop_task, tasks
from zhengtong.kernel.calendars import Calendar
from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger.history import load_case
from zhengtong.ledger.installed import install
from zhengtong.supervision.editions import law_now
from zhengtong.supervision.models import Signal, Watched
from zhengtong.supervision.watching import watch_case, write_watches

LOOKS = tuple(MONDAY + timedelta(days=days) for days in (1, 3, 7, 9))
QUIET = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)

pytestmark = pytest.mark.usefixtures("under_watch_here")


@pytest.fixture
def cases() -> list[int]:
    made = [task.case_id for task in tasks(4)]
    drop_task(made[0], MONDAY + timedelta(days=4))
    return made


def look(*asked: tuple[int, datetime]) -> None:
    for case_id, at in asked:
        write_watches([watch_case(load_case(case_id), law_now(at, RULES), at)])


def undone(work: Callable[[], Any]) -> Any:
    """What stands after this work, which is then taken back."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM supervision_signal")
        cursor.execute("DELETE FROM supervision_watched")
    work()
    return [{name: value for name, value in row.items() if name != "said_at"} for row in rows(Signal)], rows(Watched)


@QUIET
@given(data=st.data())
def test_order_and_repetition_change_nothing(cases: list[int], data: st.DataObject) -> None:
    """All looks end with the last of each case; older ones come late, some come twice."""
    asked = [(case_id, at) for case_id in cases for at in LOOKS]
    mixed = data.draw(st.permutations(asked)) + data.draw(st.lists(st.sampled_from(asked), max_size=6))
    straight = undone(lambda: look(*asked))
    assert undone(lambda: look(*mixed)) == straight
    assert straight[0]


@QUIET
@given(off=st.sets(st.integers(1, 20), min_size=1, max_size=6))
def test_a_late_calendar_changes_findings_and_no_acts(cases: list[int], off: set[int]) -> None:
    events, at = ledger_events(), LOOKS[1] + HOUR
    late: Calendar = with_days_off(*(date(2026, 3, 2) + timedelta(days=n) for n in off))
    before = undone(lambda: look(*((case_id, at) for case_id in cases)))
    install(calendar_for=lambda: late)
    after = undone(lambda: look(*((case_id, at) for case_id in cases)))
    install(calendar_for=load_calendar)
    assert ledger_events() == events
    if off & {1, 2}:  # within the limit of the step
        assert before[0] != after[0]
    elif min(off) > 3:  # later than the look
        assert before[0] == after[0]
