"""Findings in words (判断的说法): one sentence for each metric, the lines of its arithmetic, what an event shows.

A sentence is made from what the finding carries, nothing is looked up in the case; a metric without a sentence of its
own is told by the name of its rule, what was measured and what is allowed.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from zhengtong.kernel.supervision.findings import Step
from zhengtong.kernel.supervision.rules import Operator, Quantity, Rule, Unit
from zhengtong.law.supervision_rules import editions, read_rules, words_of
from zhengtong.supervision.models import Signal

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
        Unit.WORKING_DAYS: ngettext("%(n)s 个工作日", "%(n)s 个工作日", whole),
        Unit.CALENDAR_DAYS: ngettext("%(n)s 天", "%(n)s 天", whole),
        Unit.HOURS: ngettext("%(n)s 小时", "%(n)s 小时", whole),
        Unit.WORKING_HOURS: ngettext("%(n)s 个工作小时", "%(n)s 个工作小时", whole),
        Unit.MINUTES: ngettext("%(n)s 分钟", "%(n)s 分钟", whole),
        Unit.TIMES: ngettext("%(n)s 次", "%(n)s 次", whole),
        Unit.CASES: ngettext("%(n)s 件", "%(n)s 件", whole),
        Unit.PEOPLE: ngettext("%(n)s 人", "%(n)s 人", whole),
        Unit.PERCENT: "%(n)s%%",
    }
    return forms[quantity.unit] % {"n": n}


def rule_names() -> Mapping[str, str]:
    """Rule code → name in the reader's language; an older edition names the rules that a newer one has no more."""
    language, found = get_language() or "zh-hans", {}
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


def headline(signal: Signal | None) -> str:
    """A few words for a line: what the rule is called, and by how much."""
    if signal is None:
        return _("人工发牌")
    name = rule_name(signal.rule)
    return _("%(rule)s：%(much)s") % {"rule": name, "much": quantity_words(signal.measured)}


def sentence(signal: Signal) -> str:
    """What is wrong, in one sentence."""
    params: Mapping[str, Any] = signal.finding.get("params", {})
    said = SENTENCES.get(signal.metric)
    values = {name: str(value) for name, value in params.items()}
    values |= {
        "measured": quantity_words(signal.measured), "threshold": quantity_words(signal.threshold),
        "rule": rule_name(signal.rule),
    }  # fmt: skip
    if said is not None:
        try:
            return str(said) % values
        except KeyError:
            pass
    return _("%(rule)s：量得 %(measured)s，界限是 %(threshold)s。") % values


SENTENCES: Final[Mapping[str, Promise]] = {}


# ---- arithmetic and evidence -----------------------------------------------------------------------------

STEPS: Final[Mapping[str, Promise]] = {}
WHYS: Final[Mapping[str, Promise]] = {}


def step_words(step: Step) -> str:
    """What a line of the arithmetic is."""
    said = STEPS.get(step.what)
    if said is None:
        return step.what
    try:
        return str(said) % dict(step.params)
    except KeyError:
        return str(said)


def why_words(code: str) -> str:
    """What an event shows."""
    return str(WHYS.get(code, code))
