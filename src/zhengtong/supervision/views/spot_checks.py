"""明查暗访: the list, a plan, the draw, what was found of each thing, the inspector's sheet, how to draw again."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import quote

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhengtong.accounts import clock
from zhengtong.accounts.queries import with_letters
from zhengtong.accounts.traces import note_reading, printed_by
from zhengtong.cases.act_forms import ACCEPTED, Directory, Filled, Questions, form_class, read_filled
from zhengtong.cases.actions import open_case, perform, wish_for
from zhengtong.cases.articles import article_words
from zhengtong.cases.refusals import refusal_view
from zhengtong.cases.sealed_words import may_read_words
from zhengtong.catalogue import queries as catalogue
from zhengtong.documents import queries as documents
from zhengtong.documents.actions import UploadRefused, upload_words
from zhengtong.kernel.authority import find_grounds
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.deciding import ActChoice, find_acts
from zhengtong.kernel.procedures import ActionRule
from zhengtong.kernel.refusals import Refusal
from zhengtong.kernel.terms import law_day
from zhengtong.law.procedure_files import words as words_of
from zhengtong.ledger.queries import get_case_for
from zhengtong.ledger.record import NotAnEntry, StaleHistory, case_id_of, new_key
from zhengtong.supervision.frame import Watcher, context, supervisor_required, watcher_of
from zhengtong.supervision.spot_checks import (
    DRAW,
    MOST_DRAWN,
    PLAN,
    PROCEDURE,
    RECORD,
    Check,
    NothingToDraw,
    Thing,
    check_lines,
    checks_of,
    draw_sample,
    find_population,
    read_check,
)
from zhengtong.ui.forms import FieldSpec, TypedForm, build_form
from zhengtong.ui.values import ActView, DecideView, Link

PAGE: Final = 30
SHOWN: Final = ("image/jpeg", "image/png")
AGAINST: Final = frozenset({"reject", "stop"})


@never_cache
@require_safe
@supervisor_required
def checks(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    watcher = watcher_of(request, at)
    page = Paginator(checks_of(watcher.regions), PAGE).get_page(request.GET.get("page"))
    bound = _bound(watcher)
    shown = context(
        request, at, page=page, lines=check_lines(page.object_list, at), may_plan=bound and _may_plan(watcher, bound)
    )
    return render(request, "supervision/spot/checks.html", shown)


# ---- a plan -------------------------------------------------------------------------------------------


def _bound(watcher: Watcher) -> Bound | None:
    version = catalogue.published(PROCEDURE, law_day(watcher.at))
    return None if version is None else catalogue.bound_for(PROCEDURE, version, {})


def _may_plan(watcher: Watcher, bound: Bound) -> bool:
    return find_grounds(bound, None, PLAN, watcher.actor) is not None


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@supervisor_required
def plan(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    watcher = watcher_of(request, at)
    bound = _bound(watcher)
    if bound is None or not _may_plan(watcher, bound):
        raise Http404
    words = words_of(bound.procedure, bound.version, get_language() or "zh-hans")
    asked = Questions(
        bound=bound, state=None, rule=bound.actions[PLAN], words=words,
        directory=Directory(actor=watcher.actor, at=at), materials={},
    )  # fmt: skip
    form = form_class(asked)(request.POST if request.method == "POST" else None)
    refusal = None
    if request.method == "POST" and form.is_valid() and _is_sound(form):
        filled = read_filled(form, asked)
        try:
            if filled is not None:
                wish = wish_for(actor=watcher.actor, at=at, act=PLAN, filled=filled)
                made = open_case(
                    actor=watcher.actor, at=at, item=PROCEDURE, answers={}, wish=wish, channel="window",
                    key=_key(request, at),
                )  # fmt: skip
                messages.success(request, _("检查已拟定，等监察主体负责人同意。"))
                return _see("supervision:check", made.number)
        except Refusal as said:
            refusal = refusal_view(said, words, {})
    shown = context(
        request, at, form=form, refusal=refusal, key=_key(request, at),
        article=article_words(bound.actions[PLAN].source, words),
    )  # fmt: skip
    return render(request, "supervision/spot/plan.html", shown, status=400 if form.errors else 409 if refusal else 200)


def _is_sound(form: TypedForm) -> bool:
    """What the shape of each field alone does not show."""
    said = form.cleaned_data
    if said["until"] < said["since"]:
        form.add_error("until", _("期间的末日不能早于首日。"))
    if not 1 <= int(said["count"]) <= MOST_DRAWN:
        form.add_error("count", _("抽取数量在 1 到 %(most)s 之间。") % {"most": MOST_DRAWN})
    return not form.errors


def _key(request: HttpRequest, at: datetime) -> str:
    key = request.POST.get("key", "")[:60]
    try:
        case_id_of(key)
    except NotAnEntry:
        return new_key(at)
    return key


def _see(name: str, *args: object) -> HttpResponse:
    return HttpResponse(status=303, headers={"Location": reverse(name, args=args)})


# ---- one check ----------------------------------------------------------------------------------------


def _open(request: HttpRequest, number: str) -> tuple[Watcher, Check]:
    """The check for whoever watches over its territory; what is sealed only for those who deal with it."""
    at = clock.now()
    watcher = watcher_of(request, at)
    row = get_case_for(watcher.actor, number)
    if row.procedure != PROCEDURE:
        raise Http404
    check = read_check(row.pk, at, may_read=False)
    if may_read_words(watcher.actor, check.case.bound, check.case.state):
        note_reading(request, what="case", number=number, at=at)
        check = read_check(row.pk, at, may_read=True)
    return watcher, check


@never_cache
@require_safe
@supervisor_required
def check(request: HttpRequest, number: str) -> HttpResponse:
    watcher, found = _open(request, number)
    return _check_page(request, watcher, found)


def _check_page(
    request: HttpRequest, watcher: Watcher, found: Check, posted: tuple[str, TypedForm] | None = None, **more: object
) -> HttpResponse:
    decide = _decide(request, watcher, found, posted)
    may_record = any(choice.act == RECORD for choice in _choices(watcher, found))
    waiting = found.case.state.state == "approved"
    status = int(str(more.pop("status", 200)))
    shown = context(
        request, watcher.at, check=found, plan=found.plan, decide=decide, may_record=may_record,
        candidates=len(find_population(found.plan, watcher.regions, watcher.at)) if waiting else None, **more,
    )  # fmt: skip
    return render(request, "supervision/spot/check.html", shown, status=status)


def _choices(watcher: Watcher, found: Check) -> tuple[ActChoice, ...]:
    actor = with_letters(watcher.actor, found.case.bound.item, law_day(watcher.at))
    choices = find_acts(found.case.bound, found.case.state, actor, found.case.calendar, watcher.at)
    return tuple(each for each in choices if not found.case.bound.actions[each.act].is_common)


def _decide(
    request: HttpRequest, watcher: Watcher, found: Check, posted: tuple[str, TypedForm] | None
) -> DecideView | None:
    acts: list[ActView] = []
    against: list[ActView] = []
    closed: list[ActView] = []
    for choice in _choices(watcher, found):
        if choice.act == RECORD:
            continue
        view = _act(request, watcher, found, choice, posted)
        (closed if view.closed else against if view.negative else acts).append(view)
    if not (acts or against or closed):
        return None
    first = [replace(view, primary=True) if n == 0 else view for n, view in enumerate(acts)]
    return DecideView(
        title=_("现在可以办"), acts=tuple(first), against=tuple(against), closed=tuple(closed),
        against_title=_("不再检查，要写明理由"),
    )  # fmt: skip


def _act(
    request: HttpRequest, watcher: Watcher, found: Check, choice: ActChoice, posted: tuple[str, TypedForm] | None
) -> ActView:
    rule, case = found.case.bound.actions[choice.act], found.case
    form = posted[1] if posted and posted[0] == rule.code else _form(watcher, found, rule)
    follows = {
        "approve": _("同意那一条记录的校验值就是抽取种子，谁也选不了"),
        "draw": _("按种子从此刻的总体里抽取；总体名单同时存档，以后谁都能重抽核对"),
        "report": _("出具检查报告文书，转入跟进"),
        "follow": _("跟进的牌或督办单与这次检查对得上"),
    }.get(rule.code)
    return ActView(
        code=rule.code, label=case.word(f"actions.{rule.code}.name"), article=article_words(rule.source, case.words),
        url=reverse("supervision:check_act", args=[found.number, rule.code]), form=form,
        hidden=(("key", _key(request, watcher.at)),), follows=(follows,) if follows else (),
        negative=rule.code in AGAINST, unfolded=bool(posted and posted[0] == rule.code),
        closed=_("要由没有拟定这次检查的人来办。") if choice.refusal is not None else "",
    )  # fmt: skip


def _form(watcher: Watcher, found: Check, rule: ActionRule) -> TypedForm | None:
    if rule.code == DRAW or not rule.inputs:
        return None
    return form_class(_asked(watcher, found, rule))(prefix=rule.code)


def _asked(watcher: Watcher, found: Check, rule: ActionRule) -> Questions:
    case = found.case
    directory = Directory(actor=watcher.actor, at=watcher.at)
    return Questions(bound=case.bound, state=case.state, rule=rule, words=case.words, directory=directory, materials={})


@never_cache
@sensitive_post_parameters()
@require_POST
@supervisor_required
def act(request: HttpRequest, number: str, act: str) -> HttpResponse:
    watcher, found = _open(request, number)
    rule = found.case.bound.actions.get(act)
    if rule is None or rule.is_common or rule.opening or act == RECORD:
        raise Http404
    if act == DRAW:
        return _draw(request, watcher, found)
    asked = _asked(watcher, found, rule)
    form = form_class(asked)(request.POST, request.FILES, prefix=act)
    filled = read_filled(form, asked) if form.is_valid() else None
    if filled is None:
        return _check_page(request, watcher, found, (act, form), status=400)
    return _perform(request, watcher, found, rule, filled, (act, form))


def _draw(request: HttpRequest, watcher: Watcher, found: Check) -> HttpResponse:
    try:
        draw_sample(found, watcher.regions, actor=watcher.actor, at=watcher.at, key=_key(request, watcher.at))
    except NothingToDraw:
        messages.warning(request, _("这段期间里没有可抽的对象，没有抽取。可以中止检查，另拟一次。"))
    except Refusal as said:
        refusal = refusal_view(said, found.case.words, {})
        return _check_page(request, watcher, found, refusal=refusal, status=409)
    except StaleHistory:
        messages.warning(request, _("刚刚有人先办了一步，请看变了什么。"))
    else:
        messages.success(request, _("已抽取，总体名单已存档。"))
    return _see("supervision:check", found.number)


def _perform(
    request: HttpRequest, watcher: Watcher, found: Check, rule: ActionRule, filled: Filled,
    posted: tuple[str, TypedForm],
) -> HttpResponse:  # fmt: skip
    form = posted[1]
    try:
        wish = wish_for(actor=watcher.actor, at=watcher.at, act=rule.code, filled=filled)
        perform(actor=watcher.actor, at=watcher.at, case_id=found.case.ref.id, wish=wish, key=_key(request, watcher.at))
    except UploadRefused as refused:
        words = upload_words(refused)
        form.add_error(None, f"{words.wrong}{words.why}{words.remedy}")
        return _again(request, watcher, found, filled, posted, status=400)
    except Refusal as said:
        refusal = refusal_view(said, found.case.words, {})
        return _again(request, watcher, found, filled, posted, refusal=refusal, status=409)
    except StaleHistory:
        messages.warning(request, _("刚刚有人先办了一步，请看变了什么。"))
        return _see("supervision:check", found.number)
    messages.success(request, _("已办：%(act)s") % {"act": found.case.word(f"actions.{rule.code}.name")})
    return _see("supervision:check", found.number)


def _again(
    request: HttpRequest, watcher: Watcher, found: Check, filled: Filled, posted: tuple[str, TypedForm], *,
    status: int, **more: object,
) -> HttpResponse:  # fmt: skip
    if posted[0] == RECORD:
        thing = next(each for each in found.things if each.branch == filled.branch)
        return _thing_page(request, watcher, found, thing, posted[1], status=status, **more)
    return _check_page(request, watcher, found, posted, status=status, **more)


# ---- one thing drawn -----------------------------------------------------------------------------------


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@supervisor_required
def thing(request: HttpRequest, number: str, place: int) -> HttpResponse:
    """Recording what was found of one thing drawn, with photographs; made for a phone in the hand."""
    watcher, found = _open(request, number)
    one = next((each for each in found.things if each.place == place), None)
    if one is None or not one.is_open or not any(each.act == RECORD for each in _choices(watcher, found)):
        raise Http404
    form = _thing_form(found)(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method != "POST" or not form.is_valid():
        return _thing_page(request, watcher, found, one, form, status=400 if form.errors else 200)
    said = form.cleaned_data
    filled = Filled(
        inputs={"verdict": said["verdict"]}, private={"found": said["found"]}, branch=one.branch,
        attached={"photos": tuple(said["photos"])} if said.get("photos") else {},
    )  # fmt: skip
    return _perform(request, watcher, found, found.case.bound.actions[RECORD], filled, (RECORD, form))


def _thing_form(found: Check) -> type[TypedForm]:
    group, word = found.case.bound.branches["things"], found.case.word
    verdicts = tuple((code, word(f"branches.things.verdicts.{code}")) for code in group.verdicts)
    label = f"actions.{RECORD}.inputs"
    return build_form(
        (
            FieldSpec(name="verdict", label=_("结论"), kind="choice", choices=verdicts),
            FieldSpec(name="found", label=word(f"{label}.found.label"), kind="reason", max_length=2000),
            FieldSpec(
                name="photos", label=word(f"{label}.photos.label"), kind="attachment", required=False, multiple=True,
                accept=ACCEPTED, help=_("照片或 PDF，可以一次选几张，先查病毒再存。"),
            ),
        ),
        name="ThingForm",
    )  # fmt: skip


def _thing_page(
    request: HttpRequest, watcher: Watcher, found: Check, one: Thing, form: TypedForm, *, status: int, **more: object
) -> HttpResponse:
    shown = context(request, watcher.at, check=found, thing=one, form=form, key=_key(request, watcher.at), **more)
    return render(request, "supervision/spot/thing.html", shown, status=status)


# ---- files and prints ----------------------------------------------------------------------------------


@never_cache
@require_safe
@supervisor_required
def photo(request: HttpRequest, number: str, digest: str) -> HttpResponse:
    """A photograph, or the population drawn from; only for those who deal with the check."""
    _watcher, found = _open(request, number)
    line = found.file(digest)
    if line is None:
        raise Http404
    try:
        content = documents.open_upload(digest)
    except documents.UnknownUpload as gone:
        raise Http404 from gone
    manner = "inline" if line.media_type in SHOWN else "attachment"
    answer = HttpResponse(content, content_type=line.media_type)
    answer["Content-Disposition"] = f"{manner}; filename*=UTF-8''{quote(line.name, safe='')}"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@never_cache
@require_safe
@supervisor_required
def sheet(request: HttpRequest, number: str) -> HttpResponse:
    """The inspector's sheet: what was drawn, with room to write."""
    watcher, found = _open(request, number)
    if not found.things:
        raise Http404
    shown = {
        "check": found, "plan": found.plan, "printed": printed_by(request, watcher.at),
        "back_url": reverse("supervision:check", args=[number]),
        "verdicts": [Link(found.case.word(f"branches.things.verdicts.{each}")) for each in _verdicts(found)],
    }  # fmt: skip
    return render(request, "supervision/spot/sheet.html", shown)


def _verdicts(found: Check) -> tuple[str, ...]:
    return tuple(found.case.bound.branches["things"].verdicts)
