"""Sealed rows (密封件): personal data, encrypted under a data key of its own, erasable, never in an event.

`digest` covers what is stored and stays after an erasure, so a changed row is found without any key.
"""

from django.db import models

from zhengtong.ledger.models.cases import Case


class Sealed(models.Model):
    pk = models.CompositePrimaryKey("case_id", "seq", "field")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.IntegerField()
    field = models.TextField()
    key_id = models.TextField()
    wrapped = models.BinaryField()
    nonce = models.BinaryField()
    ciphertext = models.BinaryField()
    salt = models.BinaryField()
    digest = models.BinaryField()
    erased_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ledger_sealed"


class SealedIndex(models.Model):
    pk = models.CompositePrimaryKey("field", "hmac", "case_id", "seq")
    field = models.TextField()
    hmac = models.BinaryField()
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.IntegerField()
    sealed_field = models.TextField()

    class Meta:
        db_table = "ledger_sealed_index"
        indexes = [models.Index(fields=["case", "seq", "sealed_field"], name="sealed_index_row")]
