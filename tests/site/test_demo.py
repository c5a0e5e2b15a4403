"""The demonstration city: whole, at every stage, the same for the same seed, and one can sign in."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from tests import cast
from tests.support.city import build_in
from zhengtong.accounts import clock
from zhengtong.accounts.certificates import is_certificate_number
from zhengtong.accounts.models import Absence, Mark, Subject
from zhengtong.catalogue.models import Item, ItemVersion
from zhengtong.kernel.events import Standing
from zhengtong.ledger.history import iter_loaded
from zhengtong.ledger.models.cases import Case, CaseQuerySet
from zhengtong.ledger.models.outbox import Outgoing
from zhengtong.ledger.rebuilding import rebuild
from zhengtong.ledger.sources import DatabaseSource
from zhengtong.ledger.sweeping import sweep
from zhengtong.ledger.verify import verify
from zhengtong.site.databases import sqlite_url
from zhengtong.site.demo import accounts, stories
from zhengtong.site.demo.names import credit_code
from zhengtong.site.throwaway import default_database
from zhengtong.supervision.models import Card, RuleDraft, Signal


@pytest.fixture(scope="session")
def city_template(small_city: Path) -> Path:
    return small_city


@pytest.fixture
def city(city_db: Path) -> Iterator[Path]:
    with clock.fixed(cast.NOW):
        yield city_db


class TestTheCity:
    def test_carries_the_mark(self, city: Path) -> None:
        assert Mark.objects.get().name == "demo"
        assert clock.is_demo()

    def test_is_whole(self, city: Path) -> None:
        found = verify(DatabaseSource())
        assert found.is_whole, found

    def test_has_nothing_left_to_do(self, city: Path) -> None:
        assert sweep(cast.NOW).events == 0
        assert not Outgoing.objects.exists()
        assert rebuild(cast.NOW).mended == ()

    def test_holds_no_late_entry(self, city: Path) -> None:
        """Only the law's own acts are written after the moment they took effect: by the night's sweep."""
        late = [
            event
            for loaded in iter_loaded()
            for event in loaded.history
            if event.at != event.recorded_at and event.standing is not Standing.LAW
        ]
        assert late == []

    def test_lived_before_now_and_in_working_hours(self, city: Path) -> None:
        instants = [
            event.recorded_at.astimezone(clock.LAW_ZONE)
            for loaded in iter_loaded()
            for event in loaded.history
            if event.standing is not Standing.LAW
        ]
        assert max(instants) <= cast.NOW
        assert {instant.hour for instant in instants} <= set(range(9, 18))

    def test_has_invented_numbers_only(self, city: Path) -> None:
        for subject in Subject.objects.exclude(certificate_kind=""):
            assert is_certificate_number(subject.certificate_kind, subject.number)
            assert "510199" in subject.number[:8]
            assert subject.phone[:7] in ("", "1990000")

    def test_has_people_away_today(self, city: Path) -> None:
        assert Absence.objects.on(cast.NOW.date()).exists()

    def test_has_items_in_every_standing(self, city: Path) -> None:
        assert set(Item.objects.values_list("status", flat=True)) >= {"published", "cancelled", "listed"}
        assert ItemVersion.objects.filter(status="review", version=2).count() == 1


class TestWhatSupervisorsSee:
    def test_is_a_handful(self, city: Path) -> None:
        hanging = Card.objects.issued().open()
        assert 1 <= hanging.filter(level__in=("red", "yellow")).count() <= 30

    def test_has_a_check_with_photographs_and_a_draft_that_was_tried(self, city: Path) -> None:
        states = Case.objects.filter(procedure="spot_check").order_by("pk").values_list("state", flat=True)
        assert list(states) == ["reported", "planned"]
        draft = RuleDraft.objects.get()
        assert draft.tried is not None
        assert draft.tried["status"] == "done"


class TestTheStories:
    def test_of_a_small_city_are_all_different(self, city: Path) -> None:
        assert told().count() == 40
        assert len(set(Case.objects.values_list("procedure", "state"))) > 15

    def test_name_items_and_acts_that_exist(self, city: Path) -> None:
        known = set(Item.objects.values_list("code", flat=True))
        assert {item for story in stories.STORIES for item in story.items} <= known


class TestSupervision:
    def test_has_cards_that_live(self, city: Path) -> None:
        """Issued by the nightly sweep, signed for, corrected, lifted; some still open, none about another card's life
        by mistake of a rule."""
        cards = Card.objects.filter(by_law=True)
        assert cards.open().exists()
        assert {"corrected"} <= set(cards.values_list("outcome", flat=True))
        assert Signal.objects.open().filter(level="prompt").exists()


NOT_TOLD = ("supervision_order", "supervision_advice", "spot_check")


def told() -> CaseQuerySet:
    """The cases of the stories: without what follows from watching them."""
    followed = Card.objects.filter(by_law=True).values("pk")
    return Case.objects.exclude(pk__in=followed).exclude(item__in=NOT_TOLD)


class TestAccounts:
    def test_are_readable_by_their_owner_only(self, city: Path) -> None:
        path = accounts.accounts_file()
        assert stat.S_IMODE(path.stat().st_mode) in {0o600, 0o644}  # a copy has the mode of the copier
        assert {row["login"] for row in json.loads(path.read_text(encoding="utf-8"))} >= {cast.WINDOW_CLERK}

    @pytest.mark.parametrize("login", [cast.WINDOW_CLERK, cast.CHIEF, cast.HEAD, cast.SUPERVISOR, cast.ADMINISTRATOR])
    def test_sign_staff_in_with_password_and_code(self, city: Path, login: str) -> None:
        account = next(row for row in accounts.read() if row.login == login)
        client = Client()
        answer = client.post(reverse("accounts:staff_sign_in"), {"typed": login, "password": account.password})
        assert answer["Location"] == reverse("accounts:second_factor"), answer.content.decode()
        answer = client.post(answer["Location"], {"code": accounts.code_of(login, clock.real_now())})
        assert answer.status_code == 302, answer.content.decode()

    def test_sign_a_citizen_in_by_phone(self, city: Path) -> None:
        account = next(row for row in accounts.read() if row.name == cast.CITIZEN)
        answer = Client().post(reverse("accounts:sign_in"), {"typed": account.login, "password": account.password})
        assert answer.status_code == 302, answer.content.decode()

    def test_of_nobody_have_no_code(self, city: Path) -> None:
        with pytest.raises(accounts.NoAccounts, match="no demonstration account"):
            accounts.code_of("nobody", cast.NOW)


class TestTheCast:
    def test_are_who_they_are_said_to_be(self, city: Path) -> None:
        assert cast.staff(cast.WINDOW_CLERK).seats[0].post == "wj-sp-window"
        assert "wj-sp" in cast.staff(cast.HEAD).seats[0].head_of
        assert cast.staff(cast.GOVERNOR).seats[0].government_of == {"510199"}
        assert cast.staff(cast.SUPERVISOR).seats[0].supervises
        assert len(cast.citizen(cast.AGENT).subjects) == 2
        assert len(cast.citizen(cast.ATTORNEY, item="qy-mz-0031").subjects) == 2
        assert len(cast.citizen(cast.OUTSIDER).subjects) == 1
        assert cast.account_of(cast.ADMINISTRATOR).duty == "system"

    def test_the_b_role_stands_in_for_the_chief_who_is_away(self, city: Path) -> None:
        seats = {seat.post: seat.standing for seat in cast.staff(cast.DEPUTY).seats}
        assert seats["wj-sp-approve"] is Standing.B_ROLE


def test_the_same_seed_lives_the_same_history(
    city_template: Path, sqlite_template: Path, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    """But for keys: numbers, states and instants agree; salts, and so hashes, do not."""
    with django_db_blocker.unblock():
        build_in(tmp_path, sqlite_template)
        seen = []
        for path in (city_template, tmp_path / "zhengtong.sqlite3"):
            with default_database(sqlite_url(path)):
                columns = ("number", "item", "state", "opened_at", "due_at", "last_seq")
                seen.append(list(Case.objects.order_by("id").values_list("id", *columns)))
                connection.close()
    assert seen[0] == seen[1]


def test_credit_codes_are_all_different() -> None:
    assert len({credit_code(n) for n in range(2_000)}) == 2_000
    assert all(is_certificate_number("credit_code", credit_code(n)) for n in range(0, 2_000, 97))
