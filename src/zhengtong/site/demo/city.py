"""Building the city (建城): organs, people, accounts, catalogue, then weeks of history, all into a new database."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from zhengtong.accounts import clock
from zhengtong.accounts.models import Mark, Unit
from zhengtong.accounts.queries import actor_of_person
from zhengtong.documents.projections import RENDER
from zhengtong.law.calendar_files import load_calendar
from zhengtong.ledger.installed import Handler, Message
from zhengtong.site.demo import accounts
from zhengtong.site.demo.accounts import DemoAccount
from zhengtong.site.demo.halls import build_halls
from zhengtong.site.demo.history import Lived, Weeks, known_handlers
from zhengtong.site.demo.inspecting import Inspecting
from zhengtong.site.demo.items import change_items, load_items
from zhengtong.site.demo.names import Namer
from zhengtong.site.demo.organisation import Organs, build_organs, send_people_away, write_letters
from zhengtong.site.demo.people import Public, build_public
from zhengtong.site.demo.sheets import KEPT_FOR, begin_drafts
from zhengtong.site.demo.staffing import Staffing
from zhengtong.site.demo.stories import choose
from zhengtong.site.demo.supervising import Supervising
from zhengtong.site.demo.telling import Scene

CASES: Final = 320
SEED: Final = 7
REGISTERED: Final = timedelta(days=90)


class NotEmpty(RuntimeError):
    """There is something in this database already: a city is built on bare ground only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """What was built."""

    organs: Organs
    public: Public
    accounts: tuple[DemoAccount, ...]
    lived: Lived


def build(
    *, now: datetime, seed: int = SEED, cases: int = CASES, progress: Callable[[int], None] | None = None
) -> City:  # fmt: skip
    """Build the demonstration city as it stands at an instant.

    Raises:
        NotEmpty: the database holds an organisation already.
    """
    now = now.replace(microsecond=0)
    if Unit.objects.exists():
        raise NotEmpty
    with _without_waiting_for_the_disk():
        ground = lay_ground(now=now, seed=seed)
        scene = Scene(
            calendar=load_calendar(),
            staffing=Staffing.read(),
            public=ground.public,
            cases=[],
            files_since=now - KEPT_FOR,
        )
        watch = Supervising(staffing=scene.staffing, calendar=scene.calendar)
        seeing = Inspecting(staffing=scene.staffing, calendar=scene.calendar)
        weeks = Weeks(
            now=now, scene=scene, seed=seed, handlers=_handlers(), supervising=watch, inspecting=seeing
        )  # fmt: skip
        lived = weeks.live(choose(cases), progress)
        change_items(ground.organs, now)
        begin_drafts(ground.public, now)
    accounts.keep(ground.accounts)
    return City(organs=ground.organs, public=ground.public, accounts=ground.accounts, lived=lived)


def lay_ground(*, now: datetime, seed: int = SEED) -> City:
    """Everything but history: the mark, organs, people, accounts, the catalogue."""
    Mark.objects.get_or_create(name=clock.DEMO_MARK, defaults={"value": str(seed)})
    clock.forget()
    namer = Namer(rng=random.Random(seed))  # noqa: S311 - names, not secrets
    organs = build_organs(namer)
    build_halls()
    send_people_away(organs, load_calendar(), now)
    registered_at = now - REGISTERED
    clerk = actor_of_person(organs.people["zx02"].pk, registered_at)
    passwords = accounts.draw_citizen_passwords()
    public = build_public(
        namer, clerk=clerk, passwords=passwords, at=registered_at, until_on=(now + timedelta(days=365)).date(),
        rng=random.Random(seed + 1),  # noqa: S311 - as above
    )  # fmt: skip
    made = (*accounts.open_staff_accounts(organs), *accounts.describe_citizens(public, passwords))
    write_letters(organs, load_items(organs, now))
    return City(organs=organs, public=public, accounts=made, lived=Lived())


def _handlers() -> Mapping[str, Handler]:
    """As installed, but papers are not drawn: each is drawn when somebody first asks for it."""
    return {**known_handlers(), RENDER: _leave_undrawn}


def _leave_undrawn(message: Message) -> None:
    """A paper of the past is drawn on request."""


@contextmanager
def _without_waiting_for_the_disk() -> Iterator[None]:
    """Thousands of short transactions: a city that a crash spoils is built again."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
