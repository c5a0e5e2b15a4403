"""The closed union of thirty event kinds (事实): what happened by somebody's authority.

An event is an envelope (who, when, at which post, on what basis) around a body. Acts head a batch,
consequences follow by law inside the batch of their act, facts are reported. No body holds personal data:
people outside the service appear as opaque subject references, and words they wrote as salted commitments.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
Inputs: TypeAlias = Mapping[str, Json]


class Standing(StrEnum):
    """In what capacity a person acted: at the own post, as B role, by delegation, or the law itself."""

    OWN = "own"
    B_ROLE = "b_role"
    DELEGATED = "delegated"
    PARTY = "party"
    LAW = "law"


LAW_PERSON = "law"


# ---- acts: somebody's authority; each heads a batch ---------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A case begins; `binding` freezes the law it stands under, `answers` the situation it was opened for.

    It always heads the batch of the opening act, which enters the first state (`left` is empty there).
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """An act of the procedure, whether or not it moves the case."""

    act: str
    left: str
    entered: str
    marks: Mapping[str, datetime]
    inputs: Inputs
    sealed: Mapping[str, str]
    facts: Mapping[str, Json]
    parties: Mapping[str, str]
    outcome: str | None
    consent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deemed:
    """The law acted by silence (视为)."""

    act: str
    left: str
    entered: str
    clock: str
    clock_seq: int
    lapsed_at: datetime
    marks: Mapping[str, datetime]
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """One datum of an earlier event is to be read so: mark:<m>, hold:<clock>:<n>, fact:<name>, sealed:<field>."""

    target: int
    path: str
    was: Json
    value: Json
    document: str | None
    sealed: Mapping[str, str]
    consent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverted:
    """The latest act is struck out; `rebuts` names the clock whose presumption falls with a deemed act."""

    target: int
    entered: str
    sealed: Mapping[str, str]
    consent: str | None
    rebuts: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebound:
    """A case not yet accepted passes to a newer law."""

    version: str
    item_version: int
    binding: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """Who holds a role of this case from now on; manner: ordinary, b_role, delegated, taken_back."""

    role: str
    post: str
    unit: str
    dept: str
    manner: str
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """This case concerns another: card_on, duplicate_of, complaint_about, review_of, renewal_of, parent, child."""

    relation: str
    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retracted:
    """A publication, a document or a result is withdrawn."""

    what: str
    ref: str
    sealed: Mapping[str, str]
    consent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A remark; its words are sealed."""

    sealed: Mapping[str, str]


# ---- consequences: follow by law from the act, only inside its batch ------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStarted:
    """A clock runs, with its limit and calendar edition written in, so no later law can rewrite history."""

    clock: str
    from_at: datetime
    from_mark: str | None
    legal: str | None
    promised: str | None
    until: date | None
    calendar: str
    edition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockHeld:
    """The clock stands still; `why` is the state or branch group that holds it."""

    clock: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockResumed:
    """The clock runs on."""

    clock: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockExtended:
    """The limit is longer by a term, continuing from the old due day."""

    clock: str
    by: str
    consent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStopped:
    """how: left, met, lapsed, void (void counts as never started)."""

    clock: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchOpened:
    """Work beside the case begins: an opinion, a special procedure, a consent, a task, a child case."""

    branch: str
    group: str
    kind: str | None
    to: str
    child: str | None
    sealed: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentIssued:
    """A numbered official document; the commitment covers its canonical data, the PDF is rendered later."""

    document: str
    number: str
    template: str
    commitment: str
    seal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeDemanded:
    """A fee is due. Amount in fen (minor units of CNY)."""

    fee: str
    amount: int
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultIssued:
    """A licence, certificate or other result comes into being."""

    result: str
    number: str
    valid_from: date
    valid_to: date | None
    commitment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Something of the case is public until a day, or for good."""

    what: str
    where: str
    until: date | None


# ---- facts: reported; each heads its own batch, or stands in the batch of the act that reports it --


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialReceived:
    """One material came in; form: paper or electronic; commitment of its content or of its paper description."""

    material: str
    form: str
    commitment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialChecked:
    """verdict: accepted, defective, waived, promised (容缺). The reason is sealed."""

    material: str
    verdict: str
    sealed: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchTaken:
    """Signed for (签收)."""

    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchAnswered:
    """Reported back; not settled until accepted."""

    branch: str
    verdict: str | None
    sealed: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchReturned:
    """The answer was not good enough; it is open again."""

    branch: str
    sealed: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchSettled:
    """The branch is over, with a verdict; `void` when the case moved away from under it."""

    branch: str
    verdict: str
    sealed: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentServed:
    """Legal effect of a document; relation: of who signed to the addressee."""

    number: str
    manner: str
    relation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSettled:
    """how: paid, waived, refunded. Amount in fen."""

    fee: str
    how: str
    amount: int
    receipt: str
    consent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """The applicant's rating, 1 to 5; words are sealed."""

    level: int
    channel: str
    sealed: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """A sealed row, named as `<seq>:<field>`, was erased: an honest gap."""

    sealed: str
    basis: str
    consent: str | None = None


Act: TypeAlias = (
    Opened | Acted | Deemed | Corrected | Reverted | Rebound | Assigned | Linked | Retracted | Noted
)  # fmt: skip
Consequence: TypeAlias = (
    ClockStarted | ClockHeld | ClockResumed | ClockExtended | ClockStopped
    | BranchOpened | DocumentIssued | FeeDemanded | ResultIssued | Published
)  # fmt: skip
Fact: TypeAlias = (
    MaterialReceived | MaterialChecked | BranchTaken | BranchAnswered | BranchReturned | BranchSettled
    | DocumentServed | FeeSettled | Rated | Erased
)  # fmt: skip
Body: TypeAlias = Act | Consequence | Fact

ACTS: tuple[type, ...] = (Opened, Acted, Deemed, Corrected, Reverted, Rebound, Assigned, Linked, Retracted, Noted)
CONSEQUENCES: tuple[type, ...] = (
    ClockStarted, ClockHeld, ClockResumed, ClockExtended, ClockStopped,
    BranchOpened, DocumentIssued, FeeDemanded, ResultIssued, Published,
)  # fmt: skip
FACTS: tuple[type, ...] = (
    MaterialReceived, MaterialChecked, BranchTaken, BranchAnswered, BranchReturned, BranchSettled,
    DocumentServed, FeeSettled, Rated, Erased,
)  # fmt: skip
KINDS: Mapping[str, type] = {kind.__name__: kind for kind in (*ACTS, *CONSEQUENCES, *FACTS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of a history.

    `batch` is the seq of the first event of its batch. `at` is when it happened in law, `recorded_at` when it
    was written; both aware. `post` is the post acted at (A's post when B acts), empty for parties and the law.
    `key` stands on the first event of a transaction only.
    """

    seq: int
    batch: int
    at: datetime
    recorded_at: datetime
    person: str
    post: str = ""
    unit: str = ""
    role: str = ""
    standing: Standing = Standing.OWN
    basis: str = ""
    key: str | None = None
    body: Body = field()

    @property
    def kind(self) -> str:
        """The name of the body's class, as stored."""
        return type(self.body).__name__


History: TypeAlias = tuple[Event, ...]
