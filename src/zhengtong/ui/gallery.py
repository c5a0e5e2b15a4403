"""Made-up values for the style page: ordinary ones, and those that break a careless layout."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from zhengtong.ui.forms import FieldSpec, build_form
from zhengtong.ui.values import (
    ActView,
    Branch,
    CellKind,
    CellView,
    ClockView,
    DayView,
    DecideView,
    EmptyView,
    EventRow,
    EvidenceView,
    Link,
    MaterialRow,
    NavItem,
    RateView,
    RefusalView,
    SumRow,
    TimelineEntry,
)

LONG_NAME = (
    "跨越、穿越普通公路修建桥梁、渡槽或者架设、埋设管线等设施的，以及在普通公路用地范围内架设、埋设管线、电缆等设施，"
    "或者利用普通公路桥梁、普通公路隧道、涵洞铺设电缆等设施的许可"
)
LONG_FIRM = "示例省东北输变电工程建设管理有限责任公司示范区分公司第三项目管理部"
NOW = datetime(2026, 3, 10, 2, 32, tzinfo=UTC)


def _cells(*runs: tuple[CellKind, int]) -> tuple[CellView, ...]:
    return tuple(CellView(kind=kind, title=f"第 {n + 1} 格") for kind, count in runs for n in range(count))


CLOCK = ClockView(
    sentence="最晚 3月12日（周四）办结，还剩 2 个工作日",
    signal=("course", "按期"),
    lead="承诺 10 个工作日，已用 8 个；法律规定最长 20 个。",
    cells=_cells(("used", 4), ("pause", 6), ("used", 4), ("left", 2), ("spare", 10)),
    today_index=13,
    promise_index=15,
    law_index=25,
    today_label="今天 3月10日",
    promise_label="承诺 3月12日",
    law_label="法定 3月26日",
    sums=(
        ("used", "已用 8 天"),
        ("pause", "暂停 6 天，检测，不计入"),
        ("left", "承诺内还剩 2 天"),
        ("spare", "到法定期限还有 10 天"),
    ),
    days=(
        DayView(date=date(2026, 2, 12), weekday="周四", count="—", why="当日不计入"),
        DayView(date=date(2026, 2, 13), weekday="周五", count="第 1 天", kind="counted"),
        DayView(date=date(2026, 2, 15), until=date(2026, 2, 23), count="不计", why="放假，9 天", kind="off"),
        DayView(
            date=date(2026, 2, 26),
            until=date(2026, 3, 4),
            count="停 6",
            why="暂停计时：检测，已书面告知",
            kind="pause",
        ),
        DayView(date=date(2026, 3, 10), weekday="周二", count="第 8 天", why="今天", kind="today"),
        DayView(date=date(2026, 3, 12), weekday="周四", count="第 10 天", why="承诺时限届满", kind="limit"),
        DayView(date=date(2026, 3, 13), until=date(2026, 3, 25), count="第 11–19 天", why="中间 2 个周末不计"),
        DayView(date=date(2026, 3, 26), weekday="周四", count="第 20 天", why="法定时限届满", kind="limit"),
    ),
    caption="按 2026 年放假安排计算。",
)
LATE_CLOCK = replace(
    CLOCK,
    sentence="承诺超 13 天，法定超 3 天",
    signal=("red", "红牌"),
    lead="",
    cells=_cells(("used", 10), ("over", 10), ("late", 3)),
    today_index=22,
    promise_index=9,
    law_index=19,
    sums=(("used", "承诺内 10 天"), ("over", "超承诺 10 天"), ("late", "超法定 3 天")),
    days=(),
    note="2027 年放假安排还没有公布，这些日子是推算的，公布后会重算。",
)
EARLY_CLOCK = replace(
    CLOCK,
    sentence="刚受理，承诺 2 个工作日，法定 5 个",
    cells=_cells(("used", 1), ("left", 1), ("spare", 3)),
    today_index=0,
    promise_index=1,
    law_index=4,
    sums=(),
    days=(),
    lead="",
)
LONG_CLOCK = replace(
    CLOCK,
    sentence="法定 180 个工作日，还剩 121 个",
    cells=_cells(("used", 52), ("pause", 7), ("left", 31), ("spare", 90)),
    today_index=58,
    promise_index=89,
    law_index=179,
    days=(),
    lead="",
)
TIMELINE = (
    TimelineEntry(act="审核", when=NOW, who="审核岗，示范局", say="正在核对检测报告与现场核查结论。", kind="now"),
    TimelineEntry(act="决定", when=date(2026, 3, 12), who="首席代表", kind="next"),
    TimelineEntry(
        act="现场核查，符合",
        when=NOW - timedelta(days=4),
        who="承办岗 2 人",
        branches=(
            Branch(who="示范局甲", say="布局、消毒间、布草间符合"),
            Branch(who=LONG_FIRM, say="送风口清洁记录齐全" * 4),
        ),
        papers=(Link("现场核查笔录", "#main"), Link("没有链接的文书")),
    ),
    TimelineEntry(act="暂停计时 6 个工作日", when="2月26日至3月4日", say="需要检测，这段时间不算。", kind="pause"),
    TimelineEntry(act="事项超期", when=NOW - timedelta(days=9), say="到期没有办结。", kind="cause"),
    TimelineEntry(act="收件", when=NOW - timedelta(days=30), who="网上提交，5 份材料，2 份免交"),
)
MATERIALS = (
    MaterialRow(name="申请表", note="网上填写即可，不用打印。", need="必要", source="您填写", verdict=("ok", "符合")),
    MaterialRow(name="营业执照", note="系统核验，不用上传。", need="免交", source="登记部门", free=True),
    MaterialRow(
        name=LONG_NAME,
        need="情形",
        source=LONG_FIRM,
        verdict=("bad", "不符合"),
        links=(Link("9 页", "#main"),),
        flag=True,
        note="第 7 页的数值与现场笔录不同。",
    ),
    MaterialRow(name="管理制度", need="必要", source="您自备", verdict=("wait", "还没有看")),
)
RATES = (
    RateView(
        name="按承诺时限办结", value="98.3", fraction="2,725 / 2,772 件", rule="47 件超时，逐件说明", rule_url="#main"
    ),
    RateView(name="一次都不用跑", value="61.5", fraction="1,705 / 2,772 件", rule="口径 2026-1"),
    RateView(name="被要求补正", value="14.8", fraction="466 / 3,148 件收件", rule="比上月多 1.1 个百分点"),
    RateView(name="评价为满意以上", value=None, fraction="0 份评价", rule="没有人评价，不算满意"),
)
REFUSAL = RefusalView(
    title="这个场所已有一件在办，不能再申请一次",
    kept="没有提交，您填的都还在",
    what="您刚才提交的申请没有收下。",
    why="同一申请人、同一场所的同一事项已经受理，正在审核。",
    article="《示例条例》第二十二条：一个场所核发一个许可证。",
    ways=(Link("要改内容：在原办件里补充说明", "#main"), Link("觉得不对：到任一窗口，请工作人员看一看")),
    act=Link("看在办的那一件", "#main"),
)
EVIDENCE = EvidenceView(
    finding="法定时限已过 3 个工作日，没有暂停，也没有延期",
    signal=("red", "红牌"),
    rule="规则 2026-1 第 3 条",
    events=(
        EventRow(number="#7", when=NOW - timedelta(days=30), act="受理", who="受理岗"),
        EventRow(number="#9", when=NOW - timedelta(days=3), act="法定时限届满", say="没有决定", cause=True),
    ),
    sums=(
        SumRow(op="", quantity="23 天", meaning="受理至今的工作日", source="#7"),
        SumRow(op="−", quantity="20 天", meaning="法定时限", source="第四十二条"),
        SumRow(op="=", quantity="3 天", meaning="超过", total=True),
    ),
)
EMPTY = EmptyView(
    title="今天没有到期的办件",
    say="明天有 2 件到期。",
    acts=(Link("先办明天到期的 2 件", "#main"), Link("看同组的 23 件", "#main")),
)
CHOICES = (("a", "住宿（宾馆、民宿）"), ("b", "美容美发"), ("c", "沐浴、游泳"))
MANY = tuple((f"u{n}", f"示例单位 {n}") for n in range(1, 13))
FIELDS = (
    FieldSpec(name="title", label="单位名称", help="与营业执照一致"),
    FieldSpec(name="kind", label="是哪一类场所？", kind="choice", choices=CHOICES),
    FieldSpec(name="pool", label="水面面积（平方米）", kind="number", shown_when=("kind", ("c",))),
    FieldSpec(name="unit", label="会办单位", kind="unit", choices=MANY, required=False),
    FieldSpec(name="people", label="请谁参加", kind="people", choices=MANY[:4]),
    FieldSpec(name="air", label="使用集中空调吗？", kind="yes_no"),
    FieldSpec(name="opened", label="开业日期", kind="date"),
    FieldSpec(name="visit", label="核查时间", kind="instant", required=False),
    FieldSpec(name="term", label="要多久", kind="term"),
    FieldSpec(name="fee", label="收费（元）", kind="money"),
    FieldSpec(name="uscc", label="统一社会信用代码", kind="credit_code", help="营业执照右上角，18 位"),
    FieldSpec(name="who", label="申请人", kind="party"),
    FieldSpec(name="where", label="经营地址", kind="address"),
    FieldSpec(
        name="papers",
        label="要补正的材料",
        kind="materials",
        choices=tuple((f"m{n}", row.name) for n, row in enumerate(MATERIALS)),
    ),
    FieldSpec(name="branches", label="送谁会办", kind="tasks", choices=MANY),
    FieldSpec(
        name="plan",
        label="平面图",
        kind="attachment",
        accept=(".pdf", ".jpg"),
        help="照片或 PDF，每份不超过 20 MB。手画也可以。",
    ),
    FieldSpec(name="reason", label="说明", kind="reason"),
)


def decide_panel() -> DecideView:
    """A decision panel with an open act, one against the reader, and one that is closed."""
    opinion = build_form([FieldSpec(name="opinion", label="审核意见", kind="reason")])
    return DecideView(
        title="由您审核",
        say="3月11日下班前审完，首席代表还有 1 天",
        acts=(
            ActView(
                code="pass",
                label="通过，报首席代表决定",
                article="《示例条例》第三十八条",
                key="a",
                form=opinion(prefix="pass"),
                follows=("转到首席代表（今天在岗）", "申请人收到短信", "两个时限照常计算"),
                lacking="第 6 份材料您还没有给结论",
                submit="通过",
                primary=True,
                unfolded=True,
            ),
            ActView(
                code="back", label="退回承办岗重审", article="内部退回，时限不停", key="b", follows=("回到承办岗",)
            ),
        ),
        against=(ActView(code="deny", label="建议不予许可", article="须说明理由", key="n", negative=True),),
        against_title="不利于申请人，要先报批",
        closed=(
            ActView(
                code="again", label="再次要求补正", article="不可以：受理后不得再要求补正", closed="补正应当一次告知。"
            ),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRow:
    """One line of the thousand."""

    number: int
    name: str
    firm: str
    signal: tuple[str, str]
    clock: ClockView


def rows(count: int) -> list[SampleRow]:
    """A work list of `count` lines."""
    return list(_rows(count))


def _rows(count: int) -> Iterator[SampleRow]:
    names = ("取水许可证延续审批", LONG_NAME, "经营劳务派遣业务（含新增业务、新设公司、分立、合并）许可（县级）")
    signals = (("red", "红牌"), ("yellow", "黄牌"), ("prompt", "提示"), ("course", "按期"), ("pause", "暂停"))
    for n in range(count):
        clock = (LATE_CLOCK, CLOCK, LONG_CLOCK)[n % 3]
        yield SampleRow(number=n + 1, name=names[n % 3], firm=LONG_FIRM, signal=signals[n % 5], clock=clock)


VALUES: dict[str, Any] = {
    "site_name": "示范区政务服务",
    "person": "王示例",
    "person_url": "#main",
    "post": "审核岗 · 示范局",
    "now": NOW,
    "then": NOW - timedelta(hours=3),
    "find_url": "/gallery",
    "find_label": "查找编号、申请人、事项",
    "nav": (
        NavItem("办事", "?frame=portal", True, None, "我的工作"),
        NavItem("查进度", "?frame=desk", False, 12, "我的工作"),
        NavItem("信息公开", "#main", False, 0, "窗口"),
    ),
    "trail": (Link("办事", "#main"), Link("样式", "")),
    "foot_links": (Link("无障碍说明", "#main"),),
    "foot_lines": ("主办：示范区政务服务中心", "咨询与投诉：12345（24 小时）"),
    "demo_note": "演示环境：单位、人物与数字均为样例。",
    "clocks": (CLOCK, LATE_CLOCK, EARLY_CLOCK, LONG_CLOCK),
    "entries": TIMELINE,
    "materials_rows": MATERIALS,
    "rates": RATES,
    "refusal": REFUSAL,
    "evidence": EVIDENCE,
    "empty": EMPTY,
    "long_name": LONG_NAME,
    "qr_text": "https://example.org/c/511602013260211000574",
}
