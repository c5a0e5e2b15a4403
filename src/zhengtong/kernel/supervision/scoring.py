"""The supervision score (监察评分): a hundred points for a department and a month, by a scheme that is data.

Every line says what it took or gave, by which count, and on which cards and rules it rests. A part for which there is
no source has no points: it is said to have no data, and the score is out of what could be judged.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Final

from zhengtong.kernel.supervision.facts import SATISFIED, CaseFacts
from zhengtong.kernel.supervision.pattern_metrics import percent
from zhengtong.kernel.supervision.rules import Level

EXAMPLES: Final = 50
HUNDRED: Final = 100


class Basis(StrEnum):
    """From what a part is judged: cards by their rules, ratings, or nothing that is known here."""

    CARDS = "cards"
    RATINGS = "ratings"
    NONE = "none"


class Counts(StrEnum):
    """What a deduction or a bonus counts."""

    YELLOW = "yellow"
    RED = "red"
    PROMPTS_IN_A_ROW = "prompts_in_a_row"
    INCOMPLETE = "incomplete_percent"
    EARLY = "early_percent"
    PROMISES_CUT = "promises_cut_percent"
    DISCIPLINE = "discipline"


# ---- the scheme ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRule:
    """One of the nine parts; `rules` are the codes of supervision rules whose cards it answers for (`SJ-*`, or one)."""

    code: str
    name: str
    name_en: str
    group: str
    full: int
    basis: Basis
    rules: tuple[str, ...]
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A deduction: so many points for each (`per` of them, so many at least), at most so many in all.

    `part` is where it is taken when the thing has no rule of its own; `grades` are points by kind (staff discipline).
    """

    code: str
    name: str
    name_en: str
    counts: Counts
    points: int
    per: int
    most: int | None
    part: str
    once_a_year: bool
    grades: Mapping[str, int]
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bonus:
    """So many points from `start` on, and `more` for each further `step`; none where `unless` happened."""

    code: str
    name: str
    name_en: str
    counts: Counts
    start: int
    points: int
    step: int
    more: int
    unless_late: bool
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One edition of the scoring rulebook. `factor` is the 折合系数; `least_ratings` the fewest that are judged."""

    version: str
    factor: Fraction
    least_ratings: int
    parts: tuple[PartRule, ...]
    charges: tuple[Charge, ...]
    bonuses: tuple[Bonus, ...]

    def part_of(self, rule: str, fallback: str) -> str:
        """The part that answers for cards of a rule: the most exact pattern wins."""
        best = max(
            ((len(each), part.code) for part in self.parts for each in part.rules if _fits(rule, each)), default=None
        )
        return best[1] if best is not None else fallback


def _fits(rule: str, pattern: str) -> bool:
    return rule.startswith(pattern[:-1]) if pattern.endswith("*") else rule == pattern


# ---- what is judged ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCard:
    """A card of the department: `points` where its rule sets its own; `is_withdrawn` when it was taken down (摘牌) or a
    graver card took its place."""

    number: str
    rule: str
    level: Level
    issued_at: datetime
    is_withdrawn: bool
    points: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discipline:
    """A measure against a member of staff, of the year: its kind and the document that says so."""

    kind: str
    document: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What was taken (below nothing) or given, by what count, on which evidence (numbers of cards, of cases)."""

    part: str
    code: str
    points: Fraction
    count: Fraction
    evidence: tuple[str, ...]
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PartScore:
    """`points` is None where there is no data."""

    code: str
    full: int
    points: Fraction | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One department and month. `points` of `out_of`: parts without data are in neither; `bonus` comes on top.

    `withdrawn` are the cards that were taken down, and so count for nothing.
    """

    department: str
    month: date
    version: str
    parts: tuple[PartScore, ...]
    bonus: tuple[Line, ...]
    withdrawn: tuple[str, ...]
    factor: Fraction
    groups: Mapping[str, Fraction] = field(default_factory=dict)

    @property
    def points(self) -> Fraction:
        return sum((part.points for part in self.parts if part.points is not None), Fraction(0))

    @property
    def out_of(self) -> int:
        return sum(part.full for part in self.parts if part.points is not None)

    @property
    def bonus_points(self) -> Fraction:
        return sum((line.points for line in self.bonus), Fraction(0))

    @property
    def total(self) -> Fraction:
        return (self.points + self.bonus_points) * self.factor

    @property
    def no_data(self) -> tuple[str, ...]:
        return tuple(part.code for part in self.parts if part.points is None)


# ---- the score -----------------------------------------------------------------------------------------------------


def find_score(
    scheme: Scheme, department: str, month: date, cards: Iterable[IssuedCard], facts: Iterable[CaseFacts]
) -> Score:
    """The score of a department for the month that a day lies in.

    `cards` are the department's (those of other months are left out), `facts` its cases. The order of either does not
    matter.

    Units: points; months of UTC+8.
    Source: DOMAIN 4.6
    """
    of_month = sorted(
        (card for card in cards if _is_in(card.issued_at, month)), key=lambda card: (card.issued_at, card.number)
    )
    counted = [card for card in of_month if not card.is_withdrawn]
    every = list(facts)
    ended = [each for each in every if each.decided_at is not None and _is_in(each.decided_at, month)]
    lines = [*_card_lines(scheme, counted), *_row_lines(scheme, counted), *_incomplete_lines(scheme, ended)]
    parts = tuple(_part(scheme, rule, lines, every, month) for rule in scheme.parts)
    return Score(
        department=department,
        month=month.replace(day=1),
        version=scheme.version,
        parts=parts,
        bonus=tuple(_bonus_lines(scheme, ended)),
        withdrawn=tuple(card.number for card in of_month if card.is_withdrawn),
        factor=scheme.factor,
        groups=_groups(scheme, parts),
    )


def _is_in(at: datetime, month: date) -> bool:
    return (at.year, at.month) == (month.year, month.month)


def _charge(scheme: Scheme, counts: Counts) -> Charge | None:
    return next((each for each in scheme.charges if each.counts is counts), None)


def _card_lines(scheme: Scheme, cards: Sequence[IssuedCard]) -> Iterator[Line]:
    """One line for each yellow and red card, in the part its rule belongs to."""
    levels = {Level.YELLOW: _charge(scheme, Counts.YELLOW), Level.RED: _charge(scheme, Counts.RED)}
    for card in cards:
        charge = levels.get(card.level)
        if charge is not None:
            points = charge.points if card.points is None else card.points
            yield Line(
                part=scheme.part_of(card.rule, charge.part),
                code=charge.code,
                points=Fraction(-points),
                count=Fraction(1),
                evidence=(card.number,),
                rules=(card.rule,),
            )


def _row_lines(scheme: Scheme, cards: Sequence[IssuedCard]) -> Iterator[Line]:
    """连续三次预警: each `per` prompts with no graver card between them."""
    charge = _charge(scheme, Counts.PROMPTS_IN_A_ROW)
    if charge is None:
        return
    row: list[IssuedCard] = []
    for card in cards:
        row = [*row, card] if card.level is Level.PROMPT else []
        if len(row) == charge.per:
            yield Line(
                part=charge.part,
                code=charge.code,
                points=Fraction(-charge.points),
                count=Fraction(len(row)),
                evidence=tuple(each.number for each in row),
                rules=tuple(sorted({each.rule for each in row})),
            )
            row = []


def is_complete(facts: CaseFacts) -> bool:
    """Whether a decided case has everything a report needs: when it was received, accepted and decided, by whom, and no
    fee without an end."""
    known = (facts.received_at, facts.accepted_at, facts.decided_at, facts.decided, facts.outcome or None)
    return None not in known and not (facts.is_closed and facts.fees_due)


def _incomplete_lines(scheme: Scheme, ended: Sequence[CaseFacts]) -> Iterator[Line]:
    charge = _charge(scheme, Counts.INCOMPLETE)
    lacking = sorted(each.number for each in ended if not is_complete(each))
    if charge is None or not lacking:
        return
    share = percent(len(lacking), len(ended))
    points = Fraction(charge.points * (share // charge.per))
    if points:
        points = points if charge.most is None else min(points, Fraction(charge.most))
        yield Line(part=charge.part, code=charge.code, points=-points, count=share, evidence=tuple(lacking[:EXAMPLES]))


def _part(scheme: Scheme, rule: PartRule, lines: Sequence[Line], facts: Sequence[CaseFacts], month: date) -> PartScore:
    """Never below nothing; without a source of its own a part has points only when something was taken from it."""
    mine = tuple(line for line in lines if line.part == rule.code)
    full = Fraction(rule.full)
    if rule.basis is Basis.RATINGS:
        rated = [
            (each.number, each.ratings[-1]) for each in facts if each.ratings and _is_in(each.ratings[-1].at, month)
        ]
        if len(rated) < scheme.least_ratings:
            return PartScore(code=rule.code, full=rule.full, points=None, lines=mine)
        low = sorted(number for number, grade in rated if grade.level < SATISFIED)
        if low:
            share = percent(len(low), len(rated))
            points = -full * share / HUNDRED
            taken = Line(
                part=rule.code, code="dissatisfied", points=points, count=share, evidence=tuple(low[:EXAMPLES])
            )
            mine = (taken, *mine)
    elif rule.basis is Basis.NONE:
        return PartScore(code=rule.code, full=rule.full, points=None, lines=mine)
    left = full + sum((line.points for line in mine), Fraction(0))
    return PartScore(code=rule.code, full=rule.full, points=max(left, Fraction(0)), lines=mine)


def _groups(scheme: Scheme, parts: Sequence[PartScore]) -> dict[str, Fraction]:
    """公开、依法行政、廉洁、群众评价, as the formula of the department adds them up."""
    found: dict[str, Fraction] = {}
    for rule, part in zip(scheme.parts, parts, strict=True):
        if part.points is not None:
            found[rule.group] = found.get(rule.group, Fraction(0)) + part.points
    return found


# ---- what comes on top ---------------------------------------------------------------------------------------------


def _bonus_lines(scheme: Scheme, ended: Sequence[CaseFacts]) -> Iterator[Line]:
    shares: dict[Counts, Callable[[Sequence[CaseFacts]], Fraction | None]] = {
        Counts.EARLY: _early_percent,
        Counts.PROMISES_CUT: _promises_cut_percent,
    }
    is_late = any(each.late_to_promise_at is not None for each in ended)
    for bonus in scheme.bonuses:
        share = shares[bonus.counts](ended)
        if share is None or share < bonus.start or (bonus.unless_late and is_late):
            continue
        points = bonus.points + bonus.more * ((share - bonus.start) // bonus.step)
        yield Line(part="", code=bonus.code, points=Fraction(points), count=share, evidence=())


def _early_percent(ended: Sequence[CaseFacts]) -> Fraction | None:
    """Of the cases with a promise, those decided before the promised day; decided on the spot is not early, it is so
    arranged."""
    promised = [each for each in ended if each.promised_on is not None and not each.on_spot]
    early = sum(1 for each in promised if each.decided_at is not None and each.decided_at.date() < _day(each))
    return percent(early, len(promised)) if promised else None


def _day(facts: CaseFacts) -> date:
    assert facts.promised_on is not None, "asked of promised cases"
    return facts.promised_on


def _promises_cut_percent(ended: Sequence[CaseFacts]) -> Fraction | None:
    """How far below the statutory limit the least shortened promise lies, of the items of the month."""
    cuts = [
        percent(each.limit_days - each.promised_days, each.limit_days)
        for each in ended
        if each.limit_days and each.promised_days is not None
    ]
    return min(cuts) if cuts else None


# ---- the half-year and the year ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """The mean of months (半年、全年): parts by those months that had data, staff discipline once, for the year."""

    department: str
    months: tuple[date, ...]
    parts: Mapping[str, Fraction | None]
    total: Fraction
    discipline: tuple[Line, ...]


def mean_of(scores: Sequence[Score], scheme: Scheme, discipline: Iterable[Discipline] = ()) -> Mean:
    """The score of some months of one department; discipline is taken once, from the whole.

    Units: points.
    Source: DOMAIN 4.6
    """
    assert scores, "the mean of no months is nothing"
    months = sorted(scores, key=lambda score: score.month)
    lines = tuple(_discipline_lines(scheme, discipline))
    whole = sum((score.total for score in months), Fraction(0)) / len(months)
    return Mean(
        department=months[0].department,
        months=tuple(score.month for score in months),
        parts={rule.code: _mean_part(rule.code, months) for rule in scheme.parts},
        total=max(whole + sum((line.points for line in lines), Fraction(0)), Fraction(0)),
        discipline=lines,
    )


def _mean_part(code: str, scores: Sequence[Score]) -> Fraction | None:
    points = [part.points for score in scores for part in score.parts if part.code == code and part.points is not None]
    return sum(points, Fraction(0)) / len(points) if points else None


def _discipline_lines(scheme: Scheme, discipline: Iterable[Discipline]) -> Iterator[Line]:
    charge = _charge(scheme, Counts.DISCIPLINE)
    for measure in sorted(discipline, key=lambda each: (each.at, each.document)) if charge is not None else ():
        assert charge is not None, "asked only with a charge"
        yield Line(
            part=charge.part,
            code=charge.code,
            points=Fraction(-charge.grades[measure.kind]),
            count=Fraction(1),
            evidence=(measure.document,),
        )
