"""What became of a paper, as its history says."""

from dataclasses import replace
from datetime import timedelta

from tests.documents import samples
from tests.documents.samples import Sample
from zhengtong.documents import queries
from zhengtong.kernel.events import Body, DocumentServed, Event, Retracted, Reverted
from zhengtong.kernel.states import State, fold

GRANT = Sample("licence", "grant", "grant_decision")
NUMBER = "清卫受〔2026〕12号"


def after(body: Body) -> State:
    """The sample's history with one more act."""
    history = samples.matter(GRANT).state.history
    last = history[-1]
    seq = last.seq + 1
    return fold((*history, replace(last, seq=seq, batch=seq, at=last.at + timedelta(days=1), body=body)))


def line(state: State) -> queries.PaperLine:
    bound = samples.matter(GRANT).bound
    return queries.papers_of(bound, state)[0]


def issued(state: State) -> Event:
    return next(event for event in state.history if getattr(event.body, "number", "") == NUMBER)


class TestStanding:
    def test_is_valid_at_first(self) -> None:
        state = samples.matter(GRANT).state
        assert (line(state).standing, line(state).served_at) == ("valid", None)

    def test_knows_when_it_was_served(self) -> None:
        said = line(after(DocumentServed(number=NUMBER, manner="post", relation="self")))
        assert (said.manner, said.served_at is not None) == ("post", True)

    def test_is_retracted(self) -> None:
        assert line(after(Retracted(what="document", ref=NUMBER, sealed={}))).standing == "retracted"

    def test_is_struck_with_its_act(self) -> None:
        target = issued(samples.matter(GRANT).state).batch
        state = after(Reverted(target=target, entered="approving", sealed={}, consent=None, rebuts=None))
        assert line(state).standing == "struck"
