"""Finding a matter (找事项): the front page, search with its suggestions, departments, the guide and its leaflet."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from zhengtong.accounts import clock
from zhengtong.accounts.requests import account_of, actor_of
from zhengtong.catalogue import queries as catalogue
from zhengtong.catalogue.leaflet_pdf import leaflet_pdf as make_leaflet
from zhengtong.kernel.terms import law_day
from zhengtong.portal.case_lists import case_lines
from zhengtong.portal.frames import frame
from zhengtong.portal.matters import public_matters
from zhengtong.portal.queries import cases_of
from zhengtong.ui.values import EmptyView, Link

THEMES_SHOWN = 12
OFTEN_SHOWN = 5
CASES_SHOWN = 3
SUGGESTED = 8
LONGEST = 100


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    context: dict[str, Any] = {
        **frame(request, here="home"),
        "people": catalogue.themes("people"),
        "firms": catalogue.themes("organisations"),
        "often": catalogue.search("", size=OFTEN_SHOWN).rows,
        "themes_shown": f":{THEMES_SHOWN}",
        "departments": catalogue.departments(),
        "matters": public_matters(),
    }
    account, actor = account_of(request), actor_of(request, at)
    if account is not None and actor is not None and account.subject is not None:
        cases = cases_of(account, actor, at)
        context |= {"cases": case_lines(cases[:CASES_SHOWN], actor, at), "cases_total": len(cases)}
    return render(request, "portal/home.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """All items by words and filters; with `suggest` the first few as a fragment for the search box."""
    q = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:LONGEST]
    chosen = {
        name: request.GET.get(name, "")[:60].replace("\0", "") for name in ("department", "theme", "kind", "target")
    }
    if request.GET.get("suggest"):
        rows = catalogue.search(q, size=SUGGESTED).rows if q else ()
        return render(request, "portal/_suggestions.html", {"rows": rows, "q": q})
    number = request.GET.get("page", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    found = catalogue.search(q, filters=catalogue.Filters(**chosen), page=page)
    if page > found.pages:
        found = catalogue.search(q, filters=catalogue.Filters(**chosen), page=found.pages)
    context = {
        **frame(request, here="home"), "q": q, "found": found, "chosen": chosen, "filters": _filters(chosen),
        "page": _page_of(found), "page_query": urlencode({"q": q, **{k: v for k, v in chosen.items() if v}}),
        "empty": _nothing(q, chosen), "crumbs": [Link(_("办事"), reverse("portal:home")), Link(_("查找"))],
        "is_narrowed": any(chosen.values()),
    }  # fmt: skip
    return render(request, "portal/search.html", context)


def _page_of(found: catalogue.SearchResult) -> Any:
    """The pager of `ui` wants Django's page; the rows stand elsewhere."""
    return Paginator(range(found.total), catalogue.PAGE).page(found.page)


def _filters(chosen: dict[str, str]) -> list[dict[str, object]]:
    named = [(choice.code, f"{choice.name} ({choice.count})") for choice in catalogue.departments()]
    themes = [(choice.code, f"{choice.name} ({choice.count})") for choice in catalogue.themes()]
    return [
        {"name": "department", "label": _("部门"), "options": named, "chosen": chosen["department"]},
        {"name": "theme", "label": _("主题"), "options": themes, "chosen": chosen["theme"]},
        {"name": "kind", "label": _("事项类型"), "options": catalogue.kinds(), "chosen": chosen["kind"]},
        {"name": "target", "label": _("办理对象"), "options": catalogue.targets(), "chosen": chosen["target"]},
    ]


def _nothing(q: str, chosen: dict[str, str]) -> EmptyView:
    acts = [Link(_("看全部部门"), reverse("portal:departments")), Link(_("回到首页"), reverse("portal:home"))]
    if any(chosen.values()):
        acts.insert(0, Link(_("去掉筛选再找"), f"{reverse('portal:search')}?{urlencode({'q': q})}"))
    say = _("换个说法试试：用两三个字，例如“卫生”“户口”；也可以打拼音首字母，例如 wsxk。还找不到，请拨 12345。")
    return EmptyView(title=_("没有找到“%(q)s”") % {"q": q} if q else _("没有符合条件的事项"), say=say, acts=acts)


@require_safe
def departments(request: HttpRequest) -> HttpResponse:
    context = {
        **frame(request, here="home"), "departments": catalogue.departments(),
        "crumbs": [Link(_("办事"), reverse("portal:home")), Link(_("全部部门"))],
    }  # fmt: skip
    return render(request, "portal/departments.html", context)


@require_safe
def themes(request: HttpRequest) -> HttpResponse:
    context = {
        **frame(request, here="home"), "people": catalogue.themes("people"), "firms": catalogue.themes("organisations"),
        "crumbs": [Link(_("办事"), reverse("portal:home")), Link(_("全部主题"))],
    }  # fmt: skip
    return render(request, "portal/themes.html", context)


@require_safe
def guide(request: HttpRequest, code: str) -> HttpResponse:
    """The guide; situation answers stand in the address, so that it can be sent to somebody."""
    at = clock.now()
    found = catalogue.guide(code, on=law_day(at), given=request.GET.dict()) if _is_plain(code) else None
    if found is None:
        raise Http404
    answers = f"?{urlencode(found.answers)}" if found.answers else ""
    context = {
        **frame(request, here="home"), "guide": found, "now": at,
        "apply_url": reverse("portal:apply", args=[code]) + answers,
        "leaflet_url": "" if found.is_listed else reverse("portal:leaflet", args=[code]) + answers,
        "pdf_url": "" if found.is_listed else reverse("portal:leaflet_pdf", args=[code]) + answers,
        "crumbs": [Link(_("办事"), reverse("portal:home")), *_theme_crumb(found), Link(_("办事指南"))],
    }  # fmt: skip
    return render(request, "portal/guide.html", context)


def _theme_crumb(found: catalogue.GuideView) -> list[Link]:
    query = urlencode({"department": found.department})
    return [Link(found.department_words, f"{reverse('portal:search')}?{query}")]


def _is_plain(code: str) -> bool:
    return code.isprintable() and len(code) <= 64


@require_safe
def leaflet(request: HttpRequest, code: str) -> HttpResponse:
    """The one-page leaflet for print."""
    at = clock.now()
    found = catalogue.guide(code, on=law_day(at), given=request.GET.dict()) if _is_plain(code) else None
    if found is None or found.is_listed:
        raise Http404
    context = {
        "guide": found, "guide_url": catalogue.leaflet_address(code), "now": at,
        "back_url": reverse("portal:guide", args=[code]), "pdf_url": reverse("portal:leaflet_pdf", args=[code]),
    }  # fmt: skip
    return render(request, "portal/leaflet.html", context)


@require_safe
def leaflet_pdf(request: HttpRequest, code: str) -> HttpResponse:
    """The same as PDF, made by the catalogue."""
    at = clock.now()
    found = catalogue.guide(code, on=law_day(at), given=request.GET.dict()) if _is_plain(code) else None
    if found is None or found.is_listed:
        raise Http404
    answer = HttpResponse(make_leaflet(found, at=at), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{found.code}.pdf"'
    return answer


@require_safe
def guide_without_slash(request: HttpRequest, code: str) -> HttpResponse:
    """The address in the QR of a leaflet."""
    return redirect("portal:guide", code=code)
