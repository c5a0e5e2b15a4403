"""The catalogue (政务服务事项库): items, their versions, what was changed on what authority, and where rows came from.

A version that was published is fixed by triggers: a case keeps the version it was accepted under for ever.
"""

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import Q

from zhengtong.catalogue.labels import ChangeKind, ItemStatus, OpenCases, VersionStatus


class Theme(models.Model):
    """服务主题: its Chinese name is its code, as in the national lists."""

    name = models.CharField(max_length=40, unique=True)
    name_en = models.CharField(max_length=80, blank=True, default="")
    for_people = models.BooleanField(default=False)
    for_organisations = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class ImportRun(models.Model):
    """One run of the import: what file, and what became of its rows."""

    file = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    imported = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list)


class Item(models.Model):
    """事项: what stays the same through all versions, and what lists and search show of the one in force.

    `row_digest` is the digest of the imported row, so that the same row is never imported twice.
    """

    code = models.CharField(max_length=64, unique=True)
    national_code = models.CharField(max_length=64, blank=True, default="")
    local_codes = models.JSONField(default=list)
    main_item = models.CharField(max_length=300, blank=True, default="")
    kind = models.CharField(max_length=2)
    procedure = models.CharField(max_length=40, blank=True, default="")
    name = models.CharField(max_length=300)
    name_en = models.CharField(max_length=300, blank=True, default="")
    short = models.CharField(max_length=500, blank=True, default="")
    short_en = models.CharField(max_length=500, blank=True, default="")
    department = models.CharField(max_length=40, db_index=True)
    region = models.CharField(max_length=12)
    status = models.CharField(max_length=12, choices=ItemStatus.choices, default=ItemStatus.LISTED)
    themes = models.JSONField(default=list)
    targets = models.JSONField(default=list)
    keywords = models.JSONField(default=list)
    summary = models.JSONField(default=dict)
    effective_on = models.DateField(null=True, blank=True)
    cancelled_on = models.DateField(null=True, blank=True)
    row_digest = models.CharField(max_length=64, blank=True, default="", db_index=True)
    run = models.ForeignKey(ImportRun, models.PROTECT, null=True, blank=True, related_name="items")

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class VersionQuerySet(models.QuerySet):  # type: ignore[type-arg]  # generic only in the stubs
    def in_force(self, on: date) -> "VersionQuerySet":
        """Published versions that count on this day: begun, and not yet replaced."""
        begun = self.filter(status__in=[VersionStatus.PUBLISHED, VersionStatus.RETIRED], effective_from__lte=on)
        return begun.filter(Q(retired_on__isnull=True) | Q(retired_on__gt=on))


class ItemVersion(models.Model):
    """事项版本: one frozen JSON value (shape: law/items/demo), with who made and who approved it."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=VersionStatus.choices, default=VersionStatus.DRAFT)
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    effective_from = models.DateField(null=True, blank=True)
    retired_on = models.DateField(null=True, blank=True)
    edited_by = models.CharField(max_length=40, blank=True, default="")
    edited_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.CharField(max_length=40, blank=True, default="")
    published_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=1000, blank=True, default="")
    document = models.CharField(max_length=200, blank=True, default="")
    returned_because = models.CharField(max_length=1000, blank=True, default="")

    objects = VersionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "version"], name="one_item_version"),
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(status__in=[VersionStatus.DRAFT, VersionStatus.REVIEW]),
                name="one_open_draft_per_item",
            ),
            models.CheckConstraint(
                condition=~Q(status=VersionStatus.PUBLISHED) | Q(effective_from__isnull=False),
                name="published_version_has_its_day",
            ),
        ]


class ItemChange(models.Model):
    """动态管理: what was done to an item, from which day, on what document, and what becomes of open cases."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=10, choices=ChangeKind.choices)
    version = models.PositiveIntegerField(null=True, blank=True)
    document = models.CharField(max_length=200)
    note = models.CharField(max_length=1000, blank=True, default="")
    effective_on = models.DateField()
    open_cases = models.CharField(max_length=12, choices=OpenCases.choices, default=OpenCases.OLD_VERSION)
    counterpart = models.CharField(max_length=64, blank=True, default="")
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=40)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(document=""), name="change_names_its_document"),
        ]


class Needle(models.Model):
    """What search looks through, one row for each item that the public may find; kept by `searching`, rebuildable.

    `base` orders equal hits: what can be applied for before what is only listed, short names before long ones.
    """

    item = models.OneToOneField(Item, models.CASCADE, primary_key=True, related_name="needle")
    name = models.TextField()
    initials = models.TextField()
    more = models.TextField()
    other = models.TextField()
    whole = models.TextField()
    base = models.SmallIntegerField()
    department = models.CharField(max_length=40)
    kind = models.CharField(max_length=2)
    facets = models.TextField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["base", "item"], name="needle_in_order"),
            models.Index(fields=["department", "base", "item"], name="needle_by_department"),
        ]


class Edition(models.Model):
    """One row: which edition of the needles stands in the table. Another number, and every process reads them anew."""

    number = models.BigIntegerField()
