"""Words for what procedure files write in codes: units, guards, phases, whose limit it is. In the active language."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from zhengtong.kernel.events import Json
from zhengtong.kernel.procedures import ByFact, Guard, Limit, Phase, Procedure, Ref
from zhengtong.kernel.terms import Term, Unit

_UNITS: Final[Mapping[Unit, Any]] = {
    Unit.WD: gettext_lazy("%(n)s 个工作日"),
    Unit.CD: gettext_lazy("%(n)s 日"),
    Unit.H: gettext_lazy("%(n)s 小时"),
    Unit.WH: gettext_lazy("%(n)s 个工作小时"),
    Unit.MONTH: gettext_lazy("%(n)s 个月"),
    Unit.YEAR: gettext_lazy("%(n)s 年"),
}
PHASES: Final[Mapping[Phase, Any]] = {
    Phase.DRAFT: pgettext_lazy("law", "草稿"),
    Phase.SUBMITTED: pgettext_lazy("law", "已提交"),
    Phase.RECEIVED: pgettext_lazy("law", "收件"),
    Phase.SUPPLEMENTING: gettext_lazy("补正"),
    Phase.EXAMINING: gettext_lazy("审查"),
    Phase.SUSPENDED: gettext_lazy("中止"),
    Phase.DECIDED: pgettext_lazy("law", "已决定"),
    Phase.DELIVERING: pgettext_lazy("law", "送达"),
    Phase.CLOSED: gettext_lazy("办结"),
}
WHOSE: Final[Mapping[str, Any]] = {
    "organ": gettext_lazy("机关"),
    "applicant": pgettext_lazy("law", "申请人"),
    "party": gettext_lazy("当事人"),
}


def word_term(term: Term) -> str:
    """A term as people say it."""
    if term.n == 0:
        return _("当场")
    return str(_UNITS[term.unit]) % {"n": term.n}


def word_limit(limit: Limit | None, procedure: Procedure, words: Mapping[str, str]) -> str:
    """A limit as people say it; a parameter with its default, a table with its rows."""
    if limit is None:
        return ""
    if isinstance(limit, Term):
        return word_term(limit)
    if isinstance(limit, Ref):
        return _word_parameter(limit.name, procedure, words)
    return _word_table(limit, words)


def _word_parameter(name: str, procedure: Procedure, words: Mapping[str, str]) -> str:
    parameter, said = procedure.parameters.get(name), words.get(f"parameters.{name}.name", name)
    if parameter is None or parameter.default is None:
        return _("%(name)s（由事项填写）") % {"name": said}
    return _("%(name)s（不填为 %(term)s）") % {"name": said, "term": word_term(parameter.default)}


def _word_table(limit: ByFact, words: Mapping[str, str]) -> str:
    path = "kinds" if limit.by == "kind" else f"inputs.{limit.by}.choices"
    rows = [f"{_find(words, f'.{path}.{code}', code)} {word_term(term)}" for code, term in limit.cases.items()]
    if limit.otherwise is not None:
        rows.append(_("其他 %(term)s") % {"term": word_term(limit.otherwise)})
    return _("，").join(rows)


def _word_list(kind: str) -> Callable[[Json, Mapping[str, str]], str]:
    def word(parameter: Json, words: Mapping[str, str]) -> str:
        codes = parameter if isinstance(parameter, list) else [parameter]
        return _("、").join(words.get(f"{kind}.{code}.name", str(code)) for code in codes)

    return word


def _find(words: Mapping[str, str], ending: str, otherwise: str) -> str:
    """The first word of the procedure whose key ends so: inputs are named alike wherever they are asked for."""
    return next((text for key, text in words.items() if key.endswith(ending)), otherwise)


def _word_plain(parameter: Json, words: Mapping[str, str]) -> str:
    return str(parameter)


def _word_completeness(parameter: Json, words: Mapping[str, str]) -> str:
    return _("可容缺的除外") if parameter == "tolerable" else _("一份不缺")


def _word_ahead(parameter: Json, words: Mapping[str, str]) -> str:
    given = parameter if isinstance(parameter, dict) else {}
    name = str(given.get("of", ""))
    return _("“%(what)s”至少提前 %(term)s") % {
        "what": _find(words, f".inputs.{name}.label", name), "term": word_term(Term.parse(str(given.get("by")))),
    }  # fmt: skip


def _word_waited(parameter: Json, words: Mapping[str, str]) -> str:
    given = parameter if isinstance(parameter, dict) else {}
    return _("自%(mark)s起满 %(term)s") % {
        "mark": str(MARKS.get(str(given.get("since")), "")), "term": word_term(Term.parse(str(given.get("term")))),
    }  # fmt: skip


def _word_verdicts(parameter: Json, words: Mapping[str, str]) -> str:
    given = parameter if isinstance(parameter, dict) else {}
    group, wanted = str(given.get("group", "")), given.get("all")
    verdicts = [str(each) for each in wanted] if isinstance(wanted, list) else []
    said = [words.get(f"branches.{group}.verdicts.{each}", _("作废")) for each in verdicts]
    return f"{words.get(f'branches.{group}.name', group)}：{_('、').join(said)}"


def _word_quorum(parameter: Json, words: Mapping[str, str]) -> str:
    given = parameter if isinstance(parameter, dict) else {}
    group, verdict = str(given.get("group", "")), str(given.get("verdict", ""))
    said = words.get(f"branches.{group}.verdicts.{verdict}", verdict)
    return f"{words.get(f'branches.{group}.name', group)} {said} {given.get('share')}%"


def _word_fact(parameter: Json, words: Mapping[str, str]) -> str:
    given = parameter if isinstance(parameter, dict) else {}
    parts = []
    for name, wanted in given.items():
        values = [str(each) for each in wanted] if isinstance(wanted, list) else []
        said = [_find(words, f".inputs.{name}.choices.{each}", each) for each in values]
        parts.append(f"{_find(words, f'.inputs.{name}.label', name)}：{_('、').join(said)}")
    return _("，").join(parts)


MARKS: Final[Mapping[str, Any]] = {
    "submitted": gettext_lazy("提交之日"),
    "received": gettext_lazy("收件之日"),
    "accepted": gettext_lazy("受理之日"),
    "decided": gettext_lazy("决定之日"),
    "published": gettext_lazy("公示之日"),
    "delivered": gettext_lazy("送达之日"),
    "closed": gettext_lazy("办结之日"),
}
_GUARDS: Final[Mapping[str, tuple[Any, Callable[[Json, Mapping[str, str]], str]]]] = {
    "materials": (gettext_lazy("材料齐全（%(what)s）"), _word_completeness),
    "at_most": (gettext_lazy("至多 %(what)s 次"), _word_plain),
    "other_person_than": (gettext_lazy("与办理“%(what)s”的不是同一人"), _word_list("actions")),
    "consent": (gettext_lazy("经%(what)s批准"), _word_list("roles")),
    "within": (gettext_lazy("在“%(what)s”之内"), _word_list("clocks")),
    "ahead": ("%(what)s", _word_ahead),
    "waited": ("%(what)s", _word_waited),
    "done": (gettext_lazy("已办“%(what)s”"), _word_list("actions")),
    "not_done": (gettext_lazy("未办“%(what)s”"), _word_list("actions")),
    "settled": (gettext_lazy("“%(what)s”已了结"), _word_list("branches")),
    "verdicts": (gettext_lazy("结论（%(what)s）"), _word_verdicts),
    "quorum": (gettext_lazy("达到比例（%(what)s）"), _word_quorum),
    "fees": (gettext_lazy("费用已缴清或减免"), _word_plain),
    "served": (gettext_lazy("“%(what)s”已送达"), _word_list("documents")),
    "fact": (gettext_lazy("限于（%(what)s）"), _word_fact),
    "officers": (gettext_lazy("不少于 %(what)s 人"), _word_plain),
}


def word_guard(guard: Guard, words: Mapping[str, str]) -> str:
    """A condition as people say it."""
    sentence, say = _GUARDS[guard.word]
    return str(sentence) % {"what": say(guard.parameter, words)}
