"""Watching one case (监看): its facts and findings as the law reads them now, and the rows that say so.

Rows are projections. They are written for an event only if nothing newer is written already, so that two sweepers, or
one that was killed in between, leave what one sweeper leaves.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from zhengtong.accounts import queries as people
from zhengtong.kernel.authority import find_holder
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.clocks import find_lapses, find_main_clock
from zhengtong.kernel.reckoning import find_steps
from zhengtong.kernel.states import State, fold
from zhengtong.kernel.supervision.facts import CaseFacts, find_facts
from zhengtong.kernel.supervision.findings import Finding
from zhengtong.kernel.supervision.rules import Whose
from zhengtong.kernel.supervision.watching import find_findings
from zhengtong.ledger.history import Loaded
from zhengtong.ledger.installed import installed
from zhengtong.ledger.writing import Pen, transaction, upsert_sql
from zhengtong.supervision.due_days import pack
from zhengtong.supervision.editions import Law
from zhengtong.supervision.plain import amount_as_plain, finding_as_plain

Values = dict[str, object]
WATCHED: Final = "supervision_watched"
SIGNAL: Final = "supervision_signal"
KEPT: Final = frozenset({"key", "card", "first_seen_at", "told_at"})
"""What a signal keeps from when it was first seen."""
AGAIN: Final = (
    f'"told_at" = CASE WHEN excluded.said_at > {SIGNAL}.said_at THEN excluded.told_at ELSE {SIGNAL}.told_at END'
)
"""What the rule says again is to be told again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What one look at a case says: its row, and one row for each finding."""

    case_id: int
    number: str
    watched: Values
    signals: tuple[Values, ...]


def watch_case(loaded: Loaded, law: Law, now: datetime) -> Watch:
    """Fold the history and judge it. Writes nothing, and is the same for the same history, law and instant."""
    state = fold(loaded.history)
    return watch_state(loaded, installed().bound_for(state), state, law, now)


def watch_state(loaded: Loaded, bound: Bound, state: State, law: Law, now: datetime) -> Watch:
    """As `watch_case`, for a state that is folded and bound already."""
    facts = find_facts(bound, state, law.calendar, now)
    findings = find_findings(law.rules, bound, state, law.calendar, now)
    watched = _watched(loaded, bound, state, law, now) | _of_facts(facts, law)
    holders = Holders(loaded, bound, state)
    signals = tuple(_signal(finding, facts, loaded.ref.id, holders, law, now) for finding in findings)
    return Watch(case_id=loaded.ref.id, number=state.number, watched=watched, signals=signals)


def _watched(loaded: Loaded, bound: Bound, state: State, law: Law, now: datetime) -> Values:
    run = find_main_clock(bound, state)
    due, promised = (None, None) if run is None else find_lapses(state, run, law.calendar)
    wake_at = law.find_next_look(bound, state, now)
    reaches = (*_reaches(bound, state, law), wake_at)
    return {
        "case_id": loaded.ref.id, "number": state.number, "due_at": due, "promised_at": promised,
        "wake_at": wake_at, "rests_until": max(filter(None, reaches), default=None),
        "clock": None if run is None else pack(run), "seq": loaded.ref.last_seq,
        "evaluated_at": now, "rules": law.edition, "calendar": law.calendar_edition,
    }  # fmt: skip


def _reaches(bound: Bound, state: State, law: Law) -> Iterator[datetime | None]:
    """How far each limit of a case reaches, steps too: on days beyond these nothing rests."""
    for run in state.clocks:
        if run.how != "void":
            yield from find_lapses(state, run, law.calendar)
    for code in {visit.state for visit in state.visits}:
        rule = bound.states.get(code)
        if rule is not None and rule.limit is not None:
            for step in find_steps(bound, state, code, law.calendar):
                yield from find_lapses(state, step, law.calendar)


def _of_facts(facts: CaseFacts, law: Law) -> Values:
    return {
        "procedure": facts.procedure, "item": facts.item, "region": facts.region, "dept": law.dept_of(facts.dept),
        "unit": facts.unit, "window": facts.window, "channel": facts.channel, "on_spot": facts.on_spot,
        "opened_at": facts.opened_at, "accepted_at": facts.accepted_at, "decided_at": facts.decided_at,
        "closed_at": facts.closed_at, "late_to_promise_at": facts.late_to_promise_at,
        "late_to_limit_at": facts.late_to_limit_at, "outcome": facts.outcome, "facts": facts.as_plain(),
    }  # fmt: skip


class Holders:
    """Which unit held a case at an instant: who answers for what was wrong then."""

    def __init__(self, loaded: Loaded, bound: Bound, state: State) -> None:
        self._history, self._bound, self._state = loaded.history, bound, state
        self._known: dict[int, str] = {}

    def at(self, instant: datetime) -> str:
        """The unit, empty before the first event. Acts are taken whole."""
        last = next((event for event in reversed(self._history) if event.at <= instant), None)
        if last is None:
            return ""
        until = max(event.seq for event in self._history if event.batch == last.batch)
        if until not in self._known:
            state = self._state if until == self._state.last_seq else fold(self._history[:until])
            holder = find_holder(self._bound, state)
            self._known[until] = "" if holder is None else holder.unit
        return self._known[until]


def _signal(finding: Finding, facts: CaseFacts, case_id: int, holders: Holders, law: Law, now: datetime) -> Values:
    return signal_values(finding, law, now) | {
        "case_id": case_id, "number": facts.number, "region": facts.region, "dept": law.dept_of(facts.dept),
        "unit": facts.unit, "holder": holders.at(finding.since) or facts.unit, "window": facts.window,
        "item": facts.item, "procedure": facts.procedure,
    }  # fmt: skip


def signal_values(finding: Finding, law: Law, now: datetime) -> Values:
    """What the finding itself says; where it stands comes from its case, or from what a pattern is about."""
    rule = law.rule(finding.rule)
    assert rule is not None, finding.rule
    return {
        "key": finding.key, "rule": finding.rule, "edition": finding.version, "family": str(rule.family),
        "stream": str(rule.stream), "level": str(finding.level),
        "follow": str(law.follow_of(finding.rule, finding.since, finding.cleared_at)), "metric": finding.metric,
        "subject_kind": str(finding.subject.kind), "subject": finding.subject.ref, "occasion": finding.occasion,
        "since": finding.since, "until": finding.until, "cleared_at": finding.cleared_at,
        "measured": amount_as_plain(finding.measured), "threshold": amount_as_plain(finding.threshold),
        "finding": finding_as_plain(finding), "card": "", "first_seen_at": now, "gone_at": None,
        "said_at": law.said_at(finding.rule, finding.since, finding.cleared_at, now),
        "told_at": None if law.is_live(finding.rule, finding.since, finding.cleared_at) else now,
    }  # fmt: skip


# ---- a finding on many cases ----------------------------------------------------------------------------


def pattern_values(finding: Finding, law: Law, now: datetime, regions: Mapping[str, str]) -> Values:
    """A finding about a window, a post, a unit, an item or a person, with the department that answers for it.
    `regions` gives the region of each unit."""
    kind, ref = finding.subject.kind, finding.subject.ref
    unit = _unit_of(kind, ref, finding.params)
    dept = finding.params.get("dept") or (people.dept_of(unit) if unit else "")
    return signal_values(finding, law, now) | {
        "case_id": None, "number": "", "region": regions.get(unit) or regions.get(dept, ""), "dept": dept,
        "unit": unit, "holder": unit or dept, "window": ref if kind is Whose.WINDOW else "",
        "item": ref if kind is Whose.ITEM else "", "procedure": "",
    }  # fmt: skip


def _unit_of(kind: Whose, ref: str, params: Mapping[str, str]) -> str:
    if kind in (Whose.UNIT, Whose.DEPARTMENT):
        return ref
    named = params.get("unit") or params.get("dept") or params.get("department") or ""
    if named or kind not in (Whose.WINDOW, Whose.POST):
        return named
    return people.post_by_code(ref).unit.code


# ---- writing --------------------------------------------------------------------------------------------


def write_watches(watches: Sequence[Watch]) -> None:
    """All of these in one short transaction; a case that was watched further already is left alone."""
    with transaction() as pen:
        for watch in watches:
            if _put_watched(pen, watch.watched):
                _put_signals(pen, watch)


def _put_watched(pen: Pen, values: Values) -> bool:
    sql = upsert_sql(WATCHED, tuple(values), ("case_id",))
    newer = f"{WATCHED}.seq <= excluded.seq AND {WATCHED}.evaluated_at <= excluded.evaluated_at"
    return pen.run(f"{sql} WHERE {newer}", list(values.values())) > 0


def _put_signals(pen: Pen, watch: Watch) -> None:
    for values in watch.signals:
        put_signal(pen, values)
    keys = [values["key"] for values in watch.signals]
    marks = f"AND key NOT IN ({', '.join(['%s'] * len(keys))}) " if keys else ""
    pen.run(
        f"UPDATE {SIGNAL} SET gone_at = %s WHERE case_id = %s AND gone_at IS NULL {marks}",  # noqa: S608 - our own words
        [watch.watched["evaluated_at"], watch.case_id, *keys],
    )


def put_signal(pen: Pen, values: Values) -> None:
    """A finding, new or seen before: its card and when it was first seen stay as they are."""
    names = tuple(values)
    assert values.keys() >= KEPT
    marks = ", ".join(["%s"] * len(names))
    sets = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in KEPT)
    listed = ", ".join(f'"{name}"' for name in names)
    pen.run(
        f"INSERT INTO {SIGNAL} ({listed}) VALUES ({marks}) ON CONFLICT (key) DO UPDATE SET {sets}, {AGAIN}",  # noqa: S608 - our own words
        list(values.values()),
    )


def put_patterns(found: Iterable[Values], rules: Sequence[str], occasions: Sequence[str], now: datetime) -> None:
    """The findings of these rules in these periods; what they found there before and find no longer is gone."""
    rows = list(found)
    keys = {str(values["key"]) for values in rows}
    with transaction() as pen:
        for values in rows:
            put_signal(pen, values)
        for rule in rules:
            marks = ", ".join(["%s"] * len(occasions))
            there = pen.rows(
                f"SELECT key FROM {SIGNAL} WHERE rule = %s AND gone_at IS NULL AND occasion IN ({marks})",  # noqa: S608 - our own words
                [rule, *occasions],
            )
            for (key,) in there:
                if key not in keys:
                    pen.run(f"UPDATE {SIGNAL} SET gone_at = %s WHERE key = %s", [now, key])  # noqa: S608 - our own words
