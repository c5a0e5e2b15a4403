"""The first hour of a real installation (建站): keys, schema, the territory with its government and its centre, the
three administrators, the items every centre has. Made once, on bare ground only; nothing of the demonstration is in
it.

Each administrator gets a temporary password, shown once; it is changed and a second factor set up at the first
sign-in.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from zhengtong.accounts import duties, sealed_fields
from zhengtong.accounts.labels import Duty, PostKind, UnitKind
from zhengtong.accounts.models import Account, Person, Post, Territory, Unit
from zhengtong.accounts.signing_in import open_staff_account
from zhengtong.catalogue import actions as catalogue
from zhengtong.kernel.terms import law_day
from zhengtong.law import overlay
from zhengtong.law.calendar_files import load_calendar
from zhengtong.law.items import complete, items_from_internal
from zhengtong.law.reading import read_toml
from zhengtong.ledger import keys

LETTERS: Final = "abcdefghjkmnpqrstuvwxyz"
CAPITALS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS: Final = "23456789"
FOUNDATION: Final = "foundations/centre.toml"  # sections, posts and roles that every centre has
GOVERNMENT, CENTRE = "gov", "centre"
OF_A_PLACE: Final = ("place", "place_en", "hours", "hours_en", "phone", "complaint")


class CannotBegin(RuntimeError):
    """There is something here already, or what was said cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is asked. `administrators`: for each duty (staff number, name)."""

    region: str
    region_name: str
    region_name_en: str
    document: str
    administrators: Mapping[Duty, tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What was made; the passwords are told once and kept nowhere."""

    home: Path
    passwords: Mapping[str, tuple[str, str, str]]
    items: tuple[str, ...]
    calendar_until: int


def begin(answers: Answers, *, now: datetime) -> Begun:
    """Make the installation.

    Raises:
        CannotBegin: nothing was made.
    """
    _check(answers)
    require_bare_ground()
    home = Path(settings.ZHENGTONG_HOME)
    for folder in (home, keys.directory(), Path(settings.MEDIA_ROOT), Path(settings.ZHENGTONG_ROOTS)):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    known_until = max(table.year for table in load_calendar("CN").years if not table.provisional)
    call_command("migrate", interactive=False, verbosity=0)
    if connection.vendor == "sqlite":
        Path(str(connection.settings_dict["NAME"])).chmod(0o600)
    for draw in (keys.current, keys.index, keys.root, sealed_fields.current):
        draw()
    with transaction.atomic():
        units = _build_units(answers)
        _build_posts(units)
        accounts, passwords = _build_administrators(answers, now)
        duties.appoint_first(accounts, document=answers.document, at=now)
        items = _publish_internal(answers, accounts, now)
    return Begun(home=home, passwords=passwords, items=items, calendar_until=known_until)


def require_bare_ground() -> None:
    """
    Raises:
        CannotBegin: somebody is here already, or the database does not answer.
    """
    if connection.vendor == "sqlite":  # the file is made where it is looked for, and its folder must be there
        Path(str(connection.settings_dict["NAME"])).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        tables = connection.introspection.table_names()
        taken = [
            name for name in ("accounts_account", "accounts_unit", "ledger_case") if name in tables and _rows(name)
        ]
    except DatabaseError as error:
        raise CannotBegin(f"the database cannot be reached: {error}") from error
    if taken:
        raise CannotBegin(
            "this database has an installation in it already; nothing was changed. `init` is for a bare database; "
            "an existing one is kept up by `zhengtong upgrade`."
        )
    if keys.has_master():
        raise CannotBegin(
            f"there are keys in {keys.directory()} of an installation whose database is not here. Move them away, or "
            "give this one a home of its own (ZHENGTONG_HOME)."
        )


def _rows(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT 1 FROM "{table}" LIMIT 1')  # noqa: S608 - fixed names
        return cursor.fetchone() is not None


def _check(answers: Answers) -> None:
    if not (answers.region.isdigit() and len(answers.region) in {2, 4, 6, 9, 12}):
        raise CannotBegin(f"{answers.region!r} is no code of a territory: 2, 4, 6, 9 or 12 digits (GB/T 2260).")
    if not answers.region_name.strip() or not answers.document.strip():
        raise CannotBegin("the name of the territory and the number of the document of appointment are needed.")
    numbers = [number for number, _name in answers.administrators.values()]
    if set(answers.administrators) != set(Duty) or len(set(numbers)) != len(Duty):
        raise CannotBegin("three different people are needed: a system, a security and an audit administrator.")
    if not all(number.strip() and name.strip() for number, name in answers.administrators.values()):
        raise CannotBegin("each administrator needs a staff number and a name.")


# ---- what is made ----------------------------------------------------------------------------------------


def _build_units(answers: Answers) -> dict[str, Unit]:
    english = answers.region_name_en
    territory = Territory.objects.create(code=answers.region, name=answers.region_name, name_en=english)
    units: dict[str, Unit] = {}

    def add(code: str, name: str, name_en: str, kind: str, parent: str) -> None:
        units[code] = Unit.objects.create(
            code=code, name=name, name_en=name_en, kind=kind, parent=units.get(parent), territory=territory
        )

    of = f"{english} " if english else ""
    add(GOVERNMENT, f"{answers.region_name}人民政府", f"{of}Government", UnitKind.GOVERNMENT, "")
    add(CENTRE, f"{answers.region_name}政务服务中心", f"{of}Government Service Centre", UnitKind.CENTRE, GOVERNMENT)
    for row in _foundation()["sections"]:
        add(row["code"], row["name"], row["name_en"], UnitKind.SECTION, row["parent"])
    return units


def _build_posts(units: Mapping[str, Unit]) -> None:
    Post.objects.bulk_create(
        Post(
            code=row["code"], name=row["name"], name_en=row["name_en"], unit=units[row["unit"]],
            kind=PostKind(row["kind"]), is_head=row.get("is_head", False),
        )
        for row in _foundation()["posts"]
    )  # fmt: skip


def _foundation() -> Mapping[str, Any]:
    path = overlay.find(FOUNDATION)
    assert path is not None
    return read_toml(path)


def _build_administrators(
    answers: Answers, now: datetime
) -> tuple[dict[Duty, Account], dict[str, tuple[str, str, str]]]:
    accounts: dict[Duty, Account] = {}
    told: dict[str, tuple[str, str, str]] = {}
    for duty, (number, name) in answers.administrators.items():
        person = Person.objects.create(number=number.strip(), name=name.strip())
        password = draw_password()
        account = open_staff_account(person=person, password=password, temporary_since=now)
        accounts[duty] = account
        told[duty.value] = (account.login, person.name, password)
    return accounts, told


def draw_password() -> str:
    """Fourteen characters that cannot be taken for each other, of three kinds and a mark: some 70 bits.

    >>> len(draw_password()), draw_password()[4]
    (14, '-')
    """
    drawn = [secrets.choice(LETTERS), secrets.choice(CAPITALS), secrets.choice(DIGITS)]
    drawn += [secrets.choice(LETTERS + CAPITALS + DIGITS) for _ in range(9)]
    secrets.SystemRandom().shuffle(drawn)
    text = "".join(drawn)
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"


def _publish_internal(answers: Answers, accounts: Mapping[Duty, Account], now: datetime) -> tuple[str, ...]:
    """Cards, tasks, orders, information requests: in force from today, proposed by one administrator, put in force by
    another. What the files say of a place is left out: it is for the centre's editors to write."""
    proposed, confirmed = (f"p-{accounts[duty].person_id}" for duty in (Duty.SYSTEM, Duty.SECURITY))
    for _code, table in sorted(items_from_internal().items()):
        content = complete(_bare(table), version=1, region=answers.region, posts=_posts_of(table))
        draft = catalogue.create_item(content=content, actor=proposed, at=now)
        catalogue.submit_for_review(version=draft, actor=proposed, at=now, document=answers.document)
        catalogue.publish(version=draft, actor=confirmed, at=now, effective_from=law_day(now))
    return tuple(sorted(items_from_internal()))


def _bare(table: Mapping[str, Any]) -> dict[str, Any]:
    guide = {name: "" if name in OF_A_PLACE else value for name, value in table.get("guide", {}).items()}
    return {**table, "guide": guide} if guide else dict(table)


def _posts_of(table: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The posts of an item: its own, else those of its procedure."""
    known = _foundation()
    roles = known["roles"].get(table["code"]) or known["roles"][table["procedure"]]
    units = {row["code"]: row["unit"] for row in known["posts"]}
    parents = {row["code"]: row["parent"] for row in known["sections"]}
    return {
        role: {"post": post, "unit": units[post], "dept": parents.get(units[post], units[post])}
        for role, post in roles.items()
    }
