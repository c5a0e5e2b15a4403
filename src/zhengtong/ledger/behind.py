"""Is the machine's clock behind the last record (时钟倒退)? Then nothing is written until it has caught up: an event
dated before the one it follows, or into a day whose root is signed, could never be told from a forged one.
"""

import threading
import time
from datetime import date, datetime
from typing import Final

from django.db import DEFAULT_DB_ALIAS, connection, connections

from zhengtong.kernel.states import State
from zhengtong.kernel.terms import LAW_ZONE, lapse_at
from zhengtong.ledger.writing import read_instant

ASKED_AGAIN_AFTER: Final = 30.0  # seconds; a day is signed ten minutes after it is over, so this is soon enough


class ClockBehind(Exception):
    """The clock shows an instant before one that is on record."""

    def __init__(self, now: datetime, last: datetime) -> None:
        self.now, self.last = now.astimezone(LAW_ZONE), last.astimezone(LAW_ZONE)
        super().__init__(
            f"the machine's clock ({self.now.isoformat(timespec='seconds')}) is behind the last record "
            f"({self.last.isoformat(timespec='seconds')}). Set it right (timedatectl, chrony); nothing is written "
            "until it has caught up."
        )


def check(now: datetime, before: State | None) -> None:
    """
    Raises:
        ClockBehind: before the last event of the case, or within a day whose root is signed.
    """
    if before is not None and now < before.history[-1].recorded_at:
        raise ClockBehind(now, before.history[-1].recorded_at)
    signed_until = _signed_until()
    if signed_until is not None and now < signed_until:
        raise ClockBehind(now, signed_until)


def check_all(now: datetime) -> None:
    """The same for the whole ledger, as far as can be told cheaply: the newest case, and the last signed day.

    Raises:
        ClockBehind
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT opened_at FROM ledger_case ORDER BY id DESC LIMIT 1")
        row = cursor.fetchone()
    last = max(filter(None, [read_instant(row[0]) if row else None, _ask()]), default=None)
    if last is not None and now < last:
        raise ClockBehind(now, last)


_known = threading.local()


def _signed_until() -> datetime | None:
    """The end of the last signed day, asked every half minute of real time."""
    described = connections[DEFAULT_DB_ALIAS].settings_dict  # asked at every act: not by the proxy
    place, at = f"{described['PORT']}/{described['NAME']}", time.monotonic()
    kept: tuple[str, float, datetime | None] | None = getattr(_known, "kept", None)
    if kept is None or kept[0] != place or at - kept[1] > ASKED_AGAIN_AFTER:
        kept = _known.kept = (place, at, _ask())
    return kept[2]


def _ask() -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(day) FROM ledger_root")
        row = cursor.fetchone()
    if not row or row[0] is None:
        return None
    day = row[0] if isinstance(row[0], date) else date.fromisoformat(str(row[0]))
    return lapse_at(day)


def forget() -> None:
    """Ask again: for tests, and for whoever has just put another database in this one's place."""
    _known.kept = None
