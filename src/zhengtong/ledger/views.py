"""What anybody may copy and keep: the signed daily roots, as a page and as lines, and the public key."""

from pathlib import Path

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from zhengtong.ledger import canonical, keys, roots
from zhengtong.ledger.models.roots import Root

DAYS_A_PAGE = 31


@require_safe
def roots_list(request: HttpRequest) -> HttpResponse:
    page = Paginator(Root.objects.order_by("-day"), DAYS_A_PAGE).get_page(request.GET.get("page"))
    rows = [{"day": row.day, "digest": row.digest, "said": canonical.loads(row.line)} for row in page]
    return render(request, "ledger/roots_list.html", {"page": page, "rows": rows})


@require_safe
def roots_lines(request: HttpRequest) -> HttpResponseBase:
    return _file(roots.roots_file(), "application/jsonl")


@require_safe
def root_key(request: HttpRequest) -> HttpResponseBase:
    return _file(keys.directory() / "root.pub", "application/x-pem-file")


def _file(path: Path, content_type: str) -> HttpResponseBase:
    if not path.exists():
        raise Http404
    return FileResponse(path.open("rb"), content_type=content_type)
