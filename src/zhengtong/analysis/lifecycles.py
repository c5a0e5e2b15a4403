"""Activities that a log writes as several transitions (生命周期): scheduled, started, suspended, completed.

One activity is what goes from its first transition to the one that is its end; it is counted once, when it was over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from zhengtong.analysis.logs import NO_TIME, Codes, Ints

COMPLETE: Final = frozenset({"complete", "completed", "完成"})
ENDS: Final = COMPLETE | {
    "ate_abort", "pi_abort", "autoskip", "manualskip", "withdraw", "abort", "aborted", "skip", "cancel", "撤销", "中止",
}  # fmt: skip
STARTS: Final = frozenset({"start", "started", "begin", "开始"})
OTHERS: Final = frozenset({"schedule", "scheduled", "assign", "reassign", "suspend", "resume", "unknown", "enqueue"})
NONE: Final = "none"
"""In a map file: count every transition as an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """The event each activity is counted at, in order of the file; when it was started (NO_TIME: not told)."""

    keep: Ints
    begun: Ints
    is_over: npt.NDArray[np.bool_]


def is_lifecycle(words: Sequence[str]) -> bool:
    """Whether these are transitions of which more than the end is written."""
    found = {word.strip().lower() for word in words}
    return bool(found & COMPLETE) and found <= ENDS | STARTS | OTHERS and not found <= ENDS


def whole_activities(
    case: npt.NDArray[Any], activity: npt.NDArray[Any], at: Ints, transition: Codes, words: Sequence[str]
) -> Whole:
    """One event for the transitions of each activity. Events without a transition are over when they are written; an
    activity that is not over by the end of the log stands at its last transition."""
    names = [word.strip().lower() for word in words]
    ends = np.array([*(name in ENDS for name in names), True], dtype=np.bool_)[transition]
    starts = np.array([*(name in STARTS for name in names), False], dtype=np.bool_)[transition]
    order = np.lexsort((~starts, at, activity, case)) if len(at) else np.zeros(0, dtype=np.int64)
    same = np.zeros(len(order), dtype=np.bool_)
    same[1:] = (np.diff(case[order]) == 0) & (np.diff(activity[order]) == 0)
    ended = ends[order]
    is_first = ~same
    is_first[1:] |= ended[:-1]
    heads = np.flatnonzero(is_first)
    tails = np.append(heads[1:] - 1, len(order) - 1) if len(heads) else heads
    began = np.where(starts[order], at[order], np.iinfo(np.int64).max)
    first = np.minimum.reduceat(began, heads) if len(heads) else began
    begun = np.where(first == np.iinfo(np.int64).max, NO_TIME, first)
    keep = order[tails]
    by_place = np.argsort(keep, kind="stable")
    is_over = ended[tails]
    return Whole(
        keep=keep[by_place], begun=np.where(is_over, begun, NO_TIME)[by_place], is_over=is_over[by_place]
    )  # fmt: skip
