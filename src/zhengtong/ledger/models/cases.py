"""The docket (办件登记簿): identity of a case and the few columns lists are ordered and filtered by.

Every column but identity is the fold of the history; `record()` alone writes it, `rebuild` makes it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from zhengtong.kernel.authority import Actor, reader_keys


class CaseQuerySet(models.QuerySet["Case"]):
    """Adjectives of the docket. `visible_to` comes first in every list."""

    def visible_to(self, actor: Actor) -> Self:
        """The SQL twin of `kernel.authority.may_see`."""
        return self.visible_to_keys(reader_keys(actor))

    def visible_to_keys(self, keys: Iterable[tuple[str, str]]) -> Self:
        """Cases with at least one of these reader keys: a probe of the case's own few reader rows."""
        by_kind: dict[str, list[str]] = {}
        for kind, ref in sorted(keys):
            by_kind.setdefault(kind, []).append(ref)
        if not by_kind:
            return self.none()
        wanted = Q()
        for kind, refs in by_kind.items():
            wanted |= Q(kind=kind, ref__in=refs)
        return self.filter(Exists(Reader.objects.filter(wanted, case_id=OuterRef("pk"))))

    def read_as(self, kind: str, ref: str) -> Self:
        """Cases one reader key opens, found from the key: for a citizen's own cases and other short lists."""
        return self.filter(pk__in=Reader.objects.filter(kind=kind, ref=ref).values("case_id"))

    def open(self) -> Self:
        return self.filter(closed_at__isnull=True)

    def due_before(self, at: datetime) -> Self:
        return self.open().filter(due_at__lt=at)

    def awake_by(self, at: datetime) -> Self:
        return self.filter(wake_at__lte=at)

    def by_due(self) -> Self:
        """The order of every work list: what is due first, then what has no due day, oldest first."""
        return self.order_by(F("due_at").asc(nulls_last=True), "id")


class Case(models.Model):
    id = models.BigIntegerField(primary_key=True)
    number = models.TextField(unique=True)
    procedure = models.TextField()
    version = models.TextField()
    item = models.TextField()
    item_version = models.IntegerField()
    region = models.TextField()
    unit = models.TextField()
    dept = models.TextField()
    post = models.TextField()
    assignee = models.TextField(null=True)
    window = models.TextField(null=True)
    state = models.TextField()
    phase = models.TextField()
    outcome = models.TextField(null=True)
    opened_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    promised_at = models.DateTimeField(null=True)
    wake_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    last_seq = models.IntegerField()
    head_hash = models.BinaryField()

    objects = CaseQuerySet.as_manager()

    class Meta:
        db_table = "ledger_case"
        indexes = [
            models.Index(
                fields=["unit", "post", "phase", "procedure", "state", "due_at", "id", "promised_at"],
                name="case_place", condition=models.Q(closed_at__isnull=True),
            ),
            models.Index(
                fields=["dept", "due_at", "id"], name="case_dept_due", condition=models.Q(closed_at__isnull=True)
            ),
            models.Index(
                fields=["dept", "item", "due_at", "id"], name="case_dept_item",
                condition=models.Q(closed_at__isnull=True),
            ),
            models.Index(
                fields=["dept", "due_at", "id"], name="case_with_party",
                condition=models.Q(closed_at__isnull=True, phase="supplementing"),
            ),
            models.Index(fields=["item", "id"], name="case_item"),
            models.Index(fields=["due_at", "id"], name="case_due", condition=models.Q(closed_at__isnull=True)),
            models.Index(fields=["wake_at"], name="case_wake", condition=models.Q(wake_at__isnull=False)),
        ]  # fmt: skip


class Reader(models.Model):
    """Who may see a case, as keys: the SQL twin of `kernel.authority.find_readers`, rebuilt like the docket."""

    pk = models.CompositePrimaryKey("case_id", "kind", "ref")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="readers", db_index=False)
    kind = models.TextField()
    ref = models.TextField()

    class Meta:
        db_table = "ledger_reader"
        indexes = [models.Index(fields=["kind", "ref", "case"], name="reader_ref")]
