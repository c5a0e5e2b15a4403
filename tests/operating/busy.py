"""People at work while something else goes on: processes that write acts without end, through the one door."""

import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection

from tests.cast import NOW, OFFICER, staff
from zhengtong.accounts.queries import actor_of_person
from zhengtong.cases.actions import Wish, perform
from zhengtong.kernel.refusals import Refusal
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.record import StaleHistory, new_key


@contextmanager
def people_at_work(writers: int) -> Iterator[None]:
    """Inside, so many processes write notes on cases of their own share, each act acknowledged before the next."""
    shares = _shares(writers)
    connection.close()  # a child must not go on with its parent's connection
    pids = [_fork(share, n) for n, share in enumerate(shares)]
    try:
        time.sleep(0.2)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _shares(writers: int) -> list[list[int]]:
    ids = sorted(Case.objects.visible_to(staff(OFFICER)).open().values_list("id", flat=True))
    assert len(ids) >= writers
    return [ids[n::writers] for n in range(writers)]


def _fork(share: list[int], n: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        _write(share, n)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)


def _write(share: list[int], n: int) -> None:
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
