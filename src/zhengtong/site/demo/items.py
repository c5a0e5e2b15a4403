"""The catalogue of the demonstration city: every shipped item published, one change in review, one item cancelled, two
that are only listed, and the items behind hotline, information requests, supervised tasks and cards."""

import json
import tempfile
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from zhengtong.catalogue import actions as catalogue
from zhengtong.catalogue.importing import import_file
from zhengtong.catalogue.models import Item
from zhengtong.law.items import complete, items_from_internal
from zhengtong.simulation.matters import inner_posts
from zhengtong.site.demo.organisation import BEGAN, REGION, Organs

CANCELLED: Final = "qy-wl-0021"
CHANGED: Final = "qy-sc-0001"
LISTED: Final = (
    {"code": "qy-sw-0901", "name": "河道采砂许可", "department": "清源区水务局", "kind": "01", "region": REGION},
    {"code": "qy-jy-0901", "name": "校车使用许可", "department": "清源区教育局", "kind": "01", "region": REGION},
)


def load_items(organs: Organs, now: datetime) -> dict[str, str]:
    """Publish everything; item code → department, of those that can be applied for."""
    editor, reviewer = organs.people["zx04"].ref, organs.people["zx05"].ref
    at = datetime.combine(date(BEGAN.year, 1, 5), now.timetz().replace(hour=10, minute=0, second=0, microsecond=0))
    codes = catalogue.load_demo_items(
        posts_for=organs.posts_for, region=REGION, at=at, effective_from=BEGAN, editor=editor, publisher=reviewer
    )
    for _code, table in sorted(items_from_internal().items()):
        posts = {role: organs.post_ref(post) for role, post in inner_posts(table).items()}
        _publish(complete(table, version=1, region=REGION, posts=posts), editor=editor, reviewer=reviewer, at=at)
    return {item.code: item.department for item in Item.objects.filter(code__in=codes)}


def _publish(content: Mapping[str, Any], *, editor: str, reviewer: str, at: datetime) -> None:
    draft = catalogue.create_item(content=content, actor=editor, at=at)
    catalogue.submit_for_review(version=draft, actor=editor, at=at, document=catalogue.DEMO_DOCUMENT)
    catalogue.publish(version=draft, actor=reviewer, at=at, effective_from=BEGAN)


def change_items(organs: Organs, now: datetime) -> None:
    """What the item management section has been doing lately."""
    editor = organs.people["zx04"].ref
    lately = now - timedelta(days=2)
    _draft_a_change(editor, lately)
    order = catalogue.Order(
        actor=editor,
        at=lately,
        on=lately.date(),
        document="清政办发〔2026〕9号（示例）",
        note="授予工作改由行业协会承担",
    )
    catalogue.cancel(item=Item.objects.get(code=CANCELLED), order=order)
    _import_listed(lately)


def _draft_a_change(editor: str, at: datetime) -> None:
    """A shorter promise and one paper fewer to insist on: waits for its reviewer, the difference can be seen."""
    item = Item.objects.get(code=CHANGED)
    last = item.versions.order_by("-version").first()
    assert last is not None
    content = json.loads(json.dumps(last.content))
    content["terms"]["promised"] = "6 wd"
    content["materials"][-1]["tolerable"] = True
    draft = catalogue.create_draft(item=item, actor=editor, at=at, content=content)
    catalogue.submit_for_review(
        version=draft,
        actor=editor,
        at=at,
        document="清政办发〔2026〕11号（示例）",
        note="压缩承诺时限，一份材料可以容缺",
    )


def _import_listed(at: datetime) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "listed.jsonl"
        path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in LISTED), encoding="utf-8")
        outcome = import_file(path, at=at)
        assert outcome.imported == len(LISTED), outcome.refused
