"""Codes of the catalogue → words: national code values of service items (GB/T 39046) and this room's own."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ItemStatus(models.TextChoices):
    LISTED = "listed", _("仅列目录")
    DRAFT = "draft", _("编制中")
    PUBLISHED = "published", _("已发布")
    SUSPENDED = "suspended", _("暂停办理")
    CANCELLED = "cancelled", _("已取消")


class VersionStatus(models.TextChoices):
    DRAFT = "draft", _("草稿")
    REVIEW = "review", _("待审核")
    PUBLISHED = "published", _("已发布")
    RETIRED = "retired", _("已停用")


class ChangeKind(models.TextChoices):
    NEW = "new", _("新增")
    CHANGE = "change", _("变更")
    CANCEL = "cancel", _("取消")
    HAND_DOWN = "hand_down", _("下放")
    TAKE_OVER = "take_over", _("承接")
    SUSPEND = "suspend", pgettext_lazy("catalogue", "暂停")
    RESUME = "resume", _("恢复")


class OpenCases(models.TextChoices):
    """What becomes of cases accepted before the change took effect."""

    OLD_VERSION = "old_version", _("已受理的按原版本办结")
    NONE_OPEN = "none_open", _("没有在办的件")


KINDS: Final[Mapping[str, Any]] = {
    "01": _("行政许可"),
    "02": _("行政处罚"),
    "03": _("行政强制"),
    "04": _("行政征收"),
    "05": _("行政给付"),
    "06": _("行政检查"),
    "07": _("行政确认"),
    "08": _("行政奖励"),
    "09": _("行政裁决"),
    "10": _("其他行政权力"),
    "20": _("公共服务"),
}
TARGETS: Final[Mapping[str, Any]] = {
    "1": _("个人"),
    "2": _("企业"),
    "3": _("事业单位"),
    "4": _("社会组织"),
    "5": _("非法人企业、个体工商户"),
    "6": _("行政机关"),
    "9": _("其他组织"),
}
CASE_TYPES: Final[Mapping[str, Any]] = {"1": _("即办件"), "2": _("承诺件"), "9": _("其他")}
LEVELS: Final[Mapping[str, Any]] = {
    "1": _("国家级"),
    "2": _("省级"),
    "3": _("市级"),
    "4": _("县级"),
    "5": _("乡镇（街道）级"),
    "6": _("村（社区）级"),
    "7": _("分级管理"),
}
POWER_SOURCES: Final[Mapping[str, Any]] = {
    "1": _("法定本级行使"),
    "2": _("上级下放"),
    "3": _("上级授权"),
    "4": _("同级授权"),
    "5": _("上级委托"),
    "6": _("同级委托"),
}
CHANNELS: Final[Mapping[str, Any]] = {
    "1": _("窗口办理"),
    "2": _("网上办理"),
    "3": _("移动端办理"),
    "4": _("快递申请"),
    "9": _("其他"),
}
MATERIAL_KINDS: Final[Mapping[str, Any]] = {
    "form": _("申请表、文书"),
    "certificate": _("证件、证书、证明"),
    "other": _("其他"),
}
MATERIAL_FORMS: Final[Mapping[str, Any]] = {
    "paper": _("纸质"),
    "electronic": _("电子"),
    "either": _("纸质、电子都可以"),
}
MATERIAL_SOURCES: Final[Mapping[str, Any]] = {
    "self": _("您自备"),
    "government": _("政府部门核发"),
    "other": _("其他机构出具"),
}
TERM_UNITS: Final[Mapping[str, Any]] = {
    "wd": _("个工作日"),
    "cd": _("天"),
    "h": _("小时"),
    "wh": _("工作小时"),
    "month": _("个月"),
    "year": _("年"),
}
ELEMENTS: Final[Mapping[str, Any]] = {
    "code": _("事项编码"),
    "national_code": _("国家基本编码"),
    "local_codes": _("地方编码"),
    "region": _("区划"),
    "version": _("版本"),
    "procedure": _("办理流程"),
    "procedure_version": _("流程版本"),
    "kind": _("事项类型"),
    "name": _("事项名称"),
    "name_en": _("英文名称"),
    "short": _("一句话说明"),
    "short_en": _("英文说明"),
    "keywords": _("搜索用词"),
    "department": _("实施机关"),
    "themes": _("主题"),
    "targets": _("服务对象"),
    "case_type": _("办件类型"),
    "level": _("行使层级"),
    "power_source": _("权力来源"),
    "visits": _("到现场次数"),
    "channels": _("办理形式"),
    "options": _("流程选项"),
    "terms": _("期限"),
    "terms_source": _("期限的依据"),
    "terms_when": _("按情形的期限"),
    "posts": _("岗位"),
    "basis": _("设定依据"),
    "conditions": _("受理条件"),
    "situations": _("情形问题"),
    "materials": _("材料"),
    "fees": _("收费"),
    "fields": _("申请表内容"),
    "result": _("办理结果"),
    "nodes": _("联办环节"),
    "guide": _("办事指南"),
}
PARTS: Final[Mapping[str, Any]] = {
    "title": _("名称"),
    "number": _("文号"),
    "article": _("条款"),
    "confirmed": _("已核实"),
    "text": _("内容"),
    "text_en": _("英文"),
    "code": _("代码"),
    "question": _("问题"),
    "question_en": _("问题英文"),
    "help": _("提示"),
    "help_en": _("提示英文"),
    "choices": _("选项"),
    "name": _("名称"),
    "name_en": _("英文名称"),
    "required": _("必要"),
    "tolerable": _("可容缺后补"),
    "kind": _("类型"),
    "form": _("形式"),
    "source": _("来源"),
    "copies": _("份数"),
    "note": _("说明"),
    "note_en": _("说明英文"),
    "when": _("适用情形"),
    "terms": _("期限"),
    "amount": _("金额（分）"),
    "basis": _("收费依据"),
    "reducible": _("可减免"),
    "label": _("名称"),
    "label_en": _("英文名称"),
    "sealed": _("加密保存"),
    "shown_when": _("出现条件"),
    "valid": _("有效期"),
    "instrument": _("依据文件"),
    "place": _("办理地点"),
    "place_en": _("地点英文"),
    "hours": _("办理时间"),
    "hours_en": _("时间英文"),
    "phone": _("咨询电话"),
    "complaint": _("监督投诉"),
    "quantity": _("数量限制"),
    "quantity_en": _("数量英文"),
    "flow_note": _("流程说明"),
    "flow_note_en": _("流程英文"),
    "faq": _("常见问题"),
    "post": _("岗位"),
    "unit": _("单位"),
    "dept": _("部门"),
    "q": _("问"),
    "q_en": _("问英文"),
    "a": _("答"),
    "a_en": _("答英文"),
    "legal": _("法定时限"),
    "promised": _("承诺时限"),
}


def word(words: Mapping[str, Any], code: str) -> str:
    """The word of a code; the code itself where it is not known."""
    return str(words.get(code, code))


def words_of(words: Mapping[str, Any], codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(word(words, code) for code in codes)


def term_words(text: str) -> tuple[str, str]:
    """The number and the unit of a term, for setting them apart: ("20", "个工作日"); on the spot has no number.

    A text that is no term is given back as it stands.
    """
    number, _space, unit = text.partition(" ")
    if number == "0":
        return str(_("当场")), ""
    return (number, str(TERM_UNITS[unit])) if unit in TERM_UNITS else (text, "")
