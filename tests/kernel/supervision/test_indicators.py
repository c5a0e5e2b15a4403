"""Every rate again by brute force: from the raw events, day by day, without facts, folds or the calendar's tables."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from tests.kernel.stories import (
    APPROVER,
    CITIZEN,
    HEAD,
    REVIEWER,
    UNDERTAKER,
    WINDOW,
    MaterialGiven,
    Story,
    at,
    calendar,
    licence,
    material,
    submitted,
)
from tests.kernel.supervision.made import made
from zhengtong.kernel.events import (
    Acted,
    BranchOpened,
    ClockExtended,
    ClockHeld,
    ClockResumed,
    ClockStarted,
    History,
    Opened,
    Rated,
)
from zhengtong.kernel.indicators import FORMULAS, find_rates, find_rates_by, find_saving, find_spread, find_zero_places
from zhengtong.kernel.supervision.facts import CaseFacts, find_facts
from zhengtong.kernel.supervision.grounds import Ground, Place
from zhengtong.kernel.supervision.rules import Whose

BOUND = licence("three_step", "special", materials=(material("m"),))
NOW = at("2026-05-01T00:00")
MARCH = date(2026, 3, 1), date(2026, 3, 31)


def _told(n: int) -> Story:
    """The n-th of a mixed lot: quick and slow, held, extended, supplemented, rated, withdrawn, still open."""
    start = date(2026, 3, 2) + timedelta(days=n % 17)
    while not calendar().is_working(start):
        start += timedelta(days=1)
    days = [str(calendar().add(start, k)) for k in range(30)]
    story = submitted(bound=BOUND, when=days[0])
    if n % 5 == 1:
        story.do("notify_supplement", WINDOW, days[0], inputs={"missing": ["m"], "manner": "direct"})
        story.do("supply", CITIZEN, days[0], materials=(MaterialGiven(material="m", form="paper", commitment="c-m"),))
    else:
        story.do(
            "receive_material",
            WINDOW,
            days[0],
            materials=(MaterialGiven(material="m", form="paper", commitment="c-m"),),
        )
    if n % 11 == 3:
        return story
    story.do("check_material", WINDOW, days[0], inputs={"material": "m", "verdict": "accepted"})
    story.do("accept", WINDOW, days[0])
    if n % 13 == 5:
        story.do("withdraw", CITIZEN, days[2])
        return story
    at_day = 1
    if n % 4 == 2:
        story.consent("begin_special", UNDERTAKER, HEAD, days[1])
        story.do("begin_special", UNDERTAKER, days[1], inputs={"branches": [{"kind": "testing"}]})
        story.do("end_special", UNDERTAKER, days[4], inputs={"verdict": "passed"})
        at_day = 4
    if n % 7 == 6:
        story.consent("extend", UNDERTAKER, HEAD, days[at_day])
        story.do("extend", UNDERTAKER, days[at_day], inputs={"term": "5 wd"})
    if n % 9 == 4:
        return story
    took = at_day + (0, 2, 7, 9, 12)[n % 5]
    story.do("pass", UNDERTAKER, days[took])
    story.do("review", REVIEWER, days[took])
    story.do("grant", APPROVER, days[took])
    if n % 3 == 0:
        story.do("rate", CITIZEN, days[took + 1], inputs={"level": str(1 + n % 5), "channel": "online"})
    return story


@pytest.fixture(scope="module")
def stories() -> list[Story]:
    return [_told(n) for n in range(60)]


@pytest.fixture(scope="module")
def facts(stories: list[Story]) -> list[CaseFacts]:
    return [find_facts(story.bound, story.state, calendar(), NOW) for story in stories]


# ---- by brute force -------------------------------------------------------------------------------------------


def marked(history: History, mark: str) -> datetime | None:
    found = [event.body.marks[mark] for event in history if isinstance(event.body, Acted) and mark in event.body.marks]
    return found[0] if found else None


def ended(history: History) -> datetime | None:
    return marked(history, "decided") or marked(history, "closed")


def of(history: History, *kinds: type) -> list[Any]:
    return [event for event in history if isinstance(event.body, kinds)]


def decision(history: History) -> ClockStarted | None:
    return next((e.body for e in history if isinstance(e.body, ClockStarted) and e.body.clock == "decision"), None)


def held_days(history: History) -> set[date]:
    days: set[date] = set()
    since: date | None = None
    for event in history:
        match event.body:
            case ClockHeld(clock="decision"):
                since = event.at.date()
            case ClockResumed(clock="decision") if since is not None:
                days |= {since + timedelta(days=k) for k in range((event.at.date() - since).days + 1)}
                since = None
    return days


def counted(history: History, until: date) -> int:
    """Working days after the day the clock began, to this day, held ones left out: a walk."""
    clock = decision(history)
    assert clock is not None
    day, n, held = clock.from_at.date(), 0, held_days(history)
    while day < until:
        day += timedelta(days=1)
        n += calendar().is_working(day) and day not in held
    return n


def allowed(history: History) -> int:
    clock = decision(history)
    assert clock is not None
    assert clock.promised is not None
    more = sum(int(e.body.by.split()[0]) for e in history if isinstance(e.body, ClockExtended))
    return int(clock.promised.split()[0]) + more


def is_late(history: History, on: date) -> bool:
    """More working days gone by on that day than were promised."""
    return counted(history, on) > allowed(history)


def is_on_the_spot(history: History) -> bool:
    opened, accepted, over = history[0].body, marked(history, "accepted"), ended(history)
    assert isinstance(opened, Opened)
    assert accepted is not None
    assert over is not None
    return opened.channel == "window" and accepted.date() == over.date()


def in_march(instant: datetime | None) -> bool:
    return instant is not None and instant.astimezone(at("2026-03-01").tzinfo).month == 3


class TestRatesByBruteForce:
    def both(self, stories: list[Story], facts: list[CaseFacts], code: str) -> tuple[int, int]:
        del stories
        rate = find_rates(facts, *MARCH, NOW)[code]
        return rate.numerator, rate.denominator

    def lot(self, stories: list[Story]) -> list[History]:
        """Ended in March, and accepted."""
        histories = [story.history for story in stories]
        return [each for each in histories if in_march(ended(each)) and marked(each, "accepted")]

    def test_of_what_was_promised(self, stories: list[Story], facts: list[CaseFacts]) -> None:
        lot = self.lot(stories)
        assert len(lot) > 20
        late = [each for each in lot if is_late(each, ended(each).date())]  # type: ignore[union-attr]
        early = [each for each in lot if counted(each, ended(each).date()) < allowed(each)]  # type: ignore[union-attr]
        assert late
        assert self.both(stories, facts, "in_time") == (len(lot) - len(late), len(lot))
        assert self.both(stories, facts, "early") == (len(early), len(lot))

    def test_of_late_ones_with_the_open_ones(self, stories: list[Story], facts: list[CaseFacts]) -> None:
        histories = [story.history for story in stories]
        still_open = [
            each
            for each in histories
            if decision(each) and (ended(each) is None or ended(each) >= at("2026-04-01T00:00"))  # type: ignore[operator]
        ]
        open_late = [each for each in still_open if counted(each, MARCH[1]) >= allowed(each)]
        lot = self.lot(stories)
        late = [each for each in lot if is_late(each, ended(each).date())]  # type: ignore[union-attr]
        assert open_late
        assert self.both(stories, facts, "late") == (len(late) + len(open_late), len(lot) + len(open_late))

    @pytest.mark.parametrize(
        ("code", "among", "that"),
        [
            ("supplemented", "received", lambda h: any(e.body.act == "notify_supplement" for e in of(h, Acted))),
            ("online", "opened", lambda h: of(h, Opened)[0].body.channel == "online"),
            ("special", "ended", lambda h: any(e.body.group == "special" for e in of(h, BranchOpened))),
            ("extended", "ended", lambda h: bool(of(h, ClockExtended))),
            ("on_the_spot", "ended", lambda h: is_on_the_spot(h)),
            ("satisfied", "rated", lambda h: of(h, Rated)[-1].body.level >= 3),
            ("completed", "accepted", lambda h: in_march(ended(h)) and marked(h, "accepted") is not None),
        ],
    )  # fmt: skip
    def test_of_the_others(
        self, stories: list[Story], facts: list[CaseFacts], code: str, among: str, that: Callable[[History], bool]
    ) -> None:
        histories = [story.history for story in stories]
        lots: dict[str, list[History]] = {
            "received": [each for each in histories if in_march(marked(each, "received"))],
            "opened": [each for each in histories if in_march(each[0].at)],
            "ended": self.lot(stories),
            "accepted": [each for each in histories if in_march(marked(each, "accepted"))],
            "rated": [each for each in histories if any(in_march(event.at) for event in of(each, Rated))],
        }
        among_which = lots[among]
        those = [each for each in (histories if code == "completed" else among_which) if that(each)]
        assert self.both(stories, facts, code) == (len(those), len(among_which))

    def test_of_days(self, stories: list[Story], facts: list[CaseFacts]) -> None:
        decided = [story.history for story in stories if in_march(marked(story.history, "decided"))]
        days = sorted(counted(each, marked(each, "decided").date()) for each in decided)  # type: ignore[union-attr]
        spread = find_spread(facts, *MARCH, NOW)
        assert spread.n == len(days)
        for percent, value in spread.days.items():
            below = [each for each in days if each <= value]
            assert len(below) * 100 >= percent * len(days)
            assert len([each for each in days if each < value]) * 100 < percent * len(days)
        saving = find_saving(facts, *MARCH, NOW)
        assert (saving.numerator, saving.denominator) == (20 * len(days) - sum(days), 20 * len(days))


class TestRates:
    def test_without_cases_have_no_value(self) -> None:
        assert all(rate.percent is None for rate in find_rates([], *MARCH, NOW).values())

    def test_are_exact(self) -> None:
        cases = [made(n, channel="online" if n < 1 else "window", opened_at="2026-03-05") for n in range(3)]
        assert find_rates(cases, *MARCH, NOW)["online"].percent == Fraction(100, 3)

    def test_do_not_depend_on_the_order(self, facts: list[CaseFacts]) -> None:
        assert find_rates(facts[::-1], *MARCH, NOW) == find_rates(facts, *MARCH, NOW)

    def test_by_department_add_up(self, facts: list[CaseFacts]) -> None:
        parts = find_rates_by(facts, lambda each: each.number[-1], *MARCH, NOW)
        whole = find_rates(facts, *MARCH, NOW)
        for formula in FORMULAS:
            assert sum(part[formula.code].denominator for part in parts.values()) == whole[formula.code].denominator

    def test_say_what_could_not_be_judged(self) -> None:
        rate = find_rates([made(1, decided_at="2026-03-05", promised_on=None)], *MARCH, NOW)["in_time"]
        assert (rate.denominator, rate.excluded, rate.percent) == (0, 1, None)

    def test_of_cards_leave_withdrawn_ones_in_their_own_column(self) -> None:
        card = made(1, procedure="card", is_business=False, level="yellow", outcome="revoked", accepted_at="2026-03-05")
        cases = [card, replace(card, number="N2", outcome="corrected"), made(3, opened_at="2026-03-05")]
        rates = find_rates(cases, *MARCH, NOW)
        assert (rates["yellow_cards"].numerator, rates["yellow_cards"].denominator) == (2, 1)
        assert (rates["cards_revoked"].numerator, rates["cards_revoked"].denominator) == (1, 2)

    def test_of_complaints(self) -> None:
        cases = [
            made(n, category="complaint" if n < 2 else "help", opened_at="2026-03-05", due_on=date(2026, 3, 12),
                 late_to_limit_at="2026-03-13T00:00" if n == 0 else None, decided_at="2026-03-10" if n else None)
            for n in range(4)
        ]  # fmt: skip
        rates = find_rates(cases, *MARCH, NOW)
        assert (rates["complaints"].numerator, rates["complaints"].denominator) == (2, 4)
        assert (rates["complaints_in_time"].numerator, rates["complaints_in_time"].denominator) == (1, 2)


class TestZeroPlaces:
    def test_are_counted_among_those_there_all_the_time(self) -> None:
        ground = Ground(windows={"a": Place(), "wj-window": Place(), "late": Place(since=date(2026, 3, 9))})
        rate, which = find_zero_places(
            [made(1, accepted_at="2026-03-05")], ground, Whose.WINDOW, *MARCH, NOW
        )  # fmt: skip
        assert (rate.numerator, rate.denominator, which) == (1, 2, ("a",))
