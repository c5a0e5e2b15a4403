"""Forms of the watch: why a list is taken along, what an order demands."""

from django import forms
from django.utils.translation import gettext_lazy

from zhengtong.ui import fields as f


class TakingForm(forms.Form):
    """Why a list is taken along as a file."""

    reason = f.PlainText(label=gettext_lazy("用途"), most=120)
