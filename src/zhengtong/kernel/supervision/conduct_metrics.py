"""What rules measure in the history of one case (行为指标). Each metric looks at what stands and reports what it sees.

Nearly all count: the first, the second … time is one sighting each, so a rule may say "more than once". Nothing here
depends on when one looks.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any, Final, TypeAlias, TypeVar, cast

from zhengtong.kernel.authority import CONSENT
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import find_lapse, find_run
from zhengtong.kernel.events import (
    LAW_PERSON,
    Acted,
    BranchSettled,
    ClockExtended,
    ClockHeld,
    Corrected,
    Deemed,
    DocumentIssued,
    DocumentServed,
    Event,
    FeeDemanded,
    FeeSettled,
    MaterialChecked,
    MaterialReceived,
    Rated,
    Rebound,
    ResultIssued,
    Reverted,
    Standing,
)
from zhengtong.kernel.inputs import is_sealed
from zhengtong.kernel.procedures import ActionRule, Phase
from zhengtong.kernel.reckoning import reach_of, still_left
from zhengtong.kernel.states import ClockRun, Hold, RunStatus, State
from zhengtong.kernel.supervision.rules import Family, Rule, Scope, Unit
from zhengtong.kernel.supervision.scoping import NEGATIVE, names
from zhengtong.kernel.supervision.vocabulary import Metric, by_code
from zhengtong.kernel.terms import LAW_ZONE, law_day

_MINUTE: Final = timedelta(minutes=1)
_Body = TypeVar("_Body")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One thing seen in a history: how much, on which occasion, from when on, resting on which events.

    `evidence` are pairs (seq, why); `mended_at` when a later act put it right.
    """

    measured: Fraction
    occasion: str
    since: datetime
    evidence: tuple[tuple[int, str], ...]
    mended_at: datetime | None = None
    params: Mapping[str, str] | None = None


class Look:
    """One case as its rules look at it: what stands of its history, sorted once for all of them."""

    def __init__(self, bound: Bound, state: State, calendar: Calendar) -> None:
        self.bound, self.state, self.calendar = bound, state, calendar
        struck = state.struck
        self.events = state.history if not struck else tuple(e for e in state.history if e.seq not in struck)
        self.kinds: dict[type, list[Event]] = {}
        for event in self.events:
            self.kinds.setdefault(type(event.body), []).append(event)

    def of(self, kind: type[_Body]) -> list[tuple[Event, _Body]]:
        """The standing events of a kind with their bodies, in order."""
        return [(event, cast("_Body", event.body)) for event in self.kinds.get(kind, ())]

    @cached_property
    def acts(self) -> tuple[tuple[Event, Acted, ActionRule], ...]:
        """The acts people did that the law of the case knows."""
        known = self.bound.actions
        return tuple((event, body, known[body.act]) for event, body in self.of(Acted) if body.act in known)

    @cached_property
    def bound_since(self) -> int:
        """The entry by which the case came under the law it stands under: what came before was judged by another."""
        return max((event.seq for event, _ in self.of(Rebound)), default=0)

    def lawful_in(self, scope: Scope) -> Iterator[tuple[Event, Acted, ActionRule]]:
        """As `acts_in`, but only those done under the law of the case."""
        return (row for row in self.acts_in(scope) if row[0].seq > self.bound_since)

    def acts_in(self, scope: Scope) -> Iterator[tuple[Event, Acted, ActionRule]]:
        """The acts a scope speaks of, by name and by outcome."""
        for event, body, rule in self.acts:
            if names(scope.acts, body.act) and (not scope.outcomes or self.ends_so(scope, body.outcome)):
                yield event, body, rule

    def ends_so(self, scope: Scope, outcome: str | None) -> bool:
        """Whether an outcome is one the scope names; `negative` names all that are."""
        if outcome is None:
            return False
        known = self.bound.outcomes.get(outcome)
        codes = (outcome, NEGATIVE) if known is not None and known.negative else (outcome,)
        return names(scope.outcomes, *codes)

    @cached_property
    def decision(self) -> tuple[Event, Acted, ActionRule] | None:
        """The act that set the mark `decided`, if a person did it."""
        return next((row for row in reversed(self.acts) if "decided" in row[1].marks), None)

    @cached_property
    def acceptance(self) -> Event | None:
        """The act that first set the mark `accepted`, if a person did it."""
        return next((event for event, body, _ in self.acts if "accepted" in body.marks), None)


Measure: TypeAlias = Callable[[Look, Rule], Iterator[Sighting]]


def _once(event: Event, why: str, *, measured: Fraction | int = 1, **more: Any) -> Sighting:
    """A sighting that rests on one act or fact."""
    return Sighting(
        measured=Fraction(measured),
        occasion=f"act:{event.seq}",
        since=event.recorded_at.astimezone(LAW_ZONE),
        evidence=((event.seq, why),),
        **more,
    )


def _counted(found: Iterator[tuple[Event, str]]) -> Iterator[Sighting]:
    """The first, the second … time, each resting on itself and those before it."""
    before: list[tuple[int, str]] = []
    for n, (event, why) in enumerate(found, 1):
        before.append((event.seq, why))
        yield replace(_once(event, why, measured=n), evidence=tuple(before))


# ---- how and when it was entered -------------------------------------------------------------------


def _entry_gap(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Working days between an act and its entry, where a person entered it later."""
    act_of: dict[int, str] | None = None
    for event in look.events:
        if event.seq != event.batch or event.recorded_at - event.at < _GAP or event.person == LAW_PERSON:
            continue
        if act_of is None:
            act_of = {each.batch: body.act for each, body in look.of(Acted)}
        act = act_of.get(event.batch, event.kind)
        gap = look.calendar.count(law_day(event.at), law_day(event.recorded_at))
        if names(rule.scope.acts, act):
            yield _once(event, "entered_late", measured=gap, params={"act": act, "happened_at": event.at.isoformat()})


_GAP: Final = timedelta(minutes=30)


def _times_done(look: Look, rule: Rule) -> Iterator[Sighting]:
    return _counted((event, "done") for event, _, _ in look.acts_in(rule.scope))


def _steps_out_of_order(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Acts done where the procedure does not allow them."""
    return _counted(
        (event, "out_of_order")
        for event, body, known in look.lawful_in(rule.scope)
        if not known.is_common and body.left and body.left not in known.from_states
    )


def _acted_without_role(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Acts by a person in a role that has no power over them; what the law does needs none."""
    return _counted(
        (event, "without_role")
        for event, _, known in look.lawful_in(rule.scope)
        if event.person != LAW_PERSON and event.role not in known.by
    )


def _minutes_to_decision(look: Look, rule: Rule) -> Iterator[Sighting]:
    """From receipt to decision, where acceptance and decision were two acts."""
    marks, decision, acceptance = look.state.marks, look.decision, look.acceptance
    if decision is None or acceptance is None or acceptance.batch == decision[0].batch or "received" not in marks:
        return
    event = decision[0]
    minutes = Fraction(int((event.at - marks["received"]) / _MINUTE))
    seen = _once(event, "decided", measured=max(minutes, Fraction(0)))
    yield replace(seen, evidence=((1, "received"), (acceptance.seq, "accepted"), (event.seq, "decided")))


def _decided_before_accepted(look: Look, rule: Rule) -> Iterator[Sighting]:
    """A decision or a result dated before acceptance."""
    accepted = look.state.marks.get("accepted")
    if accepted is None:
        return
    decision = look.decision
    if decision is not None and decision[1].marks["decided"] < accepted:
        yield _once(decision[0], "decided")
    for event, body in look.of(ResultIssued):
        if body.valid_from < law_day(accepted):
            yield _once(event, "result")


# ---- who did it --------------------------------------------------------------------------------------


def _same_person(look: Look, rule: Rule) -> Iterator[Sighting]:
    """One person accepted and decided, in two acts."""
    decision, acceptance = look.decision, look.acceptance
    if decision is None or acceptance is None or acceptance.batch == decision[0].batch:
        return
    if acceptance.person == decision[0].person:
        yield replace(
            _once(decision[0], "decided"), evidence=((acceptance.seq, "accepted"), (decision[0].seq, "decided"))
        )


def _duties_not_parted(look: Look, rule: Rule) -> Iterator[Sighting]:
    """An act by a person who had done one of those the law keeps apart from it."""
    done: dict[str, list[Event]] = {}
    for event, body, known in look.acts:
        for guard in known.needs:
            if guard.word == "other_person_than":
                apart = guard.parameter if isinstance(guard.parameter, list) else [guard.parameter]
                before = [each for act in apart for each in done.get(str(act), ()) if each.person == event.person]
                if before and event.seq > look.bound_since and names(rule.scope.acts, body.act):
                    seen = _once(event, "second")
                    yield replace(seen, evidence=((before[0].seq, "first"), (event.seq, "second")))
                    break
        done.setdefault(body.act, []).append(event)


def _acted_without_consent(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Acts that need a superior's consent, done without one."""
    return _counted(
        (event, "without_consent")
        for event, body, known in look.lawful_in(rule.scope)
        if body.consent is None and any(guard.word == "consent" for guard in known.needs)
    )


def _own_consents(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Consents given by whoever asked for them."""
    for branch in look.state.branches.values():
        if branch.group == CONSENT and branch.verdict == "granted" and branch.settled_by == branch.opened_by:
            settled = _settling(look, branch.branch)
            if settled is not None:
                yield replace(
                    _once(settled, "granted"), evidence=((branch.opened_seq, "asked"), (settled.seq, "granted"))
                )


def _settling(look: Look, branch: str) -> Event | None:
    return next((event for event, body in reversed(look.of(BranchSettled)) if body.branch == branch), None)


# ---- what was said and made -----------------------------------------------------------------------------


def _words_missing(name: str) -> Measure:
    def measure(look: Look, rule: Rule) -> Iterator[Sighting]:
        """Acts that ask for these words, without them."""
        return _counted(
            (event, f"no_{name}")
            for event, body, known in look.lawful_in(rule.scope)
            if name not in body.sealed
            and body.outcome is not None
            and any(each.name == name and is_sealed(each) for each in known.inputs)
        )

    return measure


def _closed_without_paper(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Acts with an outcome whose paper was not made."""
    issued = {event.batch for event, _ in look.of(DocumentIssued)}
    return _counted(
        (event, "no_paper")
        for event, body, known in look.lawful_in(rule.scope)
        if body.outcome is not None and known.issues and event.batch not in issued
    )


def _papers_unserved(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Papers that were not served when the case moved on."""
    for event, body in look.of(DocumentIssued):
        if not names(rule.scope.documents, body.document):
            continue
        served = next((each for each, said in look.of(DocumentServed) if said.number == body.number), None)
        moved = _moved_on(look, event)
        if moved is not None and (served is None or served.seq > moved.seq):
            seen = _once(moved, "moved_on", params={"document": body.document, "number": body.number})
            yield replace(
                seen,
                occasion=f"act:{event.seq}",
                evidence=((event.seq, "issued"), (moved.seq, "moved_on")),
                mended_at=None if served is None else served.recorded_at.astimezone(LAW_ZONE),
            )


def _moved_on(look: Look, event: Event) -> Event | None:
    """The next act, or silence, that moved the case after an event's batch; None where a party took it away."""
    for each in look.events:
        body = each.body
        if each.batch > event.batch and isinstance(body, (Acted, Deemed)) and body.left != body.entered:
            return each if each.standing is not Standing.PARTY else None
    return None


def _not_contacted(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Answers given without having spoken to whoever called."""
    return _counted(
        (event, "not_contacted") for event, body, _ in look.acts_in(rule.scope) if body.inputs.get("contacted") is False
    )


def _bad_ratings(look: Look, rule: Rule) -> Iterator[Sighting]:
    return _counted((event, "rated") for event, body in look.of(Rated) if body.level <= _BAD)


_BAD: Final = 2


def _outcomes(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Cases that ended so by an act of a person."""
    return _counted((event, "ended") for event, body, _ in look.acts_in(rule.scope) if body.outcome is not None)


# ---- materials --------------------------------------------------------------------------------------------


def _needless_supplements(look: Look, rule: Rule) -> Iterator[Sighting]:
    """A supplement was asked for, and nothing came that had not been there before."""
    supplied = [(event, body) for event, body, known in look.acts if _supplies(look.bound, body, known)]
    if not supplied:
        return
    had: set[str] = set()
    news: set[int] = set()
    for event, came in look.of(MaterialReceived):
        if came.commitment not in had:
            had.add(came.commitment)
            news.add(event.batch)
    for event, body in supplied:
        if event.batch not in news:
            asked = [each for each, said, _ in look.acts if each.seq < event.seq and said.entered == body.left]
            before = ((asked[-1].seq, "asked"),) if asked else ()
            yield replace(_once(event, "nothing_new"), evidence=(*before, (event.seq, "nothing_new")))


def _supplies(bound: Bound, body: Acted, known: ActionRule) -> bool:
    """Whether an act brings what was asked for and ends the waiting."""
    return (
        body.left in bound.states
        and body.entered != body.left
        and bound.phase_of(body.left) is Phase.SUPPLEMENTING
        and any(each.kind == "materials" for each in known.inputs)
    )


def _materials_waived(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Required materials ticked as not needed."""
    required = {each.code for each in look.bound.materials if each.required}
    return _counted(
        (event, "waived")
        for event, body in look.of(MaterialChecked)
        if body.verdict == "waived" and body.material in required
    )


def _materials_lacking(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Required materials that were not there when a decision was taken that needs them all."""
    decision = look.decision
    if decision is None or not any(g.word == "materials" and g.parameter == "complete" for g in decision[2].needs):
        return
    known = look.state.materials
    lacking = [
        each.code
        for each in look.bound.materials
        if each.required and (each.code not in known or known[each.code].verdict not in ("accepted", "waived"))
    ]
    if lacking:
        yield _once(decision[0], "decided", measured=len(lacking), params={"materials": "、".join(lacking)})


def _materials_beyond_list(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Materials taken that the item does not ask for."""
    if look.of(Rebound):  # the law it stood under before may have asked for them
        return iter(())
    listed = {each.code for each in look.bound.materials}
    return _counted((event, "beyond_list") for event, body in look.of(MaterialReceived) if body.material not in listed)


def _conforming_declined(look: Look, rule: Rule) -> Iterator[Sighting]:
    """An application turned away whose materials had all been found to conform."""
    verdicts = {each.verdict for each in look.state.materials.values()}
    if verdicts != {"accepted"}:
        return
    checked = tuple((event.seq, "accepted") for event, _ in look.of(MaterialChecked))
    for event, body, _ in look.acts_in(rule.scope):
        if body.outcome is not None:
            yield replace(_once(event, "declined"), evidence=(*checked, (event.seq, "declined")))


# ---- fees ------------------------------------------------------------------------------------------------------


def _fees(wrong: Callable[[FeeSettled, Rule], bool], why: str) -> Measure:
    def measure(look: Look, rule: Rule) -> Iterator[Sighting]:
        """Settled fees with which something is wrong."""
        return _counted((event, why) for event, body in look.of(FeeSettled) if wrong(body, rule))

    return measure


def _is_without_receipt(fee: FeeSettled, rule: Rule) -> bool:
    return fee.how == "paid" and fee.amount > 0 and not fee.receipt


def _is_of_another_series(fee: FeeSettled, rule: Rule) -> bool:
    own = tuple(sorted(rule.scope.receipts))
    return fee.how == "paid" and bool(fee.receipt) and bool(own) and not fee.receipt.startswith(own)


def _is_waived(fee: FeeSettled, rule: Rule) -> bool:
    return fee.how == "waived"


def _is_waived_alone(fee: FeeSettled, rule: Rule) -> bool:
    return fee.how == "waived" and fee.consent is None


def _fees_off_list(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Fees demanded that the item does not name."""
    listed = {line.code for line in look.bound.fees}
    return _counted(
        (event, "off_list")
        for event, body in look.of(FeeDemanded)
        if body.fee not in listed and event.seq > look.bound_since
    )


def _fees_differ(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Amounts demanded other than the standard, or taken other than demanded."""
    standard = {line.code: line.amount for line in look.bound.fees}
    demanded: dict[str, int] = {}
    for event in look.events:
        body = event.body
        if isinstance(body, FeeDemanded):
            demanded[body.fee] = body.amount
            if body.amount != standard.get(body.fee, body.amount) and event.seq > look.bound_since:
                yield _once(event, "not_standard")
        elif isinstance(body, FeeSettled) and body.how == "paid" and body.amount != demanded.get(body.fee, body.amount):
            yield _once(event, "not_demanded")


def _results_before_fees(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Results made while fees were still due, where the law asks for them first."""
    due: dict[str, Event] = {}
    acts = {event.batch: known for event, _, known in look.acts} if look.of(FeeDemanded) else {}
    for event in look.events if acts else ():
        body = event.body
        if isinstance(body, FeeDemanded):
            due[body.fee] = event
        elif isinstance(body, FeeSettled):
            due.pop(body.fee, None)
        elif isinstance(body, ResultIssued) and due and _needs_fees(acts.get(event.batch)):
            yield replace(_once(event, "made"), evidence=(*((e.seq, "due") for e in due.values()), (event.seq, "made")))


def _needs_fees(known: ActionRule | None) -> bool:
    return known is not None and any(guard.word == "fees" for guard in known.needs)


# ---- mistakes ------------------------------------------------------------------------------------------------


def _acts_reverted(look: Look, rule: Rule) -> Iterator[Sighting]:
    return _counted((event, "reverted") for event, _ in look.of(Reverted))


def _data_corrected(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Data that were read otherwise afterwards."""
    return _counted((event, "corrected") for event, body in look.of(Corrected) if names(rule.scope.data, body.path))


# ---- holds and extensions ----------------------------------------------------------------------------------------


def _holds(look: Look, scope: Scope) -> Iterator[tuple[ClockRun, int, Hold]]:
    """The pauses of main clocks that the office made by the acts a scope speaks of, with their place in the run."""
    acts = {event.batch: body.act for event, body, _ in look.acts}
    for run in look.state.clocks:
        rule = look.bound.clocks.get(run.clock)
        if (
            run.holds
            and run.how != "void"
            and rule is not None
            and names(scope.clocks, run.clock, *(("main",) * rule.main))
        ):
            for n, hold in enumerate(run.holds):
                by = _event(look, hold.seq) if hold.seq > run.seq else None
                if by is not None and by.standing is not Standing.PARTY and names(scope.acts, acts.get(by.batch, "")):
                    yield run, n, hold


def _event(look: Look, seq: int) -> Event:
    return look.state.history[seq - 1]


def _left(look: Look, run: ClockRun, holds: tuple[Hold, ...], at: datetime, seq: int) -> Fraction | None:
    """What was left of a promise (of the limit, where nothing was promised) at an instant, with the holds before it."""
    limit = run.promised or run.legal
    if limit is None:
        return None
    extensions = run.extensions[: _extended_before(look, run, seq)]
    then = replace(run, holds=holds, extensions=extensions, status=RunStatus.RUNNING, how="", stopped_at=None)
    left = still_left(then, limit, reach_of(then, limit, look.calendar), look.calendar, at)
    return None if left is None else Fraction(left)


def _extended_before(look: Look, run: ClockRun, seq: int) -> int:
    """How often a run had been extended before an event."""
    return sum(run.seq < event.seq < seq and body.clock == run.clock for event, body in look.of(ClockExtended))


def _left_when_held(look: Look, rule: Rule) -> Iterator[Sighting]:
    """What was left when the clock was stopped."""
    for run, n, hold in _holds(look, rule.scope):
        left = _left(look, run, run.holds[:n], hold.since, hold.seq)
        if left is not None:
            seen = _once(_event(look, hold.seq), "held", measured=left, params={"clock": run.clock, "why": hold.why})
            yield replace(seen, evidence=((run.seq, "start"), (hold.seq, "held")))


def _left_when_ended(look: Look, rule: Rule) -> Iterator[Sighting]:
    """What was left when the office itself ended a case so."""
    for event, body, _ in look.acts_in(rule.scope):
        if body.outcome is None or event.standing is Standing.PARTY:
            continue
        for run in look.state.clocks:
            known = look.bound.clocks.get(run.clock)
            if known is None or not known.main or run.how == "void" or run.stopped_at != event.at:
                continue
            left = _left(look, run, run.holds, event.at, event.seq)
            if left is not None:
                yield replace(_once(event, "ended", measured=left), evidence=((run.seq, "start"), (event.seq, "ended")))


def _times_held(look: Look, rule: Rule) -> Iterator[Sighting]:
    return _counted((_event(look, hold.seq), "held") for _, _, hold in _holds(look, rule.scope))


def _held_within_a_day(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Pauses that began and ended on one day, and so took that day out of the count."""
    return _counted(
        (_event(look, hold.seq), "held")
        for _, _, hold in _holds(look, rule.scope)
        if hold.until is not None and law_day(hold.until) == law_day(hold.since) and not _is_by_party(look, hold.until)
    )


def _is_by_party(look: Look, at: datetime) -> bool:
    """Whether a party acted at an instant: whoever withdraws ends a pause as well."""
    return any(event.at == at and event.standing is Standing.PARTY for event, _, _ in look.acts)


def _extended_late(look: Look, rule: Rule) -> Iterator[Sighting]:
    """Extensions written when the limit had already lapsed."""
    for event, body in look.of(ClockExtended):
        run = find_run(look.state, body.clock)
        if run is None or event.seq < run.seq or not names(rule.scope.clocks, run.clock):
            continue
        holds = tuple(hold for hold in run.holds if hold.since <= event.at)
        then = replace(run, extensions=run.extensions[: _extended_before(look, run, event.seq)], holds=holds)
        lapse = find_lapse(then, look.calendar)
        if lapse is not None and event.at >= lapse:
            yield replace(_once(event, "extended"), evidence=((run.seq, "start"), (event.seq, "extended")))


# ---- the vocabulary ---------------------------------------------------------------------------------------------


def _metric(code: str, unit: Unit, name: str, name_en: str, measure: Measure, *uses: str) -> tuple[Metric, Measure]:
    units = (unit, Unit.CALENDAR_DAYS) if code.startswith("left_") else (unit,)
    metric = Metric(code=code, family=Family.CONDUCT, units=units, name=name, name_en=name_en, uses=frozenset(uses))
    return metric, measure


_TIMES: Final = Unit.TIMES
_TABLE: Final = (
    _metric("entry_gap", Unit.WORKING_DAYS, "补录滞后", "Entered after it happened", _entry_gap, "acts"),
    _metric("times_done", _TIMES, "同一行为次数", "Times an act was done", _times_done, "acts", "outcomes"),
    _metric("steps_out_of_order", _TIMES, "环节缺失、颠倒", "Steps out of order", _steps_out_of_order, "acts"),
    _metric(
        "acted_without_role", _TIMES, "无权岗位办理", "Acts by a role without the power", _acted_without_role, "acts"
    ),
    _metric(
        "minutes_to_decision", Unit.MINUTES, "收件到决定的分钟数", "Minutes from receipt to decision",
        _minutes_to_decision,
    ),
    _metric(
        "decided_before_accepted", _TIMES, "决定或结果早于受理", "Decided before accepted", _decided_before_accepted
    ),
    _metric("same_person", _TIMES, "受理与决定同一人", "One person accepted and decided", _same_person),
    _metric(
        "duties_not_parted", _TIMES, "应分离的岗位同一人", "Duties not kept apart", _duties_not_parted, "acts"
    ),
    _metric(
        "acted_without_consent", _TIMES, "应报批而未报批", "Acts without the consent they need", _acted_without_consent,
        "acts", "outcomes",
    ),
    _metric("own_consents", _TIMES, "自己报批自己批", "One's own consents", _own_consents),
    _metric(
        "opinions_missing", _TIMES, "审批意见缺失", "Decisions without an opinion", _words_missing("opinion"),
        "acts", "outcomes",
    ),
    _metric(
        "reasons_missing", _TIMES, "否定结果未说明理由", "Refusals without reasons", _words_missing("reason"),
        "acts", "outcomes",
    ),
    _metric(
        "closed_without_paper", _TIMES, "办结无文书", "Closed without a paper", _closed_without_paper,
        "acts", "outcomes",
    ),
    _metric("papers_unserved", _TIMES, "文书未送达即推进", "Papers not served", _papers_unserved, "documents"),
    _metric("not_contacted", _TIMES, "未联系诉求人", "Callers not contacted", _not_contacted, "acts", "outcomes"),
    _metric("bad_ratings", _TIMES, "差评", "Bad ratings", _bad_ratings),
    _metric("outcomes", _TIMES, "办结结果", "Cases ended so", _outcomes, "acts", "outcomes"),
    _metric(
        "needless_supplements", _TIMES, "材料已齐仍要求补正", "Supplements asked for needlessly", _needless_supplements
    ),
    _metric("materials_waived", _TIMES, "必收材料免交", "Required materials waived", _materials_waived),
    _metric("materials_lacking", _TIMES, "必收材料未收", "Required materials lacking", _materials_lacking),
    _metric(
        "materials_beyond_list", _TIMES, "超清单要件", "Materials beyond the list", _materials_beyond_list
    ),
    _metric(
        "conforming_declined", _TIMES, "材料合格而不予受理", "Conforming applications declined", _conforming_declined,
        "acts", "outcomes",
    ),
    _metric(
        "receipts_missing", _TIMES, "收费无票据", "Fees without a receipt", _fees(_is_without_receipt, "no_receipt")
    ),
    _metric(
        "receipts_of_others", _TIMES, "非中心票据", "Receipts of another series",
        _fees(_is_of_another_series, "other_receipt"), "receipts",
    ),
    _metric("fees_waived", _TIMES, "减免收费", "Fees waived", _fees(_is_waived, "waived")),
    _metric(
        "fees_waived_alone", _TIMES, "未经批准减免", "Fees waived without consent", _fees(_is_waived_alone, "waived")
    ),
    _metric("fees_off_list", _TIMES, "目录外收费", "Fees not on the list", _fees_off_list),
    _metric("fees_differ", _TIMES, "金额与标准不符", "Amounts other than the standard", _fees_differ),
    _metric("results_before_fees", _TIMES, "未缴费先出证", "Results made before the fee", _results_before_fees),
    _metric("acts_reverted", _TIMES, "撤回行为", "Acts struck out", _acts_reverted),
    _metric("data_corrected", _TIMES, "更正数据", "Data corrected", _data_corrected, "data"),
    _metric(
        "left_when_held", Unit.WORKING_DAYS, "停表时剩余期限", "Left when the clock was held", _left_when_held,
        "acts", "clocks",
    ),
    _metric(
        "left_when_ended", Unit.WORKING_DAYS, "由机关终结时剩余期限", "Left when the office ended it", _left_when_ended,
        "acts", "outcomes",
    ),
    _metric("times_held", _TIMES, "停表次数", "Times the clock was held", _times_held, "acts", "clocks"),
    _metric(
        "held_within_a_day", _TIMES, "当日停启", "Held and resumed on one day", _held_within_a_day, "acts", "clocks"
    ),
    _metric("extended_late", _TIMES, "逾期后延期", "Extended after expiry", _extended_late, "clocks"),
)  # fmt: skip

CONDUCT: Final[Mapping[str, Metric]] = by_code(metric for metric, _ in _TABLE)
MEASURES: Final[Mapping[str, Measure]] = {metric.code: measure for metric, measure in _TABLE}

NEEDS: Final[Mapping[str, type]] = {
    "receipts_missing": FeeSettled, "receipts_of_others": FeeSettled, "fees_waived": FeeSettled,
    "fees_waived_alone": FeeSettled, "fees_off_list": FeeDemanded, "fees_differ": FeeDemanded,
    "results_before_fees": FeeDemanded, "acts_reverted": Reverted, "data_corrected": Corrected, "bad_ratings": Rated,
    "left_when_held": ClockHeld, "times_held": ClockHeld, "held_within_a_day": ClockHeld,
    "extended_late": ClockExtended, "materials_waived": MaterialChecked, "conforming_declined": MaterialChecked,
    "materials_beyond_list": MaterialReceived, "papers_unserved": DocumentIssued, "own_consents": BranchSettled,
}  # fmt: skip
"""Metrics that see nothing where no such event stands."""
