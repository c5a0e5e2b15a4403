"""The score of a department and a month (监察得分), from its cards and cases as they stand now, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from django.db.models import Q
from django.urls import reverse

from zhengtong.kernel.supervision.facts import CaseFacts
from zhengtong.kernel.supervision.rules import Level
from zhengtong.kernel.supervision.scoring import Bonus, Charge, IssuedCard, Line, PartRule, Scheme, Score, find_score
from zhengtong.kernel.terms import LAW_ZONE
from zhengtong.law.scoring_files import load_scheme
from zhengtong.supervision.models import Card, Watched
from zhengtong.supervision.narrowing import CardFilters, cards, internal_procedures, month_of, start_of
from zhengtong.supervision.wording import find_rule
from zhengtong.ui.wording import in_english

FEW: Final = 10  # decided cases below which two departments are not to be compared
TAKEN_DOWN: Final = frozenset({"revoked", "superseded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """What was taken or given, and on which cards or cases it rests."""

    name: str
    points: str
    count: str
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    name: str
    full: int
    points: str
    has_data: bool
    lines: tuple[LineView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreView:
    """One department and month. `is_few`: too few cases to be compared with another."""

    dept: str
    total: str
    out_of: int
    bonus: str
    parts: tuple[PartView, ...]
    bonuses: tuple[LineView, ...]
    withdrawn: tuple[tuple[str, str], ...]
    decided: int
    is_few: bool
    version: str


def score_of(dept: str, month: date, regions: Sequence[str]) -> tuple[Score, int]:
    """The score and how many cases it rests on."""
    scheme = load_scheme(month)
    facts = list(_facts(dept, month, regions))
    score = find_score(scheme, dept, month, _cards(dept, month, regions), facts)
    ended = [each for each in facts if each.decided_at and (each.decided_at.year, each.decided_at.month) == _of(month)]
    return score, len(ended)


def _of(month: date) -> tuple[int, int]:
    return month.year, month.month


def _span(month: date) -> tuple[date, date]:
    found = month_of(f"{month:%Y-%m}")
    assert found is not None
    return found


def _cards(dept: str, month: date, regions: Sequence[str]) -> Iterator[IssuedCard]:
    first, after = _span(month)
    rows = Card.objects.filter(
        region__in=regions, dept=dept, issued_at__gte=start_of(first), issued_at__lt=start_of(after)
    )  # fmt: skip
    points: dict[tuple[str, str], int | None] = {}
    for row in rows:
        assert row.issued_at is not None
        key = row.rule, row.edition
        if key not in points:
            rule = find_rule(*key)
            points[key] = rule.points if rule is not None else None
        yield IssuedCard(
            number=row.number, rule=row.rule, level=Level(row.level), issued_at=row.issued_at.astimezone(LAW_ZONE),
            is_withdrawn=row.outcome in TAKEN_DOWN, points=points[key],
        )  # fmt: skip


def _facts(dept: str, month: date, regions: Sequence[str]) -> Iterator[CaseFacts]:
    """Cases that were decided or closed in the month, or were decided and are still to be closed or rated."""
    first, after = _span(month)
    begin, end = start_of(first), start_of(after)
    rows = Watched.objects.filter(
        Q(decided_at__gte=begin, decided_at__lt=end) | Q(closed_at__gte=begin, closed_at__lt=end), region__in=regions,
        dept=dept,
    ).exclude(procedure__in=internal_procedures())  # fmt: skip
    return (CaseFacts.from_plain(facts) for facts in rows.values_list("facts", flat=True))


def departments_of(month: date, regions: tuple[str, ...]) -> list[str]:
    """Every department with a case or a card that counts in the month."""
    first, after = _span(month)
    issued = cards(CardFilters(state="issued"), regions, start_of(after))
    issued = issued.filter(issued_at__gte=start_of(first), issued_at__lt=start_of(after))
    found = set(issued.order_by().values_list("dept", flat=True).distinct())
    rows = Watched.objects.filter(region__in=regions).exclude(procedure__in=internal_procedures())
    return sorted((found | set(rows.order_by().values_list("dept", flat=True).distinct())) - {""})


# ---- in words -----------------------------------------------------------------------------------------------


def view_of(dept: str, month: date, regions: Sequence[str]) -> ScoreView:
    score, decided = score_of(dept, month, regions)
    scheme = load_scheme(month)
    names = _names(scheme)
    return ScoreView(
        dept=dept, total=points_words(score.total), out_of=score.out_of, bonus=points_words(score.bonus_points),
        parts=tuple(
            PartView(
                name=names[part.code], full=part.full, points="" if part.points is None else points_words(part.points),
                has_data=part.points is not None, lines=tuple(_line(line, names) for line in part.lines),
            )
            for part in score.parts
        ),
        bonuses=tuple(_line(line, names) for line in score.bonus),
        withdrawn=tuple((number, reverse("supervision:card", args=[number])) for number in score.withdrawn),
        decided=decided, is_few=decided < FEW, version=score.version,
    )  # fmt: skip


def _names(scheme: Scheme) -> Mapping[str, str]:
    rows: tuple[PartRule | Charge | Bonus, ...] = (*scheme.parts, *scheme.charges, *scheme.bonuses)
    return {row.code: row.name_en if in_english() else row.name for row in rows}


def _line(line: Line, names: Mapping[str, str]) -> LineView:
    is_card = bool(line.rules)
    name = "supervision:card" if is_card else "cases:case"
    return LineView(
        name=names.get(line.code, line.code), points=points_words(line.points), count=points_words(line.count),
        evidence=tuple((number, reverse(name, args=[number])) for number in line.evidence),
    )  # fmt: skip


def points_words(points: Fraction) -> str:
    """Points with at most one decimal."""
    return str(points.numerator) if points.denominator == 1 else f"{float(points):.1f}"
