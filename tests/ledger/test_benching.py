"""The measurement measures: both sides write the same rows, and it says a ratio."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from tests.ledger.stories import FOLDS, NOON, calendar, event, licence, opening
from zhengtong.kernel.events import Noted
from zhengtong.ledger.benching import measure
from zhengtong.ledger.models.cases import Case
from zhengtong.ledger.record import Entry, Recorded, new_key
from zhengtong.ledger.sources import DatabaseSource
from zhengtong.ledger.verify import verify


def story(prefix: str) -> Callable[[int], Sequence[Callable[[Recorded | None], Entry]]]:
    def acts(n: int) -> Sequence[Callable[[Recorded | None], Entry]]:
        def first(last: Recorded | None) -> Entry:
            return _entry(None, opening(f"{prefix}-{n}"), NOON + timedelta(seconds=2 * n + (prefix == "b")))

        def further(last: Recorded | None) -> Entry:
            assert last is not None
            return _entry(last, (event(last.seq + 1, Noted(sealed={})),))

        return (first, further, further)

    return acts


def _entry(last: Recorded | None, events: tuple, opened: datetime = NOON) -> Entry:  # type: ignore[type-arg]
    return Entry(
        case=last.ref if last else None, bound=licence(), before=last.state if last else None, events=events,
        key=new_key(opened), calendar=calendar(), now=opened,
    )  # fmt: skip


def test_measures_both_sides(ledger_db: str) -> None:
    measured = measure(story("a"), story("b"), cases=4, folds=FOLDS, rounds=2)
    assert measured.acts == 24
    assert 0 < measured.ratio < 3
    assert Case.objects.count() == 16
    assert verify(DatabaseSource()).is_whole
