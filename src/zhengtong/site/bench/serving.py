"""A real server over the database at hand, on loopback, and crowds that ask it: how long answers take, how many
come."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any, Final

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import RequestFactory
from django.test.utils import override_settings

from zhengtong.accounts.models import Account
from zhengtong.accounts.requests import begin_session
from zhengtong.site.bench.crowd import TRIVIAL
from zhengtong.site.statics import collect_if_changed
from zhengtong.site.throwaway import free_port

AGENT: Final = "a visitor of the bench"
PATIENCE: Final = 60.0
CROWDS: Final = 2
THREADS: Final = 4


class NotServed(RuntimeError):
    """The server did not answer as it should; what it said is in the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who asks, signed in by a cookie or not, and what."""

    addresses: tuple[str, ...]
    cookie: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"addresses": list(self.addresses), "cookie": self.cookie, "agent": AGENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of it."""

    answers: int
    per_second: float
    p50: float
    p95: float


def cookie_of(account: Account) -> str:
    """A session in which this person signed in, both factors given."""
    request = RequestFactory(headers={"user-agent": AGENT}).get("/")
    request.session = SessionStore()
    begin_session(request, account)
    request.session.save()
    return f"{settings.SESSION_COOKIE_NAME}={request.session.session_key}"


@contextmanager
def serving(url: str) -> Iterator[int]:
    """The port of a server with a worker for each processor, over this database, in the places of this run.

    Raises:
        NotServed: it does not come up.
    """
    places = {name: str(getattr(settings, name)) for name in ("ZHENGTONG_HOME", "ZHENGTONG_KEYS", "ZHENGTONG_ROOTS")}
    said = {"ZHENGTONG_SECRET_KEY": str(settings.SECRET_KEY), "DATABASE_URL": url, "ZHENGTONG_DEBUG": "0"}
    unlimited = {"ZHENGTONG_RATE_ACCOUNT": "0", "ZHENGTONG_RATE_ANONYMOUS": "0"}
    port, workers = free_port(), min(4, os.cpu_count() or 1)
    with override_settings(STATIC_ROOT=settings.ZHENGTONG_HOME / "static"):  # where that server looks for them
        collect_if_changed()
    connection.close()
    server = subprocess.Popen(  # noqa: S603 - our own words
        [
            sys.executable, "-m", "granian", "zhengtong.site.bench.server:application", "--interface", "wsgi",
            "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers),
            "--blocking-threads", str(THREADS), "--no-ws", "--no-log",
        ],
        env={**os.environ, **places, **said, **unlimited}, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        _await(server, port)
        yield port
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _await(server: subprocess.Popen[bytes], port: int) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if server.poll() is not None:
            said = server.stderr.read().decode(errors="replace") if server.stderr else ""
            raise NotServed(f"the server ended with {server.returncode}: {said[-2000:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{TRIVIAL}", timeout=5) as answer:
                answer.read()
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise NotServed("the server does not answer")


def ask(port: int, visitors: Sequence[Visitor], seconds: float) -> Asked:
    """All visitors at once, from two processes where they are many.

    Raises:
        NotServed: something else than a page came.
    """
    shares = [visitors[n::CROWDS] for n in range(CROWDS)] if len(visitors) > 1 else [visitors]
    running = [_send(port, share, seconds) for share in shares if share]
    told = [json.loads(process.communicate()[0]) for process in running]
    wrong = sorted({status for one in told for status in one["wrong"]})
    if wrong:
        raise NotServed(f"answers other than a page: {wrong} of {visitors[0].addresses}")
    times = sorted(ms for one in told for ms in one["ms"])
    return Asked(
        answers=len(times), per_second=sum(len(one["ms"]) / one["seconds"] for one in told), p50=median(times),
        p95=quantiles(times, n=20)[18] if len(times) > 1 else times[0],
    )  # fmt: skip


def _send(port: int, visitors: Sequence[Visitor], seconds: float) -> subprocess.Popen[bytes]:
    plan = {"port": port, "seconds": seconds, "visitors": [visitor.as_json() for visitor in visitors]}
    process = subprocess.Popen(
        [sys.executable, "-m", "zhengtong.site.bench.crowd"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(plan).encode())
    process.stdin.flush()
    process.stdin.close()
    process.stdin = None
    return process
