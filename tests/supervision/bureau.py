"""The town of the desk with a section of supervision: an officer and a chief, and the internal items they work with."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.test import Client

from tests.cases import town as desk
from tests.cases.town import BEGAN, PASSWORD, Town, build_town, publish_inner, sign_in
from zhengtong.accounts.actions import hold_post
from zhengtong.accounts.models import Person, Post
from zhengtong.accounts.signing_in import open_staff_account

OFFICER, CHIEF = "方正", "邵明"


@dataclass(frozen=True)
class Bureau:
    town: Town
    officer: Client
    chief: Client
    clerk: Client


def build_bureau() -> Bureau:
    town = build_town()
    post = Post.objects.create(
        code="qy-chief", name="监察负责人", name_en="Chief", unit=town.units["qy"], kind="supervisor"
    )
    person = Person.objects.create(number="2090", name=CHIEF, name_en="Shao Ming")
    hold_post(person=person, post=post, role="A", from_on=BEGAN)
    account = open_staff_account(person=person, password=PASSWORD)
    whole = Town(
        accounts={**town.accounts, CHIEF: account}, people={**town.people, CHIEF: person},
        posts={**town.posts, "qy-chief": post}, units=town.units,
    )  # fmt: skip
    return Bureau(
        town=whole, officer=sign_in(whole, OFFICER), chief=sign_in(whole, CHIEF), clerk=sign_in(whole, "何静")
    )


def publish_check() -> None:
    publish_with_chief("spot_check", {"supervisor": "qy-watch", "chief": "qy-chief"})


def publish_with_chief(code: str, roles: Mapping[str, str]) -> None:
    """An internal item whose roles may be filled by the chief's post."""
    staff = desk.STAFF
    desk.STAFF = (*staff, (CHIEF, "qy-chief", "qy", "supervisor", False))  # type: ignore[misc,assignment]  # one post more, for this item only
    try:
        publish_inner(code, roles)
    finally:
        desk.STAFF = staff  # type: ignore[misc]


def second_officer(bureau: Bureau) -> Client:
    """Somebody of another unit who supervises the same territory."""
    unit = bureau.town.units["sc"]
    post = Post.objects.create(code="sc-watch", name="派驻监察", name_en="Resident", unit=unit, kind="supervisor")
    person = Person.objects.create(number="2091", name="祝平", name_en="Zhu Ping")
    hold_post(person=person, post=post, role="A", from_on=BEGAN)
    account = open_staff_account(person=person, password=PASSWORD)
    return sign_in(Town(accounts={"祝平": account}, people={}, posts={}, units={}), "祝平")


def publish_card() -> None:
    publish_with_chief("card", {"supervisor": "qy-watch", "chief": "qy-chief", "reviewer": "qy-chief"})
