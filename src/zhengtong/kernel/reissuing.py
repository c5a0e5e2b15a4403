"""Papers issued again (换发): when a sealed value is corrected, every standing paper that shows the old one is
withdrawn and issued anew under a number of its own, saying what it said before, but with the value as now read.
"""

from dataclasses import replace

from zhengtong.kernel.effects import Batch
from zhengtong.kernel.events import DocumentIssued, Event, Json, ResultIssued, Retracted
from zhengtong.kernel.papers import find_shown
from zhengtong.kernel.states import State

_SEALED = "sealed:"


def find_serials_of(state: State, path: Json) -> tuple[str, ...]:
    """The keys of the numbers a correction needs, for the papers it has issued again."""
    return tuple(_key(event.body) for event in find_papers_showing(state, path))


def find_papers_showing(state: State, path: Json) -> tuple[Event, ...]:
    """The standing papers that show the sealed value a path names, as it is read now.

    Source: PROCEDURES 9(1)
    """
    if not isinstance(path, str) or not path.startswith(_SEALED):
        return ()
    field = path.removeprefix(_SEALED)
    value = state.sealed.get(field)
    return tuple(
        event
        for event in state.history
        if isinstance(event.body, DocumentIssued | ResultIssued) and _stands(state, event.body.number)
        if value is not None and find_shown(state.history, event.seq).get(field, (0, ""))[1] == value
    )


def _stands(state: State, number: str) -> bool:
    known = state.documents.get(number) or state.results.get(number)
    return known is not None and not known.retracted


def issue_again(batch: Batch, papers: tuple[Event, ...], consent: str | None) -> None:
    """Withdraw each paper and issue it anew; the withdrawal stands right before the paper that takes its place."""
    for event in papers:
        body = event.body
        assert isinstance(body, DocumentIssued | ResultIssued)
        what = "document" if isinstance(body, DocumentIssued) else "result"
        batch.put(Retracted(what=what, ref=body.number, sealed={}, consent=consent))
        batch.put(replace(body, number=batch.serials.take(_key(body)), commitment=""))


def _key(body: object) -> str:
    assert isinstance(body, DocumentIssued | ResultIssued)
    return f"document:{body.document}" if isinstance(body, DocumentIssued) else f"result:{body.result}"
