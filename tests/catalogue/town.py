"""A small town for the tests of this room: departments of the demonstration items, with a post for every role."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from zhengtong.catalogue import actions
from zhengtong.kernel.terms import LAW_ZONE
from zhengtong.law.items import complete, items_from_demo

AT: Final = datetime(2026, 3, 2, 9, 0, tzinfo=LAW_ZONE)
DAY: Final = date(2026, 3, 2)
REGION: Final = "510199"
EDITOR, PUBLISHER = "p-11", "p-12"
ITEM: Final = "qy-wj-0001"


def posts_for(department: str, role: str) -> Mapping[str, str] | None:
    return {"post": f"{department}-sp-{role}", "unit": f"{department}-sp", "dept": department}


def load_demo() -> list[str]:
    return actions.load_demo_items(posts_for=posts_for, region=REGION, at=AT, effective_from=date(2026, 1, 1))


def content(code: str = ITEM, **changes: Any) -> dict[str, Any]:
    table = items_from_demo()[code]
    roles = ("window", "lower", "undertaker", "reviewer", "approver", "issuer", "chair")
    posts = {role: dict(posts_for(table["department"], role) or {}) for role in roles}
    return {**complete(table, version=1, region=REGION, posts=posts), **changes}


def publish(made: dict[str, Any], *, on: date = DAY, editor: str = EDITOR, publisher: str = PUBLISHER) -> Any:
    draft = actions.create_item(content=made, actor=editor, at=AT)
    actions.submit_for_review(version=draft, actor=editor, at=AT, document="清政办〔2026〕3号")
    actions.publish(version=draft, actor=publisher, at=AT, effective_from=on)
    return draft
