"""Supervision reports: the same history the same report, and page, PDF and XLSX tell the same figures."""

import io
import re
import subprocess
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from shutil import which
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from tests.cases.pages import text_of
from tests.cases.town import REGION, Town, sign_in
from tests.supervision.watched import HOUR, MONDAY, RULES, do, tasks
from zhengtong.accounts import clock
from zhengtong.supervision import reporting
from zhengtong.supervision.models import Card
from zhengtong.supervision.printing import report_pdf, report_table
from zhengtong.supervision.reporting import Report, Wanted, make_report
from zhengtong.supervision.sweeping import sweep
from zhengtong.trail.models import Entry

NEXT_WEEK = MONDAY + timedelta(days=7)
APRIL = datetime.fromisoformat("2026-04-20T09:00+08:00")
REGIONS = (REGION,)


@pytest.fixture
def march(under_watch_here: Town) -> Town:
    """Three tasks past their limits: three cards, one graver, one appealed and withdrawn in March."""
    tasks(3)
    sweep(MONDAY + timedelta(days=4), rules=RULES)
    card = Card.objects.issued().order_by("number").first()
    assert card is not None
    at = MONDAY + timedelta(days=4, hours=2)
    do(card.case_id, "黄莉", "acknowledge", at)
    do(card.case_id, "黄莉", "appeal", at + HOUR, ground="system_fault", say={"reason": "系统停机"})
    do(card.case_id, "祝平", "revoke", at + 2 * HOUR, say={"reason": "核实停机"})
    sweep(NEXT_WEEK, rules=RULES)
    return under_watch_here


def month(dept: str = "", when: str = "2026-03") -> Wanted:
    return Wanted.of("month", when, dept, REGIONS, date(2026, 4, 20))


def section(report: Report, code: str) -> reporting.Section:
    return next(each for each in report.sections if each.code == code)


class TestFigures:
    def test_count_cards_with_the_withdrawn_in_their_own_column(self, march: Town) -> None:
        report = make_report(month(), APRIL)
        table = section(report, "departments")
        issued = list(Card.objects.issued())
        yellow = sum(card.issued_level == "yellow" for card in issued)
        red = sum(card.issued_level == "red" for card in issued)
        assert yellow and red
        assert table.sums[4:9] == ("0", str(yellow), str(red), "1", "0")
        assert [sum(int(row[n]) for row in table.rows) for n in range(1, 10)] == [int(n) for n in table.sums[1:]]
        assert section(report, "rules").sums[1:] == table.sums[1:]
        assert section(report, "appeals").title == "异议 1 件"
        assert "已撤销" in section(report, "appeals").rows[0]

    def test_every_rate_has_its_numerator_and_denominator(self, march: Town) -> None:
        rates = section(make_report(month(), APRIL), "rates")
        assert len(rates.rows) == len(reporting.RATES)
        for name, value, numerator, denominator, _left_out in rates.rows:
            whole, part = int(denominator), int(numerator)
            assert value == ("–" if not whole else f"{part * 1000 // whole / 10:.1f}%"), name
        assert "2026-03" in rates.note

    def test_of_a_department_are_its_own(self, march: Town) -> None:
        whole, none = make_report(month("qy"), APRIL), make_report(month("sc"), APRIL)
        assert section(whole, "departments").rows
        assert section(none, "departments").rows == ()
        assert section(none, "departments").none

    def test_of_another_month_are_none(self, march: Town) -> None:
        report = make_report(month(when="2026-02"), APRIL)
        assert section(report, "departments").rows == ()
        assert section(report, "orders").rows == ()

    def test_overdue_orders_are_listed(self, march: Town) -> None:
        assert int(re.sub(r"\D", "", section(make_report(month(), APRIL), "orders").title)) == len(
            section(make_report(month(), APRIL), "orders").rows
        )

    def test_the_score_is_of_months_only(self, march: Town) -> None:
        codes = [each.code for each in make_report(month(), APRIL).sections]
        assert "scores" in codes
        day = Wanted.of("day", "2026-03-06", "", REGIONS, date(2026, 4, 20))
        assert "scores" not in [each.code for each in make_report(day, APRIL).sections]

    def test_days_add_up_to_the_month(self, march: Town) -> None:
        whole = [int(n) for n in section(make_report(month(), APRIL), "departments").sums[1:9]]
        days = [date(2026, 3, n) for n in range(2, 12)]  # nothing was found or issued on the others
        each = [
            section(make_report(Wanted.of("day", f"{day}", "", REGIONS, day), APRIL), "departments").sums[1:9]
            for day in days
        ]
        assert [sum(int(row[n]) for row in each) for n in range(8)] == whole


class TestSameHistory:
    def test_same_report_whenever_it_is_asked_for(self, march: Town) -> None:
        first = make_report(month(), APRIL)
        later = make_report(month(), APRIL + timedelta(days=40))
        assert first == later == make_report(month(), APRIL)

    def test_what_happens_afterwards_changes_nothing(self, march: Town) -> None:
        before = make_report(month(), APRIL)
        for card in Card.objects.open():
            do(card.case_id, "黄莉", "report", APRIL, say={"measures": "已补办"})
            do(card.case_id, "方正", "close", APRIL + HOUR)
        assert make_report(month(), APRIL + timedelta(days=1)) == before

    def test_a_period_under_way_says_so(self, march: Town) -> None:
        report = make_report(month(), NEXT_WEEK)
        assert not report.is_whole
        assert "期间还没有结束，数字会变。" in report.gaps


def pages_of(pdf: bytes) -> list[str]:
    """The words of each page, in the order in which they were set."""
    if which("pdftotext") is None:
        pytest.skip("POPPLER IS MISSING: pdftotext cannot read the report back")
    run = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True)
    return [page for page in run.stdout.decode().split("\f") if page.strip()]


class TestFiles:
    @pytest.fixture
    def officer(self, march: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
        yield sign_in(march, "方正")

    def take(self, officer: Client, kind: str, query: str = "kind=month&month=2026-03") -> Any:
        url = f"{reverse('supervision:report_export')}?{query}"
        return officer.post(url, {"as": kind, "reason": "月度例会"})

    def test_page_pdf_and_xlsx_tell_the_same(self, officer: Client) -> None:
        report = make_report(month(), clock.now())
        page = text_of(officer.get(reverse("supervision:reports"), {"kind": "month", "month": "2026-03"}))
        pdf = "".join(pages_of(self.take(officer, "pdf").content))
        sheet = load_workbook(io.BytesIO(self.take(officer, "xlsx").content)).active
        assert sheet is not None
        cells = [tuple(str(cell).lstrip("'") for cell in row if cell not in (None, "")) for row in sheet.values]
        flat = re.sub(r"\s", "", pdf)
        for each in report.sections:
            for row in (*each.rows, *((each.sums,) if each.rows and each.sums else ())):
                assert row in cells, row
                drawn = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", page[page.index(f'id="{each.code}"') :], re.S)
                bare = [re.sub(r"<[^>]+>", "", cell).strip() for cell in drawn]
                assert any(tuple(bare[n : n + len(row)]) == row for n in range(len(bare))), row
                assert re.sub(r"\s", "", "".join(row)) in flat, row
        for gap in report.gaps:
            assert gap in page
            assert re.sub(r"\s", "", gap) in flat

    def test_are_numbered_watermarked_and_written_down(self, officer: Client) -> None:
        answer = self.take(officer, "pdf")
        entry = Entry.objects.filter(what="watch_report").latest("seq")
        assert (entry.about, "月度例会" in str(entry.said)) == ("2026-03", True)
        number = f"{entry.seq:05d}"
        for page in pages_of(answer.content):
            words = re.sub(r"\s", "", page)
            assert f"-{number}" in words
            assert "方正" in words
            assert "月度例会" in words

    def test_need_a_reason_and_a_form(self, officer: Client) -> None:
        url = f"{reverse('supervision:report_export')}?kind=month&month=2026-03"
        assert officer.post(url, {"as": "pdf"}).status_code == 400
        assert officer.post(url, {"as": "docx", "reason": "x"}).status_code == 404
        assert not Entry.objects.filter(what="watch_report").exists()

    def test_are_for_supervisors(self, march: Town) -> None:
        clerk = sign_in(march, "何静")
        assert clerk.get(reverse("supervision:reports")).status_code == 403
        assert self.take(clerk, "pdf").status_code == 403

    def test_the_same_report_is_the_same_pdf(self, march: Town) -> None:
        report = make_report(month(), APRIL)
        one, two = (report_pdf(report, mark="M", number="DC1", at=APRIL) for _n in range(2))
        assert one == two
        assert report_table(report) == report_table(make_report(month(), APRIL))

    def test_an_address_that_is_no_period_shows_this_month(self, officer: Client) -> None:
        for query in ({"kind": "month", "month": "2026-13"}, {"kind": "day", "day": "x"}, {"month": "2099-01"}, {}):
            assert officer.get(reverse("supervision:reports"), query).status_code == 200
