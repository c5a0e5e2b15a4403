"""Plain values that components draw. Rooms build them from their findings; ui never asks where they came from.

Every text is shown as given (escaped), so a room passes words already in the reader's language.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from django.forms import BaseForm

CellKind: TypeAlias = Literal["used", "pause", "left", "spare", "over", "late"]
DayKind: TypeAlias = Literal["counted", "off", "pause", "today", "limit", "plain"]
SignalKind: TypeAlias = Literal["course", "prompt", "yellow", "red", "pause"]


class NavItem(NamedTuple):
    """One entry of a menu. `number`: how many wait; `group`: the heading it stands under at the desk."""

    label: str
    url: str
    current: bool = False
    number: int | str | None = None
    group: str = ""


class Link(NamedTuple):
    """A label and where it leads; an empty url is a label alone (the last crumb)."""

    label: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """One working day on the clock's line; `title` says the day and why, for the pointer."""

    kind: CellKind
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """One row of the day table: a day, or a folded range when `until` is given."""

    date: dt.date
    until: dt.date | None = None
    weekday: str = ""
    count: str = ""
    why: str = ""
    kind: DayKind = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockView:
    """The two-clock bar: the sentence, the line of working days, three marks, the sums, the day table.

    Indexes are positions in `cells`; None leaves the mark out. A mark stands at the right edge of its cell.
    """

    sentence: str
    signal: tuple[SignalKind, str] | None = None
    cells: tuple[CellView, ...] = ()
    today_index: int | None = None
    promise_index: int | None = None
    law_index: int | None = None
    today_label: str = ""
    promise_label: str = ""
    law_label: str = ""
    sums: tuple[tuple[CellKind, str], ...] = ()
    days: tuple[DayView, ...] = ()
    caption: str = ""
    lead: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One side of a joint step, shown beside the others."""

    who: str
    say: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One thing that happened (or will). `when` may be an instant, a day, or words such as a range."""

    act: str
    when: dt.datetime | dt.date | str = ""
    who: str = ""
    say: str = ""
    kind: Literal["done", "now", "next", "pause", "cause"] = "done"
    branches: tuple[Branch, ...] = ()
    papers: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialRow:
    """One paper asked for. `verdict` is a kind and its words; `flag` marks the row that waits for the reader."""

    name: str
    note: str = ""
    need: str = ""
    source: str = ""
    verdict: tuple[Literal["ok", "bad", "wait"], str] | None = None
    links: tuple[Link, ...] = ()
    free: bool = False
    flag: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RateView:
    """A rate never stands without its fraction and rule. `value` None: nothing to divide by, so no figure."""

    name: str
    value: str | None
    unit: str = "%"
    fraction: str = ""
    rule: str = ""
    rule_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalView:
    """What, why, by which article, what next: the four parts of every refusal."""

    title: str
    what: str
    why: str
    article: str = ""
    article_url: str = ""
    ways: tuple[Link, ...] = ()
    kept: str = ""
    act: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyView:
    """An empty list says why it is empty and what to do next. The first link is the primary act."""

    title: str
    say: str = ""
    acts: Sequence[Link] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One fact behind a finding; `cause` marks the one that tipped it, `why` says by what. `link` names the case of a
    fact among facts of several."""

    number: str
    when: dt.datetime | dt.date | str
    act: str
    who: str = ""
    say: str = ""
    cause: bool = False
    why: str = ""
    link: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SumRow:
    """One line of arithmetic set as on paper: operator, quantity, meaning, source."""

    op: str
    quantity: str
    meaning: str
    source: str = ""
    total: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    """Finding, then the events it rests on, then the arithmetic."""

    finding: str
    signal: tuple[SignalKind, str] | None = None
    rule: str = ""
    clock: ClockView | None = None
    events: tuple[EventRow, ...] = ()
    sums: tuple[SumRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActView:
    """One thing that may be done: what, by which article, what follows, then the button.

    `closed` is the reason why it cannot be done now; then nothing else is drawn. Forms of several acts on one page
    need prefixes of their own, so that no two fields share an id. `key` presses it on the keyboard.
    """

    code: str
    label: str
    article: str = ""
    key: str = ""
    url: str = ""
    form: BaseForm | None = None
    hidden: tuple[tuple[str, str], ...] = ()
    follows: tuple[str, ...] = ()
    lacking: str = ""
    submit: str = ""
    primary: bool = False
    negative: bool = False
    closed: str = ""
    unfolded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideView:
    """The decision panel: ordinary acts, then, apart, those against the reader's interest."""

    title: str
    say: str = ""
    acts: tuple[ActView, ...] = ()
    against: tuple[ActView, ...] = ()
    against_title: str = ""
    closed: tuple[ActView, ...] = ()


Tone: TypeAlias = Literal["course", "prompt", "yellow", "red", "used", "left", "brand"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureView:
    """One tile of a figure strip: the number leads to what was counted. `delta` is the change it names, in words."""

    label: str
    value: str
    url: str = ""
    signal: SignalKind | None = None
    delta: str = ""
    lines: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesView:
    """One column of a chart's table. `is_dashed` tells lines apart without colour."""

    label: str
    tone: Tone
    is_dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartRow:
    """One row behind a chart: its category and a (number, address) for each series; no number is a gap."""

    label: str
    cells: tuple[tuple[int | None, str], ...]
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartView:
    """A chart is its table: title that states the finding, categories, series. The script draws what the table says."""

    code: str
    kind: Literal["stack", "bar", "line"]
    say: str
    sub: str
    category: str
    series: tuple[SeriesView, ...]
    rows: tuple[ChartRow, ...]
    none: str = ""

    @property
    def size(self) -> str:
        """How tall the plot is drawn: lines have one height, bars need room for each row."""
        if self.kind == "line":
            return ""
        sizes = ((5, "small"), (9, ""), (16, "long"))
        return next((size for most, size in sizes if len(self.rows) <= most), "tall")
