"""The law as it runs here (办理程序), for everybody to read: each procedure as the lawyer's table and as a chart.

Read-only, drawn from the procedure files; without script the table alone says everything the chart says.
"""

from collections.abc import Mapping
from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from zhengtong.cases.articles import article_words
from zhengtong.law.bpmn import write_bpmn
from zhengtong.law.lawyers_table import ActLine, LawyersTable, LimitLine, StateLine, tabulate
from zhengtong.law.procedure_files import codes, load_procedure, standing, versions, words
from zhengtong.portal.frames import frame
from zhengtong.ui.values import Link


@require_safe
def procedures(request: HttpRequest) -> HttpResponse:
    """Every procedure with its newest version."""
    newest = {code: standing(code)[-1:] for code in codes()}
    rows = [(code, _words(code, one)["procedure.name"], one) for code, found in newest.items() for one in found]
    context = {**frame(request), "rows": rows, "crumbs": _crumbs()}
    return render(request, "site/procedures.html", context)


@require_safe
def procedure(request: HttpRequest, code: str) -> HttpResponse:
    """The lawyer's table of one procedure, and under it the chart."""
    version = _version(request, code)
    said = _words(code, version)
    table = _cited(tabulate(load_procedure(code, version), said), said)
    chart = f"{reverse('site:chart', args=[code])}?version={version}"
    context = {
        **frame(request), "table": table, "chart_url": chart, "crumbs": _crumbs(table.name),
        "versions": [each for each in standing(code) if each != version],
    }  # fmt: skip
    return render(request, "site/law.html", context)


@require_safe
def chart(request: HttpRequest, code: str) -> HttpResponse:
    """The same as BPMN 2.0, for the viewer on the page and for any modeller."""
    version = _version(request, code)
    drawn = write_bpmn(load_procedure(code, version), _words(code, version))
    answer = HttpResponse(drawn, content_type="application/xml; charset=utf-8")
    answer["Content-Disposition"] = f'inline; filename="{code}-{version}.bpmn"'
    return answer


def _version(request: HttpRequest, code: str) -> str:
    """The version asked for, else the newest.

    Raises:
        Http404: no such procedure or version.
    """
    known = versions(code) if code in codes() else ()
    newest = next(reversed(standing(code) or known), "") if known else ""
    wanted = request.GET.get("version") or newest
    if wanted not in known:
        raise Http404
    return wanted


def _cited(table: LawyersTable, said: Mapping[str, str]) -> LawyersTable:
    """The same table with each article in words, as a citizen would look it up."""

    def limits(lines: tuple[LimitLine, ...]) -> tuple[LimitLine, ...]:
        return tuple(replace(line, source=article_words(line.source, said)) for line in lines)

    def acts(lines: tuple[ActLine, ...]) -> tuple[ActLine, ...]:
        return tuple(replace(line, source=article_words(line.source, said)) for line in lines)

    def state(line: StateLine) -> StateLine:
        return replace(line, limits=limits(line.limits), acts=acts(line.acts))

    return replace(
        table,
        states=tuple(state(line) for line in table.states),
        duties=limits(table.duties),
        branches=tuple(replace(line, source=article_words(line.source, said)) for line in table.branches),
        common=acts(table.common),
    )


def _words(code: str, version: str) -> Mapping[str, str]:
    return words(code, version, get_language() or "zh-hans")


def _crumbs(name: str = "") -> list[Link]:
    crumbs = [Link(_("办事"), reverse("portal:home")), Link(_("办理程序"), reverse("site:procedures"))]
    return [*crumbs, Link(name)] if name else crumbs
