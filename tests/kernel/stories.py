"""Short stories for the kernel's tests: a small cast, items of the real procedures, and a history in the making.

Sealed inputs that an act requires are filled with made-up commitments, so a story says only what matters to it.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from zhengtong.kernel.authority import Actor, Seat
from zhengtong.kernel.binding import Bound, FeeLine, ItemVersion, MaterialRule, PostRef, ResultLine, bind
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import Clock, find_clock
from zhengtong.kernel.deciding import (
    Command,
    MaterialGiven,
    decide_and_fold,
    decide_opening_and_fold,
    find_serials,
)
from zhengtong.kernel.events import Event, History, Standing
from zhengtong.kernel.inputs import is_sealed
from zhengtong.kernel.procedures import Procedure, RoleKind
from zhengtong.kernel.silence import decide_silence, find_silent_serials
from zhengtong.kernel.states import State, fold
from zhengtong.kernel.terms import LAW_ZONE, Term
from zhengtong.law.calendar_files import load_calendar
from zhengtong.law.procedure_files import load_procedure

REGION = "510199"
VERSION = "2026-01-01"
TERMS = {
    "licence": {"promised": "10 wd", "undertake_step": "3 wd"},
    "joint_theme": {"promised": "40 wd"},
}


def at(text: str) -> datetime:
    """`2026-03-02` is ten in the morning of that day, in the law's zone."""
    return datetime.fromisoformat(text if "T" in text else f"{text}T10:00").replace(tzinfo=LAW_ZONE)


def calendar() -> Calendar:
    return load_calendar()


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# ---- the cast -------------------------------------------------------------------------------------


def seat(role: str, *, unit: str = "wj-sp", dept: str = "wj", standing: Standing = Standing.OWN, **ranks: str) -> Seat:
    return Seat(
        post=f"wj-{role}",
        unit=unit,
        dept=dept,
        units=(unit, dept),
        standing=standing,
        basis="" if standing is Standing.OWN else "absence-1",
        head_of=frozenset(filter(None, [ranks.get("head_of")])),
        superior_of=frozenset(filter(None, [ranks.get("superior_of")])),
        government_of=frozenset(filter(None, [ranks.get("government_of")])),
        supervises=frozenset(filter(None, [ranks.get("supervises")])),
    )


def clerk(name: str, *roles: str) -> Actor:
    """A person at the posts of these roles."""
    return Actor(person=f"p-{name}", seats=tuple(seat(role) for role in roles), subjects={})


def officer(name: str, dept: str) -> Actor:
    """A person of another department."""
    return Actor(person=f"p-{name}", seats=(seat("any", unit=f"{dept}-sp", dept=dept),), subjects={})


CITIZEN = Actor(person="s-citizen", seats=(), subjects={"s-citizen": "own"})
STRANGER = Actor(person="s-stranger", seats=(), subjects={"s-stranger": "own"})
AGENT = Actor(person="s-agent", seats=(), subjects={"s-citizen": "power-1"})
WINDOW, UNDERTAKER, REVIEWER = clerk("wen", "window"), clerk("ding", "undertaker"), clerk("shen", "reviewer")
APPROVER, ISSUER, CHAIR = clerk("pi", "approver"), clerk("fa", "issuer"), clerk("zhu", "chair")
HEAD = Actor(person="p-head", seats=(seat("head", unit="wj", head_of="wj", superior_of="wj-sp"),), subjects={})
GOVERNMENT = Actor(person="p-mayor", seats=(seat("mayor", unit="gov", dept="gov", government_of=REGION),), subjects={})
SUPERVISOR = Actor(person="p-watch", seats=(seat("watch", unit="jc", dept="jc", supervises=REGION),), subjects={})


# ---- items ----------------------------------------------------------------------------------------


def item_of(procedure: Procedure, *options: str, **changes: Any) -> ItemVersion:
    """An item with a post for every post role."""
    posts = {
        code: PostRef(post=f"wj-{code}", unit="wj-sp", dept="wj")
        for code, role in procedure.roles.items()
        if role.kind is RoleKind.POST
    }
    given: dict[str, Any] = {
        "code": "qy-wj-0001",
        "version": 1,
        "procedure": procedure.code,
        "procedure_version": procedure.version,
        "name": "公共场所卫生许可",
        "region": REGION,
        "options": options,
        "terms": {code: Term.parse(term) for code, term in TERMS.get(procedure.code, {}).items()},
        "terms_when": (),
        "posts": posts,
        "materials": (),
        "fees": (),
        "results": {code: ResultLine(code=code, name=code, valid=Term.parse("4 year")) for code in procedure.results},
        "situations": {},
        "fields": (),
        "nodes": (),
    }
    return ItemVersion(**(given | changes))


def material(code: str, *, required: bool = True, tolerable: bool = False, **when: tuple[str, ...]) -> MaterialRule:
    return MaterialRule(code=code, name=code, required=required, tolerable=tolerable, when=when)


def fee(code: str, amount: int, *, reducible: bool = False) -> FeeLine:
    return FeeLine(code=code, name=code, amount=amount, basis="BZ", reducible=reducible, when={})


@cache
def bound_of(code: str = "licence", *options: str) -> Bound:
    procedure = load_procedure(code, VERSION)
    return bind(procedure, item_of(procedure, *options))


def licence(*options: str, answers: Mapping[str, str] | None = None, **changes: Any) -> Bound:
    procedure = load_procedure("licence", VERSION)
    return bind(procedure, item_of(procedure, *options, **changes), answers or {})


# ---- a history in the making ----------------------------------------------------------------------


class Story:
    """One case, told act by act."""

    def __init__(self, bound: Bound) -> None:
        self.bound = bound
        self.history: History = ()
        self.numbers = 0

    @property
    def state(self) -> State:
        return fold(self.history)

    def command(self, act: str, actor: Actor, when: str, **given: Any) -> Command:
        """The command a desk would make: required sealed inputs filled, numbers drawn."""
        rule = self.bound.actions.get(act)
        inputs = rule.inputs if rule is not None else ()
        sealed = {each.name: f"c-{each.name}" for each in inputs if is_sealed(each) and each.required}
        parties = {each.name: "s-citizen" for each in inputs if each.kind == "party" and each.required}
        given["sealed"] = sealed | given.get("sealed", {})
        given["parties"] = parties | given.get("parties", {})
        given.setdefault("inputs", {})
        given.setdefault("serials", self.draw(act, when, given["inputs"]))
        given.setdefault("key", f"key-{len(self.history) + 1}")
        return Command(act=act, actor=actor, hash=hash_of, **given)

    def draw(self, act: str, when: str, inputs: Mapping[str, Any] | None = None) -> dict[str, tuple[str, ...]]:
        state = self.state if self.history else None
        return self._number(find_serials(self.bound, state, act, calendar(), at(when), inputs or {}))

    def _number(self, keys: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        drawn: dict[str, tuple[str, ...]] = {}
        for key in keys:
            self.numbers += 1
            drawn[key] = (*drawn.get(key, ()), f"{key}-{self.numbers}")
        return drawn

    def do(self, act: str, actor: Actor, when: str, **given: Any) -> tuple[Event, ...]:
        """Decide and remember."""
        command = self.command(act, actor, when, **given)
        if self.history:
            events, after = decide_and_fold(self.bound, self.state, command, calendar(), at(when))
        else:
            events, after = decide_opening_and_fold(self.bound, command, calendar(), at(when))
        self.history = (*self.history, *events)
        assert after == fold(self.history), "the state decided with is the state folded"
        return events

    def sweep(self, when: str) -> tuple[Event, ...]:
        """The sweeper comes by."""
        keys = find_silent_serials(self.bound, self.state, calendar(), at(when))[0]
        serials = self._number(keys)
        events = decide_silence(self.bound, self.state, calendar(), at(when), serials, hash_of)
        self.history = (*self.history, *events)
        return events

    def clock(self, clock: str, when: str, **how: bool) -> Clock:
        found = find_clock(self.bound, self.state, clock, calendar(), at(when), **how)
        assert found is not None
        return found

    def consent(self, act: str, asker: Actor, giver: Actor, when: str, verdict: str = "granted") -> None:
        """Ask for a consent and give it at once."""
        self.do("ask_consent", asker, when, inputs={"for": act})
        self.do("give_consent", giver, when, inputs={"verdict": verdict})


def kinds(events: tuple[Event, ...]) -> list[str]:
    return [event.kind for event in events]


def submitted(*options: str, bound: Bound | None = None, when: str = "2026-03-02") -> Story:
    story = Story(bound or bound_of("licence", *options))
    story.do("submit", CITIZEN, when)
    return story


def accepted(*options: str, bound: Bound | None = None, when: str = "2026-03-02") -> Story:
    story = submitted(*options, bound=bound, when=when)
    story.do("accept", WINDOW, when)
    return story


def granted(*options: str, bound: Bound | None = None) -> Story:
    story = accepted("three_step", *options, bound=bound)
    story.do("pass", UNDERTAKER, "2026-03-03")
    story.do("review", REVIEWER, "2026-03-04")
    story.do("grant", APPROVER, "2026-03-05")
    return story


__all__ = ["MaterialGiven"]
