"""Invariants of every procedure under every set of options, by random walks (PROCEDURES §12)."""

import pytest

from tests.law.walks import bounds_of, own_acts, tour_of, walk_many
from zhengtong.law.procedure_files import codes

COUNT, MANY = 400, 10_000


@pytest.mark.parametrize("code", codes())
class TestRandomWalks:
    def test_keep_the_invariants(self, code: str) -> None:
        assert walk_many(code, COUNT, seed=1) <= own_acts(code) | {"ask_consent"}

    def test_can_begin_under_every_set_of_options(self, code: str) -> None:
        assert bounds_of(code)


@pytest.mark.parametrize("code", codes())
class TestTours:
    def test_do_every_act_and_deemed_act_of_the_file(self, code: str) -> None:
        """Invariant 13."""
        assert own_acts(code) <= tour_of(code).done

    def test_come_to_every_state_and_find_the_way_out_of_each(self, code: str) -> None:
        """Invariant 7."""
        assert tour_of(code).states == {state for bound in bounds_of(code) for state in bound.states}


@pytest.mark.long
@pytest.mark.parametrize("code", codes())
class TestManyWalks:
    def test_keep_the_invariants_and_do_every_act(self, code: str) -> None:
        assert own_acts(code) - walk_many(code, MANY, seed=2) == set()
