"""A crawler with bad manners, signed in as each role: it follows every link, changes every address, fills every form
with rubbish. No answer is a fault, no page is shown to whom it is not for, no secret stands in a log.

A few thousand requests in `make test`; a hundred thousand in `make test-long`. A failure names its seed and step.
"""

import logging
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urljoin, urlsplit

import lxml.html  # type: ignore[import-untyped]  # it has no stubs
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve

from tests import cast
from tests.architecture.addresses import ROLES, Scene, set_scene
from tests.architecture.test_urls import GET
from tests.attacks.pages import BAD, KEPT, forms_of
from tests.cast import NOW
from zhengtong.accounts.models import Account, Subject
from zhengtong.accounts.queries import actor_for
from zhengtong.cases.access import password_of, token_of
from zhengtong.kernel.authority import Actor, find_readers, may_see
from zhengtong.kernel.states import fold
from zhengtong.ledger import history
from zhengtong.ledger.models.cases import Case
from zhengtong.site.wiring import bound_for

SHORT, LONG = 1_500, 100_000  # requests over all roles
OF_A_CASE: Final = re.compile(r"^/(?:desk/cases|documents/cases|cases)/([0-9A-Za-z]{8,40})(?:/|$)")
LEFT_ALONE: Final = ("/account/sign-out", "/static/")
ENTRIES: Final = (
    "/", "/desk/", "/mine/", "/catalogue/", "/staff/people", "/account/profile", "/account/mailbox", "/law/",
    "/roots/", "/query", "/search?q=%E8%AE%B8%E5%8F%AF", "/documents/verify", "/desk/intake/", "/desk/new/",
    "/desk/search?q=2026", "/admin/", "/audit/", "/staff/duties", "/api/v1/items", "/staff/substitutes",
)  # fmt: skip


@dataclass(kw_only=True)
class Crawler:
    """One role's browser and what it has found so far."""

    role: str
    client: Client
    dice: random.Random
    numbers: tuple[str, ...]
    allowed: dict[tuple[str, str], str]
    seen: set[str] = field(default_factory=set)
    found: list[str] = field(default_factory=lambda: list(ENTRIES))
    wrong: list[str] = field(default_factory=list)
    pages: dict[str, bool] = field(default_factory=dict)
    requests: int = 0

    def step(self, n: int) -> None:
        address = self.dice.choice(self.found)
        kind = self.dice.random()
        if kind < 0.25:
            address = self._changed(address)
        if kind > 0.995:
            address = self.dice.choice(ENTRIES)
        answer: Any = self.client.get(address)
        self._judge(f"GET {address}", address, answer, n)
        for link in _links(address, answer):
            if link not in self.seen and len(self.found) < 5_000:
                self.seen.add(link)
                self.found.append(link)
        if kind > 0.55:
            self._post_one(address, answer, n)

    def _changed(self, address: str) -> str:
        """Somebody else's number, another word in the path, rubbish in the question."""
        parts = urlsplit(address)
        path = re.sub(r"[0-9A-Za-z]{16,40}", lambda _old: self.dice.choice(self.numbers), parts.path, count=1)
        if self.dice.random() < 0.3:
            steps = path.split("/")
            place = self.dice.randrange(len(steps))
            steps[place] = self.dice.choice(("..", "0", "-1", "%00", "x" * 300, "%2e%2e", "'", "９", "null"))
            path = "/".join(steps)
        if not path.startswith("/") or path.startswith("//"):
            path = "/" + path.lstrip("/")
        if self.dice.random() < 0.5:
            names = ("page", "q", "next", "sort", "code", "number", "day", "since", "item", "lang")
            words = {self.dice.choice(names): self.dice.choice(list(BAD.values()))[:200] for _each in range(2)}
            return f"{path}?{urlencode(words)}"
        return path

    def _post_one(self, address: str, answer: Any, n: int) -> None:
        forms = [form for form in forms_of(address, answer) if not form.action.startswith(LEFT_ALONE)]
        if not forms:
            return
        form = self.dice.choice(forms)
        fields: dict[str, Any] = {name: list(values) for name, values in form.fields.items()}
        for name in form.open:
            if self.dice.random() < 0.4:
                fields[name] = [self.dice.choice(list(BAD.values())).decode("utf-8", "replace")[:5_000]]
        for name in [name for name in fields if name not in KEPT and self.dice.random() < 0.1]:
            del fields[name]
        for name in form.files:
            if self.dice.random() < 0.5:
                fields[name] = SimpleUploadedFile("图.png", self.dice.choice(list(BAD.values()))[:999], "image/png")
        target = urljoin(address, form.action)
        if not target.startswith("/"):
            return
        self._judge(f"POST {target} {sorted(fields)}", target, self.client.post(target, fields), n)

    def _judge(self, what: str, address: str, answer: Any, n: int) -> None:
        self.requests += 1
        if answer.status_code >= 500:
            self.wrong.append(f"{self.role}, step {n}: {what[:300]} → {answer.status_code}")
        if answer.status_code != 200 or not what.startswith("GET"):
            return
        of_a_case = OF_A_CASE.match(urlsplit(address).path)
        if of_a_case and not self._may_see(of_a_case[1]):
            self.wrong.append(f"{self.role}, step {n}: was shown {what[:300]}")
        try:
            door = resolve(urlsplit(address).path)
        except Resolver404:
            return
        expected = self.allowed.get((door.view_name, self.role), "")
        if not door.kwargs and expected and "200" not in expected:
            self.wrong.append(f"{self.role}, step {n}: {what[:300]} was shown, the table says {expected}")

    def _may_see(self, number: str) -> bool:
        """Asked of the kernel, not of the SQL that the pages ask."""
        if number not in self.pages:
            case = Case.objects.filter(number=number).first()
            if case is None:
                return True  # an address that only looks like a case's
            state = fold(history.load(case.pk))
            readers = find_readers(bound_for(state), state)
            self.pages[number] = any(may_see(actor, readers) for actor in self._actors(number, case.item))
        return self.pages[number]

    def _actors(self, number: str, item: str) -> Iterator[Actor]:
        account = self.client.session.get("_auth_user_id")
        if account is not None:
            yield actor_for(Account.objects.get(pk=account), NOW, item=item, case=number)


def _links(address: str, answer: Any) -> Iterator[str]:
    if not answer.get("Content-Type", "").startswith("text/html") or answer.streaming or not answer.content.strip():
        if answer.status_code in {301, 302}:
            yield from _ours(urljoin(address, answer["Location"]))
        return
    for link in lxml.html.fromstring(answer.content.decode()).xpath("//@href | //@src | //@hx-get"):
        yield from _ours(urljoin(address, str(link)))


def _ours(link: str) -> Iterator[str]:
    plain = link.split("#")[0]
    if plain.startswith("/") and not plain.startswith("//") and not plain.startswith(LEFT_ALONE):
        yield plain


def _table() -> dict[tuple[str, str], str]:
    lines = [line.split() for line in GET.strip().splitlines()]
    roles = lines[0]
    found: dict[tuple[str, str], str] = {}
    for name, *answers in lines[1:]:
        said = [answers[1]] * len(roles) if answers[0] == "=" else answers
        found |= {(name, role): answer for role, answer in zip(roles, said, strict=True)}
    return found


class _Ears(logging.Handler):
    """Everything that is logged, as it would be written; statements of the database are never logged in service."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(("django.db", "hypothesis")):
            self.lines.append(self.format(record))


@pytest.fixture(scope="module")
def scene(lived: Path) -> Scene:
    return set_scene()


def _crawl(scene: Scene, requests: int) -> None:
    ears, root, before = _Ears(), logging.getLogger(), logging.getLogger().level
    root.addHandler(ears)
    root.setLevel(logging.DEBUG)
    numbers = tuple(Case.objects.values_list("number", flat=True))
    wrong: list[str] = []
    try:
        for role in ROLES:
            client = scene.clients[role]
            client.raise_request_exception = False
            crawler = Crawler(
                role=role, client=client, dice=random.Random(f"crawl {role}"), numbers=numbers, allowed=_table()
            )
            step = 0
            while crawler.requests < requests / len(ROLES):
                crawler.step(step := step + 1)
            wrong += crawler.wrong
            assert len(crawler.seen) > 20, f"{role} found hardly any page"
    finally:
        root.removeHandler(ears)
        root.setLevel(before)
    assert not wrong, "\n".join(wrong[:30])
    said = "\n".join(ears.lines)
    assert [secret for secret in _secrets(numbers) if secret in said] == []


def _secrets(numbers: tuple[str, ...]) -> Iterator[str]:
    for subject in Subject.objects.all():
        yield from (word for word in (subject.name, subject.number, subject.phone) if len(word) > 2)
    for account in Account.objects.exclude(password=""):
        yield account.password
    for number in numbers:
        yield token_of(number)
        yield f"{number} {password_of(number)}"


def test_no_fault_no_wrong_page_no_secret(scene: Scene) -> None:
    _crawl(scene, SHORT)


@pytest.mark.long
def test_a_hundred_thousand_requests(scene: Scene) -> None:
    _crawl(scene, LONG)


def test_the_judge_bites(scene: Scene) -> None:
    """A page of a case shown to somebody at another department would be found."""
    number = scene.case.number
    crawler = Crawler(
        role="elsewhere", client=scene.clients["elsewhere"], dice=random.Random(1), numbers=(number,), allowed=_table()
    )
    crawler._judge("GET x", f"/desk/cases/{number}/", HttpResponse("shown"), 0)
    crawler._judge("GET x", "/catalogue/new", HttpResponse(status=500), 0)
    assert len(crawler.wrong) == 2
    assert cast.staff(cast.OTHER_CLERK).seats
