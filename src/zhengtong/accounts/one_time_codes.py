"""One-time codes to a citizen's phone (验证码): six digits, ten minutes, five tries; only a keyed digest is kept."""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F
from django.utils.translation import gettext as _

from zhengtong.accounts.faults import NotPossible
from zhengtong.accounts.models import Account, Code, Message
from zhengtong.accounts.rules import CODE_LASTS, CODE_TRIES, CODES_PER_HOUR
from zhengtong.accounts.sealed_fields import blind_index
from zhengtong.ui.codes import tidy_code

REGISTER: Final = "register"
RESET: Final = "reset"


def send_code(account: Account, *, at: datetime, purpose: str = REGISTER) -> None:
    """A new code replaces the older ones; at most a few an hour, then silence."""
    assert account.subject is not None
    if account.codes.filter(sent_at__gt=at - timedelta(hours=1)).count() >= CODES_PER_HOUR:
        return
    code = f"{secrets.randbelow(1_000_000):06d}"
    account.codes.filter(used_at__isnull=True).update(expires_at=at)
    digest = _digest(account, code, purpose)
    Code.objects.create(account=account, digest=digest, sent_at=at, expires_at=at + CODE_LASTS)
    title = _("注册验证码") if purpose == REGISTER else _("重设密码验证码")
    text = _("您的验证码是 %(code)s，十分钟内有效。请勿告诉他人。") % {"code": code}
    Message.objects.create(subject=account.subject, sent_at=at, title=title, text=text, is_private=True)


def take_code(account: Account, *, code: str, at: datetime, purpose: str = REGISTER) -> Code:
    """The try is counted before the code is compared, so tries cannot be raced; the right one is used up.

    Raises:
        NotPossible: code_wrong.
    """
    row = account.codes.filter(used_at__isnull=True, expires_at__gt=at).order_by("-pk").first()
    if row is None or not Code.objects.filter(pk=row.pk, tries__lt=CODE_TRIES).update(tries=F("tries") + 1):
        raise NotPossible("code_wrong")
    if not hmac.compare_digest(row.digest, _digest(account, tidy_code(code), purpose)):
        raise NotPossible("code_wrong")
    if not Code.objects.filter(pk=row.pk, used_at__isnull=True).update(used_at=at):
        raise NotPossible("code_wrong")
    return row


def give_back(code: Code) -> None:
    """What the code was for did not happen for another reason: it may be used again while it lasts."""
    Code.objects.filter(pk=code.pk).update(used_at=None)


def _digest(account: Account, code: str, purpose: str) -> str:
    return blind_index(code, purpose=f"accounts.code.{purpose}.{account.pk}")
