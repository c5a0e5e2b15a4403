"""Effects (法律后果): the batch in which an act and what follows from it by law are written, event by event.

A batch folds as it grows, so each consequence is found from the state the ones before it made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from zhengtong.kernel.authority import find_post
from zhengtong.kernel.binding import Bound, canonical
from zhengtong.kernel.branches import VOID, find_ready_nodes, find_stranded, is_last
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import find_limit, find_run
from zhengtong.kernel.colours import Just, find_clock_events, start_branch
from zhengtong.kernel.commands import Hash, Serials
from zhengtong.kernel.events import (
    Body,
    BranchAnswered,
    BranchOpened,
    BranchReturned,
    BranchSettled,
    BranchTaken,
    ClockExtended,
    ClockResumed,
    ClockStopped,
    DocumentIssued,
    DocumentServed,
    Event,
    FeeDemanded,
    Inputs,
    Json,
    Published,
    ResultIssued,
    Standing,
)
from zhengtong.kernel.fees import find_fees_to_demand
from zhengtong.kernel.papers import draw_paper
from zhengtong.kernel.procedures import ActionRule
from zhengtong.kernel.states import Branch, RunStatus, State, evolve, retold
from zhengtong.kernel.terms import Term, Unit, law_day

PORTAL = "portal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """The envelope's answer to who acted, as what, on what basis."""

    person: str
    post: str
    unit: str
    dept: str
    role: str
    standing: Standing
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """What every batch of one decision shares: the law, the calendar, the numbers drawn, and when it is written."""

    bound: Bound
    calendar: Calendar
    serials: Serials
    hash: Hash
    recorded_at: datetime


class Batch:
    """The events of one transaction in the making, with the state after each."""

    def __init__(self, sitting: Sitting, state: State | None, who: Who, *, at: datetime, key: str | None) -> None:
        self.sitting, self.bound, self.calendar = sitting, sitting.bound, sitting.calendar
        self.serials, self.who, self.at, self.key = sitting.serials, who, at, key
        self.before = state
        self.events: list[Event] = []
        self.first = 1 if state is None else state.last_seq + 1

    @property
    def state(self) -> State:
        """The state after what was put so far."""
        assert self.before is not None
        return self.before

    @property
    def next_seq(self) -> int:
        """The place of the event written next."""
        return self.first + len(self.events)

    def put(self, body: Body) -> None:
        """Write one event and fold it."""
        event = Event(
            seq=self.next_seq,
            batch=self.first,
            at=self.at,
            recorded_at=self.sitting.recorded_at,
            person=self.who.person,
            post=self.who.post,
            unit=self.who.unit,
            role=self.who.role,
            standing=self.who.standing,
            basis=self.who.basis,
            key=self.key if not self.events else None,
            body=body,
        )
        self.events.append(event)
        self.before = evolve(self.before, event)

    def close(self) -> tuple[tuple[Event, ...], State]:
        """The finished events, each paper committed to, and the state after them."""
        events = tuple(self.events)
        if not any(isinstance(event.body, DocumentIssued | ResultIssued) for event in events):
            return events, self.state
        committed = tuple(
            self._commit(events, event) if isinstance(event.body, DocumentIssued | ResultIssued) else event
            for event in events
        )
        return committed, retold(self.state, (*self.state.history[: -len(events)], *committed))

    def _commit(self, events: tuple[Event, ...], event: Event) -> Event:
        body = event.body
        assert isinstance(body, DocumentIssued | ResultIssued), "only papers are committed to"
        data = canonical(draw_paper(self.bound, self.state, events, event))
        return replace(event, body=replace(body, commitment=self.sitting.hash(data)))


# ---- what an act brings with it -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An act that was just written: its rule, the state it left, the marks it set, its inputs, the consent it used."""

    rule: ActionRule
    left: str
    marks: Mapping[str, datetime]
    inputs: Inputs
    sealed: Mapping[str, str]
    consent: str | None


def write_branch(batch: Batch, rule: ActionRule, branch: Branch, verdict: str | None) -> None:
    """The branch event an act makes: taken, answered, returned or settled. Its words are on the act.

    Source: PROCEDURES 5(6)
    """
    if rule.takes:
        batch.put(BranchTaken(branch=branch.branch))
    elif rule.answers:
        batch.put(BranchAnswered(branch=branch.branch, verdict=verdict, sealed={}))
    elif rule.returns:
        batch.put(BranchReturned(branch=branch.branch, sealed={}))
    elif rule.settles:
        batch.put(BranchSettled(branch=branch.branch, verdict=verdict or "", sealed={}))


def carry_out(batch: Batch, deed: Deed) -> None:
    """Everything that follows from an act, in the order of the law: branches, papers, fees, clocks, void branches.

    Source: PROCEDURES 5(6)-(9)
    """
    rule = deed.rule
    opened = open_branches(batch, deed)
    _issue(batch, rule, deed.inputs)
    if rule.demands:
        for line in find_fees_to_demand(batch.bound, batch.state):
            batch.put(FeeDemanded(fee=line.code, amount=line.amount, basis=line.basis))
    if rule.produces is not None:
        _produce(batch, rule.produces, deed.inputs)
    if rule.publishes is not None:
        batch.put(Published(what=rule.publishes, where=PORTAL, until=None))
    _extend(batch, rule, deed.inputs, deed.consent)
    follow_colours(batch, deed.left, act=rule.code, marks=deed.marks)
    start_branch_limits(batch, opened)
    void_branches(batch)


def follow_colours(batch: Batch, left: str, *, act: str, marks: Mapping[str, datetime]) -> None:
    """Give every clock the status its state's colour says."""
    done = Just(left=left, act=act, marks=marks, at=batch.at)
    for body in find_clock_events(batch.bound, batch.state, batch.calendar, done):
        batch.put(body)


def void_branches(batch: Batch) -> None:
    """Branches that nothing can settle any more are void, and so are their limits."""
    for branch in find_stranded(batch.bound, batch.state, batch.state.state):
        batch.put(BranchSettled(branch=branch.branch, verdict=VOID, sealed={}))
        stop_branch_clocks(batch, branch.branch, "void")


# ---- branches -------------------------------------------------------------------------------------


def open_branches(batch: Batch, deed: Deed) -> tuple[str, ...]:
    """Open what the act opens: one branch per task, else per ready member item, else one for the group's role.

    Words of a task are sealed fields named `branches.<n>.<name>`, n from 0.
    """
    group, tasks = deed.rule.opens, deed.inputs.get("branches")
    if group is None:
        return ()
    if isinstance(tasks, list):
        return tuple(
            _open_task(batch, group, task, _sealed_of(deed.sealed, n))
            for n, task in enumerate(tasks)
            if isinstance(task, dict)
        )
    if batch.bound.branches[group].children:
        return open_ready_nodes(batch, group)
    return (_open_task(batch, group, {}, {}),)


def _sealed_of(sealed: Mapping[str, str], n: int) -> dict[str, str]:
    return {name: text for name, text in sealed.items() if name.startswith(f"branches.{n}.")}


def open_ready_nodes(batch: Batch, group: str) -> tuple[str, ...]:
    """Open a branch, with a child case's number, for each member item that may begin."""
    opened = []
    for node in find_ready_nodes(batch.bound, batch.state, group):
        branch = BranchOpened(
            branch=f"b{batch.next_seq}",
            group=group,
            kind=_str(node.get("item")),
            to=_str(node.get("to")) or _default_target(batch, group),
            child=batch.serials.take("child"),
            sealed={},
        )
        batch.put(branch)
        opened.append(branch.branch)
    return tuple(opened)


def _open_task(batch: Batch, group: str, task: Mapping[str, Json], sealed: Mapping[str, str]) -> str:
    to = _str(task.get("to")) or _default_target(batch, group)
    child = batch.serials.take("child") if batch.bound.branches[group].children else None
    branch = BranchOpened(
        branch=f"b{batch.next_seq}", group=group, kind=_str(task.get("kind")), to=to, child=child, sealed=sealed
    )
    batch.put(branch)
    return branch.branch


def _default_target(batch: Batch, group: str) -> str:
    role = batch.bound.branches[group].to
    post = find_post(batch.bound, batch.state, role)
    if post is not None:
        return post.post
    return _str(batch.state.facts.get(role)) or role


def start_branch_limits(batch: Batch, opened: tuple[str, ...]) -> None:
    """The limits of branches just opened begin: to sign, and to be done with."""
    for name in opened:
        branch = batch.state.branches[name]
        rule = batch.bound.branches[branch.group]
        for prefix, limit in (("sign", rule.sign), ("branch", rule.limit)):
            term = find_limit(limit, batch.state.facts, branch.kind)
            if term is not None:
                batch.put(start_branch(f"{prefix}:{name}", term, batch.calendar, batch.at))


def follow_branch(batch: Batch, rule: ActionRule, branch: Branch) -> None:
    """What a branch event does to the branch's own limits: signing meets one, answering the other; a return resumes."""
    if rule.takes:
        _stop(batch, f"sign:{branch.branch}", "met")
    elif rule.returns:
        run = find_run(batch.state, f"branch:{branch.branch}")
        if run is not None and run.status is RunStatus.STOPPED:
            batch.put(ClockResumed(clock=run.clock, why="returned"))
    else:
        stop_branch_clocks(batch, branch.branch, "met")


def stop_branch_clocks(batch: Batch, branch: str, how: str) -> None:
    """Stop both limits of a branch, if they run."""
    _stop(batch, f"sign:{branch}", how)
    _stop(batch, f"branch:{branch}", how)


def _stop(batch: Batch, clock: str, how: str) -> None:
    run = find_run(batch.state, clock)
    if run is not None and run.status is not RunStatus.STOPPED:
        batch.put(ClockStopped(clock=clock, how=how))


def moves(state: State, rule: ActionRule, branch: Branch | None) -> bool:
    """Whether the act moves the case: one that settles a branch does so only with the last of the group."""
    if rule.to is None:
        return False
    return rule.settles is None or branch is None or is_last(state, branch)


def find_target_state(state: State | None, rule: ActionRule) -> str:
    """Where the act leads: its `to`, or whence the case came.

    Source: PROCEDURES 13 (back is to where it came from, however often it went and returned)
    """
    here = "" if state is None else state.state
    if rule.to is None:
        return here
    if rule.to != "back":
        return rule.to
    path: list[str] = []
    for visit in state.visits if state is not None else ():
        if visit.state in path:
            del path[path.index(visit.state) :]
        path.append(visit.state)
    return path[-2] if len(path) > 1 else here


# ---- papers, results ------------------------------------------------------------------------------


def _issue(batch: Batch, rule: ActionRule, inputs: Inputs) -> None:
    for code in rule.issues:
        kind = batch.bound.documents[code]
        number = batch.serials.take(f"document:{code}")
        batch.put(
            DocumentIssued(document=code, number=number, template=kind.template, commitment="", seal=_seal(batch))
        )
        if code in rule.serves:
            manner, relation = _str(inputs.get("manner")) or "direct", _str(inputs.get("relation")) or "self"
            batch.put(DocumentServed(number=number, manner=manner, relation=relation))


def _seal(batch: Batch) -> str:
    """Whose seal: the acting organ's; for parties and the law, the organ that holds the case."""
    if batch.who.dept:
        return batch.who.dept
    posts = batch.bound.posts.values()
    return next((post.dept for post in posts), "")


def _produce(batch: Batch, result: str, inputs: Inputs) -> None:
    line = batch.bound.results.get(result)
    given_from, given_to = inputs.get("valid_from"), inputs.get("valid_to")
    valid_from = date.fromisoformat(given_from) if isinstance(given_from, str) else law_day(batch.at)
    valid_to = date.fromisoformat(given_to) if isinstance(given_to, str) else None
    if valid_to is None and line is not None and line.valid is not None:
        valid_to = end_of_validity(valid_from, line.valid)
    batch.put(
        ResultIssued(
            result=result,
            number=batch.serials.take(f"result:{result}"),
            valid_from=valid_from,
            valid_to=valid_to,
            commitment="",
        )
    )


def end_of_validity(valid_from: date, term: Term) -> date:
    """The last day on which a result is valid: the day before the same number.

    Units: calendar days, the first day is the first valid one; terms in days, months or years.

    >>> end_of_validity(date(2026, 3, 2), Term.parse("4 year"))
    datetime.date(2030, 3, 1)
    >>> end_of_validity(date(2026, 1, 31), Term.parse("1 month"))
    datetime.date(2026, 2, 28)
    """
    if term.unit not in (Unit.MONTH, Unit.YEAR):
        return valid_from + timedelta(days=term.n - 1)
    months = valid_from.month - 1 + term.n * (12 if term.unit is Unit.YEAR else 1)
    year, month = valid_from.year + months // 12, months % 12 + 1
    try:
        return date(year, month, valid_from.day) - timedelta(days=1)
    except ValueError:  # that month has no such day: its last day
        return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _extend(batch: Batch, rule: ActionRule, inputs: Inputs, consent: str | None) -> None:
    if rule.extends is None:
        return
    by = find_extension(batch.bound, batch.state, rule, inputs)
    batch.put(ClockExtended(clock=rule.extends.clock, by=str(by), consent=consent))


def find_extension(bound: Bound, state: State, rule: ActionRule, inputs: Inputs) -> Term | None:
    """By how much the act extends its clock: the term given, else as much as it may."""
    if rule.extends is None:
        return None
    named = next((each.name for each in rule.inputs if each.kind == "term"), "term")
    given = inputs.get(named)
    return Term.parse(given) if isinstance(given, str) else find_limit(rule.extends.at_most, state.facts)


def _str(value: Json) -> str | None:
    return value if isinstance(value, str) else None
