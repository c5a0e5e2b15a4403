"""Indicators (指标): the rates of a period over the facts of cases, each with what was counted among what, and what was
left out and why. A rate without cases has no value; a duration is told by percentiles, never by a mean.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Final

from zhengtong.kernel.supervision.facts import CARD, SATISFIED, CaseFacts
from zhengtong.kernel.supervision.grounds import Ground
from zhengtong.kernel.supervision.rules import Whose
from zhengtong.kernel.terms import lapse_at

NOT_ISSUED: Final = frozenset({"not_issued"})
PERCENTILES: Final = (10, 50, 90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many of so many; `excluded` of those looked at could not be judged."""

    code: str
    numerator: int
    denominator: int
    excluded: int = 0

    @property
    def percent(self) -> Fraction | None:
        """In percent, exactly; None where there is nothing to divide by."""
        return Fraction(100 * self.numerator, self.denominator) if self.denominator else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How long things took: how many there were, and the working days below which so many percent of them lie."""

    code: str
    n: int
    days: Mapping[int, int]
    excluded: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a period, both included, and the instant as of which its open cases are judged."""

    since: date
    until: date
    at: datetime

    @property
    def end(self) -> datetime:
        """The first instant after it, or the instant it is judged at, if that is earlier."""
        return min(lapse_at(self.until), self.at)

    def holds(self, instant: datetime | None) -> bool:
        """Whether something happened in it."""
        return instant is not None and self.since <= instant.date() <= self.until and instant <= self.at


# ---- what is asked of a case -----------------------------------------------------------------------------------

Ask = Callable[[CaseFacts, Span], bool | None]
"""Yes, no, or None: it cannot be said of this case."""


def ended_at(facts: CaseFacts) -> datetime | None:
    """办结: when it was decided; of what was never decided, when it was closed."""
    return facts.decided_at or facts.closed_at


def _opened(facts: CaseFacts, span: Span) -> bool:
    return span.holds(facts.opened_at)


def _received(facts: CaseFacts, span: Span) -> bool:
    return span.holds(facts.received_at)


def _accepted(facts: CaseFacts, span: Span) -> bool:
    return span.holds(_first_accepted(facts))


def _first_accepted(facts: CaseFacts) -> datetime | None:
    return facts.accepted.at if facts.accepted is not None else None


def _ended(facts: CaseFacts, span: Span) -> bool:
    return span.holds(ended_at(facts))


def _ended_accepted(facts: CaseFacts, span: Span) -> bool:
    return facts.accepted is not None and _ended(facts, span)


def _in_time(facts: CaseFacts, _span: Span) -> bool | None:
    return None if facts.promised_on is None else facts.late_to_promise_at is None


def _in_limit(facts: CaseFacts, _span: Span) -> bool | None:
    return None if facts.due_on is None else facts.late_to_limit_at is None


def _early(facts: CaseFacts, _span: Span) -> bool | None:
    ended = ended_at(facts)
    return None if facts.promised_on is None or ended is None else ended.date() < facts.promised_on


def _on_the_spot(facts: CaseFacts, _span: Span) -> bool:
    accepted, ended = _first_accepted(facts), ended_at(facts)
    if facts.channel != "window" or accepted is None or ended is None:
        return False
    return accepted.date() == ended.date()


def _late_or_open_late(facts: CaseFacts, span: Span) -> bool:
    """Ended in the period, or still open and late at its end."""
    return _ended(facts, span) or _open_late(facts, span)


def _open_late(facts: CaseFacts, span: Span) -> bool:
    ended = ended_at(facts)
    is_open = ended is None or ended > span.end
    return is_open and facts.late_to_promise_at is not None and facts.late_to_promise_at <= span.end


def _late(facts: CaseFacts, span: Span) -> bool | None:
    if facts.promised_on is None and facts.late_to_promise_at is None:
        return None
    return facts.late_to_promise_at is not None and facts.late_to_promise_at <= span.end


def _visited_once(facts: CaseFacts, _span: Span) -> bool:
    return facts.visits <= 1


def _never_visited(facts: CaseFacts, _span: Span) -> bool:
    return facts.visits == 0


def _not_accepted(facts: CaseFacts, _span: Span) -> bool:
    return facts.accepted is None and facts.is_negative and facts.outcome != "never_came"


def _returned(facts: CaseFacts, _span: Span) -> bool:
    return facts.accepted is None and facts.closed_at is not None and facts.outcome != "withdrawn"


def _rated(facts: CaseFacts, span: Span) -> bool:
    return any(span.holds(each.at) for each in facts.ratings)


def _satisfied(facts: CaseFacts, span: Span) -> bool:
    return [each.level for each in facts.ratings if span.holds(each.at)][-1] >= SATISFIED


def _issued(*levels: str) -> Ask:
    def ask(facts: CaseFacts, span: Span) -> bool:
        is_card = facts.procedure == CARD and facts.outcome not in NOT_ISSUED and facts.level in levels
        return is_card and _accepted(facts, span)

    return ask


def _revoked(facts: CaseFacts, _span: Span) -> bool:
    return facts.outcome == "revoked"


def _is_complaint(facts: CaseFacts, span: Span) -> bool:
    return facts.category == "complaint" and _opened(facts, span)


def _complaint_due(facts: CaseFacts, span: Span) -> bool:
    """A complaint whose answer fell due in the period."""
    due = facts.due_on
    return (
        facts.category == "complaint"
        and due is not None
        and span.since <= due <= span.until
        and lapse_at(due) <= span.at
    )


def _business(ask: Ask) -> Ask:
    return lambda facts, span: facts.is_business and ask(facts, span)


# ---- the list ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Formula:
    """One indicator: among which cases, and of which of them it is true. `beside`: the numerator is counted among all
    cases by itself, not among the denominator's."""

    code: str
    among: Ask
    that: Ask
    beside: bool = False


FORMULAS: Final[tuple[Formula, ...]] = (
    Formula("completed", _business(_accepted), _business(_ended_accepted), beside=True),
    Formula("in_time", _business(_ended_accepted), _in_time),
    Formula("in_limit", _business(_ended_accepted), _in_limit),
    Formula("early", _business(_ended_accepted), _early),
    Formula("late", _business(_late_or_open_late), _late),
    Formula("on_the_spot", _business(_ended_accepted), _on_the_spot),
    Formula("instant", _business(_opened), lambda facts, _span: facts.on_spot),
    Formula("online", _business(_opened), lambda facts, _span: facts.channel == "online"),
    Formula("wholly_online", _business(_ended_accepted), _never_visited),
    Formula("one_visit", _business(_ended_accepted), _visited_once),
    Formula("not_accepted", _business(_received), _not_accepted),
    Formula("returned", _business(_received), _returned),
    Formula("supplemented", _business(_received), lambda facts, _span: facts.supplements > 0),
    Formula("special", _business(_ended_accepted), lambda facts, _span: facts.specials > 0),
    Formula("extended", _business(_ended_accepted), lambda facts, _span: facts.extensions > 0),
    Formula("withdrawn", _business(_ended), lambda facts, _span: facts.outcome == "withdrawn"),
    Formula("void", _business(_ended), lambda facts, _span: facts.is_void),
    Formula("prompts", _business(_opened), _issued("prompt"), beside=True),
    Formula("yellow_cards", _business(_opened), _issued("yellow"), beside=True),
    Formula("red_cards", _business(_opened), _issued("red"), beside=True),
    Formula("cards_revoked", _issued("prompt", "yellow", "red"), _revoked),
    Formula("complaints", _business(_opened), _is_complaint, beside=True),
    Formula("complaints_closed", _is_complaint, lambda facts, _span: ended_at(facts) is not None),
    Formula("complaints_in_time", _complaint_due, _in_limit),
    Formula("satisfied", _business(_rated), _satisfied),
)
"""DOMAIN 4.7, in its order."""


@dataclass(slots=True)
class _Count:
    numerator: int = 0
    denominator: int = 0
    excluded: int = 0


@dataclass(slots=True)
class Tally:
    """The counts of a period, case by case, in any order; `find_rates` for all of them at once."""

    span: Span
    counts: dict[str, _Count] = field(default_factory=lambda: {each.code: _Count() for each in FORMULAS})

    def take(self, facts: CaseFacts) -> None:
        """Count one case."""
        for formula in FORMULAS:
            count = self.counts[formula.code]
            if formula.beside:
                count.denominator += bool(formula.among(facts, self.span))
                count.numerator += bool(formula.that(facts, self.span))
            elif formula.among(facts, self.span):
                answer = formula.that(facts, self.span)
                if answer is None:
                    count.excluded += 1
                else:
                    count.denominator += 1
                    count.numerator += answer

    def rates(self) -> dict[str, Rate]:
        """Every rate by its code."""
        return {
            code: Rate(
                code=code, numerator=count.numerator, denominator=count.denominator, excluded=count.excluded
            )
            for code, count in self.counts.items()
        }  # fmt: skip


def find_rates(facts: Iterable[CaseFacts], since: date, until: date, at: datetime) -> dict[str, Rate]:
    """Every rate of the days from `since` to `until`, both included, as things stood at `at`.

    Units: cases, in days of UTC+8.
    Source: DOMAIN 4.7
    """
    tally = Tally(Span(since, until, at))
    for each in facts:
        tally.take(each)
    return tally.rates()


def find_rates_by(
    facts: Iterable[CaseFacts], key: Callable[[CaseFacts], str], since: date, until: date, at: datetime
) -> dict[str, dict[str, Rate]]:
    """The rates of each department, item or window, by what `key` calls it; cases without a name are left out.

    Units: cases, in days of UTC+8.
    Source: DOMAIN 4.7
    """
    span, tallies = Span(since, until, at), dict[str, Tally]()
    for each in facts:
        name = key(each)
        if name:
            tallies.setdefault(name, Tally(span)).take(each)
    return {name: tally.rates() for name, tally in sorted(tallies.items())}


# ---- what is no share of cases -----------------------------------------------------------------------------------


def find_zero_places(
    facts: Iterable[CaseFacts], ground: Ground, whose: Whose, since: date, until: date, at: datetime
) -> tuple[Rate, tuple[str, ...]]:
    """零受理窗口数、事项数: the windows or items there all the time that accepted nothing, among all such, and which.

    Units: places; days of UTC+8.
    Source: DOMAIN 4.7; DOMAIN 4.3
    """
    span = Span(since, until, at)
    busy = {_place_of(each, whose) for each in facts if _accepted(each, span)}
    places = sorted(code for code, place in ground.places(whose).items() if place.lasts(since, until))
    idle = tuple(code for code in places if code not in busy)
    return Rate(code=f"zero_{whose}s", numerator=len(idle), denominator=len(places)), idle


def _place_of(facts: CaseFacts, whose: Whose) -> str:
    return facts.window if whose is Whose.WINDOW else facts.item


def find_saving(facts: Iterable[CaseFacts], since: date, until: date, at: datetime) -> Rate:
    """提速率: of the statutory working days of what ended in the period, those that were not used.

    Units: working days, holds taken out; limits in other units are left out and counted as such.
    Source: DOMAIN 4.7
    """
    span, saved, allowed, excluded = Span(since, until, at), 0, 0, 0
    for each in facts:
        if not each.is_business or not _ended_accepted(each, span):
            continue
        if each.limit_days is None or each.net_days is None:
            excluded += 1
            continue
        allowed += each.limit_days
        saved += each.limit_days - each.net_days
    return Rate(code="saved_days", numerator=saved, denominator=allowed, excluded=excluded)


def find_spread(facts: Iterable[CaseFacts], since: date, until: date, at: datetime) -> Spread:
    """How many working days what was decided in the period took, holds taken out.

    Units: working days.
    Source: DOMAIN 4.7
    """
    span, days, excluded = Span(since, until, at), list[int](), 0
    for each in facts:
        if not each.is_business or not span.holds(each.decided_at):
            continue
        if each.net_days is None:
            excluded += 1
        else:
            days.append(each.net_days)
    days.sort()
    return Spread(
        code="net_days", n=len(days), days={each: percentile(days, each) for each in PERCENTILES if days},
        excluded=excluded,
    )  # fmt: skip


def percentile(ordered: Sequence[int], percent: int) -> int:
    """The smallest value below or at which at least so many percent of the values lie (nearest rank).

    Units: those of the values, which are in rising order and at least one.

    >>> [percentile((1, 2, 3, 4), each) for each in (10, 50, 75, 76, 100)]
    [1, 2, 3, 4, 4]
    """
    return ordered[max(-(-len(ordered) * percent // 100), 1) - 1]
