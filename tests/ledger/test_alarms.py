"""An alarm of the docket may have been reckoned by any edition of the rulebook, and by none that never was."""

from collections.abc import Sequence
from datetime import UTC, datetime

from zhengtong.ledger.folds import Wake
from zhengtong.ledger.history import CaseRef
from zhengtong.ledger.rebuilding import Folded


def day(n: int) -> datetime:
    return datetime(2026, 3, n, tzinfo=UTC)


def ringing(*days: int) -> Wake:
    """One edition: it waits for these days of March."""
    return lambda at: next((day(n) for n in days if day(n) > at), None)


def folded(now: Wake, editions: Sequence[Wake]) -> Folded:
    ref = CaseRef(id=1, number="case-1", last_seq=1, head_hash=b"")
    docket: dict[str, object] = {"wake_at": now(day(1))}
    return Folded(ref=ref, docket=docket, readers=frozenset(), recorded_at=day(1), wakes=tuple(editions))


def test_of_any_edition_and_of_none_else() -> None:
    old, new = ringing(5, 10), ringing(3, 7, 10)
    case = folded(new, (old, new))
    assert [n for n in range(1, 15) if case.may_wake_at(day(n))] == [3, 5, 7, 10]
    assert case.may_wake_at(None)  # after the last of them


def test_none_while_silence_is_to_come() -> None:
    """Where the law would act at once no later alarm is right, and never none."""
    silent = folded(lambda at: max(at, day(6)), (lambda at: max(at, day(6)),))
    assert [n for n in range(1, 15) if silent.may_wake_at(day(n))] == [6]
    assert not silent.may_wake_at(None)
