"""Authority (职权): which seat may do an act of a case, who holds it, and who may see it.

A person acts at a post (their own, as B role, or by delegation), or as a party. Ranks are read off the
organisation: head of the holding organ, next up, head of the territory's government.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

from zhengtong.kernel.binding import Bound, PostRef
from zhengtong.kernel.events import LAW_PERSON, Standing
from zhengtong.kernel.procedures import ActionRule, RoleKind
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.states import BranchStatus, State

CONSENT: Final = "consent"
"""The built-in branch group of consents (报批)."""
RANKS: Final = ("head", "superior", "government_head")

Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A post somebody sits at. `units`: the unit, then its ancestors, nearest first; the rest: what it ranks over."""

    post: str
    unit: str
    dept: str
    units: tuple[str, ...]
    standing: Standing
    basis: str
    head_of: frozenset[str]
    superior_of: frozenset[str]
    government_of: frozenset[str]
    supervises: frozenset[str]

    @property
    def own_units(self) -> tuple[str, ...]:
        """The unit and what it belongs to, up to its department: a section does not sit in the government above."""
        if self.dept not in self.units:
            return (self.unit,)
        return self.units[: self.units.index(self.dept) + 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person with the seats they may use and the parties they may speak for (reference → basis).

    `letters` holds, for the item at hand, each power that authorisation letters (授权书) in force grant, with the
    posts that may use it; a power no letter speaks of belongs to the posts the item names.
    """

    person: str
    seats: tuple[Seat, ...]
    subjects: Mapping[str, str]
    letters: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))


LAW: Final = Actor(person=LAW_PERSON, seats=(), subjects=MappingProxyType({}))
"""The law itself: deemed acts, and what the system reports by law (a child case's result)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """By which role somebody may act, and as what: at a seat, for a subject, or as the law."""

    role: str
    seat: Seat | None
    subject: str | None
    basis: str

    @property
    def standing(self) -> Standing:
        """As what the person acts: at the seat, as a party, or as the law."""
        if self.seat is not None:
            return self.seat.standing
        return Standing.LAW if self.subject is None else Standing.PARTY


# ---- who may act ----------------------------------------------------------------------------------


def may_act(bound: Bound, state: State | None, act: str, actor: Actor, branch: str | None = None) -> Seat | str | None:
    """The seat, or the subject, by which the actor's role fits the act; None if none does.

    Source: PROCEDURES 10
    """
    grounds = find_grounds(bound, state, act, actor, branch=branch)
    if grounds is None:
        return None
    return grounds.seat or grounds.subject


def find_grounds(  # the opening act names its parties, which no state knows yet
    bound: Bound,
    state: State | None,
    act: str,
    actor: Actor,
    *,
    branch: str | None = None,
    parties: Mapping[str, str] = MappingProxyType({}),
) -> Grounds | None:
    """By which role and seat the actor may do the act; roles in the order of the file, own seats first."""
    rule = bound.actions.get(act)
    if rule is None:
        return None
    if actor.person == LAW_PERSON and (rule.opening or RoleKind.LAW in rule.by):
        return Grounds(role="law", seat=None, subject=None, basis="")
    known = {**parties, **(state.parties if state else {})}  # whose case it is does not change by naming somebody
    for role in _roles_of(rule, state, branch):
        grounds = _fill_role(bound, state, rule, actor, (role, branch, known))
        if grounds is not None:
            return grounds
    return None


def _roles_of(rule: ActionRule, state: State | None, branch: str | None) -> tuple[str, ...]:
    """Who does the act; for a consent, the rank it was asked of."""
    if rule.does != "consent_given" or state is None:
        return rule.by
    asked = [each for each in state.branches.values() if each.group == CONSENT and each.status is BranchStatus.OPEN]
    return tuple(dict.fromkeys(each.to for each in asked if branch in (None, each.branch)))


def _fill_role(
    bound: Bound,
    state: State | None,
    rule: ActionRule,
    actor: Actor,
    asked: tuple[str, str | None, Mapping[str, str]],
) -> Grounds | None:
    role, branch, known = asked
    kind = bound.roles[role].kind if role in bound.roles else RoleKind.TARGET
    if kind is RoleKind.PARTY:
        return _fill_party(role, rule, actor, known)
    if kind is RoleKind.LAW:
        return None
    seats = actor.seats
    if len(seats) > 1:
        seats = tuple(sorted(seats, key=lambda seat: seat.standing is not Standing.OWN))
    for seat in seats:
        if kind is RoleKind.TARGET:
            fits = any(_is_target(seat, to) for to in _find_targets(bound, state, role, rule, branch))
        else:
            fits = holds_role(bound, state, role, seat) and _is_lettered(bound, role, actor, seat)
        if fits:
            return Grounds(role=role, seat=seat, subject=None, basis=seat.basis)
    return None


def _is_lettered(bound: Bound, role: str, actor: Actor, seat: Seat) -> bool:
    """Whether the letters in force let this seat use the role's power; without any letter for it, it may."""
    power = bound.roles[role].power if role in bound.roles else ""
    allowed = actor.letters.get(power) if power else None
    return allowed is None or seat.post in allowed


def _fill_party(role: str, rule: ActionRule, actor: Actor, known: Mapping[str, str]) -> Grounds | None:
    named = tuple(ref for name, ref in known.items() if name.partition("#")[0] == role)
    if role == "party" and role not in known:
        named = tuple(known.values())
    if rule.opening and role not in known:
        named = tuple(actor.subjects)
    for subject in named:
        if subject in actor.subjects:
            basis = actor.subjects[subject]
            return Grounds(role=role, seat=None, subject=subject, basis="" if basis == "own" else basis)
    return None


def holds_role(bound: Bound, state: State | None, role: str, seat: Seat) -> bool:
    """Whether a seat fills a role of kind post, rank or staff in this case."""
    kind = bound.roles[role].kind if role in bound.roles else RoleKind.RANK
    if kind is RoleKind.POST:
        post = find_post(bound, state, role)
        return post is not None and post.post == seat.post
    if kind is RoleKind.RANK:
        return has_rank(bound, state, role, seat)
    return kind is RoleKind.STAFF and _is_staff(bound, state, seat)


def has_rank(bound: Bound, state: State | None, rank: str, seat: Seat) -> bool:
    """Whether a seat has the rank over the organ that holds the case.

    Source: PROCEDURES 7 (role kinds)
    """
    holder = find_holder(bound, state)
    match rank:
        case "head":
            return holder is not None and not seat.head_of.isdisjoint((holder.unit, holder.dept))
        case "superior":
            return holder is not None and holder.unit in seat.superior_of
        case "government_head":
            return bound.region in seat.government_of
        case _:
            post = find_post(bound, state, rank)
            return post is not None and post.post == seat.post


def check_may_assign(bound: Bound, state: State, actor: Actor, role: str, rule: ActionRule) -> None:
    """Refuse to hand on a role that is not the actor's to give: its holder gives it, the item's post, or a rank.

    Raises:
        Refusal: not_your_role.
    """
    if role not in bound.posts and role not in state.assigned:
        return  # the act itself refuses a role that is none
    theirs = {post.post for post in (find_post(bound, state, role), bound.posts.get(role)) if post is not None}
    for seat in actor.seats:
        if seat.post in theirs or any(has_rank(bound, state, rank, seat) for rank in RANKS):
            return
    raise Refusal(RefusalCode.NOT_YOUR_ROLE, {"act": rule.code, "roles": (role,)}, rule.source)


def _is_staff(bound: Bound, state: State | None, seat: Seat) -> bool:
    """On duty in the holder unit, at a post of the case, or ranking over it."""
    holder = find_holder(bound, state)
    if holder is not None and (holder.unit in seat.own_units or holder.post == seat.post):
        return True
    posts = {post.post for post in (*bound.posts.values(), *(state.assigned.values() if state else ()))}
    return seat.post in posts or any(has_rank(bound, state, rank, seat) for rank in RANKS)


def _is_target(seat: Seat, to: str) -> bool:
    return to == seat.post or to in seat.units


def _find_targets(
    bound: Bound, state: State | None, role: str, rule: ActionRule, branch: str | None
) -> tuple[str, ...]:
    """Who fills a target role: a kept unit of that name, else those to whom branches were opened."""
    if state is None:
        return ()
    group = rule.takes or rule.answers or rule.returns or rule.settles
    if group is None:
        unit = state.facts.get(role)
        if isinstance(unit, str):
            return (unit,)
    return tuple(
        each.to
        for each in state.branches.values()
        if each.status is not BranchStatus.SETTLED and branch in (None, each.branch)
        if (each.group == group if group else _goes_to(bound, each.group, role))
    )


def _goes_to(bound: Bound, group: str, role: str) -> bool:
    rule = bound.branches.get(group)
    return rule is not None and rule.to == role


# ---- who holds it ---------------------------------------------------------------------------------


def find_post(bound: Bound, state: State | None, role: str) -> PostRef | None:
    """The post that fills a role in this case: assigned, else the item's."""
    if state is not None and role in state.assigned:
        return state.assigned[role]
    return bound.posts.get(role)


def find_holder(bound: Bound, state: State | None) -> PostRef | None:
    """The post and unit that hold the case now; while a party has it, whoever in the service had it last.

    Source: DESIGN 4
    """
    visited = [visit.state for visit in state.visits] if state else []
    for code in reversed(visited):
        rule = bound.states.get(code)
        if rule is None or rule.holder is None:
            continue
        unit = state.facts.get(rule.holder) if state else None
        kind = bound.roles[rule.holder].kind if rule.holder in bound.roles else None
        if kind is RoleKind.TARGET and isinstance(unit, str):
            return PostRef(post="", unit=unit, dept=unit)
        post = find_post(bound, state, rule.holder)
        if post is not None:
            return post
    return _first_holder(bound)


def _first_holder(bound: Bound) -> PostRef | None:
    held = (bound.posts[rule.holder] for rule in bound.states.values() if rule.holder and rule.holder in bound.posts)
    return next(held, next(iter(bound.posts.values()), None))


# ---- who may see ----------------------------------------------------------------------------------


def find_readers(bound: Bound, state: State) -> frozenset[Key]:
    """The keys of whoever may see the case: its posts, its holder, those asked, its parties, its region's supervisors.

    A consent asked of a rank is a key of its own (`head:`, `superior:` and the unit, `government:` and the region).
    Source: DESIGN 4
    """
    keys: set[Key] = {("post", post.post) for post in bound.posts.values()}  # all of it asked twice an act
    keys.add(("region", bound.region))
    keys.update([("post", post.post) for post in state.assigned.values()])
    keys.update([("subject", subject) for subject in state.parties.values()])
    holder = find_holder(bound, state)
    if holder is not None:
        keys.update({("unit", holder.unit), ("dept", holder.dept)})
    for role, unit in state.facts.items():
        if role in bound.roles and bound.roles[role].kind is RoleKind.TARGET and isinstance(unit, str):
            keys.add(("unit", unit))
    for branch in state.branches.values():
        keys.update(_asked(bound, branch.group, branch.to, holder))
    return frozenset([key for key in keys if key[1]])


def _asked(bound: Bound, group: str, to: str, holder: PostRef | None) -> Iterable[Key]:
    if group != CONSENT:
        return (("post", to), ("unit", to))
    if to == "government_head":
        return (("region", f"government:{bound.region}"),)
    if to in RANKS:
        return () if holder is None else (("unit", f"{to}:{holder.unit}"), ("unit", f"{to}:{holder.dept}"))
    return ()


def reader_keys(actor: Actor) -> frozenset[Key]:
    """The keys by which an actor reads."""
    keys: set[Key] = {("subject", subject) for subject in actor.subjects}
    for seat in actor.seats:
        keys.update({("post", seat.post), ("dept", seat.dept)})
        keys.update(("unit", unit) for unit in seat.own_units)
        keys.update(("unit", f"head:{unit}") for unit in seat.head_of)
        keys.update(("unit", f"superior:{unit}") for unit in seat.superior_of)
        keys.update(("region", f"government:{region}") for region in seat.government_of)
        keys.update(("region", region) for region in seat.supervises)
    return frozenset(keys)


def may_see(actor: Actor, readers: frozenset[Key]) -> bool:
    """Whether the actor shares a key with the readers."""
    return not reader_keys(actor).isdisjoint(readers)


def find_owners(bound: Bound, state: State) -> frozenset[str]:
    """The parties whose case it is: in a role that an opening act names. Any other party was named on the way, as a
    third party (利害关系人) is, and is told where the case stands, not what is in it.

    Source: XKF 36
    """
    opening = {
        each.name
        for rule in bound.actions.values()
        if rule.opening
        for each in rule.inputs
        if each.kind == RoleKind.PARTY
    }
    return frozenset(ref for role, ref in state.parties.items() if role.partition("#")[0] in opening)


def _is_watching(key: Key) -> bool:
    return key[0] == "region" and ":" not in key[1]


def may_watch(bound: Bound, actor: Actor) -> bool:
    """Whether the actor supervises the region of the case: its papers are theirs in the masked face.

    Source: PROCEDURES 10
    """
    return any(bound.region in seat.supervises for seat in actor.seats)


def may_read_all(bound: Bound, state: State, actor: Actor) -> bool:
    """Whether the actor may read the sealed words, materials and papers of the case: its staff, and whose case it is.
    Who only supervises the region sees where the case stands, without sealed identities.

    Source: XKF 5
    """
    seated = frozenset(key for key in reader_keys(actor) if key[0] != "subject" and not _is_watching(key))
    return not (seated.isdisjoint(find_readers(bound, state)) and find_owners(bound, state).isdisjoint(actor.subjects))
