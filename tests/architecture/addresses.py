"""Every address of the site, and who stands at its door: what the tables of test_urls.py are read against."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from tests import cast
from tests.cast import NOW
from zhengtong.accounts.actions import accept_power
from zhengtong.accounts.labels import PowerScope
from zhengtong.accounts.models import Account, Subject
from zhengtong.accounts.requests import begin_session
from zhengtong.cases.access import token_of
from zhengtong.catalogue.actions import create_draft
from zhengtong.catalogue.models import Item
from zhengtong.documents import proofs
from zhengtong.documents import queries as documents
from zhengtong.kernel.states import State, fold
from zhengtong.ledger import history
from zhengtong.ledger.models.cases import Case
from zhengtong.portal.actions import start_draft
from zhengtong.portal.drafts import Content
from zhengtong.portal.matters import public_matters
from zhengtong.site.wiring import bound_for

BROWSER: Final = "a browser of the tests"
ADMIN: Final = "admin/"

# Words that mean something of their own in some addresses.
OF_THE_APPLICANT: Final = tuple(
    f"accounts:{name}:ref" for name in ("subject", "raise_level", "agency", "power", "window_revoke")
)
OF_A_PERSON: Final = tuple(
    f"administration:{name}:ref" for name in ("person", "hold", "letter", "end", "account", "leave", "undo")
)
OF_A_DRAFT: Final = tuple(f"catalogue:{name}:number" for name in ("edit", "complaints", "submit", "publish", "return"))
OF_A_PAPER: Final = ("documents:token:token", "documents:public_copy:token")

# Who stands at the door of the health bureau's case; the letters of the tables, in this order.
ROLES: Final[Mapping[str, str]] = {
    "nobody": "",
    "stranger": cast.OUTSIDER,
    "party": "",  # whoever applied
    "agent": cast.ATTORNEY,  # by a power for this one case
    "window": cast.WINDOW_CLERK,
    "approver": cast.CHIEF,
    "head": cast.HEAD,
    "elsewhere": cast.OTHER_CLERK,
    "supervisor": cast.SUPERVISOR,
    "editor": cast.ITEM_EDITOR,
    "admin": cast.ADMINISTRATOR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One pattern of the resolver."""

    name: str
    route: str
    words: tuple[str, ...]

    def address(self, given: Mapping[str, str]) -> str:
        """The path with its words filled in."""
        path = self.route
        for word in self.words:
            value = given.get(f"{self.name}:{word}") or given[word]
            path = re.sub(rf"<(?:\w+:)?{word}>", lambda _found, value=value: value, path)  # type: ignore[misc]
        return f"/{path}"


def doors() -> tuple[Door, ...]:
    """Every pattern; Django's admin counts as one."""
    return tuple(_walk(get_resolver().url_patterns, "", ""))


def _walk(patterns: list[Any], before: str, space: str) -> Iterator[Door]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if route == ADMIN:
                yield Door(name="admin", route=ADMIN, words=())
                continue
            yield from _walk(pattern.url_patterns, route, f"{pattern.namespace}:" if pattern.namespace else space)
        elif isinstance(pattern, URLPattern):
            name = f"{space}{pattern.name}" if pattern.name else route
            yield Door(name=name, route=route, words=tuple(pattern.pattern.converters))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One case of the health bureau in the middle of its way, and the words that fill the addresses."""

    case: Case
    state: State
    words: Mapping[str, str]
    clients: Mapping[str, Client]


def set_scene() -> Scene:
    """Pick an open licence of the health bureau whose applicant can sign in; give an attorney a power for it."""
    case, state, party = _find_case()
    attorney = cast.account_of(cast.ATTORNEY).subject
    assert attorney is not None
    clerk = cast.staff(cast.WINDOW_CLERK)
    accept_power(
        clerk=clerk, principal=party, agent=attorney, scope=PowerScope.CASE, scope_ref=case.number,
        from_on=NOW.date(), until_on=(NOW + timedelta(days=9)).date(), at=NOW,
    )  # fmt: skip
    account = Account.objects.get(subject=party)
    draft = start_draft(account=account, item=case.item, version=case.item_version, content=Content(), at=NOW)
    item = Item.objects.get(code=case.item)
    version = create_draft(item=item, actor=cast.staff(cast.ITEM_EDITOR).person, at=NOW)
    papers = [line for line in documents.papers_of(bound_for(state), state) if line.standing == "valid"]
    assert papers
    words = {
        "number": case.number, "code": case.item, "item": case.item, "act": "note", "ref": draft.ref,
        "step": "applicant", "digest": "0" * 64, "token": token_of(case.number), "paper": papers[0].number,
        "kind": "cancel", **dict.fromkeys(OF_THE_APPLICANT, party.ref), "catalogue:version:number": "1",
        **dict.fromkeys(OF_A_DRAFT, str(version.version)),
        "cases:list:code": "mine", "site:procedure:code": "licence", "site:chart:code": "licence",
        "portal:act:act": "withdraw", "row": "0", "book": "authority",
        "supervision:rule:edition": "2026-01-01", "supervision:rule:code": "SJ-01", "place": "1",
        "key": "no-finding", "dept": "wj", "month": "2026-11",
        **dict.fromkeys(OF_A_PERSON, cast.staff(cast.OFFICER).person),
        **dict.fromkeys(OF_A_PAPER, proofs.token_of(case.pk, papers[0].seq)),
        "portal:new:code": public_matters()[0].code,
    }  # fmt: skip
    people = {**{role: who for role, who in ROLES.items() if who}, "party": account.login}
    clients = {"nobody": Client(headers={"user-agent": BROWSER})}
    clients |= {role: signed_in(cast.account_of(who)) for role, who in people.items()}
    return Scene(case=case, state=state, words=words, clients={role: clients[role] for role in ROLES})


def _find_case() -> tuple[Case, State, Subject]:
    for case in Case.objects.open().filter(dept="wj", procedure="licence").order_by("pk"):
        state = fold(history.load(case.pk))
        party = Subject.objects.filter(ref__in=state.parties.values(), account__isnull=False).first()
        if party is not None and state.documents:
            return case, state, party
    raise AssertionError("the small city has no open licence of the health bureau whose applicant can sign in")


def signed_in(account: Account) -> Client:
    """A browser in which this person signed in, both factors given, as `begin_session` leaves it."""
    client = Client(headers={"user-agent": BROWSER})
    request = RequestFactory(headers={"user-agent": BROWSER}).get("/")
    request.session = SessionStore()
    begin_session(request, account)
    request.session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key or ""
    return client


__all__ = ["ROLES", "Door", "Scene", "doors", "set_scene", "signed_in"]
