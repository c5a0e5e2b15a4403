"""Codes of this room → words in the reader's language."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AccountKind(models.TextChoices):
    STAFF = "staff", _("工作人员")
    CITIZEN = "citizen", _("办事人")


class UnitKind(models.TextChoices):
    GOVERNMENT = "government", _("人民政府")
    DEPARTMENT = "department", _("部门")
    CENTRE = "centre", _("政务服务中心")
    SECTION = "section", _("科室")


class PostKind(models.TextChoices):
    WINDOW = "window", _("窗口受理")
    UNDERTAKE = "undertake", _("承办")
    REVIEW = "review", _("审核")
    APPROVE = "approve", _("审批")
    ISSUE = "issue", _("制证发证")
    HEAD = "head", _("负责人")
    SUPERVISOR = "supervisor", _("监察")
    ADMINISTRATOR = "administrator", _("管理")
    OTHER = "other", _("其他岗位")


class HoldingRole(models.TextChoices):
    A = "A", _("A角")
    B = "B", _("B角")


DELEGATED_WORDS = _("受委托")
STANDING_IN_WORDS = _("A角离岗，您在替岗")


class AbsenceReason(models.TextChoices):
    LEAVE = "leave", _("休假")
    SICK = "sick", _("病假")
    TRIP = "trip", _("出差")
    TRAINING = "training", _("培训")
    OTHER = "other", _("其他")


class SubjectKind(models.TextChoices):
    NATURAL = "natural", _("个人")
    ORGANISATION = "organisation", _("单位")


class RealNameLevel(models.IntegerChoices):
    NONE = 0, _("未实名")
    CLAIMED = 1, _("已验证联系方式")
    CHECKED = 2, _("窗口已核验证件")
    CONFIRMED = 3, _("窗口已核验本人与证件")


class LetterPower(models.TextChoices):
    RECEIVE = "receive", _("受理")
    REVIEW = "review", _("审核")
    APPROVE = "approve", _("批准")
    ISSUE = "issue", _("发证")


class PowerScope(models.TextChoices):
    ALL = "all", _("全部事项")
    ITEM = "item", _("一个事项")
    CASE = "case", _("一个办件")


class SignInOutcome(models.TextChoices):
    PASSED = "passed", _("登录成功")
    HALFWAY = "halfway", _("密码通过，待动态口令")
    WRONG = "wrong", _("账号或密码不对")
    WRONG_CODE = "wrong_code", _("动态口令不对")
    LOCKED = "locked", _("锁定期间的尝试")
    SIGNED_OUT = "signed_out", _("退出")
    EXPIRED = "expired", _("闲置过久，自动退出")


FAULTS = {
    "number_not_valid": _("证件号码不对：请逐位核对，末位是校验码。"),
    "phone_not_valid": _("手机号码不对：应为 11 位数字。"),
    "phone_or_number_needed": _("手机号码和证件号码至少填写一项。"),
    "code_wrong": _("验证码不对或已失效。请核对；也可以重新获取。"),
    "totp_wrong": _("动态口令不对，或已经用过。请等下一个口令出现后再输入。"),
    "wrong": _("账号或密码不对。请核对后重新输入。"),
    "locked": _("连续输错次数过多，已暂时锁定。请过一会儿再试。"),
    "dates_reversed": _("结束日期早于开始日期。请改正日期。"),
    "already_past": _("结束日期已过。请填写今天或以后的日期。"),
    "holding_overlaps": _("这一时段该岗位已有同一角色的人员。请先结束原来的任职。"),
    "same_person_both_roles": _("同一人不能同时担任同一岗位的A角和B角。"),
    "both_absent": _("同一岗位的A角和B角不能同时离岗。请改日期，或先安排替岗。"),
    "not_your_post": _("您在这一时段不担任该岗位，不能委托他人。"),
    "not_to_yourself": _("不能委托给自己。"),
    "not_at_a_window": _("这项操作只能由当班的窗口岗位办理。"),
    "not_representative": _("只有该单位的法定代表人可以指定经办人。"),
    "not_an_organisation": _("经办人只能为单位办事；个人之间请用授权委托书。"),
    "level_not_higher": _("实名等级只能升高。该用户已达到或高于这一等级。"),
    "already_ended": _("这一项早已结束或撤销。"),
    "agent_not_checked": _("代办人的证件还没有经窗口核验。请先在窗口核验本人与证件。"),
    "scope_needed": _("请写明委托所及的事项编码或办件编号。"),
    "not_the_holder": _("证件号码与办件登记的不一致。"),
    "no_such_subject": _("没有找到这个证件号码的登记。请先登记办事人。"),
    "letter_number_taken": _("这个授权书文号已经用过。"),
    "numbers_differ": _("登记的证件号码与出示的证件不一致。请核对证件。"),
}
