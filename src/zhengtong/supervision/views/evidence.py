"""One finding and one card: what is wrong, on what it rests, what may be done now. Nothing here changes a case that is
supervised; acts on cards, orders and advice are acts of their own procedures."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from zhengtong.accounts import clock
from zhengtong.accounts.requests import required_actor, staff_required
from zhengtong.cases.case_view import CaseRead, draw_main_clock, read_case, tell
from zhengtong.cases.panels import Drawing, draw_panel
from zhengtong.cases.refusals import refusal_view
from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.refusals import Refusal
from zhengtong.law.procedure_files import words as words_of
from zhengtong.ledger.queries import get_case_for
from zhengtong.ledger.record import NotAnEntry, StaleHistory, case_id_of, new_key
from zhengtong.supervision.evidence import read_evidence
from zhengtong.supervision.figures import Eye, card_lines
from zhengtong.supervision.frame import context, regions_of, supervisor_required
from zhengtong.supervision.models import Card, Signal
from zhengtong.supervision.ordering import (
    Matter,
    do_way,
    form_class,
    orders_about,
    ways_for_card,
    ways_for_signal,
)
from zhengtong.supervision.queries import get_signal_for
from zhengtong.ui.forms import TypedForm
from zhengtong.ui.values import RefusalView, TimelineEntry

WAYS = frozenset({"issue", "propose", "order", "advise"})
SAID_ELSEWHERE = frozenset({"propose", "issue_at_once", "link"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a page says of something that was sent and not done."""

    posted: tuple[str, TypedForm] | None = None
    refusal: RefusalView | None = None
    status: int = 200


NOTHING = Said()


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@supervisor_required
def signal(request: HttpRequest, key: str) -> HttpResponse:
    at = clock.now()
    actor = required_actor(request, at)
    row = get_signal_for(actor, key if key.isprintable() else "")
    if request.method == "POST":
        return _do(request, Matter.of_signal(row), actor, at)
    return _signal_page(request, row, actor, at)


def _signal_page(request: HttpRequest, row: Signal, actor: Actor, at: datetime, said: Said = NOTHING) -> HttpResponse:
    page = read_evidence(row, actor, Eye(regions=regions_of(actor), at=at))
    ways = ways_for_signal(row, key=new_key(at), posted=said.posted)
    shown = context(request, at, page=page, ways=ways, refusal=said.refusal)
    return render(request, "supervision/watch/signal.html", shown, status=said.status)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def card(request: HttpRequest, number: str) -> HttpResponse:
    """For supervisors of the territory and for whoever the card was served to; only the former act here."""
    at = clock.now()
    actor = required_actor(request, at)
    row = Card.objects.filter(pk=get_case_for(actor, number).pk).first()
    if row is None or (request.method == "POST" and row.region not in regions_of(actor)):
        raise Http404
    if request.method == "POST":
        return _do(request, Matter.of_card(row), actor, at)
    return _card_page(request, row, actor, at)


def _card_page(request: HttpRequest, row: Card, actor: Actor, at: datetime, said: Said = NOTHING) -> HttpResponse:
    case, eye = read_case(row.pk, at), Eye(regions=(row.region,), at=at)
    found = Signal.objects.filter(pk=row.signal).first() if row.signal else None
    watches = row.region in regions_of(actor)
    panel = draw_panel(Drawing(case=case, actor=actor, key=new_key(at)))
    decide = replace(panel.decide, against_title=_("影响部门得分，要写明理由"))
    shown = context(
        request, at, row=row, line=card_lines([row], eye)[0], story=_story(case), clock=draw_main_clock(case),
        page=read_evidence(found, actor, eye) if found is not None else None, watches=watches, decide=decide,
        ways=ways_for_card(row, key=new_key(at), posted=said.posted) if watches else None, orders=_orders(row),
        state=case.state_name, refusal=said.refusal,
    )  # fmt: skip
    return render(request, "supervision/watch/card.html", shown, status=said.status)


def _story(case: CaseRead) -> tuple[TimelineEntry, ...]:
    """What happened to a card, the newest first; what it was opened with stands in the evidence above."""
    return tuple(
        TimelineEntry(
            act=step.name, when=step.at, who=" ".join(part for part in (step.unit, step.post) if part) or step.who,
            say=""
            if step.act in SAID_ELSEWHERE
            else "；".join(f"{label}：{value}" for label, value in step.facts),
        )
        for step in reversed(tell(case, with_people=False))
    )  # fmt: skip


def _orders(row: Card) -> tuple[tuple[str, str, str], ...]:
    rows = orders_about(row.number)
    names = catalogue.item_names(sorted({each.item for each in rows})) if rows else {}
    language = get_language() or "zh-hans"
    return tuple(
        (
            reverse("cases:case", args=[each.number]), f"{names[each.item]} {each.number}",
            words_of(each.procedure, each.version, language).get(f"states.{each.state}.name", each.state),
        )
        for each in rows
    )  # fmt: skip


# ---- doing something about it ------------------------------------------------------------------------------


def _do(request: HttpRequest, matter: Matter, actor: Actor, at: datetime) -> HttpResponse:
    way = request.POST.get("way", "")
    if way not in WAYS:
        raise Http404
    form = form_class(way, matter)(request.POST, prefix=way)
    if form.fields and not form.is_valid():
        return _again(request, matter, actor, at, Said(posted=(way, form), status=400))
    try:
        number = do_way(way, matter, form, actor=actor, at=at, key=_key_in(request, at))
    except Refusal as refusal:
        said = Said(posted=(way, form), refusal=refusal_view(refusal, {}, {}), status=409)
        return _again(request, matter, actor, at, said)
    except StaleHistory:
        messages.warning(request, _("刚刚有人先办了一步，请再看一遍。"))
        return _see(request.path)
    messages.success(request, _("已办：%(act)s") % {"act": number})
    name = "supervision:card" if way in ("issue", "propose") else "cases:case"
    return _see(reverse(name, args=[number]))


def _see(url: str) -> HttpResponse:
    return HttpResponse(status=303, headers={"Location": url})


def _again(request: HttpRequest, matter: Matter, actor: Actor, at: datetime, said: Said) -> HttpResponse:
    row = Card.objects.filter(number=matter.card).first() if matter.card else None
    if row is not None and request.path == reverse("supervision:card", args=[row.number]):
        return _card_page(request, row, actor, at, said)
    return _signal_page(request, get_signal_for(actor, matter.key), actor, at, said)


def _key_in(request: HttpRequest, at: datetime) -> str:
    """The key a form carried, so that sending it twice does one thing; a new one where it is none of ours."""
    key = request.POST.get("key", "")[:60]
    try:
        case_id_of(key)
    except NotAnEntry:
        return new_key(at)
    return key
