"""Attacks on the rules of supervision on a screen: other territories, words that are code, days no calendar knows."""

from datetime import timedelta
from typing import Final

import pytest
from django.test import Client
from django.urls import reverse

from tests.cases.pages import text_of
from tests.cases.town import BEGAN, PASSWORD, Town, sign_in
from tests.supervision.bureau import Bureau
from tests.supervision.conftest import under_watch_here
from tests.supervision.test_rules_pages import bureau, change, draft_of
from tests.supervision.test_trying import draft, tried
from zhengtong.accounts import clock
from zhengtong.accounts.actions import hold_post
from zhengtong.accounts.models import Person, Post, Territory, Unit
from zhengtong.accounts.signing_in import open_staff_account
from zhengtong.kernel.terms import law_day
from zhengtong.ledger.queries import Case
from zhengtong.supervision import drafting
from zhengtong.supervision.models import RuleDraft, Signal

__all__ = ["bureau", "draft", "under_watch_here"]


# ---- other territories -----------------------------------------------------------------------------------------


@pytest.fixture
def stranger(under_watch_here: Town) -> Client:
    """A supervisor of another territory."""
    place = Territory.objects.create(code="510998", name="别处区")
    unit = Unit.objects.create(code="bc-jc", name="别处监察", name_en="Elsewhere", territory=place, kind="department")
    post = Post.objects.create(code="bc-watch", name="监察", name_en="Watch", unit=unit, kind="supervisor")
    person = Person.objects.create(number="3090", name="别人", name_en="Stranger")
    hold_post(person=person, post=post, role="A", from_on=BEGAN)
    account = open_staff_account(person=person, password=PASSWORD)
    return sign_in(Town(accounts={"别人": account}, people={}, posts={}, units={}), "别人")


class TestElsewhere:
    def test_no_number_of_a_case_crosses_with_a_draft(
        self, draft: RuleDraft, stranger: Client, under_watch_here: Town
    ) -> None:
        tried(draft, rule="BD-01")
        numbers = [case.number for case in Case.objects.all()]
        for name in ("draft", "draft_tried"):
            url = reverse(f"supervision:{name}", args=[draft.pk])
            own = sign_in(under_watch_here, "方正").get(url).content.decode()
            assert any(number in own for number in numbers), name
            other = stranger.get(url)
            assert other.status_code == 200
            assert [number for number in numbers if number in other.content.decode()] == [], name

    def test_no_list_no_count_no_file_shows_it(self, draft: RuleDraft, stranger: Client) -> None:
        signal = Signal.objects.exclude(number="").first()
        assert signal is not None
        for name in ("watch", "cards", "signals", "cases", "orders", "appeals", "reports", "checks", "rules"):
            page = stranger.get(reverse(f"supervision:{name}"))
            assert page.status_code == 200, name
            assert signal.number not in page.content.decode(), name
        assert stranger.get(reverse("supervision:signal", args=[signal.key])).status_code == 404
        shelves = stranger.get(reverse("supervision:rules")).context["shelves"]
        assert sum(line.open for shelf in shelves for line in shelf.lines) == 0


# ---- words of a rule ---------------------------------------------------------------------------------------------


EVIL: Final = '"]\n[rules."ZZ-1"]\nname = "=cmd|\' /C calc\'!A1" # <script>alert(1)</script>'


class TestWords:
    def test_break_out_of_no_file(self, bureau: Bureau) -> None:
        mine = draft_of(bureau.officer)
        before = set(drafting.read_book(mine.toml).rules)
        change(bureau.officer, mine, "SJ-02", name=EVIL[:60], name_en=EVIL, article=EVIL, scope_items=EVIL)
        mine.refresh_from_db()
        book = drafting.read_book(mine.toml)
        assert set(book.rules) == before
        page = bureau.officer.get(reverse("supervision:draft", args=[mine.pk])).content.decode()
        assert "<script>alert" not in page

    @pytest.mark.parametrize("amount", ["999999999999", "1e9", "-1", "1e999", "NaN", "9" * 400])
    def test_amounts_beyond_reason_are_complained_of(self, amount: str, bureau: Bureau) -> None:
        mine = draft_of(bureau.officer)
        change(bureau.officer, mine, "SJ-02", amount=amount, repeat="")
        mine.refresh_from_db()
        book = drafting.read_book(mine.toml)
        said = str(book.rules["SJ-02"]["threshold"])
        assert said == "1 wd" or any(fault.code == "bad_threshold" for fault in drafting.faults_of(book)), said


class TestDays:
    @pytest.mark.parametrize("since", ["0001-01-01", "1899-12-31", "2026-03-01"])
    @pytest.mark.parametrize("until", ["9999-12-31", "2036-12-31"])
    def test_that_no_calendar_knows_are_tried_by_no_draft(
        self, since: str, until: str, draft: RuleDraft, under_watch_here: Town
    ) -> None:
        url = reverse("supervision:draft_try", args=[draft.pk])
        officer = sign_in(under_watch_here, "方正")
        answer = officer.post(url, {"rule": "*", "since": since, "until": until, "sample": "300"})
        assert answer.status_code in (303, 400)
        assert officer.get(reverse("supervision:draft", args=[draft.pk])).status_code == 200

    def test_far_away_shut_nobody_out(self, bureau: Bureau) -> None:
        """An edition put in force for the year 9999 would be the last there ever is."""
        mine = draft_of(bureau.officer)
        change(bureau.officer, mine, "SJ-02", amount="2")
        url = reverse("supervision:draft_put", args=[mine.pk])
        far = bureau.chief.post(url, {"on": "9999-12-31"})
        assert far.status_code == 400
        mine.refresh_from_db()
        assert mine.put_in_force_at is None
        soon = bureau.chief.post(url, {"on": (law_day(clock.now()) + timedelta(days=20)).isoformat()})
        assert soon.status_code == 302, text_of(soon)
