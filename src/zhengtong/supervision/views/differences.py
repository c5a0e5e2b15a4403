"""重算的差异: what another calendar or rulebook made read differently, run by run. Acts that were taken stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from zhengtong.accounts import clock
from zhengtong.supervision.frame import context, supervisor_required, watcher_of
from zhengtong.supervision.models import Difference, Run
from zhengtong.supervision.names import LEVELS, SIGNALS
from zhengtong.supervision.queries import differences_for, last_runs
from zhengtong.supervision.wording import quantity_words, rule_name
from zhengtong.ui.values import SignalKind

PAGE: Final = 50
RUNS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a finding read under one law."""

    level: SignalKind
    level_words: str
    measured: str
    since: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One finding that reads differently: `was` None where it is new, `now` None where it is no longer found."""

    number: str
    url: str
    rule: str
    signal_url: str
    was: Reading | None
    now: Reading | None


@never_cache
@require_safe
@supervisor_required
def difference_list(request: HttpRequest) -> HttpResponse:
    """Those of the newest recomputation, or of the one asked for, in the territories this actor supervises."""
    at = clock.now()
    watcher = watcher_of(request, at)
    runs = last_runs(RUNS, [Run.Kind.RECOMPUTE])
    run = _chosen(runs, request.GET.get("run", ""))
    found = differences_for(watcher.actor, run.pk) if run else Difference.objects.none()
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    others = [(each.started_at, f"?run={each.pk}") for each in runs if run is None or each.pk != run.pk]
    shown = context(
        request, at, run=run, page=page, lines=[_line(row) for row in page.object_list], others=others,
        query=f"run={run.pk}" if run else "",
    )  # fmt: skip
    return render(request, "supervision/watch/differences.html", shown)


def _chosen(runs: Sequence[Run], asked: str) -> Run | None:
    if not asked:
        return runs[0] if runs else None
    found = Run.objects.filter(pk=int(asked), kind=Run.Kind.RECOMPUTE).first() if _is_number(asked) else None
    if found is None:
        raise Http404
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def _line(row: Difference) -> Line:
    return Line(
        number=row.number, url=reverse("cases:case", args=[row.number]) if row.number else "",
        rule=rule_name(row.signal.partition("|")[0]), signal_url=reverse("supervision:signal", args=[row.signal]),
        was=_reading(row.was), now=_reading(row.now),
    )  # fmt: skip


def _reading(said: Mapping[str, Any] | None) -> Reading | None:
    if said is None:
        return None
    ended = said["cleared_at"]
    return Reading(
        level=SIGNALS[said["level"]], level_words=str(LEVELS[said["level"]]),
        measured=_("量得 %(measured)s，限 %(threshold)s")
        % {"measured": quantity_words(said["measured"]), "threshold": quantity_words(said["threshold"])},
        since=datetime.fromisoformat(said["since"]), ended_at=datetime.fromisoformat(ended) if ended else None,
    )  # fmt: skip
