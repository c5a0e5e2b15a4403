"""Somebody at the desk in a browser of their own, signed in with both factors."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.cases.town import Town, sign_in
from tests.support.browser import OpenPage


@pytest.fixture
def at_desk(licence: Town, browser: Browser, open_page: OpenPage, live_server_city: str) -> Callable[..., Page]:
    """at_desk(name): that person's browser. A session is bound to the browser, so its name is asked for first."""

    def sit(name: str, **how: Any) -> Page:
        asking = browser.new_page()
        agent = asking.evaluate("navigator.userAgent")
        asking.close()
        page = open_page(**how)
        cookie = sign_in(licence, name, agent).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server_city}])
        return page

    return sit
