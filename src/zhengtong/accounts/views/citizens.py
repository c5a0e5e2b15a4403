"""A citizen's own account: own data masked, language, who acts for whom, the development mailbox."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from zhengtong.accounts import actions, clock
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.forms import AddAgentForm, GrantForm, LanguageForm
from zhengtong.accounts.frames import portal_frame, shows_mailbox
from zhengtong.accounts.labels import AccountKind
from zhengtong.accounts.models import Account, Subject
from zhengtong.accounts.queries import (
    day_of,
    find_grant,
    find_subject,
    grants_of,
    mailbox_of,
    masked,
    represented_firms,
)
from zhengtong.accounts.requests import account_of, citizen_required, required_account, required_actor
from zhengtong.accounts.views.sign_in import pending, resetting, with_language


@never_cache
@require_safe
@citizen_required
def profile(request: HttpRequest) -> HttpResponse:
    return _profile(request)


def _profile(request: HttpRequest, agent_form: AddAgentForm | None = None) -> HttpResponse:
    at, account = clock.now(), required_account(request)
    subject = subject_of(account)
    firms = represented_firms(subject, at)
    context = {
        **portal_frame(request),
        "subject": masked(subject),
        "grants": grants_of(subject, at),
        "language_form": LanguageForm(initial={"language": account.language or "zh-hans"}),
        "agent_forms": _agent_forms(firms, agent_form),
        "wrong_form": agent_form,
        "mailbox": shows_mailbox(),
    }
    return render(request, "accounts/profile.html", context, status=400 if agent_form else 200)


def _agent_forms(firms: tuple[Subject, ...], wrong: AddAgentForm | None) -> list[tuple[str, AddAgentForm]]:
    """One form for each firm; the one that was refused keeps what was typed."""
    refused = wrong.data.get("firm") if wrong is not None else None
    return [
        (firm.name, wrong if wrong is not None and firm.ref == refused else _agent_form(firm, number))
        for number, firm in enumerate(firms)
    ]


def _agent_form(firm: Subject, number: int) -> AddAgentForm:
    return AddAgentForm(initial={"firm": firm.ref}, auto_id=f"agent{number}_%s")


@require_POST
@citizen_required
def language(request: HttpRequest) -> HttpResponse:
    account, form = required_account(request), LanguageForm(request.POST)
    response = redirect("accounts:profile")
    if not form.is_valid():
        return response
    actions.choose_language(account, language=form.cleaned_data["language"])
    return with_language(response, account)


@require_POST
@citizen_required
def add_agent(request: HttpRequest) -> HttpResponse:
    at, form = clock.now(), AddAgentForm(request.POST)
    if not form.is_valid():
        return _profile(request, form)
    data = form.cleaned_data
    firms = {firm.ref: firm for firm in represented_firms(subject_of(required_account(request)), at)}
    if data["firm"] not in firms:
        raise Http404
    agent = find_subject(data["certificate_kind"], data["number"])
    try:
        if agent is None:
            raise NotPossible("no_such_subject")
        actions.add_agency(
            by=required_actor(request, at),
            agent=agent,
            firm=firms[data["firm"]],
            from_on=day_of(at),
            until_on=data["until_on"],
            at=at,
        )
    except NotPossible as fault:
        form.add_error(None, str(fault.words))
        return _profile(request, form)
    messages.success(request, _("经办人已登记。"))
    return redirect("accounts:profile")


@require_POST
@citizen_required
def revoke(request: HttpRequest) -> HttpResponse:
    at, form = clock.now(), GrantForm(request.POST)
    grant = find_grant(form.cleaned_data["grant"]) if form.is_valid() else None
    if grant is None:
        raise Http404
    try:
        actions.revoke_grant(grant, by=required_actor(request, at), at=at)
    except NotPossible as fault:
        if fault.code != "already_ended":
            raise Http404 from fault
        messages.warning(request, fault.words)
    else:
        messages.success(request, _("已撤销，即刻生效。"))
    return redirect("accounts:profile")


@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """Own messages, or those of the registration this session waits on. Absent outside a demonstration."""
    if not shows_mailbox():
        raise Http404
    account = account_of(request) or pending(request)
    is_citizen = account is not None and account.kind == AccountKind.CITIZEN
    letters = mailbox_of(account.subject, clock.now()) if is_citizen and account is not None and account.subject else ()
    waiting = resetting(request) if account is None else None
    if waiting is not None and waiting.subject is not None:
        letters = mailbox_of(waiting.subject, clock.now())[:1]  # the code that was asked for, and nothing else
    code_url = reverse("accounts:reset" if waiting else "accounts:confirm")
    context = {**portal_frame(request), "letters": letters, "code_url": code_url}
    return render(request, "accounts/mailbox.html", context)


def subject_of(account: Account) -> Subject:
    assert account.subject is not None
    return account.subject
