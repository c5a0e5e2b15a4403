"""A process map as layers from top to bottom (流程图的布局): which activities and arrows are drawn, and where.

Arrows against the current are turned round for the layout and drawn dashed; long ones pass between the boxes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from zhengtong.analysis.measuring import ProcessMap

WIDE, HIGH, GAP, APART, THROUGH = 216, 62, 28, 74, 26
MARGIN: Final = 24
MOST_BOXES: Final = 14
MOST_ARROWS: Final = 30
SWEEPS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    name: str
    lines: tuple[str, ...]
    count: int
    x: float
    y: float
    starts: int
    ends: int
    loops: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    path: str
    width: float
    is_back: bool
    count: int
    x: float
    y: float
    left: str
    right: str
    tip: str

    @property
    def shown(self) -> str:
        return f"{self.count:,}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    left_out_activities: int
    left_out_successions: int


def draw(found: ProcessMap) -> Drawn:
    """The most frequent activities and the arrows that carry most of what passes between them."""
    names = [name for name, _ in sorted(found.activities.items(), key=lambda each: (-each[1], each[0]))][:MOST_BOXES]
    between = {(p.left, p.right): p.count for p in found.pairs if p.left in names and p.right in names}
    kept = _arrows(names, {pair: n for pair, n in between.items() if pair[0] != pair[1]})
    ranks = _order(names, found, kept)
    layers, chains = _layers(names, kept, ranks)
    places = _place(layers, chains)
    width = max(x for x, _ in places.values()) + WIDE / 2 + MARGIN + 40
    height = MARGIN * 2 + len(layers) * (HIGH + APART) - APART
    loops = {pair[0]: n for pair, n in between.items() if pair[0] == pair[1]}
    boxes = tuple(
        Box(
            name=name,
            lines=wrapped(name),
            count=found.activities[name],
            x=places[name][0] - WIDE / 2,
            y=places[name][1],
            starts=found.starts.get(name, 0),
            ends=found.ends.get(name, 0),
            loops=loops.get(name, 0),
        )
        for name in names
    )
    drawn = sum(kept.values()) + sum(loops.values())
    return Drawn(
        width=int(width), height=int(height), boxes=boxes, arrows=_drawn_arrows(kept, ranks, chains, places),
        left_out_activities=len(found.activities) - len(names), left_out_successions=found.successions - drawn,
    )  # fmt: skip


def wrapped(name: str, most: float = 25.0) -> tuple[str, ...]:
    """A name on at most two lines; a long one loses its middle, for names differ at the end.

    >>> wrapped("T05 Print and send confirmation of receipt")
    ('T05 Print and send', 'confirmation of receipt')
    """
    if _length(name) <= most:
        return (name,)
    cut, length = 0, 0.0
    for place, letter in enumerate(name):
        length += _length(letter)
        if length > most:
            break
        cut = place + 1
    space = name.rfind(" ", 0, cut + 1)
    cut = space if space > cut // 2 else cut
    first, rest = name[:cut].rstrip(), name[cut:].lstrip()
    if _length(rest) > most:
        head, tail = rest, rest[-8:]
        while _length(head) + _length(tail) + 1 > most:
            head = head[:-1]
        rest = f"{head.rstrip()}…{tail}"
    return first, rest


def _length(text: str) -> float:
    return sum(1.85 if ord(letter) > 0x2E80 else 1.0 for letter in text)


def _arrows(names: Sequence[str], between: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """For each activity its strongest arrow in and out, then the most frequent ones."""
    kept: dict[tuple[str, str], int] = {}
    for name in names:
        for side in (0, 1):
            some = [(count, pair) for pair, count in between.items() if pair[side] == name]
            if some:
                count, pair = max(some, key=lambda each: (each[0], each[1]))
                kept[pair] = count
    total = sum(between.values())
    for pair, count in sorted(between.items(), key=lambda each: (-each[1], each[0])):
        if len(kept) >= MOST_ARROWS or count * 200 < total:
            break
        kept[pair] = count
    return kept


def _order(names: Sequence[str], found: ProcessMap, kept: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """An order in which most of what passes goes forward: from the most frequent beginning, greedily."""
    left, order = list(names), []
    while left:

        def pull(name: str) -> tuple[float, int, str]:
            into = sum(n for (a, b), n in kept.items() if b == name and a in left)
            out = sum(n for (a, b), n in kept.items() if a == name and b in left)
            return (into - out - 0.5 * found.starts.get(name, 0), -found.activities[name], name)

        first = min(left, key=pull)
        order.append(first)
        left.remove(first)
    return {name: rank for rank, name in enumerate(order)}


def _layers(
    names: Sequence[str], kept: Mapping[tuple[str, str], int], ranks: Mapping[str, int]
) -> tuple[list[list[str]], dict[tuple[str, str], list[str]]]:
    """Which layer each box stands in, and what each arrow passes through; a back arrow is led the other way."""
    layer = dict.fromkeys(names, 0)
    forward = {tuple(sorted(pair, key=lambda name: ranks[name])) for pair in kept}
    for name in sorted(names, key=lambda name: ranks[name]):
        before = [layer[a] + 1 for a, b in forward if b == name]
        layer[name] = max(before, default=0)
    layers: list[list[str]] = [[] for _ in range(max(layer.values()) + 1)]
    for name in sorted(names, key=lambda name: ranks[name]):
        layers[layer[name]].append(name)
    chains: dict[tuple[str, str], list[str]] = {}
    for left, right in sorted(kept):
        upper, lower = sorted((left, right), key=lambda name: ranks[name])
        passed = []
        for level in range(layer[upper] + 1, layer[lower]):
            through = f"\0{left}\0{right}\0{level}"
            layers[level].append(through)
            passed.append(through)
        chains[left, right] = [upper, *passed, lower]
    return layers, chains


def _place(layers: list[list[str]], chains: Mapping[tuple[str, str], list[str]]) -> dict[str, tuple[float, float]]:
    """Order within each layer by the middle of the neighbours, then as near to them as room allows."""
    near: dict[str, list[str]] = {node: [] for layer in layers for node in layer}
    for chain in chains.values():
        for one, other in pairwise(chain):
            near[one].append(other)
            near[other].append(one)
    at = {node: float(place) for layer in layers for place, node in enumerate(layer)}
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            layer.sort(key=lambda node: (_middle(node, near, at), node))
            at.update({node: float(place) for place, node in enumerate(layer)})
    x = {}
    for layer in layers:
        cursor = 0.0
        for node in layer:
            x[node] = cursor + _breadth(node) / 2
            cursor += _breadth(node) + GAP
        for node in layer:
            x[node] -= cursor / 2
    for _ in range(SWEEPS * 2):
        for layer in layers:
            _settle(layer, near, x)
    left = min(x[node] - _breadth(node) / 2 for node in x)
    return {
        node: (x[node] - left + MARGIN, MARGIN + level * (HIGH + APART))
        for level, layer in enumerate(layers)
        for node in layer
    }


def _breadth(node: str) -> float:
    return THROUGH if node.startswith("\0") else WIDE


def _middle(node: str, near: Mapping[str, list[str]], at: Mapping[str, float]) -> float:
    return sum(at[other] for other in near[node]) / len(near[node]) if near[node] else at[node]


def _settle(layer: Sequence[str], near: Mapping[str, list[str]], x: dict[str, float]) -> None:
    """Move each towards its neighbours, keeping order and distance."""
    wanted = {node: _middle(node, near, x) for node in layer}
    for place, node in enumerate(layer):
        least = x[layer[place - 1]] + (_breadth(layer[place - 1]) + _breadth(node)) / 2 + GAP if place else -1e9
        most = 1e9
        if place + 1 < len(layer):
            most = x[layer[place + 1]] - (_breadth(layer[place + 1]) + _breadth(node)) / 2 - GAP
        x[node] = max(least, min(max(most, least), (x[node] + wanted[node]) / 2))


def _drawn_arrows(
    kept: Mapping[tuple[str, str], int], ranks: Mapping[str, int], chains: Mapping[tuple[str, str], list[str]],
    places: Mapping[str, tuple[float, float]],
) -> tuple[Arrow, ...]:  # fmt: skip
    most = max(kept.values(), default=1)
    ports = _ports(kept, chains, places)
    arrows = []
    for pair in sorted(kept, key=lambda pair: (kept[pair], pair)):
        chain, is_back = chains[pair], ranks[pair[0]] > ranks[pair[1]]
        points = []
        for place, node in enumerate(chain):
            x, y = places[node]
            if place == 0:
                points.append((ports[pair, "low"], y + HIGH))
            elif place == len(chain) - 1:
                points.append((ports[pair, "top"], y))
            else:
                points += [(x, y), (x, y + HIGH)]
        if is_back:
            points.reverse()
        middle = len(points) // 2
        x, y = (points[middle - 1][0] + points[middle][0]) / 2, (points[middle - 1][1] + points[middle][1]) / 2
        tip_x, tip_y = points[-1]
        edge = 6 if is_back else -6
        tip = (
            f"{tip_x:.0f},{tip_y:.0f} {tip_x - 5:.0f},{tip_y + edge * 1.5:.0f} {tip_x + 5:.0f},{tip_y + edge * 1.5:.0f}"
        )
        arrows.append(
            Arrow(
                path=_smooth([*points[:-1], (tip_x, tip_y + edge)]),
                width=round(1 + 5 * kept[pair] / most, 1),
                is_back=is_back,
                count=kept[pair],
                x=round(x, 1),
                y=round(y, 1),
                left=pair[0],
                right=pair[1],
                tip=tip,
            )
        )
    return tuple(arrows)


def _ports(
    kept: Mapping[tuple[str, str], int], chains: Mapping[tuple[str, str], list[str]],
    places: Mapping[str, tuple[float, float]],
) -> dict[tuple[tuple[str, str], str], float]:  # fmt: skip
    """Where along an edge of its box each arrow begins and ends, so that they do not lie on each other."""
    sides: dict[tuple[str, str], list[tuple[float, tuple[str, str]]]] = {}
    for pair in kept:
        chain = chains[pair]
        sides.setdefault((chain[0], "low"), []).append((places[chain[1]][0], pair))
        sides.setdefault((chain[-1], "top"), []).append((places[chain[-2]][0], pair))
    found = {}
    for (node, side), some in sides.items():
        step = min(34.0, (WIDE - 40) / max(1, len(some)))
        for place, (_x, pair) in enumerate(sorted(some)):
            found[pair, side] = places[node][0] + (place - (len(some) - 1) / 2) * step
    return found


def _smooth(points: Sequence[tuple[float, float]]) -> str:
    said = [f"M{points[0][0]:.0f} {points[0][1]:.0f}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        if abs(x1 - x2) < 1:
            said.append(f"L{x2:.0f} {y2:.0f}")
        else:
            half = (y1 + y2) / 2
            said.append(f"C{x1:.0f} {half:.0f} {x2:.0f} {half:.0f} {x2:.0f} {y2:.0f}")
    return " ".join(said)
