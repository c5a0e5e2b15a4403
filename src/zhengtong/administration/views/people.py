"""Joiners, movers, leavers: people and where they stood; for the system and the security administrator."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhengtong.accounts import authority, clock
from zhengtong.accounts import queries as people
from zhengtong.accounts.authority import Basis
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import Duty
from zhengtong.accounts.queries import Person, name_of
from zhengtong.accounts.requests import required_account
from zhengtong.accounts.traces import duty_required, who_of
from zhengtong.administration import queries
from zhengtong.administration.actions import propose, undo_leaving
from zhengtong.administration.forms import EndForm, HoldForm, JoinForm, LeaveForm, LetterForm, UndoForm
from zhengtong.administration.frame import context
from zhengtong.administration.labels import ProposalKind

BOTH = (Duty.SYSTEM, Duty.SECURITY)
ACCOUNT_ACTS = ("unlock", "factors", "password", "sessions", "close", "reopen", "open")


def page_number(request: HttpRequest) -> int:
    typed = request.GET.get("page", "1")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else 1


def person_or_404(ref: str) -> Person:
    try:
        return people.person_by_ref(ref)
    except NotPossible as absent:
        raise Http404 from absent


@never_cache
@require_safe
@duty_required(*BOTH)
def persons(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    text = request.GET.get("q", "")[:60]
    page = queries.persons_page(text, page_number(request), at)
    return render(request, "administration/persons.html", context(request, at, page=page, text=text))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@duty_required(*BOTH)
def join(request: HttpRequest) -> HttpResponse:
    """入职: entered by one, confirmed by the other; only then there is a post and an account."""
    at = clock.now()
    posted = request.POST if request.method == "POST" else None
    form = JoinForm(posted, options={"post": people.all_posts()})
    if posted is not None and form.is_valid():
        try:
            return _join(request, form.cleaned_data, at)
        except NotPossible as fault:
            form.add_error("number" if fault.code == "person_number_taken" else None, str(fault.words))
    status = 400 if form.errors else 200
    return render(request, "administration/join.html", context(request, at, form=form), status=status)


def _join(request: HttpRequest, data: Mapping[str, Any], at: datetime) -> HttpResponse:
    basis = Basis(who=who_of(request, at), at=at, document=data["document"])
    person = authority.enter_person(number=data["number"], name=data["name"], name_en=data["name_en"], basis=basis)
    _propose(request, person, ProposalKind.JOINING, _seat(data), data["document"], at)
    return redirect("administration:person", person.ref)


def _seat(data: Mapping[str, Any]) -> dict[str, object]:
    return {
        "posts": [{"post": data["post"], "role": data["role"]}],
        "from_on": data["from_on"].isoformat(),
        "until_on": _iso(data["until_on"]),
    }


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _propose(
    request: HttpRequest, person: Person, kind: str, asked: Mapping[str, object], document: str, at: datetime
) -> None:
    propose(kind=kind, person=person.ref, asked=asked, document=document, by=required_account(request), at=at)
    messages.success(request, _("已提请复核。另一位管理员确认以后生效。"))


# ---- one person ---------------------------------------------------------------------------------------


@never_cache
@require_safe
@duty_required(*BOTH)
def person(request: HttpRequest, ref: str) -> HttpResponse:
    return _person_page(request, person_or_404(ref))


def _person_page(
    request: HttpRequest, whom: Person, *, password: str = "", **forms: Form
) -> HttpResponse:  # fmt: skip
    at, account = clock.now(), required_account(request)
    its_account = people.account_of_person(whom.pk)
    wrong = next((form for form in forms.values() if form.errors), None)
    shown = context(
        request, at, whom=whom, name=name_of(whom), account=its_account, password=password, wrong=wrong,
        standing=queries.standing_of(whom, at), proposals=queries.proposals_about(whom, account),
        departure=queries.departure_of(whom), left_behind=queries.left_behind(whom),
        may_secure=account.duty == Duty.SECURITY and account.person_id != whom.pk,
        is_locked=its_account is not None and its_account.locked_until is not None and its_account.locked_until > at,
        has_left=whom.left_on is not None and whom.left_on < people.day_of(at),
        hold_form=forms.get("hold") or _hold_form(whom, at), letter_form=forms.get("letter") or _letter_form(),
        undo_form=forms.get("undo") or UndoForm(), is_own=account.person_id == whom.pk,
    )  # fmt: skip
    return render(request, "administration/person.html", shown, status=400 if wrong else 200)


def _hold_form(whom: Person, at: datetime, posted: Any = None) -> HoldForm:
    leaves = people.held_now(whom, people.day_of(at))
    return HoldForm(posted, options={"post": people.all_posts(), "leaves": leaves})


def _letter_form(posted: Any = None) -> LetterForm:
    return LetterForm(posted, options={"post": people.all_posts()})


@require_POST
@duty_required(*BOTH)
def hold(request: HttpRequest, ref: str) -> HttpResponse:
    at, whom = clock.now(), person_or_404(ref)
    form = _hold_form(whom, at, request.POST)
    if form.is_valid():
        data = form.cleaned_data
        asked = {**_seat(data), "ends": [int(data["leaves"])] if data["leaves"] else []}
        if _try(form, request, whom, ProposalKind.HOLDING, asked, data["document"], at):
            return redirect("administration:person", whom.ref)
    return _person_page(request, whom, hold=form)


@require_POST
@duty_required(*BOTH)
def letter(request: HttpRequest, ref: str) -> HttpResponse:
    at, whom = clock.now(), person_or_404(ref)
    form = _letter_form(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        asked = {
            "number": data["number"], "item": data["item"], "post": data["post"], "powers": data["powers"],
            "personal": data["personal"], "from_on": data["from_on"].isoformat(), "until_on": _iso(data["until_on"]),
        }  # fmt: skip
        if _try(form, request, whom, ProposalKind.LETTER, asked, data["number"], at):
            return redirect("administration:person", whom.ref)
    return _person_page(request, whom, letter=form)


def _try(  # noqa: PLR0913 - what a proposal is made of, and the form that says what was wrong
    form: Form, request: HttpRequest, whom: Person, kind: str, asked: Mapping[str, object], document: str, at: datetime
) -> bool:
    try:
        _propose(request, whom, kind, asked, document, at)
    except NotPossible as fault:
        form.add_error(None, str(fault.words))
        return False
    return True


@require_POST
@duty_required(Duty.SECURITY)
def end(request: HttpRequest, ref: str) -> HttpResponse:
    """Ending what gives authority: at once, by security alone. Taking away waits for nobody."""
    at, whom = clock.now(), person_or_404(ref)
    form = EndForm(request.POST)
    if not form.is_valid() or required_account(request).person_id == whom.pk:
        messages.warning(request, _("请填写依据的文号。"))
        return redirect("administration:person", whom.ref)
    basis = Basis(who=who_of(request, at), at=at, document=form.cleaned_data["document"])
    try:
        authority.end_row(form.cleaned_data["kind"], form.cleaned_data["row"], whom, basis=basis)
    except NotPossible as fault:
        messages.warning(request, fault.words)
    else:
        messages.success(request, _("已撤销，即刻生效。"))
    return redirect("administration:person", whom.ref)


@require_POST
@duty_required(Duty.SECURITY)
def account(request: HttpRequest, ref: str) -> HttpResponse:
    """What the security administrator does to an account; a temporary password is shown on this one answer."""
    at, whom = clock.now(), person_or_404(ref)
    act = request.POST.get("act", "")
    found = people.account_of_person(whom.pk)
    if act not in ACCOUNT_ACTS or (found is None) != (act == "open"):
        raise Http404
    if required_account(request).person_id == whom.pk:
        messages.warning(request, str(NotPossible("not_yourself").words))
        return redirect("administration:person", whom.ref)
    basis = Basis(who=who_of(request, at), at=at)
    try:
        password = authority.do_to_account(act, whom, found, basis=basis)
    except NotPossible as fault:
        messages.warning(request, fault.words)
        return redirect("administration:person", whom.ref)
    if password:
        return _person_page(request, whom, password=password)
    messages.success(request, _("已办理。"))
    return redirect("administration:person", whom.ref)


# ---- leaving ------------------------------------------------------------------------------------------


@never_cache
@require_safe
@duty_required(*BOTH)
def leavers(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    shown = context(request, at, lines=queries.leavers(people.day_of(at)), today=people.day_of(at))
    return render(request, "administration/leavers.html", shown)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@duty_required(*BOTH)
def leave(request: HttpRequest, ref: str) -> HttpResponse:
    at, whom = clock.now(), person_or_404(ref)
    posted = request.POST if request.method == "POST" else None
    today = people.day_of(at)
    posts = [
        (post.code, people.place_of(post), people.followers_for(post, whom, today))
        for post in queries.posts_to_fill(whom, today)
    ]
    form = LeaveForm(posted, posts=posts)
    if posted is not None and form.is_valid():
        data = form.cleaned_data
        asked = {"last_day": data["last_day"].isoformat(), "successors": form.successors}
        if _try(form, request, whom, ProposalKind.LEAVING, asked, data["document"], at):
            return redirect("administration:person", whom.ref)
    shown = context(
        request, at, form=form, whom=whom, name=name_of(whom), left_behind=queries.left_behind(whom),
        standing=[line for line in queries.standing_of(whom, at) if line.may_end],
    )  # fmt: skip
    return render(request, "administration/leave.html", shown, status=400 if form.errors else 200)


@require_POST
@duty_required(Duty.SECURITY)
def undo(request: HttpRequest, ref: str) -> HttpResponse:
    at, whom = clock.now(), person_or_404(ref)
    form = UndoForm(request.POST)
    if not form.is_valid():
        return _person_page(request, whom, undo=form)
    try:
        undo_leaving(
            whom.ref, by=required_account(request), who=who_of(request, at), document=form.cleaned_data["document"],
            at=at,
        )  # fmt: skip
    except NotPossible as fault:
        form.add_error(None, str(fault.words))
        return _person_page(request, whom, undo=form)
    messages.success(request, _("离任已撤销，任职照旧。"))
    return redirect("administration:person", whom.ref)
