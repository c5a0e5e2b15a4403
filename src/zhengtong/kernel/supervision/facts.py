"""Facts of a case (办件事实) as supervision counts them: codes and instants, no personal data, nothing that is judged.

What patterns, rates, scores and the watch screen need of one case; the whole is plain JSON, so that it can be kept in a
row beside the ledger and read again without a single event.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, Self, TypeVar, cast

from zhengtong.kernel.authority import CONSENT, find_holder
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import TARGET, find_lapses
from zhengtong.kernel.events import (
    Acted,
    Assigned,
    BranchAnswered,
    BranchReturned,
    BranchTaken,
    Corrected,
    Deemed,
    DocumentServed,
    Erased,
    Event,
    FeeDemanded,
    FeeSettled,
    Json,
    Linked,
    MaterialChecked,
    MaterialReceived,
    Noted,
    Opened,
    Rated,
    Rebound,
    Retracted,
    Reverted,
    Standing,
)
from zhengtong.kernel.procedures import Limit, Phase
from zhengtong.kernel.reckoning import find_step, reach_of, used_up
from zhengtong.kernel.states import ClockRun, State
from zhengtong.kernel.supervision.scoping import is_on_spot
from zhengtong.kernel.terms import LAW_ZONE, Term, Unit, law_day

PARTY: Final = "party"
"""Who acts for himself and has no name here; the kind of an input that names one."""
WINDOW_ROLES: Final = ("window", "clerk")
"""Roles of the post at which the applicant is received."""
CARD: Final = "card"
JOINT: Final = "joint_theme"
SATISFIED: Final = 3
"""From so many on a rating is content: 非常满意、满意、基本满意 (five, four, three)."""
_NO_TERM: Final = Term(0, Unit.WD)


@dataclass(frozen=True, slots=True)
class Entry:
    """One act as it was written down: by whom, at which post, when in law and when recorded. A party has no name."""

    seq: int
    act: str
    at: datetime
    recorded_at: datetime
    person: str
    post: str
    unit: str
    role: str


@dataclass(frozen=True, slots=True)
class Grade:
    """A rating, 1 to 5."""

    seq: int
    at: datetime
    level: int
    channel: str


@dataclass(frozen=True, slots=True)
class Payment:
    """How a fee was settled (`paid`, `waived`, `refunded`), with the number of its receipt. Amount in fen."""

    seq: int
    at: datetime
    fee: str
    how: str
    amount: int
    receipt: str


@dataclass(frozen=True, slots=True)
class Move:
    """A role of the case given to a post, or taken back; `own` says whether that is the post the item names."""

    seq: int
    at: datetime
    role: str
    post: str
    unit: str
    dept: str
    manner: str
    own: bool


@dataclass(frozen=True, slots=True)
class Stay:
    """The case waited for somebody at a post; `until` is None while it does."""

    seq: int
    post: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Lateness:
    """A limit of the service that lapsed before its clock stopped: `which` is `limit` or `promise`."""

    seq: int
    clock: str
    which: str
    since: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Side:
    """Work beside the case: an opinion, a special procedure, a member of a joint approval."""

    seq: int
    group: str
    kind: str
    to: str
    opened_at: datetime
    settled_at: datetime | None
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """One case as it stood at `at`. Instants are in UTC+8.

    `dept` and `unit` answer for the case, `holder_…` have it now. `accepted` and `decided` are the acts that did so;
    where both are one act, it was decided on the spot. `is_business`: somebody
    outside the service is its party, unlike cards and orders. `closed` is
    the act that closed it. `promised_on` and `due_on` are the last days in time of its main
    clock; `net_days` the working days from acceptance to decision without the time it was held.
    """

    number: str
    procedure: str
    item: str
    item_version: int
    region: str
    dept: str
    unit: str
    window: str
    holder_post: str
    holder_dept: str
    channel: str
    parent: str
    state: str
    phase: str
    outcome: str
    is_negative: bool
    is_online_item: bool
    on_spot: bool
    is_business: bool
    seq: int
    at: datetime
    opened_at: datetime
    received_at: datetime | None
    accepted_at: datetime | None
    decided_at: datetime | None
    closed_at: datetime | None
    accepted: Entry | None
    decided: Entry | None
    closed: Entry | None
    promised_on: date | None
    due_on: date | None
    late_to_promise_at: datetime | None
    late_to_limit_at: datetime | None
    net_days: int | None
    promised_days: int | None
    limit_days: int | None
    visits: int
    supplements: int
    specials: int
    holds: int
    extensions: int
    reversals: int
    corrections: int
    deemed: int
    late: tuple[Lateness, ...]
    entries: tuple[Entry, ...]
    stays: tuple[Stay, ...]
    moves: tuple[Move, ...]
    sides: tuple[Side, ...]
    ratings: tuple[Grade, ...]
    fees: tuple[Payment, ...]
    fees_due: int
    links: tuple[tuple[str, str], ...]
    level: str
    category: str

    @property
    def is_at_once(self) -> bool:
        """Whether one act accepted and decided it (当场办结)."""
        return self.accepted is not None and self.decided is not None and self.accepted.seq == self.decided.seq

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    @property
    def is_void(self) -> bool:
        return self.outcome == "void"

    def as_plain(self) -> dict[str, Json]:
        """The same in plain JSON: instants and days as ISO text, parts as lists in the order of their fields."""
        return {name: _plain(getattr(self, name)) for name in _NAMES}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Read what `as_plain` wrote."""
        return cls(**{name: _READERS.get(name, _same)(plain[name]) for name in _NAMES})


_NAMES: Final = tuple(each.name for each in fields(CaseFacts))


# ---- reading a case -------------------------------------------------------------------------------------------


def find_facts(bound: Bound, state: State, calendar: Calendar, at: datetime) -> CaseFacts:
    """What supervision counts of a case at an instant; events after it are not looked for.

    Units: `net_days`, `promised_days`, `limit_days` are working days.
    Source: DOMAIN 4.3, 4.7
    """
    entries = tuple(_entries(state))
    heads = {entry.seq: entry for entry in entries}
    marked = _marking(state)
    accepted, decided = heads.get(marked.get("accepted", 0)), heads.get(marked.get("decided", 0))
    main = _main_run(bound, state)
    late = tuple(_lateness(bound, state, calendar, at))
    promised_on, due_on = _last_days(bound, state, main, calendar)
    phase = bound.phase_of(state.state)
    home = _home(bound, state)
    holder = find_holder(bound, state)
    marks = {name: value.astimezone(LAW_ZONE) for name, value in state.marks.items()}
    mains = [each for each in late if main is not None and each.seq == main.seq]
    closed_at = state.visits[-1].since.astimezone(LAW_ZONE) if phase is Phase.CLOSED else None
    window = next((bound.posts[role] for role in WINDOW_ROLES if role in bound.posts), None)
    outcome = bound.outcomes.get(state.outcome or "")
    kinds = [type(event.body) for event in state.history if event.seq not in state.struck]
    return CaseFacts(
        number=state.number,
        procedure=state.procedure,
        item=state.item,
        item_version=state.item_version,
        region=bound.region,
        dept=home[1],
        unit=home[0],
        window=window.post if window is not None else "",
        holder_post=holder.post if holder is not None else "",
        holder_dept=holder.dept if holder is not None else "",
        channel=state.channel,
        parent=state.parent or "",
        state=state.state,
        phase=str(phase),
        outcome=state.outcome or "",
        is_negative=outcome is not None and outcome.negative,
        is_online_item="online" in bound.options,
        on_spot=is_on_spot(bound),
        is_business=any(each.kind == PARTY for rule in bound.actions.values() if rule.opening for each in rule.inputs),
        seq=state.last_seq,
        at=at.astimezone(LAW_ZONE),
        opened_at=state.opened_at.astimezone(LAW_ZONE),
        received_at=marks.get("received"),
        accepted_at=marks.get("accepted"),
        decided_at=marks.get("decided"),
        closed_at=closed_at,
        accepted=accepted,
        decided=decided,
        closed=heads.get(_head_of(state, state.visits[-1].seq)) if closed_at is not None else None,
        promised_on=promised_on,
        due_on=due_on,
        late_to_promise_at=next((each.since for each in mains if each.which == "promise"), None),
        late_to_limit_at=next((each.since for each in mains if each.which == "limit"), None),
        net_days=_net_days(main, marks, calendar),
        promised_days=_working_days(main.promised if main is not None else bound.terms.get("promised")),
        limit_days=_working_days(main.legal if main is not None else _limit_of(bound)),
        visits=len(set(_days_here(state))),
        supplements=_entered(bound, state, Phase.SUPPLEMENTING),
        specials=sum(branch.group == "special" for branch in state.branches.values()),
        holds=_entered(bound, state, Phase.SUSPENDED),
        extensions=sum(len(run.extensions) for run in state.clocks if run.how != "void"),
        reversals=sum(type(event.body) is Reverted for event in state.history),
        corrections=kinds.count(Corrected),
        deemed=kinds.count(Deemed),
        late=late,
        entries=entries,
        stays=tuple(_stays(bound, state)),
        moves=tuple(_moves(bound, state)),
        sides=tuple(_sides(state)),
        ratings=tuple(_ratings(state)),
        fees=tuple(_payments(state)),
        fees_due=sum(not fee.how for fee in state.fees.values()),
        links=tuple((relation, other) for relation, other in state.links),
        level=_kept(state, "now") or _kept(state, "level"),
        category=_kept(state, "category"),
    )


def _kept(state: State, name: str) -> str:
    """A kept fact that is a code: the level of a card (`now` once it was lowered), the category of a hotline order."""
    value = state.facts.get(name)
    return value if isinstance(value, str) else ""


_ACTS: Final[Mapping[type, str]] = {
    MaterialReceived: "receive_material",
    MaterialChecked: "check_material",
    BranchTaken: "take_branch",
    BranchAnswered: "answer_branch",
    BranchReturned: "return_branch",
    DocumentServed: "serve",
    FeeSettled: "settle_fee",
    FeeDemanded: "demand_fee",
    Rated: "rate",
    Erased: "erase",
    Corrected: "correct",
    Reverted: "revert",
    Rebound: "rebind",
    Assigned: "assign",
    Linked: "link",
    Retracted: "retract",
    Noted: "note",
}


def _entries(state: State) -> Iterator[Entry]:
    """Every act, struck out or not: it was entered all the same. Of an opening the act stands behind `Opened`."""
    names = {event.batch: event.body.act for event in reversed(state.history) if isinstance(event.body, Acted | Deemed)}
    for event in state.history:
        if event.seq != event.batch:
            continue
        name = names.get(event.batch) or _ACTS.get(type(event.body), event.kind)
        yield Entry(
            event.seq,
            name,
            event.at.astimezone(LAW_ZONE),
            event.recorded_at.astimezone(LAW_ZONE),
            PARTY if event.standing is Standing.PARTY else event.person,
            event.post,
            event.unit,
            event.role,
        )


def _marking(state: State) -> dict[str, int]:
    """Which act set a mark: the first that accepted, the last that decided; struck ones left out. By head of batch."""
    found: dict[str, int] = {}
    for event in state.history:
        if event.seq in state.struck or not isinstance(event.body, Acted | Deemed):
            continue
        for mark in event.body.marks:
            if mark != "accepted" or mark not in found:
                found[mark] = event.batch
    return found


def _head_of(state: State, seq: int) -> int:
    return next((event.batch for event in reversed(state.history) if event.seq == seq), 0)


def _main_run(bound: Bound, state: State) -> ClockRun | None:
    runs = [
        run for run in state.clocks if run.how != "void" and run.clock in bound.clocks and bound.clocks[run.clock].main
    ]
    return runs[-1] if runs else None


def _lateness(bound: Bound, state: State, calendar: Calendar, at: datetime) -> Iterator[Lateness]:
    """Limits of the service that lapsed while their clock ran; not what only may be done within a time."""
    steps = (find_step(bound, state, code, calendar) for code in dict.fromkeys(visit.state for visit in state.visits))
    for run in (*state.clocks, *(step for step in steps if step is not None)):
        if run.how == "void" or not _binds_us(bound, state, run):
            continue
        now = at if run.stopped_at is None else min(at, run.stopped_at)
        ended = None if run.stopped_at is None else run.stopped_at.astimezone(LAW_ZONE)
        for which, lapse in zip(("limit", "promise"), find_lapses(state, run, calendar), strict=True):
            if lapse is not None and now >= lapse:
                yield Lateness(run.seq, run.clock, which, lapse, ended)


def _binds_us(bound: Bound, state: State, run: ClockRun) -> bool:
    if run.clock.startswith(("branch:", "sign:")):
        branch = state.branches.get(run.clock.partition(":")[2])
        return branch is not None and branch.group != CONSENT
    rule = bound.clocks.get(run.clock)
    return rule is None or rule.whose in ("organ", TARGET)


def _limit_of(bound: Bound) -> Term | None:
    limit: Limit | None = next((rule.legal for rule in bound.clocks.values() if rule.main), None)
    return limit if isinstance(limit, Term) else bound.terms.get("legal")


def _last_days(
    bound: Bound, state: State, main: ClockRun | None, calendar: Calendar
) -> tuple[date | None, date | None]:
    """The last days in time of promise and limit; what is decided on the spot never starts a clock."""
    if main is not None:
        if main.until is not None:
            return None, main.until
        return reach_of(main, main.promised, calendar).due_on, reach_of(main, main.legal, calendar).due_on
    accepted = state.marks.get("accepted")
    if accepted is None:
        return None, None
    day = law_day(accepted)
    terms = bound.terms.get("promised"), _limit_of(bound)
    promised, limit = (
        calendar.due_day(day, term) if term is not None and term.unit not in (Unit.H, Unit.WH) else None
        for term in terms
    )
    return promised, limit


def _net_days(main: ClockRun | None, marks: Mapping[str, datetime], calendar: Calendar) -> int | None:
    accepted, decided = marks.get("accepted"), marks.get("decided")
    if accepted is None or decided is None:
        return None
    if main is None:
        return max(calendar.count(law_day(accepted), law_day(decided)), 0)
    return used_up(main, _NO_TERM, calendar, decided)


def _working_days(term: Term | None) -> int | None:
    return term.n if term is not None and term.unit is Unit.WD else None


def _home(bound: Bound, state: State) -> tuple[str, str]:
    """The unit and department that answer for the case: a unit it was sent to (its department is not known here, so the
    unit stands for it, as in `find_holder`), else those of the post that opens it."""
    for rule in bound.states.values():
        sent = state.facts.get(rule.holder) if rule.holder and rule.holder not in bound.posts else None
        if isinstance(sent, str) and sent:
            return sent, sent
    opening = next((rule for rule in bound.actions.values() if rule.opening), None)
    roles = (*(opening.by if opening is not None else ()), *sorted(bound.posts))
    home = next((bound.posts[role] for role in roles if role in bound.posts), None)
    return (home.unit, home.dept) if home is not None else ("", "")


def _days_here(state: State) -> Iterator[date]:
    """The days on which the applicant had to come: handed something in, or was handed something, in person."""
    for event in state.history:
        body = event.body
        if event.seq in state.struck:
            continue
        match body:
            case Opened(channel="window"):
                yield law_day(event.at)
            case Acted(act="supply") if event.post:
                yield law_day(event.at)
            case Acted() if body.inputs.get("manner") == "direct":
                yield law_day(event.at)


def _entered(bound: Bound, state: State, phase: Phase) -> int:
    return sum(visit.state in bound.states and bound.phase_of(visit.state) is phase for visit in state.visits)


WAITING: Final = (Phase.SUBMITTED, Phase.RECEIVED, Phase.EXAMINING, Phase.DECIDED)
"""Phases in which the service is to do something; in the others it waits for the applicant, or for what holds."""


def _stays(bound: Bound, state: State) -> Iterator[Stay]:
    for visit in state.visits:
        rule = bound.states.get(visit.state)
        if rule is None or rule.holder is None or rule.phase not in WAITING:
            continue
        post = state.assigned.get(rule.holder) or bound.posts.get(rule.holder)
        if post is not None and post.post:
            until = visit.until.astimezone(LAW_ZONE) if visit.until is not None else None
            yield Stay(visit.seq, post.post, visit.since.astimezone(LAW_ZONE), until)


def _moves(bound: Bound, state: State) -> Iterator[Move]:
    for event, body in _of(state, Assigned):
        own = bound.posts.get(body.role)
        is_own = own is not None and own.post == body.post
        yield Move(
            event.seq, event.at.astimezone(LAW_ZONE), body.role, body.post, body.unit, body.dept, body.manner, is_own
        )


def _sides(state: State) -> Iterator[Side]:
    for branch in state.branches.values():
        if branch.group != CONSENT:
            settled = branch.settled_at.astimezone(LAW_ZONE) if branch.settled_at is not None else None
            yield Side(
                branch.opened_seq,
                branch.group,
                branch.kind or "",
                branch.to,
                branch.opened_at.astimezone(LAW_ZONE),
                settled,
                branch.verdict or "",
            )


def _ratings(state: State) -> Iterator[Grade]:
    for event, body in _of(state, Rated):
        yield Grade(event.seq, event.at.astimezone(LAW_ZONE), body.level, body.channel)


def _payments(state: State) -> Iterator[Payment]:
    for event, body in _of(state, FeeSettled):
        yield Payment(event.seq, event.at.astimezone(LAW_ZONE), body.fee, body.how, body.amount, body.receipt)


_Kind = TypeVar("_Kind")


def _of(state: State, kind: type[_Kind]) -> Iterator[tuple[Event, _Kind]]:
    """The events of one kind that stand."""
    for event in state.history:
        body = event.body
        if isinstance(body, kind) and event.seq not in state.struck:
            yield event, body


# ---- plain -----------------------------------------------------------------------------------------------------


def _plain(value: object) -> Json:
    if isinstance(value, date):  # an instant is one too
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    return [_plain(getattr(value, each.name)) for each in fields(cast("Any", value))]


@lru_cache(maxsize=65_536)
def _instant(text: str) -> datetime:
    """An instant as written; kept, because the acts of a case share theirs."""
    return datetime.fromisoformat(text).astimezone(LAW_ZONE)


def _same(value: Any) -> Any:
    return value


def _at(value: str | None) -> datetime | None:
    return None if value is None else _instant(value)


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


_PARTS: Final[Mapping[type, tuple[int, ...]]] = {
    Entry: (2, 3), Grade: (1,), Payment: (1,), Move: (1,), Stay: (2, 3), Lateness: (3, 4), Side: (4, 5),
}  # fmt: skip
"""Which places of a part hold instants."""


def _part(kind: type[Any], plain: Iterable[Any]) -> Any:
    values = list(plain)
    for place in _PARTS[kind]:
        values[place] = _at(values[place])
    return kind(*values)


def _parts_of(kind: type[Any]) -> Any:
    return lambda rows: tuple(_part(kind, row) for row in rows)


def _maybe_entry(plain: Any) -> Entry | None:
    return None if plain is None else cast("Entry", _part(Entry, plain))


_READERS: Final[Mapping[str, Any]] = {
    **dict.fromkeys(
        (
            "at",
            "opened_at",
            "received_at",
            "accepted_at",
            "decided_at",
            "closed_at",
            "late_to_promise_at",
            "late_to_limit_at",
        ),
        _at,
    ),
    "promised_on": _day,
    "due_on": _day,
    "accepted": _maybe_entry,
    "decided": _maybe_entry,
    "closed": _maybe_entry,
    "late": _parts_of(Lateness),
    "entries": _parts_of(Entry),
    "stays": _parts_of(Stay),
    "moves": _parts_of(Move),
    "sides": _parts_of(Side),
    "ratings": _parts_of(Grade),
    "fees": _parts_of(Payment),
    "links": lambda rows: tuple((relation, other) for relation, other in rows),
}
