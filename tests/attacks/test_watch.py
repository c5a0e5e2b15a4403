"""Attacks on the watch over the small city: who comes in, words and days that are none, reading that writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest
from django.test import Client

from tests import cast
from tests.architecture.addresses import BROWSER, Door, doors, signed_in
from tests.attacks.pages import BAD
from zhengtong.ledger.models.events import Event
from zhengtong.ledger.queries import Case
from zhengtong.supervision.models import Card, RuleDraft, Signal

ASKED: Final = (
    "kind", "day", "month", "dept", "first", "last", "until", "age", "sort", "edition", "metric", "page", "number",
    "state", "rule", "level", "item", "since", "before", "after", "from", "to", "of",
)  # fmt: skip
DAYS: Final = (
    b"0001-01-01", b"9999-12-31", b"9999-12", b"p:0001-01-01T00:00:00+08:00", b"d:9999-12-31T23:59:59-11:00",
)  # fmt: skip
SERVED: Final = "supervision:card"
"""A card opens to the department it was served to as well."""
SOME: Final = tuple(BAD[name][:300] for name in ("no utf-8", "twenty figures", "a path"))
WATCH: Final = tuple(door for door in doors() if door.name.startswith("supervision:"))


@dataclass(frozen=True)
class Scene:
    words: Mapping[str, str]
    supervisor: Client
    others: Mapping[str, Client]


@pytest.fixture(scope="module")
def scene(lived: Path) -> Scene:
    card, signal = Card.objects.order_by("pk").first(), Signal.objects.order_by("pk").first()
    assert card is not None and signal is not None
    words = {
        "number": card.number, "key": signal.key, "dept": "wj", "month": "2026-11", "row": "1", "act": "draw",
        "edition": "2026-01-01", "code": "SJ-01", "place": "1", "digest": "0" * 64,
    }  # fmt: skip
    logins = (cast.WINDOW_CLERK, cast.HEAD, cast.ADMINISTRATOR, cast.ITEM_EDITOR, cast.DISPATCHER)
    others = {login: signed_in(cast.account_of(login)) for login in logins}
    others["nobody"] = Client(headers={"user-agent": BROWSER})
    return Scene(words=words, supervisor=signed_in(cast.account_of(cast.SUPERVISOR)), others=others)


@pytest.mark.parametrize("door", WATCH, ids=lambda door: door.name)
class TestDoor:
    def test_takes_any_word_from_a_supervisor(self, door: Door, scene: Scene) -> None:
        wrong = []
        for bad in (*DAYS, *SOME):
            query = "&".join(f"{name}={quote(bad)}" for name in ASKED)
            asked = [f"{door.address(scene.words)}?{query}"]
            asked += [door.address({**scene.words, word: quote(bad, safe="")}) for word in door.words if bad]
            wrong += [url[:150] for url in asked if scene.supervisor.get(url).status_code >= 500]
        assert wrong == []

    def test_writes_nothing_when_read(self, door: Door, scene: Scene) -> None:
        def written() -> tuple[int, ...]:
            return (Case.objects.count(), Event.objects.count(), Signal.objects.count(), RuleDraft.objects.count())

        before = written()
        scene.supervisor.get(door.address(scene.words))
        assert written() == before

    def test_is_for_supervisors(self, door: Door, scene: Scene) -> None:
        for who, client in scene.others.items():
            answer = client.get(door.address(scene.words))
            is_own = door.name == SERVED and who != "nobody"
            assert is_own or answer.status_code in (302, 403, 404, 405), (who, answer.status_code)

    def test_wants_the_token_of_its_forms(self, door: Door, scene: Scene) -> None:
        client = Client(enforce_csrf_checks=True, headers={"user-agent": BROWSER})
        client.cookies = scene.supervisor.cookies
        assert client.post(door.address(scene.words)).status_code in (403, 405)
