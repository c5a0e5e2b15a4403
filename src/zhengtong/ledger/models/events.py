"""The event table (事实). Only the ledger may import this module; the database itself refuses UPDATE and DELETE.

`hash` covers every other column; `codec` is the edition of the body's shape.
"""

from django.db import models

from zhengtong.ledger.models.cases import Case


class Event(models.Model):
    pk = models.CompositePrimaryKey("case_id", "seq")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.IntegerField()
    region = models.TextField()
    batch = models.IntegerField()
    kind = models.TextField()
    codec = models.IntegerField()
    person = models.TextField()
    post = models.TextField()
    unit = models.TextField()
    role = models.TextField()
    standing = models.TextField()
    basis = models.TextField()
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    key = models.TextField(null=True)
    body = models.JSONField()
    prev = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        db_table = "ledger_event"
        constraints = [
            models.UniqueConstraint(fields=("case", "key"), name="event_key", condition=models.Q(key__isnull=False)),
        ]
