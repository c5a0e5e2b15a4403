"""What pages keep is bounded, and never of a head that has moved on."""

from tests.ledger.stories import open_case
from zhengtong.cases import kept
from zhengtong.ledger.models.cases import Case


class TestKept:
    def test_forgets_what_was_used_longest_ago(self) -> None:
        some: kept.Kept[int, str] = kept.Kept(2)
        some.keep({1: "a", 2: "b"})
        assert some.take([1]) == {1: "a"}
        some.keep({3: "c"})
        assert some.take([1, 2, 3]) == {1: "a", 3: "c"}
        some.forget()
        assert some.take([1, 3]) == {}


class TestStatesOf:
    def test_are_not_kept_under_a_head_that_is_no_longer_theirs(self, ledger_db: str) -> None:
        kept.forget()
        case = Case.objects.get(pk=open_case("n-1").case_id)
        old = Case.objects.get(pk=case.pk)
        old.last_seq -= 1  # read before somebody acted
        assert kept.states_of([old])[case.pk].last_seq == case.last_seq
        assert kept._states.take([kept.head_of(old)]) == {}
        assert kept.states_of([case])[case.pk].number == "n-1"
        assert set(kept._states.take([kept.head_of(case)])) == {kept.head_of(case)}
