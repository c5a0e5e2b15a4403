"""A procedure file as frozen values: what the words of the procedure language parse into.

`law/` reads the TOML and builds these; `binding` reduces them to one item's options; `proving` proves them.
Names carry the file's own words; `label`s and `name`s are Chinese, English stands in the mirror file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from zhengtong.kernel.events import Json
from zhengtong.kernel.terms import Term


class Phase(StrEnum):
    """Where a case stands, in words every procedure shares (closed list)."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RECEIVED = "received"
    SUPPLEMENTING = "supplementing"
    EXAMINING = "examining"
    SUSPENDED = "suspended"
    DECIDED = "decided"
    DELIVERING = "delivering"
    CLOSED = "closed"


class RoleKind(StrEnum):
    """How a role is filled: a post named by the item, a party of the case, a branch's target, a rank, staff, law."""

    POST = "post"
    PARTY = "party"
    TARGET = "target"
    RANK = "rank"
    STAFF = "staff"
    LAW = "law"


POWERS = ("receive", "review", "approve", "issue")
MARKS = ("submitted", "received", "accepted", "decided", "published", "delivered", "closed")
START = ""
"""What an opening act leaves: the case did not exist before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByFact:
    """A limit table: the term depends on a kept input, or on the branch's kind (`by = "kind"`)."""

    by: str
    cases: Mapping[str, Term]
    otherwise: Term | None


@dataclass(frozen=True, slots=True)
class Ref:
    """`@name`: a parameter the item fills in."""

    name: str


Limit: TypeAlias = Term | Ref | ByFact


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    code: str
    title: str
    kind: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """`power`: what an authorisation letter (授权书) may grant for this post role: receive, review, approve, issue."""

    code: str
    name: str
    kind: RoleKind
    power: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    code: str
    name: str
    excludes: tuple[str, ...]
    requires: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    code: str
    name: str
    default: Term | None
    at_most: Term | Ref | None
    source: str
    confirmed: bool
    when: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    code: str
    name: str
    national: str
    negative: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultKind:
    code: str
    name: str
    retention: str
    published: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKind:
    """`prefix` is the word of its number (受, 不受, 补 …); `template` names the typst template that lays it out."""

    code: str
    name: str
    prefix: str
    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRule:
    code: str
    name: str
    phase: Phase
    holder: str | None
    limit: Limit | None
    unlimited: str
    again: str
    public: str
    optional: str | None
    skip_to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRule:
    code: str
    name: str
    main: bool
    whose: str
    legal: Limit | None
    promised: Limit | None
    until: str | None
    runs_in: tuple[str, ...]
    held_in: tuple[str, ...]
    counts_from: str | None
    again: str
    since: str | None
    met_by: tuple[str, ...]
    deem: str | None
    when: str | None
    unless: str | None
    source: str
    confirmed: bool

    @property
    def is_duty(self) -> bool:
        """A duty runs whatever the state, from a mark until an act meets it, even after closing."""
        return self.since is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchRule:
    code: str
    name: str
    to: str
    kinds: Mapping[str, str]
    verdicts: Mapping[str, str]
    limit: Limit | None
    sign: Limit | None
    silence: str | None
    children: tuple[str, ...]
    ordered: bool
    when: str | None
    unless: str | None
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRule:
    name: str
    label: str
    kind: str
    required: bool
    sealed: bool
    keep: bool
    choices: Mapping[str, str]
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """`needs.<word> = parameter`; the parameter is the file's own value, shape-checked by the loader."""

    word: str
    parameter: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    clock: str
    at_most: Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRule:
    code: str
    name: str
    by: tuple[str, ...]
    from_states: tuple[str, ...]
    phases: tuple[Phase, ...]
    to: str | None
    marks: tuple[str, ...]
    dated: str | None
    outcome: str | None
    opens: str | None
    takes: str | None
    answers: str | None
    returns: str | None
    settles: str | None
    extends: Extension | None
    issues: tuple[str, ...]
    serves: tuple[str, ...]
    demands: bool
    produces: str | None
    publishes: str | None
    needs: tuple[Guard, ...]
    inputs: tuple[InputRule, ...]
    does: str | None
    after_hours: str | None
    opening: bool
    when: str | None
    unless: str | None
    source: str
    confirmed: bool

    @property
    def is_common(self) -> bool:
        """A common act records a fact and never moves the case."""
        return self.does is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """One version of one procedure, with the common acts folded in. `digest` covers both files' bytes."""

    code: str
    version: str
    name: str
    common: str
    digest: str
    internal: bool
    sources: Mapping[str, Source]
    roles: Mapping[str, Role]
    options: Mapping[str, Option]
    parameters: Mapping[str, Parameter]
    outcomes: Mapping[str, Outcome]
    results: Mapping[str, ResultKind]
    documents: Mapping[str, DocumentKind]
    sets: Mapping[str, tuple[str, ...]]
    states: Mapping[str, StateRule]
    clocks: Mapping[str, ClockRule]
    branches: Mapping[str, BranchRule]
    actions: Mapping[str, ActionRule]
    takes_over: Mapping[str, Mapping[str, str]]
