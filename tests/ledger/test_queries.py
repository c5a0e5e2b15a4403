"""Lists of the docket: a union of limited branches, capped counts, and nothing that is not theirs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext

from tests.ledger.stories import CITIZEN, NOON, open_case
from zhengtong.kernel.authority import Actor, may_see, reader_keys
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.queries import count_up_to, find_by_number, get_case_for, page_of

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


class TestPageOf:
    def test_is_a_union_in_order_of_due_date(self) -> None:
        late = [open_case(f"n-{n}", at=NOON + timedelta(hours=n)) for n in range(6)]
        Case.objects.filter(pk=late[0].case_id).update(unit="sc", due_at=None)
        Case.objects.filter(pk=late[1].case_id).update(unit="sc", assignee="p-1")
        branches = [Case.objects.open().filter(unit="wj-sp"), Case.objects.open().filter(assignee="p-1"),
                    Case.objects.open().filter(unit="sc"), Case.objects.none()]  # fmt: skip
        assert [case.number for case in page_of(branches, size=3)] == ["n-1", "n-2", "n-3"]
        assert [case.number for case in page_of(branches, size=3, offset=3)] == ["n-4", "n-5", "n-0"]
        assert page_of([Case.objects.none()], size=3) == []

    def test_asks_two_questions_whatever_there_is(self) -> None:
        for count in (1, 8):
            for n in range(count):
                open_case(f"n-{count}-{n}")
            with CaptureQueriesContext(connection) as asked:
                page_of([Case.objects.filter(unit="wj-sp"), Case.objects.filter(dept="wj")], size=5)
            assert len(asked) == 2


class TestCount:
    def test_is_capped_and_counts_no_case_twice(self) -> None:
        for n in range(5):
            open_case(f"n-{n}")
        both = [Case.objects.filter(unit="wj-sp"), Case.objects.filter(dept="wj")]
        assert (count_up_to(both), count_up_to(both, cap=3), count_up_to([])) == (5, 3, 0)


class TestFindByNumber:
    def test_finds_by_the_beginning(self) -> None:
        for number in ("510199001", "510199002", "520199001"):
            open_case(number)
        assert [case.number for case in find_by_number(ME, " 510199")] == ["510199001", "510199002"]
        assert not find_by_number(ME, "").exists()
        assert not find_by_number(STRANGER, "510199").exists()
        assert not find_by_number(ME, "%").exists()
