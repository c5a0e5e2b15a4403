"""Changing the catalogue: the editor with the complaints of `bind` beside it, review and publication, and the acts of
dynamic management."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from zhengtong.accounts import clock
from zhengtong.accounts.queries import day_of, organisation, staff_directory, unit_names
from zhengtong.accounts.requests import staff_required
from zhengtong.catalogue import actions
from zhengtong.catalogue.actions import CannotPublish, NotPossible, Order
from zhengtong.catalogue.contents import complaints_of
from zhengtong.catalogue.differences import differences
from zhengtong.catalogue.forms import (
    LISTS,
    OrderForm,
    PublishForm,
    ReturnForm,
    SubmitForm,
    content_from,
    editor_of,
    initial_of,
    specs_for,
)
from zhengtong.catalogue.frame import frame
from zhengtong.catalogue.labels import KINDS, ChangeKind, VersionStatus
from zhengtong.catalogue.models import Item, ItemVersion
from zhengtong.catalogue.queries import open_draft, row_of, theme_names
from zhengtong.catalogue.views.doors import editor, item_of, version_of
from zhengtong.catalogue.views.reading import name_of
from zhengtong.catalogue.wording import ComplaintView, complaint_views, fault_words
from zhengtong.law.procedure_files import UnknownProcedureError, codes, load_procedure, standing
from zhengtong.law.procedure_files import words as procedure_words
from zhengtong.ui.forms import TypedForm

# Which procedure a kind of matter usually takes; the editor may choose another.
USUAL: Final[Mapping[str, str]] = {"01": "licence", "07": "confirmation", "10": "filing", "20": "public_service"}
ROWS_OF: Final = frozenset(spec.name for spec in LISTS)
FOLDED: Final = ROWS_OF | {"guide"}


# ---- beginning ----------------------------------------------------------------------------------


@require_POST
@staff_required
def draft(request: HttpRequest, code: str) -> HttpResponse:
    """The next version; a listed item first needs a procedure."""
    item = item_of(code)
    actor = editor(request, item)
    if open_draft(item) is None and not item.versions.exists() and not request.POST.get("procedure"):
        return redirect("catalogue:begin", code=code)
    try:
        made = actions.create_draft(item=item, actor=actor.person, at=clock.now(), content=_start(item, request))
    except NotPossible as fault:
        messages.warning(request, fault_words(fault))
        return redirect("catalogue:item", code=code)
    return redirect("catalogue:edit", code=code, number=made.version)


def _start(item: Item, request: HttpRequest) -> dict[str, Any] | None:
    """For an item that has no version yet: what the list says, under the procedure chosen."""
    if item.versions.exists():
        return None
    chosen = request.POST.get("procedure", "")
    if chosen not in codes():
        raise Http404
    return {**actions.listed_content(item), "procedure": chosen, "procedure_version": standing(chosen)[-1]}


@never_cache
@require_http_methods(["GET", "HEAD"])
@staff_required
def begin(request: HttpRequest, code: str) -> HttpResponse:
    """Which procedure a listed item follows."""
    item = item_of(code)
    editor(request, item)
    usual = item.procedure or USUAL.get(item.kind, "public_service")
    choices = [
        (one, procedure_words(one, standing(one)[-1], get_language() or "")["procedure.name"], one == usual)
        for one in codes()
        if standing(one) and not load_procedure(one, standing(one)[-1]).internal
    ]
    name = row_of(item, unit_names([item.department])[item.department])
    return render(request, "catalogue/begin.html", {**frame(request), "item": name, "choices": choices})


# ---- the editor ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorSection:
    """One section of the editor: its fields, how much in it is to be put right, and how many rows a list has."""

    anchor: str
    heading: Any
    fields: tuple[forms.BoundField, ...]
    wrong: int
    rows: int | None

    @property
    def is_open(self) -> bool:
        """Lists and the guide are long: they open when something in them is wrong, or when asked to."""
        return bool(self.wrong) or self.anchor not in FOLDED


def _editor(
    version: ItemVersion, posted: Any = None
) -> tuple[TypedForm, list[tuple[str, Any, list[forms.BoundField]]]]:
    """The form of a version, and its fields in groups."""
    content = version.content
    procedure = _procedure_of(content)
    named = procedure_words(procedure.code, procedure.version, get_language() or "zh-hans")
    posts = [(code, label) for code, label, _ref in _posts(content)]
    groups = specs_for(procedure, named=named, posts=posts, themes=sorted(theme_names().items()))
    form = editor_of(groups)(posted, initial=initial_of(content))
    return form, [(anchor, heading, [form[spec.name] for spec in specs]) for anchor, heading, specs in groups]


def _procedure_of(content: Mapping[str, Any]) -> Any:
    try:
        return load_procedure(content.get("procedure", ""), content.get("procedure_version", ""))
    except UnknownProcedureError as unknown:
        raise Http404 from unknown


def _posts(content: Mapping[str, Any]) -> list[tuple[str, str, dict[str, str]]]:
    """Every post, those of the item's organ first: (code, words, reference). What the item names already stays."""
    known = organisation()
    rows = [
        (
            line.code,
            f"{line.unit_name} {line.name}",
            {"post": line.code, "unit": line.unit, "dept": known.dept(line.unit)},
        )
        for line in staff_directory(day_of(clock.now()))
    ]
    rows.sort(key=lambda row: (row[2]["dept"] != content.get("department"), row[1]))
    there = {code for code, _label, _ref in rows}
    kept = {post["post"]: dict(post) for post in content.get("posts", {}).values()}
    return rows + [(code, code, ref) for code, ref in kept.items() if code not in there]


def _typed(form: TypedForm, version: ItemVersion) -> dict[str, Any]:
    refs = {code: ref for code, _label, ref in _posts(version.content)}
    return content_from(form.cleaned_data, version.content, refs)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def edit(request: HttpRequest, code: str, number: int) -> HttpResponse:
    item = item_of(code)
    version, actor = version_of(item, number), editor(request, item)
    if version.status != VersionStatus.DRAFT:
        return redirect("catalogue:version", code=code, number=number)
    if request.method != "POST":
        return _editor_page(request, item, version, _editor(version), version.content)
    form, groups = _editor(version, request.POST)
    if not form.is_valid():
        return _editor_page(request, item, version, (form, groups), None)
    content = _typed(form, version)
    try:
        saved = actions.save_draft(
            version=version,
            content=content,
            expected=request.POST.get("digest", ""),
            actor=actor.person,
            at=clock.now(),
        )
    except NotPossible as fault:
        form.add_error(None, fault_words(fault))
        return _editor_page(request, item, version, (form, groups), content)
    messages.success(request, _("草稿已保存。"))
    to = "catalogue:version" if "done" in request.POST and not complaints_of(saved.content) else "catalogue:edit"
    return redirect(to, code=code, number=number)


def _editor_page(
    request: HttpRequest, item: Item, version: ItemVersion, made: Any, content: Mapping[str, Any] | None
) -> HttpResponse:
    form, groups = made
    found = complaint_views(complaints_of(content), content) if content is not None else ()
    context = {
        **frame(request),
        "item": row_of(item, unit_names([item.department])[item.department]),
        "number": version.version,
        "form": form,
        "sections": _sections(groups, found),
        "digest": request.POST.get("digest", version.digest),
        "complaints": found,
        "is_checked": content is not None,
        "returned_because": version.returned_because,
    }
    return render(request, "catalogue/editor.html", context, status=400 if form.is_bound and form.errors else 200)


@require_POST
@staff_required
def complaints(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """What `bind` says of the form as it stands, for the panel beside it; nothing is kept."""
    item = item_of(code)
    version = version_of(item, number)
    editor(request, item)
    form, groups = _editor(version, request.POST)
    is_checked = form.is_valid()
    content = _typed(form, version) if is_checked else {}
    found = complaint_views(complaints_of(content), content) if is_checked else ()
    context = {
        "complaints": found, "is_checked": is_checked, "is_live": True, "form": form,
        "sections": _sections(groups, found),
    }  # fmt: skip
    return render(request, "catalogue/_complaints.html", context)


def _sections(
    groups: Sequence[tuple[str, Any, list[forms.BoundField]]], found: Sequence[ComplaintView]
) -> list[EditorSection]:
    return [
        EditorSection(
            anchor=anchor, heading=heading, fields=tuple(fields),
            wrong=sum(one.anchor == anchor for one in found) + sum(bool(field.errors) for field in fields),
            rows=sum(len(field.value() or ()) for field in fields) if anchor in ROWS_OF else None,
        )
        for anchor, heading, fields in groups
    ]  # fmt: skip


# ---- review and publication ---------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def submit(request: HttpRequest, code: str, number: int) -> HttpResponse:
    item = item_of(code)
    version, actor = version_of(item, number), editor(request, item)
    form = SubmitForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.submit_for_review(version=version, actor=actor.person, at=clock.now(), **form.cleaned_data)
        except NotPossible as fault:
            _tell(form, fault)
        else:
            messages.success(request, _("已提交审核，由另一位同事发布。"))
            return redirect("catalogue:version", code=code, number=number)
    return _small_page(request, item, form, words=(_("提交审核"), _("提交审核")), version=version)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def publish(request: HttpRequest, code: str, number: int) -> HttpResponse:
    item = item_of(code)
    version, actor, at = version_of(item, number), editor(request, item), clock.now()
    form = PublishForm(request.POST if request.method == "POST" else None, initial={"on": day_of(at)})
    if request.method == "POST" and form.is_valid():
        try:
            actions.publish(version=version, actor=actor.person, at=at, effective_from=form.cleaned_data["on"])
        except NotPossible as fault:
            _tell(form, fault)
        else:
            messages.success(request, _("已发布。办事指南随之更新。"))
            return redirect("catalogue:item", code=code)
    return _small_page(request, item, form, words=(_("审核发布"), _("审核通过并发布")), version=version)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def send_back(request: HttpRequest, code: str, number: int) -> HttpResponse:
    item = item_of(code)
    version = version_of(item, number)
    editor(request, item)
    form = ReturnForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.return_to_draft(version=version, reason=form.cleaned_data["reason"])
        except NotPossible as fault:
            _tell(form, fault)
        else:
            messages.success(request, _("已退回编制人。"))
            return redirect("catalogue:item", code=code)
    return _small_page(request, item, form, words=(_("退回修改"), pgettext("catalogue", "退回")), version=version)


def _tell(form: forms.Form, fault: NotPossible) -> None:
    form.add_error(None, fault_words(fault))
    if isinstance(fault, CannotPublish):
        for view in complaint_views(fault.complaints):
            form.add_error(None, f"{view.where}：{view.sentence}" if view.where else view.sentence)


# ---- dynamic management -------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def change(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """取消、暂停、恢复、下放、承接."""
    item = item_of(code)
    if kind not in ACTS:
        raise Http404
    actor, at = _changer(request, item, kind), clock.now()
    form = OrderForm(request.POST if request.method == "POST" else None, initial={"on": day_of(at)})
    if kind == ChangeKind.HAND_DOWN:
        form.fields["department"] = _department_field(item)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            order = Order(actor=actor.person, at=at, on=given["on"], document=given["document"], note=given["note"])
            ACTS[kind](item, order, given)
        except NotPossible as fault:
            _tell(form, fault)
        else:
            messages.success(request, _("已登记。"))
            return redirect("catalogue:item", code=code)
    label = str(ChangeKind(kind).label)
    return _small_page(request, item, form, words=(label, label), note=str(NOTES[kind]))


def _changer(request: HttpRequest, item: Item, kind: str) -> Any:
    """The organ that takes over is not the organ that has the item: it is asked as if the item were already its own."""
    handed = actions.find_handed_down(item)
    if kind == ChangeKind.TAKE_OVER and handed is not None:
        return editor(request, Item(code=item.code, department=handed.counterpart))
    return editor(request, item)


def _department_field(item: Item) -> forms.Field:
    choices = sorted(
        (str(unit.name), code)
        for code, unit in organisation().units.items()
        if unit.kind == "department" and code != item.department
    )
    return forms.ChoiceField(label=_("下放给哪个部门"), choices=[(code, name) for name, code in choices])


def _hand_down(item: Item, order: Order, given: Mapping[str, Any]) -> None:
    actions.hand_down(item=item, to_department=given["department"], order=order)


def _take_over(item: Item, order: Order, given: Mapping[str, Any]) -> None:
    handed = actions.find_handed_down(item)
    department = handed.counterpart if handed else ""
    actions.take_over(item=item, department=department, posts={}, order=order)


ACTS: Final[Mapping[str, Any]] = {
    "cancel": lambda item, order, given: actions.cancel(item=item, order=order),
    "suspend": lambda item, order, given: actions.suspend(item=item, order=order),
    "resume": lambda item, order, given: actions.resume(item=item, order=order),
    "hand_down": _hand_down,
    "take_over": _take_over,
}
NOTES: Final[Mapping[str, Any]] = {
    "cancel": gettext_lazy("从这一天起不再受理；已受理的按原版本办结。取消以后不能恢复。"),
    "suspend": gettext_lazy("事项仍可查到，但不能申请；恢复以后才能申请。"),
    "resume": gettext_lazy("恢复以后即可申请。"),
    "hand_down": gettext_lazy("登记下放；对方部门承接并发布新版本之前，仍由本部门办理。"),
    "take_over": gettext_lazy("承接会生成一份草稿，部门和岗位换成承接部门的，填好岗位后提交审核。"),
}


def _small_page(
    request: HttpRequest, item: Item, form: forms.Form, *, words: tuple[str, str], version: ItemVersion | None = None,
    note: str = "",
) -> HttpResponse:  # fmt: skip
    """One short form about an item; `words`: heading and button."""
    title, go = words
    before = None
    if version is not None:
        before = item.versions.filter(version__lt=version.version).order_by("-version").first()
    context = {
        **frame(request),
        "item": row_of(item, unit_names([item.department])[item.department]),
        "form": form,
        "title": title,
        "go": go,
        "note": note,
        "number": version.version if version else None,
        "differences": differences(before.content, version.content) if version and before else (),
        "crumbs": ((_("事项目录"), "/catalogue/"), (name_of(item), f"/catalogue/items/{item.code}"), (title, "")),
        "kind_words": KINDS.get(item.kind, item.kind),
    }
    return render(request, "catalogue/small.html", context, status=400 if form.is_bound and form.errors else 200)
