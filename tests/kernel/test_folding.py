"""The fold: one pass equals event by event; what was struck out counts as never done."""

import pickle
from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernel.stories import APPROVER, HEAD, ISSUER, UNDERTAKER, WINDOW, Story, accepted, granted
from zhengtong.kernel.events import KINDS, ClockHeld, Event, History
from zhengtong.kernel.states import _READ, State, _Sketch, advance, evolve, fold


def evolved(history: History) -> State:
    state: State | None = None
    for event in history:
        state = evolve(state, event)
    assert state is not None
    return state


def long_story() -> Story:
    story = accepted("special", "three_step")
    story.consent("begin_special", UNDERTAKER, HEAD, "2026-03-03")
    story.do(
        "begin_special", UNDERTAKER, "2026-03-04", inputs={"branches": [{"kind": "testing"}, {"kind": "appraisal"}]}
    )
    story.consent("revert", UNDERTAKER, HEAD, "2026-03-05")
    story.do("revert", UNDERTAKER, "2026-03-05", inputs={"target": story.state.done[-2].seq})
    story.consent("correct", UNDERTAKER, HEAD, "2026-03-05")
    story.do(
        "correct",
        UNDERTAKER,
        "2026-03-06",
        inputs={"target": 2, "path": "mark:accepted", "value": "2026-02-27T09:00:00+08:00"},
    )
    story.do("note", WINDOW, "2026-03-06")
    return story


LONG = long_story()


class TestFold:
    @settings(max_examples=len(LONG.history), deadline=None)
    @given(st.integers(1, len(LONG.history)))
    def test_equals_evolving_event_by_event(self, length: int) -> None:
        assert fold(LONG.history[:length]) == evolved(LONG.history[:length])

    @settings(max_examples=3 * len(LONG.history), deadline=None)
    @given(st.integers(1, len(LONG.history)), st.integers(0, len(LONG.history)))
    def test_advancing_equals_evolving(self, length: int, more: int) -> None:
        """Over reversals and corrections too, however the history is cut."""
        before = fold(LONG.history[:length])
        assert advance(before, LONG.history[length : length + more]) == evolved(LONG.history[: length + more])
        assert before == fold(LONG.history[:length])

    def test_knows_where_a_granted_case_stands(self) -> None:
        story = granted()
        story.do("make", ISSUER, "2026-03-06")
        state = story.state
        assert state.state == "ready" and state.outcome == "granted"
        assert [visit.state for visit in state.visits] == [
            "received",
            "examining",
            "reviewing",
            "approving",
            "granted",
            "ready",
        ]
        (result,) = state.results.values()
        assert (result.valid_from.isoformat(), str(result.valid_to)) == ("2026-03-06", "2030-03-05")

    def test_counts_every_event_in_its_place(self) -> None:
        assert [event.seq for event in LONG.history] == list(range(1, len(LONG.history) + 1))
        assert LONG.state.last_seq == len(LONG.history)

    def test_ignores_an_event_that_speaks_of_a_clock_that_is_not(self) -> None:
        last = LONG.history[-1]
        stray = Event(
            seq=last.seq + 1,
            batch=last.seq + 1,
            at=last.at,
            recorded_at=last.recorded_at,
            person="p-x",
            body=ClockHeld(clock="nothing", why="x"),
        )
        assert fold((*LONG.history, stray)).clocks == LONG.state.clocks

    def test_keeps_the_approver_out_of_what_was_struck(self) -> None:
        assert all(done.act != "begin_special" for done in LONG.state.done)
        assert not [run for run in LONG.state.clocks if run.holds]
        assert APPROVER.person not in {done.person for done in LONG.state.done}

    def test_leaves_every_earlier_state_as_it_was(self) -> None:
        """States share what did not change: so nothing may ever be changed in place."""
        state: State | None = None
        states, said = [], []
        for event in LONG.history:
            state = evolve(state, event)
            states.append(state)
            said.append(repr(state))
        assert [repr(each) for each in states] == said

    def test_gives_a_frozen_state_that_can_travel(self) -> None:
        state = LONG.state
        assert type(state) is State and type(evolve(state, LONG.history[-1])) is State
        with pytest.raises(FrozenInstanceError):
            state.outcome = "granted"  # type: ignore[misc]
        assert pickle.loads(pickle.dumps(state)) == state

    def test_reads_every_kind_of_event(self) -> None:
        assert _READ.keys() == set(KINDS.values())


def test_a_sketch_of_a_state_has_the_fields_of_a_state() -> None:
    assert list(_Sketch.__annotations__) == [one.name for one in fields(State)]
