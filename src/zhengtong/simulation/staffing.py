"""Who acts (谁来办): the kernel's Actor of whoever sits at a post on a day, as `accounts.queries` would make it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from zhengtong.accounts.queries import Organisation
from zhengtong.kernel.authority import Actor, Seat
from zhengtong.kernel.events import Standing
from zhengtong.simulation.organs import Organs, PostPlan, Roster

_NOTHING: frozenset[str] = frozenset()


@dataclass(slots=True)
class Staffing:
    """`refs`: person number → reference; `absences`: (number, first day) → the basis on which a B role acts."""

    organs: Organs
    known: Organisation
    refs: Mapping[str, str]
    absences: Mapping[tuple[str, date], str]
    roster: Roster = field(init=False)
    _held: dict[str, list[PostPlan]] = field(init=False)
    _stands_in: dict[str, list[PostPlan]] = field(init=False)
    _actors: dict[tuple[str, date], Actor] = field(default_factory=dict)
    _seats: dict[str, Seat] = field(default_factory=dict)
    _day: date | None = None

    def __post_init__(self) -> None:
        self.roster = Roster.of(self.organs)
        self._held, self._stands_in = {}, {}
        for post in self.organs.posts:
            self._held.setdefault(post.a, []).append(post)
            if post.b:
                self._stands_in.setdefault(post.b, []).append(post)

    def actor_at(self, post: str, day: date) -> Actor:
        """The actor who sits at a post on a day, with everything else they may act as then."""
        if day != self._day:
            self._actors.clear()
            self._day = day
        number = self.roster.person_at(post, day)
        actor = self._actors.get((number, day))
        if actor is None:
            actor = self._actors[number, day] = self._actor(number, day)
        return actor

    def _actor(self, number: str, day: date) -> Actor:
        own = [self._own(post) for post in self._held.get(number, ())]
        instead = [
            self._seat(post, Standing.B_ROLE, self.absences[away.number, away.first])
            for post in self._stands_in.get(number, ())
            if (away := self.roster.absence(post.a, day)) is not None
        ]
        return Actor(person=self.refs[number], seats=(*own, *instead), subjects={})

    def _own(self, post: PostPlan) -> Seat:
        seat = self._seats.get(post.code)
        if seat is None:
            seat = self._seats[post.code] = self._seat(post, Standing.OWN, "")
        return seat

    def _seat(self, post: PostPlan, standing: Standing, basis: str) -> Seat:
        known, unit = self.known, post.unit
        is_government = post.is_head and known.units[unit].kind == "government"
        return Seat(
            post=post.code, unit=unit, dept=known.dept(unit), units=known.line(unit), standing=standing, basis=basis,
            head_of=known.headed_by(unit) if post.is_head else _NOTHING,
            superior_of=known.under(unit) if post.is_head else _NOTHING,
            government_of=frozenset({known.regions[unit]}) if is_government else _NOTHING,
            supervises=known.regions_within(known.regions[unit]) if post.kind == "supervisor" else _NOTHING,
        )  # fmt: skip
