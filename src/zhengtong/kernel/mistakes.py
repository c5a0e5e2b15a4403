"""Mistakes (更正与撤回): correcting one datum of an earlier event, and striking out the latest act.

Events never change. A correction is read from then on; a struck-out act counts as never done, and what
others recorded since stays.
"""

from datetime import datetime
from typing import Final

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.branches import VOID
from zhengtong.kernel.commands import Command
from zhengtong.kernel.events import (
    Acted,
    BranchAnswered,
    BranchOpened,
    BranchReturned,
    BranchSettled,
    BranchTaken,
    Corrected,
    Deemed,
    DocumentIssued,
    DocumentServed,
    Event,
    FeeDemanded,
    FeeSettled,
    Json,
    Published,
    Reverted,
)
from zhengtong.kernel.inputs import is_date, is_instant
from zhengtong.kernel.procedures import ActionRule
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.states import Done, Hold, State, fold

_ONLY_EARLIER: Final = ("received", "accepted")


# ---- striking out ---------------------------------------------------------------------------------


def find_revertible(bound: Bound, state: State) -> Done | None:
    """The latest act that may be struck out: neither the opening nor a request for consent.

    Source: PROCEDURES 9(2)
    """
    for done in reversed(state.done):
        rule = bound.actions.get(done.act)
        if rule is None or not (rule.is_common or rule.opening):
            return done
    return None


def check_revertible(bound: Bound, state: State, source: str) -> Done:
    """The latest act, if it may be struck out.

    Raises:
        Refusal: nothing_to_revert, facts_rest_on_it.
    """
    latest = find_revertible(bound, state)
    if latest is None:
        raise Refusal(RefusalCode.NOTHING_TO_REVERT, {}, source)
    check_nothing_rests(state, latest, source)
    return latest


def revert(bound: Bound, state: State, rule: ActionRule, command: Command, consent: str | None, seq: int) -> Reverted:
    """The event that strikes out the latest act.

    Raises:
        Refusal: nothing_to_revert, not_the_latest_act, facts_rest_on_it.
    Source: PROCEDURES 9(2)(3)
    """
    latest = check_revertible(bound, state, rule.source)
    target = command.inputs.get("target", latest.seq)
    if target not in (latest.seq, latest.batch):
        raise Refusal(RefusalCode.NOT_THE_LATEST_ACT, {"latest": latest.act, "seq": latest.seq}, rule.source)
    struck = next(event for event in state.history if event.seq == latest.seq)
    rebuts = struck.body.clock if isinstance(struck.body, Deemed) else None
    draft = Reverted(target=latest.seq, entered="", sealed=dict(command.sealed), consent=consent, rebuts=rebuts)
    after = fold((*state.history, _as_event(struck, draft, seq)))
    return Reverted(target=latest.seq, entered=after.state, sealed=dict(command.sealed), consent=consent, rebuts=rebuts)


def _as_event(like: Event, body: Reverted, seq: int) -> Event:
    return Event(seq=seq, batch=seq, at=like.at, recorded_at=like.recorded_at, person=like.person, body=body)


def check_nothing_rests(state: State, done: Done, source: str) -> None:
    """Refuse to strike out an act on which a fact already rests, or that was delivered or published.

    Raises:
        Refusal: facts_rest_on_it.
    """
    since = [event for event in state.history if event.seq >= done.batch and event.seq not in state.struck]
    own = [event for event in since if event.batch == done.batch]
    numbers = {event.body.number for event in own if isinstance(event.body, DocumentIssued)}
    fees = {event.body.fee for event in own if isinstance(event.body, FeeDemanded)}
    branches = {event.body.branch for event in own if isinstance(event.body, BranchOpened)}
    if "delivered" in state.marks or "published" in state.marks:
        raise Refusal(RefusalCode.FACTS_REST_ON_IT, {"act": done.act, "fact": "delivered"}, source)
    for event in since:
        if _rests(event, numbers, fees, branches):
            raise Refusal(RefusalCode.FACTS_REST_ON_IT, {"act": done.act, "fact": event.kind}, source)


def _rests(event: Event, numbers: set[str], fees: set[str], branches: set[str]) -> bool:
    match event.body:
        case Published():
            return True
        case DocumentServed(number=number):
            return number in numbers
        case FeeSettled(fee=fee):
            return fee in fees
        case BranchTaken(branch=branch) | BranchAnswered(branch=branch) | BranchReturned(branch=branch):
            return branch in branches
        case BranchSettled(branch=branch, verdict=verdict):
            return branch in branches and verdict != VOID
        case _:
            return False


# ---- correcting -----------------------------------------------------------------------------------


def correct(state: State, rule: ActionRule, command: Command, consent: str | None, at: datetime) -> Corrected:
    """The event that corrects one datum: `mark:<m>`, `hold:<clock>:<n>` (its end, n from 1), `fact:<name>`, `sealed:<field>`.

    Raises:
        Refusal: not_correctable, only_earlier, document_needed, in_the_future.
    Source: PROCEDURES 9(1)
    """  # noqa: E501 - the four paths belong on one line
    path = command.inputs.get("path")
    what, _, name = path.partition(":") if isinstance(path, str) else ("", "", "")
    value, document = command.inputs.get("value"), command.inputs.get("document")
    was: Json
    match what:
        case "mark":
            was, target = _correct_mark(state, name, value, at, rule.source)
            named = name not in _ONLY_EARLIER
        case "hold":
            was, target = _correct_hold(state, name, value, at, rule.source)
            named = True
        case "fact" if name in state.facts:
            was, target, named = state.facts[name], _origin(state, "facts", name), True
            value = _like(was, value, rule.source)
        case "sealed" if name in state.sealed and name in command.sealed and name not in _own_words(rule):
            was, target, named, value = state.sealed[name], _origin(state, "sealed", name), False, command.sealed[name]
        case _:
            raise Refusal(RefusalCode.NOT_CORRECTABLE, {"path": str(path)}, rule.source)
    if set(command.sealed) - _own_words(rule) - ({name} if what == "sealed" else set()):
        raise Refusal(RefusalCode.NOT_CORRECTABLE, {"path": str(path)}, rule.source)
    if named and not document:
        raise Refusal(RefusalCode.DOCUMENT_NEEDED, {"path": str(path)}, rule.source)
    return Corrected(
        target=target,
        path=str(path),
        was=was,
        value=value,
        document=document if isinstance(document, str) else None,
        sealed=dict(command.sealed),
        consent=consent,
    )


def _own_words(rule: ActionRule) -> set[str]:
    """The sealed inputs of the correction itself: its reason is no datum to be corrected."""
    return {each.name for each in rule.inputs}


def _like(was: Json, value: Json, source: str) -> Json:
    """The new value of a fact, read as the old one's kind: forms give codes as words."""
    if isinstance(was, bool) and value in ("yes", "no"):
        return value == "yes"
    if isinstance(was, int) and isinstance(value, str) and value.isdecimal() and not isinstance(was, bool):
        return int(value)
    if type(value) is not type(was) or (is_date(was) and not is_date(value)):
        raise Refusal(RefusalCode.NOT_CORRECTABLE, {"path": "fact"}, source)
    return value


def _correct_mark(state: State, mark: str, value: Json, at: datetime, source: str) -> tuple[str, int]:
    new = _instant(value, f"mark:{mark}", at, source)
    if mark not in state.marks:
        raise Refusal(RefusalCode.NOT_CORRECTABLE, {"path": f"mark:{mark}"}, source)
    was = state.marks[mark]
    if mark in _ONLY_EARLIER and new >= was:
        raise Refusal(RefusalCode.ONLY_EARLIER, {"mark": mark, "was": was.isoformat()}, source)
    return was.isoformat(), _origin(state, "marks", mark)


def _correct_hold(state: State, name: str, value: Json, at: datetime, source: str) -> tuple[str, int]:
    new = _instant(value, f"hold:{name}", at, source)
    clock, _, n = name.rpartition(":")
    hold = find_hold(state, clock, n)
    if hold is None or hold.until is None or not hold.since <= new <= _room_after(state, clock, hold):
        raise Refusal(RefusalCode.NOT_CORRECTABLE, {"path": f"hold:{name}"}, source)
    return hold.until.isoformat(), hold.seq


def _room_after(state: State, clock: str, hold: Hold) -> datetime:
    """How far a hold may reach: to the next one of its run, to where the run stopped, or to now."""
    run = next(run for run in state.clocks if run.clock == clock and hold in run.holds)
    later = [each.since for each in run.holds if each.since >= hold.since and each is not hold]
    stopped = [run.stopped_at] if run.stopped_at is not None else []
    return min((*later, *stopped, state.last_at.max.replace(tzinfo=state.last_at.tzinfo)))


def find_hold(state: State, clock: str, n: str) -> Hold | None:
    """The n-th hold of a clock, counted from 1 over all its runs."""
    holds = [hold for run in state.clocks if run.clock == clock for hold in run.holds]
    return holds[int(n) - 1] if n.isdecimal() and 0 < int(n) <= len(holds) else None


def _instant(value: Json, path: str, at: datetime, source: str) -> datetime:
    if not isinstance(value, str) or not is_instant(value):
        raise Refusal(RefusalCode.NOT_CORRECTABLE, {"path": path}, source)
    new = datetime.fromisoformat(value)
    if new > at:
        raise Refusal(RefusalCode.IN_THE_FUTURE, {"path": path}, source)
    return new


def _origin(state: State, field: str, name: str) -> int:
    """The latest event, not struck out, that set the datum."""
    for event in reversed(state.history):
        if event.seq not in state.struck and isinstance(event.body, Acted | Deemed):
            value = getattr(event.body, field, None)
            if value is not None and name in value:
                return event.seq
    return next((event.seq for event in reversed(state.history) if name in (getattr(event.body, field, None) or ())), 1)
