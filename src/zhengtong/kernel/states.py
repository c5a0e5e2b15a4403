"""The fold (折叠): a history becomes the state of a case. `evolve` defines it; `fold` is its one-pass equal.

The state holds codes, instants and references only. It is rebuilt from events and never stored as a fact.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Self, assert_never

from zhengtong.kernel.binding import PostRef
from zhengtong.kernel.events import (
    Acted,
    Assigned,
    Body,
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
    "evolve",
    "fold",
]


# ---- the fold -------------------------------------------------------------------------------------


def evolve(state: State | None, event: Event) -> State:
    """The state after one more event; total: an event that speaks of what was struck out changes nothing else.

    Source: PROCEDURES 4, 9
    """
    if isinstance(event.body, Reverted):
        return fold((*(state.history if state else ()), event))
    sketch = _Sketch() if state is None else _Sketch.of(state)
    sketch.add(event)
    return sketch.state()


def fold(history: History) -> State:
    """The state after a whole history, in one pass; equal to evolving event by event.

    Source: PROCEDURES 4, 9(2)
    """
    sketch = _Sketch()
    sketch.struck = _find_struck(history)
    for event in history:
        sketch.add(event)
    return sketch.state()


def _find_struck(history: History) -> frozenset[int]:
    """The seqs of every event in a batch that a later reversal struck out."""
    targets = {event.body.target for event in history if isinstance(event.body, Reverted)}
    if not targets:
        return frozenset()
    batches = {event.batch for event in history if event.seq in targets}
    return frozenset(event.seq for event in history if event.batch in batches)


class _Sketch:
    """A state being drawn: the same facts as `State`, in mutable containers."""

    def __init__(self) -> None:
        self.opened: Opened | None = None
        self.opened_at: datetime | None = None
        self.version, self.item_version, self.binding = "", 0, ""
        self.where = ""
        self.outcome: str | None = None
        self.visits: list[Visit] = []
        self.marks: dict[str, datetime] = {}
        self.facts: dict[str, Json] = {}
        self.parties: dict[str, str] = {}
        self.done: list[Done] = []
        self.runs: list[ClockRun] = []
        self.branches: dict[str, Branch] = {}
        self.materials: dict[str, Material] = {}
        self.documents: dict[str, Document] = {}
        self.fees: dict[str, Fee] = {}
        self.results: dict[str, Result] = {}
        self.published: list[str] = []
        self.assigned: dict[str, PostRef] = {}
        self.links: list[tuple[str, str]] = []
        self.sealed: dict[str, str] = {}
        self.rebutted: set[tuple[str, int]] = set()
        self.struck: frozenset[int] = frozenset()
        self.last_at: datetime | None = None
        self.history: list[Event] = []

    @classmethod
    def of(cls, state: State) -> Self:
        """Copy a frozen state back into a sketch."""
        sketch = cls()
        sketch.opened = Opened(
            number=state.number,
            procedure=state.procedure,
            version=state.version,
            item=state.item,
            item_version=state.item_version,
            binding=state.binding,
            channel=state.channel,
            parent=state.parent,
            answers=state.answers,
        )
        sketch.opened_at, sketch.last_at = state.opened_at, state.last_at
        sketch.version, sketch.item_version, sketch.binding = state.version, state.item_version, state.binding
        sketch.where, sketch.outcome = state.state, state.outcome
        sketch.visits, sketch.done, sketch.runs = list(state.visits), list(state.done), list(state.clocks)
        sketch.marks, sketch.facts, sketch.parties = dict(state.marks), dict(state.facts), dict(state.parties)
        sketch.branches, sketch.materials = dict(state.branches), dict(state.materials)
        sketch.documents, sketch.fees, sketch.results = dict(state.documents), dict(state.fees), dict(state.results)
        sketch.published, sketch.assigned, sketch.links = list(state.published), dict(state.assigned), list(state.links)
        sketch.sealed, sketch.rebutted, sketch.struck = dict(state.sealed), set(state.rebutted), state.struck
        sketch.history = list(state.history)
        return sketch

    def state(self) -> State:
        """Freeze."""
        assert self.opened is not None, "a history begins with Opened"
        assert self.opened_at is not None and self.last_at is not None
        return State(
            number=self.opened.number,
            procedure=self.opened.procedure,
            version=self.version,
            item=self.opened.item,
            item_version=self.item_version,
            binding=self.binding,
            channel=self.opened.channel,
            parent=self.opened.parent,
            answers=self.opened.answers,
            state=self.where,
            visits=tuple(self.visits),
            marks=self.marks,
            facts=self.facts,
            parties=self.parties,
            outcome=self.outcome,
            done=tuple(self.done),
            clocks=tuple(self.runs),
            branches=self.branches,
            materials=self.materials,
            documents=self.documents,
            fees=self.fees,
            results=self.results,
            published=tuple(self.published),
            assigned=self.assigned,
            links=tuple(self.links),
            sealed=self.sealed,
            rebutted=frozenset(self.rebutted),
            struck=self.struck,
            opened_at=self.opened_at,
            last_seq=self.history[-1].seq,
            last_at=self.last_at,
            history=tuple(self.history),
        )

    def add(self, event: Event) -> None:
        """Take one event in, unless it is struck out; its place in the history stays in any case."""
        self.history.append(event)
        self.last_at = event.at if self.last_at is None else max(self.last_at, event.at)
        if event.seq not in self.struck:
            self._read(event, event.body)

    def _read(self, event: Event, body: Body) -> None:
        sealed = getattr(body, "sealed", None)
        if isinstance(sealed, Mapping):
            self.sealed.update(sealed)
        match body:
            case Opened() | Acted() | Deemed() | Rebound():
                self._act(event, body)
            case Corrected() | Reverted():
                self._mend(body)
            case Assigned() | Linked() | Retracted() | Noted() | Published() | Rated() | Erased():
                self._word(body)
            case ClockStarted() | ClockHeld() | ClockResumed() | ClockExtended() | ClockStopped():
                self._clock(event, body)
            case BranchOpened() | BranchTaken() | BranchAnswered() | BranchReturned() | BranchSettled():
                self._branch(event, body)
            case DocumentIssued() | DocumentServed() | ResultIssued() | MaterialReceived() | MaterialChecked():
                self._paper(event, body)
            case FeeDemanded() | FeeSettled():
                self._fee(event, body)
            case _:
                assert_never(body)

    # --- acts -----------------------------------------------------------------------------------

    def _act(self, event: Event, body: Opened | Acted | Deemed | Rebound) -> None:
        match body:
            case Opened():
                self.opened, self.opened_at = body, event.at
                self.version, self.item_version, self.binding = body.version, body.item_version, body.binding
            case Acted():
                self._done(event, body.act, deemed=False)
                self.facts.update(body.facts)
                self._name(body.parties)
                self._take_effect(event, body)
                self._use(body.consent)
            case Deemed():
                self._done(event, body.act, deemed=True)
                self._take_effect(event, body)
            case Rebound():
                self.version, self.item_version, self.binding = body.version, body.item_version, body.binding
                self._enter(event, body.state)
            case _:
                assert_never(body)

    def _name(self, parties: Mapping[str, str]) -> None:
        """Name parties; whoever was named before in the same role stays one, under `<role>#<n>`."""
        for role, subject in parties.items():
            was = self.parties.get(role, subject)
            if was != subject:
                self.parties[f"{role}#{len(self.parties)}"] = was
            self.parties[role] = subject

    def _mend(self, body: Corrected | Reverted) -> None:
        self._use(body.consent)
        if isinstance(body, Reverted):
            self._rebut(body)
        elif body.target not in self.struck:
            self._correct(body)

    def _relate(self, body: Assigned | Linked) -> None:
        if isinstance(body, Linked):
            self.links.append((body.relation, body.other))
        elif body.manner == "taken_back":
            self.assigned.pop(body.role, None)
        else:
            self.assigned[body.role] = PostRef(post=body.post, unit=body.unit, dept=body.dept)

    def _done(self, event: Event, act: str, *, deemed: bool) -> None:
        self.done.append(
            Done(
                act=act,
                seq=event.seq,
                batch=event.batch,
                at=event.at,
                person=event.person,
                post=event.post,
                deemed=deemed,
            )
        )

    def _take_effect(self, event: Event, body: Acted | Deemed) -> None:
        self.marks.update(body.marks)
        if body.outcome is not None:
            self.outcome = body.outcome
        if body.entered != body.left:  # an act that does not move says nothing of where the case stands
            self._enter(event, body.entered)

    def _enter(self, event: Event, state: str) -> None:
        if state == self.where:
            return
        if self.visits:
            self.visits[-1] = replace(self.visits[-1], until=event.at)
        self.visits.append(Visit(state=state, since=event.at, until=None, seq=event.seq))
        self.where = state

    def _use(self, consent: str | None) -> None:
        if consent is not None and consent in self.branches:
            self.branches[consent] = replace(self.branches[consent], used=True)

    def _rebut(self, body: Reverted) -> None:
        if body.rebuts is None:
            return
        for event in self.history:
            if event.seq == body.target and isinstance(event.body, Deemed):
                self.rebutted.add((event.body.clock, event.body.clock_seq))

    def _correct(self, body: Corrected) -> None:
        """Read one datum anew; clocks that count from a mark, or end on a date, follow it."""
        what, _, name = body.path.partition(":")
        match what:
            case "mark" if name in self.marks and isinstance(body.value, str):
                was, self.marks[name] = self.marks[name], datetime.fromisoformat(body.value)
                for at, run in enumerate(self.runs):
                    if run.from_mark == name and run.from_at == was:
                        self.runs[at] = replace(run, from_at=self.marks[name])
            case "fact" if name in self.facts:
                self.facts[name] = body.value
                for at, run in enumerate(self.runs):
                    if run.until is not None and run.until.isoformat() == body.was and isinstance(body.value, str):
                        self.runs[at] = replace(run, until=date.fromisoformat(body.value))
            case "hold" if isinstance(body.value, str):
                clock, _, n = name.rpartition(":")
                self._end_hold(clock, int(n), datetime.fromisoformat(body.value))
            case _:
                pass  # sealed: the new commitment came in with `sealed`

    def _end_hold(self, clock: str, n: int, until: datetime) -> None:
        holds = [(at, i) for at, run in enumerate(self.runs) if run.clock == clock for i in range(len(run.holds))]
        if not 0 < n <= len(holds):
            return
        at, i = holds[n - 1]
        changed = list(self.runs[at].holds)
        if changed[i].until is None:  # its end was struck out: there is nothing to be read so
            return
        changed[i] = replace(changed[i], until=until)
        self.runs[at] = replace(self.runs[at], holds=tuple(changed))

    def _word(self, body: Assigned | Linked | Retracted | Noted | Published | Rated | Erased) -> None:
        match body:
            case Assigned() | Linked():
                self._relate(body)
            case Published():
                self.published.append(body.what)
            case Retracted():
                self._use(body.consent)
                self._retract(body)
            case Erased():
                self._use(body.consent)
            case Noted() | Rated():
                pass
            case _:
                assert_never(body)

    def _retract(self, body: Retracted) -> None:
        if body.what == "document" and body.ref in self.documents:
            self.documents[body.ref] = replace(self.documents[body.ref], retracted=True)
        if body.what == "result" and body.ref in self.results:
            self.results[body.ref] = replace(self.results[body.ref], retracted=True)
        if body.what == "publication" and body.ref in self.published:
            self.published.remove(body.ref)

    # --- clocks ---------------------------------------------------------------------------------

    def _clock(
        self, event: Event, body: ClockStarted | ClockHeld | ClockResumed | ClockExtended | ClockStopped
    ) -> None:
        if isinstance(body, ClockStarted):
            self.runs.append(_started(event, body))
            return
        at = next((i for i in range(len(self.runs) - 1, -1, -1) if self.runs[i].clock == body.clock), None)
        if at is None:
            return
        run = self.runs[at]
        match body:
            case ClockHeld():
                hold = Hold(since=event.at, until=None, why=body.why, seq=event.seq)
                run = replace(run, status=RunStatus.HELD, holds=(*run.holds, hold))
            case ClockResumed():
                run = replace(_resumed(run, event, body.why), status=RunStatus.RUNNING, how="", stopped_at=None)
            case ClockExtended():
                run = replace(run, extensions=(*run.extensions, Term.parse(body.by)))
                self._use(body.consent)
            case ClockStopped():
                run = replace(_closed(run, event), status=RunStatus.STOPPED, how=body.how, stopped_at=event.at)
            case _:
                assert_never(body)
        self.runs[at] = run

    # --- branches -------------------------------------------------------------------------------

    def _branch(
        self, event: Event, body: BranchOpened | BranchTaken | BranchAnswered | BranchReturned | BranchSettled
    ) -> None:
        if isinstance(body, BranchOpened):
            self.branches[body.branch] = _opened(event, body)
            return
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
        self.branches[body.branch] = branch

    # --- papers, materials, fees ----------------------------------------------------------------

    def _paper(
        self,
        event: Event,
        body: DocumentIssued | DocumentServed | ResultIssued | MaterialReceived | MaterialChecked,
    ) -> None:
        match body:
            case DocumentIssued():
                self.documents[body.number] = _issued(event, body)
            case DocumentServed():
                if body.number in self.documents:
                    served = replace(self.documents[body.number], served_at=event.at, manner=body.manner)
                    self.documents[body.number] = served
            case ResultIssued():
                self.results[body.number] = Result(
                    result=body.result,
                    number=body.number,
                    seq=event.seq,
                    valid_from=body.valid_from,
                    valid_to=body.valid_to,
                    retracted=False,
                )
            case MaterialReceived() | MaterialChecked():
                self._material(event, body)
            case _:
                assert_never(body)

    def _material(self, event: Event, body: MaterialReceived | MaterialChecked) -> None:
        blank = Material(material=body.material, received_at=None, form="", verdict="", commitments=())
        known = self.materials.get(body.material, blank)
        if isinstance(body, MaterialChecked):
            self.materials[body.material] = replace(known, verdict=body.verdict)
            return
        kept = known.verdict if known.verdict in ("accepted", "waived") else ""
        self.materials[body.material] = Material(
            material=body.material,
            received_at=event.at,
            form=body.form,
            verdict=kept,
            commitments=(*known.commitments, body.commitment),
        )

    def _fee(self, event: Event, body: FeeDemanded | FeeSettled) -> None:
        if isinstance(body, FeeDemanded):
            self.fees[body.fee] = Fee(
                fee=body.fee, amount=body.amount, demanded_at=event.at, how="", receipt="", settled_at=None
            )
            return
        self._use(body.consent)
        if body.fee in self.fees:
            settled = replace(self.fees[body.fee], how=body.how, receipt=body.receipt, settled_at=event.at)
            self.fees[body.fee] = settled


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


def _closed(run: ClockRun, event: Event) -> ClockRun:
    """The run with its open hold, if any, ended by this event."""
    if not run.holds or run.holds[-1].until is not None:
        return run
    return replace(run, holds=(*run.holds[:-1], replace(run.holds[-1], until=event.at)))


def _resumed(run: ClockRun, event: Event, why: str) -> ClockRun:
    """The run going on: a hold ends, or the time since it stopped becomes one (again = "continue")."""
    if run.status is RunStatus.STOPPED and run.stopped_at is not None:
        gap = Hold(since=run.stopped_at, until=event.at, why=why, seq=event.seq)
        return replace(run, holds=(*run.holds, gap))
    return _closed(run, event)


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
