"""The fold (折叠): a history becomes the state of a case. `evolve` defines it; `fold` is its one-pass equal.

The state holds codes, instants and references only. It is rebuilt from events and never stored as a fact.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final, Self, assert_never, cast, get_type_hints

from zhengtong.kernel.binding import PostRef
from zhengtong.kernel.events import (
    KINDS,
    Acted,
    Assigned,
    BranchAnswered,
    BranchOpened,
    BranchReturned,
    BranchSettled,
    BranchTaken,
    ClockExtended,
    ClockHeld,
    ClockResumed,
    ClockStarted,
    ClockStopped,
    Corrected,
    Deemed,
    DocumentIssued,
    DocumentServed,
    Erased,
    Event,
    FeeDemanded,
    FeeSettled,
    History,
    Json,
    Linked,
    MaterialChecked,
    MaterialReceived,
    Noted,
    Opened,
    Published,
    Rated,
    Rebound,
    ResultIssued,
    Retracted,
    Reverted,
)
from zhengtong.kernel.particulars import (
    Branch,
    BranchStatus,
    ClockRun,
    Document,
    Done,
    Fee,
    Hold,
    Material,
    Result,
    RunStatus,
    State,
    Visit,
)
from zhengtong.kernel.terms import Term

__all__ = [
    "Branch",
    "BranchStatus",
    "ClockRun",
    "Document",
    "Done",
    "Fee",
    "Hold",
    "Material",
    "Result",
    "RunStatus",
    "State",
    "Visit",
    "advance",
    "evolve",
    "fold",
    "retold",
]


# ---- the fold -------------------------------------------------------------------------------------


def evolve(state: State | None, event: Event) -> State:
    """The state after one more event; total: an event that speaks of what was struck out changes nothing else.

    Source: PROCEDURES 4, 9
    """
    if type(event.body) is Reverted:
        return fold((*(state.history if state else ()), event))
    sketch = _Sketch() if state is None else _Sketch.of(state)
    sketch.history += (event,)
    sketch.add(event)
    return sketch.frozen()


def advance(state: State, events: Sequence[Event]) -> State:
    """The state after a few more events, on one sketch; equal to evolving event by event.

    Source: PROCEDURES 4, 9(2)
    """
    if any(type(event.body) is Reverted for event in events):
        return fold((*state.history, *events))
    sketch = _Sketch.of(state)
    sketch.history = (*state.history, *events)
    for event in events:
        sketch.add(event)
    return sketch.frozen()


def fold(history: History) -> State:
    """The state after a whole history, in one pass; equal to evolving event by event.

    Source: PROCEDURES 4, 9(2)
    """
    sketch = _Sketch()
    sketch.struck = _find_struck(history)
    sketch.history = tuple(history)
    for event in history:
        sketch.add(event)
    return sketch.frozen()


def retold(state: State, history: History) -> State:
    """The same state, its history told in other words: a batch in the making commits to its papers last."""
    sketch = _Sketch.of(state)
    sketch.history = history
    return sketch.frozen()


def _find_struck(history: History) -> frozenset[int]:
    """The seqs of every event in a batch that a later reversal struck out."""
    targets = {event.body.target for event in history if type(event.body) is Reverted}
    if not targets:
        return frozenset()
    batches = {event.batch for event in history if event.seq in targets}
    return frozenset(event.seq for event in history if event.batch in batches)


class _Sketch:
    """A state being drawn: the slots of `State`, writable until it is frozen.

    Speed: an act of three events folds them one by one, so a state of 33 fields is copied often. A sketch has the very
    slots of `State`: taking them over is 33 plain assignments, and freezing is to become a `State` (no constructor;
    5 µs an event less). Hence two rules: a container is never changed, it is replaced; a frozen sketch is let go.
    """

    __slots__ = State.__slots__

    # Written out again for the type checker alone: State's are read-only, these may be set.
    number: str
    procedure: str
    version: str
    item: str
    item_version: int
    binding: str
    channel: str
    parent: str | None
    answers: Mapping[str, str]
    state: str
    visits: tuple[Visit, ...]
    marks: Mapping[str, datetime]
    facts: Mapping[str, Json]
    parties: Mapping[str, str]
    outcome: str | None
    done: tuple[Done, ...]
    clocks: tuple[ClockRun, ...]
    branches: Mapping[str, Branch]
    materials: Mapping[str, Material]
    documents: Mapping[str, Document]
    fees: Mapping[str, Fee]
    results: Mapping[str, Result]
    published: tuple[str, ...]
    assigned: Mapping[str, PostRef]
    links: tuple[tuple[str, str], ...]
    sealed: Mapping[str, str]
    rebutted: frozenset[tuple[str, int]]
    struck: frozenset[int]
    opened_at: datetime | None
    last_seq: int
    last_at: datetime | None
    history: History

    def __init__(self) -> None:
        self.number = self.procedure = self.version = self.item = self.binding = self.channel = self.state = ""
        self.item_version = self.last_seq = 0
        self.parent = self.outcome = None
        self.opened_at = self.last_at = None
        self.answers, self.marks, self.facts, self.parties, self.assigned, self.sealed = {}, {}, {}, {}, {}, {}
        self.branches, self.materials, self.documents, self.fees, self.results = {}, {}, {}, {}, {}
        self.visits, self.done, self.clocks = (), (), ()
        self.published, self.links, self.history = (), (), ()
        self.rebutted, self.struck = frozenset(), frozenset()

    @classmethod
    def of(cls, state: State) -> Self:
        """Take over every field of a frozen state; what it holds is shared, for nobody changes it."""
        sketch = cls.__new__(cls)
        sketch.number, sketch.procedure, sketch.version = state.number, state.procedure, state.version
        sketch.item, sketch.item_version, sketch.binding = state.item, state.item_version, state.binding
        sketch.channel, sketch.parent, sketch.answers = state.channel, state.parent, state.answers
        sketch.state, sketch.visits, sketch.outcome = state.state, state.visits, state.outcome
        sketch.marks, sketch.facts, sketch.parties = state.marks, state.facts, state.parties
        sketch.done, sketch.clocks, sketch.branches = state.done, state.clocks, state.branches
        sketch.materials, sketch.documents = state.materials, state.documents
        sketch.fees, sketch.results, sketch.published = state.fees, state.results, state.published
        sketch.assigned, sketch.links, sketch.sealed = state.assigned, state.links, state.sealed
        sketch.rebutted, sketch.struck = state.rebutted, state.struck
        sketch.opened_at, sketch.last_at = state.opened_at, state.last_at
        sketch.last_seq, sketch.history = state.last_seq, state.history
        return sketch

    def frozen(self) -> State:
        """The same object as a `State` from here on."""
        assert self.opened_at is not None, "a history begins with Opened"
        self.__class__ = State  # type: ignore[assignment]  # same slots: see above
        return cast("State", self)

    def add(self, event: Event) -> None:
        """Take one event of the history in, unless it is struck out."""
        self.last_seq = event.seq
        if self.last_at is None or event.at > self.last_at:
            self.last_at = event.at
        if event.seq in self.struck:
            return
        body = event.body
        kind = type(body)
        if kind in _SEALING and (sealed := cast("Noted", body).sealed):
            self.sealed = {**self.sealed, **sealed}
        _READ[kind](self, event, body)

    # --- acts -----------------------------------------------------------------------------------

    def _open(self, event: Event, body: Opened) -> None:
        self.number, self.procedure, self.item = body.number, body.procedure, body.item
        self.channel, self.parent, self.answers = body.channel, body.parent, body.answers
        self.version, self.item_version, self.binding = body.version, body.item_version, body.binding
        self.opened_at = event.at

    def _act(self, event: Event, body: Acted) -> None:
        self._do(event, body.act, deemed=False)
        if body.facts:
            self.facts = {**self.facts, **body.facts}
        if body.parties:
            self._name(body.parties)
        self._take_effect(event, body)
        self._use(body.consent)

    def _deem(self, event: Event, body: Deemed) -> None:
        self._do(event, body.act, deemed=True)
        self._take_effect(event, body)

    def _rebind(self, event: Event, body: Rebound) -> None:
        self.version, self.item_version, self.binding = body.version, body.item_version, body.binding
        self._enter(event, body.state)

    def _name(self, parties: Mapping[str, str]) -> None:
        """Name parties; whoever was named before in the same role stays one, under `<role>#<n>`."""
        known = dict(self.parties)
        for role, subject in parties.items():
            was = known.get(role, subject)
            if was != subject:
                known[f"{role}#{len(known)}"] = was
            known[role] = subject
        self.parties = known

    def _do(self, event: Event, act: str, *, deemed: bool) -> None:
        done = Done(
            act=act, seq=event.seq, batch=event.batch, at=event.at, person=event.person, post=event.post, deemed=deemed
        )
        self.done += (done,)

    def _take_effect(self, event: Event, body: Acted | Deemed) -> None:
        if body.marks:
            self.marks = {**self.marks, **body.marks}
        if body.outcome is not None:
            self.outcome = body.outcome
        if body.entered != body.left:  # an act that does not move says nothing of where the case stands
            self._enter(event, body.entered)

    def _enter(self, event: Event, state: str) -> None:
        if state == self.state:
            return
        before = self.visits
        if before:
            last = before[-1]
            before = (*before[:-1], Visit(state=last.state, since=last.since, until=event.at, seq=last.seq))
        self.visits = (*before, Visit(state=state, since=event.at, until=None, seq=event.seq))
        self.state = state

    def _use(self, consent: str | None) -> None:
        if consent is not None and consent in self.branches:
            self.branches = {**self.branches, consent: replace(self.branches[consent], used=True)}

    # --- mistakes -------------------------------------------------------------------------------

    def _revert(self, event: Event, body: Reverted) -> None:
        self._use(body.consent)
        if body.rebuts is None:
            return
        for each in self.history:
            if each.seq == body.target and isinstance(each.body, Deemed):
                self.rebutted |= {(each.body.clock, each.body.clock_seq)}

    def _correct(self, event: Event, body: Corrected) -> None:
        """Read one datum anew; clocks that count from a mark, or end on a date, follow it."""
        self._use(body.consent)
        if body.target in self.struck:
            return
        what, _, name = body.path.partition(":")
        match what:
            case "mark" if name in self.marks and isinstance(body.value, str):
                was, now = self.marks[name], datetime.fromisoformat(body.value)
                self.marks = {**self.marks, name: now}
                self.clocks = tuple(
                    replace(run, from_at=now) if run.from_mark == name and run.from_at == was else run
                    for run in self.clocks
                )
            case "fact" if name in self.facts:
                self.facts = {**self.facts, name: body.value}
                self.clocks = tuple(_ends_anew(run, body) for run in self.clocks)
            case "hold" if isinstance(body.value, str):
                clock, _, n = name.rpartition(":")
                self._end_hold(clock, int(n), datetime.fromisoformat(body.value))
            case _:
                pass  # sealed: the new commitment came in with `sealed`

    def _end_hold(self, clock: str, n: int, until: datetime) -> None:
        holds = [(at, i) for at, run in enumerate(self.clocks) if run.clock == clock for i in range(len(run.holds))]
        if not 0 < n <= len(holds):
            return
        at, i = holds[n - 1]
        changed = list(self.clocks[at].holds)
        if changed[i].until is None:  # its end was struck out: there is nothing to be read so
            return
        changed[i] = replace(changed[i], until=until)
        self._put_run(at, replace(self.clocks[at], holds=tuple(changed)))

    # --- words, people, links -------------------------------------------------------------------

    def _assign(self, event: Event, body: Assigned) -> None:
        others = {role: post for role, post in self.assigned.items() if role != body.role}
        if body.manner == "taken_back":
            self.assigned = others
        else:
            post = PostRef(post=body.post, unit=body.unit, dept=body.dept)
            self.assigned = {**self.assigned, body.role: post}

    def _link(self, event: Event, body: Linked) -> None:
        self.links += ((body.relation, body.other),)

    def _publish(self, event: Event, body: Published) -> None:
        self.published += (body.what,)

    def _retract(self, event: Event, body: Retracted) -> None:
        self._use(body.consent)
        ref = body.ref
        if body.what == "document" and ref in self.documents:
            self.documents = {**self.documents, ref: replace(self.documents[ref], retracted=True)}
        if body.what == "result" and ref in self.results:
            self.results = {**self.results, ref: replace(self.results[ref], retracted=True)}
        if body.what == "publication" and ref in self.published:
            first = self.published.index(ref)
            self.published = (*self.published[:first], *self.published[first + 1 :])

    def _erase(self, event: Event, body: Erased) -> None:
        self._use(body.consent)

    def _say(self, event: Event, body: Noted | Rated) -> None:
        """Words are sealed, and change nothing of where the case stands."""

    # --- clocks ---------------------------------------------------------------------------------

    def _start_clock(self, event: Event, body: ClockStarted) -> None:
        self.clocks += (_started(event, body),)

    def _clock(self, event: Event, body: ClockHeld | ClockResumed | ClockExtended | ClockStopped) -> None:
        """The latest run of the clock goes on as the event says."""
        at = next((i for i in range(len(self.clocks) - 1, -1, -1) if self.clocks[i].clock == body.clock), None)
        if at is None:
            return
        run = self.clocks[at]
        match body:
            case ClockHeld():
                hold = Hold(since=event.at, until=None, why=body.why, seq=event.seq)
                run = replace(run, status=RunStatus.HELD, holds=(*run.holds, hold))
            case ClockResumed():
                holds = _holds_resumed(run, event, body.why)
                run = replace(run, status=RunStatus.RUNNING, how="", stopped_at=None, holds=holds)
            case ClockExtended():
                run = replace(run, extensions=(*run.extensions, Term.parse(body.by)))
                self._use(body.consent)
            case ClockStopped():
                run = _stopped(run, event, body.how)
            case _:
                assert_never(body)
        self._put_run(at, run)

    def _put_run(self, at: int, run: ClockRun) -> None:
        self.clocks = (*self.clocks[:at], run, *self.clocks[at + 1 :])

    # --- branches -------------------------------------------------------------------------------

    def _open_branch(self, event: Event, body: BranchOpened) -> None:
        self.branches = {**self.branches, body.branch: _opened(event, body)}

    def _branch(self, event: Event, body: BranchTaken | BranchAnswered | BranchReturned | BranchSettled) -> None:
        branch = self.branches.get(body.branch)
        if branch is None:
            return
        match body:
            case BranchTaken():
                branch = replace(branch, status=BranchStatus.TAKEN)
            case BranchAnswered():
                branch = replace(branch, status=BranchStatus.ANSWERED, verdict=body.verdict)
            case BranchReturned():
                branch = replace(branch, status=BranchStatus.TAKEN, verdict=None)
            case BranchSettled():
                branch = replace(
                    branch,
                    status=BranchStatus.SETTLED,
                    verdict=body.verdict,
                    settled_at=event.at,
                    settled_by=event.person,
                )
            case _:
                assert_never(body)
        self.branches = {**self.branches, body.branch: branch}

    # --- papers, materials, fees ----------------------------------------------------------------

    def _issue(self, event: Event, body: DocumentIssued) -> None:
        self.documents = {**self.documents, body.number: _issued(event, body)}

    def _serve(self, event: Event, body: DocumentServed) -> None:
        if body.number in self.documents:
            served = replace(self.documents[body.number], served_at=event.at, manner=body.manner)
            self.documents = {**self.documents, body.number: served}

    def _produce(self, event: Event, body: ResultIssued) -> None:
        made = Result(
            result=body.result,
            number=body.number,
            seq=event.seq,
            valid_from=body.valid_from,
            valid_to=body.valid_to,
            retracted=False,
        )
        self.results = {**self.results, body.number: made}

    def _receive(self, event: Event, body: MaterialReceived) -> None:
        known = self.materials.get(body.material)
        received = Material(
            material=body.material,
            received_at=event.at,
            form=body.form,
            verdict=known.verdict if known is not None and known.verdict in ("accepted", "waived") else "",
            commitments=(*(known.commitments if known is not None else ()), body.commitment),
        )
        self.materials = {**self.materials, body.material: received}

    def _check(self, event: Event, body: MaterialChecked) -> None:
        blank = Material(material=body.material, received_at=None, form="", verdict="", commitments=())
        checked = replace(self.materials.get(body.material, blank), verdict=body.verdict)
        self.materials = {**self.materials, body.material: checked}

    def _demand(self, event: Event, body: FeeDemanded) -> None:
        due = Fee(fee=body.fee, amount=body.amount, demanded_at=event.at, how="", receipt="", settled_at=None)
        self.fees = {**self.fees, body.fee: due}

    def _settle(self, event: Event, body: FeeSettled) -> None:
        self._use(body.consent)
        if body.fee in self.fees:
            settled = replace(self.fees[body.fee], how=body.how, receipt=body.receipt, settled_at=event.at)
            self.fees = {**self.fees, body.fee: settled}


_READ: Final[Mapping[type, Callable[[_Sketch, Event, Any], None]]] = {
    Opened: _Sketch._open,
    Acted: _Sketch._act,
    Deemed: _Sketch._deem,
    Corrected: _Sketch._correct,
    Reverted: _Sketch._revert,
    Rebound: _Sketch._rebind,
    Assigned: _Sketch._assign,
    Linked: _Sketch._link,
    Retracted: _Sketch._retract,
    Noted: _Sketch._say,
    ClockStarted: _Sketch._start_clock,
    ClockHeld: _Sketch._clock,
    ClockResumed: _Sketch._clock,
    ClockExtended: _Sketch._clock,
    ClockStopped: _Sketch._clock,
    BranchOpened: _Sketch._open_branch,
    DocumentIssued: _Sketch._issue,
    FeeDemanded: _Sketch._demand,
    ResultIssued: _Sketch._produce,
    Published: _Sketch._publish,
    MaterialReceived: _Sketch._receive,
    MaterialChecked: _Sketch._check,
    BranchTaken: _Sketch._branch,
    BranchAnswered: _Sketch._branch,
    BranchReturned: _Sketch._branch,
    BranchSettled: _Sketch._branch,
    DocumentServed: _Sketch._serve,
    FeeSettled: _Sketch._settle,
    Rated: _Sketch._say,
    Erased: _Sketch._erase,
}
"""What each kind of event does; a table and not a `match`, which would ask up to thirty kinds before the right one."""
assert _READ.keys() == set(KINDS.values()), "every kind of event has its reading"

_SEALING: Final = frozenset(kind for kind in _READ if get_type_hints(kind).get("sealed") == Mapping[str, str])
"""The kinds that may carry commitments of sealed words."""


def _started(event: Event, body: ClockStarted) -> ClockRun:
    return ClockRun(
        clock=body.clock,
        seq=event.seq,
        from_at=body.from_at,
        from_mark=body.from_mark,
        legal=Term.parse(body.legal) if body.legal else None,
        promised=Term.parse(body.promised) if body.promised else None,
        until=body.until,
        calendar=body.calendar,
        edition=body.edition,
        holds=(),
        extensions=(),
        status=RunStatus.RUNNING,
        how="",
        stopped_at=None,
    )


def _stopped(run: ClockRun, event: Event, how: str) -> ClockRun:
    return ClockRun(
        clock=run.clock,
        seq=run.seq,
        from_at=run.from_at,
        from_mark=run.from_mark,
        legal=run.legal,
        promised=run.promised,
        until=run.until,
        calendar=run.calendar,
        edition=run.edition,
        holds=_holds_ended(run, event),
        extensions=run.extensions,
        status=RunStatus.STOPPED,
        how=how,
        stopped_at=event.at,
    )


def _holds_ended(run: ClockRun, event: Event) -> tuple[Hold, ...]:
    """The holds of a run with its open one, if any, ended by this event."""
    if not run.holds or run.holds[-1].until is not None:
        return run.holds
    return (*run.holds[:-1], replace(run.holds[-1], until=event.at))


def _holds_resumed(run: ClockRun, event: Event, why: str) -> tuple[Hold, ...]:
    """The holds of a run that goes on: one ends, or the time since it stopped becomes one (again = "continue")."""
    if run.status is RunStatus.STOPPED and run.stopped_at is not None:
        return (*run.holds, Hold(since=run.stopped_at, until=event.at, why=why, seq=event.seq))
    return _holds_ended(run, event)


def _ends_anew(run: ClockRun, body: Corrected) -> ClockRun:
    """A run that ends on the date a corrected fact named ends on the new one."""
    if run.until is not None and run.until.isoformat() == body.was and isinstance(body.value, str):
        return replace(run, until=date.fromisoformat(body.value))
    return run


def _opened(event: Event, body: BranchOpened) -> Branch:
    return Branch(
        branch=body.branch,
        group=body.group,
        kind=body.kind,
        to=body.to,
        child=body.child,
        opened_at=event.at,
        opened_seq=event.seq,
        opened_by=event.person,
        status=BranchStatus.OPEN,
        verdict=None,
        settled_at=None,
        settled_by="",
        used=False,
    )


def _issued(event: Event, body: DocumentIssued) -> Document:
    return Document(
        document=body.document,
        number=body.number,
        seq=event.seq,
        issued_at=event.at,
        served_at=None,
        manner="",
        retracted=False,
    )
