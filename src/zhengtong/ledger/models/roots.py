"""Index of the signed daily roots, for the public page. The roots file outside the database is the record."""

from django.db import models


class Root(models.Model):
    day = models.DateField(primary_key=True)
    digest = models.TextField()
    line = models.TextField()

    class Meta:
        db_table = "ledger_root"
