"""What follows from an act: a notice for each thing a party has to know or do, and a row for each branch that waits.

A notice holds the number and codes only; words are made when it is sent, in the party's language.
"""

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import override

from zhengtong.accounts import actions as people
from zhengtong.accounts import clock
from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.authority import CONSENT, RANKS, find_holder, find_post
from zhengtong.kernel.binding import PostRef
from zhengtong.kernel.events import (
    Acted,
    BranchAnswered,
    BranchOpened,
    BranchReturned,
    BranchSettled,
    BranchTaken,
    Deemed,
    Event,
    Reverted,
)
from zhengtong.kernel.states import Branch, BranchStatus, State
from zhengtong.law.procedure_files import words as words_of
from zhengtong.ledger.history import CaseRef
from zhengtong.ledger.installed import Message
from zhengtong.ledger.rows import Row, outgoing

NOTICE: Final = "notice"
ASKED: Final = "cases_asked"
BRANCH_EVENTS: Final = (BranchOpened, BranchTaken, BranchAnswered, BranchReturned, BranchSettled, Reverted)


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
        )
        for event in moves
        if isinstance(event.body, Acted | Deemed)
        for subject in sorted(set(state.parties.values()))
        if subject != event.person
    )


def branches_asked(case: CaseRef, state: State, events: tuple[Event, ...]) -> tuple[Row, ...]:
    """Who is asked something beside the case: one row for each branch, as it stands after the act."""
    if not any(isinstance(event.body, BRANCH_EVENTS) for event in events):
        return ()
    holder = find_holder(catalogue.bound_for(state.item, state.item_version, state.answers), state)
    opened = {event.body.branch for event in state.history if isinstance(event.body, BranchOpened)}
    struck = tuple(
        Row(table=ASKED, values={"case_id": case.id, "branch": branch}, key=("case_id", "branch"), gone=True)
        for branch in sorted(opened - set(state.branches))
    )
    return (*struck, *(_asked_row(case, branch, holder, state) for branch in state.branches.values()))


def _asked_row(case: CaseRef, branch: Branch, holder: PostRef | None, state: State) -> Row:
    asked = branch.to
    if branch.group == CONSENT and branch.to in RANKS:
        region = catalogue.bound_for(state.item, state.item_version, state.answers).region
        over = region if branch.to == "government_head" else holder.unit if holder is not None else ""
        asked = f"{branch.to}:{over}"
    elif branch.group == CONSENT:
        post = find_post(catalogue.bound_for(state.item, state.item_version, state.answers), state, branch.to)
        asked = post.post if post is not None else branch.to
    values = {
        "case_id": case.id, "branch": branch.branch, "group": branch.group, "kind": branch.kind or "", "asked": asked,
        "is_waiting": branch.status in (BranchStatus.OPEN, BranchStatus.TAKEN), "opened_at": branch.opened_at,
    }  # fmt: skip
    return Row(table=ASKED, values=values, key=("case_id", "branch"))


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
