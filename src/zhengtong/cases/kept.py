"""What pages need again and again (近用缓存): states of cases and lines of lists, each under the head of its chain.

Nothing here is stale: whoever asks has just read the head in the docket, and a head belongs to one history only. A line
also bears its minute and its language, for its clock goes on and its words differ.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Final, Generic, TypeVar

from django.utils.translation import get_language

from zhengtong.kernel.states import State, fold
from zhengtong.ledger.history import load_many
from zhengtong.ledger.queries import Case

K = TypeVar("K")
V = TypeVar("V")

STATES: Final = 1_000  # some tens of kilobytes each: the first pages of twenty desks
LINES: Final = 5_000
Head = tuple[int, int, bytes]


class Kept(Generic[K, V]):
    """The values used last, so many at most."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def take(self, keys: Iterable[K]) -> dict[K, V]:
        """What is kept of these."""
        with self._lock:
            found = {key: self._values[key] for key in keys if key in self._values}
            for key in found:
                self._values.move_to_end(key)
        return found

    def keep(self, values: Mapping[K, V]) -> None:
        with self._lock:
            self._values.update(values)
            while len(self._values) > self._most:
                self._values.popitem(last=False)

    def forget(self) -> None:
        with self._lock:
            self._values.clear()


_states: Final[Kept[Head, State]] = Kept(STATES)


def states_of(cases: Sequence[Case]) -> dict[int, State]:
    """Case id → state as written, without the silence that is due; cases without a history are left out."""
    heads = {case.pk: head_of(case) for case in cases}
    found = {head[0]: state for head, state in _states.take(heads.values()).items()}
    histories = load_many(case_id for case_id in heads if case_id not in found)
    read = {case_id: fold(history) for case_id, history in histories.items()}
    # Whoever acts while we read moves the head: then what was read belongs to a later one.
    _states.keep({heads[pk]: state for pk, state in read.items() if state.last_seq == heads[pk][1]})
    return found | read


def head_of(case: Case) -> Head:
    return (case.pk, case.last_seq, bytes(case.head_hash))


def place_of(case: Case, at: datetime) -> tuple[Head, str, int]:
    """Where the line of a case is kept: its head, the reader's language, the minute."""
    return (head_of(case), get_language() or "zh-hans", int(at.timestamp()) // 60)


def forget() -> None:
    """Start with no state kept: for measurements."""
    _states.forget()
