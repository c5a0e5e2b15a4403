"""What people do to the catalogue: draft, submit, publish, retire, cancel, hand down, take over, suspend, resume.

A change never touches a published version; it makes the next one. Each act writes its line in the change log with the
document it rests on, in one transaction with the index.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction

from zhengtong.catalogue.contents import Complaint, Content, complaints_of, digest_of
from zhengtong.catalogue.indexing import index, reindex
from zhengtong.catalogue.labels import ChangeKind, ItemStatus, OpenCases, VersionStatus
from zhengtong.catalogue.models import Item, ItemChange, ItemVersion
from zhengtong.kernel.procedures import RoleKind
from zhengtong.law.items import complete, items_from_demo
from zhengtong.law.procedure_files import load_procedure

__all__ = [
    "CannotPublish", "NotPossible", "Order", "Posts", "cancel", "create_draft", "create_item", "end_cancelled",
    "hand_down", "load_demo_items", "publish", "reindex", "resume", "return_to_draft", "save_draft",
    "submit_for_review", "suspend", "take_over",
]  # fmt: skip

Posts = Mapping[str, Mapping[str, str]]
_HEAD: Final = (
    "kind", "procedure", "name", "name_en", "short", "short_en", "department", "region", "national_code",
)  # fmt: skip


class NotPossible(Exception):
    """What stands against an act on the catalogue, by code; words in `wording`."""

    def __init__(self, code: str, /, **params: str) -> None:
        self.code = code
        self.params = params
        super().__init__(f"{code} {params}")


class CannotPublish(NotPossible):
    """`bind` or the checks before publishing complain."""

    def __init__(self, complaints: tuple[Complaint, ...]) -> None:
        self.complaints = complaints
        super().__init__("not_ready")


# ---- drafts -------------------------------------------------------------------------------------


def create_item(*, content: Content, actor: str, at: datetime) -> ItemVersion:
    """A new item with its first draft."""
    if Item.objects.filter(code=content["code"]).exists():
        raise NotPossible("code_taken", code=str(content["code"]))
    with transaction.atomic():
        item = Item(code=content["code"], status=ItemStatus.DRAFT)
        _take_over_head(item, content)
        item.save()
        return _new_version(item, content, actor=actor, at=at)


def create_draft(*, item: Item, actor: str, at: datetime, content: Content | None = None) -> ItemVersion:
    """The next version as a draft, beginning as the last one stands (or as the content given)."""
    if item.status == ItemStatus.CANCELLED:
        raise NotPossible("cancelled")
    if item.versions.filter(status__in=[VersionStatus.DRAFT, VersionStatus.REVIEW]).exists():
        raise NotPossible("draft_open")
    last = item.versions.order_by("-version").first()
    start = content if content is not None else (last.content if last else listed_content(item))
    with transaction.atomic():
        return _new_version(item, start, actor=actor, at=at)


def listed_content(item: Item) -> dict[str, Any]:
    """What is known of a listed item, in the shape of an item version; what has to be filled in is empty."""
    return {
        "code": item.code,
        "procedure": item.procedure,
        "procedure_version": "",
        "version": 1,
        "region": item.region,
        "posts": {},
        "name": item.name,
        "name_en": item.name_en,
        "national_code": item.national_code,
        "kind": item.kind,
        "department": item.department,
        "themes": list(item.themes),
        "targets": list(item.targets),
    }


def _new_version(item: Item, content: Content, *, actor: str, at: datetime) -> ItemVersion:
    number = (item.versions.order_by("-version").values_list("version", flat=True).first() or 0) + 1
    frozen = {**content, "code": item.code, "version": number}
    return ItemVersion.objects.create(
        item=item, version=number, content=frozen, digest=digest_of(frozen), edited_by=actor, edited_at=at
    )


def save_draft(*, version: ItemVersion, content: Content, expected: str, actor: str, at: datetime) -> ItemVersion:
    """Keep what was typed. `expected`: the digest the form was made from, so that nobody else's words are lost."""
    frozen = {**content, "code": version.content["code"], "version": version.version}
    changed = ItemVersion.objects.filter(pk=version.pk, status=VersionStatus.DRAFT, digest=expected).update(
        content=frozen, digest=digest_of(frozen), edited_by=actor, edited_at=at
    )
    if not changed:
        raise NotPossible("changed_meanwhile")
    version.refresh_from_db()
    return version


def submit_for_review(*, version: ItemVersion, actor: str, at: datetime, note: str = "", document: str = "") -> None:
    """The editor asks another person to publish; complaints of `bind` stop it here already."""
    complaints = complaints_of(version.content)
    if complaints:
        raise CannotPublish(complaints)
    if not document.strip():
        raise NotPossible("document_needed")
    _move(
        version, VersionStatus.DRAFT, VersionStatus.REVIEW,
        submitted_at=at, edited_by=actor, note=note, document=document.strip(), returned_because="",
    )  # fmt: skip


def return_to_draft(*, version: ItemVersion, reason: str) -> None:
    """The reviewer sends it back, saying why."""
    if not reason.strip():
        raise NotPossible("reason_needed")
    _move(version, VersionStatus.REVIEW, VersionStatus.DRAFT, returned_because=reason.strip())


def _move(version: ItemVersion, before: str, after: str, **values: Any) -> None:
    if not ItemVersion.objects.filter(pk=version.pk, status=before).update(status=after, **values):
        raise NotPossible("changed_meanwhile")
    version.refresh_from_db()


# ---- publishing ---------------------------------------------------------------------------------


def publish(*, version: ItemVersion, actor: str, at: datetime, effective_from: date) -> None:
    """Another person than the editor puts a version in force from a day; the version before is retired on that day."""
    if version.status != VersionStatus.REVIEW:
        raise NotPossible("not_in_review")
    if version.edited_by == actor:
        raise NotPossible("own_draft")
    complaints = complaints_of(version.content)
    if complaints:
        raise CannotPublish(complaints)
    item = version.item
    if item.status == ItemStatus.CANCELLED:
        raise NotPossible("cancelled")
    with transaction.atomic():
        _retire_before(item, effective_from)
        _move(
            version, VersionStatus.REVIEW, VersionStatus.PUBLISHED,
            effective_from=effective_from, approved_by=actor, published_at=at,
        )  # fmt: skip
        is_new = version.version == 1
        _take_over_head(item, version.content)
        if item.status != ItemStatus.SUSPENDED:
            item.status = ItemStatus.PUBLISHED
        item.effective_on = effective_from
        item.save()
        order = Order(actor=actor, at=at, on=effective_from, document=version.document, note=version.note)
        _log(item, ChangeKind.NEW if is_new else ChangeKind.CHANGE, order, version=version.version)
        index([item])


def _retire_before(item: Item, on: date) -> None:
    """What is in force ends where the new version begins; what never began ends before it could."""
    for row in item.versions.filter(status=VersionStatus.PUBLISHED):
        if row.effective_from is not None and row.effective_from > on:
            raise NotPossible("later_version_waits", day=row.effective_from.isoformat())
    item.versions.filter(status=VersionStatus.PUBLISHED).update(status=VersionStatus.RETIRED, retired_on=on)


def _take_over_head(item: Item, content: Content) -> None:
    """Lists and search show the item as its newest version says."""
    for key in _HEAD:
        setattr(item, key, content.get(key, ""))
    for key in ("themes", "targets", "keywords"):
        setattr(item, key, list(content.get(key, ())))
    item.summary = summary_of(content)


def summary_of(content: Content) -> dict[str, Any]:
    """What a line in a list says beside the name."""
    terms = content.get("terms", {})
    return {
        "legal": terms.get("legal", ""),
        "promised": terms.get("promised", ""),
        "is_free": not content.get("fees"),
        "visits": content.get("visits"),
        "case_type": content.get("case_type", ""),
    }


# ---- dynamic management (动态管理) ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """On whose word and on what document an item changes, and from which day."""

    actor: str
    at: datetime
    on: date
    document: str
    note: str = ""

    def __post_init__(self) -> None:
        if not self.document.strip():
            raise NotPossible("document_needed")


def cancel(*, item: Item, order: Order) -> None:
    """取消: no application is accepted from that day on; cases accepted before end under their version."""
    if item.status == ItemStatus.CANCELLED or item.cancelled_on is not None:
        raise NotPossible("cancelled")
    with transaction.atomic():
        item.cancelled_on = order.on
        if order.on <= order.at.date():
            item.status = ItemStatus.CANCELLED
        item.save(update_fields=["cancelled_on", "status"])
        _log(item, ChangeKind.CANCEL, order)
        index([item])


def end_cancelled(on: date) -> int:
    """Take out of search what was cancelled from a day that has come: for the sweep. How many."""
    due = list(Item.objects.filter(cancelled_on__lte=on).exclude(status=ItemStatus.CANCELLED))
    with transaction.atomic():
        Item.objects.filter(pk__in=[item.pk for item in due]).update(status=ItemStatus.CANCELLED)
        for item in due:
            item.status = ItemStatus.CANCELLED
        index(due)
    return len(due)


def suspend(*, item: Item, order: Order) -> None:
    """暂停: stays findable, takes no applications."""
    if item.status != ItemStatus.PUBLISHED:
        raise NotPossible("not_published")
    _change_status(item, ItemStatus.SUSPENDED, ChangeKind.SUSPEND, order)


def resume(*, item: Item, order: Order) -> None:
    """恢复."""
    if item.status != ItemStatus.SUSPENDED:
        raise NotPossible("not_suspended")
    _change_status(item, ItemStatus.PUBLISHED, ChangeKind.RESUME, order)


def hand_down(*, item: Item, to_department: str, order: Order) -> None:
    """下放: recorded with the organ that is to take it over; nothing moves until that organ does."""
    if find_handed_down(item) is not None:
        raise NotPossible("already_handed_down")
    if item.status != ItemStatus.PUBLISHED:
        raise NotPossible("not_published")
    if to_department == item.department:
        raise NotPossible("same_department")
    _log(item, ChangeKind.HAND_DOWN, order, counterpart=to_department)


def take_over(*, item: Item, department: str, posts: Posts, order: Order) -> ItemVersion:
    """承接: only what was handed down to this organ, and not before its day; makes the draft with the organ's posts."""
    handed = find_handed_down(item)
    if handed is None or handed.counterpart != department:
        raise NotPossible("not_handed_down", department=department)
    if order.on < handed.effective_on:
        raise NotPossible("before_hand_down", day=handed.effective_on.isoformat())
    last = item.versions.order_by("-version").first()
    assert last is not None, "a published item has a version"
    content = {**last.content, "department": department, "posts": {role: dict(post) for role, post in posts.items()}}
    with transaction.atomic():
        draft = create_draft(item=item, actor=order.actor, at=order.at, content=content)
        _log(item, ChangeKind.TAKE_OVER, order, counterpart=department, version=draft.version)
    return draft


def find_handed_down(item: Item) -> ItemChange | None:
    """The hand-down that nobody has taken over yet."""
    last = item.changes.filter(kind__in=[ChangeKind.HAND_DOWN, ChangeKind.TAKE_OVER]).order_by("-pk").first()
    return last if last is not None and last.kind == ChangeKind.HAND_DOWN else None


def _change_status(item: Item, status: str, kind: ChangeKind, order: Order) -> None:
    with transaction.atomic():
        item.status = status
        item.save(update_fields=["status"])
        _log(item, kind, order)
        index([item])


def _log(item: Item, kind: ChangeKind, order: Order, *, version: int | None = None, counterpart: str = "") -> None:
    ItemChange.objects.create(
        item=item,
        kind=kind,
        version=version,
        document=order.document.strip(),
        note=order.note,
        effective_on=order.on,
        open_cases=OpenCases.NONE_OPEN if kind == ChangeKind.NEW else OpenCases.OLD_VERSION,
        counterpart=counterpart,
        recorded_at=order.at,
        recorded_by=order.actor,
    )


# ---- the demonstration catalogue ----------------------------------------------------------------

DEMO_DOCUMENT: Final = "清政办发〔2025〕1号（示例）"


def load_demo_items(
    *,
    posts_for: Callable[[str, str], Mapping[str, str] | None],
    region: str,
    at: datetime,
    effective_from: date,
    editor: str = "p-0",
    publisher: str = "p-1",
) -> list[str]:
    """Publish version 1 of every demonstration item; the codes of those that were not there yet.

    `posts_for(department, role)` gives {post, unit, dept} for a post role of the item's procedure, or nothing where
    the organ has no such post. What `check_posts` then finds missing is raised as CannotPublish.
    """
    done = []
    for code, table in sorted(items_from_demo().items()):
        if Item.objects.filter(code=code).exists():
            continue
        posts = _posts_of(table, posts_for)
        content = complete(table, version=1, region=region, posts=posts)
        with transaction.atomic():
            draft = create_item(content=content, actor=editor, at=at)
            submit_for_review(version=draft, actor=editor, at=at, note="", document=DEMO_DOCUMENT)
            publish(version=draft, actor=publisher, at=at, effective_from=effective_from)
        done.append(code)
    return done


def _posts_of(table: Mapping[str, Any], posts_for: Callable[[str, str], Mapping[str, str] | None]) -> dict[str, Any]:
    procedure = load_procedure(table["procedure"], table["procedure_version"])
    roles = [role.code for role in procedure.roles.values() if role.kind is RoleKind.POST]
    found = {role: posts_for(table["department"], role) for role in roles}
    return {role: dict(post) for role, post in found.items() if post}
