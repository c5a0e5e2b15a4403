"""The one Clock."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from zhengtong.accounts import clock
from zhengtong.kernel.terms import LAW_ZONE

NEW_YEAR = datetime(2027, 1, 4, 9, 0, tzinfo=LAW_ZONE)


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "is_demo", lambda: True)


class TestNow:
    def test_is_aware_and_in_the_zone_of_the_law(self) -> None:
        now = clock.now()
        assert now.utcoffset() == timedelta(hours=8)
        assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)

    def test_stands_still_without_a_factor(self, settings: Settings, demo: None) -> None:
        settings.ZHENGTONG_CLOCK = "2027-01-04T01:00:00Z"
        assert clock.now() == clock.now() == NEW_YEAR
        assert clock.now().utcoffset() == timedelta(hours=8)

    def test_runs_faster_with_a_factor(self) -> None:
        pace = clock.Pace.read("2027-01-04T09:00+08:00@3600/100")
        assert pace.at(102.0) == NEW_YEAR + timedelta(hours=2)

    def test_obeys_nobody_on_a_database_without_the_mark(self, city_db: object, settings: Settings) -> None:
        settings.ZHENGTONG_CLOCK = NEW_YEAR.isoformat()
        assert clock.now().year != 2027

    @pytest.mark.parametrize(
        "written", ["soon", "2027-01-04T09:00", "2027-01-04T09:00+08:00@0", "2027-01-04T09:00+08:00@-1"]
    )
    def test_unreadable_clock_says_what_to_write(self, settings: Settings, demo: None, written: str) -> None:
        settings.ZHENGTONG_CLOCK = written
        with pytest.raises(clock.ClockUnreadable, match=r"<instant>\[@factor\]"):
            clock.now()


class TestFixed:
    def test_stands_still_and_goes_back(self) -> None:
        with clock.fixed(NEW_YEAR):
            assert clock.now() == NEW_YEAR
        assert clock.now() != NEW_YEAR

    def test_refuses_an_instant_without_zone(self) -> None:
        with pytest.raises(ValueError, match="no zone"):
            clock.set_fixed(NEW_YEAR.replace(tzinfo=None))


class TestSharedEnvironment:
    def test_lets_all_processes_count_from_one_moment(self, settings: Settings) -> None:
        settings.ZHENGTONG_CLOCK = "2027-01-04T09:00+08:00@60"
        assert clock.Pace.read(clock.shared_environment()["ZHENGTONG_CLOCK"]).factor == 60
