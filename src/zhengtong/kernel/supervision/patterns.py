"""Patterns (面上判断): what is seen only over many cases. One pass over the facts of cases, in any order; each finding
with numerator, denominator and examples. A ratio or an absence is judged when its period is over, what only grows at
once.
"""

from array import array
from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from fractions import Fraction
from itertools import pairwise
from types import MappingProxyType
from typing import Final, TypeAlias

from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.events import LAW_PERSON
from zhengtong.kernel.supervision.facts import CaseFacts
from zhengtong.kernel.supervision.findings import Evidence, Finding, Step, Subject
from zhengtong.kernel.supervision.grounds import Ground
from zhengtong.kernel.supervision.pattern_metrics import (
    JUDGED_AT_ONCE,
    SHAPE_OF,
    Absence,
    Around,
    Crowd,
    Hit,
    Kinds,
    Share,
    hits_of,
    key_of,
    percent,
)
from zhengtong.kernel.supervision.rules import Family, Period, Quantity, Rule, Scope, Unit, compare
from zhengtong.kernel.terms import LAW_ZONE, lapse_at

EXAMPLES: Final = 50
"""So many events stand in a finding; the rest is counted."""
_SPARE: Final = 4 * EXAMPLES
Cell: TypeAlias = tuple[str, str]
"""An occasion (`2026-03`) and whom it concerns."""


# ---- periods ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One period of a rule: its name, and its days as far as they were asked for."""

    occasion: str
    first: date
    last: date
    is_whole: bool

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(), LAW_ZONE)

    @property
    def until(self) -> datetime:
        """The first instant that no more belongs to it."""
        return lapse_at(self.last)


def occasion_of(day: date, period: Period) -> str:
    """The name of the period a day lies in.

    >>> [occasion_of(date(2026, 5, 4), each) for each in Period]
    ['2026-05-04', '2026-05', '2026-Q2', '2026']
    """
    match period:
        case Period.DAY:
            return day.isoformat()
        case Period.MONTH:
            return f"{day.year}-{day.month:02d}"
        case Period.QUARTER:
            return f"{day.year}-Q{(day.month + 2) // 3}"
        case Period.YEAR:
            return str(day.year)


def bounds_of(day: date, period: Period) -> tuple[date, date]:
    """The first and last day of the period a day lies in.

    >>> [str(each) for each in bounds_of(date(2026, 5, 4), Period.QUARTER)]
    ['2026-04-01', '2026-06-30']
    """
    match period:
        case Period.DAY:
            return day, day
        case Period.MONTH:
            first, last = day.month, day.month
        case Period.QUARTER:
            first = (day.month - 1) // 3 * 3 + 1
            last = first + 2
        case Period.YEAR:
            first, last = 1, 12
    return date(day.year, first, 1), date(day.year, last, monthrange(day.year, last)[1])


def stretches(since: date, until: date, period: Period) -> dict[str, Stretch]:
    """The periods that lie in (or partly in) the days asked for, both included, by name; cut to those days."""
    found: dict[str, Stretch] = {}
    day = since
    while day <= until:
        first, last = bounds_of(day, period)
        cut = max(first, since), min(last, until)
        name = occasion_of(day, period)
        found[name] = Stretch(occasion=name, first=cut[0], last=cut[1], is_whole=cut == (first, last))
        if last >= until:
            break
        day = lapse_at(last).date()
    return found


# ---- tallies ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What was measured of one subject in one period. `among` is the denominator, where there is one; `volume` what a
    rule's `least` is held against: the denominator, or the lot that is judged."""

    key: str
    occasion: str
    value: Fraction
    count: int
    among: int | None
    hits: Sequence[Hit]
    volume: int


@dataclass(slots=True)
class Few:
    """The count of many events, and the earliest of them."""

    count: int = 0
    hits: list[Hit] = field(default_factory=list)

    def add(self, hit: Hit) -> None:
        self.count += 1
        self.hits.append(hit)
        if len(self.hits) > _SPARE:
            self.hits = sorted(self.hits)[:EXAMPLES]

    @property
    def first(self) -> list[Hit]:
        return sorted(self.hits)[:EXAMPLES]


class Tally:
    """Counts of one rule: which cases are taken is the rule's scope, into which period an event falls is here."""

    def __init__(self, rule: Rule, around: Around, since: date, until: date) -> None:
        assert rule.period is not None, f"{rule.code}: a pattern has a period"
        self.rule, self.around, self.period = rule, around, rule.period
        self.since, self.until = since, until
        self.stretches = stretches(since, until, rule.period)

    def occasion(self, at: datetime) -> str | None:
        day = at.date()
        return occasion_of(day, self.period) if self.since <= day <= self.until else None

    def take(self, facts: CaseFacts) -> None:
        raise NotImplementedError

    def measures(self) -> Iterator[Measure]:
        raise NotImplementedError


class ShareTally(Tally):
    def __init__(self, share: Share, rule: Rule, around: Around, since: date, until: date) -> None:
        super().__init__(rule, around, since, until)
        self.share = share
        self.among: dict[Cell, int] = defaultdict(int)
        self.those: dict[Cell, Few] = defaultdict(Few)

    def take(self, facts: CaseFacts) -> None:
        at = self.share.among(facts, self.around)
        occasion = self.occasion(at) if at is not None else None
        key = key_of(facts, self.around) if occasion is not None else ""
        if not key or occasion is None:
            return
        self.among[occasion, key] += 1
        hit = self.share.that(facts, self.around)
        if hit is not None:
            self.those[occasion, key].add(hit)

    def measures(self) -> Iterator[Measure]:
        for (occasion, key), among in self.among.items():
            those = self.those.get((occasion, key)) or Few()
            yield Measure(
                key=key,
                occasion=occasion,
                value=percent(those.count, among),
                count=those.count,
                among=among,
                hits=those.first,
                volume=among,
            )


class CrowdTally(Tally):
    def __init__(self, crowd: Crowd, rule: Rule, around: Around, since: date, until: date) -> None:
        super().__init__(rule, around, since, until)
        self.crowd = crowd
        self.hits: dict[Cell, list[Hit]] = defaultdict(list)
        self.whole: dict[Cell, int] = defaultdict(int)

    def take(self, facts: CaseFacts) -> None:
        for key, hit in self.crowd.found(facts, self.around):
            occasion = self.occasion(hit.at)
            if key and occasion is not None:
                self.hits[occasion, key].append(hit)
        for key, hit in self.crowd.out_of(facts, self.around) if self.crowd.out_of is not None else ():
            occasion = self.occasion(hit.at)
            if occasion is not None:
                self.whole[occasion, key] += 1

    def measures(self) -> Iterator[Measure]:
        for (occasion, key), hits in self.hits.items():
            largest = self._largest(sorted(hits))
            n = len(largest)
            among = self.whole[occasion, key] if self.crowd.out_of is not None else None
            value = Fraction(n) if among is None else percent(n, among)
            yield Measure(key=key, occasion=occasion, value=value, count=n, among=among, hits=largest, volume=n)

    def _largest(self, hits: list[Hit]) -> list[Hit]:
        if self.crowd.on_one_day:
            days: dict[date, list[Hit]] = defaultdict(list)
            for hit in hits:
                days[hit.at.date()].append(hit)
            return max(days.values(), key=len)  # of equal ones the first day: a dict keeps the order
        if self.crowd.within is None:
            return hits
        best, first = (0, 0), 0
        for n, hit in enumerate(hits):
            while hit.at - hits[first].at >= self.crowd.within:
                first += 1
            if n + 1 - first > best[1] - best[0]:
                best = first, n + 1
        return hits[best[0] : best[1]]


class KindsTally(Tally):
    def __init__(self, kinds: Kinds, rule: Rule, around: Around, since: date, until: date) -> None:
        super().__init__(rule, around, since, until)
        self.kinds = kinds
        self.lots: dict[Cell, dict[str, Few]] = defaultdict(lambda: defaultdict(Few))

    def take(self, facts: CaseFacts) -> None:
        for key, kind, hit in self.kinds.grouped(facts, self.around):
            occasion = self.occasion(hit.at)
            if key and occasion is not None:
                self.lots[occasion, key][kind].add(hit)

    def measures(self) -> Iterator[Measure]:
        for (occasion, key), lots in self.lots.items():
            value, among, hits = self._read(lots)
            n = sum(few.count for few in hits)
            volume = n if self.kinds.read == "largest_share" else among
            yield Measure(
                key=key,
                occasion=occasion,
                value=value,
                count=n,
                among=among,
                hits=hits_of({str(k): few.first for k, few in enumerate(hits)})[:EXAMPLES],
                volume=volume,
            )

    def _read(self, lots: Mapping[str, Few]) -> tuple[Fraction, int, list[Few]]:
        """The value, the count it is taken from, and the lots it rests on."""
        name = max(sorted(lots), key=lambda each: lots[each].count)
        largest, whole = lots[name], sum(few.count for few in lots.values())
        match self.kinds.read:
            case "largest":
                return Fraction(largest.count), whole, [largest]
            case "share" | "largest_share":
                return percent(largest.count, whole), whole, [largest]
            case "others":
                others = [few for each, few in sorted(lots.items()) if each != name]
                return Fraction(whole - largest.count), whole, others
        first = [Few(1, few.first[:1]) for _, few in sorted(lots.items())]
        return Fraction(len(lots)), whole, first


class AbsenceTally(Tally):
    def __init__(self, absence: Absence, rule: Rule, around: Around, since: date, until: date) -> None:
        super().__init__(rule, around, since, until)
        self.absence = absence
        self.counts: dict[Cell, Few] = defaultdict(Few)

    def take(self, facts: CaseFacts) -> None:
        for key, hit in self.absence.found(facts, self.around):
            occasion = self.occasion(hit.at)
            if key and occasion is not None:
                self.counts[occasion, key].add(hit)

    def measures(self) -> Iterator[Measure]:
        """Of every place that was there all the time, in whole periods only: half a month may be quiet."""
        scope = self.rule.scope
        for stretch in self.stretches.values():
            for code, place in self.around.ground.places(self.around.whose).items():
                is_spoken_of = (not scope.departments or place.dept in scope.departments) and (
                    not scope.items or code in scope.items or self.around.whose != "item"
                )
                if stretch.is_whole and place.lasts(stretch.first, stretch.last) and is_spoken_of:
                    few = self.counts.get((stretch.occasion, code)) or Few()
                    n = few.count
                    yield Measure(
                        key=code,
                        occasion=stretch.occasion,
                        value=Fraction(n),
                        count=n,
                        among=None,
                        hits=few.first,
                        volume=n,
                    )


class IdleTally(Tally):
    """空岗, as far as the ledger shows it: cases wait at a post, and nobody touches any of them.

    `least` is how many cases must have waited all the while: one case may be slow for reasons of its own.
    """

    def __init__(self, rule: Rule, around: Around, since: date, until: date) -> None:
        super().__init__(rule, around, since, until)
        self.acts: dict[str, array[float]] = defaultdict(lambda: array("d"))
        self.waits: dict[str, list[tuple[float, float, Hit]]] = defaultdict(list)

    def take(self, facts: CaseFacts) -> None:
        for entry in facts.entries:
            if entry.post and entry.person != LAW_PERSON:
                self.acts[entry.post].append(entry.at.timestamp())
        for stay in facts.stays:
            until = stay.until or facts.at
            if self.around.calendar.count(stay.since.date(), until.date()) >= self.rule.threshold.value:
                hit = Hit(stay.since, facts.number, stay.seq, "waiting")
                self.waits[stay.post].append((stay.since.timestamp(), until.timestamp(), hit))

    def measures(self) -> Iterator[Measure]:
        for post, waits in self.waits.items():
            acts = sorted(self.acts[post])
            best: dict[str, tuple[int, int, list[Hit]]] = {}
            for since, until, hit in sorted(waits):
                occasion = self.occasion(hit.at)
                begin, end = self._gap(acts, since, until)
                days = self._days(begin, end)
                if occasion is None or days < self.rule.threshold.value:
                    continue
                along = sorted(each for began, ended, each in waits if began <= begin and ended >= end)
                if len(along) >= self.rule.least and (days, len(along)) > best.get(occasion, (0, 0))[:2]:
                    best[occasion] = days, len(along), along
            for occasion, (days, n, hits) in best.items():
                value = Fraction(days)
                yield Measure(key=post, occasion=occasion, value=value, count=n, among=None, hits=hits, volume=n)

    def _gap(self, acts: list[float], since: float, until: float) -> tuple[float, float]:
        """The longest stretch within a wait in which nobody acted at the post."""
        inside = acts[bisect_right(acts, since) : bisect_left(acts, until)]
        edges = [since, *inside, until]
        return max(pairwise(edges), key=lambda gap: (gap[1] - gap[0], -gap[0]))

    def _days(self, since: float, until: float) -> int:
        days = (datetime.fromtimestamp(each, LAW_ZONE).date() for each in (since, until))
        return self.around.calendar.count(*days)


# ---- finding ---------------------------------------------------------------------------------------------------


def find_patterns(  # noqa: PLR0913 - what is judged, by what, over which days
    rules: Iterable[Rule],
    facts: Iterable[CaseFacts],
    ground: Ground,
    calendar: Calendar,
    since: date,
    until: date,
    at: datetime,
) -> tuple[Finding, ...]:
    """What the pattern rules find in the days from `since` to `until`, both included, as things stand at `at`.

    A period cut by these days counts as far as it was asked for; only absences need whole ones.

    Units: days of the law's zone (UTC+8); ratios in percent of cases.
    Source: DOMAIN 4.3; DESIGN 7
    """
    patterns = [rule for rule in rules if rule.family is Family.PATTERN]
    tallies = [_tally(rule, Around(ground, calendar, rule.whose, rule.scope), since, until) for rule in patterns]
    scopes = [(tally, tally.rule.scope) for tally in tallies]
    for case in facts:
        for tally, scope in scopes:
            if _speaks_of(scope, case, ground):
                tally.take(case)
    found = (finding for tally in tallies for finding in _findings(tally, at))
    return tuple(sorted(found, key=lambda finding: finding.key))


def _tally(rule: Rule, around: Around, since: date, until: date) -> Tally:
    shape = SHAPE_OF[rule.metric]
    match shape:
        case Share():
            return ShareTally(shape, rule, around, since, until)
        case Crowd():
            return CrowdTally(shape, rule, around, since, until)
        case Kinds():
            return KindsTally(shape, rule, around, since, until)
        case Absence():
            return AbsenceTally(shape, rule, around, since, until)
    return IdleTally(rule, around, since, until)


def _speaks_of(scope: Scope, facts: CaseFacts, ground: Ground) -> bool:
    return (
        (not scope.procedures or facts.procedure in scope.procedures)
        and (not scope.items or facts.item in scope.items)
        and (not scope.departments or ground.department_of(facts.dept) in scope.departments)
        and (scope.on_spot is None or facts.on_spot is scope.on_spot)
    )


def _findings(tally: Tally, at: datetime) -> Iterator[Finding]:
    rule = tally.rule
    for measure in tally.measures():
        stretch = tally.stretches[measure.occasion]
        if measure.volume < rule.least and not isinstance(tally, AbsenceTally):
            continue
        if not compare(measure.value, rule.operator, rule.threshold.value):
            continue
        if rule.metric in JUDGED_AT_ONCE:
            seen_at = _seen_at(rule, measure)
        elif stretch.until <= at:
            seen_at = stretch.until
        else:
            continue
        yield _finding(rule, measure, stretch, seen_at)


def _seen_at(rule: Rule, measure: Measure) -> datetime:
    """When so many were there: of a count, the event by which it reached the threshold; else the last one known."""
    n = int(rule.threshold.value)
    return measure.hits[min(max(n, 1), len(measure.hits)) - 1].at


def _finding(rule: Rule, measure: Measure, stretch: Stretch, seen_at: datetime) -> Finding:
    measured = Quantity.of(measure.value, rule.threshold.unit)
    params = {"count": str(measure.count), "first": stretch.first.isoformat(), "last": stretch.last.isoformat()}
    if measure.among is not None:
        params["among"] = str(measure.among)
    return Finding(
        rule=rule.code,
        version=rule.version,
        metric=rule.metric,
        level=rule.level,
        subject=Subject(kind=rule.whose, ref=measure.key),
        occasion=measure.occasion,
        since=seen_at,
        until=stretch.until,
        measured=measured,
        threshold=rule.threshold,
        evidence=tuple(Evidence(case=hit.case, seq=hit.seq, why=hit.why) for hit in measure.hits[:EXAMPLES]),
        arithmetic=tuple(_steps(rule, measure, measured)),
        params=MappingProxyType(params),
    )


def _steps(rule: Rule, measure: Measure, measured: Quantity) -> Iterator[Step]:
    """So many, of so many, makes so much; against the threshold."""
    yield Step(sign="+", amount=Quantity.of(measure.count, Unit.CASES), what="counted")
    if measure.among is not None:
        sign = "÷" if rule.threshold.unit is Unit.PERCENT else "+"
        yield Step(sign=sign, amount=Quantity.of(measure.among, Unit.CASES), what="among")
    yield Step(sign="=", amount=measured, what="measured")
    yield Step(sign=str(rule.operator), amount=rule.threshold, what="threshold")
