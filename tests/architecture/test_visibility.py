"""Who sees a case is said once in the kernel and once in SQL; here both are asked about random people and random cases,
on both databases. Every world is drawn from a seed that a failure names."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final

import pytest

from tests.kernel.stories import VERSION, at, calendar, item_of
from zhengtong.accounts.models import (
    Absence,
    Account,
    Agency,
    Delegation,
    Person,
    Post,
    PostHolding,
    Power,
    Subject,
    Territory,
    Unit,
)
from zhengtong.accounts.queries import actor_for, actor_of_person
from zhengtong.kernel.authority import RANKS, Actor, Seat, find_readers, may_see
from zhengtong.kernel.binding import Bound, PostRef, bind
from zhengtong.kernel.events import (
    Acted,
    Assigned,
    Body,
    BranchOpened,
    BranchSettled,
    Event,
    Noted,
    Opened,
    Standing,
)
from zhengtong.kernel.procedures import RoleKind
from zhengtong.kernel.states import fold
from zhengtong.kernel.terms import Term
from zhengtong.law.procedure_files import codes, load_procedure
from zhengtong.ledger import history, installed
from zhengtong.ledger.models.cases import Case, Reader
from zhengtong.ledger.queries import get_case_for
from zhengtong.ledger.record import Entry, new_key, record_entry, record_many

AT: Final = at("2026-03-16")
TODAY: Final = date(2026, 3, 16)
BEGAN: Final = date(2026, 1, 1)
REGIONS: Final = ("510199", "510199001", "510198")
SEEDS: Final = (1, 2, 3)
CASES, PEOPLE, SUBJECTS, STRANGE = 24, 24, 10, 12


@pytest.fixture(autouse=True)
def no_reactions() -> Iterator[None]:
    """Cases here are shuffled facts, of which no paper could be made."""
    before = installed.installed()
    installed.install(reactions=())
    yield
    installed.put_back(before)


@dataclass(frozen=True)
class World:
    posts: tuple[PostRef, ...]
    units: tuple[str, ...]
    subjects: tuple[str, ...]
    actors: tuple[Actor, ...]
    chance: random.Random


# ---- people ---------------------------------------------------------------------------------------


def build_world(seed: int) -> World:
    chance = random.Random(seed)
    units = _organisation(chance)
    posts = tuple(
        Post.objects.create(
            code=f"post-{n}", name=f"岗{n}", unit=unit, is_head=chance.random() < 0.25,
            kind=chance.choice(("window", "approve", "head", "supervisor")),
        )
        for n, unit in enumerate(chance.choices(units, k=30))
    )  # fmt: skip
    people = tuple(Person.objects.create(number=f"{n:04}", name=f"甲{n}") for n in range(PEOPLE))
    for person in people:
        _employ(chance, person, posts, people)
    subjects, accounts = _citizens(chance)
    depts = {unit.code: unit.parent.code if unit.parent and unit.kind == "section" else unit.code for unit in units}
    refs = tuple(PostRef(post=post.code, unit=post.unit.code, dept=depts[post.unit.code]) for post in posts)
    codes_of_units = tuple(unit.code for unit in units)
    actors = (
        *(actor_of_person(person.pk, AT) for person in people),
        *(actor_for(account, AT) for account in accounts),
        *(_strange_actor(chance, refs, codes_of_units, subjects) for _ in range(STRANGE)),
        Actor(person="p-nobody", seats=(), subjects={}),
    )
    return World(posts=refs, units=codes_of_units, subjects=subjects, actors=actors, chance=chance)


def _organisation(chance: random.Random) -> list[Unit]:
    upper = Territory.objects.create(code=REGIONS[0], name="清源区")
    street = Territory.objects.create(code=REGIONS[1], name="文昌街道", parent=upper)
    other = Territory.objects.create(code=REGIONS[2], name="邻区")
    made: list[Unit] = []
    for place in (upper, other, street):
        made.append(Unit.objects.create(code=f"g{place.code}", name="政府", kind="government", territory=place))
        for n in range(chance.randrange(1, 4)):
            organ = Unit.objects.create(
                code=f"d{place.code}-{n}", name="局", kind="department", parent=made[0], territory=place
            )
            sections = [
                Unit.objects.create(code=f"{organ.code}-s{m}", name="科", kind="section", parent=organ, territory=place)
                for m in range(chance.randrange(3))
            ]
            made += [organ, *sections]
    return made


def _employ(chance: random.Random, person: Person, posts: tuple[Post, ...], people: tuple[Person, ...]) -> None:
    for post in chance.sample(posts, k=chance.randrange(3)):
        role = chance.choice("AAB")
        until = chance.choice((None, None, date(2026, 3, 15), date(2026, 3, 16)))
        PostHolding.objects.create(person=person, post=post, role=role, from_on=BEGAN, until_on=until)
        if role == "A" and chance.random() < 0.4:
            _delegate(chance, person, post, people)
    if chance.random() < 0.4:
        first = TODAY + timedelta(days=chance.randrange(-3, 2))
        Absence.objects.create(
            person=person, from_on=first, until_on=first + timedelta(days=chance.randrange(4)), reason="leave",
            registered_by="p-1", registered_at=AT,
        )  # fmt: skip


def _delegate(chance: random.Random, person: Person, post: Post, people: tuple[Person, ...]) -> None:
    Delegation.objects.create(
        post=post, from_person=person, to_person=chance.choice([each for each in people if each != person]),
        from_on=BEGAN, until_on=TODAY + timedelta(days=chance.randrange(-2, 3)), document="委1",
        revoked_at=chance.choice((None, None, AT - timedelta(hours=1), AT + timedelta(hours=1))),
    )  # fmt: skip


def _citizens(chance: random.Random) -> tuple[tuple[str, ...], list[Account]]:
    subjects = [
        Subject.objects.create(
            ref=f"s-{uuid.UUID(int=chance.getrandbits(128))}", kind=chance.choice(("natural", "legal")),
            name=f"乙{n}", created_at=AT,
        )
        for n in range(SUBJECTS)
    ]  # fmt: skip
    for _ in range(SUBJECTS):
        agent, principal = chance.sample(subjects, k=2)
        days = {"from_on": BEGAN, "until_on": TODAY + timedelta(days=chance.randrange(-2, 3))}
        given = {"accepted_at": AT, "accepted_by": "p-1", "revoked_at": chance.choice((None, AT - timedelta(days=1)))}
        Power.objects.create(agent=agent, principal=principal, scope="all", **days, **given)
        agent, firm = chance.sample(subjects, k=2)
        Agency.objects.create(agent=agent, firm=firm, **days, **given)
    accounts = [
        Account.objects.create(login=f"1380000{n:04}", kind="citizen", subject=subject)
        for n, subject in enumerate(subjects)
    ]
    return tuple(subject.ref for subject in subjects), accounts


def _strange_actor(
    chance: random.Random, posts: tuple[PostRef, ...], units: tuple[str, ...], subjects: tuple[str, ...]
) -> Actor:
    """Somebody no organisation would make: any seats, any ranks, codes that hold quotes and colons."""

    def some(of: tuple[str, ...]) -> frozenset[str]:
        return frozenset(chance.sample(of, k=chance.randrange(3)))

    seats = tuple(
        Seat(
            post=chance.choice([post.post for post in posts] + ["' or 1=1 --", "head:wj"]), unit=chance.choice(units),
            dept=chance.choice(units), units=tuple(chance.sample(units, k=chance.randrange(1, 4))),
            standing=chance.choice((Standing.OWN, Standing.B_ROLE, Standing.DELEGATED)), basis="",
            head_of=some(units), superior_of=some(units), government_of=some(REGIONS), supervises=some(REGIONS),
        )
        for _ in range(chance.randrange(3))
    )  # fmt: skip
    return Actor(person="p-strange", seats=seats, subjects=dict.fromkeys(some(subjects), "own"))


# ---- cases ----------------------------------------------------------------------------------------


def random_bound(world: World, code: str) -> Bound:
    chance, procedure = world.chance, load_procedure(code, VERSION)
    held = [role.code for role in procedure.roles.values() if role.kind is RoleKind.POST]
    posts = {code: chance.choice(world.posts) for code in held}
    nodes = ({"item": "qy-a"},) if code == "joint_theme" else ()
    lacking = [code for code, rule in procedure.parameters.items() if rule.default is None]
    terms = {code: Term.parse("10 wd") for code in lacking}
    return bind(procedure, item_of(procedure, posts=posts, region=chance.choice(REGIONS), nodes=nodes, terms=terms))


@cache
def parties_of(bound_code: str) -> tuple[str, ...]:
    procedure = load_procedure(bound_code, VERSION)
    return tuple(role.code for role in procedure.roles.values() if role.kind is RoleKind.PARTY)


def opening(world: World, bound: Bound, number: str) -> list[Body]:
    chance = world.chance
    parties = {role: chance.choice(world.subjects) for role in parties_of(bound.procedure) if chance.random() < 0.8}
    return [
        Opened(
            number=number, procedure=bound.procedure, version=bound.version, item=bound.item,
            item_version=bound.item_version, binding=bound.digest, channel="portal", parent=None, answers={},
        ),
        moved(world, bound, "", parties),
    ]  # fmt: skip


def moved(world: World, bound: Bound, left: str, parties: dict[str, str] | None = None) -> Acted:
    chance = world.chance
    targets = [code for code, role in bound.roles.items() if role.kind is RoleKind.TARGET]
    facts = {code: chance.choice(world.units) for code in targets if chance.random() < 0.3}
    return Acted(
        act="x", left=left, entered=chance.choice(list(bound.states)), marks={}, inputs={}, sealed={}, facts=facts,
        parties=parties or {}, outcome=None, consent=None,
    )  # fmt: skip


def further(world: World, bound: Bound, branches: list[str]) -> Body:
    """Something that may change who sees it: a move, a post given to a role, a branch opened or settled."""
    chance = world.chance
    match chance.randrange(5):
        case 0:
            return moved(world, bound, "?")
        case 1:
            post = chance.choice(world.posts)
            roles = list(bound.posts) or ["window"]
            return Assigned(
                role=chance.choice(roles), post=post.post, unit=post.unit, dept=post.dept, manner="ordinary", basis=""
            )
        case 2 if branches:
            return BranchSettled(branch=chance.choice(branches), verdict="agree", sealed={})
        case 3:
            return Noted(sealed={})
        case _:
            group = chance.choice(["consent", "consent", *bound.branches])
            to = chance.choice(RANKS) if group == "consent" else _somewhere(world)
            branches.append(f"b{len(branches) + 1}")
            return BranchOpened(branch=branches[-1], group=group, kind=None, to=to, child=None, sealed={})


def _somewhere(world: World) -> str:
    return world.chance.choice([*world.units, *(post.post for post in world.posts)])


def as_events(bodies: list[Body], first: int, when: datetime) -> tuple[Event, ...]:
    return tuple(
        Event(
            seq=seq, batch=first, at=when, recorded_at=when, person="p-1", post="", unit="", role="window",
            standing=Standing.OWN, basis="", key=None, body=body,
        )
        for seq, body in enumerate(bodies, first)
    )  # fmt: skip


def record_world(world: World) -> list[tuple[str, Bound]]:
    """Half of the cases whole at once, half act by act, so that readers are written both ways."""
    chance, told = world.chance, []
    entries = []
    for n in range(CASES):
        bound = random_bound(world, chance.choice(codes()))
        number, branches = f"case-{n}", list[str]()
        when = AT - timedelta(days=30) + timedelta(seconds=n)
        bodies = opening(world, bound, number)
        more = [further(world, bound, branches) for _ in range(chance.randrange(6))]
        told.append((number, bound))
        if n % 2:
            events = as_events([*bodies, *more], 1, when)
            entries.append(_entry(bound, events, when))
            continue
        last = record_entry(_entry(bound, as_events(bodies, 1, when), when))
        for body in more:
            later = _entry(bound, as_events([body], last.seq + 1, when), when)
            last = record_entry(
                Entry(
                    case=last.ref, bound=bound, before=last.state, events=later.events, key=later.key,
                    calendar=calendar(), now=when,
                )
            )  # fmt: skip
    record_many(entries)
    return told


def _entry(bound: Bound, events: tuple[Event, ...], when: datetime) -> Entry:
    return Entry(case=None, bound=bound, before=None, events=events, key=new_key(when), calendar=calendar(), now=when)


# ---- both say the same ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
class TestVisibility:
    def test_is_the_same_in_sql_and_in_the_kernel(self, seed: int, ledger_db: str) -> None:
        world = build_world(seed)
        bounds = dict(record_world(world))
        ids = dict(Case.objects.values_list("number", "pk"))
        readers = {number: find_readers(bound, fold(history.load(ids[number]))) for number, bound in bounds.items()}
        seen = 0
        for actor in world.actors:
            by_kernel = {number for number, keys in readers.items() if may_see(actor, keys)}
            by_sql = set(Case.objects.visible_to(actor).values_list("number", flat=True))
            assert by_sql == by_kernel, f"seed {seed}: {actor}"
            seen += len(by_sql)
        assert 0.02 < seen / (CASES * len(world.actors)) < 0.9  # neither everybody nor nobody
        stored: dict[int, set[tuple[str, str]]] = {}
        for case_id, kind, ref in Reader.objects.values_list("case_id", "kind", "ref"):
            stored.setdefault(case_id, set()).add((kind, ref))
        assert stored == {ids[number]: set(keys) for number, keys in readers.items()}


class TestAbsence:
    @pytest.mark.parametrize("number", ["case-0", "no such case", "", "case-0\0", "' or 1=1 --", "x" * 100_000])
    def test_looks_the_same_whether_not_there_or_not_yours(self, number: str, ledger_db: str) -> None:
        from django.http import Http404

        record_world(build_world(7))
        assert Case.objects.filter(number="case-0").exists()
        with pytest.raises(Http404) as absent:
            get_case_for(Actor(person="p-nobody", seats=(), subjects={}), number)
        assert str(absent.value) == ""
