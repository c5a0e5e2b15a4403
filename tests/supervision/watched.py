"""The town with cards in force, a few rules of our own, and tasks that go past the limit of their first step."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from tests.cases import town as desk_town
from tests.cases.town import BEGAN, Town, build_town
from tests.catalogue.town import publish
from zhengtong.accounts.actions import hold_post
from zhengtong.accounts.models import Person, Post
from zhengtong.accounts.queries import actor_of_person
from zhengtong.cases import actions as desk
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.supervision.rules import (
    Clears,
    Family,
    Follow,
    Level,
    Operator,
    Quantity,
    Receiver,
    Rule,
    Scope,
    Stream,
)
from zhengtong.kernel.terms import LAW_ZONE
from zhengtong.law.items import complete, items_from_internal
from zhengtong.ledger.record import Recorded, new_key

MONDAY: Final = datetime(2026, 3, 2, 10, 0, tzinfo=LAW_ZONE)
"""`limit = "2 wd"` of a proposed task lapses on Thursday, 5 March, 00:00."""
HOUR: Final = timedelta(hours=1)
SUPERVISION: Final = (
    ("方正", "qy-watch", "qy", "supervisor", False), ("邵明", "qy-chief", "qy", "supervisor", False),
    ("祝平", "qy-review", "qy", "supervisor", False),
)  # fmt: skip
ROLES: Final = {"supervisor": "qy-watch", "chief": "qy-chief", "reviewer": "qy-review"}


def rule(code: str, over: str, level: Level, **changes: Any) -> Rule:
    """Beyond the limit of the first step of a task by so much."""
    values: dict[str, Any] = {
        "code": code, "version": "2026-01-01", "name": code, "family": Family.CLOCK, "stream": Stream.INTERNAL,
        "scope": Scope(procedures=frozenset({"supervised_task"}), clocks=frozenset({"step:proposed"})),
        "metric": "limit_over", "operator": Operator.ABOVE, "threshold": Quantity.parse(over), "level": level,
        "follow": Follow.ISSUE, "receivers": (Receiver.UNDERTAKER, Receiver.HEAD, Receiver.SUPERVISOR),
        "clears": Clears.STOPPED, "source": "JC 7",
    }  # fmt: skip
    return Rule(**values | changes)


YELLOW: Final = rule("late-step", "0 wd", Level.YELLOW)
RED: Final = rule("very-late-step", "2 wd", Level.RED)
RULES: Final = (YELLOW, RED)


def build() -> Town:
    """The town with people of supervision; cards, orders, advice and tasks are in force."""
    town = build_town()
    for n, (name, code, unit, kind, _head) in enumerate(SUPERVISION[1:]):
        post = Post.objects.create(code=code, name=code, name_en=code, unit=town.units[unit], kind=kind)
        person = Person.objects.create(number=f"209{n}", name=name, name_en=f"Watcher {n}")
        hold_post(person=person, post=post, role="A", from_on=BEGAN)
    _publish("card", ROLES)
    _publish("supervision_advice", {"supervisor": "qy-watch", "chief": "qy-chief"})
    _publish("supervision_order", {"office": "qy-watch", "leader": "qy-chief"})
    _publish("supervised_task", {"office": "qy-office", "leader": "qy-leader"})
    return town


def _publish(code: str, roles: dict[str, str]) -> None:
    units = {post: unit for _name, post, unit, _kind, _head in (*desk_town.STAFF, *SUPERVISION)}
    posts = {role: {"post": post, "unit": units[post], "dept": units[post]} for role, post in roles.items()}
    publish(complete(items_from_internal()[code], version=1, region=desk_town.REGION, posts=posts), on=BEGAN)


def actor(name: str, at: datetime = MONDAY) -> Actor:
    return actor_of_person(Person.objects.get(name=name).pk, at)


def propose_task(at: datetime = MONDAY, n: int = 0) -> Recorded:
    """A task is proposed: it waits with the office of the town, in the unit qy."""
    at += timedelta(seconds=n)
    wish = desk.Wish(act="propose", private={"subject": f"整治占道经营 {n}"})
    return desk.open_case(
        actor=actor("黄莉", at), at=at, item="supervised_task", answers={}, wish=wish, channel="window",
        key=new_key(at),
    )  # fmt: skip


def do(
    case_id: int, name: str, act: str, at: datetime, *, say: dict[str, str] | None = None, **inputs: Any
) -> Recorded:
    wish = desk.Wish(act=act, inputs=inputs, private=say or {})
    return desk.perform(actor=actor(name, at), at=at, case_id=case_id, wish=wish, key=new_key(at))


def drop_task(case_id: int, at: datetime) -> None:
    """The task is not set up: its first step ends."""
    do(case_id, "黄莉", "ask_consent", at, say={"draft": "拟不立项"}, **{"for": "drop"})
    do(case_id, "马腾", "give_consent", at + HOUR, verdict="granted")
    do(case_id, "黄莉", "drop", at + 2 * HOUR, say={"reason": "已由他处办理"})


def tasks(count: int, at: datetime = MONDAY) -> Sequence[Recorded]:
    return [propose_task(at, n) for n in range(count)]
