"""Random walks over every procedure: whatever people try, events fold, colours hold, only refusals are raised."""

import random
from collections import Counter
from contextlib import suppress
from datetime import date
from functools import cache
from typing import Any

import pytest

from tests.kernel.stories import REGION, VERSION, Story, at, calendar, fee, item_of, material, seat
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.binding import Bound, bind
from zhengtong.kernel.clocks import find_clocks, find_docket, find_wake_at
from zhengtong.kernel.deciding import find_acts
from zhengtong.kernel.events import Json, Standing
from zhengtong.kernel.inputs import is_sealed
from zhengtong.kernel.mistakes import find_revertible
from zhengtong.kernel.procedures import InputRule, Phase, RoleKind
from zhengtong.kernel.refusals import Refusal
from zhengtong.kernel.states import RunStatus, evolve
from zhengtong.kernel.terms import Term
from zhengtong.law.procedure_files import codes, load_procedure

OPTIONS = {"licence": ("online", "three_step", "special", "hearing"), "information_request": ("fee",)}
NODES = ({"item": "qy-a"}, {"item": "qy-b"}, {"item": "qy-c", "after": ["qy-a"]})
UNITS = ("hb", "gh")


@cache
def law_of(code: str) -> Bound:
    procedure = load_procedure(code, VERSION)
    terms = {"legal": Term.parse("20 wd"), "promised": Term.parse("10 wd"), "undertake_step": Term.parse("3 wd")}
    changes: dict[str, Any] = {
        "terms": {name: term for name, term in terms.items() if name in procedure.parameters},
        "materials": (material("form", required=False),),
        "fees": (fee("check", 5000, reducible=True),),
        "nodes": NODES if code == "joint_theme" else (),
    }
    return bind(procedure, item_of(procedure, *OPTIONS.get(code, ()), **changes))


def anybody(bound: Bound, person: str) -> Actor:
    """Somebody who holds every post and every rank, for walks in which only the person matters."""
    own = [seat(code) for code, role in bound.roles.items() if role.kind is RoleKind.POST]
    ranks = seat("head", unit="wj", head_of="wj", superior_of="wj-sp", government_of=REGION)
    units = [seat("any", unit=unit, dept=unit, standing=Standing.OWN) for unit in UNITS]
    return Actor(person=person, seats=(*own, ranks, *units), subjects={"s-citizen": "own"})


def made_up(story: Story, rule: InputRule, chance: random.Random) -> Json:
    """A value of the right shape."""
    state = story.state if story.history else None
    needing = [each.code for each in story.bound.actions.values() if any(g.word == "consent" for g in each.needs)]
    known: dict[str, Json] = {
        "term": "5 wd",
        "date": "2026-12-01",
        "instant": "2026-12-01T10:00:00+08:00",
        "money": 5000,
        "number": 1,
        "yes_no": True,
        "material": "form",
        "materials": ["form"],
        "people": ["p-1", "p-2"],
        "unit": chance.choice(UNITS),
        "fee": "check",
        "act": chance.choice(needing or ["note"]),
        "document": chance.choice(list(state.documents) if state and state.documents else ["?"]),
        "role": chance.choice(list(story.bound.posts)),
    }
    if rule.kind == "choice":
        return chance.choice(list(rule.choices))
    return known.get(rule.kind, "x")


def attempt(story: Story, act: str, actor: Actor, when: str, chance: random.Random) -> None:
    rule = story.bound.actions[act]
    inputs = {
        each.name: made_up(story, each, chance)
        for each in rule.inputs
        if not is_sealed(each) and each.kind not in ("tasks", "branch")
    }
    group = story.bound.branches.get(rule.opens or rule.settles or rule.answers or "")
    if group is not None and rule.opens and any(each.kind == "tasks" for each in rule.inputs):
        task: dict[str, Json] = {"to": chance.choice(UNITS)}
        if group.kinds:
            task["kind"] = chance.choice(list(group.kinds))
        inputs["branches"] = [task]
    elif group is not None and group.verdicts and rule.opens is None:
        inputs["verdict"] = chance.choice(list(group.verdicts))
    if rule.does == "reverted" and (latest := find_revertible(story.bound, story.state)) is not None:
        inputs["target"] = latest.seq
    if rule.does == "corrected":
        inputs |= {"path": "mark:received", "value": "2026-02-27T09:00:00+08:00"}
    before = story.history
    try:
        story.do(act, actor, when, inputs=inputs)
    except Refusal:
        assert story.history == before


def walk(code: str, seed: int, steps: int) -> Story:
    chance, story = random.Random(seed), Story(law_of(code))
    people = [anybody(story.bound, f"p-{n}") for n in range(4)]
    opening = [rule.code for rule in story.bound.actions.values() if rule.opening]
    day = date(2026, 3, 2)
    while not story.history:
        attempt(story, chance.choice(opening), people[0], f"{day}T10:00", chance)
    for _ in range(steps):
        day = calendar().add(day, chance.choice((0, 0, 0, 1, 2, 6)))
        when = f"{day}T{chance.randrange(9, 17):02}:30"
        if at(when) < story.state.last_at:
            continue
        if chance.random() < 0.1:
            story.sweep(when)
        actor = chance.choice(people)
        choices = find_acts(story.bound, story.state, actor, calendar(), at(when))
        moving = [each.act for each in choices if not story.bound.actions[each.act].is_common]
        common = [each.act for each in choices if story.bound.actions[each.act].is_common]
        if chance.random() < 0.85:
            moving = [act for act in moving if not ends(story.bound, act)] or moving
        pool = moving if moving and chance.random() < 0.7 else common
        if pool:
            act = chance.choice(pool)
            if any(guard.word == "consent" for guard in story.bound.actions[act].needs):
                agree(story, act, people, when)
            attempt(story, act, actor, when, chance)
    return story


def ends(bound: Bound, act: str) -> bool:
    to = bound.actions[act].to
    return to is not None and to in bound.states and bound.phase_of(to) is Phase.CLOSED


def agree(story: Story, act: str, people: list[Actor], when: str) -> None:
    """Ask for a consent and have a fifth person give it."""
    with suppress(Refusal):
        story.do("ask_consent", people[0], when, inputs={"for": act})
        asked = list(story.state.branches.values())[-1].branch
        giver = anybody(story.bound, "p-giver")
        story.do("give_consent", giver, when, inputs={"verdict": "granted"}, branch=asked)


def check(story: Story) -> None:
    bound, state = story.bound, story.state
    stepwise = None
    for event in story.history:
        stepwise = evolve(stepwise, event)
    assert stepwise == state
    assert [event.seq for event in story.history] == list(range(1, len(story.history) + 1))
    recorded = [event.recorded_at for event in story.history]
    assert recorded == sorted(recorded)
    running = {run.clock: run for run in state.clocks if run.status is not RunStatus.STOPPED}
    for rule in bound.clocks.values():
        run = running.get(rule.code)
        if run is not None and not rule.is_duty:
            places = rule.held_in if run.status is RunStatus.HELD else rule.runs_in
            assert state.state in (*places, *(rule.held_in if rule.until else ())), (rule.code, state.state)
    assert sum(bound.clocks[clock].main for clock in running if clock in bound.clocks) <= 1
    if bound.phase_of(state.state) is Phase.CLOSED:
        assert state.outcome is not None
    now = recorded[-1]
    for clock in find_clocks(bound, state, calendar(), now):
        assert clock.left is None or clock.left >= 0
    standing = [event for event in story.history if event.seq not in state.struck]
    used = Counter(getattr(event.body, "consent", None) for event in standing)
    assert all(n <= 2 for consent, n in used.items() if consent)  # an act, and its own ClockExtended
    find_docket(bound, state, calendar(), now)
    wake = find_wake_at(bound, state, calendar(), now)
    assert wake is None or wake >= now


@pytest.mark.parametrize("code", codes())
def test_walks_hold_together(code: str) -> None:
    for seed in range(3):
        check(walk(code, seed, 25))


@pytest.mark.long
@pytest.mark.parametrize("code", codes())
def test_many_walks_hold_together(code: str) -> None:
    for seed in range(100, 900):
        check(walk(code, seed, 40))
