"""What holds of every finding, over random walks of every procedure with all the rules of the shelf."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest

from tests.kernel.stories import Story, accepted, at, calendar
from tests.kernel.supervision.histories import PROCEDURES, RULES, SEEDS, cuts, rule, walked
from tests.kernel.test_clocks import paused
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar, calendar_from
from zhengtong.kernel.clocks import find_lapses
from zhengtong.kernel.events import ClockHeld, ClockResumed, Event
from zhengtong.kernel.reckoning import find_steps
from zhengtong.kernel.states import ClockRun, State, fold
from zhengtong.kernel.supervision.findings import Finding
from zhengtong.kernel.supervision.rules import Family, Rule
from zhengtong.kernel.supervision.watching import find_findings
from zhengtong.kernel.terms import Unit, law_day

CLOCK_RULES = tuple(each for each in RULES if each.family is Family.CLOCK)
LATER = timedelta(days=120)
DAY = timedelta(days=1)

every_procedure = pytest.mark.parametrize("code", PROCEDURES)


def findings_of(story: Story, rules: tuple[Rule, ...] = RULES, *, after: timedelta = LATER) -> tuple[Finding, ...]:
    return find_findings(rules, story.bound, story.state, calendar(), story.state.last_at + after)


@every_procedure
def test_twice_is_once_and_order_is_nothing(code: str) -> None:
    backwards = tuple(reversed(RULES))
    stories = [walked(code, seed) for seed in SEEDS]
    first = [findings_of(story) for story in stories]
    assert [findings_of(story) for story in reversed(stories)] == first[::-1]
    assert [findings_of(story, backwards) for story in stories] == first
    for findings in first:
        assert [each.key for each in findings] == sorted({each.key for each in findings})


@every_procedure
def test_every_finding_can_be_followed_to_events_and_figures(code: str) -> None:
    rules = {each.code: each for each in RULES}
    for seed in SEEDS:
        story = walked(code, seed)
        for finding in findings_of(story):
            assert finding.evidence and finding.version == rules[finding.rule].version
            assert all(1 <= each.seq <= len(story.history) for each in finding.evidence)
            assert finding.cleared_at is None or finding.cleared_at >= finding.since
            *lines, last = (each for each in finding.arithmetic if each.what != "share")
            if lines:
                assert sum((-each.amount.value if each.sign == "-" else each.amount.value for each in lines),
                           Fraction(0)) == last.amount.value  # fmt: skip
            assert last.amount == finding.measured or finding.arithmetic[-1].amount == finding.measured


@every_procedure
def test_nothing_found_is_lost_with_time(code: str) -> None:
    """While nobody acts, findings stay, and what ended stays ended."""
    for seed in SEEDS:
        story = walked(code, seed)
        early, late = findings_of(story, after=timedelta(0)), findings_of(story)
        known = {each.key: each for each in late}
        assert known.keys() >= {each.key for each in early}
        assert all(known[each.key].since == each.since for each in early)
        assert all(known[each.key].cleared_at == each.cleared_at for each in early if each.cleared_at is not None)


# ---- lateness, reckoned otherwise ----------------------------------------------------------------------


def late_runs(bound: Bound, state: State, now: datetime, cal: Calendar) -> Iterator[tuple[str, int, bool, date]]:
    """Limits in days that are over, walked day by day: clock, run, promise or limit, the first late day."""
    steps = [run for code in bound.states for run in find_steps(bound, state, code, cal)]
    for run in (*(run for run in state.clocks if run.how != "void"), *steps):
        for of_promise, limit in ((False, run.legal), (True, run.promised)):
            if limit is None or limit.unit is not Unit.WD or run.extensions:
                continue
            end = min(law_day(now), law_day(run.stopped_at) if run.stopped_at is not None else date.max)
            left, day = limit.n, law_day(run.from_at)
            if not left:
                continue
            while left and day < end:
                day += DAY
                left -= cal.is_working(day) and not is_held(run, day)
            if not left and end > day:
                yield run.clock, run.seq, of_promise, day + DAY


def is_held(run: ClockRun, day: date) -> bool:
    return any(law_day(hold.since) <= day and (hold.until is None or day <= law_day(hold.until)) for hold in run.holds)


@every_procedure
def test_lateness_is_what_a_walk_by_days_says(code: str) -> None:
    rules = (
        replace(rule("limit_over", ">", "0 wd"), code="L"),
        replace(rule("promise_over", ">", "0 wd"), code="P"),
    )
    met = 0
    for seed in SEEDS:
        story = walked(code, seed)
        for state, written in cuts(story.history):
            now = written + timedelta(days=40)
            findings = find_findings(rules, story.bound, state, calendar(), now)
            found = {(each.occasion, each.rule == "P"): law_day(each.since) for each in findings}
            for clock, seq, of_promise, day in late_runs(story.bound, state, now, calendar()):
                rule_of = story.bound.clocks.get(clock)
                if rule_of is not None and rule_of.whose != "organ":
                    continue
                assert found.get((f"{clock}:{seq}", of_promise)) == day, (code, seed, clock)
                met += 1
    assert met


# ---- what a change of the history does -------------------------------------------------------------------


def lapses(state: State, cal: Calendar) -> Mapping[tuple[str, int, bool], datetime | None]:
    return {
        (run.clock, run.seq, bool(of_promise)): lapse
        for run in state.clocks
        for of_promise, lapse in enumerate(find_lapses(state, run, cal))
    }


def without(history: tuple[Event, ...], batches: set[int]) -> tuple[Event, ...]:
    """A history without some batches; the others keep their places, as they do where a reversal strikes them out."""
    return tuple(event for event in history if event.batch not in batches)


def test_a_hold_never_brings_a_limit_forward() -> None:
    met = 0
    for code in PROCEDURES:
        for seed in SEEDS:
            story = walked(code, seed)
            held = tuple(event for event in story.history if not isinstance(event.body, ClockHeld | ClockResumed))
            if len(held) == len(story.history):
                continue
            with_holds = find_findings(CLOCK_RULES, story.bound, story.state, calendar(), story.state.last_at + LATER)
            free = fold(held)
            without_holds = find_findings(CLOCK_RULES, story.bound, free, calendar(), story.state.last_at + LATER)
            first = {each.key: each.since for each in without_holds if not each.occasion.startswith("step:")}
            for each in with_holds:
                if each.key in first:
                    assert each.since >= first[each.key], (code, seed, each.key)
                    met += 1
            before, after = lapses(free, calendar()), lapses(story.state, calendar())
            assert all(after[key] is None or after[key] >= lapse for key, lapse in before.items() if lapse is not None)  # type: ignore[operator]
    assert met


@every_procedure
def test_without_its_events_a_conduct_finding_is_gone(code: str) -> None:
    """Take out the batch a finding was made by: it is not found any more, or the history tells of no case."""
    conduct = tuple(each for each in RULES if each.family is Family.CONDUCT)
    for seed in SEEDS:
        story = walked(code, seed)
        for finding in findings_of(story, conduct):
            batch = story.history[int(finding.occasion.removeprefix("act:")) - 1].batch
            if batch == 1:
                continue
            struck = frozenset(event.seq for event in story.history if event.batch == batch)
            state = replace(fold(without(story.history, {batch})), struck=struck, history=story.history)
            if finding.metric in ("materials_lacking", "conforming_declined"):
                continue  # what was not done has no event of its own: see their examples
            left = find_findings(conduct, story.bound, state, calendar(), story.state.last_at + LATER)
            assert finding.key not in {each.key for each in left}, finding.rule


def test_without_what_made_it_late_a_limit_is_kept() -> None:
    """A hold that is struck out no longer excuses; a stop that is struck out no longer saves."""
    story = paused("2026-03-09", "2026-03-20")
    excused = find_findings(CLOCK_RULES, story.bound, story.state, calendar(), at("2026-03-20"))
    assert "SJ-11" not in {each.rule for each in excused}
    held = fold(without(story.history, {event.batch for event in story.history if isinstance(event.body, ClockHeld)}))
    late = find_findings(CLOCK_RULES, story.bound, held, calendar(), at("2026-03-20"))
    assert "SJ-11" in {each.rule for each in late}


# ---- the calendar ----------------------------------------------------------------------------------------------


def test_a_later_calendar_changes_findings_and_no_events() -> None:
    """Were 16 March a holiday, the promise would end on the 17th: the finding moves, the history stands."""
    story = accepted()
    history, now = story.history, at("2026-03-17T10:00")
    plain = find_findings(CLOCK_RULES, story.bound, story.state, calendar(), now)
    changed = find_findings(CLOCK_RULES, story.bound, story.state, with_holiday(date(2026, 3, 16)), now)
    assert "SJ-11" in {each.rule for each in plain}
    assert "SJ-11" not in {each.rule for each in changed}
    assert story.history is history and fold(history) == story.state


def with_holiday(day: date) -> Calendar:
    """The calendar of the law with one more day off."""
    plain = calendar()
    years = [
        replace(table, off=(*table.off, (day, day, "假日"))) if table.year == day.year else table
        for table in plain.years
    ]
    return calendar_from(years, jurisdiction=plain.jurisdiction)
