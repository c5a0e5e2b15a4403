"""Rules in words (规则的说法): what a rule measures, on whom, what follows, and what is wrong with one."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from zhengtong.accounts import queries as people
from zhengtong.cases.articles import article_words
from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.supervision.metrics import METRICS, Metric
from zhengtong.kernel.supervision.rules import Rule, Unit
from zhengtong.kernel.terms import Term
from zhengtong.law.labels import word_term
from zhengtong.law.procedure_files import codes, words
from zhengtong.law.procedure_files import versions as versions_of
from zhengtong.law.reading import FileFault
from zhengtong.supervision.wording import OPERATORS, quantity_words

Words = Mapping[str, Promise]
STREAMS: Final[Words] = {
    "cases": gettext_lazy("办件"), "complaints": gettext_lazy("投诉热线"), "disclosure": gettext_lazy("信息公开"),
    "internal": gettext_lazy("督办与监察"), "windows": gettext_lazy("窗口"), "fees": gettext_lazy("收费"),
}  # fmt: skip
FOLLOWS: Final[Words] = {
    "show": gettext_lazy("只提示，不发牌"), "propose": gettext_lazy("拟发牌，由人定"),
    "issue": gettext_lazy("自动发牌"),
}  # fmt: skip
RECEIVERS: Final[Words] = {
    "window": gettext_lazy("窗口岗位"), "undertaker": gettext_lazy("承办岗位"), "reviewer": gettext_lazy("审核岗位"),
    "approver": gettext_lazy("批准岗位"), "head": gettext_lazy("单位负责人"), "supervisor": gettext_lazy("监察岗位"),
}  # fmt: skip
CLEARS: Final[Words] = {
    "stopped": gettext_lazy("期限停了就结束"), "mended": gettext_lazy("补救了就结束"),
    "never": gettext_lazy("发生了就一直算"),
}  # fmt: skip
PERIODS: Final[Words] = {
    "day": gettext_lazy("每天"), "month": gettext_lazy("每月"), "quarter": gettext_lazy("每季度"),
    "year": gettext_lazy("每年"),
}  # fmt: skip
WHOSE: Final[Words] = {
    "case": gettext_lazy("一件办件"), "window": gettext_lazy("一个窗口"), "post": gettext_lazy("一个岗位"),
    "unit": gettext_lazy("一个单位"), "department": gettext_lazy("一个部门"), "item": gettext_lazy("一个事项"),
    "person": gettext_lazy("一个人"),
}  # fmt: skip
UNITS: Final[Words] = {
    Unit.WORKING_DAYS: gettext_lazy("工作日"), Unit.CALENDAR_DAYS: gettext_lazy("自然日"),
    Unit.HOURS: gettext_lazy("小时"),
    Unit.WORKING_HOURS: gettext_lazy("工作小时"), Unit.MINUTES: gettext_lazy("分钟"), Unit.TIMES: gettext_lazy("次"),
    Unit.CASES: gettext_lazy("件"), Unit.PEOPLE: gettext_lazy("人"), Unit.PERCENT: gettext_lazy("%（百分比）"),
}  # fmt: skip
SCOPES: Final[Words] = {
    "procedures": gettext_lazy("程序"), "items": gettext_lazy("事项"), "departments": gettext_lazy("部门"),
    "clocks": gettext_lazy("期限"), "acts": gettext_lazy("行为"), "outcomes": gettext_lazy("办理结果"),
    "documents": gettext_lazy("文书"), "receipts": gettext_lazy("票据号段"), "data": gettext_lazy("数据项"),
    "on_spot": gettext_lazy("即办件还是承诺件"),
}  # fmt: skip
KEYS: Final[Words] = {
    "name": gettext_lazy("名称"), "stream": gettext_lazy("业务"), "metric": gettext_lazy("量什么"),
    "scope": gettext_lazy("管哪些"), "operator": gettext_lazy("怎样比"), "threshold": gettext_lazy("界限"),
    "level": gettext_lazy("等级"), "follow": gettext_lazy("随后"), "receivers": gettext_lazy("告诉谁"),
    "repeat": gettext_lazy("多久再提醒"), "clears": gettext_lazy("怎样结束"), "whose": gettext_lazy("归到谁"),
    "period": gettext_lazy("按什么周期"), "least": gettext_lazy("至少多少件才判断"), "points": gettext_lazy("扣分"),
    "source": gettext_lazy("依据"), "confirmed": gettext_lazy("已对照依据核实"),
}  # fmt: skip
FAULTS: Final[Words] = {
    "not_toml": gettext_lazy("草稿的格式坏了，请另起草稿。"),
    "unknown_key": gettext_lazy("有一栏读不懂，请删去这一条重写。"),
    "missing_key": gettext_lazy("有一栏没有填。"),
    "wrong_shape": gettext_lazy("填写的形式不对。"),
    "unknown_word": gettext_lazy("选了没有的选项。"),
    "bad_term": gettext_lazy("时间要写成数量和单位。"),
    "unknown_metric": gettext_lazy("没有这种指标。"),
    "wrong_unit": gettext_lazy("这种指标不用这个单位。"),
    "wrong_operator": gettext_lazy("这种指标不能这样比。"),
    "bad_threshold": gettext_lazy("界限要写成不小于零的数。"),
    "unused_scope": gettext_lazy("这种指标不看这一项范围。"),
    "unknown_procedure": gettext_lazy("没有这个程序。"),
    "unknown_clock": gettext_lazy("所选程序里没有这个期限。"),
    "unknown_act": gettext_lazy("所选程序里没有这个行为。"),
    "unknown_outcome": gettext_lazy("所选程序里没有这种结果。"),
    "unknown_document": gettext_lazy("所选程序里没有这种文书。"),
    "unknown_source": gettext_lazy("依据的文件没有登记。"),
    "rule_twice": gettext_lazy("有两条规则用了同一个代码。"),
    "bad_period": gettext_lazy("面上的规则要有周期，单件的不能有。"),
    "bad_whose": gettext_lazy("这种指标不能这样归集。"),
    "missing_words": gettext_lazy("没有英文名称。"),
}  # fmt: skip
NOT_PUT: Final[Words] = {
    "no_edition": gettext_lazy("现在没有生效的规则集，不能起草。"),
    "changed_meanwhile": gettext_lazy("草稿刚刚被改过或者已经启用，请看现在的样子。"),
    "not_chief": gettext_lazy("启用要由监察主体负责人来办。"),
    "own_draft": gettext_lazy("起草的人不能自己启用，要换一位。"),
    "day_past": gettext_lazy("启用日期不能早于今天。"),
    "day_far": gettext_lazy("启用日期不能晚于一年以后。"),
    "day_full": gettext_lazy("这一天已经启用过十版，请换一天。"),
    "before_newest": gettext_lazy("起草以后已经有新的一版启用，请按新版另起草稿。"),
    "faulty": gettext_lazy("草稿里还有要改的地方，改好才能启用。"),
    "unchanged": gettext_lazy("草稿和现行的一样，没有可启用的改动。"),
    "no_place": gettext_lazy("这套系统没有存放本地规则的目录（ZHENGTONG_HOME），不能启用。"),
}  # fmt: skip


def metric_name(metric: Metric | None, code: str = "") -> str:
    """What a metric is called in the reader's language."""
    if metric is None:
        return code
    return metric.name_en if (get_language() or "").startswith("en") else metric.name


def condition_words(rule: Rule) -> str:
    """What a rule measures against what: 法定期限剩余 不多于 1 个工作日."""
    name = metric_name(METRICS.get(rule.metric), rule.metric)
    said = {"metric": name, "operator": OPERATORS[rule.operator], "amount": quantity_words(rule.threshold)}
    return _("%(metric)s：%(operator)s %(amount)s") % said


def source_words(source: str, titles: Mapping[str, str]) -> str:
    """《…》第 7 条."""
    return article_words(source, {f"sources.{key}.title": title for key, title in titles.items()})


def repeat_words(repeat: Term | None) -> str:
    return word_term(repeat) if repeat else _("不再提醒")


# ---- scope ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What a scope may name, in words: code → words, for each key."""

    choices: Mapping[str, Mapping[str, str]]

    def say(self, key: str, code: str) -> str:
        bare = code.removeprefix("!")
        said = self.choices.get(key, {}).get(bare, bare)
        return _("除%(what)s") % {"what": said} if code != bare else said


def read_vocabulary(procedures: Iterable[str] = ()) -> Vocabulary:
    """The procedures of the shelf and what stands in them, or only in these."""
    found: dict[str, dict[str, str]] = {"procedures": {}, "clocks": {"main": _("主期限")}, "acts": {}, "outcomes": {}}
    found |= {"documents": {}, "departments": _departments()}
    wanted = set(procedures)
    for code in codes():
        said = words(code, versions_of(code)[-1], get_language() or "zh-hans")
        found["procedures"][code] = said.get("procedure.name", code)
        if not wanted or code in wanted:
            _gather(said, found)
    found["outcomes"]["negative"] = _("各种否定结果")
    found["clocks"] |= {"step:*": _("各环节时限"), "branch:*": _("各并行事项时限"), "sign:*": _("各签收时限")}
    return Vocabulary(choices=found)


def _gather(said: Mapping[str, str], found: dict[str, dict[str, str]]) -> None:
    for key, text in said.items():
        parts = key.split(".")
        if len(parts) != 3 or parts[2] != "name":
            continue
        table, code = parts[0], parts[1]
        into = {"actions": "acts", "outcomes": "outcomes", "documents": "documents", "clocks": "clocks"}.get(table)
        if into is not None:
            found[into].setdefault(code, text)
        elif table == "states":
            found["clocks"].setdefault(f"step:{code}", _("环节：%(name)s") % {"name": text})
        elif table == "branches":
            found["clocks"].setdefault(f"branch:{code}", _("并行：%(name)s") % {"name": text})
            found["clocks"].setdefault(f"sign:{code}", _("签收：%(name)s") % {"name": text})


def _departments() -> dict[str, str]:
    known = people.organisation().units
    return {code: str(people.name_of(unit)) for code, unit in known.items() if unit.closed_on is None}


def scope_words(rule: Rule, vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    """(what, which) of everything a rule is narrowed to."""
    for key in SCOPES:
        value: Any = getattr(rule.scope, key, None)
        if key == "on_spot":
            if value is not None:
                yield str(SCOPES[key]), _("只管即办件") if value else _("只管承诺件")
        elif value:
            yield str(SCOPES[key]), _("、").join(_say(key, code, vocabulary) for code in sorted(value))


def _say(key: str, code: str, vocabulary: Vocabulary) -> str:
    if key == "items":
        return catalogue.item_names([code]).get(code, code)
    return vocabulary.say(key, code)


# ---- faults -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing to put right: which rule, which field, what."""

    rule: str
    key: str
    where: str
    sentence: str


def complaint_of(fault: FileFault) -> Complaint:
    """A fault of the reader in the words of the page."""
    parts = fault.table.replace('"', "").split(".")
    rule, key = (parts[1], parts[2] if len(parts) > 2 else "") if parts[0] == "rules" and len(parts) > 1 else ("", "")
    if key == "scope" and len(parts) > 3:
        key = parts[3]
    where = str(KEYS.get(key) or SCOPES.get(key) or "")
    if fault.code == "missing_words":
        where = _("英文名称")
    return Complaint(rule=rule, key=key, where=where, sentence=str(FAULTS.get(fault.code, fault.mend)))
