"""Exports: the rows that the page shows and no more, watermarked, written down, harmless to a spreadsheet."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from openpyxl import load_workbook
from pytest_django import DjangoDbBlocker

from tests import cast
from tests.architecture.addresses import signed_in
from tests.cast import NOW
from tests.support.databases import copy_template
from zhengtong.accounts import clock
from zhengtong.ledger.installed import installed, put_back
from zhengtong.ledger.models.cases import Case
from zhengtong.site.databases import sqlite_url
from zhengtong.site.throwaway import default_database
from zhengtong.site.wiring import wire
from zhengtong.trail.actions import Who, append
from zhengtong.trail.exporting import Table, Taking, export_table, plain_cell
from zhengtong.trail.labels import Book
from zhengtong.trail.models import Entry

EVIL = ("=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", " =1+1", "\n=1")
WHO = Who(login="wj01", person="p-1", post="wj-sp-window")


@pytest.fixture(scope="module")
def city(
    small_city: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("exports")
    path = copy_template(small_city, home)
    places = {"ZHENGTONG_KEYS": home / "keys", "ZHENGTONG_ROOTS": home / "roots", "MEDIA_ROOT": home / "files"}
    before = installed()
    with (
        override_settings(ZHENGTONG_HOME=home, **places), django_db_blocker.unblock(),
        default_database(sqlite_url(path)), clock.fixed(NOW),
    ):  # fmt: skip
        wire()
        yield home
        put_back(before)


@pytest.fixture
def clerk(city: Path) -> Client:
    return signed_in(cast.account_of(cast.WINDOW_CLERK))


def last_export() -> Entry:
    return Entry.objects.filter(book="export").order_by("-seq")[0]


class TestWorkLists:
    def test_csv_holds_the_rows_shown_and_a_last_line_that_says_who(self, clerk: Client) -> None:
        page = clerk.get("/desk/list/unit/")
        shown = [line.number for line in page.context["page"].lines]
        answer = clerk.get("/desk/list/unit/", {"as": "csv", "reason": "周例会"})
        head, *rows, mark = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [row[0] for row in rows] == shown and shown
        assert head[0] == "办件编号" and len({len(row) for row in [head, *rows]}) == 1
        assert len(mark) == 1 and mark[0].startswith("# 导出编号 DC20261120-")
        assert all(part in mark[0] for part in ("何静", "周例会", "2026-11-20 15:00", answer["X-Export-Number"]))

    def test_xlsx_bears_it_on_every_page_and_in_its_properties(self, clerk: Client) -> None:
        shown = [line.number for line in clerk.get("/desk/list/unit/").context["page"].lines]
        answer = clerk.get("/desk/list/unit/", {"as": "xlsx"})
        book = load_workbook(io.BytesIO(answer.content))
        sheet = book.active
        assert sheet is not None
        number = answer["X-Export-Number"]
        assert [sheet.cell(row, 1).value for row in range(3, sheet.max_row + 1)] == shown
        assert number in str(sheet["A1"].value) and "何静" in str(sheet["A1"].value)
        assert sheet.oddHeader is not None and sheet.oddFooter is not None
        assert sheet.oddHeader.center.text == number and "何静" in str(sheet.oddFooter.center.text)
        assert number in str(book.properties.description) and "wj01" in str(book.properties.creator)

    def test_is_written_down_with_rows_and_a_digest_of_the_filters(self, clerk: Client) -> None:
        count = Entry.objects.filter(book="export").count()
        number = Case.objects.open().filter(dept="wj")[0].number
        clerk.get("/desk/list/unit/", {"as": "csv", "q": number, "reason": "核对"})
        entry = last_export()
        said = json.loads(entry.said)
        assert Entry.objects.filter(book="export").count() == count + 1
        assert (entry.login, entry.post, entry.what, entry.about) == ("wj01", "wj-sp-window", "worklist", "unit")
        assert (said["form"], said["rows"], said["reason"]) == ("csv", 1, "核对")
        assert number not in entry.said and len(said["filters"]) == 16

    def test_keeps_the_masks_of_the_page(self, clerk: Client) -> None:
        whos = {line.who for line in clerk.get("/desk/list/unit/").context["page"].lines}
        answer = clerk.get("/desk/list/unit/", {"as": "csv"}).content.decode("utf-8-sig")
        assert {row[2] for row in csv.reader(io.StringIO(answer)) if len(row) > 2} - {"申请人"} == whos
        assert cast.CITIZEN not in answer


class TestTheAuditBooks:
    def test_are_exported_with_a_purpose_and_that_is_written_down_too(self, city: Path) -> None:
        client = signed_in(cast.account_of("zx14"))
        client.get("/staff/persons")  # refused: an entry
        refused = client.post(reverse("administration:export", args=["refusal"]), {"as": "csv"})
        assert refused.status_code == 400, "no purpose, no file"
        data = {"as": "csv", "reason": "季度审计"}
        answer = client.post(reverse("administration:export", args=["refusal"]), data)
        text = answer.content.decode("utf-8-sig")
        assert "GET /staff/persons" in text and "季度审计" in text
        entry = last_export()
        assert (entry.what, entry.about, entry.duty) == ("audit", "refusal", "audit")
        again = client.get(reverse("administration:book", args=["export"])).content.decode()
        assert "季度审计" in again

    def test_show_every_book_and_page_by_key(self, city: Path) -> None:
        client = signed_in(cast.account_of("zx14"))
        for n in range(230):
            append(book=Book.READING, at=NOW, who=WHO, what="case", about=f"{n:05}")
        seen: list[str] = []
        page, query = client.get("/audit/reading/"), ""
        while True:
            seen += [line.about for line in page.context["page"].lines]
            query = page.context["page"].next_key
            if not query:
                break
            page = client.get("/audit/reading/", {"before": query})
        assert seen[:230] == [f"{n:05}" for n in reversed(range(230))]
        for book in ("acts", "sign-ins", "authority", "export", "reading", "refusal"):
            assert client.get(f"/audit/{book}/").status_code == 200
        assert client.get("/audit/nothing/").status_code == 404

    def test_acts_name_who_acted_on_which_case_and_nothing_of_it(self, city: Path) -> None:
        client = signed_in(cast.account_of("zx14"))
        page = client.get("/audit/acts/", {"who": "wj01"})
        lines = page.context["page"].lines
        assert lines and {line.login for line in lines} == {cast.staff("wj01").person}
        numbers = {line.about for line in lines}
        assert numbers <= set(Case.objects.values_list("number", flat=True))
        number = next(iter(numbers))
        one = client.get("/audit/acts/", {"about": number}).context["page"].lines
        assert {line.about for line in one} == {number}
        all_pages, before = [], ""
        while True:
            got = client.get("/audit/acts/", {"before": before}).context["page"]
            all_pages += [(line.about, line.key) for line in got.lines]
            before = got.next_key
            if not before:
                break
        assert len(all_pages) == len(set(all_pages)) > 100
        text = "".join(client.get("/audit/acts/").content.decode().split())
        assert cast.CITIZEN not in text

    def test_narrow_by_day_kind_and_outcome(self, city: Path) -> None:
        client = signed_in(cast.account_of("zx14"))
        client.get("/staff/persons/new")
        assert client.get("/audit/refusal/", {"outcome": "refused", "what": "page"}).context["page"].lines
        assert not client.get("/audit/refusal/", {"outcome": "done"}).context["page"].lines
        assert not client.get("/audit/refusal/", {"last": "2026-11-19"}).context["page"].lines
        assert client.get("/audit/refusal/", {"first": "2026-11-20"}).context["page"].lines
        assert client.get("/audit/refusal/", {"first": "yesterday"}).status_code == 400

    def test_say_how_the_chain_stands_and_how_long_it_is_kept(self, city: Path) -> None:
        page = signed_in(cast.account_of("zx14")).get("/audit/authority/", {"check": "1"})
        assert page.context["report"].is_whole, page.context["report"].faults
        assert "1095" in page.content.decode()


class TestReadings:
    def test_of_sealed_data_at_the_desk_are_written_down_once(self, city: Path) -> None:
        account = cast.account_of(cast.HEAD)
        case = Case.objects.open().filter(dept="wj").order_by("-pk")[0]
        client = signed_in(account)
        for _ in range(3):
            assert client.get(f"/desk/cases/{case.number}/").status_code == 200
        rows = Entry.objects.filter(book="reading", login=account.login, about=case.number)
        assert [(row.what, row.post) for row in rows] == [("case", "wj-head")]
        watcher = cast.account_of(cast.SUPERVISOR)  # sees no sealed identity, so reads none
        assert signed_in(watcher).get(f"/desk/cases/{case.number}/").status_code == 200
        assert not Entry.objects.filter(book="reading", login=watcher.login).exists()


class TestCells:
    @pytest.mark.parametrize("evil", EVIL)
    def test_never_begin_a_formula(self, evil: str) -> None:
        assert plain_cell(evil).startswith("'")

    @pytest.mark.parametrize("form", ["csv", "xlsx"])
    def test_of_an_evil_table_stay_text(self, city: Path, form: str) -> None:
        table = Table(name="t", title="a/b:[c]", head=["a"], rows=[[evil] for evil in EVIL])
        taking = Taking(who=WHO, name="=何静", post="@岗", at=NOW, reason="=HYPERLINK()")
        file = export_table(table, form=form, taking=taking, what="worklist", filters="")
        if form == "xlsx":
            sheet = load_workbook(io.BytesIO(file.data)).active
            assert sheet is not None
            cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
            assert {cell.data_type for cell in cells} == {"s"}
        else:
            rows = list(csv.reader(io.StringIO(file.data.decode("utf-8-sig"))))
            assert not [row for row in rows if row and row[0].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
