"""The report of an observation as pages that open from disk: `index.html` in one language, a sister in the other, one
style sheet, no script and no network. Titles are sentences, each chart has its table, each figure its definition."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import pgettext

from zhengtong.analysis.guessing import Guess
from zhengtong.analysis.map_drawing import HIGH, WIDE, Box, draw
from zhengtong.analysis.observing import (
    BURST_EVENTS,
    EXAMPLES,
    HOURS,
    MONTH_END_DAYS,
    SAME_RUN,
    SECOND,
    STALL_TIMES,
    Late,
    Observation,
    Rate,
    ranked_dwell,
)
from zhengtong.analysis.reading.instants import MINUTE
from zhengtong.analysis.report_words import role_names, tell
from zhengtong.analysis.spreads import LEAST_VOLUME, Spread
from zhengtong.analysis.working_time import WORKING_DAY

_: Final = partial(pgettext, "log report")  # its own words: pages say some of them otherwise
LANGUAGES: Final = {"zh-hans": "中文", "en": "English"}
FILES: Final = {"zh-hans": "zh.html", "en": "en.html"}
_LENGTHS: Final = ((86_400, "1"), (7 * 86_400, "7"), (30 * 86_400, "30"), (90 * 86_400, "90"), (365 * 86_400, "365"))


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A table: `name` is said where it is folded and to those who hear it."""

    name: str
    head: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    is_folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    code: str
    title: str
    lead: str = ""
    chart: Any = None
    tables: Sequence[Shown] = field(default_factory=tuple)
    is_half: bool = False


def write_report(
    found: Observation, guesses: Sequence[Guess], folder: Path, *, source: str, east: int = 0, language: str = "zh-hans"
) -> list[Path]:  # fmt: skip
    """Both languages; `index.html` is in the one asked for. `east` is the zone instants are shown in.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    names = {each: "index.html" if each == language else FILES[each] for each in LANGUAGES}
    for each, name in names.items():
        other = next(code for code in LANGUAGES if code != each)
        with translation.override(each):
            context = make_page(found, guesses, source=source, east=east)
            context["other"] = {"file": names[other], "name": LANGUAGES[other], "language": other}
            page = render_to_string("analysis/report.html", context | {"language": each})
        (folder / name).write_text(page, encoding="utf-8")
        written.append(folder / name)
    (folder / "report.css").write_text(_styles(), encoding="utf-8")
    return [*written, folder / "report.css"]


def _styles() -> str:
    tokens = files("zhengtong.ui").joinpath("static/ui/css/tokens.css").read_text(encoding="utf-8")
    own = files("zhengtong.analysis").joinpath("templates/analysis/report.css").read_text(encoding="utf-8")
    return f"{tokens}\n{own}"


def make_page(found: Observation, guesses: Sequence[Guess], *, source: str, east: int) -> dict[str, Any]:
    """What the template shows, in the active language."""
    when = _when(east)
    sections = [
        section
        for make in (
            _late_section, _group_section, _month_section, _open_section, _stall_section, _dwell_section, _work_section,
            _rework_section, _both_section, _burst_section, _run_section, _outside_section, _month_end_section,
            _variant_section, _handover_section,
        )
        if (section := make(found, when)) is not None
    ]  # fmt: skip
    return {
        "title": _title(found), "under": _under(found, source, when), "figures": _figures(found), "map": _map(found),
        "sections": sections, "untold": _untold(found), "notes": list(map(tell, found.notes)),
        "mapping": _mapping(guesses), "definitions": _definitions(),
    }  # fmt: skip


# ---- words ----------------------------------------------------------------------------------------------


def spell(microseconds: int) -> str:
    """A length of time in its largest fitting unit."""
    seconds = microseconds / SECOND
    for size, words in ((86_400, _("%(n)s 天")), (3_600, _("%(n)s 小时")), (60, _("%(n)s 分钟"))):
        if seconds >= size:
            number = seconds / size
            return words % {"n": f"{number:,.0f}" if number >= 100 else f"{number:.1f}".removesuffix(".0")}
    return _("%(n)s 秒") % {"n": f"{seconds:.0f}"}


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "–"


def fraction(rate: Rate) -> str:
    return f"{rate.part:,} / {rate.whole:,}"


def between(rate: Rate) -> str:
    return f"{100 * rate.low:.1f}–{100 * rate.high:.1f}%"


def _when(east: int) -> Callable[[int], str]:
    def say(instant: int) -> str:
        return str(np.datetime64(instant + east * MINUTE, "us").astype("datetime64[m]")).replace("T", " ")

    return say


def _title(found: Observation) -> str:
    c = found.counts
    if c["open_past_deadline"]:
        return _("%(n)s 件过了期限还没办完，已办结的有 %(share)s超期") % {
            "n": f"{c['open_past_deadline']:,}", 
            "share": percent(c["ended_after_deadline"] or 0, c["ended"] or 0) + " ",
        }  # fmt: skip
    if c["ended_after_deadline"]:
        return _("已办结的 %(whole)s 件里有 %(n)s 件超期") % {
            "whole": f"{c['ended']:,}",
            "n": f"{c['ended_after_deadline']:,}",
        }
    slow = next((name for name, spread in ranked_dwell(found) if spread.is_ranked), "")
    if slow:
        return _("时间大多花在“%(name)s”之前") % {"name": slow}
    return _("%(n)s 件办件的实际过程") % {"n": f"{c['cases']:,}"}


def _under(found: Observation, source: str, when: Callable[[int], str]) -> str:
    return _("%(source)s：%(cases)s 件，%(events)s 条事件，%(first)s 至 %(last)s") % {
        "source": source, "cases": f"{found.counts['cases']:,}", "events": f"{found.counts['events']:,}",
        "first": when(found.first_at), "last": when(found.last_at),
    }  # fmt: skip


def _figures(found: Observation) -> list[dict[str, Any]]:
    c = found.counts
    unknown = _("日志里看不出")

    def figure(name: str, value: int | None, under: str, is_late: bool = False) -> dict[str, Any]:
        shown = "–" if value is None else f"{value:,}"
        return {
            "name": name,
            "value": shown,
            "under": unknown if value is None else under,
            "is_late": is_late and value,
        }

    ended, opened = c["ended"] or 0, c["open"] or 0
    return [
        figure(_("全部办件"), c["cases"], _("%(n)s 条事件") % {"n": f"{c['events']:,}"}),
        figure(
            _("超期办结"), c["ended_after_deadline"],
            f"{percent(c['ended_after_deadline'] or 0, ended)} · {c['ended_after_deadline'] or 0:,} / {ended:,}", True,
        ),
        figure(
            _("晚于计划办结"), c["ended_after_planned"],
            f"{percent(c['ended_after_planned'] or 0, ended)} · {c['ended_after_planned'] or 0:,} / {ended:,}",
        ),
        figure(_("过期未办完"), c["open_past_deadline"], _("在办共 %(n)s 件") % {"n": f"{opened:,}"}, True),
        figure(_("停滞的办件"), None if c["ended"] is None else len(found.stalls), _("在办，早已不见动静")),
        figure(
            _("有返工的办件"), c["cases_that_repeat"],
            _("占 %(share)s，重复的环节 %(n)s 处")
            % {"share": percent(c["cases_that_repeat"] or 0, c["cases"] or 0), "n": f"{c['cases_with_rework']:,}"},
        ),
    ]  # fmt: skip


def _untold(found: Observation) -> list[str]:
    words = {
        "ended": _("没有一列、也没有一个环节说得出办件是否已经办结，所以不说超期和在办。"),
        "deadline": _("没有期限一列，所以不说超期。映射文件里可以写 limit。"),
        "planned": _("没有计划办结时间一列。"),
        "resource": _("没有经办人一列，所以不说交接、一人两头和成批办理。"),
        "clock": _("时间只有日期，没有钟点，所以不说成批办理、夜间办理和相同用时。"),
        "utc": _("时间没有写时区，或都按 UTC 写，就当作当地钟点；不对的话在映射文件里写 zone。"),
        "group": _("没有部门一列，所以不分部门。"),
        "calendar": _("日历没有盖住整份日志，所以停留时间不按工作日说。"),
    }
    return [words[code] for code in found.untold]


def _definitions() -> list[str]:
    return [
        _("办结：有办结时间，或状态、最后的环节说明已经办结。"),
        _("超期：办结时刻晚于期限；在办的按日志最后一刻算。期限只写到日的，当天过完才算到期。"),
        _("停滞：在办，离上一条事件的时间超过该环节后十件里九件所用时间的 %(n)s 倍，且超过一天。") % {"n": STALL_TIMES},
        _("返工：同一环节在一件里不止一次。“重复的环节”按每件每个环节各计一次。"),
        _("停留：从上一条事件到这一条事件。给中位数、九成位数和中位数的置信区间；少于 %(n)s 次的不排名。")
        % {"n": LEAST_VOLUME},
        _("办理用时：日志写了开始和办完的，从开始到办完；排了队还没开始的不算。"),
        _("成批：同一人同一环节十分钟内办了至少 %(n)s 件。") % {"n": BURST_EVENTS},
        _("相同用时：同一人同一环节接连至少 %(n)s 次用时一秒不差，且不短于一分钟。") % {"n": SAME_RUN},
        _("一人两头：平时由不同的人办的两个环节，由同一人办了。哪两个环节，由映射文件指定或从日志里看出。"),
        _("夜间和休息日：当地时间 %(from)s 点前、%(to)s 点后，或周末（给了日历的按日历）。")
        % {"from": HOURS[0], "to": HOURS[1]},
        _("比率都写分子、分母；括号里的区间是九成把握的范围。"),
    ]


# ---- tables and charts -----------------------------------------------------------------------------------


def _head(*names: str) -> list[Cell]:
    """Names of columns; one that begins with # is of numbers."""
    return [Cell(name.removeprefix("#"), name.startswith("#")) for name in names]


def _row(head: Sequence[Cell], *values: object) -> list[Cell]:
    return [
        Cell(f"{value:,}" if isinstance(value, int) else str(value), column.is_number)
        for column, value in zip(head, values, strict=True)
    ]


def _table(name: str, head: Sequence[Cell], rows: Sequence[Sequence[object]], *, is_folded: bool = False) -> Shown:
    return Shown(name=name, head=head, rows=[_row(head, *row) for row in rows], is_folded=is_folded)


def _folded(head: Sequence[Cell], rows: Sequence[Sequence[object]]) -> Shown:
    return _table(_("看数据表"), head, rows, is_folded=True)


def make_bars(
    name: str, rows: Sequence[tuple[str, float, float, str]], keys: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """Bars of (label, value, part of it, what is written beside it), in per cent of the longest."""
    most = max((row[1] for row in rows), default=0) or 1
    bars = [
        {
            "label": label,
            "width": f"{100 * value / most:.1f}",
            "part": f"{100 * part / most:.1f}" if part else "",
            "text": text,
        }
        for label, value, part, text in rows
    ]
    return {"name": name, "bars": bars, "keys": [{"name": key, "tone": tone} for key, tone in keys]}


def _by_length(spans: Sequence[int]) -> list[tuple[str, int]]:
    """How many are how long."""
    edges = [seconds * SECOND for seconds, _name in _LENGTHS]
    counts = np.bincount(
        np.searchsorted(edges, np.array(spans, dtype=np.int64), side="right"), minlength=len(edges) + 1
    )
    days = [name for _seconds, name in _LENGTHS]
    names = [_("不到 %(n)s 天") % {"n": days[0]}]
    names += [_("%(n)s 至 %(m)s 天") % {"n": a, "m": b} for a, b in pairwise(days)]
    names.append(_("%(n)s 天以上") % {"n": days[-1]})
    return list(zip(names, counts.tolist(), strict=True))


def _late_rows(cases: Sequence[Late], when: Callable[[int], str], *, is_open: bool) -> Shown:
    has_days = any(each.working_days is not None for each in cases)
    head = _head(
        _("办件"), _("部门"), _("期限"), _("日志最后一刻") if is_open else _("办结时间"), "#" + _("超过"),
        *(["#" + _("工作日")] if has_days else []),
    )  # fmt: skip
    rows = [
        (
            each.case, each.group or "–", when(each.due_at), when(each.until), spell(each.by),
            *((each.working_days if each.working_days is not None else "–",) if has_days else ()),
        )
        for each in cases[:EXAMPLES]
    ]  # fmt: skip
    return _table(_("超得最久的"), head, rows)


# ---- sections ---------------------------------------------------------------------------------------------


def _late_section(found: Observation, when: Callable[[int], str]) -> Section | None:
    if not found.late_by:
        return None
    spread = sorted(found.late_by)
    lengths = _by_length(found.late_by)
    head = _head(_("超期多久"), "#" + _("件"))
    return Section(
        code="late",
        title=_("%(n)s 件办结时已经超期，一半超过 %(median)s")
        % {"n": f"{len(spread):,}", "median": spell(spread[len(spread) // 2])},
        lead=_("超期多久，件"),
        chart=make_bars(_("超期多久"), [(name, n, 0, f"{n:,}") for name, n in lengths]),
        tables=(_folded(head, lengths), _late_rows(found.late, when, is_open=False)),
    )


def _group_section(found: Observation, when: Callable[[int], str]) -> Section | None:
    rates = [rate for rate in found.late_by_group if rate.whole >= LEAST_VOLUME]
    if len(rates) < 2:
        return None
    few = len(found.late_by_group) - len(rates)
    head = _head(_("部门"), "#" + _("超期率"), "#" + _("分子 / 分母"), "#" + _("区间"))
    rows = [(rate.name or "–", percent(rate.part, rate.whole), fraction(rate), between(rate)) for rate in rates]
    worst = max(rates, key=lambda rate: rate.part / rate.whole)
    return Section(
        code="groups", is_half=True,
        title=_("“%(name)s”的超期率最高，%(share)s")
        % {"name": worst.name or "–", "share": percent(worst.part, worst.whole)},
        lead=_("办结时已超期的占比；不到 %(n)s 件的 %(few)s 个部门没有列") % {"n": LEAST_VOLUME, "few": few}
        if few else _("办结时已超期的占比"),
        chart=make_bars(
            _("超期率"),
            [(rate.name or "–", rate.part / rate.whole, 0, percent(rate.part, rate.whole)) for rate in rates[:12]],
        ),
        tables=(_folded(head, rows),),
    )  # fmt: skip


def _month_section(found: Observation, when: Callable[[int], str]) -> Section | None:
    if len(found.months) < 2:
        return None
    some = found.months[-18:]
    busiest = max(found.months, key=lambda each: each[1])
    head = _head(_("月份"), "#" + _("办结"), "#" + _("其中超期"), "#" + _("超期率"))
    return Section(
        code="months", is_half=True,
        title=_("%(month)s 办结最多，%(n)s 件") % {"month": busiest[0], "n": f"{busiest[1]:,}"},
        lead=_("每月办结，件") if len(some) == len(found.months) else _("最近 18 个月每月办结，件"),
        chart=make_bars(
            _("每月办结"), [(month, n, late, f"{n:,} · {late:,}") for month, n, late in some],
            keys=((_("办结"), ""), (_("其中超期"), "late")),
        ),
        tables=(_folded(head, [(month, n, late, percent(late, n)) for month, n, late in found.months]),),
    )  # fmt: skip


def _open_section(found: Observation, when: Callable[[int], str]) -> Section | None:
    if not found.open_age:
        return None
    lengths = _by_length(found.open_age)
    past = found.counts["open_past_deadline"]
    past = found.counts["open_past_planned"] if past is None else past
    if past:
        title = _("%(n)s 件还没办完，%(past)s 件过了期限") % {"n": f"{len(found.open_age):,}", "past": f"{past:,}"}
    else:
        title = _("%(n)s 件还没办完，最久的已有 %(age)s") % {
            "n": f"{len(found.open_age):,}", "age": spell(found.open_age[0]),
        }  # fmt: skip
    tables = [_folded(_head(_("已办多久"), "#" + _("件")), lengths)]
    if found.open_late:
        tables.append(_late_rows(found.open_late, when, is_open=True))
    return Section(
        code="open", title=title, lead=_("在办件到日志最后一刻已有多久，件"),
        chart=make_bars(_("已办多久"), [(name, n, 0, f"{n:,}") for name, n in lengths]), tables=tables,
    )  # fmt: skip


def _stall_section(found: Observation, when: Callable[[int], str]) -> Section | None:
    if not found.stalls:
        return None
    head = _head(_("办件"), _("停在"), _("上一条事件"), "#" + _("已停"), "#" + _("平常九成在"))
    rows = [
        (each.case, each.after, when(each.since), spell(each.idle), spell(each.usual))
        for each in found.stalls[:EXAMPLES]
    ]
    return Section(
        code="stalls",
        title=_("%(n)s 件停着不动，最久 %(idle)s")
        % {"n": f"{len(found.stalls):,}", "idle": spell(found.stalls[0].idle)},
        lead=_("停得最久的"), tables=(_table(_("停得最久的"), head, rows),),
    )  # fmt: skip


def _dwell_section(found: Observation, when: Callable[[int], str]) -> Section | None:
    ranked = ranked_dwell(found)
    whole = sum(spread.total for _name, spread in ranked)
    if not ranked or not whole:
        return None
    slowest, spread = ranked[0]
    head = _head(
        _("环节"), "#" + _("次"), "#" + _("占全部时间"), "#" + _("中位数"), "#" + _("中位数的区间"),
        "#" + _("九成在"), "#" + _("最长"),
        *(("#" + _("中位数（工作日）"), "#" + _("九成在（工作日）")) if found.dwell_worked else ()),
    )  # fmt: skip
    rows = [
        (name, s.count, percent(s.total, whole), spell(s.median), _interval(s), spell(s.p90), spell(s.most),
         *_worked(found, name))
        for name, s in ranked
    ]  # fmt: skip
    return Section(
        code="dwell",
        title=_("等“%(name)s”花了全部时间的 %(share)s") % {"name": slowest, "share": percent(spread.total, whole)},
        lead=_("到每个环节之前停留的时间，占全部停留时间的份额"),
        chart=make_bars(
            _("停留时间"),
            [
                (
                    name, s.total / whole, 0,
                    _("%(share)s · 九成在 %(p90)s") % {"share": percent(s.total, whole), "p90": spell(s.p90)},
                )
                for name, s in ranked[:12]
            ],
        ),
        tables=(_folded(head, rows),),
    )  # fmt: skip


def _worked(found: Observation, name: str) -> tuple[str, ...]:
    """The median and the ninth tenth in working days, where a calendar was given."""
    if not found.dwell_worked:
        return ()
    spread = found.dwell_worked[name]
    return tuple(f"{each / WORKING_DAY:.1f}" for each in (spread.median, spread.p90))


def _work_section(found: Observation, when: Callable[[int], str]) -> Section | None:
    if not found.work:
        return None
    ranked = sorted(found.work.items(), key=lambda each: (not each[1].is_ranked, -each[1].total, each[0]))
    name, spread = ranked[0]
    head = _head(
        _("环节"), "#" + _("次"), "#" + _("中位数"), "#" + _("中位数的区间"), "#" + _("九成在"), "#" + _("最长")
    )
    rows = [(n, s.count, spell(s.median), _interval(s), spell(s.p90), spell(s.most)) for n, s in ranked]
    return Section(
        code="work",
        title=_("“%(name)s”办理用时最多，九成在 %(p90)s内") % {"name": name, "p90": spell(spread.p90) + " "},
        lead=_("从开始到办完，不含排队等候"), tables=(_table(_("办理用时"), head, rows),),
    )  # fmt: skip


def _interval(spread: Spread) -> str:
    low_high = spread.median_between
    if not spread.is_ranked or low_high is None:
        return _("太少")
    return f"{spell(low_high[0])} – {spell(low_high[1])}"


def _rework_section(found: Observation, when: Callable[[int], str]) -> Section | None:
    if not found.rework:
        return None
    first = found.rework[0]
    head = _head(_("环节"), "#" + _("件"), "#" + _("多出的次数"), _("重复最多的一件"))
    rows = [(each.activity, each.cases, each.extra, each.example) for each in found.rework]
    return Section(
        code="rework", is_half=True,
        title=_("“%(name)s”返工最多，%(n)s 件") % {"name": first.activity, "n": f"{first.cases:,}"},
        lead=_("同一环节不止一次的办件，件"),
        chart=make_bars(_("返工"), [(each.activity, each.cases, 0, f"{each.cases:,}") for each in found.rework[:10]]),
        tables=(_folded(head, rows),),
    )  # fmt: skip


def _both_section(found: Observation, when: Callable[[int], str]) -> Section | None:
    if not found.both:
        return None
    worst = found.both[0]
    head = _head(
        _("环节"), _("另一环节"), "#" + _("同一人办了"), "#" + _("两个环节都有的"), _("怎样知道要分开"), _("例")
    )
    rows = [
        (
            each.first, each.second, each.same, each.cases,
            _("日志里平时分开") if each.learned else _("映射文件"),
            _("、").join(case + _("（%(who)s）") % {"who": who} for case, who in each.examples[:3]),
        )
        for each in found.both[:EXAMPLES]
    ]  # fmt: skip
    return Section(
        code="both",
        title=_("%(n)s 件里“%(first)s”和“%(second)s”由同一人办")
        % {"n": f"{worst.same:,}", "first": worst.first, "second": worst.second},
        lead=_("该由两个人办的，一个人办了两头"), tables=(_table(_("一人两头"), head, rows),),
    )  # fmt: skip


def _burst_section(found: Observation, when: Callable[[int], str]) -> Section | None:
    if not found.bursts:
        return None
    first = found.bursts[0]
    head = _head(_("环节"), _("经办"), _("从"), "#" + _("用了"), "#" + _("件"), _("例"))
    rows = [
        (each.activity, each.resource or "–", when(each.since), spell(each.until - each.since), each.events,
         _("、").join(each.cases[:3]))
        for each in found.bursts[:EXAMPLES]
    ]  # fmt: skip
    return Section(
        code="bursts", is_half=True,
        title=_("%(n)s 次成批办理，最多一次 %(most)s 件")
        % {"n": f"{len(found.bursts):,}", "most": f"{first.events:,}"},
        lead=_("几分钟内办了许多件，看看是不是事后补录"), tables=(_table(_("成批办理"), head, rows),),
    )  # fmt: skip


def _run_section(found: Observation, when: Callable[[int], str]) -> Section | None:
    if not found.runs:
        return None
    head = _head(_("环节"), _("经办"), "#" + _("每次用时"), "#" + _("接连"), _("从"), _("例"))
    rows = [
        (
            each.activity,
            each.resource or "–",
            spell(each.took),
            each.events,
            when(each.since),
            _("、").join(each.cases[:3]),
        )
        for each in found.runs[:EXAMPLES]
    ]
    return Section(
        code="runs", is_half=True, title=_("%(n)s 处接连用时一秒不差") % {"n": f"{len(found.runs):,}"},
        lead=_("像是补录的，不像是办出来的"), tables=(_table(_("相同用时"), head, rows),),
    )  # fmt: skip


def _outside_section(found: Observation, when: Callable[[int], str]) -> Section | None:
    rate = found.outside
    if rate is None or not rate.part:
        return None
    head = _head(_("经办"), "#" + _("占比"), "#" + _("分子 / 分母"), "#" + _("区间"))
    rows = [
        (each.name, percent(each.part, each.whole), fraction(each), between(each))
        for each in found.outside_by_resource[:EXAMPLES]
    ]
    return Section(
        code="outside", is_half=True,
        title=_("%(share)s的事件在夜间或休息日") % {"share": percent(rate.part, rate.whole) + " "},
        lead=_("%(fraction)s 条；下面是一半以上在夜间或休息日的经办，也可能是自动程序") % {"fraction": fraction(rate)}
        if rows else _("%(fraction)s 条；没有哪个经办一半以上在夜间或休息日") % {"fraction": fraction(rate)},
        tables=(_table(_("夜间和休息日"), head, rows),) if rows else (),
    )  # fmt: skip


def _month_end_section(found: Observation, when: Callable[[int], str]) -> Section | None:
    rate = found.month_end
    if rate is None:
        return None
    shares = {"share": percent(rate.part, rate.whole), "expected": f"{100 * found.month_end_expected:.1f}%"}
    title = _("月末三天办结了 %(share)s，本该是 %(expected)s") if found.month_end_is_clear else _("月末没有突击办结")
    return Section(
        code="month-end", is_half=True, title=title % shares,
        lead=_("每月最后 %(days)s 天办结 %(fraction)s 件（%(share)s）；这些天占工作日的 %(expected)s")
        % {**shares, "days": MONTH_END_DAYS, "fraction": fraction(rate)},
    )  # fmt: skip


def _variant_section(found: Observation, when: Callable[[int], str]) -> Section | None:
    variants = found.measured.variants
    top = variants.top(EXAMPLES)
    head = _head("#" + _("件"), "#" + _("占比"), _("经过"), _("例"))
    rows = [
        (each.count, percent(each.count, len(variants.of_case)), " → ".join(each.activities), each.example)
        for each in top
    ]
    covered = sum(each.count for each in top)
    return Section(
        code="variants",
        title=_("共有 %(n)s 种走法，前 %(top)s 种占 %(share)s")
        % {"n": f"{variants.count:,}", "top": len(top), "share": percent(covered, len(variants.of_case))},
        tables=(_table(_("走法"), head, rows),),
    )


def _handover_section(found: Observation, when: Callable[[int], str]) -> Section | None:
    if not found.handovers:
        return None
    giver, taker, n = found.handovers[0]
    head = _head(_("交出"), _("接手"), "#" + _("次"))
    return Section(
        code="handovers", is_half=True,
        title=_("%(giver)s 交给 %(taker)s 最多，%(n)s 次") % {"giver": giver, "taker": taker, "n": f"{n:,}"},
        tables=(_table(_("交接"), head, found.handovers),),
    )  # fmt: skip


def _map(found: Observation) -> dict[str, Any]:
    drawn = draw(found.measured.map)
    slow = {name for name, _spread in ranked_dwell(found)[:1]}
    head = _head(_("从"), _("到"), "#" + _("次"), "#" + _("中位数"), "#" + _("九成在"))
    pairs = [(p.left, p.right, p.count, spell(p.took.median), spell(p.took.p90)) for p in found.measured.map.pairs]
    rest = max(0, drawn.left_out_successions)
    lead = _("箭头上是次数，虚线是往回走；蓝框是之前停留最久的环节。")
    if drawn.left_out_activities or rest:
        lead += _("少见的 %(boxes)s 个环节和 %(arrows)s 次转移没有画，都在数据表里。") % {
            "boxes": drawn.left_out_activities, "arrows": f"{rest:,}",
        }  # fmt: skip
    return {
        "title": _("%(n)s 件实际走过的路") % {"n": f"{found.counts['cases']:,}"}, "lead": lead, "drawn": drawn,
        "boxes": [_box(box, box.name in slow, found) for box in drawn.boxes], "table": _folded(head, pairs),
    }  # fmt: skip


def _box(box: Box, is_hot: bool, found: Observation) -> dict[str, Any]:
    top = box.y + (HIGH - 18 * (len(box.lines) + 1)) / 2 + 13
    dwell = found.dwell.get(box.name)
    under = _("%(n)s 次") % {"n": f"{box.count:,}"}
    if dwell is not None:
        under += " · " + _("停留中位数 %(time)s") % {"time": spell(dwell.median)}
    return {
        "x": box.x, "y": box.y, "text_x": box.x + 12, "is_hot": is_hot, "loops": f"{box.loops:,}" if box.loops else "",
        "lines": [{"text": line, "y": top + 18 * place} for place, line in enumerate(box.lines)], "under": under,
        "under_y": top + 18 * len(box.lines), "loop_x": box.x + WIDE + 5, "loop_y": box.y + HIGH / 2 + 4,
    }  # fmt: skip


def _mapping(guesses: Sequence[Guess]) -> Shown:
    head = _head(_("作用"), _("列"), "#" + _("把握"), _("理由"))
    roles = role_names()
    rows = [
        (
            roles.get(each.role, each.role),
            each.column,
            f"{100 * each.score:.0f}%",
            _("；").join(map(tell, each.reasons)),
        )
        for each in guesses
    ]
    return _table(_("列是怎样认的"), head, rows)
