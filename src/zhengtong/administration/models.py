"""What waits for a second pair of eyes, and who is to leave. Rows are decided or undone, never deleted."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from zhengtong.administration.labels import Decision, ProposalKind


class Proposal(models.Model):
    """A change of authority that one administrator proposed and another has to confirm. `asked`: codes and dates."""

    kind = models.CharField(max_length=12, choices=ProposalKind.choices)
    person = models.ForeignKey("accounts.Person", models.PROTECT, related_name="+")
    asked = models.JSONField(default=dict)
    document = models.CharField(max_length=80)
    proposed_by = models.ForeignKey("accounts.Account", models.PROTECT, related_name="+")
    proposed_duty = models.CharField(max_length=10)
    proposed_at = models.DateTimeField()
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True, default="")
    decided_by = models.ForeignKey("accounts.Account", models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(decision="", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(decision="") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="decided_by_somebody_at_some_time",
            ),
            models.CheckConstraint(
                condition=~Q(decision="confirmed") | ~Q(decided_by=models.F("proposed_by")),
                name="nobody_confirms_the_own_proposal",
            ),
        ]


class Departure(models.Model):
    """离任: confirmed, from a last day on. `ended` says what was ended, to be undone until the day comes."""

    person = models.ForeignKey("accounts.Person", models.PROTECT, related_name="+")
    last_day = models.DateField()
    document = models.CharField(max_length=80)
    ended = models.JSONField(default=dict)
    entered_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "last_day"], condition=Q(undone_at__isnull=True), name="one_departure_a_day"
            ),
        ]
