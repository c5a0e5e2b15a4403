"""The outbox (发件箱): what an act has to tell the outside, told after the commit, in order, at least once.

A handler may get a message twice and knows it by its id. A topic whose first message fails waits, longer each time;
after a day and a half of trying the message is parked for a person to look at, and the topic goes on.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from zhengtong.ledger.installed import Handler, Message, installed
from zhengtong.ledger.models.outbox import Outgoing
from zhengtong.ledger.writing import transaction

log = logging.getLogger(__name__)

ATTEMPTS: Final = 45
LONGEST_WAIT: Final = timedelta(hours=1)
AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    sent: int
    failed: int
    parked: int


def drain(now: datetime, handlers: Mapping[str, Handler] | None = None) -> Drained:
    """Send what waits, oldest first. One process does this at a time (`work`)."""
    known = (installed().handlers or {}) if handlers is None else handlers
    sent = failed = parked = 0
    stuck: set[str] = set()
    while rows := _waiting(known, stuck):
        for row in rows:
            if row.topic in stuck:
                continue
            if row.retry_at is not None and row.retry_at > now:
                stuck.add(row.topic)
            elif _is_sent(row, known[row.topic]):
                sent += 1
            else:
                failed += 1
                if _put_off(row, now):
                    parked += 1
                else:
                    stuck.add(row.topic)
    return Drained(sent=sent, failed=failed, parked=parked)


def _waiting(known: Mapping[str, Handler], stuck: set[str]) -> list[Outgoing]:
    wanted = Q(parked_at__isnull=True, topic__in=sorted(set(known) - stuck))
    return list(Outgoing.objects.filter(wanted).order_by("id")[:AT_ONCE])


def _is_sent(row: Outgoing, handler: Handler) -> bool:
    message = Message(id=row.pk, case_id=row.case_id, seq=row.seq, topic=row.topic, body=row.body)
    try:
        handler(message)
    except Exception:  # the outside failed in a way of its own: that must not stop the other topics
        log.exception("outbox: message %s of topic %s was not taken", row.pk, row.topic)
        return False
    with transaction() as pen:
        pen.run("DELETE FROM ledger_outbox WHERE id = %s", [row.pk])
    return True


def _put_off(row: Outgoing, now: datetime) -> bool:
    """Try again later; True when it was parked instead."""
    attempts = row.attempts + 1
    is_parked = attempts >= ATTEMPTS
    wait = min(timedelta(seconds=2 ** min(attempts, 12)), LONGEST_WAIT)
    with transaction() as pen:
        pen.run(
            "UPDATE ledger_outbox SET attempts = %s, retry_at = %s, parked_at = %s WHERE id = %s",
            [attempts, now + wait, now if is_parked else None, row.pk],
        )
    return is_parked
