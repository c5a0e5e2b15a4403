"""Geometry of drawn components: the row-sized clock, the clock grouped by week, the QR matrix."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from zhengtong.ui.values import CellKind, CellView, ClockView

WEEK = 5
MOST_CELLS = 60
MINI_WIDTH = 132.0
NEAR_START = 0.25
NEAR_EACH_OTHER = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnMark:
    """A mark at one cell: today, promise or law, with the side its words open to."""

    kind: str
    label: str
    classes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnCell:
    """A cell with the marks that stand on it."""

    kind: CellKind
    title: str
    marks: tuple[DrawnMark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One run of equal cells in the row-sized clock."""

    kind: str
    x: float
    width: float


def group_by_week(clock: ClockView) -> tuple[ClockView, bool]:
    """From about sixty cells one cell stands for five working days. The second value says whether it does."""
    if len(clock.cells) < MOST_CELLS:
        return clock, False
    weeks = [clock.cells[i : i + WEEK] for i in range(0, len(clock.cells), WEEK)]
    cells = tuple(CellView(kind=_kind_of_week(week), title=_title_of_week(week)) for week in weeks)
    grouped = replace(
        clock,
        cells=cells,
        today_index=_week_of(clock.today_index),
        promise_index=_week_of(clock.promise_index),
        law_index=_week_of(clock.law_index),
    )
    return grouped, True


def _week_of(index: int | None) -> int | None:
    return None if index is None else index // WEEK


def _kind_of_week(week: tuple[CellView, ...]) -> CellKind:
    """What is late must not vanish in a week; otherwise the most frequent kind speaks for it."""
    kinds = [cell.kind for cell in week]
    for grave in ("late", "over"):
        if grave in kinds:
            return grave
    return Counter(kinds).most_common(1)[0][0]


def _title_of_week(week: tuple[CellView, ...]) -> str:
    titles = [cell.title for cell in week if cell.title]
    if not titles:
        return ""
    return titles[0] if len(titles) == 1 else f"{titles[0]} – {titles[-1]}"


def drawn_cells(clock: ClockView) -> tuple[tuple[DrawnCell, ...], bool]:
    """The cells with their marks; the second value says whether the promise needs a second row."""
    total = len(clock.cells)
    close = _stand_close(clock)
    marks: dict[int, list[DrawnMark]] = {}
    for kind, index, label in _marks(clock):
        at = min(max(index, 0), total - 1)
        classes = f"zt-mark zt-mark--{kind}"
        if (at + 1) / total < NEAR_START:
            classes += " zt-mark--open"
        if close and kind == "promise":
            classes += " zt-mark--low"
        marks.setdefault(at, []).append(DrawnMark(kind=kind, label=label, classes=classes))
    cells = tuple(
        DrawnCell(kind=cell.kind, title=cell.title, marks=tuple(marks.get(i, ()))) for i, cell in enumerate(clock.cells)
    )
    return cells, close


def _marks(clock: ClockView) -> Iterator[tuple[str, int, str]]:
    if not clock.cells:
        return
    for kind in ("today", "promise", "law"):
        index = getattr(clock, f"{kind}_index")
        if index is not None:
            yield kind, index, getattr(clock, f"{kind}_label")


def _stand_close(clock: ClockView) -> bool:
    if clock.promise_index is None or clock.law_index is None or not clock.cells:
        return False
    return abs(clock.law_index - clock.promise_index) / len(clock.cells) < NEAR_EACH_OTHER


def mini_bars(clock: ClockView) -> tuple[Bar, ...]:
    """Runs of equal cells, scaled to the width of the row-sized clock."""
    if not clock.cells:
        return ()
    step = MINI_WIDTH / len(clock.cells)
    bars, at = [], 0
    for kind, run in groupby(cell.kind for cell in clock.cells):
        count = len(list(run))
        bars.append(Bar(kind=kind, x=round(at * step, 1), width=round(count * step, 1)))
        at += count
    return tuple(bars)


def mini_edge(clock: ClockView, index: int | None) -> float | None:
    """The right edge of a cell in the row-sized clock."""
    if index is None or not clock.cells:
        return None
    return round((index + 1) * MINI_WIDTH / len(clock.cells), 1)


def qr_path(text: str) -> tuple[str, int]:
    """The dark modules as one SVG path, merged along rows, and the width of the square."""
    import segno

    matrix = segno.make(text, error="m", micro=False).matrix
    parts = []
    for y, row in enumerate(matrix):
        x = 0
        for dark, run in groupby(row):
            length = len(list(run))
            if dark:
                parts.append(f"M{x} {y}h{length}v1h-{length}z")
            x += length
    return "".join(parts), len(matrix)
