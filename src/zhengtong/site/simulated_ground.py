"""The simulated city's reference tables (底册): organs, people, absences, items, halls, subjects, a few accounts.

What the model plans is written here once, before its first day; the model itself touches no table but the ledger's.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

import pyotp
from django.contrib.auth.hashers import make_password

from zhengtong.accounts import clock
from zhengtong.accounts.labels import AccountKind, Duty, HoldingRole, RealNameLevel
from zhengtong.accounts.models import (
    Absence,
    Account,
    AuthorisationLetter,
    Mark,
    Person,
    Post,
    PostHolding,
    Subject,
    Territory,
    Unit,
)
from zhengtong.accounts.queries import number_index, phone_index
from zhengtong.cases import projections as cases
from zhengtong.catalogue import actions as catalogue
from zhengtong.documents import projections as documents
from zhengtong.kernel.events import Event
from zhengtong.kernel.states import State
from zhengtong.kernel.terms import LAW_ZONE
from zhengtong.ledger.history import CaseRef
from zhengtong.ledger.installed import Reaction
from zhengtong.ledger.rows import OUTBOX, Row
from zhengtong.simulation import ground as simulated
from zhengtong.simulation.matters import ItemPlan, internal_contents, plan_items
from zhengtong.simulation.organs import REGION, TOWN_REGION, Organs, check, plan_organs
from zhengtong.simulation.outsiders import Party, plan_outsiders
from zhengtong.simulation.sizes import Size
from zhengtong.site.demo import accounts
from zhengtong.site.demo.accounts import DemoAccount
from zhengtong.windows.models import Hall, Window

BEFORE: Final = timedelta(days=60)
ADMINISTRATORS: Final = (("zx21", Duty.SYSTEM), ("zx22", Duty.SECURITY), ("zx23", Duty.AUDIT))
CENTRE_ACCOUNTS: Final = (
    "zx02",
    "zx04",
    "zx05",
    "zx06",
    "zx07",
    "zx08",
    "zx09",
    "zx10",
    "qy01",
    "qy03",
    "qy05",
    "qy06",
)
CITIZENS: Final = 4


class NotEmpty(RuntimeError):
    """There is an organisation in this database already: a city is simulated on bare ground only."""


def lay(size: Size) -> simulated.Ground:
    """Write the city down; the same size gives the same rows.

    Raises:
        NotEmpty, NotPossible
    """
    check(size)
    if Unit.objects.exists():
        raise NotEmpty
    Mark.objects.get_or_create(name=clock.DEMO_MARK, defaults={"value": str(size.seed)})
    clock.forget()
    organs = plan_organs(size)
    items, parties = plan_items(size, organs), plan_outsiders(size)
    began = size.first - BEFORE
    units = _write_units(organs)
    people = _write_people(organs, units, began)
    absences = _write_absences(organs, people)
    _write_halls(organs, items)
    _write_parties(parties, began)
    _publish([item.content for item in items], people, began)
    _write_letters(items, units, began)
    accounts.keep(_open_accounts(organs, people, parties, began))
    written = simulated.Written(
        refs={number: person.ref for number, person in people.items()}, absences=absences,
        unit_numbers={code: f"{unit.pk % 1000:03d}" for code, unit in units.items()},
        shorts={code: unit.short_name or unit.name for code, unit in units.items()},
    )  # fmt: skip
    return simulated.lay(organs, items, parties, written)


def _at(day: date) -> datetime:
    return datetime.combine(day, time(10, 0), LAW_ZONE)


def _write_units(organs: Organs) -> dict[str, Unit]:
    district = Territory.objects.create(code=REGION, name="清源区", name_en="Qingyuan District")
    town = Territory.objects.create(code=TOWN_REGION, name="文昌镇", name_en="Wenchang Town", parent=district)
    units: dict[str, Unit] = {}
    for plan in organs.units:
        units[plan.code] = Unit.objects.create(
            code=plan.code, name=plan.name, name_en=plan.name_en, short_name=plan.short, kind=plan.kind,
            parent=units.get(plan.parent), territory=town if plan.code == "wc" else district,
        )  # fmt: skip
    return units


def _write_people(organs: Organs, units: Mapping[str, Unit], began: date) -> dict[str, Person]:
    Post.objects.bulk_create(
        Post(
            code=plan.code,
            name=plan.name,
            name_en=plan.name_en,
            unit=units[plan.unit],
            kind=plan.kind,
            is_head=plan.is_head,
        )
        for plan in organs.posts
    )
    Person.objects.bulk_create(
        Person(number=plan.number, name=plan.name, name_en=plan.name_en) for plan in organs.people
    )
    Person.objects.bulk_create(
        Person(number=number, name=f"管理员{n}", name_en=f"Administrator {n}")
        for n, (number, _duty) in enumerate(ADMINISTRATORS, 1)
    )
    posts = {post.code: post for post in Post.objects.all()}
    people = {person.number: person for person in Person.objects.all()}
    document = "清人社任（模拟）1号"
    PostHolding.objects.bulk_create(
        PostHolding(person=people[who], post=posts[plan.code], role=role, from_on=began, document=document)
        for plan in organs.posts
        for role, who in ((HoldingRole.A, plan.a), (HoldingRole.B, plan.b))
        if who
    )
    return people


def _write_absences(organs: Organs, people: Mapping[str, Person]) -> dict[tuple[str, date], str]:
    for away in organs.away:
        Absence.objects.create(
            person=people[away.number], from_on=away.first, until_on=away.last, reason=away.reason,
            registered_at=_at(away.first - timedelta(days=1)), registered_by=people[away.number].ref,
        )  # fmt: skip
    numbers = {person.pk: number for number, person in people.items()}
    return {(numbers[row.person_id], row.from_on): row.ref for row in Absence.objects.all()}


def _write_halls(organs: Organs, items: Iterable[ItemPlan]) -> None:
    hall = Hall.objects.create(
        code="zx1", name="政务服务中心", name_en="Service centre", unit="zx", address="清江路100号",
        address_en="100 Qingjiang Road",
    )  # fmt: skip
    used = {item.window for item in items}
    posts = {post.code: post for post in organs.posts}
    Window.objects.create(
        hall=hall, number="A01", name="综合窗口", name_en="General window", unit="zx", posts=["zx-window"]
    )
    Window.objects.bulk_create(
        Window(hall=hall, number=f"{n + 1:03d}", name=posts[window].name, name_en=posts[window].name_en,
               unit=posts[window].unit, posts=[window])
        for n, window in enumerate(window for each in organs.departments for window in each.windows if window in used)
    )  # fmt: skip


def _write_parties(parties: Iterable[Party], began: date) -> None:
    Subject.objects.bulk_create(
        (
            Subject(
                ref=party.ref,
                kind=party.kind,
                name=party.name,
                certificate_kind=party.certificate,
                number=party.number,
                number_index=number_index(party.number),
                phone=party.phone,
                phone_index=phone_index(party.phone),
                real_name_level=RealNameLevel.CHECKED,
                is_checked=True,
                created_at=_at(began),
                created_by="p-0",
            )
            for party in parties
        ),
        batch_size=500,
    )


def _publish(contents: list[Mapping[str, object]], people: Mapping[str, Person], began: date) -> None:
    editor, reviewer, at = people["zx04"].ref, people["zx05"].ref, _at(began + timedelta(days=5))
    for content in (*contents, *internal_contents()):
        draft = catalogue.create_item(content=content, actor=editor, at=at)
        catalogue.submit_for_review(version=draft, actor=editor, at=at, document="清政办发（模拟）1号")
        catalogue.publish(version=draft, actor=reviewer, at=at, effective_from=began + timedelta(days=6))


def _write_letters(items: Iterable[ItemPlan], units: Mapping[str, Unit], began: date) -> None:
    """授权书: for each item, its window may receive, its chief representative approve, its issuing post issue."""
    posts = {post.code: post for post in Post.objects.all()}
    roles = (("window", "receive"), ("approver", "approve"), ("issuer", "issue"))
    AuthorisationLetter.objects.bulk_create(
        AuthorisationLetter(
            number=f"{units[item.department].short_name}授（模拟）{n}-{k}号",
            item=item.code,
            organ=units[item.department],
            post=posts[item.content["posts"][role]["post"]],
            powers=[power],
            from_on=began,
        )
        for n, item in enumerate(items, 1)
        for k, (role, power) in enumerate(roles, 1)
        if role in item.content["posts"]
    )


# ---- what follows from an act of the past ------------------------------------------------------------------


def reactions(*, notices: bool) -> tuple[Reaction, ...]:
    """As wired, but no paper waits to be drawn; and no notice to be sent, where there would be a million of them."""
    told = (cases.notices_to_parties,) if notices else ()
    return (_register_papers, cases.branches_asked, *told)


def _register_papers(case: CaseRef, state: State, events: tuple[Event, ...]) -> tuple[Row, ...]:
    return tuple(row for row in documents.papers_to_render(case, state, events) if row.table != OUTBOX)


# ---- accounts -----------------------------------------------------------------------------------------------


def _open_accounts(
    organs: Organs, people: Mapping[str, Person], parties: tuple[Party, ...], began: date
) -> list[DemoAccount]:
    """For everybody of the largest department, the centre's people, three administrators and four citizens."""
    first = organs.departments[0].code
    duties = {post.a: (post.name, post.name_en) for post in reversed(organs.posts)}
    numbers = [number for number in sorted(people) if number.startswith(first) or number in CENTRE_ACCOUNTS]
    password, citizens_password = accounts.draw_password(), accounts.draw_password()
    hashed, hashed_citizens = make_password(password), make_password(citizens_password)
    rows, told = [], []
    given = dict(ADMINISTRATORS)
    for number in (*numbers, *given):
        secret = pyotp.random_base32()
        duty = given.get(number, "")
        rows.append(
            Account(
                login=number, kind=AccountKind.STAFF, person=people[number], password=hashed, totp_secret=secret,
                totp_enrolled=True, duty=duty, duty_since=began if duty else None,
            )
        )  # fmt: skip
        does, does_en = duties.get(number, (str(duty), str(duty)))
        told.append(
            DemoAccount(
                login=number, kind="staff", name=people[number].name, name_en=people[number].name_en, does=does,
                does_en=does_en, password=password, totp_secret=secret, is_for_a_tour=True,
            )
        )  # fmt: skip
    natural = [party for party in parties if party.kind == "natural"][:CITIZENS]
    for party in natural:
        rows.append(
            Account(
                login=party.phone, kind=AccountKind.CITIZEN, subject=Subject.objects.get(ref=party.ref),
                password=hashed_citizens,
            )
        )  # fmt: skip
        told.append(
            DemoAccount(
                login=party.phone, kind="citizen", name=party.name, name_en=party.name, does="个人办事",
                does_en="Own matters", password=citizens_password, is_for_a_tour=True,
            )
        )  # fmt: skip
    Account.objects.bulk_create(rows)
    return told
