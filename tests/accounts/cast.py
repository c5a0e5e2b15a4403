"""A small organisation for this room's tests: a district government, one department with its approval section."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from zhengtong.accounts.actions import hold_post
from zhengtong.accounts.models import Account, Person, Post, Territory, Unit
from zhengtong.accounts.signing_in import open_staff_account

ZONE = timezone(timedelta(hours=8))
AT = datetime(2026, 3, 16, 9, 0, tzinfo=ZONE)
TODAY = date(2026, 3, 16)
BEGAN = date(2026, 1, 1)
REAL = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
PASSWORD = "坚固的-passphrase-7"
IDENTITY = "11010519491231002X"
OTHER_IDENTITY = "440524188001010014"
CREDIT_CODE = "91350100M000100Y43"


@dataclass(frozen=True)
class City:
    units: dict[str, Unit]
    posts: dict[str, Post]
    people: dict[str, Person]
    accounts: dict[str, Account]


POSTS = (
    ("qy-head", "区长", "qy", "head", True),
    ("qy-watch", "监察岗", "qy", "supervisor", False),
    ("wj-head", "局长", "wj", "head", True),
    ("wj-sp-window", "窗口岗", "wj-sp", "window", False),
    ("wj-sp-undertake", "承办岗", "wj-sp", "undertake", False),
    ("wj-sp-approve", "审批岗", "wj-sp", "approve", False),
)
PEOPLE = (
    ("1001", "何静", "wj-sp-window"),
    ("1002", "李伟", "wj-sp-undertake"),
    ("1003", "周岚", "wj-sp-approve"),
    ("1004", "秦卫东", "wj-head"),
    ("1005", "陆长河", "qy-head"),
    ("1006", "方正", "qy-watch"),
)


def build_city() -> City:
    upper = Territory.objects.create(code="510199", name="清源区")
    Territory.objects.create(code="510199001", name="文昌街道", parent=upper)
    units: dict[str, Unit] = {}
    for code, name, kind, parent in (
        ("qy", "清源区人民政府", "government", ""),
        ("wj", "卫生健康局", "department", "qy"),
        ("wj-sp", "行政审批科", "section", "wj"),
        ("sc", "市场监督管理局", "department", "qy"),
    ):
        units[code] = Unit.objects.create(
            code=code, name=name, name_en=f"en {code}", kind=kind, parent=units.get(parent), territory=upper
        )
    posts = {
        code: Post.objects.create(code=code, name=name, unit=units[unit], kind=kind, is_head=is_head)
        for code, name, unit, kind, is_head in POSTS
    }
    people: dict[str, Person] = {}
    for number, name, post in PEOPLE:
        people[name] = Person.objects.create(number=number, name=name)
        hold_post(person=people[name], post=posts[post], role="A", from_on=BEGAN)
    accounts = {name: open_staff_account(person=person, password=PASSWORD) for name, person in people.items()}
    return City(units=units, posts=posts, people=people, accounts=accounts)
