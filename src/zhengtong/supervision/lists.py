"""Findings and cases as lines of a list, their names read at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from zhengtong.accounts import queries as people
from zhengtong.kernel.supervision.rules import Whose
from zhengtong.kernel.terms import law_day
from zhengtong.supervision.figures import Eye
from zhengtong.supervision.models import Signal, Watched
from zhengtong.supervision.names import LEVELS, SIGNALS, Names, names_of
from zhengtong.supervision.wording import rule_name, sentence
from zhengtong.ui.values import SignalKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalLine:
    """One finding in a list."""

    url: str
    level: SignalKind
    level_words: str
    rule: str
    say: str
    about: str
    number: str
    unit: str
    since: datetime
    ended_at: datetime | None
    card: str
    card_url: str


def signal_lines(found: Sequence[Signal], eye: Eye) -> tuple[SignalLine, ...]:
    names = names_of(units=[row.dept for row in found], items=[row.item for row in found])
    subjects = subject_words(found, names)
    return tuple(
        SignalLine(
            url=reverse("supervision:signal", args=[row.key]), level=SIGNALS[row.level],
            level_words=str(LEVELS[row.level]), rule=rule_name(row.rule), say=sentence(row), about=subjects[row.key],
            number=row.number, unit=names.unit(row.dept), since=row.since, ended_at=row.gone_at or row.cleared_at,
            card=row.card, card_url=reverse("supervision:card", args=[row.card]) if row.card else "",
        )
        for row in found
    )  # fmt: skip


def subject_words(found: Sequence[Signal], names: Names) -> dict[str, str]:
    """Whom or what each finding concerns: the item of its case, or the window, post, department, item, person."""
    of: dict[str, list[str]] = {}
    for row in found:
        of.setdefault(row.subject_kind, []).append(row.subject)
    posts = people.post_places([*of.get(Whose.POST, ()), *of.get(Whose.WINDOW, ())])
    units = people.unit_names([*of.get(Whose.UNIT, ()), *of.get(Whose.DEPARTMENT, ())])
    persons = people.person_names(of.get(Whose.PERSON, ()))
    items = names_of(items=of.get(Whose.ITEM, ())).items
    known = {
        Whose.POST: posts, Whose.WINDOW: posts, Whose.UNIT: units, Whose.DEPARTMENT: units, Whose.PERSON: persons,
        Whose.ITEM: items,
    }  # fmt: skip
    return {
        row.key: names.item(row.item)
        if row.subject_kind == Whose.CASE
        else known.get(Whose(row.subject_kind), {}).get(row.subject, row.subject)
        for row in found
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """One case in a list of the watch."""

    number: str
    url: str
    title: str
    unit: str
    signal: tuple[SignalKind, str]
    signal_url: str
    opened_at: datetime
    days: int
    promised_at: datetime | None
    due_at: datetime | None
    decided_at: datetime | None
    is_late: bool
    is_over: bool


def case_lines(found: Sequence[Watched], eye: Eye) -> tuple[CaseLine, ...]:
    names = names_of(units=[row.dept for row in found], items=[row.item for row in found])
    gravest = _gravest([row.pk for row in found])
    return tuple(_case_line(row, names, gravest.get(row.pk), eye) for row in found)


def _gravest(ids: Sequence[int]) -> dict[int, Signal]:
    order = list(LEVELS)
    rows = Signal.objects.open().filter(case_id__in=ids)
    found: dict[int, Signal] = {}
    for row in sorted(rows, key=lambda row: (order.index(row.level), row.since), reverse=True):
        found[row.case_id or 0] = row
    return found


def _case_line(row: Watched, names: Names, signal: Signal | None, eye: Eye) -> CaseLine:
    end = row.decided_at or row.closed_at or eye.at
    shown: tuple[SignalKind, str] = ("course", _("按期"))
    if signal is not None:
        shown = (SIGNALS[signal.level], rule_name(signal.rule))
    return CaseLine(
        number=row.number, url=reverse("cases:case", args=[row.number]), title=names.item(row.item),
        unit=names.unit(row.dept), signal=shown,
        signal_url=reverse("supervision:signal", args=[signal.key]) if signal else "", opened_at=row.opened_at,
        days=max(0, (law_day(end) - law_day(row.opened_at)).days), promised_at=row.promised_at, due_at=row.due_at,
        decided_at=row.decided_at, is_late=_is_past(row.late_to_limit_at, end),
        is_over=_is_past(row.late_to_promise_at, end),
    )  # fmt: skip


def _is_past(instant: datetime | None, end: datetime) -> bool:
    return instant is not None and instant <= end
