"""Who sits where on a day of the history (在岗): the A role, a delegate, or the B role when A is away."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Self

from zhengtong.accounts.models import Absence, Delegation, PostHolding
from zhengtong.accounts.queries import Organisation, actor_of_person, organisation
from zhengtong.kernel.authority import Actor, find_holder, find_post
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.states import State

Span = tuple[int, date, date]
GOVERNMENT_HEAD = "qy-head"


@dataclass(slots=True, kw_only=True)
class Staffing:
    """Holdings, absences and delegations in memory, and the actors they make."""

    known: Organisation
    holders: Mapping[str, Mapping[str, int]]
    absences: tuple[Span, ...]
    delegations: Mapping[str, Span]
    changing: frozenset[int]
    actors: dict[tuple[int, date | None], Actor] = field(default_factory=dict)

    @classmethod
    def read(cls) -> Self:
        holders: dict[str, dict[str, int]] = defaultdict(dict)
        for post, role, person in PostHolding.objects.values_list("post__code", "role", "person_id"):
            holders[post][role] = person
        absences = tuple(Absence.objects.values_list("person_id", "from_on", "until_on"))
        delegations = {
            row[0]: row[1:]
            for row in Delegation.objects.values_list("post__code", "to_person_id", "from_on", "until_on")
        }
        away = {person for person, _since, _until in absences}
        seconds = {roles["B"] for roles in holders.values() if roles.get("A") in away and "B" in roles}
        delegates = {span[0] for span in delegations.values()}
        return cls(
            known=organisation(), holders=holders, absences=absences, delegations=delegations,
            changing=frozenset(seconds | delegates),
        )  # fmt: skip

    def person_at(self, post: str, on: date) -> int:
        """Who acts at a post on a day."""
        delegate = self.delegations.get(post)
        if delegate is not None and delegate[1] <= on <= delegate[2]:
            return delegate[0]
        roles = self.holders[post]
        is_away = any(who == roles["A"] and since <= on <= until for who, since, until in self.absences)
        return roles["B"] if is_away and "B" in roles else roles["A"]

    def actor_at(self, post: str, at: datetime) -> Actor:
        person = self.person_at(post, at.date())
        key = (person, at.date() if person in self.changing else None)
        if key not in self.actors:
            self.actors[key] = actor_of_person(person, at)
        return self.actors[key]

    def post_for(self, role: str, bound: Bound, state: State | None) -> str:
        """The post that fills a role, a rank, or a target role (`unit:hb` names its unit) in a case."""
        if role.startswith("unit:"):
            return self.post_of_unit(role.partition(":")[2])
        post = find_post(bound, state, role)
        if post is not None:
            return post.post
        holder = find_holder(bound, state)
        assert holder is not None
        match role:
            case "head":
                return f"{holder.dept}-head"
            case "superior":
                return f"{self.known.superior(holder.unit)}-head"
            case "government_head":
                return GOVERNMENT_HEAD
            case _:
                return self.post_of_unit(str(state.facts[role]) if state is not None else "")

    def post_of_unit(self, unit: str) -> str:
        """Who answers for a department that was asked something."""
        return f"{unit}-sp-undertake" if f"{unit}-sp-undertake" in self.holders else f"{unit}-head"
