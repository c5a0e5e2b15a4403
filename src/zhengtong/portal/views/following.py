"""Following (跟办): own cases and drafts, one case, its receipt, and what the party may do about it now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from zhengtong.accounts import clock
from zhengtong.accounts.requests import citizen_required, required_account, required_actor
from zhengtong.cases.act_forms import Directory, Questions, form_class, is_handing_in, read_filled
from zhengtong.cases.actions import Wish, perform
from zhengtong.cases.case_view import CaseRead
from zhengtong.cases.refusals import refusal_view
from zhengtong.catalogue import queries as catalogue
from zhengtong.documents.actions import commit_material
from zhengtong.documents.queries import file_of_case, open_upload, UnknownUpload
from zhengtong.kernel.commands import MaterialGiven
from zhengtong.kernel.events import Json
from zhengtong.kernel.procedures import ActionRule, Phase
from zhengtong.kernel.refusals import Refusal
from zhengtong.ledger.record import StaleHistory, new_key
from zhengtong.portal import uploading
from zhengtong.portal.actions import CHANNEL
from zhengtong.portal.case_lists import CaseLine, case_lines
from zhengtong.portal.frames import frame
from zhengtong.portal.queries import Sight, cases_of, open_drafts, party_names, see_case
from zhengtong.portal.receipts import read_receipt
from zhengtong.portal.story import act_label, asked_for, follow, material_names, open_acts, _guide_of
from zhengtong.portal.uploading import Slot, joined, kept_files, lines_of, take_files
from zhengtong.portal.views.applying import file_answer
from zhengtong.ui.forms import TypedForm
from zhengtong.ui.values import EmptyView, Link

SAFE: Final = ("GET", "HEAD", "POST")
PAGE: Final = 20


@never_cache
@require_safe
@citizen_required
def mine(request: HttpRequest) -> HttpResponse:
    """Own cases and drafts; filters: all, open, waiting for me, done."""
    at, account = clock.now(), required_account(request)
    actor = required_actor(request, at)
    cases = case_lines(cases_of(account, actor, at), actor, at)
    show = request.GET.get("show", "")
    groups = {"": list(cases), "yours": [c for c in cases if c.is_yours], "open": [c for c in cases if not c.is_closed],
              "closed": [c for c in cases if c.is_closed]}  # fmt: skip
    show = show if show in groups else ""
    names = {"": _("全部"), "yours": _("等我办"), "open": _("在办"), "closed": _("已办结")}
    drafts = open_drafts(account.pk)
    titles = catalogue.item_names([draft.item for draft in drafts])
    context = {
        **frame(request, here="mine"), "cases": groups[show],
        "tabs": [(code, names[code], len(rows), code == show) for code, rows in groups.items()],
        "drafts": [(titles[draft.item], draft, reverse("portal:apply", args=[draft.item])) for draft in drafts], "now": at,
        "empty": _no_cases(show),
    }  # fmt: skip
    return render(request, "portal/mine.html", context)


def _no_cases(show: str) -> EmptyView:
    if show:
        acts = [Link(_("看全部"), reverse("portal:mine"))]
        return EmptyView(title=_("这一类里没有办件"), acts=acts)
    acts = [Link(_("去找要办的事"), reverse("portal:home")), Link(_("凭收件凭证查进度"), reverse("portal:query"))]
    say = _("在网上提交的申请会列在这里；在窗口办的，凭收件凭证上的编号和查询密码可以加进来。")
    return EmptyView(title=_("您还没有办件"), say=say, acts=acts)


# ---- one case ---------------------------------------------------------------------------------------


@never_cache
@require_safe
@citizen_required
def case(request: HttpRequest, number: str) -> HttpResponse:
    sight = _sight(request, number, clock.now())
    return render(request, "portal/case.html", case_context(request, sight))


def _sight(request: HttpRequest, number: str, at: datetime) -> Sight:
    """Raises Http404 for absent and not-yours alike."""
    return see_case(required_account(request), required_actor(request, at, case=number[:80]), number[:80], at)


def case_context(request: HttpRequest, sight: Sight, subject: str = "") -> dict[str, Any]:
    read = sight.case
    followed = follow(read, sight.actor)
    party = subject or sight.subject
    main = next((choice for choice in followed.choices if choice.first), None)
    return {
        **frame(request, here="mine" if sight.actor else "query"), "follow": followed, "case": read, "main": main,
        "party": party_names([party]).get(party, ""), "receipt": read_receipt(read),
        "asked": asked_for(read) if followed.is_yours else None,
        "asked_names": material_names(read, followed.guide),
        "crumbs": [Link(_("办事"), reverse("portal:home")), Link(_("我的办件"), reverse("portal:mine")), Link(_("进度"))],
    }  # fmt: skip


@never_cache
@require_safe
@citizen_required
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The one receipt: number, query password, digest, QR, what was received and when."""
    sight = _sight(request, number, clock.now())
    context = {
        **frame(request, here="mine"), "receipt": read_receipt(sight.case),
        "party": party_names([sight.subject]).get(sight.subject, ""),
        "crumbs": [Link(_("我的办件"), reverse("portal:mine")), Link(_("收件凭证"))],
    }  # fmt: skip
    return render(request, "portal/receipt.html", context)


@never_cache
@require_safe
@citizen_required
def receipt_print(request: HttpRequest, number: str) -> HttpResponse:
    at = clock.now()
    sight = _sight(request, number, at)
    context = {
        "receipt": read_receipt(sight.case), "party": party_names([sight.subject]).get(sight.subject, ""), "now": at,
        "back_url": reverse("portal:receipt", args=[number]),
    }  # fmt: skip
    return render(request, "portal/receipt_print.html", context)


@never_cache
@require_safe
@citizen_required
def case_file(request: HttpRequest, number: str, digest: str) -> HttpResponse:
    """A file of the own case, shown in the browser where it can be."""
    sight = _sight(request, number, clock.now())
    try:
        line = file_of_case(sight.case.state, digest)
    except UnknownUpload as unknown:
        raise Http404 from unknown
    return file_answer(open_upload(line.digest), line.media_type, line.name)


# ---- acts -------------------------------------------------------------------------------------------


@never_cache
@require_http_methods(SAFE)
@citizen_required
def act(request: HttpRequest, number: str, act: str) -> HttpResponse:
    """Any act the party may do, through the form its procedure file describes."""
    at = clock.now()
    sight = _sight(request, number, at)
    read = sight.case
    rule = read.bound.actions.get(act)
    if rule is None or sight.actor is None:
        raise Http404
    if request.method != "POST":
        if act not in {one.act for one in open_acts(read, sight.actor)}:
            messages.warning(request, _("“%(act)s”现在不能办，请看办件进度。") % {"act": act_label(read, rule)})
            return redirect("portal:case", number=number)
        return _act_page(request, sight, rule, form=_form_of(sight, rule)())
    return _do(request, sight, rule, at)


def _questions(sight: Sight, rule: ActionRule) -> Questions:
    read = sight.case
    assert sight.actor is not None
    return Questions(
        bound=read.bound, state=read.state, rule=rule, words=read.words,
        directory=Directory(actor=sight.actor, at=read.at), materials=material_names(read, _guide_of(read)),
        on_paper=False,
    )  # fmt: skip


def _form_of(sight: Sight, rule: ActionRule) -> type[TypedForm]:
    """Without files, which have their own place on the page, and without what the page itself knows."""
    asked = _questions(sight, rule)
    without = [each.name for each in rule.inputs if each.kind in ("material", "materials") and _is_given(sight, rule)]
    if rule.does == "material_received":
        without += [each.name for each in rule.inputs]
    if rule.does == "rated":
        without.append("channel")
    return form_class(asked, without=without)


def _is_given(sight: Sight, rule: ActionRule) -> bool:
    return is_handing_in(rule, sight.case.bound)


def _takes_files(sight: Sight, rule: ActionRule) -> bool:
    return _is_given(sight, rule) and any(each.kind in ("material", "materials") for each in rule.inputs)


def _do(request: HttpRequest, sight: Sight, rule: ActionRule, at: datetime) -> HttpResponse:
    assert sight.actor is not None
    form = _form_of(sight, rule)(request.POST)
    codes = [one.code for one in sight.case.bound.materials] if _takes_files(sight, rule) else []
    uploader = sight.actor.person
    taken = take_files(request.FILES, codes, uploader=uploader, at=at)
    files = joined(kept_files(request.POST.getlist(uploading.KEPT), codes, uploader), taken.digests)
    removed = request.POST.get(uploading.REMOVE, "").partition(":")
    files = {code: [one for one in digests if (code, one) != (removed[0], removed[2])] for code, digests in files.items()}
    errors = dict(taken.errors)
    filled = read_filled(form, _questions(sight, rule)) if form.is_valid() else None
    if codes and not any(files.values()) and not errors and not removed[0]:
        first = next(iter(_wanted(sight.case)), codes[0])
        errors[first] = _("至少上传一份材料。")
    if filled is None or errors or removed[0]:
        return _act_page(request, sight, rule, form=form, files=files, errors=errors, status=400)
    inputs: dict[str, Json] = {**filled.inputs, **({"channel": CHANNEL} if rule.does == "rated" else {})}
    materials = [
        MaterialGiven(
            material=code, form="electronic", commitment=commit_material(digests=digests, uploader=uploader)
        )
        for code, digests in files.items()
        if digests
    ]
    wish = Wish(
        act=rule.code, inputs=inputs, private=dict(filled.private), materials=materials, branch=filled.branch
    )
    return _perform(request, sight, rule, wish, form=form, files=files, at=at)


def _perform(  # the page that comes back needs all that was typed
    request: HttpRequest, sight: Sight, rule: ActionRule, wish: Wish, *, form: TypedForm, files: Mapping[str, list[str]],
    at: datetime,
) -> HttpResponse:  # fmt: skip
    assert sight.actor is not None
    number, seq = sight.case.state.number, request.POST.get("seq", "")[:9]
    try:
        perform(
            actor=sight.actor, at=at, case_id=sight.case.ref.id, wish=wish, key=key_in(request, at),
            expected_seq=int(seq) if seq.isdecimal() and seq.isascii() else None,
        )  # fmt: skip
    except Refusal as refusal:
        names = material_names(sight.case, _guide_of(sight.case))
        said = refusal_view(refusal, sight.case.words, names, [Link(_("看办件进度"), reverse("portal:case", args=[number]))])
        return _act_page(request, sight, rule, form=form, files=files, refused=said, status=409)
    except StaleHistory:
        return _conflict(request, number, at, seq)
    messages.success(request, _("办好了：%(act)s。") % {"act": act_label(sight.case, rule)})
    return redirect("portal:case", number=number)


def key_in(request: HttpRequest, at: datetime) -> str:
    """The key the form carried, so that a second post is a replay; a new one for what is no key of ours."""
    from uuid import UUID

    try:
        key = UUID(request.POST.get("key", "")[:36])
    except ValueError:
        return new_key(at)
    return str(key) if key.version == 7 or (key.int >> 76) & 0xF == 7 else new_key(at)


def _conflict(request: HttpRequest, number: str, at: datetime, seq: str) -> HttpResponse:
    sight = _sight(request, number, at)
    seen = int(seq) if seq.isdecimal() else 0
    from zhengtong.cases.case_view import tell
    from zhengtong.ui.values import TimelineEntry

    changes = [
        TimelineEntry(act=step.name, when=step.at, who=step.unit or step.who)
        for step in tell(sight.case, with_people=False)
        if step.seq > seen
    ]
    context = {**frame(request, here="mine"), "changes": changes, "again_url": reverse("portal:case", args=[number])}
    return render(request, "ui/conflict.html", context, status=409)


def _wanted(read: CaseRead) -> list[str]:
    """Codes of the materials the latest notice asks for; every material where none was named."""
    asked = asked_for(read)
    named = list(asked.reasons) if asked is not None else []
    return named or [rule.code for rule in read.bound.materials]


def _act_page(
    request: HttpRequest, sight: Sight, rule: ActionRule, *, form: TypedForm, files: Mapping[str, list[str]] | None = None,
    errors: Mapping[str, str] | None = None, refused: Any = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    read = sight.case
    asked = asked_for(read) if _takes_files(sight, rule) and rule.does is None else None
    number = read.state.number
    ends = rule.to is not None and read.bound.phase_of(rule.to) is Phase.CLOSED
    context = {
        **frame(request, here="mine"), "title": act_label(read, rule), "form": form, "refused": refused, "ends": ends,
        "follow": follow(read, None), "asked": asked, "slots": _slots(sight, rule, files or {}, errors or {}),
        "key": request.POST.get("key", "")[:36] or new_key(read.at), "seq": read.ref.last_seq,
        "accept": uploading.ACCEPT, "kept": [f"{code}:{one}" for code, digests in (files or {}).items() for one in digests],
        "back_url": reverse("portal:case", args=[number]),
        "crumbs": [Link(_("我的办件"), reverse("portal:mine")), Link(_("进度"), reverse("portal:case", args=[number])),
                   Link(act_label(read, rule))],
    }  # fmt: skip
    return render(request, "portal/act.html", context, status=status)


def _slots(sight: Sight, rule: ActionRule, files: Mapping[str, list[str]], errors: Mapping[str, str]) -> tuple[Slot, ...]:
    if not _takes_files(sight, rule):
        return ()
    read = sight.case
    assert sight.actor is not None
    asked = asked_for(read) if rule.does is None else None
    names, lines = material_names(read, _guide_of(read)), lines_of(files, sight.actor.person)
    codes = _wanted(read) if rule.does is None else [one.code for one in read.bound.materials]
    reasons = asked.reasons if asked is not None else {}
    return tuple(
        Slot(
            code=code, name=names.get(code, code), asked=reasons.get(code, ""), files=lines.get(code, ()),
            error=errors.get(code, ""),
        )
        for code in codes
    )  # fmt: skip
