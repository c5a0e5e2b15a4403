"""What every journey (旅程) rests on: the city it happens in, the people who sign in, and a hand that is counted.

The city is built once a worker and copied once a file of journeys, with its server; sign-ins are made once a file.
A hand counts every click, key and choice; typing into a field and picking a file from the disk are not counted.
"""

import json
import os
import random
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import override_settings
from django.utils import translation
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from pytest_django import DjangoDbBlocker

from tests.cast import NOW
from tests.support.browser import CHECKOUT, DESK, PHONE, served
from zhengtong.accounts import clock
from zhengtong.accounts.clock import LAW_ZONE
from zhengtong.site.databases import sqlite_url
from zhengtong.site.throwaway import default_database

# A Monday without a holiday near it; the city's own clock stands still here unless a journey moves it.
TODAY: Final = datetime(2026, 9, 7, 9, 30, tzinfo=LAW_ZONE)
DATABASE: Final = "zhengtong.sqlite3"
PATIENCE: Final = 20_000  # milliseconds: a busy machine is no fault of the page
expect.set_options(timeout=PATIENCE)
# `make screens` renews what the README shows; an ordinary run leaves the tracked pictures alone.
README_SCREENS: Final = (
    CHECKOUT / "docs" / "screens"
    if os.environ.get("ZHENGTONG_RENEW_SCREENS")
    else CHECKOUT / "build" / "screens" / "readme"
)
MOST_OF_A_SCREEN: Final = 200 * 1024
AXE: Final = Axe()
GRAVE: Final = frozenset({"serious", "critical"})
SPOKEN: Final = "button, label, legend, th, summary, h1, h2, nav a"
# What stays Chinese on an English page: numbers of papers, names of people (masked) and firms, papers named as printed,
# and the language's own name.
STAYS_CHINESE: Final = re.compile(
    r"\S+〔\d{4}〕\S+号|[\u4e00-\u9fff]\*[\u4e00-\u9fff]?|清源\S*公司|^[\u4e00-\u9fff]+证$|简体中文|中文", re.MULTILINE
)


# ---- the city -----------------------------------------------------------------------------------


def settings_in(home: Path) -> override_settings:
    return override_settings(
        ZHENGTONG_HOME=home, ZHENGTONG_KEYS=home / "keys", ZHENGTONG_ROOTS=home / "roots", MEDIA_ROOT=home / "files"
    )


@contextmanager
def living_in(home: Path, blocker: DjangoDbBlocker, *, at: datetime) -> Iterator[None]:
    """Inside, every thread of this process is in that city, and its clock stands still."""
    with settings_in(home), blocker.unblock(), default_database(sqlite_url(home / DATABASE)), clock.fixed(at):
        yield


@pytest.fixture(scope="session")
def built_city(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Path:
    """A home with the demonstration's organs, people and items, and not one case: each journey makes its own."""
    home = tmp_path_factory.mktemp("journeys") / "home"
    home.mkdir()
    shutil.copyfile(sqlite_template, home / DATABASE)
    with living_in(home, django_db_blocker, at=TODAY):
        build_city(home)
    return home


def build_city(home: Path) -> None:
    from zhengtong.accounts.models import Account, Mark
    from zhengtong.accounts.queries import actor_of_person
    from zhengtong.site.demo import accounts, items, organisation, people
    from zhengtong.site.demo.names import Namer

    Mark.objects.create(name=clock.DEMO_MARK)
    clock.forget()
    rng = random.Random(7)
    namer = Namer(rng=rng)
    organs = organisation.build_organs(namer)
    staff = accounts.open_staff_accounts(organs)
    organisation.write_letters(organs, items.load_items(organs, TODAY))
    passwords = accounts.draw_citizen_passwords()
    account = Account.objects.get(login="zx02")
    assert account.person_id is not None
    public = people.build_public(
        namer, clerk=actor_of_person(account.person_id, TODAY), passwords=passwords, at=TODAY - timedelta(days=30),
        until_on=date(2027, 12, 31), rng=rng,
    )  # fmt: skip
    known = {one.login: (one.password, one.totp_secret, one.name) for one in staff}
    known |= {name: (passwords[name], "", who.phone) for name, who in public.citizens.items()}
    known |= {party.invented.name: ("", "", party.invented.number) for party in public.firms}
    (home / "known.json").write_text(json.dumps(known, ensure_ascii=False))


@dataclass(slots=True)
class City:
    """A city with its site. `at` is what its clock shows; `states` keeps the cookies of who has signed in."""

    home: Path
    address: str
    browser: Browser
    known: Mapping[str, tuple[str, str, str]]
    began: datetime
    states: dict[str, Any] = field(default_factory=dict)
    _open: list[BrowserContext] = field(default_factory=list)

    def pass_time(self, **by: float) -> datetime:
        """Let the clock of the city go on."""
        at = clock.now() + timedelta(**by)
        clock.set_fixed(at)
        return at

    def context(self, way: "Way", *, state: Any = None) -> BrowserContext:
        context = self.browser.new_context(
            base_url=self.address,
            viewport={"width": way.width, "height": 900},
            java_script_enabled=way.javascript,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            storage_state=state,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        if way.language == "en":
            context.add_cookies([{"name": "language", "value": "en", "url": self.address}])
        self._open.append(context)
        return context

    def visitor(self, way: "Way") -> "Hand":
        """Somebody nobody knows."""
        return Hand(page=self.context(way).new_page(), way=way, city=self)

    def person(self, who: str, way: "Way") -> "Hand":
        """Somebody who signed in earlier today: at the first call in a file the sign-in is made in the browser."""
        if who not in self.states:
            hand = self.visitor(Way())
            sign_in(hand, who)
            self.states[who] = hand.page.context.storage_state()
            hand.page.context.close()
        return Hand(page=self.context(way, state=self.states[who]).new_page(), way=way, city=self)

    def go_home(self) -> None:
        """Everybody of this journey closes the browser; the clock stands where the day began."""
        for context in self._open:
            context.close()
        self._open.clear()
        clock.set_fixed(self.began)


@contextmanager
def served_copy(template: Path, home: Path, browser: Browser, blocker: DjangoDbBlocker, at: datetime) -> Iterator[City]:
    """A city of its own with its site, copied from the home of another."""
    shutil.copytree(template, home)
    with ExitStack() as stack:
        stack.enter_context(living_in(home, blocker, at=at))
        address = stack.enter_context(served())
        stack.enter_context(override_settings(ZHENGTONG_BASE_URL=address))
        yield City(home=home, address=address, browser=browser, known=who_is_known(home), began=at)


def who_is_known(home: Path) -> Mapping[str, tuple[str, str, str]]:
    """Password, second factor and phone by login or name, as whoever built the city wrote them down."""
    ours, demo = home / "known.json", home / "demo-accounts.json"
    if ours.exists():
        found: dict[str, tuple[str, str, str]] = json.loads(ours.read_text(encoding="utf-8"))
        return found
    return {
        row["login"] if row["totp_secret"] else row["name"]: (row["password"], row["totp_secret"], row["login"])
        for row in json.loads(demo.read_text(encoding="utf-8"))
    }


@pytest.fixture(scope="module")
def city_of_file(
    browser: Browser, built_city: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[City]:
    home = tmp_path_factory.mktemp("city") / "home"
    with served_copy(built_city, home, browser, django_db_blocker, TODAY) as city:
        yield city


@pytest.fixture
def city(city_of_file: City) -> Iterator[City]:
    yield city_of_file
    city_of_file.go_home()


@pytest.fixture
def lived_in_city(
    browser: Browser, small_city: Path, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[City]:
    """The small city of the demonstration, with cases at every stage."""
    with served_copy(small_city.parent, tmp_path / "home", browser, django_db_blocker, NOW) as city:
        yield city
        city.go_home()


# ---- ways to walk a journey -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """In which language, with or without script, at which width."""

    language: str = "zh-hans"
    javascript: bool = True
    width: int = DESK

    @property
    def number(self) -> int:
        """For what must differ from way to way: phones, certificate numbers."""
        return list(WAYS.values()).index(self)

    @property
    def folder(self) -> str:
        return self.language[:2] if self.javascript else f"{self.language[:2]}-noscript"


WAYS: Final = {
    "zh": Way(),
    "zh-noscript": Way(javascript=False),
    "en": Way(language="en"),
}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())


def sign_in(hand: "Hand", who: str) -> None:
    """Citizens by phone and password; staff by number, password and the six digits of the moment."""
    password, totp, phone = hand.city.known[who]
    page = hand.page
    page.goto("/staff/sign-in" if totp else "/account/sign-in")
    page.fill("[name=typed]", who if totp else phone)
    page.fill("[name=password]", password)
    page.locator("main form button[type=submit]").last.click()
    if totp:
        page.fill("[name=code]", pyotp.TOTP(totp).at(clock.real_now()))
        page.locator("main form button[type=submit]").last.click()
    expect(page.locator("[name=password], [name=code]")).to_have_count(0)


# ---- a hand that is counted -----------------------------------------------------------------------


@dataclass(slots=True)
class Hand:
    """One person at one page. Words are given in Chinese and looked for in the language of the page."""

    page: Page
    way: Way
    city: City
    count: int = 0
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.page.on("console", lambda message: self._hear(message))
        self.page.on("dialog", lambda dialog: dialog.accept())

    def _hear(self, message: Any) -> None:
        # A refusal is answered 400, 404 or 409, and the browser notes that; anything else it has to say is a fault.
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            self.faults.append(f"{self.page.url}: {message.text}")

    # -- looking ------------------------------------------------------------------------------------

    def say(self, chinese: str, **params: object) -> str:
        """A sentence of the site in the language of this journey."""
        with translation.override(self.way.language):
            said = translation.gettext(chinese)
        return said % params if params else said

    def item_name(self, code: str) -> str:
        """The name of an item in the language of this journey."""
        from zhengtong.catalogue.queries import item_names

        with translation.override(self.way.language):
            return item_names([code])[code]

    def law(self, key: str, procedure: str = "licence") -> str:
        """A word of a procedure, such as `actions.accept.name`."""
        from zhengtong.law.procedure_files import versions, words

        return words(procedure, versions(procedure)[-1], self.way.language)[key]

    def see(self, text: str, *, inside: str = "main") -> Locator:
        """Fails unless these words (already in the right language) can be seen."""
        found = self.page.locator(inside).get_by_text(text).first
        expect(found).to_be_visible()
        return found

    def goto(self, address: str) -> None:
        """Typing an address, or opening a bookmark: not counted."""
        answer = self.page.goto(address)
        assert answer is not None and answer.status < 400, f"{address}: {answer and answer.status}\n{self.text()[:800]}"

    def text(self) -> str:
        return self.page.locator("body").inner_text()

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.city.address)

    # -- doing --------------------------------------------------------------------------------------

    def click(self, what: "Locator | str") -> None:
        """A click on a place, given as a locator or a CSS selector."""
        where = self.page.locator(what).first if isinstance(what, str) else what
        where.click()
        self.count += 1
        self.settle()

    def link(self, words: str, *, inside: str = "main", exact: bool = False) -> None:
        self.click(self.page.locator(inside).get_by_role("link", name=self.say(words), exact=exact).first)

    def button(self, words: str, *, inside: str = "main", exact: bool = True) -> None:
        self.click(self.page.locator(inside).get_by_role("button", name=self.say(words), exact=exact).first)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.count += 1
        self.settle()

    def fill(self, what: str, text: str) -> None:
        """Typing: not counted."""
        self.page.locator(what).first.fill(text)

    def press_enter(self, what: str) -> None:
        """Enter in a field: one key."""
        self.page.locator(what).first.press("Enter")
        self.count += 1
        self.settle()

    def scan(self, address: str) -> None:
        """Point the phone at a QR code: counted as one."""
        self.goto(address)
        self.count += 1

    def choose(self, what: str, value: str | None = None) -> None:
        """One choice: a radio or box by its selector, or an option of a list by its value."""
        where = self.page.locator(what).first
        if value is not None:
            where.select_option(value)
        elif not where.is_checked():
            _choose_box(self.page, where)
        self.count += 1
        self.settle()

    def choose_from(self, what: str, value: str) -> None:
        """One of several, drawn as tiles or as a list."""
        where = self.page.locator(what).first
        if where.evaluate("element => element.tagName") == "SELECT":
            self.choose(what, value)
        else:
            self.choose(f"{what}[value={value}]")

    def choose_first(self, what: str) -> None:
        """The first real choice of a list or of tiles."""
        where = self.page.locator(what).first
        if where.evaluate("element => element.tagName") != "SELECT":
            self.choose(what)
            return
        where.select_option(index=1 if where.locator("option").first.get_attribute("value") == "" else 0)
        self.count += 1

    # -- the decision panel of the desk ---------------------------------------------------------------

    def form_of(self, act: str) -> Locator:
        return self.page.locator(f'details.zt-act:has(form[action*="/{act}/"])')

    def unfold(self, act: str) -> None:
        """Open an act in the decision panel, unless it stands open."""
        panel = self.form_of(act)
        if panel.get_attribute("open") is None:
            self.click(panel.locator("> summary"))

    def submit(self, act: str, *, is_refused: bool = False) -> None:
        """Press the button of an act; `is_refused`: this story wants it to be told no."""
        self.click(self.form_of(act).locator("form > button[type=submit]").last)
        told_no = self.page.locator(".zt-errors, .zt-refused, .zt-changed")
        if is_refused:
            expect(told_no.first).to_be_visible()
        else:
            assert not told_no.count(), f"{act}: {told_no.first.inner_text()}"

    def choose_branch(self, act: str) -> None:
        """The first branch the act can speak of, where it asks which."""
        fields = self.form_of(act).locator("[name$=branch]")
        if fields.count() and fields.first.get_attribute("type") != "hidden":
            self.choose_first(f"[name={fields.first.get_attribute('name')}]")

    def do(self, act: str) -> None:
        """An act that asks for nothing."""
        self.unfold(act)
        self.submit(act)

    def wait_for(self, what: str) -> None:
        expect(self.page.locator(what).first).to_be_visible()

    def upload(self, what: str, *files: Path) -> None:
        """A click on the field; finding the files on the disk is not counted."""
        self.page.locator(what).first.set_input_files(list(files))
        self.count += 1
        self.settle()

    def settle(self) -> None:
        """Wait until the page stands still."""
        self.page.wait_for_load_state("load")
        if self.way.javascript:
            expect(self.page.locator(".htmx-request")).to_have_count(0)

    @contextmanager
    def within(self, budget: int, errand: str) -> Iterator[None]:
        """The errand inside takes at most so many clicks, keys and choices."""
        before = self.count
        yield
        taken = self.count - before
        MEASURED.append((errand, self.way.folder, taken, budget))
        assert taken <= budget, f"{errand}: {taken} clicks and keys, {budget} are allowed"

    # -- keeping ------------------------------------------------------------------------------------

    def keep(self, name: str) -> None:
        """The page as it stands: kept at both widths, read by axe, in its language, and without a fault of script."""
        keep_page(self, name)
        assert not self.faults, self.faults
        if self.way.language == "en":
            assert not chinese_left(self.page), f"{name} in English: {chinese_left(self.page)}"
        self._check_axe(name)

    def keep_plain(self, name: str) -> None:
        """A page of Django's own: kept, but not ours to mend."""
        keep_page(self, name, must_fit=False)

    def unfold_around(self, what: str) -> None:
        """Open the folded part of the page in which this field stands."""
        part = self.page.locator(f"main details:not([open]):has({what})")
        if part.count():
            self.click(part.first.locator("> summary"))

    def unfold_all(self) -> None:
        """Open every part of the page that is folded."""
        folded = self.page.locator("main details:not([open]) > summary")
        while folded.count():
            self.click(folded.first)

    def complaint(self, *, is_there: bool) -> None:
        """What the editor of items says of the draft as it stands: live with script, on saving without."""
        if self.way.javascript:
            self.page.keyboard.press("Tab")
        else:
            self.click("button[name=save]")
        found = self.page.locator("#complaints li")
        if is_there:
            expect(found.first).to_be_visible()
        else:
            expect(found).to_have_count(0)

    def _check_axe(self, name: str) -> None:
        if not self.way.javascript:
            return  # axe is itself a script; the pages are the same
        found = AXE.run(self.page).response["violations"]
        grave = [
            f"{each['id']} ({each['impact']}): {each['help']}: {[node['target'] for node in each['nodes'][:3]]}"
            for each in found
            if each["impact"] in GRAVE
        ]
        assert not grave, f"{name} {self.page.url}: axe found {grave}"


MEASURED: Final[list[tuple[str, str, int, int]]] = []


def _choose_box(page: Page, where: Locator) -> None:
    """Boxes and radios are often hidden under their label, which is what a person presses."""
    name = where.get_attribute("id")
    label = page.locator(f'label[for="{name}"]').first if name else where
    (label if name and label.count() else where).click()


def keep_page(hand: Hand, name: str, *, must_fit: bool = True) -> None:
    from tests.support.browser import SCREENS

    folder = SCREENS / hand.way.folder
    folder.mkdir(parents=True, exist_ok=True)
    for width in (DESK, PHONE) if hand.way.javascript else (PHONE,):
        hand.page.set_viewport_size({"width": width, "height": 900})
        hand.page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)
        if width == PHONE and hand.way.javascript and must_fit:
            wide = hand.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= PHONE + 1, f"{name}: {wide} px wide on a phone"
    hand.page.set_viewport_size({"width": hand.way.width, "height": 900})


def keep_for_readme(hand: Hand, name: str) -> None:
    """What one sees at first in the README, small enough to be committed."""
    README_SCREENS.mkdir(parents=True, exist_ok=True)
    path = README_SCREENS / f"{name}.png"
    hand.page.screenshot(path=path)
    assert path.stat().st_size <= MOST_OF_A_SCREEN, f"{path.name}: {path.stat().st_size} bytes"


def qr_shows(page: Page, address: str) -> bool:
    """Whether the QR code on the page is the one of this address: drawn again, it is the same picture."""
    from zhengtong.ui.drawing import qr_path

    return qr_path(address)[0] == page.locator("svg.zt-qr path").first.get_attribute("d")


def chinese_left(page: Page) -> list[str]:
    """What is pressed or read as a label on an English page and still speaks Chinese."""
    texts = (STAYS_CHINESE.sub("", text) for text in page.locator(SPOKEN).all_inner_texts())
    return sorted({text.strip() for text in texts if re.search(r"[\u4e00-\u9fff]", text)})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not MEASURED:
        return
    terminalreporter.section("clicks and keys")
    for errand, way, taken, budget in sorted(MEASURED):
        terminalreporter.write_line(f"{taken:3} of {budget:3}  {way:12} {errand}")
