"""The form of one rule (规则表单), made from its metric: units, comparisons and scopes are those the metric knows.
Only amounts, names, sources and codes are typed."""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.kernel.supervision.metrics import METRICS, Metric
from zhengtong.kernel.supervision.rules import Clears, Family, Follow, Level, Period, Quantity, Receiver, Stream
from zhengtong.supervision.drafting import RuleBook
from zhengtong.supervision.names import LEVELS
from zhengtong.supervision.rule_words import (
    CLEARS,
    FOLLOWS,
    KEYS,
    PERIODS,
    RECEIVERS,
    SCOPES,
    STREAMS,
    UNITS,
    WHOSE,
    Vocabulary,
)
from zhengtong.supervision.wording import OPERATORS
from zhengtong.ui.forms import FieldSpec, TypedForm, build_form

CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{1,29}")
NEW_SOURCE: Final = "+"
SCOPE: Final = "scope_"
LISTED: Final = ("procedures", "departments", "clocks", "acts", "outcomes", "documents")
TYPED: Final = ("items", "receipts", "data")
SPLIT: Final = re.compile(r"[\s,，、;；]+")
SECTIONS: Final = (
    ("what", gettext_lazy("量什么，界限在哪里")), ("follows", gettext_lazy("判断成立以后")),
    ("scope", gettext_lazy("管哪些")), ("source", gettext_lazy("名称和依据")),
)  # fmt: skip


def _pick(name: str, choices: Any, **more: Any) -> FieldSpec:
    return FieldSpec(name=name, label=KEYS[name], kind="choice", choices=tuple(choices), **more)


def specs_for(
    metric: Metric, *, book: RuleBook, vocabulary: Vocabulary, kept: Mapping[str, Any], is_new: bool
) -> dict[str, tuple[FieldSpec, ...]]:
    """The questions of a rule that measures this, in sections. `kept` is the scope it has now."""
    return {
        "what": tuple(_what(metric, is_new=is_new)),
        "follows": tuple(_follows()),
        "scope": tuple(_scope(metric, vocabulary, kept)),
        "source": tuple(_source(book)),
    }


def _what(metric: Metric, *, is_new: bool) -> Iterator[FieldSpec]:
    if is_new:
        yield FieldSpec(
            name="code", label=_("规则代码"), max_length=30, help=_("例如 BD-01；启用以后不能再改，牌和得分都认它。")
        )
    yield _pick("operator", [(each.value, OPERATORS[each]) for each in metric.operators])
    yield FieldSpec(name="amount", label=KEYS["threshold"], kind="number", help=_("只写数，可以有小数。"))
    yield FieldSpec(
        name="unit", label=_("单位"), kind="choice", choices=tuple((each.value, UNITS[each]) for each in metric.units)
    )
    if metric.family is Family.PATTERN:
        yield _pick("whose", [(each.value, WHOSE[each.value]) for each in metric.whose])
        yield _pick("period", [(each.value, PERIODS[each.value]) for each in Period])
        yield FieldSpec(
            name="least", label=KEYS["least"], kind="number", required=False, help=_("件数太少，比例说明不了什么。")
        )


def _follows() -> Iterator[FieldSpec]:
    yield _pick("level", [(each.value, LEVELS[each.value]) for each in Level])
    yield _pick("follow", [(each.value, FOLLOWS[each.value]) for each in Follow])
    yield _pick("receivers", [(each.value, RECEIVERS[each.value]) for each in Receiver], multiple=True, required=False)
    yield FieldSpec(name="repeat", label=KEYS["repeat"], kind="term", required=False, help=_("空着就只说一次。"))
    yield _pick("clears", [(each.value, CLEARS[each.value]) for each in Clears])
    yield FieldSpec(
        name="points",
        label=KEYS["points"],
        kind="number",
        required=False,
        help=_("空着就按等级扣。"),
    )


def _scope(metric: Metric, vocabulary: Vocabulary, kept: Mapping[str, Any]) -> Iterator[FieldSpec]:
    for key in LISTED:
        if key not in metric.scope_keys:
            continue
        known = dict(vocabulary.choices.get(key, {}))
        known |= {code: vocabulary.say(key, code) for code in kept.get(key, ()) if code not in known}
        chosen = len(kept.get(key, ()))
        yield FieldSpec(
            name=SCOPE + key, label=SCOPES[key], kind="choice", required=False, multiple=True,
            choices=tuple(known.items()), help=_("不选就是全部。"),
            folded=_fold(key, chosen) if key != "procedures" else "",
        )  # fmt: skip
    for key in TYPED:
        if key in metric.scope_keys:
            yield FieldSpec(
                name=SCOPE + key, label=SCOPES[key], required=False, max_length=500,
                help=_("几个用顿号隔开，空着就是全部。"), folded=_fold(key, len(kept.get(key, ()))),
            )  # fmt: skip
    if "on_spot" in metric.scope_keys:
        choices = (("", _("都管")), ("yes", _("只管即办件")), ("no", _("只管承诺件")))
        yield FieldSpec(name=SCOPE + "on_spot", label=SCOPES["on_spot"], kind="choice", required=False, choices=choices)


def _fold(key: str, chosen: int) -> str:
    said = {"what": SCOPES[key], "n": chosen}
    return _("%(what)s：选了 %(n)s 项") % said if chosen else _("%(what)s：全部") % said


def _source(book: RuleBook) -> Iterator[FieldSpec]:
    yield FieldSpec(name="name", label=KEYS["name"], max_length=60)
    yield FieldSpec(name="name_en", label=_("英文名称"), max_length=120, required=False)
    yield _pick("stream", [(each.value, STREAMS[each.value]) for each in Stream])
    titles = [(key, str(table.get("title", key))) for key, table in book.sources.items()]
    yield FieldSpec(
        name="instrument", label=_("依据的文件"), kind="choice", choices=(*titles, (NEW_SOURCE, _("另一份文件"))),
    )  # fmt: skip
    yield FieldSpec(
        name="title", label=_("文件名称和文号"), max_length=120, shown_when=("instrument", (NEW_SOURCE,)),
    )  # fmt: skip
    yield FieldSpec(name="article", label=_("第几条"), max_length=40, required=False)
    yield FieldSpec(name="confirmed", label=KEYS["confirmed"], kind="yes_no")


def form_for(specs: Mapping[str, tuple[FieldSpec, ...]]) -> type[TypedForm]:
    return build_form([spec for group in specs.values() for spec in group], name="RuleForm")


# ---- from a rule's table, and back -------------------------------------------------------------------------


def initial_of(book: RuleBook, code: str, metric: Metric) -> dict[str, Any]:
    """What the form of a rule begins with."""
    table = book.rules.get(code, {})
    amount, _blank, unit = str(table.get("threshold", "")).partition(" ")
    instrument, _blank, article = str(table.get("source", "")).partition(" ")
    scope = table.get("scope", {})
    found: dict[str, Any] = {
        "operator": table.get("operator"), "amount": amount, "unit": unit or metric.unit.value,
        "whose": table.get("whose") or metric.whose[0].value, "period": table.get("period"),
        "least": table.get("least"), "level": table.get("level"), "follow": table.get("follow"),
        "receivers": table.get("receivers", []), "repeat": table.get("repeat"), "clears": table.get("clears"),
        "points": table.get("points"), "name": table.get("name"), "name_en": book.english.get(code),
        "stream": table.get("stream"), "instrument": instrument, "article": article,
        "confirmed": table.get("confirmed", True) if table else None,
    }  # fmt: skip
    found |= {SCOPE + key: list(scope.get(key, ())) for key in LISTED}
    found |= {SCOPE + key: "、".join(scope.get(key, ())) for key in TYPED}
    found[SCOPE + "on_spot"] = {True: "yes", False: "no"}.get(scope.get("on_spot"), "")
    return found


def check_form(form: TypedForm, book: RuleBook, *, is_new: bool) -> None:
    """What only the whole form shows; the rest is for the reader of the law to say."""
    said = form.cleaned_data
    code = str(said.get("code") or "")
    if is_new and code and not CODE.fullmatch(code):
        form.add_error("code", _("代码用字母、数字和连接号，2 到 30 个。"))
    if is_new and code in book.rules:
        form.add_error("code", _("这个代码已经有了，换一个。"))
    try:
        if said.get("amount"):
            Fraction(str(said["amount"]))
    except (ValueError, ZeroDivisionError):
        form.add_error("amount", _("界限要写成不小于零的数。"))


def read_rule(form: TypedForm, book: RuleBook, metric: Metric) -> tuple[RuleBook, dict[str, Any], str]:
    """A valid form as (the book with its source, the rule's table, the English name)."""
    said = form.cleaned_data
    key = str(said["instrument"])
    if key == NEW_SOURCE:
        book, key = book.with_source(str(said["title"]))
    table: dict[str, Any] = {
        "name": said["name"], "stream": said["stream"], "metric": metric.code, "operator": said["operator"],
        "threshold": _amount(str(said["amount"]), str(said["unit"])), "level": said["level"], "follow": said["follow"],
        "receivers": list(said["receivers"]), "clears": said["clears"],
        "source": f"{key} {said['article']}".strip(),
    }  # fmt: skip
    if scope := _scope_of(said, metric):
        table["scope"] = scope
    if said.get("repeat"):
        table["repeat"] = str(said["repeat"])
    if metric.family is Family.PATTERN:
        table |= {"whose": said["whose"], "period": said["period"]}
        if said.get("least"):
            table["least"] = int(said["least"])
    if said.get("points") not in (None, ""):
        table["points"] = int(said["points"])
    if not said["confirmed"]:
        table["confirmed"] = False
    return book, table, str(said.get("name_en") or "")


def _amount(number: str, unit: str) -> str:
    """As it was typed: a share of the thousandth of a percent stays one."""
    Quantity.parse(said := f"{number} {unit}")
    return said


def _scope_of(said: Mapping[str, Any], metric: Metric) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in (*LISTED, *TYPED):
        value = said.get(SCOPE + key)
        if key not in metric.scope_keys or not value:
            continue
        found[key] = [each for each in SPLIT.split(value) if each] if isinstance(value, str) else list(value)
    on_spot = said.get(SCOPE + "on_spot")
    if on_spot:
        found["on_spot"] = on_spot == "yes"
    return found


def metric_of(code: str) -> Metric | None:
    return METRICS.get(code)
