"""Codes of this room → words in the reader's language."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProposalKind(models.TextChoices):
    DUTY_GIVE = "duty_give", _("授予管理职责")
    DUTY_TAKE = "duty_take", _("免去管理职责")
    JOINING = "joining", _("入职")
    HOLDING = "holding", _("任职或调岗")
    LETTER = "letter", _("签发授权书")
    LEAVING = "leaving", _("离任")


class Decision(models.TextChoices):
    CONFIRMED = "confirmed", _("复核通过")
    DECLINED = "declined", _("复核不同意")
    WITHDRAWN = "withdrawn", _("提出人撤回")
