"""Pages of the documents room: a file of a case, a paper as PDF, and the public verification."""

from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from zhengtong.accounts import clock
from zhengtong.accounts.queries import day_of
from zhengtong.accounts.requests import actor_of
from zhengtong.accounts.traces import note_reading
from zhengtong.documents import queries, rendering, verifying
from zhengtong.documents.forms import VerifyForm
from zhengtong.documents.labels import manner_words
from zhengtong.kernel.authority import Actor, may_watch
from zhengtong.kernel.states import fold
from zhengtong.ledger import history
from zhengtong.ledger.installed import installed
from zhengtong.ledger.queries import Case, get_case_for, is_plain_number


@require_safe
@never_cache
def file(request: HttpRequest, number: str, digest: str) -> HttpResponse:
    """A file handed in with a case, for whoever may read all of it; always as an attachment."""
    case, actor = _case(request, number)
    state = fold(history.load(case.id))
    try:
        line = queries.file_of_case(state, digest)
        if not queries.may_have_file(installed().bound_for(state), state, digest, actor):
            raise Http404
        content = queries.open_upload(digest)
    except queries.UnknownUpload as error:
        raise Http404 from error
    note_reading(request, what="file", number=number, at=clock.now())
    return _sent(content, line.media_type, line.name, "attachment")


@require_safe
@never_cache
def paper(request: HttpRequest, number: str, paper: str) -> HttpResponse:
    """The signed PDF of a document or result, for staff who may see the case, and for the party it is for."""
    case, actor = _case(request, number)
    try:
        found = rendering.find(case.id, paper)
    except rendering.UnknownPaper as error:
        raise Http404 from error
    state = fold(found.history)
    bound = installed().bound_for(state)
    face = rendering.FULL
    if not queries.may_have_paper(bound, state, found.event.seq, actor):
        if not may_watch(bound, actor):
            raise Http404
        face = rendering.PUBLIC
    note_reading(request, what="paper", number=number, at=clock.now())
    return _sent(rendering.render(found, at=clock.now(), face=face), "application/pdf", f"{paper}.pdf", "inline")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def verify(request: HttpRequest) -> HttpResponse:
    """The form: a number with its code, or the PDF."""
    if request.method != "POST":
        return render(request, "documents/verify.html", {"form": VerifyForm()})
    form = VerifyForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "documents/verify.html", {"form": form}, status=400)
    today, given = day_of(clock.now()), form.cleaned_data
    try:
        if given["file"] is not None:
            verified, checked = verifying.by_file(given["file"].read(), today)
            return _shown(request, verified, checked)
        return _shown(request, verifying.by_number(given["number"], given["code"], today))
    except rendering.UnknownPaper:
        return _unknown(request, form)


@require_safe
@never_cache
def token(request: HttpRequest, token: str) -> HttpResponse:
    """Where the QR code of a paper leads."""
    try:
        return _shown(request, verifying.by_token(token, day_of(clock.now())))
    except rendering.UnknownPaper:
        return _unknown(request, VerifyForm())


@require_safe
@never_cache
def public_copy(request: HttpRequest, token: str) -> HttpResponse:
    """The masked PDF, for whoever holds the paper's token."""
    try:
        verified = verifying.by_token(token, day_of(clock.now()))
        found = rendering.find_by_token(token)
    except rendering.UnknownPaper:
        return _unknown(request, VerifyForm())
    pdf = rendering.render(found, at=clock.now(), face=rendering.PUBLIC)
    return _sent(pdf, "application/pdf", f"{verified.number}（{_('公开版')}）.pdf", "inline")


def _case(request: HttpRequest, number: str) -> tuple[Case, Actor]:
    """The case for who asks, also by a power for its item alone: absent, not theirs and not signed in are all 404."""
    at = clock.now()
    actor = actor_of(request, at, case=number)
    if actor is None or not is_plain_number(number):
        raise Http404
    try:
        return get_case_for(actor, number), actor
    except Http404:
        item = Case.objects.filter(number=number).values_list("item", flat=True).first()
        narrow = actor_of(request, at, item=item) if item else None
        if narrow is None:
            raise
        return get_case_for(narrow, number), narrow


def _sent(content: bytes, media_type: str, name: str, manner: str) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f"{manner}; filename*=UTF-8''{quote(name, safe='')}"
    response["X-Content-Type-Options"] = "nosniff"
    if manner == "attachment":  # a sandbox would also stop the PDF viewer of a browser
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _shown(
    request: HttpRequest, verified: verifying.Verified, checked: verifying.FileCheck | None = None
) -> HttpResponse:
    context = {"paper": verified, "checked": checked, "manner": manner_words(verified.manner)}
    return render(request, "documents/verified.html", context)


def _unknown(request: HttpRequest, form: VerifyForm) -> HttpResponse:
    return render(request, "documents/unknown.html", {"form": form}, status=404)
