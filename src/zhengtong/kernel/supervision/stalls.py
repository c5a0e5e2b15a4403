"""Stalls (停滞): a case lies with the office, and for days nobody does anything. There is no limit to look at: what is
looked at is the stretch between one entry of the office and the next.

A party's own acts that move nothing (urging, paying, a paper more) do not begin it anew; waiting for a party, or for a
department asked that has a limit of its own, is nobody's stall.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.events import Acted, Deemed, Event, Standing
from zhengtong.kernel.particulars import Branch
from zhengtong.kernel.procedures import Phase, RoleKind
from zhengtong.kernel.states import State
from zhengtong.kernel.supervision.rules import Operator, Rule
from zhengtong.kernel.terms import LAW_ZONE, lapse_at, law_day

WORKED: Final = frozenset({Phase.SUBMITTED, Phase.RECEIVED, Phase.EXAMINING})


@dataclass(frozen=True, slots=True)
class Stretch:
    """From an entry of the office to its next; `ended_at` and `ended_by` are None while it lasts."""

    seq: int
    since: datetime
    ended_at: datetime | None
    ended_by: int | None


def find_stretches(bound: Bound, state: State) -> Iterator[Stretch]:
    """The stretches in which the office held the case and nothing was entered, as they were written down.

    Units: instants in UTC+8.
    """
    touches = [event for event in state.history if event.seq == event.batch and _is_touch(event, state)]
    for n, event in enumerate(touches):
        following = touches[n + 1] if n + 1 < len(touches) else None
        if _is_with_office(bound, state, event, following):
            ended = None if following is None else following.recorded_at.astimezone(LAW_ZONE)
            since = event.recorded_at.astimezone(LAW_ZONE)
            yield Stretch(event.seq, since, ended, None if following is None else following.seq)


def find_stall(rule: Rule, stretch: Stretch, calendar: Calendar) -> datetime:
    """When a stretch becomes a stall by a rule: 00:00 after so many working days without an entry.

    Units: working days; the day of the entry is not counted.
    """
    amount = rule.threshold.value
    whole = -(-amount.numerator // amount.denominator)
    if rule.operator is Operator.ABOVE:
        whole = amount.numerator // amount.denominator + 1
    return lapse_at(calendar.add(law_day(stretch.since), whole))


def count_days(stretch: Stretch, calendar: Calendar, at: datetime) -> Fraction:
    """The working days that have gone whole since an entry; a day under way is not one yet."""
    today = law_day(at)
    gone = calendar.count(law_day(stretch.since), today) - calendar.is_working(today)
    return Fraction(max(gone, 0))


def _is_touch(event: Event, state: State) -> bool:
    """Whether an entry shows that somebody is at the case: any of the office or the law, and what moves it."""
    if event.standing is not Standing.PARTY:
        return True
    return any(
        isinstance(each.body, (Acted, Deemed)) and each.body.left != each.body.entered
        for each in state.history[event.seq - 1 :]
        if each.batch == event.batch
    )


def _is_with_office(bound: Bound, state: State, event: Event, following: Event | None) -> bool:
    last = len(state.history) if following is None else following.seq - 1
    stay = next((visit for visit in reversed(state.visits) if visit.seq <= last), None)
    rule = bound.states.get(stay.state) if stay is not None else None
    if rule is None or rule.phase not in WORKED:
        return False
    holder = bound.roles.get(rule.holder) if rule.holder is not None else None
    if holder is None or holder.kind is RoleKind.PARTY:
        return False
    return not any(_is_asked(bound, branch, event, following) for branch in state.branches.values())


def _is_asked(bound: Bound, branch: Branch, event: Event, following: Event | None) -> bool:
    """Whether a branch with a limit of its own lay open for any of the stretch."""
    if branch.group not in bound.branches or bound.branches[branch.group].limit is None:
        return False
    began_before = following is None or branch.opened_seq < following.seq
    ended_after = branch.settled_at is None or branch.settled_at > event.at
    return began_before and ended_after
