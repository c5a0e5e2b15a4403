"""A draw is the same for everybody, depends on nothing but seed and names, and favours none of them."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhengtong.kernel.sampling import digest_of_population, draw, hash_of, is_the_draw

NAMES = [f"51019926{n:06d}" for n in range(60)]
names = st.lists(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=12), max_size=30)


@settings(max_examples=60)
@given(names, st.randoms(use_true_random=False), st.integers(0, 40))
def test_order_and_repetition_change_nothing(given_names: list[str], chance: object, count: int) -> None:
    shuffled = [*given_names, *given_names[:3]]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    assert draw("seed", shuffled, count) == draw("seed", given_names, count)
    assert digest_of_population(shuffled) == digest_of_population(given_names)


@settings(max_examples=60)
@given(names, st.integers(0, 40))
def test_a_smaller_draw_is_the_beginning_of_a_larger(given_names: list[str], count: int) -> None:
    larger = draw("seed", given_names, count + 1)
    assert draw("seed", given_names, count) == larger[:count]
    assert len(larger) == min(count + 1, len(set(given_names)))
    assert is_the_draw("seed", given_names, [each.name for each in larger])


def test_every_name_is_drawn_as_often_as_any_other() -> None:
    """3000 draws of 6 out of 60: each name 300 times, give or take; chi square of 59 degrees stays under 110."""
    seen: Counter[str] = Counter()
    pairs: Counter[bool] = Counter()
    for n in range(3000):
        taken = {each.name for each in draw(f"seed {n}", NAMES, 6)}
        seen.update(taken)
        pairs[NAMES[0] in taken and NAMES[1] in taken] += 1
    assert sum((seen[name] - 300) ** 2 / 300 for name in NAMES) < 110
    assert 8 <= pairs[True] <= 50  # two given names together: 6·5 / 60·59 of the draws, about 25


def test_the_recipe_on_the_page_is_the_draw() -> None:
    import hashlib

    by_hand = sorted(NAMES, key=lambda name: hashlib.sha256(b"ab12\n" + name.encode()).hexdigest())[:5]
    assert [each.name for each in draw("ab12", NAMES, 5)] == by_hand
    assert draw("ab12", NAMES, 1)[0].hash == hash_of("ab12", by_hand[0])


def test_another_seed_draws_others_and_a_changed_sample_is_seen() -> None:
    first, second = ([each.name for each in draw(seed, NAMES, 8)] for seed in ("one", "two"))
    assert first != second
    assert not is_the_draw("one", NAMES, second)
    assert not is_the_draw("one", NAMES, [first[1], first[0], *first[2:]])
    assert not is_the_draw("one", [*NAMES, "added"], [*first[:-1], "added"])


def test_without_a_seed_nothing_is_drawn() -> None:
    with pytest.raises(ValueError, match="seed"):
        draw("", NAMES, 3)
