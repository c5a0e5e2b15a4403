"""The truth file says what a stranger finds in the ledger, no less and no more; a clean town shows nothing."""

from datetime import UTC, datetime

from tests.simulation.conftest import Town
from tests.simulation.watching import clock_findings, conduct_findings, pattern_findings, read_city
from zhengtong.law.calendar_files import load_calendar
from zhengtong.simulation.irregularities import Family, Kind
from zhengtong.simulation.pace import DAY, Pace

NOBODY = datetime(1970, 1, 1, tzinfo=UTC)


def _found(town: Town) -> dict[Family, set[tuple[str, str]]]:
    cases = read_city()
    pace = Pace(town.size.first, town.size.days, load_calendar())
    months = [(pace.at(first * DAY), pace.at((last + 1) * DAY)) for first, last in pace.months()]
    assert town.lived.until is not None
    return {
        Family.CLOCK: {(kind, case.number) for case in cases for kind in clock_findings(case, town.lived.until)},
        Family.CONDUCT: {(kind, case.number) for case in cases for kind in conduct_findings(case)},
        Family.PATTERN: pattern_findings(cases, months, {item.window for item in town.ground.items if item.window}),
    }


def _told(town: Town, family: Family) -> set[tuple[str, str]]:
    return {(each.kind.value, each.ref) for each in town.lived.truths if each.kind.family is family}


class TestATown:
    def test_tells_exactly_what_there_is_to_find(self, in_town: Town) -> None:
        found = _found(in_town)
        for family in Family:
            assert found[family] == _told(in_town, family), family

    def test_plants_every_kind(self, in_town: Town) -> None:
        assert {each.kind for each in in_town.lived.truths} == set(Kind)

    def test_tells_instants_within_the_period(self, in_town: Town) -> None:
        assert in_town.lived.until is not None
        assert all(NOBODY < each.when <= in_town.lived.until for each in in_town.lived.truths)


class TestACleanTown:
    def test_shows_nothing(self, in_clean_town: Town) -> None:
        assert in_clean_town.lived.truths == []
        assert _found(in_clean_town) == {family: set() for family in Family}
