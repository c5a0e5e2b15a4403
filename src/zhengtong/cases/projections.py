"""What follows from an act for its parties (告知): a notice for each thing they have to know or do.

The row holds the number and codes only; words are made when it is sent, in the party's language.
"""

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import override

from zhengtong.accounts import actions as people
from zhengtong.accounts import clock
from zhengtong.kernel.events import Acted, Deemed, Event
from zhengtong.kernel.states import State
from zhengtong.law.procedure_files import words as words_of
from zhengtong.ledger.history import CaseRef
from zhengtong.ledger.installed import Message
from zhengtong.ledger.rows import Row, outgoing

NOTICE: Final = "notice"


def notices_to_parties(case: CaseRef, state: State, events: tuple[Event, ...]) -> tuple[Row, ...]:
    """One outbox row for each party and each move of the case."""
    moves = [
        event for event in events if isinstance(event.body, Acted | Deemed) and event.body.left != event.body.entered
    ]
    return tuple(
        outgoing(
            case_id=case.id,
            seq=event.seq,
            topic=NOTICE,
            body={
                "subject": subject,
                "number": case.number,
                "procedure": state.procedure,
                "version": state.version,
                "act": event.body.act,
                "entered": event.body.entered,
            },
        )  # fmt: skip
        for event in moves
        if isinstance(event.body, Acted | Deemed)
        for subject in sorted(set(state.parties.values()))
        if subject != event.person
    )


def send_notice(message: Message) -> None:
    """Put the notice into the party's mailbox."""
    body = {name: str(value) for name, value in message.body.items()}
    at: datetime = clock.now()
    with override("zh-hans"):
        words = words_of(body["procedure"], body["version"], "zh-hans")
        state = body["entered"]
        title = _("办件 %(number)s：%(state)s") % {
            "number": body["number"], "state": words.get(f"states.{state}.name", state),
        }  # fmt: skip
        text = words.get(f"states.{state}.public", title)
    people.send_notice(subject_ref=body["subject"], title=title, text=text, at=at)
