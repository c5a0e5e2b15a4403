"""过程分析: the map and what stands behind it, where the next day saved would come from, and the what-if. All of it
reads the columnar copy; nothing here changes anything."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

import numpy as np
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from zhengtong.accounts import clock
from zhengtong.accounts import queries as people
from zhengtong.accounts.requests import required_actor, staff_required
from zhengtong.analysis import queries
from zhengtong.analysis.what_if import (
    NEAR_DAYS,
    NEAR_RATIO,
    NEAR_SHARE,
    VOLUME,
    Answer,
    Change,
    Check,
    Forecast,
    TooLittle,
    ask,
    prepare,
)
from zhengtong.kernel.authority import Actor
from zhengtong.ledger.queries import Case
from zhengtong.supervision import process_figures as figures
from zhengtong.supervision.frame import context, supervisor_required, watcher_of
from zhengtong.supervision.history import NEVER, History, history_of, names_in
from zhengtong.supervision.names import names_of
from zhengtong.supervision.process_forms import (
    LEAST,
    ProcessFilters,
    WhatIfWords,
    filters_of,
    instant_of,
    what_if_words,
)
from zhengtong.ui.values import ChartRow, ChartView, SeriesView

PAGE: Final = 50
LEADER_SHOWN: Final = 5
OVERVIEW: Final = 0.05
"""On the leader's page an arrow of all items together is drawn when so many of the cases took it."""


def tabs() -> tuple[tuple[str, str], ...]:
    return (
        ("process", _("过程图")), ("process_ways", _("走法")), ("process_times", _("停留与等待")),
        ("process_rework", _("返工")), ("process_hand_overs", _("移交")), ("process_conformance", _("与程序比对")),
        ("process_savings", _("下一天从哪里省")), ("process_what_if", _("假如")),
    )  # fmt: skip


def _regions(request: HttpRequest, at: datetime) -> tuple[str, ...]:
    return watcher_of(request, at).regions


def _shown(request: HttpRequest, at: datetime, filters: ProcessFilters, **more: object) -> dict[str, object]:
    """Context of a process page: its tabs, its filters with their choices, and as of when it speaks."""
    regions = _regions(request, at)
    name = getattr(request.resolver_match, "url_name", "")
    query = filters.query
    links = [
        (f"{reverse(f'supervision:{code}')}{'?' + query if query else ''}", label, code == name)
        for code, label in tabs()
    ]
    return context(
        request, at, tabs=links, filters=filters, shares=LEAST, **_copy_stands(), **_choices(regions), **more,
    )  # fmt: skip


def _copy_stands() -> dict[str, object]:
    return {"copied_at": queries.copied_at(), "is_being_rebuilt": queries.is_being_rebuilt()}


def _choices(regions: tuple[str, ...]) -> dict[str, object]:
    """The departments and items that have cases."""
    try:
        found = queries.volumes(ProcessFilters().selection(regions), ("dept", "item"))
    except queries.NotCopied:
        return {"depts": (), "items": ()}
    depts, items = sorted({one.group[0] for one in found}), sorted({one.group[1] for one in found})
    names = names_of(units=depts, items=items)
    return {
        "depts": [(code, names.unit(code)) for code in depts],
        "items": [(code, names.item(code)) for code in items],
    }


def _to(filters: ProcessFilters) -> figures.To:
    """The address of the cases behind a figure of these filters."""
    query = filters.query

    def to(about: str) -> str:
        return f"{reverse('supervision:process_cases')}?{urlencode({'about': about})}{'&' + query if query else ''}"

    return to


def _nowhere(_about: str) -> str:
    """No address: the figure is shown to somebody who may not see the cases behind it."""
    return ""


def _period(history: History) -> dict[str, object]:
    return {
        "cases": len(history.log.cases),
        "whole": history.whole,
        "since": instant_of(history.first_at),
        "until": instant_of(history.last_at),
    }


def _asked(request: HttpRequest) -> tuple[datetime, ProcessFilters, History | None]:
    at, filters = clock.now(), filters_of(request.GET)
    return at, filters, history_of(filters.selection(_regions(request, at)))


def _page(
    request: HttpRequest, name: str, filters: ProcessFilters, at: datetime, found: Mapping[str, Any]
) -> HttpResponse:
    shown = _shown(request, at, filters, **found)
    return render(request, f"supervision/process/{name}.html", shown)


# ---- the map and the tables -------------------------------------------------------------------------


@never_cache
@require_safe
@supervisor_required
def process_map(request: HttpRequest) -> HttpResponse:
    at, filters, history = _asked(request)
    if history is None:
        return _page(request, "map", filters, at, {})
    names, to = names_in(history), _to(filters)
    split = figures.find_times(history, names, to)
    hot = next((line.code for line in split.steps if not line.is_few), "")
    maps = []
    if filters.around:
        for half, label in (
            ("before", _("%(day)s 以前") % {"day": filters.around}),
            ("after", _("%(day)s 起") % {"day": filters.around}),
        ):
            part = history_of(filters.selection(_regions(request, at), half=half))
            if part is not None:
                maps.append(
                    (label, figures.find_map(part, names_in(part), to, least=filters.share, hot=hot), _period(part))
                )
    else:
        maps.append(("", figures.find_map(history, names, to, least=filters.share, hot=hot), _period(history)))
    return _page(request, "map", filters, at, {"maps": maps, "times": split, "has_map": True, **_period(history)})


@never_cache
@require_safe
@supervisor_required
def ways(request: HttpRequest) -> HttpResponse:
    at, filters, history = _asked(request)
    if history is None:
        return _page(request, "ways", filters, at, {})
    lines, number = figures.find_ways(history, names_in(history), _to(filters))
    return _page(request, "ways", filters, at, {"lines": lines, "number": number, **_period(history)})


@never_cache
@require_safe
@supervisor_required
def times(request: HttpRequest) -> HttpResponse:
    at, filters, history = _asked(request)
    if history is None:
        return _page(request, "times", filters, at, {})
    found = figures.find_times(history, names_in(history), _to(filters))
    return _page(request, "times", filters, at, {"times": found, **_period(history)})


@never_cache
@require_safe
@supervisor_required
def rework(request: HttpRequest) -> HttpResponse:
    at, filters, history = _asked(request)
    if history is None:
        return _page(request, "rework", filters, at, {})
    lines, number = figures.find_repeats(history, names_in(history), _to(filters))
    return _page(request, "rework", filters, at, {"lines": lines, "number": number, **_period(history)})


def _placed_names(units: Sequence[str]) -> Mapping[str, str]:
    """Units with their department, for sections of many departments bear one name."""
    depts = {unit: people.dept_of(unit) for unit in units}
    names = people.unit_names({*units, *depts.values()})
    return {
        unit: names.get(unit, unit) if dept in ("", unit) else f"{names.get(dept, dept)} {names.get(unit, unit)}"
        for unit, dept in depts.items()
    }


@never_cache
@require_safe
@supervisor_required
def hand_overs(request: HttpRequest) -> HttpResponse:
    at, filters, history = _asked(request)
    if history is None:
        return _page(request, "hand_overs", filters, at, {})
    found = figures.find_hand_overs(history, _placed_names, _to(filters))
    return _page(request, "hand_overs", filters, at, {"found": found, **_period(history)})


@never_cache
@require_safe
@supervisor_required
def conformance(request: HttpRequest) -> HttpResponse:
    at, filters, history = _asked(request)
    if history is None:
        return _page(request, "conformance", filters, at, {})
    found, to = figures.judge(history), _to(filters)
    shared = found.conforming
    said = {
        "percent": f"{100 * shared.value:.1f}" if shared.value is not None else "–",
        "low": f"{100 * shared.low:.1f}", "high": f"{100 * shared.high:.1f}",
    }  # fmt: skip
    lines = figures.deviation_lines(found, names_in(history), to)
    more = {"lines": lines, "conforming": shared, "said": said, "all_url": to("deviating:"), **_period(history)}
    return _page(request, "conformance", filters, at, more)


@never_cache
@require_safe
@supervisor_required
def savings(request: HttpRequest) -> HttpResponse:
    at, filters, history = _asked(request)
    if history is None:
        return _page(request, "savings", filters, at, {})
    q = 0.5 if request.GET.get("by") == "median" else 0.9
    lines = _saving_lines(history, _to(filters), q)
    return _page(request, "savings", filters, at, {"lines": lines, "by_median": q == 0.5, **_period(history)})


def _saving_lines(history: History, to: figures.To, q: float) -> tuple[figures.SavingLine, ...]:
    found = figures.savings_of(history, q)
    units = people.unit_names({one.unit for one in found})
    by = "&by=median" if q == 0.5 else ""
    return figures.saving_lines(
        found, names_in(history), units, lambda about: f"{url}{by}" if (url := to(about)) else ""
    )


@never_cache
@require_safe
@supervisor_required
def cases(request: HttpRequest) -> HttpResponse:
    """The cases behind a figure: fifty a page, the slowest in it first."""
    at, filters, history = _asked(request)
    about = request.GET.get("about", "")
    if history is None:
        raise Http404
    found = figures.cases_behind(history, about, q=0.5 if request.GET.get("by") == "median" else 0.9)
    if found is None:
        raise Http404
    page: Any = Paginator(found.tolist(), PAGE).get_page(request.GET.get("page"))
    page.object_list = _case_rows(history, list(page.object_list), required_actor(request, at))
    query = request.GET.copy()
    query.pop("page", None)
    more = {"page": page, "query": query.urlencode(), "number": len(found), "about": _about(history, about)}
    return _page(request, "cases", filters, at, more)


def _case_rows(history: History, places: list[int], actor: Actor) -> list[dict[str, object]]:
    """The cases in this order; with an address where the asker may open them."""
    numbers = [history.log.cases[place] for place in places]
    rows = {row.number: row for row in Case.objects.filter(number__in=numbers)}
    seen = set(Case.objects.visible_to(actor).filter(number__in=numbers).values_list("number", flat=True))
    names = names_of(units=[row.dept for row in rows.values()], items=[row.item for row in rows.values()])
    states = names_in(history).states
    return [
        {
            "number": row.number, "item": names.item(row.item),
            "dept": names.unit(row.dept), "opened_at": row.opened_at, "state": states.get(row.state, row.state),
            "closed_at": row.closed_at, "url": reverse("cases:case", args=[row.number]) if row.number in seen else "",
        }
        for number in numbers
        if (row := rows.get(number)) is not None
    ]  # fmt: skip


def _about(history: History, about: str) -> str:
    """In words, what the listed cases have in common."""
    names = names_in(history)
    kind, _colon, what = about.partition(":")
    state = names.states.get(what, what)
    left, _sign, right = what.partition(">")
    match kind:
        case "dwell":
            return _("受理以后、决定以前经过“%(step)s”的办件，停得最久的在上面") % {"step": state}
        case "step":
            return _("经过“%(step)s”的办件，停得最久的在上面") % {"step": state}
        case "open":
            return _("现在停在“%(step)s”的办件，等得最久的在上面") % {"step": state}
        case "pair":
            said = {"left": names.states.get(left, left), "right": names.states.get(right, right)}
            return _("从“%(left)s”到“%(right)s”的办件，最慢的在上面") % said
        case "again":
            return _("不止一次到“%(step)s”的办件") % {"step": state}
        case "over":
            units = people.unit_names([left, right])
            return _("从%(left)s移交%(right)s的办件") % {
                "left": units.get(left, left),
                "right": units.get(right, right),
            }
        case "saving":
            unit, _colon, step = what.partition(":")
            said = {"unit": people.unit_names([unit]).get(unit, unit), "step": names.states.get(step, step)}
            return _("%(unit)s在“%(step)s”比同类单位慢的办件，最慢的在上面") % said
        case "way":
            return _("走法第 %(n)s 的办件") % {"n": what}
        case _:
            return _("与程序不符的办件")


# ---- what if ----------------------------------------------------------------------------------------


@never_cache
@require_safe
@supervisor_required
def what_if(request: HttpRequest) -> HttpResponse:
    at, filters, history = _asked(request)
    words = what_if_words(request.GET)
    if history is None:
        return _page(request, "what_if", filters, at, {"words": words})
    whole = history_of(replace(filters, item="").selection(_regions(request, at))) or history
    more: dict[str, object] = {
        "words": words,
        "kept": [(name, value) for name in ("dept", "item", "first", "last") if (value := getattr(filters, name))],
        **_period(history),
        **_form(history, whole),
    }
    if words.is_asked and not words.wrong and filters.item and more["limit_now"] is not None:
        more |= _answered(whole, filters, words)
    return _page(request, "what_if", filters, at, more)


def _form(history: History, whole: History) -> dict[str, object]:
    """Choices of the form: the posts at which these cases were worked on, the steps they went through."""
    stays, names = history.stays, names_in(history)
    codes = [stays.places[code] for code in np.unique(stays.place[stays.place >= 0]).tolist()]
    places = people.post_places(codes)
    steps = [stays.steps[code] for code in np.unique(stays.step).tolist()]
    limit = int(np.median(history.limits)) if len(history.limits) else NEVER
    return {
        "posts": sorted((code, places.get(code, code)) for code in codes),
        "steps": [(code, names.states.get(code, code)) for code in steps],
        "limit_now": None if limit >= NEVER else limit,
    }


def _answered(whole: History, filters: ProcessFilters, words: WhatIfWords) -> dict[str, object]:
    judged = np.array([item == filters.item for item in whole.log.case_columns["item"]], dtype=np.bool_)
    merge = (words.one, words.other) if words.one and words.other and words.one != words.other else None
    change = Change(
        limit=words.limit, servers=((words.post, words.more),) if words.post and words.more else (), merge=merge,
        spared=words.spared / 100,
    )  # fmt: skip
    try:
        flow = prepare(
            whole.stays, accepted=whole.accepted, decided=whole.decided, started=whole.accepted, limits=whole.limits,
            judged=judged,
        )  # fmt: skip
        answer = ask(flow, change, seed=words.seed)
    except TooLittle:
        return {"too_little": True}
    except KeyError:
        raise Http404 from None
    names = people.post_places([part for load in answer.then.pools + answer.now.pools for part in load.pool.split("+")])
    return {
        "answer": answer, "rows": _rows(answer), "loads": _loads(answer, names), "check": _checked(answer.check),
        "chart": _chart(answer) if answer.check.holds and answer.now.late.high + answer.then.late.high > 0 else None,
    }  # fmt: skip


def _checked(check: Check) -> dict[str, object]:
    """The replay of what is beside what was, line by line, with how far apart they may lie."""
    late = check.replayed
    lines = [
        {
            "what": _("超期率"), "observed": f"{100 * check.observed / check.judged:.1f}%",
            "replayed": f"{100 * late.mid / check.judged:.1f}%",
            "between": f"{100 * late.low / check.judged:.1f}–{100 * late.high / check.judged:.1f}",
            "allowed": _("%(n)s 个百分点") % {"n": f"{100 * NEAR_SHARE:.0f}"}, "is_near": check.share_is_near,
        }
    ]  # fmt: skip
    lines += [
        {
            "what": _("%(n)s%% 的办件在几天内") % {"n": one.percent}, "observed": f"{one.observed:.1f}",
            "replayed": f"{one.replayed.mid:.1f}", "between": f"{one.replayed.low:.1f}–{one.replayed.high:.1f}",
            "allowed": _("%(n)s 天") % {"n": f"{one.allowed:.1f}"}, "is_near": one.is_near,
        }
        for one in check.deciles
    ]  # fmt: skip
    return {
        "lines": lines, "least": VOLUME, "days": f"{NEAR_DAYS:.0f}", "ratio": f"{100 * NEAR_RATIO:.0f}",
        "points": f"{100 * NEAR_SHARE:.0f}", "worked": f"{100 * check.worked:.0f}",
        "stretched": f"{check.stretched:.2f}", "apart": sum(not line["is_near"] for line in lines),
    }  # fmt: skip


def _percent(forecast: Forecast) -> tuple[str, str]:
    one = forecast.share
    return f"{100 * one.mid:.1f}%", f"{100 * one.low:.1f}–{100 * one.high:.1f}%"


def _rows(answer: Answer) -> list[tuple[str, str, str, str, str]]:
    """What, as it is with its spread, as it would be with its spread."""
    now, then = answer.now, answer.then
    return [
        (_("超期率"), *_percent(now), *_percent(then)),
        (
            _("超期件数"), f"{now.late.mid:,.0f}", f"{now.late.low:,.0f}–{now.late.high:,.0f}",
            f"{then.late.mid:,.0f}", f"{then.late.low:,.0f}–{then.late.high:,.0f}",
        ),
        (
            _("九成办件用时（工作日）"), f"{now.used.mid:.1f}", f"{now.used.low:.1f}–{now.used.high:.1f}",
            f"{then.used.mid:.1f}", f"{then.used.low:.1f}–{then.used.high:.1f}",
        ),
    ]  # fmt: skip


def _loads(answer: Answer, names: Mapping[str, str]) -> list[dict[str, object]]:
    before = {load.pool: load for load in answer.now.pools}
    found = []
    for load in answer.then.pools:
        old = before.get(load.pool)
        found.append(
            {
                "name": _("、").join(names.get(part, part) for part in load.pool.split("+")), "servers": load.servers,
                "visits": load.visits, "busy": f"{100 * load.busy.mid:.0f}%",
                "busy_between": f"{100 * load.busy.low:.0f}–{100 * load.busy.high:.0f}%",
                "waits": f"{load.waits.mid:.1f}", "waits_between": f"{load.waits.low:.1f}–{load.waits.high:.1f}",
                "was": f"{100 * old.busy.mid:.0f}%" if old else "–",
                "waited": f"{old.waits.mid:.1f}" if old else "–",
            }
        )  # fmt: skip
    return found[:12]


def _chart(answer: Answer) -> ChartView:
    rows = [
        ChartRow(label=label, cells=tuple((round(value), "") for value in (late.low, late.mid, late.high)))
        for label, late in ((_("照现在"), answer.now.late), (_("改了以后"), answer.then.late))
    ]
    return ChartView(
        code="late", kind="bar", say=_("超期件数：照现在和改了以后"),
        sub=_("%(judged)s 件里的超期件数，%(runs)s 次重放的 5%%、中位、95%%")
        % {"judged": f"{answer.now.judged:,}", "runs": answer.replications},
        category=_("情形"),
        series=(
            SeriesView(label=_("少则（5%）"), tone="left"), SeriesView(label=_("中位"), tone="used"),
            SeriesView(label=_("多则（95%）"), tone="brand"),
        ),
        rows=tuple(rows),
    )  # fmt: skip


# ---- for those who lead -------------------------------------------------------------------------------


def _leads(actor: Actor) -> tuple[str, ...]:
    """The territories somebody answers for: as head of their government, or by supervising them."""
    return tuple(sorted({region for seat in actor.seats for region in (*seat.government_of, *seat.supervises)}))


@never_cache
@require_safe
@staff_required
def leader(request: HttpRequest) -> HttpResponse:
    """慢在哪里: the way cases went, where the next day saved would come from, and what lies in the slowest step now."""
    at = clock.now()
    actor = required_actor(request, at)
    regions = _leads(actor)
    if not regions:
        raise PermissionDenied
    filters = filters_of(request.GET)
    history = history_of(filters.selection(regions))
    shown = context(request, at, filters=filters, desk_name=_("领导屏"), **_copy_stands(), **_choices(regions))
    if history is None:
        return render(request, "supervision/process/leader.html", shown)
    may_drill = bool(watcher_of(request, at).regions)
    names, to = names_in(history), _to(filters) if may_drill else _nowhere
    found = figures.find_times(history, names, to)
    slowest = next((line for line in found.steps if not line.is_few), None)
    least = filters.share if filters.item else max(filters.share, OVERVIEW)
    drawn = figures.find_map(history, names, to, least=least, hot=slowest.code if slowest else "")
    waiting = figures.cases_behind(history, f"open:{slowest.code}") if slowest else None
    stuck = [] if waiting is None else _case_rows(history, waiting.tolist()[:LEADER_SHOWN], actor)
    shown |= {
        "map": drawn, "times": found, "slowest": slowest, "stuck": stuck,
        "stuck_number": 0 if waiting is None else len(waiting),
        "may_drill": may_drill, "stuck_url": to(f"open:{slowest.code}") if slowest else "",
        "savings": _saving_lines(history, to, 0.9)[:LEADER_SHOWN], **_period(history),
    }  # fmt: skip
    return render(request, "supervision/process/leader.html", shown)
