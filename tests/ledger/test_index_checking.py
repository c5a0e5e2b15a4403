"""Blind indexes: one that was changed, moved, added or taken away is found; one of an erased row, too."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from tests.ledger.stories import FOLDS, NOON, calendar, event, licence, open_case
from zhengtong.kernel.events import Noted
from zhengtong.ledger import sealing
from zhengtong.ledger.index_checking import find_misindexed, find_unclaimed
from zhengtong.ledger.record import Entry, Recorded, new_key, record_entry

CARD = {"name": "张三", "phone": "13800000000"}


def found_by(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        yield "name", value["name"]


def noted(case: Recorded, value: object, *index: tuple[str, str]) -> Recorded:
    row = sealing.seal("words", value, index=index)
    events = (event(case.seq + 1, Noted(sealed={"words": row.commitment})),)
    return record_entry(
        Entry(
            case=case.ref, bound=licence(), before=case.state, events=events, key=new_key(NOON), sealed=[row],
            calendar=calendar(), now=NOON,
        ),
        folds=FOLDS,
    )  # fmt: skip


@pytest.fixture
def case(ledger_db: str) -> Recorded:
    return noted(noted(open_case("n-1"), CARD, ("name", "张三")), "看过")


def execute(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))


def codes() -> list[str]:
    return [fault.code for fault in (*find_unclaimed(), *find_misindexed(found_by))]


def test_what_record_wrote_fits(case: Recorded) -> None:
    assert codes() == []
    assert list(find_misindexed()) == []


def test_a_changed_index_is_named(case: Recorded) -> None:
    execute("UPDATE ledger_sealed_index SET hmac = %s", sealing.blind("name", "李四"))
    assert [(fault.code, fault.where) for fault in find_misindexed()] == [("index_changed", "case n-1 seq 3")]
    assert codes() == ["index_changed", "index_missing"]


def test_a_missing_index_is_named(case: Recorded) -> None:
    execute("DELETE FROM ledger_sealed_index")
    assert codes() == ["index_missing"]


def test_an_index_of_a_word_that_is_none_to_be_found_by_is_named(case: Recorded) -> None:
    execute("UPDATE ledger_sealed_index SET hmac = %s", sealing.blind("name", CARD["phone"]))
    assert codes() == ["index_changed", "index_missing"]


def test_an_index_moved_to_another_row_is_named(case: Recorded) -> None:
    execute("UPDATE ledger_sealed_index SET seq = 4")
    assert codes() == ["index_missing", "index_changed"]


def test_an_index_of_no_row_is_named_without_any_key(case: Recorded) -> None:
    execute("UPDATE ledger_sealed_index SET sealed_field = %s", "other")
    assert [(fault.code, fault.where) for fault in find_unclaimed()] == [("index_unclaimed", "case n-1 seq 3")]


def test_the_command_says_what_it_did_not_check(case: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify", "--closed")
    assert "blind indexes was not checked" in capsys.readouterr().out
    execute("UPDATE ledger_sealed_index SET hmac = %s", sealing.blind("name", "李四"))
    with pytest.raises(SystemExit):
        call_command("verify")
    assert "case n-1 seq 3: index_changed" in capsys.readouterr().out
