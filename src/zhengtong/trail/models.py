"""The audit trail (审计线索): four books, each an append-only chain of entries. Triggers refuse change and deletion.

Nothing here names a person beyond an account's login and a reference (`p-12`); what an entry says beside that is
`said`, canonical JSON of codes, numbers and dates.
"""

from typing import ClassVar

from django.db import models

from zhengtong.trail.labels import Book, Outcome


class Entry(models.Model):
    """One line of a book. `about`: whom or what it concerns; `hash` covers all other columns and the hash before."""

    book = models.CharField(max_length=12, choices=Book.choices)
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    login = models.CharField(max_length=60, blank=True, default="")
    person = models.CharField(max_length=60, blank=True, default="")
    duty = models.CharField(max_length=10, blank=True, default="")
    post = models.CharField(max_length=60, blank=True, default="")
    address = models.CharField(max_length=45, blank=True, default="")
    what = models.CharField(max_length=60)
    about = models.CharField(max_length=200, blank=True, default="")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.DONE)
    said = models.TextField(default="{}")
    prev = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    class Meta:
        db_table = "trail_entry"
        constraints: ClassVar = [models.UniqueConstraint(fields=["book", "seq"], name="one_entry_per_place")]
        indexes: ClassVar = [
            models.Index(fields=["book", "login", "seq"], name="entry_by_login"),
            models.Index(fields=["book", "about", "seq"], name="entry_by_about"),
            models.Index(fields=["book", "at"], name="entry_by_time"),
        ]


class Head(models.Model):
    """Where a book ends: locked while an entry is added, so that writers queue up and no two take one place."""

    book = models.CharField(max_length=12, primary_key=True)
    seq = models.BigIntegerField(default=0)
    hash = models.BinaryField(max_length=32)

    class Meta:
        db_table = "trail_head"
