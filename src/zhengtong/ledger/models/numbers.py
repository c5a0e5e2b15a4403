"""Number series (编号) and the numbers drawn from them; a number drawn and not used is an honest gap.

`period` is the year for documents and results (2026) and the day for cases (260301).
"""

from django.db import models


class Series(models.Model):
    pk = models.CompositePrimaryKey("kind", "organ", "period")
    kind = models.TextField()
    organ = models.TextField()
    period = models.IntegerField()
    next = models.IntegerField()

    class Meta:
        db_table = "ledger_series"


class Drawn(models.Model):
    number = models.TextField(primary_key=True)
    kind = models.TextField()
    organ = models.TextField()
    period = models.IntegerField()
    serial = models.IntegerField()
    drawn_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_drawn"
        indexes = [models.Index(fields=["drawn_at"], name="drawn_when")]
