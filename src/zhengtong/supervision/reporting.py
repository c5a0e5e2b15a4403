"""The supervision report of a day or a month (监察日报、月报), of the city or one department, as page, PDF and XLSX.

Everything is reckoned as things stood at the end of the period (or now, before it has ended), from what is dated: cards
by when they were issued and withdrawn, cases by when they were decided. The same history gives the same report.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Final

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from zhengtong.accounts import queries as people
from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.indicators import PERCENTILES, Rate, Spread, find_rates, find_saving, find_spread
from zhengtong.kernel.supervision.facts import CaseFacts
from zhengtong.kernel.supervision.rules import Level
from zhengtong.kernel.supervision.scoring import IssuedCard, Score, find_score
from zhengtong.kernel.terms import law_day
from zhengtong.law.scoring_files import load_scheme
from zhengtong.law.supervision_rules import load_rules
from zhengtong.ledger.installed import installed
from zhengtong.supervision.models import Card, CardQuerySet, Signal, SignalQuerySet, Watched
from zhengtong.supervision.names import LEVELS, OUTCOMES, STANDS
from zhengtong.supervision.narrowing import days_before, internal_procedures, month_of, orders, start_of
from zhengtong.supervision.rule_words import STREAMS
from zhengtong.supervision.surveying import read_facts
from zhengtong.supervision.wording import quantity_words, rule_names
from zhengtong.ui.wording import day_words, table_day, table_instant

DAY, MONTH = "day", "month"
MOST_LISTED: Final = 500
REVOKED: Final = "revoked"
NOT_COUNTED: Final = frozenset({REVOKED, "superseded"})
HUNG: Final = "hung"
CARD_RATES: Final = frozenset({"prompts", "yellow_cards", "red_cards", "cards_revoked"})
RATES: Final[Mapping[str, Promise]] = {
    "completed": gettext_lazy("办结率"), "in_time": gettext_lazy("按时办结率"),
    "in_limit": gettext_lazy("法定时限内办结率"), "early": gettext_lazy("提前办结率"), "late": gettext_lazy("超时率"),
    "on_the_spot": gettext_lazy("当场办结率"), "instant": gettext_lazy("即办件率"),
    "online": gettext_lazy("网上受理率"), "wholly_online": gettext_lazy("全程网办率"),
    "one_visit": gettext_lazy("最多跑一次率"), "not_accepted": gettext_lazy("不予受理率"),
    "returned": gettext_lazy("退件率"), "supplemented": gettext_lazy("补正率"),
    "special": gettext_lazy("特别程序占比"), "extended": gettext_lazy("延期占比"),
    "withdrawn": gettext_lazy("撤回率"), "void": gettext_lazy("作废率"), "complaints": gettext_lazy("投诉率"),
    "complaints_closed": gettext_lazy("投诉办结率"), "complaints_in_time": gettext_lazy("投诉按期反馈率"),
    "satisfied": gettext_lazy("满意率"), "saved_days": gettext_lazy("提速率（法定工作日省下的）"),
    "prompts": gettext_lazy("提示率"), "yellow_cards": gettext_lazy("黄牌率"), "red_cards": gettext_lazy("红牌率"),
    "cards_revoked": gettext_lazy("撤牌率"),
}  # fmt: skip


# ---- what is asked for ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A day or a month, of one department or of all (empty). `regions` are those of whoever asks."""

    kind: str
    since: date
    until: date
    dept: str
    regions: tuple[str, ...]

    @classmethod
    def of(cls, kind: str, when: str, dept: str, regions: tuple[str, ...], today: date) -> "Wanted":
        """From an address; what is no day and no month is today or this month."""
        if kind == DAY:
            try:
                day = date.fromisoformat(when)
            except ValueError:
                day = today
            return cls(kind=DAY, since=day, until=day, dept=dept, regions=regions)
        first, following = month_of(when) or month_of(f"{today:%Y-%m}") or (today, today)
        return cls(kind=MONTH, since=first, until=days_before(following, 1), dept=dept, regions=regions)

    @property
    def when(self) -> str:
        return self.since.isoformat() if self.kind == DAY else f"{self.since:%Y-%m}"

    @property
    def begins(self) -> datetime:
        return start_of(self.since)

    @property
    def ends(self) -> datetime:
        return start_of(days_before(self.until, -1))

    def stands(self, now: datetime) -> datetime:
        """As of when everything is reckoned."""
        return min(self.ends, now)

    def of_dept(self) -> Q:
        """Of these territories, and of the department with all its units."""
        return Q(region__in=self.regions) & (Q(dept__in=units_of(self.dept)) if self.dept else Q())


def units_of(dept: str) -> tuple[str, ...]:
    """A department and the units in it."""
    return tuple({dept, *(code for code in people.organisation().units if people.dept_of(code) == dept)})


def department_of(code: str) -> str:
    """The department a row belongs to: findings on windows and posts name their unit."""
    return people.dept_of(code) if code in people.organisation().units else code


# ---- what it says ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One table: figures stand right; `sums` is the last row. `none` is said where there is no row."""

    code: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: frozenset[int] = frozenset()
    sums: tuple[str, ...] = ()
    note: str = ""
    none: str = ""

    @property
    def cells(self) -> tuple[tuple[tuple[str, bool], ...], ...]:
        """(words, whether a figure) of each row."""
        return tuple(tuple((cell, n in self.figures) for n, cell in enumerate(row)) for row in self.rows)

    @property
    def sum_cells(self) -> tuple[tuple[str, bool], ...]:
        return tuple((cell, n in self.figures) for n, cell in enumerate(self.sums))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole report, in the reader's language. `summary` is its finding in one sentence."""

    wanted: Wanted
    title: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    gaps: tuple[str, ...]
    is_whole: bool = True


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Everything a report is made from, read once."""

    wanted: Wanted
    at: datetime
    facts: tuple[CaseFacts, ...]
    issued: tuple[Card, ...]
    withdrawn: tuple[Card, ...]
    standing: tuple[Card, ...]
    signals: tuple[Signal, ...]
    units: Mapping[str, str]
    rules: Mapping[str, str]
    editions: tuple[str, ...]
    scores: tuple[Score, ...] = ()
    rates: Mapping[str, Rate] = field(default_factory=dict)

    def unit(self, code: str) -> str:
        return self.units.get(code, code) if code else _("未归口")


def make_report(wanted: Wanted, now: datetime) -> Report:
    """The report of a period as it stands at its end, or now."""
    ground = _read(wanted, now)
    sections = (
        _by_department(ground), _by_rule(ground), _rates(ground), _times(ground), _late_cases(ground),
        _appeals(ground), _late_orders(ground), *_scores(ground),
    )  # fmt: skip
    return Report(
        wanted=wanted, title=_title(ground), summary=_summary(ground), facts=tuple(_head(ground)), sections=sections,
        gaps=tuple(_gaps(ground)), is_whole=now >= wanted.ends,
    )  # fmt: skip


# ---- reading --------------------------------------------------------------------------------------------


def _read(wanted: Wanted, now: datetime) -> Ground:
    at = wanted.stands(now)
    facts = tuple(read_facts(wanted.since, wanted.until, wanted=wanted.of_dept()))
    issued = tuple(_cards(wanted).filter(issued_at__gte=wanted.begins, issued_at__lt=at))
    withdrawn = tuple(_cards(wanted).filter(outcome=REVOKED, closed_at__gte=wanted.begins, closed_at__lt=at))
    standing = tuple(_cards(wanted).filter(Q(closed_at=None) | Q(closed_at__gte=at), issued_at__lt=at))
    signals = tuple(_signals(wanted).filter(since__gte=wanted.begins, since__lt=at))
    codes = {department_of(card.dept) for card in (*issued, *withdrawn, *standing)}
    codes |= {department_of(row.dept) for row in signals}
    codes |= {each.dept for each in facts} | {wanted.dept}
    return Ground(
        wanted=wanted, at=at, facts=facts, issued=issued, withdrawn=withdrawn, standing=standing, signals=signals,
        units=people.unit_names({code for code in codes if code}), rules=rule_names(),
        editions=_editions(wanted), scores=tuple(_find_scores(wanted, facts, issued, at)),
        rates=_find_rates(wanted, facts, issued, withdrawn, at),
    )  # fmt: skip


def _cards(wanted: Wanted) -> CardQuerySet:
    return Card.objects.filter(wanted.of_dept()).order_by("issued_at", "number")


def _signals(wanted: Wanted) -> SignalQuerySet:
    return Signal.objects.standing().filter(wanted.of_dept()).order_by("since", "key")


def _editions(wanted: Wanted) -> tuple[str, ...]:
    """The rulebook editions in force in the period."""
    found = [{rule.version for rule in load_rules(day)} for day in (wanted.since, wanted.until)]
    return tuple(sorted(set().union(*found)))


def _find_rates(
    wanted: Wanted, facts: Sequence[CaseFacts], issued: Sequence[Card], withdrawn: Sequence[Card], at: datetime
) -> dict[str, Rate]:
    found = {
        code: rate for code, rate in find_rates(facts, wanted.since, wanted.until, at).items() if code not in CARD_RATES
    }
    found["saved_days"] = find_saving(facts, wanted.since, wanted.until, at)
    opened = sum(each.procedure not in internal_procedures() and wanted.begins <= each.opened_at < at for each in facts)
    for code, level in (("prompts", Level.PROMPT), ("yellow_cards", Level.YELLOW), ("red_cards", Level.RED)):
        n = sum(card.issued_level == level for card in issued)
        found[code] = Rate(code=code, numerator=n, denominator=opened)
    found["cards_revoked"] = Rate(code="cards_revoked", numerator=len(withdrawn), denominator=len(issued))
    return found


def _find_scores(wanted: Wanted, facts: Sequence[CaseFacts], issued: Sequence[Card], at: datetime) -> Iterator[Score]:
    """Of each department that had cases or cards in a month."""
    if wanted.kind != MONTH:
        return
    try:
        scheme = load_scheme(wanted.until)
    except LookupError:
        return
    points = {rule.code: rule.points for rule in load_rules(wanted.until)}
    inner = internal_procedures()
    mine = [each for each in facts if each.procedure not in inner]
    for dept in sorted(({each.dept for each in mine} | {department_of(card.dept) for card in issued}) - {""}):
        cards = [
            IssuedCard(
                number=card.number, rule=card.rule, level=Level(card.level), issued_at=card.issued_at or card.opened_at,
                is_withdrawn=card.outcome in NOT_COUNTED and card.closed_at is not None and card.closed_at < at,
                points=points.get(card.rule),
            )
            for card in issued
            if department_of(card.dept) == dept
        ]  # fmt: skip
        yield find_score(scheme, dept, wanted.since, cards, [each for each in mine if each.dept == dept])


# ---- head -----------------------------------------------------------------------------------------------


def _title(ground: Ground) -> str:
    wanted = ground.wanted
    where = ground.unit(wanted.dept) if wanted.dept else _territory()
    when = day_words(wanted.since) if wanted.kind == DAY else _month_words(wanted.since)
    said = {"where": where, "when": when}
    return _("%(where)s监察日报，%(when)s") % said if wanted.kind == DAY else _("%(where)s监察月报，%(when)s") % said


def _month_words(day: date) -> str:
    if (get_language() or "").startswith("en"):
        return f"{day:%Y-%m}"
    return f"{day.year}年{day.month}月"


def _summary(ground: Ground) -> str:
    counts = _levels(ground.issued)
    said = {
        "red": counts[Level.RED], "yellow": counts[Level.YELLOW], "withdrawn": len(ground.withdrawn),
        "late": len(_late_rows(ground)),
    }  # fmt: skip
    return _("发红牌 %(red)s 张、黄牌 %(yellow)s 张，撤销 %(withdrawn)s 张；超时办件 %(late)s 件") % said


def _head(ground: Ground) -> Iterator[tuple[str, str]]:
    wanted = ground.wanted
    yield _("期间"), _("%(since)s 至 %(until)s") % {"since": table_day(wanted.since), "until": table_day(wanted.until)}
    yield _("统计到"), table_instant(ground.at)
    yield _("范围"), ground.unit(wanted.dept) if wanted.dept else _("全部部门")
    yield _("规则版本"), _("、").join(ground.editions) or _("没有规则在用")
    yield _("日历版本"), installed().calendar_for().edition


# ---- cards and signals ----------------------------------------------------------------------------------

_LEVELS: Final = (Level.PROMPT, Level.YELLOW, Level.RED)


def _levels(rows: Iterable[Card]) -> dict[Level, int]:
    counts = dict.fromkeys(_LEVELS, 0)
    for row in rows:
        counts[Level(row.issued_level)] += 1
    return counts


def _counted(ground: Ground, key: str) -> dict[str, list[int]]:
    """By department or rule: findings by level, cards by level, withdrawn yellow and red, standing at the end."""
    table: dict[str, list[int]] = {}

    def add(code: str, column: int) -> None:
        table.setdefault(code, [0] * 9)[column] += 1

    def code_of(row: Signal | Card) -> str:
        return row.rule if key == "rule" else department_of(row.dept)

    for row in ground.signals:
        add(code_of(row), _LEVELS.index(Level(row.level)))
    for card in ground.issued:
        add(code_of(card), 3 + _LEVELS.index(Level(card.issued_level)))
    for card in ground.withdrawn:
        if Level(card.issued_level) is not Level.PROMPT:
            add(code_of(card), 5 + _LEVELS.index(Level(card.issued_level)))
    for card in ground.standing:
        add(code_of(card), 8)
    return table


def _columns() -> tuple[str, ...]:
    return (
        _("判断：提示"), _("判断：黄牌级"), _("判断：红牌级"), _("发提示"), _("发黄牌"), _("发红牌"), _("撤销黄牌"),
        _("撤销红牌"), _("期末在挂"),
    )  # fmt: skip


def _sum(table: Mapping[str, list[int]]) -> tuple[str, ...]:
    return tuple(str(sum(row[n] for row in table.values())) for n in range(9))


def _by_department(ground: Ground) -> Section:
    table = _counted(ground, "dept")
    rows = sorted(table.items(), key=lambda each: (-each[1][8], -sum(each[1]), each[0]))
    return Section(
        code="departments", title=_("各部门的判断和牌"), head=(_("部门"), *_columns()),
        rows=tuple((ground.unit(code), *map(str, counts)) for code, counts in rows), figures=frozenset(range(1, 10)),
        sums=(_("合计"), *_sum(table)), none=_("这段期间没有判断，也没有发牌。"),
        note=_("撤销的牌照样计入发牌，另在撤销栏里计数。"),
    )  # fmt: skip


def _by_rule(ground: Ground) -> Section:
    table = _counted(ground, "rule")
    rows = sorted(table.items(), key=lambda each: (-sum(each[1]), each[0]))
    names = ground.rules
    return Section(
        code="rules", title=_("各规则的判断和牌"), head=(_("规则"), *_columns()),
        rows=tuple((_rule_words(code, names), *map(str, counts)) for code, counts in rows),
        figures=frozenset(range(1, 10)), sums=(_("合计"), *_sum(table)), none=_("这段期间没有判断，也没有发牌。"),
    )  # fmt: skip


def _rule_words(code: str, names: Mapping[str, str]) -> str:
    return f"{code} {names.get(code, '')}".strip() if code else _("人工发牌")


# ---- rates and times ------------------------------------------------------------------------------------


def percent_words(rate: Rate) -> str:
    """One decimal, cut off, never a hundred that is none."""
    if rate.percent is None:
        return "–"
    tenths = int(rate.percent * 10)
    sign, tenths = ("-" if tenths < 0 else ""), abs(tenths)
    return f"{sign}{tenths // 10}.{tenths % 10}%"


def _rates(ground: Ground) -> Section:
    known = [ground.rates[code] for code in RATES if code in ground.rates]
    rows = tuple(
        (
            str(RATES[rate.code]), percent_words(rate), str(rate.numerator), str(rate.denominator),
            str(rate.excluded) if rate.excluded else "–",
        )
        for rate in known
    )  # fmt: skip
    said = {"when": ground.wanted.when, "rules": _("、").join(ground.editions)}
    return Section(
        code="rates", title=_("指标"), head=(_("指标"), _("数值"), _("分子"), _("分母"), _("没有计入")), rows=rows,
        figures=frozenset({1, 2, 3, 4}), note=_("期间 %(when)s，规则 %(rules)s；分母为零的没有数值。") % said,
    )  # fmt: skip


def _times(ground: Ground) -> Section:
    spread: Spread = find_spread(ground.facts, ground.wanted.since, ground.wanted.until, ground.at)
    head = (_("办理用时（扣除暂停的工作日）"), *(_("%(n)s%% 不超过") % {"n": n} for n in PERCENTILES), _("件数"))
    row = (_("期间作出决定的"), *(_days(spread.days.get(n)) for n in PERCENTILES), str(spread.n))
    return Section(
        code="times", title=_("办理用时"), head=head, rows=(row,) if spread.n else (),
        figures=frozenset(range(1, len(head))), none=_("这段期间没有作出决定的办件。"),
    )  # fmt: skip


def _days(value: int | None) -> str:
    return "–" if value is None else quantity_words(f"{value} wd")


# ---- lists ----------------------------------------------------------------------------------------------


def _late_rows(ground: Ground) -> list[CaseFacts]:
    """Cases that became late in the period, or were open and late at its end."""
    inner, found = internal_procedures(), []
    for each in ground.facts:
        late = each.late_to_promise_at or each.late_to_limit_at
        if each.procedure in inner or late is None or late >= ground.at:
            continue
        ended = each.decided_at or each.closed_at
        if late >= ground.wanted.begins or ended is None or ended >= ground.at:
            found.append(each)
    return sorted(found, key=lambda each: (each.late_to_promise_at or each.late_to_limit_at or each.at, each.number))


def _late_cases(ground: Ground) -> Section:
    late = _late_rows(ground)
    names = catalogue.item_names(sorted({each.item for each in late}))
    rows = tuple(
        (
            each.number, names.get(each.item, each.item), ground.unit(each.dept), _moment(each.late_to_promise_at),
            _moment(each.late_to_limit_at), _ended(each, ground.at),
        )
        for each in late[:MOST_LISTED]
    )  # fmt: skip
    return Section(
        code="late", title=_("超时办件 %(n)s 件") % {"n": len(late)},
        head=(_("办件编号"), _("事项"), _("部门"), _("超承诺时间"), _("超法定时间"), _("决定时间")), rows=rows,
        none=_("没有超时的办件。"), note=_most(len(late)),
    )  # fmt: skip


def _most(n: int) -> str:
    return _("只列出前 %(most)s 件。") % {"most": MOST_LISTED} if n > MOST_LISTED else ""


def _moment(at: datetime | None) -> str:
    return "–" if at is None else table_day(at)


def _ended(each: CaseFacts, at: datetime) -> str:
    ended = each.decided_at or each.closed_at
    return table_day(ended) if ended is not None and ended < at else _("还没有决定")


def _appeals(ground: Ground) -> Section:
    found = _cards(ground.wanted).filter(appealed_at__gte=ground.wanted.begins, appealed_at__lt=ground.at)
    rows = tuple(
        (
            card.number, str(LEVELS[card.issued_level]), ground.unit(card.dept), _rule_words(card.rule, ground.rules),
            table_day(card.appealed_at or card.opened_at), _card_words(card, ground.at),
        )
        for card in found.order_by("appealed_at", "number")
    )  # fmt: skip
    return Section(
        code="appeals", title=_("异议 %(n)s 件") % {"n": len(rows)},
        head=(_("牌号"), _("等级"), _("部门"), _("规则"), _("提出时间"), _("结果")), rows=rows[:MOST_LISTED],
        none=_("没有提出异议的牌。"), note=_most(len(rows)),
    )  # fmt: skip


def _card_words(card: Card, at: datetime) -> str:
    """How a card stood at an instant, as far as it is dated: before it was closed, only that it was open."""
    if card.closed_at is not None and card.closed_at < at:
        return str(OUTCOMES.get(card.outcome, STANDS["closed"]))
    return _("还没有了结")


def _late_orders(ground: Ground) -> Section:
    """Orders whose limit had lapsed by the end; of one department, those it set up."""
    found = orders(ground.wanted.regions).filter(due_at__lt=ground.at, opened_at__lt=ground.at)
    late = found.filter(Q(closed_at=None) | Q(closed_at__gte=ground.at))
    if ground.wanted.dept:
        late = late.filter(dept=ground.wanted.dept)
    units = people.unit_names({row.dept for row in late})
    rows = tuple(
        (row.number, units.get(row.dept, row.dept), table_day(row.opened_at), table_day(row.due_at or row.opened_at))
        for row in late.order_by("due_at", "number")
    )
    return Section(
        code="orders", title=_("超过办结期限的督办 %(n)s 件") % {"n": len(rows)},
        head=(_("编号"), _("立项单位"), _("立项时间"), _("到期")), rows=rows[:MOST_LISTED],
        none=_("没有超期的督办。"), note=_most(len(rows)),
    )  # fmt: skip


# ---- score ----------------------------------------------------------------------------------------------


def _territory() -> str:
    chinese, english = people.territory_names()
    return english or chinese if (get_language() or "").startswith("en") else chinese


def _scores(ground: Ground) -> Iterator[Section]:
    if ground.wanted.kind != MONTH or not ground.scores:
        return
    scheme = load_scheme(ground.wanted.until)
    english = (get_language() or "").startswith("en")
    parts = tuple(f"{part.name_en if english else part.name} {part.full}" for part in scheme.parts)
    rows = tuple(
        (
            ground.unit(score.department), number_words(score.total),
            f"{number_words(score.points)} / {score.out_of}", number_words(score.bonus_points),
            *("–" if part.points is None else number_words(part.points) for part in score.parts),
        )
        for score in sorted(ground.scores, key=lambda each: ground.unit(each.department))
    )  # fmt: skip
    head = (_("部门"), _("得分"), _("各项之和"), _("奖励"), *parts)
    yield Section(
        code="scores", title=_("监察得分"), head=head, rows=rows, figures=frozenset(range(1, len(head))),
        note=_("评分办法 %(version)s 版；“–”是没有数据的项，不计入应得分。") % {"version": scheme.version},
    )  # fmt: skip


def number_words(value: Fraction) -> str:
    """Points: whole, or with one decimal."""
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.1f}"


# ---- what cannot be said --------------------------------------------------------------------------------


def _gaps(ground: Ground) -> Iterator[str]:
    wanted = ground.wanted
    if ground.at < wanted.ends:
        yield _("期间还没有结束，数字会变。")
    if wanted.kind == DAY:
        yield _("一天的数字太小，面上规则和得分按月看。")
    for code, rate in ground.rates.items():
        if rate.excluded and code in ("in_time", "in_limit"):
            said = {"n": rate.excluded, "rate": RATES[code]}
            yield _("%(rate)s没有计入 %(n)s 件：没有承诺或法定的期限。") % said
    if not ground.rates["satisfied"].denominator:
        yield _("这段期间没有评价，满意率没有数值。")
    if not ground.rates["complaints"].numerator:
        yield _("投诉只看得到本系统登记的；12345 另行登记的没有接入。")
    unwatched = _unwatched(wanted, ground.at)
    if unwatched:
        yield _("有 %(n)s 件在期末以后没有再巡查，迟到的变化可能还没有反映。") % {"n": unwatched}
    streams = {str(rule.stream) for rule in load_rules(wanted.until)}
    silent = [str(STREAMS[code]) for code in STREAMS if code not in streams]
    if silent:
        yield _("没有规则的业务：%(what)s。") % {"what": _("、").join(silent)}
    yield _("空岗只从长时间没有操作推断；没有接入视频和排队叫号。")
    yield _("中心以外收的费，系统里没有记录的看不到。")
    missing = sorted({part for score in ground.scores for part in score.no_data})
    if missing:
        scheme = load_scheme(wanted.until)
        english = (get_language() or "").startswith("en")
        names = [part.name_en if english else part.name for part in scheme.parts if part.code in missing]
        yield _("得分里没有数据的项：%(what)s。") % {"what": _("、").join(names)}


def _unwatched(wanted: Wanted, at: datetime) -> int:
    """Cases last looked at before the end of the period although something was to read differently by then."""
    rows = Watched.objects.filter(wanted.of_dept(), evaluated_at__lt=at, wake_at__lt=at)
    return rows.count()


def first_month(regions: Sequence[str]) -> date | None:
    """The month of the first case that is watched: before it there is nothing to report."""
    opened = (
        Watched.objects.filter(region__in=regions).order_by("opened_at").values_list("opened_at", flat=True).first()
    )
    return None if opened is None else law_day(opened).replace(day=1)
