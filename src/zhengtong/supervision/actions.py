"""What a supervisor does (监察主体的行为): cards by hand, orders, urging, advice. The supervising body acts on its own
cases only; on what it watches it is read-only, because no procedure gives it a role there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from zhengtong.cases import actions as desk
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.events import Json
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.ledger.record import Recorded
from zhengtong.supervision import carding
from zhengtong.supervision.models import Signal
from zhengtong.supervision.queries import get_signal_for

ORDER, ADVICE = "supervision_order", "supervision_advice"
LEAD: Final = "lead"


def issue_card(*, actor: Actor, at: datetime, signal: str) -> str:
    """Issue the card of a finding at once; its number. A finding has one card, whoever asks and however often.

    Raises:
        Http404: the finding is not there, or not of a region this actor supervises.
        Refusal: not_your_role.
        NoCard: nobody is answerable.
    """
    return carding.open_card(_to_be_carded(actor, signal), actor=actor, at=at, act=carding.ISSUE)


def propose_card(*, actor: Actor, at: datetime, signal: str) -> str:
    """Lay the card of a finding before the supervisor who issues or drops it; its number.

    Raises:
        Http404, Refusal, NoCard: as `issue_card`.
    """
    return carding.open_card(_to_be_carded(actor, signal), actor=actor, at=at, act=carding.PROPOSE)


def _to_be_carded(actor: Actor, key: str) -> Signal:
    signal = get_signal_for(actor, key)
    if signal.gone_at is not None and not signal.card:
        raise Refusal(RefusalCode.INPUT_UNKNOWN, {"input": "signal"})
    return signal


def issue_order(*, actor: Actor, at: datetime, words: str, key: str, about: str = "", term: str = "") -> Recorded:
    """Propose an order (督办单), linked to the case or card it is about. It goes to its unit by `assign_order`, once
    the leader of the supervising body agrees, as the procedure of supervised tasks asks.

    Raises:
        Refusal, StaleHistory: as for any act.
    """
    said = f"{words}\n（要求在{term}内办结）" if term else words
    wish = desk.Wish(act="propose", private={"subject": said})
    made = desk.open_case(actor=actor, at=at, item=ORDER, answers={}, wish=wish, channel=carding.CHANNEL, key=key)
    _link(made, about, at)
    return made


def ask_leader(*, actor: Actor, at: datetime, order: int, draft: str, key: str, act: str = "establish") -> Recorded:
    """Ask the leader to agree to an act on an order: setting it up, striking it off, transferring it."""
    wish = desk.Wish(act="ask_consent", inputs={"for": act}, private={"draft": draft})
    return desk.perform(actor=actor, at=at, case_id=order, wish=wish, key=key)


def assign_order(*, actor: Actor, at: datetime, order: int, unit: str, words: str, key: str) -> Recorded:
    """Send an agreed order to the unit that is to carry it out, which signs for it and reports.

    Raises:
        Refusal: the leader has not agreed; not_your_role.
    """
    task: dict[str, Json] = {"to": unit, "kind": LEAD}
    wish = desk.Wish(act="establish", inputs={"branches": [task]}, private={"branches.0.text": words})
    return desk.perform(actor=actor, at=at, case_id=order, wish=wish, key=key)


def urge(*, actor: Actor, at: datetime, case_id: int, words: str, key: str) -> Recorded:
    """Urge (催办) whoever has an order or advice in hand."""
    return _act("urge", actor=actor, at=at, case_id=case_id, private={"words": words}, key=key)


def advise(  # noqa: PLR0913 - who, when, what kind, to whom, in which words, once
    *, actor: Actor, at: datetime, kind: str, unit: str, words: str, key: str, about: str = ""
) -> Recorded:
    """Propose written advice (`advice`, 监察建议书) or public criticism (`criticism`, 通报) of a unit."""
    inputs: dict[str, Json] = {"kind": kind, "unit": unit}
    if about:
        inputs["subject"] = about
    wish = desk.Wish(act="propose", inputs=inputs, private={"words": words})
    made = desk.open_case(actor=actor, at=at, item=ADVICE, answers={}, wish=wish, channel=carding.CHANNEL, key=key)
    _link(made, about, at)
    return made


def _act(act: str, *, actor: Actor, at: datetime, case_id: int, private: Mapping[str, Json], key: str) -> Recorded:
    return desk.perform(actor=actor, at=at, case_id=case_id, wish=desk.Wish(act=act, private=private), key=key)


def _link(made: Recorded, about: str, at: datetime) -> None:
    """Either points to the other; the case concerned is told by the law, its clocks stay as they are."""
    other = carding.case_of(about) if about else None
    if other is not None:
        carding.link(made.case_id, carding.CARD_ON, about, at)
        carding.link(other, carding.CARD_ON, made.number, at)
