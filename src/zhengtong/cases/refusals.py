"""A refusal as the page shows it: what, why, by which article, what to do."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from zhengtong.cases.act_forms import LATE
from zhengtong.cases.articles import article_words
from zhengtong.kernel.refusals import Refusal, RefusalCode
from zhengtong.kernel.terms import LAW_ZONE
from zhengtong.law.refusal_words import say
from zhengtong.ui.forms import TypedForm
from zhengtong.ui.values import Link, RefusalView

ABOUT_WHEN: Final = frozenset({RefusalCode.BEFORE_LAST_EVENT, RefusalCode.IN_THE_FUTURE})


def refusal_view(
    refusal: Refusal, words: Mapping[str, str], materials: Mapping[str, str], ways: Sequence[Link] = ()
) -> RefusalView:
    """The four parts; what was typed is still in the form beneath."""
    said = say(refusal, words, materials)
    return RefusalView(
        title=_("没有办成"), what=said.what, why=said.why or _("法律、程序或者办件现在的状态不允许这样办。"),
        article=article_words(said.article, words), ways=(Link(said.how), *ways), kept=_("没有提交，您填的都还在"),
    )  # fmt: skip


def tell_late(form: TypedForm, refusal: Refusal) -> bool:
    """Whether the refusal is about the time of a late entry: then the form says it beside that field."""
    if refusal.code not in ABOUT_WHEN or not form.cleaned_data.get(LATE):
        return False
    said = say(refusal)
    last = refusal.params.get("last_at")
    then = datetime.fromisoformat(str(last)).astimezone(LAW_ZONE).strftime("%Y-%m-%d %H:%M") if last else ""
    form.add_error(LATE, f"{said.what}{_('上一条记录是 %(then)s。') % {'then': then} if then else ''}{said.how}")
    return True
