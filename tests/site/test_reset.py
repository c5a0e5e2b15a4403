"""`zhengtong reset` forgets a demonstration city, and never a real one."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from zhengtong.accounts.models import Account, Mark, Person


@pytest.fixture
def city_with_people(city_db: Path) -> Path:
    Account.objects.create(login="li", password="!", kind="staff", person=Person.objects.create(name="李"))
    return city_db


class TestReset:
    def test_removes_a_demonstration_city(self, city_with_people: Path) -> None:
        Mark.objects.create(name="demo")
        keys = city_with_people.parent / "keys"
        keys.mkdir()
        call_command("reset", yes=True, verbosity=0)
        assert not city_with_people.exists()
        assert not keys.exists()

    def test_refuses_a_real_installation(self, city_with_people: Path) -> None:
        with pytest.raises(CommandError, match="demo mark"):
            call_command("reset", yes=True, verbosity=0)
        assert Account.objects.count() == 1
