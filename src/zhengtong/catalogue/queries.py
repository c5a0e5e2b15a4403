"""What other rooms ask the catalogue: which version counts, what it binds to, what a guide shows, what search finds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q
from django.utils.translation import get_language

from zhengtong.accounts.queries import unit_names
from zhengtong.catalogue import searching
from zhengtong.catalogue.contents import (
    Complaint,
    MaterialLine,
    Requirements,
    UnknownItemVersion,
    bound_for,
    bound_for_many,
    complaints_of,
    content_of,
    item_version,
    read_answers,
    requirements,
)
from zhengtong.catalogue.guides import GuideView, guide, leaflet_address
from zhengtong.catalogue.labels import KINDS, TARGETS, ItemStatus, VersionStatus, term_words, word
from zhengtong.catalogue.models import Item, ItemVersion, Theme
from zhengtong.catalogue.searching import Filters, initials_of

__all__ = [
    "Complaint", "Filters", "GuideView", "ItemRow", "MaterialLine", "Requirements", "SearchResult",
    "UnknownItemVersion", "bound_for", "bound_for_many", "complaints_of", "content", "departments", "digests_between",
    "find_item", "guide", "in_english", "initials_of", "inner_items", "item_names", "item_version", "items_in_force",
    "kinds",
    "leaflet_address", "published", "read_answers", "requirements", "search", "targets", "themes",
    "versions_in_force",
]  # fmt: skip

PAGE = 20


def content(code: str, version: int) -> dict[str, object]:
    """The frozen JSON of one version.

    Raises:
        UnknownItemVersion
    """
    return content_of(code, version)


# ---- which version counts -----------------------------------------------------------------------


def published(code: str, on: date) -> int | None:
    """The version under which an application of this day is accepted; none for what is only listed, suspended,
    cancelled or not yet in force."""
    return versions_in_force([code], on).get(code)


def versions_in_force(codes: Sequence[str], on: date) -> dict[str, int]:
    """`published` for many items in one query."""
    open_items = Q(item__status=ItemStatus.PUBLISHED) & (
        Q(item__cancelled_on__isnull=True) | Q(item__cancelled_on__gt=on)
    )
    rows = ItemVersion.objects.in_force(on).filter(open_items, item__code__in=codes).order_by("version")
    return dict(rows.values_list("item__code", "version"))


def items_in_force(on: date) -> list[tuple[str, int, date]]:
    """(code, version, in force from) of every published item, those outside the public catalogue too."""
    rows = ItemVersion.objects.in_force(on).filter(item__status=ItemStatus.PUBLISHED).order_by("item__code", "version")
    return list(rows.values_list("item__code", "version", "effective_from"))


def inner_items(on: date) -> list[tuple[str, int]]:
    """(code, version) in force of the matters that are no item of the public catalogue: tasks, cards, orders."""
    rows = ItemVersion.objects.in_force(on).filter(item__kind="", item__status=ItemStatus.PUBLISHED)
    return list(rows.order_by("item__code").values_list("item__code", "version"))


# ---- rows of lists ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One item in a list; the limits are (number, unit) in words, empty where the item is only listed."""

    code: str
    name: str
    short: str
    kind: str
    kind_words: str
    department: str
    department_words: str
    status: str
    status_words: str
    is_listed: bool
    themes: tuple[str, ...]
    targets: tuple[str, ...]
    promised: tuple[str, str]
    legal: tuple[str, str]
    is_free: bool
    visits: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    query: str
    rows: tuple[ItemRow, ...]
    total: int
    page: int
    pages: int


def search(
    q: str = "",
    *,
    filters: Filters = Filters(),  # noqa: B008 - frozen
    page: int = 1,
    size: int = PAGE,
) -> SearchResult:
    """Find items by words, pinyin initials or their own code, best first; exact from one character on.

    Six queries at most whatever is found.
    """
    page = max(1, page)
    hits = searching.find(searching.words_in(q), filters, offset=(page - 1) * size, limit=size)
    if not hits.total and q.strip():
        hits = _by_code(q)
    pages = max(1, -(-hits.total // size))
    return SearchResult(query=q, rows=rows_of(hits.items), total=hits.total, page=min(page, pages), pages=pages)


def _by_code(code: str) -> searching.Hits:
    plain = "".join(char for char in code[:80] if char.isascii() and char.isprintable()).strip()
    found = tuple(Item.objects.filter(code=plain, needle__isnull=False).values_list("pk", flat=True))
    return searching.Hits(items=found, total=len(found))


def rows_of(items: Sequence[int]) -> tuple[ItemRow, ...]:
    """Lines for these items, in this order."""
    found = {item.pk: item for item in Item.objects.filter(pk__in=items)}
    names = unit_names({item.department for item in found.values()})
    return tuple(row_of(found[key], names[found[key].department]) for key in items if key in found)


def row_of(item: Item, department: str) -> ItemRow:
    english = in_english()
    summary: Mapping[str, object] = item.summary
    visits = summary.get("visits")
    return ItemRow(
        code=item.code,
        name=(english and item.name_en) or item.name,
        short=(english and item.short_en) or item.short,
        kind=item.kind,
        kind_words=word(KINDS, item.kind),
        department=item.department,
        department_words=department,
        status=item.status,
        status_words=str(ItemStatus(item.status).label),
        is_listed=item.status == ItemStatus.LISTED,
        themes=tuple(item.themes),
        targets=tuple(item.targets),
        promised=term_words(str(summary.get("promised", ""))),
        legal=term_words(str(summary.get("legal", ""))),
        is_free=bool(summary.get("is_free", True)),
        visits=visits if isinstance(visits, int) else None,
    )


def in_english() -> bool:
    return (get_language() or "").startswith("en")


def find_item(code: str) -> ItemRow | None:
    item = Item.objects.filter(code=code).first()
    return row_of(item, unit_names([item.department])[item.department]) if item else None


def item_names(codes: Sequence[str]) -> dict[str, str]:
    """Item code → name in the reader's language; unknown codes stand for themselves."""
    english = in_english()
    rows = Item.objects.filter(code__in=codes).values_list("code", "name", "name_en")
    return {code: code for code in codes} | {code: (english and name_en) or name for code, name, name_en in rows}


# ---- what one can choose by ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something to filter by, with how many findable items have it."""

    code: str
    name: str
    count: int


def departments() -> tuple[Choice, ...]:
    """Departments that have findable items, most items first."""
    rows = Item.objects.filter(needle__isnull=False).exclude(department="").values("department").annotate(n=Count("pk"))
    counts: dict[str, int] = {row["department"]: row["n"] for row in rows.order_by("department")}
    names = unit_names(counts)
    return tuple(
        Choice(code=code, name=names[code], count=counts[code])
        for code in sorted(counts, key=lambda code: (-counts[code], code))
    )


def themes(audience: str = "") -> tuple[Choice, ...]:
    """Themes with findable items in the order of the national list; audience people | organisations | "" (all)."""
    wanted = Theme.objects.order_by("position", "pk")
    if audience == "people":
        wanted = wanted.filter(for_people=True)
    elif audience == "organisations":
        wanted = wanted.filter(for_organisations=True)
    english = in_english()
    counts: dict[str, int] = {}
    for item_themes in Item.objects.filter(needle__isnull=False).exclude(themes=[]).values_list("themes", flat=True):
        for theme in item_themes:
            counts[theme] = counts.get(theme, 0) + 1
    return tuple(
        Choice(code=theme.name, name=(english and theme.name_en) or theme.name, count=counts[theme.name])
        for theme in wanted
        if theme.name in counts
    )


def theme_names() -> dict[str, str]:
    english = in_english()
    return {row.name: (english and row.name_en) or row.name for row in Theme.objects.all()}


def kinds() -> tuple[tuple[str, str], ...]:
    return tuple((code, str(name)) for code, name in KINDS.items())


def targets() -> tuple[tuple[str, str], ...]:
    return tuple((code, str(name)) for code, name in TARGETS.items())


# ---- versions -----------------------------------------------------------------------------------


def versions_of(item: Item) -> list[ItemVersion]:
    return list(item.versions.order_by("-version"))


def open_draft(item: Item) -> ItemVersion | None:
    return item.versions.filter(status__in=[VersionStatus.DRAFT, VersionStatus.REVIEW]).first()


def digests_between(since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
    """(code@version, digest) of the versions published in this span: what the day's root covers of the catalogue."""
    rows = ItemVersion.objects.filter(published_at__gte=since, published_at__lt=until).order_by("item__code", "version")
    for code, version, digest in rows.values_list("item__code", "version", "digest"):
        yield f"{code}@{version}", digest
