"""The shape of what administrators type; whether it may be so is decided by the actions."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.accounts.labels import Duty, HoldingRole, LetterPower
from zhengtong.ui import fields as f

Options: TypeAlias = Sequence[tuple[str, Any]]
DOCUMENT = gettext_lazy("任免文件文号")


class OwnForm(forms.Form):
    """Several forms stand on one page: each gives its fields ids of its own. `options` fills the choices."""

    def __init__(self, *args: Any, options: dict[str, Options] | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"{type(self).__name__.lower()}_%s")
        super().__init__(*args, **kwargs)
        for name, found in (options or {}).items():
            field = self.fields[name]
            assert isinstance(field, f.Choice)
            field.options = tuple(found)
            field.draw_as_select()


class JoinForm(OwnForm):
    """入职: who, at which post, on what document."""

    number = f.PlainText(label=gettext_lazy("工号（登录名）"), most=20)
    name = f.PlainText(label=gettext_lazy("姓名"), most=60)
    name_en = f.PlainText(label=gettext_lazy("姓名的拼音或英文"), most=120, required=False)
    post = f.Choice(label=gettext_lazy("岗位"), choices=(), tiles=False)
    role = f.Choice(label=gettext_lazy("角色"), choices=HoldingRole.choices)
    from_on = f.DayField(label=gettext_lazy("任职第一天"))
    until_on = f.DayField(label=gettext_lazy("任职最后一天"), required=False)
    document = f.PlainText(label=DOCUMENT, most=80)

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"]
        if not number.isascii() or not number.replace("-", "").isalnum():
            raise forms.ValidationError(_("工号只用字母、数字和连字符。"))
        return number


class HoldForm(OwnForm):
    """任职 or, with a post to leave, 调岗."""

    post = f.Choice(label=gettext_lazy("到哪个岗位"), choices=(), tiles=False)
    role = f.Choice(label=gettext_lazy("角色"), choices=HoldingRole.choices)
    leaves = f.Choice(label=gettext_lazy("同时离开的岗位"), choices=(), tiles=False, required=False)
    from_on = f.DayField(label=gettext_lazy("任职第一天"))
    until_on = f.DayField(label=gettext_lazy("任职最后一天"), required=False)
    document = f.PlainText(label=DOCUMENT, most=80)


class LetterForm(OwnForm):
    number = f.PlainText(label=gettext_lazy("授权书文号"), most=80)
    item = f.PlainText(label=gettext_lazy("授权的事项编码"), most=60)
    post = f.Choice(label=gettext_lazy("被授权的岗位"), choices=(), tiles=False)
    powers = f.Choices(label=gettext_lazy("权限"), choices=LetterPower.choices)
    personal = forms.BooleanField(label=gettext_lazy("只授权给此人"), required=False, initial=True)
    from_on = f.DayField(label=gettext_lazy("授权第一天"))
    until_on = f.DayField(label=gettext_lazy("授权最后一天"), required=False)


class LeaveForm(OwnForm):
    """离任. For each post that would stand empty somebody is named; those fields are added by post."""

    last_day = f.DayField(label=gettext_lazy("在任的最后一天"))
    document = f.PlainText(label=DOCUMENT, most=80)

    def __init__(self, *args: Any, posts: Sequence[tuple[str, str, Options]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, name, options in posts:
            label = _("谁接任%(post)s") % {"post": name}
            field = f.Choice(label=label, choices=tuple(options), tiles=False)
            field.draw_as_select()
            self.fields[f"post:{code}"] = field

    @property
    def successors(self) -> dict[str, str]:
        return {
            name.removeprefix("post:"): value
            for name, value in self.cleaned_data.items()
            if name.startswith("post:") and value
        }


class DutyForm(OwnForm):
    person = f.Choice(label=gettext_lazy("授予谁"), choices=(), tiles=False)
    duty = f.Choice(label=gettext_lazy("管理职责"), choices=Duty.choices)
    document = f.PlainText(label=DOCUMENT, most=80)


class TakeForm(OwnForm):
    person = f.Choice(label=gettext_lazy("免去谁的职责"), choices=(), tiles=False)
    document = f.PlainText(label=DOCUMENT, most=80)


class EndForm(OwnForm):
    """Ending one dated row from a day on."""

    kind = forms.ChoiceField(choices=[(kind, kind) for kind in ("holding", "letter", "delegation")])
    row = forms.IntegerField(min_value=1)
    document = f.PlainText(label=gettext_lazy("依据文号"), most=80)


class UndoForm(OwnForm):
    document = f.PlainText(label=gettext_lazy("依据文号"), most=80)


class ReasonForm(OwnForm):
    """Why something with personal data is taken along."""

    reason = f.PlainText(label=gettext_lazy("用途"), most=120)
