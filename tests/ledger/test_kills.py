"""Writers killed at any moment (kill -9): every act that was acknowledged is there, once, and everything is whole."""

import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import connection

from tests.ledger.stories import FOLDS, NOON, licence, note, open_case, reload
from zhengtong.ledger import installed
from zhengtong.ledger.rebuilding import rebuild
from zhengtong.ledger.record import Recorded, StaleHistory, new_key
from zhengtong.ledger.sources import DatabaseSource
from zhengtong.ledger.verify import verify

KILLS, WRITERS = 20, 2


@pytest.fixture(autouse=True)
def wiring() -> Iterator[None]:
    before = installed.installed()
    installed.install(bound_for=lambda state: licence())
    yield
    installed.put_back(before)


@dataclass(frozen=True, slots=True)
class Writer:
    pid: int
    told: int


def start_writer(shared: Recorded) -> Writer:
    """A process that writes without end, on a case of its own and one it shares, and tells each act acknowledged."""
    connection.close()  # a child must not go on with its parent's connection
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Writer(pid, reading)
    try:
        os.close(reading)
        write_on(shared, writing)
    finally:
        os._exit(1)


def write_on(shared: Recorded, told: int) -> None:
    own = open_case(key=new_key(NOON))
    while True:
        key = new_key(NOON)
        own = note(own, key=key)
        os.write(told, f"{own.case_id} {key}\n".encode())
        key = new_key(NOON)
        try:
            shared = note(reload(shared), key=key)
        except StaleHistory:
            continue
        os.write(told, f"{shared.case_id} {key}\n".encode())


def kill(writer: Writer) -> list[tuple[int, str]]:
    """Kill it now; what it had acknowledged."""
    os.kill(writer.pid, signal.SIGKILL)
    os.waitpid(writer.pid, 0)
    with os.fdopen(writer.told, encoding="ascii") as file:
        lines = [line.split() for line in file if line.endswith("\n")]
    return [(int(case_id), key) for case_id, key in lines]


def written() -> dict[tuple[int, str], int]:
    found: dict[tuple[int, str], int] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT case_id, key FROM ledger_event WHERE key IS NOT NULL")
        for case_id, key in cursor.fetchall():
            found[case_id, key] = found.get((case_id, key), 0) + 1
    return found


def test_nothing_acknowledged_is_lost_and_nothing_is_torn(ledger_db: str) -> None:
    dice, acknowledged = random.Random(9), set[tuple[int, str]]()
    shared = open_case(key=new_key(NOON))
    for _ in range(KILLS // WRITERS):
        writers = [start_writer(shared) for _ in range(WRITERS)]
        for writer in writers:
            time.sleep(dice.uniform(0.05, 0.25))
            acknowledged.update(kill(writer))
    there = written()
    assert len(acknowledged) > KILLS
    assert acknowledged <= set(there)
    assert set(there.values()) == {1}
    assert verify(DatabaseSource(), folds=FOLDS).faults == ()
    assert rebuild(NOON, check=True, folds=FOLDS).mended == ()
