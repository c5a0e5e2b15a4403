"""监察日报、月报: on the page, as PDF and as XLSX; taking one along has a number and an entry in the trail."""

from datetime import date, datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from zhengtong.accounts import clock
from zhengtong.accounts import queries as people
from zhengtong.accounts.traces import file_of, taking_of
from zhengtong.kernel.terms import law_day
from zhengtong.supervision.forms import TakingForm
from zhengtong.supervision.frame import Watcher, context, supervisor_required, watcher_of
from zhengtong.supervision.models import Card, Watched
from zhengtong.supervision.narrowing import days_before
from zhengtong.supervision.printing import report_pdf, report_table
from zhengtong.supervision.reporting import DAY, MONTH, Wanted, first_month, make_report
from zhengtong.trail.exporting import log_export, watermark


def _wanted(request: HttpRequest, watcher: Watcher) -> Wanted:
    kind = DAY if request.GET.get("kind") == DAY else MONTH
    dept = request.GET.get("dept", "").replace("\0", "")[:80]
    known = dict(_departments(watcher))
    when = request.GET.get("day" if kind == DAY else "month", "")[:10]
    today = law_day(watcher.at)
    wanted = Wanted.of(kind, when, dept if dept in known else "", watcher.regions, today)
    return Wanted.of(kind, "", wanted.dept, watcher.regions, today) if wanted.since > today else wanted


def _departments(watcher: Watcher) -> list[tuple[str, str]]:
    """The departments that have had cases or cards."""
    regions = {"region__in": watcher.regions}
    codes = {*Watched.objects.filter(**regions).exclude(dept="").values_list("dept", flat=True).distinct()}
    codes |= {*Card.objects.filter(**regions).exclude(dept="").values_list("dept", flat=True).distinct()}
    return sorted(people.unit_names(codes).items(), key=lambda each: each[1])


@never_cache
@require_safe
@supervisor_required
def report(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, form: TakingForm | None = None) -> HttpResponse:
    at = clock.now()
    watcher = watcher_of(request, at)
    wanted = _wanted(request, watcher)
    shown = context(
        request, at, report=make_report(wanted, at), wanted=wanted, departments=_departments(watcher),
        months=_months(watcher, law_day(at)), taking_form=form or TakingForm(), today=law_day(at),
        query=_query(wanted), before=_query(_beside(wanted, -1)),
        after=_query(_beside(wanted, 1)) if wanted.until < law_day(at) else "",
    )  # fmt: skip
    return render(request, "supervision/reports/report.html", shown, status=400 if form else 200)


def _query(wanted: Wanted) -> str:
    name = "day" if wanted.kind == DAY else "month"
    return f"kind={wanted.kind}&{name}={wanted.when}" + (f"&dept={wanted.dept}" if wanted.dept else "")


def _beside(wanted: Wanted, step: int) -> Wanted:
    """The period before or after."""
    day = days_before(wanted.since, 1) if step < 0 else days_before(wanted.until, -1)
    when = day.isoformat() if wanted.kind == DAY else f"{day:%Y-%m}"
    return Wanted.of(wanted.kind, when, wanted.dept, wanted.regions, day)


def _months(watcher: Watcher, today: date) -> list[str]:
    """From this month back to the first with cases, at most three years."""
    first, months, day = first_month(watcher.regions) or today.replace(day=1), list[str](), today.replace(day=1)
    while day >= first and len(months) < 36:
        months.append(f"{day:%Y-%m}")
        day = days_before(day, 1).replace(day=1)
    return months


@require_POST
@supervisor_required
def export(request: HttpRequest) -> HttpResponse:
    """The report of this address as a file."""
    form, kind, at = TakingForm(request.POST), request.POST.get("as", ""), clock.now()
    if kind not in ("pdf", "xlsx"):
        raise Http404
    if not form.is_valid():
        return _page(request, form)
    watcher = watcher_of(request, at)
    wanted = _wanted(request, watcher)
    made, reason = make_report(wanted, at), form.cleaned_data["reason"]
    if kind == "xlsx":
        return file_of(
            request, report_table(made), form="xlsx", what="watch_report", about=wanted.when, filters=_query(wanted),
            at=at, reason=reason,
        )  # fmt: skip
    taking = taking_of(request, at, reason=reason)
    rows = sum(len(section.rows) for section in made.sections)
    number = log_export(taking, what="watch_report", about=wanted.when, said={"form": "pdf", "rows": rows})
    pdf = report_pdf(made, mark=watermark(taking, number), number=number, at=at)
    return _sent(pdf, f"{made.title}-{number}.pdf", at)


def _sent(pdf: bytes, name: str, at: datetime) -> HttpResponse:
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
