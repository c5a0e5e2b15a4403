"""The town of this room's page tests: the small city of `accounts`, an administrator, the demonstration items."""

from pathlib import Path

import pytest

from tests.accounts.cast import BEGAN, City, build_city
from tests.catalogue import town
from zhengtong.accounts.actions import hold_post
from zhengtong.accounts.models import Post


@pytest.fixture
def city(city_db: Path) -> City:
    city = build_city()
    post = Post.objects.create(code="qy-admin", name="事项管理岗", unit=city.units["qy"], kind="administrator")
    hold_post(person=city.people["方正"], post=post, role="A", from_on=BEGAN)
    town.load_demo()
    return city
