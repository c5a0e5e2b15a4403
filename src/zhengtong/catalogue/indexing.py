"""From items to what search looks through (建索引): which items the public may find, and by which words."""

from collections.abc import Iterable, Iterator

from django.db import transaction

from zhengtong.accounts.queries import unit_names
from zhengtong.catalogue import searching
from zhengtong.catalogue.labels import ItemStatus
from zhengtong.catalogue.models import Item

FINDABLE = (ItemStatus.LISTED, ItemStatus.PUBLISHED, ItemStatus.SUSPENDED)
READ_AT_ONCE = 500


def index(items: Iterable[Item]) -> None:
    """Bring the index up to date for these items: what is not findable leaves it."""
    wanted = list(items)
    names = unit_names({item.department for item in wanted}, "zh-hans")
    with transaction.atomic():
        searching.remove([item.pk for item in wanted if item.status not in FINDABLE])
        searching.write(indexed(item, names[item.department]) for item in wanted if item.status in FINDABLE)


def reindex() -> int:
    """Write the whole index anew: after a change of words or of how grams are made."""
    count = 0
    with transaction.atomic():
        searching.clear()
        for batch in _batches():
            index(batch)
            count += len(batch)
    return count


def _batches() -> Iterator[list[Item]]:
    last = 0
    while batch := list(Item.objects.filter(pk__gt=last).order_by("pk")[:READ_AT_ONCE]):
        yield batch
        last = batch[-1].pk


def indexed(item: Item, department: str) -> searching.Indexed:
    fold = searching.fold
    name = fold(item.name)
    return searching.Indexed(
        text=searching.Text(
            item=item.pk,
            name=name,
            initials=searching.initials_of(item.name),
            more=fold(" ".join((*item.keywords, item.name_en))),
            other=fold(f"{item.short} {item.short_en} {department}"),
            base=searching.base_of(name, is_listed=item.status != ItemStatus.PUBLISHED),
        ),
        department=item.department,
        kind=item.kind,
        themes=tuple(item.themes),
        targets=tuple(item.targets),
    )
