"""Codes of the audit trail → words in the reader's language."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Book(models.TextChoices):
    AUTHORITY = "authority", _("权限变更")
    EXPORT = "export", _("导出记录")
    READING = "reading", _("查看密封资料")
    REFUSAL = "refusal", _("被拒访问")


class Outcome(models.TextChoices):
    DONE = "done", _("已生效")
    REFUSED = "refused", _("未获准")


WHAT = {
    "duty.first": _("设立首任管理员"),
    "duty.give": _("授予管理职责"),
    "duty.take": _("免去管理职责"),
    "person.enter": _("登记人员"),
    "person.change": _("更改人员姓名"),
    "holding.give": _("任职"),
    "holding.end": _("免职"),
    "letter.issue": _("签发授权书"),
    "letter.revoke": _("撤销授权书"),
    "delegation.give": _("登记岗位委托"),
    "delegation.revoke": _("撤销岗位委托"),
    "account.open": _("开通账号"),
    "account.close": _("停用账号"),
    "account.reopen": _("恢复账号"),
    "account.unlock": _("解除锁定"),
    "account.factors_reset": _("重置第二因素"),
    "account.temporary_password": _("发放临时密码"),
    "account.sessions_ended": _("结束全部会话"),
    "account.rescued": _("在机器上救回管理员账号"),
    "departure.enter": _("办理离任"),
    "departure.undo": _("撤销离任"),
    "reference.add": _("新增基础资料"),
    "reference.change": _("更改基础资料"),
    "rulebook.put": _("启用监察规则"),
    "watch_report": _("监察报告"),
    "cards": _("监察牌"),
    "worklist": _("办件列表"),
    "audit": _("审计记录"),
    "catalogue": _("事项目录"),
    "case": _("打开办件页"),
    "file": _("打开办件材料"),
    "paper": _("打开办件文书"),
    "receipt": _("打印收件回执"),
    "page": _("页面不对其开放"),
    "self_grant": _("给自己授权"),
    "same_eyes": _("同一人既提出又复核"),
    "declined": _("复核不同意"),
}
