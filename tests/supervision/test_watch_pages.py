"""The watch screen over the small city: every figure leads to a list of as many, the columns add up, the evidence page
says on what a card rests, and nobody but those who supervise comes in."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from tests import cast
from tests.architecture.addresses import signed_in
from tests.cast import NOW
from zhengtong.cases.case_view import read_case
from zhengtong.kernel.indicators import find_rates
from zhengtong.kernel.supervision.facts import CaseFacts
from zhengtong.kernel.supervision.metrics import METRICS
from zhengtong.ledger import chain
from zhengtong.ledger.models.sealed import Sealed
from zhengtong.ledger.sources import DatabaseSource
from zhengtong.ledger.verify import read_chain
from zhengtong.supervision import figures
from zhengtong.supervision.evidence import _check_chain
from zhengtong.supervision.figures import COLUMNS, Cell, DepartmentRow, Eye, Overview, by_table, overview
from zhengtong.supervision.models import Card, Signal, Watched
from zhengtong.supervision.narrowing import CardFilters, CaseFilters, SignalFilters, watched
from zhengtong.supervision.scores import view_of
from zhengtong.supervision.wording import SENTENCES, sentence
from zhengtong.trail.models import Entry

REGION = "510199"


@pytest.fixture(scope="module")
def eye(lived: Path) -> Eye:
    return Eye(regions=(REGION,), at=NOW)


@pytest.fixture(scope="module")
def supervisor(lived: Path) -> Client:
    return signed_in(cast.account_of(cast.SUPERVISOR))


def cells_of(page: Overview) -> Iterator[Cell]:
    """Every figure of the screen with the list it leads to."""
    for tile in page.tiles:
        if tile.value.isdecimal():
            yield Cell(n=int(tile.value), url=tile.url)
        for line in tile.lines:
            found = re.search(r"(\d+) (?:张|件)$", line.label) or re.search(r"(\d+) 张", line.label)
            if line.url and found:
                yield Cell(n=int(found[1]), url=line.url)
    for row in (*page.rows, page.total):
        yield from cells_in(row)
    for chart in page.charts:
        for line_ in chart.rows:
            yield from (Cell(n=n, url=url) for n, url in line_.cells if n is not None)
    for _day, rows in page.wall:
        for wall in rows:
            yield from (wall.promised, wall.law)
    yield from (page.late, page.late_limit)


def cells_in(row: DepartmentRow) -> tuple[Cell, ...]:
    return row.open, row.prompt, row.yellow, row.red, row.kept, row.decided


class TestFigures:
    def test_lead_to_lists_of_as_many(self, eye: Eye, supervisor: Client) -> None:
        cells = {cell.url: cell.n for cell in cells_of(overview(eye)) if cell.url}
        assert len(cells) > 60
        assert sum(cells.values()) > 100
        wrong = {}
        for url, n in cells.items():
            count = supervisor.get(url).context["count"]
            if count != n:
                wrong[url] = (n, count)
        assert wrong == {}

    def test_of_departments_add_up(self, eye: Eye) -> None:
        page = overview(eye)
        for name in ("open", "prompt", "yellow", "red"):
            assert getattr(page.total, name).n == sum(getattr(row, name).n for row in page.rows), name

    def test_of_what_was_kept_are_those_of_the_indicator(self, eye: Eye) -> None:
        facts = [CaseFacts.from_plain(plain) for plain in Watched.objects.values_list("facts", flat=True)]
        rate = find_rates(facts, NOW.date().replace(day=1), NOW.date(), NOW)["in_time"]
        month = {"month": f"{NOW:%Y-%m}"}
        kept = watched(CaseFilters(state="kept", **month), eye.regions, NOW).count()
        decided = watched(CaseFilters(state="decided", **month), eye.regions, NOW).count()
        assert (kept, decided) == (rate.numerator, rate.denominator)
        assert decided > 0

    def test_say_what_is_left_of_nothing(self) -> None:
        assert figures.percent(0, 0) == "–"
        assert figures.percent(9_999, 10_000) == "99.9%"
        assert figures.percent(3, 3) == "100.0%"

    @pytest.mark.parametrize("by", ["dept", "window", "item"])
    def test_columns_add_up(self, eye: Eye, by: str) -> None:
        rows, total = by_table(CardFilters(), eye, by)
        for row in (*rows, total):
            issued, *ends = (cell.n for cell in row.cells)
            assert issued == sum(ends), row.name
        for n in range(len(COLUMNS)):
            assert total.cells[n].n == sum(row.cells[n].n for row in rows)
        assert total.cells[0].n == Card.objects.issued().count() > 0

    def test_columns_lead_to_their_cards(self, eye: Eye, supervisor: Client) -> None:
        rows, total = by_table(CardFilters(), eye, "window")
        for row in (*rows[:4], total):
            for cell in row.cells:
                assert supervisor.get(cell.url).context["count"] == cell.n, cell.url


class TestPages:
    @pytest.mark.parametrize(
        "path",
        ["", "cards/", "cards/?by=dept", "cards/?by=item&level=red", "signals/", "signals/?state=all", "cases/",
         "orders/", "orders/?state=all", "appeals/", "scores/", "scores/wj/2026-11/"],
    )  # fmt: skip
    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    def test_open_in_both_languages(self, supervisor: Client, path: str, language: str) -> None:
        supervisor.cookies["language"] = language
        answer = supervisor.get(f"/watch/{path}")
        supervisor.cookies["language"] = "zh-hans"
        assert answer.status_code == 200
        assert "supervision/watch.css" in answer.content.decode()

    @pytest.mark.parametrize("path", ["", "cards/", "signals/", "cases/", "orders/", "appeals/", "scores/"])
    def test_are_for_those_who_supervise(self, lived: Path, path: str) -> None:
        for login in (cast.WINDOW_CLERK, cast.HEAD, cast.ADMINISTRATOR):
            assert signed_in(cast.account_of(login)).get(f"/watch/{path}").status_code == 403, login
        assert Client().get(f"/watch/{path}").status_code == 302

    @pytest.mark.parametrize(
        "query",
        ["level=x", "state=nothing", "first=2026-13-45", "age=9-1", "dept=%00", "sort=x", "page=99999", "month=2026-99",
         "until=p:x", "until=p:2026-11-20T00:00:00", "last=9999-12-31", "item=" + "x" * 500],
    )  # fmt: skip
    @pytest.mark.parametrize("name", ["cards", "signals", "cases"])
    def test_take_any_address(self, supervisor: Client, name: str, query: str) -> None:
        assert supervisor.get(f"/watch/{name}/?{query}").status_code == 200

    def test_unknown_ones_are_not_there(self, supervisor: Client) -> None:
        for path in ("cards/0/", "signals/x/", "cards/?by=level", "scores/nobody/2026-11/", "scores/wj/2026-99/"):
            assert supervisor.get(f"/watch/{path}").status_code == 404, path

    def test_live_part_alone_is_asked_for_again(self, supervisor: Client) -> None:
        answer = supervisor.get("/watch/", headers={"HX-Request": "true", "X-Poll": "1"}).content.decode()
        assert 'id="live"' in answer
        assert 'hx-swap-oob="true"' in answer
        assert "<html" not in answer
        assert "zt-chart" not in answer

    def test_lists_stay_short_however_long(self, eye: Eye, supervisor: Client) -> None:
        """A thousand findings: fifty rows, as many queries as for few."""
        first = Signal.objects.filter(family="pattern").first() or Signal.objects.first()
        assert first is not None
        with CaptureQueriesContext(connection) as few:
            supervisor.get("/watch/signals/?rule=many")
        rows: list[Signal] = []
        for n in range(1_000):
            row = Signal.objects.get(pk=first.pk) if n == 0 else rows[0]
            fields = {each.attname: getattr(row, each.attname) for each in Signal._meta.concrete_fields}
            more = {"key": f"many|x|{n}", "rule": "many", "card": "", "cleared_at": None, "gone_at": None}
            rows.append(Signal(**{**fields, **more}))
        Signal.objects.bulk_create(rows)
        try:
            with CaptureQueriesContext(connection) as many:
                answer = supervisor.get("/watch/signals/?rule=many")
            assert answer.context["count"] == 1_000
            assert len(answer.context["lines"]) == 50
            assert len(many) <= len(few) + 12
        finally:
            Signal.objects.filter(rule="many").delete()


class TestEvidence:
    def test_of_a_card_says_what_why_and_how_much(self, supervisor: Client) -> None:
        card = Card.objects.issued().filter(by_law=True, rule__startswith="SJ").order_by("number").first()
        assert card is not None
        signal = Signal.objects.get(pk=card.signal)
        page = supervisor.get(reverse("supervision:card", args=[card.number])).content.decode()
        with translation.override("zh-hans"):
            said = sentence(signal)
        assert said in re.sub("<wbr>", "", page)
        assert 'class="is-cause"' in page
        assert "哈希链完好" in page
        assert 'class="is-total"' in page
        assert card.rule in page

    def test_tells_when_the_chain_is_broken(self, supervisor: Client) -> None:
        signal = Signal.objects.filter(case__isnull=False).first()
        assert signal is not None
        case = read_case(signal.case_id or 0, NOW)
        assert _check_chain(case)[0]
        links = list(DatabaseSource(span=(case.ref.id - 1, case.ref.id)).links())
        assert len(links) == case.ref.last_seq
        fault, _bodies = read_chain("x", links[1:], chain.hasher(chain.algorithm()))
        assert fault is not None

    def test_opens_to_whoever_the_card_was_served_to(self, lived: Path) -> None:
        card = Card.objects.issued().filter(dept="wj", unit="wj-sp").first()
        assert card is not None
        url = reverse("supervision:card", args=[card.number])
        assert signed_in(cast.account_of(cast.OFFICER)).get(url).status_code == 200
        assert signed_in(cast.account_of(cast.OTHER_CLERK)).get(url).status_code == 404
        desk = signed_in(cast.account_of(cast.OFFICER)).get(reverse("cases:case", args=[card.number]))
        assert url in desk.content.decode()

    def test_lets_the_department_do_nothing_there(self, lived: Path) -> None:
        card = Card.objects.issued().filter(dept="wj", unit="wj-sp").first()
        assert card is not None
        url = reverse("supervision:card", args=[card.number])
        assert signed_in(cast.account_of(cast.OFFICER)).post(url, {"way": "order"}).status_code == 404

    def test_of_every_finding_can_be_read(self, supervisor: Client) -> None:
        """One of each rule, patterns too: sentence, facts, arithmetic."""
        seen = {row.rule: row for row in Signal.objects.order_by("key")}
        assert len(seen) > 5
        for row in seen.values():
            answer = supervisor.get(reverse("supervision:signal", args=[row.key]))
            assert answer.status_code == 200, row.key
            assert "None" not in re.sub(r"<[^>]+>", "", answer.content.decode()), row.key

    def test_shows_no_sealed_words(self, supervisor: Client) -> None:
        assert Sealed.objects.exists()
        row = Signal.objects.filter(case__isnull=False, procedure="licence").first()
        assert row is not None
        page = supervisor.get(reverse("supervision:signal", args=[row.key])).content.decode()
        assert not re.search(r"1990000\d{4}", page)


class TestWords:
    def test_there_is_a_sentence_for_every_metric(self) -> None:
        assert set(METRICS) - set(SENTENCES) == set()

    def test_every_sentence_is_made_from_its_finding(self, lived: Path) -> None:
        for row in Signal.objects.all():
            for language in ("zh-hans", "en"):
                with translation.override(language):
                    said = sentence(row)
                assert "%(" not in said
                assert "界限是" not in said or row.metric not in METRICS, said


class TestTakingAlong:
    def test_is_numbered_and_written_down(self, supervisor: Client) -> None:
        before = Entry.objects.count()
        url = f"{reverse('supervision:cards_export')}?state=issued"
        answer = supervisor.post(url, {"as": "csv", "reason": "月报"})
        assert answer.status_code == 200
        text = answer.content.decode("utf-8-sig")
        lines = [line for line in text.splitlines() if line]
        assert len(lines) == Card.objects.issued().count() + 2
        assert "月报" in lines[-1]
        assert answer["X-Export-Number"] in lines[-1]
        assert Entry.objects.count() > before

    def test_wants_a_reason(self, supervisor: Client) -> None:
        assert supervisor.post(reverse("supervision:cards_export"), {"as": "csv"}).status_code == 400
        assert supervisor.post(reverse("supervision:cards_export"), {"as": "doc", "reason": "x"}).status_code == 404


class TestScores:
    def test_say_what_has_no_data(self, eye: Eye, supervisor: Client) -> None:
        found = view_of("wj", NOW.date(), eye.regions)
        assert sum(part.full for part in found.parts) == 100
        assert found.out_of == sum(part.full for part in found.parts if part.has_data)
        page = supervisor.get("/watch/scores/wj/2026-11/").content.decode()
        assert "没有数据来源" in page

    def test_leave_out_what_was_taken_down(self, eye: Eye) -> None:
        gone = Card.objects.filter(outcome__in=("revoked", "superseded"), issued_at__gte=NOW - timedelta(days=19))
        for card in gone:
            found = view_of(card.dept, NOW.date(), eye.regions)
            told = {number for part in found.parts for line in part.lines for number, _url in line.evidence}
            assert card.number not in told


def test_filters_keep_in_the_address_what_is_not_usual() -> None:
    filters = CardFilters(level="red", state="appealed")
    assert CardFilters.of({"level": "red", "state": "appealed", "other": "x"}) == filters
    assert filters.query == "level=red&state=appealed"
    assert SignalFilters().query == ""
