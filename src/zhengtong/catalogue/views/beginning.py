"""A new item: which procedure it follows, whose it is, what it is called; the rest is said in the editor."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from zhengtong.accounts import clock
from zhengtong.accounts.queries import has_post_kind, name_of, organisation
from zhengtong.accounts.requests import required_account, required_actor, staff_required
from zhengtong.catalogue import actions
from zhengtong.catalogue.actions import NotPossible
from zhengtong.catalogue.forms import is_item_code, new_item_form
from zhengtong.catalogue.frame import frame
from zhengtong.catalogue.models import Item
from zhengtong.catalogue.views.doors import EVERYWHERE, editor
from zhengtong.catalogue.wording import fault_words
from zhengtong.law.procedure_files import codes, load_procedure, standing
from zhengtong.law.procedure_files import words as procedure_words

# The kind of matter (national list) that an item of a procedure usually is; the editor may choose another.
KIND_OF: Final = {"licence": "01", "confirmation": "07", "filing": "10", "public_service": "20"}
ORGANS: Final = ("department", "centre", "government")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def new(request: HttpRequest) -> HttpResponse:
    actor = editor(request, None)
    posted = request.POST if request.method == "POST" else None
    form = new_item_form(procedures=procedure_choices(), departments=_departments(request))(posted)
    if form.is_valid() and form.cleaned_data["code"] and not is_item_code(form.cleaned_data["code"]):
        form.add_error("code", _("编码只能有字母、数字和连接号。请改正，或者空着由系统编号。"))
    if form.is_valid():
        try:
            made = actions.create_item(content=_content(form), actor=actor.person, at=clock.now())
        except NotPossible as fault:
            form.add_error("code", fault_words(fault))
        else:
            messages.success(request, _("已建立草稿，请逐节填写。"))
            return redirect("catalogue:edit", code=made.item.code, number=made.version)
    crumbs = ((_("事项目录"), reverse("catalogue:items")), (_("新建事项"), ""))
    context = {**frame(request), "form": form, "crumbs": crumbs}
    return render(request, "catalogue/new.html", context, status=400 if form.errors else 200)


def procedure_choices() -> list[tuple[str, str]]:
    """The procedures an item that people apply for may follow."""
    return [
        (one, procedure_words(one, standing(one)[-1], get_language() or "")["procedure.name"])
        for one in codes()
        if standing(one) and not load_procedure(one, standing(one)[-1]).internal
    ]


def _departments(request: HttpRequest) -> list[tuple[str, str]]:
    """Every organ for the administrators of the centre, the own one for its head."""
    at = clock.now()
    rows = [(code, name_of(unit)) for code, unit in organisation().units.items() if unit.kind in ORGANS]
    if not has_post_kind(required_account(request), at, EVERYWHERE):
        mine = {seat.dept for seat in required_actor(request, at).seats}
        rows = [(code, name) for code, name in rows if code in mine]
    if not rows:
        raise PermissionDenied
    return sorted(rows, key=lambda row: row[1])


def _content(form: forms.Form) -> dict[str, Any]:
    given = form.cleaned_data
    procedure, department = given["procedure"], given["department"]
    region = organisation().regions[department]
    return {
        "code": given["code"] or _next_code(region, department), "procedure": procedure,
        "procedure_version": standing(procedure)[-1], "version": 1, "region": region, "posts": {},
        "name": given["name"], "kind": KIND_OF.get(procedure, "20"), "department": department,
        "themes": [], "targets": [],
    }  # fmt: skip


def _next_code(region: str, department: str) -> str:
    """The first free number of the organ in its territory."""
    head = f"{region}-{department}-"
    taken = set(Item.objects.filter(code__startswith=head).values_list("code", flat=True))
    return next(code for n in range(1, len(taken) + 2) if (code := f"{head}{n:04d}") not in taken)
