"""审计: the audit administrator reads, narrows, checks and takes along; nothing here changes anything else."""

from datetime import datetime
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from zhengtong.accounts import clock
from zhengtong.accounts.labels import Duty
from zhengtong.accounts.traces import duty_required, file_of
from zhengtong.administration.auditing import (
    BOOKS,
    MOST_EXPORTED,
    SIZE,
    AuditLine,
    Filters,
    check_trail,
    kept_for,
    read_book,
)
from zhengtong.administration.forms import ReasonForm
from zhengtong.administration.frame import context
from zhengtong.trail.exporting import FORMS, Table
from zhengtong.ui.fields import read_day
from zhengtong.ui.wording import table_instant

NAMES = ("who", "what", "outcome", "about", "first", "last", "before")
audit_door = duty_required(Duty.AUDIT)


@never_cache
@require_safe
@audit_door
def first(request: HttpRequest) -> HttpResponse:
    return redirect("administration:book", "authority")


@never_cache
@require_safe
@audit_door
def book(request: HttpRequest, book: str) -> HttpResponse:
    return _book_page(request, book)


def _book_page(request: HttpRequest, book: str, form: ReasonForm | None = None) -> HttpResponse:
    at = clock.now()
    if book not in BOOKS:
        raise Http404
    filters, wrong = _filters(request)
    page = read_book(book, filters, at)
    report = check_trail() if request.GET.get("check") else None
    shown = context(
        request, at, page=page, books=BOOKS.items(), title=BOOKS[book], filters=filters, query=_query(request),
        wrong=wrong, reason_form=form or ReasonForm(), report=report, kept_days=kept_for().days, size=SIZE,
        is_narrowed=any(request.GET.get(name) for name in NAMES[:-1]),
    )  # fmt: skip
    return render(request, "administration/audit.html", shown, status=400 if wrong or form else 200)


def _filters(request: HttpRequest) -> tuple[Filters, str]:
    """What the address narrows by; a day that is none is said, not guessed."""
    given = {name: request.GET.get(name, "").replace("\0", "").strip()[:120] for name in NAMES}
    days = {}
    for name in ("first", "last"):
        try:
            days[name] = read_day(given[name]) if given[name] else None
        except (ValueError, ValidationError):
            return Filters(), _("日期请写成 2026-11-20 这样。")
    words = {name: given[name] for name in ("who", "what", "outcome", "about", "before")}
    return Filters(**words, first=days["first"], last=days["last"]), ""


def _query(request: HttpRequest) -> str:
    said = {name: request.GET.get(name, "")[:120] for name in NAMES[:-1]}
    return urlencode({name: value for name, value in said.items() if value})


@require_POST
@audit_door
def export(request: HttpRequest, book: str) -> HttpResponse:
    """The narrowed book as a file, with its purpose; taking it along is itself an entry."""
    at, form = clock.now(), ReasonForm(request.POST)
    kind = request.POST.get("as", "")
    if book not in BOOKS or kind not in FORMS:
        raise Http404
    filters, wrong = _filters(request)
    if wrong or not form.is_valid():
        return _book_page(request, book, form)
    lines = _all(book, filters, at)
    return file_of(
        request, _table(book, lines), form=kind, what="audit", about=book, filters=_query(request), at=at,
        reason=form.cleaned_data["reason"],
    )  # fmt: skip


def _all(book: str, filters: Filters, at: datetime) -> tuple[AuditLine, ...]:
    return read_book(book, filters, at, size=MOST_EXPORTED).lines


def _table(book: str, lines: tuple[AuditLine, ...]) -> Table:
    head = [
        _("时间"), _("人员"), _("登录名"), _("职责或岗位"), _("做了什么"), _("对象"), _("结果"), _("详情"),
        _("网络地址"),
    ]  # fmt: skip
    rows = [
        [
            table_instant(line.at), line.who, line.login, line.standing, line.what, line.about, line.outcome,
            line.details, line.address,
        ]
        for line in lines
    ]  # fmt: skip
    return Table(
        name=f"audit-{book}", title=str(BOOKS[book]), head=head, rows=rows, widths=(20, 20, 12, 22, 22, 26, 10, 60, 16)
    )
