"""A department with a post for every role of a licence, a task office and a hotline, and people who can sign in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pyotp
from django.test import Client
from django.urls import reverse

from tests.catalogue.town import publish
from zhengtong.accounts.actions import hold_post
from zhengtong.accounts.clock import real_now
from zhengtong.accounts.models import Account, Person, Post, Territory, Unit
from zhengtong.accounts.signing_in import enrol_totp, open_staff_account
from zhengtong.law.items import complete, items_from_demo, items_from_internal

PASSWORD: Final = "坚固的-passphrase-7"
BEGAN: Final = date(2026, 1, 1)
REGION: Final = "510199"
ITEM: Final = "qy-wj-0001"
IDENTITY: Final = "11010519491231002X"
OTHER_IDENTITY: Final = "440524188001010014"
CREDIT_CODE: Final = "91350100M000100Y43"
BROWSER: Final = "a clerk's browser"

# person, post, unit, kind, is the head
STAFF: Final = (
    ("何静", "wj-sp-window", "wj-sp", "window", False),
    ("李伟", "wj-sp-undertaker", "wj-sp", "undertake", False),
    ("周岚", "wj-sp-reviewer", "wj-sp", "review", False),
    ("陈立新", "wj-sp-approver", "wj-sp", "approve", False),
    ("吴敏", "wj-sp-issuer", "wj-sp", "issue", False),
    ("冯一鸣", "wj-sp-chair", "wj-sp", "other", False),
    ("秦卫东", "wj-head", "wj", "head", True),
    ("陆长河", "qy-head", "qy", "head", True),
    ("方正", "qy-watch", "qy", "supervisor", False),
    ("黄莉", "qy-office", "qy", "other", False),
    ("马腾", "qy-leader", "qy", "other", False),
    ("孙悦", "sc-window", "sc", "window", False),
    ("赵刚", "sc-undertake", "sc", "undertake", False),
)
UNITS: Final = (
    ("qy", "清源区人民政府", "government", "", "清政"),
    ("wj", "卫生健康局", "department", "qy", "清卫"),
    ("wj-sp", "行政审批科", "section", "wj", "清卫"),
    ("sc", "市场监督管理局", "department", "qy", "清市监"),
)


@dataclass(frozen=True)
class Town:
    accounts: Mapping[str, Account]
    people: Mapping[str, Person]
    posts: Mapping[str, Post]
    units: Mapping[str, Unit]


def build_town() -> Town:
    upper = Territory.objects.create(code=REGION, name="清源区")
    units: dict[str, Unit] = {}
    for code, name, kind, parent, short in UNITS:
        units[code] = Unit.objects.create(
            code=code, name=name, name_en=f"en {code}", short_name=short, kind=kind, parent=units.get(parent),
            territory=upper,
        )  # fmt: skip
    people, posts, accounts = {}, {}, {}
    for n, (name, code, unit, kind, is_head) in enumerate(STAFF):
        posts[code] = Post.objects.create(
            code=code, name=code, name_en=code, unit=units[unit], kind=kind, is_head=is_head
        )
        people[name] = Person.objects.create(number=f"20{n:02d}", name=name, name_en=f"Person {n}")
        hold_post(person=people[name], post=posts[code], role="A", from_on=BEGAN)
        accounts[name] = open_staff_account(person=people[name], password=PASSWORD)
    return Town(accounts=accounts, people=people, posts=posts, units=units)


def posts_for(department: str, roles: tuple[str, ...]) -> dict[str, Any]:
    return {role: {"post": f"{department}-sp-{role}", "unit": f"{department}-sp", "dept": department} for role in roles}


LICENCE_ROLES: Final = ("window", "lower", "undertaker", "reviewer", "approver", "issuer", "chair")


def publish_licence(code: str = ITEM, **changes: Any) -> None:
    posts = posts_for("wj", LICENCE_ROLES)
    publish({**complete(items_from_demo()[code], version=1, region=REGION, posts=posts), **changes}, on=BEGAN)


def publish_inner(code: str, roles: Mapping[str, str], **changes: Any) -> None:
    """An internal item, its roles filled by posts of this town."""
    by_post = {post: unit for _name, post, unit, _kind, _head in STAFF}
    dept = {"wj-sp": "wj"}
    posts = {
        role: {"post": post, "unit": by_post[post], "dept": dept.get(by_post[post], by_post[post])}
        for role, post in roles.items()
    }
    publish({**complete(items_from_internal()[code], version=1, region=REGION, posts=posts), **changes}, on=BEGAN)


def sign_in(town: Town, name: str, browser: str = BROWSER) -> Client:
    """Signed in with both factors."""
    client, account = Client(headers={"user-agent": browser}), town.accounts[name]
    account.refresh_from_db()
    if not account.totp_enrolled:
        enrol_totp(account, secret=pyotp.random_base32())
    answer = client.post(reverse("accounts:staff_sign_in"), {"typed": account.login, "password": PASSWORD})
    assert answer["Location"] == reverse("accounts:second_factor"), answer.content.decode()
    Account.objects.filter(pk=account.pk).update(totp_last_step=0)
    answer = client.post(answer["Location"], {"code": pyotp.TOTP(account.totp_secret).at(real_now())})
    assert answer.status_code == 302, answer.content.decode()
    return client
