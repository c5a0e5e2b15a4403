"""Papers (文书数据): the canonical data of an issued document or result, which its commitment covers.

The same data is found again from the history at any later time, whatever happened since.
"""

from datetime import date, datetime

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.events import Acted, DocumentIssued, Event, FeeDemanded, History, Json, ResultIssued
from zhengtong.kernel.states import RunStatus, State, fold
from zhengtong.kernel.terms import LAW_ZONE


def find_paper(bound: Bound, history: History, seq: int) -> dict[str, Json]:
    """The canonical data of the document or result at a seq, as of the end of its own batch.

    The commitment on the event is the hash of `binding.canonical` of this.
    """
    at = next(index for index, event in enumerate(history) if event.seq == seq)
    batch = history[at].batch
    upto = tuple(event for event in history if event.seq <= seq or event.batch == batch)
    events = tuple(event for event in upto if event.batch == batch)
    return draw_paper(bound, fold(upto), events, history[at])


def draw_paper(bound: Bound, state: State, batch: tuple[Event, ...], event: Event) -> dict[str, Json]:
    """The data of one paper, from the state after its batch."""
    head = next((each for each in batch if isinstance(each.body, Acted)), batch[0])
    body = event.body
    assert isinstance(body, DocumentIssued | ResultIssued), "only documents and results are papers"
    paper: dict[str, Json] = {
        "case": state.number,
        "procedure": state.procedure,
        "version": state.version,
        "item": state.item,
        "item_name": bound.item_name,
        "item_version": state.item_version,
        "binding": state.binding,
        "number": body.number,
        "issued_at": _iso(event.at),
        "person": event.person,
        "post": event.post,
        "unit": event.unit,
        "act": _act_of(head),
        "source": _source_of(bound, _act_of(head)),
        "inputs": dict(head.body.inputs) if isinstance(head.body, Acted) else {},
        "sealed": dict(state.sealed),
        "facts": dict(state.facts),
        "parties": dict(state.parties),
        "marks": {mark: _iso(instant) for mark, instant in state.marks.items()},
        "outcome": state.outcome,
        "materials": {code: material.verdict for code, material in state.materials.items()},
        "fees": {each.body.fee: each.body.amount for each in batch if isinstance(each.body, FeeDemanded)},
        "clocks": _clocks(state),
    }
    if isinstance(body, DocumentIssued):
        paper |= {"document": body.document, "template": body.template, "seal": body.seal}
    else:
        paper |= {"result": body.result, "valid_from": body.valid_from.isoformat(), "valid_to": _iso(body.valid_to)}
    return paper


def _act_of(head: Event) -> str:
    act = getattr(head.body, "act", "")
    return act if isinstance(act, str) else ""


def _source_of(bound: Bound, act: str) -> str:
    rule = bound.actions.get(act)
    return rule.source if rule is not None else ""


def _clocks(state: State) -> dict[str, Json]:
    """The limits that run or are held, so that a paper can show when the case is due."""
    return {
        run.clock: {
            "from": _iso(run.from_at),
            "legal": None if run.legal is None else str(run.legal),
            "promised": None if run.promised is None else str(run.promised),
            "until": _iso(run.until),
            "extended": [str(term) for term in run.extensions],
            "edition": run.edition,
        }
        for run in state.clocks
        if run.status is not RunStatus.STOPPED
    }


def _iso(day: date | datetime | None) -> str | None:
    """Instants in the zone of the law: what is read back from the ledger must give the same bytes."""
    if isinstance(day, datetime):
        return day.astimezone(LAW_ZONE).isoformat()
    return None if day is None else day.isoformat()
