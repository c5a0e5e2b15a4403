"""States of cases read lately (折叠缓存), each under the head of its chain: while the head stands, so does the state.

Nothing is ever stale here: whoever asks has just read the head in the docket, and a head belongs to one history only.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Final

from zhengtong.kernel.states import State, fold
from zhengtong.ledger.history import load_many
from zhengtong.ledger.queries import Case

KEPT: Final = 1_000  # some tens of kilobytes each: the first pages of twenty desks

_Head = tuple[int, int, bytes]
_kept: OrderedDict[_Head, State] = OrderedDict()
_lock = Lock()


def states_of(cases: Sequence[Case]) -> dict[int, State]:
    """Case id → state as written, without the silence that is due; cases without a history are left out."""
    heads = {case.pk: (case.pk, case.last_seq, bytes(case.head_hash)) for case in cases}
    found = _take(heads)
    histories = load_many(case_id for case_id in heads if case_id not in found)
    read = {case_id: fold(history) for case_id, history in histories.items()}
    _keep((heads[case_id], state) for case_id, state in read.items() if state.last_seq == heads[case_id][1])
    return found | read


def forget() -> None:
    """Start with nothing kept: for measurements."""
    with _lock:
        _kept.clear()


def _take(heads: dict[int, _Head]) -> dict[int, State]:
    found: dict[int, State] = {}
    with _lock:
        for case_id, head in heads.items():
            if head in _kept:
                _kept.move_to_end(head)
                found[case_id] = _kept[head]
    return found


def _keep(read: Iterable[tuple[_Head, State]]) -> None:
    with _lock:
        _kept.update(read)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
