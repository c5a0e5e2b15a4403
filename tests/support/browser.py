"""A real browser and a real server for journeys: Debian's Chromium driven by playwright, and the site served from a
thread on the test's own copy of the city."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django import Settings

from tests.support.loud import skip_loudly
from tests.support.ports import free_port

CHECKOUT: Final = Path(__file__).resolve().parents[2]
SCREENS: Final = CHECKOUT / "build" / "screens"
DESK: Final = 1440
PHONE: Final = 390
QUIET: Final = (
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        skip_loudly("Chromium is not installed: no journey was made in a browser")
    # Playwright keeps an event loop in this thread, in which Django would otherwise refuse every query of a test.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=[*sandbox, *QUIET])
        yield launched
        launched.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, live_server_city: str) -> Iterator[OpenPage]:
    """open_page(width=…, javascript=…, locale=…): a person with a browser of their own, at the site's address."""
    contexts = []

    def open_one(*, width: int = DESK, javascript: bool = True, locale: str = "zh-CN") -> Page:
        context = browser.new_context(
            base_url=live_server_city,
            viewport={"width": width, "height": 900},
            java_script_enabled=javascript,
            locale=locale,
            timezone_id="Asia/Shanghai",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def live_server_city(city_db: Path, settings: Settings) -> Iterator[str]:
    """The address of the site, served on this test's copy of the city."""
    with served() as address:
        settings.ZHENGTONG_BASE_URL = address
        yield address


@contextmanager
def served() -> Iterator[str]:
    """The site on a free port, from a thread of this process, on whatever database is the default one."""
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    port = free_port()
    server = ThreadedWSGIServer(("127.0.0.1", port), Quiet)
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    server.server_close()
    thread.join(timeout=10)


def keep_screens(page: Page, name: str) -> None:
    """The page as a person sees it on a desk and on a phone, in build/screens/ (not tracked)."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    before = page.viewport_size
    for width in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=SCREENS / f"{name}-{width}.png", full_page=True)
    if before:
        page.set_viewport_size(before)
