"""Alarms: before `wake_at` no finding reads differently, over random walks of every procedure."""

from datetime import timedelta
from fractions import Fraction

import pytest

from tests.kernel.stories import accepted, at, calendar
from tests.kernel.supervision.histories import PROCEDURES, RULES, SEEDS, cuts, found, rule, walked
from zhengtong.kernel.clocks import Alarms, find_wake_at
from zhengtong.kernel.silence import find_due_silence
from zhengtong.kernel.supervision.rules import Rule
from zhengtong.kernel.supervision.watching import find_alarms, find_findings

SHARP = (
    rule("limit_left", "<=", "2 wd"),
    rule("promise_left", "<", "3 wd"),
    rule("promise_left_share", "<=", "35 %"),
    rule("limit_left_share", "<", "50 %"),
    rule("limit_left", "<=", "1 wh"),
    rule("limit_over", ">", "0 wd", repeat="2 wd"),
    rule("limit_over", ">=", "3 wd", repeat="3 cd"),
    rule("promise_over", ">", "2 wd"),
    rule("limit_over", ">", "2 h", repeat="4 h"),
)
MINUTE = timedelta(minutes=1)


def check(code: str, seed: int, rules: tuple[Rule, ...]) -> int:
    """Follow each history from alarm to alarm: nothing changes in between. How many alarms there were."""
    story, alarms, rung = walked(code, seed), find_alarms(rules), 0
    for state, now in cuts(story.history):
        for _ in range(6):
            if find_due_silence(story.bound, state, calendar(), now):
                break
            wake = find_wake_at(story.bound, state, calendar(), now, alarms)
            later = (wake if wake is not None else now + timedelta(days=300)) - MINUTE
            if later > now:
                before = find_findings(rules, story.bound, state, calendar(), now)
                assert before == find_findings(rules, story.bound, state, calendar(), later), (code, seed, now, later)
            if wake is None:
                break
            now, rung = wake, rung + 1
    return rung


@pytest.mark.parametrize("code", PROCEDURES)
def test_nothing_reads_differently_before_it(code: str) -> None:
    assert sum(check(code, seed, RULES) for seed in SEEDS) > 0
    assert sum(check(code, seed, SHARP) for seed in SEEDS) > 0


@pytest.mark.long
@pytest.mark.parametrize("code", PROCEDURES)
def test_nothing_reads_differently_before_it_in_many_walks(code: str) -> None:
    for seed in range(50, 200):
        check(code, seed, RULES)
        check(code, seed, SHARP)


class TestAlarms:
    """The promise of ten days of a case accepted on 2 March 2026 ends on the 16th, the limit of twenty on the 30th."""

    def wake(self, now: str, *rules: Rule) -> object:
        story = accepted()
        return find_wake_at(story.bound, story.state, calendar(), at(now), find_alarms(rules))

    def test_before_the_lapse(self) -> None:
        assert self.wake("2026-03-06T11:00", rule("promise_left", "<=", "2 wd")) == at("2026-03-12T00:00")
        assert self.wake("2026-03-06T11:00", rule("promise_left", "<", "2 wd")) == at("2026-03-13T00:00")
        assert self.wake("2026-03-06T11:00", rule("promise_left_share", "<=", "20 %")) == at("2026-03-12T00:00")

    def test_after_the_lapse(self) -> None:
        more = rule("promise_over", ">", "3 wd")
        assert self.wake("2026-03-17T11:00", more) == at("2026-03-20T00:00")
        assert self.wake("2026-03-17T11:00", rule("promise_over", ">=", "3 wd")) == at("2026-03-19T00:00")
        assert self.wake("2026-03-20T11:00", more) == at("2026-03-31T00:00")

    def test_repeats_while_it_runs(self) -> None:
        again = rule("promise_over", ">", "0 wd", repeat="2 wd")
        assert self.wake("2026-03-17T11:00", again) == at("2026-03-18T00:00")
        assert self.wake("2026-03-18T11:00", again) == at("2026-03-20T00:00")

    def test_only_of_clocks_a_rule_speaks_of(self) -> None:
        elsewhere = rule("promise_left", "<=", "2 wd", clocks=("delivery",))
        assert self.wake("2026-03-06T11:00", elsewhere) == at("2026-03-17T00:00")
        assert self.wake("2026-03-06T11:00", rule("promise_left", "<=", "2 wd", procedures=("filing",))) == at(
            "2026-03-17T00:00"
        )

    def test_are_the_same_object_case_after_case(self) -> None:
        made: Alarms = find_alarms(RULES)
        assert made is find_alarms(RULES)

    def test_measure_again_when_they_repeat(self) -> None:
        again = rule("promise_over", ">", "0 wd", repeat="2 wd")
        read = [found(accepted(), day, again)[0].measured.value for day in ("2026-03-17", "2026-03-18", "2026-03-20")]
        assert read == [Fraction(1), Fraction(2), Fraction(4)]
