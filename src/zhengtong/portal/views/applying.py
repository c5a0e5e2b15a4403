"""Applying (申请): one question group a page, everything typed kept in a draft, one receipt at the end.

The draft belongs to the account; another's address reads as absent. Every page works without script.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhengtong.accounts import clock
from zhengtong.accounts import queries as people
from zhengtong.accounts.requests import citizen_required, required_account, required_actor
from zhengtong.cases.act_forms import jsonable
from zhengtong.catalogue import queries as catalogue
from zhengtong.documents.queries import FileLine, UnknownUpload, open_upload, uploads_of
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.events import Json
from zhengtong.kernel.inputs import is_sealed
from zhengtong.kernel.refusals import Refusal
from zhengtong.kernel.terms import law_day
from zhengtong.law.refusal_words import say
from zhengtong.law.rulebook_files import kept
from zhengtong.ledger.record import StaleHistory
from zhengtong.portal import actions, opening, uploading
from zhengtong.portal.drafts import Content, read_content
from zhengtong.portal.forms import applicant_form, as_initial, as_post, typed_of
from zhengtong.portal.frames import frame
from zhengtong.portal.matters import public_matters
from zhengtong.portal.models import Draft
from zhengtong.portal.opening import APPLICANT, CHECK, FIELD, MATERIALS, QUESTIONS, SITUATION, Plan
from zhengtong.portal.queries import find_draft, open_draft_of, party_names
from zhengtong.portal.uploading import Slot, joined, lines_of, take_files
from zhengtong.ui.forms import TypedForm
from zhengtong.ui.values import Link

SAFE: Final = ("GET", "HEAD", "POST")
MOST_TYPED: Final = 400_000
SHOWN_INLINE: Final = frozenset({"application/pdf", "image/jpeg", "image/png"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One application on its way: whose, for what, under which plan, and what is there already."""

    request: HttpRequest
    at: datetime
    actor: Actor
    draft: Draft
    content: Content
    plan: Plan

    def url(self, step: str) -> str:
        return reverse("portal:step", args=[self.draft.ref, step])

    def keep(self, content: Content, step: str = "") -> None:
        actions.keep(self.draft, content=content, at=self.at, step=step)


# ---- begin ------------------------------------------------------------------------------------------


@never_cache
@require_http_methods(SAFE)
@citizen_required
def apply(request: HttpRequest, code: str) -> HttpResponse:
    """Go on with the open draft of this item, or begin: nothing is written before something is answered."""
    at, account = clock.now(), required_account(request)
    version = catalogue.published(code, law_day(at)) if code.isprintable() and len(code) <= 64 else None
    if version is None:
        if catalogue.find_item(code[:64]) is None:
            raise Http404
        return redirect("portal:guide", code=code)
    draft = open_draft_of(account.pk, code)
    if draft is not None and request.method != "POST" and not request.GET.get("new"):
        messages.info(request, _("这是您上次没有填完的，接着填就行。要另办一件，请到“我的办件”里重新开始。"))
        return redirect("portal:step", ref=draft.ref, step=draft.step or _first_step(draft, at))
    given = request.POST if request.method == "POST" else request.GET
    plan = opening.read_plan(code, version, given.dict(), at)
    if plan is None:
        return redirect("portal:guide", code=code)
    actor = required_actor(request, at, item=code)
    fresh = Draft(ref="", item=code, item_version=version)
    content = Content(answers=dict(plan.guide.answers))
    errand = Errand(request=request, at=at, actor=actor, draft=fresh, content=content, plan=plan)
    is_answered = plan.steps[0] != SITUATION or (plan.guide.answered_all and not request.GET.get("new"))
    if request.method != "POST" and not is_answered:
        return _page(errand, SITUATION)
    if request.method != "POST":
        return _page(errand, APPLICANT, form=applicant_form(_applicants(errand))())
    return _begin(errand, code, version)


def _begin(errand: Errand, code: str, version: int) -> HttpResponse:
    """The first answer makes the draft."""
    request, plan = errand.request, errand.plan
    if SITUATION in plan.steps and not plan.guide.answered_all:
        return _page(errand, SITUATION, is_asking=True)
    content, step = errand.content, plan.after(SITUATION) if SITUATION in plan.steps else APPLICANT
    if "applicant" in request.POST:
        form = applicant_form(_applicants(errand))(request.POST)
        if not form.is_valid():
            return _page(errand, APPLICANT, form=form)
        content, step = replace(content, applicant=form.cleaned_data["applicant"]), plan.after(APPLICANT)
    draft = actions.start_draft(
        account=required_account(request), item=code, version=version, content=content, at=errand.at
    )
    return redirect("portal:step", ref=draft.ref, step=step)


def _first_step(draft: Draft, at: datetime) -> str:
    plan = opening.read_plan(draft.item, draft.item_version, read_content(draft.content).answers, at)
    return plan.steps[0] if plan is not None else APPLICANT


# ---- one step ---------------------------------------------------------------------------------------


@never_cache
@require_http_methods(SAFE)
@citizen_required
def step(request: HttpRequest, ref: str, step: str) -> HttpResponse:
    found = _find(request, ref)
    if isinstance(found, HttpResponse):
        return found
    if step not in found.plan.steps:
        return redirect(found.url(found.plan.steps[0]))
    return STEPS[step](found)


def _find(request: HttpRequest, ref: str) -> "Errand | HttpResponse":
    """The own draft, brought up to the version in force; one that was handed in leads to its receipt.

    Raises:
        Http404: no such draft of this account.
    """
    at, account = clock.now(), required_account(request)
    draft = find_draft(account.pk, ref)
    if draft is None:
        raise Http404
    if draft.number:
        return redirect("portal:receipt", number=draft.number)
    content = read_content(draft.content)
    version = catalogue.published(draft.item, law_day(at))
    plan = opening.read_plan(draft.item, version, content.answers, at) if version is not None else None
    if version is None or plan is None:
        messages.warning(request, _("这个事项现在不能申请，您填的都还存着。原因见办事指南。"))
        return redirect("portal:guide", code=draft.item)
    if version != draft.item_version:
        content = actions.rebind(draft, plan=plan, at=at)
        messages.info(request, _("您存下以后，这个事项换了新版指南。填过的都还在，请看看有没有新要填、要交的。"))
    actor = required_actor(request, at, item=draft.item)
    return Errand(request=request, at=at, actor=actor, draft=draft, content=content, plan=plan)


def _situation(errand: Errand) -> HttpResponse:
    if errand.request.method != "POST":
        return _page(errand, SITUATION)
    plan = opening.read_plan(errand.draft.item, errand.draft.item_version, errand.request.POST.dict(), errand.at)
    assert plan is not None
    content = opening.fitting(errand.content, plan)
    errand.keep(content, SITUATION)
    errand = replace(errand, plan=plan, content=content)
    if not plan.guide.answered_all and "save" not in errand.request.POST:
        return _page(errand, SITUATION, is_asking=True)
    return _onward(errand, SITUATION)


def _applicants(errand: Errand) -> list[tuple[str, str]]:
    """Oneself first, then firms and principals; of a matter for firms alone, the firm first."""
    own, held = errand.actor.person, errand.actor.subjects
    names = party_names([own, *held])
    others = [ref for ref, basis in held.items() if ref != own and basis != opening.OWN]
    chosen = errand.content.applicant
    own_line = (own, _("本人（%(name)s）") % {"name": names.get(own, own)})
    lines = [own_line, *((ref, names.get(ref, ref)) for ref in others)]
    return sorted(lines, key=lambda line: line[0] != chosen) if chosen in held else lines


def _who(errand: Errand) -> list[people.SubjectView]:
    """What is registered of each possible applicant, masked."""
    found = people.masked_subjects([ref for ref, _label in _applicants(errand)])
    return [found[ref] for ref, _label in _applicants(errand) if ref in found]


def _applicant(errand: Errand) -> HttpResponse:
    form = applicant_form(sorted(_applicants(errand), key=lambda line: line[0] != errand.actor.person))
    if errand.request.method != "POST":
        return _page(
            errand, APPLICANT, form=form(initial={"applicant": errand.content.applicant or errand.actor.person})
        )
    bound = form(errand.request.POST)
    if not bound.is_valid():
        return _page(errand, APPLICANT, form=bound)
    errand.keep(replace(errand.content, applicant=bound.cleaned_data["applicant"]), APPLICANT)
    return _onward(errand, APPLICANT)


def _questions(errand: Errand) -> HttpResponse:
    form = opening.question_form(errand.plan, errand.actor, errand.at)
    if errand.request.method != "POST":
        if errand.request.GET.get("check"):
            return _page(errand, QUESTIONS, form=form(as_post(errand.content.typed)))
        return _page(errand, QUESTIONS, form=form(initial=as_initial(form, errand.content.typed)))
    bound = form(errand.request.POST)
    is_good = bound.is_valid()
    _keep_typed(errand, QUESTIONS)
    if "save" not in errand.request.POST and not is_good:
        return _page(errand, QUESTIONS, form=bound)
    return _onward(errand, QUESTIONS)


def _keep_typed(errand: Errand, step: str) -> bool:
    """What was typed, unless it is more than anybody types; then the page itself still has it."""
    typed = typed_of(errand.request.POST)
    if sum(len(name) + sum(map(len, values)) for name, values in typed.items()) > MOST_TYPED:
        return False
    errand.keep(replace(errand.content, typed=typed), step)
    return True


def _materials(errand: Errand) -> HttpResponse:
    if errand.request.method != "POST":
        return _page(errand, MATERIALS, slots=_slots(errand, {}))
    codes = [line.code for line in errand.plan.materials]
    taken = take_files(errand.request.FILES, codes, uploader=errand.actor.person, at=errand.at)
    by_hand = tuple(code for code in codes if errand.request.POST.get(uploading.HAND + code))
    content = replace(errand.content, files=joined(errand.content.files, taken.digests), by_hand=by_hand)
    removed = errand.request.POST.get(uploading.REMOVE, "")
    if removed:
        material, _colon, digest = removed.partition(":")
        content = actions.without_file(content, material, digest)
    errand.keep(content, MATERIALS)
    for remark in taken.remarks:
        messages.info(errand.request, remark)
    errand = replace(errand, content=content)
    errors = dict(taken.errors)
    if "go" in errand.request.POST and not removed:
        errors |= {code: words for code, words in _missing(errand).items() if code not in errors}
    if errors or removed or "go" not in errand.request.POST:
        if "save" in errand.request.POST and not errors:
            return _onward(errand, MATERIALS)
        return _page(errand, MATERIALS, slots=_slots(errand, errors))
    return _onward(errand, MATERIALS)


def _missing(errand: Errand) -> dict[str, str]:
    """Required materials without a file. Saving without them is possible, and so is bringing the paper."""
    words = _("还没有文件。手上没有的话，可以先存下来以后再传，或者勾选带纸质件到窗口。")
    return {
        slot.code: words
        for slot in _slots(errand, {})
        if slot.required and not (slot.files or slot.by_hand or slot.filled)
    }


def _slots(errand: Errand, errors: Mapping[str, str]) -> tuple[Slot, ...]:
    files = lines_of(errand.content.files, errand.actor.person)
    return tuple(
        Slot(
            code=line.code, name=line.name, note=line.note, source=line.source, files=files.get(line.code, ()),
            need=_need(line), error=errors.get(line.code, ""), required=line.required and not line.tolerable,
            by_hand=line.code in errand.content.by_hand, may_by_hand=line.form != "electronic",
            filled=actions.is_filled_in(errand.plan, line.code),
        )
        for line in errand.plan.materials
    )  # fmt: skip


def _need(line: catalogue.MaterialLine) -> str:
    if line.because:
        return _("您的情形要交")
    if line.required and line.tolerable:
        return _("可以先受理、后补交")
    return _("必要") if line.required else _("有就交")


def _onward(errand: Errand, step: str) -> HttpResponse:
    """Save: to the own cases. Otherwise the next step, or back to the check for who came from there."""
    if "save" in errand.request.POST:
        messages.success(errand.request, _("存好了。%(days)s 天内随时可以接着填。") % {"days": kept("draft").n})
        return redirect("portal:mine")
    if errand.request.GET.get("back") == CHECK and step != SITUATION:
        return redirect(errand.url(CHECK))
    return redirect(errand.url(errand.plan.after(step)))


# ---- check and submit -------------------------------------------------------------------------------


def _check(errand: Errand) -> HttpResponse:
    if not errand.content.applicant or errand.content.applicant not in errand.actor.subjects:
        return redirect(errand.url(APPLICANT))
    if SITUATION in errand.plan.steps and not errand.plan.guide.answered_all:
        return redirect(errand.url(SITUATION))
    form = _checked_form(errand)
    if form is not None and not form.is_valid():
        return redirect(f"{errand.url(QUESTIONS)}?check=1")
    if errand.request.method != "POST":
        return _page(errand, CHECK, answers=_answers(form), slots=_slots(errand, {}))
    return _submit(errand, form)


def _submit(errand: Errand, form: TypedForm | None) -> HttpResponse:
    inputs, sealed = _split(errand, form)
    try:
        recorded = actions.submit(
            draft=errand.draft, plan=errand.plan, actor=errand.actor, inputs=inputs, at=errand.at, **sealed
        )
    except Refusal as refusal:
        said = say(refusal, errand.plan.words, {line.code: line.name for line in errand.plan.materials})
        return _page(errand, CHECK, answers=_answers(form), slots=_slots(errand, {}), refused=said, status=409)
    except StaleHistory:
        return redirect(errand.url(CHECK))
    return redirect("portal:receipt", number=recorded.number)


def _checked_form(errand: Errand) -> TypedForm | None:
    if QUESTIONS not in errand.plan.steps:
        return None
    return opening.question_form(errand.plan, errand.actor, errand.at)(as_post(errand.content.typed))


def _split(errand: Errand, form: TypedForm | None) -> tuple[dict[str, Json], dict[str, Json]]:
    """Inputs that stand in the event, and those that are sealed; the item's own fields are one sealed form."""
    data = form.cleaned_data if form is not None else {}
    filled = {name: jsonable(value) for name, value in data.items() if value not in (None, "", [], {})}
    own = {name.removeprefix(FIELD): value for name, value in filled.items() if name.startswith(FIELD)}
    inputs: dict[str, Json] = {}
    sealed: dict[str, Json] = {}
    for rule in errand.plan.rule.inputs:
        if rule.kind == "fields" and own:
            sealed[rule.name] = own
        elif rule.name in filled:
            (sealed if is_sealed(rule) else inputs)[rule.name] = filled[rule.name]
    return inputs, sealed


def _answers(form: TypedForm | None) -> list[tuple[str, str]]:
    """What was filled in, in words, for the last look."""
    if form is None:
        return []
    return [
        (str(bound.label), words)
        for bound in form
        if (words := words_of(bound.field, form.cleaned_data.get(bound.name)))
    ]


def words_of(field: Any, value: Any) -> str:
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, dict):
        return " ".join(str(one) for one in value.values() if one)
    names = {str(code): str(label) for code, label in getattr(field, "options", ()) or ()}
    if isinstance(value, list):
        return "、".join(names.get(str(one), str(one)) for one in value)
    return names.get(str(value), str(field.prepare_value(value)))


STEPS: Final[Mapping[str, Callable[[Errand], HttpResponse]]] = {
    SITUATION: _situation, APPLICANT: _applicant, QUESTIONS: _questions, MATERIALS: _materials, CHECK: _check,
}  # fmt: skip


# ---- beside the steps -------------------------------------------------------------------------------


@require_POST
@citizen_required
def autosave(request: HttpRequest, ref: str, step: str) -> HttpResponse:
    """What is typed so far, from the page itself while somebody writes. Only the questions type anything."""
    found = _find(request, ref)
    if isinstance(found, HttpResponse):
        return HttpResponse(status=409)
    if step == QUESTIONS and QUESTIONS in found.plan.steps and not _keep_typed(found, QUESTIONS):
        return HttpResponse(status=413)
    return HttpResponse(status=204)


@never_cache
@require_safe
@citizen_required
def draft_file(request: HttpRequest, ref: str, digest: str) -> HttpResponse:
    """An own upload of the draft, as it will be seen at the window."""
    found = _find(request, ref)
    if isinstance(found, HttpResponse):
        return found
    known = {one for digests in found.content.files.values() for one in digests}
    line = next(iter(uploads_of(found.actor.person, [digest])), None) if digest in known else None
    if line is None:
        raise Http404
    return file_answer(line)


def file_answer(line: FileLine) -> HttpResponse:
    """Pictures and PDF open in the browser, anything else is saved; a file never runs anything of this site.

    Raises:
        Http404: its content is not here any more.
    """
    try:
        data = open_upload(line.digest)
    except UnknownUpload as gone:
        raise Http404 from gone
    answer = HttpResponse(data, content_type=line.media_type)
    manner = "inline" if line.media_type in SHOWN_INLINE else "attachment"
    answer["Content-Disposition"] = content_disposition_header(manner == "attachment", line.name) or manner
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@require_POST
@citizen_required
def drop(request: HttpRequest, ref: str) -> HttpResponse:
    draft = find_draft(required_account(request).pk, ref)
    if draft is None or draft.number:
        raise Http404
    actions.drop(draft)
    messages.success(request, _("草稿已经删除。"))
    return redirect("portal:mine")


# ---- the page ---------------------------------------------------------------------------------------

STEP_PAGES: Final = {
    SITUATION: "portal/step_situation.html", APPLICANT: "portal/step_form.html", QUESTIONS: "portal/step_form.html",
    MATERIALS: "portal/step_materials.html", CHECK: "portal/step_check.html",
}  # fmt: skip


def step_names() -> dict[str, str]:
    return {
        SITUATION: _("您的情形"), APPLICANT: _("谁来申请"), QUESTIONS: _("填写申请书"), MATERIALS: _("要交的材料"),
        CHECK: _("核对并提交"),
    }  # fmt: skip


def _page(errand: Errand, step: str, *, status: int = 200, **more: Any) -> HttpResponse:
    plan, draft, names = errand.plan, errand.draft, step_names()
    number = plan.steps.index(step) + 1
    where = _("申请，第 %(n)d 步，共 %(all)d 步") % {"n": number, "all": len(plan.steps)}
    before = plan.before(step)
    has_errors = more.get("is_asking") or any(slot.error for slot in more.get("slots", ()))
    context = {
        **frame(errand.request, here="home"), "guide": plan.guide, "step": step, "title": names[step], "draft": draft,
        "steps": [(code, names[code], errand.url(code) if draft.ref else "") for code in plan.steps],
        "number": number, "where": where, "back_url": errand.url(before) if before and draft.ref else "",
        "crumbs": [Link(plan.guide.name, reverse("portal:guide", args=[draft.item])), Link(where)],
        "autosave_url": reverse("portal:autosave", args=[draft.ref, step]) if draft.ref and step == QUESTIONS else "",
        "applicant": party_names([errand.content.applicant]).get(errand.content.applicant, "") if step == CHECK else "",
        "accept": uploading.ACCEPT, "who": _who(errand) if step == APPLICANT else (), **more,
    }  # fmt: skip
    form = more.get("form")
    wrong = has_errors or (form is not None and form.is_bound and not form.is_adding and form.errors)
    code = 400 if wrong and errand.request.method == "POST" and status == 200 else status
    context["kept_days"] = kept("draft").n
    return render(errand.request, STEP_PAGES[step], context, status=code)


@never_cache
@require_http_methods(SAFE)
@citizen_required
def new(request: HttpRequest, code: str) -> HttpResponse:
    """A matter that stands in no list of items: the same steps, made of its opening act."""
    if code not in {matter.code for matter in public_matters()}:
        raise Http404
    return apply(request, code)
