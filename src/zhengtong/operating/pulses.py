"""Signs of life (心跳): written by who works, read by the health page. A disk that is full must not stop the work."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import DatabaseError

from zhengtong.ledger.rows import Row
from zhengtong.ledger.writing import transaction

log = logging.getLogger(__name__)
WORKER, BACKUP = "worker", "backup"
BETWEEN: Final = timedelta(seconds=20)


def beat(name: str, at: datetime, said: str = "") -> None:
    """Write down that this part was alive at this instant."""
    with transaction() as pen:
        values = {"name": name, "at": at, "said": said}
        pen.put(Row(table="operating_pulse", values=values, key=("name",)))


def try_beat(name: str, at: datetime, said: str = "") -> None:
    """The same, where the sign of life matters less than what has just been done."""
    try:
        beat(name, at, said)
    except DatabaseError as error:
        log.warning("the sign of life of %s could not be written: %s", name, type(error).__name__)


def worker_pulse() -> Callable[[datetime], None]:
    """For the background process: beats at most every twenty seconds, however short its rounds."""
    last: list[datetime] = []

    def pulse(now: datetime) -> None:
        if last and timedelta() <= now - last[0] < BETWEEN:
            return
        beat(WORKER, now)
        last[:] = [now]

    return pulse
