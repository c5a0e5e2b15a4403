"""The shape of what the verification page is given: a number with its code, or the PDF."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from zhengtong.documents.kinds import MOST_BYTES

DRAWN: Final = {"class": "form-control"}


class VerifyForm(forms.Form):
    number = forms.CharField(
        label=_("文书或者证照编号"),
        max_length=80,
        required=False,
        help_text=_("例如：清卫受〔2026〕12号"),
        widget=forms.TextInput(attrs=DRAWN),
    )
    code = forms.CharField(
        label=_("核验码"),
        max_length=20,
        required=False,
        help_text=_("印在二维码旁边的八位字母和数字"),
        widget=forms.TextInput(attrs=DRAWN | {"autocomplete": "off"}),
    )
    file = forms.FileField(
        label=_("或者上传文书的 PDF 文件"),
        required=False,
        allow_empty_file=True,
        help_text=_("只用来比对，不保存"),
        widget=forms.ClearableFileInput(attrs=DRAWN | {"accept": "application/pdf"}),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        file = given.get("file")
        if file is not None and file.size > MOST_BYTES:
            self.add_error("file", _("文件太大。文书的 PDF 不会超过 20 MB，请核对选中的文件。"))
        if file is None and not (given.get("number") and given.get("code")):
            raise forms.ValidationError(
                _("请填写编号和核验码，或者上传 PDF 文件。只凭编号不能查询，以免泄露他人信息。")
            )
        return given
