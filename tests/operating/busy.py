"""People at work while something else goes on: processes that write acts without end, through the one door."""

import os
import select
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection

from tests.cast import NOW, OFFICER, staff
from tests.support.databases import forget_connection
from zhengtong.accounts.queries import actor_of_person
from zhengtong.cases.actions import Wish, perform
from zhengtong.kernel.refusals import Refusal
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.record import StaleHistory, new_key


@contextmanager
def people_at_work(writers: int) -> Iterator[None]:
    """Inside, so many processes write notes on cases of their own share. Each has written before the block begins, and
    writes once more before it ends, however loaded the machine is."""
    shares = _shares(writers)
    connection.close()  # a child must not go on with its parent's connection
    running = [_fork(share, n) for n, share in enumerate(shares)]
    try:
        for _pid, told in running:
            assert os.read(told, 1), "a writer ended"
        yield
        for _pid, told in running:
            while select.select([told], [], [], 0)[0]:
                assert os.read(told, 65_536), "a writer ended"
            assert os.read(told, 1), "a writer ended"
    finally:
        for pid, told in running:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(told)


def _shares(writers: int) -> list[list[int]]:
    ids = sorted(Case.objects.visible_to(staff(OFFICER)).open().values_list("id", flat=True))
    assert len(ids) >= writers
    return [ids[n::writers] for n in range(writers)]


def _fork(share: list[int], n: int) -> tuple[int, int]:
    """Its pid, and where it tells of each act."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    try:
        forget_connection()
        _write(share, n, writing)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)


def _write(share: list[int], n: int, told: int) -> None:
    at = NOW + timedelta(minutes=n)
    actor = actor_of_person(int(staff(OFFICER).person.removeprefix("p-")), NOW)
    while True:
        for case_id in share:
            at += timedelta(milliseconds=20)
            try:
                perform(
                    actor=actor, at=at, case_id=case_id, key=new_key(at),
                    wish=Wish(act="note", private={"text": "上午到现场看过"}),
                )  # fmt: skip
            except (Refusal, StaleHistory):
                continue
            os.write(told, b".")
