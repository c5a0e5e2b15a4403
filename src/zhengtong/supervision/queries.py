"""What a supervisor sees (监察所见): findings and cards of the regions they supervise, and columns that add up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, Q, QuerySet
from django.http import Http404

from zhengtong.kernel.authority import Actor
from zhengtong.kernel.supervision.findings import Finding
from zhengtong.kernel.supervision.rules import RANKS
from zhengtong.supervision.models import Card, CardQuerySet, Difference, Run, Signal, SignalQuerySet, Told
from zhengtong.supervision.plain import finding_from_plain

__all__ = [
    "Columns", "cards_for", "columns_by", "count_signals", "differences_for", "differences_of", "finding_of",
    "get_card_for", "get_signal_for", "last_runs", "regions_of", "signals_for", "told_of",
]  # fmt: skip

BY: Final = ("level", "dept", "unit", "window", "item", "rule")


def regions_of(actor: Actor) -> frozenset[str]:
    """The regions an actor supervises."""
    return frozenset(region for seat in actor.seats for region in seat.supervises)


def signals_for(actor: Actor) -> SignalQuerySet:
    """The findings of the regions an actor supervises, those that are gone too."""
    return Signal.objects.filter(region__in=regions_of(actor))


def get_signal_for(actor: Actor, key: str) -> Signal:
    """
    Raises:
        Http404: it is not there, or not for them.
    """
    found = signals_for(actor).filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def finding_of(signal: Signal) -> Finding:
    """The whole finding: evidence, arithmetic, parameters."""
    return finding_from_plain(signal.finding)


def count_signals(actor: Actor) -> dict[str, int]:
    """Open findings by level."""
    rows = signals_for(actor).open().values_list("level").annotate(n=Count("pk")).order_by()
    return {str(level): 0 for level in RANKS} | dict(rows)


def cards_for(actor: Actor) -> CardQuerySet:
    """The cards of the regions an actor supervises."""
    return Card.objects.filter(region__in=regions_of(actor))


def get_card_for(actor: Actor, number: str) -> Card:
    """
    Raises:
        Http404: it is not there, or not for them.
    """
    found = cards_for(actor).filter(number=number).first()
    if found is None:
        raise Http404
    return found


def told_of(*, signal: str = "", card: str = "") -> list[Told]:
    """Who was told of a finding, or served its card."""
    wanted = Q(signal=signal) if signal else Q(card=card)
    return list(Told.objects.filter(wanted).order_by("pk"))


# ---- columns --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Cards issued in a period and what became of them: issued = open + corrected + revoked + accountable + superseded
    + other. `proposed` and `dropped` were never issued and are not among them."""

    issued: int = 0
    open: int = 0
    corrected: int = 0
    revoked: int = 0
    accountable: int = 0
    superseded: int = 0
    other: int = 0
    proposed: int = 0
    dropped: int = 0

    @property
    def adds_up(self) -> bool:
        ended = self.corrected + self.revoked + self.accountable + self.superseded + self.other
        return self.issued == self.open + ended


_ENDS: Final = ("corrected", "revoked", "accountable", "superseded")
_ISSUED: Final = Q(issued_at__isnull=False)


def columns_by(
    cards: CardQuerySet, by: str, since: datetime | None = None, until: datetime | None = None
) -> dict[str, Columns]:
    """The columns of cards issued in [since, until), by level (as issued), department, unit, window, item or rule.

    Raises:
        ValueError: no such column.
    """
    if by not in BY:
        raise ValueError(f"cards are not counted by {by!r}: {', '.join(BY)}")
    if since is not None:
        cards = cards.filter(Q(issued_at__gte=since) | Q(issued_at=None, opened_at__gte=since))
    if until is not None:
        cards = cards.filter(Q(issued_at__lt=until) | Q(issued_at=None, opened_at__lt=until))
    column = "issued_level" if by == "level" else by
    counts = {name: Count("pk", filter=_ISSUED & Q(closed_at__isnull=False, outcome=name)) for name in _ENDS}
    rows = (
        cards.values(column)
        .annotate(
            issued=Count("pk", filter=_ISSUED),
            open_ones=Count("pk", filter=_ISSUED & Q(closed_at=None)),
            other=Count("pk", filter=_ISSUED & Q(closed_at__isnull=False) & ~Q(outcome__in=_ENDS)),
            proposed=Count("pk", filter=Q(issued_at=None, closed_at=None)),
            dropped=Count("pk", filter=Q(issued_at=None, closed_at__isnull=False)),
            **counts,
        )
        .order_by(column)
    )
    return {str(row[column]): _columns(row) for row in rows}


def _columns(row: Mapping[str, int]) -> Columns:
    names = ("issued", "other", "proposed", "dropped", *_ENDS)
    return Columns(open=row["open_ones"], **{name: row[name] for name in names})


# ---- runs -----------------------------------------------------------------------------------------------


def last_runs(limit: int = 20, kinds: Iterable[str] = ()) -> list[Run]:
    """The newest runs of the sweeper."""
    runs = Run.objects.order_by("-started_at", "-pk")
    return list((runs.filter(kind__in=list(kinds)) if kinds else runs)[:limit])


def differences_of(run: int) -> list[Difference]:
    """What a recomputation changed."""
    return list(Difference.objects.filter(run_id=run).order_by("number", "signal"))


def differences_for(actor: Actor, run: int) -> QuerySet[Difference]:
    """The same, of the cases of regions an actor supervises."""
    return Difference.objects.filter(run_id=run, case__region__in=regions_of(actor)).order_by("number", "signal")
