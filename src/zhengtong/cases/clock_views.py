"""Draws a clock: the kernel's finding becomes the sentence, the line of days and the day-by-day explanation.

Nothing is counted here that the kernel has not counted: cells and rows are its `Day` lines, put into words.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import Clock, Day
from zhengtong.kernel.procedures import Phase
from zhengtong.kernel.terms import LAW_ZONE, Term, Unit, law_day
from zhengtong.law.rulebook_files import threshold
from zhengtong.ui.values import CellKind, CellView, ClockView, DayView, SignalKind
from zhengtong.ui.wording import short_day_words, table_day, weekday_words

COUNTED: Final = ("working", "makeup", "day")
LATE_CELLS: Final = 15
FOLD_FROM: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A clock with what is needed to draw it. `words` are the procedure's, in the reader's language."""

    clock: Clock
    calendar: Calendar
    at: datetime
    words: Mapping[str, str]

    @property
    def today(self) -> date:
        return law_day(self.at)

    @property
    def runs(self) -> bool:
        return self.clock.status == "running"

    @property
    def name(self) -> str:
        """The clock's name in the reader's language; a step limit is called as its state."""
        kind, _colon, code = self.clock.clock.partition(":")
        key = f"states.{code}.name" if kind == "step" else f"clocks.{self.clock.clock}.name"
        return self.words.get(key, self.clock.name)


def draw_clock(reading: Reading) -> ClockView:
    """The two-clock bar with its explanation."""
    clock = reading.clock
    return replace(
        _draw_line(reading, tuple(_cells(reading, _title))),
        today_label=_("今天 %(day)s") % {"day": short_day_words(reading.today)},
        promise_label=_("承诺 %(day)s") % {"day": short_day_words(clock.promised_on)} if clock.promised_on else "",
        law_label=_("法定 %(day)s") % {"day": short_day_words(clock.due_on)} if clock.due_on else "",
        sums=tuple(_sums(reading)),
        days=tuple(_rows(reading)),
        caption=_("按日历版次 %(edition)s 计算；依据：%(source)s") % {"edition": clock.edition, "source": clock.source},
        lead=_lead(clock),
        note=_note(clock),
    )


def draw_mini(reading: Reading) -> ClockView:
    """The row version for lists: the line and one sentence, no explanation and no words for each day."""
    return _draw_line(reading, tuple(_cells(reading, lambda _reading, _day: "")))


def _draw_line(reading: Reading, cells: Sequence[tuple[CellView, date]]) -> ClockView:
    clock, today = reading.clock, reading.today
    return ClockView(
        sentence=_sentence(reading),
        signal=find_signal(clock, reading.calendar, reading.at),
        cells=tuple(cell for cell, _day in cells),
        today_index=_index(cells, lambda day: day <= today) if clock.status != "stopped" else None,
        promise_index=_index(cells, lambda day: clock.promised_on is not None and day <= clock.promised_on),
        law_index=_index(cells, lambda day: clock.due_on is not None and day <= clock.due_on),
    )


def find_signal(clock: Clock, calendar: Calendar, at: datetime) -> tuple[SignalKind, str] | None:
    """How the clock stands, as a signal with its word; none once it has stopped in time."""
    if clock.is_late:
        return ("red", _("超法定时限"))
    if clock.is_late_to_promise:
        return ("yellow", _("超承诺时限"))
    if clock.status == "held":
        return ("pause", _("暂停计时"))
    if clock.status != "running":
        return None
    if is_due_soon(clock, calendar, at):
        return ("prompt", _("临近到期"))
    return ("course", _("按期"))


def is_due_soon(clock: Clock, calendar: Calendar, at: datetime) -> bool:
    """Whether what is left is no more than the rulebook's threshold."""
    lapse = clock.promised_lapses_at or clock.lapses_at
    if clock.status != "running" or lapse is None:
        return False
    soon = threshold("due_soon")
    return not calendar.is_ahead(law_day(at), lapse.astimezone(LAW_ZONE).date(), soon)


# ---- words ------------------------------------------------------------------------------------------


def term_words(term: Term) -> str:
    """A term in words: 10 个工作日, 4 个工作小时.

    >>> from zhengtong.kernel.terms import Term
    >>> term_words(Term.parse("10 wd"))
    '10 个工作日'
    """
    return amount_words(term.n, term.unit)


def amount_words(n: int, unit: Unit) -> str:
    if unit is Unit.WD and n == 0:
        return _("当场")
    forms = {
        Unit.WD: ngettext("%(n)d 个工作日", "%(n)d 个工作日", n),
        Unit.CD: ngettext("%(n)d 天", "%(n)d 天", n),
        Unit.H: ngettext("%(n)d 小时", "%(n)d 小时", n),
        Unit.WH: ngettext("%(n)d 个工作小时", "%(n)d 个工作小时", n),
        Unit.MONTH: ngettext("%(n)d 个月", "%(n)d 个月", n),
        Unit.YEAR: ngettext("%(n)d 年", "%(n)d 年", n),
    }
    return forms[unit] % {"n": n}


def left_words(left: int, limit: Term) -> str:
    """What is left of a limit: days in its unit, or hours and minutes."""
    if limit.unit in (Unit.H, Unit.WH):
        hours, minutes = divmod(abs(left), 60)
        return _("%(hours)d 小时 %(minutes)d 分") % {"hours": hours, "minutes": minutes}
    if left == 0 and limit.unit is Unit.WD:
        return ngettext("%(n)d 个工作日", "%(n)d 个工作日", 0) % {"n": 0}
    return amount_words(abs(left), limit.unit if limit.unit in (Unit.WD, Unit.CD) else Unit.CD)


def _sentence(reading: Reading) -> str:
    clock = reading.clock
    limit = clock.promised or clock.legal
    left = clock.promised_left if clock.promised is not None else clock.left
    day = clock.promised_on or clock.due_on
    if clock.status == "held" and limit is not None and left is not None:
        return _("%(name)s暂停，恢复后还剩 %(left)s") % {"name": reading.name, "left": left_words(left, limit)}
    if clock.status != "running":
        return _("%(name)s已经结束") % {"name": reading.name}
    if clock.is_late and clock.due_on is not None:
        over = reading.calendar.count(clock.due_on, reading.today)
        late = amount_words(over, Unit.WD)
        if not over:
            said = {"name": reading.name, "day": short_day_words(clock.due_on)}
            return _("%(name)s刚过法定时限（应在 %(day)s 前）") % said
        return _("%(name)s已超法定时限 %(late)s（应在 %(day)s 前）") % {
            "name": reading.name, "late": late, "day": short_day_words(clock.due_on),
        }  # fmt: skip
    if clock.is_late_to_promise and clock.due_on is not None and clock.left is not None and clock.legal is not None:
        return _("已超承诺时限；法定最晚 %(day)s，还剩 %(left)s") % {
            "day": short_day_words(clock.due_on), "left": left_words(clock.left, clock.legal),
        }  # fmt: skip
    if day is None or left is None or limit is None:
        return reading.name
    return _("%(name)s：最晚 %(day)s（%(weekday)s），还剩 %(left)s") % {
        "name": reading.name, "day": short_day_words(day), "weekday": weekday_words(day),
        "left": left_words(left, limit),
    }  # fmt: skip


def _lead(clock: Clock) -> str:
    if clock.legal is not None and clock.promised is not None:
        return _("承诺 %(promised)s，法律规定最长 %(legal)s") % {
            "promised": term_words(clock.promised), "legal": term_words(clock.legal),
        }  # fmt: skip
    return _("最长 %(legal)s") % {"legal": term_words(clock.legal)} if clock.legal is not None else ""


def _note(clock: Clock) -> str:
    if not clock.provisional:
        return ""
    years = "、".join(str(year) for year in clock.provisional)
    return _("%(years)s 年的放假安排还没有公布，日期按法定节假日暂算，公布后重新计算。") % {"years": years}


def _sums(reading: Reading) -> Iterator[tuple[CellKind, str]]:
    clock = reading.clock
    limit = clock.legal or clock.promised
    if limit is None or limit.unit in (Unit.H, Unit.WH):
        return
    yield "used", _("已用 %(days)s") % {"days": left_words(clock.used, limit)}
    held = sum(1 for day in clock.days if day.why.startswith("held:") and reading.calendar.is_working(day.date))
    if held:
        yield "pause", _("暂停 %(days)s，不计入") % {"days": left_words(held, limit)}
    if clock.promised is not None and clock.promised_left is not None and clock.promised_left > 0:
        yield "left", _("承诺内还剩 %(days)s") % {"days": left_words(clock.promised_left, limit)}
    if clock.left is not None and clock.left > 0:
        kind: CellKind = "left" if clock.promised is None else "spare"
        yield kind, _("到法定期限还有 %(days)s") % {"days": left_words(clock.left, limit)}


# ---- the line ---------------------------------------------------------------------------------------


def _cells(reading: Reading, title: Callable[[Reading, Day], str]) -> Iterator[tuple[CellView, date]]:
    clock, today = reading.clock, reading.today
    for day in clock.days:
        is_held = day.why.startswith("held:")
        if day.why not in COUNTED and not (is_held and reading.calendar.is_working(day.date)):
            continue
        yield CellView(kind=_cell_kind(clock, day, today, is_held=is_held), title=title(reading, day)), day.date
    if clock.is_late and clock.due_on is not None and clock.status == "running":
        shown, day_after = 0, clock.due_on
        while day_after < today and shown < LATE_CELLS:
            day_after += timedelta(days=1)
            if reading.calendar.is_working(day_after):
                shown += 1
                yield CellView(kind="late", title=table_day(day_after)), day_after


def _cell_kind(clock: Clock, day: Day, today: date, *, is_held: bool) -> CellKind:
    if is_held:
        return "pause"
    beyond = clock.promised_on is not None and day.date > clock.promised_on
    stop = clock.stopped_at
    until = law_day(stop) if stop is not None else today
    if day.date <= until:
        return "over" if beyond else "used"
    return "spare" if beyond else "left"


def _title(reading: Reading, day: Day) -> str:
    why = _why(reading, day.why)
    return f"{table_day(day.date)} {why}".strip()


def _index(cells: Sequence[tuple[CellView, date]], is_before: object) -> int | None:
    found = None
    for index, (_cell, day) in enumerate(cells):
        if callable(is_before) and is_before(day):
            found = index
    return found


# ---- the day table ----------------------------------------------------------------------------------


def _rows(reading: Reading) -> Iterator[DayView]:
    for (kind, _key), group in groupby(reading.clock.days, key=lambda day: _group_of(reading, day)):
        days = list(group)
        if kind == "each" or (kind == "future" and len(days) < FOLD_FROM):
            yield from (_row(reading, day) for day in days)
        elif kind == "future":
            yield _future(days)
        else:
            yield _range(reading, days)


def _group_of(reading: Reading, day: Day) -> tuple[str, str]:
    clock, today = reading.clock, reading.today
    if day.date == today or day.is_due or day.is_promised or day.why == "start":
        return ("each", str(day.date))
    if day.why.startswith("held:"):
        return ("held", day.why)
    if day.date > today and clock.status != "stopped":
        return ("future", "")
    return ("each", str(day.date)) if day.why in COUNTED else ("off", day.why)


def _row(reading: Reading, day: Day) -> DayView:
    number = (
        _("第 %(n)d 天") % {"n": day.counted} if day.counted is not None else "—" if day.why == "start" else _("不计")
    )
    said = [_why(reading, day.why)]
    kind = "counted" if day.counted is not None else "off"
    if day.date == reading.today and reading.clock.status != "stopped":
        kind = "today"
        said.insert(0, _("今天"))
    if day.is_promised:
        said.append(_("承诺时限届满"))
    if day.is_due:
        said.append(_("法定时限届满"))
    if (day.is_promised or day.is_due) and kind != "today":
        kind = "limit"
    return DayView(
        date=day.date, weekday=weekday_words(day.date), count=number, why="；".join(word for word in said if word),
        kind=kind,  # type: ignore[arg-type]  # one of the four words above
    )  # fmt: skip


def _future(days: Sequence[Day]) -> DayView:
    numbers = [day.counted for day in days if day.counted is not None]
    off = len(days) - len(numbers)
    count = _("第 %(first)d–%(last)d 天") % {"first": numbers[0], "last": numbers[-1]} if numbers else _("不计")
    why = _("中间 %(n)d 天休息，不计") % {"n": off} if off else ""
    return DayView(date=days[0].date, until=days[-1].date, count=count, why=why, kind="plain")


def _range(reading: Reading, days: Sequence[Day]) -> DayView:
    first, last = days[0], days[-1]
    is_held = first.why.startswith("held:")
    return DayView(
        date=first.date, until=last.date if last is not first else None,
        weekday=weekday_words(first.date) if last is first else "",
        count=_("停") if is_held else _("不计"), why=_why(reading, first.why), kind="pause" if is_held else "off",
    )  # fmt: skip


def _why(reading: Reading, why: str) -> str:
    if why == "start":
        return _("起算当日，不计入（《民法典》第二百零一条）")
    if why == "makeup":
        return _("调休补班，按工作日计")
    if why == "weekend":
        return _("周末")
    if why.startswith("holiday:"):
        return _("%(holiday)s放假") % {"holiday": why.partition(":")[2]}
    if why.startswith("held:"):
        state = why.partition(":")[2]
        return _("暂停计时：%(why)s") % {"why": reading.words.get(f"states.{state}.name", state)}
    return ""


def phase_words(phase: Phase) -> str:
    """A phase in words."""
    return {
        Phase.DRAFT: _("草稿"), Phase.SUBMITTED: _("已提交"), Phase.RECEIVED: _("已收件"),
        Phase.SUPPLEMENTING: _("待补正"), Phase.EXAMINING: _("审查中"), Phase.SUSPENDED: _("暂停计时"),
        Phase.DECIDED: _("已决定"), Phase.DELIVERING: _("待领取"), Phase.CLOSED: _("已办结"),
    }[phase]  # fmt: skip


def limit_words(reading: Reading, *, promised: bool) -> tuple[str, str, str]:
    """One limit as a list shows it: (late, over, near or nothing; 剩 2 天; 03-12)."""
    clock = reading.clock
    limit = clock.promised if promised else clock.legal
    day = clock.promised_on if promised else clock.due_on
    left = clock.promised_left if promised else clock.left
    if limit is None and day is None:
        return ("", "", "")
    shown = day.strftime("%m-%d") if day is not None else ""
    if (clock.is_late_to_promise if promised else clock.is_late) and day is not None:
        over = reading.calendar.count(day, reading.today)
        said = _("超 %(n)d 天") % {"n": over} if over else _("刚过期")
        return ("over" if promised else "late", said, shown)
    if clock.status == "held":
        return ("", _("暂停"), "")
    if left is None or limit is None:
        return ("", "", shown)
    if limit.unit in (Unit.H, Unit.WH):
        return ("near" if left < 60 else "", _("剩 %(left)s") % {"left": left_words(left, limit)}, shown)
    kind = "near" if left <= threshold("due_soon").n else ""
    return (kind, _("剩 %(n)d 天") % {"n": left}, shown)
