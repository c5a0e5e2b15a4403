"""What a party does about a case (当事人的行为): any act of any procedure, through the form its file describes.

Supplying what a notice asks for, withdrawing, stating views, asking for a hearing, rating: none has a page of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from zhengtong.accounts import clock
from zhengtong.accounts.requests import citizen_required
from zhengtong.cases.act_forms import Directory, Filled, Questions, form_class, is_handing_in, read_filled
from zhengtong.cases.actions import Wish, perform
from zhengtong.cases.case_view import CaseRead, tell
from zhengtong.cases.refusals import refusal_view
from zhengtong.documents.actions import commit_material
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.commands import MaterialGiven
from zhengtong.kernel.events import Json
from zhengtong.kernel.procedures import ActionRule, Phase
from zhengtong.kernel.refusals import Refusal
from zhengtong.ledger.record import StaleHistory, new_key
from zhengtong.portal import uploading
from zhengtong.portal.actions import CHANNEL
from zhengtong.portal.frames import frame
from zhengtong.portal.story import act_label, asked_for, follow, guide_of, is_theirs, material_names, open_acts
from zhengtong.portal.uploading import Slot, joined, kept_files, lines_of, take_files
from zhengtong.portal.views.following import sight_of
from zhengtong.ui.forms import TypedForm
from zhengtong.ui.values import Link, RefusalView, TimelineEntry

SAFE: Final = ("GET", "HEAD", "POST")
OF_MATERIALS: Final = frozenset({"material", "materials"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One act on its way: on which case, by whom, with which files and what is wrong with them."""

    request: HttpRequest
    case: CaseRead
    actor: Actor
    rule: ActionRule
    form: TypedForm
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    by_hand: tuple[str, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def number(self) -> str:
        return self.case.state.number

    @property
    def takes_files(self) -> bool:
        return _takes_files(self.rule, self.case)

    @property
    def label(self) -> str:
        return act_label(self.case, self.rule)


@never_cache
@require_http_methods(SAFE)
@citizen_required
def act(request: HttpRequest, number: str, act: str) -> HttpResponse:
    """Any act the party may do."""
    at = clock.now()
    sight = sight_of(request, number, at)
    rule = sight.case.bound.actions.get(act)
    if rule is None or rule.opening or sight.actor is None:
        raise Http404
    form = _form_of(sight.case, sight.actor, rule)
    deed = Deed(request=request, case=sight.case, actor=sight.actor, rule=rule, form=form())
    if request.method == "POST" and is_theirs(sight.case, sight.actor, rule):
        return _do(replace(deed, form=form(request.POST)), at)
    if request.method == "POST" or act not in {one.act for one in open_acts(sight.case, sight.actor)}:
        messages.warning(request, _("“%(act)s”现在不能办，请看办件进度。") % {"act": deed.label})
        return redirect("portal:case", number=number)
    return _page(deed)


# ---- the form ---------------------------------------------------------------------------------------


def _questions(case: CaseRead, actor: Actor, rule: ActionRule) -> Questions:
    return Questions(
        bound=case.bound, state=case.state, rule=rule, words=case.words,
        directory=Directory(actor=actor, at=case.at), materials=material_names(case, guide_of(case)), on_paper=False,
    )  # fmt: skip


def _form_of(case: CaseRead, actor: Actor, rule: ActionRule) -> type[TypedForm]:
    """Without files, which have their own place on the page, and without what the page itself knows."""
    without = [each.name for each in rule.inputs if each.kind in OF_MATERIALS and is_handing_in(rule, case.bound)]
    if rule.does == "material_received":
        without += [each.name for each in rule.inputs]
    if rule.does == "rated":
        without.append("channel")
    return form_class(_questions(case, actor, rule), without=without)


def _takes_files(rule: ActionRule, case: CaseRead) -> bool:
    return is_handing_in(rule, case.bound) and any(each.kind in OF_MATERIALS for each in rule.inputs)


# ---- doing ------------------------------------------------------------------------------------------


def _do(deed: Deed, at: datetime) -> HttpResponse:
    removed = uploading.REMOVE in deed.request.POST
    deed = _with_files(deed, at)
    asked = _questions(deed.case, deed.actor, deed.rule)
    filled = read_filled(deed.form, asked) if deed.form.is_valid() else None
    if not removed:
        deed = replace(deed, errors={**_missing(deed), **deed.errors})
    if filled is None or deed.errors or removed:
        return _page(deed, status=400)
    return _perform(deed, _wish(deed, filled), at)


def _with_files(deed: Deed, at: datetime) -> Deed:
    """The files of this post joined to those an earlier post of the same page brought."""
    if not deed.takes_files:
        return deed
    post, uploader = deed.request.POST, deed.actor.person
    codes = [one.code for one in deed.case.bound.materials]
    taken = take_files(deed.request.FILES, codes, uploader=uploader, at=at)
    files = joined(kept_files(post.getlist(uploading.KEPT), codes, uploader), taken.digests)
    gone = post.get(uploading.REMOVE, "")
    left = {code: [one for one in digests if f"{code}:{one}" != gone] for code, digests in files.items()}
    by_hand = tuple(code for code in codes if post.get(uploading.HAND + code))
    return replace(deed, files=left, by_hand=by_hand, errors=taken.errors)


def _missing(deed: Deed) -> dict[str, str]:
    """A notice is answered once and whole; elsewhere one document is enough."""
    if not deed.takes_files:
        return {}
    wanted = _wanted(deed)
    lacking = [code for code in wanted if not deed.files.get(code) and code not in deed.by_hand]
    if deed.rule.does is None and len(wanted) < len(deed.case.bound.materials):
        words = _("还没有文件。补正要一次交齐：手上没有的，等齐了再交；纸质的，勾选带到窗口。")
        return dict.fromkeys(lacking, words)
    return {} if len(lacking) < len(wanted) else {wanted[0]: _("至少上传一份材料。")}


def _wish(deed: Deed, filled: Filled) -> Wish:
    inputs: dict[str, Json] = {**filled.inputs, **({"channel": CHANNEL} if deed.rule.does == "rated" else {})}
    uploader = deed.actor.person
    materials = [
        MaterialGiven(material=code, form="electronic", commitment=commit_material(digests=digests, uploader=uploader))
        for code, digests in deed.files.items()
        if digests
    ]
    return Wish(
        act=deed.rule.code, inputs=inputs, private=dict(filled.private), materials=materials, branch=filled.branch
    )


def _perform(deed: Deed, wish: Wish, at: datetime) -> HttpResponse:
    """One act; refused it comes back with all that was typed, outrun it says what changed."""
    key, seq = _key_in(deed.request, at), _seq_in(deed.request)
    try:
        perform(actor=deed.actor, at=at, case_id=deed.case.ref.id, wish=wish, key=key, expected_seq=seq)
    except Refusal as refusal:
        ways = [Link(_("看办件进度"), reverse("portal:case", args=[deed.number]))]
        names = material_names(deed.case, guide_of(deed.case))
        return _page(deed, refused=refusal_view(refusal, deed.case.words, names, ways), status=409)
    except StaleHistory:
        return _conflict(deed, at, seq or 0)
    messages.success(deed.request, _("办好了：%(act)s。") % {"act": deed.label})
    return redirect("portal:case", number=deed.number)


def _key_in(request: HttpRequest, at: datetime) -> str:
    """The key the form carried, so that a second post is a replay; a new one for what is no key of ours."""
    try:
        key = UUID(request.POST.get("key", "")[:36])
    except ValueError:
        return new_key(at)
    return str(key) if (key.int >> 76) & 0xF == 7 else new_key(at)


def _seq_in(request: HttpRequest) -> int | None:
    said = request.POST.get("seq", "")[:9]
    return int(said) if said.isascii() and said.isdecimal() else None


def _conflict(deed: Deed, at: datetime, seen: int) -> HttpResponse:
    case = sight_of(deed.request, deed.number, at).case
    changes = [
        TimelineEntry(act=step.name, when=step.at, who=step.unit or step.who)
        for step in tell(case, with_people=False)
        if step.seq > seen
    ]
    again = reverse("portal:case", args=[deed.number])
    context = {**frame(deed.request, here="mine"), "changes": changes, "again_url": again}
    return render(deed.request, "ui/conflict.html", context, status=409)


# ---- the page ---------------------------------------------------------------------------------------


def _page(deed: Deed, *, refused: RefusalView | None = None, status: int = 200) -> HttpResponse:
    request, case, rule = deed.request, deed.case, deed.rule
    back = reverse("portal:case", args=[deed.number])
    asked = asked_for(case) if deed.takes_files and rule.does is None else None
    context = {
        **frame(request, here="mine"), "title": deed.label, "form": deed.form, "refused": refused, "asked": asked,
        "ends": rule.to is not None and case.bound.phase_of(rule.to) is Phase.CLOSED, "follow": follow(case, None),
        "slots": _slots(deed), "accept": uploading.ACCEPT, "back_url": back,
        "key": request.POST.get("key", "")[:36] or new_key(case.at), "seq": case.ref.last_seq,
        "kept": [f"{code}:{one}" for code, digests in deed.files.items() for one in digests],
        "crumbs": [Link(_("我的办件"), reverse("portal:mine")), Link(_("进度"), back), Link(deed.label)],
    }  # fmt: skip
    return render(request, "portal/act.html", context, status=status)


def _wanted(deed: Deed) -> list[str]:
    """Codes of the materials the latest notice asks for; every material where none was named."""
    asked = asked_for(deed.case) if deed.rule.does is None else None
    named = list(asked.reasons) if asked is not None else []
    return named or [rule.code for rule in deed.case.bound.materials]


def _slots(deed: Deed) -> tuple[Slot, ...]:
    if not deed.takes_files:
        return ()
    asked = asked_for(deed.case) if deed.rule.does is None else None
    reasons = asked.reasons if asked is not None else {}
    names, lines = material_names(deed.case, guide_of(deed.case)), lines_of(deed.files, deed.actor.person)
    return tuple(
        Slot(
            code=code, name=names.get(code, code), asked=reasons.get(code, ""), files=lines.get(code, ()),
            error=deed.errors.get(code, ""), may_by_hand=bool(reasons), by_hand=code in deed.by_hand,
        )
        for code in _wanted(deed)
    )  # fmt: skip
