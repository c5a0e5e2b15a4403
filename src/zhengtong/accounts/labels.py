"""Codes of this room → words in the reader's language."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AccountKind(models.TextChoices):
    STAFF = "staff", _("工作人员")
    CITIZEN = "citizen", _("办事人")


class Duty(models.TextChoices):
    """三员分立: three kinds of administrator, none of whom does another's work."""

    SYSTEM = "system", _("系统管理员")
    SECURITY = "security", _("安全管理员")
    AUDIT = "audit", _("审计管理员")


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
    HALFWAY = "halfway", _("密码通过，待第二步验证")
    WRONG = "wrong", _("账号或密码不对")
    WRONG_CODE = "wrong_code", _("第二步验证没有通过")
    LOCKED = "locked", _("锁定期间的尝试")
    NOW_LOCKED = "now_locked", _("错误次数过多，锁定")
    UNLOCKED = "unlocked", _("管理员解除锁定")
    AGAIN = "again", _("再次确认身份")
    SIGNED_OUT = "signed_out", _("退出")
    EXPIRED = "expired", _("闲置过久，自动退出")
    AGED = "aged", _("登录满时限，自动退出")
    ENDED = "ended", _("从别的设备上退出")
    CLONED = "cloned", _("安全密钥计数倒退，已停用")
    REFUSED = "refused", _("验证数据不符，没有接受")
    FORGOT = "forgot", _("申请重设密码")
    CHANGED = "changed", _("密码已修改")
    TEMPORARY = "temporary", _("管理员发放临时密码")
    ADDED = "added", _("添加了验证方式")
    REMOVED = "removed", _("删除了验证方式")
    CODES = "codes", _("生成了新的恢复码")
    LINKED = "linked", _("关联了其他平台账号")
    UNLINKED = "unlinked", _("解除了其他平台账号")


class SignInMethod(models.TextChoices):
    NONE = "", "–"
    PASSWORD = "password", _("密码")
    TOTP = "totp", _("动态口令")
    KEY = "key", _("安全密钥或通行密钥")
    RECOVERY = "recovery", _("恢复码")
    OPENID = "openid", _("其他平台账号")
    CODE = "code", _("短信验证码")


UNUSUAL_WORDS = {
    "network": _("第一次从这个网络登录"),
    "browser": _("第一次用这个浏览器登录"),
    "night": _("夜间登录"),
}

SECURITY_WORDS = {
    "now_locked": _("您的账号因为连续输错被暂时锁定。不是您本人操作的，请尽快修改密码。"),
    "recovery_used": _("有人用恢复码登录了您的账号。不是您本人操作的，请立刻修改密码并重新生成恢复码。"),
    "cloned": _("一把安全密钥的使用次数倒退，可能被复制，已经停用。请删除它，换一把新的。"),
    "unusual": _("您的账号在新的设备或者网络上登录。不是您本人操作的，请立刻修改密码。"),
    "factor_added": _("您的账号添加了一种验证方式。不是您本人操作的，请立刻联系管理员或者窗口。"),
    "factor_removed": _("您的账号删除了一种验证方式。不是您本人操作的，请立刻联系管理员或者窗口。"),
    "password_changed": _("您的密码已经修改。不是您本人操作的，请立刻联系管理员或者窗口。"),
    "linked": _("您的账号关联了其他平台的账号。不是您本人操作的，请立刻解除关联。"),
}


FAULTS = {
    "number_not_valid": _("证件号码不对：请逐位核对，末位是校验码。"),
    "phone_not_valid": _("手机号码不对：应为 11 位数字。"),
    "phone_or_number_needed": _("手机号码和证件号码至少填写一项。"),
    "code_wrong": _("验证码不对或已失效。请核对；也可以重新获取。"),
    "totp_wrong": _("动态口令不对，或已经用过。请等下一个口令出现后再输入。"),
    "wrong": _("账号或密码不对。请核对后重新输入。"),
    "locked": _("连续输错次数过多，已暂时锁定。请过一会儿再试。"),
    "recovery_wrong": _("恢复码不对，或者已经用过。请换一个没有用过的恢复码。"),
    "key_wrong": _("安全密钥没有通过验证。请重新试一次，也可以改用别的方式。"),
    "key_cloned": _("这把安全密钥的使用次数倒退，可能被复制，已经停用。请改用别的方式登录，并联系管理员。"),
    "key_known": _("这把安全密钥已经登记过。请换一把。"),
    "too_many_keys": _("验证方式已经够多。请先删除不用的。"),
    "last_factor": _("这是最后一种第二步验证方式，不能删除。请先添加另一种。"),
    "password_wrong": _("现在的密码不对。请重新输入。"),
    "password_short": _("密码太短。请看旁边写的要求。"),
    "password_plain": _("密码太简单：大写字母、小写字母、数字、其他字符之中至少用三种。"),
    "password_common": _("这是常见的密码，容易被猜中。请换一个。"),
    "password_place": _("密码里不能有本系统或者本网站的名称。"),
    "password_similar": _("密码里不能有您的姓名、工号、手机号码或者证件号码。"),
    "password_digits": _("密码不能只有数字。"),
    "password_used": _("这是您最近用过的密码。请换一个没有用过的。"),
    "temporary_expired": _("临时密码已过有效期。请联系管理员重新发放。"),
    "openid_refused": _("另一平台送来的登录信息没有通过核对。请从头再登录一次。"),
    "openid_unknown": _("这个平台账号还没有关联到这里的账号。请先用密码登录，再到“账号安全”里关联。"),
    "openid_taken": _("这个平台账号已经关联到另一个账号。"),
    "openid_away": _("另一平台现在连不上。请稍后再试，或者用密码登录。"),
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
    "administrators_exist": _("管理员已经设立。以后的变动由一位管理员提出、另一位复核。"),
    "not_yourself": _("不能为自己授权，也不能提出或者复核与自己有关的变更。"),
    "two_needed": _("提出的人和复核的人必须是两位不同职责的管理员。"),
    "not_your_duty": _("这不在您的管理职责之内。"),
    "holds_posts": _("管理员不能担任业务岗位。请先结束此人的任职和受委托。"),
    "one_hand": _(
        "此人是管理员：密码和第二步验证不能由同一位管理员先后都重设。请本人先登录一次，或者由另一位管理员提请授予接任的人。"
    ),
    "not_signed_in_yet": _("此人还没有设置自己的密码。请本人先登录并设置密码，再授予管理职责。"),
    "too_often": _("这个网络上的尝试太多了。请过一会儿再试。"),
    "is_administrator": _("此人是管理员，不能担任业务岗位，也不能受委托。请先免去管理职责。"),
    "has_a_duty": _("一个账号只能有一项管理职责。请先免去原来的职责。"),
    "last_of_its_duty": _("这是担任该职责的最后一人。请先授予接任的人。"),
    "no_account": _("此人还没有可用的账号。"),
    "has_account": _("此人已经有账号。"),
    "person_number_taken": _("这个工号已经登记过。"),
    "document_needed": _("请填写任免、授权文件的文号。"),
    "already_decided": _("这一项已经处理过。"),
    "has_left": _("此人已经离任。"),
    "day_has_come": _("离任已经生效，不能撤销。回来任职请重新办理。"),
    "post_left_empty": _("离任后有岗位无人担任A角。请为每个岗位选好接任的人。"),
    "already_leaving": _("此人的离任已经登记。"),
    "reason_needed": _("导出的内容含个人信息，请写明用途。"),
    "no_such_person": _("没有找到这个人员。"),
    "no_such_post": _("没有这个岗位，或者它所在的机构已经撤销。"),
}
