"""A refusal as the page shows it: what, why, by which article, what to do."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from zhengtong.cases.articles import article_words
from zhengtong.kernel.refusals import Refusal
from zhengtong.law.refusal_words import say
from zhengtong.ui.values import Link, RefusalView


def refusal_view(
    refusal: Refusal, words: Mapping[str, str], materials: Mapping[str, str], ways: Sequence[Link] = ()
) -> RefusalView:
    """The four parts; what was typed is still in the form beneath."""
    said = say(refusal, words, materials)
    return RefusalView(
        title=_("没有办成"), what=said.what, why=said.why or _("法律、程序或者办件现在的状态不允许这样办。"),
        article=article_words(said.article, words), ways=(Link(said.how), *ways), kept=_("没有提交，您填的都还在"),
    )  # fmt: skip
