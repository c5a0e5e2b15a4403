"""Drafts (草稿): an application not handed in yet. The one table of this room; what was typed lies encrypted in it.

A draft that was handed in keeps its number and nothing else, so that a replayed post leads to the same receipt.
"""

from typing import ClassVar

from django.db import models

from zhengtong.accounts.sealed_fields import SealedTextField


class Draft(models.Model):
    """`key` is the idempotency key the application will be recorded under; `content` is JSON (`drafts.Content`)."""

    ref = models.CharField(max_length=32, unique=True)
    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="+")
    item = models.CharField(max_length=64)
    item_version = models.PositiveIntegerField()
    key = models.CharField(max_length=36, unique=True)
    content = SealedTextField(blank=True, default="")
    step = models.CharField(max_length=12, blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_index=True)
    number = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["account", "item"], name="draft_of_account")]
