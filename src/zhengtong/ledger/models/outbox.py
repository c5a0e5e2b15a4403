"""What the outside world is to be told, written with the act and sent after it, at least once and in order."""

from django.db import models

from zhengtong.ledger.models.cases import Case


class Outgoing(models.Model):
    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.IntegerField()
    topic = models.TextField()
    body = models.JSONField()
    attempts = models.IntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    parked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ledger_outbox"
        indexes = [models.Index(fields=["id"], name="outbox_waiting", condition=models.Q(parked_at__isnull=True))]
