"""At the window: look a person up by a number, raise the real-name level, enter agencies and powers of attorney."""

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhengtong.accounts import actions, clock
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.forms import AgencyForm, FindForm, GrantForm, PowerForm, RaiseForm, WalkInForm
from zhengtong.accounts.frames import desk_frame
from zhengtong.accounts.labels import PostKind, RealNameLevel
from zhengtong.accounts.models import Subject
from zhengtong.accounts.queries import day_of, find_grant, grants_of, masked, subjects_named
from zhengtong.accounts.requests import post_kind_required, required_actor

at_window = post_kind_required(PostKind.WINDOW)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@at_window
def real_name(request: HttpRequest) -> HttpResponse:
    """Numbers are posted, never put into an address."""
    form = FindForm(request.POST or None)
    found: list[Subject] = []
    if request.method == "POST" and form.is_valid():
        found = subjects_named(form.cleaned_data["typed"])
        if len(found) == 1:
            return redirect("accounts:subject", ref=found[0].ref)
    context = {
        **desk_frame(request, clock.now()),
        "form": form,
        "walk_in_form": WalkInForm(initial={"number": form.data.get("typed", "")}),
        "found": [masked(row) for row in found],
        "is_searched": form.is_bound and form.is_valid(),
    }
    return render(request, "accounts/real_name.html", context)


@sensitive_post_parameters()
@require_POST
@at_window
def walk_in(request: HttpRequest) -> HttpResponse:
    at, form = clock.now(), WalkInForm(request.POST)
    if form.is_valid():
        actor = required_actor(request, at)
        try:
            ref = actions.find_or_create_subject(**form.cleaned_data, by=actor.person, at=at)
        except NotPossible as fault:
            form.add_error("number", str(fault.words))
        else:
            return redirect("accounts:subject", ref=ref)
    context = {**desk_frame(request, at), "form": FindForm(), "walk_in_form": form, "is_searched": True, "found": []}
    return render(request, "accounts/real_name.html", context, status=400)


@never_cache
@require_safe
@at_window
def subject(request: HttpRequest, ref: str) -> HttpResponse:
    return _subject(request, ref)


def _subject(request: HttpRequest, ref: str, **wrong: Form) -> HttpResponse:
    at, row = clock.now(), _row(ref)
    forms = {"raise_form": RaiseForm(), "agency_form": AgencyForm(), "power_form": PowerForm(), **wrong}
    context = {
        **desk_frame(request, at),
        **forms,
        "wrong_form": next(iter(wrong.values()), None),
        "subject": masked(row),
        "grants": grants_of(row, at),
        "may_rise": row.kind == "natural" and row.real_name_level < RealNameLevel.CONFIRMED,
        "is_natural": row.kind == "natural",
        "can_act": row.real_name_level >= RealNameLevel.CHECKED,
    }
    return render(request, "accounts/subject.html", context, status=400 if wrong else 200)


@sensitive_post_parameters()
@require_POST
@at_window
def raise_level(request: HttpRequest, ref: str) -> HttpResponse:
    at, row, form = clock.now(), _row(ref), RaiseForm(request.POST)
    if not form.is_valid():
        return _subject(request, ref, raise_form=form)
    try:
        actions.raise_level_at_window(clerk=required_actor(request, at), subject=row, **form.cleaned_data, at=at)
    except NotPossible as fault:
        form.add_error(None, str(fault.words))
        return _subject(request, ref, raise_form=form)
    messages.success(request, _("实名等级已升高。"))
    return redirect("accounts:subject", ref=ref)


@sensitive_post_parameters()
@require_POST
@at_window
def agency(request: HttpRequest, ref: str) -> HttpResponse:
    at, row, form = clock.now(), _row(ref), AgencyForm(request.POST)
    if not form.is_valid():
        return _subject(request, ref, agency_form=form)
    data = form.cleaned_data
    try:
        actions.add_agency_at_window(
            clerk=required_actor(request, at),
            agent=row,
            firm_name=data["firm_name"],
            firm_number=data["firm_number"],
            is_representative=data["is_representative"],
            until_on=data["until_on"],
            at=at,
        )
    except NotPossible as fault:
        form.add_error(None, str(fault.words))
        return _subject(request, ref, agency_form=form)
    messages.success(request, _("经办人已登记。"))
    return redirect("accounts:subject", ref=ref)


@sensitive_post_parameters()
@require_POST
@at_window
def power(request: HttpRequest, ref: str) -> HttpResponse:
    at, row, form = clock.now(), _row(ref), PowerForm(request.POST)
    if not form.is_valid():
        return _subject(request, ref, power_form=form)
    data, actor = form.cleaned_data, required_actor(request, at)
    try:
        principal = actions.find_or_create_subject(
            kind=data["principal_kind"],
            name=data["principal_name"],
            certificate_kind=data["principal_certificate"],
            number=data["principal_number"],
            phone="",
            by=actor.person,
            at=at,
        )
        actions.accept_power(
            clerk=actor,
            principal=_row(principal),
            agent=row,
            scope=data["scope"],
            scope_ref=data["scope_ref"],
            from_on=day_of(at),
            until_on=data["until_on"],
            at=at,
        )
    except NotPossible as fault:
        form.add_error(None, str(fault.words))
        return _subject(request, ref, power_form=form)
    messages.success(request, _("授权委托书已受理登记。"))
    return redirect("accounts:subject", ref=ref)


@require_POST
@at_window
def revoke(request: HttpRequest, ref: str) -> HttpResponse:
    at, row, form = clock.now(), _row(ref), GrantForm(request.POST)
    grant = find_grant(form.cleaned_data["grant"]) if form.is_valid() else None
    if grant is None or not grant.concerns(row):
        raise Http404
    try:
        actions.revoke_grant(grant, by=required_actor(request, at), at=at)
    except NotPossible as fault:
        messages.warning(request, fault.words)
    else:
        messages.success(request, _("已撤销，即刻生效。"))
    return redirect("accounts:subject", ref=ref)


def _row(ref: str) -> Subject:
    return get_object_or_404(Subject, ref=ref, merged_into__isnull=True)
