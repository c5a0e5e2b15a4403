"""Where everything of a process map stands (流程图布局): layers by the longest way from the start, fewer crossings by
sweeps, long arrows led through the gaps between boxes, arrows back drawn over the top. Geometry only; words come in.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

BOX: Final = (138, 110)
GAP: Final = (46, 26)
THIN: Final = 26
LEFT: Final = 16
ARC: Final = 30
BESIDE: Final = 20
SWEEPS: Final = 6
BAR: Final = 114
THICKEST: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A box: what it is called, the figures in it, and the two lengths of its bar on the scale all boxes share."""

    code: str
    name: str
    figure: str
    small: tuple[str, ...]
    median: int
    slow: int
    cases: int
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """From one box to another, so often; `label` stands on it, `title` says more."""

    left: str
    right: str
    count: int
    label: str
    title: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnStep:
    step: Step
    x: int
    y: int
    first: float
    second: float
    is_hot: bool
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnArrow:
    arrow: Arrow
    path: str
    head: str
    width: float
    is_back: bool
    x: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """An SVG's worth of shapes. `is_wide`: it is drawn in its own size and scrolls sideways."""

    width: int
    height: int
    top: int
    steps: tuple[DrawnStep, ...]
    arrows: tuple[DrawnArrow, ...]
    is_wide: bool


def draw(steps: Sequence[Step], arrows: Sequence[Arrow], *, hot: str = "") -> Drawing:
    """The map of these steps; arrows between steps that are not there are left out."""
    known = {step.code for step in steps}
    kept = [arrow for arrow in arrows if {arrow.left, arrow.right} <= known and arrow.left != arrow.right]
    order = [step.code for step in steps]
    forward, back = _split(order, kept)
    layer = _layers(order, forward)
    columns, ways = _columns(order, layer, forward)
    _sweep(columns, ways)
    places = _places(columns)
    tops = _arcs(back, places)
    width = LEFT * 2 + len(columns) * (BOX[0] + GAP[0]) - GAP[0]
    height = max((y + _height(name) for name, (_x, y) in places.items()), default=0) + LEFT
    longest = max((step.slow for step in steps), default=0) or 1
    most = max((arrow.count for arrow in kept), default=1)
    drawn = [_drawn_step(step, places[step.code], longest, hot) for step in steps]
    lines = [_forward(arrow, ways[id(arrow)], places, most) for arrow in forward]
    lines += [_back(arrow, places, most, tops[id(arrow)]) for arrow in back]
    top = min((tops[id(arrow)] for arrow in back), default=0) - 20 if back else 0
    return Drawing(
        width=width, height=height - top, top=top, steps=tuple(drawn), arrows=tuple(lines), is_wide=len(columns) > 7
    )  # fmt: skip


# ---- layers -----------------------------------------------------------------------------------------


def _split(order: Sequence[str], arrows: Sequence[Arrow]) -> tuple[list[Arrow], list[Arrow]]:
    """Arrows forward, the most frequent first, and those that would close a circle."""
    after: dict[str, set[str]] = {code: set() for code in order}
    forward, back = [], []
    for arrow in sorted(arrows, key=lambda one: (-one.count, one.left, one.right)):
        if _leads(after, arrow.right, arrow.left):
            back.append(arrow)
        else:
            after[arrow.left].add(arrow.right)
            forward.append(arrow)
    return forward, back


def _leads(after: Mapping[str, set[str]], start: str, end: str) -> bool:
    todo, seen = [start], {start}
    while todo:
        code = todo.pop()
        if code == end:
            return True
        fresh = after[code] - seen
        seen |= fresh
        todo.extend(fresh)
    return False


def _layers(order: Sequence[str], forward: Sequence[Arrow]) -> dict[str, int]:
    """How many steps the longest way to each is."""
    layer = dict.fromkeys(order, 0)
    for _round in order:
        moved = False
        for arrow in forward:
            if layer[arrow.right] <= layer[arrow.left]:
                layer[arrow.right] = layer[arrow.left] + 1
                moved = True
        if not moved:
            break
    return layer


def _columns(
    order: Sequence[str], layer: Mapping[str, int], forward: Sequence[Arrow]
) -> tuple[list[list[str]], dict[int, list[str]]]:
    """What stands in each layer, with a thin place for every arrow that passes it; the way of each arrow."""
    columns: list[list[str]] = [[] for _layer in range(max(layer.values(), default=-1) + 1)]
    for code in order:
        columns[layer[code]].append(code)
    ways: dict[int, list[str]] = {}
    for n, arrow in enumerate(forward):
        way = [arrow.left]
        for between in range(layer[arrow.left] + 1, layer[arrow.right]):
            name = f"\0{n}.{between}"
            columns[between].append(name)
            way.append(name)
        ways[id(arrow)] = [*way, arrow.right]
    return columns, ways


def _sweep(columns: list[list[str]], ways: Mapping[int, list[str]]) -> None:
    """Order each layer by where its neighbours stand, to and fro."""
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for way in ways.values():
        for one, other in itertools.pairwise(way):
            after.setdefault(one, []).append(other)
            before.setdefault(other, []).append(one)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for column in columns if down else list(reversed(columns)):
            rank = {name: place / max(len(each), 1) for each in columns for place, name in enumerate(each)}
            near = before if down else after
            column.sort(key=lambda name: _mean([rank[other] for other in near.get(name, ())], rank[name]))


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _height(name: str) -> int:
    return THIN if name.startswith("\0") else BOX[1]


def _places(columns: Sequence[Sequence[str]]) -> dict[str, tuple[int, int]]:
    """The upper left corner of each, layers centred on each other."""
    heights = [sum(_height(name) for name in column) + GAP[1] * (len(column) - 1) for column in columns]
    tallest = max(heights, default=0)
    places = {}
    for n, column in enumerate(columns):
        y = LEFT + (tallest - heights[n]) // 2
        for name in column:
            places[name] = (LEFT + n * (BOX[0] + GAP[0]), y)
            y += _height(name) + GAP[1]
    return places


# ---- shapes -----------------------------------------------------------------------------------------


def _drawn_step(step: Step, place: tuple[int, int], longest: int, hot: str) -> DrawnStep:
    first = round(BAR * step.median / longest, 1)
    return DrawnStep(
        step=step, x=place[0], y=place[1], first=first, second=round(max(BAR * step.slow / longest - first, 0), 1),
        is_hot=step.code == hot, name=shorten(step.name),
    )  # fmt: skip


def shorten(name: str, most: int = 16) -> str:
    """A name that fits a box: a Chinese character is as wide as two letters.

    >>> shorten("公共场所卫生许可核查"), shorten("Examination")
    ('公共场所卫生许…', 'Examination')
    """
    width = 0
    for place, letter in enumerate(name):
        width += 2 if ord(letter) > 0x2E7F else 1
        if width > most:
            return f"{name[: place - 1]}…"
    return name


def _thickness(count: int, most: int) -> float:
    return round(1 + (THICKEST - 1) * count / most, 1)


def _forward(arrow: Arrow, way: Sequence[str], places: Mapping[str, tuple[int, int]], most: int) -> DrawnArrow:
    points = [(places[way[0]][0] + BOX[0] + 2, places[way[0]][1] + BOX[1] // 2)]
    for name in way[1:-1]:
        x, y = places[name]
        points += [(x, y + THIN // 2), (x + BOX[0], y + THIN // 2)]
    end = (places[way[-1]][0] - 9, places[way[-1]][1] + BOX[1] // 2)
    points.append(end)
    path = f"M{points[0][0]} {points[0][1]}"
    for n, ((x, y), (to_x, to_y)) in enumerate(itertools.pairwise(points)):
        bend = (to_x - x) // 2
        path += f"C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}" if n % 2 == 0 else f"L{to_x} {to_y}"
    return DrawnArrow(
        arrow=arrow, path=path, head=_head_right(*end), width=_thickness(arrow.count, most), is_back=False,
        **_label(points),
    )  # fmt: skip


def _label(points: Sequence[tuple[int, int]]) -> dict[str, int]:
    """On the second half of the first bend, where few arrows meet; on a long way on its straight part."""
    if len(points) > 2:
        (x, y), (to_x, _y) = points[1], points[2]
        return {"x": (x + to_x) // 2, "y": y - 5}
    (x, y), (to_x, to_y) = points[0], points[1]
    return {"x": (x + to_x) // 2, "y": (y + to_y) // 2 - 6}


def _head_right(x: int, y: int) -> str:
    return f"M{x} {y - 6}l8 6l-8 6z"


def _arcs(back: Sequence[Arrow], places: Mapping[str, tuple[int, int]]) -> dict[int, int]:
    """How high each arrow back rises: the wider it spans, the higher, so that they nest."""
    top = min((y for _x, y in places.values()), default=0)
    spans = sorted(back, key=lambda arrow: abs(places[arrow.left][0] - places[arrow.right][0]))
    return {id(arrow): top - ARC * (n + 1) for n, arrow in enumerate(spans)}


def _back(arrow: Arrow, places: Mapping[str, tuple[int, int]], most: int, top: int) -> DrawnArrow:
    """Up beside the box it leaves, over everything, and down to the box it goes to; never across a box."""
    (x, y), (to_x, to_y) = places[arrow.left], places[arrow.right]
    start, path = _rise(places, (x, y))
    if _is_top(places, (to_x, to_y)):
        end, head = to_x + BOX[0] // 3, f"M{to_x + BOX[0] // 3 - 6} {to_y - 11}h12l-6 8z"
        last = f"V{to_y - 11}"
    else:
        end, head = to_x - BESIDE, _head_right(to_x - 9, to_y + BESIDE)
        last = f"V{to_y + BESIDE - 6}Q{end} {to_y + BESIDE} {to_x - 9} {to_y + BESIDE}"
    side = 8 if end > start else -8
    path += f"V{top + 8}Q{start} {top} {start + side} {top}H{end - side}Q{end} {top} {end} {top + 8}{last}"
    return DrawnArrow(
        arrow=arrow, path=path, head=head, width=_thickness(arrow.count, most), is_back=True,
        x=(start + end) // 2, y=top - 5,
    )  # fmt: skip


def _rise(places: Mapping[str, tuple[int, int]], at: tuple[int, int]) -> tuple[int, str]:
    x, y = at
    if _is_top(places, at):
        return x + BOX[0] * 2 // 3, f"M{x + BOX[0] * 2 // 3} {y - 2}"
    return x - BESIDE, f"M{x - 2} {y + BESIDE}Q{x - BESIDE} {y + BESIDE} {x - BESIDE} {y + 4}"


def _is_top(places: Mapping[str, tuple[int, int]], at: tuple[int, int]) -> bool:
    """Whether nothing stands above in the same layer."""
    return all(other[1] >= at[1] for other in places.values() if other[0] == at[0])


def most_frequent(arrows: Iterable[Arrow], share: float, cases: int) -> list[Arrow]:
    """The arrows that at least this share of the cases took, the most frequent first."""
    every = sorted(arrows, key=lambda arrow: (-arrow.count, arrow.left, arrow.right))
    return [arrow for arrow in every if arrow.count >= share * cases]
