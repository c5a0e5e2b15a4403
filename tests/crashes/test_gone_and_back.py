"""The database server goes and comes back under the real programs, `zhengtong serve` and `zhengtong work`: pages say so
(503), nobody has to restart anything. And PostgreSQL on a disk that is full."""

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email.message import Message
from pathlib import Path

import pytest
from django.db import connection
from django.db.utils import DatabaseError, InterfaceError
from pytest_django import DjangoDbBlocker

from tests.crashes.acts import Writer, read_told
from tests.crashes.checking import Ledger, check, check_whole
from tests.crashes.test_outages import fill, small_disk
from tests.crashes.test_server import wait_for
from zhengtong.site import throwaway
from zhengtong.site.outages import Outage, find_outage
from zhengtong.site.throwaway import Cluster, default_database, free_port, migrate

pytestmark = pytest.mark.postgres
SECONDS = 60.0
DISK = 160 * 1024 * 1024


@contextmanager
def program(home: Path, url: str, *words: str) -> Iterator[Path]:
    """A `zhengtong` command until the block is left; where it writes what it says."""
    said = home / f"said-{words[0]}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ZHENGTONG_")},
        "ZHENGTONG_HOME": str(home), "DATABASE_URL": url, "ZHENGTONG_HOSTS": "127.0.0.1", "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    with said.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "zhengtong", *words], env=environment, stdout=out, stderr=out)
    try:
        yield said
        assert process.poll() is None, said.read_text()
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def get(url: str) -> tuple[int, str, dict[str, str]]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read().decode(), lowered(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), lowered(error.headers)
    except OSError as error:
        return 0, str(error), {}


def lowered(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def wait_until(what: Callable[[], bool], why: str) -> float:
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < SECONDS, why
        time.sleep(0.1)
    return time.monotonic() - began


def test_the_server_goes_and_comes_back(crash_postgres: Cluster, own_home: Path) -> None:
    name = str(connection.settings_dict["NAME"])
    url, port = crash_postgres.url(name), free_port()
    site = f"http://127.0.0.1:{port}"
    connection.close()
    with (
        program(own_home, url, "serve", "--bind", f"127.0.0.1:{port}") as served,
        program(own_home, url, "work", "--every", "0.3") as worked,
    ):
        wait_until(lambda: get(f"{site}/search?q=x")[0] == 200, f"it never served: {served.read_text()[-2000:]}")
        crash_postgres.stop()
        try:
            for page in ("/search?q=x", "/mine/", "/account/sign-in"):
                status, text, headers = get(site + page)
                assert status in (200, 302, 503), (page, status, text[:300])
            status, text, headers = get(f"{site}/search?q=x")
            assert status == 503
            assert "数据库暂时连不上" in text
            assert headers["retry-after"] == "60"
            assert "Traceback" not in text
            assert get(f"{site}/health")[0] == 200
            assert get(f"{site}/health/ready")[0] == 503
            wait_until(lambda: "the database is away" in worked.read_text(), "the worker said nothing")
        finally:
            crash_postgres.start()
        wait_for(crash_postgres).close()
        assert get(f"{site}/search?q=x")[0] == 200, "the next page is served at once"
        wait_until(lambda: "the database is back" in worked.read_text(), "the worker did not come back")
        assert crash_postgres.password not in served.read_text() + worked.read_text()


def test_postgres_on_a_full_disk(
    tmp_path: Path,
    own_home: Path,
    wiring: None,
    django_db_blocker: DjangoDbBlocker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Acts are refused whole, the server may even fall; with room again everything acknowledged is there."""
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(Path(tempfile.gettempdir()) / f"zhengtong-disk-{os.getpid()}", DISK))
        monkeypatch.setenv("TMPDIR", str(disk))
        monkeypatch.setattr("tempfile.tempdir", None)
        cluster = stack.enter_context(throwaway.running_cluster())
        cluster.create("full", copy_of="template0")
        stack.enter_context(django_db_blocker.unblock())
        migrate(cluster.url("full"))
        with default_database(cluster.url("full")):
            refused = write_until_full(disk, cluster, own_home / "told")
            assert refused
            connection.close()


def write_until_full(disk: Path, cluster: Cluster, told: Path) -> list[Outage | None]:
    writer = Writer(told)
    cases = [writer.submit().case_id for _ in range(5)]
    filler, refused = fill(disk, but=100_000), list[Outage | None]()
    for n in range(3_000):
        try:
            writer.act("note", cases[n % 5])
        except (DatabaseError, InterfaceError) as error:
            refused.append(find_outage(error))
            connection.close()
            if len(refused) == 5:
                break
    assert None not in refused, "a page would have been a fault of the program"
    filler.unlink()
    connection.close()
    try:
        wait_for(cluster).close()
    except Exception:  # out of room for its log the server falls; started again, it recovers
        cluster.start()
    again = read_told(told)
    if again.pending is not None:
        writer.again(again.pending)
    writer.act("note", cases[0])
    ledger = Ledger()
    ledger.take(read_told(told))
    check(ledger)
    check_whole()
    return refused
