"""Findings in words (判断的说法): one sentence for each metric, the lines of its arithmetic, what an event shows.

A sentence is made from what the finding carries, nothing is looked up in the case; a metric without a sentence of its
own is told by the name of its rule, what was measured and what is allowed.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from zhengtong.cases.clock_views import term_words
from zhengtong.kernel.supervision.clock_metrics import AFTER, STALLED
from zhengtong.kernel.supervision.findings import Step
from zhengtong.kernel.supervision.metrics import METRICS
from zhengtong.kernel.supervision.rules import Family, Operator, Quantity, Rule, Unit
from zhengtong.kernel.terms import Term, TermFault, law_day
from zhengtong.law.calendar_files import load_calendar
from zhengtong.law.procedure_files import versions
from zhengtong.law.procedure_files import words as procedure_words
from zhengtong.law.supervision_rules import editions, read_rules, words_of
from zhengtong.supervision.models import Signal
from zhengtong.ui.wording import day_words, in_english, instant_words

OPERATORS: Final[Mapping[str, Promise]] = {
    Operator.AT_MOST: gettext_lazy("不多于"), Operator.BELOW: gettext_lazy("少于"),
    Operator.AT_LEAST: gettext_lazy("达到"), Operator.ABOVE: gettext_lazy("超过"),
    Operator.EQUAL: gettext_lazy("等于"),
}  # fmt: skip


def number_words(quantity: Quantity) -> str:
    """The number alone: whole, or with at most one decimal."""
    value = quantity.value
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.1f}"


def quantity_words(said: str | Quantity) -> str:
    """3 wd as 3 个工作日."""
    quantity = Quantity.parse(said) if isinstance(said, str) else said
    n = number_words(quantity)
    whole = int(quantity.value)
    forms = {
        Unit.WORKING_DAYS: ngettext("%(amount)s 个工作日", "%(amount)s 个工作日", whole),
        Unit.CALENDAR_DAYS: ngettext("%(amount)s 天", "%(amount)s 天", whole),
        Unit.HOURS: ngettext("%(amount)s 小时", "%(amount)s 小时", whole),
        Unit.WORKING_HOURS: ngettext("%(amount)s 个工作小时", "%(amount)s 个工作小时", whole),
        Unit.MINUTES: ngettext("%(amount)s 分钟", "%(amount)s 分钟", whole),
        Unit.TIMES: ngettext("%(amount)s 次", "%(amount)s 次", whole),
        Unit.CASES: ngettext("%(amount)s 件", "%(amount)s 件", whole),
        Unit.PEOPLE: ngettext("%(amount)s 人", "%(amount)s 人", whole),
        Unit.PERCENT: "%(amount)s%%",
    }
    return forms[quantity.unit] % {"amount": n}


def rule_names() -> Mapping[str, str]:
    """Rule code → name in the reader's language; an older edition names the rules that a newer one has no more."""
    language = get_language() or "zh-hans"
    found: dict[str, str] = {}
    for edition in editions():
        found |= words_of(edition, language)
    return found


def rule_name(code: str) -> str:
    return rule_names().get(code, code) if code else _("人工发牌")


def find_rule(code: str, edition: str) -> Rule | None:
    """A rule as it stood in an edition."""
    for each in editions():
        if each.version == edition:
            return next((rule for rule in read_rules(each.path) if rule.code == code), None)
    return None


def headline(signal: Signal | None, at: datetime | None = None) -> str:
    """A few words for a line: what the rule is called, and by how much as of an instant."""
    if signal is None:
        return _("人工发牌")
    said = {"rule": rule_name(signal.rule), "much": quantity_words(_grown(signal, at) or signal.measured)}
    if signal.metric in AFTER:
        return _("%(rule)s，超 %(much)s") % said
    if signal.family == Family.CLOCK:
        is_left = signal.metric != STALLED and signal.cleared_at is None and at is None
        return _("%(rule)s，剩 %(much)s") % said if is_left else said["rule"]
    return _("%(rule)s：%(much)s") % said if signal.family == Family.PATTERN else said["rule"]


def _grown(signal: Signal, at: datetime | None) -> Quantity | None:
    """By how much a limit that still runs is exceeded now: a finding keeps what it was when it was first seen."""
    measured, lapse = Quantity.parse(signal.measured), signal.finding.get("params", {}).get("lapses_at")
    if at is None or signal.metric not in AFTER or signal.cleared_at is not None or not lapse:
        return None
    due = _due_day(lapse)
    if measured.unit is Unit.WORKING_DAYS:
        return Quantity.of(max(1, load_calendar().count(due, law_day(at))), measured.unit)
    return Quantity.of(max(1, (law_day(at) - due).days), measured.unit) if measured.unit is Unit.CALENDAR_DAYS else None


def _due_day(lapse: str) -> date:
    """The last day of a limit: the day that had begun just before the first late instant."""
    return law_day(datetime.fromisoformat(lapse) - timedelta(microseconds=1))


def sentence(signal: Signal) -> str:
    """What is wrong, in one sentence."""
    values = _values(signal)
    said = SENTENCES.get(signal.metric)
    if signal.metric in AFTER:
        said = MISSED if signal.cleared_at is None else MISSED_AND_DONE
    if said is LEFT and signal.cleared_at is not None:
        said = WAS_LEFT
    if said is None or not set(NAMED.findall(str(said))) <= set(values):
        said = PLAIN
    return str(said) % values


def _values(signal: Signal) -> dict[str, str]:
    """Everything a sentence may name, in the reader's words."""
    params: Mapping[str, str] = signal.finding.get("params", {})
    measured = Quantity.parse(signal.measured)
    values = {
        **params, "measured": quantity_words(measured), "n": number_words(measured), "rule": rule_name(signal.rule),
        "threshold": quantity_words(signal.threshold),
    }  # fmt: skip
    words = _words_of_case(signal)
    if "clock" in params:
        values["name"] = _clock_name(params, words)
        values["limit"] = _limit_words(params.get("limit", ""))
    if "lapses_at" in params:
        values["due"] = day_words(_due_day(params["lapses_at"]))
    if "act" in params:
        values["act"] = words.get(f"actions.{params['act']}.name", params["act"])
    if "happened_at" in params:
        values["happened"] = instant_words(datetime.fromisoformat(params["happened_at"]))
    if "first" in params and "last" in params:
        values["span"] = _("%(first)s 至 %(last)s") % {"first": params["first"], "last": params["last"]}
    return values


def _words_of_case(signal: Signal) -> Mapping[str, str]:
    known = versions(signal.procedure) if signal.procedure else ()
    return procedure_words(signal.procedure, known[-1], get_language() or "zh-hans") if known else {}


def _clock_name(params: Mapping[str, str], words: Mapping[str, str]) -> str:
    """The limit in the reader's words; the finding has it as the procedure file names it."""
    kind, colon, code = params["clock"].partition(":")
    key = f"clocks.{kind}.name" if not colon else f"states.{code}.name" if kind == "step" else ""
    return words.get(key, params.get("name", params["clock"]))


def _limit_words(limit: str) -> str:
    try:
        return term_words(Term.parse(limit))
    except TermFault:
        return limit


NAMED: Final = re.compile(r"%\((\w+)\)s")
PLAIN: Final = gettext_lazy("%(rule)s：量得 %(measured)s，界限是 %(threshold)s。")
MISSED: Final = gettext_lazy("“%(name)s” %(limit)s，%(due)s届满，到时没有办完。")
MISSED_AND_DONE: Final = gettext_lazy("“%(name)s” %(limit)s，%(due)s届满，超过 %(measured)s才办完。")
WAS_LEFT: Final = gettext_lazy("“%(name)s” %(limit)s，%(due)s届满，剩余曾经不多于 %(threshold)s。")
LEFT: Final = gettext_lazy("“%(name)s” %(limit)s，只剩 %(measured)s，%(due)s届满。")
SENTENCES: Final[Mapping[str, Promise]] = {
    "limit_left": LEFT, "limit_left_share": LEFT, "promise_left": LEFT, "promise_left_share": LEFT,
    "limit_over": MISSED, "promise_over": MISSED,
    "stalled": gettext_lazy("办件在部门手中，连续 %(measured)s没有任何办理记录。"),
    "entry_gap": gettext_lazy("“%(act)s”发生在 %(happened)s，过了 %(measured)s才录入系统。"),
    "times_done": gettext_lazy("%(rule)s：这是第 %(n)s 次。"),
    "steps_out_of_order": gettext_lazy("环节缺失或者颠倒：在不该做的时候做了标出的行为（第 %(n)s 次）。"),
    "acted_without_role": gettext_lazy("标出的行为由没有这项权限的岗位办理（第 %(n)s 次）。"),
    "minutes_to_decision": gettext_lazy("从收件到决定只用了 %(measured)s，受理和决定分两步做，来不及审查。"),
    "decided_before_accepted": gettext_lazy("决定或者结果的日期早于受理。"),
    "same_person": gettext_lazy("受理和决定是同一个人做的。"),
    "duties_not_parted": gettext_lazy("依法应当分开的两步由同一个人做了。"),
    "acted_without_consent": gettext_lazy("要先报批准的行为，没有批准就做了（第 %(n)s 次）。"),
    "own_consents": gettext_lazy("报批的人和批准的人是同一个人。"),
    "opinions_missing": gettext_lazy("作出决定没有写审批意见（第 %(n)s 次）。"),
    "reasons_missing": gettext_lazy("作出不利的决定没有写理由（第 %(n)s 次）。"),
    "closed_without_paper": gettext_lazy("办结没有出具应当出具的文书（第 %(n)s 次）。"),
    "papers_unserved": gettext_lazy("文书 %(number)s 还没有送达，就办了下一步。"),
    "not_contacted": gettext_lazy("没有联系诉求人就答复了（第 %(n)s 次）。"),
    "bad_ratings": gettext_lazy("申请人给了差评（第 %(n)s 次）。"),
    "outcomes": gettext_lazy("%(rule)s（第 %(n)s 次）。"),
    "needless_supplements": gettext_lazy("材料已经齐全还要求补正：补来的没有一份是新的。"),
    "materials_waived": gettext_lazy("必须收的材料有 %(n)s 份记为免交。"),
    "materials_lacking": gettext_lazy("作决定时还缺必须收的材料 %(n)s 份。"),
    "materials_beyond_list": gettext_lazy("收了清单以外的材料 %(n)s 份。"),
    "conforming_declined": gettext_lazy("材料全部核对合格，却不予受理。"),
    "receipts_missing": gettext_lazy("收了费没有票据（第 %(n)s 笔）。"),
    "receipts_of_others": gettext_lazy("票据不是中心的票据（第 %(n)s 笔），费用可能是在中心以外收的。"),
    "fees_waived": gettext_lazy("减免了收费（第 %(n)s 笔）。"),
    "fees_waived_alone": gettext_lazy("减免收费没有经过批准（第 %(n)s 笔）。"),
    "fees_off_list": gettext_lazy("收了目录以外的费用（第 %(n)s 笔）。"),
    "fees_differ": gettext_lazy("收费金额与标准或者与应缴的不一致。"),
    "results_before_fees": gettext_lazy("费用还没有缴清，就出具了结果。"),
    "acts_reverted": gettext_lazy("办过的行为被撤回（第 %(n)s 次）。"),
    "data_corrected": gettext_lazy("已经录入的数据被更正（第 %(n)s 次）。"),
    "left_when_held": gettext_lazy("停表的时候期限只剩 %(measured)s。"),
    "left_when_ended": gettext_lazy("由机关终结的时候期限只剩 %(measured)s。"),
    "times_held": gettext_lazy("计时第 %(n)s 次停下来。"),
    "held_within_a_day": gettext_lazy("停表和恢复在同一天，那一天没有计入期限（第 %(n)s 次）。"),
    "extended_late": gettext_lazy("期限已经届满以后才办延期。"),
    "accepted_cases": gettext_lazy("%(span)s一共受理 %(measured)s。"),
    "idle_days": gettext_lazy("%(span)s里有 %(measured)s，有件在等而没有人操作。"),
    "handed_on_ratio": gettext_lazy("%(span)s的 %(among)s 件即办件里，%(count)s 件没有当场办结，占 %(measured)s。"),
    "taken_back_ratio": gettext_lazy("%(span)s的 %(among)s 件决定里，%(count)s 件的批准权被收回，占 %(measured)s。"),
    "late_ratio": gettext_lazy("%(span)s有承诺时限的 %(among)s 件里，%(count)s 件超承诺，占 %(measured)s。"),
    "limit_late_ratio": gettext_lazy("%(span)s有法定时限的 %(among)s 件里，%(count)s 件超法定，占 %(measured)s。"),
    "void_ratio": gettext_lazy("%(span)s办结的 %(among)s 件里，%(count)s 件作废，占 %(measured)s。"),
    "refusal_ratio": gettext_lazy("%(span)s办结的 %(among)s 件里，%(count)s 件不予受理或者不予许可，占 %(measured)s。"),
    "withdrawal_ratio": gettext_lazy("%(span)s办结的 %(among)s 件里，%(count)s 件撤回申请，占 %(measured)s。"),
    "supplement_ratio": gettext_lazy("%(span)s收的 %(among)s 件里，%(count)s 件要求补正，占 %(measured)s。"),
    "special_ratio": gettext_lazy("%(span)s受理的 %(among)s 件里，%(count)s 件走了特别程序，占 %(measured)s。"),
    "extension_ratio": gettext_lazy("%(span)s受理的 %(among)s 件里，%(count)s 件延期，占 %(measured)s。"),
    "reversal_ratio": gettext_lazy("%(span)s办结的 %(among)s 件里，%(count)s 件有行为被撤回，占 %(measured)s。"),
    "online_ratio": gettext_lazy("%(span)s可以网办的 %(among)s 件里，只有 %(count)s 件在网上申请，占 %(measured)s。"),
    "late_entry_ratio": gettext_lazy("%(span)s办结的 %(among)s 件里，%(count)s 件隔日补录，占 %(measured)s。"),
    "no_receipt_ratio": gettext_lazy("%(span)s收费的 %(among)s 件里，%(count)s 件没有票据，占 %(measured)s。"),
    "fee_outside_ratio": gettext_lazy("%(span)s收费的 %(among)s 件里，%(count)s 件不是中心的票据，占 %(measured)s。"),
    "joint_ratio": gettext_lazy("%(span)s可以并联的 %(among)s 件里，%(count)s 件并联办理，占 %(measured)s。"),
    "one_hand_ratio": gettext_lazy("%(span)s的 %(among)s 件里，%(count)s 件受理和决定是同一个人，占 %(measured)s。"),
    "low_rating_ratio": gettext_lazy("%(span)s评价过的 %(among)s 件里，%(count)s 件是差评，占 %(measured)s。"),
    "decider_share": gettext_lazy("%(span)s的 %(among)s 件决定里，%(count)s 件由一个人作出，占 %(measured)s。"),
    "closing_batch": gettext_lazy("%(span)s最后一个工作日，十五分钟里集中办结 %(measured)s。"),
    "closing_batch_share": gettext_lazy("%(span)s办结 %(among)s 件，%(count)s 件挤在月末十五分钟，占 %(measured)s。"),
    "evening_entries": gettext_lazy("%(span)s里，一个晚上补录了 %(measured)s。"),
    "rating_burst": gettext_lazy("%(span)s里，十五分钟内来了 %(measured)s评价。"),
    "prompts_issued": gettext_lazy("%(span)s收到提示 %(measured)s。"),
    "yellows_issued": gettext_lazy("%(span)s收到黄牌 %(measured)s。"),
    "equal_durations": gettext_lazy("%(span)s有 %(measured)s的办理时长一秒不差。"),
    "equal_duration_share": gettext_lazy("%(span)s的 %(among)s 件里，%(count)s 件办理时长一秒不差，占 %(measured)s。"),
    "second_door_cases": gettext_lazy("%(span)s的 %(among)s 件里，%(count)s 件在第二处受理：两头受理。"),
    "people_at_post": gettext_lazy("%(span)s同一个岗位有 %(measured)s操作。"),
}  # fmt: skip


# ---- arithmetic and evidence -----------------------------------------------------------------------------

STEPS: Final[Mapping[str, Promise]] = {
    "counted": gettext_lazy("起算以后经过的时间"), "held": gettext_lazy("依法扣除的时间"),
    "limit": gettext_lazy("规定的期限"), "extended": gettext_lazy("批准的延期"), "used": gettext_lazy("已经用掉的"),
    "over": gettext_lazy("超过"), "left": gettext_lazy("剩余"), "rest_days": gettext_lazy("期限末日顺延"),
    "share": gettext_lazy("占期限的比例"), "among": gettext_lazy("一共"), "measured": gettext_lazy("量得"),
    "threshold": gettext_lazy("规则的界限"),
}  # fmt: skip
WHYS: Final[Mapping[str, Promise]] = {
    "start": gettext_lazy("由此起算"), "held": gettext_lazy("由此停表"), "extended": gettext_lazy("由此延期"),
    "stopped": gettext_lazy("到此停止"), "entered_late": gettext_lazy("晚录入"), "done": gettext_lazy("数到的一次"),
    "out_of_order": gettext_lazy("不该在这时做"), "without_role": gettext_lazy("无权的岗位"),
    "received": gettext_lazy("在这里收件"), "accepted": gettext_lazy("在这里受理"), "decided": gettext_lazy("决定"),
    "result": gettext_lazy("结果的日期"), "first": gettext_lazy("同一人做的前一步"),
    "second": gettext_lazy("同一人做的后一步"), "without_consent": gettext_lazy("没有批准"),
    "asked": gettext_lazy("由此提出"), "granted": gettext_lazy("自己批准"), "no_opinion": gettext_lazy("没有意见"),
    "no_reason": gettext_lazy("没有理由"), "no_paper": gettext_lazy("没有文书"), "issued": gettext_lazy("出具"),
    "moved_on": gettext_lazy("没有送达就往下办"), "not_contacted": gettext_lazy("没有联系"),
    "rated": gettext_lazy("评价"), "ended": gettext_lazy("由此办结"), "nothing_new": gettext_lazy("没有新材料"),
    "waived": gettext_lazy("免交或者减免"), "beyond_list": gettext_lazy("清单以外"),
    "declined": gettext_lazy("不予受理"),
    "conforming": gettext_lazy("核对合格"), "no_receipt": gettext_lazy("没有票据"),
    "other_receipt": gettext_lazy("不是中心的票据"), "off_list": gettext_lazy("目录以外"),
    "not_standard": gettext_lazy("与标准不符"), "not_demanded": gettext_lazy("与应缴不符"), "due": gettext_lazy("应缴"),
    "made": gettext_lazy("出具结果"), "reverted": gettext_lazy("撤回了一步"), "corrected": gettext_lazy("更正"),
    "late": gettext_lazy("由此起算，后来超时"), "closed": gettext_lazy("由此办结"), "refused": gettext_lazy("不予"),
    "taken_back": gettext_lazy("收回批准权"), "supplement": gettext_lazy("要求补正"),
    "special": gettext_lazy("特别程序"), "extension": gettext_lazy("延期"), "reversal": gettext_lazy("有撤回"),
    "online": gettext_lazy("在网上申请"), "joint": gettext_lazy("并联"), "recorded_later": gettext_lazy("隔日补录"),
    "outside": gettext_lazy("不是中心的票据"), "same_person": gettext_lazy("同一人"),
    "recorded": gettext_lazy("晚上录入"), "card": gettext_lazy("发牌"), "acted": gettext_lazy("在这个岗位操作"),
    "last_entry": gettext_lazy("此后无人办理"), "stirred": gettext_lazy("到这里才又有人办"),
    "waiting": gettext_lazy("在等"), "checked": gettext_lazy("核对合格"),
}  # fmt: skip


def step_words(step: Step, family: str = "") -> str:
    """What a line of the arithmetic is."""
    if step.what == "counted" and family == Family.PATTERN:
        return _("符合条件的")
    if step.what in METRICS:
        metric = METRICS[step.what]
        return metric.name_en if in_english() else metric.name
    return str(STEPS.get(step.what, step.what))


def why_words(code: str) -> str:
    """What an event shows."""
    return str(WHYS.get(code, code))
