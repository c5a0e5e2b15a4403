"""Where everything of the chart stands: columns from left to right by distance from the start, one lane per holder."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from zhengtong.kernel.graph import is_by_law
from zhengtong.kernel.procedures import START, ClockRule, Procedure, Ref
from zhengtong.kernel.terms import Term
from zhengtong.law.moves import Map, Move

Bounds: TypeAlias = tuple[int, int, int, int]
Point: TypeAlias = tuple[int, int]

COLUMN, ROW, LEFT, TOP, HEAD = 300, 130, 160, 80, 30
TASK: Final[tuple[int, int]] = (130, 80)
EVENT: Final[tuple[int, int]] = (36, 36)
GATEWAY: Final[tuple[int, int]] = (50, 50)
ENDS: Final = "lane_ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """kind: start, task, end, gateway, timer. `words` is what the reader finds when opening it."""

    id: str
    kind: str
    name: str
    lane: str
    bounds: Bounds
    words: str
    attached_to: str
    duration: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    id: str
    source: str
    target: str
    name: str
    waypoints: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    id: str
    name: str
    bounds: Bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    bounds: Bounds
    lanes: tuple[Lane, ...]
    nodes: tuple[Node, ...]
    flows: tuple[Flow, ...]


@dataclass(frozen=True, slots=True)
class _Cell:
    lane: str
    column: int
    row: int


def lay_out(procedure: Procedure, words: Mapping[str, str]) -> Drawing:
    """The drawing of one procedure, all options together."""
    return _Layout(procedure, words).draw()


class _Layout:
    def __init__(self, procedure: Procedure, words: Mapping[str, str]) -> None:
        self.procedure, self.words, self.map = procedure, words, Map(procedure)
        self.moves = [move for move in self.map.moves if move.leaves != move.enters]
        self.columns = _find_columns(self.moves)
        self.openings = tuple(dict.fromkeys(move.act.code for move in self.moves if move.leaves == START))
        self.states = tuple(state for state in procedure.states if state in self.columns)
        self.cells = self._find_cells()
        self.tops = self._find_tops()
        self.nodes: dict[str, Node] = {}
        self.flows: dict[str, Flow] = {}

    def draw(self) -> Drawing:
        self._place_nodes()
        self._connect()
        width = LEFT + (max(self.columns.values(), default=0) + 2) * COLUMN
        return Drawing(
            bounds=(LEFT - 2 * HEAD, TOP, width, sum(height for _, height in self.tops.values())),
            lanes=tuple(
                Lane(id=lane, name=self._lane_name(lane), bounds=(LEFT - HEAD, top, width - HEAD, height))
                for lane, (top, height) in self.tops.items()
            ),
            nodes=tuple(self.nodes.values()),
            flows=tuple(self.flows.values()),
        )

    # ---- cells -------------------------------------------------------------------------------------

    def _lane_of(self, state: str) -> str:
        holder = self.procedure.states[state].holder
        return ENDS if holder is None else f"lane_{holder}"

    def _lane_name(self, lane: str) -> str:
        ends = self.words.get("states.closed.name", "")
        return ends if lane == ENDS else self.words.get(f"roles.{lane.removeprefix('lane_')}.name", lane)

    def _find_cells(self) -> dict[str, _Cell]:
        """A cell for every state and opening act; what shares lane and column is stacked."""
        wanted = [(f"start_{code}", self._lane_of_opening(code), 0) for code in self.openings]
        wanted += [(f"state_{state}", self._lane_of(state), self.columns[state]) for state in self.states]
        taken: dict[tuple[str, int], int] = {}
        cells = {}
        for name, lane, column in wanted:
            row = taken.get((lane, column), 0)
            taken[lane, column] = row + 1
            cells[name] = _Cell(lane, column, row)
        return cells

    def _lane_of_opening(self, code: str) -> str:
        lanes = {self._lane_of(state) for state in self.states}
        own = [f"lane_{role}" for role in self.procedure.actions[code].by]
        entered = [self._lane_of(move.enters) for move in self.moves if move.act.code == code]
        return next((lane for lane in own if lane in lanes), entered[0])

    def _find_tops(self) -> dict[str, tuple[int, int]]:
        """Top and height of each lane, in order of first use, ends last."""
        rows: dict[str, int] = {}
        for cell in sorted(self.cells.values(), key=lambda cell: (cell.lane == ENDS, cell.column)):
            rows[cell.lane] = max(rows.get(cell.lane, 0), cell.row + 1)
        tops, top = {}, TOP
        for lane, count in rows.items():
            tops[lane] = (top, count * ROW)
            top += count * ROW
        return tops

    def _centre(self, name: str) -> Point:
        cell = self.cells[name]
        return LEFT + cell.column * COLUMN + 90, self.tops[cell.lane][0] + cell.row * ROW + ROW // 2

    # ---- nodes -------------------------------------------------------------------------------------

    def _place_nodes(self) -> None:
        for code in self.openings:
            self._place(f"start_{code}", "start", self.words.get(f"actions.{code}.name", code), EVENT)
        for state in self.states:
            is_end = self.procedure.states[state].holder is None
            name = self.words.get(f"states.{state}.name", state)
            self._place(f"state_{state}", "end" if is_end else "task", name, EVENT if is_end else TASK)
            self.nodes[f"state_{state}"] = replace(self.nodes[f"state_{state}"], words=self._stays(state))
            ways = {move.enters for move in self.moves if move.leaves == state and move.clock is None}
            if len(ways) > 1:
                self._place_beside(state)

    def _stays(self, state: str) -> str:
        """The acts done here that do not move the case."""
        staying = [act for act in self.map.acts_at(state) if act.to in {None, state}]
        return "; ".join(self.words.get(f"actions.{act.code}.name", act.code) for act in staying)

    def _place(self, name: str, kind: str, title: str, size: tuple[int, int]) -> None:
        x, y = self._centre(name)
        self.nodes[name] = _node(name, kind, title, self.cells[name].lane, _around(x, y, size))

    def _place_beside(self, state: str) -> None:
        x, y = self._centre(f"state_{state}")
        name = f"part_{state}"
        lane = self.cells[f"state_{state}"].lane
        self.nodes[name] = _node(name, "gateway", "", lane, _around(x + 120, y, GATEWAY))
        self._flow(f"flow_{name}", f"state_{state}", name, "")

    def _place_timer(self, state: str, clock: ClockRule, n: int) -> str:
        x, y = self._centre(f"state_{state}")
        name = f"lapse_{state}_{clock.code}"
        title = self.words.get(f"clocks.{clock.code}.name", clock.code)
        bounds = _around(x - 35 + 45 * n, y + TASK[1] // 2, EVENT)
        lane = self.cells[f"state_{state}"].lane
        duration = _word_duration(clock)
        self.nodes[name] = replace(
            _node(name, "timer", title, lane, bounds), attached_to=f"state_{state}", duration=duration
        )
        return name

    # ---- flows -------------------------------------------------------------------------------------

    def _connect(self) -> None:
        joined: dict[tuple[str, str], list[str]] = {}
        timers: dict[tuple[str, str], str] = {}
        for move in self.moves:
            source = self._source_of(move, timers)
            name = self.words.get(f"actions.{move.act.code}.name", move.act.code)
            names = joined.setdefault((source, f"state_{move.enters}"), [])
            if name not in names and move.leaves != START:
                names.append(name)
        for (source, target), names in joined.items():
            self._flow(f"flow_{source}_{target}", source, target, " / ".join(names))

    def _source_of(self, move: Move, timers: dict[tuple[str, str], str]) -> str:
        if move.leaves == START:
            return f"start_{move.act.code}"
        if move.clock is not None and is_by_law(move.act):
            key = (move.leaves, move.clock.code)
            if key not in timers:
                n = sum(state == move.leaves for state, _ in timers)
                timers[key] = self._place_timer(move.leaves, move.clock, n)
            return timers[key]
        gateway = f"part_{move.leaves}"
        return gateway if gateway in self.nodes else f"state_{move.leaves}"

    def _flow(self, name: str, source: str, target: str, words: str) -> None:
        one, other = self.nodes[source], self.nodes[target]
        waypoints = _route(one.bounds, other.bounds, one.kind == "timer", len(self.flows))
        self.flows[name] = Flow(id=name, source=source, target=target, name=words, waypoints=waypoints)


def _word_duration(clock: ClockRule) -> str:
    """The limit as the file writes it: a term, `@parameter`, the input that names the date, or the table's fact."""
    limit = clock.legal
    if isinstance(limit, Term):
        return str(limit)
    if isinstance(limit, Ref):
        return f"@{limit.name}"
    return clock.until or (limit.by if limit is not None else "")


def _node(name: str, kind: str, title: str, lane: str, bounds: Bounds) -> Node:
    return Node(id=name, kind=kind, name=title, lane=lane, bounds=bounds, words="", attached_to="", duration="")


def _around(x: int, y: int, size: tuple[int, int]) -> Bounds:
    return x - size[0] // 2, y - size[1] // 2, size[0], size[1]


def _find_columns(moves: Iterable[Move]) -> dict[str, int]:
    """How many steps each state is from the start, by the shortest way; opening acts stand in column 0."""
    after: dict[str, list[str]] = {}
    for move in moves:
        after.setdefault(move.leaves, []).append(move.enters)
    columns, todo = {START: 0}, deque([START])
    while todo:
        state = todo.popleft()
        for enters in after.get(state, ()):
            if enters not in columns:
                columns[enters] = columns[state] + 1
                todo.append(enters)
    del columns[START]
    return columns


def _route(one: Bounds, other: Bounds, from_below: bool, n: int) -> tuple[Point, ...]:
    """Right-angled; forward flows bend between the columns, backward ones run below, each a little apart."""
    apart = (n % 7) * 6
    target = (other[0], other[1] + other[3] // 2)
    if from_below:
        source = (one[0] + one[2] // 2, one[1] + one[3])
        return (
            source,
            (source[0], source[1] + 8 + apart),
            (target[0] - 20 - apart, source[1] + 8 + apart),
            *_into(target, apart),
        )
    source = (one[0] + one[2], one[1] + one[3] // 2)
    if other[0] > one[0] + one[2]:
        bend = max(source[0] + 10, target[0] - 30 - apart)
        return (source, target) if source[1] == target[1] else (source, (bend, source[1]), (bend, target[1]), target)
    below = one[1] + one[3] + 14 + apart
    return (
        (one[0] + one[2] // 2, one[1] + one[3]),
        (one[0] + one[2] // 2, below),
        (target[0] - 20 - apart, below),
        *_into(target, apart),
    )


def _into(target: Point, apart: int) -> tuple[Point, ...]:
    return (target[0] - 20 - apart, target[1]), target
