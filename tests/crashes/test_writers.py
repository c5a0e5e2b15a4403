"""Writers killed at any moment (kill -9) and started again, each retrying with its key what nobody had answered."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection

from tests.crashes.acts import Intent
from tests.crashes.checking import Ledger, check, check_whole
from tests.crashes.writers import Writers
from zhengtong.site.databases import sqlite_url
from zhengtong.site.throwaway import default_database

WRITERS = 3
WHOLE_EVERY = 100


def test_killed_one_by_one(
    crash_db: str, own_home: Path, kills: int, record_property: Callable[[str, object], None]
) -> None:
    writers = Writers(own_home, seed=kills)
    for _ in range(WRITERS):
        writers.start()
    for n in range(kills):
        time.sleep(writers.dice.uniform(0.01, 0.12))
        victim = writers.dice.choice(writers.pids)
        writers.start(pending=writers.kill(victim))
        if n % WHOLE_EVERY == WHOLE_EVERY - 1:
            check_whole()
    writers.finish(*[writers.kill(pid) for pid in writers.pids])
    check(writers.ledger)
    check_whole()
    assert len(writers.ledger.done) > kills
    record_property("counts", writers.ledger.counts)
    print(crash_db, writers.ledger.counts)


def test_all_killed_at_once(
    crash_sqlite: Path, own_home: Path, kills: int, record_property: Callable[[str, object], None]
) -> None:
    """SQLite has no server: what a power cut or the end of a container does is the end of every process together.

    Each time the files are also copied as they lay at that moment, once whole and once with the tail of the
    write-ahead log cut off: both copies open and are whole; the first holds every act acknowledged.
    """
    writers = Writers(own_home, seed=kills + 1)
    writers.without_checkpoints()
    pending: list[Intent | None] = [None] * 2
    for n in range(kills // 2):
        for intent in pending:
            writers.start(pending=intent)
        time.sleep(writers.dice.uniform(0.02, 0.15))
        for pid in writers.pids:
            os.kill(pid, signal.SIGSTOP)
        writers.look()
        copy = copy_files(crash_sqlite, own_home / f"copy-{n}")
        pending = [writers.kill(pid) for pid in writers.pids]
        look_at_copies(copy, writers)
        check(writers.ledger)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    writers.finish(*pending)
    check(writers.ledger)
    check_whole()
    record_property("counts", writers.ledger.counts)
    print("sqlite, all at once:", writers.ledger.counts)


def copy_files(database: Path, to: Path) -> Path:
    to.mkdir()
    copied = to / database.name
    copied.write_bytes(database.read_bytes())
    log = database.with_name(f"{database.name}-wal")
    copied.with_name(f"{database.name}-wal").write_bytes(log.read_bytes() if log.exists() else b"")
    return copied


def look_at_copies(copied: Path, writers: Writers) -> None:
    log = copied.with_name(f"{copied.name}-wal")
    torn = copied.with_name("torn.sqlite3")
    torn.write_bytes(copied.read_bytes())
    cut = writers.dice.randrange(len(log.read_bytes()) + 1)
    torn.with_name(f"{torn.name}-wal").write_bytes(log.read_bytes()[:cut])
    with default_database(sqlite_url(copied)):
        check(writers.ledger)
        check_whole()
        connection.close()
    with default_database(sqlite_url(torn)):
        check(Ledger(begun=writers.ledger.begun))
        check_whole()
        connection.close()
    with sqlite3.connect(torn) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    plain.close()
