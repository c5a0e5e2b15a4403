"""What the ledger's docket cannot say of a case in one column: who was asked something beside it.

A projection: every row is the fold of a history, written with the act, and made again by `rebuild`.
"""

from django.db import models

from zhengtong.ledger.models.cases import Case


class Asked(models.Model):
    """One branch of a case: a consent, an opinion, a task; `asked` is the key of whoever is to answer it.

    `asked` is a unit's or post's code, or a rank with what it ranks over (`head:wj-sp`, `government:510199`).
    """

    pk = models.CompositePrimaryKey("case_id", "branch")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_index=False)
    branch = models.TextField()
    group = models.TextField()
    kind = models.TextField(default="")
    asked = models.TextField()
    is_waiting = models.BooleanField()
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "cases_asked"
        indexes = [
            models.Index(fields=["asked", "case"], name="asked_waiting", condition=models.Q(is_waiting=True)),
        ]
