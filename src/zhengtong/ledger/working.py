"""The one background process (夜间作业): silence and alarms, the outbox, and after 00:10 the day's root and chores."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from zhengtong.kernel.terms import law_day
from zhengtong.ledger.installed import installed
from zhengtong.ledger.outbox import Drained, drain
from zhengtong.ledger.roots import AFTER_MIDNIGHT, RootLine, run_root_of_day
from zhengtong.ledger.sweeping import Swept, sweep

log = logging.getLogger(__name__)
T = TypeVar("T")


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

    def round(self, now: datetime) -> Round:
        swept = _tried("sweep", lambda: sweep(now))
        drained = _tried("outbox", lambda: drain(now))
        return Round(swept=swept, drained=drained, roots=self._roots(now))

    def _roots(self, now: datetime) -> tuple[RootLine, ...] | None:
        today = law_day(now - AFTER_MIDNIGHT)
        if self._rooted == today:
            return ()
        made = _tried("root of the day", lambda: run_root_of_day(now))
        if made is not None:
            self._rooted = today
            for chore in installed().chores:
                _tried(getattr(chore, "__name__", "chore"), lambda chore=chore: chore(now))  # type: ignore[misc]
        return made


def _tried(what: str, part: Callable[[], T]) -> T | None:
    try:
        return part()
    except Exception:  # the process must live through a full disk or a database that is away
        log.exception("work: %s failed", what)
        return None
