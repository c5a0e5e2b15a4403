"""Reactions of this room: the register of papers, and the outbox row that has each paper drawn after the commit."""

from datetime import datetime
from typing import Final

from zhengtong.documents import rendering
from zhengtong.kernel.events import DocumentIssued, Event, ResultIssued
from zhengtong.kernel.states import State
from zhengtong.ledger.history import CaseRef
from zhengtong.ledger.installed import Message
from zhengtong.ledger.rows import Row, outgoing

RENDER: Final = "documents.render"


def papers_to_render(case: CaseRef, state: State, events: tuple[Event, ...]) -> tuple[Row, ...]:
    """For each document and result of the batch: its row in the register, by which a number finds its case, and the
    wish to have it drawn."""
    return tuple(
        row
        for event in events
        if isinstance(event.body, DocumentIssued | ResultIssued)
        for row in (_register(case.id, event, event.body), _drawing(case.id, event))
    )


def render_paper(message: Message) -> None:
    """Handler of the topic: draws the paper as of the instant it was issued; twice does no harm."""
    found = rendering.find_at(message.case_id, message.seq)
    rendering.render(found, at=datetime.fromisoformat(str(message.body["at"])))


def _register(case_id: int, event: Event, body: DocumentIssued | ResultIssued) -> Row:
    return Row(
        table="documents_paper",
        key=("case_id", "seq"),
        values={
            "case_id": case_id,
            "seq": event.seq,
            "number": body.number,
            "document": body.document if isinstance(body, DocumentIssued) else body.result,
            "is_result": isinstance(body, ResultIssued),
            "issued_at": event.at,
        },
    )


def _drawing(case_id: int, event: Event) -> Row:
    return outgoing(case_id=case_id, seq=event.seq, topic=RENDER, body={"at": event.at.isoformat()})
