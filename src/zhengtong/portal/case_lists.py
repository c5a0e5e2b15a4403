"""Own cases as lines (我的办件): name, one sentence, how the time stands, and the one thing to do next.

Clocks are read from the docket's instants, so a list asks the database the same number of questions at any length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from zhengtong.accounts import queries as people
from zhengtong.cases.clock_views import phase_words
from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.procedures import Phase
from zhengtong.kernel.terms import law_day
from zhengtong.law.calendar_files import load_calendar
from zhengtong.law.procedure_files import can_be_taken
from zhengtong.law.procedure_files import words as words_of
from zhengtong.law.rulebook_files import threshold
from zhengtong.ledger.queries import Case
from zhengtong.ui.values import SignalKind
from zhengtong.ui.wording import short_day_words

YOURS: Final = frozenset({Phase.SUPPLEMENTING})


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    number: str
    name: str
    say: str
    unit: str
    url: str
    label: str
    phase: str
    opened_at: datetime
    is_yours: bool
    is_closed: bool
    signal: tuple[SignalKind, str] | None


def case_lines(cases: Sequence[Case], actor: Actor, at: datetime) -> tuple[CaseLine, ...]:
    names = catalogue.item_names([case.item for case in cases])
    units = people.unit_names({case.dept for case in cases})
    return tuple(_line(case, names.get(case.item, case.item), units.get(case.dept, case.dept), at) for case in cases)


def _line(case: Case, name: str, unit: str, at: datetime) -> CaseLine:
    is_sound = can_be_taken(case.procedure, case.version)
    words = words_of(case.procedure, case.version, get_language() or "zh-hans") if is_sound else {}
    public = words.get(f"states.{case.state}.public", "")
    phase = Phase(case.phase)
    is_yours = phase in YOURS
    day = case.promised_at or case.due_at
    say = public
    if phase is Phase.CLOSED and case.closed_at is not None:
        outcome = words.get(f"outcomes.{case.outcome}.name", public) if case.outcome else public
        say = _("%(day)s办结：%(outcome)s") % {"day": short_day_words(case.closed_at), "outcome": outcome}
    elif day is not None:
        say = _("%(public)s。最晚 %(day)s") % {"public": public, "day": short_day_words(_last_day(day))}
    label = _("去补材料") if is_yours else _("看结果") if phase is Phase.CLOSED else _("看进度")
    return CaseLine(
        number=case.number, name=name, say=say, unit=unit, url=reverse("portal:case", args=[case.number]), label=label,
        phase=phase_words(phase), opened_at=case.opened_at, is_yours=is_yours, is_closed=phase is Phase.CLOSED,
        signal=_signal(case, at),
    )  # fmt: skip


def _last_day(lapses_at: datetime) -> datetime:
    """The last day in time: a limit lapses at the midnight after it."""
    return lapses_at - timedelta(seconds=1)


def _signal(case: Case, at: datetime) -> tuple[SignalKind, str] | None:
    if case.closed_at is not None:
        return None
    if case.due_at is not None and at >= case.due_at:
        return ("red", _("超法定时限"))
    if case.promised_at is not None and at >= case.promised_at:
        return ("yellow", _("超承诺时限"))
    if Phase(case.phase) is Phase.SUSPENDED:
        return ("pause", _("暂停计时"))
    lapse = case.promised_at or case.due_at
    if lapse is None:
        return None
    soon = not load_calendar().is_ahead(law_day(at), law_day(_last_day(lapse)), threshold("due_soon"))
    return ("prompt", _("临近到期")) if soon else ("course", _("按期"))
