"""Random walks over every procedure: whatever people try, events fold, colours hold, and nothing but a Refusal is raised."""

import random
from collections import Counter
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
        pool = moving if moving and chance.random() < 0.6 else common
        if pool:
            attempt(story, chance.choice(pool), actor, when, chance)
    return story


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
    used = [event.body.consent for event in story.history if getattr(event.body, "consent", None)]  # type: ignore[union-attr]
    assert max(Counter(used).values(), default=0) <= 2  # an act and its own ClockExtended; more only after a reversal
    find_docket(bound, state, calendar(), now)
    wake = find_wake_at(bound, state, calendar(), now)
    assert wake is None or wake >= now


@pytest.mark.parametrize("code", codes())
def test_walks_hold_together(code: str) -> None:
    for seed in range(6):
        check(walk(code, seed, 25))


@pytest.mark.long
@pytest.mark.parametrize("code", codes())
def test_many_walks_hold_together(code: str) -> None:
    for seed in range(100, 900):
        check(walk(code, seed, 40))
