"""The fixed cast of all tests, by what they are for a story. They live in the small city (fixture `small_city`) and in
the demonstration, made by the same functions; nobody here is drawn by chance.

Staff are named by their login, citizens by their name.
"""

from datetime import datetime
from typing import Final

from zhengtong.accounts.models import Account, Person
from zhengtong.accounts.queries import actor_for, actor_of_person
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.terms import LAW_ZONE

NOW: Final = datetime(2026, 11, 20, 15, 0, tzinfo=LAW_ZONE)
"""The instant as which the small city stands: a Friday afternoon."""

# The health bureau's approval section, post by post.
WINDOW_CLERK, ISSUER, OFFICER, REVIEWER, CHIEF, CHAIR, HEAD, DEPUTY = (f"wj{n:02d}" for n in range(1, 9))
OTHER_CLERK, OTHER_OFFICER = "sc01", "sc03"  # the market bureau: nothing of the health bureau is theirs
GOVERNOR, LEADER, INSPECTOR = "qy01", "qy02", "qy03"
DISCLOSURE_CLERK, DISCLOSURE_OFFICER, DISCLOSURE_HEAD = "qy05", "qy06", "qy04"
GENERAL_WINDOW, ADMINISTRATOR, ITEM_EDITOR, ITEM_REVIEWER = "zx02", "zx03", "zx04", "zx05"
SUPERVISOR, SUPERVISION_CHIEF, OPERATOR, DISPATCHER, HOTLINE_MANAGER = "zx06", "zx08", "zx09", "zx10", "zx11"

CITIZEN: Final = "赵玉珍"
AGENT, FIRM = "陈志远", "清源听雨酒店管理有限公司"
REPRESENTATIVE: Final = "林晓梅"
ATTORNEY: Final = "冯丽华"  # holds a power of 赵玉珍's for one item
OUTSIDER: Final = "褚安然"

ITEM: Final = "qy-wj-0001"


def staff(login: str, at: datetime = NOW) -> Actor:
    """What this member of staff may act as at an instant."""
    return actor_of_person(Person.objects.get(number=login).pk, at)


def citizen(name: str, at: datetime = NOW, *, item: str = "", case: str = "") -> Actor:
    return actor_for(account_of(name), at, item=item, case=case)


def account_of(who: str) -> Account:
    """The account of a login, or of a citizen's name."""
    found = Account.objects.filter(login=who).first()
    return found or next(
        row for row in Account.objects.filter(kind="citizen") if row.subject and row.subject.name == who
    )
