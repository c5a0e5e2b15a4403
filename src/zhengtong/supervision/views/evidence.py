"""One finding and one card: what is wrong, on what it rests, what may be done now. Nothing here changes a case that is
supervised; acts on cards and orders are acts of their own procedures."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from zhengtong.accounts import clock
from zhengtong.accounts.requests import required_actor, staff_required
from zhengtong.accounts.traces import note_reading
from zhengtong.cases.case_view import draw_main_clock, read_case, tell
from zhengtong.cases.panels import Drawing, draw_panel
from zhengtong.ledger.queries import get_case_for
from zhengtong.ledger.record import new_key
from zhengtong.supervision.evidence import read_evidence
from zhengtong.supervision.figures import Eye, card_lines
from zhengtong.supervision.frame import context, regions_of, supervisor_required, watcher_of
from zhengtong.supervision.models import Card, Signal
from zhengtong.supervision.ordering import ways_for_card, ways_for_signal
from zhengtong.ui.values import TimelineEntry


@never_cache
@require_safe
@supervisor_required
def signal(request: HttpRequest, key: str) -> HttpResponse:
    at = clock.now()
    watcher = watcher_of(request, at)
    row = Signal.objects.filter(pk=key, region__in=watcher.regions).first() if key.isprintable() else None
    if row is None:
        raise Http404
    eye = Eye(regions=watcher.regions, at=at)
    page = read_evidence(row, watcher.actor, eye)
    if row.number:
        note_reading(request, what="evidence", number=row.number, at=at)
    shown = context(request, at, page=page, ways=ways_for_signal(row, watcher.actor, at))
    return render(request, "supervision/watch/signal.html", shown)


@never_cache
@require_safe
@staff_required
def card(request: HttpRequest, number: str) -> HttpResponse:
    """For supervisors of the territory and for whoever the card was served to."""
    at = clock.now()
    actor = required_actor(request, at)
    case = read_case(get_case_for(actor, number).pk, at)
    row = Card.objects.filter(pk=case.ref.id).first()
    if row is None:
        raise Http404
    eye = Eye(regions=(row.region,), at=at)
    signal = Signal.objects.filter(pk=row.signal).first() if row.signal else None
    watches = row.region in regions_of(actor)
    story = tuple(
        TimelineEntry(
            act=step.name, when=step.at, who=" ".join(part for part in (step.unit, step.post) if part) or step.who,
            say="；".join(f"{label}：{value}" for label, value in step.facts),
        )
        for step in reversed(tell(case, with_people=False))
    )  # fmt: skip
    note_reading(request, what="card", number=number, at=at)
    shown = context(
        request, at, row=row, line=card_lines([row], eye)[0], story=story, clock=draw_main_clock(case),
        page=read_evidence(signal, actor, eye) if signal is not None else None, watches=watches,
        panel=draw_panel(Drawing(case=case, actor=actor, key=new_key(at))),
        ways=ways_for_card(row, actor, at) if watches else (), state=case.state_name,
    )  # fmt: skip
    return render(request, "supervision/watch/card.html", shown)
