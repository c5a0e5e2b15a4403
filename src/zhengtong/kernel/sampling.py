"""Draws (随机抽查): a sample of a population by a seed that was published before the population was fixed.

Everything is put in order of SHA-256(seed ‖ newline ‖ name) and the first so many are taken: nobody chooses, and
anybody who has the seed and the names draws the same again with nothing but a hash function.

Source: DOMAIN 4.5; CAPABILITIES S-96, S-192
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One thing drawn: its place in the draw (from 1), its name and the hash that put it there."""

    place: int
    name: str
    hash: str


def draw(seed: str, names: Iterable[str], count: int) -> tuple[Drawn, ...]:
    """The sample, in order of the draw; all of a population smaller than `count`.

    Names given twice count once; the order in which they are given does not matter.

    Raises:
        ValueError: a negative count, or an empty seed (anybody could have chosen it).
    """
    if count < 0 or not seed:
        raise ValueError("a draw needs a seed and a count of none or more")
    ordered = sorted((hash_of(seed, name), name) for name in set(names))
    return tuple(Drawn(place=n, name=name, hash=code) for n, (code, name) in enumerate(ordered[:count], 1))


def hash_of(seed: str, name: str) -> str:
    """What a name is ordered by."""
    return sha256(f"{seed}\n{name}".encode()).hexdigest()


def digest_of_population(names: Iterable[str]) -> str:
    """What fixes a population: the hash of its names, each once, in order, one a line."""
    return sha256("\n".join(sorted(set(names))).encode()).hexdigest()


def is_the_draw(seed: str, names: Iterable[str], drawn: Iterable[str]) -> bool:
    """Whether these names, in this order, are what the seed draws."""
    taken = tuple(drawn)
    return tuple(each.name for each in draw(seed, names, len(taken))) == taken
