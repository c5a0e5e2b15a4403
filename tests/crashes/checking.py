"""What must hold after any kill: the database is compared with what the processes said before they died."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from tests.crashes.acts import MONDAY, Intent, Told
from zhengtong.ledger.folds import kernel_folds
from zhengtong.ledger.preparing import SILENCE_KEY
from zhengtong.ledger.rebuilding import rebuild
from zhengtong.ledger.sources import DatabaseSource
from zhengtong.ledger.verify import verify


@dataclass
class Ledger:
    """All that was said by all writers so far."""

    done: set[tuple[int, str]] = field(default_factory=set)
    begun: dict[str, Intent] = field(default_factory=dict)
    kills: int = 0
    kept_unacknowledged: int = 0

    def take(self, told: Told) -> None:
        self.done |= told.done
        self.begun |= told.begun

    @property
    def counts(self) -> str:
        return (
            f"{self.kills} kills, {len(self.done)} acknowledged, "
            f"{self.kept_unacknowledged} committed and not acknowledged, 0 lost, 0 torn"
        )


def check(ledger: Ledger, *, tells: bool = True, by_law: bool = False) -> None:
    """Every acknowledged act is there once; every act begun is there whole or not at all; nothing else is there,
    except, where the law had time to act (`by_law`), what it did: each of its acts once."""
    found = _written()
    if by_law:  # the law's keys are its own for each case
        found = {place: n for place, n in found.items() if not place[1].endswith(SILENCE_KEY)}
    keys = [key for _, key in found]
    assert len(keys) == len(set(keys)), "an act stands twice"
    lost = ledger.done - set(found)
    assert not lost, f"acknowledged and lost: {sorted(lost)[:3]}"
    unknown = {key for key in keys if key not in ledger.begun}
    assert not unknown, f"nobody meant to do this: {sorted(unknown)[:3]}"
    torn = {key: n for (_, key), n in found.items() if n != ledger.begun[key].events}
    assert not torn, f"half an act: {torn}"
    if tells:
        _check_outbox()


def check_whole() -> None:
    """Chain, sealed rows, docket = fold, readers, roots."""
    report = verify(DatabaseSource(), folds=kernel_folds())
    assert report.faults == ()
    assert rebuild(MONDAY, check=True).mended == ()


def _written() -> dict[tuple[int, str], int]:
    """(case, key) of each act -> how many events stand under it: all up to the next key."""
    found: dict[tuple[int, str], int] = {}
    case, key = 0, ""
    for case_id, marked in _rows("SELECT case_id, key FROM ledger_event ORDER BY case_id, seq"):
        if case_id != case:
            assert marked is not None, f"case {case_id} begins without a key"
        case, key = case_id, key if marked is None else str(marked)
        assert marked is None or (case, key) not in found, f"the act {key} stands twice"
        found[case, key] = found.get((case, key), 0) + 1
    return found


def _check_outbox() -> None:
    """While nobody sends, one row waits for each batch, and no other."""
    batches = sorted(_rows("SELECT DISTINCT case_id, batch FROM ledger_event"))
    assert sorted(_rows("SELECT case_id, seq FROM ledger_outbox")) == batches


def is_written(key: str) -> bool:
    return bool(_rows("SELECT 1 FROM ledger_event WHERE key = %s", [key]))


def _rows(sql: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
