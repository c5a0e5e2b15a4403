"""Tags that draw components from plain values. Text is escaped; nothing here asks a database or a permission.

Load with {% load ui %}.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django import forms, template
from django.core.paginator import Page
from django.forms import BoundField
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from zhengtong.ui import drawing, segmenting, wording
from zhengtong.ui.stylesheets import SHEETS
from zhengtong.ui.values import (
    ActView,
    ChartView,
    ClockView,
    DecideView,
    EmptyView,
    EvidenceView,
    FigureView,
    Link,
    MaterialRow,
    NavItem,
    RateView,
    RefusalView,
    TimelineEntry,
)

register = template.Library()


@register.simple_tag
def stylesheets(face: str) -> SafeString:
    """Links to the styles of one face: portal, desk, hall or paper."""
    return format_html_join("\n", '<link rel="stylesheet" href="{}">', ((static(path),) for path in SHEETS[face]))


@register.simple_tag
def day(value: date | datetime | None) -> SafeString:
    """A day in prose: 2026年3月16日（周一）."""
    return _time(value, wording.day_words)


@register.simple_tag
def day_short(value: date | datetime | None) -> SafeString:
    """A day within the year: 3月16日."""
    return _time(value, wording.short_day_words)


@register.simple_tag
def day_table(value: date | datetime | None) -> SafeString:
    """A day in a table: 2026-03-16."""
    return _time(value, wording.table_day)


@register.simple_tag
def instant(value: datetime | None) -> SafeString:
    """An instant in prose, in the zone of law."""
    return _time(value, wording.instant_words)


@register.simple_tag
def instant_table(value: datetime | None) -> SafeString:
    """An instant in a table: 2026-03-16 09:05."""
    return _time(value, wording.table_instant)


@register.simple_tag
def ago(value: date | datetime | None, now: date | datetime) -> SafeString:
    """How long ago, beside the absolute time: 3 天前（3月13日）."""
    if value is None:
        return mark_safe("")
    absolute = wording.short_day_words(value)
    if isinstance(value, datetime):
        absolute = wording.table_instant(value)
    shape = "{} ({})" if wording.in_english() else "{}（{}）"
    return _stamp(value, shape.format(wording.distance_words(value, now), absolute))


def _time(value: Any, words: Any) -> SafeString:
    return mark_safe("") if value is None or value == "" else _stamp(value, words(value))


def _stamp(value: date | datetime, words: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), words)


@register.simple_tag
def money(fen: int | None) -> SafeString:
    """An amount in fen as ¥1,234.50."""
    if fen is None:
        return mark_safe("—")
    return format_html('<span class="zt-num zt-nowrap">{}</span>', wording.money_words(fen))


@register.simple_tag
def segment(text: str) -> SafeString:
    """A heading that breaks between words only."""
    return segmenting.with_breaks(text)


@register.simple_tag
def long_name(name: str) -> SafeString:
    """A name that is cut in its middle where room is short; the whole stands in the title."""
    head, tail = segmenting.head_and_tail(str(name))
    if not tail:
        return format_html('<span class="zt-name" title="{}">{}</span>', name, head)
    return format_html(
        '<span class="zt-name zt-name--long" title="{}"><span class="zt-name__head">{}</span>'
        '<span class="zt-name__tail">{}</span></span>',
        name,
        head,
        tail,
    )


@register.simple_tag
def tag(text: str, kind: str = "") -> SafeString:
    """A phase in words; `live` for where a case stands now, `stop` for what was refused or is barred."""
    return format_html('<span class="zt-tag{}">{}</span>', f" zt-tag--{kind}" if kind in {"live", "stop"} else "", text)


@register.simple_tag
def signal(kind: str, text: str, *, box: bool = False) -> SafeString:
    """Colour, shape and word. Kinds: course, prompt, yellow, red, pause."""
    return format_html(
        '<span class="zt-signal zt-signal--{}{}">{}</span>', kind, " zt-signal--box" if box else "", text
    )


@register.simple_tag
def icon(name: str) -> SafeString:
    """A line icon; always beside words, so hidden from screen readers."""
    return format_html('<svg class="zt-i" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', ICONS[name])


ICONS: Mapping[str, SafeString] = {
    "paper": mark_safe('<path d="M6 3h8l4 4v14H6z"/><path d="M14 3v4h4"/>'),
    "check": mark_safe('<path d="m4 12.5 5 5L20 6.5"/>'),
    "cross": mark_safe('<path d="M6 6l12 12M18 6 6 18"/>'),
    "wait": mark_safe('<circle cx="12" cy="12" r="8"/><path d="M12 7.5v5l3 2"/>'),
    "find": mark_safe('<circle cx="10.5" cy="10.5" r="6.5"/><path d="m20 20-4.8-4.8"/>'),
}


@register.inclusion_tag("ui/parts/nav_item.html")
def nav_item(item: Sequence[Any]) -> dict[str, object]:
    """One menu entry, from a NavItem or a plain tuple (label, url, current, count)."""
    return {"item": NavItem(*item)}


@register.inclusion_tag("ui/parts/side_nav.html")
def side_nav(nav: Iterable[Sequence[Any]]) -> dict[str, object]:
    """The desk's side bar: entries under the headings given by their group."""
    groups: dict[str, list[NavItem]] = {}
    for item in nav or ():
        entry = NavItem(*item)
        groups.setdefault(entry.group, []).append(entry)
    return {"groups": tuple(groups.items())}


@register.inclusion_tag("ui/parts/two_clock.html")
def two_clock(clock: ClockView, *, unfolded: bool = False) -> dict[str, object]:
    """The two-clock bar and, folded under it, the day table."""
    grouped, weekly = drawing.group_by_week(clock)
    cells, close = drawing.drawn_cells(grouped)
    return {"clock": clock, "cells": cells, "close": close, "weekly": weekly, "unfolded": unfolded}


@register.inclusion_tag("ui/parts/mini_clock.html")
def mini_clock(clock: ClockView) -> dict[str, object]:
    """The clock as one row of a table; its page needs {% mini_defs %} once."""
    return {
        "clock": clock,
        "bars": drawing.mini_bars(clock),
        "promise": drawing.mini_edge(clock, clock.promise_index),
        "today": drawing.mini_edge(clock, clock.today_index),
    }


@register.inclusion_tag("ui/parts/mini_defs.html")
def mini_defs() -> dict[str, object]:
    """The hatch that row-sized clocks share."""
    return {}


@register.inclusion_tag("ui/parts/timeline.html")
def timeline(entries: Sequence[TimelineEntry], *, tabular: bool = False) -> dict[str, object]:
    """What happened, in the order given; `tabular` writes instants as 2026-03-16 09:05 (desk)."""
    return {"entries": tuple((entry, _when(entry.when, tabular=tabular)) for entry in entries)}


def _when(value: datetime | date | str, *, tabular: bool) -> str | SafeString:
    if isinstance(value, datetime):
        return instant_table(value) if tabular else instant(value)
    if isinstance(value, date):
        return day_table(value) if tabular else day(value)
    return value


@register.inclusion_tag("ui/parts/materials.html")
def materials(rows: Sequence[MaterialRow], *, caption: str = "") -> dict[str, object]:
    """Papers with what is asked, where each comes from, and its verdict; empty columns are left out."""
    return {
        "rows": rows,
        "caption": caption,
        "has_need": any(row.need for row in rows),
        "has_source": any(row.source for row in rows),
        "has_verdict": any(row.verdict for row in rows),
        "has_links": any(row.links for row in rows),
    }


@register.inclusion_tag("ui/parts/rate.html")
def rate(value: RateView) -> dict[str, object]:
    """A rate with its fraction and rule."""
    return {"rate": value}


@register.inclusion_tag("ui/parts/figures.html")
def figures(values: Sequence[FigureView]) -> dict[str, object]:
    """A strip of figures, each leading to what was counted."""
    return {"figures": values}


@register.inclusion_tag("ui/parts/chart.html")
def chart(value: ChartView) -> dict[str, object]:
    """A chart with the table it is drawn from; its page loads echarts and ui/js/charts.js."""
    return {"chart": value}


@register.inclusion_tag("ui/parts/evidence.html")
def evidence(value: EvidenceView, *, small: bool = False) -> dict[str, object]:
    """Finding, events, arithmetic."""
    events = tuple((row, _when(row.when, tabular=True)) for row in value.events)
    return {"evidence": value, "events": events, "small": small}


@register.inclusion_tag("ui/parts/decide.html", takes_context=True)
def decide(context: template.Context, value: DecideView) -> dict[str, object]:
    """The decision panel: consequence before button; acts against the reader apart."""
    return {"decide": value, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("ui/parts/act.html", takes_context=True)
def act(context: template.Context, value: ActView) -> dict[str, object]:
    """One act of the decision panel."""
    return {"act": value, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("ui/parts/refusal.html")
def show_refusal(value: RefusalView) -> dict[str, object]:
    """是什么、为什么、凭哪一条、怎么办."""
    return {"refusal": value}


@register.inclusion_tag("ui/parts/empty.html")
def empty(value: EmptyView | str, say: str = "", url: str = "", label: str = "") -> dict[str, object]:
    """An empty list: from an EmptyView, or from title, sentence, and one link."""
    if not isinstance(value, EmptyView):
        value = EmptyView(title=value, say=say, acts=(Link(label, url),) if url else ())
    return {"empty": value}


@register.inclusion_tag("ui/parts/qr.html")
def qr(text: str, label: str = "") -> dict[str, object]:
    """A QR code as an SVG element with a spoken label."""
    path, size = drawing.qr_path(text)
    return {"path": path, "view": f"-4 -4 {size + 8} {size + 8}", "label": label}


@register.inclusion_tag("ui/parts/crumbs.html")
def crumbs(links: Iterable[Sequence[str]]) -> dict[str, object]:
    """Where the reader is; the last entry is this page."""
    return {"links": tuple(Link(*link) for link in links)}


@register.inclusion_tag("ui/parts/pager.html")
def pager(page: Page[Any], query: str = "", param: str = "page") -> dict[str, object]:
    """Which rows are shown of how many, and the way to the next; `query` keeps the filters (without page)."""
    prefix = f"?{query}&{param}=" if query else f"?{param}="
    return {"page": page, "prefix": prefix}


@register.inclusion_tag("ui/parts/field.html")
def field(bound: BoundField) -> dict[str, object]:
    """A form field with label, hint, error and the right control."""
    return field_context(bound)


def field_context(bound: BoundField) -> dict[str, object]:
    """What the field template needs, by the kind of widget."""
    widget = bound.field.widget
    many = isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
    own = bool(getattr(widget, "draws_itself", False))
    return {
        "field": bound,
        "many": many,
        "own": own,
        "grouped": many or own,
        "optional": _is_optional(bound.field),
        "single": isinstance(widget, forms.CheckboxInput),
        "shown_when": getattr(bound.field, "shown_when", None),
        "errors": () if own and bound.field.has_inner_errors(bound) else bound.errors,  # type: ignore[attr-defined]  # fields of ui.fields
    }


def _is_optional(of: forms.Field) -> bool:
    """A question that depends on another says so itself, so it is not marked as optional."""
    return not of.required and not isinstance(of.widget, forms.CheckboxInput) and not getattr(of, "shown_when", None)


@register.inclusion_tag("ui/parts/form_fields.html")
def form_fields(form: forms.BaseForm) -> dict[str, object]:
    """Every field of a form, in order; what is seldom needed folded away after the others, open when it is wrong."""
    words = {spec.name: spec.folded for spec in getattr(form, "specs", ()) if spec.folded}
    folded = [(words[each.name], each) for each in form.visible_fields() if each.name in words]
    plain = [each for each in form.visible_fields() if each.name not in words]
    return {"form": form, "plain": plain, "folded": folded}


@register.inclusion_tag("ui/parts/error_summary.html")
def error_summary(form: forms.BaseForm) -> dict[str, object]:
    """What must be put right, each line leading to its field."""
    return {"lines": tuple(error_lines(form)), "form": form}


def error_lines(form: forms.BaseForm) -> Iterable[tuple[str, str, str]]:
    """(anchor, label, sentence) for each error, going into composite fields."""
    if not form.is_bound:
        return
    for sentence in form.non_field_errors():
        yield "", "", str(sentence)
    for bound in form:
        inner = getattr(bound.field, "inner_forms", None)
        lines = [line for sub in inner(bound) for line in error_lines(sub)] if inner and bound.errors else []
        if lines:
            yield from lines
            continue
        for sentence in bound.errors:
            yield bound.id_for_label or str(bound.auto_id), str(bound.label).rstrip("？?：:"), str(sentence)
