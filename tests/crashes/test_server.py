"""The database server killed (kill -9) under writers that outlive it: all of it, or the process of one writer."""

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests.crashes.checking import check, check_whole
from tests.crashes.writers import Writers
from zhengtong.site.throwaway import Cluster

pytestmark = pytest.mark.postgres
WRITERS = 3
SECONDS_TO_RECOVER_IN = 30.0


@pytest.mark.parametrize("victim", ["server", "backend"])
def test_killed_under_its_writers(
    crash_postgres: Cluster, own_home: Path, kills: int, victim: str, record_property: Callable[[str, object], None]
) -> None:
    writers = Writers(own_home, seed=kills + len(victim), lasting=True)
    for _ in range(WRITERS):
        writers.start()
    connection.close()
    for _ in range(kills // 2):
        time.sleep(writers.dice.uniform(0.1, 0.4))
        writers.look()
        if victim == "server":
            kill_server(crash_postgres)
        else:
            kill_backend(crash_postgres, writers.dice)
        writers.ledger.kills += 1
    time.sleep(0.3)
    wait_for(crash_postgres)
    killed = writers.ledger.kills
    pending = [writers.kill(pid) for pid in writers.pids]
    writers.ledger.kills = killed
    writers.finish(*pending)
    check(writers.ledger)
    check_whole()
    assert len(writers.ledger.done) > kills
    record_property("counts", writers.ledger.counts)
    print(victim, writers.ledger.counts)


def kill_server(cluster: Cluster) -> None:
    """Its first process, then at once all that came from it; started again, it recovers."""
    first = cluster.server_pid()
    others = children_of(first)
    os.kill(first, signal.SIGKILL)
    for pid in others:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + SECONDS_TO_RECOVER_IN
    while any(is_alive(pid) for pid in (first, *others)) and time.monotonic() < until:
        time.sleep(0.01)
    # Its own lock names a process that is dead; where nobody collects the dead it would wait for long.
    (cluster.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
    for path in cluster.folder.glob(".s.PGSQL.*"):
        path.unlink()
    while True:
        try:
            cluster.start()
            return
        except RuntimeError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def children_of(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = path.read_text().rpartition(")")[2].split()[1]
            if int(parent) == pid:
                found.append(int(path.parent.name))
    return found


def kill_backend(cluster: Cluster, dice: random.Random) -> None:
    """The server sees that one of its processes died, ends the others and recovers by itself."""
    with wait_for(cluster) as asked:
        rows = asked.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchall()
    if rows:
        os.kill(dice.choice(rows)[0], signal.SIGKILL)


def wait_for(cluster: Cluster) -> psycopg.Connection:
    until = time.monotonic() + SECONDS_TO_RECOVER_IN
    while True:
        try:
            return psycopg.connect(cluster.url("postgres"), autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
