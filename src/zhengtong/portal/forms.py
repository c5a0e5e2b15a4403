"""Forms of the portal beside those that acts and items bring: who applies, and the query of a walk-in."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from zhengtong.ui.composites import InnerForm
from zhengtong.ui.forms import FieldSpec, TypedForm, build_form

NOT_TYPED = frozenset({"csrfmiddlewaretoken", "save", "go", "remove"})


def applicant_form(choices: Sequence[tuple[str, str]]) -> type[TypedForm]:
    """For whom: oneself, a firm one acts for, a principal."""
    initial = choices[0][0] if choices else None
    return build_form(
        [FieldSpec(name="applicant", label=_("为谁申请？"), kind="choice", choices=choices, initial=initial)],
        name="ApplicantForm",
    )


QueryForm = build_form(
    [
        FieldSpec(name="number", label=_("办件编号"), help=_("收件凭证上的编号，可以带空格。"), max_length=60),
        FieldSpec(
            name="password", label=pgettext_lazy("portal", "查询密码"), help=_("收件凭证上的 6 位数字。"), max_length=20
        ),
        FieldSpec(
            name="certificate", label=_("申请人的证件号码"),
            help=_("身份证号码或者统一社会信用代码，申请时登记的那一个。"), max_length=60,
        ),
    ],
    name="QueryForm",
)  # fmt: skip


# ---- what was typed, kept word for word -----------------------------------------------------------


def typed_of(post: QueryDict) -> dict[str, list[str]]:
    """Everything typed on a page; longer than anybody types is cut when it is too much to keep."""
    return {name: values for name, values in post.lists() if name not in NOT_TYPED}


def as_post(typed: Mapping[str, Sequence[str]]) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, values in typed.items():
        data.setlist(name, list(values))
    return data


def as_initial(form: type[TypedForm], typed: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What was typed as initial values, so that an unfinished page comes back without complaints."""
    data = as_post(typed)
    found: dict[str, Any] = {}
    for name, field in form.base_fields.items():
        if not field.widget.value_omitted_from_data(data, {}, name):
            found[name] = _plain(field, field.widget.value_from_datadict(data, {}, name))
    return found


def _plain(field: forms.Field, value: Any) -> Any:
    if isinstance(value, InnerForm):
        return _typed_in(value)
    if isinstance(value, list) and all(isinstance(one, InnerForm) for one in value):
        return [_typed_in(one) for one in value]
    if isinstance(field.widget, forms.MultiWidget) and isinstance(value, list):
        return " ".join(str(one or "") for one in value) if any(value) else None
    return value


def _typed_in(inner: InnerForm) -> dict[str, Any]:
    return {name: inner[name].data for name in inner.fields}
