"""Lists of the docket: a union of limited branches, capped counts, and nothing that is not theirs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext

from tests.ledger.stories import CITIZEN, NOON, open_case
from zhengtong.kernel.authority import Actor, may_see, reader_keys
from zhengtong.ledger import queries
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.queries import (
    OPEN,
    count_each,
    count_up_to,
    find_by_items,
    find_by_number,
    get_case_for,
    items_among,
    items_in,
    page_of,
    places_at,
)

ME = Actor(person=CITIZEN, seats=(), subjects={CITIZEN: "own"})
STRANGER = Actor(person="s-2", seats=(), subjects={"s-2": "own"})
NOBODY = Actor(person="s-3", seats=(), subjects={})

pytestmark = pytest.mark.usefixtures("ledger_db")


class TestGetCaseFor:
    def test_finds_mine(self) -> None:
        case = open_case("n-1")
        assert get_case_for(ME, "n-1").pk == case.case_id

    @pytest.mark.parametrize("number", ["n-1", "n-2", "", "\0", "x" * 100_000, "' OR 1=1 --"])
    def test_absent_and_not_mine_are_alike(self, number: str) -> None:
        open_case("n-1")
        for actor in (STRANGER, NOBODY):
            with pytest.raises(Http404):
                get_case_for(actor, number)


class TestVisibleTo:
    def test_is_the_twin_of_may_see(self) -> None:
        open_case("n-1")
        case = Case.objects.get()
        readers = frozenset(case.readers.values_list("kind", "ref"))
        for actor in (ME, STRANGER, NOBODY):
            assert Case.objects.visible_to(actor).exists() == may_see(actor, readers)
        assert Case.objects.visible_to_keys({("dept", "wj")}).count() == 1
        assert Case.objects.visible_to_keys({("dept", "sc"), ("unit", "wj-sp")}).count() == 1
        assert not Case.objects.visible_to_keys({("post", "wj")}).exists()
        assert set(reader_keys(ME)) & readers

    def test_read_as_starts_from_the_key(self) -> None:
        open_case("n-1")
        assert Case.objects.read_as("subject", CITIZEN).count() == 1
        assert not Case.objects.read_as("subject", "s-2").exists()


UNIT, DEPT = OPEN.where("c.unit = %s", "wj-sp"), OPEN.where("c.dept = %s", "wj")


class TestPageOf:
    def test_is_a_union_in_order_of_due_date(self) -> None:
        late = [open_case(f"n-{n}", at=NOON + timedelta(hours=n)) for n in range(6)]
        Case.objects.filter(pk=late[0].case_id).update(unit="sc", due_at=None)
        Case.objects.filter(pk=late[1].case_id).update(unit="sc", assignee="p-1")
        branches = [
            UNIT, OPEN.where("c.assignee = %s", "p-1"), OPEN.where("c.unit = %s", "sc"), OPEN.one_of("unit", ()),
        ]  # fmt: skip
        assert [case.number for case in page_of(branches, ME, size=3)] == ["n-1", "n-2", "n-3"]
        assert [case.number for case in page_of(branches, ME, size=3, offset=3)] == ["n-4", "n-5", "n-0"]
        assert [case.number for case in page_of(branches, ME, size=2, newest=True)] == ["n-5", "n-4"]
        assert page_of([], ME, size=3) == []

    def test_shows_nothing_to_strangers(self) -> None:
        open_case("n-1")
        for actor in (STRANGER, NOBODY):
            assert page_of([UNIT, DEPT], actor, size=5) == []
            assert count_up_to([UNIT, DEPT], actor) == 0
            assert count_each({"unit": [UNIT]}, actor, cap=5) == {"unit": 0}

    def test_asks_two_questions_whatever_there_is(self) -> None:
        for count in (1, 8):
            for n in range(count):
                open_case(f"n-{count}-{n}")
            with CaptureQueriesContext(connection) as asked:
                page_of([UNIT, DEPT], ME, size=5)
            assert len(asked) == 2

    def test_is_the_same_in_one_statement_and_in_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for n in range(7):
            open_case(f"n-{n}", at=NOON + timedelta(hours=n))
        branches = [OPEN.where("c.number = %s", f"n-{n}") for n in range(7)]
        whole = page_of(branches, ME, size=3, offset=2)
        counted = count_up_to(branches, ME), count_up_to(branches, ME, cap=4)
        monkeypatch.setattr(queries, "AT_ONCE", 2)
        assert page_of(branches, ME, size=3, offset=2) == whole
        assert (count_up_to(branches, ME), count_up_to(branches, ME, cap=4)) == counted == (7, 4)
        assert count_each({"all": branches, "two": branches[:2]}, ME, cap=5) == {"all": 5, "two": 2}


class TestCount:
    def test_is_capped_and_counts_no_case_twice(self) -> None:
        for n in range(5):
            open_case(f"n-{n}")
        both = [UNIT, DEPT]
        assert (count_up_to(both, ME), count_up_to(both, ME, cap=3), count_up_to([], ME)) == (5, 3, 0)


class TestPlacesAt:
    def test_names_each_state_in_which_something_waits(self) -> None:
        cases = [open_case(f"n-{n}").case_id for n in range(4)]
        Case.objects.filter(pk__in=cases).update(unit="wj-sp", post="wj-sp-window", state="received", phase="received")
        Case.objects.filter(pk=cases[1]).update(state="accepted", phase="examining")
        Case.objects.filter(pk=cases[2]).update(post="")
        Case.objects.filter(pk=cases[3]).update(closed_at=NOON)
        found = places_at([("wj-sp", "wj-sp-window"), ("wj-sp", ""), ("wj-sp", "other")])
        assert sorted((place.post, place.state) for place in found) == [
            ("", "received"), ("wj-sp-window", "accepted"), ("wj-sp-window", "received"),
        ]  # fmt: skip
        assert sum(count_up_to([place.branch()], ME) for place in found) == 3
        assert places_at([]) == []


class TestItemsIn:
    def test_names_each_item_once(self) -> None:
        cases = [open_case(f"n-{n}").case_id for n in range(5)]
        for n, case_id in enumerate(cases):
            Case.objects.filter(pk=case_id).update(item=f"item-{n % 3}", dept="wj")
        assert sorted(item for item, _procedure, _version in items_in(["wj", "sc"])) == ["item-0", "item-1", "item-2"]
        assert sorted(items_among([DEPT], ME)) == sorted(items_in(["wj"]))
        assert items_among([DEPT], STRANGER) == items_in([]) == []


class TestFindByItems:
    def test_finds_the_newest_that_may_be_seen(self) -> None:
        cases = [open_case(f"n-{n}", at=NOON + timedelta(hours=n)).case_id for n in range(3)]
        Case.objects.filter(pk=cases[1]).update(item="other")
        item = Case.objects.get(pk=cases[0]).item
        assert [case.pk for case in find_by_items(ME, [item])] == [cases[2], cases[0]]
        assert not find_by_items(STRANGER, [item]).exists()
        assert not find_by_items(ME, []).exists()


class TestFindByNumber:
    def test_finds_by_the_beginning(self) -> None:
        for number in ("510199001", "510199002", "520199001"):
            open_case(number)
        assert [case.number for case in find_by_number(ME, " 510199")] == ["510199001", "510199002"]
        assert not find_by_number(ME, "").exists()
        assert not find_by_number(STRANGER, "510199").exists()
        assert not find_by_number(ME, "%").exists()

    def test_finds_the_same_when_the_range_is_too_wide_to_walk(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for n in range(6):
            open_case(f"51019900{n}", at=NOON + timedelta(hours=n))
        whole = list(find_by_number(ME, "510199"))
        monkeypatch.setattr(queries, "MOST_WALKED", 5)
        assert list(find_by_number(ME, "510199"))[-5:] == whole[-5:]
        assert list(find_by_number(ME, "510199003")) == whole[3:4]
        assert not find_by_number(STRANGER, "510199").exists()
