"""What anybody may copy: the roots as a page, as lines, and the key."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests.ledger.stories import NOON, open_case
from zhengtong.ledger.roots import read_line, run_root_of_day

pytestmark = pytest.mark.usefixtures("ledger_db")


def test_shows_every_day() -> None:
    open_case()
    (line,) = run_root_of_day(NOON + timedelta(days=1))
    page = Client().get(reverse("ledger:roots")).content.decode()
    assert line.digest in page


def test_serves_the_lines_and_the_key() -> None:
    open_case()
    (line,) = run_root_of_day(NOON + timedelta(days=1))
    served = Client().get(reverse("ledger:roots_lines"))
    assert read_line(b"".join(served).decode()).digest == line.digest
    assert b"BEGIN PUBLIC KEY" in b"".join(Client().get(reverse("ledger:root_key")))


def test_is_honest_when_there_are_none() -> None:
    assert Client().get(reverse("ledger:roots")).status_code == 200
    assert Client().get(reverse("ledger:roots_lines")).status_code == 404
