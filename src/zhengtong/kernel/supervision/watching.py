"""Watching one case (个案监察): what the rules in force find in its limits and in its history, and when to look again.

Pure: the same rules, law, history, calendar and instant give the same findings. A finding stays what it is between two
instants of `find_wake_at`: what goes on is measured when it was first seen and whenever its rule says it again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import (
    DAYS,
    HOURS,
    SHARE,
    Alarm,
    Alarms,
    find_lapses,
    find_moment,
    find_next_repeat,
    find_repeat,
)
from zhengtong.kernel.events import ClockExtended, ClockStopped
from zhengtong.kernel.reckoning import find_steps
from zhengtong.kernel.states import ClockRun, RunStatus, State
from zhengtong.kernel.supervision.arithmetic import find_sum
from zhengtong.kernel.supervision.clock_metrics import AFTER, OF_PROMISE, SHARES, STALLED
from zhengtong.kernel.supervision.conduct_metrics import MEASURES, NEEDS, Look, Sighting
from zhengtong.kernel.supervision.findings import Evidence, Finding, Step, Subject
from zhengtong.kernel.supervision.rules import Clears, Family, Operator, Quantity, Rule, Unit, compare
from zhengtong.kernel.supervision.scoping import clock_names, is_duty_of_applicant, names, speaks_of
from zhengtong.kernel.supervision.stalls import Stretch, count_days, find_stall, find_stretches

_AT_ONCE: Final = 4
_IN_HOURS: Final = frozenset({Unit.HOURS, Unit.WORKING_HOURS})


def find_findings(
    rules: Sequence[Rule], bound: Bound, state: State, calendar: Calendar, at: datetime
) -> tuple[Finding, ...]:
    """What the clock and conduct rules find in one case by an instant, in order of their keys.

    Units: instants in UTC+8; amounts as the metrics say.
    Source: DOMAIN 4.2-4.3; DESIGN 7
    """
    watch = _watch_of(rules).on(bound)
    found = list(_find_broken(watch, bound, state, calendar, at))
    if watch.stall_rules:
        found.extend(_find_stalled(watch, _Case(bound, state, calendar, at)))
    if watch.conduct:
        look = Look(bound, state, calendar)
        for rule in watch.conduct:
            needed = NEEDS.get(rule.metric)
            if needed is None or needed in look.kinds:
                found.extend(_find_conduct(rule, look))
    return tuple(sorted(found, key=_key)) if len(found) > 1 else tuple(found)


def find_alarms(rules: Sequence[Rule]) -> Alarms:
    """The instants before and after a lapse for which the clock rules wait: what `find_wake_at` asks."""
    return _watch_of(rules)


def _key(finding: Finding) -> str:
    return finding.key


# ---- rules made ready ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _ClockRule:
    rule: Rule
    alarm: Alarm


class _OnItem:
    """The rules that speak of the cases of one item under one law; clocks sorted by the codes they go by."""

    def __init__(self, rules: Sequence[Rule], bound: Bound) -> None:
        mine = [rule for rule in rules if speaks_of(rule.scope, bound)]
        self.bound = bound
        self.conduct = tuple(rule for rule in mine if rule.family is Family.CONDUCT)
        self.stall_rules = tuple(rule for rule in mine if rule.metric == STALLED)
        self.clock_rules = tuple(
            _ClockRule(rule, _alarm_of(rule)) for rule in mine if rule.family is Family.CLOCK and rule.metric != STALLED
        )
        self.watches_steps = any(
            names(each.rule.scope.clocks, f"step:{code}") for each in self.clock_rules for code in bound.states
        )
        self.stepped = tuple(code for code, rule in bound.states.items() if rule.limit is not None)
        self._by_clock: dict[tuple[str, str | None], tuple[_ClockRule, ...]] = {}
        self._alarms: dict[tuple[str, str | None], tuple[Alarm, ...]] = {}

    def of(self, clock: str, group: str | None) -> tuple[_ClockRule, ...]:
        """The rules that speak of runs of this clock; `group` is the branch's, for clocks of branches."""
        key = (clock, None) if group is None else ("", f"{clock.partition(':')[0]}:{group}")
        known = self._by_clock.get(key)
        if known is None:
            called, binds_party = clock_names(self.bound, clock, group), is_duty_of_applicant(self.bound, clock)
            known = tuple(
                each
                for each in self.clock_rules
                if names(each.rule.scope.clocks, *called) and (not binds_party or clock in each.rule.scope.clocks)
            )
            self._by_clock[key] = known
            self._alarms[key] = tuple(dict.fromkeys(each.alarm for each in known))
        return known

    def alarms_of(self, clock: str, group: str | None) -> tuple[Alarm, ...]:
        self.of(clock, group)
        return self._alarms[(clock, None) if group is None else ("", f"{clock.partition(':')[0]}:{group}")]


class _Watch:
    """One rulebook made ready: which rules speak of which item is worked out once for each."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self._items: dict[tuple[str, str, int, str], _OnItem] = {}

    def on(self, bound: Bound) -> _OnItem:
        key = bound.procedure, bound.item, bound.item_version, bound.digest
        known = self._items.get(key)
        if known is None:
            known = self._items[key] = _OnItem(self.rules, bound)
        return known

    def of(self, bound: Bound, state: State, clock: str) -> Sequence[Alarm]:
        return self.on(bound).alarms_of(clock, _group_of(state, clock))

    def beside(self, bound: Bound, state: State, calendar: Calendar, at: datetime) -> Iterable[datetime]:
        rules = self.on(bound).stall_rules
        lasting = [each for each in find_stretches(bound, state) if each.ended_at is None] if rules else []
        for stretch in lasting:
            for rule in rules:
                moment = find_stall(rule, stretch, calendar)
                yield moment
                if rule.repeat is not None and moment <= at:
                    yield find_next_repeat(moment, rule.repeat, calendar, at)


_ready: list[_Watch] = []


def _watch_of(rules: Sequence[Rule]) -> _Watch:
    """Rules come as the same tuple case after case (`load_rules`): the last few are kept ready."""
    for watch in _ready:
        if watch.rules is rules:
            return watch
    made = _Watch(rules)
    _ready[:] = [made, *_ready[: _AT_ONCE - 1]]
    return made


def _alarm_of(rule: Rule) -> Alarm:
    """When the rule comes to hold: days are whole, so "less than three" is "at most two"."""
    is_after, is_share = rule.metric in AFTER, rule.metric in SHARES
    measure = SHARE if is_share else HOURS if rule.threshold.unit in _IN_HOURS else DAYS
    amount = rule.threshold.value
    if measure == DAYS and rule.operator in (Operator.BELOW, Operator.AT_LEAST):
        amount = max(Fraction(-(-amount.numerator // amount.denominator) - 1), Fraction(0))
    return Alarm(
        of_promise=rule.metric in OF_PROMISE, is_after=is_after, amount=amount, measure=measure, repeat=rule.repeat
    )


def _group_of(state: State, clock: str) -> str | None:
    prefix, colon, branch = clock.partition(":")
    if not colon or prefix == "step":
        return None
    known = state.branches.get(branch)
    return known.group if known is not None else ""


# ---- limits -------------------------------------------------------------------------------------------------


def _find_broken(watch: _OnItem, bound: Bound, state: State, calendar: Calendar, at: datetime) -> Iterator[Finding]:
    if not watch.clock_rules:
        return
    for run in state.clocks:
        if run.how != "void" and (rules := watch.of(run.clock, _group_of(state, run.clock))):
            yield from _find_of_run(rules, run, bound, state, calendar, at)
    if watch.watches_steps:
        visited = {visit.state for visit in state.visits}
        for code in watch.stepped:
            if code in visited and (rules := watch.of(f"step:{code}", None)):
                for run in find_steps(bound, state, code, calendar):
                    yield from _find_of_run(rules, run, bound, state, calendar, at)


def _find_of_run(
    rules: Sequence[_ClockRule], run: ClockRun, bound: Bound, state: State, calendar: Calendar, at: datetime
) -> Iterator[Finding]:
    now = at if run.stopped_at is None else min(at, run.stopped_at)
    lapses = find_lapses(state, run, calendar)
    for each in rules:
        lapse = lapses[each.alarm.of_promise]
        if lapse is None or (each.alarm.is_after and now < lapse):
            continue
        moment = find_moment(each.alarm, run, lapse, calendar)
        if moment is not None and moment <= now:
            yield _say_of_run(each, _Case(bound, state, calendar, at), run, lapse, max(moment, run.from_at))


@dataclass(frozen=True, slots=True)
class _Case:
    bound: Bound
    state: State
    calendar: Calendar
    at: datetime


def _say_of_run(each: _ClockRule, case: _Case, run: ClockRun, lapse: datetime, since: datetime) -> Finding:
    """The finding of a rule on one run: measured when seen, when said again, and for good once the run is over."""
    rule, alarm = each.rule, each.alarm
    is_over = run.status is RunStatus.STOPPED and run.stopped_at is not None and run.stopped_at <= case.at
    ends = [run.stopped_at] if is_over and run.stopped_at is not None else []
    if not alarm.is_after and lapse <= case.at:
        ends.append(lapse)
    cleared = min(ends, default=None)
    seen_at = cleared or _last_said(run, rule, case, since)
    measured = find_sum(run, lapse, case.calendar, seen_at, of_promise=alarm.of_promise, is_after=alarm.is_after)
    amount, steps = measured.amount, measured.steps
    if rule.metric in SHARES:
        amount, steps = measured.as_share()
    limit = run.promised if alarm.of_promise else run.legal
    return Finding(
        rule=rule.code,
        version=rule.version,
        metric=rule.metric,
        level=rule.level,
        subject=Subject(kind=rule.whose, ref=case.state.number),
        occasion=f"{run.clock}:{run.seq}",
        since=since,
        cleared_at=cleared,
        measured=amount,
        threshold=Quantity(value=rule.threshold.value, unit=amount.unit),
        evidence=tuple(Evidence(case=case.state.number, seq=seq, why=why) for seq, why in _events_of(run, case.state)),
        arithmetic=steps,
        params={
            "clock": run.clock,
            "name": _name_of(case, run.clock),
            "limit": str(limit) if limit is not None else str(run.until or ""),
            "from": run.from_at.isoformat(),
            "lapses_at": lapse.isoformat(),
        },
    )


def _last_said(run: ClockRun, rule: Rule, case: _Case, since: datetime) -> datetime:
    """When the rule last said it by now; while the clock is held it keeps silent."""
    if rule.repeat is None:
        return since
    is_held = run.status is RunStatus.HELD
    return find_repeat(since, rule.repeat, case.calendar, min(case.at, run.holds[-1].since) if is_held else case.at)


def _name_of(case: _Case, clock: str) -> str:
    if clock.startswith("step:"):
        rule = case.bound.states.get(clock[5:])
        return rule.name if rule is not None else clock
    group = _group_of(case.state, clock)
    if group is not None:
        return case.bound.branches[group].name if group in case.bound.branches else group
    return case.bound.clocks[clock].name if clock in case.bound.clocks else clock


def _events_of(run: ClockRun, state: State) -> Iterator[tuple[int, str]]:
    """What a limit rests on: where it began, its pauses and extensions, where it stopped."""
    yield run.seq, "start"
    for hold in run.holds:
        yield hold.seq, "held"
    if run.extensions:
        for event in state.history:
            body = event.body
            is_own = isinstance(body, ClockExtended) and body.clock == run.clock and event.seq > run.seq
            if is_own and event.seq not in state.struck:
                yield event.seq, "extended"
    if run.stopped_at is not None:
        stopped = _stopping(run, state)
        if stopped is not None:
            yield stopped, "stopped"


def _stopping(run: ClockRun, state: State) -> int | None:
    if run.clock.startswith("step:"):
        return next(
            (visit.seq for visit in state.visits if visit.since == run.stopped_at and visit.seq > run.seq), None
        )
    for event in state.history:
        body = event.body
        is_own = isinstance(body, ClockStopped) and body.clock == run.clock and event.seq > run.seq
        if is_own and event.at == run.stopped_at and event.seq not in state.struck:
            return event.seq
    return None


# ---- stalls -----------------------------------------------------------------------------------------------------


def _find_stalled(watch: _OnItem, case: _Case) -> Iterator[Finding]:
    for stretch in find_stretches(case.bound, case.state):
        for rule in watch.stall_rules:
            since = find_stall(rule, stretch, case.calendar)
            if since <= case.at and (stretch.ended_at is None or since < stretch.ended_at):
                yield _say_of_stall(rule, stretch, case, since)


def _say_of_stall(rule: Rule, stretch: Stretch, case: _Case, since: datetime) -> Finding:
    cleared = stretch.ended_at if stretch.ended_at is not None and stretch.ended_at <= case.at else None
    said = since if rule.repeat is None else find_repeat(since, rule.repeat, case.calendar, case.at)
    measured = Quantity(value=count_days(stretch, case.calendar, cleared or said), unit=Unit.WORKING_DAYS)
    ended = ((stretch.ended_by, "stirred"),) if cleared is not None and stretch.ended_by is not None else ()
    return Finding(
        rule=rule.code,
        version=rule.version,
        metric=rule.metric,
        level=rule.level,
        subject=Subject(kind=rule.whose, ref=case.state.number),
        occasion=f"stall:{stretch.seq}",
        since=since,
        cleared_at=cleared,
        measured=measured,
        threshold=rule.threshold,
        evidence=tuple(
            Evidence(case=case.state.number, seq=seq, why=why) for seq, why in ((stretch.seq, "last_entry"), *ended)
        ),
        arithmetic=(Step(sign="=", amount=measured, what=rule.metric, seq=stretch.seq),),
    )


# ---- conduct ----------------------------------------------------------------------------------------------------


def _find_conduct(rule: Rule, look: Look) -> Iterator[Finding]:
    for seen in MEASURES[rule.metric](look, rule):
        if compare(seen.measured, rule.operator, rule.threshold.value):
            yield _say_of_conduct(rule, seen, look.state.number)


def _say_of_conduct(rule: Rule, seen: Sighting, number: str) -> Finding:
    unit = rule.threshold.unit
    measured = Quantity(value=seen.measured, unit=unit)
    return Finding(
        rule=rule.code,
        version=rule.version,
        metric=rule.metric,
        level=rule.level,
        subject=Subject(kind=rule.whose, ref=number),
        occasion=seen.occasion,
        since=seen.since,
        cleared_at=seen.mended_at if rule.clears is Clears.MENDED else None,
        measured=measured,
        threshold=rule.threshold,
        evidence=tuple(Evidence(case=number, seq=seq, why=why) for seq, why in seen.evidence),
        arithmetic=(Step(sign="=", amount=measured, what=rule.metric, seq=seen.evidence[-1][0]),),
        params=seen.params or _NO_PARAMS,
    )


_NO_PARAMS: Final[Mapping[str, str]] = {}
