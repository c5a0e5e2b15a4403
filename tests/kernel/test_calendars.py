"""The calendar against the notices, against two public libraries, and against a walk from day to day."""

import doctest
import importlib
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import chinese_calendar
import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhengtong.kernel.calendars import (
    Calendar,
    CalendarFault,
    CalendarRange,
    DayKind,
    Hours,
    Season,
    YearTable,
    calendar_from,
)
from zhengtong.kernel.terms import LAW_ZONE, Term, TermFault, Unit, lapse_at, law_day
from zhengtong.law.calendar_files import (
    CalendarFileFault,
    calendar_digest,
    forget_calendars,
    load_calendar,
    read_year,
)

CN = load_calendar()
DAY = timedelta(days=1)
EVERY_DAY = [CN.first + timedelta(days=i) for i in range((CN.last - CN.first).days + 1)]
OFFICIAL = range(2020, 2027)

days = st.dates(date(2021, 1, 1), date(2034, 12, 31))
numbers = st.integers(0, 200)
instants = st.datetimes(datetime(2020, 6, 1), datetime(2035, 12, 31)).map(lambda at: at.replace(tzinfo=LAW_ZONE))  # noqa: DTZ001
spans = st.tuples(st.integers(-5, 90), st.integers(0, 40))


def day(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LAW_ZONE)


@pytest.mark.parametrize("name", ["kernel.terms", "kernel.calendars", "law.calendar_files"])
def test_worked_examples_in_the_docstrings_hold(name: str) -> None:
    results = doctest.testmod(importlib.import_module(f"zhengtong.{name}"), optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    assert results.attempted > 2
    assert results.failed == 0


class TestVectors:
    """DOMAIN §11.3, each as one line."""

    @pytest.mark.parametrize(
        ("start", "terms", "due"),
        [
            ("2026-02-12", ["5 wd"], "2026-02-26"),
            ("2026-02-12", ["20 wd"], "2026-03-18"),
            ("2026-02-13", ["1 wd"], "2026-02-14"),
            ("2026-02-14", ["3 wd"], "2026-02-26"),
            ("2026-04-29", ["5 wd"], "2026-05-09"),
            ("2026-09-17", ["20 wd"], "2026-10-21"),
            ("2026-09-30", ["10 wd"], "2026-10-20"),
            ("2025-01-24", ["20 wd"], "2025-02-27"),
            ("2026-01-05", ["45 wd"], "2026-03-13"),
            ("2026-01-05", ["45 wd", "15 wd"], "2026-04-03"),
            ("2026-03-02", ["20 wd"], "2026-03-30"),
            ("2026-03-02", ["20 wd", "10 wd"], "2026-04-14"),
            ("2025-12-25", ["5 wd"], "2026-01-04"),
            ("2025-09-26", ["5 wd"], "2025-10-10"),
            ("2026-09-18", ["15 cd"], "2026-10-08"),
            ("2026-08-06", ["60 cd"], "2026-10-08"),
            ("2026-01-31", ["15 cd"], "2026-02-24"),
            ("2025-09-01", ["30 cd"], "2025-10-09"),
            ("2026-01-31", ["1 month"], "2026-02-28"),
            ("2023-12-31", ["2 month"], "2024-02-29"),
            ("2026-08-01", ["2 month"], "2026-10-08"),
            ("2024-02-29", ["1 year"], "2025-02-28"),
            ("2026-03-02", ["0 wd"], "2026-03-02"),
            ("2026-03-01", ["0 wd"], "2026-03-02"),
        ],
    )
    def test_due_days(self, start: str, terms: list[str], due: str) -> None:
        found = day(start)
        for term in terms:
            found = CN.due_day(found, Term.parse(term))
        assert found == day(due)

    def test_pause_for_expert_review(self) -> None:
        accepted, held = day("2026-03-02"), [(day("2026-03-09"), day("2026-03-20"))]
        assert CN.add(accepted, 10) == day("2026-03-16")
        assert CN.used_with_holds(accepted, day("2026-03-20"), held) == 4
        assert CN.due_with_holds(accepted, 10, held) == day("2026-03-30")

    @pytest.mark.parametrize(
        ("year", "months"),
        [
            (2025, (19, 19, 21, 22, 19, 20, 23, 21, 23, 18, 20, 23)),
            (2026, (21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23)),
        ],
    )
    def test_working_days_of_each_month(self, year: int, months: tuple[int, ...]) -> None:
        firsts = [date(year, month, 1) - DAY for month in range(1, 13)] + [date(year, 12, 31)]
        assert tuple(CN.count(*pair) for pair in pairwise(firsts)) == months
        assert sum(months) == 248


class TestAgainstPublicLibraries:
    def test_official_years_agree_with_chinesecalendar_on_every_day(self) -> None:
        wrong = [d for d in EVERY_DAY if d.year in OFFICIAL and chinese_calendar.is_workday(d) != CN.is_working(d)]
        assert wrong == []

    @pytest.mark.parametrize("year", range(2027, 2037))
    def test_provisional_years_rest_on_the_statutory_days_that_holidays_computes(self, year: int) -> None:
        computed = holidays.country_holidays("CN", years=year, language="en_US")
        statutory = {d for d, name in computed.items() if "(observed)" not in name and "day off" not in name.lower()}
        ours = {d for d in EVERY_DAY if d.year == year and CN.why(d).kind is DayKind.HOLIDAY}
        assert ours == statutory

    @pytest.mark.parametrize("year", range(2027, 2037))
    def test_provisional_years_have_thirteen_days_and_no_make_up(self, year: int) -> None:
        kinds = [CN.why(d) for d in EVERY_DAY if d.year == year]
        together = sum(1 for why in kinds if "、" in why.name) > 0  # 中秋 within 国庆 takes no day of its own
        assert sum(1 for why in kinds if why.kind is DayKind.HOLIDAY) == 13 - together
        assert not any(why.kind is DayKind.MAKEUP for why in kinds)

    def test_every_holiday_has_an_english_name(self) -> None:
        assert all(CN.why(d).name_en for d in EVERY_DAY if CN.why(d).name)

    def test_every_year_names_its_source(self) -> None:
        assert [table.year for table in CN.years] == list(range(2020, 2037))
        assert all(table.source and table.edition.startswith(f"CN-{table.year}-") for table in CN.years)
        assert {table.year for table in CN.years if not table.provisional} == set(OFFICIAL)
        assert all("国办发明电" in table.source and table.confirmed for table in CN.years if not table.provisional)


class TestAgainstTheWalk:
    """A walk from day to day, for every start day of two years and every number up to eighty."""

    @pytest.mark.parametrize("year", [2025, 2026])
    def test_add_and_count(self, year: int) -> None:
        working = {d for d in EVERY_DAY if CN.is_working(d)}
        for start in (d for d in EVERY_DAY if d.year == year):
            found, n = start, 0
            assert CN.add(start, 0) == start
            while n < 80:
                found += DAY
                n += found in working
                assert CN.count(start, found) == n
                if found in working:
                    assert CN.add(start, n) == found

    @pytest.mark.parametrize("year", [2025, 2026])
    def test_backwards_and_rolling(self, year: int) -> None:
        working = {d for d in EVERY_DAY if CN.is_working(d)}
        for start in (d for d in EVERY_DAY if d.year == year):
            found = start
            for n in range(1, 31):
                found -= DAY
                while found not in working:
                    found -= DAY
                assert CN.add(start, -n) == found
            rolled = start
            while rolled not in working:
                rolled += DAY
            assert CN.roll(start) == rolled

    def test_ahead_from_every_day(self) -> None:
        for until in (d for d in EVERY_DAY if d.year == 2026):
            for text in ("0 wd", "1 wd", "7 wd", "30 wd", "15 cd", "1 month", "3 month", "1 year"):
                term = Term.parse(text)
                last = CN.days_before(until, term)
                assert CN.is_ahead(last, until, term), (until, text)
                assert not CN.is_ahead(last + DAY, until, term), (until, text)


class TestLaws:
    """What must hold of every day and number."""

    @given(days, st.integers(1, 200))
    def test_counting_undoes_adding(self, start: date, n: int) -> None:
        assert CN.count(start, CN.add(start, n)) == n
        assert CN.count(CN.add(start, -n), start) == n - (not CN.is_working(start))

    @given(days, numbers, numbers)
    def test_adding_twice_is_adding_the_sum(self, start: date, m: int, n: int) -> None:
        assert CN.add(CN.add(start, m), n) == CN.add(start, m + n)

    @given(days, days, numbers)
    def test_a_later_start_is_never_due_earlier(self, one: date, other: date, n: int) -> None:
        early, late = sorted((one, other))
        assert CN.add(early, n) <= CN.add(late, n)
        for unit in (Unit.WD, Unit.CD, Unit.MONTH):
            term = Term(n % 24, unit)
            assert CN.due_day(early, term) <= CN.due_day(late, term)

    @given(days)
    def test_rolling_twice_is_rolling_once(self, start: date) -> None:
        assert CN.roll(CN.roll(start)) == CN.roll(start) >= start

    @given(days, days, days)
    def test_counts_add_up(self, a: date, b: date, c: date) -> None:
        assert CN.count(a, b) + CN.count(b, c) == CN.count(a, c)
        assert CN.count(a, b) == -CN.count(b, a)

    @given(days, st.integers(0, 60), st.lists(spans, max_size=6), st.sampled_from([Unit.WD, Unit.CD]))
    def test_a_hold_never_shortens(self, start: date, n: int, offsets: list[tuple[int, int]], unit: Unit) -> None:
        holds = [(start + i * DAY, start + (i + length) * DAY) for i, length in offsets]
        due = CN.due_with_holds(start, n, holds, unit=unit)
        assert due >= CN.due_with_holds(start, n, holds[1:], unit=unit) >= CN.due_day(start, Term(n, unit))
        assert CN.is_working(due)
        assert not any(first <= due <= last for first, last in holds)
        assert CN.due_with_holds(start, n, holds[::-1], unit=unit) == due
        if n:
            assert CN.used_with_holds(start, due, holds, unit=unit) >= n
        if n and unit is Unit.WD:
            assert CN.used_with_holds(start, due, holds) == n
            assert CN.used_with_holds(start, due - DAY, holds) == n - 1

    @given(instants, st.integers(1, 5000))
    def test_counting_minutes_undoes_adding_them(self, start: datetime, minutes: int) -> None:
        end = CN.add_working_minutes(start, minutes)
        assert CN.count_working_minutes(start, end) == minutes
        assert CN.count_working_minutes(start, end - timedelta(microseconds=1)) == minutes - 1
        assert CN.is_working(end.date())

    @given(instants, instants, st.integers(0, 5000))
    def test_minutes_never_run_backwards(self, one: datetime, other: datetime, minutes: int) -> None:
        early, late = sorted((one, other))
        assert CN.add_working_minutes(early, minutes) <= CN.add_working_minutes(late, minutes)
        assert CN.count_working_minutes(early, late) == -CN.count_working_minutes(late, early) >= 0

    @given(days, numbers)
    def test_more_calendar_after_the_due_day_changes_nothing(self, start: date, n: int) -> None:
        due = CN.add(start, n)
        assert calendar_up_to(due.year).add(start, n) == due


@cache
def calendar_up_to(year: int) -> Calendar:
    return calendar_from([table for table in CN.years if table.year <= year], jurisdiction="CN")


class TestHours:
    def test_walk_minute_by_minute_agrees(self) -> None:
        begin, spans_open = at("2026-02-12T08:00"), ((540, 720), (780, 1020))
        instant, passed = begin, 0
        while instant < at("2026-02-25T20:00"):
            minute = instant.hour * 60 + instant.minute
            passed += CN.is_working(instant.date()) and any(a <= minute < b for a, b in spans_open)
            instant += timedelta(minutes=1)
            assert CN.count_working_minutes(begin, instant) == passed

    def test_working_hours_run_over_make_up_days_and_past_holidays(self) -> None:
        assert CN.lapse_of(at("2026-02-14T16:00"), Term.parse("2 wh")) == at("2026-02-24T10:00")

    def test_plain_hours_run_day_and_night_from_the_instant_itself(self) -> None:
        assert CN.lapse_of(at("2026-02-14T16:00"), Term.parse("24 h")) == at("2026-02-15T16:00")

    def test_an_instant_elsewhere_counts_in_the_law_s_zone(self) -> None:
        late_evening = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)  # 3 March, 00:30 in Beijing
        assert CN.lapse_of(late_evening, Term.parse("1 wd")) == at("2026-03-05T00:00")

    def test_a_hall_and_a_season_have_their_own_hours(self) -> None:
        summer = Season(first=day("2026-07-01"), last=day("2026-09-30"), hours=Hours(spans=((510, 720), (900, 1080))))
        hall = CN.with_hours(Hours(spans=((510, 720), (870, 1050))), seasons=(summer,))
        assert hall.count_working_minutes(at("2026-06-30T00:00"), at("2026-07-01T00:00")) == 390
        assert hall.add_working_minutes(at("2026-06-30T17:00"), 60) == at("2026-07-01T09:00")
        assert hall.add_working_minutes(at("2026-07-01T11:30"), 60) == at("2026-07-01T15:30")
        assert hall.add(day("2026-06-30"), 5) == CN.add(day("2026-06-30"), 5)
        assert hall != CN

    @pytest.mark.parametrize("spans", [(), ((60, 60),), ((60, 30),), ((0, 60), (30, 90)), ((0, 1441),)])
    def test_hours_that_make_no_day_are_refused(self, spans: tuple[tuple[int, int], ...]) -> None:
        with pytest.raises(CalendarFault):
            Hours(spans=spans)


class TestEdges:
    def test_a_day_outside_is_refused_in_a_sentence(self) -> None:
        with pytest.raises(CalendarRange, match=r"2037-01-01 is outside the calendar CN \(CN-2026-1\)"):
            CN.is_working(day("2037-01-01"))
        with pytest.raises(CalendarRange, match="5 working days after 2036-12-31 run off"):
            CN.add(day("2036-12-31"), 5)
        with pytest.raises(CalendarRange):
            CN.add_working_minutes(at("2036-12-31T17:00"), 1)
        with pytest.raises(CalendarRange):
            CN.add(CN.first, -1)

    def test_an_instant_is_no_day(self) -> None:
        with pytest.raises(TypeError, match="law_day"):
            CN.is_working(at("2026-03-02T10:00"))
        with pytest.raises(TermFault):
            law_day(datetime(2026, 3, 2))  # noqa: DTZ001 - that it has no zone is the point

    def test_months_and_hours_cannot_be_held(self) -> None:
        for unit in (Unit.MONTH, Unit.YEAR, Unit.H, Unit.WH):
            with pytest.raises(ValueError, match="cannot be held"):
                CN.due_with_holds(day("2026-03-02"), 1, [], unit=unit)
        for term in (Term(1, Unit.H), Term(1, Unit.WH)):
            with pytest.raises(ValueError, match="does not end with a day"):
                CN.due_day(day("2026-03-02"), term)

    def test_a_hold_that_ends_before_it_begins_is_refused(self) -> None:
        with pytest.raises(ValueError, match="before it begins"):
            CN.due_with_holds(day("2026-03-02"), 1, [(day("2026-03-05"), day("2026-03-04"))])

    def test_provisional_years_are_told(self) -> None:
        assert CN.provisional_through(day("2026-01-01"), day("2026-12-31")) == ()
        assert CN.provisional_through(day("2026-12-20"), day("2027-01-05")) == (2027,)

    def test_the_last_instant_of_the_due_day_is_in_time(self) -> None:
        assert lapse_at(day("2026-12-31")) == at("2027-01-01T00:00")


class TestTerms:
    @pytest.mark.parametrize(
        "text", ["", "20", "20wd", "020 wd", "-1 wd", "1.5 wd", "1 week", "20  wd", "99999 wd", " 1 wd"]
    )
    def test_other_shapes_are_refused(self, text: str) -> None:
        with pytest.raises(TermFault):
            Term.parse(text)

    @given(st.integers(0, 9999), st.sampled_from(Unit))
    def test_a_term_reads_back(self, n: int, unit: Unit) -> None:
        assert Term.parse(str(Term(n, unit))) == Term(n, unit)

    def test_only_like_terms_compare(self) -> None:
        assert Term.parse("24 month") <= Term.parse("2 year") < Term.parse("25 month")
        assert max(Term.parse("5 wd"), Term.parse("7 wd")) == Term.parse("7 wd")
        for one, other in (("5 wd", "5 cd"), ("1 h", "1 wh"), ("1 month", "30 cd")):
            assert not Term.parse(one).is_comparable(Term.parse(other))
            with pytest.raises(TermFault):
                _ = Term.parse(one) < Term.parse(other)


class TestBuilding:
    @staticmethod
    def table(year: int = 2026, **facts: Any) -> YearTable:
        plain: dict[str, Any] = {
            "edition": f"CN-{year}-1",
            "provisional": False,
            "source": "notice",
            "confirmed": True,
            "off": (),
            "work": (),
            "hours": Hours(spans=((540, 720),)),
            "seasons": (),
        }
        return YearTable(year=year, **(plain | facts))

    def test_years_must_follow_each_other(self) -> None:
        for years in ([], [self.table(2024), self.table(2026)], [self.table(), self.table()]):
            with pytest.raises(CalendarFault, match="follow each other"):
                calendar_from(years, jurisdiction="CN")

    @pytest.mark.parametrize(
        "facts",
        [
            {"off": ((day("2026-01-03"), day("2026-01-01"), "元旦"),)},
            {"off": ((day("2027-01-01"), day("2027-01-01"), "元旦"),)},
            {"off": ((day("2026-01-01"), day("2026-01-03"), "元旦"), (day("2026-01-03"), day("2026-01-04"), "元旦"))},
            {"work": ((day("2026-01-05"), "元旦"),)},
            {"work": ((day("2026-01-03"), "元旦"),), "off": ((day("2026-01-01"), day("2026-01-03"), "元旦"),)},
        ],
    )
    def test_tables_that_contradict_themselves_are_refused(self, facts: dict[str, Any]) -> None:
        with pytest.raises(CalendarFault, match="CN-2026-1"):
            calendar_from([self.table(**facts)], jurisdiction="CN")

    def test_a_notice_may_speak_of_the_end_of_the_year_before(self) -> None:
        next_year = self.table(2027, off=((day("2026-12-31"), day("2027-01-01"), "元旦"),))
        calendar = calendar_from([self.table(), next_year], jurisdiction="CN")
        assert str(calendar.why(day("2026-12-31"))) == "holiday:元旦"

    def test_equal_facts_are_an_equal_calendar(self) -> None:
        assert calendar_from([self.table()], jurisdiction="CN") == calendar_from([self.table()], jurisdiction="CN")
        assert len({calendar_from([self.table()], jurisdiction="CN") for _ in range(2)}) == 1


class TestFiles:
    NOTICE = """
[calendar]
jurisdiction = "CN"
year = 2027
edition = "CN-2027-2"
provisional = false
[source]
title = "通知示例"
confirmed = false
[days]
off = [["2027-01-01", "2027-01-03", "元旦"]]
work = [["2027-02-14", "春节"]]
[hours]
source = "本地规则示例"
confirmed = false
default = [["09:00", "12:00"], ["13:00", "17:00"]]
seasons = [["2027-07-01", "2027-08-31", [["08:00", "12:00"]]]]
"""

    def lay(self, overlay: Path, name: str, text: str) -> Path:
        folder = overlay / "calendars" / "CN"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        forget_calendars()
        return overlay

    def test_a_later_edition_in_the_overlay_is_taken(self, tmp_path: Path) -> None:
        calendar = load_calendar(overlay=self.lay(tmp_path, "2027-02.toml", self.NOTICE))
        assert calendar.edition == "CN-2027-2"
        assert calendar.is_working(day("2027-02-14"))
        assert calendar.provisional_through(day("2027-01-01"), day("2028-01-01")) == (2028,)
        assert calendar.hours_on(day("2027-07-01")).minutes == 240
        assert calendar_digest(calendar) != calendar_digest(CN)
        assert calendar.add(day("2026-01-05"), 45) == CN.add(day("2026-01-05"), 45)

    def test_an_empty_overlay_changes_nothing(self, tmp_path: Path) -> None:
        assert load_calendar(overlay=tmp_path) == CN
        assert calendar_digest(load_calendar(overlay=tmp_path)) == calendar_digest(CN)

    def test_a_published_edition_is_not_replaced(self, tmp_path: Path) -> None:
        overlay = self.lay(tmp_path, "2027-01.toml", self.NOTICE.replace("CN-2027-2", "CN-2027-1"))
        with pytest.raises(CalendarFileFault, match="not replaced"):
            load_calendar(overlay=overlay)

    @pytest.mark.parametrize(
        ("was", "reads"),
        [
            ('edition = "CN-2027-2"', 'edition = "CN-2027-3"'),
            ('jurisdiction = "CN"', 'jurisdiction = "HK"'),
            ("provisional = false", 'provisional = "no"'),
            ("year = 2027", 'year = "2027"'),
            ('title = "通知示例"', 'titel = "通知示例"'),
            ("[days]", "[day]"),
            ("2027-01-03", "2027-01-33"),
            ('"17:00"', '"25:00"'),
            ('work = [["2027-02-14", "春节"]]', 'work = ["2027-02-14"]'),
            ("[source]", "[source"),
        ],
    )
    def test_a_faulty_file_is_refused_by_name(self, was: str, reads: str) -> None:
        assert was in self.NOTICE
        with pytest.raises(CalendarFileFault, match=r"2027-02\.toml"):
            read_year(self.NOTICE.replace(was, reads, 1), name="2027-02.toml", jurisdiction="CN")

    def test_a_jurisdiction_is_a_code_not_a_path(self) -> None:
        with pytest.raises(CalendarFileFault):
            load_calendar("../CN")
        with pytest.raises(CalendarFault):
            load_calendar("ZZ")
