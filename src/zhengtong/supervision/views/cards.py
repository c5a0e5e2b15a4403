"""The lists behind every figure of the watch: cards, findings, cases; narrowed, sorted, put together, taken along."""

from collections.abc import Iterable, Sequence
from typing import Final

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from zhengtong.accounts import clock
from zhengtong.accounts.traces import file_of
from zhengtong.supervision.figures import CardLine, Eye, age_words, by_table, card_lines
from zhengtong.supervision.forms import TakingForm
from zhengtong.supervision.frame import context, supervisor_required, watcher_of
from zhengtong.supervision.lists import case_lines, signal_lines
from zhengtong.supervision.models import Card, Signal, Watched
from zhengtong.supervision.names import CARD_STATES, CASE_STATES, FAMILIES, LEVELS, SIGNAL_STATES, names_of
from zhengtong.supervision.narrowing import (
    AGES,
    OPEN_AGES,
    CardFilters,
    CaseFilters,
    SignalFilters,
    cards,
    internal_procedures,
    signals,
    watched,
)
from zhengtong.supervision.wording import rule_name
from zhengtong.trail.exporting import FORMS, Table
from zhengtong.ui.wording import table_instant

PAGE: Final = 50
MOST_EXPORTED: Final = 5_000
BY: Final = ("dept", "window", "item")
Choices = list[tuple[str, str]]


def _eye(request: HttpRequest) -> Eye:
    at = clock.now()
    return Eye(regions=watcher_of(request, at).regions, at=at)


# ---- cards ----------------------------------------------------------------------------------------------


@never_cache
@require_safe
@supervisor_required
def card_list(request: HttpRequest) -> HttpResponse:
    return _cards_page(request, None)


def _cards_page(request: HttpRequest, form: TakingForm | None) -> HttpResponse:
    eye, filters, by = _eye(request), CardFilters.of(request.GET.dict()), request.GET.get("by", "")
    if by and by not in BY:
        raise Http404
    shown = {
        "filters": filters, "query": filters.query, "by": by, "form": form or TakingForm(),
        "states": _words(CARD_STATES), "levels": _words(LEVELS), "ages": [(code, age_words(code)) for code in AGES],
        **_card_choices(eye),
    }  # fmt: skip
    if by:
        rows, total = by_table(filters, eye, by)
        heads = [_("发出"), _("撤销的"), _("整改销号"), _("移交问责"), _("另行了结"), _("在挂")]
        shown |= {"rows": rows, "total": total, "heads": heads, "first_head": _by_words(by), "count": total.cells[0].n}
    else:
        page = Paginator(cards(filters, eye.regions, eye.at), PAGE).get_page(request.GET.get("page"))
        shown |= {"page": page, "lines": card_lines(list(page.object_list), eye), "count": page.paginator.count}
    status = 400 if form is not None else 200
    return render(request, "supervision/watch/cards.html", context(request, eye.at, **shown), status=status)


def _by_words(by: str) -> str:
    return {"dept": _("部门"), "window": _("窗口"), "item": _("事项")}[by]


def _words(known: object) -> Choices:
    return [(code, str(word)) for code, word in known.items()]  # type: ignore[attr-defined]  # one of the tables of names


def _card_choices(eye: Eye) -> dict[str, Choices]:
    """What the cards of these territories can be narrowed by: codes that are there."""
    rows = Card.objects.filter(region__in=eye.regions).order_by()
    return _choices({name: set(rows.values_list(name, flat=True).distinct()) for name in (*BY, "rule")})


def _choices(codes: dict[str, set[str]]) -> dict[str, Choices]:
    names = names_of(units=codes["dept"], windows=codes.get("window", ()), items=codes.get("item", ()))
    return {
        "depts": _sorted(codes["dept"], names.unit), "windows": _sorted(codes.get("window", ()), names.window),
        "items": _sorted(codes.get("item", ()), names.item), "rules": _sorted(codes.get("rule", ()), rule_name),
    }  # fmt: skip


def _sorted(codes: Iterable[str], word: object) -> Choices:
    return sorted(((code, word(code)) for code in codes if code), key=lambda pair: pair[1])  # type: ignore[operator]  # a method of Names


@require_POST
@supervisor_required
def export_cards(request: HttpRequest) -> HttpResponse:
    """The narrowed cards as a file, numbered and watermarked; taking it along is an entry of the trail."""
    form, kind = TakingForm(request.POST), request.POST.get("as", "")
    if kind not in FORMS:
        raise Http404
    if not form.is_valid():
        return _cards_page(request, form)
    eye, filters = _eye(request), CardFilters.of(request.GET.dict())
    lines = card_lines(list(cards(filters, eye.regions, eye.at)[:MOST_EXPORTED]), eye)
    return file_of(
        request, _table(lines), form=kind, what="cards", filters=filters.query, at=eye.at,
        reason=form.cleaned_data["reason"],
    )  # fmt: skip


def _table(lines: Sequence[CardLine]) -> Table:
    head = [
        _("编号"), _("等级"), _("判断"), _("事项"), _("单位"), _("所指办件"), _("规则"), _("发牌时间"), _("状态"),
        _("挂了几天"),
    ]  # fmt: skip
    rows = [
        [
            line.number, line.level_words, line.what, line.title, line.unit, line.about, line.rule,
            table_instant(line.issued_at) if line.issued_at else "", line.stands, str(line.hung),
        ]
        for line in lines
    ]  # fmt: skip
    return Table(
        name=_("监察牌"), title=_("监察牌"), head=head, rows=rows, widths=(26, 8, 30, 40, 22, 26, 12, 18, 14, 10)
    )


# ---- findings -------------------------------------------------------------------------------------------


@never_cache
@require_safe
@supervisor_required
def signal_list(request: HttpRequest) -> HttpResponse:
    eye, filters = _eye(request), SignalFilters.of(request.GET.dict())
    page = Paginator(signals(filters, eye.regions), PAGE).get_page(request.GET.get("page"))
    rows = Signal.objects.filter(region__in=eye.regions, gone_at=None).order_by()
    codes = {name: set(rows.values_list(name, flat=True).distinct()) for name in ("dept", "item", "rule")}
    shown = context(
        request, eye.at, page=page, lines=signal_lines(list(page.object_list), eye), filters=filters,
        query=filters.query, count=page.paginator.count, levels=_words(LEVELS), states=_words(SIGNAL_STATES),
        families=_words(FAMILIES), **_choices(codes),
    )  # fmt: skip
    return render(request, "supervision/watch/signals.html", shown)


# ---- cases ----------------------------------------------------------------------------------------------


@never_cache
@require_safe
@supervisor_required
def case_list(request: HttpRequest) -> HttpResponse:
    eye, filters = _eye(request), CaseFilters.of(request.GET.dict())
    page = Paginator(watched(filters, eye.regions, eye.at), PAGE).get_page(request.GET.get("page"))
    rows = Watched.objects.filter(region__in=eye.regions).exclude(procedure__in=internal_procedures()).order_by()
    codes = {name: set(rows.values_list(name, flat=True).distinct()) for name in ("dept", "item")}
    shown = context(
        request, eye.at, page=page, lines=case_lines(list(page.object_list), eye), filters=filters, query=filters.query,
        count=page.paginator.count, states=_words(CASE_STATES), ages=[(code, age_words(code)) for code in OPEN_AGES],
        **_choices(codes),
    )  # fmt: skip
    return render(request, "supervision/watch/cases.html", shown)
