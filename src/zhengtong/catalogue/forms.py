"""The editor of an item version as a form made from its procedure: options, parameters, roles; and the lists that all
items have. What `bind` thinks of the result is not asked here: a draft may be kept half done."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.catalogue.labels import (
    CASE_TYPES,
    CHANNELS,
    KINDS,
    LEVELS,
    MATERIAL_FORMS,
    MATERIAL_KINDS,
    MATERIAL_SOURCES,
    POWER_SOURCES,
    TARGETS,
    OpenCases,
    term_words,
)
from zhengtong.kernel.procedures import Procedure, Ref, RoleKind
from zhengtong.kernel.terms import Term
from zhengtong.ui.fields import DayField, PlainText
from zhengtong.ui.forms import FieldSpec, TypedForm, build_form

YES_NO: Final = (("yes", gettext_lazy("是")), ("no", gettext_lazy("否")))
RESULT_KINDS: Final = (
    ("licence", gettext_lazy("许可证件")),
    ("approval", gettext_lazy("批文")),
    ("certificate", gettext_lazy("证明")),
    ("record", gettext_lazy("登记、备案凭证")),
    ("none", gettext_lazy("没有结果文件")),
)
# Kinds of questions an applicant may be asked; the others belong to acts of staff.
FIELD_KINDS: Final = (
    ("text", gettext_lazy("文字")),
    ("reason", gettext_lazy("多行文字")),
    ("choice", gettext_lazy("选一项")),
    ("yes_no", gettext_lazy("是或否")),
    ("number", gettext_lazy("数字")),
    ("money", gettext_lazy("金额")),
    ("date", gettext_lazy("日期")),
    ("address", gettext_lazy("地址")),
    ("identity", gettext_lazy("身份证号")),
    ("credit_code", gettext_lazy("统一社会信用代码")),
    ("attachment", gettext_lazy("附件")),
)
WHEN_HELP: Final = gettext_lazy("什么情形才要，例如 air=yes；几个答案用逗号隔开，几个问题用分号隔开。空着就是都要。")
CHOICES_HELP: Final = gettext_lazy("一行一个：代码、空格、名称；要英文的，后面加 | 和英文。")


def _text(name: str, label: Any, *, required: bool = False, most: int = 300, **more: Any) -> FieldSpec:
    return FieldSpec(name=name, label=label, kind="text", required=required, max_length=most, **more)


def _lines(name: str, label: Any, **more: Any) -> FieldSpec:
    return FieldSpec(name=name, label=label, kind="reason", required=False, **more)


def _pick(name: str, label: Any, choices: Iterable[tuple[str, Any]], **more: Any) -> FieldSpec:
    return FieldSpec(name=name, label=label, kind="choice", required=False, choices=tuple(choices), **more)


def _yes(name: str, label: Any) -> FieldSpec:
    return _pick(name, label, YES_NO)


def _when(name: str = "when") -> FieldSpec:
    return _text(name, gettext_lazy("适用情形"))


def _table(name: str, label: Any, *fields: FieldSpec, **more: Any) -> FieldSpec:
    return FieldSpec(name=name, label=label, kind="table", required=False, fields=fields, **more)


# ---- the parts ----------------------------------------------------------------------------------

HEAD: Final = (
    _text("name", gettext_lazy("事项名称"), required=True),
    _text("name_en", gettext_lazy("英文名称")),
    _text("short", gettext_lazy("一句话说明"), most=500, help=gettext_lazy("给办事人看的：什么时候要办。")),
    _text("short_en", gettext_lazy("一句话说明（英文）"), most=500),
    _text("keywords", gettext_lazy("搜索用词"), help=gettext_lazy("老百姓会怎么叫它，用顿号隔开。")),
    _text("national_code", gettext_lazy("国家基本编码"), most=64),
    _pick("kind", gettext_lazy("事项类型"), KINDS.items()),
    _pick("case_type", gettext_lazy("办件类型"), CASE_TYPES.items()),
    _pick("level", gettext_lazy("行使层级"), LEVELS.items()),
    _pick("power_source", gettext_lazy("权力来源"), POWER_SOURCES.items()),
    FieldSpec(name="visits", label=gettext_lazy("到现场次数"), kind="number", required=False),
    _pick("targets", gettext_lazy("服务对象"), TARGETS.items(), multiple=True),
    _pick("channels", gettext_lazy("办理形式"), CHANNELS.items(), multiple=True),
)
LISTS: Final = (
    _table(
        "basis", gettext_lazy("设定依据"),
        _text("title", gettext_lazy("法律法规名称"), required=True), _text("number", gettext_lazy("文号")),
        _text("article", gettext_lazy("第几条")), _yes("confirmed", gettext_lazy("已对照条文核实")),
    ),
    _table(
        "conditions", gettext_lazy("受理条件"),
        _text("text", gettext_lazy("条件"), required=True, most=1000),
        _text("text_en", gettext_lazy("英文"), most=1000),
    ),
    _table(
        "situations", gettext_lazy("情形问题"),
        _text("code", gettext_lazy("代码"), required=True, most=40),
        _text("question", gettext_lazy("问题"), required=True), _text("question_en", gettext_lazy("英文")),
        _text("help", gettext_lazy("提示")), _when("shown_when"),
        _lines("choices", gettext_lazy("答案")),
        help=CHOICES_HELP,
    ),
    _table(
        "materials", gettext_lazy("材料"),
        _text("code", gettext_lazy("代码"), required=True, most=40),
        _text("name", gettext_lazy("材料名称"), required=True), _text("name_en", gettext_lazy("英文名称")),
        _yes("required", gettext_lazy("必要")), _yes("tolerable", gettext_lazy("可容缺后补")),
        _pick("kind", gettext_lazy("类型"), MATERIAL_KINDS.items()),
        _pick("form", gettext_lazy("形式"), MATERIAL_FORMS.items()),
        _pick("source", gettext_lazy("来源"), MATERIAL_SOURCES.items()),
        FieldSpec(name="copies", label=gettext_lazy("份数"), kind="number", required=False), _when(),
        _text("note", gettext_lazy("说明"), most=500), _text("note_en", gettext_lazy("说明（英文）"), most=500),
        help=WHEN_HELP,
    ),
    _table(
        "fees", gettext_lazy("收费"),
        _text("code", gettext_lazy("代码"), required=True, most=40),
        _text("name", gettext_lazy("项目"), required=True), _text("name_en", gettext_lazy("英文名称")),
        FieldSpec(name="amount", label=gettext_lazy("金额（元）"), kind="money"),
        _text("basis", gettext_lazy("收费依据"), required=True), _yes("confirmed", gettext_lazy("标准已核实")),
        _yes("reducible", gettext_lazy("可减免")), _when(),
        help=gettext_lazy("没有法律、行政法规的依据，不得收费。"),
    ),
    _table(
        "fields", gettext_lazy("申请表内容"),
        _text("name", gettext_lazy("代码"), required=True, most=40),
        _text("label", gettext_lazy("名称"), required=True), _text("label_en", gettext_lazy("英文名称")),
        FieldSpec(name="kind", label=gettext_lazy("怎么填"), kind="choice", choices=FIELD_KINDS),
        _yes("required", gettext_lazy("必填")), _yes("sealed", gettext_lazy("加密保存")),
        _when("shown_when"), _text("help", gettext_lazy("提示")), _text("help_en", gettext_lazy("提示（英文）")),
        _lines("choices", gettext_lazy("选项")),
        help=gettext_lazy("凡可能写到人的（姓名、地址、证件号），都要加密保存。"),
    ),
)  # fmt: skip
GUIDE: Final = (
    _text("place", gettext_lazy("办理地点")),
    _text("place_en", gettext_lazy("办理地点（英文）")),
    _text("hours", gettext_lazy("办理时间")),
    _text("hours_en", gettext_lazy("办理时间（英文）")),
    _text("phone", gettext_lazy("咨询电话"), most=60),
    _text("complaint", gettext_lazy("监督投诉电话"), most=60),
    _text("quantity", gettext_lazy("数量限制")),
    _text("quantity_en", gettext_lazy("数量限制（英文）")),
    _text("flow_note", gettext_lazy("流程说明"), most=1000),
    _text("flow_note_en", gettext_lazy("流程说明（英文）"), most=1000),
)
FAQ: Final = _table(
    "faq", gettext_lazy("常见问题"),
    _text("q", gettext_lazy("问"), required=True), _text("q_en", gettext_lazy("问（英文）")),
    _text("a", gettext_lazy("答"), required=True, most=1000), _text("a_en", gettext_lazy("答（英文）"), most=1000),
)  # fmt: skip


def specs_for(
    procedure: Procedure,
    *,
    named: Mapping[str, str],
    posts: Sequence[tuple[str, str]],
    themes: Sequence[tuple[str, str]],
) -> tuple[tuple[str, Any, tuple[FieldSpec, ...]], ...]:
    """The editor in groups (anchor, heading, fields). `named`: the procedure's words; `posts`: (code, words)."""
    options = [(code, named.get(f"options.{code}.name", option.name)) for code, option in procedure.options.items()]
    result = (
        _text("result_name", gettext_lazy("结果名称")),
        _text("result_name_en", gettext_lazy("结果名称（英文）")),
        _pick("result_kind", gettext_lazy("结果类型"), RESULT_KINDS),
        FieldSpec(name="result_valid", label=gettext_lazy("有效期"), kind="term", required=False),
    )
    head = (*HEAD, _pick("themes", gettext_lazy("主题"), themes, multiple=True))
    return (
        ("head", _("基本信息"), head),
        ("options", _("流程选项"), (_pick("options", gettext_lazy("选用的流程选项"), options, multiple=True),)),
        ("terms", _("期限"), (*_term_specs(procedure, named), *_term_sources(), _terms_when(procedure, named))),
        ("posts", _("岗位"), tuple(_post_specs(procedure, named, posts))),
        *((spec.name, spec.label, (spec,)) for spec in LISTS),
        ("result", _("办理结果"), result),
        ("guide", _("办事指南"), (*(_renamed(spec) for spec in GUIDE), FAQ)),
    )


def _renamed(spec: FieldSpec) -> FieldSpec:
    return FieldSpec(
        name=f"guide_{spec.name}", label=spec.label, kind=spec.kind, required=False, max_length=spec.max_length
    )


def _term_specs(procedure: Procedure, named: Mapping[str, str]) -> list[FieldSpec]:
    found = []
    for code, rule in procedure.parameters.items():
        said = [rule.source]
        if rule.default is not None:
            said.append(_("不填就是 %(term)s") % {"term": _in_words(rule.default)})
        if isinstance(rule.at_most, Ref):
            ceiling = procedure.parameters[rule.at_most.name].name
            said.append(_("不得超过 %(term)s") % {"term": named.get(f"parameters.{rule.at_most.name}.name", ceiling)})
        elif rule.at_most is not None:
            said.append(_("不得超过 %(term)s") % {"term": _in_words(rule.at_most)})
        label = named.get(f"parameters.{code}.name", rule.name)
        found.append(
            FieldSpec(name=f"term_{code}", label=label, kind="term", required=False, help="；".join(filter(None, said)))
        )
    return found


def _in_words(term: Term) -> str:
    return " ".join(filter(None, term_words(str(term))))


def _term_sources() -> list[FieldSpec]:
    fields = (
        _text("instrument", gettext_lazy("依据文件")),
        _text("article", gettext_lazy("第几条"), most=60),
        _yes("confirmed", gettext_lazy("已对照条文核实")),
    )
    heads = (("legal", gettext_lazy("法定时限的依据")), ("promised", gettext_lazy("承诺时限的依据")))
    return [
        FieldSpec(name=f"source_{code}", label=label, kind="fields", required=False, fields=fields)
        for code, label in heads
    ]


def _terms_when(procedure: Procedure, named: Mapping[str, str]) -> FieldSpec:
    choices = [(code, named.get(f"parameters.{code}.name", rule.name)) for code, rule in procedure.parameters.items()]
    return _table(
        "terms_when",
        gettext_lazy("某些情形下不同的期限"),
        _when(),
        FieldSpec(name="parameter", label=gettext_lazy("哪个期限"), kind="choice", choices=tuple(choices)),
        FieldSpec(name="term", label=gettext_lazy("多长"), kind="term"),
    )


def _post_specs(
    procedure: Procedure, named: Mapping[str, str], posts: Sequence[tuple[str, str]]
) -> Iterable[FieldSpec]:
    for code, role in procedure.roles.items():
        if role.kind is RoleKind.POST:
            label = named.get(f"roles.{code}.name", role.name)
            yield FieldSpec(name=f"post_{code}", label=label, kind="post", required=False, choices=tuple(posts))


def editor_of(groups: Sequence[tuple[str, Any, tuple[FieldSpec, ...]]]) -> type[TypedForm]:
    form = build_form([spec for _anchor, _heading, specs in groups for spec in specs], name="EditorForm")
    for name, field in form.base_fields.items():
        if name.startswith("post_") or name in {"kind", "level", "power_source", "case_type"}:
            field.draw_as_select()  # type: ignore[attr-defined]  # fields of ui.fields
    return form


# ---- content → form -----------------------------------------------------------------------------


def initial_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows of a content."""
    shown: dict[str, Any] = {
        name: content.get(name)
        for name in (
            "name", "name_en", "short", "short_en", "national_code", "kind", "case_type", "level", "power_source",
            "visits", "targets", "channels", "themes", "options",
        )
    }  # fmt: skip
    shown["keywords"] = "、".join(content.get("keywords", ()))
    shown |= {f"term_{code}": term for code, term in content.get("terms", {}).items()}
    shown |= {f"source_{code}": _shown(row) for code, row in content.get("terms_source", {}).items()}
    shown |= {f"post_{role}": post["post"] for role, post in content.get("posts", {}).items()}
    shown |= {spec.name: [_shown(row) for row in content.get(spec.name, ())] for spec in LISTS}
    shown["terms_when"] = [
        {"when": write_when(row["when"]), "parameter": code, "term": term}
        for row in content.get("terms_when", ())
        for code, term in row["terms"].items()
    ]
    shown |= {f"result_{key}": value for key, value in content.get("result", {}).items()}
    guide = content.get("guide", {})
    shown |= {f"guide_{spec.name}": guide.get(spec.name, "") for spec in GUIDE}
    shown["faq"] = list(guide.get("faq", ()))
    return shown


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: SHOW.get(key, _plain)(value) for key, value in row.items()}


def _plain(value: Any) -> Any:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def write_when(when: Mapping[str, Sequence[str]]) -> str:
    """
    >>> write_when({"air": ["yes"], "trade": ["pool", "bath"]})
    'air=yes; trade=pool,bath'
    """
    return "; ".join(f"{question}={','.join(answers)}" for question, answers in when.items())


def write_choices(choices: Sequence[Mapping[str, str]]) -> str:
    lines = []
    for one in choices:
        english = f" | {one['name_en']}" if one.get("name_en") else ""
        lines.append(f"{one['code']} {one['name']}{english}")
    return "\n".join(lines)


SHOW: Final[Mapping[str, Callable[[Any], Any]]] = {
    "when": write_when,
    "shown_when": write_when,
    "choices": write_choices,
}


# ---- form → content -----------------------------------------------------------------------------


def content_from(cleaned: Mapping[str, Any], before: Mapping[str, Any], posts: Mapping[str, Any]) -> dict[str, Any]:
    """The content as typed. `before` keeps what the form does not show; `posts`: {post, unit, dept} by post code."""
    content = dict(before)
    for name in ("name", "name_en", "short", "short_en", "national_code", "kind", "case_type", "level", "power_source"):
        content[name] = cleaned.get(name) or ""
    for name in ("targets", "channels", "themes", "options"):
        content[name] = list(cleaned.get(name) or ())
    content["keywords"] = [word for word in re.split(r"[、,，;；]\s*", cleaned.get("keywords") or "") if word]
    content["visits"] = _count(cleaned.get("visits"), 0)
    content["terms"] = {name[5:]: term for name, term in cleaned.items() if name.startswith("term_") and term}
    content["terms_source"] = {
        name[7:]: _kept(row, ("confirmed",)) for name, row in cleaned.items() if name.startswith("source_") and row
    }
    content["terms_when"] = [
        {"when": read_when(row["when"]), "terms": {row["parameter"]: row["term"]}} for row in cleaned["terms_when"]
    ]
    chosen = {name[5:]: code for name, code in cleaned.items() if name.startswith("post_") and code}
    content["posts"] = {role: dict(posts[code]) for role, code in chosen.items() if code in posts}
    for spec in LISTS:
        content[spec.name] = [_read_row(spec, row) for row in cleaned[spec.name]]
    content |= _result_of(cleaned)
    guide = {spec.name: cleaned.get(f"guide_{spec.name}") or "" for spec in GUIDE}
    content["guide"] = {**content.get("guide", {}), **guide, "faq": [_kept(row, ()) for row in cleaned["faq"]]}
    return content


def _result_of(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    name = cleaned.get("result_name")
    if not name:
        return {"result": {"name": str(_("没有结果文件")), "kind": "none", "valid": ""}}
    return {
        "result": {
            "name": name,
            "name_en": cleaned.get("result_name_en") or "",
            "kind": cleaned.get("result_kind") or "certificate",
            "valid": cleaned.get("result_valid") or "",
        }
    }


_TRUTHS: Final = ("required", "tolerable", "confirmed", "reducible", "sealed")


def _read_row(spec: FieldSpec, row: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in spec.fields}
    made = _kept(row, [name for name in _TRUTHS if name in names])
    for name in ("when", "shown_when"):
        if name in names:
            made.pop(name, None)
            if when := read_when(row.get(name) or ""):
                made[name] = when
    if "choices" in names:
        made.pop("choices", None)
        if choices := read_choices(row.get("choices") or ""):
            made["choices"] = choices
    if "copies" in names:
        made["copies"] = _count(row.get("copies"), 1)
    return made


def _kept(row: Mapping[str, Any], truths: Iterable[str]) -> dict[str, Any]:
    """The row without what was left open, its yes and no as truths."""
    made = {name: value for name, value in row.items() if value not in (None, "")}
    return made | {name: row.get(name) == "yes" for name in truths}


def _count(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and value >= 0 else otherwise


def read_when(text: str) -> dict[str, list[str]]:
    """
    >>> read_when("air = yes；trade=pool，bath")
    {'air': ['yes'], 'trade': ['pool', 'bath']}
    """
    found = {}
    for part in re.split(r"[;；]", text):
        question, _equals, answers = part.partition("=")
        if question.strip():
            found[question.strip()] = [one.strip() for one in re.split(r"[,，]", answers) if one.strip()]
    return found


def read_choices(text: str) -> list[dict[str, str]]:
    """
    >>> read_choices("inn 宾馆 | Inn\\nhair 理发")
    [{'code': 'inn', 'name': '宾馆', 'name_en': 'Inn'}, {'code': 'hair', 'name': '理发'}]
    """
    found = []
    for line in text.splitlines():
        code, _space, rest = line.strip().partition(" ")
        name, _bar, english = (part.strip() for part in rest.partition("|"))
        if code:
            found.append({"code": code, "name": name or code} | ({"name_en": english} if english else {}))
    return found


# ---- small forms --------------------------------------------------------------------------------


def new_item_form(*, procedures: Sequence[tuple[str, str]], departments: Sequence[tuple[str, str]]) -> type[TypedForm]:
    """What a new item cannot be begun without. An empty code is given by the system."""
    only = departments[0][0] if len(departments) == 1 else None
    flow = gettext_lazy("流程决定期限、角色和文书，建立以后不能改。")
    form = build_form(
        [
            _text("name", gettext_lazy("事项名称"), required=True),
            FieldSpec(
                name="procedure", label=gettext_lazy("按哪个流程办理"), kind="choice", choices=procedures, help=flow
            ),
            FieldSpec(
                name="department", label=gettext_lazy("实施机关"), kind="choice", choices=departments, initial=only
            ),
            _text(
                "code", gettext_lazy("事项编码"), most=64, help=gettext_lazy("空着由系统编号。只写字母、数字和连接号。")
            ),
        ],
        name="NewItemForm",
    )
    form.base_fields["department"].draw_as_select()  # type: ignore[attr-defined]  # fields of ui.fields
    return form


def is_item_code(code: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*", code) is not None


class OrderForm(forms.Form):
    """On what document, from which day, why."""

    document = PlainText(label=gettext_lazy("依据文件和文号"), most=200)
    on = DayField(label=gettext_lazy("从哪一天起"))
    note = PlainText(label=gettext_lazy("说明"), lines=True, most=1000, required=False)
    open_cases = forms.CharField(
        label=gettext_lazy("在办的件"), initial=OpenCases.OLD_VERSION, widget=forms.HiddenInput, required=False
    )


class SubmitForm(forms.Form):
    document = PlainText(label=gettext_lazy("依据文件和文号"), most=200)
    note = PlainText(label=gettext_lazy("这一版改了什么"), lines=True, most=1000)


class PublishForm(forms.Form):
    on = DayField(label=gettext_lazy("从哪一天起用"))


class ReturnForm(forms.Form):
    reason = PlainText(label=gettext_lazy("退回的理由"), lines=True, most=1000)
