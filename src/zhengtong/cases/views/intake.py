"""The window (窗口收件): pick an item, take who came and what was handed over, and print the receipt."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from zhengtong.accounts import actions as people
from zhengtong.accounts import clock
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.queries import find_subject
from zhengtong.accounts.requests import required_actor, staff_required
from zhengtong.cases.act_forms import Filled
from zhengtong.cases.actions import open_case, perform, wish_for
from zhengtong.cases.frame import desk_context, key_in, see_other
from zhengtong.cases.intake import IntakeForms, agent_typed, draw_intake, filled_at_window, verdict_wishes
from zhengtong.cases.opening import read_opening
from zhengtong.cases.refusals import refusal_view, tell_late
from zhengtong.catalogue import queries as catalogue
from zhengtong.documents.actions import UploadRefused, upload_words
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.refusals import Refusal
from zhengtong.kernel.terms import law_day
from zhengtong.ledger.record import StaleHistory

FOUND: Final = 12
CASE_SCOPE: Final = "case"


@never_cache
@require_safe
@staff_required
def pick(request: HttpRequest) -> HttpResponse:
    """Which item: the window's own, narrowed by a word as it is typed."""
    at = clock.now()
    actor = required_actor(request, at)
    said = request.GET.get("q", "").replace("\0", "").strip()[:100]
    result = catalogue.search(said, size=FOUND)
    context = {"rows": result.rows, "total": result.total, "said": said}
    if getattr(request, "htmx", False):
        return render(request, "cases/pick.html#found", context)
    return render(request, "cases/pick.html", {**desk_context(request, actor, at), **context})


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def take(request: HttpRequest, item: str) -> HttpResponse:
    """One page, one press: who came, what was brought, the application form; then the receipt."""
    at = clock.now()
    actor = required_actor(request, at)
    typed: QueryDict = request.POST if request.method == "POST" else request.GET
    answers = answers_in(item, typed, at)
    opening = read_opening(item, actor, at, answers=answers)
    if opening is None:
        raise Http404
    posted = request.method == "POST"
    forms = IntakeForms.of(opening, request.POST if posted else None, request.FILES if posted else None)
    context: dict[str, Any] = {}
    status = 200
    if forms.is_posted and opening.is_mine:
        filled = filled_at_window(forms, opening, request.POST, request.FILES)
        try:
            if filled is not None:
                wish = wish_for(actor=actor, at=at, act=opening.act, filled=filled)
                key = key_in(request, at)
                done = open_case(actor=actor, at=at, item=item, answers=answers, wish=wish, channel="window", key=key)
                for n, verdict in enumerate(verdict_wishes(opening, request.POST, done.state)):
                    perform(actor=actor, at=at, case_id=done.case_id, wish=verdict, key=f"{key}:m{n}")
                _register_agent(forms, filled, done.number, actor, at)
                return see_other(f"{reverse('cases:case', args=[done.number])}?new=1")
        except Refusal as refused:
            if not tell_late(forms.form, refused):
                context["refusal"] = refusal_view(refused, opening.asked.words, opening.asked.materials)
        except (UploadRefused, NotPossible, StaleHistory) as fault:
            forms.say(_fault_words(fault))
        status = 409 if "refusal" in context else 400
    view = draw_intake(opening, forms, answers, typed)
    context |= {**desk_context(request, actor, at), "intake": view, "forms": forms, "key": key_in(request, at)}
    return render(request, "cases/intake.html", context, status=status)


def _register_agent(forms: IntakeForms, filled: Filled, number: str, actor: Actor, at: datetime) -> None:
    """The power of attorney that was shown reaches this one case."""
    typed = agent_typed(forms)
    principal = next(iter(filled.parties.values()), None)
    if typed is None or principal is None:
        return
    who, until = typed
    refs = {data["number"]: _subject_of(data, actor, at) for data in (principal, who)}
    agent, holder = refs[who["number"]], refs[principal["number"]]
    if agent is not None and holder is not None:
        people.accept_power(
            clerk=actor, principal=holder, agent=agent, scope=CASE_SCOPE, scope_ref=number, from_on=law_day(at),
            until_on=until, at=at,
        )  # fmt: skip


def _subject_of(data: Mapping[str, str], actor: Actor, at: datetime) -> Any:
    people.find_or_create_subject(
        kind=data["kind"], name=data["name"], certificate_kind=data["certificate"], number=data["number"],
        phone=data.get("phone") or "", by=actor.person, at=at,
    )  # fmt: skip
    return find_subject(data["certificate"], data["number"])


def _fault_words(fault: Exception) -> str:
    if isinstance(fault, UploadRefused):
        words = upload_words(fault)
        return f"{words.wrong}{words.why}{words.remedy}"
    if isinstance(fault, NotPossible):
        return fault.words
    return _("编号刚刚被占用，请再按一次。")


def answers_in(item: str, typed: Mapping[str, str], at: Any) -> dict[str, str]:
    """The situation answers a page carried, as far as the item asks them."""
    from zhengtong.kernel.terms import law_day

    version = catalogue.published(item, law_day(at))
    if version is None:
        raise Http404
    given = {name.removeprefix("s-"): str(value) for name, value in typed.items() if name.startswith("s-")}
    return catalogue.read_answers(catalogue.content(item, version), given)
