"""Why an act on the catalogue is not possible, and what `bind` complains of, in sentences: what, why, what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from zhengtong.catalogue.actions import NotPossible
from zhengtong.catalogue.contents import Complaint
from zhengtong.catalogue.labels import ELEMENTS, term_words, word
from zhengtong.law.procedure_files import UnknownProcedureError
from zhengtong.law.procedure_files import words as procedure_words

FAULTS: Final[Mapping[str, Any]] = {
    "code_taken": _("编码 %(code)s 已经有事项用了。请换一个编码。"),
    "cancelled": _("这个事项已经取消，不能再改。"),
    "draft_open": _("这个事项已经有一份没有发布的草稿。请先处理那一份。"),
    "changed_meanwhile": _("别人刚刚改过或者处理了这一版。请刷新页面，看过以后再改；您填的还在下面。"),
    "document_needed": _("动态调整必须写明依据文件和文号。"),
    "reason_needed": _("退回要写明理由，让编制人知道改哪里。"),
    "not_in_review": _("这一版不在待审核状态，不能发布。请先提交审核。"),
    "own_draft": _("编制人不能发布自己编制的版本。请由另一位有权的同事审核发布。"),
    "not_ready": _("这一版还通不过检查，请先改好下面列出的问题。"),
    "later_version_waits": _("已有一版从 %(day)s 起用。新的一版不能早于它。"),
    "not_published": _("只有已发布的事项才能这样办。"),
    "not_suspended": _("这个事项没有暂停，不用恢复。"),
    "already_handed_down": _("这个事项已经下放，正等承接。"),
    "same_department": _("不能下放给本部门自己。"),
    "not_handed_down": _("没有下放给这个部门的记录，不能承接：下放与承接要对得上。"),
    "before_hand_down": _("承接的日期不能早于下放的日期 %(day)s。"),
}
COMPLAINTS: Final[Mapping[str, Any]] = {
    "shape": _("不合格式：%(why)s。请按提示改。"),
    "unknown_procedure": _("没有这个办理流程的 %(version)s 版。请换一个版本。"),
    "unknown_option": _("流程里没有选项 %(option)s。请去掉。"),
    "options_exclude": _("选项 %(option)s 和 %(other)s 不能同时选。请去掉一个。"),
    "option_requires": _("选了 %(option)s 就必须同时选 %(other)s。"),
    "parameter_missing": _("“%(name)s”还没有填，流程要用到它。"),
    "parameter_too_long": _("“%(name)s”填的 %(term)s，超过了上限 %(at_most)s。请改短。"),
    "unknown_parameter": _("流程里没有期限 %(parameter)s。请去掉。"),
    "role_without_post": _("“%(name)s”还没有岗位。每个要用到的角色都要有岗位，才办得下去。"),
    "unknown_role": _("流程里没有角色 %(role)s。请去掉它的岗位。"),
    "unknown_answer": _("情形问题 %(question)s 没有答案 %(answer)s。请核对情形写法。"),
    "bad_item": _("不合格式：%(path)s %(why)s。"),
}


def fault_words(fault: NotPossible) -> str:
    return str(FAULTS[fault.code]) % fault.params


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintView:
    """A complaint to be read: where, what, by which article; `anchor` leads to the group of the form."""

    where: str
    sentence: str
    source: str
    anchor: str


def complaint_views(
    complaints: tuple[Complaint, ...], content: Mapping[str, Any] | None = None
) -> tuple[ComplaintView, ...]:
    """In sentences; roles and time limits by the words of the content's procedure, in the reader's language."""
    named = _procedure_words(content or {}) if complaints else {}
    return tuple(_view(complaint, named) for complaint in complaints)


def _procedure_words(content: Mapping[str, Any]) -> Mapping[str, str]:
    try:
        return procedure_words(
            content.get("procedure", ""), content.get("procedure_version", ""), get_language() or "zh-hans"
        )
    except UnknownProcedureError:
        return {}


def _name(params: Mapping[str, Any], named: Mapping[str, str]) -> str:
    keys = (f"roles.{params['role']}.name", f"parameters.{params['parameter']}.name")
    return next((named[key] for key in keys if key in named), str(params["name"]))


def _view(complaint: Complaint, named: Mapping[str, str]) -> ComplaintView:
    known = dict.fromkeys(("path", "why", "option", "other", "name", "term", "at_most", "parameter", "role"), "")
    params = {**known, "question": "", "answer": "", "version": "", **complaint.params}
    params["name"] = _name(params, named)
    for key in ("term", "at_most"):
        params[key] = " ".join(filter(None, term_words(str(params[key]))))
    element = complaint.path.split(".")[0].split("[")[0]
    return ComplaintView(
        where=word(ELEMENTS, element) if element else "",
        sentence=str(COMPLAINTS.get(complaint.code, COMPLAINTS["bad_item"])) % params,
        source=complaint.source,
        anchor=ANCHORS.get(element, element) or "head",
    )


ANCHORS: Final[Mapping[str, str]] = {
    "terms_source": "terms", "terms_when": "terms", "procedure": "head", "procedure_version": "head", "code": "head",
    "name": "head", "region": "head", "kind": "head", "visits": "head", "targets": "head", "version": "head",
}  # fmt: skip
