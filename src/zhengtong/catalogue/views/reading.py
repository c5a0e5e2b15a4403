"""The list of all items, one item with its versions and changes, one version with its differences, and the leaflet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from zhengtong.accounts import clock
from zhengtong.accounts.queries import day_of, person_names, unit_names
from zhengtong.accounts.requests import staff_required
from zhengtong.catalogue import searching
from zhengtong.catalogue.actions import find_handed_down
from zhengtong.catalogue.contents import complaints_of
from zhengtong.catalogue.differences import differences
from zhengtong.catalogue.frame import frame
from zhengtong.catalogue.guides import guide
from zhengtong.catalogue.labels import KINDS, ChangeKind, ItemStatus, VersionStatus
from zhengtong.catalogue.leaflet_pdf import leaflet_pdf
from zhengtong.catalogue.models import Item, ItemVersion
from zhengtong.catalogue.queries import in_english, open_draft, row_of, versions_in_force, versions_of
from zhengtong.catalogue.views.doors import item_of, may_edit, version_of
from zhengtong.catalogue.wording import complaint_views

ROWS: Final = 50


def name_of(item: Item) -> str:
    """In the reader's language."""
    return (in_english() and item.name_en) or item.name


@never_cache
@require_safe
@staff_required
def items(request: HttpRequest) -> HttpResponse:
    asked = {name: request.GET.get(name, "")[:100] for name in ("q", "status", "department", "kind")}
    page = Paginator(_filtered(asked), ROWS).get_page(request.GET.get("page"))
    names = unit_names({item.department for item in page.object_list})
    every = unit_names(Item.objects.exclude(department="").values_list("department", flat=True).distinct())
    context = {
        **frame(request),
        "page": page,
        "rows": [row_of(item, names[item.department]) for item in page.object_list],
        "asked": asked,
        "query": urlencode({name: value for name, value in asked.items() if value}),
        "statuses": [(value, label, value == asked["status"]) for value, label in ItemStatus.choices],
        "kinds": [(code, name, code == asked["kind"]) for code, name in KINDS.items()],
        "departments": [
            (code, name, code == asked["department"]) for code, name in sorted(every.items(), key=lambda one: one[1])
        ],
        "may_begin": may_edit(request, None),
    }
    return render(request, "catalogue/items.html", context)


def _filtered(asked: Mapping[str, str]) -> Any:
    found = Item.objects.defer("keywords", "local_codes").order_by("department", "code")
    for name in ("status", "department", "kind"):
        if asked[name]:
            found = found.filter(**{name: asked[name].replace("\0", "")})
    for word in searching.words_in(asked["q"]):
        found = found.filter(name__icontains=word) | found.filter(code__icontains=word)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    number: int
    status: str
    status_words: str
    effective_from: date | None
    retired_on: date | None
    editor: str
    approver: str
    note: str
    document: str
    is_in_force: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    kind: str
    on: date
    document: str
    note: str
    who: str
    version: int | None
    counterpart: str
    open_cases: str


@never_cache
@require_safe
@staff_required
def item(request: HttpRequest, code: str) -> HttpResponse:
    on, found = day_of(clock.now()), item_of(code)
    rows = versions_of(found)
    changes = list(found.changes.order_by("-pk"))
    names = person_names([*(row.edited_by for row in rows), *(row.approved_by for row in rows),
                          *(change.recorded_by for change in changes)])  # fmt: skip
    units = unit_names({found.department, *(change.counterpart for change in changes if change.counterpart)})
    in_force = versions_in_force([code], on).get(code)
    handed = find_handed_down(found)
    context = {
        **frame(request),
        "item": row_of(found, units[found.department]),
        "cancelled_on": found.cancelled_on,
        "versions": [_version_line(row, names, in_force) for row in rows],
        "changes": [
            ChangeLine(
                kind=str(ChangeKind(change.kind).label), on=change.effective_on, document=change.document,
                note=change.note, who=names.get(change.recorded_by, change.recorded_by), version=change.version,
                counterpart=units.get(change.counterpart, ""), open_cases=change.get_open_cases_display(),
            )
            for change in changes
        ],
        "draft": open_draft(found),
        "may_edit": may_edit(request, found),
        "handed_to": units.get(handed.counterpart, handed.counterpart) if handed else "",
        "ways": _ways(found, is_handed=handed is not None),
        "crumbs": ((_("事项目录"), "/catalogue/"), (name_of(found), "")),
    }  # fmt: skip
    return render(request, "catalogue/item.html", context)


def _version_line(row: ItemVersion, names: Mapping[str, str], in_force: int | None) -> VersionLine:
    return VersionLine(
        number=row.version,
        status=row.status,
        status_words=str(VersionStatus(row.status).label),
        effective_from=row.effective_from,
        retired_on=row.retired_on,
        editor=names.get(row.edited_by, row.edited_by),
        approver=names.get(row.approved_by, row.approved_by),
        note=row.note,
        document=row.document,
        is_in_force=row.version == in_force,
    )


def _ways(found: Item, *, is_handed: bool) -> list[tuple[str, str]]:
    """What may be done to an item as it stands, with its word."""
    kinds: list[ChangeKind] = []
    if found.status == ItemStatus.PUBLISHED:
        kinds = [ChangeKind.TAKE_OVER if is_handed else ChangeKind.HAND_DOWN, ChangeKind.SUSPEND]
    elif found.status == ItemStatus.SUSPENDED:
        kinds = [ChangeKind.RESUME]
    if found.status != ItemStatus.CANCELLED and found.cancelled_on is None:
        kinds.append(ChangeKind.CANCEL)
    return [(kind.value, str(kind.label)) for kind in kinds]


@never_cache
@require_safe
@staff_required
def version(request: HttpRequest, code: str, number: int) -> HttpResponse:
    on, found = day_of(clock.now()), item_of(code)
    row = version_of(found, number)
    before = _compared_with(request, found, number)
    complaints = () if row.status in {VersionStatus.PUBLISHED, VersionStatus.RETIRED} else complaints_of(row.content)
    names = person_names([row.edited_by, row.approved_by])
    context = {
        **frame(request),
        "item": row_of(found, unit_names([found.department])[found.department]),
        "line": _version_line(row, names, versions_in_force([code], on).get(code)),
        "guide": None if complaints else guide(code, number, on=on, given=request.GET.dict()),
        "before": before.version if before else None,
        "others": [other.version for other in versions_of(found) if other.version != number],
        "differences": differences(before.content, row.content) if before else (),
        "complaints": complaint_views(complaints, row.content),
        "may_edit": may_edit(request, found),
        "returned_because": row.returned_because,
        "crumbs": (
            (_("事项目录"), "/catalogue/"), (name_of(found), f"/catalogue/items/{code}"),
            (_("第 %(version)s 版") % {"version": number}, ""),
        ),
    }  # fmt: skip
    return render(request, "catalogue/version.html", context)


def _compared_with(request: HttpRequest, found: Item, number: int) -> ItemVersion | None:
    """The version asked for, or the one before."""
    asked = request.GET.get("against", "")
    rows = found.versions.exclude(version=number)
    if asked.isascii() and asked.isdigit() and len(asked) < 6:
        return rows.filter(version=int(asked)).first()
    return rows.filter(version__lt=number).order_by("-version").first()


@require_safe
def leaflet(request: HttpRequest, code: str) -> HttpResponse:
    """The one-page guide as PDF, for everybody; none for what is only listed."""
    at = clock.now()
    view = guide(code, on=day_of(at), given=request.GET.dict())
    if view is None or view.version is None:
        raise Http404
    answer = HttpResponse(leaflet_pdf(view, at=at), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{code}.pdf"'
    return answer
