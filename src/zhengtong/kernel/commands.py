"""What somebody asks for (请求): an act with its inputs, and the numbers drawn for what it may bring forth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from zhengtong.kernel.authority import Actor
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.events import Inputs

Hash: TypeAlias = Callable[[bytes], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialGiven:
    """One material handed in with an act; the commitment covers its content."""

    material: str
    form: str
    commitment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One request. Sealed words are not in it, only their commitments; `parties` holds opaque references.

    `happened_at` makes a late entry of it. `onto` is the newer law of a rebinding. `channel` and `parent` are
    read by opening acts only.
    """

    act: str
    actor: Actor
    inputs: Inputs
    key: str | None
    hash: Callable[[bytes], str]
    sealed: Mapping[str, str] = field(default_factory=dict)
    parties: Mapping[str, str] = field(default_factory=dict)
    materials: tuple[MaterialGiven, ...] = ()
    happened_at: datetime | None = None
    serials: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    branch: str | None = None
    channel: str = ""
    parent: str | None = None
    onto: Bound | None = None


class SerialsShort(LookupError):
    """More numbers were needed than were drawn: ask `find_serials` for the same instant first."""


@dataclass(slots=True)
class Serials:
    """The numbers drawn before deciding, handed out in order; a dry run makes them up and remembers what it needed."""

    drawn: Mapping[str, tuple[str, ...]] | None
    taken: list[str] = field(default_factory=list)

    def take(self, key: str) -> str:
        """The next number of a key.

        Raises:
            SerialsShort: none is left.
        """
        n = self.taken.count(key)
        self.taken.append(key)
        if self.drawn is None:
            return f"{key}#{n + 1}"
        numbers = self.drawn.get(key, ())
        if n >= len(numbers):
            raise SerialsShort(key)
        return numbers[n]
