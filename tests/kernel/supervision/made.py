"""Facts made up for tests: an ordinary licence of department wj, changed where a test says so."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from tests.kernel.stories import at, calendar, granted
from zhengtong.kernel.supervision.facts import CaseFacts, Entry, Grade, find_facts
from zhengtong.kernel.terms import LAW_ZONE

_STORY = granted()
ORDINARY = find_facts(_STORY.bound, _STORY.state, calendar(), at("2026-04-01"))


def made(n: int, **changes: Any) -> CaseFacts:
    """The n-th case; instants may be given as text. A decision or closing given as an instant is also an act."""
    for name, value in changes.items():
        if name.endswith("_at") and isinstance(value, str):
            changes[name] = at(value)
    for name, act, post in (("accepted", "accept", "wj-window"), ("decided", "grant", "wj-approver"), ("closed", "hand_over", "wj-window")):  # fmt: skip # noqa: E501
        instant = changes.get(f"{name}_at")
        if instant is not None and name not in changes:
            changes[name] = entry(act, instant, post=post)
    entries = changes.pop("entries", None)
    facts = replace(ORDINARY, number=f"N{n:05d}", **changes)
    if entries is not None:
        return replace(facts, entries=tuple(entries))
    acts = [each for each in (facts.accepted, facts.decided, facts.closed) if each is not None]
    return replace(facts, entries=(entry("submit", facts.opened_at, post=""), *acts))


def entry(act: str, when: datetime | str, *, post: str = "wj-window", person: str = "", **more: Any) -> Entry:
    instant = at(when) if isinstance(when, str) else when.astimezone(LAW_ZONE)
    recorded = more.pop("recorded_at", instant)
    recorded = at(recorded) if isinstance(recorded, str) else recorded
    given = {"seq": 50, "act": act, "at": instant, "recorded_at": recorded, "person": person or f"p-{post}"}
    role = post.partition("-")[2]
    return Entry(**{**given, "post": post, "unit": "wj-sp", "role": role, **more})


def grade(when: str, level: int) -> Grade:
    return Grade(9, at(when), level, "window")
