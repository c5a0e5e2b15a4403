"""Cards that follow from findings (发牌): whose unit gets one, issued at once or proposed, never the same one twice.

The key of the opening act is made of the finding's key alone, so whoever comes second, or again after a kill, gets the
card that is there. What follows (the link on the case, the yellow card a red one takes the place of) is keyed likewise,
and the number is written to the finding last: what was cut short is gone through again.
"""

import hashlib
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from django.utils.translation import override

from zhengtong.cases import actions as desk
from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.authority import LAW, Actor
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.commands import Command
from zhengtong.kernel.events import Json
from zhengtong.kernel.reporting import decide_link
from zhengtong.kernel.silence import find_silent_serials
from zhengtong.kernel.supervision.rules import RANKS, Level, rank_of
from zhengtong.kernel.terms import law_day
from zhengtong.ledger.chain import hex_digest
from zhengtong.ledger.current import load_current
from zhengtong.ledger.installed import installed
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.record import Recorded, StaleHistory, record
from zhengtong.supervision.editions import Law
from zhengtong.supervision.models import Card, Signal
from zhengtong.supervision.wording import sentence

log = logging.getLogger(__name__)

ITEM: Final = "card"
CHANNEL: Final = "internal"
ISSUE, PROPOSE, SUPERSEDE = "issue_at_once", "propose", "supersede"
CARD_ON: Final = "card_on"
TRIES: Final = 3
AT_ONCE: Final = 200
_FIRST_DAY: Final = datetime(2000, 1, 1, tzinfo=UTC)
_RANDOM_BITS: Final = 15


class NoCard(Exception):
    """No card can follow from this finding as things stand: nobody is answerable, or no item is in force."""


@dataclass(slots=True)
class Issued:
    issued: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def issue_waiting(law: Law, now: datetime) -> Issued:
    """A card for every finding that leads to one and has none, in order of time. What fails waits for the next run."""
    done = Issued()
    waiting = Signal.objects.filter(card="", gone_at=None).exclude(follow="show").order_by("since", "key")
    for key in list(waiting.values_list("pk", flat=True)):
        signal = Signal.objects.get(pk=key)
        try:
            issue_by_law(signal, now)
            done.issued += 1
        except Exception as error:  # one card must not keep the others waiting
            log.error("supervision: no card for %s", key, exc_info=error)
            done.failed[signal.number or key] = f"{type(error).__name__}: {error}"[:500]
    return done


def issue_by_law(signal: Signal, now: datetime) -> str:
    """The number of the card, which the law issues at once or lays before a supervisor, as the rule says. A card on a
    card is always laid before somebody, whatever the rule: else a card nobody answers would breed others for ever.

    Raises:
        NoCard: nobody is answerable, or cards are not in force here.
        Refusal, StaleHistory: as for any act.
    """
    is_at_once = signal.follow == "issue" and signal.procedure != ITEM
    return open_card(signal, actor=LAW, at=now, act=ISSUE if is_at_once else PROPOSE)


def open_card(signal: Signal, *, actor: Actor, at: datetime, act: str) -> str:
    """Open the card of a finding by an opening act, link it, and let it take the place of lesser ones."""
    if not signal.holder:
        raise NoCard(f"nobody answers for {signal.key}")
    bound = _card_law(at)
    act = act if act in bound.actions else PROPOSE  # the item may stand under an older procedure
    number = signal.card or _opened(signal, bound, actor, at, act)
    if signal.case_id is not None:
        link(signal.case_id, CARD_ON, number, at)
    if act == ISSUE and SUPERSEDE in bound.actions:
        _supersede(signal, number, at)
    Signal.objects.filter(pk=signal.pk, card="").update(card=number)
    signal.card = number
    return number


def _card_law(at: datetime) -> Bound:
    version = catalogue.published(ITEM, law_day(at))
    if version is None:
        raise NoCard("no item for cards is in force")
    return catalogue.bound_for(ITEM, version, {})


def _opened(signal: Signal, bound: Bound, actor: Actor, at: datetime, act: str) -> str:
    known = Card.objects.filter(signal=signal.key).order_by("case_id").values_list("number", flat=True).first()
    if known:
        return known
    asked = {rule.name for rule in bound.actions[act].inputs}
    told: Mapping[str, Json] = {
        "level": signal.level, "subject": signal.number or signal.subject, "unit": signal.holder,
        "rule": f"{signal.rule}@{signal.edition}", "signal": signal.key, "manner": "electronic", "relation": "unit",
    }  # fmt: skip
    with override("zh-hans"):
        words = sentence(signal)
    wish = desk.Wish(
        act=act, inputs={name: value for name, value in told.items() if name in asked}, private={"finding": words}
    )
    opened = desk.open_case(
        actor=actor, at=at, item=ITEM, answers={}, wish=wish, channel=CHANNEL, key=key_of(signal)
    )  # fmt: skip
    return opened.number


def key_of(signal: Signal) -> str:
    """The key of the opening act: a UUIDv7 whose time is that of the case concerned, or of the period measured, and
    whose other bits are a hash of the finding's key. Nothing in it changes with a rule, a calendar or an instant."""
    if signal.case_id is not None:
        moment = signal.case_id >> _RANDOM_BITS
    else:
        moment = int(_begin_of(signal.occasion).timestamp() * 1000)
    drawn = int.from_bytes(hashlib.sha256(signal.key.encode()).digest()[:10])
    number = moment << 80 | 0x7 << 76 | (drawn >> 62 & 0xFFF) << 64 | 0b10 << 62 | drawn & (1 << 62) - 1
    return str(uuid.UUID(int=number))


def _begin_of(occasion: str) -> datetime:
    """The year and month an occasion names, else a fixed day.

    >>> _begin_of("2026-03").date().isoformat(), _begin_of("2026-Q3").date().isoformat(), _begin_of("x").year
    ('2026-03-01', '2026-07-01', 2000)
    """
    year, _, rest = occasion.partition("-")
    if not (year.isdecimal() and len(year) == 4):
        return _FIRST_DAY
    part = rest.partition("-")[0]
    month = (int(part[1:]) - 1) * 3 + 1 if part[:1] == "Q" and part[1:].isdecimal() else part
    month = int(month) if str(month).isdecimal() else 1
    return datetime(int(year), month if 1 <= month <= 12 else 1, 1, tzinfo=UTC)


# ---- what follows ---------------------------------------------------------------------------------------


def link(case_id: int, relation: str, other: str, at: datetime) -> Recorded | None:
    """Note on a case, by the law, that another concerns it. Tried again when somebody acts meanwhile."""
    for _ in range(TRIES):
        current = load_current(case_id)
        if (relation, other) in current.state.links:
            return None
        bound, calendar = installed().bound_for(current.state), installed().calendar_for()
        needed, _after = find_silent_serials(bound, current.state, calendar, at)
        drawn = installed().serials_for(bound, current.state, needed, at) if needed else {}
        key = f"{relation}:{other}"
        inputs: Mapping[str, Json] = {"relation": relation, "other": other}
        command = Command(act="link", actor=LAW, inputs=inputs, key=key, hash=hex_digest, serials=drawn)
        events = decide_link(bound, current.state, command, calendar, at)
        try:
            return record(
                case=current.ref, bound=bound, before=current.state, events=events, key=key, calendar=calendar, now=at
            )
        except StaleHistory:
            continue
    raise StaleHistory(load_current(case_id).ref)


def _supersede(signal: Signal, number: str, at: datetime) -> None:
    """Lesser cards on the same occasion of the same case end: the graver one speaks for them."""
    if signal.case_id is None:
        return
    lesser = [str(level) for level in RANKS if rank_of(level) < rank_of(Level(signal.level))]
    same = Signal.objects.filter(
        case_id=signal.case_id, occasion=signal.occasion, family=signal.family, level__in=lesser
    ).exclude(card="")
    for other in same.values_list("card", flat=True):
        card = Card.objects.filter(number=other, closed_at=None, issued_at__isnull=False).first()
        if card is not None:
            wish = desk.Wish(act=SUPERSEDE, inputs={"successor": number})
            desk.perform(actor=LAW, at=at, case_id=card.case_id, wish=wish, key=f"superseded_by:{number}")
            link(card.case_id, CARD_ON, number, at)


def case_of(number: str) -> int | None:
    return Case.objects.filter(number=number).values_list("pk", flat=True).first()
