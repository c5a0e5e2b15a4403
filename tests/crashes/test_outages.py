"""Disk full, clock set back, keys away, database locked: the person reads a sentence (503), nothing is half done, and
all goes on when the ground is back."""

import logging
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

from tests.crashes.acts import MONDAY, Writer
from tests.crashes.checking import check_whole
from tests.portal.conftest import city_template, keys_of_the_town, town
from tests.portal.town import IDENTITY, apply_for, form_of, make_citizen, ready, sign_in
from tests.support.loud import skip_loudly
from zhengtong.accounts import clock
from zhengtong.kernel.refusals import Refusal
from zhengtong.kernel.states import fold
from zhengtong.ledger import behind, history, roots
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.sources import DatabaseSource
from zhengtong.ledger.verify import verify
from zhengtong.ledger.working import Worker

__all__ = ["city_template", "keys_of_the_town", "town"]

DRAFTS = 4
ROOM = 6 * 1024 * 1024


@contextmanager
def small_disk(place: Path, size: int) -> Iterator[Path]:
    """A disk of its own, of this size, in memory."""
    place.mkdir()
    told = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(place)], check=False)
    if told.returncode:
        skip_loudly("mount is not allowed here: no disk was filled")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
        place.rmdir()


def fill(disk: Path, *, but: int = 0) -> Path:
    """Take all the room there is."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
    if but:
        os.truncate(filler, max(0, filler.stat().st_size - but))
    return filler


def is_outage(answer: object, words: str) -> None:
    page = answer.content.decode()  # type: ignore[attr-defined]  # a response
    assert answer.status_code == 503, page[:300]  # type: ignore[attr-defined]
    assert words in page
    assert answer["Retry-After"] == "60"  # type: ignore[index]
    assert "Traceback" not in page


@pytest.fixture
def citizen(town: None) -> Client:
    make_citizen(number=IDENTITY)
    return sign_in()


class TestDiskFull:
    def test_an_act_is_refused_whole_and_done_when_there_is_room(self, citizen: Client) -> None:
        refs, before = [ready(citizen) for _ in range(DRAFTS)], Case.objects.count()
        fill_the_database()
        for ref in refs:  # the last pages that were begun may hold an act or two
            answer = citizen.post(f"/apply/{ref}/check", {"go": "1"})
            if answer.status_code != 302:
                break
        is_outage(answer, "存不进去")
        before += refs.index(ref)
        assert Case.objects.count() == before
        assert not connection.connection.in_transaction
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1073741823")
        assert citizen.post(f"/apply/{ref}/check", {"go": "1"}).status_code == 302
        assert Case.objects.count() == before + 1
        assert verify(DatabaseSource()).faults == ()

    def test_a_database_on_a_full_disk(self, crash_sqlite: Path, own_home: Path, tmp_path: Path) -> None:
        """The real thing: the file system has no room. What was acknowledged stays, nothing half is added."""
        from zhengtong.site.databases import sqlite_url
        from zhengtong.site.throwaway import default_database, migrate

        with small_disk(tmp_path / "disk", ROOM) as disk:
            url = sqlite_url(disk / "city.sqlite3")
            migrate(url)
            with default_database(url):
                writer = Writer(own_home / "told")
                cases = [writer.submit().case_id for _ in range(5)]
                filler = fill(disk, but=40_000)
                done, refused = 0, 0
                for _ in range(40):
                    try:
                        writer.act("note", cases[done % 5])
                        done += 1
                    except Exception as error:
                        refused += 1
                        assert "disk is full" in str(error) or "disk I/O error" in str(error), error
                        assert not connection.connection.in_transaction
                assert refused
                assert events() == 5 * 4 + done
                filler.unlink()
                writer.act("note", cases[0])
                assert events() == 5 * 4 + done + 1
                check_whole()
                connection.close()

    def test_roots_on_a_full_disk(
        self, crash_db: str, own_home: Path, tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        now = [MONDAY]
        writer = Writer(own_home / "told", now=lambda: now[0])
        writer.submit()
        now[0] += timedelta(days=1)
        writer.submit()
        with small_disk(tmp_path / "disk", 64 * 1024) as disk:
            settings.ZHENGTONG_ROOTS = disk / "roots"
            assert roots.run_root_of_day(MONDAY + timedelta(days=1))
            whole = roots.roots_file().read_bytes()
            filler, worker = fill(disk), Worker()
            with caplog.at_level(logging.ERROR):
                assert worker.round(MONDAY + timedelta(days=3)).roots is None
            assert "No space left" in caplog.text
            assert roots.roots_file().read_bytes() == whole
            filler.unlink()
            assert len(worker.round(MONDAY + timedelta(days=3)).roots or ()) == 2
            assert verify(DatabaseSource()).faults == ()

    def test_half_a_line_of_a_power_cut_is_cut_off(self, crash_db: str, own_home: Path) -> None:
        Writer(own_home / "told").submit()
        roots.run_root_of_day(MONDAY + timedelta(days=2))
        path = roots.roots_file()
        path.write_bytes(path.read_bytes() + path.read_bytes()[:300])
        assert len(roots.run_root_of_day(MONDAY + timedelta(days=3))) == 1
        assert verify(DatabaseSource()).faults == ()


def fill_the_database() -> None:
    """No page more than there is, and every free one taken."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE filler (content)")
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
        with suppress(OperationalError):
            while True:
                cursor.execute("INSERT INTO filler VALUES (zeroblob(3000))")


def events() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_event")
        return int(cursor.fetchone()[0])


class TestKeysAway:
    def test_a_page_with_personal_data_says_so(self, citizen: Client, settings: Settings, tmp_path: Path) -> None:
        number = apply_for(citizen)
        place = tmp_path / "unmounted"
        place.write_bytes(b"")
        right, settings.ZHENGTONG_KEYS = settings.ZHENGTONG_KEYS, place
        is_outage(citizen.get(f"/cases/{number}/"), "密钥")
        settings.ZHENGTONG_KEYS = tmp_path / "empty"
        is_outage(citizen.get(f"/cases/{number}/"), "密钥")
        assert not list((tmp_path / "empty").glob("*.key")), "a key was drawn anew"
        settings.ZHENGTONG_KEYS = right
        assert citizen.get(f"/cases/{number}/").status_code == 200

    def test_in_english(self, citizen: Client, settings: Settings, tmp_path: Path) -> None:
        number = apply_for(citizen)
        settings.ZHENGTONG_KEYS = tmp_path / "empty"
        citizen.cookies["language"] = "en"
        is_outage(citizen.get(f"/cases/{number}/"), "The keys cannot be read")


class TestClockSetBack:
    def test_an_opening_act_in_a_signed_day_is_refused(self, citizen: Client) -> None:
        now = clock.now()
        apply_for(citizen)
        ref = ready(citizen)
        roots.run_root_of_day(now + timedelta(days=1))
        before = Case.objects.count()
        with forgotten(), clock.fixed(now):
            is_outage(citizen.post(f"/apply/{ref}/check", {"go": "1"}), "时钟")
            assert Case.objects.count() == before
        with forgotten(), clock.fixed(now + timedelta(days=1)):
            assert citizen.post(f"/apply/{ref}/check", {"go": "1"}).status_code == 302
        assert verify(DatabaseSource()).faults == ()

    def test_an_act_before_the_last_event_is_refused(self, crash_db: str, own_home: Path) -> None:
        now = [MONDAY]
        writer = Writer(own_home / "told", now=lambda: now[0])
        case = writer.submit().case_id
        now[0] = MONDAY - timedelta(hours=1)
        with pytest.raises(Refusal, match="before_last_event"):  # the kernel's own word
            writer.act("note", case)
        with pytest.raises(behind.ClockBehind, match="is behind the last record"):
            behind.check(now[0], fold(history.load(case)))
        now[0] = MONDAY + timedelta(seconds=1)
        writer.act("note", case)
        check_whole()

    def test_an_act_on_a_case_is_refused_on_a_page(self, citizen: Client) -> None:
        number, now = apply_for(citizen), clock.now()
        url = f"/cases/{number}/act/withdraw"
        form = form_of(citizen.get(url).content.decode())
        with clock.fixed(now - timedelta(hours=1)):
            is_outage(citizen.post(url, form), "时钟")
        state = fold(history.load(Case.objects.get(number=number).pk))
        assert not [done for done in state.done if done.act == "withdraw"]
        with clock.fixed(now + timedelta(minutes=1)):
            assert citizen.post(url, form).status_code == 302

    def test_the_worker_waits_and_says_why(
        self, crash_db: str, own_home: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        Writer(own_home / "told").submit()
        worker = Worker()
        assert worker.round(MONDAY + timedelta(days=2)).roots
        with caplog.at_level(logging.ERROR):
            done = worker.round(MONDAY - timedelta(days=1))
        assert (done.swept, done.drained, done.roots) == (None, None, None)
        assert "is behind the last record" in caplog.text
        assert "Traceback" not in caplog.text
        assert worker.round(MONDAY + timedelta(days=3)).swept is not None
        check_whole()

    def test_pages_of_a_case_are_still_shown(self, citizen: Client) -> None:
        number = apply_for(citizen)
        with clock.fixed(clock.now() - timedelta(days=1)):
            for page in (f"/cases/{number}/", "/", "/mine/"):
                assert citizen.get(page).status_code == 200, page


@contextmanager
def forgotten() -> Iterator[None]:
    """As a process that has not asked for the last signed day yet."""
    behind.forget()
    yield
    behind.forget()


class TestLocked:
    def test_a_database_that_others_hold(self, citizen: Client, city_db: Path) -> None:
        ref = ready(citizen)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 100")
        with sqlite3.connect(city_db) as other:
            other.execute("BEGIN IMMEDIATE")
            is_outage(citizen.post(f"/apply/{ref}/check", {"go": "1"}), "没有排上")
            other.rollback()
        other.close()
        assert citizen.post(f"/apply/{ref}/check", {"go": "1"}).status_code == 302
