"""Papers (文书数据): the canonical data of an issued document or result, which its commitment covers.

The same data is found again from the history at any later time, whatever happened since.
"""

from collections.abc import Mapping
from datetime import date, datetime

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.events import (
    Acted,
    Corrected,
    DocumentIssued,
    Event,
    FeeDemanded,
    History,
    Json,
    ResultIssued,
    Retracted,
)
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
    """The data of one paper, from the state after its batch; of one issued again, what the first said, as corrected."""
    first = find_first(state.history, event.seq)
    if first != event.seq:
        return _draw_again(bound, state, event, first)
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


def find_first(history: History, seq: int) -> int:
    """The seq of the paper as first issued: its own, unless a correction had it issued again."""
    at = next(index for index, event in enumerate(history) if event.seq == seq)
    replaced = find_replaced(history, at)
    return seq if replaced is None else find_first(history, replaced.seq)


def find_replaced(history: History, at: int) -> Event | None:
    """The paper in whose place the one at this index stands: the event before it withdraws that one."""
    before = history[at - 1]
    head = next(event for event in history if event.seq == history[at].batch)
    if not isinstance(before.body, Retracted) or not isinstance(head.body, Corrected) or before.batch != head.seq:
        return None
    number = before.body.ref
    return next(event for event in history if _is_paper(event) and getattr(event.body, "number", "") == number)


def _is_paper(event: Event) -> bool:
    return isinstance(event.body, DocumentIssued | ResultIssued)


def find_shown(history: History, seq: int) -> dict[str, tuple[int, str]]:
    """The sealed values a paper shows, by field, each as (seq of its event, commitment).

    Those of its own batch and who the parties are, with every correction made up to then.
    """
    first = find_first(history, seq)
    batch = next(event.batch for event in history if event.seq == first)
    end = max(seq, *(event.seq for event in history if event.batch == batch))
    shown: dict[str, tuple[int, str]] = {}
    for event in history:
        sealed = getattr(event.body, "sealed", None)
        if event.seq <= end and isinstance(sealed, Mapping):
            named = _shown_by(event, first, batch, shown)
            shown.update({field: (event.seq, text) for field, text in sealed.items() if field in named})
    return shown


def _shown_by(event: Event, first: int, batch: int, shown: Mapping[str, tuple[int, str]]) -> frozenset[str]:
    body = event.body
    if isinstance(body, Corrected):
        what, _, field = body.path.partition(":")
        is_read = what == "sealed" and field in shown and shown[field][1] == body.was
        return frozenset({field} if is_read else ())
    if event.batch == batch:
        return frozenset(getattr(body, "sealed", ()))
    return frozenset(getattr(body, "parties", ()) if event.seq < first else ())


def _draw_again(bound: Bound, state: State, event: Event, first: int) -> dict[str, Json]:
    body, paper = event.body, find_paper(bound, state.history, first)
    assert isinstance(body, DocumentIssued | ResultIssued), "only documents and results are papers"
    sealed = paper["sealed"]
    assert isinstance(sealed, dict)
    at = next(index for index, each in enumerate(state.history) if each.seq == event.seq)
    replaced = find_replaced(state.history, at)
    return paper | {
        "number": body.number,
        "issued_at": _iso(event.at),
        "person": event.person,
        "post": event.post,
        "unit": event.unit,
        "sealed": {**sealed, **{field: text for field, (_, text) in find_shown(state.history, event.seq).items()}},
        "replaces": getattr(replaced.body, "number", "") if replaced is not None else "",
    }


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
