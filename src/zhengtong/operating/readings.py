"""What the installation says of itself at an instant (状况): read from the database and the disk, without a person's
data, cheap enough to be asked every few seconds at a million cases."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection

from zhengtong.accounts.labels import SignInOutcome
from zhengtong.accounts.models import SignIn
from zhengtong.kernel.terms import lapse_at, law_day
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.models.outbox import Outgoing
from zhengtong.ledger.models.roots import Root
from zhengtong.ledger.roots import AFTER_MIDNIGHT
from zhengtong.ledger.writing import read_instant
from zhengtong.operating.models import Pulse
from zhengtong.operating.pulses import BACKUP, WORKER

LATELY: Final = timedelta(minutes=15)
FAILURES: Final = (SignInOutcome.WRONG, SignInOutcome.WRONG_CODE, SignInOutcome.LOCKED, SignInOutcome.NOW_LOCKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Instants are None where there was nothing yet."""

    at: datetime
    worker_at: datetime | None
    backup_at: datetime | None
    waiting: int
    parked: int
    oldest_waiting_at: datetime | None
    due: int
    longest_due_at: datetime | None
    roots_missing: int
    root_at: datetime | None
    failures: int
    disk_free: int
    disk_size: int


def read(now: datetime) -> Readings:
    pulses = dict(Pulse.objects.values_list("name", "at"))
    disk = shutil.disk_usage(_existing(Path(settings.ZHENGTONG_HOME)))
    waiting = Outgoing.objects.filter(parked_at__isnull=True)
    due = Case.objects.awake_by(now)
    last, missing = _roots(now)
    return Readings(
        at=now, worker_at=pulses.get(WORKER), backup_at=pulses.get(BACKUP), waiting=waiting.count(),
        parked=Outgoing.objects.filter(parked_at__isnull=False).count(), oldest_waiting_at=_oldest(),
        due=due.count(), longest_due_at=due.order_by("wake_at").values_list("wake_at", flat=True).first(),
        roots_missing=missing, root_at=last,
        failures=SignIn.objects.filter(at__gt=now - LATELY, outcome__in=FAILURES).count(),
        disk_free=disk.free, disk_size=disk.total,
    )  # fmt: skip


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _oldest() -> datetime | None:
    """When the act was recorded whose message has waited longest."""
    row = Outgoing.objects.filter(parked_at__isnull=True).order_by("id").values_list("case_id", "seq").first()
    return _recorded_at(*row) if row else None


def _recorded_at(case_id: int, seq: int) -> datetime | None:
    found = _one("SELECT recorded_at FROM ledger_event WHERE case_id = %s AND seq = %s", [case_id, seq])
    return read_instant(found) if found is not None else None


def _roots(now: datetime) -> tuple[datetime | None, int]:
    """When the last signed day ended, and how many days that are over have no root; 0 while nothing was recorded."""
    last = Root.objects.order_by("-day").values_list("day", flat=True).first()
    wanted = law_day(now - AFTER_MIDNIGHT) - timedelta(days=1)
    if last is None:
        first = Case.objects.order_by("id").values_list("opened_at", flat=True).first()
        return None, max(0, (wanted - law_day(first)).days + 1) if first is not None else 0
    return lapse_at(last), max(0, (wanted - last).days)


def _one(sql: str, values: Sequence[int] = ()) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row = cursor.fetchone()
    return row[0] if row else None
