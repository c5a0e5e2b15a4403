"""What the public API answers with. Money is in fen; limits are terms of the law ("20 wd"); days are ISO dates."""

from datetime import date

from ninja import Schema


class Problem(Schema):
    """What was wrong. `code` is stable; `detail` is for a person."""

    code: str
    detail: str


class ItemLine(Schema):
    code: str
    name: str
    short: str
    department: str
    department_name: str
    status: str
    is_free: bool
    version_url: str


class ItemPage(Schema):
    total: int
    page: int
    pages: int
    items: list[ItemLine]


class LegalBasis(Schema):
    title: str
    number: str
    article: str
    confirmed: bool


class Material(Schema):
    code: str
    name: str
    required: bool
    tolerable: bool
    copies: int
    note: str


class Fee(Schema):
    code: str
    name: str
    fen: int
    basis: str
    confirmed: bool


class Choice(Schema):
    code: str
    name: str


class Situation(Schema):
    code: str
    question: str
    choices: list[Choice]


class Guide(Schema):
    """A guide under the answers given: what to bring, what it costs, how long it may take, where to turn against it."""

    code: str
    name: str
    short: str
    version: int | None
    effective_from: date | None
    status: str
    department: str
    department_name: str
    can_apply: bool
    legal_limit: str
    promised_limit: str
    basis: list[LegalBasis]
    conditions: list[str]
    situations: list[Situation]
    materials: list[Material]
    fees: list[Fee]
    result: str
    remedy: str


class ProcedureLine(Schema):
    code: str
    name: str
    versions: list[str]
    in_force: str


class DayLine(Schema):
    date: date
    working: bool
    why: str
    name: str
    provisional: bool


class DueDay(Schema):
    """The n-th working day after a day; `provisional` names years without an official notice of the State Council."""

    after: date
    working_days: int
    due: date
    calendar_digest: str
    provisional: list[int]


class PaperFound(Schema):
    """A paper as the ledger has it now. `standing`: valid, retracted or struck."""

    number: str
    name: str
    organ: str
    issued_on: date
    standing: str
    valid_from: date | None
    valid_to: date | None
    is_expired: bool
    head: str
    acts: int


class RootDay(Schema):
    day: date
    digest: str
    line: str
