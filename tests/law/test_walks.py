"""Invariants of every procedure under every set of options, by random walks (PROCEDURES §12)."""

import pytest

from tests.law.walks import bounds_of, own_acts, walk_many
from zhengtong.law.procedure_files import codes

COUNT, MANY = 400, 10_000


@pytest.mark.parametrize("code", codes())
class TestRandomWalks:
    def test_keep_the_invariants(self, code: str) -> None:
        assert walk_many(code, COUNT, seed=1) <= own_acts(code) | {"ask_consent"}

    def test_can_begin_under_every_set_of_options(self, code: str) -> None:
        assert bounds_of(code)


@pytest.mark.long
@pytest.mark.parametrize("code", codes())
class TestManyWalks:
    def test_keep_the_invariants_and_do_every_act(self, code: str) -> None:
        assert own_acts(code) - walk_many(code, MANY, seed=2) == set()
