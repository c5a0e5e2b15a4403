"""What a figure counts and a list shows (口径): one set of filters for both, so that a figure and the list behind it
agree. Each filter is a word of the address; what cannot be one is left out, never an error.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Final, Self
from urllib.parse import urlencode

from django.db.models import Case as When
from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models import When as Of

from zhengtong.kernel.supervision.rules import RANKS, Level
from zhengtong.kernel.terms import LAW_ZONE, law_day
from zhengtong.law.procedure_files import codes, load_procedure, standing
from zhengtong.ledger.queries import Case, CaseQuerySet
from zhengtong.supervision.models import Card, CardQuerySet, Signal, SignalQuerySet, Watched

LONGEST: Final = 120
NONE: Final = "-"
FIRST_YEAR, LAST_YEAR = 1900, 9000  # between them a day has an instant in every zone
ORDERS: Final = ("supervision_order", "supervision_advice")
# How long something has lain, in civil days: code → (from, to); open at the end.
AGES: Final[Mapping[str, tuple[int, int | None]]] = {
    "0": (0, 0), "1-2": (1, 2), "3-5": (3, 5), "6-10": (6, 10), "11-": (11, None),
}  # fmt: skip
OPEN_AGES: Final[Mapping[str, tuple[int, int | None]]] = {
    "0-5": (0, 5), "6-10": (6, 10), "11-20": (11, 20), "21-30": (21, 30), "31-": (31, None),
}  # fmt: skip


# ---- days ---------------------------------------------------------------------------------------------


def start_of(day: date) -> datetime:
    """The first instant of a civil day in the zone of law."""
    return datetime.combine(day, time(0), LAW_ZONE)


def days_before(day: date, n: int) -> date:
    return day - timedelta(days=n)


def month_of(text: str) -> tuple[date, date] | None:
    """The first day of a month and of the next, from `2026-03`."""
    year, _dash, month = text.partition("-")
    if not (year.isdecimal() and month.isdecimal() and len(text) == 7 and 1 <= int(month) <= 12):
        return None
    if not FIRST_YEAR < int(year) < LAST_YEAR:
        return None
    first = date(int(year), int(month), 1)
    return first, date(first.year + first.month // 12, first.month % 12 + 1, 1)


def within(ages: Mapping[str, tuple[int, int | None]], code: str, at: datetime, name: str) -> Q:
    """That an instant lies so many civil days back."""
    low, high = ages[code]
    today = law_day(at)
    found = Q(**{f"{name}__lt": start_of(days_before(today, low - 1))})
    return found if high is None else found & Q(**{f"{name}__gte": start_of(days_before(today, high))})


def age_of(ages: Mapping[str, tuple[int, int | None]], then: datetime, at: datetime) -> str:
    """The code of the age an instant has; what is to come counts as today."""
    days = max(0, (law_day(at) - law_day(then)).days)
    return next(code for code, (low, high) in ages.items() if low <= days and (high is None or days <= high))


# ---- filters ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Words every list of the watch can be narrowed by."""

    dept: str = ""
    window: str = ""
    item: str = ""
    rule: str = ""
    level: str = ""
    first: str = ""
    last: str = ""
    sort: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Self:
        """From an address."""
        names = {each.name for each in fields(cls)}
        said = {
            name: value.replace("\0", "").strip()[:LONGEST]
            for name, value in given.items()
            if name in names and value.isprintable()
        }
        return cls(**said)

    def but(self, **other: str) -> Self:
        return replace(self, **other)

    @property
    def query(self) -> str:
        """As it stands in an address, without what is as usual."""
        usual = type(self)()
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        return urlencode({name: value for name, value in said.items() if value != getattr(usual, name)})

    @property
    def is_narrowed(self) -> bool:
        return self.but(sort="").query != ""

    def span(self, name: str) -> Q:
        """That an instant lies between the two days, both included; a word that is no day is not asked for."""
        found = Q()
        first, last = _day(self.first), _day(self.last)
        if first is not None:
            found &= Q(**{f"{name}__gte": start_of(first)})
        if last is not None:
            found &= Q(**{f"{name}__lt": start_of(days_before(last, -1))})
        return found

    def equal(self, *names: str) -> Q:
        """That columns are as the filters say; NONE asks for those that have none."""
        said = {name: getattr(self, name) for name in names}
        return Q(**{name: "" if value == NONE else value for name, value in said.items() if value})


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return day if day is not None and FIRST_YEAR < day.year < LAST_YEAR else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFilters(Filters):
    """Cards: `state` is where a card stands, `age` how long it has hung."""

    state: str = "open"
    age: str = ""
    unit: str = ""


ENDS: Final = ("revoked", "corrected", "accountable")
CARD_STATES: Final[Mapping[str, Q]] = {
    "open": Q(closed_at=None, issued_at__isnull=False),
    "proposed": Q(closed_at=None, issued_at=None),
    "appealed": Q(state="appealed", closed_at=None),
    "withdrawn": Q(outcome="revoked"),
    "corrected": Q(outcome="corrected"),
    "accountable": Q(outcome="accountable"),
    "other": Q(closed_at__isnull=False, issued_at__isnull=False) & ~Q(outcome__in=ENDS),
    "dropped": Q(closed_at__isnull=False, issued_at=None),
    "issued": Q(issued_at__isnull=False),
}  # fmt: skip
"""Where a card stands; `issued` is the sum of open, withdrawn, corrected, accountable and other."""

RANK: Final = When(
    *(Of(level=level.value, then=Value(n)) for n, level in enumerate(RANKS)), output_field=IntegerField()
)
CARD_SORTS: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("-rank", "issued_at", "case_id"), "newest": ("-issued_at", "-case_id"), "oldest": ("issued_at", "case_id"),
}  # fmt: skip


def cards(filters: CardFilters, regions: tuple[str, ...], at: datetime) -> CardQuerySet:
    """The cards of these territories that the filters name, in their order."""
    wanted = Q(region__in=regions) & filters.equal("dept", "window", "item", "rule", "level", "unit")
    wanted &= CARD_STATES.get(filters.state, Q()) & filters.span("issued_at")
    if filters.age in AGES:
        wanted &= within(AGES, filters.age, at, "issued_at")
    order = CARD_SORTS.get(filters.sort, CARD_SORTS[""])
    return Card.objects.filter(wanted).annotate(rank=RANK).order_by(*order)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalFilters(Filters):
    """Findings: `state` open, ended or all; `carded` yes or no; `case` one case; `subject` what a pattern is about."""

    state: str = "open"
    family: str = ""
    carded: str = ""
    number: str = ""


SIGNAL_STATES: Final[Mapping[str, Q]] = {
    "open": Q(cleared_at=None, gone_at=None),
    "ended": Q(cleared_at__isnull=False, gone_at=None),
    "gone": Q(gone_at__isnull=False),
    "all": Q(gone_at=None),
}


def signals(filters: SignalFilters, regions: tuple[str, ...]) -> SignalQuerySet:
    """The findings of these territories that the filters name."""
    wanted = Q(region__in=regions) & filters.equal("dept", "window", "item", "rule", "level", "family", "number")
    wanted &= SIGNAL_STATES.get(filters.state, SIGNAL_STATES["open"]) & filters.span("since")
    if filters.carded:
        wanted &= ~Q(card="") if filters.carded == "yes" else Q(card="")
    order = {"newest": ("-since", "key"), "oldest": ("since", "key")}.get(filters.sort, ("-rank", "-since", "key"))
    return Signal.objects.filter(wanted).annotate(rank=RANK).order_by(*order)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilters(Filters):
    """Cases: `state` is one of CASE_STATES, `age` how long it has been open, `until` when a limit lapses, `month` when
    it was decided."""

    state: str = "open"
    age: str = ""
    month: str = ""
    until: str = ""


def _has_signal(level: str = "") -> Exists:
    found = Signal.objects.open().filter(case_id=OuterRef("pk"))
    return Exists(found.filter(level=level) if level else found)


def _promised() -> Q:
    """Accepted, ended, and with a promise: the denominator of what was kept (indicator `in_time`)."""
    ended = Q(decided_at__isnull=False) | Q(closed_at__isnull=False)
    return ended & ~Q(facts__promised_on=None) & ~Q(facts__accepted=None)


CASE_STATES: Final[Mapping[str, Callable[[datetime], Q]]] = {
    "open": lambda at: Q(closed_at=None),
    "course": lambda at: Q(closed_at=None) & Q(~_has_signal()),
    "signalled": lambda at: Q(closed_at=None) & Q(_has_signal()),
    "late": lambda at: Q(closed_at=None, decided_at=None, late_to_promise_at__lte=at),
    "late_limit": lambda at: Q(closed_at=None, decided_at=None, late_to_limit_at__lte=at),
    "decided": lambda at: _promised(),
    "kept": lambda at: _promised() & Q(late_to_promise_at=None),
    "broken": lambda at: _promised() & Q(late_to_promise_at__isnull=False),
}


@cache
def internal_procedures() -> frozenset[str]:
    """Procedures in which the service deals with itself (cards, orders, confirmations): no cases of the public."""
    return frozenset(
        code for code in codes() if any(load_procedure(code, version).internal for version in standing(code))
    )


def watched(filters: CaseFilters, regions: tuple[str, ...], at: datetime) -> QuerySet[Watched]:
    """The public's cases of these territories that the filters name."""
    wanted = Q(region__in=regions) & ~Q(procedure__in=internal_procedures())
    wanted &= filters.equal("dept", "window", "item") & filters.span("opened_at")
    wanted &= CASE_STATES.get(filters.state, CASE_STATES["open"])(at)
    if filters.age in OPEN_AGES:
        wanted &= within(OPEN_AGES, filters.age, at, "opened_at")
    month = month_of(filters.month)
    if month is not None:
        begin, end = start_of(month[0]), start_of(month[1])
        decided = Q(decided_at__gte=begin, decided_at__lt=end)
        wanted &= decided | Q(decided_at=None, closed_at__gte=begin, closed_at__lt=end)
    if filters.level in {level.value for level in Level}:
        wanted &= Q(_has_signal(filters.level))
    if filters.until:
        wanted &= _lapsing(filters.until)
    return Watched.objects.filter(wanted).order_by(*_case_order(filters.sort))


def _case_order(sort: str) -> tuple[str, ...]:
    return ("-opened_at", "case_id") if sort == "newest" else ("opened_at", "case_id")


def _lapsing(text: str) -> Q:
    """Whose next limit lapses at this very instant (`p` promised, `d` by law)."""
    kind, _colon, said = text.partition(":")
    try:
        instant = datetime.fromisoformat(said)
    except ValueError:
        return Q(pk=None)
    if instant.tzinfo is None or kind not in ("p", "d") or not FIRST_YEAR < instant.year < LAST_YEAR:
        return Q(pk=None)
    name = "promised_at" if kind == "p" else "due_at"
    return Q(**{name: instant, "decided_at": None})


# ---- orders ---------------------------------------------------------------------------------------------


def orders(regions: tuple[str, ...]) -> CaseQuerySet:
    """Orders, advice and public criticism (督办单、建议书、通报) of these territories."""
    return Case.objects.filter(item__in=ORDERS, region__in=regions)
