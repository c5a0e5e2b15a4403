"""Conformance (合规比对): which cases went another way than the published procedure says, and at which step, in words.

`Allowed` is the published way as plain data: of our own procedures (state, act, state), or, for other people's logs, a
table of what may follow what. Each distinct step is judged once, however many events took it.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

import numpy as np
from django.utils.translation import gettext as _

from zhengtong.analysis.intervals import Share, share
from zhengtong.analysis.logs import Codes, Column, Ints, Log
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.graph import BACK, is_by_law
from zhengtong.kernel.procedures import START

Move: TypeAlias = tuple[str, str, str]
"""(left, act, entered); an act that stays enters what it left; an opening act leaves START."""
FREELY_MOVING: Final = frozenset({"Reverted", "Rebound"})
"""Kinds of events that put a case elsewhere by the rules of every procedure, not by an act of its own."""


class Kind(StrEnum):
    """What may be wrong with a step."""

    UNKNOWN_ACT = "unknown_act"
    UNKNOWN_STATE = "unknown_state"
    NOT_HERE = "not_here"
    SKIPPED = "skipped"
    BACKWARD = "backward"
    ELSEWHERE = "elsewhere"
    BAD_START = "bad_start"
    BAD_END = "bad_end"
    BROKEN = "broken"
    REPEATED = "repeated"
    ENDLESS = "endless"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """The published way. `moves` holds every (left, act, entered); `once` the acts done at most once; `ends` the states
    in which a case may be over. In a table of what follows what, states are the activities and acts are the same."""

    moves: frozenset[Move]
    once: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    """Acts of any state (notes, corrections), never judged by where they are done."""

    def states(self) -> frozenset[str]:
        return frozenset(state for left, _act, entered in self.moves for state in (left, entered)) - {START}

    def acts(self) -> frozenset[str]:
        return frozenset(act for _left, act, _entered in self.moves) | self.free


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One way in which cases deviate. `missing` are the states that were skipped; `cases` indexes into the log."""

    kind: Kind
    left: str
    act: str
    entered: str
    missing: tuple[str, ...]
    cases: Ints
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformance:
    """How many cases conform, and how the others deviate, what most cases do first."""

    conforming: Share
    deviations: tuple[Deviation, ...]
    deviating: Ints
    """Indexes of the cases that deviate anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What is judged, per event: codes into `names` for left, act and entered; `free` events are not judged."""

    names: tuple[str, ...]
    case: Codes
    left: Codes
    act: Codes
    entered: Codes
    free: np.typing.NDArray[np.bool_]
    linked: bool = True
    """Whether what an event leaves must be what the one before it entered."""


# ---- the published way ------------------------------------------------------------------------------


def allowed_by(bound: Bound) -> Allowed:
    """What the binding of an item allows: its options switched, absent states skipped, deemed acts where they lapse."""
    moves: set[Move] = set()
    back: list[tuple[str, str]] = []
    for rule in bound.actions.values():
        places = (START,) if rule.opening else rule.from_states
        for left in places if not rule.is_common else ():
            if rule.to == BACK:
                back.append((left, rule.code))
            else:
                moves.add((left, rule.code, rule.to or left))
                if rule.settles:  # one thing of several: it goes on once all are settled
                    moves.add((left, rule.code, left))
    origins: dict[str, set[str]] = {}
    for left, _act, entered in moves:
        if left not in {START, entered}:
            origins.setdefault(entered, set()).add(left)
    moves.update((left, act, entered) for left, act in back for entered in origins.get(left, ()))
    once = frozenset(
        rule.code
        for rule in bound.actions.values()
        if any(guard.word == "at_most" and guard.parameter == 1 for guard in rule.needs)
    )
    common = frozenset(rule.code for rule in bound.actions.values() if rule.is_common)
    ends = frozenset(code for code, rule in bound.states.items() if rule.holder is None)
    return Allowed(moves=frozenset(moves), once=once, ends=ends, free=common - _judged(bound))


def _judged(bound: Bound) -> frozenset[str]:
    """Acts the law does are acts of the procedure, even where they are written as common ones."""
    return frozenset(code for code, rule in bound.actions.items() if is_by_law(rule))


def allowed_together(each: Iterable[Allowed]) -> Allowed:
    """What any of several bindings allows: for a log of many items of one procedure."""
    parts = tuple(each)
    if not parts:
        return Allowed(moves=frozenset())
    return Allowed(
        moves=frozenset().union(*(part.moves for part in parts)),
        once=frozenset.intersection(*(part.once for part in parts)),
        ends=frozenset().union(*(part.ends for part in parts)),
        free=frozenset().union(*(part.free for part in parts)),
    )


def allowed_follows(
    follows: Mapping[str, Iterable[str]], *, first: Iterable[str], ends: Iterable[str], once: Iterable[str] = ()
) -> Allowed:
    """A table of what may follow what, for logs that know activities only."""
    moves = {(one, other, other) for one, others in follows.items() for other in others}
    moves |= {(START, name, name) for name in first}
    return Allowed(moves=frozenset(moves), once=frozenset(once), ends=frozenset(ends))


# ---- what happened ----------------------------------------------------------------------------------


def steps_of_acts(log: Log) -> Steps:
    """The steps of our own ledger: columns `left` and `entered` of the acts; other events move nothing."""
    left, entered = _texts(log.event_columns["left"]), _texts(log.event_columns["entered"])
    acts = np.array(log.activities, dtype=object)[log.activity] if log.events else np.empty(0, dtype=object)
    kinds = _texts(log.event_columns["kind"]) if "kind" in log.event_columns else np.full(log.events, "Acted", object)
    keep = entered != ""
    names, codes = _code_together(left[keep], acts[keep], entered[keep])
    free = np.isin(kinds[keep], list(FREELY_MOVING))
    return Steps(names=names, case=log.case_of()[keep], left=codes[0], act=codes[1], entered=codes[2], free=free)


def steps_of_activities(log: Log) -> Steps:
    """The steps of a log that knows activities only: each is left for the next."""
    code = (log.activity + 1).astype(np.int32)
    left = np.concatenate((np.zeros(1, dtype=np.int32), code[:-1])) if log.events else code
    left[log.offsets[:-1]] = 0
    return Steps(
        names=(START, *log.activities), case=log.case_of(), left=left, act=code, entered=code,
        free=np.zeros(log.events, dtype=np.bool_),
    )  # fmt: skip


def _texts(column: Column) -> Column:
    return np.array(["" if value is None else str(value) for value in column], dtype=object)


def _code_together(*columns: Column) -> tuple[tuple[str, ...], tuple[Codes, ...]]:
    codes: dict[str, int] = {START: 0}
    coded = tuple(
        np.fromiter((codes.setdefault(str(name), len(codes)) for name in column), dtype=np.int32, count=len(column))
        for column in columns
    )
    return tuple(codes), coded


# ---- judging ----------------------------------------------------------------------------------------


def find_conformance(
    steps: Steps, allowed: Allowed, *, cases: int, ended: np.typing.NDArray[np.bool_] | None = None,
    endless: Mapping[str, Ints] | None = None,
) -> Conformance:  # fmt: skip
    """Judge every step. `ended`: which cases are over, so that their last state must be an end; `endless`: clocks that
    still run in cases that are over, with these cases."""
    found = [*_bad_moves(steps, allowed), *_breaks(steps, allowed), *_repeats(steps, allowed)]
    if ended is not None and allowed.ends:
        found += _bad_ends(steps, allowed, ended)
    for clock, which in (endless or {}).items():
        if len(which):
            found.append(_deviation(Kind.ENDLESS, ("", clock, ""), np.asarray(which, dtype=np.int64)))
    found.sort(key=lambda each: (-len(each.cases), each.kind, each.left, each.act, each.entered))
    parts = [each.cases for each in found]
    deviating = np.unique(np.concatenate(parts)).astype(np.int64) if parts else np.empty(0, dtype=np.int64)
    return Conformance(
        conforming=share(cases - len(deviating), cases), deviations=tuple(found), deviating=deviating
    )  # fmt: skip


def _deviation(kind: Kind, move: Move, case: Ints, missing: tuple[str, ...] = ()) -> Deviation:
    return Deviation(
        kind=kind, left=move[0], act=move[1], entered=move[2], missing=missing,
        cases=np.unique(case).astype(np.int64), events=len(case),
    )  # fmt: skip


def _bad_moves(steps: Steps, allowed: Allowed) -> list[Deviation]:
    size = len(steps.names)
    key = (steps.left.astype(np.int64) * size + steps.act) * size + steps.entered
    judged = np.flatnonzero(~steps.free)
    distinct, inverse = np.unique(key[judged], return_inverse=True)
    roads = _Roads(allowed)
    found = []
    for place, value in enumerate(distinct.tolist()):
        left, act, entered = (steps.names[n] for n in (value // size // size, value // size % size, value % size))
        verdict = _judge((left, act, entered), allowed, roads)
        if verdict is not None:
            kind, missing = verdict
            found.append(_deviation(kind, (left, act, entered), steps.case[judged[inverse == place]], missing))
    return found


def _judge(move: Move, allowed: Allowed, roads: "_Roads") -> tuple[Kind, tuple[str, ...]] | None:
    left, act, entered = move
    if move in allowed.moves or act in allowed.free:
        return None
    if act not in roads.acts:
        return Kind.UNKNOWN_ACT, ()
    if entered not in roads.states or (left != START and left not in roads.states):
        return Kind.UNKNOWN_STATE, ()
    between = roads.between(left, entered)
    if between:
        return Kind.SKIPPED, between
    if left == START:
        return Kind.BAD_START, ()
    if between is None and roads.between(entered, left) is not None:
        return Kind.BACKWARD, ()
    return (Kind.NOT_HERE if (left, act) not in roads.places else Kind.ELSEWHERE), ()


class _Roads:
    """The published way as a graph, asked for the shortest road between two states."""

    def __init__(self, allowed: Allowed) -> None:
        self.states, self.acts = allowed.states(), allowed.acts()
        self.places = frozenset((left, act) for left, act, _entered in allowed.moves)
        self.after: dict[str, list[str]] = {}
        for left, _act, entered in sorted(allowed.moves):
            if left != entered:
                self.after.setdefault(left, []).append(entered)

    def between(self, left: str, entered: str) -> tuple[str, ...] | None:
        """The states of the shortest road between two, both left out; None where no road leads."""
        came: dict[str, str] = {left: left}
        todo = deque([left])
        while todo:
            state = todo.popleft()
            for other in self.after.get(state, ()):
                if other == entered:
                    return self._road(came, left, state)
                if other not in came:
                    came[other] = state
                    todo.append(other)
        return None

    def _road(self, came: Mapping[str, str], left: str, state: str) -> tuple[str, ...]:
        road = []
        while state != left:
            road.append(state)
            state = came[state]
        return tuple(reversed(road))


def _breaks(steps: Steps, allowed: Allowed) -> list[Deviation]:
    """Events that leave a state the case did not stand in, and cases that do not begin with an opening act."""
    if not steps.linked or len(steps.case) == 0:
        return []
    first = np.concatenate((np.ones(1, dtype=np.bool_), steps.case[1:] != steps.case[:-1]))
    before = np.concatenate((np.zeros(1, dtype=np.int32), steps.entered[:-1]))
    before[first] = 0
    wrong = np.flatnonzero((steps.left != before) & ~steps.free)
    found = []
    for stood, left in sorted(set(zip(before[wrong].tolist(), steps.left[wrong].tolist(), strict=True))):
        which = wrong[(before[wrong] == stood) & (steps.left[wrong] == left)]
        kind = Kind.BAD_START if stood == 0 else Kind.BROKEN
        found.append(_deviation(kind, (steps.names[stood], "", steps.names[left]), steps.case[which]))
    return found


def _repeats(steps: Steps, allowed: Allowed) -> list[Deviation]:
    found = []
    codes = {name: code for code, name in enumerate(steps.names)}
    for act in sorted(allowed.once):
        if act not in codes:
            continue
        case = steps.case[(steps.act == codes[act]) & ~steps.free]
        which, counts = np.unique(case, return_counts=True)
        again = np.repeat(which[counts > 1], counts[counts > 1] - 1)
        if len(again):
            found.append(_deviation(Kind.REPEATED, ("", act, ""), again))
    return found


def _bad_ends(steps: Steps, allowed: Allowed, ended: np.typing.NDArray[np.bool_]) -> list[Deviation]:
    if len(steps.case) == 0:
        return []
    last = np.flatnonzero(np.concatenate((steps.case[1:] != steps.case[:-1], np.ones(1, dtype=np.bool_))))
    last = last[ended[steps.case[last]]]
    found = []
    for code in np.unique(steps.entered[last]).tolist():
        name = steps.names[code]
        if name not in allowed.ends:
            found.append(_deviation(Kind.BAD_END, (name, "", ""), steps.case[last[steps.entered[last] == code]]))
    return found


# ---- in words ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What states, acts and clocks are called; what has no name is called by its code."""

    states: Mapping[str, str] = field(default_factory=dict)
    acts: Mapping[str, str] = field(default_factory=dict)
    clocks: Mapping[str, str] = field(default_factory=dict)


def word_deviation(deviation: Deviation, names: Names) -> str:
    """The deviating step in one sentence.

    >>> word_deviation(_deviation(Kind.REPEATED, ("", "extend", ""), np.array([1])), Names(acts={"extend": "延期"}))
    '“延期”只许一次，做了不止一次'
    """
    said = {
        "left": names.states.get(deviation.left, deviation.left),
        "entered": names.states.get(deviation.entered, deviation.entered),
        "act": names.acts.get(deviation.act, deviation.act),
        "clock": names.clocks.get(deviation.act, deviation.act),
        "missing": _("、").join(names.states.get(state, state) for state in deviation.missing),
    }
    return _sentences()[deviation.kind] % said


def _sentences() -> Mapping[Kind, str]:
    return {
        Kind.UNKNOWN_ACT: _("“%(act)s”不是这个程序里的行为"),
        Kind.UNKNOWN_STATE: _("“%(act)s”从“%(left)s”到“%(entered)s”，程序里没有这一状态"),
        Kind.NOT_HERE: _("在“%(left)s”不能做“%(act)s”"),
        Kind.SKIPPED: _("“%(act)s”以后直接到了“%(entered)s”，跳过了“%(missing)s”"),
        Kind.BACKWARD: _("“%(act)s”从“%(left)s”退回“%(entered)s”，次序颠倒"),
        Kind.ELSEWHERE: _("“%(act)s”从“%(left)s”到了“%(entered)s”，程序规定到别处"),
        Kind.BAD_START: _("办件不是从规定的行为开始，一开始就在“%(entered)s”"),
        Kind.BAD_END: _("办件停在“%(left)s”就结束了"),
        Kind.BROKEN: _("办件停在“%(left)s”，下一步却从“%(entered)s”做起"),
        Kind.REPEATED: _("“%(act)s”只许一次，做了不止一次"),
        Kind.ENDLESS: _("办件已经结束，时钟“%(clock)s”没有停"),
    }
