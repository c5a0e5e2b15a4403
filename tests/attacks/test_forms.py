"""Every form of every page is filled with what no honest person types. Whatever comes back is an answer, never a
fault, and what was typed does not come back as a program. A share of the posts stands here; `make test-long` sends
them all."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings
from django.test import Client

from tests import cast
from tests.architecture.addresses import Scene, doors, set_scene, signed_in
from tests.attacks.pages import BAD, Form, all_bad, forms_of, send, texts_bad
from zhengtong.ledger.models.cases import Case

SHARE: Final = 4
# A form that ends what the others need: the session, the draft.
ENDS: Final = ("sign-out", "/drop")
DESK: Final = (
    cast.WINDOW_CLERK, cast.OFFICER, cast.REVIEWER, cast.CHIEF, cast.ISSUER, cast.HEAD, cast.SUPERVISOR,
    cast.DISPATCHER, cast.DISCLOSURE_OFFICER,
)  # fmt: skip


@pytest.fixture(scope="module")
def scene(lived: Path) -> Scene:
    return set_scene()


@pytest.fixture(scope="module")
def forms(scene: Scene) -> Mapping[tuple[str, ...], tuple[Client, Form]]:
    """One of each form: by its address (without the number of the case) and its fields."""
    found: dict[tuple[str, ...], tuple[Client, Form]] = {}
    for client, page in _pages(scene):
        answer = client.get(page)
        if answer.status_code != 200:
            continue
        for form in forms_of(page, answer):  # type: ignore[arg-type]
            if not form.action.split("?")[0].endswith(ENDS):
                key = (re.sub(r"/[0-9A-Z]{12,}/", "/*/", form.action.split("?")[0]), *sorted(form.fields))
                found.setdefault(key, (client, form))
    return found


def _pages(scene: Scene) -> Iterator[tuple[Client, str]]:
    for door in doors():
        for client in scene.clients.values():
            yield client, door.address(scene.words)
    staff = {login: signed_in(cast.account_of(login)) for login in DESK}
    seen = set()
    for case in Case.objects.order_by("pk"):
        if (case.procedure, case.state) not in seen:
            seen.add((case.procedure, case.state))
            yield from ((client, f"/desk/cases/{case.number}/") for client in staff.values())


def test_there_are_many(forms: Mapping[tuple[str, ...], tuple[Client, Form]]) -> None:
    assert len(forms) >= 30


@pytest.mark.parametrize("turn", [0, *(pytest.param(n, marks=pytest.mark.long) for n in range(1, SHARE))])
def test_no_form_breaks(turn: int, forms: Mapping[tuple[str, ...], tuple[Client, Form]]) -> None:
    broken = []
    for place, (client, form) in enumerate(forms.values()):
        for n, (word, bad) in enumerate(BAD.items()):
            if (place + n) % SHARE != turn:
                continue
            fill = all_bad if (place + n) // SHARE % 2 else texts_bad
            try:
                answer = send(client, form, fill(form, bad))
            except Exception as error:
                broken.append((form.action, word, fill.__name__, repr(error)[:200]))
                continue
            if answer.status_code >= 500 or b"<script>alert" in answer.content or b"49{" in answer.content:
                broken.append((form.action, word, fill.__name__, str(answer.status_code)))
    assert broken == []


def test_fields_that_are_missing_doubled_or_strange(forms: Mapping[tuple[str, ...], tuple[Client, Form]]) -> None:
    for client, form in forms.values():
        doubled = dict.fromkeys(form.fields, (b"1", b"2", b""))
        listed = {f"{name}[]": (b"1",) for name in form.fields} | {f"{name}[a][b]": (b"1",) for name in form.fields}
        keyed = dict.fromkeys(("key", "seq", "list", "next", "page", "TOTAL_FORMS"), (b"\xff", b"9" * 40))
        for values in ({}, doubled, listed, keyed):
            assert send(client, form, values).status_code < 500, form.action


def test_more_than_a_page_holds_is_said(scene: Scene) -> None:
    client = scene.clients["nobody"]
    for body in (b"x=" + b"a" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1), b"&".join([b"a=1"] * 2_100)):
        answer = client.post("/query", body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 413
        assert "5 MB" in answer.content.decode()


@cache
def _long() -> str:
    return "长" * 100_000


def test_a_hundred_thousand_characters_come_back_with_a_sentence(scene: Scene) -> None:
    answer = scene.clients["party"].post(
        f"/cases/{scene.words['number']}/act/state_views", {"views": _long()}, follow=False
    )
    assert answer.status_code == 400
    assert _long() in answer.content.decode()
    assert "最多" in answer.content.decode()
