"""The hundred points: what each thing takes, where it is taken, what does not count, and what is not known."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from tests.kernel.stories import at
from tests.kernel.supervision.made import grade, made
from zhengtong.kernel.supervision.facts import CaseFacts
from zhengtong.kernel.supervision.rules import Level
from zhengtong.kernel.supervision.scoring import Discipline, IssuedCard, Score, find_score, mean_of
from zhengtong.law.reading import LawFileError
from zhengtong.law.scoring_files import FOLDER, load_scheme, read_scheme
from zhengtong.law.supervision_rules import load_rules

MARCH = date(2026, 3, 1)
SCHEME = load_scheme()


def card(n: int, rule: str, level: str, day: int = 5, **more: object) -> IssuedCard:
    given = {"number": f"C{n}", "rule": rule, "level": Level(level), "issued_at": at(f"2026-03-{day:02d}")}
    return IssuedCard(**{**given, "is_withdrawn": False, **more})  # type: ignore[arg-type]


def score(cards: Iterable[IssuedCard] = (), facts: Iterable[CaseFacts] = ()) -> Score:
    return find_score(SCHEME, "wj", MARCH, cards, facts)


def points(found: Score) -> dict[str, Fraction | None]:
    return {part.code: part.points for part in found.parts}


def case(n: int, decided: str = "2026-03-10", **more: object) -> CaseFacts:
    return made(n, decided_at=decided, **more)


class TestParts:
    def test_are_nine_and_make_a_hundred(self) -> None:
        assert [part.full for part in SCHEME.parts] == [10, 14, 14, 8, 10, 10, 14, 10, 10]
        assert sum(part.full for part in SCHEME.parts) == 100

    def test_without_a_source_have_no_data(self) -> None:
        found = score()
        assert found.no_data == ("satisfaction", "manner", "liability", "integrity")
        assert found.points == found.out_of == 60

    def test_are_judged_by_ratings_when_there_are_enough(self) -> None:
        rated = [made(n, ratings=(grade("2026-03-05", 1 if n < 2 else 5),)) for n in range(10)]
        assert points(score(facts=rated))["satisfaction"] == 8
        assert points(score(facts=rated[:9]))["satisfaction"] is None

    def test_are_never_below_nothing(self) -> None:
        found = score([card(n, "SJ-13", "red") for n in range(3)])
        assert points(found)["time"] == 0
        assert found.points == 46


class TestCards:
    def test_take_five_and_ten_in_the_part_of_their_rule_and_are_named(self) -> None:
        found = score([card(1, "SJ-11", "yellow"), card(2, "XW-31", "red"), card(3, "SJ-21", "yellow")])
        assert points(found)["time"] == 9
        assert points(found)["fees"] == 0
        assert points(found)["disclosure"] == 5
        (line,) = next(part for part in found.parts if part.code == "time").lines
        assert line.points == -5
        assert (line.evidence, line.rules) == (("C1",), ("SJ-11",))

    def test_that_were_withdrawn_take_nothing_and_are_told(self) -> None:
        found = score([card(1, "SJ-11", "yellow", is_withdrawn=True)])
        assert points(found)["time"] == 14
        assert found.withdrawn == ("C1",)

    def test_of_another_month_do_not_count(self) -> None:
        other = replace(card(1, "SJ-11", "yellow"), issued_at=at("2026-04-01T00:00"))
        assert score([other]).points == 60

    def test_with_points_of_their_own_take_those(self) -> None:
        assert points(score([card(1, "SJ-11", "yellow", points=2)]))["time"] == 12

    def test_do_not_depend_on_their_order(self) -> None:
        cards = [card(n, "SJ-11", ("prompt", "yellow")[n % 2], day=n + 1) for n in range(9)]
        assert score(cards[::-1]) == score(cards)

    def test_of_every_rule_belong_to_some_part(self) -> None:
        assert {SCHEME.part_of(rule.code, "?") for rule in load_rules()} <= {part.code for part in SCHEME.parts}


class TestPromptsInARow:
    def prompts(self, n: int, *graver: IssuedCard) -> Fraction | None:
        return points(score([*(card(k, "SJ-25", "prompt", day=k + 1) for k in range(n)), *graver]))["supervision"]

    def test_take_three_for_each_three(self) -> None:
        assert [self.prompts(n) for n in (2, 3, 5, 6)] == [14, 11, 11, 8]

    def test_are_broken_by_a_graver_card(self) -> None:
        assert self.prompts(3, card(9, "SJ-11", "yellow", day=2)) == 14
        between = [card(1, "SJ-25", "prompt", 1), card(2, "SJ-25", "prompt", 2), card(3, "SJ-11", "yellow", 3), card(4, "SJ-25", "prompt", 4)]  # fmt: skip # noqa: E501
        assert points(score(between))["supervision"] == 14

    def test_do_not_count_withdrawn_ones(self) -> None:
        cards = [card(n, "SJ-25", "prompt", n + 1, is_withdrawn=n == 1) for n in range(3)]
        assert points(score(cards))["supervision"] == 14


class TestIncompleteData:
    def lacking(self, n: int, of: int) -> Fraction | None:
        return points(score(facts=[case(k, received_at=None if k < n else at("2026-03-02")) for k in range(of)]))[
            "supervision"
        ]

    def test_takes_one_for_each_per_cent_and_five_at_most(self) -> None:
        assert [self.lacking(n, 200) for n in (0, 1, 2, 6, 9, 200)] == [14, 14, 13, 11, 10, 9]

    def test_names_the_cases(self) -> None:
        found = score(facts=[case(k, received_at=None if k == 7 else at("2026-03-02")) for k in range(50)])
        (line,) = next(part for part in found.parts if part.code == "supervision").lines
        assert line.count == 2
        assert (line.code, line.evidence) == ("incomplete", ("N00007",))


class TestBonus:
    def given(self, facts: list[CaseFacts]) -> dict[str, Fraction]:
        return {line.code: line.points for line in score(facts=facts).bonus}

    @pytest.mark.parametrize(("early", "points"), [(0, 0), (1, 1), (2, 2), (9, 9), (10, 10)])
    def test_one_for_each_tenth_decided_early(self, early: int, points: int) -> None:
        lot = [case(n, promised_on=date(2026, 3, 16 if n < early else 10), promised_days=None) for n in range(10)]
        assert self.given(lot).get("early", 0) == points

    @pytest.mark.parametrize(("promised", "points"), [(15, 0), (14, 3), (12, 4), (10, 5), (2, 9)])
    def test_for_promises_cut_by_the_least_shortened(self, promised: int, points: int) -> None:
        lot = [case(1, promised_days=promised, limit_days=20), case(2, promised_days=1, limit_days=20)]
        assert self.given(lot).get("promises_cut", 0) == points

    def test_not_when_promises_were_broken(self) -> None:
        late = case(1, promised_days=5, limit_days=20, late_to_promise_at="2026-03-09T00:00")
        assert "promises_cut" not in self.given([late])

    def test_comes_on_top(self) -> None:
        found = score(facts=[case(1, promised_days=10, limit_days=20)])
        assert found.total == found.points + found.bonus_points == 60 + 10 + 5


class TestMeans:
    def test_are_of_months_and_take_discipline_once(self) -> None:
        april = find_score(SCHEME, "wj", date(2026, 4, 9), [], [])
        months = [score([card(1, "SJ-13", "red")]), april]
        mean = mean_of(months, SCHEME)
        assert mean.total == 55
        assert mean.parts["time"] == 9
        assert mean.parts["manner"] is None
        warned = Discipline(kind="warning", document="D1", at=at("2026-04-01"))
        assert mean_of(months, SCHEME, [warned]).total == 45
        assert mean_of(months, SCHEME, [warned]).discipline[0].evidence == ("D1",)


class TestSchemeFiles:
    TEXT = (load_scheme.__globals__["overlay"].find_all(FOLDER)["2026-01-01"]).read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        ("before", "after", "code"),
        [
            ("full = 8", "full = 9", "wrong_shape"),
            ('basis = "ratings"', 'basis = "stars"', "unknown_word"),
            ('part = "integrity"', 'part = "honesty"', "unknown_word"),
            ('source = "PF 9"', 'source = "XX 9"', "unknown_source"),
            ("once_a_year = true", "yearly = true", "unknown_key"),
            ("start = 30\n", "", "missing_key"),
            ("[scheme]", "[scheme", "not_toml"),
        ],
    )
    def test_are_refused_with_the_line(self, before: str, after: str, code: str) -> None:
        assert before in self.TEXT
        with pytest.raises(LawFileError) as caught:
            read_scheme(self.TEXT.replace(before, after, 1), "x.toml")
        assert code in {fault.code for fault in caught.value.faults}
        assert all(fault.line for fault in caught.value.faults)
