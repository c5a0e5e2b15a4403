"""The short way from rows to events gives what the long one gives, and refuses what it refuses."""

from dataclasses import fields

import pytest
from django.db import connection

from tests.ledger.bodies import BODIES
from tests.ledger.stories import note, open_case
from zhengtong.ledger import canonical, codec, history
from zhengtong.ledger.chain import to_event


def test_load_gives_the_events_of_the_links(ledger_db: str) -> None:
    case = note(note(open_case("n-1")))
    with connection.cursor() as cursor:
        cursor.execute(f"{history.SELECT} WHERE case_id = %s ORDER BY seq", [case.case_id])
        links = [history.read_link(row) for row in cursor.fetchall()]
    loaded = history.load_case(case.case_id)
    assert loaded.history == tuple(to_event(link) for link in links)
    assert loaded.ref == case.ref
    assert all(event.at.utcoffset() is not None for event in loaded.history)


def test_many_cases_are_read_alike(ledger_db: str) -> None:
    cases = [note(open_case(f"n-{n}")) for n in range(5)]
    ids = sorted(case.case_id for case in cases)
    alone = {case_id: history.load(case_id) for case_id in ids}
    assert history.load_many([*ids, 1]) == alone
    assert {loaded.ref.id: loaded.history for loaded in history.iter_loaded(chunk=2)} == alone
    between = [loaded.ref.id for loaded in history.iter_loaded(chunk=2, after=ids[0], through=ids[3])]
    assert between == ids[1:4]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_a_body_with_a_field_too_few_or_too_many_is_no_body(body: object) -> None:
    kind = type(body).__name__
    stored = canonical.loads(canonical.canonical(codec.encode(body)))  # type: ignore[arg-type]
    assert isinstance(stored, dict)
    for name in (field.name for field in fields(body)):  # type: ignore[arg-type]
        fewer = {key: value for key, value in stored.items() if key != name}
        for wrong in (fewer, {**fewer, "stranger": None}, {**stored, "stranger": None}):
            with pytest.raises(codec.Unreadable):
                codec.decode(kind, codec.edition(kind), wrong)
