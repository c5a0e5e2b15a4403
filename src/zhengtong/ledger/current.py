"""Where a case stands now (现状): its history folded, and kept in this process for the next who asks.

One question per call: the event a kept state ends with, and those after it. The hash of that event covers all before
it, so where it is there unchanged, nothing else needs to be read again. Only what was read is kept, never what was
about to be written, so a kept state and a read one cannot differ. Verify, rebuild and the sweep read for themselves.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from django.db import DEFAULT_DB_ALIAS, connections

from zhengtong.kernel.states import State, advance, fold
from zhengtong.ledger.history import CaseRef, load_case, load_since

CASES_KEPT: Final = 1_024
EVENTS_KEPT: Final = 200
"""Of one case; a longer history is read whole every time."""

_Place = tuple[str, str, str, int]  # host, port and name of the database, and the case


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The state of a case and the end of its chain: what `decide` and `record()` take. `state.history` is all of it."""

    ref: CaseRef
    state: State


_kept: OrderedDict[_Place, Current] = OrderedDict()  # the one asked for longest ago first
_lock = threading.Lock()


def load_current(case_id: int) -> Current:
    """
    Raises:
        NoHistory: there is no such case.
    """
    place = _place_of(case_id)
    with _lock:
        kept = _kept.get(place)
    found = _follow(kept) if kept is not None else None
    if found is None:
        loaded = load_case(case_id)
        found = Current(ref=loaded.ref, state=fold(loaded.history))
    _keep(place, found)
    return found


def forget() -> None:
    """Keep nothing: for tests that change what can never change."""
    with _lock:
        _kept.clear()


def _follow(kept: Current) -> Current | None:
    """A kept state with what has followed since; None if what it ends with is not there."""
    since = load_since(kept.ref.id, kept.ref.last_seq, kept.ref.head_hash)
    if since is None:
        return None
    if not since.history:
        return kept
    return Current(ref=replace(since.ref, number=kept.ref.number), state=advance(kept.state, since.history))


def _keep(place: _Place, found: Current) -> None:
    with _lock:
        if found.ref.last_seq > EVENTS_KEPT:
            _kept.pop(place, None)
            return
        _kept[place] = found
        _kept.move_to_end(place)
        if len(_kept) > CASES_KEPT:
            _kept.popitem(last=False)


def _place_of(case_id: int) -> _Place:
    described = connections[DEFAULT_DB_ALIAS].settings_dict
    return str(described["HOST"]), str(described["PORT"]), str(described["NAME"]), case_id
