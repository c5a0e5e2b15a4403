"""Who is told (告知): the people at the posts a rule names, as those posts are filled on the day it was said. No rule
names a person; nobody is told the same again before the rule says it again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import F, Q

from zhengtong.accounts import queries as people
from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.authority import find_post
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.states import State
from zhengtong.kernel.supervision.rules import Receiver, Whose
from zhengtong.kernel.terms import law_day
from zhengtong.ledger.current import load_current
from zhengtong.ledger.installed import installed
from zhengtong.supervision.editions import Law
from zhengtong.supervision.models import Signal, Told

AT_ONCE: Final = 500
CARD: Final = "card"
ROLES: Final[Mapping[Receiver, tuple[str, ...]]] = {
    Receiver.WINDOW: ("window", "clerk", "operator"),
    Receiver.UNDERTAKER: ("undertaker", "officer", "dispatcher", "lead", "lower", "office"),
    Receiver.REVIEWER: ("reviewer",),
    Receiver.APPROVER: ("approver", "officehead", "centre", "leader"),
}
"""By which role of a procedure a receiver is found, the first that the case has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    receiver: Receiver
    post: str
    person: str


def tell_waiting(law: Law, now: datetime) -> int:
    """Tell the people concerned of every finding that is new or said again; how many were told."""
    told = 0
    while waiting := list(Signal.objects.filter(told_at=None, gone_at=None).order_by("since", "key")[:AT_ONCE]):
        for signal in waiting:
            for to in addressees(signal, law, now):
                _tell(signal, to, now)
                told += 1
        Signal.objects.filter(pk__in=[signal.pk for signal in waiting]).update(told_at=now)
    return told


def _tell(signal: Signal, to: Addressee, now: datetime) -> None:
    row, is_new = Told.objects.get_or_create(
        signal=signal.key, person=to.person,
        defaults={
            "card": signal.card, "post": to.post, "receiver": str(to.receiver), "first_at": now, "last_at": now,
        },
    )  # fmt: skip
    if not is_new and row.last_at < now:
        Told.objects.filter(pk=row.pk).update(last_at=now, times=F("times") + 1, card=signal.card)


def addressees(signal: Signal, law: Law, now: datetime) -> tuple[Addressee, ...]:
    """Who is to be told of a finding: each person once, as the first receiver of the rule they are."""
    rule = law.rule(signal.rule)
    if rule is None:
        return ()
    found: dict[str, Addressee] = {}
    posts = _Posts(signal, now)
    for receiver in rule.receivers:
        for post in posts.of(receiver):
            for person in people.holders_of(post, law_day(now)):
                found.setdefault(person, Addressee(receiver=receiver, post=post, person=person))
    return tuple(found.values())


class _Posts:
    """The posts of the receivers of one finding; its case is read once, and only if somebody of it is asked for."""

    def __init__(self, signal: Signal, now: datetime) -> None:
        self._signal, self._now = signal, now
        self._case: tuple[Bound, State] | None = None

    def of(self, receiver: Receiver) -> Iterator[str]:
        if receiver is Receiver.HEAD:
            if self._signal.holder:
                yield from people.heads_of(self._signal.holder)
        elif receiver is Receiver.SUPERVISOR:
            yield from supervisor_posts(self._now)
        elif self._signal.case_id is not None:
            yield from self._of_case(receiver)
        elif self._signal.subject_kind in (Whose.WINDOW, Whose.POST):
            yield self._signal.subject

    def _of_case(self, receiver: Receiver) -> Iterator[str]:
        if self._case is None:
            assert self._signal.case_id is not None
            state = load_current(self._signal.case_id).state
            self._case = installed().bound_for(state), state
        for role in ROLES[receiver]:
            post = find_post(*self._case, role)
            if post is not None:
                yield post.post
                return


def supervisor_posts(now: datetime) -> tuple[str, ...]:
    """The posts that issue cards here."""
    version = catalogue.published(CARD, law_day(now))
    if version is None:
        return ()
    post = catalogue.bound_for(CARD, version, {}).posts.get("supervisor")
    return () if post is None else (post.post,)


def told_of(signal: str = "", card: str = "") -> list[Told]:
    """Who was told of a finding, or served its card."""
    wanted = Q(signal=signal) if signal else Q(card=card)
    return list(Told.objects.filter(wanted).order_by("pk"))
