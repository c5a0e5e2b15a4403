"""The evidence page (证据): what is wrong in a sentence, the events it rests on, the arithmetic, others of its kind.

Everything is read from the finding and the history it points into; sealed words and names of people stay out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final

from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from zhengtong.cases.case_view import CaseRead, Step, draw, draw_main_clock, names_in, read_case, tell
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.clocks import find_clock
from zhengtong.kernel.events import Acted, Deemed, Event
from zhengtong.kernel.supervision.findings import Evidence, Finding
from zhengtong.law.procedure_files import words as words_of
from zhengtong.ledger import chain
from zhengtong.ledger.history import load_many
from zhengtong.ledger.queries import Case
from zhengtong.ledger.sources import DatabaseSource
from zhengtong.ledger.verify import read_chain
from zhengtong.supervision.figures import Eye
from zhengtong.supervision.lists import SignalLine, signal_lines, subject_words
from zhengtong.supervision.models import Signal
from zhengtong.supervision.names import LEVELS, SIGNALS, names_of
from zhengtong.supervision.narrowing import SignalFilters, start_of
from zhengtong.supervision.plain import finding_from_plain
from zhengtong.supervision.wording import (
    OPERATORS,
    find_rule,
    quantity_words,
    rule_name,
    sentence,
    step_words,
    why_words,
)
from zhengtong.ui.values import ClockView, EventRow, SignalKind, SumRow

MOST_EVENTS: Final = 60
MOST_CASES: Final = 30
SAME_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What was measured against the threshold, as shares of the drawn width."""

    amount: int
    mark: int
    level: SignalKind
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Same:
    """Others of the same rule in the same department since the year began."""

    count: int
    lines: tuple[SignalLine, ...]
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePage:
    """The evidence of one finding. `number` is the case it is about, empty for a pattern."""

    key: str
    level: SignalKind
    level_words: str
    say: str
    rule: str
    rule_code: str
    edition: str
    rule_url: str
    source: str
    limit: str
    title: str
    number: str
    case_url: str
    unit: str
    clock: ClockView | None
    measure: Measure | None
    rows: tuple[EventRow, ...]
    more_rows: int
    chain: str
    is_whole: bool
    sums: tuple[SumRow, ...]
    sums_note: str
    same: Same
    since: datetime
    ended_at: datetime | None
    is_gone: bool
    card: str


def read_evidence(row: Signal, actor: Actor, eye: Eye) -> EvidencePage:
    """Everything the page of one finding shows."""
    finding = finding_from_plain(row.finding)
    case = read_case(row.case_id, eye.at) if row.case_id else None
    names = names_of(units=[row.dept], items=[row.item])
    rule = find_rule(row.rule, row.edition)
    rows, more = (_case_rows(case, finding), 0) if case else _pattern_rows(finding, actor)
    whole, chain_words = _check_chain(case) if case else (True, "")
    return EvidencePage(
        key=row.key, level=SIGNALS[row.level], level_words=str(LEVELS[row.level]), say=sentence(row),
        rule=rule_name(row.rule), rule_code=row.rule, edition=row.edition, rule_url=_rule_url(row),
        source=rule.source if rule else "", limit=_limit(row, rule), title=subject_words([row], names)[row.key],
        number=row.number, case_url=_case_url(row, actor), unit=names.unit(row.dept), clock=_clock(case, finding),
        measure=_measure(row, finding) if case is None else None, rows=rows, more_rows=more, chain=chain_words,
        is_whole=whole, sums=tuple(_sums(row, finding, rule)),
        sums_note=_("日历版次 %(edition)s") % {"edition": case.calendar.edition} if case else "", same=_same(row, eye),
        since=row.since, ended_at=row.cleared_at, is_gone=row.gone_at is not None, card=row.card,
    )  # fmt: skip


def _rule_url(row: Signal) -> str:
    try:
        return reverse("supervision:rule", kwargs={"edition": row.edition, "code": row.rule})
    except NoReverseMatch:
        return ""


def _limit(row: Signal, rule: object) -> str:
    """The threshold in words, as the rule has it."""
    operator = getattr(rule, "operator", None)
    word = str(OPERATORS[operator]) if operator is not None else ""
    return _("规则：%(operator)s %(threshold)s") % {"operator": word, "threshold": quantity_words(row.threshold)}


def _case_url(row: Signal, actor: Actor) -> str:
    """The page of the case, for whoever may see it."""
    if not row.case_id or not Case.objects.visible_to(actor).filter(pk=row.case_id).exists():
        return ""
    return reverse("cases:case", args=[row.number])


# ---- the judgement ---------------------------------------------------------------------------------------


def _clock(case: CaseRead | None, finding: Finding) -> ClockView | None:
    """The clock a finding of limits speaks of, as it stands today."""
    if case is None:
        return None
    code = finding.params.get("clock") or finding.occasion.rpartition(":")[0]
    clock = find_clock(case.bound, case.state, code, case.calendar, case.at, explain=True) if code else None
    if clock is not None and clock.days:
        return draw(case, clock)
    return draw_main_clock(case) if finding.occasion.startswith("decision") else None


def _measure(row: Signal, finding: Finding) -> Measure:
    """Both amounts on one scale; the larger fills five sixths."""
    most = max(finding.measured.value, finding.threshold.value, Fraction(1))
    amount, mark = (int(value * 500 / most) for value in (finding.measured.value, finding.threshold.value))
    said = {"measured": quantity_words(row.measured), "threshold": quantity_words(row.threshold)}
    return Measure(
        amount=max(amount, 2), mark=mark, level=SIGNALS[row.level],
        sentence=_("量得 %(measured)s，界限 %(threshold)s") % said,
    )  # fmt: skip


# ---- the facts ---------------------------------------------------------------------------------------------


def _case_rows(case: CaseRead, finding: Finding) -> tuple[EventRow, ...]:
    """The story of the case with the events the finding rests on marked; what a batch held counts for its act."""
    batch_of = {event.seq: event.batch for event in case.history}
    why: dict[int, list[str]] = {}
    for each in finding.evidence:
        if each.case == case.state.number:
            why.setdefault(batch_of.get(each.seq, each.seq), []).append(why_words(each.why))
    heads = _heads(case)
    rows = []
    for step in tell(case, with_people=False):
        batch = batch_of.get(step.seq, step.seq)
        if step.act == "link" and batch not in why:
            continue
        marked = why.pop(batch, None) if step.seq == heads.get(batch, step.seq) else None
        rows.append(_event_row(step, marked))
    return tuple(rows[-MOST_EVENTS:] if not any(row.cause for row in rows[:-MOST_EVENTS]) else rows)


def _heads(case: CaseRead) -> Mapping[int, int]:
    """For each batch the event by which the story tells it: its act, else its first."""
    found: dict[int, int] = {}
    for event in case.history:
        if isinstance(event.body, Acted | Deemed):
            found[event.batch] = event.seq
        else:
            found.setdefault(event.batch, event.seq)
    told = {step.seq for step in tell(case, with_people=False)}
    first: dict[int, int] = {}
    for event in case.history:
        if event.seq in told:
            first.setdefault(event.batch, event.seq)
    return {batch: seq if seq in told else first.get(batch, seq) for batch, seq in found.items()}


def _event_row(step: Step, why: Sequence[str] | None) -> EventRow:
    facts = "；".join(f"{label}：{value}" for label, value in step.facts)
    papers = "，".join(f"{name} {number}" for name, number in step.papers)
    said = [facts, papers, _("补录") if step.late_entry else "", _("已撤回") if step.struck else ""]
    who = " ".join(part for part in (step.unit, step.post) if part) or (step.who if step.deemed else "")
    return EventRow(
        number=f"#{step.seq}", when=step.at, act=step.name, who=who, say="；".join(part for part in said if part),
        cause=why is not None, why="；".join(dict.fromkeys(word for word in why or () if word)),
    )  # fmt: skip


def _pattern_rows(finding: Finding, actor: Actor) -> tuple[tuple[EventRow, ...], int]:
    """The events of several cases a pattern rests on, as far as a page holds them."""
    shown = finding.evidence[:MOST_CASES]
    rows = {row.number: row for row in Case.objects.filter(number__in={each.case for each in shown})}
    visible = set(
        Case.objects.visible_to(actor).filter(pk__in=[row.pk for row in rows.values()]).values_list("number", flat=True)
    )
    histories = load_many([row.pk for row in rows.values()])
    found = [_pattern_row(each, rows.get(each.case), histories, visible) for each in shown]
    return tuple(found), len(finding.evidence) - len(shown)


def _pattern_row(
    each: Evidence, row: Case | None, histories: Mapping[int, Sequence[Event]], visible: set[str]
) -> EventRow:
    history = histories.get(row.pk, ()) if row is not None else ()
    event = next((one for one in history if one.seq == each.seq), None)
    if row is None or event is None:
        return EventRow(number=each.case, when="", act="", say=why_words(each.why))
    names = names_in([event], with_people=False)
    act = _act_of(event, history)
    known = words_of(row.procedure, row.version, get_language() or "zh-hans")
    return EventRow(
        number=f"#{each.seq}", when=event.at, act=known.get(f"actions.{act}.name", act or event.kind),
        who=" ".join(part for part in (names.units.get(event.unit, ""), names.posts.get(event.post, "")) if part),
        say=why_words(each.why), link=each.case,
        url=reverse("cases:case", args=[each.case]) if each.case in visible else "",
    )  # fmt: skip


def _act_of(event: Event, history: Sequence[Event]) -> str:
    """The act an event belongs to: its own, else that of its batch."""
    own = getattr(event.body, "act", "")
    batch = (one.body for one in history if one.batch == event.batch)
    return own or next((body.act for body in batch if isinstance(body, Acted | Deemed)), "")


def _check_chain(case: CaseRead) -> tuple[bool, str]:
    """Whether the history is as it was written, reckoned now from the stored rows."""
    links = list(DatabaseSource(span=(case.ref.id - 1, case.ref.id)).links())
    fault, _bodies = read_chain(case.ref.number, links, chain.hasher(chain.algorithm()))
    if fault is not None:
        return False, _("哈希链有断裂：%(fault)s") % {"fault": str(fault)}
    return True, _("%(n)s 条事实，哈希链完好") % {"n": len(links)}


# ---- the arithmetic ------------------------------------------------------------------------------------------


def _sums(row: Signal, finding: Finding, rule: object) -> Iterator[SumRow]:
    signs = {"-": "−", "+": "＋", "÷": "÷", "=": "="}
    steps = [each for each in finding.arithmetic if each.what != "threshold"]
    for n, step in enumerate(steps):
        is_total = n == len(steps) - 1
        source = _("事实 #%(seq)s") % {"seq": step.seq} if step.seq else ""
        yield SumRow(
            op="" if n == 0 and step.sign == "+" else signs.get(step.sign, ""),
            quantity=quantity_words(step.amount), meaning=step_words(step, row.family),
            source=_limit(row, rule) if is_total else source, total=is_total,
        )  # fmt: skip


# ---- the same cause ---------------------------------------------------------------------------------------------


def _same(row: Signal, eye: Eye) -> Same:
    first = eye.today.replace(month=1, day=1)
    found = Signal.objects.standing().filter(
        rule=row.rule, dept=row.dept, region=row.region, since__gte=start_of(first)
    )  # fmt: skip
    others = found.exclude(key=row.key).order_by("-since", "key")
    filters = SignalFilters(rule=row.rule, dept=row.dept, first=first.isoformat(), state="all")
    return Same(
        count=found.count(), lines=signal_lines(list(others[:SAME_SHOWN]), eye),
        url=f"{reverse('supervision:signals')}?{filters.query}",
    )  # fmt: skip
