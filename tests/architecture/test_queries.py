"""Every list and every case page asks the database a number of questions that does not depend on how many cases there
are: the same pages, the same people, ten cases and sixty."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from tests import cast
from tests.architecture.addresses import signed_in
from tests.cast import NOW
from tests.support.databases import copy_template
from zhengtong.accounts import clock
from zhengtong.cases.queries import LISTS, forget
from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger.installed import installed, put_back
from zhengtong.ledger.models.cases import Case
from zhengtong.site.bench.filling import Unseen, Unwatched
from zhengtong.site.databases import sqlite_url
from zhengtong.site.demo import city
from zhengtong.site.demo.history import Weeks
from zhengtong.site.demo.staffing import Staffing
from zhengtong.site.demo.stories import ACCEPTED, ARRIVED, GRANTED, OPEN, PASSED, RECEIVED, REVIEWED, Story
from zhengtong.site.demo.telling import Scene
from zhengtong.site.throwaway import default_database
from zhengtong.site.wiring import wire

FEW, MANY = 10, 60
ITEM: Final = "qy-wj-0003"
STAGES: Final = (OPEN, ARRIVED, RECEIVED, ACCEPTED, PASSED, REVIEWED, GRANTED)

# Who opens what. `{number}` is the first case, `{list}` each work list in turn.
PAGES: Final[Mapping[str, tuple[str, ...]]] = {
    cast.WINDOW_CLERK: (
        "/desk/", "/desk/list/{list}/", "/desk/list/{list}/?page=2", "/desk/search", "/desk/search?q={number}",
        "/desk/search?q=5101990062", "/desk/search?q={name}", "/desk/cases/{number}/", "/desk/intake/", "/desk/new/",
        "/staff/people", "/staff/substitutes", "/staff/real-name",
    ),
    cast.OFFICER: ("/desk/", "/desk/list/mine/", "/desk/list/examine/", "/desk/cases/{number}/"),
    cast.CHIEF: ("/desk/list/approve/", "/desk/cases/{number}/"),
    cast.HEAD: ("/desk/", "/desk/list/consents/", "/desk/list/unit/", "/desk/cases/{number}/"),
    cast.SUPERVISOR: ("/desk/list/unit/", "/desk/search?q=5101990062", "/desk/cases/{number}/"),
    cast.REPRESENTATIVE: ("/mine/", "/mine/?page=2", "/cases/{number}/", "/cases/{number}/receipt", "/account/profile"),
    "": ("/", "/search?q=许可", "/items/" + ITEM + "/", "/departments", "/themes", "/roots/"),
}  # fmt: skip


class Days(Weeks):
    """Weeks without nights: nothing here waits for silence or roots."""

    def _work_at_night(self, at: datetime) -> None:
        """Sleep."""


@pytest.fixture(scope="module")
def ground(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[city.City]:
    """Organs, people and items, and not one case."""
    home = tmp_path_factory.mktemp("queries")
    path = copy_template(sqlite_template, home)
    places = {"ZHENGTONG_KEYS": home / "keys", "ZHENGTONG_ROOTS": home / "roots", "MEDIA_ROOT": home / "files"}
    before = installed()
    with (
        override_settings(ZHENGTONG_HOME=home, **places),
        django_db_blocker.unblock(),
        default_database(sqlite_url(path)),
        clock.fixed(NOW),
    ):
        wire()
        yield city.lay_ground(now=NOW)
        put_back(before)


def live(ground: city.City, first: int, last: int) -> None:
    """So many more applications of one citizen to one organ, each left at another stage."""
    public = ground.public
    public.natural[:] = [party for party in public.natural if party.signs_in == cast.REPRESENTATIVE]
    stories = [
        Story(name=f"{n}", items=(ITEM,), steps=STAGES[n % len(STAGES)], ago=(12, 14), count=1, online=True)
        for n in range(first, last)
    ]
    scene = Scene(calendar=load_calendar(), staffing=Staffing.read(), public=public, cases=[], files_since=NOW)
    nobody = Unwatched(staffing=scene.staffing, calendar=scene.calendar)
    unseen = Unseen(staffing=scene.staffing, calendar=scene.calendar)
    lived = Days(now=NOW, scene=scene, seed=first, handlers={}, supervising=nobody, inspecting=unseen).live(stories)
    assert lived.astray == []
    assert Case.objects.count() == last


@pytest.fixture(scope="module")
def counted(ground: city.City) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Page by page the number of queries, with few cases and with many."""
    live(ground, 0, FEW)
    number = Case.objects.order_by("pk").values_list("number", flat=True)[0]
    few = count_all(number, is_first=True)
    live(ground, FEW, MANY)
    return few, count_all(number)


def count_all(number: str, *, is_first: bool = False) -> dict[str, int]:
    found: dict[str, int] = {}
    for who, pages in PAGES.items():
        client = signed_in(cast.account_of(who)) if who else Client()
        for page in pages:
            for address in addresses(page, number):
                if is_first:
                    client.get(address)  # what is kept by the process is kept now
                forget()  # as if no line of a list had been drawn in this minute
                with CaptureQueriesContext(connection) as asked:
                    answer = client.get(address)
                assert answer.status_code == 200, (who, address, answer.status_code)
                found[f"{who or 'nobody'} {address.replace(number, 'N')}"] = len(asked)
    return found


def addresses(page: str, number: str) -> list[str]:
    filled = page.replace("{number}", number).replace("{name}", cast.REPRESENTATIVE)
    return [filled.replace("{list}", code) for code in LISTS] if "{list}" in page else [filled]


class TestQueries:
    def test_do_not_grow_with_the_number_of_cases(self, counted: tuple[Mapping[str, int], Mapping[str, int]]) -> None:
        few, many = counted
        assert {page: (few[page], many[page]) for page in few if many[page] > few[page]} == {}

    def test_stay_few(self, counted: tuple[Mapping[str, int], Mapping[str, int]]) -> None:
        """A bound that says when a page has begun to ask for everything by itself; not a budget."""
        assert {page: n for page, n in counted[1].items() if n > 80} == {}

    def test_lists_are_really_longer(self, counted: tuple[Mapping[str, int], Mapping[str, int]]) -> None:
        client = signed_in(cast.account_of(cast.REPRESENTATIVE))
        page = client.get("/mine/").content.decode()
        assert sum(number in page for number in Case.objects.values_list("number", flat=True)) > FEW
        clerk = signed_in(cast.account_of(cast.WINDOW_CLERK))
        lists = [clerk.get(f"/desk/list/{code}/").content.decode() for code in LISTS]
        numbers = set(Case.objects.values_list("number", flat=True))
        assert max(sum(number in listed for number in numbers) for listed in lists) > FEW
