"""One case: its page, and doing an act on it. Every act of every procedure passes through here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhengtong.accounts import clock
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.requests import required_actor, staff_required
from zhengtong.accounts.traces import note_reading
from zhengtong.cases.act_forms import Questions, form_class, read_filled
from zhengtong.cases.actions import Wish, perform, wish_for
from zhengtong.cases.case_page import CasePage, read_page, recent_changes
from zhengtong.cases.case_view import CaseRead, material_names, read_case
from zhengtong.cases.frame import desk_context, key_in, number_in, see_other
from zhengtong.cases.panels import Drawing, draw_act, questions_for, remarks_for
from zhengtong.cases.queries import neighbours
from zhengtong.cases.refusals import refusal_view, tell_late
from zhengtong.cases.sealed_words import may_read_words
from zhengtong.catalogue import queries as catalogue
from zhengtong.documents.actions import UploadRefused, upload_words
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.procedures import ActionRule
from zhengtong.kernel.refusals import Refusal
from zhengtong.ledger.queries import get_case_for
from zhengtong.ledger.record import StaleHistory, new_key
from zhengtong.ui.forms import TypedForm

LIST: Final = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """Who looks at which case when."""

    request: HttpRequest
    at: datetime
    actor: Actor
    case: CaseRead

    @property
    def number(self) -> str:
        return self.case.state.number

    @property
    def from_list(self) -> str:
        """The list it was reached from, as its address says."""
        return (self.request.POST.get(LIST) or self.request.GET.get(LIST) or "")[:400]

    @property
    def address(self) -> str:
        """The page of the case, in the list it was reached from."""
        base = reverse("cases:case", args=[self.number])
        return f"{base}?{urlencode({LIST: self.from_list})}" if self.from_list else base


def sit(request: HttpRequest, number: str) -> Sitting:
    """The case for whoever is signed in; 404 for absent and for not theirs alike."""
    at = clock.now()
    actor = required_actor(request, at, case=number)
    row = get_case_for(actor, number)
    return Sitting(request=request, at=at, actor=actor, case=read_case(row.pk, at))


@never_cache
@require_safe
@staff_required
def show(request: HttpRequest, number: str) -> HttpResponse:
    sitting = sit(request, number)
    if may_read_words(sitting.actor, sitting.case.bound, sitting.case.state):
        note_reading(request, what="case", number=number, at=sitting.at)
    return case_response(sitting)


def case_response(sitting: Sitting, *, status: int = 200, **more: object) -> HttpResponse:
    """The whole page, or with htmx the fragment asked for."""
    page = _page(sitting)
    context = {**_context(sitting), "page": page, **more}
    fragment = "#working" if getattr(sitting.request, "htmx", False) and not more.get("whole") else ""
    return render(sitting.request, f"cases/case.html{fragment}", context, status=status)


def _page(sitting: Sitting) -> CasePage:
    name = catalogue.item_names([sitting.case.state.item])[sitting.case.state.item]
    return read_page(sitting.case, sitting.actor, title=name, key=new_key(sitting.at), from_list=sitting.from_list)


def _context(sitting: Sitting) -> dict[str, object]:
    request = sitting.request
    from_list = sitting.from_list
    around = neighbours(sitting.actor, from_list, sitting.case.ref.id, sitting.at) if from_list else None
    frame = {} if getattr(request, "htmx", False) else desk_context(request, sitting.actor, sitting.at)
    return {**frame, "from_list": from_list, "around": around, "case_url": sitting.address}


# ---- doing an act -----------------------------------------------------------------------------------


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def act(request: HttpRequest, number: str, act: str) -> HttpResponse:
    sitting = sit(request, number)
    rule = sitting.case.bound.actions.get(act)
    if rule is None or rule.opening or rule.by == ("law",):
        raise Http404
    if request.method != "POST":
        return _act_response(sitting, rule, None)
    return _do(sitting, rule)


def _do(sitting: Sitting, rule: ActionRule) -> HttpResponse:
    request = sitting.request
    asked = _asked(sitting, rule)
    form = form_class(asked)(request.POST, request.FILES, prefix=rule.code)
    wish = read_wish(sitting, asked, form)
    if wish is None:
        return _act_response(sitting, rule, form, status=200 if form.is_adding else 400)
    try:
        done = perform(
            actor=sitting.actor, at=sitting.at, case_id=sitting.case.ref.id, wish=wish, key=key_in(request, sitting.at),
            expected_seq=expected(sitting),
        )  # fmt: skip
    except Refusal as refusal:
        if tell_late(form, refusal):
            return _act_response(sitting, rule, form, status=409)
        said = refusal_view(refusal, sitting.case.words, material_names(sitting.case))
        return _act_response(sitting, rule, form, status=409, refusal=said)
    except StaleHistory:
        return _conflict(sitting, rule, form)
    name = sitting.case.word(f"actions.{rule.code}.name")
    if not done.replayed:
        messages.success(request, _("已办：%(act)s") % {"act": name})
    return see_other(sitting.address)


def read_wish(sitting: Sitting, asked: Questions, form: TypedForm) -> Wish | None:
    """The wish of a valid form; None when something must be put right, which the form then says."""
    if not form.is_valid():
        return None
    filled = read_filled(form, asked)
    if filled is None:
        return None
    try:
        return wish_for(actor=sitting.actor, at=sitting.at, act=asked.rule.code, filled=filled)
    except UploadRefused as refused:
        words = upload_words(refused)
        form.add_error(None, f"{words.wrong}{words.why}{words.remedy}")
    except NotPossible as fault:
        form.add_error(None, fault.words)
    return None


def _asked(sitting: Sitting, rule: ActionRule) -> Questions:
    case = sitting.case
    drawing = Drawing(case=case, actor=sitting.actor, key="", remarks=remarks_for(case, sitting.actor))
    return questions_for(drawing, rule)


def expected(sitting: Sitting) -> int:
    """The last event this person knows of: what they did themselves since their page was drawn is no surprise."""
    seen, history = number_in(sitting.request, "seq"), sitting.case.history
    if seen is None:
        return sitting.case.ref.last_seq
    mine = all(event.person == sitting.actor.person for event in history if event.seq > seen)
    return sitting.case.ref.last_seq if mine and seen <= sitting.case.ref.last_seq else seen


def _act_response(
    sitting: Sitting, rule: ActionRule, form: TypedForm | None, *, status: int = 200, **more: object
) -> HttpResponse:
    case = sitting.case
    key = key_in(sitting.request, sitting.at)
    drawing = Drawing(
        case=case, actor=sitting.actor, key=key, remarks=remarks_for(case, sitting.actor),
        posted=(rule.code, form) if form is not None else None, from_list=sitting.from_list,
    )  # fmt: skip
    view = draw_act(drawing, rule)
    if view is None and form is None:
        raise Http404
    name = catalogue.item_names([case.state.item])[case.state.item]
    context = {
        **desk_context(sitting.request, sitting.actor, sitting.at), "act": view, "title": name,
        "number": case.state.number, "state": case.state_name, "heading": case.word(f"actions.{rule.code}.name"),
        "case_url": sitting.address, **more,
    }  # fmt: skip
    return render(sitting.request, "cases/act.html", context, status=status)


def _conflict(sitting: Sitting, rule: ActionRule, form: TypedForm) -> HttpResponse:
    """Somebody was first: show what changed above the form with all that was typed; the next press counts."""
    fresh = sit(sitting.request, sitting.number)
    seen = number_in(sitting.request, "seq") or 0
    changes = recent_changes(fresh.case, fresh.actor, since=seen)
    return _act_response(fresh, rule, form, status=409, changes=changes)


# ---- verdicts on materials --------------------------------------------------------------------------


@never_cache
@sensitive_post_parameters()
@require_POST
@staff_required
def check(request: HttpRequest, number: str) -> HttpResponse:
    """Verdicts on one or more materials, given in the strip; each is an act of its own."""
    sitting = sit(request, number)
    rule = next((rule for rule in sitting.case.bound.actions.values() if rule.does == "material_checked"), None)
    if rule is None:
        raise Http404
    key, seen = key_in(request, sitting.at), expected(sitting)
    is_htmx = bool(getattr(request, "htmx", False))
    if seen != sitting.case.ref.last_seq and is_htmx:
        return _reload(request, _("刚刚有人先办了一步，请看变了什么。"))
    if seen != sitting.case.ref.last_seq:
        changes = recent_changes(sitting.case, sitting.actor, since=seen)
        return case_response(sitting, status=409, changes=changes, whole=True)
    for code, verdict in _verdicts(sitting):
        reason = request.POST.get(f"reason-{code}", "").replace("\0", "").strip()[:500]
        wish = Wish(
            act=rule.code, inputs={"material": code, "verdict": verdict}, private={"reason": reason} if reason else {}
        )
        try:
            perform(actor=sitting.actor, at=sitting.at, case_id=sitting.case.ref.id, wish=wish, key=f"{key}:{code}")
        except Refusal as refusal:
            said = refusal_view(refusal, sitting.case.words, material_names(sitting.case))
            if is_htmx:
                return _reload(request, said.what)
            return case_response(sit(request, number), status=409, refusal=said, whole=True)
    if is_htmx:
        return case_response(sit(request, number))
    return see_other(f"{sitting.address}#materials")


def _reload(request: HttpRequest, words: str) -> HttpResponse:
    """With htmx: the page is read anew and says why."""
    messages.warning(request, words)
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})


def _verdicts(sitting: Sitting) -> list[tuple[str, str]]:
    """(material, verdict) for each that was given and is not what it was."""
    request, known = sitting.request, sitting.case.state.materials
    every = request.POST.get("all", "")
    found = []
    for rule in sitting.case.bound.materials:
        given = known.get(rule.code)
        before, received = (given.verdict, given.received_at is not None) if given else ("", False)
        verdict = request.POST.get(f"verdict-{rule.code}", "")
        if every and received and not before:
            verdict = every
        typed = request.POST.get(f"reason-{rule.code}", "").strip()
        if verdict and (verdict != before or typed):
            found.append((rule.code, verdict))
    return found
