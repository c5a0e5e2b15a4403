"""The public API (公开接口), read only: items, guides, procedures, working days, verification of papers, daily roots.

It tells what the pages tell anybody; nothing here needs a sign-in and nothing here names a person. Described at
/api/v1/openapi.json; every refusal is a `Problem`.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import override
from ninja import NinjaAPI, Path, Query
from ninja.errors import HttpError, ValidationError

from zhengtong.accounts import clock
from zhengtong.accounts.queries import day_of
from zhengtong.catalogue import queries as catalogue
from zhengtong.documents import verifying
from zhengtong.federation import shapes
from zhengtong.kernel.calendars import CalendarRange
from zhengtong.law import procedure_files
from zhengtong.law.calendar_files import calendar_digest, load_calendar
from zhengtong.ledger.models.roots import Root

PROBLEMS: Final = dict.fromkeys((404, 405, 409, 422, 429), shapes.Problem)
MOST_DAYS: Final = 400
Code = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
Lang = Annotated[str, Query(pattern="^(zh-hans|en)$", description="zh-hans (default) or en")]
Day = Annotated[date, Query(description="ISO date")]

api = NinjaAPI(
    title="政通 Zhengtong: public API",
    version="1",
    description="What anybody may know, as data. Read only.",
    docs_url=None,  # its page needs scripts of another origin; the description itself is enough for tools
    openapi_extra={"info": {"license": {"name": "Apache-2.0"}}},
    urls_namespace="api",
)


@api.exception_handler(Http404)
def _absent(request: HttpRequest, error: Http404) -> HttpResponse:
    return _problem(request, 404, "not_found", "没有这一项 / there is no such thing")


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _problem(request, error.status_code, "refused", str(error))


@api.exception_handler(ValidationError)
def _misshapen(request: HttpRequest, error: ValidationError) -> HttpResponse:
    said = "; ".join(f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors)
    return _problem(request, 422, "invalid", said[:500])


def _problem(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    return api.create_response(request, {"code": code, "detail": detail}, status=status)


def _get(path: str, response: Any, **more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return api.get(path, response={200: response, **PROBLEMS}, **more)


@_get("/items", shapes.ItemPage, summary="Search the items, best first")
def items(
    request: HttpRequest,
    q: Annotated[str, Query(max_length=60, description="words, pinyin initials or a code; empty for all")] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    lang: Lang = "zh-hans",
) -> dict[str, Any]:
    with override(lang):
        found = catalogue.search(q, page=page)
        lines = [
            shapes.ItemLine(
                code=row.code, name=row.name, short=row.short, department=row.department,
                department_name=row.department_words, status=row.status, is_free=row.is_free,
                version_url=reverse("api:guide", args=[row.code]),
            )
            for row in found.rows
        ]  # fmt: skip
    return {"total": found.total, "page": found.page, "pages": found.pages, "items": lines}


@_get("/items/{code}", shapes.Guide, url_name="guide", summary="The guide of an item; answers as query parameters")
def guide(request: HttpRequest, code: Code, lang: Lang = "zh-hans") -> shapes.Guide:
    """Situation answers are given as `?<situation>=<choice>`; what is not answered counts as not chosen."""
    given = {name: str(value) for name, value in request.GET.items() if name != "lang"}
    with override(lang):
        found = catalogue.guide(code, on=day_of(clock.now()), given=given)
        if found is None:
            raise Http404
        return _guide(found)


def _guide(found: catalogue.GuideView) -> shapes.Guide:
    needs = found.needs
    return shapes.Guide(
        code=found.code, name=found.name, short=found.short, version=found.version, status=found.status,
        effective_from=found.effective_from, department=found.department, department_name=found.department_words,
        can_apply=found.can_apply, legal_limit=needs.legal if needs else "",
        promised_limit=needs.promised if needs else "",
        basis=[
            shapes.LegalBasis(title=one.title, number=one.number, article=one.article, confirmed=one.confirmed)
            for one in found.basis
        ],
        conditions=list(found.conditions),
        situations=[
            shapes.Situation(
                code=one.code, question=one.question,
                choices=[shapes.Choice(code=option.code, name=option.name) for option in one.options],
            )
            for one in found.questions
        ],
        materials=[
            shapes.Material(
                code=line.code, name=line.name, required=line.required, tolerable=line.tolerable, copies=line.copies,
                note=line.note,
            )
            for line in (needs.materials if needs else ())
        ],
        fees=[
            shapes.Fee(code=fee.code, name=fee.name, fen=fee.amount, basis=fee.basis, confirmed=fee.confirmed)
            for fee in (needs.fees if needs else ())
        ],
        result=found.result, remedy=found.remedy,
    )  # fmt: skip


@_get("/procedures", list[shapes.ProcedureLine], summary="The procedures of law, with their versions")
def procedures(request: HttpRequest, lang: Lang = "zh-hans") -> list[shapes.ProcedureLine]:
    today = day_of(clock.now())
    return [_procedure(code, today, lang) for code in procedure_files.codes()]


def _procedure(code: str, today: date, lang: str) -> shapes.ProcedureLine:
    version = procedure_files.latest(code, today)
    words = procedure_files.words(code, version, "en" if lang == "en" else "zh")
    name = words.get("procedure.name") or procedure_files.load_procedure(code, version).name
    return shapes.ProcedureLine(code=code, name=name, versions=list(procedure_files.versions(code)), in_force=version)


@_get("/days", list[shapes.DayLine], summary="Working days, make-up days and holidays, at most 400 at once")
def days(request: HttpRequest, since: Day, until: Day) -> list[shapes.DayLine]:
    if not timedelta() <= until - since < timedelta(days=MOST_DAYS):
        raise HttpError(409, f"until must lie from 0 to {MOST_DAYS - 1} days after since")
    calendar = load_calendar("CN")
    try:
        return [
            shapes.DayLine(
                date=day, working=calendar.is_working(day), why=str(calendar.why(day).kind),
                name=calendar.why(day).name, provisional=bool(calendar.provisional_through(day, day)),
            )
            for day in (since + timedelta(days=n) for n in range((until - since).days + 1))
        ]  # fmt: skip
    except CalendarRange as error:
        raise HttpError(409, str(error)) from error


@_get("/days/due", shapes.DueDay, summary="The n-th working day after a day")
def due(request: HttpRequest, after: Day, working_days: Annotated[int, Query(ge=0, le=2_000)]) -> shapes.DueDay:
    calendar = load_calendar("CN")
    try:
        found = calendar.add(after, working_days)
        provisional = calendar.provisional_through(after, found)
    except CalendarRange as error:
        raise HttpError(409, str(error)) from error
    return shapes.DueDay(
        after=after, working_days=working_days, due=found, calendar_digest=calendar_digest(calendar),
        provisional=list(provisional),
    )  # fmt: skip


@_get("/papers", shapes.PaperFound, summary="Verify a document or result by its number and the code printed beside it")
def papers(
    request: HttpRequest,
    number: Annotated[str, Query(min_length=1, max_length=80)],
    code: Annotated[str, Query(min_length=1, max_length=40)],
) -> shapes.PaperFound:
    """A number alone tells nothing, so nobody can walk through the numbers. Nobody is named here."""
    try:
        found = verifying.by_number(number, code, day_of(clock.now()))
    except verifying.UnknownPaper as unknown:
        raise Http404 from unknown
    return shapes.PaperFound(
        number=found.number, name=found.name, organ=found.organ, issued_on=day_of(found.issued_at),
        standing=found.standing, valid_from=found.valid_from, valid_to=found.valid_to, is_expired=found.is_expired,
        head=found.head, acts=found.acts,
    )  # fmt: skip


@_get("/roots", list[shapes.RootDay], summary="The signed root of each day, newest first")
def roots(request: HttpRequest, before: Day | None = None) -> list[shapes.RootDay]:
    rows = Root.objects.order_by("-day")
    if before is not None:
        rows = rows.filter(day__lt=before)
    return [shapes.RootDay(day=row.day, digest=row.digest, line=row.line) for row in rows[:MOST_DAYS]]
