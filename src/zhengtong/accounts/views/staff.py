"""Pages of staff about themselves: the directory, A and B roles, absences, delegations."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from zhengtong.accounts import actions, authority, clock
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.forms import AbsenceForm, DelegationForm, RowForm
from zhengtong.accounts.frames import desk_frame
from zhengtong.accounts.labels import Duty
from zhengtong.accounts.models import Person
from zhengtong.accounts.queries import (
    absence_of,
    absences_of,
    colleagues_of,
    day_of,
    delegation_of,
    delegations_of,
    own_posts_of,
    roles_of,
    staff_directory,
)
from zhengtong.accounts.requests import required_account, staff_required
from zhengtong.accounts.traces import who_of


@never_cache
@require_safe
@staff_required
def people(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    context = {
        **desk_frame(request, at),
        "lines": staff_directory(day_of(at)),
        "may_administer": required_account(request).duty in (Duty.SYSTEM, Duty.SECURITY),
    }
    return render(request, "accounts/people.html", context)


@never_cache
@require_safe
@staff_required
def substitutes(request: HttpRequest) -> HttpResponse:
    return _substitutes(request)


def _substitutes(
    request: HttpRequest, absence_form: Form | None = None, delegation_form: Form | None = None
) -> HttpResponse:
    at, person = clock.now(), _person(request)
    on = day_of(at)
    context = {
        **desk_frame(request, at),
        "roles": roles_of(person.pk, at),
        "absences": absences_of(person.pk, on),
        "delegations": delegations_of(person.pk, at),
        "absence_form": absence_form or AbsenceForm(),
        "delegation_form": delegation_form or _delegation_form(person),
        "wrong_form": absence_form or delegation_form,
        "may_delegate": bool(own_posts_of(person.pk, on)),
    }
    return render(request, "accounts/substitutes.html", context, status=400 if absence_form or delegation_form else 200)


def _delegation_form(person: Person, posted: object = None) -> DelegationForm:
    on = day_of(clock.now())
    return DelegationForm(posted, posts=own_posts_of(person.pk, on), people=colleagues_of(person.pk, on))


@require_POST
@staff_required
def absence(request: HttpRequest) -> HttpResponse:
    at, form, person = clock.now(), AbsenceForm(request.POST), _person(request)
    if not form.is_valid():
        return _substitutes(request, absence_form=form)
    try:
        actions.register_absence(person=person, **form.cleaned_data, registered_by=person.ref, at=at)
    except NotPossible as fault:
        form.add_error(None, str(fault.words))
        return _substitutes(request, absence_form=form)
    messages.success(request, _("已登记离岗，这些天由B角自动替岗。"))
    return redirect("accounts:substitutes")


@require_POST
@staff_required
def end_absence(request: HttpRequest) -> HttpResponse:
    at, form = clock.now(), RowForm(request.POST)
    found = absence_of(_person(request).pk, form.cleaned_data["row"]) if form.is_valid() else None
    if found is None:
        raise Http404
    try:
        actions.end_absence(found, on=day_of(at))
    except NotPossible as fault:
        messages.warning(request, fault.words)
    else:
        messages.success(request, _("已销假，从今天起由您本人办理。"))
    return redirect("accounts:substitutes")


@require_POST
@staff_required
def delegation(request: HttpRequest) -> HttpResponse:
    at, person = clock.now(), _person(request)
    form = _delegation_form(person, request.POST)
    if not form.is_valid():
        return _substitutes(request, delegation_form=form)
    try:
        authority.delegate(from_person=person, asked=form.cleaned_data, basis=_basis(request, at, form.cleaned_data))
    except NotPossible as fault:
        form.add_error(None, str(fault.words))
        return _substitutes(request, delegation_form=form)
    messages.success(request, _("委托已登记。"))
    return redirect("accounts:substitutes")


@require_POST
@staff_required
def revoke_delegation(request: HttpRequest) -> HttpResponse:
    at, form = clock.now(), RowForm(request.POST)
    found = delegation_of(_person(request).pk, form.cleaned_data["row"]) if form.is_valid() else None
    if found is None:
        raise Http404
    try:
        authority.revoke_delegation(found, basis=_basis(request, at, {"document": found.document}))
    except NotPossible as fault:
        messages.warning(request, fault.words)
    else:
        messages.success(request, _("已撤销，即刻生效。"))
    return redirect("accounts:substitutes")


def _basis(request: HttpRequest, at: datetime, asked: Mapping[str, object]) -> authority.Basis:
    return authority.Basis(who=who_of(request, at), at=at, document=str(asked["document"]))


def _person(request: HttpRequest) -> Person:
    person = required_account(request).person
    assert person is not None
    return person
