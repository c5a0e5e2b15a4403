"""The one Clock: the only place that reads the time. Views and commands ask it once and pass the instant on.

ZHENGTONG_CLOCK (`<instant>`, frozen, or `<instant>@<factor>`, running factor times as fast from when the process
began) is for training and simulation and is obeyed only on a database that was created with the demo mark.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from django.conf import settings
from django.db import connection

from zhengtong.kernel.terms import LAW_ZONE as LAW_ZONE

log = logging.getLogger(__name__)

DEMO_MARK: Final = "demo"
_BEGAN: Final = time.time()


class ClockUnreadable(ValueError):
    def __init__(self, written: str) -> None:
        super().__init__(
            f"ZHENGTONG_CLOCK={written!r} is not <instant>[@factor], as in 2027-03-01T09:00:00+08:00@60. "
            "The instant needs its zone; the factor is a positive number."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A clock that showed `start` at the real second `began` and runs `factor` times as fast; 0 is frozen."""

    start: datetime
    factor: float
    began: float

    @classmethod
    def read(cls, written: str) -> Self:
        """
        >>> Pace.read("2027-03-01T09:00+08:00@60/1000").at(1001.0).isoformat()
        '2027-03-01T09:01:00+08:00'
        """
        instant, _, pace = written.partition("@")
        factor, _, began = pace.partition("/")
        try:
            start = datetime.fromisoformat(instant)
            read = cls(start=start, factor=float(factor or 0), began=float(began or _BEGAN))
        except ValueError as error:
            raise ClockUnreadable(written) from error
        if start.tzinfo is None or not 0 <= read.factor <= 1_000_000 or (pace and not read.factor):
            raise ClockUnreadable(written)
        return read

    def at(self, real: float) -> datetime:
        return (self.start + timedelta(seconds=(real - self.began) * self.factor)).astimezone(LAW_ZONE)


_fixed: datetime | None = None
_demo: dict[tuple[str, str], bool] = {}


def now() -> datetime:
    """This instant, aware, in the zone of the law (UTC+8)."""
    if _fixed is not None:
        return _fixed
    written: str = settings.ZHENGTONG_CLOCK
    if written and is_demo():
        return Pace.read(written).at(time.time())
    return datetime.now(LAW_ZONE)


def is_demo() -> bool:
    """Whether the database was created with the demo mark. Read once for each database."""
    key = (connection.vendor, str(connection.settings_dict["NAME"]))
    if key not in _demo:
        from zhengtong.accounts.models import Mark

        _demo[key] = Mark.objects.filter(name=DEMO_MARK).exists()
        if settings.ZHENGTONG_CLOCK and not _demo[key]:
            log.warning("ZHENGTONG_CLOCK is ignored: this database does not carry the demo mark")
    return _demo[key]


def forget() -> None:
    """Read the demo mark again: for whoever has just set it, or has put another database in its place."""
    _demo.clear()


def set_fixed(at: datetime | None) -> None:
    """Stand still at this instant until told otherwise: for the demo builder, which moves it on, and for tests."""
    global _fixed  # one process has one clock
    if at is not None and at.tzinfo is None:
        raise ValueError(f"{at!r} has no zone")
    _fixed = at.astimezone(LAW_ZONE) if at is not None else None


@contextmanager
def fixed(at: datetime) -> Iterator[None]:
    before = _fixed
    set_fixed(at)
    try:
        yield
    finally:
        set_fixed(before)


def shared_environment() -> Mapping[str, str]:
    """What `run` gives its children, so that all of them count an accelerated clock from the same moment."""
    written: str = settings.ZHENGTONG_CLOCK
    if "@" not in written or "/" in written:
        return {}
    return {"ZHENGTONG_CLOCK": f"{written}/{_BEGAN}"}


def real_now() -> datetime:
    """The real time, which neither ZHENGTONG_CLOCK nor `fixed` moves: sessions age and authenticators count by it.

    A phone's authenticator knows nothing of a simulated city, and a sign-in must not die because that runs fast.
    """
    return datetime.now(LAW_ZONE)
