"""The background worker killed (kill -9) while it lapses silence, sends the outbox and signs the day's roots.

Each kill is on a day of its own: acts are written, the worker starts as of the next day, and is killed at any moment.
Handlers write what they were given to a file that waits for the disk, as a gateway would.
"""

import os
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection

from tests.crashes import processes
from tests.crashes.acts import MONDAY, Writer, read_told
from tests.crashes.checking import Ledger, check, check_whole
from zhengtong.kernel.events import LAW_PERSON
from zhengtong.kernel.terms import law_day
from zhengtong.ledger import installed, roots
from zhengtong.ledger.installed import Message
from zhengtong.ledger.working import Round, Worker

ACTS_A_DAY = 6
DAY = timedelta(days=1)


class Gateway:
    """The outside: it keeps every message it was given, in order, on the disk, before it says yes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, message: Message) -> None:
        with self._path.open("ab", buffering=0) as file:
            file.write(f"{message.id} {message.case_id} {message.seq}\n".encode())
            os.fsync(file.fileno())

    def taken(self) -> list[tuple[int, int, int]]:
        lines = self._path.read_text(encoding="ascii").splitlines() if self._path.exists() else []
        return [(int(a), int(b), int(c)) for a, b, c in (line.split() for line in lines)]


def test_killed_at_work(
    crash_db: str, own_home: Path, kills: int, record_property: Callable[[str, object], None]
) -> None:
    dice, gateway = random.Random(kills), Gateway(own_home / "gateway")
    installed.install(handlers={"letter": gateway.take, "sms": gateway.take})
    today = [MONDAY]
    told = own_home / "told"
    writer = Writer(told, now=lambda: today[0])
    at_work = 0
    lasts = _seconds_of_a_round(writer, today)
    tries = 0
    while tries < kills or (at_work <= kills // 2 and tries < 10 * kills):  # a busy machine is killed before it works
        tries += 1
        _act(writer, dice)
        today[0] += DAY
        at_work += _killed_round(today[0], dice.uniform(0.002, lasts))
    today[0] += DAY
    done = Worker().round(today[0])
    _check_round(done)
    ledger = Ledger(kills=tries)
    ledger.take(read_told(told))
    check_deliveries(gateway.taken())
    _check_roots(today[0])
    by_law = _count("SELECT count(*) FROM ledger_event WHERE person = %s", LAW_PERSON)
    assert by_law > 0
    check(ledger, tells=False, by_law=True)
    check_whole()
    assert at_work > kills // 2
    counts = (
        f"{tries} kills, {at_work} of them at work, {len(ledger.done)} acts, {by_law} events by law, "
        f"{len(gateway.taken())} deliveries of {len({one[0] for one in gateway.taken()})} messages"
    )
    record_property("counts", counts)
    print(crash_db, counts)


def _act(writer: Writer, dice: random.Random) -> None:
    for n in range(ACTS_A_DAY // 2):
        case = writer.submit().case_id
        if dice.random() < 0.5:
            writer.act("note" if n else "accept", case)


def _seconds_of_a_round(writer: Writer, today: list[datetime]) -> float:
    """How long a round takes here when nobody kills it."""
    _act(writer, random.Random(1))
    today[0] += DAY
    began = time.monotonic()
    assert processes.end(processes.start(lambda: _check_round(Worker().round(today[0])))) == 0
    return time.monotonic() - began


def _killed_round(now: datetime, after: float) -> bool:
    pid = processes.start(lambda: _check_round(Worker().round(now)))
    time.sleep(after)
    return processes.kill(pid)


def _check_round(done: Round) -> None:
    assert done.swept is not None
    assert done.swept.failed == ()
    assert done.drained is not None
    assert done.drained.failed == 0
    assert done.roots is not None


def check_deliveries(taken: list[tuple[int, int, int]]) -> None:
    """Each batch was told at least once, in order of ids, and a case's in the order of its events; nothing waits."""
    assert _count("SELECT count(*) FROM ledger_outbox") == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT case_id, batch FROM ledger_event")
        batches = {(int(case_id), int(batch)) for case_id, batch in cursor.fetchall()}
    assert {(case_id, seq) for _, case_id, seq in taken} == batches
    ids = [message for message, _, _ in taken]
    assert ids == sorted(ids), "out of order"
    last: dict[int, int] = {}
    for _, case_id, seq in taken:
        assert last.get(case_id, 0) <= seq, f"case {case_id} told out of order"
        last[case_id] = seq


def _check_roots(now: datetime) -> None:
    signed = [line.day for line in roots.read_roots()]
    first = law_day(MONDAY)
    assert signed == [first + n * DAY for n in range((law_day(now) - first).days)]


def _count(sql: str, *values: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.fetchone()[0])
