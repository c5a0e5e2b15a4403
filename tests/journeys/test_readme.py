"""The screenshots of the README: the demonstration city as `make run` shows it, in Chinese, on a desk."""

import pytest

from tests.cast import OFFICER, REPRESENTATIVE, WINDOW_CLERK
from tests.support.journeys import City, Way, keep_for_readme

pytestmark = pytest.mark.journey


def test_the_pages_a_reader_sees_first(lived_in_city: City) -> None:
    citizen = lived_in_city.person(REPRESENTATIVE, Way())
    citizen.goto("/")
    keep_for_readme(citizen, "home")
    citizen.goto("/items/qy-wj-0001/?trade=inn&air=no&area=small")
    keep_for_readme(citizen, "guide")
    citizen.goto("/mine/?show=open")
    citizen.click("main article a")
    keep_for_readme(citizen, "follow")

    clerk = lived_in_city.person(WINDOW_CLERK, Way())
    clerk.goto("/desk/list/unit/")
    keep_for_readme(clerk, "worklist")
    officer = lived_in_city.person(OFFICER, Way())
    officer.goto("/desk/list/unit/")
    officer.click("table.zt-work tbody a")
    keep_for_readme(officer, "case")
