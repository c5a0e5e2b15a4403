"""The numbers of the watch screen (监察总览): each is a count with the filters that make it, so that it leads to a list
of exactly as many. Nothing is counted here that a list of `narrowing` does not hold.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Aggregate, Count, Min, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from zhengtong.kernel.supervision.rules import Level
from zhengtong.kernel.terms import LAW_ZONE, law_day
from zhengtong.supervision.models import Card, Run, Signal
from zhengtong.supervision.names import LEVELS, OUTCOMES, SIGNALS, STANDS, Names, names_of
from zhengtong.supervision.narrowing import (
    AGES,
    CARD_STATES,
    NONE,
    OPEN_AGES,
    CardFilters,
    CaseFilters,
    Filters,
    SignalFilters,
    cards,
    days_before,
    signals,
    start_of,
    watched,
)
from zhengtong.supervision.wording import headline
from zhengtong.ui.values import ChartRow, ChartView, FigureView, Link, SeriesView, SignalKind
from zhengtong.ui.wording import short_day_words, table_day

HEAVIEST: Final = 8
CHARTED: Final = 14
WEEKS: Final = 8
WALL_DAYS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Eye:
    """Who looks: which territories, at which instant."""

    regions: tuple[str, ...]
    at: datetime

    @property
    def today(self) -> date:
        return law_day(self.at)

    @property
    def month(self) -> str:
        return f"{self.today:%Y-%m}"


def to(name: str, filters: Filters) -> str:
    """The address of a list with its filters."""
    return f"{reverse(f'supervision:{name}')}{f'?{filters.query}' if filters.query else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLine:
    """One card in a list."""

    number: str
    url: str
    level: SignalKind
    level_words: str
    what: str
    title: str
    unit: str
    dept: str
    stands: str
    issued_at: datetime | None
    hung: int
    hung_words: str
    by_law: bool
    about: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A number and the list behind it."""

    n: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentRow:
    """One department: its open cases, its signals, what it kept of its promises this month."""

    code: str
    name: str
    url: str
    open: Cell
    prompt: Cell
    yellow: Cell
    red: Cell
    oldest: int | None
    oldest_url: str
    kept: Cell
    decided: Cell
    is_worst: bool = False

    @property
    def rate(self) -> str:
        return percent(self.kept.n, self.decided.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class WallRow:
    """An instant at which limits lapse."""

    label: str
    promised: Cell
    law: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The watch screen."""

    title: str
    tiles: tuple[FigureView, ...]
    rows: tuple[DepartmentRow, ...]
    total: DepartmentRow
    quiet: tuple[str, ...]
    heavy: tuple[CardLine, ...]
    open_cards: int
    charts: tuple[ChartView, ...]
    wall: tuple[tuple[str, tuple[WallRow, ...]], ...]
    swept: Run | None
    month: str
    late: Cell
    late_limit: Cell = field(default_factory=lambda: Cell(n=0, url=""))


def percent(part: int, whole: int) -> str:
    """One decimal, never rounded up to a hundred that is none."""
    if not whole:
        return "–"
    tenths = part * 1000 // whole if part < whole else 1000
    return f"{tenths // 10}.{tenths % 10}%"


def live(eye: Eye) -> Overview:
    """What is asked for again and again: title, tiles, the heaviest cards."""
    return _overview(eye, whole=False)


def overview(eye: Eye) -> Overview:
    return _overview(eye, whole=True)


def _overview(eye: Eye, *, whole: bool) -> Overview:
    rows, total, quiet = departments(eye)
    heavy = card_lines(list(cards(CardFilters(), eye.regions, eye.at)[:HEAVIEST]), eye)
    charts = tuple(_charts(eye, rows)) if whole else ()
    return Overview(
        title=_title(total, heavy), tiles=tuple(_tiles(eye, total)), rows=rows, total=total, quiet=quiet, heavy=heavy,
        open_cards=cards(CardFilters(), eye.regions, eye.at).count(), charts=charts,
        wall=tuple(_wall(eye)) if whole else (), swept=Run.objects.filter(done=True).order_by("-started_at").first(),
        month=eye.month, late=_cases(eye, CaseFilters(state="late")),
        late_limit=_cases(eye, CaseFilters(state="late_limit")),
    )  # fmt: skip


def _cases(eye: Eye, filters: CaseFilters) -> Cell:
    return Cell(n=watched(filters, eye.regions, eye.at).count(), url=to("cases", filters))


# ---- departments --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Tally:
    open: int = 0
    prompt: int = 0
    yellow: int = 0
    red: int = 0
    kept: int = 0
    decided: int = 0
    oldest: datetime | None = None


def departments(eye: Eye) -> tuple[tuple[DepartmentRow, ...], DepartmentRow, tuple[str, ...]]:
    """The departments with something open or signalled, the sum of all, and the names of those with nothing."""
    tallies: dict[str, _Tally] = {}

    def of(dept: str) -> _Tally:
        return tallies.setdefault(dept, _Tally())

    for dept, n, oldest in _by_dept(watched(CaseFilters(), eye.regions, eye.at), Min("opened_at")):
        of(dept).open, of(dept).oldest = n, oldest
    for dept, n in _by_dept(signals(SignalFilters(level=Level.PROMPT), eye.regions)):
        of(dept).prompt = n
    for level in (Level.YELLOW, Level.RED):
        for dept, n in _by_dept(cards(CardFilters(level=level), eye.regions, eye.at)):
            setattr(of(dept), level.value, n)
    for state in ("decided", "kept"):
        for dept, n in _by_dept(watched(CaseFilters(state=state, month=eye.month), eye.regions, eye.at)):
            setattr(of(dept), state, n)
    names = names_of(units=tallies)
    busy = {code: tally for code, tally in tallies.items() if tally.open or tally.prompt or tally.yellow or tally.red}
    worst = max(busy, key=lambda code: _weight(busy[code]), default="")
    rows = [
        _row(eye, code or NONE, names.unit(code), tally, is_worst=code == worst and any(_weight(tally)[:2]))
        for code, tally in busy.items()
    ]
    rows.sort(key=lambda row: (-row.open.n, row.code))
    return tuple(rows), _row(eye, "", _("合计"), _sum(tallies.values())), _quiet(names, tallies, busy)


def _by_dept(found: "QuerySet[Any]", *more: Aggregate) -> Iterator[tuple[Any, ...]]:
    extra = {f"more{n}": each for n, each in enumerate(more)}
    rows = found.order_by().values("dept").annotate(n=Count("pk"), **extra)
    yield from ((row["dept"], row["n"], *(row[name] for name in extra)) for row in rows)


def _weight(tally: _Tally) -> tuple[int, int, int]:
    return tally.red, tally.yellow, tally.prompt


def _sum(tallies: Iterable[_Tally]) -> _Tally:
    total = _Tally()
    for tally in tallies:
        for name in ("open", "prompt", "yellow", "red", "kept", "decided"):
            setattr(total, name, getattr(total, name) + getattr(tally, name))
        if tally.oldest is not None and (total.oldest is None or tally.oldest < total.oldest):
            total.oldest = tally.oldest
    return total


def _quiet(names: Names, tallies: Mapping[str, _Tally], busy: Mapping[str, _Tally]) -> tuple[str, ...]:
    """Departments that decided something this month and have nothing open now."""
    return tuple(sorted(names.unit(code) for code in tallies if code not in busy))


def _row(eye: Eye, code: str, name: str, tally: _Tally, *, is_worst: bool = False) -> DepartmentRow:
    def cases(state: str, **more: str) -> str:
        return to("cases", CaseFilters(dept=code, state=state, **more))

    def carded(level: str) -> str:
        return to("cards", CardFilters(dept=code, level=level))

    return DepartmentRow(
        code=code, name=name, url=to("cases", CaseFilters(dept=code)), is_worst=is_worst,
        open=Cell(n=tally.open, url=cases("open")),
        prompt=Cell(n=tally.prompt, url=to("signals", SignalFilters(dept=code, level=Level.PROMPT))),
        yellow=Cell(n=tally.yellow, url=carded(Level.YELLOW)), red=Cell(n=tally.red, url=carded(Level.RED)),
        oldest=(eye.today - law_day(tally.oldest)).days if tally.oldest else None, oldest_url=cases("open"),
        kept=Cell(n=tally.kept, url=cases("kept", month=eye.month)),
        decided=Cell(n=tally.decided, url=cases("decided", month=eye.month)),
    )  # fmt: skip


# ---- title and tiles ------------------------------------------------------------------------------------


def _title(total: DepartmentRow, heavy: Sequence[CardLine]) -> str:
    """The finding of the page in one sentence."""
    if total.red.n and heavy:
        said = {"n": total.red.n, "unit": heavy[0].dept, "what": heavy[0].what}
        return _("%(n)s 张红牌在挂，最久的是%(unit)s：%(what)s") % said
    if total.yellow.n:
        return _("没有红牌，%(n)s 张黄牌在挂") % {"n": total.yellow.n}
    if total.prompt.n:
        return _("没有红黄牌，%(n)s 条提示") % {"n": total.prompt.n}
    return _("没有红黄牌，也没有提示：%(n)s 件在办都按期") % {"n": total.open.n}


def _tiles(eye: Eye, total: DepartmentRow) -> Iterator[FigureView]:
    begun = start_of(eye.today)
    for level in (Level.RED, Level.YELLOW):
        now: Cell = getattr(total, level.value)
        before = _hung_at(eye, level, begun)
        appealed = CardFilters(level=level, state="appealed")
        n = cards(appealed, eye.regions, eye.at).count()
        proposed = CardFilters(level=level, state="proposed")
        waiting = cards(proposed, eye.regions, eye.at).count()
        lines = [Link(_("其中 %(n)s 张异议中") % {"n": n}, to("cards", appealed))] if n else []
        if waiting:
            lines.append(Link(_("另有 %(n)s 张拟发") % {"n": waiting}, to("cards", proposed)))
        yield FigureView(
            label=str(LEVELS[level]), value=str(now.n), url=now.url, signal=SIGNALS[level],
            delta=_change(now.n - before), lines=tuple(lines),
        )  # fmt: skip
    prompts = signals(SignalFilters(level=Level.PROMPT, state="all"), eye.regions)
    before = prompts.filter(Q(cleared_at=None) | Q(cleared_at__gte=begun), since__lt=begun).count()
    hung = CardFilters(level=Level.PROMPT)
    n = cards(hung, eye.regions, eye.at).count()
    lines = [Link(_("快到期和需要留意的"))]
    if n:
        lines.append(Link(_("另有 %(n)s 张提示牌在挂") % {"n": n}, to("cards", hung)))
    yield FigureView(
        label=str(LEVELS["prompt"]), value=str(total.prompt.n), url=total.prompt.url, signal="prompt",
        delta=_change(total.prompt.n - before), lines=tuple(lines),
    )  # fmt: skip
    course = _cases(eye, CaseFilters(state="course"))
    yield FigureView(
        label=_("按期"), value=str(course.n), url=course.url, signal="course",
        lines=(Link(_("在办共 %(n)s 件") % {"n": total.open.n}, total.open.url),),
    )  # fmt: skip
    fraction = {"part": total.kept.n, "whole": total.decided.n}
    yield FigureView(
        label=_("按承诺办结，%(month)s") % {"month": month_words(eye.month)}, value=total.rate, url=total.kept.url,
        lines=(Link(_("%(part)s / %(whole)s 件") % fraction, total.decided.url),),
    )  # fmt: skip


def _hung_at(eye: Eye, level: str, then: datetime) -> int:
    """How many cards of a level hung at an earlier instant."""
    issued = cards(CardFilters(level=level, state="issued"), eye.regions, eye.at)
    return issued.filter(Q(closed_at=None) | Q(closed_at__gte=then), issued_at__lt=then).count()


def _change(n: int) -> str:
    if not n:
        return _("和昨天一样")
    return _("比昨天 ＋%(n)s") % {"n": n} if n > 0 else _("比昨天 －%(n)s") % {"n": -n}


def month_words(month: str) -> str:
    """2026-03 as 3月."""
    return _("%(month)s月") % {"month": int(month[5:])}


# ---- cards ----------------------------------------------------------------------------------------------


def card_lines(found: Sequence[Card], eye: Eye) -> tuple[CardLine, ...]:
    """Cards as lines, their findings and names read at once."""
    rows = list(found)
    known = {row.key: row for row in Signal.objects.filter(key__in=[row.signal for row in rows if row.signal])}
    units = [code for row in rows for code in (row.unit, row.dept)]
    names = names_of(units=units, items=[row.item for row in rows])
    return tuple(_card_line(row, known.get(row.signal), names, eye) for row in rows)


def _card_line(row: Card, signal: Signal | None, names: Names, eye: Eye) -> CardLine:
    since = row.issued_at or row.opened_at
    until = row.closed_at or eye.at
    days = max(0, (law_day(until) - law_day(since)).days)
    return CardLine(
        number=row.number, url=reverse("supervision:card", args=[row.number]), level=SIGNALS[row.level],
        level_words=str(LEVELS[row.level]), what=headline(signal, eye.at), title=names.item(row.item) if row.item else
        _subject(signal, names), unit=place_words(names, row.dept, row.unit), dept=names.unit(row.dept),
        stands=stands_words(row), issued_at=row.issued_at,
        hung=days, hung_words=_hung_words(row, days), by_law=row.by_law, about=row.about, rule=row.rule,
    )  # fmt: skip


def _subject(signal: Signal | None, names: Names) -> str:
    return _("面上的判断") if signal is not None else _("没有指明办件")


def place_words(names: Names, dept: str, unit: str) -> str:
    """The department and, where it is another, the section."""
    return names.unit(unit) if unit == dept or not dept else f"{names.unit(dept)} {names.unit(unit)}"


def stands_words(row: Card) -> str:
    if row.closed_at is not None:
        return str(OUTCOMES.get(row.outcome, STANDS["closed"]))
    return str(STANDS.get(row.state, row.state))


def _hung_words(row: Card, days: int) -> str:
    if row.issued_at is None:
        return _("还没有发")
    if row.closed_at is not None:
        return ngettext("共挂 %(n)d 天", "共挂 %(n)d 天", days) % {"n": days}
    return ngettext("挂了 %(n)d 天", "挂了 %(n)d 天", days) % {"n": days} if days else _("今天发的")


# ---- charts ---------------------------------------------------------------------------------------------


def _series(*levels: str) -> tuple[SeriesView, ...]:
    return tuple(SeriesView(label=str(LEVELS[level]), tone=SIGNALS[level]) for level in levels)  # type: ignore[arg-type]  # signals are tones


def _charts(eye: Eye, rows: Sequence[DepartmentRow]) -> Iterator[ChartView]:
    yield _by_department(rows)
    yield _hanging(eye)
    yield _trend(eye)
    yield _ageing(eye)


def _by_department(rows: Sequence[DepartmentRow]) -> ChartView:
    shown = [row for row in rows if row.prompt.n or row.yellow.n or row.red.n]
    shown.sort(key=lambda row: (-(row.prompt.n + row.yellow.n + row.red.n), row.code))
    total = sum(row.prompt.n + row.yellow.n + row.red.n for row in shown)
    say = _("现在没有信号")
    if shown:
        first = shown[0].prompt.n + shown[0].yellow.n + shown[0].red.n
        said = {"total": total, "unit": shown[0].name, "n": first, "share": percent(first, total)}
        say = _("%(total)s 个信号里，%(unit)s占 %(n)s 个（%(share)s）") % said
    return ChartView(
        code="departments", kind="stack", say=say, sub=_("各部门没有了结的提示和在挂的牌，个"), category=_("部门"),
        series=_series("prompt", "yellow", "red"), none=_("有了信号，这里按部门画出来。"),
        rows=tuple(
            ChartRow(label=row.name, url=row.url, cells=tuple((c.n, c.url) for c in (row.prompt, row.yellow, row.red)))
            for row in shown[:CHARTED]
        ),
    )  # fmt: skip


def age_words(code: str) -> str:
    """A stretch of days in words."""
    low, _dash, high = code.partition("-")
    if not high:
        return _("今天") if low == "0" and "-" not in code else _("%(n)s 天以上") % {"n": int(low) - 1}
    return _("%(low)s 至 %(high)s 天") % {"low": low, "high": high}


def _hanging(eye: Eye) -> ChartView:
    has_prompts = cards(CardFilters(level=Level.PROMPT), eye.regions, eye.at).exists()
    shown = (Level.PROMPT, Level.YELLOW, Level.RED) if has_prompts else (Level.YELLOW, Level.RED)
    counts = {
        (code, level): cards(CardFilters(level=level, age=code), eye.regions, eye.at).count()
        for code in AGES
        for level in shown
    }
    total, long = sum(counts.values()), sum(n for (code, _l), n in counts.items() if AGES[code][0] > 5)
    say = (
        _("现在没有在挂的牌")
        if not total
        else _("%(total)s 张牌里，%(n)s 张挂了 5 天以上") % {"total": total, "n": long}
    )
    return ChartView(
        code="hanging", kind="stack", say=say, sub=_("在挂的牌挂了多久，张"), category=_("挂了多久"),
        series=_series(*shown), none=_("发了牌，这里按挂的天数画出来。"),
        rows=tuple(
            ChartRow(
                label=age_words(code),
                cells=tuple(
                    (counts[code, level], to("cards", CardFilters(level=level, age=code)))
                    for level in shown
                ),
            )
            for code in AGES
        )
        if total
        else (),
    )  # fmt: skip


def _trend(eye: Eye) -> ChartView:
    """Cards issued and withdrawn, week by week; a week begins on Monday."""
    monday = days_before(eye.today, eye.today.weekday())
    weeks = [days_before(monday, 7 * n) for n in reversed(range(WEEKS))]
    rows = [ChartRow(label=_("%(day)s 起") % {"day": f"{week:%m-%d}"}, cells=tuple(_week(eye, week))) for week in weeks]
    now, before = (sum(cell[0] or 0 for cell in row.cells[:2]) for row in (rows[-1], rows[-2]))
    said = {"now": now, "before": before}
    return ChartView(
        code="trend", kind="line", say=_("本周发了 %(now)s 张红黄牌，上周 %(before)s 张") % said,
        sub=_("每周发出和撤销的牌，张"), category=_("哪一周"), rows=tuple(rows),
        series=(*_series("yellow", "red"), SeriesView(label=_("撤销的"), tone="used", is_dashed=True)),
    )  # fmt: skip


def _week(eye: Eye, monday: date) -> Iterator[tuple[int, str]]:
    span = {"first": table_day(monday), "last": table_day(days_before(monday, -6))}
    for level in (Level.YELLOW, Level.RED):
        filters = CardFilters(state="issued", level=level, **span)
        yield cards(filters, eye.regions, eye.at).count(), to("cards", filters)
    filters = CardFilters(state="withdrawn", **span)
    yield cards(filters, eye.regions, eye.at).count(), to("cards", filters)


def _ageing(eye: Eye) -> ChartView:
    counts = {code: _cases(eye, CaseFilters(age=code)) for code in OPEN_AGES}
    total = sum(cell.n for cell in counts.values())
    old = counts["31-"].n
    say = _("%(total)s 件在办，%(n)s 件收了 30 天以上") % {"total": total, "n": old}
    return ChartView(
        code="ageing", kind="bar", say=say, sub=_("在办件从收件到今天，件"), category=_("收了多久"),
        series=(SeriesView(label=_("在办"), tone="used"),), none=_("现在没有在办件。"),
        rows=tuple(ChartRow(label=age_words(code), cells=((cell.n, cell.url),)) for code, cell in counts.items())
        if total
        else (),
    )  # fmt: skip


# ---- the clock wall ---------------------------------------------------------------------------------------


def _wall(eye: Eye) -> Iterator[tuple[str, tuple[WallRow, ...]]]:
    """What lapses today and tomorrow, instant by instant. Midnight closes the day before it."""
    until = start_of(days_before(eye.today, -WALL_DAYS))
    found: dict[datetime, dict[str, int]] = {}
    for kind, name in (("p", "promised_at"), ("d", "due_at")):
        rows = watched(CaseFilters(), eye.regions, eye.at).filter(
            **{f"{name}__gt": eye.at, f"{name}__lte": until}, decided_at=None
        )  # fmt: skip
        for instant, n in rows.order_by().values_list(name).annotate(n=Count("pk")):
            found.setdefault(instant, {})[kind] = n
    for n in range(WALL_DAYS):
        day = days_before(eye.today, -n)
        inside = [one for one in sorted(found) if start_of(day) < one <= start_of(days_before(day, -1))]
        label = _("今天 %(day)s") if n == 0 else _("明天 %(day)s")
        yield label % {"day": short_day_words(day)}, tuple(_wall_row(one, found[one], day) for one in inside)


def _wall_row(instant: datetime, counts: Mapping[str, int], day: date) -> WallRow:
    is_midnight = instant == start_of(days_before(day, -1))
    time = "24:00" if is_midnight else f"{instant.astimezone(LAW_ZONE):%H:%M}"
    cells = {
        kind: Cell(n=counts.get(kind, 0), url=to("cases", CaseFilters(until=f"{kind}:{instant.isoformat()}")))
        for kind in ("p", "d")
    }
    return WallRow(label=_("%(time)s 以前") % {"time": time}, promised=cells["p"], law=cells["d"])


# ---- by department, window, item ---------------------------------------------------------------------------

COLUMNS: Final = ("issued", "withdrawn", "corrected", "accountable", "other", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class SumRow:
    """The cards of one department, window or item: issued = withdrawn + corrected + accountable + other + open."""

    name: str
    cells: tuple[Cell, ...]


def by_table(filters: CardFilters, eye: Eye, field_name: str) -> tuple[tuple[SumRow, ...], SumRow]:
    """The columns of the cards, put together by a field, and their sum."""
    issued = cards(filters.but(state="issued", sort=""), eye.regions, eye.at)
    counted = {name: Count("pk", filter=CARD_STATES[name]) for name in COLUMNS}
    rows = list(issued.order_by().values(field_name).annotate(**counted))
    names = _names_for(field_name, [row[field_name] for row in rows])
    rows.sort(key=lambda row: (-row["issued"], row[field_name]))
    shown = tuple(_sum_row(filters, field_name, row, names[row[field_name]]) for row in rows)
    total = {name: sum(row[name] for row in rows) for name in COLUMNS}
    return shown, _sum_row(filters, "", total, _("合计"))


def _names_for(field_name: str, codes: Sequence[str]) -> Mapping[str, str]:
    kind = {"dept": "units", "window": "windows", "item": "items"}[field_name]
    names = names_of(**{kind: codes})
    return {code: getattr(names, kind[:-1])(code) for code in codes}


def _sum_row(filters: CardFilters, field_name: str, row: Mapping[str, object], name: str) -> SumRow:
    narrowed = filters.but(**{field_name: str(row[field_name]) or NONE}) if field_name else filters
    cells = tuple(Cell(n=int(str(row[each])), url=to("cards", narrowed.but(state=each))) for each in COLUMNS)
    return SumRow(name=name, cells=cells)
