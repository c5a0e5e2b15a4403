"""The shape of what people type in this room; whether it may be so is decided by the actions."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.accounts.certificates import NATURAL_KINDS, is_certificate_number
from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.labels import AbsenceReason, AccountKind, PowerScope, RealNameLevel, SubjectKind
from zhengtong.accounts.passwords import check_rules
from zhengtong.accounts.rules import PASSWORD_MOST
from zhengtong.ui import fields as f

Options: TypeAlias = Sequence[tuple[str, str]]

NAME_MOST = 100
NUMBER_MOST = 40
LANGUAGES = (("zh-hans", "简体中文"), ("en", "English"))
RAISED_LEVELS = [(level.value, level.label) for level in (RealNameLevel.CHECKED, RealNameLevel.CONFIRMED)]


def password_field(label: Any, *, autocomplete: str, help_text: Any = "") -> forms.CharField:
    attrs = {"class": "form-control", "autocomplete": autocomplete}
    return forms.CharField(
        label=label,
        max_length=PASSWORD_MOST,
        strip=False,
        widget=forms.PasswordInput(attrs),
        help_text=help_text,
        error_messages={"max_length": gettext_lazy("密码最长 200 个字符。")},
    )


def six_digits(label: Any) -> f.PlainText:
    attrs = {"class": "form-control zt-code", "inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 10}
    return f.PlainText(label=label, most=10, widget=forms.TextInput(attrs))


class NamedForm(forms.Form):
    """Several forms stand on one page: each gives its fields ids of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"{type(self).__name__.lower()}_%s")
        super().__init__(*args, **kwargs)


class SignInForm(forms.Form):
    typed = f.PlainText(label=gettext_lazy("手机号码、身份证号码或统一社会信用代码"), most=NUMBER_MOST)
    password = password_field(gettext_lazy("密码"), autocomplete="current-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["typed"].widget.attrs["autocomplete"] = "username"


class StaffSignInForm(forms.Form):
    typed = f.PlainText(label=gettext_lazy("工号"), most=NUMBER_MOST)
    password = password_field(gettext_lazy("密码"), autocomplete="current-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["typed"].widget.attrs["autocomplete"] = "username"


def new_password_field() -> forms.CharField:
    return password_field(gettext_lazy("新密码"), autocomplete="new-password")


def again_field() -> forms.CharField:
    return password_field(gettext_lazy("再输入一次新密码"), autocomplete="new-password")


class TwiceForm(forms.Form):
    """A new password typed twice; what it must be is asked by the action."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("new") and data.get("again") and data["new"] != data["again"]:
            self.add_error("again", _("两次输入的密码不一样。请重新输入。"))
        return data


class NewPasswordForm(TwiceForm):
    new = new_password_field()
    again = again_field()


class ChangePasswordForm(TwiceForm):
    current = password_field(gettext_lazy("现在的密码"), autocomplete="current-password")
    new = new_password_field()
    again = again_field()


class ForgotForm(forms.Form):
    typed = f.PlainText(label=gettext_lazy("手机号码、身份证号码或统一社会信用代码"), most=NUMBER_MOST)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["typed"].widget.attrs["autocomplete"] = "username"


class ResetForm(TwiceForm):
    code = six_digits(gettext_lazy("六位验证码"))
    new = new_password_field()
    again = again_field()


class RecoveryForm(forms.Form):
    code = f.PlainText(label=gettext_lazy("恢复码"), most=20, help_text=gettext_lazy("形如 ABCDE-23456，不分大小写。"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"autocomplete": "off", "autocapitalize": "characters"}


class AgainForm(forms.Form):
    """Proof that it is still the same person: the password and, where there is one, the second step."""

    password = password_field(gettext_lazy("密码"), autocomplete="current-password")
    code = six_digits(gettext_lazy("六位动态口令"))

    def __init__(self, *args: Any, has_app: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].required = has_app and "credential" not in self.data
        if not has_app:
            del self.fields["code"]


class AppForm(forms.Form):
    name = f.PlainText(label=gettext_lazy("给它起个名字"), most=40, help_text=gettext_lazy("例如：备用手机。"))
    code = six_digits(gettext_lazy("六位动态口令"))


class KeyForm(forms.Form):
    name = f.PlainText(label=gettext_lazy("给它起个名字"), most=40, help_text=gettext_lazy("例如：办公室的密钥。"))


class FactorForm(forms.Form):
    """Which device to remove."""

    kind = forms.ChoiceField(choices=(("app", ""), ("key", "")))
    row = forms.IntegerField(min_value=0)


class CodeForm(forms.Form):
    code = six_digits(gettext_lazy("六位验证码"))


class TotpForm(forms.Form):
    code = six_digits(gettext_lazy("六位动态口令"))


class RegisterForm(forms.Form):
    name = f.PlainText(label=gettext_lazy("姓名"), most=NAME_MOST)
    phone = f.PhoneText(label=gettext_lazy("手机号码"), required=False)
    certificate_kind = f.Choice(label=gettext_lazy("证件类型"), choices=NATURAL_KINDS, tiles=False, required=False)
    number = f.CertificateText(
        label=gettext_lazy("证件号码"),
        most=NUMBER_MOST,
        required=False,
        help_text=gettext_lazy("手机号码和证件号码至少填写一项，登录时用它。"),
    )
    password = password_field(
        gettext_lazy("密码"),
        autocomplete="new-password",
        help_text=gettext_lazy("至少 10 个字符，不能只有数字，也不能是常见密码。"),
    )
    again = password_field(gettext_lazy("再输入一次密码"), autocomplete="new-password")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self._check_who(data)
        password = data.get("password")
        if password and data.get("again") and password != data["again"]:
            self.add_error("again", _("两次输入的密码不一样。请重新输入。"))
        if password:
            self._check_password(password, data)
        return data

    def _check_password(self, password: str, data: dict[str, Any]) -> None:
        known = tuple(str(data.get(name) or "") for name in ("name", "phone", "number"))
        try:
            check_rules(password, kind=AccountKind.CITIZEN, known=known)
        except NotPossible as fault:
            self.add_error("password", str(fault.words))

    def _check_who(self, data: dict[str, Any]) -> None:
        number, kind = data.get("number"), data.get("certificate_kind")
        if not self.errors and not data.get("phone") and not number:
            self.add_error("phone", _("手机号码和证件号码至少填写一项。"))
        if number and not kind:
            self.add_error("certificate_kind", _("请选择证件类型。"))
        if number and kind and not is_certificate_number(kind, number):
            self.add_error("number", _("证件号码不对：请逐位核对，末位是校验码。"))


class LanguageForm(NamedForm):
    language = f.Choice(label=gettext_lazy("界面语言"), choices=LANGUAGES)


class AddAgentForm(NamedForm):
    """The legal representative names an agent whom a window has checked."""

    firm = forms.CharField(widget=forms.HiddenInput, max_length=60)
    certificate_kind = f.Choice(label=gettext_lazy("经办人证件类型"), choices=NATURAL_KINDS, tiles=False)
    number = f.CertificateText(label=gettext_lazy("经办人证件号码"), most=NUMBER_MOST)
    until_on = f.DayField(label=gettext_lazy("有效期至"))


class GrantForm(NamedForm):
    """Which agency or power to revoke."""

    grant = forms.RegexField(r"^(agency|power)-[0-9]{1,18}$", widget=forms.HiddenInput)


# ---- at the window ------------------------------------------------------------------------------


class FindForm(NamedForm):
    typed = f.PlainText(label=gettext_lazy("手机号码或证件号码"), most=NUMBER_MOST)


class WalkInForm(NamedForm):
    """Somebody not known yet, whose certificate the clerk holds in hand."""

    kind = f.Choice(label=gettext_lazy("个人还是单位"), choices=SubjectKind.choices)
    name = f.PlainText(label=gettext_lazy("姓名或名称"), most=NAME_MOST)
    certificate_kind = f.Choice(
        label=gettext_lazy("证件类型"),
        choices=(*NATURAL_KINDS, ("credit_code", gettext_lazy("统一社会信用代码"))),
        tiles=False,
    )
    number = f.CertificateText(label=gettext_lazy("证件号码"), most=NUMBER_MOST)
    phone = f.PhoneText(label=gettext_lazy("联系电话"), required=False)


class RaiseForm(NamedForm):
    name = f.PlainText(label=gettext_lazy("证件上的姓名"), most=NAME_MOST)
    certificate_kind = f.Choice(label=gettext_lazy("证件类型"), choices=NATURAL_KINDS, tiles=False)
    number = f.CertificateText(label=gettext_lazy("证件号码"), most=NUMBER_MOST)
    level = forms.TypedChoiceField(
        label=gettext_lazy("核验到"), choices=RAISED_LEVELS, coerce=int, widget=forms.RadioSelect
    )


class AgencyForm(NamedForm):
    firm_name = f.PlainText(label=gettext_lazy("单位名称"), most=NAME_MOST)
    firm_number = f.CertificateText(label=gettext_lazy("单位统一社会信用代码"), most=NUMBER_MOST)
    is_representative = forms.BooleanField(label=gettext_lazy("本人是法定代表人"), required=False)
    until_on = f.DayField(
        label=gettext_lazy("有效期至"), required=False, help_text=gettext_lazy("法定代表人可以不填；经办人必须填写。")
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not data.get("is_representative") and data.get("until_on") is None:
            self.add_error("until_on", _("请填写经办人的有效期。"))
        return data


class PowerForm(NamedForm):
    principal_kind = f.Choice(label=gettext_lazy("委托人是"), choices=SubjectKind.choices)
    principal_name = f.PlainText(label=gettext_lazy("委托人姓名或名称"), most=NAME_MOST)
    principal_certificate = f.Choice(
        label=gettext_lazy("委托人证件类型"),
        choices=(*NATURAL_KINDS, ("credit_code", gettext_lazy("统一社会信用代码"))),
        tiles=False,
    )
    principal_number = f.CertificateText(label=gettext_lazy("委托人证件号码"), most=NUMBER_MOST)
    scope = f.Choice(label=gettext_lazy("委托范围"), choices=PowerScope.choices)
    scope_ref = f.PlainText(
        label=gettext_lazy("事项编码或办件编号"),
        most=80,
        required=False,
        help_text=gettext_lazy("范围是一个事项或一个办件时填写。"),
    )
    until_on = f.DayField(label=gettext_lazy("有效期至"))


# ---- among staff --------------------------------------------------------------------------------


class AbsenceForm(NamedForm):
    from_on = f.DayField(label=gettext_lazy("离岗第一天"))
    until_on = f.DayField(label=gettext_lazy("离岗最后一天"))
    reason = f.Choice(label=gettext_lazy("原因"), choices=AbsenceReason.choices)


class DelegationForm(NamedForm):
    """`posts` and `people` are the choices that this person has."""

    post = f.Choice(label=gettext_lazy("委托的岗位"), choices=(), tiles=False)
    to_person = f.Choice(label=gettext_lazy("受委托人"), choices=(), tiles=False)
    from_on = f.DayField(label=gettext_lazy("开始日期"))
    until_on = f.DayField(label=gettext_lazy("结束日期"))
    document = f.PlainText(label=gettext_lazy("委托文书文号"), most=80)

    def __init__(self, *args: Any, posts: Options = (), people: Options = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, options in (("post", posts), ("to_person", people)):
            field = self.fields[name]
            assert isinstance(field, f.Choice)
            field.options = tuple(options)
            field.draw_as_select()


class RowForm(NamedForm):
    """Which row to end."""

    row = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
