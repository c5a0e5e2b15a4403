"""The one background process (夜间作业): silence and alarms, the outbox, and after 00:10 the day's root and chores."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeVar

from django.db import connection
from django.db.utils import InterfaceError, OperationalError

from zhengtong.kernel.terms import law_day
from zhengtong.ledger import behind
from zhengtong.ledger.installed import installed
from zhengtong.ledger.outbox import Drained, drain
from zhengtong.ledger.roots import AFTER_MIDNIGHT, RootLine, run_root_of_day
from zhengtong.ledger.sweeping import Swept, sweep

log = logging.getLogger(__name__)
T = TypeVar("T")
LONGEST_PAUSE: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round did; None where a part failed, which is in the log and is tried again in the next."""

    swept: Swept | None
    drained: Drained | None
    roots: tuple[RootLine, ...] | None


class Worker:
    """Rounds of work. A part that fails never stops the others."""

    def __init__(self) -> None:
        self._rooted: date | None = None
        self._away = 0

    def round(self, now: datetime) -> Round:
        if not self._may_work(now):
            return Round(swept=None, drained=None, roots=None)
        swept = _tried("sweep", lambda: sweep(now))
        drained = _tried("outbox", lambda: drain(now))
        for errand in installed().errands:
            _tried(_name(errand), lambda errand=errand: errand(now))  # type: ignore[misc]  # bound in this turn of the loop
        return Round(swept=swept, drained=drained, roots=self._roots(now))

    def pause(self, every: float) -> float:
        """Seconds to the next round: longer each time while the database is away, at most a minute."""
        return max(every, min(every * 2**self._away, LONGEST_PAUSE)) if self._away else every

    def _may_work(self, now: datetime) -> bool:
        try:
            behind.check_all(now)
        except behind.ClockBehind as error:
            log.error("work: waiting: %s", error)
            return False
        except (OperationalError, InterfaceError) as error:
            self._away = min(self._away + 1, 10)
            connection.close()
            log.error("work: the database is away (%s); looking again, less and less often", _first_line(error))
            return False
        if self._away:
            log.info("work: the database is back")
        self._away = 0
        return True

    def _roots(self, now: datetime) -> tuple[RootLine, ...] | None:
        today = law_day(now - AFTER_MIDNIGHT)
        if self._rooted == today:
            return ()
        made = _tried("root of the day", lambda: run_root_of_day(now))
        if made is not None:
            self._rooted = today
            for chore in installed().chores:
                _tried(_name(chore), lambda chore=chore: chore(now))  # type: ignore[misc]  # mypy does not infer a lambda with a default
        return made


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _name(part: Callable[..., object]) -> str:
    return getattr(part, "__name__", "part")


def _tried(what: str, part: Callable[[], T]) -> T | None:
    try:
        return part()
    except Exception:  # the process must live through a full disk or a database that is away
        log.exception("work: %s failed", what)
        return None
