"""The ground (地面) that patterns stand on: which windows, posts, items and departments there are, also those to which
nobody came. Whoever calls reads it from the catalogue and the organisation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from zhengtong.kernel.supervision.rules import Whose


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A window, post, item, unit or department by code, with the days it exists on (None: always)."""

    dept: str = ""
    since: date | None = None
    until: date | None = None

    def lasts(self, first: date, last: date) -> bool:
        """Whether it is there on every day from the first to the last."""
        return (self.since is None or self.since <= first) and (self.until is None or self.until >= last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What there is in a period. `windows` are the window posts some item names; `parents` gives the department of each
    unit; `joint` holds the items that some theme of joint approval (一件事) has as its members.
    """

    windows: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))
    posts: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))
    items: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))
    units: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))
    departments: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))
    parents: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    joint: frozenset[str] = frozenset()

    def department_of(self, code: str) -> str:
        """The department of a unit; a department is its own."""
        return self.parents.get(code, code)

    def places(self, whose: Whose) -> Mapping[str, Place]:
        """Everything of one kind that there is."""
        match whose:
            case Whose.WINDOW:
                return self.windows
            case Whose.POST:
                return self.posts
            case Whose.ITEM:
                return self.items
            case Whose.UNIT:
                return self.units
            case Whose.DEPARTMENT:
                return self.departments
        return {}
