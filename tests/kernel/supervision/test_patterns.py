"""Patterns: each is found where it is, not found where one thing is otherwise, whatever the order of the cases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from random import Random

import pytest

from tests.kernel.stories import at, calendar
from tests.kernel.supervision.made import entry, grade, made
from zhengtong.kernel.supervision.facts import CaseFacts, Lateness, Move, Payment, Stay
from zhengtong.kernel.supervision.findings import Finding
from zhengtong.kernel.supervision.grounds import Ground, Place
from zhengtong.kernel.supervision.metrics import METRICS
from zhengtong.kernel.supervision.pattern_metrics import PATTERN, SHAPE_OF
from zhengtong.kernel.supervision.patterns import EXAMPLES, find_patterns, stretches
from zhengtong.kernel.supervision.rules import (
    Clears,
    Family,
    Follow,
    Level,
    Operator,
    Period,
    Quantity,
    Receiver,
    Rule,
    Scope,
    Stream,
    Whose,
)

GROUND = Ground(
    windows={"wj-window": Place(dept="wj"), "wj-window2": Place(dept="wj", since=date(2026, 3, 10))},
    items={"qy-wj-0001": Place(dept="wj")},
    posts={"wj-approver": Place(dept="wj")},
    departments={"wj": Place(dept="wj")},
    parents={"wj-sp": "wj"},
    joint=frozenset({"qy-wj-0001"}),
)
MARCH = date(2026, 3, 1), date(2026, 3, 31)


def rule(metric: str, operator: str, threshold: str, whose: str, least: int = 0, **more: object) -> Rule:
    given = {
        "code": metric, "version": "2026-01-01", "name": metric, "family": Family.PATTERN, "stream": Stream.CASES,
        "metric": metric, "operator": Operator(operator), "threshold": Quantity.parse(threshold),
        "level": Level.YELLOW, "follow": Follow.PROPOSE, "receivers": (Receiver.HEAD,), "clears": Clears.NEVER,
        "whose": Whose(whose), "period": Period.MONTH, "least": least, "source": "JC 1",
    }  # fmt: skip
    return Rule(**{**given, **more})  # type: ignore[arg-type]


def find(
    a_rule: Rule, facts: list[CaseFacts], when: str = "2026-04-01", days: tuple[date, date] = MARCH
) -> list[Finding]:
    return list(find_patterns([a_rule], facts, GROUND, calendar(), *days, at(when)))


def late(n: int, is_late: bool) -> CaseFacts:
    since = at("2026-03-17T00:00") if is_late else None
    broken = (Lateness(3, "decision", "promise", since, None),) if since is not None else ()
    return made(n, late_to_promise_at=since, late=broken)


LATE = rule("late_ratio", ">=", "33 %", "department", 6)


class TestShares:
    def test_carry_numerator_denominator_and_examples(self) -> None:
        (found,) = find(LATE, [late(n, n < 3) for n in range(8)])
        assert found.measured.value == Fraction(75, 2)
        assert [(step.sign, str(step.amount)) for step in found.arithmetic] == [
            ("+", "3 cases"), ("÷", "8 cases"), ("=", "37.5 %"), (">=", "33 %"),
        ]  # fmt: skip
        assert [(each.case, each.seq, each.why) for each in found.evidence] == [
            (f"N{n:05d}", 3, "late") for n in range(3)
        ]
        assert (found.key, found.since) == ("late_ratio|department:wj|2026-03", at("2026-04-01T00:00"))
        assert (found.params["count"], found.params["among"]) == ("3", "8")

    def test_need_a_volume(self) -> None:
        assert find(LATE, [late(n, n < 3) for n in range(5)]) == []
        assert find(LATE, [late(n, n < 3) for n in range(6)]) != []

    def test_wait_for_the_end_of_the_period(self) -> None:
        cases = [late(n, True) for n in range(9)]
        assert find(LATE, cases, "2026-03-31T23:59") == []
        assert find(LATE, cases, "2026-04-01T00:00") != []

    def test_below_the_threshold_are_none(self) -> None:
        assert find(LATE, [late(n, n < 2) for n in range(7)]) == []

    def test_examples_are_few_and_the_earliest_and_the_rest_is_counted(self) -> None:
        (found,) = find(LATE, [late(n, True) for n in range(500)])
        assert len(found.evidence) == EXAMPLES
        assert found.params["count"] == "500"
        assert found.evidence[0].case == "N00000"

    def test_do_not_depend_on_the_order_of_cases(self) -> None:
        cases = [late(n, n % 2 == 0) for n in range(300)]
        found = find(LATE, cases)
        for seed in range(3):
            mixed = cases[:]
            Random(seed).shuffle(mixed)
            assert find(LATE, mixed) == found

    def test_are_reckoned_by_month(self) -> None:
        april = [replace(late(n, True), received_at=at("2026-04-02")) for n in range(100, 109)]
        march = [late(n, False) for n in range(9)]
        found = find(LATE, [*march, *april], "2026-06-01", (date(2026, 3, 1), date(2026, 4, 30)))
        assert [each.occasion for each in found] == ["2026-04"]

    def test_keep_to_the_scope(self) -> None:
        cases = [late(n, True) for n in range(9)]
        for scope, n in ((Scope(departments=frozenset({"wj"})), 1), (Scope(departments=frozenset({"sc"})), 0)):
            assert len(find(replace(LATE, scope=scope), cases)) == n
        assert find(replace(LATE, scope=Scope(on_spot=True)), cases) == []
        assert find(replace(LATE, scope=Scope(procedures=frozenset({"filing"}))), cases) == []


class TestAbsences:
    ZERO = rule("accepted_cases", "=", "0 cases", "window")

    def test_are_of_windows_that_were_there_all_month(self) -> None:
        assert [each.subject.ref for each in find(self.ZERO, [])] == ["wj-window"]
        assert find(self.ZERO, [made(1, accepted_at="2026-03-31T16:00")]) == []
        assert [each.occasion for each in find(self.ZERO, [made(1, accepted_at="2026-04-01T09:00")])] == ["2026-03"]

    def test_are_not_judged_by_half_a_month(self) -> None:
        assert find(self.ZERO, [], days=(date(2026, 3, 2), date(2026, 3, 31))) == []

    def test_are_not_judged_before_the_month_is_over(self) -> None:
        assert find(self.ZERO, [], "2026-03-31T18:00") == []


def _taken_back(n: int, is_bad: bool) -> CaseFacts:
    move = Move(7, at("2026-03-05"), "approver", "wj-head", "wj", "wj", "ordinary", own=not is_bad)
    return made(n, decided_at="2026-03-05T11:00", moves=(move,))


def _fee(n: int, receipt: str) -> CaseFacts:
    return made(n, fees=(Payment(8, at("2026-03-05"), "f1", "paid", 1000, receipt),))


def _second(n: int, unit: str) -> CaseFacts:
    return made(n, accepted=entry("accept", "2026-03-02", unit=unit), accepted_at="2026-03-02")


def _instant(n: int, is_at_once: bool) -> CaseFacts:
    act = entry("record_at_once", "2026-03-02T10:05")
    later = entry("record", "2026-03-02T14:05", seq=6, post="wj-undertaker")
    decided = act if is_at_once else later
    return made(n, on_spot=True, accepted=act, decided=decided, decided_at=decided.at)


def _waiting(n: int, is_bad: bool) -> CaseFacts:
    stay = Stay(4, "wj-undertaker", at("2026-03-02"), at("2026-03-13"))
    acts = [] if is_bad else [entry("note", f"2026-03-{day:02d}", post="wj-undertaker") for day in (4, 6, 10)]
    return made(n, stays=(stay,), entries=acts)


def _card(n: int, level: str, outcome: str = "") -> CaseFacts:
    return made(n, procedure="card", level=level, outcome=outcome, opened_at="2026-03-05")


def _hands(n: int, person: str) -> CaseFacts:
    return made(
        n, accepted=entry("accept", "2026-03-02", person="p-1"), accepted_at="2026-03-02",
        decided=entry("record", "2026-03-03", seq=6, person=person), decided_at="2026-03-03",
    )  # fmt: skip


def _closed(n: int, minute: int, day: int = 31) -> CaseFacts:
    return made(n, closed_at=f"2026-03-{day}T16:{minute:02d}")


Made = Callable[[int], CaseFacts]
CASES: dict[str, tuple[Rule, Made, Made, int]] = {
    "void": (
        rule("void_ratio", ">=", "5 %", "department", 8),
        lambda n: made(n, closed_at="2026-03-05", outcome="void" if n == 0 else "granted"),
        lambda n: made(n, closed_at="2026-03-05", outcome="withdrawn" if n == 0 else "granted"),
        8,
    ),
    "refused": (
        rule("refusal_ratio", ">=", "20 %", "department", 5),
        lambda n: made(n, closed_at="2026-03-05", outcome="refused", is_negative=n < 2),
        lambda n: made(n, closed_at="2026-03-05", outcome="withdrawn", is_negative=n < 2),
        8,
    ),
    "withdrawn": (
        rule("withdrawal_ratio", ">=", "20 %", "item", 5),
        lambda n: made(n, closed_at="2026-03-05", outcome="withdrawn" if n < 3 else "granted"),
        lambda n: made(n, closed_at="2026-03-05", outcome="granted"),
        8,
    ),
    "supplements": (
        rule("supplement_ratio", ">=", "30 %", "department", 5),
        lambda n: made(n, supplements=n % 2),
        lambda n: made(n, supplements=n == 0),
        8,
    ),
    "specials": (
        rule("special_ratio", ">=", "40 %", "department", 5),
        lambda n: made(n, specials=n % 2, accepted_at="2026-03-02"),
        lambda n: made(n, specials=n % 2, accepted_at="2026-03-02", on_spot=True),
        8,
    ),
    "extensions": (
        rule("extension_ratio", ">=", "15 %", "department", 5),
        lambda n: made(n, extensions=n % 2, accepted_at="2026-03-02"),
        lambda n: made(n, extensions=0, accepted_at="2026-03-02"),
        8,
    ),
    "struck out": (
        rule("reversal_ratio", ">=", "5 %", "department", 5),
        lambda n: made(n, reversals=n % 2, closed_at="2026-03-05"),
        lambda n: made(n, reversals=n % 2, closed_at="2026-05-05"),
        8,
    ),
    "limit late": (
        rule("limit_late_ratio", ">=", "10 %", "department", 5),
        lambda n: made(n, late_to_limit_at="2026-03-20T00:00"),
        lambda n: late(n, True),
        8,
    ),
    "authority": (
        rule("taken_back_ratio", ">=", "20 %", "department", 4),
        lambda n: _taken_back(n, is_bad=True),
        lambda n: _taken_back(n, is_bad=False),
        5,
    ),
    "registers only": (
        rule("handed_on_ratio", ">=", "80 %", "window", 4),
        lambda n: _instant(n, is_at_once=False),
        lambda n: _instant(n, is_at_once=True),
        5,
    ),
    "two doors": (
        rule("second_door_cases", ">=", "3 cases", "item"),
        lambda n: _second(n, "wj-ks" if n < 3 else "wj-sp"),
        lambda n: _second(n, "wj-ks" if n < 2 else "wj-sp"),
        9,
    ),
    "month-end batch": (
        rule("closing_batch_share", ">=", "20 %", "post", 8),
        lambda n: _closed(n, n),
        lambda n: _closed(n, n, day=30),
        8,
    ),
    "month-end batch spread over the afternoon": (
        rule("closing_batch", ">=", "8 cases", "post"),
        lambda n: _closed(n, n),
        lambda n: _closed(n, 5 * n),
        9,
    ),
    "after hours": (
        rule("evening_entries", ">=", "8 times", "post"),
        lambda n: made(n, entries=[entry("note", "2026-03-05T16:00", recorded_at=f"2026-03-05T20:{n:02d}")]),
        lambda n: made(n, entries=[entry("note", "2026-03-05T16:00", recorded_at=f"2026-03-{5 + n % 2:02d}T20:00")]),
        8,
    ),
    "equal durations": (
        rule("equal_duration_share", ">=", "20 %", "item", 4),
        lambda n: made(n, received_at=f"2026-03-{n + 2:02d}T09:00", decided_at=f"2026-03-{n + 2:02d}T09:05"),
        lambda n: made(n, received_at=f"2026-03-{n + 2:02d}T09:00", decided_at=f"2026-03-{n + 2:02d}T09:{n:02d}"),
        8,
    ),
    "equal durations counted": (
        rule("equal_durations", ">=", "8 cases", "item"),
        lambda n: made(n, received_at=f"2026-03-{n + 2:02d}T09:00", decided_at=f"2026-03-{n + 2:02d}T09:05"),
        lambda n: made(n, received_at=f"2026-03-{n + 2:02d}T09:00", decided_at=f"2026-03-{n + 2:02d}T09:{n:02d}"),
        8,
    ),
    "window only": (
        rule("online_ratio", "<=", "0 %", "item", 6),
        lambda n: made(n, is_online_item=True, channel="window"),
        lambda n: made(n, is_online_item=True, channel="online" if n == 0 else "window"),
        8,
    ),
    "rating burst": (
        rule("rating_burst", ">=", "8 times", "window"),
        lambda n: made(n, ratings=(grade(f"2026-03-05T15:{n:02d}", 5),)),
        lambda n: made(n, ratings=(grade(f"2026-03-05T15:{4 * n:02d}", 5),)),
        8,
    ),
    "low ratings": (
        rule("low_rating_ratio", ">=", "20 %", "window", 5),
        lambda n: made(n, ratings=(grade("2026-03-05T15:00", 1 + n % 2),)),
        lambda n: made(n, ratings=(grade("2026-03-05T15:00", 3),)),
        8,
    ),
    "empty post": (
        rule("idle_days", ">=", "5 wd", "post", 3),
        lambda n: _waiting(n, is_bad=True),
        lambda n: _waiting(n, is_bad=False),
        3,
    ),
    "operators": (
        rule("people_at_post", ">=", "4 people", "post"),
        lambda n: made(n, entries=[entry("note", "2026-03-05", person=f"p-{n % 4}")]),
        lambda n: made(n, entries=[entry("note", "2026-03-05", person=f"p-{n % 3}")]),
        9,
    ),
    "paper": (
        rule("late_entry_ratio", ">=", "20 %", "department", 5),
        lambda n: made(n, closed_at="2026-03-09", entries=[entry("pass", "2026-03-05", recorded_at="2026-03-06")]),
        lambda n: made(n, closed_at="2026-03-09", entries=[entry("pass", "2026-03-05", recorded_at="2026-03-05T19")]),
        6,
    ),
    "no receipt": (
        rule("no_receipt_ratio", ">=", "20 %", "department", 5), lambda n: _fee(n, ""), lambda n: _fee(n, "清财1"), 6,
    ),
    "outside": (
        rule("fee_outside_ratio", ">=", "20 %", "department", 5, scope=Scope(receipts=frozenset({"清财"}))),
        lambda n: _fee(n, "自收1"),
        lambda n: _fee(n, "清财1"),
        6,
    ),
    "joint": (
        rule("joint_ratio", "<=", "0 %", "department", 5),
        lambda n: made(n, parent=""),
        lambda n: made(n, parent="P1" if n == 3 else ""),
        6,
    ),
    "one hand": (
        rule("one_hand_ratio", ">=", "10 %", "person", 5), lambda n: _hands(n, "p-1"), lambda n: _hands(n, "p-2"), 6,
    ),
    "one decider": (
        rule("decider_share", ">=", "90 %", "department", 5),
        lambda n: _hands(n, "p-2"),
        lambda n: _hands(n, f"p-{2 + n % 2}"),
        6,
    ),
    "prompts": (
        rule("prompts_issued", ">=", "3 times", "department"),
        lambda n: _card(n, "prompt"),
        lambda n: _card(n, "prompt", "revoked" if n == 0 else ""),
        3,
    ),
    "yellows": (
        rule("yellows_issued", ">=", "3 times", "department"),
        lambda n: _card(n, "yellow"),
        lambda n: _card(n, "prompt"),
        3,
    ),
}  # fmt: skip


class TestEachPattern:
    @pytest.mark.parametrize("name", CASES)
    def test_is_found_where_it_is_and_only_there(self, name: str) -> None:
        a_rule, bad, good, n = CASES[name]
        found = find(a_rule, [bad(k) for k in range(n)], "2026-07-01")
        assert len(found) == 1, name
        assert found[0].evidence or a_rule.operator is Operator.AT_MOST
        assert find(a_rule, [good(k) for k in range(n)], "2026-07-01") == [], name

    @pytest.mark.parametrize("name", CASES)
    def test_does_not_depend_on_the_order(self, name: str) -> None:
        a_rule, bad, good, n = CASES[name]
        cases = [bad(k) for k in range(n)] + [replace(good(k), number=f"G{k:05d}") for k in range(n)]
        found = find(a_rule, cases, "2026-07-01")
        assert find(a_rule, cases[::-1], "2026-07-01") == found

    def test_has_a_case_here_or_in_a_class_of_its_own(self) -> None:
        assert {a_rule.metric for a_rule, *_ in CASES.values()} | {"late_ratio", "accepted_cases"} == set(PATTERN)


class TestCounts:
    def test_are_seen_as_soon_as_they_reach_the_threshold(self) -> None:
        burst = [made(n, ratings=(grade(f"2026-03-05T15:{n:02d}", 5),)) for n in range(10)]
        (found,) = find(rule("rating_burst", ">=", "8 times", "window"), burst, "2026-03-06")
        assert found.since == at("2026-03-05T15:07")

    def test_of_a_batch_without_one_of_its_acts_is_none(self) -> None:
        a_rule, bad, _good, _n = CASES["month-end batch spread over the afternoon"]
        assert find(a_rule, [bad(n) for n in range(8)]) != []
        assert find(a_rule, [bad(n) for n in range(7)]) == []


class TestPeriods:
    def test_are_named_and_cut(self) -> None:
        found = stretches(date(2026, 2, 27), date(2026, 4, 2), Period.MONTH)
        assert [(each.occasion, each.is_whole) for each in found.values()] == [
            ("2026-02", False), ("2026-03", True), ("2026-04", False),
        ]  # fmt: skip
        assert [each.occasion for each in stretches(date(2026, 3, 30), date(2026, 4, 1), Period.DAY).values()] == [
            "2026-03-30", "2026-03-31", "2026-04-01",
        ]  # fmt: skip
        assert list(stretches(date(2025, 12, 31), date(2026, 1, 1), Period.QUARTER)) == ["2025-Q4", "2026-Q1"]
        assert list(stretches(*MARCH, Period.YEAR)) == ["2026"]


class TestMetrics:
    def test_are_in_the_vocabulary_with_both_languages(self) -> None:
        assert set(PATTERN) <= set(METRICS)
        assert set(PATTERN) == set(SHAPE_OF)
        assert all(metric.name and metric.name_en and metric.whose for metric in PATTERN.values())
