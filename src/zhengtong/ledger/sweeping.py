"""The sweeper (巡检): wakes every case whose time has come and writes down what silence has done (视为).

The law takes effect whether or not it runs: the next act would write the same events. A case that cannot be read is
reported and left for the next round; the others go on.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db import connection

from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.events import Event
from zhengtong.kernel.states import State
from zhengtong.ledger.chain import hex_digest
from zhengtong.ledger.folds import Folds, kernel_folds
from zhengtong.ledger.history import Loaded, load_case
from zhengtong.ledger.installed import installed
from zhengtong.ledger.record import StaleHistory, record
from zhengtong.ledger.writing import as_driven, transaction

log = logging.getLogger(__name__)

AT_ONCE: Final = 2_000
Silence = Callable[[Bound, State, Calendar, datetime], tuple[Event, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a round did: cases looked at, events the law wrote, cases somebody else moved first, numbers that failed."""

    cases: int
    events: int
    overtaken: int
    failed: tuple[str, ...]


def sweep(
    now: datetime,
    *,
    folds: Folds | None = None,
    silence: Silence | None = None,
    progress: Callable[[int], None] | None = None,
) -> Swept:
    """One round over all cases with `wake_at` <= now."""
    cases = events = overtaken = 0
    failed: list[str] = []
    for row in _due(now):
        cases += 1
        try:
            events += _wake(row, now, folds or kernel_folds(), silence or _kernel_silence)
        except StaleHistory:
            overtaken += 1
        except Exception:  # one bad case must not keep the law from the others
            log.exception("sweep: case %s could not be woken", row.number)
            failed.append(row.number)
        if progress is not None:
            progress(cases)
    return Swept(cases=cases, events=events, overtaken=overtaken, failed=tuple(failed))


@dataclass(frozen=True, slots=True)
class _Alarm:
    """A case that is due; `wake_at` as the driver gives it, so that an alarm nobody can read keeps nobody waiting."""

    case_id: int
    number: str
    wake_at: Any


DUE: Final = (
    "SELECT id, number, wake_at FROM ledger_case WHERE wake_at IS NOT NULL AND wake_at <= %s "
    "AND (wake_at, id) > (%s, %s) ORDER BY wake_at, id LIMIT %s"
)
"""The alarms that are due, from the partial index `case_wake` alone: what is not due costs nothing."""
_BEFORE_ALL: Final[Mapping[str, Any]] = {"sqlite": "", "postgresql": datetime.min.replace(tzinfo=UTC)}


def _due(now: datetime) -> Iterator[_Alarm]:
    """In order of time; a case that stays due (it failed) is not met twice in a round."""
    until: Any = as_driven(now, connection.vendor)
    last: tuple[Any, int] = _BEFORE_ALL[connection.vendor], -1
    while True:
        with connection.cursor() as cursor:
            cursor.execute(DUE, [until, *last, AT_ONCE])
            alarms = [_Alarm(*row) for row in cursor.fetchall()]
        yield from alarms
        if len(alarms) < AT_ONCE:
            return
        last = alarms[-1].wake_at, alarms[-1].case_id


def _wake(alarm: _Alarm, now: datetime, folds: Folds, silence: Silence) -> int:
    loaded = load_case(alarm.case_id)
    state = folds.fold(loaded.history)
    bound, calendar = installed().bound_for(state), installed().calendar_for()
    said = silence(bound, state, calendar, now)
    if said:
        return _record(loaded, state, said, bound, calendar, now, folds)
    docket = folds.find_docket(bound, state, calendar, now)
    with transaction() as pen:
        pen.run(
            "UPDATE ledger_case SET wake_at = %s WHERE id = %s AND last_seq = %s AND wake_at = %s",
            [docket.wake_at, alarm.case_id, loaded.ref.last_seq, alarm.wake_at],
        )
    return 0


def _record(  # noqa: PLR0913 - what the round already knows
    loaded: Loaded, state: State, said: tuple[Event, ...], bound: Bound, calendar: Calendar, now: datetime, folds: Folds
) -> int:
    key = said[0].key or f"{loaded.ref.id}:sweep:{said[0].seq}"
    done = record(
        case=loaded.ref, bound=bound, before=state, events=said, key=key, calendar=calendar, now=now, folds=folds
    )
    return 0 if done.replayed else len(said)


def _kernel_silence(bound: Bound, state: State, calendar: Calendar, at: datetime) -> tuple[Event, ...]:
    from zhengtong.kernel.silence import decide_silence, find_due_silence, find_silent_serials

    if not find_due_silence(bound, state, calendar, at):
        return ()
    keys, _ = find_silent_serials(bound, state, calendar, at)
    drawn = installed().serials_for(bound, state, keys, at) if keys else {}
    return decide_silence(bound, state, calendar, at, drawn, hex_digest)
