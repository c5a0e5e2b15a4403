"""Particulars (案情): the frozen values a history folds into. They hold codes, instants and references only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from zhengtong.kernel.binding import PostRef
from zhengtong.kernel.events import History, Json
from zhengtong.kernel.terms import Term


class RunStatus(StrEnum):
    RUNNING = "running"
    HELD = "held"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A pause of a clock, both instants as recorded; `until` is None while it lasts."""

    since: datetime
    until: datetime | None
    why: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRun:
    """One run of a clock, from its ClockStarted (seq) on. `how` is set when it stopped."""

    clock: str
    seq: int
    from_at: datetime
    from_mark: str | None
    legal: Term | None
    promised: Term | None
    until: date | None
    calendar: str
    edition: str
    holds: tuple[Hold, ...]
    extensions: tuple[Term, ...]
    status: RunStatus
    how: str
    stopped_at: datetime | None


class BranchStatus(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    ANSWERED = "answered"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Work beside the case. A consent is a branch of group `consent`: kind = act asked for, to = rank."""

    branch: str
    group: str
    kind: str | None
    to: str
    child: str | None
    opened_at: datetime
    opened_seq: int
    opened_by: str
    status: BranchStatus
    verdict: str | None
    settled_at: datetime | None
    settled_by: str
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A stay in a state; `until` is None where the case stands now."""

    state: str
    since: datetime
    until: datetime | None
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An act that was done and not struck out; person and post as on its event."""

    act: str
    seq: int
    batch: int
    at: datetime
    person: str
    post: str
    deemed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What is known of one material; verdict empty while nobody has checked it."""

    material: str
    received_at: datetime | None
    form: str
    verdict: str
    commitments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    document: str
    number: str
    seq: int
    issued_at: datetime
    served_at: datetime | None
    manner: str
    retracted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """Amount in fen; due while `how` is empty."""

    fee: str
    amount: int
    demanded_at: datetime
    how: str
    receipt: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    result: str
    number: str
    seq: int
    valid_from: date
    valid_to: date | None
    retracted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a case stands after its history; `history` is kept so that a reversal can fold again without it.

    `clocks` and `visits` are in order of start. `parties` maps party roles to opaque subject references;
    of several in one role the last has the role's name, the others `<role>#<n>`.
    `assigned` overrides the item's posts. `rebutted` holds (clock, seq of its run) that may not deem again.
    `struck` holds the seqs of struck-out events. `fact_origin` names the event a kept fact comes from.
    """

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
    opened_at: datetime
    last_seq: int
    last_at: datetime
    history: History
