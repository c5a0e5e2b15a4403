"""Numbers are drawn once, by whoever asks first, and gaps are honest."""

import threading
from datetime import date

import pytest
from django.db import connection, transaction

from tests.ledger.stories import NOON, open_case
from zhengtong.ledger.numbering import draw_case_numbers, draw_document_numbers, is_case_number
from zhengtong.ledger.sources import DatabaseSource
from zhengtong.ledger.writing import NestedRecord

DAY = date(2026, 3, 2)

pytestmark = pytest.mark.usefixtures("ledger_db")


def test_case_numbers_follow_each_other_within_organ_and_day() -> None:
    first = draw_case_numbers("510199", "007", DAY, 2, now=NOON)
    (third,) = draw_case_numbers("510199", "007", DAY, 1, now=NOON)
    assert [number[:20] for number in (*first, third)] == [f"5101990072603020000{n}" for n in (1, 2, 3)]
    assert all(is_case_number(number) for number in (*first, third))
    assert draw_case_numbers("510199", "008", DAY, 1, now=NOON)[0][15:20] == "00001"


def test_document_numbers_bear_organ_kind_and_year() -> None:
    drawn = draw_document_numbers("document:acceptance", "wj", "清卫受", 2026, 2, now=NOON)
    assert drawn == ("清卫受〔2026〕1号", "清卫受〔2026〕2号")


def test_four_people_draw_no_number_twice() -> None:
    drawn: list[str] = []

    def draw() -> None:
        for _ in range(10):
            drawn.extend(draw_case_numbers("510199", "007", DAY, 1, now=NOON))
        connection.close()

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == 40


def test_unused_numbers_are_gaps() -> None:
    used, unused = draw_case_numbers("510199", "007", DAY, 2, now=NOON)
    open_case(used)
    assert list(DatabaseSource().gaps()) == [unused]


def test_is_refused_inside_an_atomic_block() -> None:
    with transaction.atomic(), pytest.raises(NestedRecord):
        draw_case_numbers("510199", "007", DAY, 1, now=NOON)


def test_nothing_asked_nothing_drawn() -> None:
    assert draw_case_numbers("510199", "007", DAY, 0, now=NOON) == ()
